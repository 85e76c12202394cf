/* TEMP: the load itself. */
#include "tests/kit/mixed_client.h"
#include "tests/kit/run_proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void all_agrees(void **state)
{
	struct run_proxy proxy;
	struct mixed_told told;
	(void)state;
	struct mixed_origin *origin = mixed_origin_start();
	struct run_proxy_options o = {.rules = {mixed_origin_rule(origin, false),
					      mixed_origin_rule(origin, true)},
		.cacert = mixed_origin_cacert(origin)};
	run_proxy_start(&proxy, &o);
	struct mixed_load l = {.proxy_port = proxy.port,
		.cacert = proxy.cacert,
		.exchanges = 600,
		.threads = 8,
		.seed = 1};
	mixed_load(&l, &told);
	run_proxy_idle(&proxy);
	run_proxy_stop(&proxy);
	mixed_origin_stop(origin);
	printf("%zu exchanges, %zu connections\n", told.exchanges, told.connections);
	if (told.trouble[0] != 0)
		fail_msg("%s", told.trouble);
	assert_int_equal(CASE_COUNT(&proxy.facts, EXCHANGE_END), told.exchanges);
	run_proxy_end(&proxy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(all_agrees)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
