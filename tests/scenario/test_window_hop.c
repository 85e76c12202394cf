/* The pages of a hop over real HTTP: every panel of every hop of the lab's click, with the
 * header fields of its kind; pictures in a sandbox of their own, and only where their bytes are
 * pictures; what was erased is said. The window runs in this process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/base/clock.h"
#include "tests/kit/html_report.h"
#include "tests/kit/put_exchange.h"
#include "tests/kit/raw_client.h"
#include "tests/kit/run_program.h"
#include "ui/web/window_state.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum { DEMO, PICTURES, ERASED, CASES, PAGE_MS = 250, SLOWNESS = 8 };

static const char *const panels[] = {"why", "request", "response", "cookies", "body", "cues",
	"tls", "certificates", "packets"};

struct shown {
	struct run_program program;
	struct temp_case pictures;
	char paths[CASES][128];
	struct window *window;
	unsigned port;
	int64_t slowest_ms;
	char slowest[200];
};

static void demo(struct shown *s)
{
	const char *args[] = {"demo", "--browser", "none", "--case", s->paths[DEMO], NULL};
	if (run_program(&s->program, 60, args) != 0)
		fail_msg("no demo: %s", run_program_stderr(&s->program));
}

/* 1 is the page; 2 a PNG that calls itself a page, 3 a page that calls itself a PNG, 4 an SVG.
 */
static void pictures(struct shown *s)
{
	static const char loaded[] = "Sec-Fetch-Dest: image\r\nSec-Fetch-Mode: no-cors\r\n";
	struct temp_case *t = &s->pictures;
	temp_case_start(t);
	int64_t session = put_session(t, "http://a.example/");
	PUT_EXCHANGE(t, session, .url = "http://a.example/",
		.body = span_str("<p>secret words</p>"));
	PUT_EXCHANGE(t, session, .url = "http://a.example/p", .at_ms = 10, .request = loaded,
		.body = html_pixel());
	PUT_EXCHANGE(t, session, .url = "http://a.example/x.png", .at_ms = 20,
		.request = loaded, .type = "image/png",
		.body = span_str("<html>\x89PNG\r\n\x1a\n<script>alert(1)</script>"));
	PUT_EXCHANGE(t, session, .url = "http://a.example/x.svg", .at_ms = 30,
		.request = loaded, .type = "image/svg+xml",
		.body = span_str("<svg xmlns='http://www.w3.org/2000/svg'/>"));
	put_session_end(t, session, 5000, "page");
	temp_case_close(t);
	snprintf(s->paths[PICTURES], sizeof s->paths[PICTURES], "%s", t->path);
}

static void erased(struct shown *s)
{
	const char *args[] = {"erase", s->paths[DEMO], "--exchange", "3", "--header",
		"Location", "--exchange", "9", "--response-body", "--reason", "a test", "-o",
		s->paths[ERASED], NULL};
	if (run_program(&s->program, 60, args) != 0)
		fail_msg("not erased: %s", run_program_stderr(&s->program));
}

static void open_window(struct shown *s)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	struct err err;
	const char *paths[] = {s->paths[DEMO], s->paths[PICTURES], s->paths[ERASED]};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, SOMAXCONN), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	s->port = ntohs(at.sin_port);
	const struct window_options o = {
		.listen_fd = fd, .program = "/bin/false", .paths = paths, .n_paths = CASES};
	s->window = window_start(&o, &err);
	if (s->window == NULL)
		fail_msg("no window: %s", err.detail);
	for (size_t i = 1; i <= CASES; i++) {
		struct book *b = shelf_get(s->window->shelf, i);
		struct arena a = {0};
		struct book_about about = {0};
		int64_t version = -1;
		for (int k = 0; k < 200 && about.state != BOOK_READY; k++) {
			version = book_wait(b, version, 100);
			book_about(b, &a, &about);
		}
		assert_int_equal(about.state, BOOK_READY);
		arena_fini(&a);
	}
}

static int begin(void **state)
{
	static struct shown s;
	*state = &s;
	run_program_folder(&s.program);
	snprintf(s.paths[DEMO], sizeof s.paths[DEMO], "%s/demo.case", s.program.dir);
	snprintf(s.paths[ERASED], sizeof s.paths[ERASED], "%s/erased.case", s.program.dir);
	demo(&s);
	pictures(&s);
	erased(&s);
	open_window(&s);
	return 0;
}

static int end(void **state)
{
	struct shown *s = *state;
	window_stop(s->window);
	temp_case_fini(&s->pictures);
	run_program_end(&s->program);
	return 0;
}

/* The whole answer, head and body, as a string that the caller frees. */
static char *get(struct shown *s, const char *path, int status)
{
	struct raw_client c;
	struct buf out = {0};
	char request[600];
	int64_t from = clock_now_us(clock_real());
	snprintf(request, sizeof request,
		"GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\nSec-Fetch-Site: "
		"same-origin\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: %s\r\nConnection: "
		"close\r\n\r\n",
		path, s->window->gate.host, s->window->gate.cookie, s->window->gate.session,
		strstr(path, "/picture") != NULL ? "iframe" : "document");
	raw_open(&c, s->port);
	raw_send(&c, request);
	buf_add_str(&out, raw_head(&c));
	int64_t ms = (clock_now_us(clock_real()) - from) / 1000;
	size_t n;
	const char *rest = raw_rest(&c, &n);
	buf_add(&out, rest, n);
	raw_close(&c);
	if (ms > s->slowest_ms) {
		s->slowest_ms = ms;
		snprintf(s->slowest, sizeof s->slowest, "%s", path);
	}
	char *text = buf_take_str(&out);
	if (atoi(text + strlen("HTTP/1.1 ")) != status)
		fail_msg("%s: %.*s", path, 300, text);
	return text;
}

