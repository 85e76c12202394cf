/*
 * Bodies: every row is fed whole, byte by byte and in two pieces at every cut, and must give
 * the same each time. What each side is allowed differs: a row says what a response and what a
 * request gets.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

#include "capture/wire/http1_inner.h"

#define WIRE(s) (s), sizeof(s) - 1
#define ODD(x) HTTP1_ODD(x)
#define HELLO "5\r\nhello\r\n"
#define LAST "0\r\n\r\n"

/* What is fed, and what comes of it. */
struct outcome {
	const char *payload;
	size_t payload_n;
	const char *trailers;
	size_t used; /* SIZE_MAX: all of the wire */
	bool ended;
	enum err_kind broken;
	uint32_t oddities;
};

struct row {
	const char *wire;
	size_t n;
	struct outcome response, request;
};

#define WHOLE(payload, trailers, odd)                                                          \
	{                                                                                      \
		WIRE(payload), trailers, SIZE_MAX, true, ERR_NONE, odd                         \
	}
#define PART(payload, odd)                                                                     \
	{                                                                                      \
		WIRE(payload), "", SIZE_MAX, false, ERR_NONE, odd                              \
	}
#define BROKEN(at, payload, why, odd)                                                          \
	{                                                                                      \
		WIRE(payload), NULL, at, false, ERR_##why, odd                                 \
	}
#define BOTH(wire, ...)                                                                        \
	{                                                                                      \
		WIRE(wire), __VA_ARGS__, __VA_ARGS__                                           \
	}
#define DIFFER(wire, ...)                                                                      \
	{                                                                                      \
		WIRE(wire), __VA_ARGS__                                                        \
	}

