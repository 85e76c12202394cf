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

#include "tests/kit/make_cert.h"
#include "tests/kit/tls_wire.h"
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

static void test_plain_13_12(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_13_12),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
