/*
 * TLS conversations between an OpenSSL client and server, read from their bytes and key log: in
 * every version and cipher suite, in any pieces, with everything that can happen on the way.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "capture/decrypt_inner.h"
#include "store/base/codec.h"
#include "tests/kit/make_cert.h"
#include "tests/kit/tls_wire.h"
#include "tests/unit/capture/data/rfc8448.h"
#include "tests/unit/capture/decrypt_hear.h"

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: wire.example\r\n\r\n";

/* A body that is easily told from another. */
static struct span body_of(size_t n)
{
	static uint8_t bytes[300000];
	if (bytes[1] == 0)
		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	return span_of(bytes, n);
}

static struct tls_wire *talk(const struct tls_wire_order *o)
{
	struct tls_wire *w = tls_wire_new(o);
	tls_wire_say(w, FLOW_UP, span_str(REQUEST));
	tls_wire_say(w, FLOW_DOWN, body_of(40000));
	tls_wire_say(w, FLOW_UP, body_of(1));
	tls_wire_close(w, FLOW_DOWN);
	tls_wire_close(w, FLOW_UP);
	return w;
}

static void feed(struct hear *h, const struct tls_wire *w)
{
	for (size_t i = 0; i < w->n_pieces; i++) {
		struct packet_at at = {i + 1, (int64_t)i};
		decrypt_bytes(h->d, w->pieces[i].way, tls_wire_bytes(w, i), &at);
	}
}

static void assert_bytes(const struct buf *got, const struct buf *expected)
{
	assert_int_equal(buf_len(got), buf_len(expected));
	if (buf_len(got) > 0)
		assert_memory_equal(
			got->p + got->start, expected->p + expected->start, buf_len(got));
}

static void assert_read(const struct hear *h, const struct tls_wire *w)
{
	const struct decrypt_about *about = decrypt_about(h->d);
	if (about->why != NULL)
		print_message("%s (packet %zu)\n", about->why, (size_t)about->why_at.packet);
	assert_null(about->why);
	assert_bytes(&h->plain[FLOW_UP], &w->said[FLOW_UP]);
	assert_bytes(&h->plain[FLOW_DOWN], &w->said[FLOW_DOWN]);
	assert_int_equal(h->hellos, 1);
	assert_int_equal(h->secured, 1);
	assert_false(h->plain_before_secured);
	assert_true(about->complete);
	assert_int_equal(about->keys, FLOW_KEYS_FOUND);
	assert_string_equal(about->cipher,
		SSL_CIPHER_standard_name(SSL_get_current_cipher(w->ssl[FLOW_UP])));
	assert_int_equal(about->resumed, SSL_session_reused(w->ssl[FLOW_UP]));
}

static void read_all(const struct tls_wire *w, struct hear *h)
{
	hear_open(h, buf_span(&w->keys), false);
	feed(h, w);
	decrypt_end(h->d);
	assert_read(h, w);
}

static void test_versions(void **state)
{
	(void)state;
	static const int versions[] = {
		TLS1_3_VERSION, TLS1_2_VERSION, TLS1_1_VERSION, TLS1_VERSION};
	static const char *const names[] = {"TLS 1.3", "TLS 1.2", "TLS 1.1", "TLS 1.0"};
	for (size_t i = 0; i < 4; i++) {
		struct hear h;
		struct tls_wire *w =
			talk(&(struct tls_wire_order){.version = versions[i], .alpn = "h2"});
		read_all(w, &h);
		const struct decrypt_about *about = decrypt_about(h.d);
		assert_string_equal(about->version, names[i]);
		assert_true(span_is(about->alpn, "h2"));
		assert_true(about->close_notify[FLOW_UP] && about->close_notify[FLOW_DOWN]);
		assert_int_equal(about->n_certs, 1);
		hear_close(&h);
		tls_wire_free(w);
	}
}

