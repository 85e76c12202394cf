#include "tests/kit/tls_wire.h"
#include "tests/kit/make_cert.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#define MUST(x)                                                                                \
	do {                                                                                   \
		if (!(x)) {                                                                    \
			fprintf(stderr, "tls_wire.c:%d: %s\n", __LINE__, #x);                  \
			ERR_print_errors_fp(stderr);                                           \
			abort();                                                               \
		}                                                                              \
	} while (0)

/* After a HelloRetryRequest OpenSSL passes over no larger records of early data. */
enum { CLIENT = FLOW_UP, SERVER = FLOW_DOWN, STEPS_MAX = 20, EARLY_RECORD = 8000 };

static void keep_line(const SSL *ssl, const char *line)
{
	struct tls_wire *w = SSL_get_app_data(ssl);
	buf_add_str(&w->keys, line);
	buf_add_byte(&w->keys, '\n');
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_wire *w = SSL_get_app_data(ssl);
	SSL_SESSION_free(w->session);
	w->session = session;
	return 1;
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
	const unsigned char *in, unsigned in_n, void *ctx)
{
	(void)ssl, (void)ctx, (void)in_n;
	*out = in + 1;
	*out_n = in[0];
	return SSL_TLSEXT_ERR_OK;
}

static int refuse_early(SSL *ssl, void *ctx)
{
	(void)ssl, (void)ctx;
	return 0;
}

static int staple(SSL *ssl, void *ctx)
{
	const struct tls_wire *w = SSL_get_app_data(ssl);
	(void)ctx;
	unsigned char *copy = OPENSSL_memdup(w->staple.p, w->staple.n);
	MUST(copy != NULL &&
		SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)w->staple.n) == 1);
	return SSL_TLSEXT_ERR_OK;
}

/* RFC 6962 3.3: the client asks by an empty extension. */
static int add_scts(SSL *ssl, unsigned type, unsigned context, const unsigned char **out,
	size_t *n, X509 *cert, size_t chain, int *alert, void *ctx)
{
	const struct tls_wire *w = SSL_get_app_data(ssl);
	(void)type, (void)context, (void)cert, (void)alert, (void)ctx;
	*out = SSL_is_server(ssl) ? w->scts.p : NULL;
	*n = SSL_is_server(ssl) ? w->scts.n : 0;
	return chain == 0;
}

static int take_scts(SSL *ssl, unsigned type, unsigned context, const unsigned char *in,
	size_t n, X509 *cert, size_t chain, int *alert, void *ctx)
{
	(void)ssl, (void)type, (void)context, (void)in, (void)n;
	(void)cert, (void)chain, (void)alert, (void)ctx;
	return 1;
}

static void use_papers(SSL_CTX *ctx, const struct tls_wire_order *o, int side)
{
	enum {
		WHERE = SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO |
			SSL_EXT_TLS1_3_CERTIFICATE,
		EXT_SCT = 18
	};
	if (o->scts.n > 0)
		MUST(SSL_CTX_add_custom_ext(
			     ctx, EXT_SCT, WHERE, add_scts, NULL, NULL, take_scts, NULL) == 1);
	if (o->staple.n > 0 && side == SERVER)
		SSL_CTX_set_tlsext_status_cb(ctx, staple);
	if (o->staple.n > 0 && side == CLIENT)
		SSL_CTX_set_tlsext_status_type(ctx, TLSEXT_STATUSTYPE_ocsp);
}

static void use_cert(SSL_CTX *ctx, const struct made *cert)
{
	struct made own = {0};
	if (cert == NULL) {
		own = make_cert(
			&(struct make_cert){.cn = "wire.example", .san = "DNS:wire.example"},
			NULL);
		cert = &own;
	}
	MUST(SSL_CTX_use_certificate(ctx, cert->cert) == 1);
	MUST(SSL_CTX_use_PrivateKey(ctx, cert->key) == 1);
	if (own.cert != NULL)
		made_free(&own);
}

