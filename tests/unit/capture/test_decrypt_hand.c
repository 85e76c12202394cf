/*
 * TLS 1.3 as no library of ours sends it: compressed certificates, messages and records cut and
 * joined in every way, padding, limits, and what a peer must not do.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/kit/tls_wire.h"
#include "tests/unit/capture/hand_tls.h"

#include <zlib.h>

static void open_hand(struct hand *h, bool answered)
{
	struct tls_wire *w = tls_wire_new(&(struct tls_wire_order){.no_handshake = true});
	hand_open(h, buf_span(&w->wire), answered);
	tls_wire_free(w);
}

static const struct span NO_EXTENSIONS = {(const uint8_t *)"\0\0", 2};

/* One entry of a certificate list (RFC 8446 4.4.2). */
static void add_entry(struct buf *list, struct span der, struct span extensions)
{
	buf_add_byte(list, (uint8_t)(der.n >> 16));
	buf_add_u16(list, (uint16_t)der.n);
	buf_add_span(list, der);
	buf_add_u16(list, (uint16_t)extensions.n);
	buf_add_span(list, extensions);
}

static void certificate_of(struct buf *body, const struct buf *list)
{
	size_t n = buf_len(list);
	buf_add_byte(body, 0);
	buf_add_byte(body, (uint8_t)(n >> 16));
	buf_add_u16(body, (uint16_t)n);
	buf_add_span(body, buf_span(list));
}

static const struct decrypt_about *about_of(const struct hand *h)
{
	return decrypt_about(h->hear.d);
}

/* Finished both ways, a word each way. */
static void finish(struct hand *h)
{
	hand_finished(h, FLOW_DOWN);
	hand_finished(h, FLOW_UP);
	hand_record(h, FLOW_UP, 23, span_str("ping"), 0);
	hand_record(h, FLOW_DOWN, 23, span_str("pong"), 7);
	decrypt_end(h->hear.d);
	assert_true(span_is(buf_span(&h->hear.plain[FLOW_UP]), "ping"));
	assert_true(span_is(buf_span(&h->hear.plain[FLOW_DOWN]), "pong"));
	assert_true(about_of(h)->complete);
	assert_int_equal(h->hear.secured, 1);
}

static void test_certificates(void **state)
{
	(void)state;
	struct hand h;
	struct buf list = {0}, body = {0};
	/* An OCSP response and SCTs with the first, which the second's must not replace. */
	add_entry(&list, span_str("first der"),
		span_of("\0\5\0\7\1\0\0\3abc\0\x12\0\4\0\2\5\6", 19));
	add_entry(&list, span_str("second der"), span_of("\0\x12\0\4\0\2\7\7", 8));
	certificate_of(&body, &list);
	for (size_t piece = 1; piece < 200; piece += 40) {
		open_hand(&h, true);
		hand_say(&h, FLOW_DOWN, 8, span_of("\0\x09\0\x10\0\5\0\3\2h2", 11), piece);
		hand_say(&h, FLOW_DOWN, 11, buf_span(&body), piece);
		hand_say(&h, FLOW_DOWN, 15, span_of("\x08\x04\0\1x", 5), piece);
		finish(&h);
		const struct decrypt_about *about = about_of(&h);
		assert_null(about->why);
		assert_true(span_is(about->alpn, "h2"));
		assert_int_equal(about->n_certs, 2);
		assert_true(span_is(about->certs[0], "first der"));
		assert_true(span_is(about->certs[1], "second der"));
		assert_true(span_is(about->ocsp, "abc"));
		assert_true(span_eq(about->scts, span_of("\0\2\5\6", 4)));
		assert_int_equal(about->signature_scheme, 0x0804);
		assert_int_equal(about->group_number, 0x1d);
		hand_close(&h);
	}
	buf_fini(&list);
	buf_fini(&body);
}

