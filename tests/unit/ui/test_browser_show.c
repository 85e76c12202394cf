/*
 * --show: the browser on a display of the user's, here an X server that this test runs, with a
 * cookie; and what is told when that display, and with it the browser's window, goes away.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/ui/browser_page.h"
#include "ui/browser/sandbox.h"
#include "ui/browser/xauth.h"

#include <fcntl.h>
#include <sys/stat.h>

static struct {
	pid_t xvfb;
	char dir[64], auth[128], display[32];
} desk;

static int desk_up(void **state)
{
	(void)state;
	struct buf b = {0};
	int told[2];
	char number[16] = "";
	snprintf(desk.dir, sizeof desk.dir, "/tmp/clicktrail-test-XXXXXX");
	assert_non_null(mkdtemp(desk.dir));
	snprintf(desk.auth, sizeof desk.auth, "%s/authority", desk.dir);
	xauth_add(
		&b, span_str(XAUTH_COOKIE_NAME), span_of("0123456789abcdef", XAUTH_COOKIE_LEN));
	int fd = open(desk.auth, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, b.p + b.start, buf_len(&b)), buf_len(&b));
	close(fd);
	buf_fini(&b);
	assert_int_equal(pipe(told), 0);
	desk.xvfb = fork();
	if (desk.xvfb == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(told[1], 3);
		close_range(4, ~0U, 0);
		execlp("Xvfb", "Xvfb", "-displayfd", "3", "-screen", "0", "1300x700x24",
			"-nolisten", "tcp", "-auth", desk.auth, NULL);
		_exit(127);
	}
	close(told[1]);
	/* To the newline: it comes in a write of its own. */
	for (size_t n = 0; strchr(number, '\n') == NULL; n++) {
		assert_true(n < sizeof number - 1);
		assert_int_equal(read(told[0], number + n, 1), 1);
	}
	close(told[0]);
	snprintf(desk.display, sizeof desk.display, ":%d", atoi(number));
	setenv("DISPLAY", desk.display, 1);
	setenv("XAUTHORITY", desk.auth, 1);
	unsetenv("WAYLAND_DISPLAY");
	return 0;
}

static int desk_down(void **state)
{
	(void)state;
	if (desk.xvfb > 0) {
		kill(desk.xvfb, SIGTERM);
		waitpid(desk.xvfb, NULL, 0);
	}
	unlink(desk.auth);
	rmdir(desk.dir);
	return 0;
}

static void shown_then_closed(enum browser_kind kind, bool sandbox)
{
	struct page p;
	struct browser_about about;
	struct err err;
	page_init(&p);
	const struct browser_launch launch = {.kind = kind,
		.sandbox = sandbox,
		.show = true,
		.ca_pem = p.ca_pem,
		.timezone = "UTC"};
	const char *const urls[] = {"http://link.example/start"};
	page_start(&p, &launch, &about, urls, 1);
	/* The screen is the desk's, not one of ours. */
	page_wait(&p, "http link.example", "/report?false;visible;1300;700;true;UTC;");
	assert_true(about.shown);
	assert_false(about.headless);
	assert_false(p.exited);
	kill(desk.xvfb, SIGTERM);
	waitpid(desk.xvfb, NULL, 0);
	desk.xvfb = 0;
	page_wait(&p, NULL, NULL);
	assert_true(p.exited);
	assert_false(p.gone);
	assert_true(browser_stop(p.browser, &err));
	page_fini(&p);
}

static void shown_in_the_jail(void **state)
{
	(void)state;
	shown_then_closed(BROWSER_FIREFOX, true);
}

static void shown_without_a_jail(void **state)
{
	(void)state;
	shown_then_closed(BROWSER_FIREFOX, false);
}

static void chromium_is_shown(void **state)
{
	(void)state;
	shown_then_closed(BROWSER_CHROMIUM, true);
}

static void a_display_that_is_not_there(void **state)
{
	(void)state;
	static const struct {
		const char *display, *why;
	} cases[] = {{NULL, "names one"}, {"", "names one"},
		{"elsewhere:0", "only one on this machine"},
		{"localhost:10.0", "only one on this machine"}, {":65000", "no socket"},
		{":", "only one on this machine"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err err = {0};
		struct browser_about about;
		const struct browser_launch launch = {
			.kind = BROWSER_FIREFOX, .sandbox = true, .show = true, .ca_pem = ""};
		int fd;
		struct browser *b = browser_fork(&err);
		assert_non_null(b);
		if (cases[i].display != NULL)
			setenv("DISPLAY", cases[i].display, 1);
		else
			unsetenv("DISPLAY");
		unsetenv("WAYLAND_DISPLAY");
		assert_false(browser_start(b, &launch, &fd, &about, &err));
		assert_int_equal(err.kind, ERR_BROWSER_START);
		assert_non_null(strstr(err.detail, cases[i].why));
		assert_true(browser_stop(b, &err));
		browser_free(b);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--inside") == 0)
		return inside_main(argc, argv);
	alarm(PAGE_LIMIT_S);
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(shown_in_the_jail, desk_up, desk_down),
		cmocka_unit_test_setup_teardown(shown_without_a_jail, desk_up, desk_down),
		cmocka_unit_test_setup_teardown(chromium_is_shown, desk_up, desk_down),
		cmocka_unit_test(a_display_that_is_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
