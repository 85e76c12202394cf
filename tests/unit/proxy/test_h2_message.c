/* Field lists against the rules of RFC 9113 8, and the text that is kept of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/h2_message.h"

enum { LINES_MAX = 8 };

#define GET                                                                                    \
	{                                                                                      \
		":method", "GET"                                                               \
	}
#define HTTPS                                                                                  \
	{                                                                                      \
		":scheme", "https"                                                             \
	}
#define AUTHORITY                                                                              \
	{                                                                                      \
		":authority", "a.test"                                                         \
	}
#define ROOT                                                                                   \
	{                                                                                      \
		":path", "/"                                                                   \
	}

struct row {
	const char *lines[LINES_MAX][2];
	enum err_kind kind; /* NONE: taken */
	uint32_t oddities;
};

static const struct row requests[] = {
	{{GET, HTTPS, AUTHORITY, ROOT}, ERR_NONE, 0},
	{{ROOT, AUTHORITY, HTTPS, GET, {"x", ""}}, ERR_NONE, 0},
	{{{":method", "OPTIONS"}, HTTPS, AUTHORITY, {":path", "*"}}, ERR_NONE, 0},
	{{GET, {":scheme", "http"}, AUTHORITY, ROOT}, ERR_NONE, 0},
	{{GET, HTTPS, ROOT, {"host", "a.test"}}, ERR_NONE, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {"te", "trailers"}}, ERR_NONE, 0},
	{{GET, HTTPS, AUTHORITY, ROOT,
		 {"x", "a\x01"
		       "b"}},
		ERR_NONE, H2_ODD(VALUE_BYTES)},
	{{GET, HTTPS, AUTHORITY, ROOT, {"content-length", "3"}, {"content-length", "3"}},
		ERR_NONE, H2_ODD(SAME_LENGTHS)},
	/* RFC 9113 8.3.1 */
	{{HTTPS, AUTHORITY, ROOT}, ERR_PSEUDO, 0},
	{{GET, AUTHORITY, ROOT}, ERR_PSEUDO, 0},
	{{GET, HTTPS, AUTHORITY}, ERR_PSEUDO, 0},
	{{GET, HTTPS, AUTHORITY, {":path", ""}}, ERR_PSEUDO, 0},
	{{GET, HTTPS, AUTHORITY, {":path", "*"}}, ERR_PSEUDO, 0},
	{{GET, HTTPS, AUTHORITY, {":path", "http://b.test/"}}, ERR_PSEUDO, 0},
	{{GET, HTTPS, AUTHORITY, {":path", "/a b"}}, ERR_PSEUDO, 0},
	{{GET, HTTPS, AUTHORITY, {":path", "/a\r\nx: y"}}, ERR_PSEUDO, H2_ODD(ESCAPED)},
	{{GET, HTTPS, {":authority", "a.test\tb"}, ROOT}, ERR_PSEUDO, 0},
	{{{":method", "G ET"}, HTTPS, AUTHORITY, ROOT}, ERR_PSEUDO, 0},
	{{{":method", "G:T"}, HTTPS, AUTHORITY, ROOT}, ERR_PSEUDO, 0},
	{{{":method", ""}, HTTPS, AUTHORITY, ROOT}, ERR_PSEUDO, 0},
	{{GET, {":scheme", "javascript"}, AUTHORITY, ROOT}, ERR_PSEUDO, 0},
	{{GET, {":scheme", "HTTPS"}, AUTHORITY, ROOT}, ERR_PSEUDO, 0},
	{{GET, GET, HTTPS, AUTHORITY, ROOT}, ERR_PSEUDO, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, ROOT}, ERR_PSEUDO, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {":status", "200"}}, ERR_PSEUDO, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {":protocol", "websocket"}}, ERR_PSEUDO, 0},
	{{GET, HTTPS, AUTHORITY, {"x", "y"}, ROOT}, ERR_PSEUDO, 0},
	{{{":method", "CONNECT"}, AUTHORITY}, ERR_TARGET, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {"host", "a.test"}, {"host", "a.test"}}, ERR_HOST, 0},
	/* 8.2.1 */
	{{GET, HTTPS, AUTHORITY, ROOT, {"Upper", "x"}}, ERR_FIELD, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {"", "x"}}, ERR_FIELD, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {"a b", "x"}}, ERR_FIELD, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {"a:b", "x"}}, ERR_FIELD, H2_ODD(ESCAPED)},
	{{GET, HTTPS, AUTHORITY, ROOT, {"a\xc3\xa4", "x"}}, ERR_FIELD, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {"a", "x\ny"}}, ERR_FIELD, H2_ODD(ESCAPED)},
	{{GET, HTTPS, AUTHORITY, ROOT, {"a", " x"}}, ERR_FIELD, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {"a", "x\t"}}, ERR_FIELD, 0},
	/* 8.2.2 */
	{{GET, HTTPS, AUTHORITY, ROOT, {"connection", "close"}}, ERR_FIELD, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {"keep-alive", "1"}}, ERR_FIELD, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {"proxy-connection", "x"}}, ERR_FIELD, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {"transfer-encoding", "chunked"}}, ERR_FIELD, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {"upgrade", "h2c"}}, ERR_FIELD, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {"te", "gzip"}}, ERR_FIELD, 0},
	/* 8.1.1 */
	{{GET, HTTPS, AUTHORITY, ROOT, {"content-length", "x"}}, ERR_LENGTH, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {"content-length", "-1"}}, ERR_LENGTH, 0},
	{{GET, HTTPS, AUTHORITY, ROOT, {"content-length", "99999999999999999999"}}, ERR_LENGTH,
		0},
	{{GET, HTTPS, AUTHORITY, ROOT, {"content-length", "3"}, {"content-length", "4"}},
		ERR_LENGTH, 0},
};

