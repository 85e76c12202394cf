/*
 * ClientHellos: collected from records however they are cut, decoded, refused when malformed;
 * cut at every byte.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

#include "capture/wire/tls_hello.h"
#include "store/base/codec.h"
#include "tests/unit/capture/data/hellos.h"
#include "tests/unit/capture/hello_build.h"

static const struct recorded_hello *recorded(const char *name)
{
	for (size_t i = 0; i < RECORDED_HELLOS; i++)
		if (strcmp(recorded_hellos[i].name, name) == 0)
			return &recorded_hellos[i];
	fail_msg("no recorded hello %s", name);
	return NULL;
}

static void assert_text(struct span s, const char *text)
{
	assert_non_null(s.p);
	assert_int_equal(s.n, strlen(text));
	assert_memory_equal(s.p, text, s.n);
}

static void test_grease(void **state)
{
	(void)state;
	size_t n = 0;
	for (uint32_t v = 0; v <= UINT16_MAX; v++)
		n += tls_is_grease((uint16_t)v);
	assert_int_equal(n, 16);
	for (unsigned i = 0; i < 16; i++)
		assert_true(tls_is_grease((uint16_t)(i << 12 | 0xa00u | i << 4 | 0xau)));
	assert_false(tls_is_grease(0x1a2a));
	assert_false(tls_is_grease(0x0a1a));
}

/* Each recorded hello, cut at every byte: MORE and nothing in the message, until it is whole;
 * bytes behind it are not used. */
static void test_collect_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < RECORDED_HELLOS; i++) {
		struct buf wire = {0}, message = {0};
		assert_true(hex_read(span_str(recorded_hellos[i].hex), &wire));
		size_t used = 1, n = buf_len(&wire);
		for (size_t cut = 0; cut < n; cut++) {
			uint8_t *copy = malloc(cut > 0 ? cut : 1);
			assert_non_null(copy);
			memcpy(copy, wire.p, cut);
			assert_int_equal(
				tls_hello_collect(span_of(copy, cut), &message, &used, NULL),
				TLS_MORE);
			assert_int_equal(buf_len(&message), 0);
			assert_int_equal(used, 0);
			free(copy);
		}
		buf_add_str(&wire, "more");
		assert_int_equal(
			tls_hello_collect(buf_span(&wire), &message, &used, NULL), TLS_DONE);
		assert_int_equal(used, n);
		assert_int_equal(buf_len(&message), n - 5);
		assert_memory_equal(message.p, wire.p + 5, n - 5);
		buf_fini(&wire);
		buf_fini(&message);
	}
}

static void test_collect_fragments(void **state)
{
	(void)state;
	struct buf hello = {0};
	hello_like_chrome(&hello);
	for (size_t fragment = 1; fragment <= buf_len(&hello) + 1; fragment++) {
		struct buf wire = {0}, message = {0};
		size_t used;
		hello_records(buf_span(&hello), fragment, &wire);
		size_t n = buf_len(&wire);
		buf_add_str(&wire, "\x17\x03\x03"); /* whatever comes behind it */
		for (size_t cut = 0; cut < n; cut += fragment == 1 ? 1 : 7)
			assert_int_equal(tls_hello_collect(span_first(buf_span(&wire), cut),
						 &message, &used, NULL),
				TLS_MORE);
		assert_int_equal(
			tls_hello_collect(buf_span(&wire), &message, &used, NULL), TLS_DONE);
		assert_int_equal(used, n);
		assert_true(span_eq(buf_span(&message), buf_span(&hello)));
		buf_fini(&wire);
		buf_fini(&message);
	}
	buf_fini(&hello);
}

/* What a client puts behind its hello in the same record is used up with it, but is no part of
 * it. */
static void test_collect_more_in_the_record(void **state)
{
	(void)state;
	struct buf hello = {0};
	hello_like_chrome(&hello);
	size_t n = buf_len(&hello);
	buf_add_str(&hello, "more");
	for (size_t fragment = n / 2; fragment <= n + 4; fragment++) {
		struct buf wire = {0}, message = {0};
		size_t used;
		hello_records(buf_span(&hello), fragment, &wire);
		assert_int_equal(
			tls_hello_collect(buf_span(&wire), &message, &used, NULL), TLS_DONE);
		assert_true(span_eq(buf_span(&message), span_first(buf_span(&hello), n)));
		size_t records = (n + fragment - 1) / fragment;
		size_t carried = records * fragment < n + 4 ? records * fragment : n + 4;
		assert_int_equal(used, carried + 5 * records);
		buf_fini(&wire);
		buf_fini(&message);
	}
	buf_fini(&hello);
}

