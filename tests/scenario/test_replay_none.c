/* What the built-in client recorded, it walks again offline. */
#include "tests/kit/lab_replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void scenes_replay_to_the_same_trail(void **state)
{
	(void)state;
	lab_replay("none", "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenes_replay_to_the_same_trail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
