#include "store/base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { MANY = 5000 };

static struct span key_of(char room[16], size_t i)
{
	snprintf(room, 16, "key %zu", i);
	return span_str(room);
}

/* Copies of keys outlive the bytes that they were made of; all are found after it grew. */
static void what_was_put_is_found(void **state)
{
	struct map m = {0};
	struct arena a = {0};
	char room[16];
	static char values[MANY];
	(void)state;
	assert_null(map_get(&m, span_str("key 1")));
	for (size_t i = 0; i < MANY; i++) {
		void **at = map_at(&m, key_of(room, i), &a);
		assert_null(*at);
		*at = &values[i];
	}
	assert_int_equal(m.n, MANY);
	for (size_t i = 0; i < MANY; i++) {
		assert_ptr_equal(map_get(&m, key_of(room, i)), &values[i]);
		assert_ptr_equal(*map_at(&m, key_of(room, i), &a), &values[i]);
	}
	assert_int_equal(m.n, MANY);
	assert_null(map_get(&m, span_str("key")));
	map_fini(&m);
	assert_null(map_get(&m, span_str("key 1")));
	arena_fini(&a);
}

static void no_bytes_are_a_key_too(void **state)
{
	struct map m = {0};
	struct arena a = {0};
	int value;
	(void)state;
	*map_at(&m, SPAN_NONE, &a) = &value;
	assert_ptr_equal(map_get(&m, span_str("")), &value);
	assert_ptr_equal(*map_at(&m, span_str(""), NULL), &value);
	assert_int_equal(m.n, 1);
	map_fini(&m);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_found),
		cmocka_unit_test(no_bytes_are_a_key_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
