/*
 * What a response head is taken apart into, that no byte anywhere upsets either reader, limits,
 * slow senders, and that the second reader objects when it should. Which heads are taken at all
 * is in test_http1_response.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <time.h>

#include "capture/wire/http1_inner.h"

#define WIRE(s) (s), sizeof(s) - 1
#define ODD(x) HTTP1_ODD(x)
#define OK11 "HTTP/1.1 200 OK\r\n"
#define END "\r\n\r\n"

static void assert_text(struct span s, const char *text)
{
	char seen[200];
	text_escape(s, seen, sizeof seen);
	if (!span_is(s, text))
		fail_msg("'%s' is not '%s'", seen, text);
}

static void test_parts_of_a_head(void **state)
{
	(void)state;
	static const char wire[] =
		"\r\nHTTP/1.1 302 Moved  away \r\nLocation:  http://a/ \t\r\nSet-Cookie: "
		"a=1\r\n"
		"X-Fold: one \r\n \t two\r\n\tthree\r\nset-cookie:b=2\nnothing here\r\n"
		"Odd : x\r\nEmpty:\r\nconnection: x , Upgrade,,\r\nUpgrade: h2c\r\n\r\nbody";
	struct arena a = {0};
	struct http1_head head;
	struct err err = {0};
	assert_int_equal(
		http1_response_head(span_of(WIRE(wire)), span_str("GET"), &a, &head, &err),
		HTTP1_HEAD);
	assert_int_equal(head.raw.n, sizeof wire - 1 - 4);
	assert_text(head.start_line, "HTTP/1.1 302 Moved  away ");
	assert_text(head.reason, "Moved  away");
	assert_int_equal(head.major, 1);
	assert_int_equal(head.minor, 1);
	assert_true(head.upgrade);
	assert_false(head.expect_continue);

	static const char *const fields[][3] = {
		{"Location", "http://a/", "Location:  http://a/ \t\r\n"},
		{"Set-Cookie", "a=1", "Set-Cookie: a=1\r\n"},
		{"X-Fold", "one two three", "X-Fold: one \r\n \t two\r\n\tthree\r\n"},
		{"set-cookie", "b=2", "set-cookie:b=2\n"},
		{"Odd ", "x", "Odd : x\r\n"},
		{"Empty", "", "Empty:\r\n"},
		{"connection", "x , Upgrade,,", "connection: x , Upgrade,,\r\n"},
		{"Upgrade", "h2c", "Upgrade: h2c\r\n"},
	};
	assert_int_equal(head.n_fields, sizeof fields / sizeof *fields);
	for (size_t i = 0; i < head.n_fields; i++) {
		assert_text(head.fields[i].name, fields[i][0]);
		assert_text(head.fields[i].value, fields[i][1]);
		assert_text(head.fields[i].line, fields[i][2]);
		/* Lines lie in the caller's bytes, for forwarding as written. */
		assert_true(head.fields[i].line.p > head.raw.p &&
			    head.fields[i].line.p < head.raw.p + head.raw.n);
	}

	size_t at = 0;
	assert_ptr_equal(http1_find(&head, "SET-COOKIE", &at), &head.fields[1]);
	at++;
	assert_ptr_equal(http1_find(&head, "set-cookie", &at), &head.fields[3]);
	at++;
	assert_null(http1_find(&head, "set-cookie", &at));
	assert_text(http1_value(&head, "set-cookie"), "a=1");
	assert_null(http1_value(&head, "odd").p);
	assert_null(http1_value(&head, "nothing here").p);
	assert_non_null(http1_value(&head, "empty").p);
	assert_int_equal(http1_value(&head, "empty").n, 0);
	assert_true(http1_has_token(&head, "Connection", "UPGRADE"));
	assert_true(http1_has_token(&head, "Connection", "x"));
	assert_false(http1_has_token(&head, "Connection", "grade"));
	assert_false(http1_has_token(&head, "Missing", "x"));
	arena_fini(&a);
}

/* llhttp must stay out of the way of every status, and of every byte in names, values and
 * reasons. */
