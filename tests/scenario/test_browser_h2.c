/* A real Firefox goes to an origin that speaks HTTP/2: it gets HTTP/2, the redirect is followed
 * over it, and the trail is told as over HTTP/1. */
#include "tests/kit/h2_origin.h"
#include "tests/kit/read_case.h"
#include "tests/kit/run_program.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLICK "https://click.h2.test/t?id=1"
#define SHOP "https://shop.h2.test/offer"
#define PAGE                                                                                   \
	"<!doctype html><title>Offer</title><link rel=stylesheet href=/a.css>"                 \
	"<img src=/1.png><img src=/2.png><img src=/3.png><p>Buy.</p>"

static const struct h2_route routes[] = {
	{"/t?id=1", 302, "location: " SHOP "?via=302\nset-cookie: seen=1; Secure\n", NULL, 0},
	{"/offer?via=302", 200,
		"content-type: text/html; charset=utf-8\nset-cookie: a=1; Secure\n"
		"set-cookie: b=2; Secure\n",
		"<!doctype html><meta http-equiv=refresh content='0; url=/landing'>", 0},
	{"/landing", 200, "content-type: text/html; charset=utf-8\n", PAGE, 0},
	{"/a.css", 200, "content-type: text/css\n", "p { color: red }", 0},
	{"/1.png", 200, "content-type: image/png\n", NULL, 90000},
	{"/2.png", 200, "content-type: image/png\n", NULL, 90000},
	{"/3.png", 200, "content-type: image/png\n", NULL, 90000},
};

static const struct {
	const char *url, *mechanism;
	int status;
} wanted[] = {
	{CLICK, "open", 302},
	{SHOP "?via=302", "http-redirect", 200},
	{"https://shop.h2.test/landing", "meta-refresh", 200},
};

static const char *text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));
	return s != NULL ? s : "";
}

static void check_hops(const char *report)
{
	json_error_t error;
	json_t *json = json_loads(report, 0, &error);
	assert_non_null(json);
	const json_t *trail = json_array_get(json_object_get(json, "trails"), 0);
	const json_t *hops = json_object_get(trail, "hops");
	assert_string_equal(text(trail, "ended_by"), "page");
	assert_string_equal(text(trail, "final_url"), wanted[2].url);
	assert_int_equal(json_array_size(hops), 3);
	for (size_t i = 0; i < 3; i++) {
		const json_t *hop = json_array_get(hops, i);
		assert_string_equal(text(hop, "url"), wanted[i].url);
		assert_string_equal(text(json_object_get(hop, "arrived_by"), "mechanism"),
			wanted[i].mechanism);
		assert_int_equal(
			json_integer_value(json_object_get(hop, "status")), wanted[i].status);
		assert_string_equal(text(hop, "protocol"), "h2");
		assert_string_equal(text(json_object_get(hop, "tls"), "alpn"), "h2");
		const json_t *headers =
			json_object_get(json_object_get(hop, "response"), "headers");
		assert_true(json_array_size(headers) >= 1);
	}
	json_decref(json);
}

/* Everything was asked by HTTP/2, and came whole. */
static void look_at_documents(struct read_case *facts, const char *path)
{
	size_t documents = 0;
	read_case(facts, path);
	for (size_t i = 0; i < CASE_COUNT(facts, REQUEST); i++) {
		const struct fact_request *q = CASE_FACT(facts, REQUEST, request, i);
		if (!span_starts(q->url, "https://click.h2.test/") &&
			!span_starts(q->url, "https://shop.h2.test/"))
			continue;
		documents++;
		if (!span_is(q->version, "HTTP/2"))
			fail_msg("%.*s was asked by %.*s", (int)q->url.n,
				(const char *)q->url.p, (int)q->version.n,
				(const char *)q->version.p);
		const struct fact_exchange_end *end = read_case_end(facts, q->exchange);
		assert_non_null(end);
		if (span_ends_nocase(q->url, ".png")) {
			assert_true(span_is(end->reason, "ok"));
			assert_int_equal(
				read_case_body(facts, q->exchange, SIDE_RESPONSE).n, 90000);
		}
	}
	assert_true(documents >= 7);
}

static void check_documents(const char *path)
{
	struct read_case facts;
	look_at_documents(&facts, path);
	read_case_fini(&facts);
}

/* How many exchanges came by which version, and from how many connections. */
static void check_case(const char *path)
{
	struct read_case facts;
	look_at_documents(&facts, path);
	/* What Firefox said of itself is kept: its SETTINGS, and those of the origin. */
	size_t settings = 0;
	for (size_t i = 0; i < CASE_COUNT(&facts, H2_FRAME); i++) {
		const struct fact_h2_frame *f = CASE_FACT(&facts, H2_FRAME, h2_frame, i);
		settings += span_is(f->frame, "settings") && span_is(f->sender, "peer") &&
			    f->leg == LEG_BROWSER && f->payload.n >= 6;
	}
	assert_true(settings >= 2);
	read_case_fini(&facts);
}

static void a_click_over_http2(void **state)
{
	struct run_program p;
	(void)state;
	struct h2_origin *o = h2_origin_start("DNS:*.h2.test", "h2,http/1.1");
	h2_origin_serve(o, routes, sizeof routes / sizeof *routes);
	run_program_folder(&p);
	const char *trace[] = {"trace", "--case", "t.case", "--ca-dir", "ca", "--cacert",
		h2_origin_cacert(o), "--allow-net", "127.0.0.0/8", "--connect-to",
		h2_origin_rule(o, "click.h2.test"), "--connect-to",
		h2_origin_rule(o, "shop.h2.test"), "--settle", "3", CLICK, NULL};
	int code = run_program(&p, 120, trace);
	if (code != 0)
		fail_msg("trace ended with %d:\n%s\n%s", code, run_program_stdout(&p),
			run_program_stderr(&p));
	const char *report[] = {
		"report", "t.case", "--format", "json", "--redact", "none", NULL};
	assert_int_equal(run_program(&p, 60, report), 0);
	check_hops(run_program_stdout(&p));
	check_case(arena_printf(&p.arena, "%s/t.case", p.dir));
	const char *explain[] = {"explain", "t.case", NULL};
	assert_int_equal(run_program(&p, 60, explain), 0);
	assert_non_null(strstr(run_program_stdout(&p), "shop.h2.test"));
	/* The origin is gone, and it is walked once more, over HTTP/2 again. */
	h2_origin_stop(o);
	const char *replay[] = {"replay", "t.case", "--browser", "firefox", "--settle", "2",
		"--case", "again.case", "--strict", NULL};
	code = run_program(&p, 120, replay);
	if (code != 0)
		fail_msg("replay ended with %d:\n%s\n%s", code, run_program_stdout(&p),
			run_program_stderr(&p));
	check_documents(arena_printf(&p.arena, "%s/again.case", p.dir));
	run_program_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_click_over_http2),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