static const struct row responses[] = {
	{{{":status", "200"}}, ERR_NONE, 0},
	{{{":status", "103"}, {"link", "x"}}, ERR_NONE, 0},
	{{{":status", "302"}, {"location", "/a"}, {"location", "/b"}}, ERR_NONE,
		H2_ODD(SEVERAL_LOCATIONS)},
	{{{":status", "200"}, {"a", " x "}}, ERR_NONE, H2_ODD(VALUE_SPACE)},
	{{{"a", "b"}}, ERR_PSEUDO, 0},
	{{{":status", "200"}, {":status", "200"}}, ERR_PSEUDO, 0},
	{{{":status", "20"}}, ERR_PSEUDO, 0},
	{{{":status", "2000"}}, ERR_PSEUDO, 0},
	{{{":status", "+20"}}, ERR_PSEUDO, 0},
	{{{":status", "099"}}, ERR_PSEUDO, 0},
	{{{":status", "101"}}, ERR_VERSION, 0},
	{{{"a", "b"}, {":status", "200"}}, ERR_PSEUDO, 0},
	{{{":status", "200"}, {":path", "/"}}, ERR_PSEUDO, 0},
	{{{":status", "200"}, {"Set-Cookie", "a=b"}}, ERR_FIELD, 0},
	{{{":status", "200"}, {"a", "b\r\nset-cookie: c=d"}}, ERR_FIELD, H2_ODD(ESCAPED)},
	{{{":status", "200"}, {"connection", "close"}}, ERR_FIELD, 0},
};

static const struct row trailers[] = {
	{{{"x-sum", "1"}}, ERR_NONE, 0},
	{{{":status", "200"}}, ERR_PSEUDO, 0},
	{{{"X-Sum", "1"}}, ERR_FIELD, 0},
};

typedef bool judge_fn(
	const struct h2_fields *in, struct arena *a, struct h2_head *out, struct err *err);

static void judge(const struct row *rows, size_t n, judge_fn *judges)
{
	for (size_t r = 0; r < n; r++) {
		struct h2_fields f = {0};
		struct h2_head head;
		struct arena a = {0};
		struct err err = {0};
		for (size_t i = 0; i < LINES_MAX && rows[r].lines[i][0] != NULL; i++)
			h2_fields_add(&f, span_str(rows[r].lines[i][0]),
				span_str(rows[r].lines[i][1]), false);
		bool taken = judges(&f, &a, &head, &err);
		if (taken != (rows[r].kind == ERR_NONE) || err.kind != rows[r].kind)
			fail_msg("row %zu: %s: %s", r, err_word(err.kind), err.detail);
		if (head.oddities != rows[r].oddities)
			fail_msg("row %zu: oddities %x", r, head.oddities);
		h2_fields_fini(&f);
		arena_fini(&a);
	}
}

static void requests_are_held_to_the_letter(void **state)
{
	(void)state;
	judge(requests, sizeof requests / sizeof *requests, h2_request_head);
}

