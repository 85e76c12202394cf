/* What is derived and reported from exchanges of HTTP/2 is what would be from HTTP/1. */
#include "tests/kit/h2_talk.h"
#include "tests/kit/run_program.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* As Firefox asks for a page. */
#define NAVIGATES                                                                              \
	"user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\n" \
	"accept: text/html\nsec-fetch-dest: document\nsec-fetch-mode: navigate\n"
#define TYPED "sec-fetch-site: none\nsec-fetch-user: ?1\n"
#define MOVED "sec-fetch-site: same-origin\n"
#define COOKIES "cookie: one=1; two=2\ncookie: three=3\n"

static const char *text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));
	return s != NULL ? s : "";
}

static void answer(
	struct h2_talk *t, uint32_t stream, const char *ask, const char *head, const char *body)
{
	h2_raw_head(&t->b, H2_END_STREAM, stream, ask);
	uint32_t s = h2_raw_expect(&t->o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_head(&t->o, body == NULL ? H2_END_STREAM : 0, s, head);
	h2_raw_await(&t->b, H2_HEADERS, stream);
	if (body == NULL)
		return;
	h2_raw_data(&t->o, H2_END_STREAM, s, body);
	h2_raw_expect_data(&t->b, stream, body, true);
}

static bool has_header(const json_t *hop, const char *side, const char *name, const char *value)
{
	const json_t *list = json_object_get(json_object_get(hop, side), "headers");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *pair = json_array_get(list, i);
		if (strcmp(json_string_value(json_array_get(pair, 0)), name) == 0 &&
			strcmp(json_string_value(json_array_get(pair, 1)), value) == 0)
			return true;
	}
	return false;
}

static void a_trail_over_http2(void **state)
{
	struct h2_talk t;
	struct run_program p;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	answer(&t, 1, H2_GET("/click") NAVIGATES TYPED COOKIES,
		":status: 302\nlocation: /shop?x=1\nset-cookie: k=v; Path=/\n", NULL);
	answer(&t, 3, H2_GET("/shop?x=1") NAVIGATES TYPED,
		":status: 200\ncontent-type: text/html\nrefresh: 0; url=/landing\n",
		"<p>wait</p>");
	answer(&t, 5, H2_GET("/landing") NAVIGATES MOVED,
		":status: 200\ncontent-type: text/html; charset=utf-8\n",
		"<title>Here</title>");
	h2_talk_end(&t);
	run_program_folder(&p);
	const char *json_args[] = {
		"report", t.rec.proxy.case_path, "--format", "json", "--redact", "none", NULL};
	if (run_program(&p, 60, json_args) != 0)
		fail_msg("report: %s", run_program_stderr(&p));
	json_error_t error;
	json_t *json = json_loads(run_program_stdout(&p), 0, &error);
	assert_non_null(json);
	const json_t *trail = json_array_get(json_object_get(json, "trails"), 0);
	const json_t *hops = json_object_get(trail, "hops");
	assert_int_equal(json_array_size(hops), 3);
	static const char *const urls[] = {"https://" ORIGIN_HOST "/click",
		"https://" ORIGIN_HOST "/shop?x=1", "https://" ORIGIN_HOST "/landing"};
	static const char *const mechanisms[] = {NULL, "http-redirect", "refresh-header"};
	for (size_t i = 0; i < 3; i++) {
		const json_t *hop = json_array_get(hops, i);
		assert_string_equal(text(hop, "url"), urls[i]);
		assert_string_equal(text(hop, "method"), "GET");
		assert_string_equal(text(hop, "protocol"), "h2");
		if (mechanisms[i] != NULL)
			assert_string_equal(
				text(json_object_get(hop, "arrived_by"), "mechanism"),
				mechanisms[i]);
	}
	const json_t *first = json_array_get(hops, 0);
	assert_int_equal(json_integer_value(json_object_get(first, "status")), 302);
	assert_true(has_header(first, "response", "location", "/shop?x=1"));
	assert_true(has_header(first, "response", "set-cookie", "k=v; Path=/"));
	assert_true(has_header(first, "request", "accept", "text/html"));
	json_decref(json);
	/* The other readers of a case. */
	const char *text_args[] = {
		"report", t.rec.proxy.case_path, "--format", "text", "--redact", "none", NULL};
	assert_int_equal(run_program(&p, 60, text_args), 0);
	assert_non_null(strstr(run_program_stdout(&p), "/shop?x=1"));
	const char *explain[] = {"explain", t.rec.proxy.case_path, NULL};
	assert_int_equal(run_program(&p, 60, explain), 0);
	run_program_end(&p);
	h2_talk_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_trail_over_http2),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