/* Every suite that this OpenSSL plays, with encrypt-then-MAC and without. */
static void test_suites(void **state)
{
	(void)state;
	static const char *const keys[] = {"P-256", "RSA2048"};
	size_t played = 0;
	for (size_t k = 0; k < 2; k++) {
		struct made cert = make_cert(
			&(struct make_cert){.cn = "wire.example", .key = keys[k]}, NULL);
		SSL_CTX *ctx = SSL_CTX_new(TLS_method());
		SSL_CTX_set_security_level(ctx, 0);
		assert_int_equal(SSL_CTX_set_ciphersuites(ctx,
					 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_"
					 "CHACHA20_POLY1305_SHA256:"
					 "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"),
			1);
		assert_int_equal(SSL_CTX_set_cipher_list(ctx,
					 "ALL:COMPLEMENTOFALL:!aNULL:!eNULL:!PSK:!SRP:!aDSS"),
			1);
		SSL *ssl = SSL_new(ctx);
		STACK_OF(SSL_CIPHER) *all = SSL_get_ciphers(ssl);
		for (int i = 0; i < sk_SSL_CIPHER_num(all); i++) {
			const SSL_CIPHER *c = sk_SSL_CIPHER_value(all, i);
			int auth = SSL_CIPHER_get_auth_nid(c);
			if (auth == (k == 0 ? NID_auth_rsa : NID_auth_ecdsa))
				continue;
			bool is_13 = auth == NID_auth_any;
			for (int etm = 0; etm < (is_13 ? 1 : 2); etm++) {
				struct hear h;
				struct tls_wire *w = talk(&(struct tls_wire_order){
					.version = is_13 ? TLS1_3_VERSION : TLS1_2_VERSION,
					.cipher = SSL_CIPHER_get_name(c),
					.cert = &cert,
					.no_encrypt_then_mac = etm == 1});
				read_all(w, &h);
				assert_int_equal(decrypt_about(h.d)->cipher_number,
					SSL_CIPHER_get_protocol_id(c));
				hear_close(&h);
				tls_wire_free(w);
				played++;
			}
		}
		SSL_free(ssl);
		SSL_CTX_free(ctx);
		made_free(&cert);
	}
	assert_true(played > 80);
}

/* In pieces of every small size, and at random, both ways interleaved. */
static void test_pieces(void **state)
{
	(void)state;
	static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	srand(7);
	for (size_t v = 0; v < 2; v++) {
		struct tls_wire *w = talk(&(struct tls_wire_order){.version = versions[v]});
		for (size_t size = 1; size < 60; size += size < 8 ? 1 : 13) {
			struct hear h;
			hear_open(&h, buf_span(&w->keys), false);
			for (size_t i = 0; i < w->n_pieces; i++) {
				struct span rest = tls_wire_bytes(w, i);
				struct packet_at at = {i + 1, 0};
				while (rest.n > 0) {
					size_t n = size < 40 ? size : (size_t)rand() % 3000;
					decrypt_bytes(h.d, w->pieces[i].way,
						span_first(rest, n), &at);
					rest = span_from(rest, n);
				}
			}
			decrypt_end(h.d);
			assert_read(&h, w);
			hear_close(&h);
		}
		tls_wire_free(w);
	}
}

/* One direction whole, then the other: a reader of packets may be told so. */
static void test_one_way_first(void **state)
{
	(void)state;
	static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	for (size_t v = 0; v < 4; v++) {
		struct hear h;
		struct tls_wire *w = talk(&(struct tls_wire_order){.version = versions[v / 2]});
		enum flow_way first = v % 2 == 0 ? FLOW_UP : FLOW_DOWN;
		hear_open(&h, buf_span(&w->keys), false);
		for (int turn = 0; turn < 2; turn++)
			for (size_t i = 0; i < w->n_pieces; i++) {
				struct packet_at at = {i + 1, 0};
				if ((w->pieces[i].way == first) == (turn == 0))
					decrypt_bytes(h.d, w->pieces[i].way,
						tls_wire_bytes(w, i), &at);
			}
		decrypt_end(h.d);
		assert_read(&h, w);
		assert_int_equal(h.last[FLOW_UP].packet <= w->n_pieces, 1);
		hear_close(&h);
		tls_wire_free(w);
	}
}

