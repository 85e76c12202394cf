/* A handshake between the browser and its origin, as facts. */
#include "capture/overheard_inner.h"
#include "capture/wire/tls_certs.h"
#include "capture/wire/tls_hello_words.h"

#include <stdio.h>

/* The bytes that went in on the browser's leg came out on the origin's: both tell of it. */
static void put_hello(struct overheard *o, struct fact_hello *f, int64_t leg)
{
	f->leg = leg;
	overheard_put(o, FACT_KIND_HELLO, f);
}

void overheard_hello(struct overheard *o, const struct decrypt_about *tls)
{
	struct tls_hello_words words;
	struct fact_hello f;
	struct err odd;
	fact_init(FACT_KIND_HELLO, &f);
	f.at_us = overheard_us(o, &tls->hello_at);
	f.tunnel = o->tunnel;
	f.raw = tls->hello;
	if (tls_hello_words(tls->hello, &o->arena, &words, &odd)) {
		f.sni = words.sni;
		f.alpn = words.alpn;
		f.ja3 = words.ja3;
		f.ja3_full = words.ja3_full;
		f.ja4 = words.ja4;
		f.ja4_raw = words.ja4_raw;
	}
	put_hello(o, &f, LEG_BROWSER);
	put_hello(o, &f, o->leg);
}

static int64_t known(int64_t us)
{
	return us == INT64_MIN ? FACT_NULL : us;
}

static void put_certificate(struct overheard *o, struct span der, int64_t at_us, uint8_t *hash)
{
	struct tls_cert cert;
	struct fact_certificate f;
	/* One that is none keeps its bytes and hash. */
	tls_cert_decode(der, &o->arena, &cert, NULL);
	memcpy(hash, cert.sha256, SHA256_LEN);
	if (!o->order->certificate_new(o->order->ctx, cert.sha256))
		return;
	fact_init(FACT_KIND_CERTIFICATE, &f);
	f.at_us = at_us;
	f.sha256 = span_of(hash, SHA256_LEN);
	f.subject = cert.subject;
	f.issuer = cert.issuer;
	f.serial = cert.serial;
	f.not_before_us = known(cert.not_before_us);
	f.not_after_us = known(cert.not_after_us);
	f.san = cert.san;
	f.key_kind = cert.key_kind;
	f.signature_kind = cert.signature_kind;
	f.der = der;
	overheard_put(o, FACT_KIND_CERTIFICATE, &f);
}

struct number_name {
	uint16_t number;
	const char *name;
};

static struct span name_of(
	const struct number_name *names, size_t n, uint16_t number, struct arena *a)
{
	if (number == 0)
		return SPAN_NONE;
	for (size_t i = 0; i < n; i++)
		if (names[i].number == number)
			return span_str(names[i].name);
	return span_str(arena_printf(a, "0x%04x", number));
}

/* As the proxy names them: IANA's registry of supported groups, the NIST curves by their usual
 * name. */
static struct span group_name(uint16_t number, struct arena *a)
{
	static const struct number_name names[] = {{23, "P-256"}, {24, "P-384"}, {25, "P-521"},
		{29, "X25519"}, {30, "X448"}, {256, "ffdhe2048"}, {257, "ffdhe3072"},
		{258, "ffdhe4096"}, {0x11eb, "SecP256r1MLKEM768"}, {0x11ec, "X25519MLKEM768"},
		{0x11ed, "SecP384r1MLKEM1024"}, {0x6399, "X25519Kyber768Draft00"}};
	return name_of(names, sizeof names / sizeof *names, number, a);
}

/* RFC 8446 4.2.3. */
static struct span scheme_name(uint16_t number, struct arena *a)
{
	static const struct number_name names[] = {{0x0201, "rsa_pkcs1_sha1"},
		{0x0203, "ecdsa_sha1"}, {0x0401, "rsa_pkcs1_sha256"},
		{0x0501, "rsa_pkcs1_sha384"}, {0x0601, "rsa_pkcs1_sha512"},
		{0x0403, "ecdsa_secp256r1_sha256"}, {0x0503, "ecdsa_secp384r1_sha384"},
		{0x0603, "ecdsa_secp521r1_sha512"}, {0x0804, "rsa_pss_rsae_sha256"},
		{0x0805, "rsa_pss_rsae_sha384"}, {0x0806, "rsa_pss_rsae_sha512"},
		{0x0807, "ed25519"}, {0x0808, "ed448"}, {0x0809, "rsa_pss_pss_sha256"},
		{0x080a, "rsa_pss_pss_sha384"}, {0x080b, "rsa_pss_pss_sha512"}};
	return name_of(names, sizeof names / sizeof *names, number, a);
}

