/* What failed when it was recorded over HTTP/2 fails again: by the same codes, by the end of
 * the connection, by our page; behind what came before. */
#include "store/base/clock.h"
#include "tests/kit/h2_again.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { BIG = 300 * 1024 + 7, SLOW_MS = 400 };

static void resets_come_with_their_codes(void **state)
{
	static const uint32_t codes[] = {
		H2_ENHANCE_YOUR_CALM, H2_CANCEL, H2_INTERNAL_ERROR, 4711};
	enum { CODES = sizeof codes / sizeof *codes };
	struct h2_again a;
	struct h2_talk *t = &a.live;
	char head[200];
	uint32_t stream = 1;
	(void)state;
	h2_again_record(&a);
	for (uint32_t i = 0; i < CODES; i++, stream += 4) {
		/* In the middle of the body; before anything was said. */
		snprintf(head, sizeof head, H2_GET("/mid/%u"), i);
		uint32_t s = h2_again_ask(&a, stream, head);
		h2_raw_head(&t->o, 0, s, ":status: 200\ncontent-length: 100\n");
		h2_raw_data(&t->o, 0, s, "some");
		h2_raw_expect_head(&t->b, stream, ":status: 200\ncontent-length: 100\n", false);
		h2_raw_expect_data(&t->b, stream, "some", false);
		h2_raw_rst(&t->o, s, codes[i]);
		h2_raw_expect_rst(&t->b, stream, codes[i]);
		snprintf(head, sizeof head, H2_GET("/none/%u"), i);
		s = h2_again_ask(&a, stream + 2, head);
		h2_raw_rst(&t->o, s, codes[i]);
		h2_raw_expect_rst(&t->b, stream + 2, codes[i]);
	}
	h2_talk_get(t, stream, "/after");
	h2_again_replay(&a);
	stream = 1;
	for (uint32_t i = 0; i < CODES; i++, stream += 4) {
		snprintf(head, sizeof head, H2_GET("/mid/%u"), i);
		h2_raw_head(&a.b, H2_END_STREAM, stream, head);
		h2_raw_expect_head(&a.b, stream, ":status: 200\ncontent-length: 100\n", false);
		h2_raw_expect_data(&a.b, stream, "some", false);
		h2_raw_expect_rst(&a.b, stream, codes[i]);
		snprintf(head, sizeof head, H2_GET("/none/%u"), i);
		h2_raw_head(&a.b, H2_END_STREAM, stream + 2, head);
		h2_raw_expect_rst(&a.b, stream + 2, codes[i]);
	}
	h2_raw_head(&a.b, H2_END_STREAM, stream, H2_GET("/after"));
	h2_raw_expect_head(&a.b, stream, ":status: 200\ncontent-type: text/plain\n", false);
	h2_raw_expect_data(&a.b, stream, "well", true);
	h2_again_end(&a);
	for (size_t i = 0; i < 2 * CODES + 1; i++)
		h2_again_alike(&a, i);
	h2_again_free(&a);
}