static void test_compressed(void **state)
{
	(void)state;
	/* The same certificate message, by zlib, brotli and zstd (made by their tools). */
	struct buf list = {0}, plain = {0};
	char der[3000];
	memset(der, 'd', sizeof der);
	add_entry(&list, span_of(der, sizeof der), SPAN_NONE);
	certificate_of(&plain, &list);
	uint8_t packed[4000];
	uLongf packed_n = sizeof packed;
	assert_int_equal(compress(packed, &packed_n, plain.p, buf_len(&plain)), Z_OK);
	for (int i = 0; i < 6; i++) {
		struct hand h;
		struct buf body = {0};
		/* 0: as it should be; then an algorithm that there is not, a length that is not
		 * so, twice, garbage, and a length beyond all limits. */
		size_t len = buf_len(&plain) + (size_t)(i == 2) - (size_t)(i == 3);
		if (i == 5)
			len = DECRYPT_HANDSHAKE_MAX + 1;
		buf_add_u16(&body, i == 1 ? 9 : 1);
		buf_add_byte(&body, (uint8_t)(len >> 16));
		buf_add_u16(&body, (uint16_t)len);
		buf_add_byte(&body, 0);
		buf_add_u16(&body, (uint16_t)packed_n);
		buf_add(&body, packed, packed_n);
		if (i == 4)
			body.p[body.start + 12] ^= 0xff;
		open_hand(&h, true);
		hand_say(&h, FLOW_DOWN, 8, NO_EXTENSIONS, 16384);
		hand_say(&h, FLOW_DOWN, 25, buf_span(&body), 16384);
		finish(&h);
		const struct decrypt_about *about = about_of(&h);
		assert_int_equal(about->n_certs, i == 0);
		assert_int_equal(about->why == NULL, i == 0);
		if (i == 0)
			assert_true(span_eq(about->certs[0], span_of(der, sizeof der)));
		hand_close(&h);
		buf_fini(&body);
	}
	buf_fini(&list);
	buf_fini(&plain);
}

/* RFC 8879's other two, of one certificate of 296 bytes. */
static void test_brotli_zstd(void **state)
{
	(void)state;
	for (uint16_t algorithm = 2; algorithm <= 3; algorithm++) {
		struct hand h;
		struct buf body = {0}, packed = {0}, list = {0}, plain = {0};
		char der[296];
		memset(der, 'd', sizeof der);
		add_entry(&list, span_of(der, sizeof der), SPAN_NONE);
		certificate_of(&plain, &list);
		assert_int_equal(buf_len(&plain), 305);
		if (algorithm == 2) {
			/* RFC 7932 9.2: one block of 305 bytes as they are, and an empty last.
			 */
			buf_add(&packed, "\x00\x13\x10", 3);
			buf_add_span(&packed, buf_span(&plain));
			buf_add_byte(&packed, 3);
		} else {
			/* What zstd 1.5 makes of it. */
			assert_true(
				hex_read(span_str("28b52ffd6031008d0000500000012d000128640000"
						  "0100242ae002"),
					&packed));
		}
		buf_add_u16(&body, algorithm);
		buf_add(&body, "\0\1\x31", 3); /* 305 */
		buf_add_byte(&body, 0);
		buf_add_u16(&body, (uint16_t)buf_len(&packed));
		buf_add_span(&body, buf_span(&packed));
		open_hand(&h, true);
		hand_say(&h, FLOW_DOWN, 8, NO_EXTENSIONS, 16384);
		hand_say(&h, FLOW_DOWN, 25, buf_span(&body), 16384);
		finish(&h);
		assert_null(about_of(&h)->why);
		assert_int_equal(about_of(&h)->n_certs, 1);
		assert_true(span_eq(about_of(&h)->certs[0], span_of(der, sizeof der)));
		hand_close(&h);
		buf_fini(&body);
		buf_fini(&packed);
		buf_fini(&list);
		buf_fini(&plain);
	}
}

/* More certificates than are kept; the rest is read. */
static void test_many_certificates(void **state)
{
	(void)state;
	struct hand h;
	struct buf list = {0}, body = {0};
	for (int i = 0; i < DECRYPT_CERTS_MAX + 5; i++)
		add_entry(&list, span_str("der"), SPAN_NONE);
	certificate_of(&body, &list);
	open_hand(&h, true);
	hand_say(&h, FLOW_DOWN, 11, buf_span(&body), 300);
	finish(&h);
	assert_int_equal(about_of(&h)->n_certs, DECRYPT_CERTS_MAX);
	assert_non_null(about_of(&h)->why);
	assert_int_equal(h.hear.blind[FLOW_DOWN], 0);
	hand_close(&h);
	buf_fini(&list);
	buf_fini(&body);
}

