/*
 * HAR files as others read them: by the published schema, and by a checker that holds every
 * member against the case by SQL. Of a recorded demo, and of a case with all that is hostile.
 */
#include "tests/kit/export_case.h"
#include "tests/kit/run_reader.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

enum { SECONDS = 60 };

static struct world {
	struct run_program p;
	struct temp_case hostile;
} w;

static void readers_agree(const char *path, const char *har)
{
	const char *node[] = {"/usr/bin/env", "node",
		source_file(&w.p, "tests/node/har_check.js"), har, NULL};
	const char *python[] = {"/usr/bin/env", "python3", "-B",
		source_file(&w.p, "tests/export/check_har.py"), path, har, NULL};
	run_reader(&w.p, SECONDS, node);
	run_reader(&w.p, SECONDS, python);
}

static void a_recorded_click_is_valid(void **state)
{
	(void)state;
	report_as(&w.p, "demo.case", "har", "demo.har", NULL);
	readers_agree("demo.case", "demo.har");
}

static void hostile_fields_stay_in_their_place(void **state)
{
	(void)state;
	report_as(&w.p, w.hostile.path, "har", "hostile.har", NULL);
	readers_agree(w.hostile.path, "hostile.har");
}

static json_t *har_of(const char *name)
{
	json_error_t why;
	json_t *har = json_load_file(
		arena_printf(&w.p.arena, "%s/%s", w.p.dir, name), JSON_ALLOW_NUL, &why);
	if (har == NULL)
		fail_msg("%s: %s", name, why.text);
	return har;
}

static json_t *entry_of(json_t *har, const char *url, size_t nth)
{
	json_t *entry;
	size_t i;
	json_array_foreach(json_object_get(json_object_get(har, "log"), "entries"), i, entry)
	{
		const char *has;
		json_unpack(entry, "{s:{s:s}}", "request", "url", &has);
		if (strcmp(has, url) == 0 && nth-- == 0)
			return entry;
	}
	fail_msg("no entry %s", url);
	return NULL;
}

/* A path of names, and numbers of array items, to a member as compact JSON. */
static void member_is(json_t *j, const char *path, const char *want)
{
	char copy[200], *rest = copy, *name;
	snprintf(copy, sizeof copy, "%s", path);
	while ((name = strsep(&rest, ".")) != NULL && j != NULL)
		j = json_is_array(j) ? json_array_get(j, (size_t)atoi(name))
				     : json_object_get(j, name);
	char *got = j != NULL ? json_dumps(j,
					JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6))
			      : NULL;
	if (got == NULL || strcmp(got, want) != 0)
		fail_msg("%s: %s, not %s", path, got != NULL ? got : "absent", want);
	free(got);
}

