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
	lab_replay("none", "none", NULL);
}

static void what_it_records_says_that_it_is_a_replay(void **state)
{
	(void)state;
	lab_replay_says_so("codes", "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenes_replay_to_the_same_trail),
		cmocka_unit_test(what_it_records_says_that_it_is_a_replay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
