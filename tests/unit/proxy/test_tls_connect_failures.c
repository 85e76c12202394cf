/*
 * TLS toward origins that do not want, cannot, lie, fall silent or break off: each way gets its
 * words, and what was seen until then is recorded.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/proxy/tls_talk.h"

static void failures(void **state)
{
	(void)state;
	static const char *const h2[] = {"h2", NULL};
	static const char http[] = "HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\nplain HTTP "
				   "was sent to an HTTPS port";
	const struct {
		struct tls_origin_shape shape;
		struct tls_connect want;
		enum err_kind kind;
		const char *words;
	} cases[] = {
		{{.chain = {&world.leaf},
			 .max_version = TLS1_1_VERSION,
			 .min_version = TLS1_VERSION},
			{.stop_fd = -1}, ERR_ORIGIN_TLS,
			"the origin sent the alert \"protocol version\" (70)"},
		{{.chain = {&world.leaf},
			 .max_version = TLS1_2_VERSION,
			 .ciphers = "ECDHE-ECDSA-NULL-SHA"},
			{.stop_fd = -1}, ERR_ORIGIN_TLS, "\"handshake failure\" (40)"},
		{{.chain = {&world.rsa_leaf},
			 .max_version = TLS1_2_VERSION,
			 .ciphers = "AES128-SHA"},
			{.stop_fd = -1}, ERR_ORIGIN_TLS, "\"handshake failure\" (40)"},
		{{.chain = {&world.leaf},
			 .max_version = TLS1_2_VERSION,
			 .ciphers = "AECDH-AES128-SHA"},
			{.stop_fd = -1}, ERR_ORIGIN_TLS, "\"handshake failure\" (40)"},
		{{.chain = {&world.rsa_leaf},
			 .max_version = TLS1_2_VERSION,
			 .ciphers = "DHE-RSA-AES128-SHA"},
			{.stop_fd = -1}, ERR_ORIGIN_TLS, "\"handshake failure\" (40)"},
		{{.chain = {&world.leaf}, .groups = "X448"}, {.stop_fd = -1}, ERR_ORIGIN_TLS,
			"\"handshake failure\" (40)"},
		{{.chain = {&world.leaf}, .alpn = "spdy/1"}, {.alpn = h2, .stop_fd = -1},
			ERR_ORIGIN_TLS, "\"no application protocol\" (120)"},
		{{.plain = true, .say = http, .say_len = sizeof http - 1}, {.stop_fd = -1},
			ERR_ORIGIN_TLS,
			"does not answer with TLS: its answer begins with \"HTTP/1.1 400 Bad "
			"Request\""},
		{{.plain = true, .say = "220 mail\x1b[2J\r\n", .say_len = 14}, {.stop_fd = -1},
			ERR_ORIGIN_TLS, "\"220 mail\\x1b[2J\""},
		{{.plain = true, .say = "", .say_len = 0}, {.stop_fd = -1}, ERR_ORIGIN_CLOSED,
			"before its ServerHello"},
		{{.plain = true, .say = "\x16\x03\x03", .say_len = 3}, {.stop_fd = -1},
			ERR_ORIGIN_CLOSED, "before its ServerHello"},
		{{.plain = true, .say = "\x15\x03\x03\0\2\2\x50", .say_len = 7},
			{.stop_fd = -1}, ERR_ORIGIN_TLS, "\"internal error\" (80)"},
		{{.plain = true, .say = "\x15\x03\x03\0\2\2\xee", .say_len = 7},
			{.stop_fd = -1}, ERR_ORIGIN_TLS, "(238)"},
		{{.plain = true, .say = "", .end = TLS_ORIGIN_RESET}, {.stop_fd = -1},
			ERR_ORIGIN_RESET, "before its ServerHello"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct talk t = talk_to(&cases[i].shape, &cases[i].want);
		assert_non_null(t.facts.hello.raw.p);
		expect_failure(&t, cases[i].kind, cases[i].words);
	}
}

/* A server that speaks TLS 1.3 but was talked down to 1.2 by someone in between leaves a mark
 * (RFC 8446 4.1.3). */
