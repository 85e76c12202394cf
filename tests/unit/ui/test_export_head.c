/* Recorded heads written out as HTTP/1.1 again, whatever stands in them. */
#include "ui/export/head.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct row {
	const char *method, *url, *fields, *want;
	struct head_body body;
	size_t left_out;
	int status; /* 0: a request */
	const char *reason;
};

static const struct row rows[] = {
	{.method = "GET",
		.url = "https://a.example/x?y#z",
		.fields = "Host: a.example\r\nX: 1\r\n",
		.want = "GET /x?y HTTP/1.1\r\nHost: a.example\r\nX: 1\r\n\r\n"},
	{.method = "GET",
		.url = "https://u:p@a.example:8443",
		.fields = ":method: GET\r\nx: 1\r\n",
		.want = "GET / HTTP/1.1\r\nHost: a.example:8443\r\nx: 1\r\n\r\n"},
	{.method = "POST",
		.url = "http://a.example?q",
		.fields = "Host: a\r\nProxy-Connection: keep-alive\r\nTransfer-Encoding: "
			  "chunked\r\n",
		.body = {.n = 3},
		.want = "POST /?q HTTP/1.1\r\nHost: a\r\nX-Orig-Transfer-Encoding: "
			"chunked\r\nContent-Length: 3\r\n\r\n"},
	{.method = "GET /\r\nX: 1",
		.url = "http://a.example/\r\n b\x01\xff",
		.fields = "Host: a\r\n",
		.want = "UNKNOWN /%0D%0A%20b%01%FF HTTP/1.1\r\nHost: a\r\n\r\n"},
	{.method = "GET",
		.url = "http://a/",
		.fields = "Host: a\r\nbad name: 1\r\nX: a\rb\r\n",
		.left_out = 1,
		.want = "GET / HTTP/1.1\r\nHost: a\r\nX: a b\r\n\r\n"},
	{.status = 302,
		.reason = "Found",
		.fields = "Location: /\r\nContent-Length: 0\r\n",
		.want = "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"},
	{.status = 200,
		.reason = "a\r\nb",
		.fields = "Content-Length: 9\r\n",
		.body = {.n = 4},
		.want = "HTTP/1.1 200 a  b\r\nX-Orig-Content-Length: 9\r\nContent-Length: "
			"4\r\n\r\n"},
	{.status = 200,
		.fields = "Content-Length: 4\r\nContent-Length: 4\r\n",
		.body = {.n = 4},
		.want = "HTTP/1.1 200 \r\nContent-Length: 4\r\nX-Orig-Content-Length: "
			"4\r\n\r\n"},
	{.status = 200,
		.fields = "Content-Encoding: gzip\r\n",
		.body = {.n = 1},
		.want = "HTTP/1.1 200 \r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\n"},
	{.status = 200,
		.fields = "Content-Encoding: zstd\r\n",
		.body = {.n = 1, .decoded = true},
		.want = "HTTP/1.1 200 \r\nX-Orig-Content-Encoding: zstd\r\nContent-Length: "
			"1\r\n\r\n"},
	{.status = 304,
		.fields = "Content-Length: 9\r\n",
		.body = {.none_follows = true},
		.want = "HTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n"},
	{.status = 200,
		.fields = "Refresh: 0;url=https://live.example/\r\n",
		.want = "HTTP/1.1 200 \r\nX-Orig-Refresh: 0;url=https://live.example/\r\n\r\n"},
	{.status = -7, .fields = "", .want = "HTTP/1.1 000 \r\n\r\n"},
};

static void heads_are_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		struct arena a = {0};
		struct buf out = {0};
		struct fact_request request = {
			.method = span_str(r->method), .url = span_str(r->url)};
		struct fact_response response = {
			.status = r->status, .reason = span_str(r->reason)};
		struct model_exchange x = {.request = &request, .response = &response};
		size_t left;
		if (r->status == 0) {
			x.n_req_fields =
				fields_parse(&a, SPAN_NONE, span_str(r->fields), &x.req_fields);
			left = head_request(&x, &r->body, &out);
		} else {
			x.n_res_fields =
				fields_parse(&a, SPAN_NONE, span_str(r->fields), &x.res_fields);
			left = head_response(&x, &r->body, &out);
		}
		char *text = buf_take_str(&out);
		assert_string_equal(text, r->want);
		assert_int_equal(left, r->left_out);
		free(text);
		arena_fini(&a);
	}
}

static void addresses_become_uris(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{"https://[2001:db8::1]/a[b]|{c}\"",
			"https://[2001:db8::1]/a%5Bb%5D%7C%7Bc%7D%22"},
		{"https://a/%41%4g%", "https://a/%41%254g%25"},
		{"https://a/\xc3\xa9 \n", "https://a/%C3%A9%20%0A"},
		{"https://a/?x=1&y='2'#f", "https://a/?x=1&y='2'#f"},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct buf out = {0};
		head_add_uri(&out, span_str(pairs[i][0]));
		char *text = buf_take_str(&out);
		assert_string_equal(text, pairs[i][1]);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_heads),
		cmocka_unit_test(addresses_become_uris),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
