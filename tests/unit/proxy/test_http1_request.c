/* Where a request head goes, what of it is sent on, and what of it is written down. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/http1_request.h"

static struct http1_head head_of(const char *text, struct arena *a)
{
	struct http1_head head;
	struct err err = {0};
	assert_int_equal(http1_request_head(span_str(text), a, &head, &err), HTTP1_HEAD);
	return head;
}

static void the_password_for_us_is_not_written_down(void **state)
{
	static const struct {
		const char *raw, *masked;
	} rows[] = {
		{"GET / HTTP/1.1\r\nProxy-Authorization: Basic c2VjcmV0\r\nX: y\r\n\r\n",
			"GET / HTTP/1.1\r\nProxy-Authorization: **************\r\nX: "
			"y\r\n\r\n"},
		{"proxy-AUTHORIZATION:abc\nProxy-Authorization: d",
			"proxy-AUTHORIZATION:***\nProxy-Authorization: *"},
		{"X: proxy-authorization", "X: proxy-authorization"},
		{"GET / HTTP/1.1\r\nAuthorization: Basic eA==\r\n\r\n",
			"GET / HTTP/1.1\r\nAuthorization: Basic eA==\r\n\r\n"},
		{"", ""},
	};
	(void)state;
	struct arena a = {0};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct span got = http1_masked(span_str(rows[i].raw), &a);
		if (!span_is(got, rows[i].masked))
			fail_msg("row %zu: %.*s", i, (int)got.n, (const char *)got.p);
	}
	arena_fini(&a);
}

static void the_head_goes_on_as_written(void **state)
{
	static const struct {
		bool proxy_form;
		const char *path, *raw, *sent;
	} rows[] = {
		{true, "/a?b",
			"GET http://h.test/a?b HTTP/1.1\r\nhOSt:  h.test\r\nProxy-Connection: "
			"keep-alive\r\nA: 1\r\nA: 2\r\n\r\n",
			"GET /a?b HTTP/1.1\r\nhOSt:  h.test\r\nA: 1\r\nA: 2\r\n\r\n"},
		{true, "/",
			"POST http://h.test HTTP/1.0\r\nProxy-Authorization: Basic "
			"eA==\r\nHost: h.test\r\n\r\n",
			"POST / HTTP/1.0\r\nHost: h.test\r\n\r\n"},
		{false, "/x", "GET /x HTTP/1.1\r\nHost: h.test\r\nProxy-Connection: x\r\n\r\n",
			"GET /x HTTP/1.1\r\nHost: h.test\r\nProxy-Connection: x\r\n\r\n"},
		/* What would follow a switch to HTTP/2 could not be read. */
		{false, "/x",
			"GET /x HTTP/1.1\r\nHost: h.test\r\nConnection: Upgrade, "
			"HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
			"GET /x HTTP/1.1\r\nHost: h.test\r\nConnection: Upgrade, "
			"HTTP2-Settings\r\n\r\n"},
		{false, "/x",
			"GET /x HTTP/1.1\r\nHost: h.test\r\nConnection: Upgrade\r\nUpgrade: "
			"websocket\r\n\r\n",
			"GET /x HTTP/1.1\r\nHost: h.test\r\nConnection: Upgrade\r\nUpgrade: "
			"websocket\r\n\r\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct buf out = {0};
		struct http1_head head = head_of(rows[i].raw, &a);
		http1_forward_head(&head, rows[i].proxy_form, span_str(rows[i].path), &out);
		if (!span_is(buf_span(&out), rows[i].sent))
			fail_msg("row %zu: %.*s", i, (int)buf_len(&out),
				(const char *)buf_span(&out).p);
		buf_fini(&out);
		arena_fini(&a);
	}
}

static void requests_are_routed(void **state)
{
	static const struct {
		bool intercepted;
		const char *raw, *url;
		enum err_kind want;
		bool internal;
	} rows[] = {
		{false, "GET http://H.test:8080/p?q HTTP/1.1\r\nHost: h.test:8080\r\n\r\n",
			"http://h.test:8080/p?q", ERR_NONE, false},
		{false, "GET http://h.test HTTP/1.1\r\nHost: h.test\r\n\r\n", "http://h.test/",
			ERR_NONE, false},
		{false, "GET http://h.test/ HTTP/1.1\r\nHost: other.test\r\n\r\n",
			"http://h.test/", ERR_HOST, false},
		{false,
			"GET http://clicktrail.internal/ca.pem HTTP/1.1\r\nHost: "
			"clicktrail.internal\r\n\r\n",
			"http://clicktrail.internal/ca.pem", ERR_NONE, true},
		{false, "GET /x HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
			"http://clicktrail.internal/x", ERR_NONE, true},
		{false, "GET /x HTTP/1.1\r\nHost: rebound.test:8080\r\n\r\n", "/x", ERR_TARGET,
			false},
		{false, "GET /x HTTP/1.1\r\nHost: 127.0.0.1:8081\r\n\r\n", "/x", ERR_TARGET,
			false},
		{true, "GET /x#y HTTP/1.1\r\nHost: in.test\r\n\r\n", "https://in.test/x#y",
			ERR_NONE, false},
		{true, "GET https://elsewhere.test/ HTTP/1.1\r\nHost: in.test\r\n\r\n",
			"https://elsewhere.test/", ERR_TARGET, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct err err = {0};
		struct http1_route route;
		struct tunnel t = {.intercepted = rows[i].intercepted, .listener_port = 8080};
		if (t.intercepted)
			t.target =
				(struct target){.host = "in.test", .port = 443, .https = true};
		struct http1_head head = head_of(rows[i].raw, &a);
		bool ok = http1_route(&t, &head, &a, &route, &err);
		if (ok != (rows[i].want == ERR_NONE) || err.kind != rows[i].want)
			fail_msg("row %zu: %s", i, err_word(err.kind));
		assert_string_equal(route.url, rows[i].url);
		if (ok)
			assert_int_equal(route.internal, rows[i].internal);
		arena_fini(&a);
	}
}

static void the_password_opens(void **state)
{
	static const struct {
		const char *password, *value;
		bool opens;
	} rows[] = {
		{NULL, "Basic eA==", true},
		{"u:p", "Basic dTpw", true},
		{"u:p", "basic  dTpw ", true},
		{"u:p", "Basic dTpx", false},
		{"u:p", "Basic dTpwcA==", false},
		{"u:p", "Basic dTo=", false},
		{"u:p", "Basic ", false},
		{"u:p", "Bearer dTpw", false},
		{"", "Basic ", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct http1_head head = head_of(
			arena_printf(&a,
				"GET / HTTP/1.1\r\nHost: h\r\nProxy-Authorization: %s\r\n\r\n",
				rows[i].value),
			&a);
		if (http1_authorized(rows[i].password, &head) != rows[i].opens)
			fail_msg("row %zu", i);
		arena_fini(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_password_for_us_is_not_written_down),
		cmocka_unit_test(the_head_goes_on_as_written),
		cmocka_unit_test(requests_are_routed),
		cmocka_unit_test(the_password_opens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