/* Several messages in one record, tickets and key updates among the data. */
static void test_joined(void **state)
{
	(void)state;
	struct hand h;
	struct buf all = {0};
	open_hand(&h, true);
	hand_say(&h, FLOW_DOWN, 8, NO_EXTENSIONS, 16384);
	hand_finished(&h, FLOW_DOWN);
	hand_record(&h, FLOW_DOWN, 23, span_str("early answer"), 100);
	assert_int_equal(h.hear.secured, 1);
	assert_false(about_of(&h)->complete);
	hand_finished(&h, FLOW_UP);
	assert_true(about_of(&h)->complete);
	hand_message(&all, 4, span_str("a ticket"));
	hand_message(&all, 4, span_str("another ticket"));
	hand_message(&all, 13, span_str("a request"));
	hand_record(&h, FLOW_DOWN, 22, buf_span(&all), 3);
	/* A message in two records, and one byte of the next. */
	hand_record(&h, FLOW_DOWN, 22, span_first(buf_span(&all), 20), 0);
	hand_record(&h, FLOW_DOWN, 22, span_from(buf_span(&all), 20), 0);
	hand_record(&h, FLOW_DOWN, 23, SPAN_NONE, 0);
	hand_record(&h, FLOW_DOWN, 23, span_str("."), 0);
	hand_record(&h, FLOW_DOWN, 21, span_of("\1\0", 2), 0);
	hand_raw(&h, FLOW_DOWN, span_str("what comes after the end is nothing"));
	decrypt_end(h.hear.d);
	assert_true(span_is(buf_span(&h.hear.plain[FLOW_DOWN]), "early answer."));
	assert_true(about_of(&h)->close_notify[FLOW_DOWN]);
	assert_null(about_of(&h)->why);
	hand_close(&h);
	buf_fini(&all);
}

/* ---- what must not be ---- */

enum wrong {
	NO_TYPE,
	OTHER_TYPE,
	TOO_LARGE,
	CLEAR_AFTER,
	ODD_ALERT,
	HUGE_MESSAGE,
	UPDATE_AND_MORE,
	FINISHED_AND_MORE,
	DATA_IN_HANDSHAKE,
	WRONG_FINISHED,
	TWICE,
	BAD_LIST,
	EMPTY_FINISHED,
	WRONGS
};

static void do_wrong(struct hand *h, enum wrong wrong)
{
	static uint8_t big[TLS_PLAIN_MAX + 1];
	uint8_t verify[32];
	struct buf m = {0};
	bool later = wrong < DATA_IN_HANDSHAKE;
	hand_say(h, FLOW_DOWN, 8, NO_EXTENSIONS, 16384);
	if (later && wrong != FINISHED_AND_MORE) {
		hand_finished(h, FLOW_DOWN);
		hand_finished(h, FLOW_UP);
		hand_record(h, FLOW_DOWN, 23, span_str("before"), 0);
	}
	switch (wrong) {
	case NO_TYPE: hand_record(h, FLOW_DOWN, 0, SPAN_NONE, 5); break;
	case OTHER_TYPE: hand_record(h, FLOW_DOWN, 99, span_str("x"), 0); break;
	case TOO_LARGE: hand_record(h, FLOW_DOWN, 23, span_of(big, sizeof big), 0); break;
	case CLEAR_AFTER:
		hand_turn(h, FLOW_DOWN, -1);
		hand_record(h, FLOW_DOWN, 22, span_str("x"), 0);
		break;
	case ODD_ALERT: hand_record(h, FLOW_DOWN, 21, span_str("x"), 0); break;
	case HUGE_MESSAGE: hand_record(h, FLOW_DOWN, 22, span_of("\4\4\0\1", 4), 0); break;
	case UPDATE_AND_MORE:
		hand_record(h, FLOW_DOWN, 22, span_of("\x18\0\0\1\0\4", 6), 0);
		break;
	case FINISHED_AND_MORE:
		/* A right one, and one byte more in its record. */
		hand_verify(h, FLOW_DOWN, verify);
		hand_message(&m, 20, span_of(verify, 32));
		buf_add_byte(&m, 4);
		hand_record(h, FLOW_DOWN, 22, buf_span(&m), 0);
		break;
	case DATA_IN_HANDSHAKE: hand_record(h, FLOW_DOWN, 23, span_str("x"), 0); break;
	case WRONG_FINISHED: hand_say(h, FLOW_DOWN, 20, span_of(big, 32), 16384); break;
	case TWICE: hand_say(h, FLOW_DOWN, 8, NO_EXTENSIONS, 16384); break;
	case BAD_LIST: hand_say(h, FLOW_DOWN, 11, span_of("\0\0\0\5\0\0\1x", 8), 99); break;
	case EMPTY_FINISHED: hand_say(h, FLOW_DOWN, 20, SPAN_NONE, 99); break;
	case WRONGS: break;
	}
	buf_fini(&m);
}

