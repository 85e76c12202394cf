/* --no-intercept with a real Firefox: the trail is what it is with interception, and the origin
 * sees the browser's own handshake. */
#include "tests/kit/browser_scenes.h"
#include "tests/kit/h2_origin.h"
#include "tests/kit/lab_trace.h"
#include "tests/kit/read_case.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));
	return s != NULL ? s : "";
}

static const json_t *hops_of(const json_t *report)
{
	return json_object_get(json_array_get(json_object_get(report, "trails"), 0), "hops");
}

/* What of a hop does not carry a visit's tokens. */
static void check_same_hop(const json_t *a, const json_t *b)
{
	const json_t *by_a = json_object_get(a, "arrived_by"),
		     *by_b = json_object_get(b, "arrived_by");
	assert_string_equal(text(by_a, "mechanism"), text(by_b, "mechanism"));
	assert_string_equal(text(by_a, "confidence"), text(by_b, "confidence"));
	assert_int_equal(json_array_size(json_object_get(by_a, "evidence")),
		json_array_size(json_object_get(by_b, "evidence")));
	assert_string_equal(text(a, "method"), text(b, "method"));
	assert_string_equal(text(a, "protocol"), text(b, "protocol"));
	assert_int_equal(json_integer_value(json_object_get(a, "status")),
		json_integer_value(json_object_get(b, "status")));
	assert_int_equal(json_is_null(json_object_get(a, "tls")),
		json_is_null(json_object_get(b, "tls")));
	const json_t *cert_a = json_object_get(json_object_get(a, "tls"), "certs"),
		     *cert_b = json_object_get(json_object_get(b, "tls"), "certs");
	assert_int_equal(json_array_size(cert_a), json_array_size(cert_b));
	/* Names of header fields, in order, of what came from the origin. */
	const json_t *in_a = json_object_get(json_object_get(a, "response"), "headers"),
		     *in_b = json_object_get(json_object_get(b, "response"), "headers");
	assert_int_equal(json_array_size(in_a), json_array_size(in_b));
	for (size_t i = 0; i < json_array_size(in_a); i++)
		assert_string_equal(
			json_string_value(json_array_get(json_array_get(in_a, i), 0)),
			json_string_value(json_array_get(json_array_get(in_b, i), 0)));
}

/* The click of the demo, once each way. Among its steps is a link that works once. */
static void the_trail_is_that_of_interception(void **state)
{
	static const char *const intercepted[] = {"--settle", "2", NULL};
	static const char *const overheard[] = {"--settle", "2", "--no-intercept", NULL};
	struct lab_trace t;
	size_t n;
	(void)state;
	lab_trace_start(&t);
	lab_trace_run(&t, LAB_CLICK, intercepted, 120);
	lab_trace_compare(&t, false);
	json_t *first = json_incref(t.report);
	const char *const *clients = lab_clients(t.lab, &t.program.arena, &n);
	assert_int_equal(n, 1);
	const char *proxys = clients[0];

	lab_trace_run(&t, LAB_CLICK, overheard, 120);
	lab_trace_compare(&t, false);
	assert_int_equal(t.exit_code, 0);
	assert_true(t.served.reached_end);
	assert_int_equal(t.served.decoys, 0);
	assert_int_equal(t.served.strays, 0);
	assert_string_equal(lab_trace_word(&t, "ended_by"), "page");
	assert_string_equal(text(json_object_get(t.report, "case"), "mode"), "no-intercept");
	const json_t *a = hops_of(first), *b = hops_of(t.report);
	assert_int_equal(json_array_size(a), json_array_size(b));

	clients = lab_clients(t.lab, &t.program.arena, &n);
	assert_int_equal(n, 1);
	assert_string_not_equal(clients[0], proxys);
	for (size_t i = 0; i < json_array_size(a); i++) {
		const json_t *before = json_array_get(a, i), *hop = json_array_get(b, i);
		check_same_hop(before, hop);
		const json_t *tls = json_object_get(hop, "tls");
		if (json_is_null(tls))
			continue;
		/* The origin saw what the browser sent. */
		assert_string_equal(text(tls, "ja4"), clients[0]);
		assert_string_equal(text(tls, "browser_ja4"), clients[0]);
		/* The proxy knows this browser by the same suites; only a pretended encrypted
		 * hello, which browsers send by default, is switched off for it. */
		assert_memory_equal(text(json_object_get(before, "tls"), "browser_ja4") + 10,
			clients[0] + 10, 13);
		assert_string_equal(text(json_object_get(before, "tls"), "ja4"), proxys);
		assert_true(json_is_null(json_object_get(tls, "verified")));
	}
	json_decref(first);
	lab_trace_end(&t);
}

