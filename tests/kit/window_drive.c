#include "tests/kit/window_drive.h"
#include "tests/kit/nasty.h"
#include "tests/kit/put_exchange.h"
#include "tests/kit/run_program.h"

#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

enum {
	STEPS_MAX = 60,
	DRIVE_SECONDS = 500 /* a busy machine's */,
	SOAK_SECONDS = 3600,
	HOSTS = 7
};

static const char *const names[] = {"demo", "rows", "nasty", "broken", "live", "few"};
enum { CASES = sizeof names / sizeof *names };

struct cases {
	struct run_program window, driver;
	struct temp_case rows, nasty, few;
	const char *paths[CASES];
};

static void make_demo(struct cases *c, const char *path)
{
	const char *args[] = {"demo", "--browser", "none", "--case", path, NULL};
	if (run_program(&c->window, 60, args) != 0)
		fail_msg("no demo: %s", run_program_stderr(&c->window));
}

/* A page with what pages bring along: some of it missing, some failed, some large. */
static void make_rows(struct cases *c)
{
	static const struct {
		const char *path, *type, *dest;
		int status;
		size_t size;
	} kinds[] = {{"style.css", "text/css", "style", 200, 900},
		{"app.js", "text/javascript", "script", 200, 42000},
		{"logo.png", "image/png", "image", 200, 7000},
		{"font.woff2", "font/woff2", "font", 200, 24000},
		{"data.json", "application/json", "empty", 500, 60},
		{"gone.gif", "image/gif", "image", 404, 120},
		{"beacon", "text/plain", "empty", 204, 0}};
	static const char navigation[] =
		"Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: "
		"none\r\nSec-Fetch-User: ?1\r\n";
	static char filling[64 * 1024];
	struct temp_case *t = &c->rows;
	memset(filling, 'x', sizeof filling);
	temp_case_start(t);
	int64_t session = put_session(t, "https://shop.example/start");
	PUT_EXCHANGE(t, session, .url = "https://shop.example/start", .status = 302,
		.request = navigation, .headers = "Location: https://shop.example/page\r\n");
	PUT_EXCHANGE(t, session, .url = "https://shop.example/page", .at_ms = 200,
		.request = navigation,
		.body = span_str("<!DOCTYPE html><title>Shop</title><p>Hello"));
	for (int i = 0; i < WINDOW_DRIVE_ROWS - 2; i++) {
		char url[120], request[120];
		size_t k = (size_t)i % (sizeof kinds / sizeof *kinds);
		snprintf(url, sizeof url, "https://cdn%d.example/%d/%s", i % HOSTS, i,
			kinds[k].path);
		snprintf(request, sizeof request,
			"Sec-Fetch-Dest: %s\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Site: "
			"cross-site\r\n",
			kinds[k].dest);
		PUT_EXCHANGE(t, session, .url = url, .at_ms = 400 + 10 * i, .request = request,
			.type = kinds[k].type, .status = kinds[k].status,
			.body = span_of((const uint8_t *)filling, kinds[k].size),
			.wait_ms = 15 + i % 50, .took_ms = 30 + i % 170);
	}
	put_session_end(t, session, 400 + 10 * WINDOW_DRIVE_ROWS, "page");
	temp_case_close(t);
	c->paths[1] = t->path;
}

static void make_broken(struct cases *c)
{
	FILE *f = fopen(c->paths[3], "w");
	assert_non_null(f);
	fputs("SQLite format 3", f);
	fputc(0, f);
	fputs("and then nothing that a case has", f);
	assert_int_equal(fclose(f), 0);
}

static void make_cases(struct cases *c)
{
	struct arena *a = &c->window.arena;
	c->paths[0] = arena_printf(a, "%s/demo.case", c->window.dir);
	c->paths[3] = arena_printf(a, "%s/broken.case", c->window.dir);
	c->paths[4] = arena_printf(a, "%s/live.case", c->window.dir);
	assert_int_equal(mkdir(arena_printf(a, "%s/made", c->window.dir), 0700), 0);
	make_demo(c, c->paths[0]);
	make_demo(c, c->paths[4]);
	make_rows(c);
	temp_case_start(&c->nasty);
	nasty_hops(&c->nasty);
	temp_case_close(&c->nasty);
	c->paths[2] = c->nasty.path;
	temp_case_start(&c->few);
	nasty_few_hops(&c->few);
	temp_case_close(&c->few);
	nasty_witness(&c->few);
	c->paths[5] = c->few.path;
	make_broken(c);
}

