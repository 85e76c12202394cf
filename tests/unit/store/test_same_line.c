/* The line that is kept of a replay: what is written is read again, whatever bytes are in it;
 * what is no such line is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/base/buf.h"
#include "store/derive/same_line.h"

#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HOSTILE "a\" b=\\x\n\r\t\x1b[2J\x7f\xe2\x80\xae\xff verdict=same d=1:url"

static struct span s(const char *text)
{
	return span_str(text);
}

static struct same_kept plain(void)
{
	return (struct same_kept){.trail = s("1.1"),
		.browser = s("Firefox ESR 140.5"),
		.session_sha = s(SHA),
		.same = {.verdict = SAME_VERDICT_SAME,
			.hops = 18,
			.recorded = 18,
			.replayed = 18,
			.bodies = 17,
			.bodies_open = 1}};
}

static char *written(const struct same_kept *k, struct arena *a)
{
	struct buf out = {0};
	assert_true(same_line_write(k, &out));
	assert_true(buf_len(&out) <= SAME_LINE_MAX);
	for (size_t i = out.start; i < out.end; i++)
		assert_true(out.p[i] >= 0x20 && out.p[i] <= 0x7e);
	char *text = arena_str(a, buf_span(&out));
	buf_fini(&out);
	return text;
}

static void assert_span(struct span got, struct span want)
{
	if ((got.p == NULL) != (want.p == NULL) || !span_eq(got, want))
		fail_msg("%.*s is not %.*s", (int)got.n, (const char *)got.p, (int)want.n,
			(const char *)want.p);
}

static void assert_alike(const struct same_kept *x, const struct same_kept *y)
{
	assert_span(x->trail, y->trail);
	assert_span(x->browser, y->browser);
	assert_span(x->session_sha, y->session_sha);
	assert_int_equal(x->strict, y->strict);
	const struct same *a = &x->same, *b = &y->same;
	assert_int_equal(a->verdict, b->verdict);
	assert_int_equal(a->why, b->why);
	assert_int_equal(a->limit, b->limit);
	assert_int_equal(a->limit_hop, b->limit_hop);
	assert_int_equal(a->parted_at, b->parted_at);
	assert_int_equal(a->hops, b->hops);
	assert_int_equal(a->recorded, b->recorded);
	assert_int_equal(a->replayed, b->replayed);
	assert_int_equal(a->bodies, b->bodies);
	assert_int_equal(a->bodies_open, b->bodies_open);
	for (int i = 0; i < SAME_WEIGHT_COUNT; i++)
		assert_int_equal(a->counts[i], b->counts[i]);
	assert_int_equal(a->n_differences, b->n_differences);
	for (size_t i = 0; i < a->n_differences; i++) {
		const struct same_difference *d = &a->differences[i], *e = &b->differences[i];
		assert_int_equal(d->hop, e->hop);
		assert_int_equal(d->what, e->what);
		assert_int_equal(d->weight, e->weight);
		assert_span(d->recorded, e->recorded);
		assert_span(d->replayed, e->replayed);
		assert_span(d->rule, e->rule);
		assert_span(d->text, e->text);
	}
}

static void a_plain_line(void **state)
{
	struct arena a = {0};
	struct same_kept k = plain(), back;
	(void)state;
	assert_string_equal(written(&k, &a),
		"trail=1.1 verdict=same hops=18 recorded=18 replayed=18 bodies=17 open=1 "
		"strict=no browser=\"Firefox ESR 140.5\" session-sha=" SHA
		" differences=0 allowed=0 told=0");
	assert_true(same_line_read(s(written(&k, &a)), &a, &back));
	assert_alike(&back, &k);
	assert_true(back.at_us == FACT_NULL);
	assert_null(back.by.p);
	arena_fini(&a);
}

static void comes_back_as_it_was(void **state)
{
	struct arena a = {0};
	(void)state;
	struct same_difference list[] = {
		{4, SAME_STATUS_DIFFERS, SAME_PARTS, s("200"), SPAN_NONE, SPAN_NONE, SPAN_NONE},
		{0, SAME_FINAL_DIFFERS, SAME_PARTS, s(HOSTILE), s(""), SPAN_NONE, SPAN_NONE},
		{2, SAME_URL_DIFFERS, SAME_ALLOWED, s("https://a/?t=1"), s("https://a/?t=2"),
			s("values"), s("t: \"1\" and \"2\"; " HOSTILE)},
		{3, SAME_CONFIDENCE_DIFFERS, SAME_TOLD, s("certain"), s("likely"), SPAN_NONE,
			SPAN_NONE},
	};
	for (int verdict = 0; verdict < SAME_VERDICT_COUNT; verdict++)
		for (int why = 0; why < SAME_WHY_COUNT; why++)
			for (int limit = 0; limit < SAME_LIMIT_COUNT; limit++) {
				struct same_kept k = {.trail = s("12.345"),
					.browser = s(HOSTILE),
					.strict = limit == 0,
					.same = {.verdict = (enum same_verdict)verdict,
						.why = (enum same_why)why,
						.limit = (enum same_limit)limit,
						.limit_hop = limit > 0 ? 3 : 0,
						.hops = 4,
						.recorded = 5,
						.replayed = 6,
						.parted_at = 4,
						.differences = list,
						.n_differences = 4,
						.counts = {[SAME_TOLD] = 1,
							[SAME_ALLOWED] = 1,
							[SAME_PARTS] = 2}}};
				struct same_kept back;
				if (!same_line_read(s(written(&k, &a)), &a, &back))
					fail_msg("not read: %s", written(&k, &a));
				assert_alike(&back, &k);
			}
	arena_fini(&a);
}

/* Every kind of difference has a word that is read again. */
static void every_word(void **state)
{
	struct arena a = {0};
	(void)state;
	for (int what = 0; what < SAME_WHAT_COUNT; what++) {
		struct same_difference d = {1, (enum same_what)what, SAME_PARTS, s("x"), s("y"),
			SPAN_NONE, SPAN_NONE};
		struct same_kept k = plain(), back;
		k.same.differences = &d;
		k.same.n_differences = k.same.counts[SAME_PARTS] = 1;
		assert_true(same_line_read(s(written(&k, &a)), &a, &back));
		assert_alike(&back, &k);
	}
	arena_fini(&a);
}

