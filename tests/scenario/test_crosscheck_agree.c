/* Mixed traffic through the real program, recorded by the real recorders, and held against its
 * packets by the real command: everything agrees. With CLICKTRAIL_SOAK, 10,000 exchanges times
 * its number. On a machine that is too busy for its recorders packets are dropped, and the file
 * says so: then nothing may differ, and the round is made once more. */
#include "tests/kit/temp_case.h"
#include "tests/kit/witnessed.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { EXCHANGES = 600, SOAK = 10000, ROUND = 1000, THREADS = 4, SEED = 5, DROPPED_MAX = 10 };

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

static json_t *crosscheck_json(struct witnessed *w, int *code)
{
	json_error_t why;
	*code = witnessed_crosscheck(w, (const char *[]){"--json", NULL});
	json_t *o = json_loads(run_program_stdout(&w->program), 0, &why);
	if (o == NULL)
		fail_msg("exit %d: %s", *code, run_program_stderr(&w->program));
	return o;
}

static int64_t in_companion(struct witnessed *w, const char *sql)
{
	struct temp_case companion = looked_at(w->companion);
	return temp_case_number(&companion, sql);
}

static void demand_agreement(struct witnessed *w, const json_t *o, int code)
{
	if (code != 0) {
		fprintf(stderr, "%s\n", trouble_of(w));
		fail_msg("exit %d: %s", code, run_program_stderr(&w->program));
	}
	assert_int_equal(number(o, "exchanges"), w->told.exchanges);
	assert_int_equal(number(o, "tunnels"), w->told.connections);
	assert_int_equal(number(o, "differ"), 0);
	assert_int_equal(number(o, "unseen"), 0);
	assert_int_equal(number(o, "bypass"), 0);
	assert_int_equal(json_array_size(json_object_get(o, "verdicts")), 0);
	/* Each exchange on either side: itself, its heads and at least one more. */
	assert_true((size_t)number(o, "agree") > 6 * w->told.exchanges);
	assert_int_equal(in_companion(w, "SELECT count(*) FROM verdict"), number(o, "agree"));
	assert_int_equal(in_companion(w, "SELECT count(*) FROM fact_flow_exchange"),
		2 * w->told.exchanges);
	/* Nobody asks for the digest of what was encrypted, where what was in it is known. */
	assert_int_equal(
		in_companion(w, "SELECT count(*) FROM fact_flow WHERE up_sha256 IS NOT NULL "
				"AND flow IN (SELECT flow FROM fact_flow_plain "
				"WHERE layer = 'tls' AND up_bytes > 0)"),
		0);
	assert_true(in_companion(w, "SELECT count(*) FROM fact_flow WHERE up_sha256 IS NOT "
				    "NULL") > 0);
	assert_int_equal(in_companion(w, "SELECT count(*) FROM fact_packet_file "
					 "WHERE outcome = 'ok'"),
		2);
}

/* tshark finds the same connections, hellos, certificates, requests and statuses in the
 * packets.
 */
static void ask_a_third(struct witnessed *w)
{
	struct run_program *p = &w->program;
	const char *script = arena_printf(
		&p->arena, "%s/tests/capture/third_voice.py", getenv("CLICKTRAIL_SOURCE"));
	p->program = "/usr/bin/python3";
	int code = run_program(p, 60, (const char *[]){"-B", script, w->case_path, NULL});
	p->program = NULL;
	if (code != 0)
		fail_msg("%s%s", run_program_stdout(p), run_program_stderr(p));
}

/* How many exchanges agreed: all of them, or none where packets were dropped. */
static size_t one_round(size_t exchanges, uint64_t seed, size_t kinds[8], json_int_t *verdicts)
{
	struct witnessed w;
	int code;
	size_t good = 0;
	witnessed_record(&w, exchanges, THREADS, seed, NULL);
	json_t *o = crosscheck_json(&w, &code);
	if (in_companion(&w, "SELECT sum(dropped) FROM fact_packet_file") > 0) {
		print_message("packets were dropped: once more\n");
		if (number(o, "differ") > 0 || number(o, "bypass") > 0)
			fail_msg("lost packets are blamed: %s", trouble_of(&w));
		assert_int_equal(code, 2);
	} else {
		demand_agreement(&w, o, code);
		if (exchanges <= EXCHANGES)
			ask_a_third(&w);
		good = w.told.exchanges;
		*verdicts += number(o, "agree");
		for (size_t i = 0; i < 8; i++)
			kinds[i] += w.told.kinds[i];
	}
	json_decref(o);
	witnessed_end(&w);
	return good;
}

static void all_agrees(void **state)
{
	const char *soak = getenv("CLICKTRAIL_SOAK");
	size_t n = soak != NULL ? SOAK * strtoul(soak, NULL, 10) : EXCHANGES, done = 0;
	size_t kinds[8] = {0}, dropped = 0;
	json_int_t verdicts = 0;
	(void)state;
	for (uint64_t seed = SEED; done < n; seed++) {
		size_t left = n - done;
		size_t good = one_round(left < ROUND ? left : ROUND, seed, kinds, &verdicts);
		done += good;
		dropped += good == 0;
		if (dropped > DROPPED_MAX)
			fail_msg("the recorders cannot keep up");
	}
	/* http; TLS 1.2 and 1.3, with HTTP/1.1 and HTTP/2. */
	assert_true(kinds[0] > 0);
	for (size_t kind = 4; kind < 8; kind++)
		assert_true(kinds[kind] > 0);
	print_message("%zu exchanges, %lld verdicts, all agree\n", done, (long long)verdicts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(all_agrees)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
