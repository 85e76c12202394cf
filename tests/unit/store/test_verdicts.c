/* Verdicts as rows: put in batches, replaced whole, beside facts that they do not touch. */
#include "store/derive/compare.h"
#include "store/verdicts.h"
#include "tests/kit/temp_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char all[] = "SELECT session, tunnel, leg, exchange, flow, packet, file, subject, "
			  "verdict, proxy_value, witness_value, detail FROM verdict";

static void demand(struct temp_case *t, const char *want)
{
	char *got = temp_case_sql(t, all);
	assert_string_equal(got, want);
	free(got);
}

static const struct verdict nobody = {.kind = VERDICT_BYPASS,
	.subject = VERDICT_OF_STRAY,
	.session = FACT_NULL,
	.tunnel = FACT_NULL,
	.leg = FACT_NULL,
	.exchange = FACT_NULL,
	.flow = FACT_NULL,
	.packet = FACT_NULL};

static struct verdict one(void)
{
	return (struct verdict){.kind = VERDICT_DIFFER,
		.subject = VERDICT_OF_JA4,
		.session = 1,
		.tunnel = 2,
		.leg = 0,
		.exchange = FACT_NULL,
		.flow = 3,
		.packet = 44,
		.file = span_str("x.pcapng"),
		.proxy_value = span_str("a"),
		.witness_value = span_str("b")};
}

#define FIRST "1|2|0|NULL|3|44|x.pcapng|ja4|differ|a|b|NULL"

static void batches_add_and_the_first_replaces(void **state)
{
	struct temp_case t;
	struct err err;
	struct verdict v[2] = {one(), nobody};
	(void)state;
	temp_case_start(&t);
	temp_case_fill(&t);
	int64_t facts = temp_case_number(&t, "SELECT count(*) FROM fact");
	assert_true(writer_put_verdicts(t.writer, true, v, 1, &err));
	assert_true(writer_put_verdicts(t.writer, false, v + 1, 1, &err));
	demand(&t, FIRST "\n0|NULL|NULL|NULL|NULL|NULL|NULL|stray|bypass|NULL|NULL|NULL");
	assert_true(writer_put_verdicts(t.writer, true, v, 1, &err));
	demand(&t, FIRST);
	assert_true(writer_put_verdicts(t.writer, false, NULL, 0, &err));
	demand(&t, FIRST);
	/* They outlive the writer, and are no facts. */
	temp_case_close(&t);
	demand(&t, FIRST);
	temp_case_open(&t);
	assert_true(writer_put_verdicts(t.writer, true, NULL, 0, &err));
	demand(&t, "");
	assert_int_equal(temp_case_number(&t, "SELECT count(*) FROM fact"), facts);
	temp_case_fini(&t);
}

static void without_a_case_there_are_none(void **state)
{
	struct err err;
	struct verdict v = one();
	(void)state;
	struct writer *nothing = writer_of_nothing();
	assert_false(writer_put_verdicts(nothing, true, &v, 1, &err));
	writer_close(nothing, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches_add_and_the_first_replaces),
		cmocka_unit_test(without_a_case_there_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