/* One row a line. clang-format 14 knows the mark only bare. */
/* clang-format off */
static const struct row rows[] = {
	BOTH(LAST, WHOLE("", "", 0)),
	BOTH(HELLO LAST, WHOLE("hello", "", 0)),
	BOTH(HELLO "6\r\n world\r\n" LAST, WHOLE("hello world", "", 0)),
	BOTH("a\r\n0123456789\r\nA\r\nabcdefghij\r\n" LAST, WHOLE("0123456789abcdefghij", "", 0)),
	BOTH("00000000000000000000000000000000000000005\r\nhello\r\n000000000000000000000000\r"
	     "\n\r\n", WHOLE("hello", "", 0)),
	BOTH("1\r\n\0\r\n2\r\n\r\n\r\n" LAST, WHOLE("\0\r\n", "", 0)),
	BOTH("5\r\n0\r\n\r\n\r\n" LAST, WHOLE("0\r\n\r\n", "", 0)),

	/* not there yet */
	BOTH("", PART("", 0)),
	BOTH("5", PART("", 0)),
	BOTH("5\r", PART("", 0)),
	BOTH("5\r\nhel", PART("hel", 0)),
	BOTH("5\r\nhello", PART("hello", 0)),
	BOTH("5\r\nhello\r", PART("hello", 0)),
	BOTH(HELLO, PART("hello", 0)),
	BOTH(HELLO "0", PART("hello", 0)),
	BOTH(HELLO "0\r\n", PART("hello", 0)),
	BOTH(HELLO "0\r\n\r", PART("hello", 0)),

	/* what follows the end is not ours */
	DIFFER(HELLO LAST "HTTP/1.1", {WIRE("hello"), "", 15, true, ERR_NONE, 0}, {WIRE("hello"), "", 15, true, ERR_NONE, 0}),
	DIFFER(LAST "\r\n", {WIRE(""), "", 5, true, ERR_NONE, 0}, {WIRE(""), "", 5, true, ERR_NONE, 0}),

	/* sizes */
	BOTH("\r\n", BROKEN(0, "", CHUNK, 0)),
	BOTH("x\r\n", BROKEN(0, "", CHUNK, 0)),
	BOTH(" 5\r\nhello\r\n", BROKEN(0, "", CHUNK, 0)),
	BOTH("+5\r\nhello\r\n", BROKEN(0, "", CHUNK, 0)),
	BOTH("-5\r\nhello\r\n", BROKEN(0, "", CHUNK, 0)),
	BOTH("0x5\r\nhello\r\n", BROKEN(1, "", CHUNK, 0)),
	BOTH("5x\r\nhello\r\n", BROKEN(1, "", CHUNK, 0)),
	BOTH("5_0\r\nhello\r\n", BROKEN(1, "", CHUNK, 0)),
	BOTH("5,\r\nhello\r\n", BROKEN(1, "", CHUNK, 0)),
	BOTH("5\0\r\nhello\r\n", BROKEN(1, "", CHUNK, 0)),
	BOTH("5\v\r\nhello\r\n", BROKEN(1, "", CHUNK, 0)),
	BOTH("5\r\r\nhello\r\n", BROKEN(2, "", CHUNK, 0)),
	BOTH("5\rhello\r\n", BROKEN(2, "", CHUNK, 0)),
	BOTH("5 x\r\nhello\r\n", BROKEN(2, "", CHUNK, ODD(CHUNK_SPACE))),
	BOTH("5 5\r\nhello\r\n", BROKEN(2, "", CHUNK, ODD(CHUNK_SPACE))),
	BOTH(HELLO "\r\n" LAST, BROKEN(10, "hello", CHUNK, 0)),
	BOTH("7fffffffffffffff\r\nhello", PART("hello", 0)),
	BOTH("007FFFFFFFFFFFFFFF\r\nhello", PART("hello", 0)),
	BOTH("8000000000000000\r\nhello", BROKEN(15, "", CHUNK, 0)),
	BOTH("ffffffffffffffff\r\nhello", BROKEN(15, "", CHUNK, 0)),
	BOTH("10000000000000005\r\nhello", BROKEN(16, "", CHUNK, 0)),
	BOTH("fffffffffffffffffffffff5\r\nhello", BROKEN(15, "", CHUNK, 0)),

	/* data ends where the size says */
	BOTH("5\r\nhello0\r\n\r\n", BROKEN(8, "hello", CHUNK, 0)),
	BOTH("5\r\nhelloo\r\n" LAST, BROKEN(8, "hello", CHUNK, 0)),
	BOTH("5\r\nhello\rx", BROKEN(9, "hello", CHUNK, 0)),
	BOTH("5\r\nhello\r\r\n", BROKEN(9, "hello", CHUNK, 0)),
	BOTH("4\r\nhello\r\n" LAST, BROKEN(7, "hell", CHUNK, 0)),
	DIFFER("6\r\nhello\r\n" LAST, WHOLE("hello\r", "", ODD(BARE_LF)), BROKEN(9, "hello\r", CHUNK, 0)),

	/* extensions */
	BOTH("5;a=b\r\nhello\r\n0;c\r\n\r\n", WHOLE("hello", "", ODD(CHUNK_EXTENSION))),
	BOTH("5;a=\"b;c\"\r\nhello\r\n" LAST, WHOLE("hello", "", ODD(CHUNK_EXTENSION))),
	BOTH("5;\r\nhello\r\n" LAST, WHOLE("hello", "", ODD(CHUNK_EXTENSION))),
	BOTH("5; a = b ; c\t\r\nhello\r\n" LAST, WHOLE("hello", "", ODD(CHUNK_EXTENSION))),
	BOTH("5 \t;a\r\nhello\r\n" LAST, WHOLE("hello", "", ODD(CHUNK_EXTENSION) | ODD(CHUNK_SPACE))),
	BOTH("5;\xff\r\nhello\r\n" LAST, WHOLE("hello", "", ODD(CHUNK_EXTENSION))),
	BOTH("5;a\nb\r\nhello\r\n", BROKEN(3, "", CHUNK, ODD(CHUNK_EXTENSION))),
	BOTH("5;a\n", BROKEN(3, "", CHUNK, ODD(CHUNK_EXTENSION))),
	BOTH("5;a\rb\r\nhello\r\n", BROKEN(4, "", CHUNK, ODD(CHUNK_EXTENSION))),
	BOTH("5;a\0b\r\nhello\r\n", BROKEN(3, "", CHUNK, ODD(CHUNK_EXTENSION))),
	DIFFER("5;a\x01\r\nhello\r\n" LAST, WHOLE("hello", "", ODD(CHUNK_EXTENSION)), BROKEN(3, "", CHUNK, ODD(CHUNK_EXTENSION))),

	/* what browsers take in responses */
	DIFFER("5 \r\nhello\r\n0   \r\n\r\n", WHOLE("hello", "", ODD(CHUNK_SPACE)), BROKEN(2, "", CHUNK, ODD(CHUNK_SPACE))),
	DIFFER("5\t\r\nhello\r\n" LAST, WHOLE("hello", "", ODD(CHUNK_SPACE)), BROKEN(2, "", CHUNK, ODD(CHUNK_SPACE))),
	DIFFER("5\nhello\r\n" LAST, WHOLE("hello", "", ODD(BARE_LF)), BROKEN(1, "", CHUNK, 0)),
	DIFFER("5 \nhello\r\n" LAST, WHOLE("hello", "", ODD(BARE_LF) | ODD(CHUNK_SPACE)), BROKEN(2, "", CHUNK, ODD(CHUNK_SPACE))),
	DIFFER("5\r\nhello\n" LAST, WHOLE("hello", "", ODD(BARE_LF)), BROKEN(8, "hello", CHUNK, 0)),
	DIFFER("5\nhello\n0\n\n", WHOLE("hello", "", ODD(BARE_LF)), BROKEN(1, "", CHUNK, 0)),
	DIFFER(HELLO "0\r\n\n", WHOLE("hello", "", ODD(BARE_LF)), BROKEN(13, "hello", TRAILER, 0)),

	/* trailers */
	BOTH(HELLO "0\r\nX-T: a\r\nY:b\r\n\r\n", WHOLE("hello", "X-T: a\r\nY:b\r\n", 0)),
	BOTH(HELLO "0\r\nX-T: a", PART("hello", 0)),
	BOTH(HELLO "0\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n", WHOLE("hello", "Content-Length: 5\r\nTransfer-Encoding: x\r\n", 0)),
	BOTH("0\r\nX: a\0\r\n\r\n", BROKEN(7, "", TRAILER, 0)),
	BOTH("0\r\n\0\r\n\r\n", BROKEN(3, "", TRAILER, 0)),
	DIFFER("0\r\nX: a\n\r\n", WHOLE("", "X: a\n", ODD(BARE_LF)), BROKEN(7, "", TRAILER, 0)),
	DIFFER("0\r\nX: a\r\n b\r\n\r\n", WHOLE("", "X: a\r\n b\r\n", ODD(OBS_FOLD)), BROKEN(12, "", TRAILER, 0)),
	DIFFER("0\r\ngarbage\r\n\r\n", WHOLE("", "garbage\r\n", ODD(NO_COLON)), BROKEN(11, "", TRAILER, 0)),
	DIFFER("0\r\n: a\r\n\r\n", WHOLE("", ": a\r\n", ODD(EMPTY_NAME)), BROKEN(7, "", TRAILER, 0)),
	DIFFER("0\r\nX : a\r\n\r\n", WHOLE("", "X : a\r\n", ODD(SPACE_BEFORE_COLON)), BROKEN(9, "", TRAILER, 0)),
	DIFFER("0\r\nX(: a\r\n\r\n", WHOLE("", "X(: a\r\n", ODD(NAME_BYTES)), BROKEN(9, "", TRAILER, 0)),
	DIFFER("0\r\nX: a\rb\r\n\r\n", WHOLE("", "X: a\rb\r\n", ODD(BARE_CR)), BROKEN(10, "", TRAILER, 0)),
	DIFFER("0\r\n\rX: b\r\n\r\n", WHOLE("", "\rX: b\r\n", ODD(BARE_CR) | ODD(NAME_BYTES)), BROKEN(4, "", TRAILER, 0)),
	DIFFER("0\r\n\r\r\n\r\n", WHOLE("", "\r\r\n", ODD(BARE_CR) | ODD(NO_COLON)), BROKEN(4, "", TRAILER, 0)),
	BOTH("0\r\nX: a\x01\r\n\r\n", WHOLE("", "X: a\x01\r\n", ODD(VALUE_BYTES))),
};
/* clang-format on */
enum { ROWS = sizeof rows / sizeof *rows };

