/*
 * A real Firefox in the jail, served by a process that has given up the network: what runs
 * already goes on, from the first page to the end of the jail.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/ui/browser_page.h"
#include "ui/cli/guard.h"

static void served_without_a_network(void **state)
{
	(void)state;
	struct page p;
	struct browser_about about;
	struct err err = {0};
	page_init(&p);
	const struct browser_launch launch = {.kind = BROWSER_FIREFOX,
		.sandbox = true,
		.ca_pem = p.ca_pem,
		.timezone = "UTC",
		.as_of_us = clock_now_us(clock_real()) - 3600 * INT64_C(1000000)};
	const char *const urls[] = {"https://link.example/start"};
	page_start(&p, &launch, &about, urls, 1);
	if (!guard_no_network(&err))
		fail_msg("%s", err.detail);
	assert_int_equal(socket(AF_INET, SOCK_STREAM, 0), -1);
	page_wait(&p, "https link.example", "GET /start ");
	page_wait(&p, "https link.example", "GET /report?false;visible;1920;1080;true;UTC;");
	assert_true(browser_stop(p.browser, &err));
	page_fini(&p);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--inside") == 0)
		return inside_main(argc, argv);
	alarm(PAGE_LIMIT_S);
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(served_without_a_network),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