static void test_every_status(void **state)
{
	(void)state;
	for (int status = 100; status <= 999; status++) {
		char wire[80];
		int n = snprintf(wire, sizeof wire,
			"HTTP/1.1 %d X\r\nContent-Length: 7\r\n\r\n", status);
		struct arena a = {0};
		struct http1_head head;
		struct err err = {0};
		assert_int_equal(http1_response_head(span_of(wire, (size_t)n), span_str("GET"),
					 &a, &head, &err),
			HTTP1_HEAD);
		assert_int_equal(head.status, status);
		assert_int_equal(head.framing, status == 101 ? HTTP1_SWITCH
					       : status < 200 || status == 204 || status == 304
						       ? HTTP1_NO_BODY
						       : HTTP1_LENGTH);
		arena_fini(&a);
	}
}

static void test_every_byte_everywhere(void **state)
{
	(void)state;
	static const char *const forms[] = {"HTTP/1.1 200 a%b\r\nContent-Length: 7\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: a%b\r\nContent-Length: 7\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: %\r\nContent-Length: 7\r\n\r\n",
		"HTTP/1.1 200 OK\r\na%b: x\r\nContent-Length: 7\r\n\r\n",
		"HTTP/1.1 200 OK\r\n%: x\r\nContent-Length: 7\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: x%y\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close%\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nUpgrade%: x\r\n\r\n"};
	for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
		for (int c = 0; c < 256; c++) {
			if (c == '\n')
				continue; /* here and there it ends the head; see the rows */
			char wire[100] = {0};
			size_t n = strlen(forms[f]);
			memcpy(wire, forms[f], n);
			*strchr(wire, '%') = (char)c;
			struct arena a = {0};
			struct http1_head head = {0};
			struct err err = {0};
			enum http1_scan scan = http1_response_head(
				span_of(wire, n), span_str("GET"), &a, &head, &err);
			if (c == 0)
				assert_int_equal(err.kind, ERR_NUL_BYTE);
			else if (scan != HTTP1_HEAD || head.framing != HTTP1_LENGTH ||
				 head.length != 7)
				fail_msg("form %zu byte %d: %s (%s)", f, c, err_word(err.kind),
					err.detail);
			arena_fini(&a);
		}
}