struct feeding {
	struct http1_body body;
	struct buf payload;
	size_t used;
	bool broken;
	struct err err;
	struct span piece; /* being fed: payload must lie in it */
};

static void take(void *ctx, struct span payload)
{
	struct feeding *f = ctx;
	assert_true(payload.n > 0 && payload.p >= f->piece.p &&
		    payload.p + payload.n <= f->piece.p + f->piece.n);
	buf_add_span(&f->payload, payload);
}

static void begin(struct feeding *f, bool response, enum http1_framing framing, uint64_t length)
{
	*f = (struct feeding){0};
	struct http1_head head = {
		.status = response ? 200 : 0, .framing = framing, .length = length};
	http1_body_init(&f->body, &head);
}

static void end(struct feeding *f)
{
	http1_body_fini(&f->body);
	buf_fini(&f->payload);
}

static void feed(struct feeding *f, const char *p, size_t n)
{
	size_t used = 99;
	uint8_t *copy = malloc(n > 0 ? n : 1);
	assert_non_null(copy);
	memcpy(copy, p, n);
	f->piece = span_of(copy, n);
	bool ended = f->body.ended;
	bool ok = http1_body_feed(&f->body, f->piece, &used, take, f, &f->err);
	free(copy);
	assert_true(used <= n);
	if (ended || f->broken)
		assert_int_equal(used, 0);
	else if (ok && !f->body.ended)
		assert_int_equal(used, n);
	if (f->broken)
		assert_false(ok);
	f->used += used;
	f->broken = !ok;
}