static void the_parts_of_an_entry(void **state)
{
	(void)state;
	report_as(&w.p, w.hostile.path, "har", "parts.har", NULL);
	json_t *har = har_of("parts.har");
	const char *link = "https://origin.example/c?t=1&e=%C3%A9+x";
	json_t *e = entry_of(har, link, 0);
	member_is(e, "request.queryString",
		"[{\"name\":\"t\",\"value\":\"1\"},{\"name\":\"e\",\"value\":\"\xc3\xa9 x\"}]");
	member_is(e, "request.cookies",
		"[{\"name\":\"a\",\"value\":\"1\"},{\"name\":\"b\",\"value\":\"\\\"two\\\"\"},"
		"{\"name\":\"\",\"value\":\"c\"}]");
	member_is(e, "response.cookies.0",
		"{\"name\":\"s\",\"value\":\"1\",\"httpOnly\":true,\"secure\":false,\"path\":"
		"\"/\",\"sameSite\":\"Lax\",\"expires\":\"2026-10-21T07:28:00.000000Z\"}");
	member_is(e, "response.cookies.1.expires", "\"2026-02-03T04:06:07.034857Z\"");
	member_is(e, "response.redirectURL", "\"/c?t=1&e=%C3%A9+x\"");
	member_is(e, "timings",
		"{\"blocked\":20.5,\"dns\":1.5,\"connect\":6.5,\"send\":0.7,\"wait\":5.0,"
		"\"receive\":3.0,\"ssl\":4.0}");
	member_is(e, "time", "37.2");
	member_is(e, "serverIPAddress", "\"192.0.2.7\"");
	member_is(e, "_initiator", "{\"type\":\"other\"}");
	member_is(e, "_trail.mechanism", "\"open\"");
	member_is(e, "_tls.version", "\"TLS 1.3\"");
	e = entry_of(har, link, 1);
	member_is(e, "timings.dns", "-1");
	member_is(e, "response.redirectURL", "\"https://origin.example/land#top\"");
	e = entry_of(har, "https://origin.example/land", 0);
	member_is(e, "response.content.text",
		"\"<title>Landed</title><p>you won \xf0\x9f\x8e\x81</p>\"");
	member_is(e, "_initiator",
		"{\"type\":\"redirect\",\"url\":\"https://origin.example/c?t=1&e=%C3%A9+x\"}");
	e = entry_of(har, "https://origin.example/p.png", 0);
	member_is(e, "response.content",
		"{\"size\":11,\"mimeType\":\"image/png\",\"text\":\"iVBORw0KGgoA/wA=\","
		"\"encoding\":\"base64\"}");
	member_is(e, "_resourceType", "\"image\"");
	member_is(e, "_initiator",
		"{\"type\":\"parser\",\"url\":\"https://origin.example/land\"}");
	e = entry_of(har, "https://origin.example/form?q=1", 0);
	member_is(e, "request.postData.params.0",
		"{\"name\":\"name\",\"value\":\"J\xc3\xb6rg M&M\"}");
	member_is(e, "_initiator.type", "\"script\"");
	e = entry_of(har, "https://origin.example/h2?x=1", 0);
	member_is(e, "request.httpVersion", "\"HTTP/2\"");
	member_is(e, "request.headersSize", "-1");
	member_is(e, "request.headers.0.name", "\"referer\"");
	e = entry_of(har, "https://gone.example/", 0);
	member_is(e, "response.status", "0");
	member_is(e, "response._error", "\"dns-not-found\"");
	e = entry_of(har, "https://origin.example/cut", 0);
	member_is(e, "response._error", "\"cut-off\"");
	member_is(e, "response.content.comment", "\"not recorded whole\"");
	json_decref(har);
}

/* One trail: nothing of the other session, and of its own all parts. */
static void one_trail_has_its_parts(void **state)
{
	(void)state;
	static const char *const first[] = {"--trail", "1.1", NULL};
	static const char *const none[] = {
		"report", "x", "--format", "har", "--trail", "9.9", NULL};
	report_as(&w.p, w.hostile.path, "har", "one.har", first);
	json_t *har = har_of("one.har"), *entry;
	size_t i, n = 0;
	json_array_foreach(json_object_get(json_object_get(har, "log"), "entries"), i, entry)
	{
		member_is(entry, "pageref", "\"1.1\"");
		n++;
	}
	assert_int_equal(n, 14);
	json_decref(har);
	const char *args[sizeof none / sizeof *none];
	memcpy(args, none, sizeof none);
	args[1] = w.hostile.path;
	assert_int_equal(run_program(&w.p, SECONDS, args), 1);
}

static int start(void **state)
{
	(void)state;
	run_program_folder(&w.p);
	const char *demo[] = {
		"demo", "--browser", "none", "--case", "demo.case", "--ca-dir", "ca", NULL};
	assert_int_equal(run_program(&w.p, SECONDS, demo), 0);
	temp_case_start(&w.hostile);
	export_case_fill(&w.hostile);
	temp_case_close(&w.hostile);
	return 0;
}

static int end(void **state)
{
	(void)state;
	temp_case_fini(&w.hostile);
	run_program_end(&w.p);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recorded_click_is_valid),
		cmocka_unit_test(hostile_fields_stay_in_their_place),
		cmocka_unit_test(the_parts_of_an_entry),
		cmocka_unit_test(one_trail_has_its_parts),
	};
	return cmocka_run_group_tests(tests, start, end);
}
