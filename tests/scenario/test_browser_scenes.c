/* Each trick alone, and each way to end, with a real Firefox. */
#include "tests/kit/browser_scenes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void scenes_are_told_as_they_were_served(void **state)
{
	(void)state;
	browser_scenes("firefox");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenes_are_told_as_they_were_served),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
