/*
 * JA3 against the published examples and against tshark, over hellos of real clients and ones
 * with GREASE, empty lists and fragments.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture/wire/ja3.h"
#include "store/base/codec.h"
#include "tests/unit/capture/data/hellos.h"
#include "tests/unit/capture/hello_build.h"
#include "tests/unit/capture/tshark_ask.h"

/* The JA3 of a message; full gets the string, ended by NUL. */
static void ja3_of(struct span message, struct buf *full, char out[JA3_HEX])
{
	struct arena a = {0};
	struct tls_hello h;
	struct err err = {0};
	assert_true(tls_hello_parse(message, &a, &h, &err));
	ja3(&h, full, out);
	buf_add_byte(full, 0);
	arena_fini(&a);
}

static void expect(struct hello_parts *parts, const char *full, const char *hex)
{
	struct buf message = {0}, seen = {0};
	char out[JA3_HEX];
	hello_message(parts, &message);
	ja3_of(buf_span(&message), &seen, out);
	assert_string_equal((char *)seen.p, full);
	if (hex != NULL)
		assert_string_equal(out, hex);
	buf_fini(&message);
	buf_fini(&seen);
}

/* The two worked examples of the JA3 specification. */
static void test_published(void **state)
{
	(void)state;
	static const uint16_t old[] = {4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99};
	struct hello_parts parts = {
		.version = 769, .ciphers = old, .n_ciphers = 11, .no_extensions = true};
	expect(&parts, "769,4-5-10-9-100-98-3-6-19-18-99,,,",
		"de350869b8c85de67a350c8d186f11e6");

	static const uint16_t ciphers[] = {
		47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4};
	static const uint16_t groups[] = {23, 24, 25};
	parts = (struct hello_parts){.version = 769, .ciphers = ciphers, .n_ciphers = 12};
	hello_sni(&parts.extensions, "a.example");
	hello_u16_extension(&parts.extensions, 10, 2, groups, 3);
	hello_extension(&parts.extensions, 11, "\1\0", 2);
	expect(&parts, "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0",
		"ada70206e40642a3e4461f35503241d5");
}

static void test_grease_only_lists(void **state)
{
	(void)state;
	static const uint16_t grease[] = {0x0a0a, 0xfafa};
	struct hello_parts parts = {.version = 771, .ciphers = grease, .n_ciphers = 2};
	hello_extension(&parts.extensions, 0x2a2a, "", 0);
	hello_u16_extension(&parts.extensions, 10, 2, grease, 2);
	expect(&parts, "771,,10,,", NULL);
}

static void test_appends(void **state)
{
	(void)state;
	struct buf message = {0}, full = {0};
	struct arena a = {0};
	struct tls_hello h;
	char alone[JA3_HEX], behind[JA3_HEX];
	hello_like_chrome(&message);
	assert_true(tls_hello_parse(buf_span(&message), &a, &h, NULL));
	ja3(&h, &full, alone);
	buf_clear(&full);
	buf_add_str(&full, "before ");
	ja3(&h, &full, behind);
	assert_string_equal(alone, behind);
	assert_memory_equal(full.p, "before 771,4865-", 16);
	buf_fini(&message);
	buf_fini(&full);
	arena_fini(&a);
}

enum { MADE = 5, ALL = RECORDED_HELLOS + MADE };

/* Hellos of our own making behind the recorded ones. */
static void make(size_t i, struct buf *wire)
{
	static const uint16_t ciphers[] = {0x1301, 0x00ff, 0x5600, 0xfe00};
	struct buf message = {0};
	struct hello_parts parts = {.version = 0x0301, .ciphers = ciphers, .n_ciphers = 4};
	if (i < 2)
		hello_like_chrome(&message);
	else if (i == 2) {
		parts.no_extensions = true;
		hello_message(&parts, &message);
	} else if (i == 3) {
		hello_extension(&parts.extensions, 11, "\3\0\1\2", 4);
		hello_message(&parts, &message);
	} else {
		hello_extension(&parts.extensions, 0xfe0d, "x", 1);
		hello_extension(&parts.extensions, 0x6a6a, "x", 1);
		hello_message(&parts, &message);
	}
	hello_records(buf_span(&message), i == 1 ? 100 : 16384, wire);
	buf_fini(&message);
}

static void test_against_tshark(void **state)
{
	(void)state;
	if (!tshark_there()) {
		print_message("tshark is not installed\n");
		skip();
	}
	static char cells[ALL * TSHARK_FIELDS][TSHARK_FIELD_MAX];
	struct buf wires[ALL] = {0};
	struct span spans[ALL];
	for (size_t i = 0; i < ALL; i++) {
		if (i < RECORDED_HELLOS)
			assert_true(hex_read(span_str(recorded_hellos[i].hex), &wires[i]));
		else
			make(i - RECORDED_HELLOS, &wires[i]);
		spans[i] = buf_span(&wires[i]);
	}
	assert_true(tshark_ask(
		spans, ALL, "-e tls.handshake.ja3_full -e tls.handshake.ja3", cells));
	for (size_t i = 0; i < ALL; i++) {
		struct buf message = {0}, full = {0};
		struct err err = {0};
		char out[JA3_HEX];
		size_t used;
		assert_int_equal(tls_hello_collect(spans[i], &message, &used, &err), TLS_DONE);
		ja3_of(buf_span(&message), &full, out);
		assert_string_equal((char *)full.p, cells[i * TSHARK_FIELDS]);
		assert_string_equal(out, cells[i * TSHARK_FIELDS + 1]);
		buf_fini(&message);
		buf_fini(&full);
		buf_fini(&wires[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_grease_only_lists),
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_against_tshark),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