/* Those that ask most of the order of facts, of bodies, and of what cannot be intercepted. */
static void tricks_are_told_as_they_were_served(void **state)
{
	static const char *const names[] = {"codings", "bad-cert", NULL};
	(void)state;
	browser_scenes_with("firefox", "--no-intercept", names);
}

#define CLICK "https://click.h2.test/t?id=1"
#define SHOP "https://shop.h2.test/offer"

static const struct h2_route routes[] = {
	{"/t?id=1", 302, "location: " SHOP "?via=302\nset-cookie: seen=1; Secure\n", NULL, 0},
	{"/offer?via=302", 200, "content-type: text/html; charset=utf-8\n",
		"<!doctype html><meta http-equiv=refresh content='0; url=/landing'>", 0},
	{"/landing", 200, "content-type: text/html; charset=utf-8\n",
		"<!doctype html><title>Offer</title><img src=/1.png><img src=/2.png><p>Buy.",
		0},
	{"/1.png", 200, "content-type: image/png\n", NULL, 90000},
	{"/2.png", 200, "content-type: image/png\n", NULL, 90000},
};

static void check_bodies(const char *path)
{
	struct read_case facts;
	size_t pictures = 0;
	read_case(&facts, path);
	for (size_t i = 0; i < CASE_COUNT(&facts, REQUEST); i++) {
		const struct fact_request *q = CASE_FACT(&facts, REQUEST, request, i);
		if (!span_ends_nocase(q->url, ".png"))
			continue;
		pictures++;
		assert_true(span_is(q->version, "HTTP/2"));
		const struct fact_exchange_end *end = read_case_end(&facts, q->exchange);
		assert_true(span_is(end->reason, "ok"));
		assert_int_equal(read_case_body(&facts, q->exchange, SIDE_RESPONSE).n, 90000);
	}
	assert_int_equal(pictures, 2);
	read_case_fini(&facts);
}

/* The browser chooses HTTP/2 with its origin, and both it and its bodies are read. */
static void http2_is_overheard(void **state)
{
	static const char *const urls[] = {
		CLICK, SHOP "?via=302", "https://shop.h2.test/landing"};
	struct run_program p;
	json_error_t error;
	(void)state;
	struct h2_origin *o = h2_origin_start("DNS:*.h2.test", "h2,http/1.1");
	h2_origin_serve(o, routes, sizeof routes / sizeof *routes);
	run_program_folder(&p);
	const char *trace[] = {"trace", "--no-intercept", "--case", "t.case", "--ca-dir", "ca",
		"--cacert", h2_origin_cacert(o), "--allow-net", "127.0.0.0/8", "--connect-to",
		h2_origin_rule(o, "click.h2.test"), "--connect-to",
		h2_origin_rule(o, "shop.h2.test"), "--settle", "2", CLICK, NULL};
	int code = run_program(&p, 120, trace);
	if (code != 0)
		fail_msg("trace ended with %d:\n%s\n%s", code, run_program_stdout(&p),
			run_program_stderr(&p));
	const char *report[] = {
		"report", "t.case", "--format", "json", "--redact", "none", NULL};
	assert_int_equal(run_program(&p, 60, report), 0);
	json_t *json = json_loads(run_program_stdout(&p), 0, &error);
	const json_t *hops = hops_of(json);
	assert_int_equal(json_array_size(hops), 3);
	for (size_t i = 0; i < 3; i++) {
		const json_t *hop = json_array_get(hops, i);
		assert_string_equal(text(hop, "url"), urls[i]);
		assert_string_equal(text(hop, "protocol"), "h2");
		assert_string_equal(text(json_object_get(hop, "tls"), "alpn"), "h2");
	}
	json_decref(json);
	check_bodies(arena_printf(&p.arena, "%s/t.case", p.dir));
	h2_origin_stop(o);
	run_program_end(&p);
}

