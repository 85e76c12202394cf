/* Facts as bytes: what is encoded comes back, and the canonical form is exactly the documented
 * one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/base/hash.h"
#include "store/fact/fact.h"
#include "store/fact/lapse.h"

union any {
#define X(upper, lower) struct fact_##lower lower;
	FACT_KINDS(X)
#undef X
};

static uint64_t seed;

static uint64_t dice(uint64_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % sides;
}

static int64_t random_int(void)
{
	static const int64_t edges[] = {0, 1, -1, INT64_MAX, INT64_MIN + 1, FACT_NULL};
	return dice(3) == 0 ? edges[dice(6)] : (int64_t)(seed * 31);
}

/* Bytes, or well-formed text of one- to four-byte characters; lengths around the limit of what
 * stands inline. */
static struct span random_span(struct arena *a, bool text)
{
	static const char *const characters[] = {
		"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
	static const size_t lengths[] = {0, 1, 63, 64, 65, 300};
	size_t n = dice(40) == 0 ? 70000 : lengths[dice(6)];
	if (dice(5) == 0)
		return SPAN_NONE;
	uint8_t *p = arena_alloc(a, n + 8);
	size_t at = 0;
	while (at < n) {
		struct span c = span_str(characters[dice(4)]);
		if (text) {
			memcpy(p + at, c.p, c.n);
			at += c.n;
		} else {
			p[at++] = (uint8_t)dice(256);
		}
	}
	return span_of(p, at);
}

static void *field_at(union any *fact, const struct fact_field *f)
{
	return (uint8_t *)fact + f->offset;
}

static void random_fact(enum fact_kind kind, union any *fact, struct arena *a)
{
	const struct fact_info *info = fact_info(kind);
	fact_init(kind, fact);
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct fact_field *f = &info->fields[i];
		if (f->type == FACT_TYPE_INT) {
			int64_t v = random_int();
			memcpy(field_at(fact, f), &v, sizeof v);
		} else {
			struct span v = random_span(a, f->type == FACT_TYPE_TEXT);
			memcpy(field_at(fact, f), &v, sizeof v);
		}
	}
}

static void assert_same(enum fact_kind kind, union any *a, union any *b)
{
	const struct fact_info *info = fact_info(kind);
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct fact_field *f = &info->fields[i];
		if (f->type == FACT_TYPE_INT) {
			assert_memory_equal(field_at(a, f), field_at(b, f), sizeof(int64_t));
			continue;
		}
		struct span x, y;
		memcpy(&x, field_at(a, f), sizeof x);
		memcpy(&y, field_at(b, f), sizeof y);
		assert_int_equal(x.p == NULL, y.p == NULL);
		assert_true(span_eq(x, y));
	}
}

static void encoding_comes_back(void **state)
{
	(void)state;
	seed = 20260203;
	for (int round = 0; round < 60; round++) {
		for (int k = 0; k < FACT_KIND_COUNT; k++) {
			enum fact_kind kind = (enum fact_kind)k;
			struct arena a = {0};
			struct buf b = {0};
			union any in, out, copy;
			random_fact(kind, &in, &a);
			fact_encode(kind, &in, &b);
			assert_true(fact_decode(kind, buf_span(&b), &out));
			assert_same(kind, &in, &out);
			fact_copy(kind, &in, &copy, &a);
			assert_same(kind, &in, &copy);
			buf_fini(&b);
			arena_fini(&a);
		}
	}
}

/* Cut off anywhere, or with a byte more: never taken for a fact. Every byte changed: never a
 * crash or a read outside. */
