/* What of a case is walked again: what its facts say, whatever is stored beside them. */
#include "ui/cli/replay_case.h"
#include "tests/kit/temp_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define EVIL "https://other.example/"

/* What is derived is under no seal. */
static const char *const spoilt[] = {
	"UPDATE derived_trail SET start_url = '" EVIL "', final_url = '" EVIL "'",
	"UPDATE derived_hop SET url = '" EVIL "'",
	"DELETE FROM derived_trail",
	"DELETE FROM derived_hop",
	"UPDATE derived_trail SET ended_by = 'stopped', hops = 1; "
	"DELETE FROM derived_hop WHERE n > 1",
};

static char *walked(const struct temp_case *t, size_t *hops, int named)
{
	struct options o;
	struct replay_case c;
	struct err err = {0};
	char *argv[] = {(char[]){"replay"}, NULL};
	options_init(&o, OPTIONS_REPLAY);
	o.trail_session = o.trail = named;
	if (!replay_case_open(&c, t->path, &o, argv, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	char *url = strdup(c.start_url);
	*hops = c.trail->n_hops;
	replay_case_close(&c);
	options_fini(&o);
	return url;
}

static void the_facts_say_what_is_walked(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
		struct temp_case t;
		size_t hops[2] = {0};
		temp_case_start(&t);
		temp_case_fill(&t);
		temp_case_close(&t);
		temp_case_spoil(&t, "INSERT OR IGNORE INTO derived_session "
				    "VALUES (1, '" CLICKTRAIL_VERSION "', 1, 0, 0, NULL)");
		char *before = walked(&t, &hops[0], 1);
		assert_string_not_equal(before, EVIL);
		temp_case_spoil(&t, spoilt[i]);
		for (int named = 0; named <= 1; named++) {
			char *after = walked(&t, &hops[1], named);
			assert_string_equal(after, before);
			assert_int_equal(hops[1], hops[0]);
			free(after);
		}
		free(before);
		temp_case_fini(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_facts_say_what_is_walked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