/* What parts stays, whatever else has to go. */
static void what_does_not_fit_is_counted(void **state)
{
	struct arena a = {0};
	struct same_difference list[SAME_DIFFERENCES_MAX];
	struct same_kept k = plain(), back;
	char url[400];
	(void)state;
	memset(url, 0xff, sizeof url);
	for (size_t i = 0; i < SAME_DIFFERENCES_MAX; i++)
		list[i] = (struct same_difference){.hop = i + 1,
			.what = SAME_URL_DIFFERS,
			.weight = SAME_TOLD,
			.recorded = span_of(url, sizeof url),
			.replayed = s("https://b.example/")};
	list[SAME_DIFFERENCES_MAX - 1].weight = SAME_PARTS;
	k.same.differences = list;
	k.same.n_differences = SAME_DIFFERENCES_MAX;
	k.same.counts[SAME_PARTS] = 1;
	k.same.counts[SAME_TOLD] = 1000;
	k.browser = span_of(url, sizeof url);
	assert_true(same_line_read(s(written(&k, &a)), &a, &back));
	assert_int_equal(back.same.counts[SAME_PARTS], 1);
	assert_int_equal(back.same.counts[SAME_TOLD], 1000);
	assert_true(back.same.n_differences > 1);
	assert_true(back.same.n_differences < SAME_DIFFERENCES_MAX);
	assert_int_equal(back.same.differences[0].weight, SAME_PARTS);
	assert_int_equal(back.same.differences[0].hop, SAME_DIFFERENCES_MAX);
	assert_int_equal(back.browser.n, SAME_LINE_BROWSER_MAX);
	arena_fini(&a);
}

static void a_long_value_keeps_where_it_differs(void **state)
{
	struct arena a = {0};
	char x[3000], y[3000];
	struct same_difference d = {.hop = 1,
		.what = SAME_URL_DIFFERS,
		.weight = SAME_PARTS,
		.recorded = span_of(x, sizeof x),
		.replayed = span_of(y, sizeof y)};
	struct same_kept k = plain(), back;
	(void)state;
	k.same.differences = &d;
	k.same.n_differences = k.same.counts[SAME_PARTS] = 1;
	for (size_t at = 0; at < sizeof x; at += at < 300 ? 1 : 37) {
		memset(x, 'a', sizeof x);
		memset(y, 'a', sizeof y);
		x[at] = 'X';
		y[at] = 'Y';
		assert_true(same_line_read(s(written(&k, &a)), &a, &back));
		const struct same_difference *e = &back.same.differences[0];
		assert_true(e->recorded.n <= SAME_LINE_VALUE_MAX);
		if (span_find_byte(e->recorded, 'X', 0) == SIZE_MAX ||
			span_find_byte(e->replayed, 'Y', 0) == SIZE_MAX)
			fail_msg("where they differ, at %zu, is not in %.*s", at,
				(int)e->recorded.n, (const char *)e->recorded.p);
		arena_reset(&a);
	}
	/* The one ends where the other goes on. */
	memset(x, 'a', sizeof x);
	memset(y, 'a', sizeof y);
	d.replayed = span_of(y, sizeof y - 1);
	assert_true(same_line_read(s(written(&k, &a)), &a, &back));
	assert_true(back.same.differences[0].recorded.n <= SAME_LINE_VALUE_MAX);
	arena_fini(&a);
}