static void check(
	const struct row *row, const struct outcome *o, struct feeding *f, const char *how)
{
	size_t used = o->used == SIZE_MAX ? row->n : o->used;
	bool right = f->used == used && f->body.ended == o->ended &&
		     f->broken == (o->broken != ERR_NONE) &&
		     (!f->broken || f->err.kind == o->broken) &&
		     f->body.oddities == o->oddities &&
		     span_eq(buf_span(&f->payload), span_of(o->payload, o->payload_n)) &&
		     (!o->ended || span_is(buf_span(&f->body.trailers), o->trailers));
	if (right)
		return;
	char text[400];
	text_escape(span_of(row->wire, row->n), text, sizeof text);
	print_message("row %td as %s, %s: %s\n", row - rows,
		o == &row->request ? "request" : "response", how, text);
	fail_msg("used %zu, payload %zu, ended %d, %s (%s), oddities %x, trailers %zu", f->used,
		buf_len(&f->payload), f->body.ended,
		f->broken ? err_word(f->err.kind) : "sound", f->err.detail, f->body.oddities,
		buf_len(&f->body.trailers));
}

static void test_rows_whole_and_cut(void **state)
{
	(void)state;
	for (const struct row *row = rows; row < rows + ROWS; row++)
		for (int response = 0; response < 2; response++) {
			const struct outcome *o = response ? &row->response : &row->request;
			struct feeding f;
			begin(&f, response, HTTP1_CHUNKED, 0);
			feed(&f, row->wire, row->n);
			check(row, o, &f, "whole");
			end(&f);

			begin(&f, response, HTTP1_CHUNKED, 0);
			for (size_t i = 0; i < row->n; i++)
				feed(&f, row->wire + i, 1);
			check(row, o, &f, "byte by byte");
			end(&f);

			for (size_t cut = 0; cut <= row->n; cut++) {
				begin(&f, response, HTTP1_CHUNKED, 0);
				feed(&f, row->wire, cut);
				feed(&f, row->wire + cut, row->n - cut);
				check(row, o, &f, "in two pieces");
				end(&f);
			}
		}
}

static void test_eof(void **state)
{
	(void)state;
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		struct feeding f;
		begin(&f, true, HTTP1_CHUNKED, 0);
		feed(&f, row->wire, row->n);
		bool whole = http1_body_eof(&f.body, &f.err);
		assert_int_equal(whole, row->response.ended);
		if (!whole)
			assert_int_equal(f.err.kind, ERR_BODY_TRUNCATED);
		end(&f);
	}
}

static void test_length(void **state)
{
	(void)state;
	struct feeding f;
	begin(&f, true, HTTP1_LENGTH, 5);
	assert_false(f.body.ended);
	feed(&f, "hel", 3);
	assert_int_equal(f.body.left, 2);
	assert_false(http1_body_eof(&f.body, &f.err));
	assert_int_equal(f.err.kind, ERR_BODY_TRUNCATED);
	feed(&f, "loXYZ", 5);
	assert_true(f.body.ended);
	assert_int_equal(f.used, 5);
	feed(&f, "more", 4);
	assert_int_equal(f.used, 5);
	assert_true(span_is(buf_span(&f.payload), "hello"));
	assert_true(http1_body_eof(&f.body, &f.err));
	end(&f);

	begin(&f, false, HTTP1_LENGTH, 0);
	assert_true(f.body.ended);
	end(&f);
	begin(&f, true, HTTP1_LENGTH, INT64_MAX);
	feed(&f, "x", 1);
	assert_true(f.body.left == INT64_MAX - 1);
	end(&f);
}

