/* Parts of HAR entries by themselves: cookies with their dates, pairs, and where lists end. */
#include "ui/export/har.h"

#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void is(json_t *j, const char *want)
{
	char *text = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);
	assert_string_equal(text, want);
	free(text);
	json_decref(j);
}

/* RFC 6265 5.1.1: what browsers read, and what they do not. */
static void dates_are_read_as_browsers_do(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"Wed, 21 Oct 2026 07:28:00 GMT", "2026-10-21T07:28:00.000000Z"},
		{"Wednesday, 21-Oct-26 07:28:00 GMT", "2026-10-21T07:28:00.000000Z"},
		{"Wed Oct 21 7:28:0 2026", "2026-10-21T07:28:00.000000Z"},
		{"21 october 1999 00:00:01", "1999-10-21T00:00:01.000000Z"},
		{"Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000000Z"},
		{"21 Oct 69 00:00:00", "2069-10-21T00:00:00.000000Z"},
		{"21 Oct 2026", NULL},
		{"21 Oct 2026 24:00:00", NULL},
		{"32 Oct 2026 00:00:00", NULL},
		{"0", NULL},
		{"", NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char line[200];
		bool more = false;
		snprintf(line, sizeof line, "a=1; Expires=%s", rows[i][0]);
		struct model_field field = {span_str("Set-Cookie"), span_str(line)};
		struct fact_response response = {.at_us = 0};
		struct model_exchange x = {
			.response = &response, .res_fields = &field, .n_res_fields = 1};
		json_t *list = har_response_cookies(&x, &more);
		json_t *expires = json_object_get(json_array_get(list, 0), "expires");
		const char *got = expires != NULL ? json_string_value(expires) : NULL;
		if ((got == NULL) != (rows[i][1] == NULL) ||
			(got != NULL && strcmp(got, rows[i][1]) != 0))
			fail_msg("%s: %s", rows[i][0], got != NULL ? got : "no date");
		json_decref(list);
	}
}

static json_t *cookie(const char *line, int64_t at_us)
{
	bool more = false;
	struct model_field field = {span_str("set-cookie"), span_str(line)};
	struct fact_response response = {.at_us = at_us};
	struct model_exchange x = {
		.response = &response, .res_fields = &field, .n_res_fields = 1};
	return har_response_cookies(&x, &more);
}

static void a_cookie_has_its_attributes(void **state)
{
	(void)state;
	is(cookie("n=v=w; Path=/p; DOMAIN=.a.example; httponly; Secure; SameSite=none", 0),
		"[{\"name\":\"n\",\"value\":\"v=w\",\"httpOnly\":true,\"secure\":true,\"path\":"
		"\"/p\",\"domain\":\".a.example\",\"sameSite\":\"None\"}]");
	is(cookie("only; SameSite=x", 0),
		"[{\"name\":\"\",\"value\":\"only\",\"httpOnly\":false,\"secure\":false}]");
	/* Max-Age wins, wherever it stands. */
	is(cookie("a=; Max-Age=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", 1000000),
		"[{\"name\":\"a\",\"value\":\"\",\"httpOnly\":false,\"secure\":false,"
		"\"expires\":\"1970-01-01T00:00:02.000000Z\"}]");
	/* No time that could be summed up. */
	is(cookie("a=; Max-Age=9", INT64_MAX - 5),
		"[{\"name\":\"a\",\"value\":\"\",\"httpOnly\":false,\"secure\":false}]");
	is(cookie("a=; Max-Age=9", FACT_NULL),
		"[{\"name\":\"a\",\"value\":\"\",\"httpOnly\":false,\"secure\":false}]");
}

static void lists_end_and_say_so(void **state)
{
	(void)state;
	struct buf url = {0}, line = {0};
	bool more = false;
	buf_add_str(&url, "https://a.example/?");
	for (size_t i = 0; i < HAR_PAIRS_MAX; i++) {
		buf_addf(&url, "%sa=%zu", i > 0 ? "&" : "", i);
		buf_addf(&line, "%sa=%zu", i > 0 ? "; " : "", i);
	}
	json_t *list = har_query(buf_span(&url), &more);
	assert_int_equal(json_array_size(list), HAR_PAIRS_MAX);
	assert_false(more);
	json_decref(list);
	buf_add_str(&url, "&b=1#c");
	list = har_query(buf_span(&url), &more);
	assert_int_equal(json_array_size(list), HAR_PAIRS_MAX);
	assert_true(more);
	json_decref(list);
	struct model_field field = {span_str("Cookie"), buf_span(&line)};
	struct model_exchange x = {.req_fields = &field, .n_req_fields = 1};
	more = false;
	list = har_request_cookies(&x, &more);
	assert_false(more);
	json_decref(list);
	buf_add_str(&line, "; b=1");
	field.value = buf_span(&line);
	list = har_request_cookies(&x, &more);
	assert_int_equal(json_array_size(list), HAR_PAIRS_MAX);
	assert_true(more);
	json_decref(list);
	buf_fini(&url);
	buf_fini(&line);
}

static void pairs_are_decoded(void **state)
{
	(void)state;
	bool more = false;
	is(har_query(span_str("https://a/?a+b=%C3%A9&&c&=d&e=%00%zz"), &more),
		"[{\"name\":\"a b\",\"value\":\"\xc3\xa9\"},{\"name\":\"c\",\"value\":\"\"},"
		"{\"name\":\"\",\"value\":\"d\"},{\"name\":\"e\",\"value\":\"\\u0000%zz\"}]");
	is(har_query(span_str("https://a/#?x=1"), &more), "[]");
	assert_false(more);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_read_as_browsers_do),
		cmocka_unit_test(a_cookie_has_its_attributes),
		cmocka_unit_test(lists_end_and_say_so),
		cmocka_unit_test(pairs_are_decoded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