static void responses_as_browsers_take_them(void **state)
{
	(void)state;
	judge(responses, sizeof responses / sizeof *responses, h2_response_head);
}

static void trailers_have_no_pseudo_headers(void **state)
{
	(void)state;
	judge(trailers, sizeof trailers / sizeof *trailers, h2_trailers);
}

static void the_text_is_the_lines_in_order(void **state)
{
	(void)state;
	struct h2_fields f = {0};
	struct h2_head head;
	struct arena a = {0};
	struct err err = {0};
	h2_fields_add(&f, span_str(":status"), span_str("200"), false);
	h2_fields_add(&f, span_str("set-cookie"), span_str("a=\\b"), true);
	h2_fields_add(&f, span_str("set-cookie"), span_str(""), false);
	assert_true(h2_response_head(&f, &a, &head, &err));
	assert_true(span_is(
		head.text, ":status: 200\r\nset-cookie: a=\\b\r\nset-cookie: \r\n\r\n"));
	assert_int_equal(head.n_fields, 3);
	assert_true(head.fields[1].never_indexed);
	assert_false(head.fields[2].never_indexed);
	/* The next block begins anew. */
	h2_fields_clear(&f);
	h2_fields_add(&f, span_str("x"), span_str("1"), false);
	assert_true(h2_trailers(&f, &a, &head, &err));
	assert_true(span_is(head.text, "x: 1\r\n"));
	h2_fields_fini(&f);
	arena_fini(&a);
}

/* A line that would be read as two stands escaped, and every backslash with it: nothing is
 * ambiguous. */
static void lines_that_would_be_read_otherwise_are_escaped(void **state)
{
	(void)state;
	struct h2_fields f = {0};
	struct h2_head head;
	struct arena a = {0};
	struct err err = {0};
	h2_fields_add(&f, span_str(":status"), span_str("200"), false);
	h2_fields_add(&f, span_str("x"), span_str("1\r\ny: 2"), false);
	h2_fields_add(&f, span_of("z\0:\\", 4), span_of("\0\\x0d", 5), false);
	assert_false(h2_response_head(&f, &a, &head, &err));
	assert_true(span_is(head.text, ":status: 200\r\nx: 1\\x0d\\x0ay: "
				       "2\r\nz\\x00\\x3a\\x5c: \\x00\\x5cx0d\r\n\r\n"));
	h2_fields_fini(&f);
	arena_fini(&a);
}

static void limits_are_told(void **state)
{
	(void)state;
	struct h2_fields f = {0};
	struct h2_head head;
	struct arena a = {0};
	struct err err = {0};
	for (int i = 0; i < H2_FIELDS_MAX; i++)
		h2_fields_add(&f, span_str("a"), span_str("b"), false);
	assert_true(h2_trailers(&f, &a, &head, &err));
	h2_fields_add(&f, span_str("a"), span_str("b"), false);
	assert_false(h2_trailers(&f, &a, &head, &err));
	assert_int_equal(err.kind, ERR_HEAD_TOO_MANY_FIELDS);
	h2_fields_clear(&f);
	char *large = arena_alloc(&a, H2_LIST_MAX);
	memset(large, 'x', H2_LIST_MAX);
	h2_fields_add(
		&f, span_str("a"), span_of(large, H2_LIST_MAX - H2_FIELD_OVERHEAD - 1), false);
	err = (struct err){0};
	assert_true(h2_trailers(&f, &a, &head, &err));
	h2_fields_add(&f, span_str("a"), span_str("b"), false);
	assert_false(h2_trailers(&f, &a, &head, &err));
	assert_int_equal(err.kind, ERR_HEAD_TOO_LARGE);
	/* What is beyond goes on being counted: a bomb shows itself. */
	for (int i = 0; i < 8; i++)
		h2_fields_add(&f, span_str("a"), span_of(large, H2_LIST_MAX), false);
	assert_true(f.list_size > H2_LIST_BOMB);
	assert_true(buf_len(&f.text) < 2 * H2_LIST_MAX);
	h2_fields_fini(&f);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_held_to_the_letter),
		cmocka_unit_test(responses_as_browsers_take_them),
		cmocka_unit_test(trailers_have_no_pseudo_headers),
		cmocka_unit_test(the_text_is_the_lines_in_order),
		cmocka_unit_test(lines_that_would_be_read_otherwise_are_escaped),
		cmocka_unit_test(limits_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