static const char *open_window(struct cases *c)
{
	struct arena *a = &c->window.arena;
	const char *args[16] = {"ui", "--folder", arena_printf(a, "%s/made", c->window.dir)};
	memcpy(args + 3, c->paths, sizeof c->paths);
	run_program_start(&c->window, args);
	(void)run_program_port(&c->window); /* waits for the line */
	const char *said = run_program_stdout(&c->window), *url = strstr(said, "http://");
	assert_non_null(url);
	return arena_str(a, span_of((const uint8_t *)url, strcspn(url, " \n")));
}

static void set_facts(struct cases *c)
{
	struct arena *a = &c->window.arena;
	const char *numbers = "", *paths = "";
	for (int i = 0; i < CASES; i++) {
		const char *comma = i > 0 ? "," : "";
		numbers = arena_printf(a, "%s%s\"%s\":%d", numbers, comma, names[i], i + 1);
		paths = arena_printf(
			a, "%s%s\"%s\":\"%s\"", paths, comma, names[i], c->paths[i]);
	}
	setenv("WINDOW_FACTS",
		arena_printf(a,
			"{\"program\":\"%s\",\"folder\":\"%s/"
			"made\",\"cases\":{%s},\"paths\":{%s}}",
			getenv("CLICKTRAIL_BIN"), c->window.dir, numbers, paths),
		1);
}

/* Its exit code. */
static int run_driver(
	struct cases *c, const char *browser, const char *url, const char *const *steps)
{
	struct arena *a = &c->driver.arena;
	const char *args[STEPS_MAX + 5] = {"node",
		arena_printf(a, "%s/tests/window/drive.js", getenv("CLICKTRAIL_SOURCE")),
		browser, url};
	for (size_t i = 0; steps[i] != NULL; i++) {
		assert_true(i < STEPS_MAX);
		args[i + 4] = steps[i];
	}
	c->driver.program = "/usr/bin/env";
	bool soak = getenv("CLICKTRAIL_SOAK") != NULL;
	return run_program(&c->driver, soak ? SOAK_SECONDS : DRIVE_SECONDS, args);
}

static void drive(struct cases *c, const char *browser, const char *url, const char *files)
{
	struct arena *a = &c->driver.arena;
	const char *source = getenv("CLICKTRAIL_SOURCE"), *only = getenv("WINDOW_STEPS");
	const char *steps[STEPS_MAX + 1] = {NULL};
	size_t n = 0;
	glob_t found;
	assert_int_equal(
		glob(arena_printf(a, "%s/tests/window/%s", source, files), 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		assert_true(n < STEPS_MAX);
		if (only == NULL || strstr(found.gl_pathv[i], only) != NULL)
			steps[n++] = arena_str(a, span_str(found.gl_pathv[i]));
	}
	globfree(&found);
	int code = run_driver(c, browser, url, steps);
	print_message("%s", run_program_stdout(&c->driver));
	fputs(run_program_stderr(&c->driver), stderr); /* print_error cuts what is long */
	if (code != 0 || n == 0)
		fail_msg("the window in %s, %zu files of steps: see above", browser, n);
}

/* The driver has eyes. */
static void drive_control(struct cases *c, const char *browser, const char *url)
{
	static const char *const complaints[] = {"control warns", "control throws",
		"dialog: control asks", "a request to http://127.0.0.1:54321/leaves",
		"style-src", "connect-src", "img-src", "image-alt (critical)",
		"label (critical)", "control-is-not-there"};
	const char *steps[] = {arena_printf(&c->driver.arena, "%s/tests/window/control.js",
				       getenv("CLICKTRAIL_SOURCE")),
		NULL};
	assert_int_equal(run_driver(c, browser, url, steps), 1);
	const char *said = run_program_stderr(&c->driver);
	for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++)
		if (strstr(said, complaints[i]) == NULL) {
			fputs(said, stderr);
			fail_msg("no complaint of \"%s\" in %s", complaints[i], browser);
		}
}

static void drive_all(const char *browser, const char *files, bool control)
{
	struct cases c = {0};
	run_program_folder(&c.window);
	run_program_folder(&c.driver);
	make_cases(&c);
	const char *url = open_window(&c);
	set_facts(&c);
	drive(&c, browser, url, files);
	if (control)
		drive_control(&c, browser, url);
	/* It ends in order, and a sanitizer has nothing to say. */
	run_program_signal(&c.window, SIGINT);
	int code = run_program_wait(&c.window, 20);
	if (code != 0)
		fail_msg("the window ended with %d:\n%s", code, run_program_stderr(&c.window));
	run_program_end(&c.driver);
	run_program_end(&c.window);
	temp_case_fini(&c.rows);
	temp_case_fini(&c.nasty);
	temp_case_fini(&c.few);
}

void window_drive(const char *browser)
{
	drive_all(browser, "steps_*.js", true);
}

void window_drive_nasty(const char *browser)
{
	drive_all(browser, "nasty.js", false);
}
