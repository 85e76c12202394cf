/* What a shell is told: the worst of what was found, alone and beside all that is better. */
#include "ui/cli/crosscheck.h"
#include "ui/cli/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	uint64_t agree, differ, unseen, bypass;
	int want;
} rows[] = {
	{1, 0, 0, 0, 0},
	{9, 1, 0, 0, 4},
	{9, 0, 0, 1, 4},
	{9, 0, 1, 0, 2},
	{9, 1, 1, 0, 4},
	{9, 0, 1, 1, 4},
	{0, 0, 0, 1, 4},
	{0, 0, 1, 0, 2},
	/* Nothing was compared: that is not that all agrees. */
	{0, 0, 0, 0, 2},
};

static void codes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct compared_counts c = {.of = {[VERDICT_AGREE] = rows[i].agree,
						    [VERDICT_DIFFER] = rows[i].differ,
						    [VERDICT_UNSEEN] = rows[i].unseen,
						    [VERDICT_BYPASS] = rows[i].bypass}};
		if (crosscheck_code(&c) != rows[i].want)
			fail_msg("row %zu: %d, not %d", i, crosscheck_code(&c), rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(codes)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
