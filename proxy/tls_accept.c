#include "proxy/tls_accept.h"
#include "proxy/ca_x509.h"
#include "proxy/tls_capture.h"
#include "proxy/tls_io.h"
#include "proxy/tls_secret.h"
#include "proxy/tls_shake.h"
#include "store/base/clock.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

/* The leaf is ECDSA on P-256: only suites that can use it. Best first; the order is ours. */
#define SUITES_13 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define SUITES_12                                                                              \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-"    \
	"POLY1305"
#define GROUPS "X25519:P-256:P-384"

enum { SERVER_LEVEL = 2 };

struct tls_server {
	SSL_CTX *ctx;
	EVP_PKEY *key;
};

/* The one protocol that the origin speaks, or none: a browser that did not offer it gets no
 * answer and speaks http/1.1. */
static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *in, unsigned in_len, void *self)
{
	(void)self;
	const struct tls_accept *want = SSL_get_app_data(ssl);
	const char *wanted = want->alpn;
	size_t n = wanted != NULL ? strlen(wanted) : 0;
	for (unsigned at = 0; n > 0 && at < in_len; at += 1u + in[at]) {
		if (in[at] != n || in_len - at <= n || memcmp(in + at + 1, wanted, n) != 0)
			continue;
		*out = in + at + 1;
		*out_len = in[at];
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_NOACK;
}

static bool set_up(SSL_CTX *ctx)
{
	SSL_CTX_set_options(
		ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
			     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_security_level(ctx, SERVER_LEVEL);
	SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
	return SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
	       SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_ciphersuites(ctx, SUITES_13) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, SUITES_12) == 1 &&
	       SSL_CTX_set1_groups_list(ctx, GROUPS) == 1;
}

struct tls_server *tls_server_new(struct mint *m, struct err *err)
{
	struct tls_server *s = calloc(1, sizeof *s);
	if (s == NULL)
		abort();
	s->ctx = SSL_CTX_new(TLS_server_method());
	s->key = mint_key(m);
	EVP_PKEY_up_ref(s->key);
	if (s->ctx != NULL && set_up(s->ctx))
		return s;
	err_set(err, ERR_INTERNAL, "setting up TLS toward browsers: %s", ca_x509_why());
	tls_server_free(s);
	return NULL;
}

void tls_server_free(struct tls_server *s)
{
	if (s == NULL)
		return;
	EVP_PKEY_free(s->key);
	SSL_CTX_free(s->ctx);
	free(s);
}

void tls_server_tells(struct tls_server *s)
{
	tls_secret_tell(s->ctx);
}

static bool shake(struct tls_server *s, SSL *ssl, const struct leg *leg,
	const struct tls_accept *want, struct arena *a, struct tls_facts *out, struct err *err)
{
	struct tls_capture seen;
	struct tls_accept ours = *want; /* for choose_alpn */
	const struct tls_secret secret = {want->tap, want->tunnel, leg->number};
	tls_capture_start(&seen, ssl, a);
	SSL_set_app_data(ssl, &ours);
	tls_secret_start(&secret, ssl);
	SSL_set_accept_state(ssl);
	bool ok = SSL_use_certificate(ssl, want->leaf) == 1 &&
		  SSL_use_PrivateKey(ssl, s->key) == 1;
	if (!ok)
		err_set(err, ERR_INTERNAL, "using the leaf: %s", ca_x509_why());
	ok = ok && tls_shake(ssl, leg, want->until_us, want->stop_fd, &seen, err);
	tls_capture_stop(ssl);
	SSL_set_app_data(ssl, NULL);
	tls_secret_stop(ssl);
	tls_shake_facts(ssl, &seen, a, &out->handshake);
	const char *sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	if (sni != NULL)
		out->handshake.sni = arena_copy(a, span_str(sni));
	for (size_t i = 0; i < seen.n_certificates; i++) /* the leaf, if it left */
		tls_facts_certificate(out, seen.certificates[i], want->leaf, a);
	return ok;
}

bool tls_accept(struct tls_server *s, struct leg *leg, const struct tls_accept *want,
	struct arena *a, struct tls_facts *out, struct err *err)
{
	struct err why = {0};
	*out = (struct tls_facts){0};
	fact_init(FACT_KIND_HANDSHAKE, &out->handshake);
	fact_init(FACT_KIND_HELLO, &out->hello);
	out->handshake.started_us = clock_now_us(clock_real());
	SSL *ssl = SSL_new(s->ctx);
	if (ssl == NULL || !tls_io_attach(ssl, leg->fd, buf_span(&leg->in)))
		abort();
	buf_clear(&leg->in);
	bool ok = shake(s, ssl, leg, want, a, out, &why);
	tls_facts_end(out, ok ? NULL : &why, NULL, a);
	if (ok) {
		leg->tls = tls_io_new(ssl);
		leg_count_anew(leg); /* the ClientHello was counted as it was read */
		return true;
	}
	SSL_free(ssl);
	if (err != NULL)
		*err = why;
	return false;
}