static void downgrade_mark(void **state)
{
	(void)state;
	static const uint8_t random_tail[8] = {0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0x01};
	/* record header, message header, version, random, no session id,
	 * ECDHE-ECDSA-AES128-GCM, no compression, no extensions */
	uint8_t hello[49] = {
		22, 3, 3, 0, 44, 2, 0, 0, 40, 3, 3, [11 ... 42] = 7, 0, 0xc0, 0x2b};
	memcpy(hello + 43 - sizeof random_tail, random_tail, sizeof random_tail);
	struct tls_origin_shape shape = {
		.plain = true, .say = hello, .say_len = sizeof hello, .end = TLS_ORIGIN_STAY};
	struct talk t = talk_to(&shape, NULL);
	expect_failure(&t, ERR_ORIGIN_TLS,
		"inappropriate fallback (we sent the alert \"illegal parameter\")");
}

/* An origin that answers with a protocol nobody offered (RFC 7301 3.2). No server does; a
 * written ServerHello can. */
static void alpn_not_offered(void **state)
{
	(void)state;
	/* As above, with one extension: ALPN, "x9" or "h2". */
	uint8_t hello[] = {22, 3, 3, 0, 0, 2, 0, 0, 0, 3, 3, [11 ... 42] = 7, 0, 0xc0, 0x2b, 0,
		0, 9, 0, 16, 0, 5, 0, 3, 2, 'x', '9'};
	hello[4] = sizeof hello - 5;
	hello[8] = sizeof hello - 9;
	static const char *const h2[] = {"h2", NULL};
	struct tls_origin_shape shape = {.plain = true, .say = hello, .say_len = sizeof hello};
	struct talk t = talk_to(&shape, &(struct tls_connect){.alpn = h2, .stop_fd = -1});
	assert_true(
		span_eq(t.facts.handshake.server_hello, span_of(hello + 5, sizeof hello - 5)));
	expect_failure(&t, ERR_ORIGIN_TLS, "");
	hello[sizeof hello - 2] = 'h';
	hello[sizeof hello - 1] = '2';
	t = talk_to(&shape, &(struct tls_connect){.alpn = h2, .stop_fd = -1});
	assert_true(span_is(t.facts.handshake.alpn, "h2"));
	assert_true(span_is(t.facts.handshake.version, "TLS 1.2"));
	assert_true(
		span_is(t.facts.handshake.cipher, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"));
	expect_failure(&t, ERR_ORIGIN_CLOSED, "after its ServerHello");
}

/* A certificate that is none ends the handshake inside OpenSSL; its bytes are evidence all the
 * same. And the flight cut at every byte is a recorded failure each time. */
static void unreadable_certificate(void **state)
{
	(void)state;
	/* ServerHello as above, then Certificate with two entries: "garbage", "\x30\0". */
	static const uint8_t flight[] = {22, 3, 3, 0, 44, 2, 0, 0, 40, 3, 3, [11 ... 42] = 7, 0,
		0xc0, 0x2b, 0, 0, 0, 22, 3, 3, 0, 22, 11, 0, 0, 18, 0, 0, 15, 0, 0, 7, 'g', 'a',
		'r', 'b', 'a', 'g', 'e', 0, 0, 2, 0x30, 0};
	for (size_t keep = 0; keep <= sizeof flight; keep++) {
		struct tls_origin_shape shape = {.plain = true, .say = flight, .say_len = keep};
		struct talk t = talk_to(&shape, NULL);
		if (keep < 49)
			assert_null(t.facts.handshake.server_hello.p);
		if (keep < sizeof flight) {
			assert_int_equal(t.facts.n_certificates, 0);
			expect_failure(&t, ERR_ORIGIN_CLOSED,
				keep < 49 ? "before its ServerHello" : "after its ServerHello");
			continue;
		}
		assert_int_equal(t.facts.n_certificates, 2);
		assert_true(span_is(t.facts.certificates[0].der, "garbage"));
		assert_true(span_eq(t.facts.certificates[1].der, span_of("\x30\0", 2)));
		assert_int_equal(t.facts.handshake.certs.n, 2 * SHA256_LEN);
		assert_int_equal(t.facts.handshake.verified, FACT_NULL);
		expect_failure(&t, ERR_ORIGIN_TLS, "we sent the alert");
	}
}

/* TLS 1.3 lets us finish before a server that demands a certificate of ours has refused: the
 * alert comes with the first read. */
static void client_certificate_demanded(void **state)
{
	(void)state;
	struct tls_origin_shape shape = {.chain = {&world.leaf}, .ask_client_cert = true};
	struct talk t = talk_to(&shape, NULL);
	assert_true(t.ok);
	enum leg_result got;
	while ((got = leg_fill(&t.leg, 100)) == LEG_AGAIN)
		assert_int_equal(poll(&(struct pollfd){t.leg.fd, POLLIN, 0}, 1, 5000), 1);
	assert_int_equal(got, LEG_BROKEN);
	assert_int_equal(t.leg.err.kind, ERR_ORIGIN_TLS);
	assert_non_null(strstr(t.leg.err.detail, "alert certificate required"));
	talk_fini(&t);
}

static void deadline(void **state)
{
	(void)state;
	struct tls_origin_shape shape = {.silent = true};
	int64_t before = clock_now_us(clock_real());
	struct talk t =
		talk_to(&shape, &(struct tls_connect){.until_us = in_ms(60), .stop_fd = -1});
	int64_t took = clock_now_us(clock_real()) - before;
	assert_true(took >= 50000 && took < 5000000);
	expect_failure(&t, ERR_ORIGIN_TIMEOUT, "before its ServerHello");
}

static void stopped(void **state)
{
	(void)state;
	struct tls_origin_shape shape = {.silent = true};
	int stop = eventfd(1, EFD_CLOEXEC);
	struct talk t = talk_to(&shape, &(struct tls_connect){.stop_fd = stop});
	expect_failure(&t, ERR_SHUTDOWN, "handshake");
	close(stop);
}

/* A man in the middle who cuts the server's flight after every so many bytes: always a recorded
 * failure, never a hang. */
static void cut_server_flight(void **state)
{
	(void)state;
	struct tls_origin_shape shape = {.chain = {&world.leaf}};
	struct tls_origin *origin = tls_origin_start(&shape);
	size_t flight = 0;
	for (size_t keep = 0; keep == 0 || keep < flight; keep += 7) {
		int pair[2], server = tls_origin_dial(origin);
		uint8_t bytes[16384];
		struct talk t = {0};
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		/* Our hello is made by a first try that times out; here it only has to be a
		 * hello. */
		leg_init(&t.leg, pair[0], false);
		struct tls_connect want = {.host = HOST, .until_us = in_ms(1), .stop_fd = -1};
		tls_connect(world.client, &t.leg, &want, &t.arena, &t.facts, NULL, &t.err);
		ssize_t n = recv(pair[1], bytes, sizeof bytes, 0);
		assert_int_equal(send(server, bytes, (size_t)n, 0), n);
		n = recv(server, bytes, sizeof bytes, 0);
		assert_true(n > 100);
		flight = (size_t)n;
		close(server);
		close(pair[1]);
		leg_fini(&t.leg);
		arena_fini(&t.arena);
		/* A fresh connection that gets that flight's beginning: keys differ, so it
		 * cannot succeed whatever it holds. */
		struct talk u = {0};
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		assert_int_equal(send(pair[1], bytes, keep, 0), (ssize_t)keep);
		shutdown(pair[1], SHUT_WR);
		talk_on_fd(&u, pair[0], NULL);
		assert_false(u.ok);
		assert_true(u.err.kind == ERR_ORIGIN_CLOSED || u.err.kind == ERR_ORIGIN_TLS);
		assert_true(u.err.detail[0] != 0);
		close(pair[1]);
		leg_fini(&u.leg);
		arena_fini(&u.arena);
	}
	tls_origin_stop(origin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures),
		cmocka_unit_test(downgrade_mark),
		cmocka_unit_test(alpn_not_offered),
		cmocka_unit_test(unreadable_certificate),
		cmocka_unit_test(client_certificate_demanded),
		cmocka_unit_test(deadline),
		cmocka_unit_test(stopped),
		cmocka_unit_test(cut_server_flight),
	};
	return cmocka_run_group_tests(tests, make_world, end_world);
}
