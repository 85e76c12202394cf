/*
 * Key log text: whole, in pieces, hostile, and of very many connections.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture/keylog.h"
#include "store/base/buf.h"
#include "store/base/codec.h"
#include "store/fact/fact.h"

#define RANDOM "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"
#define S32 "aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899"
#define S48 S32 "aabbccddeeff00112233445566778899"
#define S64 S32 S32

static struct span random_of(uint32_t i)
{
	static uint8_t bytes[32];
	memset(bytes, 0x55, sizeof bytes);
	memcpy(bytes + 28, &i, 4);
	return span_of(bytes, 32);
}

static const struct keylog_secrets *find(const struct keylog *k)
{
	struct buf random = {0};
	hex_read(span_str(RANDOM), &random);
	const struct keylog_secrets *s = keylog_find(k, buf_span(&random));
	buf_fini(&random);
	return s;
}

static void test_labels(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		int label, n; /* KEYLOG_LABELS: none */
		unsigned lines, unread;
	} cases[] = {
		{"CLIENT_RANDOM " RANDOM " " S48 "\n", KEYLOG_MASTER, 48, 1, 0},
		{"CLIENT_RANDOM " RANDOM " " S48 "\r\n", KEYLOG_MASTER, 48, 1, 0},
		{"CLIENT_EARLY_TRAFFIC_SECRET " RANDOM " " S32 "\n", KEYLOG_CLIENT_EARLY, 32, 1,
			0},
		{"CLIENT_HANDSHAKE_TRAFFIC_SECRET " RANDOM " " S48 "\n",
			KEYLOG_CLIENT_HANDSHAKE, 48, 1, 0},
		{"SERVER_HANDSHAKE_TRAFFIC_SECRET " RANDOM " " S64 "\n",
			KEYLOG_SERVER_HANDSHAKE, 64, 1, 0},
		{"CLIENT_TRAFFIC_SECRET_0 " RANDOM " " S32 "\n", KEYLOG_CLIENT_TRAFFIC, 32, 1,
			0},
		{"SERVER_TRAFFIC_SECRET_0 " RANDOM " " S32 "\n", KEYLOG_SERVER_TRAFFIC, 32, 1,
			0},
		/* Of use to others. */
		{"EXPORTER_SECRET " RANDOM " " S32 "\n", KEYLOG_LABELS, 0, 1, 0},
		{"EARLY_EXPORTER_SECRET " RANDOM " " S32 "\n", KEYLOG_LABELS, 0, 1, 0},
		{"EARLY_EXPORTER_MASTER_SECRET " RANDOM " " S32 "\n", KEYLOG_LABELS, 0, 1, 0},
		{"ECH_SECRET " RANDOM " " S32 "\n", KEYLOG_LABELS, 0, 1, 0},
		{"ECH_CONFIG " RANDOM " aa\n", KEYLOG_LABELS, 0, 1, 0},
		{"RSA 0123456789abcdef " S48 "\n", KEYLOG_LABELS, 0, 1, 0},
		/* None. */
		{"\n\r\n\n", KEYLOG_LABELS, 0, 0, 0},
		{"# a comment\n#\n", KEYLOG_LABELS, 0, 0, 0},
		{"CLIENT_RANDOM " RANDOM " " S32 "\n", KEYLOG_LABELS, 0, 0, 1},
		{"CLIENT_RANDOM " RANDOM " " S64 "\n", KEYLOG_LABELS, 0, 0, 1},
		{"CLIENT_RANDOM " RANDOM "  " S48 "\n", KEYLOG_LABELS, 0, 0, 1},
		{"CLIENT_RANDOM " RANDOM " " S48 " \n", KEYLOG_LABELS, 0, 0, 1},
		{"CLIENT_RANDOM " RANDOM "00 " S48 "\n", KEYLOG_LABELS, 0, 0, 1},
		{"CLIENT_RANDOM " RANDOM "\n", KEYLOG_LABELS, 0, 0, 1},
		{"CLIENT_RANDOM\n", KEYLOG_LABELS, 0, 0, 1},
		{" CLIENT_RANDOM " RANDOM " " S48 "\n", KEYLOG_LABELS, 0, 0, 1},
		{"SERVER_TRAFFIC_SECRET_0 " RANDOM " aabb\n", KEYLOG_LABELS, 0, 0, 1},
		{"SERVER_TRAFFIC_SECRET_0 " RANDOM " " S32 "0\n", KEYLOG_LABELS, 0, 0, 1},
		{"SERVER_TRAFFIC_SECRET_0 " RANDOM " " S64 "00\n", KEYLOG_LABELS, 0, 0, 1},
		{"SERVER_TRAFFIC_SECRET_0 "
		 "xx23456789abcdef0123456789ABCDEF0123456789abcdef0123456789"
		 "abcdef " S32 "\n",
			KEYLOG_LABELS, 0, 0, 1},
		{"\xff\xfe\x01\n", KEYLOG_LABELS, 0, 0, 1},
		{"SSL\x1bKEY " RANDOM " " S32 "\n", KEYLOG_LABELS, 0, 0, 1},
		/* Without its end it is not there yet. */
		{"CLIENT_RANDOM " RANDOM " " S48, KEYLOG_LABELS, 0, 0, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct keylog *k = keylog_new();
		struct keylog_counts counts;
		keylog_add(k, span_str(cases[i].line));
		keylog_counts(k, &counts);
		if (counts.lines != cases[i].lines || counts.unread != cases[i].unread)
			print_message("case %zu\n", i);
		assert_int_equal(counts.lines, cases[i].lines);
		assert_int_equal(counts.unread, cases[i].unread);
		const struct keylog_secrets *s = find(k);
		assert_int_equal(s != NULL, cases[i].label != KEYLOG_LABELS);
		assert_int_equal(counts.connections, cases[i].label != KEYLOG_LABELS);
		for (int l = 0; s != NULL && l < KEYLOG_LABELS; l++)
			assert_int_equal(s->of[l].n, l == cases[i].label ? cases[i].n : 0);
		if (s != NULL) {
			assert_int_equal(s->of[cases[i].label].bytes[0], 0xaa);
			assert_int_equal(s->of[cases[i].label].bytes[31], 0x99);
			assert_int_equal(s->tunnel, FACT_NULL);
			assert_int_equal(s->leg, FACT_NULL);
		}
		keylog_free(k);
	}
}