static void what_is_not_written(void **state)
{
	static const char *const trails[] = {"", "1", "1.", ".1", "1.1.1", "0.1", "1.0", "-1.1",
		"1.1 verdict=same", "a.b", "1.99999999999999999999999"};
	struct buf out = {0};
	struct same_kept k = plain();
	(void)state;
	for (size_t i = 0; i < sizeof trails / sizeof *trails; i++) {
		k.trail = s(trails[i]);
		if (same_line_write(&k, &out))
			fail_msg("written: %s", trails[i]);
	}
	k = plain();
	k.session_sha = s("abc");
	assert_false(same_line_write(&k, &out));
	k.session_sha = s("z0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
	assert_false(same_line_write(&k, &out));
	assert_int_equal(buf_len(&out), 0);
	buf_fini(&out);
}

#define V "trail=1.1 verdict=same differences=0 allowed=0 told=0"

static const struct {
	const char *line;
	bool good;
} lines[] = {
	{V, true},
	{"verdict=same trail=1.1", true},
	/* Of a later version. */
	{V " later=word:\"quoted\":-:x", true},
	{V " d=1:url:told:-:-", true},
	{V " d=1:url:allowed:-:-:\"r\":\"t\":\"more\"", true},
	{"", false},
	{"trail=1.1", false},
	{"verdict=same", false},
	{"trail=1.1  verdict=same", false},
	{" trail=1.1 verdict=same", false},
	{"trail=1.1 verdict=same ", false},
	{"trail=1.1 verdict=same\n", false},
	{"trail=1.1 verdict=best", false},
	{"trail=1.1 verdict=", false},
	{"trail=1.1 verdict", false},
	{"trail=- verdict=same", false},
	{"trail=1.1 verdict=same:parted", false},
	{V " verdict=parted", false},
	{V " trail=1.2", false},
	{V " differences=1", false},
	{V " hops=-1", false},
	{V " hops=99999999999999999999", false},
	{V " hops=1000001", false},
	{V " hops=\"\"", false},
	{V " strict=maybe", false},
	{V " why=weather", false},
	{V " limit=cut-off", false},
	{V " limit=cut-off:x", false},
	{V " session-sha=00", false},
	{V " browser=\"a", false},
	{V " browser=\"a\"b", false},
	{V " browser=\"\\", false},
	{V " browser=\"\\x\"", false},
	{V " browser=\"\\x4", false},
	{V " browser=\"\\xg0\"", false},
	{V " browser=\"\\n\"", false},
	{V " browser=\"\x1b\"", false},
	{V " browser=\"\xff\"", false},
	{V " d=1:url:told:-", false},
	{V " d=1:weather:told:-:-", false},
	{V " d=1:url:perhaps:-:-", false},
	{V " d=x:url:told:-:-", false},
	{V " d=1:url:told:-:-:", false},
	{V " d=1:url:told:-:-:-:-:-:-", false},
	{"trail=1.1 verdict=same differences=1 allowed=2", false},
	{"=1.1 verdict=same", false},
};

static void what_is_read(void **state)
{
	struct arena a = {0};
	struct same_kept k;
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (same_line_read(s(lines[i].line), &a, &k) != lines[i].good)
			fail_msg("%s: %s", lines[i].good ? "not read" : "read", lines[i].line);
	arena_fini(&a);
}

/* Every cut and every changed byte of a line: read or refused, and never past its end. */
static void spoilt_lines(void **state)
{
	struct arena a = {0}, b = {0};
	struct same_difference d = {
		2, SAME_URL_DIFFERS, SAME_ALLOWED, s("x\"\\\xff"), s("y"), s("values"), s("t")};
	struct same_kept k = plain(), back;
	(void)state;
	k.same.differences = &d;
	k.same.n_differences = k.same.counts[SAME_ALLOWED] = 1;
	struct span line = s(written(&k, &a));
	for (size_t n = 0; n < line.n; n++) {
		/* On the heap and just as long, so that reading on is seen. */
		uint8_t *copy = malloc(n > 0 ? n : 1);
		memcpy(copy, line.p, n);
		same_line_read(span_of(copy, n), &b, &back);
		for (size_t i = 0; i < n; i += 3) {
			uint8_t was = copy[i];
			static const uint8_t bytes[] = {0, ' ', '"', '\\', ':', '=', '9', 0xff};
			for (size_t c = 0; c < sizeof bytes; c++) {
				copy[i] = bytes[c];
				same_line_read(span_of(copy, n), &b, &back);
			}
			copy[i] = was;
		}
		arena_reset(&b);
		free(copy);
	}
	static uint8_t longest[SAME_LINE_MAX + 1];
	memset(longest, ' ', sizeof longest);
	assert_false(same_line_read(span_of(longest, sizeof longest), &a, &back));
	arena_fini(&a);
	arena_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_line),
		cmocka_unit_test(comes_back_as_it_was),
		cmocka_unit_test(every_word),
		cmocka_unit_test(what_does_not_fit_is_counted),
		cmocka_unit_test(a_long_value_keeps_where_it_differs),
		cmocka_unit_test(what_is_not_written),
		cmocka_unit_test(what_is_read),
		cmocka_unit_test(spoilt_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