static void test_other_framings(void **state)
{
	(void)state;
	struct feeding f;
	begin(&f, true, HTTP1_TO_CLOSE, 0);
	feed(&f, "any", 3);
	feed(&f, "thing", 5);
	assert_false(f.body.ended);
	assert_int_equal(f.used, 8);
	assert_true(http1_body_eof(&f.body, &f.err));
	assert_true(f.body.ended);
	assert_true(span_is(buf_span(&f.payload), "anything"));
	end(&f);

	static const enum http1_framing without[] = {HTTP1_NO_BODY, HTTP1_SWITCH};
	for (int i = 0; i < 2; i++) {
		begin(&f, true, without[i], 0);
		assert_true(f.body.ended);
		feed(&f, "next", 4);
		assert_int_equal(f.used, 0);
		assert_true(http1_body_eof(&f.body, &f.err));
		end(&f);
	}
}

static void test_limits(void **state)
{
	(void)state;
	for (int over = 0; over < 2; over++) {
		/* A chunk-size line of just the limit, and of one byte more. */
		struct feeding f;
		begin(&f, true, HTTP1_CHUNKED, 0);
		feed(&f, "1;", 2);
		for (int i = 0; i < HTTP1_CHUNK_LINE_MAX - 4 + over; i++)
			feed(&f, "x", 1);
		feed(&f, "\r\n", 2);
		assert_int_equal(f.broken, over);
		if (over)
			assert_int_equal(f.err.kind, ERR_LIMIT);
		end(&f);

		begin(&f, true, HTTP1_CHUNKED, 0);
		feed(&f, "0\r\nX:", 5);
		for (int i = 0; i < HTTP1_TRAILERS_MAX - 4 + over; i++)
			feed(&f, "x", 1);
		feed(&f, "\r\n", 2);
		assert_int_equal(f.broken, over);
		if (over)
			assert_int_equal(f.err.kind, ERR_LIMIT);
		feed(&f, "\r\n", 2);
		assert_int_equal(f.body.ended, !over);
		end(&f);
	}
	/* The line's limit counts anew for each chunk. */
	struct feeding f;
	begin(&f, true, HTTP1_CHUNKED, 0);
	for (int i = 0; i < 3000; i++)
		feed(&f, "1;abc\r\nx\r\n", 10);
	feed(&f, LAST, 5);
	assert_true(f.body.ended);
	assert_int_equal(buf_len(&f.payload), 3000);
	end(&f);
}

static void count(void *ctx, struct span payload)
{
	*(uint64_t *)ctx += payload.n;
}

/* What two readers cost; printed, and bounded only against an accident. */
static void test_cost(void **state)
{
	(void)state;
	static const size_t sizes[] = {16384, 1000, 10};
	for (size_t s = 0; s < 3; s++) {
		struct buf wire = {0};
		while (buf_len(&wire) < 1 << 20) {
			buf_addf(&wire, "%zx\r\n", sizes[s]);
			memset(buf_room(&wire, sizes[s]), 'x', sizes[s]);
			buf_grew(&wire, sizes[s]);
			buf_add_str(&wire, "\r\n");
		}
		struct http1_head head = {.status = 200, .framing = HTTP1_CHUNKED};
		struct http1_body body;
		uint64_t payload = 0, bytes = 0;
		http1_body_init(&body, &head);
		int rounds = sizes[s] == 10 ? 10 : 100;
		clock_t from = clock();
		for (int i = 0; i < rounds; i++) {
			size_t used;
			assert_true(http1_body_feed(
				&body, buf_span(&wire), &used, count, &payload, NULL));
			bytes += used;
		}
		double ns = (double)(clock() - from) / CLOCKS_PER_SEC * 1e9;
		print_message("chunks of %zu: %.3f ns a byte over %llu MB\n", sizes[s],
			ns / (double)bytes, (unsigned long long)(bytes >> 20));
		assert_true(ns / (double)bytes < 1000);
		assert_true(payload / sizes[s] * sizes[s] == payload && payload > 0);
		http1_body_fini(&body);
		buf_fini(&wire);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_whole_and_cut),
		cmocka_unit_test(test_eof),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_other_framings),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_cost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