/* The same however the text is cut; lines that are too long are one unread line each. */
static void test_pieces(void **state)
{
	(void)state;
	struct buf text = {0};
	buf_add_str(&text, "# tunnel 7 leg 12\nCLIENT_TRAFFIC_SECRET_0 " RANDOM " " S32 "\n");
	for (int i = 0; i < 3000; i++)
		buf_add_byte(&text, 'x');
	buf_add_str(&text, "\n");
	for (int i = 0; i < KEYLOG_LINE_MAX; i++)
		buf_add_byte(&text, 'y');
	buf_add_str(&text, "\nSERVER_TRAFFIC_SECRET_0 " RANDOM " " S48 "\r\n");
	for (size_t piece = 1; piece < buf_len(&text) + 1; piece += piece < 100 ? 1 : 371) {
		struct keylog *k = keylog_new();
		struct keylog_counts counts;
		for (struct span rest = buf_span(&text); rest.n > 0;
			rest = span_from(rest, piece))
			keylog_add(k, span_first(rest, piece));
		keylog_counts(k, &counts);
		assert_int_equal(counts.lines, 2);
		assert_int_equal(counts.unread, 2);
		assert_int_equal(counts.connections, 1);
		const struct keylog_secrets *s = find(k);
		assert_int_equal(s->of[KEYLOG_CLIENT_TRAFFIC].n, 32);
		assert_int_equal(s->of[KEYLOG_SERVER_TRAFFIC].n, 48);
		assert_int_equal(s->tunnel, 7);
		assert_int_equal(s->leg, 12);
		keylog_free(k);
	}
	buf_fini(&text);
}

