/*
 * The web window in Chromium, driven as a person would: tests/window/steps_*.js click, type and
 * look.
 */
#include "tests/kit/window_drive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void people_can_use_it(void **state)
{
	(void)state;
	window_drive("chromium");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_can_use_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