/* The two directions interleaved at random, byte by byte and in larger pieces: each in order,
 * but neither waits for the other as it did on the wire. */
static void test_interleaved(void **state)
{
	(void)state;
	struct tls_wire *first = talk(&(struct tls_wire_order){0});
	const struct tls_wire_order orders[] = {
		{.version = TLS1_3_VERSION},
		{.version = TLS1_2_VERSION},
		{.client_groups = "X25519:P-256", .server_groups = "P-256"},
		{.resumes = first, .early = span_str("early")},
		{.resumes = first, .early = span_str("early"), .early_refused = true},
	};
	srand(3);
	for (size_t i = 0; i < 5 * 24; i++) {
		struct hear h;
		struct tls_wire *w = talk(&orders[i / 24]);
		struct buf all[2] = {{0}, {0}};
		tls_wire_all(w, FLOW_UP, &all[0]);
		tls_wire_all(w, FLOW_DOWN, &all[1]);
		struct span rest[2] = {buf_span(&all[0]), buf_span(&all[1])};
		hear_open(&h, buf_span(&w->keys), false);
		while (rest[0].n + rest[1].n > 0) {
			int way = rand() % 2;
			size_t n = (size_t)rand() % (i % 2 == 0 ? 60 : 900) + 1;
			decrypt_bytes(h.d, (enum flow_way)way, span_first(rest[way], n),
				&(struct packet_at){1, 0});
			rest[way] = span_from(rest[way], n);
		}
		decrypt_end(h.d);
		assert_read(&h, w);
		hear_close(&h);
		buf_fini(&all[0]);
		buf_fini(&all[1]);
		tls_wire_free(w);
	}
	tls_wire_free(first);
}

static void test_retry(void **state)
{
	(void)state;
	struct hear h;
	struct tls_wire *w = talk(&(struct tls_wire_order){
		.client_groups = "X25519:P-384", .server_groups = "P-384"});
	read_all(w, &h);
	assert_int_equal(decrypt_about(h.d)->hellos, 2);
	assert_int_equal(decrypt_about(h.d)->group_number, 24);
	hear_close(&h);
	tls_wire_free(w);
}

static void test_resumption(void **state)
{
	(void)state;
	static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION, TLS1_2_VERSION};
	for (size_t v = 0; v < 3; v++) {
		struct hear h;
		struct tls_wire_order order = {.version = versions[v], .no_tickets = v == 2};
		struct tls_wire *first = talk(&order);
		order.resumes = first;
		struct tls_wire *again = talk(&order);
		assert_true(SSL_session_reused(again->ssl[FLOW_UP]));
		read_all(again, &h);
		assert_int_equal(decrypt_about(h.d)->resumed, 1);
		assert_int_equal(decrypt_about(h.d)->n_certs, 0);
		hear_close(&h);
		order.forgetful = true;
		struct tls_wire *refused = talk(&order);
		assert_false(SSL_session_reused(refused->ssl[FLOW_UP]));
		read_all(refused, &h);
		assert_int_equal(decrypt_about(h.d)->resumed, 0);
		assert_int_equal(decrypt_about(h.d)->n_certs, 1);
		hear_close(&h);
		tls_wire_free(refused);
		tls_wire_free(again);
		tls_wire_free(first);
	}
}

