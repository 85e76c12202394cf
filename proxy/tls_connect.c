#include "proxy/tls_connect.h"
#include "proxy/ca_x509.h"
#include "proxy/tls_capture.h"
#include "proxy/tls_io.h"
#include "proxy/tls_known.h"
#include "proxy/tls_secret.h"
#include "proxy/tls_shake.h"
#include "proxy/tls_verify.h"
#include "store/base/clock.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

enum {
	CERTS_BYTES_MAX = 256 * 1024, /* of one Certificate message; Firefox takes 128 KiB */
	EXT_SCT = 18,                 /* signed_certificate_timestamp, RFC 6962 3.3.1 */
};

/* What Firefox offers and in its order, as far as OpenSSL goes: no ML-KEM, no second key share.
 * Left out though Firefox still has them: suites with static RSA (no forward secrecy), SHA-1
 * signatures. */
#define SUITES_13 "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"
#define SUITES_12                                                                              \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                           \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"                           \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                           \
	"ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-" \
	"SHA"
#define GROUPS "X25519:P-256:P-384:P-521:ffdhe2048:ffdhe3072"
#define SIGNATURES                                                                             \
	"ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:"                \
	"rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"                         \
	"rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512"

struct tls_client {
	SSL_CTX *ctx;
	struct tls_trust *trust;
	struct tls_known *known;
};

/* The handshake is carried on whatever the certificate: what is to be said of it is said by
 * tls_verify, before any byte of the application passes. */
static int verify_later(X509_STORE_CTX *ctx, void *self)
{
	(void)ctx, (void)self;
	return 1;
}

static bool set_up(SSL_CTX *ctx)
{
	/* Legacy servers are taken as browsers take them: without RFC 5746, for we never
	 * renegotiate. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_LEGACY_SERVER_CONNECT |
					 SSL_OP_NO_ENCRYPT_THEN_MAC);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_security_level(ctx, TLS_VERIFY_LEVEL);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify_later, NULL);
	SSL_CTX_set_max_cert_list(ctx, CERTS_BYTES_MAX);
	SSL_CTX_set_tlsext_status_type(ctx, TLSEXT_STATUSTYPE_ocsp);
	/* SCTs are asked for by an extension of ours, without a parser: SSL_CTX_enable_ct would
	 * judge them, we only keep them. */
	return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_ciphersuites(ctx, SUITES_13) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, SUITES_12) == 1 &&
	       SSL_CTX_set1_groups_list(ctx, GROUPS) == 1 &&
	       SSL_CTX_set1_sigalgs_list(ctx, SIGNATURES) == 1 &&
	       SSL_CTX_add_custom_ext(ctx, EXT_SCT,
		       SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO |
			       SSL_EXT_TLS1_3_CERTIFICATE,
		       NULL, NULL, NULL, NULL, NULL) == 1;
}

struct tls_client *tls_client_new(const char *cacert, const struct ca *own, struct err *err)
{
	struct tls_client *c = calloc(1, sizeof *c);
	if (c == NULL)
		abort();
	c->ctx = SSL_CTX_new(TLS_client_method());
	if (c->ctx == NULL || !set_up(c->ctx)) {
		err_set(err, ERR_INTERNAL, "setting up TLS toward origins: %s", ca_x509_why());
		tls_client_free(c);
		return NULL;
	}
	c->known = tls_known_new();
	c->trust = tls_trust_new(cacert, own, err);
	if (c->trust != NULL)
		return c;
	tls_client_free(c);
	return NULL;
}

void tls_client_free(struct tls_client *c)
{
	if (c == NULL)
		return;
	tls_trust_free(c->trust);
	tls_known_free(c->known);
	SSL_CTX_free(c->ctx);
	free(c);
}

void tls_client_tells(struct tls_client *c)
{
	tls_secret_tell(c->ctx);
}

static bool offer_alpn(SSL *ssl, const char *const *alpn)
{
	struct buf list = {0};
	for (; alpn != NULL && *alpn != NULL; alpn++) {
		size_t n = strlen(*alpn);
		assert(n > 0 && n < 256);
		buf_add_byte(&list, (uint8_t)n);
		buf_add(&list, *alpn, n);
	}
	/* This one function gives 0 for success. */
	bool ok = buf_len(&list) == 0 ||
		  SSL_set_alpn_protos(ssl, list.p, (unsigned)buf_len(&list)) == 0;
	buf_fini(&list);
	return ok;
}

/* RFC 7301 3.2. Debian's OpenSSL looks after this by itself; 3.0.0 did not. */
static bool was_offered(struct span alpn, const char *const *offered)
{
	if (alpn.p == NULL)
		return true;
	for (; offered != NULL && *offered != NULL; offered++)
		if (span_is(alpn, *offered))
			return true;
	return false;
}

static void start_facts(struct tls_facts *out, const struct tls_host *host, struct arena *a)
{
	*out = (struct tls_facts){0};
	fact_init(FACT_KIND_HANDSHAKE, &out->handshake);
	fact_init(FACT_KIND_HELLO, &out->hello);
	out->handshake.started_us = clock_now_us(clock_real());
	out->handshake.permitted = 0;
	if (host->name[0] != 0)
		out->handshake.sni = arena_copy(a, span_str(host->name));
}