/* What the origin broke is broken again, and the browser is told so as it was told. */
static void broken_rules_are_told_alike(void **state)
{
	struct h2_again a;
	struct h2_talk *t = &a.live;
	(void)state;
	h2_again_record(&a);
	uint32_t s = h2_again_ask(&a, 1, H2_GET("/short"));
	h2_raw_head(&t->o, 0, s, ":status: 200\ncontent-length: 4\n");
	h2_raw_data(&t->o, H2_END_STREAM, s, "two");
	h2_raw_await(&t->b, H2_RST_STREAM, 1);
	s = h2_again_ask(&a, 3, H2_GET("/long"));
	h2_raw_head(&t->o, 0, s, ":status: 200\ncontent-length: 4\n");
	h2_raw_data(&t->o, 0, s, "four");
	h2_raw_data(&t->o, 0, s, "five!");
	h2_raw_await(&t->b, H2_RST_STREAM, 3);
	s = h2_again_ask(&a, 5, H2_GET("/bad"));
	h2_raw_head(&t->o, H2_END_STREAM, s, ":status: abc\n");
	h2_raw_await(&t->b, H2_HEADERS, 5);
	h2_again_replay(&a);
	h2_raw_head(&a.b, H2_END_STREAM, 1, H2_GET("/short"));
	h2_raw_expect_head(&a.b, 1, ":status: 200\ncontent-length: 4\n", false);
	h2_raw_expect_data(&a.b, 1, "two", false);
	h2_raw_expect_rst(&a.b, 1, H2_INTERNAL_ERROR);
	h2_raw_head(&a.b, H2_END_STREAM, 3, H2_GET("/long"));
	h2_raw_expect_head(&a.b, 3, ":status: 200\ncontent-length: 4\n", false);
	h2_raw_expect_data(&a.b, 3, "four", false);
	h2_raw_expect_rst(&a.b, 3, H2_INTERNAL_ERROR);
	h2_raw_head(&a.b, H2_END_STREAM, 5, H2_GET("/bad"));
	h2_raw_expect(&a.b, H2_HEADERS, 5);
	assert_string_equal(
		h2_raw_field(&a.b, "x-clicktrail"), "error; reason=bad-pseudo-header");
	while ((h2_raw_expect(&a.b, H2_DATA, 5)->flags & H2_END_STREAM) == 0)
		;
	h2_again_end(&a);
	h2_again_alike(&a, 0);
	h2_again_alike(&a, 2);
	h2_again_ended(&a.proxy.facts, 0, "body-truncated");
	h2_again_ended(&a.proxy.facts, 2, "bad-pseudo-header");
	h2_again_free(&a);
}

/* Stream 3 whole; of stream 1 a few bytes, then how the end of the connection is told. */
static void take_cut_and_whole(struct h2_raw *b)
{
	size_t at = 0;
	for (bool cut = false, whole = false; !cut || !whole;) {
		const struct h2_got *g = h2_raw_next(b, H2_RAW_PATIENCE_MS);
		if (g == NULL)
			fail_msg("after %zu bytes:\n%s", at, h2_raw_log(b));
		if (g->type == H2_RST_STREAM) {
			assert_int_equal(g->stream, 1);
			assert_int_equal(g->code, H2_INTERNAL_ERROR);
			cut = true;
		}
		if (g->type != H2_DATA)
			continue;
		if (g->stream == 1) {
			assert_true(span_is(g->payload, "some"));
			continue;
		}
		at += g->payload.n;
		whole = (g->flags & H2_END_STREAM) != 0;
		h2_raw_window(b, 0, (uint32_t)g->window + 1);
		if (!whole)
			h2_raw_window(b, 3, (uint32_t)g->window + 1);
	}
	assert_int_equal(at, BIG);
}

/* The whole connection ends in the middle of one answer; others on it were whole. */
static void the_end_of_the_connection_comes_last(void **state)
{
	static const char *const reasons[] = {"origin-closed", "origin-reset"};
	(void)state;
	for (size_t way = 0; way < 2; way++) {
		struct h2_again a;
		struct h2_talk *t = &a.live;
		h2_again_record(&a);
		uint32_t cut = h2_again_ask(&a, 1, H2_GET("/cut"));
		uint32_t s = h2_again_ask(&a, 3, H2_GET("/whole"));
		h2_raw_head(&t->o, 0, s, ":status: 200\n");
		assert_int_equal(h2_raw_fill(&t->o, s, 0, BIG, true, H2_RAW_PATIENCE_MS), BIG);
		h2_raw_expect_head(&t->b, 3, ":status: 200\n", false);
		h2_raw_expect_fill(&t->b, 3, BIG, true);
		h2_raw_head(&t->o, 0, cut, ":status: 200\n");
		h2_raw_data(&t->o, 0, cut, "some");
		h2_raw_expect_head(&t->b, 1, ":status: 200\n", false);
		h2_raw_expect_data(&t->b, 1, "some", false);
		if (way == 0)
			h2_raw_close(&t->o);
		else
			h2_raw_reset(&t->o);
		h2_raw_await(&t->b, H2_RST_STREAM, 1);
		h2_again_replay(&a);
		h2_raw_head(&a.b, H2_END_STREAM, 1, H2_GET("/cut"));
		h2_raw_head(&a.b, H2_END_STREAM, 3, H2_GET("/whole"));
		h2_raw_await(&a.b, H2_HEADERS, 3);
		nanosleep(&(struct timespec){.tv_nsec = SLOW_MS * 1000000L}, NULL);
		take_cut_and_whole(&a.b);
		h2_raw_expect_gone(&a.b);
		h2_again_end(&a);
		h2_again_ended(&a.proxy.facts, 0, reasons[way]);
		h2_again_ended(&a.proxy.facts, 1, "ok");
		h2_again_alike(&a, 0);
		h2_again_alike(&a, 1);
		assert_true(span_is(
			CASE_FACT(&a.proxy.facts, LEG_END, leg_end, 0)->reason, reasons[way]));
		h2_again_free(&a);
	}
}

