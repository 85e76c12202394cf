/* Mixed traffic through the real program, recorded by the real recorders, and held against its
 * packets by the real command: everything agrees. With CLICKTRAIL_SOAK, 10,000 exchanges times
 * its number. */
#include "tests/kit/temp_case.h"
#include "tests/kit/witnessed.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { EXCHANGES = 600, SOAK = 10000, SEED = 5 };

static json_int_t number(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);
	if (!json_is_integer(v))
		fail_msg("no number %s", name);
	return json_integer_value(v);
}

static struct temp_case looked_at(const char *path)
{
	struct temp_case t = {.writer = NULL};
	snprintf(t.path, sizeof t.path, "%s", path);
	return t;
}

/* What is not as it should be, put together. */
static char *trouble_of(struct witnessed *w)
{
	struct temp_case companion = looked_at(w->companion);
	return temp_case_sql(&companion,
		"SELECT verdict, subject, count(*), max(tunnel), max(detail), "
		"max(proxy_value), max(witness_value) FROM verdict WHERE verdict <> 'agree' "
		"GROUP BY verdict, subject, detail");
}

static json_t *crosscheck_json(struct witnessed *w, int want)
{
	json_error_t why;
	int code = witnessed_crosscheck(w, (const char *[]){"--json", NULL});
	json_t *o = json_loads(run_program_stdout(&w->program), 0, &why);
	if (o == NULL || code != want) {
		fprintf(stderr, "%s\n", o != NULL ? trouble_of(w) : "no JSON");
		fail_msg("exit %d: %s", code, run_program_stderr(&w->program));
	}
	return o;
}

static void all_agrees(void **state)
{
	struct witnessed w;
	const char *soak = getenv("CLICKTRAIL_SOAK");
	size_t n = soak != NULL ? SOAK * strtoul(soak, NULL, 10) : EXCHANGES;
	(void)state;
	witnessed_record(&w, n, 8, SEED, NULL);
	/* All kinds were there. */
	assert_true(w.told.exchanges >= n);
	for (size_t kind = 4; kind < 8; kind++)
		assert_true(w.told.kinds[kind] > 0);
	assert_true(w.told.kinds[0] > 0);
	json_t *o = crosscheck_json(&w, 0);
	assert_int_equal(number(o, "exchanges"), w.told.exchanges);
	assert_int_equal(number(o, "tunnels"), w.told.connections);
	assert_int_equal(number(o, "differ"), 0);
	assert_int_equal(number(o, "unseen"), 0);
	assert_int_equal(number(o, "bypass"), 0);
	assert_int_equal(json_array_size(json_object_get(o, "verdicts")), 0);
	/* Each exchange on either side: itself, its heads and at least one more. */
	assert_true((size_t)number(o, "agree") > 6 * w.told.exchanges);
	struct temp_case companion = looked_at(w.companion);
	assert_int_equal(temp_case_number(&companion, "SELECT count(*) FROM verdict"),
		number(o, "agree"));
	assert_int_equal(
		temp_case_number(&companion, "SELECT count(*) FROM fact_flow_exchange"),
		2 * (int64_t)w.told.exchanges);
	assert_int_equal(temp_case_number(&companion, "SELECT count(*) FROM fact_packet_file "
						      "WHERE outcome = 'ok' AND dropped = 0"),
		2);
	print_message("%zu exchanges over %zu connections: %lld verdicts\n", w.told.exchanges,
		w.told.connections, (long long)number(o, "agree"));
	json_decref(o);
	witnessed_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(all_agrees)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
