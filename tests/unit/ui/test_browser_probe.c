/*
 * What browser_probe says on machines that lack something. The lacking machines are made in
 * user and mount namespaces of a child, so nothing of the real one is touched.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ui/browser/browser.h"
#include "ui/browser/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HARD_LIMIT_S = 60 };

struct verdict {
	bool ok;
	struct err err;
	struct browser_about about;
};

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

/* Root maps the whole range, so that the child can still become somebody else; others map
 * themselves. */
static void map_ids(pid_t child)
{
	char path[64], text[64];
	bool root = geteuid() == 0;
	snprintf(path, sizeof path, "/proc/%d/setgroups", child);
	if (!root)
		assert_true(write_text(path, "deny"));
	snprintf(path, sizeof path, "/proc/%d/uid_map", child);
	snprintf(text, sizeof text, root ? "0 0 65536" : "%d %d 1", geteuid(), geteuid());
	assert_true(write_text(path, text));
	snprintf(path, sizeof path, "/proc/%d/gid_map", child);
	snprintf(text, sizeof text, root ? "0 0 65536" : "%d %d 1", getegid(), getegid());
	assert_true(write_text(path, text));
}

/* The probe's verdict in a world where `spoil` was done. */
static struct verdict probe_where(enum browser_kind kind, bool (*spoil)(void), bool sandbox)
{
	int up[2], down[2];
	struct verdict v = {0};
	char byte = 'x';
	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(down), 0);
	pid_t child = fork();
	if (child == 0) {
		alarm(HARD_LIMIT_S);
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || write(up[1], &byte, 1) != 1 ||
			read(down[0], &byte, 1) != 1 || !spoil())
			_exit(2);
		v.ok = browser_probe(kind, sandbox, false, &v.about, &v.err);
		(void)!write(up[1], &v, sizeof v);
		_exit(0);
	}
	assert_int_equal(read(up[0], &byte, 1), 1);
	map_ids(child);
	assert_int_equal(write(down[1], &byte, 1), 1);
	/* With our copy open a child that failed would leave us reading for ever. */
	close(up[1]);
	assert_int_equal(read(up[0], &v, sizeof v), sizeof v);
	close(up[0]);
	close(down[0]);
	close(down[1]);
	waitpid(child, NULL, 0);
	return v;
}

static bool nothing(void)
{
	return true;
}

static bool no_bwrap(void)
{
	return mount("/dev/null", "/usr/bin/bwrap", NULL, MS_BIND, NULL) == 0;
}

static bool no_certutil(void)
{
	return mount("/dev/null", "/usr/bin/certutil", NULL, MS_BIND, NULL) == 0;
}

static bool no_xvfb(void)
{
	return mount("/dev/null", "/usr/bin/Xvfb", NULL, MS_BIND, NULL) == 0;
}

static bool no_firefox(void)
{
	/* /usr/bin/firefox-esr is a link to it, /usr/bin/firefox a script that starts it. */
	return mount("/dev/null", "/usr/lib/firefox-esr/firefox-esr", NULL, MS_BIND, NULL) ==
		       0 &&
	       (access("/usr/bin/firefox", F_OK) != 0 ||
		       mount("/dev/null", "/usr/bin/firefox", NULL, MS_BIND, NULL) == 0);
}

static bool a_wrapper_instead(void)
{
	return mount("/usr/bin/true", "/usr/lib/firefox-esr/firefox-esr", NULL, MS_BIND,
		       NULL) == 0 &&
	       mount("/dev/null", "/usr/lib/firefox-esr/application.ini", NULL, MS_BIND,
		       NULL) == 0;
}

static bool no_namespaces(void)
{
	/* The limit is the namespace's own: it holds for what is made below the child only. */
	return write_text("/proc/sys/user/max_user_namespaces", "0");
}

static void all_there(void **state)
{
	(void)state;
	struct err err = {0};
	struct browser_about about;
	assert_true(browser_probe(BROWSER_FIREFOX, true, false, &about, &err));
	assert_string_equal(about.name, "Firefox");
	assert_true(atoi(about.version) > 0);
	assert_int_equal(access(about.path, X_OK), 0);
	assert_true(about.sandboxed);
	assert_true(browser_probe(BROWSER_FIREFOX, false, false, &about, &err));
	assert_false(about.sandboxed);
	struct verdict v = probe_where(BROWSER_FIREFOX, nothing, true);
	if (!v.ok)
		print_error("%s\n", v.err.detail);
	assert_true(v.ok);
}

