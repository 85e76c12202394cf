/* Real browsers whose clock stands in another time: pages, workers and frames see that time,
 * cookies live and die by it, TLS holds with a root and leaves of that time, and all timers run
 * as they would have. */
#include "tests/kit/h2_origin.h"
#include "tests/kit/run_proxy.h"
#include "ui/browser/browser.h"
#include "ui/browser/inside.h"
#include "store/base/clock.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define LINK "https://clock.h2.test/start"
enum {
	DAY_S = 24 * 3600,
	WITHIN_S = 60, /* from the start of the browser to the page's look at its clock */
	PATIENCE_US = 60 * 1000000,
	HANGS_US = 20 * 1000000, /* as a trace has it: TRACE_HANG_S */
	LOOK_MS = 200,
	ROUTES = 5,
	WORDS = 6,
	LINE_MAX = 1024
};

/* Each thing it says is a request of its own. A timer of 1500 ms is measured by both clocks,
 * and by us, from when "early" and "late" come. */
static const char page[] =
	"<!doctype html><title>t</title><script>\n"
	"const t0=Date.now(),p0=performance.now();\n"
	"const say=(n,v)=>fetch('/say?'+n+'='+encodeURIComponent(v));\n"
	"say('early',[t0,navigator.platform,new Date(t0).getTimezoneOffset(),"
	"Intl.DateTimeFormat().resolvedOptions().timeZone].join('|'));\n"
	"say('cookies',document.cookie);\n"
	"setTimeout(()=>say('late',[Date.now()-t0,Math.round(performance.now()-p0)]"
	".join('|')),1500);\n"
	"new Worker(URL.createObjectURL(new Blob(['postMessage(Date.now())'])))"
	".onmessage=e=>say('worker',e.data);\n"
	"let n=0;const i=setInterval(()=>{if(++n==20){clearInterval(i);"
	"say('ticks',Math.round(performance.now()-p0))}},50);\n"
	"</script><iframe src='https://frame.h2.test/frame'></iframe>";
static const char frame[] = "<!doctype html><script>fetch('/say?frame='+Date.now())</script>";
static const char *const words[WORDS] = {
	"early", "cookies", "late", "worker", "ticks", "frame"};

struct visit {
	enum browser_kind kind;
	int64_t as_of_s;
	struct ca *ca;
	char *ca_pem, fields[LINE_MAX];
	struct h2_route routes[ROUTES];
	struct h2_origin *origin;
	struct browser *browser;
	struct browser_about about;
	struct run_proxy proxy;
	char said[WORDS][LINE_MAX];
	int64_t at_us[WORDS]; /* when we heard it */
};

