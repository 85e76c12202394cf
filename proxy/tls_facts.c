#include "proxy/tls_facts.h"
#include "capture/wire/tls_certs.h"
#include "capture/wire/tls_hello_words.h"
#include "store/base/clock.h"

bool tls_facts_hello(struct span raw, struct arena *a, struct fact_hello *out, struct err *err)
{
	struct tls_hello_words words;
	fact_init(FACT_KIND_HELLO, out);
	out->at_us = clock_now_us(clock_real());
	out->raw = arena_copy(a, raw);
	if (!tls_hello_words(out->raw, a, &words, err))
		return false;
	out->ja3 = words.ja3;
	out->ja3_full = words.ja3_full;
	out->ja4 = words.ja4;
	out->ja4_raw = words.ja4_raw;
	out->sni = words.sni;
	out->alpn = words.alpn;
	return true;
}

static void add_hash(struct fact_handshake *h, const uint8_t hash[SHA256_LEN], struct arena *a)
{
	uint8_t *all = arena_alloc(a, h->certs.n + SHA256_LEN);
	if (h->certs.n > 0)
		memcpy(all, h->certs.p, h->certs.n);
	memcpy(all + h->certs.n, hash, SHA256_LEN);
	h->certs = span_of(all, h->certs.n + SHA256_LEN);
}

static int64_t known(int64_t us)
{
	return us == INT64_MIN ? FACT_NULL : us;
}

void tls_facts_certificate(struct tls_facts *facts, struct span der,
	const struct x509_st *decoded, struct arena *a)
{
	struct tls_cert cert;
	struct fact_certificate f;
	fact_init(FACT_KIND_CERTIFICATE, &f);
	if (decoded != NULL)
		tls_cert_read(decoded, der, a, &cert);
	else
		tls_cert_decode(
			der, a, &cert, NULL); /* the texts stay unknown where it is none */
	f.at_us = clock_now_us(clock_real());
	f.sha256 = arena_copy(a, span_of(cert.sha256, SHA256_LEN));
	f.subject = cert.subject;
	f.issuer = cert.issuer;
	f.serial = cert.serial;
	f.not_before_us = known(cert.not_before_us);
	f.not_after_us = known(cert.not_after_us);
	f.san = cert.san;
	f.key_kind = cert.key_kind;
	f.signature_kind = cert.signature_kind;
	f.der = arena_copy(a, der);
	ARENA_PUSH(a, facts->certificates, facts->n_certificates, f);
	add_hash(&facts->handshake, cert.sha256, a);
}

void tls_facts_end(
	struct tls_facts *facts, const struct err *err, const char *note, struct arena *a)
{
	struct fact_handshake *h = &facts->handshake;
	h->at_us = clock_now_us(clock_real());
	h->outcome = span_str(err_word(err != NULL ? err->kind : ERR_NONE));
	if (err != NULL)
		h->detail = arena_copy(a, span_str(err->detail));
	else if (note != NULL)
		h->detail = arena_copy(a, span_str(note));
}