static void test_collect_refuses(void **state)
{
	(void)state;
	static const struct {
		const char *wire;
		size_t n;
		enum tls_scan scan;
		enum err_kind kind;
	} rows[] = {
		{"", 0, TLS_MORE, ERR_NONE},
		{"\x16", 1, TLS_MORE, ERR_NONE},
		{"\x16\x03", 2, TLS_MORE, ERR_NONE},
		{"\x16\x03\x00\x00\x01\x01", 6, TLS_MORE, ERR_NONE},
		{"\x16\x03\x03\x00\x01\x01\x16", 7, TLS_MORE, ERR_NONE},
		{"G", 1, TLS_NOT_TLS, ERR_NONE},
		{"SSH-2.0-x\r\n", 11, TLS_NOT_TLS, ERR_NONE},
		{"GET / HTTP/1.1\r\n", 16, TLS_NOT_TLS, ERR_NONE},
		{"\x80\x2e\x01\x03\x01\x00", 6, TLS_NOT_TLS, ERR_NONE}, /* SSLv2 */
		{"\x15\x03\x01\x00\x02\x02\x28", 7, TLS_NOT_TLS, ERR_NONE},
		{"\x17\x03\x03\x00\x01x", 6, TLS_NOT_TLS, ERR_NONE},
		{"\x16\x02\x00", 3, TLS_NOT_TLS, ERR_NONE},
		{"\x16\xfe\xff\x00", 4, TLS_NOT_TLS, ERR_NONE}, /* DTLS */
		{"\x16\x03\x01\x00\x00", 5, TLS_BAD, ERR_HELLO},
		{"\x16\x03\x01\x40\x01", 5, TLS_BAD, ERR_HELLO},
		{"\x16\x03\x01\x00\x04\x02", 6, TLS_BAD, ERR_HELLO}, /* a ServerHello */
		{"\x16\x03\x01\x00\x04\x01\x01\x00\x00", 9, TLS_BAD, ERR_LIMIT},
		{"\x16\x03\x01\x00\x04\x01\x00\xff\xfd", 9, TLS_BAD, ERR_LIMIT},
		{"\x16\x03\x01\x00\x04\x01\x00\xff\xfc", 9, TLS_MORE, ERR_NONE},
		{"\x16\x03\x01\x00\x01\x01\x17", 7, TLS_BAD, ERR_HELLO},
		{"\x16\x03\x01\x00\x01\x01\x16\x03\x01\x00\x00", 11, TLS_BAD, ERR_HELLO},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf message = {0};
		struct err err = {0};
		size_t used = 1;
		enum tls_scan scan = tls_hello_collect(
			span_of(rows[i].wire, rows[i].n), &message, &used, &err);
		if (scan != rows[i].scan || err.kind != rows[i].kind || used != 0 ||
			buf_len(&message) != 0)
			fail_msg("row %zu: scan %d, %s", i, scan, err_word(err.kind));
	}
}

/* The largest hello is taken; byte-sized records without end are not, and their drip stays
 * cheap. */
static void test_collect_limits(void **state)
{
	(void)state;
	struct buf hello = {0}, wire = {0}, message = {0};
	struct err err = {0};
	size_t used;
	buf_add(&hello, "\x01\x00\xff\xfc", 4);
	while (buf_len(&hello) < TLS_HELLO_MAX)
		buf_add_byte(&hello, 0);
	hello_records(buf_span(&hello), 16384, &wire);
	assert_int_equal(tls_hello_collect(buf_span(&wire), &message, &used, &err), TLS_DONE);
	assert_int_equal(buf_len(&message), TLS_HELLO_MAX);
	buf_clear(&message);
	buf_clear(&wire);

	hello_records(buf_span(&hello), 1, &wire);
	clock_t from = clock();
	enum tls_scan scan = TLS_MORE;
	for (size_t n = 0; scan == TLS_MORE && n < buf_len(&wire); n++)
		scan = tls_hello_collect(span_first(buf_span(&wire), n), &message, &used, &err);
	assert_int_equal(scan, TLS_BAD);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_true((double)(clock() - from) / CLOCKS_PER_SEC < 5);
	buf_fini(&hello);
	buf_fini(&wire);
	buf_fini(&message);
}