static void http_date(int64_t at_s, char out[64])
{
	time_t t = (time_t)at_s;
	struct tm tm;
	gmtime_r(&t, &tm);
	strftime(out, 64, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

/* By our own clock "dated" would be dead, and by another "over" might live. */
static void serve(struct visit *v)
{
	char soon[64], over[64];
	http_date(v->as_of_s + 3600, soon);
	http_date(v->as_of_s - 3600, over);
	snprintf(v->fields, sizeof v->fields,
		"content-type: text/html\nset-cookie: dated=1; Expires=%s\n"
		"set-cookie: aged=1; Max-Age=600\nset-cookie: over=1; Expires=%s\n",
		soon, over);
	v->routes[0] = (struct h2_route){"/start", 200, v->fields, page, 0};
	v->routes[1] = (struct h2_route){"/frame", 200, "content-type: text/html\n", frame, 0};
	v->routes[2] = (struct h2_route){NULL, 200, "content-type: text/plain\n", "ok", 0};
	v->origin = h2_origin_start("DNS:*.h2.test", "h2,http/1.1");
	h2_origin_serve(v->origin, v->routes, 3);
}

static void must(bool ok, const struct err *err)
{
	if (!ok)
		fail_msg("%s: %s", err_word(err->kind), err->detail);
}

static void start(struct visit *v)
{
	struct err err = {0};
	struct buf pem = {0};
	int listen_fd;
	v->browser = browser_fork(&err);
	must(v->browser != NULL, &err);
	v->ca = ca_new_scratch(v->as_of_s, &err);
	must(v->ca != NULL, &err);
	ca_pem(v->ca, &pem);
	v->ca_pem = buf_take_str(&pem);
	const struct browser_launch launch = {.kind = v->kind,
		.sandbox = true,
		.ca_pem = v->ca_pem,
		.device = "windows",
		.timezone = "Asia/Kolkata",
		.as_of_us = v->as_of_s * 1000000};
	must(browser_start(v->browser, &launch, &listen_fd, &v->about, &err), &err);
	assert_in_range(v->about.clock_offset_s - (v->as_of_s - time(NULL)) + 60, 60, 120);
	serve(v);
	/* The origin's certificate, which is of today, is moved into the browser's time. */
	struct run_proxy_options options = {
		.rules = {h2_origin_rule(v->origin, "clock.h2.test"),
			h2_origin_rule(v->origin, "frame.h2.test")},
		.cacert = h2_origin_cacert(v->origin),
		.ca = v->ca,
		.listen_fd = listen_fd,
		.browser_offset_s = v->about.clock_offset_s,
		.like_offset_s = v->about.clock_offset_s};
	run_proxy_start(&v->proxy, &options);
	const char *const urls[] = {LINK};
	must(browser_open(v->browser, urls, 1, &err), &err);
}

static void unescape(struct span s, char out[LINE_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < s.n && n + 1 < LINE_MAX; i++) {
		char hex[3] = {0};
		if (s.p[i] != '%' || i + 2 >= s.n) {
			out[n++] = (char)s.p[i];
			continue;
		}
		memcpy(hex, s.p + i + 1, 2);
		out[n++] = (char)strtol(hex, NULL, 16);
		i += 2;
	}
	out[n] = 0;
}

/* What was said so far, from the case; true: all of it. */
static bool hear(struct visit *v)
{
	struct read_case facts;
	size_t heard = 0;
	run_proxy_look(&v->proxy, &facts);
	for (size_t i = 0; i < CASE_COUNT(&facts, REQUEST); i++) {
		const struct fact_request *q = CASE_FACT(&facts, REQUEST, request, i);
		for (size_t k = 0; k < WORDS; k++) {
			char word[32];
			snprintf(word, sizeof word, "/say?%s=", words[k]);
			size_t at = span_find(q->url, span_str(word), 0);
			if (at == SIZE_MAX)
				continue;
			at += strlen(word);
			unescape(span_of(q->url.p + at, q->url.n - at), v->said[k]);
			v->at_us[k] = q->at_us;
		}
	}
	read_case_fini(&facts);
	for (size_t k = 0; k < WORDS; k++)
		heard += v->at_us[k] != 0;
	return heard == WORDS;
}

static void again_if_it_hangs(struct visit *v)
{
	static const char *const urls[] = {LINK};
	struct proxy_counts c;
	struct err err = {0};
	proxy_counts(v->proxy.proxy, &c);
	if (c.tunnels > 0)
		return;
	print_message("it hangs\n");
	must(browser_again(v->browser, urls, 1, &err), &err);
}

static void listen_to(struct visit *v)
{
	int64_t start_us = clock_now_us(clock_real()), until_us = start_us + PATIENCE_US;
	struct browser_event e;
	char last[BROWSER_LINE_MAX] = "";
	bool looked = false;
	while (!hear(v)) {
		if (!looked && clock_now_us(clock_real()) > start_us + HANGS_US) {
			looked = true;
			again_if_it_hangs(v);
		}
		poll(NULL, 0, LOOK_MS);
		while (browser_next(v->browser, &e))
			if (e.kind == BROWSER_LINE)
				memcpy(last, e.line, sizeof last);
		if (clock_now_us(clock_real()) < until_us)
			continue;
		for (size_t k = 0; k < WORDS; k++)
			print_error("%s: %s\n", words[k], v->said[k]);
		struct proxy_counts c;
		proxy_counts(v->proxy.proxy, &c);
		fail_msg("not all was said; %llu tunnels, %llu of them open, %llu exchanges; "
			 "the "
			 "browser's last words: %s",
			(unsigned long long)c.tunnels, (unsigned long long)c.open_tunnels,
			(unsigned long long)c.exchanges, last);
	}
}

static void near_as_of(const struct visit *v, const char *what, const char *ms)
{
	int64_t late_s = strtoll(ms, NULL, 10) / 1000 - v->as_of_s;
	if (late_s < -1 || late_s > WITHIN_S)
		fail_msg("%s: the clock shows %s, which is %lld s off", what, ms,
			(long long)late_s);
}

static void check(const struct visit *v)
{
	long long wall = 0, steady = 0;
	const char *early = v->said[0];
	near_as_of(v, "page", early);
	near_as_of(v, "worker", v->said[3]);
	near_as_of(v, "frame", v->said[5]);
	const char *rest = strchr(early, '|');
	assert_non_null(rest);
	if (strcmp(rest, "|Win32|-330|Asia/Kolkata") != 0 &&
		strcmp(rest, "|Win32|-330|Asia/Calcutta") != 0)
		fail_msg("%s", rest);
	assert_non_null(strstr(v->said[1], "dated=1"));
	assert_non_null(strstr(v->said[1], "aged=1"));
	assert_null(strstr(v->said[1], "over=1"));
	assert_int_equal(sscanf(v->said[2], "%lld|%lld", &wall, &steady), 2);
	int64_t real = (v->at_us[2] - v->at_us[0]) / 1000;
	if (wall < 1400 || wall > 6000 || llabs(wall - steady) > 500 ||
		llabs(real - wall) > 3000)
		fail_msg("1500 ms took %lld by Date, %lld by performance, %lld by us", wall,
			steady, (long long)real);
	assert_in_range(atoi(v->said[4]), 20 * 50, 8000);
}

static void walk(enum browser_kind kind, int64_t away_s)
{
	struct visit v = {.kind = kind, .as_of_s = time(NULL) + away_s};
	struct err err = {0};
	start(&v);
	listen_to(&v);
	check(&v);
	must(browser_stop(v.browser, &err), &err);
	browser_free(v.browser);
	run_proxy_stop(&v.proxy);
	run_proxy_end(&v.proxy);
	h2_origin_stop(v.origin);
	free(v.ca_pem);
}

static void firefox_in_the_past(void **state)
{
	(void)state;
	walk(BROWSER_FIREFOX, -400 * (int64_t)DAY_S);
}

static void firefox_in_the_future(void **state)
{
	(void)state;
	walk(BROWSER_FIREFOX, 300 * (int64_t)DAY_S);
}

static void chromium_in_the_past(void **state)
{
	(void)state;
	walk(BROWSER_CHROMIUM, -400 * (int64_t)DAY_S);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--inside") == 0)
		return inside_main(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(firefox_in_the_past),
		cmocka_unit_test(firefox_in_the_future),
		cmocka_unit_test(chromium_in_the_past),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
