/* What Chromium recorded, Chromium walks again offline. */
#include "tests/kit/lab_replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void scenes_replay_to_the_same_trail(void **state)
{
	/* What is asked for once, and what the browser does by itself. */
	static const char *const daily[] = {
		"one-time", "kept-301", "worker-redirect", "noisy-gates", NULL};
	(void)state;
	lab_replay("chromium", "chromium", daily);
}

/* Pages that do not ask which browser it is lead the other one the same way. */
static void what_firefox_recorded_is_walked_too(void **state)
{
	static const char *const daily[] = {"forms", NULL};
	(void)state;
	lab_replay("firefox", "chromium", daily);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenes_replay_to_the_same_trail),
		cmocka_unit_test(what_firefox_recorded_is_walked_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
