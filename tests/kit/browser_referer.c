#include "tests/kit/browser_referer.h"
#include "tests/kit/read_case.h"
#include "tests/kit/run_program.h"
#include "tests/kit/script_origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

enum { SECONDS = 120, CONNECTIONS = 12 };

/* Whatever is asked for: a page that says what it sees of where it came from. */
#define PAGE                                                                                   \
	"<!doctype html><link rel=icon href='data:,'><script>fetch('/seen?'+"                  \
	"encodeURIComponent(document.referrer+' '+history.length))</script>"
static const struct script_step page[] = {EXPECT_HEAD,
	SEND("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" PAGE),
	END};

static const struct {
	bool tls;
	const char *link, *referer;
	const char *asked; /* how the request for the link begins */
	const char *seen;  /* document.referrer, escaped, and the entries of the history */
	const char *site;  /* Sec-Fetch-Site; NULL: none over http */
} visits[] = {
	{true, "https://link.test/c?t=1", "https://mail.test/inbox?folder=a&m=17",
		"GET /c?t=1 HTTP/1.1\r\n",
		"https%3A%2F%2Fmail.test%2Finbox%3Ffolder%3Da%26m%3D17%202", "cross-site"},
	/* Of the host that is then asked for real. */
	{true, "https://link.test/c?t=2", "https://link.test/list?p=1",
		"GET /c?t=2 HTTP/1.1\r\n", "https%3A%2F%2Flink.test%2Flist%3Fp%3D1%202",
		"same-origin"},
	/* Browsers open their own address anew in the same place of the history. */
	{false, "http://link.test/c?t=4", "http://link.test/c?t=4", "GET /c?t=4 HTTP/1.1\r\n",
		"http%3A%2F%2Flink.test%2Fc%3Ft%3D4%201", NULL},
};

/* What was received with this in it; fails if there is none, or more than one. */
static const char *only(struct script_origin *o, const char *text, struct arena *a)
{
	const char *found = NULL;
	for (size_t i = 0; i < CONNECTIONS; i++) {
		struct span got = script_origin_received(o, i);
		if (span_find(got, span_str(text), 0) == SIZE_MAX)
			continue;
		if (found != NULL)
			fail_msg("\"%s\" came twice", text);
		found = arena_str(a, got);
	}
	for (size_t i = 0; found == NULL && i < CONNECTIONS; i++) {
		struct span got = script_origin_received(o, i);
		print_error("%.*s\n", (int)got.n, (const char *)got.p);
	}
	if (found == NULL)
		fail_msg("\"%s\" never came", text);
	return found;
}

static bool line_is(const char *head, const char *name, const char *value)
{
	char line[300];
	snprintf(line, sizeof line, "\r\n%s: %s\r\n", name, value);
	return strstr(head, line) != NULL;
}

/* The page was recorded as ours, nobody was dialled for it, and it is no hop. */
static void look_at_record(struct run_program *p, size_t i)
{
	struct read_case c;
	char path[128];
	size_t ours = 0;
	snprintf(path, sizeof path, "%s/r.case", p->dir);
	read_case(&c, path);
	for (size_t k = 0; k < CASE_COUNT(&c, REQUEST); k++) {
		const struct fact_request *r = CASE_FACT(&c, REQUEST, request, k);
		if (!span_is(r->oddities, ODDITY_REFERER_PAGE))
			continue;
		ours++;
		assert_true(span_is(r->url, visits[i].referer));
		assert_true(
			span_is(read_case_response(&c, r->exchange)->made_by, "clicktrail"));
	}
	assert_int_equal(ours, 1);
	for (size_t k = 0; k < CASE_COUNT(&c, LEG); k++)
		assert_true(span_is(CASE_FACT(&c, LEG, leg, k)->host, "link.test"));
	assert_int_equal(read_case_notes(&c, "referer"), 1);
	read_case_fini(&c);
}

static void look_at_report(struct run_program *p, size_t i)
{
	const char *const args[] = {
		"report", "r.case", "--format", "json", "--redact", "none", NULL};
	json_error_t error;
	assert_int_equal(run_program(p, SECONDS, args), 0);
	json_t *j = json_loads(run_program_stdout(p), 0, &error);
	assert_non_null(j);
	json_t *trail = json_array_get(json_object_get(j, "trails"), 0);
	json_t *hops = json_object_get(trail, "hops");
	assert_int_equal(json_array_size(json_object_get(j, "trails")), 1);
	assert_int_equal(json_array_size(hops), 1);
	json_t *hop = json_array_get(hops, 0);
	json_t *by = json_object_get(hop, "arrived_by");
	assert_string_equal(json_string_value(json_object_get(by, "mechanism")), "open");
	assert_string_equal(json_string_value(json_object_get(hop, "url")), visits[i].link);
	json_t *browser = json_object_get(json_object_get(j, "case"), "browser");
	assert_string_equal(
		json_string_value(json_object_get(browser, "referer")), visits[i].referer);
	/* Who claims nothing gives nothing away. */
	json_t *tells = json_object_get(browser, "device_giveaways");
	assert_int_equal(json_array_size(tells) > 5, !visits[i].tls);
	char *notes = json_dumps(json_object_get(trail, "notes"), 0);
	assert_int_equal(strstr(notes, "--device android; what") != NULL, !visits[i].tls);
	if (strstr(notes, "given by --referer") == NULL || strstr(notes, "instead") != NULL)
		fail_msg("%s", notes);
	free(notes);
	json_decref(j);
}

static void visit(const char *browser, size_t i)
{
	struct run_program p;
	struct arena a = {0};
	struct script_origin *o = script_origin_start(visits[i].tls, NULL);
	run_program_folder(&p);
	for (size_t k = 0; k < CONNECTIONS; k++)
		script_origin_play(o, page);
	const char *args[] = {"trace", "--case", "r.case", "--ca-dir", "ca", "--browser",
		browser, "--settle", "3", "--allow-net", "127.0.0.0/8", "--dns-servers",
		"127.0.0.1:9", "--connect-to",
		script_origin_rule(o, "link.test", visits[i].tls ? 443 : 80), "--referer",
		visits[i].referer, visits[i].tls ? "--cacert" : "--timeout",
		visits[i].tls ? script_origin_cacert(o) : "60",
		visits[i].tls ? "--durability" : "--device",
		visits[i].tls ? "crash" : "android", visits[i].link, NULL};
	int code = run_program(&p, SECONDS, args);
	if (code != 0)
		fail_msg("%s: %d:\n%s\n%s", visits[i].link, code, run_program_stdout(&p),
			run_program_stderr(&p));
	const char *link = only(o, visits[i].asked, &a);
	if (!line_is(link, "Referer", visits[i].referer) ||
		strstr(link, "Sec-Fetch-User") != NULL)
		fail_msg("%s", link);
	if (visits[i].site != NULL && !line_is(link, "Sec-Fetch-Site", visits[i].site))
		fail_msg("%s", link);
	only(o, visits[i].seen, &a);
	look_at_record(&p, i);
	look_at_report(&p, i);
	script_origin_abandon(o);
	run_program_end(&p);
	arena_fini(&a);
}

void browser_referer(const char *browser)
{
	for (size_t i = 0; i < sizeof visits / sizeof *visits; i++)
		visit(browser, i);
}