static void has(const char *path, const char *text, const char *words)
{
	if (strstr(text, words) == NULL)
		fail_msg("%s lacks %s: %.3000s", path, words, text);
}

static void lacks(const char *path, const char *text, const char *words)
{
	if (strstr(text, words) != NULL)
		fail_msg("%s has %s", path, words);
}

static void is_a_page(const char *path, const char *text)
{
	has(path, text, "Content-Type: text/html; charset=utf-8\r\n");
	has(path, text, "Content-Security-Policy: default-src 'none'; script-src 'self';");
	has(path, text, "X-Content-Type-Options: nosniff\r\n");
	has(path, text, "Cache-Control: no-store\r\n");
	has(path, text, "<section id=\"hop-detail\"");
	has(path, text, "</html>");
	lacks(path, text, "<script>");
	lacks(path, text, "href=\"http");
	lacks(path, text, "https://click");
}

static void every_panel_of_every_hop(void **state)
{
	struct shown *s = *state;
	size_t hops = 0;
	for (size_t n = 1; n < 100; n++) {
		char path[100];
		snprintf(path, sizeof path, "/c/1/t/1.1/h/%zu", n);
		char *text = get(s, path, 200);
		is_a_page(path, text);
		bool last = strstr(text, "rel=\"next\"") == NULL;
		free(text);
		hops++;
		for (size_t p = 0; p < sizeof panels / sizeof *panels; p++) {
			char word[80];
			snprintf(path, sizeof path, "/c/1/t/1.1/h/%zu?show=%s", n, panels[p]);
			text = get(s, path, 200);
			is_a_page(path, text);
			snprintf(word, sizeof word, "show=%s\" aria-current=\"page\"",
				panels[p]);
			has(path, text, word);
			free(text);
		}
		if (last)
			break;
	}
	assert_true(hops >= 8);
	char path[100];
	snprintf(path, sizeof path, "/c/1/t/1.1/h/%zu", hops + 1);
	free(get(s, path, 404));
	printf("%zu hops, %zu panels each; the slowest took %lld ms: %s\n", hops,
		sizeof panels / sizeof *panels, (long long)s->slowest_ms, s->slowest);
	if (s->slowest_ms > PAGE_MS * SLOWNESS)
		fail_msg("%s took %lld ms", s->slowest, (long long)s->slowest_ms);
}

static void pictures_are_raster_and_in_a_sandbox(void **state)
{
	struct shown *s = *state;
	char *text = get(s, "/c/2/x/2?show=body", 200);
	has("2", text, "<iframe sandbox class=\"hop-picture\"");
	lacks("2", text, "<img");
	free(text);
	text = get(s, "/c/2/x/2/picture?side=response", 200);
	has("2", text, "Content-Type: image/png\r\n");
	has("2", text, "Content-Security-Policy: sandbox; default-src 'none';");
	has("2", text, "X-Content-Type-Options: nosniff\r\n");
	free(text);
	for (int x = 1; x <= 4; x++) {
		char path[60];
		if (x == 2)
			continue;
		snprintf(path, sizeof path, "/c/2/x/%d?show=body", x);
		text = get(s, path, 200);
		lacks(path, text, "<iframe");
		free(text);
		snprintf(path, sizeof path, "/c/2/x/%d/picture", x);
		free(get(s, path, 404));
		snprintf(path, sizeof path, "/c/2/x/%d/bytes?as=decoded", x);
		text = get(s, path, 200);
		has(path, text, "Content-Type: application/octet-stream\r\n");
		has(path, text, "Content-Disposition: attachment; filename=\"exchange-");
		has(path, text, "Content-Security-Policy: sandbox;");
		free(text);
		snprintf(path, sizeof path, "/c/2/x/%d/bytes?as=text", x);
		text = get(s, path, 200);
		has(path, text, "Content-Type: text/plain; charset=utf-8\r\n");
		has(path, text, "Content-Disposition: attachment;");
		free(text);
	}
}

static void what_was_erased_is_said(void **state)
{
	struct shown *s = *state;
	char *text = get(s, "/c/3/x/3?show=response", 200);
	has("3", text, "<em>erased</em>");
	lacks("3", text, "leads to");
	free(text);
	text = get(s, "/c/1/x/9?show=body", 200);
	lacks("9", text, "erased");
	has("9", text, "<ol class=\"hop-lines\"");
	free(text);
	text = get(s, "/c/3/x/9?show=body", 200);
	has("9", text, "was erased from the case");
	lacks("9", text, "<ol class=\"hop-lines\"");
	free(text);
	text = get(s, "/c/3/x/9?show=cues", 200);
	is_a_page("9", text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_panel_of_every_hop),
		cmocka_unit_test(pictures_are_raster_and_in_a_sandbox),
		cmocka_unit_test(what_was_erased_is_said),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
