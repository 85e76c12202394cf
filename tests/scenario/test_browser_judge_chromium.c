/* What the browser itself says of its documents, against the trail: real Chromium,
 * instrumented. */
#include "tests/kit/browser_judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void browser_and_trail_agree(void **state)
{
	(void)state;
	browser_judge("chromium");
}

static void unwatched_the_link_is_not_sent(void **state)
{
	(void)state;
	browser_unwatched("chromium");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unwatched_the_link_is_not_sent),
		cmocka_unit_test(browser_and_trail_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
