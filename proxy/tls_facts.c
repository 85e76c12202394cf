#include "proxy/tls_facts.h"
#include "capture/wire/ja3.h"
#include "capture/wire/ja4.h"
#include "capture/wire/tls_certs.h"
#include "capture/wire/tls_hello.h"
#include "store/base/clock.h"

static struct span keep(struct buf *b, struct arena *a)
{
	struct span s = span_str(arena_str(a, buf_span(b)));
	buf_fini(b);
	return s;
}

static struct span alpn_text(const struct tls_hello *hello, struct arena *a)
{
	struct buf b = {0};
	if (hello->alpn == NULL)
		return SPAN_NONE;
	for (size_t i = 0; i < hello->n_alpn; i++) {
		if (i > 0)
			buf_add_byte(&b, ' ');
		for (size_t k = 0; k < hello->alpn[i].n; k++) {
			uint8_t c = hello->alpn[i].p[k];
			buf_addf(&b, c > 0x20 && c < 0x7f && c != '\\' ? "%c" : "\\x%02x", c);
		}
	}
	return keep(&b, a);
}

bool tls_facts_hello(struct span raw, struct arena *a, struct fact_hello *out, struct err *err)
{
	struct tls_hello hello;
	struct buf full = {0};
	fact_init(FACT_KIND_HELLO, out);
	out->at_us = clock_now_us(clock_real());
	out->raw = arena_copy(a, raw);
	if (!tls_hello_parse(out->raw, a, &hello, err))
		return false;
	char *ja3_hex = arena_alloc(a, JA3_HEX), *ja4_hex = arena_alloc(a, JA4_TEXT);
	ja3(&hello, &full, ja3_hex);
	out->ja3_full = keep(&full, a);
	ja4(&hello, 't', &full, ja4_hex);
	out->ja4_raw = keep(&full, a);
	out->ja3 = span_str(ja3_hex);
	out->ja4 = span_str(ja4_hex);
	out->sni = hello.sni;
	out->alpn = alpn_text(&hello, a);
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