static void test_size_limits(void **state)
{
	(void)state;
	struct buf wire = {0};
	struct arena a = {0};
	struct http1_head head;
	struct err err = {0};
	buf_add_str(&wire, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX: ");
	while (buf_len(&wire) < HTTP1_HEAD_MAX - 4)
		buf_add_byte(&wire, 'v');
	buf_add_str(&wire, "\r\n\r\n");
	assert_int_equal(http1_response_head(buf_span(&wire), span_str("GET"), &a, &head, &err),
		HTTP1_HEAD);
	assert_int_equal(head.raw.n, HTTP1_HEAD_MAX);

	/* One byte more, and as soon as the limit is reached without an end. */
	wire.end -= 4;
	buf_add_str(&wire, "v\r\n\r\n");
	assert_int_equal(http1_response_head(buf_span(&wire), span_str("GET"), &a, &head, &err),
		HTTP1_BAD);
	assert_int_equal(err.kind, ERR_HEAD_TOO_LARGE);
	assert_int_equal(http1_response_head(span_first(buf_span(&wire), HTTP1_HEAD_MAX),
				 span_str("GET"), &a, &head, &err),
		HTTP1_BAD);
	assert_int_equal(http1_response_head(span_first(buf_span(&wire), HTTP1_HEAD_MAX - 1),
				 span_str("GET"), &a, &head, &err),
		HTTP1_MORE);
	arena_fini(&a);
	buf_fini(&wire);
}

static void test_field_limits(void **state)
{
	(void)state;
	static const char *const lines[] = {"A: b\r\n", "no colon\r\n", " folded\r\n"};
	for (size_t i = 0; i < 3; i++) {
		struct buf wire = {0};
		struct arena a = {0};
		struct http1_head head;
		struct err err = {0};
		buf_add_str(&wire, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n");
		for (int n = 1; n < HTTP1_FIELDS_MAX; n++)
			buf_add_str(&wire, lines[i]);
		size_t at = buf_len(&wire);
		buf_add_str(&wire, "\r\n");
		assert_int_equal(
			http1_response_head(buf_span(&wire), span_str("GET"), &a, &head, &err),
			i == 2 ? HTTP1_BAD : HTTP1_HEAD); /* folds make the length wrong */
		wire.end = wire.start + at;
		buf_add_str(&wire, lines[i]);
		/* Refused before its end is seen. */
		assert_int_equal(
			http1_response_head(buf_span(&wire), span_str("GET"), &a, &head, &err),
			HTTP1_BAD);
		assert_int_equal(err.kind, ERR_HEAD_TOO_MANY_FIELDS);
		arena_fini(&a);
		buf_fini(&wire);
	}
}

/* A head that drips in byte by byte must not cost more than seconds, whatever its lines. */
static void test_slow_drip(void **state)
{
	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		struct buf wire = {0};
		struct arena a = {0};
		struct http1_head head;
		buf_add_str(&wire, "HTTP/1.1 200 OK\r\n");
		for (int i = 0; i < 198; i++)
			buf_addf(&wire, "X-%d: %*s\r\n", i, kind == 0 ? 1 : 315, "v");
		while (buf_len(&wire) < HTTP1_HEAD_MAX - 1)
			buf_add_byte(&wire, 'v');
		clock_t begin = clock();
		for (size_t n = 0; n <= buf_len(&wire); n++)
			assert_int_equal(http1_response_head(span_first(buf_span(&wire), n),
						 span_str("GET"), &a, &head, NULL),
				HTTP1_MORE);
		double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
		print_message("64 KiB byte by byte: %.2f s\n", seconds);
		assert_true(seconds < 10);
		assert_int_equal(a.total, 0);
		arena_fini(&a);
		buf_fini(&wire);
	}
}

/* The second reader really reads: give it a head whose framing we have falsified. */
static void test_second_reader_objects(void **state)
{
	(void)state;
	static const struct {
		const char *wire;
		enum http1_framing framing;
		uint64_t length;
		int status;
	} lies[] = {
		{OK11 "Content-Length: 5" END, HTTP1_LENGTH, 6, 200},
		{OK11 "Content-Length: 5" END, HTTP1_LENGTH, 0, 200},
		{OK11 "Content-Length: 5" END, HTTP1_TO_CLOSE, 0, 200},
		{OK11 "Content-Length: 5" END, HTTP1_CHUNKED, 0, 200},
		{OK11 "Content-Length: 5" END, HTTP1_SWITCH, 0, 200},
		{OK11 "Transfer-Encoding: chunked" END, HTTP1_TO_CLOSE, 0, 200},
		{OK11 "Transfer-Encoding: chunked" END, HTTP1_LENGTH, 0, 200},
		{OK11 "Transfer-Encoding: gzip, chunked" END, HTTP1_TO_CLOSE, 0, 200},
		{OK11 "\r\n", HTTP1_LENGTH, 0, 200},
		{OK11 "\r\n", HTTP1_NO_BODY, 0, 200},
		{"HTTP/1.1 204 N" END, HTTP1_TO_CLOSE, 0, 204},
	};
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		struct arena a = {0};
		struct http1_head head;
		struct err err = {0};
		assert_int_equal(http1_response_head(span_str(lies[i].wire), span_str("GET"),
					 &a, &head, &err),
			HTTP1_HEAD);
		assert_true(http1_read_again(&head, span_str("GET"), &err));
		head.framing = lies[i].framing;
		head.length = lies[i].length;
		if (http1_read_again(&head, span_str("GET"), &err))
			fail_msg("lie %zu was believed", i);
		assert_int_equal(err.kind, ERR_PARSERS_DISAGREE);
		arena_fini(&a);
	}
}

static void test_oddity_words(void **state)
{
	(void)state;
	struct buf out = {0};
	http1_oddity_words(0, &out);
	assert_int_equal(buf_len(&out), 0);
	http1_oddity_words(ODD(CODING_UNUSED) | ODD(BARE_LF) | ODD(OBS_FOLD), &out);
	assert_text(buf_span(&out), "bare-lf obs-fold transfer-encoding-ignored");
	buf_clear(&out);
	http1_oddity_words(UINT32_MAX, &out);
	size_t words = 1;
	for (size_t i = 0; i < buf_len(&out); i++)
		words += out.p[i] == ' ';
	assert_int_equal(words, HTTP1_ODDITY_COUNT);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts_of_a_head),
		cmocka_unit_test(test_every_status),
		cmocka_unit_test(test_every_byte_everywhere),
		cmocka_unit_test(test_size_limits),
		cmocka_unit_test(test_field_limits),
		cmocka_unit_test(test_slow_drip),
		cmocka_unit_test(test_second_reader_objects),
		cmocka_unit_test(test_oddity_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