static void test_wrongs(void **state)
{
	(void)state;
	for (int wrong = 0; wrong < WRONGS; wrong++) {
		struct hand h;
		open_hand(&h, true);
		do_wrong(&h, (enum wrong)wrong);
		if (h.hear.blind[FLOW_DOWN] != 1)
			print_message("wrong %d is not noticed\n", wrong);
		assert_int_equal(h.hear.blind[FLOW_DOWN], 1);
		assert_int_equal(h.hear.why_at[FLOW_DOWN].packet, h.packet);
		assert_int_equal(about_of(&h)->keys, FLOW_KEYS_FOUND);
		/* Nothing is read any more, in whatever it comes. */
		size_t had = buf_len(&h.hear.plain[FLOW_DOWN]);
		hand_record(&h, FLOW_DOWN, 23, span_str("after"), 0);
		assert_int_equal(buf_len(&h.hear.plain[FLOW_DOWN]), had);
		decrypt_end(h.hear.d);
		hand_close(&h);
	}
}

/* ---- hellos ---- */

static const uint8_t retry_random[32] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe,
	0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c,
	0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

static void test_retries(void **state)
{
	(void)state;
	struct hand h;
	static const uint8_t random[32] = {9};
	/* Nothing comes after it: about has the HelloRetryRequest. */
	open_hand(&h, false);
	hand_server_hello(&h, retry_random, 0x1301, span_of("\0\x33\0\2\0\x17", 6));
	decrypt_end(h.hear.d);
	assert_int_equal(about_of(&h)->group_number, 0x17);
	assert_int_equal(about_of(&h)->keys, FLOW_KEYS_UNUSED);
	assert_null(about_of(&h)->why);
	hand_close(&h);

	/* A second one. */
	open_hand(&h, false);
	struct buf hello = {0};
	buf_add_span(&hello, buf_span(&h.messages));
	hand_server_hello(&h, retry_random, 0x1301, SPAN_NONE);
	hand_record(&h, FLOW_UP, 22, buf_span(&hello), 0);
	assert_int_equal(about_of(&h)->hellos, 2);
	hand_server_hello(&h, retry_random, 0x1301, SPAN_NONE);
	assert_int_equal(h.hear.blind[FLOW_DOWN], 1);
	hand_close(&h);

	/* Another cipher after it. */
	open_hand(&h, false);
	hand_server_hello(&h, retry_random, 0x1301, SPAN_NONE);
	hand_record(&h, FLOW_UP, 22, buf_span(&hello), 0);
	hand_server_hello(&h, random, 0x1302, SPAN_NONE);
	assert_int_equal(h.hear.blind[FLOW_DOWN], 1);
	hand_close(&h);
	buf_fini(&hello);

	/* A suite that nobody knows, and one that is not of this version. */
	static const uint16_t strange[] = {0x13ff, 0xc02f};
	for (int i = 0; i < 2; i++) {
		open_hand(&h, false);
		hand_server_hello(&h, random, strange[i], SPAN_NONE);
		hand_turn(&h, FLOW_DOWN, HAND_HANDSHAKE);
		hand_record(&h, FLOW_DOWN, 22, span_str("x"), 0);
		assert_int_equal(about_of(&h)->keys, FLOW_KEYS_UNKNOWN);
		assert_int_equal(about_of(&h)->cipher_number, strange[i]);
		assert_null(about_of(&h)->cipher);
		assert_int_equal(h.hear.blind[FLOW_DOWN], 1);
		assert_int_equal(h.hear.secured, 1);
		hand_close(&h);
	}
}

/* A fatal alert in clear, by a client that does not like the ServerHello, and one that is
 * sealed. */
static void test_alerts(void **state)
{
	(void)state;
	for (int sealed = 0; sealed < 2; sealed++) {
		struct hand h;
		open_hand(&h, true);
		if (!sealed)
			hand_turn(&h, FLOW_UP, -1);
		else
			hand_say(&h, FLOW_DOWN, 8, NO_EXTENSIONS, 16384);
		hand_record(&h, FLOW_UP, 21, span_of("\2\x2a", 2), 0);
		decrypt_end(h.hear.d);
		assert_int_equal(about_of(&h)->alert[FLOW_UP], 42);
		assert_int_equal(about_of(&h)->alert[FLOW_DOWN], -1);
		assert_null(about_of(&h)->why);
		hand_close(&h);
	}
	/* A server has its keys: in clear it is somebody else. */
	struct hand h;
	open_hand(&h, true);
	hand_turn(&h, FLOW_DOWN, -1);
	hand_record(&h, FLOW_DOWN, 21, span_of("\2\x2a", 2), 0);
	assert_int_equal(h.hear.blind[FLOW_DOWN], 1);
	assert_int_equal(about_of(&h)->alert[FLOW_DOWN], -1);
	hand_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_compressed),
		cmocka_unit_test(test_brotli_zstd),
		cmocka_unit_test(test_many_certificates),
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_wrongs),
		cmocka_unit_test(test_retries),
		cmocka_unit_test(test_alerts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
