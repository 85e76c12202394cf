/* Frames counted and told, however the bytes are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proxy/h2_watch.h"
#include "store/base/buf.h"

static const char magic[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

static void add_frame(struct buf *out, unsigned type, unsigned flags, uint32_t stream,
	const char *payload, size_t n)
{
	buf_add_byte(out, (uint8_t)(n >> 16));
	buf_add_u16(out, (uint16_t)n);
	buf_add_byte(out, (uint8_t)type);
	buf_add_byte(out, (uint8_t)flags);
	buf_add_u32(out, stream);
	buf_add(out, payload, n);
}

/* What was told, as text. */
static void tell(void *ctx, const struct h2_seen *f)
{
	buf_addf(ctx, "%s/%u/%u:", h2_frame_name(f->type), f->flags, f->stream);
	for (size_t i = 0; i < f->payload.n; i++)
		buf_addf(ctx, "%02x", f->payload.p[i]);
	buf_add_str(ctx, " ");
}

static void frames_are_told_however_they_are_cut(void **state)
{
	(void)state;
	struct buf in = {0};
	buf_add_str(&in, magic);
	add_frame(&in, H2_SETTINGS, 0, 0, "\0\x03\0\0\0\x64", 6);
	add_frame(&in, H2_WINDOW_UPDATE, 0, 0, "\0\x0f\0\0", 4);
	add_frame(&in, H2_HEADERS, H2_FLAG_END_HEADERS, 1, "\x82", 1);
	add_frame(&in, H2_DATA, H2_FLAG_END_STREAM, 1, "body", 4);
	add_frame(&in, H2_RST_STREAM, 0, 0x80000001, "\0\0\0\x08", 4);
	for (size_t step = 1; step <= buf_len(&in); step++) {
		struct buf told = {0};
		struct h2_watch w;
		struct err err = {0};
		h2_watch_init(&w, true);
		for (size_t at = 0; at < buf_len(&in); at += step)
			assert_true(h2_watch_feed(&w,
				span_first(span_from(buf_span(&in), at), step), 1, tell, &told,
				&err));
		char *text = buf_take_str(&told);
		assert_string_equal(text,
			"settings/0/0:000300000064 window_update/0/0:000f0000 "
			"headers/4/1: rst_stream/0/1:00000008 ");
		assert_false(h2_watch_in_block(&w));
		free(text);
	}
	buf_fini(&in);
}

static void a_block_is_open_until_it_ends(void **state)
{
	(void)state;
	struct h2_watch w;
	struct buf in = {0}, told = {0};
	struct err err = {0};
	h2_watch_init(&w, true);
	assert_true(h2_watch_in_block(&w)); /* the preface */
	h2_watch_init(&w, false);
	assert_false(h2_watch_in_block(&w));
	add_frame(&in, H2_HEADERS, 0, 1, "\x82", 1);
	assert_true(h2_watch_feed(&w, buf_span(&in), 1, tell, &told, &err));
	assert_true(h2_watch_in_block(&w));
	buf_clear(&in);
	add_frame(&in, H2_CONTINUATION, H2_FLAG_END_HEADERS, 1, "\x84", 1);
	assert_true(h2_watch_feed(&w, span_first(buf_span(&in), 9), 1, tell, &told, &err));
	assert_true(h2_watch_in_block(&w));
	assert_true(h2_watch_feed(&w, span_from(buf_span(&in), 9), 1, tell, &told, &err));
	assert_false(h2_watch_in_block(&w));
	/* The middle of a body may take its time. */
	buf_clear(&in);
	add_frame(&in, H2_DATA, 0, 1, "body", 4);
	assert_true(h2_watch_feed(&w, span_first(buf_span(&in), 10), 1, tell, &told, &err));
	assert_false(h2_watch_in_block(&w));
	buf_fini(&in);
	buf_fini(&told);
}

