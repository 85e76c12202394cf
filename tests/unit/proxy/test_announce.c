/* A window's port is known by a name that goes with its process, and by no other one. */
#include "proxy/announce.h"
#include "proxy/policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void goes_with_its_descriptor(void **state)
{
	struct err err = {0};
	(void)state;
	int one = announce_window(4, &err);
	assert_true(one >= 0);
	assert_true(announced_window(4));
	assert_false(announced_window(44));
	assert_false(announced_window(40));
	assert_false(announced_window(0));
	/* Another window at the same port of another address would not be seen to go. */
	assert_int_equal(announce_window(4, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.detail, "port 4 "));
	close(one);
	assert_false(announced_window(4));
}

/* A look that is not possible, for want of descriptors. */
static void what_is_not_known_is_a_window(void **state)
{
	struct rlimit before, none;
	(void)state;
	assert_false(announced_window(6));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){0, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	bool there = announced_window(6);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(there);
}

static void goes_with_its_process(void **state)
{
	int to[2], status;
	char c;
	struct err err;
	(void)state;
	assert_int_equal(pipe(to), 0);
	pid_t pid = fork();
	if (pid == 0) {
		c = announce_window(5, &err) >= 0 ? 'y' : 'n';
		if (write(to[1], &c, 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(to[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	assert_true(announced_window(5));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(announced_window(5));
	close(to[0]);
	close(to[1]);
}

static void knows_what_leads_to_loopback(void **state)
{
	static const struct {
		const char *ip;
		bool leads;
	} table[] = {{"127.0.0.1", true}, {"127.255.255.255", true}, {"0.0.0.0", true},
		{"0.0.0.1", false}, {"128.0.0.1", false}, {"126.255.255.255", false},
		{"192.0.2.1", false}, {"::1", true}, {"::", true}, {"::2", false},
		{"::ffff:127.0.0.1", true}, {"::ffff:0.0.0.0", true},
		{"::ffff:192.0.2.1", false}, {"::ffff:0:127.0.0.1", true},
		{"64:ff9b::127.0.0.1", true}, {"64:ff9b::192.0.2.1", false},
		{"2002:7f00:1::", true}, {"2002:c000:201::", false},
		{"2001:0:7f00:1::ffff:ffff", true}, {"2001:db8::1", false}, {"fe80::1", false}};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sockaddr_in v4 = {.sin_family = AF_INET};
		struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
		bool six = inet_pton(AF_INET, table[i].ip, &v4.sin_addr) != 1;
		if (six)
			assert_int_equal(inet_pton(AF_INET6, table[i].ip, &v6.sin6_addr), 1);
		const void *at = six ? (const void *)&v6 : (const void *)&v4;
		if (policy_leads_to_loopback(at) != table[i].leads)
			fail_msg("%s", table[i].ip);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_with_its_descriptor),
		cmocka_unit_test(what_is_not_known_is_a_window),
		cmocka_unit_test(goes_with_its_process),
		cmocka_unit_test(knows_what_leads_to_loopback),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