static void tells(enum browser_kind browser, bool (*spoil)(void), bool sandbox,
	enum err_kind kind, const char *word)
{
	struct verdict v = probe_where(browser, spoil, sandbox);
	assert_false(v.ok);
	if (v.err.kind != kind || strstr(v.err.detail, word) == NULL)
		print_error("%s: %s\n", err_word(v.err.kind), v.err.detail);
	assert_int_equal(v.err.kind, kind);
	assert_non_null(strstr(v.err.detail, word));
}

static void says(bool (*spoil)(void), bool sandbox, enum err_kind kind, const char *word)
{
	tells(BROWSER_FIREFOX, spoil, sandbox, kind, word);
}

static bool no_chromium(void)
{
	return mount("/dev/null", "/usr/lib/chromium/chromium", NULL, MS_BIND, NULL) == 0;
}

static bool a_script_instead(void)
{
	return mount("/usr/bin/chromium", "/usr/lib/chromium/chromium", NULL, MS_BIND, NULL) ==
	       0;
}

static bool another_program(void)
{
	return mount("/usr/bin/true", "/usr/lib/chromium/chromium", NULL, MS_BIND, NULL) == 0;
}

/* Chromium is asked for its version, inside the walls. */
static void chromium_answers(void **state)
{
	(void)state;
	struct err err = {0};
	struct browser_about about;
	for (int i = 0; i < 2; i++) {
		bool ok = browser_probe(BROWSER_CHROMIUM, i == 0, false, &about, &err);
		if (!ok)
			print_error("%s\n", err.detail);
		assert_true(ok);
		assert_string_equal(about.name, "Chromium");
		assert_true(atoi(about.version) > 100);
		assert_int_equal(access(about.path, X_OK), 0);
		assert_int_equal(about.sandboxed, i == 0);
	}
	tells(BROWSER_CHROMIUM, no_chromium, true, ERR_BROWSER_MISSING, "apt install chromium");
	tells(BROWSER_CHROMIUM, a_script_instead, true, ERR_BROWSER_MISSING, "no Chromium");
	tells(BROWSER_CHROMIUM, another_program, true, ERR_BROWSER_START,
		"did not say its version");
	tells(BROWSER_CHROMIUM, no_bwrap, true, ERR_SANDBOX_MISSING, "apt install bubblewrap");
	tells(BROWSER_CHROMIUM, no_xvfb, true, ERR_SANDBOX_MISSING, "apt install xvfb");
	tells(BROWSER_CHROMIUM, no_certutil, false, ERR_SANDBOX_MISSING, "libnss3-tools");
	tells(BROWSER_CHROMIUM, no_namespaces, true, ERR_SANDBOX_FORBIDDEN,
		"user.max_user_namespaces is 0");
	struct verdict v = probe_where(BROWSER_CHROMIUM, no_namespaces, false);
	assert_true(v.ok);
}

static void names_what_is_missing(void **state)
{
	(void)state;
	says(no_bwrap, true, ERR_SANDBOX_MISSING, "apt install bubblewrap");
	says(no_certutil, true, ERR_SANDBOX_MISSING, "apt install libnss3-tools");
	says(no_certutil, false, ERR_SANDBOX_MISSING, "apt install libnss3-tools");
	says(no_firefox, true, ERR_BROWSER_MISSING, "apt install firefox-esr");
	says(a_wrapper_instead, true, ERR_BROWSER_MISSING, "is not a Firefox");
	struct verdict v = probe_where(BROWSER_FIREFOX, no_bwrap, false);
	assert_true(v.ok);
}

static void goes_on_without_a_screen(void **state)
{
	(void)state;
	struct verdict v = probe_where(BROWSER_FIREFOX, no_xvfb, true);
	assert_true(v.ok);
	assert_true(v.about.headless);
}

static void namespaces_forbidden(void **state)
{
	(void)state;
	says(no_namespaces, true, ERR_SANDBOX_FORBIDDEN, "user.max_user_namespaces is 0");
	says(no_namespaces, true, ERR_SANDBOX_FORBIDDEN, "--no-sandbox");
	struct verdict v = probe_where(BROWSER_FIREFOX, no_namespaces, false);
	assert_true(v.ok);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--inside") == 0)
		return inside_main(argc, argv);
	alarm(HARD_LIMIT_S);
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_there),
		cmocka_unit_test(names_what_is_missing),
		cmocka_unit_test(goes_on_without_a_screen),
		cmocka_unit_test(namespaces_forbidden),
		cmocka_unit_test(chromium_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