/* RFC 8446 6.2: those by which a client says that it does not take a certificate. */
static const char *certificate_alert(int alert)
{
	switch (alert) {
	case 42: return "bad_certificate";
	case 43: return "unsupported_certificate";
	case 44: return "certificate_revoked";
	case 45: return "certificate_expired";
	case 46: return "certificate_unknown";
	case 48: return "unknown_ca";
	default: return NULL;
	}
}

/* Why it did not come to its end, as far as packets show. */
static void why_failed(
	const struct overheard *o, const struct decrypt_about *tls, struct err *out)
{
	const char *refused = certificate_alert(tls->alert[FLOW_UP]);
	if (refused != NULL)
		err_set(out, ERR_CERT_INVALID, "the browser refused the certificate: %s",
			refused);
	else if (tls->alert[FLOW_UP] >= 0)
		err_set(out, ERR_ORIGIN_TLS, "the browser sent alert %d", tls->alert[FLOW_UP]);
	else if (tls->alert[FLOW_DOWN] >= 0)
		err_set(out, ERR_ORIGIN_TLS, "the origin sent alert %d", tls->alert[FLOW_DOWN]);
	else if (o->order->stopping(o->order->ctx))
		err_set(out, ERR_SHUTDOWN, "in a TLS handshake");
	else if (tls->server_hello.p == NULL)
		err_set(out, ERR_ORIGIN_TLS, "no ServerHello came");
	else
		err_set(out, ERR_ORIGIN_TLS, "its end was not seen");
}

/* "TLSv1.3" is "TLS 1.3". */
static struct span version_name(const char *version, struct arena *a)
{
	if (version == NULL)
		return SPAN_NONE;
	if (strncmp(version, "TLSv", 4) == 0)
		return span_str(arena_printf(a, "TLS %s", version + 4));
	return span_str(version);
}

void overheard_handshake(struct overheard *o, const struct decrypt_about *tls, bool failed)
{
	struct arena *a = &o->arena;
	struct fact_handshake f;
	struct tls_hello_words words;
	struct err why = {0};
	if (o->handshake_put)
		return;
	o->handshake_put = true;
	uint8_t *hashes = arena_alloc(a, DECRYPT_CERTS_MAX * SHA256_LEN);
	const struct packet_at *at = tls->complete                 ? &tls->complete_at
				     : tls->n_certs > 0            ? &tls->certs_at
				     : tls->server_hello.p != NULL ? &tls->server_at
								   : &tls->hello_at;
	fact_init(FACT_KIND_HANDSHAKE, &f);
	f.at_us = overheard_us(o, at);
	f.tunnel = o->tunnel;
	f.leg = o->leg;
	f.started_us = overheard_us(o, &tls->hello_at);
	f.version = version_name(tls->version, a);
	f.cipher = span_str(tls->cipher);
	f.alpn = tls->alpn;
	if (tls_hello_words(tls->hello, a, &words, &why))
		f.sni = words.sni;
	f.key_group = group_name(tls->group_number, a);
	f.peer_signature = scheme_name(tls->signature_scheme, a);
	if (tls->resumed >= 0)
		f.resumed = tls->resumed;
	for (size_t i = 0; i < tls->n_certs; i++)
		put_certificate(o, tls->certs[i], overheard_us(o, &tls->certs_at),
			hashes + i * SHA256_LEN);
	if (tls->n_certs > 0)
		f.certs = span_of(hashes, tls->n_certs * SHA256_LEN);
	f.ocsp = tls->ocsp;
	f.scts = tls->scts;
	f.server_hello = tls->server_hello;
	why = (struct err){0};
	if (failed)
		why_failed(o, tls, &why);
	if (why.kind == ERR_CERT_INVALID) {
		/* It was the browser that judged. */
		f.verified = 0;
		f.verify_error = span_str(arena_str(a, span_str(why.detail)));
	}
	f.outcome = span_str(err_word(why.kind));
	f.detail = failed ? span_str(arena_str(a, span_str(why.detail)))
			  : span_str("between the browser and the origin, by its packets");
	overheard_put(o, FACT_KIND_HANDSHAKE, &f);
}
