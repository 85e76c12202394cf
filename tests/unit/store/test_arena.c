/* The arena: what was handed out is zero and its own, also in memory that is used again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/base/arena.h"

static const size_t sizes[] = {0, 1, 15, 16, 17, 900, 992, 993, 4000, 4064, 4065, 100000};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void use(struct arena *a)
{
	uint8_t *got[SIZES];
	for (size_t i = 0; i < SIZES; i++) {
		got[i] = arena_alloc(a, sizes[i]);
		assert_int_equal((uintptr_t)got[i] % 16, 0);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(got[i][k], 0);
		memset(got[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < SIZES; i++)
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(got[i][k], (uint8_t)(i + 1));
}

static void is_as_new_after_a_reset(void **state)
{
	struct arena a = {0};
	(void)state;
	arena_reset(&a);
	assert_null(a.block);
	for (int i = 0; i < 3; i++) {
		use(&a);
		arena_reset(&a);
		assert_int_equal(a.total, 0);
	}
	arena_fini(&a);
}

/* A reset keeps a block of the usual size and nothing larger: what one request took is not held
 * for ever. */
static void keeps_little(void **state)
{
	struct arena a = {0};
	(void)state;
	arena_alloc(&a, 10);
	arena_alloc(&a, 2000);
	const void *block = a.block;
	arena_reset(&a);
	assert_ptr_equal(a.block, block);
	arena_alloc(&a, 100);
	assert_ptr_equal(a.block, block);
	arena_alloc(&a, 100000);
	arena_reset(&a);
	assert_null(a.block);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_as_new_after_a_reset),
		cmocka_unit_test(keeps_little),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