static void parse_recorded(
	const char *name, struct buf *message, struct arena *a, struct tls_hello *h)
{
	struct buf wire = {0};
	struct err err = {0};
	size_t used;
	assert_true(hex_read(span_str(recorded(name)->hex), &wire));
	assert_int_equal(tls_hello_collect(buf_span(&wire), message, &used, &err), TLS_DONE);
	assert_true(tls_hello_parse(buf_span(message), a, h, &err));
	buf_fini(&wire);
}

static void test_parse_recorded(void **state)
{
	(void)state;
	struct buf message = {0};
	struct arena a = {0};
	struct tls_hello h;
	parse_recorded("firefox", &message, &a, &h);
	assert_text(h.sni, "localhost");
	assert_int_equal(h.legacy_version, 0x0303);
	assert_int_equal(h.session_id.n, 32);
	assert_int_equal(h.random.n, 32);
	assert_int_equal(h.n_ciphers, 16);
	assert_int_equal(h.ciphers[0], 0x1301);
	assert_int_equal(h.n_alpn, 2);
	assert_text(h.alpn[0], "h2");
	assert_text(h.alpn[1], "http/1.1");
	assert_int_equal(h.groups[0], 0x11ec); /* X25519MLKEM768 */
	assert_int_equal(h.n_versions, 2);
	assert_int_equal(h.versions[0], 0x0304);
	assert_int_equal(h.point_formats.n, 1);
	assert_int_equal(h.signature_algorithms[0], 0x0403);
	assert_int_equal(h.n_extensions, 17);
	assert_int_equal(h.extensions[16].type, 0xfe0d);
	assert_true(span_eq(h.message, buf_span(&message)));
	buf_clear(&message);

	parse_recorded("openssl_tls10_nosni", &message, &a, &h);
	assert_null(h.sni.p);
	assert_int_equal(h.legacy_version, 0x0301);
	assert_int_equal(h.n_alpn, 0);
	assert_int_equal(h.n_versions, 0);
	assert_int_equal(h.n_signature_algorithms, 0);
	buf_fini(&message);
	arena_fini(&a);
}

/* Every recorded hello, with each byte left off, added or changed: refused, or decoded within
 * its bytes (ASan looks on). */
static void test_parse_every_cut_and_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < RECORDED_HELLOS; i++) {
		struct buf message = {0};
		struct arena a = {0};
		struct tls_hello h;
		parse_recorded(recorded_hellos[i].name, &message, &a, &h);
		size_t n = buf_len(&message);
		for (size_t at = 0; at < n; at++) {
			uint8_t *copy = malloc(n);
			struct arena b = {0};
			assert_non_null(copy);
			memcpy(copy, message.p, n);
			uint8_t *cut = malloc(at > 0 ? at : 1);
			assert_non_null(cut);
			memcpy(cut, copy, at);
			assert_false(tls_hello_parse(span_of(cut, at), &b, &h, NULL));
			free(cut);
			copy[at] ^= 0xff;
			tls_hello_parse(span_of(copy, n), &b, &h, NULL);
			copy[at] ^= 0xfe;
			tls_hello_parse(span_of(copy, n), &b, &h, NULL);
			arena_fini(&b);
			free(copy);
		}
		buf_add_byte(&message, 0);
		assert_false(tls_hello_parse(buf_span(&message), &a, &h, NULL));
		buf_fini(&message);
		arena_fini(&a);
	}
}

struct extension_row {
	uint16_t type;
	const char *data;
	size_t n;
	bool sound;
};
#define EXT(type, data, sound)                                                                 \
	{                                                                                      \
		type, data, sizeof(data) - 1, sound                                            \
	}