static void test_whose(void **state)
{
	(void)state;
	static const struct {
		const char *comment;
		int64_t tunnel, leg;
	} cases[] = {
		{"# tunnel 1 leg 2\n", 1, 2},
		{"# tunnel 1 leg 2\r\n", 1, 2},
		{"# tunnel 9223372036854775807 leg 0\n", INT64_MAX, 0},
		{"# tunnel 9223372036854775808 leg 0\n", FACT_NULL, FACT_NULL},
		{"# tunnel -1 leg 0\n", FACT_NULL, FACT_NULL},
		{"# tunnel 1 leg 2 \n", FACT_NULL, FACT_NULL},
		{"# tunnel 1 leg 2 more\n", FACT_NULL, FACT_NULL},
		{"# tunnel 1 leg\n", FACT_NULL, FACT_NULL},
		{"#tunnel 1 leg 2\n", FACT_NULL, FACT_NULL},
		{"# tunnel  1 leg 2\n", FACT_NULL, FACT_NULL},
		{"# tunnel 3 leg 4\n# something else\n", 3, 4},
		{"# tunnel 3 leg 4\n# tunnel 5 leg 6\n", 5, 6},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct keylog *k = keylog_new();
		keylog_add(k, span_str(cases[i].comment));
		keylog_add(k, span_str("CLIENT_RANDOM " RANDOM " " S48 "\n"));
		/* What is said later is of others. */
		keylog_add(k, span_str("# tunnel 99 leg 99\n"));
		keylog_add(k, span_str("CLIENT_TRAFFIC_SECRET_0 " RANDOM " " S32 "\n"));
		assert_int_equal(find(k)->tunnel, cases[i].tunnel);
		assert_int_equal(find(k)->leg, cases[i].leg);
		keylog_free(k);
	}
}

/* The first value stays; the same again is no fault, another is. */
static void test_twice(void **state)
{
	(void)state;
	struct keylog *k = keylog_new();
	struct keylog_counts counts;
	keylog_add(k, span_str("CLIENT_TRAFFIC_SECRET_0 " RANDOM " " S32 "\n"));
	keylog_add(k, span_str("CLIENT_TRAFFIC_SECRET_0 " RANDOM " " S32 "\n"));
	keylog_add(k, span_str("CLIENT_TRAFFIC_SECRET_0 " RANDOM " " S48 "\n"));
	keylog_counts(k, &counts);
	assert_int_equal(counts.lines, 2);
	assert_int_equal(counts.unread, 1);
	assert_int_equal(find(k)->of[KEYLOG_CLIENT_TRAFFIC].n, 32);
	assert_null(keylog_find(k, span_str("short")));
	assert_null(keylog_find(k, SPAN_NONE));
	assert_null(keylog_find(k, random_of(1)));
	assert_null(keylog_find(NULL, random_of(1)));
	keylog_free(k);
	keylog_free(NULL);
	k = keylog_new();
	assert_null(keylog_find(k, random_of(1)));
	keylog_free(k);
}

/* What was found stays where it is while the log grows. */
static void test_many(void **state)
{
	(void)state;
	enum { MANY = 20000 };
	struct keylog *k = keylog_new();
	struct buf line = {0};
	const struct keylog_secrets *first = NULL;
	for (uint32_t i = 0; i < MANY; i++) {
		buf_clear(&line);
		buf_addf(&line, "# tunnel %u leg 1\nCLIENT_RANDOM ", i);
		hex_add(&line, random_of(i));
		buf_add_str(&line, " " S48 "\n");
		keylog_add(k, buf_span(&line));
		if (i == 0)
			first = keylog_find(k, random_of(0));
	}
	assert_ptr_equal(keylog_find(k, random_of(0)), first);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(keylog_find(k, random_of(i))->tunnel, i);
	assert_null(keylog_find(k, random_of(MANY)));
	struct keylog_counts counts;
	keylog_counts(k, &counts);
	assert_int_equal(counts.connections, MANY);
	assert_int_equal(counts.lines, MANY);
	buf_fini(&line);
	keylog_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_whose),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
