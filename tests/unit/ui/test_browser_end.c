/*
 * Nothing is left: after browser_stop, and after the program itself was killed; in the jail,
 * and without one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/ui/browser_page.h"

enum { TREE_MIN = 5, GONE_MS = 15000 };

static const char *const urls[] = {"http://link.example/start"};

static void run_page(struct page *p, enum browser_kind kind, bool sandbox)
{
	struct browser_about about;
	page_init(p);
	const struct browser_launch launch = {
		.kind = kind, .sandbox = sandbox, .ca_pem = p->ca_pem};
	page_start(p, &launch, &about, urls, 1);
	page_wait(p, "http link.example", "/report?false;visible;");
	assert_int_equal(about.sandboxed, sandbox);
	assert_int_not_equal(about.uid_outside, 0);
}

static void look_at_profile(struct tree *t, bool sandbox)
{
	/* In the jail the folder is nowhere in our world; without one it is here until the end.
	 */
	if (sandbox)
		assert_string_equal(t->profile, "/home/user/profile");
	else
		assert_int_equal(strncmp(t->profile, "/tmp/clicktrail-", 16), 0);
	assert_int_equal(access(t->profile, F_OK) == 0, !sandbox);
	/* The folder itself, whose inside is not for others: 0700. */
	*strrchr(t->profile, '/') = 0;
	struct stat st;
	assert_int_equal(stat(t->profile, &st) == 0, !sandbox);
	if (!sandbox)
		assert_int_equal(st.st_mode & 07777, 0700);
}

static void stop_leaves_nothing(enum browser_kind kind, bool sandbox)
{
	struct page p;
	struct tree t;
	struct err err = {0};
	run_page(&p, kind, sandbox);
	tree_of(&t, getpid());
	assert_true(t.n >= TREE_MIN);
	look_at_profile(&t, sandbox);
	bool ok = browser_stop(p.browser, &err);
	if (!ok)
		print_error("%s\n", err.detail);
	assert_true(ok);
	/* At once: browser_stop has waited. */
	assert_int_equal(tree_alive(&t, 0), 0);
	assert_int_not_equal(access(t.profile, F_OK), 0);
	tree_fini(&t);
	page_fini(&p);
	tree_of(&t, getpid());
	assert_int_equal(t.n, 0);
}

static void killed_leaves_nothing(enum browser_kind kind, bool sandbox)
{
	int told[2];
	char byte;
	struct tree t;
	assert_int_equal(pipe(told), 0);
	pid_t program = fork();
	assert_true(program >= 0);
	if (program == 0) {
		/* The program under the axe. An assert in here ends it without the byte. */
		struct page p;
		alarm(PAGE_LIMIT_S);
		close(told[0]);
		run_page(&p, kind, sandbox);
		(void)!write(told[1], "r", 1);
		page_wait(&p, "http never.example", "never");
		_exit(1);
	}
	close(told[1]);
	assert_int_equal(read(told[0], &byte, 1), 1);
	close(told[0]);
	tree_of(&t, program);
	assert_true(t.n >= TREE_MIN);
	look_at_profile(&t, sandbox);
	kill(program, SIGKILL);
	waitpid(program, NULL, 0);
	assert_int_equal(tree_alive(&t, GONE_MS), 0);
	assert_int_not_equal(access(t.profile, F_OK), 0);
	tree_fini(&t);
}

/* The program inside does not answer: the kernel's way is taken, and is as thorough. */
static void stop_without_help(void **state)
{
	(void)state;
	struct page p;
	struct tree t;
	struct err err = {0};
	run_page(&p, BROWSER_FIREFOX, true);
	tree_of(&t, getpid());
	for (size_t i = 0; i < t.n; i++)
		assert_int_equal(pidfd_send_signal(t.fd[i], SIGSTOP, NULL, 0), 0);
	assert_true(browser_stop(p.browser, &err));
	assert_int_equal(tree_alive(&t, 0), 0);
	tree_fini(&t);
	page_fini(&p);
}

static void stop_before_anything(void **state)
{
	(void)state;
	struct err err;
	struct tree t;
	struct browser *b = browser_fork(&err);
	assert_non_null(b);
	tree_of(&t, getpid());
	assert_int_equal(t.n, 1);
	assert_true(browser_stop(b, &err));
	assert_true(browser_stop(b, &err));
	browser_free(b);
	assert_int_equal(tree_alive(&t, 0), 0);
	tree_fini(&t);
}

/* The jail stands and nothing was opened: the state of a --dry-run that failed elsewhere. */
static void stop_before_open(void **state)
{
	(void)state;
	struct page p;
	struct tree t;
	struct err err;
	struct browser_about about;
	page_init(&p);
	for (int i = 0; i < 2; i++) {
		const struct browser_launch launch = {
			.kind = BROWSER_FIREFOX, .sandbox = i == 0, .ca_pem = p.ca_pem};
		p.browser = browser_fork(&err);
		assert_non_null(p.browser);
		assert_true(browser_start(p.browser, &launch, &p.listen_fd, &about, &err));
		tree_of(&t, getpid());
		assert_true(t.n >= 2);
		assert_true(browser_stop(p.browser, &err));
		assert_int_equal(tree_alive(&t, 0), 0);
		tree_fini(&t);
		browser_free(p.browser);
		close(p.listen_fd);
	}
	p.browser = NULL;
	p.listen_fd = -1;
	page_fini(&p);
}

static void stop_in_the_jail(void **state)
{
	(void)state;
	stop_leaves_nothing(BROWSER_FIREFOX, true);
}

static void stop_without_a_jail(void **state)
{
	(void)state;
	stop_leaves_nothing(BROWSER_FIREFOX, false);
}

static void killed_in_the_jail(void **state)
{
	(void)state;
	killed_leaves_nothing(BROWSER_FIREFOX, true);
}

static void killed_without_a_jail(void **state)
{
	(void)state;
	killed_leaves_nothing(BROWSER_FIREFOX, false);
}

static void chromium_stops(void **state)
{
	(void)state;
	stop_leaves_nothing(BROWSER_CHROMIUM, true);
	stop_leaves_nothing(BROWSER_CHROMIUM, false);
}

static void chromium_is_killed(void **state)
{
	(void)state;
	killed_leaves_nothing(BROWSER_CHROMIUM, true);
	killed_leaves_nothing(BROWSER_CHROMIUM, false);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--inside") == 0)
		return inside_main(argc, argv);
	alarm(2 * PAGE_LIMIT_S);
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stop_before_anything),
		cmocka_unit_test(stop_before_open),
		cmocka_unit_test(stop_without_help),
		cmocka_unit_test(stop_in_the_jail),
		cmocka_unit_test(killed_in_the_jail),
		cmocka_unit_test(stop_without_a_jail),
		cmocka_unit_test(killed_without_a_jail),
		cmocka_unit_test(chromium_stops),
		cmocka_unit_test(chromium_is_killed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
