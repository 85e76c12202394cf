/* What Firefox recorded, Firefox walks again offline. */
#include "tests/kit/lab_replay.h"
#include "ui/lab/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void scenes_replay_to_the_same_trail(void **state)
{
	/* A long trail with each way to move a browser, what is asked for once, a failure. */
	static const char *const daily[] = {LAB_CLICK, "forms", "one-time", "bad-cert", NULL};
	(void)state;
	lab_replay("firefox", "firefox", daily);
}

static void another_client_parts_where_script_moves_on(void **state)
{
	(void)state;
	lab_replay_parts("scripts", "firefox", "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenes_replay_to_the_same_trail),
		cmocka_unit_test(another_client_parts_where_script_moves_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
