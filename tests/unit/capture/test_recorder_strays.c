/* What is kept of packets that are no TCP, by number and by bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture/recorder_strays.h"

static void small_ones(void **state)
{
	(void)state;
	struct recorder_strays s = {0};
	for (int i = 0; i < RECORDER_STRAYS_MAX; i++)
		assert_true(recorder_strays_keep(&s, PACKET_UDP, 100));
	for (int i = 1; i < RECORDER_STRAYS_ONE_IN; i++)
		assert_false(recorder_strays_keep(&s, PACKET_UDP, 100));
	assert_true(recorder_strays_keep(&s, PACKET_UDP, 100));
	assert_true(recorder_strays_keep(&s, PACKET_TCP, 100));
	assert_int_equal(s.left_out, RECORDER_STRAYS_ONE_IN - 1);
}

/* Big ones reach another limit first. */
static void big_strays(void **state)
{
	(void)state;
	struct recorder_strays s = {0};
	const size_t big = 60000, fit = RECORDER_STRAYS_BYTES_MAX / big;
	size_t kept = 0;
	for (size_t i = 0; i < fit + 2 * (size_t)RECORDER_STRAYS_ONE_IN; i++)
		kept += recorder_strays_keep(
			&s, i % 2 == 0 ? PACKET_UDP : PACKET_FRAGMENT, big);
	assert_int_equal(kept, fit + 2);
	assert_int_equal(s.left_out, 2 * (RECORDER_STRAYS_ONE_IN - 1));
	/* And a small one is not let in again, so that what is there has no holes before that.
	 */
	assert_false(recorder_strays_keep(&s, PACKET_MALFORMED, 1));
	assert_true(recorder_strays_keep(&s, PACKET_TCP, big));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_ones),
		cmocka_unit_test(big_strays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
