/*
 * The web window in Chromium over a case with hostile strings in every field: no page runs,
 * asks for or is built of anything that the same page of harmless words is not
 * (tests/window/nasty.js; tests/window/control.js shows that the driver would notice).
 */
#include "tests/kit/window_drive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void words_stay_words(void **state)
{
	(void)state;
	window_drive_nasty("chromium");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_stay_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
