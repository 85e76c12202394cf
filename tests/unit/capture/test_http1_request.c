/*
 * Request heads, read strictly: what is taken, as what; what is refused, and for what;
 * truncation and limits.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "capture/wire/http1_inner.h"

#define WIRE(s) (s), sizeof(s) - 1
#define H "Host: a\r\n"
#define POST "POST / HTTP/1.1\r\n" H
#define END "\r\n\r\n"

struct row {
	const char *wire;
	size_t n;
	enum err_kind refused; /* or ERR_NONE and: */
	enum http1_framing framing;
	uint64_t length;
	bool keep_alive, upgrade, expect;
	uint32_t oddities;
};

#define ODD(x) HTTP1_ODD(x)
#define TAKEN(wire, ...)                                                                       \
	{                                                                                      \
		WIRE(wire), ERR_NONE, __VA_ARGS__                                              \
	}
#define REFUSED(wire, why)                                                                     \
	{                                                                                      \
		WIRE(wire), ERR_##why, 0, 0, 0, 0, 0, 0                                        \
	}
#define NO HTTP1_NO_BODY

/* One row a line. clang-format 14 knows the mark only bare. */
/* clang-format off */
static const struct row rows[] = {
	/* request lines */
	TAKEN("GET / HTTP/1.1\r\n" H "\r\n", NO, 0, true, false, false, 0),
	TAKEN("GET http://a/b?c#d HTTP/1.1\r\n" H "\r\n", NO, 0, true, false, false, 0),
	TAKEN("OPTIONS * HTTP/1.1\r\n" H "\r\n", NO, 0, true, false, false, 0),
	TAKEN("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", NO, 0, true, false, false, 0),
	TAKEN("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nProxy-Connection: "
	      "keep-alive\r\nConnection: keep-alive\r\n\r\n", NO, 0, true, false, false, 0),
	TAKEN("CONNECT a:443 HTTP/1.0\r\n\r\n", NO, 0, false, false, false, 0),
	TAKEN("CONNECT a:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", NO, 0, true, false, false, 0),
	TAKEN("GET /\xc3\xa9\xff\x80 HTTP/1.1\r\n" H "\r\n", NO, 0, true, false, false, 0),
	TAKEN("GET /a\"<>\\^`{|}[] HTTP/1.1\r\n" H "\r\n", NO, 0, true, false, false, 0),
	TAKEN("GET nonsense HTTP/1.1\r\n" H "\r\n", NO, 0, true, false, false, 0),
	TAKEN("QUERY / HTTP/1.1\r\n" H "\r\n", NO, 0, true, false, false, 0),
	TAKEN("get / HTTP/1.1\r\n" H "\r\n", NO, 0, true, false, false, 0),
	TAKEN("PRI / HTTP/1.1\r\n" H "\r\n", NO, 0, true, false, false, 0),
	TAKEN("DESCRIBE / HTTP/1.1\r\n" H "\r\n", NO, 0, true, false, false, 0),
	TAKEN("SOURCE / HTTP/1.1\r\n" H "\r\n", NO, 0, true, false, false, 0),
	TAKEN("!#$%&'*+-.^_`|~09azAZ / HTTP/1.1\r\n" H "\r\n", NO, 0, true, false, false, 0),
	TAKEN("connect / HTTP/1.1\r\n" H "Content-Length: 1" END, HTTP1_LENGTH, 1, true, false, false, 0),
	REFUSED("GET  / HTTP/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("GET /  HTTP/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("GET / HTTP/1.1 \r\n" H "\r\n", START_LINE),
	REFUSED(" GET / HTTP/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("GET\t/ HTTP/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("GET /\tHTTP/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("GET /a b HTTP/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("GET /a\tb HTTP/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("GET /a\rb HTTP/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("GET /a\x01" "b HTTP/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("GET /a\x7f HTTP/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("GET HTTP/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("GET /\r\n" H "\r\n", START_LINE),
	REFUSED("GET\r\n" H "\r\n", START_LINE),
	REFUSED("G(T / HTTP/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("G\xe9T / HTTP/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("GET / http/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("GET / HTTP/1\r\n" H "\r\n", START_LINE),
	REFUSED("GET / HTTP/1.10\r\n" H "\r\n", START_LINE),
	REFUSED("GET / HTTP/+1.1\r\n" H "\r\n", START_LINE),
	REFUSED("GET / HTTP/1,1\r\n" H "\r\n", START_LINE),
	REFUSED("GET / HTTP/1.1\r\r\n" H "\r\n", START_LINE),
	REFUSED("GET / HTTP/1.2\r\n" H "\r\n", VERSION),
	REFUSED("GET / HTTP/0.9\r\n" H "\r\n", VERSION),
	REFUSED("GET / HTTP/2.0\r\n" H "\r\n", VERSION),
	REFUSED("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", VERSION),
	REFUSED("\x16\x03\x01\x02", START_LINE),
	REFUSED("\x80\x2e\x01\x03\x01", START_LINE),
	REFUSED("\x05\x01", START_LINE),
	REFUSED("\0", START_LINE),

	/* line ends */
	TAKEN("GET / HTTP/1.1\nHost: a\n\n", NO, 0, true, false, false, ODD(BARE_LF)),
	TAKEN("GET / HTTP/1.1\r\nHost: a\n\r\n", NO, 0, true, false, false, ODD(BARE_LF)),
	TAKEN("\r\nGET / HTTP/1.1\r\n" H "\r\n", NO, 0, true, false, false, ODD(LEADING_LINES)),
	REFUSED("\r\n\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("\rGET / HTTP/1.1\r\n" H "\r\n", START_LINE),
	REFUSED("GET / HTTP/1.1\r\n" H "X: a\rb" END, FIELD),
	REFUSED("GET / HTTP/1.1\r\n" H "X: a\r\r\n\r\n", FIELD),
	REFUSED("GET / HTTP/1.1\r\n" H "\r\r\n\r\n", FIELD),
	REFUSED("GET / HTTP/1.1\r\n" H "\rX: a" END, FIELD),

	/* Host, RFC 9112 3.2 */
	REFUSED("GET / HTTP/1.1\r\n\r\n", HOST),
	REFUSED("GET / HTTP/1.1\r\nHost: a\r\nHost: b" END, HOST),
	REFUSED("GET / HTTP/1.1\r\nHost: a\r\nhOST: a" END, HOST),
	REFUSED("GET / HTTP/1.0\r\nHost: a\r\nHost: a" END, HOST),
	REFUSED("GET / HTTP/1.1\r\nHost: a b" END, HOST),
	REFUSED("GET / HTTP/1.1\r\nHost: a/b" END, HOST),
	REFUSED("GET / HTTP/1.1\r\nHost: a@b" END, HOST),
	REFUSED("GET / HTTP/1.1\r\nHost: a\\b" END, HOST),
	REFUSED("GET / HTTP/1.1\r\nHost: a?b" END, HOST),
	REFUSED("GET / HTTP/1.1\r\nHost: a#b" END, HOST),
	REFUSED("GET / HTTP/1.1\r\nHost: a\x01" END, HOST),
	TAKEN("GET / HTTP/1.0\r\n\r\n", NO, 0, false, false, false, 0),
	TAKEN("GET / HTTP/1.1\r\nHost:" END, NO, 0, true, false, false, 0),
	TAKEN("GET / HTTP/1.1\r\nHost: [::1]:80" END, NO, 0, true, false, false, 0),
	TAKEN("GET / HTTP/1.1\r\nHost: a_b.c,d~" END, NO, 0, true, false, false, 0),

	/* fields */
	REFUSED("GET / HTTP/1.1\r\n" H "X : a" END, FIELD),
	REFUSED("GET / HTTP/1.1\r\n" H "X\t: a" END, FIELD),
	REFUSED("GET / HTTP/1.1\r\n" H " X: a" END, FIELD),
	REFUSED("GET / HTTP/1.1\r\n X: a\r\n" H "\r\n", FIELD),
	REFUSED("GET / HTTP/1.1\r\n" H "X: a\r\n b" END, FIELD),
	REFUSED("GET / HTTP/1.1\r\n" H "X: a\r\n\tb" END, FIELD),
	REFUSED("GET / HTTP/1.1\r\n" H "X: a\r\n " END, FIELD),
	REFUSED("GET / HTTP/1.1\r\n" H "X" END, FIELD),
	REFUSED("GET / HTTP/1.1\r\n" H ": a" END, FIELD),
	REFUSED("GET / HTTP/1.1\r\n" H "X(: a" END, FIELD),
	REFUSED("GET / HTTP/1.1\r\n" H "X\xe9: a" END, FIELD),
	REFUSED("GET / HTTP/1.1\r\n" H "X\x01: a" END, FIELD),
	REFUSED("GET / HTTP/1.1\r\n" H "X: a\0" END, NUL_BYTE),
	REFUSED("GET /\0 HTTP/1.1\r\n" H "\r\n", NUL_BYTE),
	TAKEN("GET / HTTP/1.1\r\n" H "X:a\r\nY:\r\nZ: \t\xe9 \x80" END, NO, 0, true, false, false, 0),
	TAKEN("GET / HTTP/1.1\r\n" H "X: a\x01"
	      "b" END, NO, 0, true, false, false, ODD(VALUE_BYTES)),

	/* framing, RFC 9112 6.3, and smuggling vectors */
	TAKEN(POST "\r\n", NO, 0, true, false, false, 0),
	TAKEN(POST "Content-Length: 0" END, HTTP1_LENGTH, 0, true, false, false, 0),
	TAKEN(POST "Content-Length: 5" END, HTTP1_LENGTH, 5, true, false, false, 0),
	TAKEN("GET / HTTP/1.1\r\n" H "Content-Length: 5" END, HTTP1_LENGTH, 5, true, false, false, 0),
	TAKEN("HEAD / HTTP/1.1\r\n" H "Content-Length: 5" END, HTTP1_LENGTH, 5, true, false, false, 0),
	TAKEN("POST / HTTP/1.0\r\nContent-Length: 5" END, HTTP1_LENGTH, 5, false, false, false, 0),
	TAKEN(POST "Content-Length: 5, 5" END, HTTP1_LENGTH, 5, true, false, false, ODD(SAME_LENGTHS)),
	TAKEN(POST "Content-Length: 5\r\nContent-Length: 5" END, HTTP1_LENGTH, 5, true, false, false, ODD(SAME_LENGTHS)),
	TAKEN(POST "Transfer-Encoding: chunked" END, HTTP1_CHUNKED, 0, true, false, false, 0),
	TAKEN(POST "transfer-encoding:chunked \t" END, HTTP1_CHUNKED, 0, true, false, false, 0),
	TAKEN("FOO / HTTP/1.1\r\n" H "Transfer-Encoding: chunked" END, HTTP1_CHUNKED, 0, true, false, false, 0),
	REFUSED(POST "Content-Length: 5\r\nContent-Length: 6" END, LENGTH),
	REFUSED(POST "Content-Length: 5, 6" END, LENGTH),
	REFUSED(POST "Content-Length: 5," END, LENGTH),
	REFUSED(POST "Content-Length:" END, LENGTH),
	REFUSED(POST "Content-Length: -1" END, LENGTH),
	REFUSED(POST "Content-Length: +1" END, LENGTH),
	REFUSED(POST "Content-Length: 0x1" END, LENGTH),
	REFUSED(POST "Content-Length: 1 1" END, LENGTH),
	REFUSED(POST "Content-Length: 1\v" END, LENGTH),
	REFUSED(POST "Content-Length: 9223372036854775808" END, LENGTH),
	REFUSED(POST "Content-Length: 5\r\nTransfer-Encoding: chunked" END, LENGTH_AND_CHUNKED),
	REFUSED(POST "Transfer-Encoding: chunked\r\nContent-Length: 5" END, LENGTH_AND_CHUNKED),
	REFUSED(POST "Transfer-Encoding: chunked\r\nContent-Length: 0" END, LENGTH_AND_CHUNKED),
	REFUSED(POST "Transfer-Encoding: identity\r\nContent-Length: 5" END, LENGTH_AND_CHUNKED),
	REFUSED(POST "Transfer-Encoding: Chunked" END, TRANSFER_ENCODING),
	REFUSED(POST "Transfer-Encoding: chunked," END, TRANSFER_ENCODING),
	REFUSED(POST "Transfer-Encoding: ,chunked" END, TRANSFER_ENCODING),
	REFUSED(POST "Transfer-Encoding: gzip, chunked" END, TRANSFER_ENCODING),
	REFUSED(POST "Transfer-Encoding: chunked, identity" END, TRANSFER_ENCODING),
	REFUSED(POST "Transfer-Encoding: identity" END, TRANSFER_ENCODING),
	REFUSED(POST "Transfer-Encoding: gzip" END, TRANSFER_ENCODING),
	REFUSED(POST "Transfer-Encoding: xchunked" END, TRANSFER_ENCODING),
	REFUSED(POST "Transfer-Encoding: chunked;a=b" END, TRANSFER_ENCODING),
	REFUSED(POST "Transfer-Encoding: \"chunked\"" END, TRANSFER_ENCODING),
	REFUSED(POST "Transfer-Encoding: \vchunked" END, TRANSFER_ENCODING),
	REFUSED(POST "Transfer-Encoding:" END, TRANSFER_ENCODING),
	REFUSED(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" END, TRANSFER_ENCODING),
	REFUSED(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity" END, TRANSFER_ENCODING),
	REFUSED(POST "Transfer-Encoding:\r\nTransfer-Encoding: chunked" END, TRANSFER_ENCODING),
	REFUSED("POST / HTTP/1.0\r\nTransfer-Encoding: chunked" END, TRANSFER_ENCODING),
	REFUSED(POST "Transfer-Encoding : chunked" END, FIELD),
	REFUSED(POST "Transfer-Encoding:\r\n chunked" END, FIELD),
	REFUSED(POST " Transfer-Encoding: chunked" END, FIELD),
	REFUSED(POST "X: a\rTransfer-Encoding: chunked" END, FIELD),
	REFUSED(POST "Content-Length: 5\rX: a" END, FIELD),
	REFUSED(POST "\x01Transfer-Encoding: chunked" END, FIELD),
	REFUSED("CONNECT a:443 HTTP/1.1\r\n" H "Content-Length: 1" END, LENGTH),
	REFUSED("CONNECT a:443 HTTP/1.1\r\n" H "Transfer-Encoding: chunked" END, TRANSFER_ENCODING),

	/* Connection, Upgrade, Expect */
	TAKEN("GET / HTTP/1.1\r\n" H "Connection: close" END, NO, 0, false, false, false, 0),
	TAKEN("GET / HTTP/1.1\r\n" H "Connection: keep-alive, Close" END, NO, 0, false, false, false, 0),
	TAKEN("GET / HTTP/1.0\r\nConnection: Keep-Alive" END, NO, 0, true, false, false, 0),
	TAKEN("GET / HTTP/1.1\r\n" H
	      "Connection: keep-alive, Upgrade\r\nUpgrade: websocket" END, NO, 0, true, true, false, 0),
	TAKEN("GET / HTTP/1.1\r\n" H "Connection: upgrade" END, NO, 0, true, false, false, 0),
	TAKEN("GET / HTTP/1.1\r\n" H "Upgrade: websocket" END, NO, 0, true, false, false, 0),
	TAKEN("GET / HTTP/1.1\r\n" H "Connection: , ,Upgrade ,\r\nUpgrade: h2c" END, NO, 0, true, true, false, 0),
	TAKEN(POST "Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 3" END, HTTP1_LENGTH, 3, true, true, false, 0),
	TAKEN(POST "Connection: upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked" END, HTTP1_CHUNKED, 0, true, true, false, 0),
	TAKEN("CONNECT a:1 HTTP/1.1\r\n" H "Connection: upgrade\r\nUpgrade: x" END, NO, 0, true, true, false, 0),
	TAKEN(POST "Content-Length: 3\r\nExpect: 100-Continue" END, HTTP1_LENGTH, 3, true, false, true, 0),
	TAKEN(POST "Content-Length: 3\r\nExpect: other" END, HTTP1_LENGTH, 3, true, false, false, 0),
	TAKEN("POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue" END, HTTP1_LENGTH, 3, false, false, false, 0),
};
/* clang-format on */
enum { ROWS = sizeof rows / sizeof *rows };

static void print_row(const struct row *row)
{
	char text[600];
	text_escape(span_of(row->wire, row->n), text, sizeof text);
	print_message("row %td: %s\n", row - rows, text);
}

/* PRI has bytes behind its blank line; only refused rows do. */
static void test_rows(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		struct arena a = {0};
		struct http1_head head = {0};
		struct err err = {0};
		enum http1_scan scan =
			http1_request_head(span_of(row->wire, row->n), &a, &head, &err);
		bool right = row->refused != ERR_NONE
				     ? scan == HTTP1_BAD && err.kind == row->refused
				     : scan == HTTP1_HEAD && head.framing == row->framing &&
					       head.length == row->length &&
					       head.keep_alive == row->keep_alive &&
					       head.upgrade == row->upgrade &&
					       head.expect_continue == row->expect &&
					       head.oddities == row->oddities &&
					       head.raw.n == row->n && head.status == 0;
		if (!right) {
			print_row(row);
			print_message("  scan %d, %s (%s), framing %d length %llu keep %d "
				      "upgrade %d expect %d oddities %x\n",
				scan, err_word(err.kind), err.detail, head.framing,
				(unsigned long long)head.length, head.keep_alive, head.upgrade,
				head.expect_continue, head.oddities);
			wrong++;
		}
		arena_fini(&a);
	}
	assert_int_equal(wrong, 0);
}

static void test_every_cut(void **state)
{
	(void)state;
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		bool refused = false;
		for (size_t n = 0; n < row->n; n++) {
			struct arena a = {0};
			struct http1_head head;
			uint8_t *copy = malloc(n > 0 ? n : 1);
			assert_non_null(copy);
			memcpy(copy, row->wire, n);
			enum http1_scan scan =
				http1_request_head(span_of(copy, n), &a, &head, NULL);
			bool right = row->refused ? scan != HTTP1_HEAD &&
							    (!refused || scan == HTTP1_BAD)
						  : scan == HTTP1_MORE && a.total == 0;
			if (!right) {
				print_row(row);
				fail_msg("cut at %zu of %zu: scan %d", n, row->n, scan);
			}
			refused = refused || scan == HTTP1_BAD;
			arena_fini(&a);
			free(copy);
		}
	}
}

/* Pipelined: the head ends at its own blank line, and the next one starts there. */
static void test_pipelined(void **state)
{
	(void)state;
	static const char wire[] =
		"GET /one HTTP/1.1\r\n" H "\r\nGET /two HTTP/1.1\r\nHost: b\r\n\r\nrest";
	struct arena a = {0};
	struct http1_head one, two;
	struct err err = {0};
	struct span in = span_of(WIRE(wire));
	assert_int_equal(http1_request_head(in, &a, &one, &err), HTTP1_HEAD);
	assert_true(span_is(one.target, "/one"));
	assert_true(span_is(one.method, "GET"));
	assert_true(span_is(one.start_line, "GET /one HTTP/1.1"));
	assert_int_equal(one.n_fields, 1);
	in = span_from(in, one.raw.n);
	assert_int_equal(http1_request_head(in, &a, &two, &err), HTTP1_HEAD);
	assert_true(span_is(two.target, "/two"));
	assert_true(span_is(http1_value(&two, "host"), "b"));
	assert_true(span_is(span_from(in, two.raw.n), "rest"));
	arena_fini(&a);
}

static bool token_byte(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Each byte in a method, a target, a name and a value: taken exactly where RFC 9110 5.6.2,
 * 9112 3.2 and 9110 5.5 let it stand. */
static void test_every_byte_everywhere(void **state)
{
	(void)state;
	static const char *const forms[] = {"A% / HTTP/1.1\r\n" H "\r\n",
		"GET /% HTTP/1.1\r\n" H "\r\n", "GET / HTTP/1.1\r\n" H "a%b: c\r\n\r\n",
		"GET / HTTP/1.1\r\n" H "a: b%c\r\n\r\n"};
	for (int f = 0; f < 4; f++)
		for (int c = 0; c < 256; c++) {
			char wire[80];
			size_t n = strlen(forms[f]);
			memcpy(wire, forms[f], n + 1);
			*strchr(wire, '%') = (char)c;
			bool taken = f == 0   ? token_byte(c)
				     : f == 1 ? c > 0x20 && c != 0x7f
				     : f == 2 ? token_byte(c) || c == ':'
					      : c != 0 && c != '\r' && c != '\n';
			struct arena a = {0};
			struct http1_head head;
			struct err err = {0};
			enum http1_scan scan =
				http1_request_head(span_of(wire, n), &a, &head, &err);
			if (scan != (taken ? HTTP1_HEAD : HTTP1_BAD))
				fail_msg("form %d byte %d: scan %d %s", f, c, scan,
					err_word(err.kind));
			arena_fini(&a);
		}
}

static void test_limits(void **state)
{
	(void)state;
	for (int n = HTTP1_FIELDS_MAX; n <= HTTP1_FIELDS_MAX + 1; n++) {
		struct buf wire = {0};
		struct arena a = {0};
		struct http1_head head;
		struct err err = {0};
		buf_add_str(&wire, "GET / HTTP/1.1\r\n" H);
		for (int i = 1; i < n; i++)
			buf_addf(&wire, "X-%d: v\r\n", i);
		buf_add_str(&wire, "\r\n");
		enum http1_scan scan = http1_request_head(buf_span(&wire), &a, &head, &err);
		assert_int_equal(scan, n <= HTTP1_FIELDS_MAX ? HTTP1_HEAD : HTTP1_BAD);
		if (scan == HTTP1_HEAD)
			assert_int_equal(head.n_fields, HTTP1_FIELDS_MAX);
		else
			assert_int_equal(err.kind, ERR_HEAD_TOO_MANY_FIELDS);
		arena_fini(&a);
		buf_fini(&wire);
	}
	struct buf wire = {0};
	struct arena a = {0};
	struct http1_head head;
	struct err err = {0};
	buf_add_str(&wire, "GET /");
	while (buf_len(&wire) < HTTP1_HEAD_MAX - 1)
		buf_add_byte(&wire, 'a');
	assert_int_equal(http1_request_head(buf_span(&wire), &a, &head, &err), HTTP1_MORE);
	buf_add_byte(&wire, 'a');
	assert_int_equal(http1_request_head(buf_span(&wire), &a, &head, &err), HTTP1_BAD);
	assert_int_equal(err.kind, ERR_HEAD_TOO_LARGE);
	arena_fini(&a);
	buf_fini(&wire);
}

static void test_second_reader_objects(void **state)
{
	(void)state;
	struct arena a = {0};
	struct http1_head head;
	struct err err = {0};
	assert_int_equal(
		http1_request_head(span_str(POST "Content-Length: 5" END), &a, &head, &err),
		HTTP1_HEAD);
	struct http1_head lie = head;
	lie.length = 4;
	assert_false(http1_read_again(&lie, SPAN_NONE, &err));
	assert_int_equal(err.kind, ERR_PARSERS_DISAGREE);
	lie = head;
	lie.framing = HTTP1_NO_BODY;
	assert_false(http1_read_again(&lie, SPAN_NONE, &err));
	lie = head;
	lie.framing = HTTP1_CHUNKED;
	assert_false(http1_read_again(&lie, SPAN_NONE, &err));
	lie = head;
	lie.upgrade = true;
	assert_false(http1_read_again(&lie, SPAN_NONE, &err));
	lie = head;
	lie.method = span_str("CONNECT");
	assert_false(http1_read_again(&lie, SPAN_NONE, &err));
	assert_true(http1_read_again(&head, SPAN_NONE, &err));
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_pipelined),
		cmocka_unit_test(test_every_byte_everywhere),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_second_reader_objects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