static void broken_encodings_are_refused(void **state)
{
	(void)state;
	for (int k = 0; k < FACT_KIND_COUNT; k++) {
		enum fact_kind kind = (enum fact_kind)k;
		struct buf b = {0};
		union any in, out;
		fact_init(kind, &in);
		const struct fact_field *last =
			&fact_info(kind)->fields[fact_info(kind)->n_fields - 1];
		if (last->type != FACT_TYPE_INT)
			memcpy(field_at(&in, last), &(struct span){(const uint8_t *)"xyz", 3},
				sizeof(struct span));
		fact_encode(kind, &in, &b);
		for (size_t n = 0; n < buf_len(&b); n++) {
			/* A copy of just that size lets the sanitizer see a read past it. */
			uint8_t *cut = malloc(n + 1);
			memcpy(cut, b.p + b.start, n);
			assert_false(fact_decode(kind, span_of(cut, n), &out));
			free(cut);
		}
		for (size_t n = 0; n < buf_len(&b); n++) {
			uint8_t *bad = malloc(buf_len(&b));
			memcpy(bad, b.p + b.start, buf_len(&b));
			bad[n] ^= 0xff;
			fact_decode(kind, span_of(bad, buf_len(&b)), &out);
			free(bad);
		}
		buf_add_byte(&b, 'n');
		assert_false(fact_decode(kind, buf_span(&b), &out));
		buf_fini(&b);
	}
}

static void text_is_made_well_formed(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} cases[] = {
		{"plain", 5, "plain"},
		{"a\0b", 3,
			"a\xef\xbf\xbd"
			"b"},
		{"\xff\xfe", 2, "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xc3\xa9\xc3", 3, "\xc3\xa9\xef\xbf\xbd"},
		{"\xed\xa0\x80x", 4, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx"}, /* a surrogate */
		{"\xc0\xaf", 2, "\xef\xbf\xbd\xef\xbf\xbd"},                   /* overlong */
		{"\xf0\x9f\x98\x80!", 5, "\xf0\x9f\x98\x80!"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fact_note in, out;
		struct buf b = {0};
		fact_init(FACT_KIND_NOTE, &in);
		in.detail = span_of(cases[i].in, cases[i].n);
		fact_encode(FACT_KIND_NOTE, &in, &b);
		assert_true(fact_decode(FACT_KIND_NOTE, buf_span(&b), &out));
		assert_true(span_is(out.detail, cases[i].out));
		buf_fini(&b);
	}
}

static void numbers_by_name(void **state)
{
	(void)state;
	struct fact_request r;
	fact_init(FACT_KIND_REQUEST, &r);
	r.exchange = 7;
	r.url = span_str("https://x.example/");
	assert_int_equal(fact_number(FACT_KIND_REQUEST, &r, "exchange"), 7);
	assert_true(fact_number(FACT_KIND_REQUEST, &r, "tunnel") == FACT_NULL);
	assert_true(fact_number(FACT_KIND_REQUEST, &r, "flow") == FACT_NULL);
	assert_true(fact_number(FACT_KIND_REQUEST, &r, "url") == FACT_NULL);
}

static void times_of_a_hostile_case_differ_by_no_accident(void **state)
{
	(void)state;
	static const struct {
		int64_t from, to, us;
	} between[] = {{1, 3, 2}, {3, 3, 0}, {3, 1, FACT_NULL}, {FACT_NULL, 1, FACT_NULL},
		{1, FACT_NULL, FACT_NULL}, {FACT_NULL, FACT_NULL, FACT_NULL},
		{0, INT64_MAX, INT64_MAX}, {-1, INT64_MAX, FACT_NULL},
		{INT64_MIN + 1, INT64_MAX, FACT_NULL}, {INT64_MAX, INT64_MIN + 1, FACT_NULL},
		{INT64_MIN + 1, 0, INT64_MAX}, {-5, -3, 2}};
	static const struct {
		int64_t from, us, to;
	} later[] = {{1, 2, 3}, {1, 0, 1}, {FACT_NULL, 1, FACT_NULL}, {1, FACT_NULL, FACT_NULL},
		{INT64_MAX, 0, INT64_MAX}, {INT64_MAX, 1, FACT_NULL},
		{INT64_MAX - 1, 1, INT64_MAX}, {INT64_MIN + 1, -2, FACT_NULL}};
	for (size_t i = 0; i < sizeof between / sizeof *between; i++)
		assert_true(lapse_us(between[i].from, between[i].to) == between[i].us);
	for (size_t i = 0; i < sizeof later / sizeof *later; i++)
		assert_true(lapse_end_us(later[i].from, later[i].us) == later[i].to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoding_comes_back),
		cmocka_unit_test(broken_encodings_are_refused),
		cmocka_unit_test(text_is_made_well_formed),
		cmocka_unit_test(numbers_by_name),
		cmocka_unit_test(times_of_a_hostile_case_differ_by_no_accident),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