/* Nobody answers in the origin's place, so there is no trail; that is known before the time is
 * up. */
static void refused_by(const char *browser)
{
	struct run_program p;
	struct h2_origin *o = h2_origin_start("DNS:*.h2.test", "h2,http/1.1");
	h2_origin_serve(o, routes, sizeof routes / sizeof *routes);
	run_program_folder(&p);
	const char *trace[] = {"trace", "--no-intercept", "--case", "t.case", "--ca-dir", "ca",
		"--allow-net", "127.0.0.0/8", "--connect-to",
		h2_origin_rule(o, "click.h2.test"), "--browser", browser, "--settle", "2",
		"--timeout", "100", CLICK, NULL};
	assert_int_equal(run_program(&p, 120, trace), 2);
	const char *said = run_program_stderr(&p);
	if (strstr(said, "the browser refused the certificate: ") == NULL ||
		strstr(said, "the link was never asked for") == NULL ||
		strstr(said, "the time was up") != NULL)
		fail_msg("%s: trace said:\n%s\n%s", browser, run_program_stdout(&p), said);
	h2_origin_stop(o);
	run_program_end(&p);
}

static void a_refused_link_ends_the_trace(void **state)
{
	(void)state;
	refused_by("firefox");
	refused_by("chromium");
}

/* The packet recorder is a child of the program; what it wrote is told by its file. */
static pid_t recorder_of(const struct lab_trace *t)
{
	char path[80], text[4096];
	pid_t found = 0;
	snprintf(
		path, sizeof path, "/proc/%d/task/%d/children", t->program.pid, t->program.pid);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	for (char *at = strtok(text, " "); at != NULL; at = strtok(NULL, " ")) {
		char name[64] = "";
		snprintf(path, sizeof path, "/proc/%d/comm", atoi(at));
		f = fopen(path, "re");
		if (f != NULL && fgets(name, sizeof name, f) != NULL &&
			strncmp(name, "clicktrail-capt", 15) == 0)
			found = atoi(at);
		if (f != NULL)
			fclose(f);
	}
	return found;
}

/* The recorder dies on the way: what was seen until then is told, and that it was not all. */
static void a_recorder_that_dies_ends_the_trace(void **state)
{
	enum { ENOUGH = 40000, TRIES = 6000 };
	static const char *const options[] = {"--settle", "20", "--no-intercept", NULL};
	struct lab_trace t;
	struct stat st;
	(void)state;
	lab_trace_start(&t);
	lab_trace_begin(&t, LAB_CLICK, options);
	const char *packets =
		arena_printf(&t.program.arena, "%s/t.1.browser.pcapng", t.program.dir);
	bool enough = false;
	for (int i = 0; i < TRIES && !enough; i++) {
		enough = stat(packets, &st) == 0 && st.st_size >= ENOUGH;
		poll(NULL, 0, enough ? 0 : 10);
	}
	assert_true(enough);
	pid_t recorder = recorder_of(&t);
	assert_true(recorder > 0);
	kill(recorder, SIGKILL);
	lab_trace_finish(&t, 60);
	assert_int_equal(t.exit_code, 2);
	assert_string_equal(lab_trace_word(&t, "ended_by"), "closed");
	const json_t *about = json_object_get(t.report, "case");
	assert_true(json_is_false(json_object_get(about, "recording_complete")));
	const json_t *session = json_array_get(json_object_get(about, "sessions"), 0);
	assert_non_null(strstr(text(session, "detail"), "the packet recorder ended"));
	assert_string_not_equal(text(session, "incomplete_reason"), "");
	lab_trace_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_trail_is_that_of_interception),
		cmocka_unit_test(tricks_are_told_as_they_were_served),
		cmocka_unit_test(http2_is_overheard),
		cmocka_unit_test(a_refused_link_ends_the_trace),
		cmocka_unit_test(a_recorder_that_dies_ends_the_trace),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