static void test_early(void **state)
{
	(void)state;
	struct hear h;
	struct tls_wire *first =
		talk(&(struct tls_wire_order){.cipher = "TLS_AES_128_GCM_SHA256"});
	struct tls_wire_order order = {.resumes = first, .early = body_of(30000)};
	struct tls_wire *w = talk(&order);
	assert_true(buf_len(&w->said[FLOW_UP]) > 30000);
	read_all(w, &h);
	assert_int_equal(decrypt_about(h.d)->early, FLOW_EARLY_ACCEPTED);
	hear_close(&h);
	tls_wire_free(w);

	order.early_refused = true;
	w = talk(&order);
	assert_int_equal(buf_len(&w->said[FLOW_UP]), sizeof REQUEST - 1 + 1);
	read_all(w, &h);
	assert_int_equal(decrypt_about(h.d)->early, FLOW_EARLY_REFUSED);
	hear_close(&h);
	tls_wire_free(w);

	/* Refused by a HelloRetryRequest. */
	order.early_refused = false;
	order.client_groups = "X25519:P-256";
	order.server_groups = "P-256";
	w = talk(&order);
	read_all(w, &h);
	assert_int_equal(decrypt_about(h.d)->hellos, 2);
	assert_int_equal(decrypt_about(h.d)->early, FLOW_EARLY_REFUSED);
	hear_close(&h);
	tls_wire_free(w);

	/* The server speaks first. */
	w = talk(&(struct tls_wire_order){.half = body_of(20000)});
	read_all(w, &h);
	hear_close(&h);
	tls_wire_free(w);
	tls_wire_free(first);
}

static void test_key_updates(void **state)
{
	(void)state;
	static const char *const suites[] = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
		"TLS_CHACHA20_POLY1305_SHA256"};
	for (size_t i = 0; i < 3; i++) {
		struct hear h;
		struct tls_wire *w =
			tls_wire_new(&(struct tls_wire_order){.cipher = suites[i]});
		for (unsigned n = 0; n < 12; n++) {
			enum flow_way way = n % 3 == 0 ? FLOW_UP : FLOW_DOWN;
			tls_wire_say(w, way, body_of(100 + n));
			tls_wire_update(w, way, n % 4 == 0);
			tls_wire_say(w, FLOW_UP, body_of(50));
			tls_wire_say(w, FLOW_DOWN, body_of(51));
		}
		read_all(w, &h);
		assert_int_equal(decrypt_about(h.d)->key_updates, 12 + 3);
		hear_close(&h);
		tls_wire_free(w);
	}
}

/* What a server says of itself. */
static void test_papers(void **state)
{
	(void)state;
	static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	struct made root = make_root("a root"), leaf = make_leaf("DNS:wire.example", &root);
	unsigned char *der = NULL;
	int n = i2d_X509(leaf.cert, &der);
	for (size_t v = 0; v < 2; v++) {
		struct hear h;
		struct tls_wire *w = talk(&(struct tls_wire_order){.version = versions[v],
			.cert = &leaf,
			.client_groups = "P-384:P-256",
			.staple = span_str("a staple"),
			.scts = span_of("\0\4\0\2ab", 6)});
		read_all(w, &h);
		const struct decrypt_about *about = decrypt_about(h.d);
		assert_true(span_eq(about->certs[0], span_of(der, (size_t)n)));
		assert_true(span_is(about->ocsp, "a staple"));
		assert_true(span_eq(about->scts, span_of("\0\4\0\2ab", 6)));
		assert_int_equal(about->signature_scheme, 0x0403); /* ecdsa_secp256r1_sha256 */
		assert_int_equal(about->group_number, 24);
		hear_close(&h);
		tls_wire_free(w);
	}
	OPENSSL_free(der);
	made_free(&leaf);
	made_free(&root);
}

/* A client that does not take the certificate. */
static void no_trust(void *ctx, SSL *client, SSL *server)
{
	(void)ctx, (void)server;
	SSL_set_verify(client, SSL_VERIFY_PEER, NULL);
}

static void test_refused_certificate(void **state)
{
	(void)state;
	static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	for (size_t v = 0; v < 2; v++) {
		struct hear h;
		struct tls_wire *w = tls_wire_new(&(struct tls_wire_order){
			.version = versions[v], .no_handshake = true, .set_up = no_trust});
		SSL_do_handshake(w->ssl[FLOW_DOWN]);
		tls_wire_move(w, FLOW_DOWN);
		assert_int_equal(SSL_do_handshake(w->ssl[FLOW_UP]), -1);
		tls_wire_move(w, FLOW_UP);
		hear_open(&h, buf_span(&w->keys), false);
		feed(&h, w);
		decrypt_end(h.d);
		const struct decrypt_about *about = decrypt_about(h.d);
		assert_null(about->why);
		assert_int_equal(about->alert[FLOW_UP], 48); /* unknown_ca */
		assert_int_equal(about->alert[FLOW_DOWN], -1);
		assert_false(about->complete);
		assert_int_equal(about->n_certs, 1);
		hear_close(&h);
		tls_wire_free(w);
	}
}