/* An origin that said goodbye refused what came behind. No frame of its own says so. */
static void a_refused_stream_is_refused(void **state)
{
	struct h2_again a;
	struct h2_talk *t = &a.live;
	(void)state;
	h2_again_record(&a);
	uint32_t first = h2_again_ask(&a, 1, H2_GET("/first"));
	h2_again_ask(&a, 3, H2_GET("/second"));
	h2_raw_goaway(&t->o, first, H2_NO_ERROR, "enough");
	assert_int_equal(h2_raw_await(&t->b, H2_RST_STREAM, 3)->code, H2_REFUSED_STREAM);
	h2_raw_head(&t->o, H2_END_STREAM, first, ":status: 204\n");
	h2_raw_expect_head(&t->b, 1, ":status: 204\n", true);
	h2_again_replay(&a);
	h2_raw_head(&a.b, H2_END_STREAM, 1, H2_GET("/second"));
	h2_raw_expect_rst(&a.b, 1, H2_REFUSED_STREAM);
	h2_raw_head(&a.b, H2_END_STREAM, 3, H2_GET("/first"));
	h2_raw_expect_head(&a.b, 3, ":status: 204\n", true);
	h2_again_end(&a);
	h2_again_alike(&a, 0);
	h2_again_alike(&a, 1);
	h2_again_free(&a);
}

/* Where the browser left, the recording ends: not more is said, and not less. */
static void what_the_browser_left_is_cancelled(void **state)
{
	enum { HELD_MS = 700 };
	struct h2_again a;
	struct h2_talk *t = &a.live;
	(void)state;
	h2_again_record(&a);
	uint32_t s = h2_again_ask(&a, 1, H2_GET("/mid"));
	h2_raw_head(&t->o, 0, s, ":status: 200\n");
	h2_raw_data(&t->o, 0, s, "some");
	h2_raw_expect_head(&t->b, 1, ":status: 200\n", false);
	h2_raw_expect_data(&t->b, 1, "some", false);
	h2_raw_rst(&t->b, 1, H2_CANCEL);
	h2_raw_await(&t->o, H2_RST_STREAM, s);
	s = h2_again_ask(&a, 3, H2_GET("/silent"));
	nanosleep(&(struct timespec){.tv_nsec = HELD_MS * 1000000L}, NULL);
	h2_raw_rst(&t->b, 3, H2_CANCEL);
	h2_raw_await(&t->o, H2_RST_STREAM, s);
	h2_again_replay(&a);
	int64_t start_us = clock_now_us(clock_real());
	h2_raw_head(&a.b, H2_END_STREAM, 3, H2_GET("/silent"));
	h2_raw_head(&a.b, H2_END_STREAM, 5, H2_GET("/mid"));
	h2_raw_expect_head(&a.b, 5, ":status: 200\n", false);
	h2_raw_expect_data(&a.b, 5, "some", false);
	h2_raw_expect_rst(&a.b, 5, H2_CANCEL);
	h2_raw_expect_rst(&a.b, 3, H2_CANCEL);
	assert_in_range(clock_now_us(clock_real()) - start_us, HELD_MS * 900, 15000000);
	h2_again_end(&a);
	h2_again_ended(&a.proxy.facts, 0, "origin-cancelled");
	h2_again_ended(&a.proxy.facts, 1, "origin-cancelled");
	h2_again_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resets_come_with_their_codes),
		cmocka_unit_test(broken_rules_are_told_alike),
		cmocka_unit_test(the_end_of_the_connection_comes_last),
		cmocka_unit_test(a_refused_stream_is_refused),
		cmocka_unit_test(what_the_browser_left_is_cancelled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