static void test_odd_extensions(void **state)
{
	(void)state;
	static const struct extension_row rows[] = {
		EXT(0, "\0\4\0\0\1a", true),
		EXT(0, "", false),
		EXT(0, "\0\0", false),
		EXT(0, "\0\4\0\0\2a", false),
		EXT(0, "\0\4\0\0\1ab", false),
		EXT(0, "\0\5\0\0\1a", false),
		EXT(0, "\0\3\0\0\0", true),
		EXT(0, "\0\1\0", false),
		EXT(0, "\0\10\7\0\1x\0\0\1a", true),
		EXT(10, "\0\2\0\x1d", true),
		EXT(10, "\0\0", false),
		EXT(10, "\0\1\0", false),
		EXT(10, "\0\3\0\x1d\0", false),
		EXT(10, "\0\4\0\x1d", false),
		EXT(10, "\0\2\0\x1d\0", false),
		EXT(11, "\1\0", true),
		EXT(11, "\0", false),
		EXT(11, "\2\0", false),
		EXT(11, "\1\0\0", false),
		EXT(13, "\0\2\4\3", true),
		EXT(13, "", false),
		EXT(13, "\0\1\4", false),
		EXT(16, "\0\3\2h2", true),
		EXT(16, "\0\1\0", true),
		EXT(16, "\0\0", false),
		EXT(16, "\0\3\3h2", false),
		EXT(16, "\0\4\2h2", false),
		EXT(16, "\0\3\2h2x", false),
		EXT(43, "\2\3\4", true),
		EXT(43, "\0", false),
		EXT(43, "\1\3", false),
		EXT(43, "\3\3\4\3", false),
		EXT(43, "\4\3\4", false),
		EXT(51, "anything", true),
		EXT(0x0a0a, "\xff\xff\xff", true),
	};
	static const uint16_t cipher = 0x1301;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct hello_parts parts = {
			.version = 0x0303, .ciphers = &cipher, .n_ciphers = 1};
		struct buf message = {0};
		struct arena a = {0};
		struct tls_hello h;
		struct err err = {0};
		hello_extension(&parts.extensions, rows[i].type, rows[i].data, rows[i].n);
		hello_message(&parts, &message);
		bool ok = tls_hello_parse(buf_span(&message), &a, &h, &err);
		if (ok != rows[i].sound || (!ok && err.kind != ERR_HELLO))
			fail_msg("row %zu: %s %s", i, err_word(err.kind), err.detail);
		if (ok && rows[i].type == 0 && rows[i].n == 10)
			assert_text(h.sni, "a"); /* behind a name of an unknown kind */
		buf_fini(&message);
		arena_fini(&a);
	}
}

static void test_odd_bodies(void **state)
{
	(void)state;
	static const uint16_t cipher = 0x1301;
	struct err err = {0};
	for (int kind = 0; kind < 6; kind++) {
		struct hello_parts parts = {
			.version = 0x0300, .ciphers = &cipher, .n_ciphers = 1};
		struct buf message = {0};
		struct arena a = {0};
		struct tls_hello h;
		bool sound = kind == 0 || kind == 1 || kind == 5;
		if (kind == 0)
			parts.no_extensions = true;
		if (kind == 2)
			parts.session_n = 33;
		if (kind == 3)
			parts.n_ciphers = 0;
		if (kind == 5) {
			hello_u16_extension(&parts.extensions, 10, 2, &cipher, 1);
			hello_extension(&parts.extensions, 10, "garbage", 7);
		}
		hello_message(&parts, &message);
		if (kind == 4)
			message.p[3]++;
		assert_int_equal(tls_hello_parse(buf_span(&message), &a, &h, &err), sound);
		if (kind == 0)
			assert_int_equal(h.n_extensions, 0);
		if (kind == 5) {
			/* Repeated ones are kept; the list is the first one's. */
			assert_int_equal(h.n_extensions, 2);
			assert_int_equal(h.n_groups, 1);
		}
		buf_fini(&message);
		arena_fini(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grease),
		cmocka_unit_test(test_collect_every_cut),
		cmocka_unit_test(test_collect_fragments),
		cmocka_unit_test(test_collect_more_in_the_record),
		cmocka_unit_test(test_collect_refuses),
		cmocka_unit_test(test_collect_limits),
		cmocka_unit_test(test_parse_recorded),
		cmocka_unit_test(test_parse_every_cut_and_change),
		cmocka_unit_test(test_odd_extensions),
		cmocka_unit_test(test_odd_bodies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