/* Keys of a second handshake are not followed: what was said before it is read. */
static void test_renegotiation(void **state)
{
	(void)state;
	struct hear h;
	struct tls_wire *w = tls_wire_new(&(struct tls_wire_order){.version = TLS1_2_VERSION});
	tls_wire_say(w, FLOW_UP, span_str(REQUEST));
	size_t before = w->n_pieces;
	assert_int_equal(SSL_renegotiate(w->ssl[FLOW_UP]), 1);
	for (int i = 0; i < 4; i++) {
		char byte;
		SSL_do_handshake(w->ssl[FLOW_UP]);
		tls_wire_move(w, FLOW_UP);
		assert_int_equal(SSL_read(w->ssl[FLOW_DOWN], &byte, 1), -1);
		tls_wire_move(w, FLOW_DOWN);
	}
	assert_false(SSL_in_init(w->ssl[FLOW_UP]));
	tls_wire_say(w, FLOW_UP, span_str("again"));
	tls_wire_say(w, FLOW_DOWN, span_str("again"));
	hear_open(&h, buf_span(&w->keys), false);
	feed(&h, w);
	decrypt_end(h.d);
	assert_true(span_is(buf_span(&h.plain[FLOW_UP]), REQUEST));
	assert_int_equal(buf_len(&h.plain[FLOW_DOWN]), 0);
	for (int way = 0; way < 2; way++) {
		assert_int_equal(h.blind[way], 1);
		assert_true(h.why_at[way].packet > before);
		assert_true(strncmp(h.why[way], "it was renegotiated", 19) == 0);
	}
	assert_int_equal(decrypt_about(h.d)->hellos, 1);
	hear_close(&h);
	tls_wire_free(w);
}

/* Early data of which the secret is missing, or far more of it than is passed over. */
static void test_early_unread(void **state)
{
	(void)state;
	struct tls_wire *first = talk(&(struct tls_wire_order){0});
	for (int i = 0; i < 2; i++) {
		struct hear h;
		struct buf keys = {0};
		struct tls_wire *w = talk(&(struct tls_wire_order){
			.resumes = first, .early = body_of(5000), .early_refused = i == 1});
		struct span all = buf_span(&w->keys);
		size_t line = span_find(all, span_str("CLIENT_EARLY_TRAFFIC_SECRET "), 0);
		assert_true(line < all.n);
		buf_add_span(&keys, all);
		if (i == 0)
			keys.p[keys.start + line] = 'X'; /* a label that nobody knows */
		hear_open(&h, buf_span(&keys), false);
		size_t p = 0;
		bool answered = false;
		for (; i == 1 && !answered; p++) {
			answered = w->pieces[p].way == FLOW_DOWN;
			decrypt_bytes(h.d, w->pieces[p].way, tls_wire_bytes(w, p),
				&(struct packet_at){p + 1, 0});
		}
		/* As records that open by no key. */
		static uint8_t record[5 + 16384] = {23, 3, 3, 64, 0};
		for (size_t n = 0; i == 1 && n <= DECRYPT_EARLY_MAX; n += 16384)
			decrypt_bytes(h.d, FLOW_UP, span_of(record, sizeof record),
				&(struct packet_at){99, 0});
		for (; p < w->n_pieces; p++)
			decrypt_bytes(h.d, w->pieces[p].way, tls_wire_bytes(w, p),
				&(struct packet_at){p + 1, 0});
		decrypt_end(h.d);
		assert_int_equal(h.blind[FLOW_UP], 1);
		assert_int_equal(h.why_at[FLOW_UP].packet == 99, i == 1);
		assert_int_equal(h.blind[FLOW_DOWN], 0);
		assert_int_equal(buf_len(&h.plain[FLOW_UP]), 0);
		assert_bytes(&h.plain[FLOW_DOWN], &w->said[FLOW_DOWN]);
		assert_int_equal(decrypt_about(h.d)->keys, FLOW_KEYS_FOUND);
		hear_close(&h);
		buf_fini(&keys);
		tls_wire_free(w);
	}
	tls_wire_free(first);
}