static void take_facts(
	SSL *ssl, const struct tls_capture *seen, struct arena *a, struct tls_facts *out)
{
	if (seen->client_hello.p != NULL) {
		tls_facts_hello(seen->client_hello, a, &out->hello, NULL);
		out->hello.at_us = seen->client_hello_us;
	}
	tls_shake_facts(ssl, seen, a, &out->handshake);
	out->handshake.ocsp = seen->ocsp;
	out->handshake.scts = seen->scts;
	/* One for one, or what OpenSSL holds is not what passed. */
	STACK_OF(X509) *held = SSL_get_peer_cert_chain(ssl);
	bool same = (size_t)sk_X509_num(held) == seen->n_certificates;
	for (size_t i = 0; i < seen->n_certificates; i++)
		tls_facts_certificate(out, seen->certificates[i],
			same ? sk_X509_value(held, (int)i) : NULL, a);
}

/* The verdict as facts; false if it ends the connection. *note: what the facts should say of a
 * connection that goes on. */
static bool judge(struct tls_client *c, SSL *ssl, const struct tls_connect *want,
	const struct tls_host *host, const struct tls_capture *seen, struct arena *a,
	struct fact_handshake *h, const char **note, struct err *err)
{
	STACK_OF(X509) *sent = SSL_get_peer_cert_chain(ssl);
	if (sk_X509_num(sent) < 1)
		return err_set(err, ERR_ORIGIN_TLS, "the origin sent no certificate");
	struct tls_verdict verdict;
	uint8_t key[SHA256_LEN];
	int64_t now_us = clock_now_us(clock_real());
	tls_known_key(host, seen->ocsp, seen->certificates, seen->n_certificates, key);
	bool whole = (size_t)sk_X509_num(sent) == seen->n_certificates;
	if (whole && tls_known_find(c->known, key, now_us)) {
		h->verified = true;
		h->verify_code = X509_V_OK;
		return true;
	}
	tls_verify(c->trust, sent, host, seen->ocsp, a, &verdict);
	if (whole && verdict.verified && verdict.note == NULL)
		tls_known_add(c->known, key, now_us, verdict.ends_s);
	*note = verdict.note;
	h->verified = verdict.verified;
	h->verify_code = verdict.code;
	h->verify_error = span_str(verdict.fault);
	if (verdict.verified)
		return true;
	if (want->permit_bad_cert) {
		h->permitted = 1;
		return true;
	}
	return err_set(err, ERR_CERT_INVALID, "%s", verdict.fault);
}

static bool shake(struct tls_client *c, SSL *ssl, struct leg *leg,
	const struct tls_connect *want, const struct tls_host *host, struct arena *a,
	struct tls_facts *out, const char **note, struct err *err)
{
	struct tls_capture seen;
	const struct tls_secret secret = {want->tap, want->tunnel, leg->number};
	tls_capture_start(&seen, ssl, a);
	tls_secret_start(&secret, ssl);
	char *name = arena_str(a, span_str(host->name)); /* the macro casts constness away */
	bool ok = (host->ip_len > 0 || SSL_set_tlsext_host_name(ssl, name) == 1) &&
		  offer_alpn(ssl, want->alpn);
	if (!ok)
		err_set(err, ERR_INTERNAL, "preparing our ClientHello: %s", ca_x509_why());
	SSL_set_connect_state(ssl);
	ok = ok && tls_shake(ssl, leg, want->until_us, want->stop_fd, &seen, err);
	tls_capture_stop(ssl);
	tls_secret_stop(ssl);
	take_facts(ssl, &seen, a, out);
	if (ok && !was_offered(out->handshake.alpn, want->alpn))
		return err_set(err, ERR_ORIGIN_TLS,
			"the origin chose an application protocol that we did not offer");
	return ok && judge(c, ssl, want, host, &seen, a, &out->handshake, note, err);
}

bool tls_connect(struct tls_client *c, struct leg *leg, const struct tls_connect *want,
	struct arena *a, struct tls_facts *out, struct x509_st **peer, struct err *err)
{
	struct err why = {0};
	struct tls_host host;
	const char *note = NULL;
	bool named = tls_host_parse(want->host, &host, &why);
	start_facts(out, &host, a);
	if (peer != NULL)
		*peer = NULL;
	SSL *ssl = SSL_new(c->ctx);
	if (ssl == NULL || !tls_io_attach(ssl, leg->fd, SPAN_NONE))
		abort();
	bool ok = named && shake(c, ssl, leg, want, &host, a, out, &note, &why);
	if (!named)
		why.kind = ERR_ORIGIN_TLS;
	tls_facts_end(out, ok ? NULL : &why, note, a);
	if (peer != NULL)
		*peer = SSL_get1_peer_certificate(ssl);
	if (ok) {
		leg->tls = tls_io_new(ssl);
		return true;
	}
	SSL_free(ssl);
	if (err != NULL)
		*err = why;
	return false;
}

void tls_cert_free(struct x509_st *cert)
{
	X509_free(cert);
}

struct x509_st *tls_cert_of_der(struct span der)
{
	const unsigned char *p = der.p;
	return der.n > 0 && der.n <= INT32_MAX ? d2i_X509(NULL, &p, (long)der.n) : NULL;
}