static const struct {
	unsigned type, flags;
	const char *payload;
	size_t n;
	unsigned limit; /* as many are taken in a second; 0: any number */
} rows[] = {
	{H2_RST_STREAM, 0, "\0\0\0\x08", 4, 200},
	{H2_PING, 0, "12345678", 8, 50},
	{H2_PING, H2_FLAG_ACK, "12345678", 8, 50},
	{H2_SETTINGS, 0, "", 0, 20},
	{H2_PRIORITY, 0, "\0\0\0\0\x10", 5, 300},
	{H2_DATA, 0, "", 0, 100},
	{H2_DATA, H2_FLAG_END_STREAM, "", 0, 0},
	{H2_DATA, 0, "few", 3, 2000},
	{H2_DATA, 0, "a run of many more bytes", 24, 0},
	{H2_HEADERS, H2_FLAG_END_HEADERS, "", 0, 100},
	{H2_HEADERS, H2_FLAG_END_HEADERS, "\x82", 1, 0},
	{H2_WINDOW_UPDATE, 0, "\0\0\0\x01", 4, 500},
	{H2_WINDOW_UPDATE, 0, "\0\0\x40\0", 4, 0},
	{H2_CONTINUATION, 0, "\x82", 1, 8}, /* of one block, whatever the second */
	{42, 0, "grease", 6, 500},
};

static void each_kind_has_its_limit(void **state)
{
	enum { MANY = 5000 };
	(void)state;
	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
		struct h2_watch w;
		struct err err = {0};
		struct buf in = {0}, told = {0};
		unsigned taken = 0;
		h2_watch_init(&w, false);
		add_frame(&in, rows[r].type, rows[r].flags, 1, rows[r].payload, rows[r].n);
		while (taken < MANY &&
			h2_watch_feed(&w, buf_span(&in), 5 * H2_SECOND_US, tell, &told, &err))
			taken++;
		if (taken != (rows[r].limit != 0 ? rows[r].limit : MANY))
			fail_msg("row %zu: %u were taken", r, taken);
		assert_int_equal(err.kind, rows[r].limit != 0 ? ERR_LIMIT : ERR_NONE);
		buf_fini(&in);
		buf_fini(&told);
	}
}

/* A peer that passes on what was counted elsewhere, and maybe in other seconds. */
static void a_trusted_peer_floods_nobody(void **state)
{
	(void)state;
	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
		struct h2_watch w;
		struct err err = {0};
		struct buf in = {0}, told = {0};
		h2_watch_init(&w, false);
		w.trusted = true;
		add_frame(&in, rows[r].type, rows[r].flags, 1, rows[r].payload, rows[r].n);
		for (unsigned i = 0; i <= rows[r].limit; i++)
			assert_true(h2_watch_feed(
				&w, buf_span(&in), 5 * H2_SECOND_US, tell, &told, &err));
		buf_fini(&in);
		buf_fini(&told);
	}
}

static void a_new_second_counts_anew(void **state)
{
	(void)state;
	struct h2_watch w;
	struct err err = {0};
	h2_watch_init(&w, false);
	for (int second = 1; second <= 5; second++)
		for (int i = 0; i < 50; i++)
			assert_true(h2_watch_count(
				&w, H2_FLOOD_PING, second * (int64_t)H2_SECOND_US, &err));
	assert_false(
		h2_watch_count(&w, H2_FLOOD_PING, 5 * (int64_t)H2_SECOND_US + 999999, &err));
	assert_true(h2_watch_count(&w, H2_FLOOD_PING, 6 * (int64_t)H2_SECOND_US, &err));
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(h2_frame_name(H2_GOAWAY), "goaway");
	assert_string_equal(h2_frame_name(10), "unknown");
	assert_string_equal(h2_code_name(0), "NO_ERROR");
	assert_string_equal(h2_code_name(0xd), "HTTP_1_1_REQUIRED");
	assert_string_equal(h2_code_name(0xe), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_told_however_they_are_cut),
		cmocka_unit_test(a_block_is_open_until_it_ends),
		cmocka_unit_test(each_kind_has_its_limit),
		cmocka_unit_test(a_trusted_peer_floods_nobody),
		cmocka_unit_test(a_new_second_counts_anew),
		cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