static SSL_CTX *new_context(const struct tls_wire_order *o, int side)
{
	SSL_CTX *ctx = SSL_CTX_new(side == CLIENT ? TLS_client_method() : TLS_server_method());
	int version = o->version != 0 ? o->version : TLS1_3_VERSION;
	MUST(ctx != NULL);
	SSL_CTX_set_security_level(ctx, 0);
	MUST(SSL_CTX_set_min_proto_version(ctx, version) == 1);
	MUST(SSL_CTX_set_max_proto_version(ctx, version) == 1);
	if (o->cipher != NULL && version == TLS1_3_VERSION)
		MUST(SSL_CTX_set_ciphersuites(ctx, o->cipher) == 1);
	else if (o->cipher != NULL)
		MUST(SSL_CTX_set_cipher_list(ctx, o->cipher) == 1);
	const char *groups = side == CLIENT ? o->client_groups : o->server_groups;
	if (groups != NULL)
		MUST(SSL_CTX_set1_groups_list(ctx, groups) == 1);
	if (o->no_tickets)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	if (o->no_encrypt_then_mac)
		SSL_CTX_set_options(ctx, SSL_OP_NO_ENCRYPT_THEN_MAC);
	use_papers(ctx, o, side);
	if (side == CLIENT) {
		SSL_CTX_set_keylog_callback(ctx, keep_line);
		SSL_CTX_set_session_cache_mode(
			ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
		SSL_CTX_sess_set_new_cb(ctx, keep_session);
	} else {
		use_cert(ctx, o->cert);
		SSL_CTX_set_dh_auto(ctx, 1);
		SSL_CTX_set_options(
			ctx, SSL_OP_NO_ANTI_REPLAY | SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
		SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"wire", 4);
		SSL_CTX_set_max_early_data(ctx, 1 << 20);
		SSL_CTX_set_recv_max_early_data(ctx, 1 << 20);
		if (o->alpn != NULL)
			SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
	}
	return ctx;
}

static void set_up_client(SSL *ssl, const struct tls_wire_order *o)
{
	char name[256];
	snprintf(name, sizeof name, "%s", o->sni != NULL ? o->sni : "wire.example");
	MUST(SSL_set_tlsext_host_name(ssl, name) == 1);
	if (o->alpn != NULL) {
		unsigned char list[256];
		size_t n = strlen(o->alpn);
		list[0] = (unsigned char)n;
		memcpy(list + 1, o->alpn, n);
		MUST(SSL_set_alpn_protos(ssl, list, (unsigned)n + 1) == 0);
	}
	if (o->resumes == NULL)
		return;
	/* A copy: a session is marked when it was used. */
	SSL_SESSION *session = SSL_SESSION_dup(o->resumes->session);
	MUST(session != NULL && SSL_set_session(ssl, session) == 1);
	SSL_SESSION_free(session);
}

void tls_wire_move(struct tls_wire *w, enum flow_way way)
{
	BIO *from = SSL_get_wbio(w->ssl[way]);
	BIO *to = SSL_get_rbio(w->ssl[way == FLOW_UP ? FLOW_DOWN : FLOW_UP]);
	uint8_t bytes[16384];
	for (int n; (n = BIO_read(from, bytes, sizeof bytes)) > 0;) {
		MUST(BIO_write(to, bytes, n) == n);
		w->pieces = realloc(w->pieces, (w->n_pieces + 1) * sizeof *w->pieces);
		MUST(w->pieces != NULL);
		w->pieces[w->n_pieces++] =
			(struct tls_wire_piece){way, buf_len(&w->wire), (size_t)n};
		buf_add(&w->wire, bytes, (size_t)n);
	}
}

/* The other side reads all that has come; SSL_read also takes tickets and key updates. */
static size_t hear(SSL *ssl, struct buf *out)
{
	uint8_t bytes[16384];
	size_t all = 0;
	for (int n; (n = SSL_read(ssl, bytes, sizeof bytes)) > 0;) {
		buf_add(out, bytes, (size_t)n);
		all += (size_t)n;
	}
	ERR_clear_error();
	return all;
}

static bool step(SSL *ssl)
{
	int ret = SSL_do_handshake(ssl);
	if (ret != 1 && SSL_get_error(ssl, ret) != SSL_ERROR_WANT_READ)
		MUST(!"the handshake goes on");
	return ret == 1;
}

static void send_early(struct tls_wire *w, struct span early)
{
	for (size_t at = 0; at < early.n;) {
		size_t n = 0, want = early.n - at < EARLY_RECORD ? early.n - at : EARLY_RECORD;
		MUST(SSL_write_early_data(w->ssl[CLIENT], early.p + at, want, &n) == 1);
		at += n;
		tls_wire_move(w, FLOW_UP);
	}
}

/* The server's first look, while there may be early data. */
static void read_early(struct tls_wire *w, struct span half)
{
	uint8_t bytes[16384];
	size_t n = 0;
	for (;;) {
		int ret = SSL_read_early_data(w->ssl[SERVER], bytes, sizeof bytes, &n);
		if (ret == SSL_READ_EARLY_DATA_SUCCESS)
			buf_add(&w->said[FLOW_UP], bytes, n);
		if (half.n > 0 && ret != SSL_READ_EARLY_DATA_FINISH) {
			size_t sent;
			tls_wire_move(w, FLOW_DOWN);
			MUST(SSL_write_early_data(w->ssl[SERVER], half.p, half.n, &sent) == 1);
			buf_add_span(&w->said[FLOW_DOWN], half);
			half.n = 0;
		}
		if (ret != SSL_READ_EARLY_DATA_SUCCESS)
			break;
	}
	ERR_clear_error();
	tls_wire_move(w, FLOW_DOWN);
}

static void shake(struct tls_wire *w, const struct tls_wire_order *o)
{
	bool client = false, server = false;
	if (o->early.n > 0)
		send_early(w, o->early);
	for (int i = 0; i < STEPS_MAX && !(client && server); i++) {
		if (!client)
			client = step(w->ssl[CLIENT]);
		tls_wire_move(w, FLOW_UP);
		if (o->no_handshake)
			return;
		if (i == 0 && (o->early.n > 0 || o->half.n > 0))
			read_early(w, o->half);
		else if (!server)
			server = step(w->ssl[SERVER]);
		tls_wire_move(w, FLOW_DOWN);
	}
	MUST(client && server);
	struct buf none = {0};
	hear(w->ssl[CLIENT], &none); /* tickets, and 0.5-RTT data */
	buf_fini(&none);
}

struct tls_wire *tls_wire_new(const struct tls_wire_order *o)
{
	struct tls_wire *w = calloc(1, sizeof *w);
	MUST(w != NULL);
	w->staple = o->staple;
	w->scts = o->scts;
	for (int side = CLIENT; side <= SERVER; side++) {
		bool same = side == SERVER && o->resumes != NULL && !o->forgetful;
		w->contexts[side] = same ? o->resumes->contexts[SERVER] : new_context(o, side);
		if (same)
			SSL_CTX_up_ref(w->contexts[side]);
		w->ssl[side] = SSL_new(w->contexts[side]);
		MUST(w->ssl[side] != NULL);
		BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
		MUST(in != NULL && out != NULL);
		BIO_set_mem_eof_return(in, -1);
		BIO_set_mem_eof_return(out, -1);
		SSL_set_bio(w->ssl[side], in, out);
		SSL_set_app_data(w->ssl[side], w);
	}
	SSL_set_connect_state(w->ssl[CLIENT]);
	SSL_set_accept_state(w->ssl[SERVER]);
	set_up_client(w->ssl[CLIENT], o);
	if (o->early_refused)
		SSL_set_allow_early_data_cb(w->ssl[SERVER], refuse_early, NULL);
	if (o->server_groups != NULL)
		MUST(SSL_set1_groups_list(w->ssl[SERVER], o->server_groups) == 1);
	if (o->set_up != NULL)
		o->set_up(o->ctx, w->ssl[CLIENT], w->ssl[SERVER]);
	shake(w, o);
	return w;
}

void tls_wire_free(struct tls_wire *w)
{
	if (w == NULL)
		return;
	for (int side = CLIENT; side <= SERVER; side++) {
		SSL_free(w->ssl[side]);
		SSL_CTX_free(w->contexts[side]);
		buf_fini(&w->said[side]);
	}
	SSL_SESSION_free(w->session);
	buf_fini(&w->wire);
	buf_fini(&w->keys);
	free(w->pieces);
	free(w);
}

void tls_wire_say(struct tls_wire *w, enum flow_way way, struct span bytes)
{
	struct buf heard = {0};
	enum flow_way other = way == FLOW_UP ? FLOW_DOWN : FLOW_UP;
	for (size_t at = 0; at < bytes.n;) {
		size_t n = bytes.n - at < 16384 ? bytes.n - at : 16384;
		MUST(SSL_write(w->ssl[way], bytes.p + at, (int)n) == (int)n);
		at += n;
		tls_wire_move(w, way);
		hear(w->ssl[other], &heard);
	}
	MUST(span_eq(buf_span(&heard), bytes));
	buf_add_span(&w->said[way], bytes);
	buf_fini(&heard);
	tls_wire_move(w, other);
}

void tls_wire_update(struct tls_wire *w, enum flow_way way, bool asks)
{
	struct buf none = {0};
	MUST(SSL_key_update(w->ssl[way],
		     asks ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
	MUST(SSL_do_handshake(w->ssl[way]) == 1);
	tls_wire_move(w, way);
	MUST(hear(w->ssl[way == FLOW_UP ? FLOW_DOWN : FLOW_UP], &none) == 0);
	buf_fini(&none);
}

void tls_wire_close(struct tls_wire *w, enum flow_way way)
{
	MUST(SSL_shutdown(w->ssl[way]) >= 0);
	tls_wire_move(w, way);
}

struct span tls_wire_bytes(const struct tls_wire *w, size_t piece)
{
	return span_of(w->wire.p + w->wire.start + w->pieces[piece].at, w->pieces[piece].n);
}

void tls_wire_all(const struct tls_wire *w, enum flow_way way, struct buf *out)
{
	for (size_t i = 0; i < w->n_pieces; i++)
		if (w->pieces[i].way == way)
			buf_add_span(out, tls_wire_bytes(w, i));
}