/* The server's answer was lost behind its hello: whether early data was taken is not known, and
 * no key is called wrong for it. */
static void test_early_undecided(void **state)
{
	(void)state;
	struct hear h;
	struct tls_wire *first = talk(&(struct tls_wire_order){0});
	struct tls_wire *w =
		talk(&(struct tls_wire_order){.resumes = first, .early = span_str("early")});
	hear_open(&h, buf_span(&w->keys), false);
	bool answered = false;
	for (size_t i = 0; i < w->n_pieces; i++) {
		struct packet_at at = {i + 1, 0};
		struct span bytes = tls_wire_bytes(w, i);
		if (w->pieces[i].way == FLOW_UP) {
			decrypt_bytes(h.d, FLOW_UP, bytes, &at);
		} else if (!answered) {
			size_t n = 5 + ((size_t)bytes.p[3] << 8 | bytes.p[4]);
			decrypt_bytes(h.d, FLOW_DOWN, span_first(bytes, n), &at);
			decrypt_lost(h.d, FLOW_DOWN, bytes.n - n, &at);
			answered = true;
		}
	}
	decrypt_end(h.d);
	assert_int_equal(h.blind[FLOW_UP], 1);
	assert_int_equal(h.blind[FLOW_DOWN], 1);
	assert_int_equal(buf_len(&h.plain[FLOW_UP]), 0);
	assert_int_equal(decrypt_about(h.d)->keys, FLOW_KEYS_UNUSED);
	assert_int_equal(decrypt_about(h.d)->early, FLOW_EARLY_OFFERED);
	assert_string_equal(h.why[FLOW_UP], "whether its early data was accepted was not seen");
	hear_close(&h);
	tls_wire_free(w);
	tls_wire_free(first);
}

/* The published trace: what others sealed, whatever our OpenSSL does. */
static void test_rfc8448(void **state)
{
	(void)state;
	struct hear h;
	uint8_t fifty[50];
	for (uint8_t i = 0; i < sizeof fifty; i++)
		fifty[i] = i;
	hear_open(&h, span_str(rfc8448_keys), false);
	for (size_t i = 0; i < RFC8448_RECORDS; i++) {
		struct buf record = {0};
		struct packet_at at = {i + 1, 0};
		assert_true(hex_read(span_str(rfc8448_records[i].hex), &record));
		decrypt_bytes(h.d, rfc8448_records[i].down ? FLOW_DOWN : FLOW_UP,
			buf_span(&record), &at);
		buf_fini(&record);
	}
	decrypt_end(h.d);
	const struct decrypt_about *about = decrypt_about(h.d);
	assert_null(about->why);
	assert_true(about->complete);
	assert_int_equal(about->complete_at.packet, 4);
	assert_true(span_eq(buf_span(&h.plain[FLOW_UP]), span_of(fifty, 50)));
	assert_true(span_eq(buf_span(&h.plain[FLOW_DOWN]), span_of(fifty, 50)));
	assert_string_equal(about->cipher, "TLS_AES_128_GCM_SHA256");
	assert_int_equal(about->signature_scheme, 0x0804);
	assert_int_equal(about->n_certs, 1);
	assert_int_equal(about->certs[0].n, 432);
	assert_true(about->close_notify[FLOW_UP] && about->close_notify[FLOW_DOWN]);
	hear_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_suites),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_one_way_first),
		cmocka_unit_test(test_interleaved),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_resumption),
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_key_updates),
		cmocka_unit_test(test_papers),
		cmocka_unit_test(test_refused_certificate),
		cmocka_unit_test(test_renegotiation),
		cmocka_unit_test(test_early_unread),
		cmocka_unit_test(test_early_undecided),
		cmocka_unit_test(test_rfc8448),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
