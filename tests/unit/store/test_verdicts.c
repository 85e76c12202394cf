/* Verdicts as rows: put in batches, replaced whole, beside facts that they do not touch. */
#include "store/verdicts.h"
#include "store/fact/fact.h"
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

static struct derived_verdict one(const char *verdict)
{
	return (struct derived_verdict){.session = 1,
		.tunnel = 2,
		.leg = 0,
		.exchange = FACT_NULL,
		.flow = 3,
		.packet = 44,
		.subject = span_str("ja4"),
		.verdict = span_str(verdict),
		.file = span_str("x.pcapng"),
		.proxy_value = span_str("a"),
		.witness_value = span_str("b")};
}

static void batches_add_and_the_first_replaces(void **state)
{
	struct temp_case t;
	struct err err;
	(void)state;
	temp_case_start(&t);
	temp_case_fill(&t);
	int64_t facts = temp_case_number(&t, "SELECT count(*) FROM fact");
	struct derived_verdict v[2] = {one("differ"), {.session = FACT_NULL,
							      .tunnel = FACT_NULL,
							      .leg = FACT_NULL,
							      .exchange = FACT_NULL,
							      .flow = FACT_NULL,
							      .packet = FACT_NULL,
							      .subject = span_str("stray"),
							      .verdict = span_str("bypass")}};
	assert_true(writer_put_verdicts(t.writer, v, 1, true, &err));
	assert_true(writer_put_verdicts(t.writer, v + 1, 1, false, &err));
#define FIRST "1|2|0|NULL|3|44|x.pcapng|ja4|differ|a|b|NULL"
	demand(&t, FIRST "\n0|NULL|NULL|NULL|NULL|NULL|NULL|stray|bypass|NULL|NULL|NULL");
	assert_true(writer_put_verdicts(t.writer, v, 1, true, &err));
	demand(&t, FIRST);
	assert_true(writer_put_verdicts(t.writer, NULL, 0, false, &err));
	demand(&t, FIRST);
	/* They outlive the writer, and are no facts. */
	temp_case_close(&t);
	demand(&t, FIRST);
	temp_case_open(&t);
	assert_true(writer_put_verdicts(t.writer, NULL, 0, true, &err));
	demand(&t, "");
	assert_int_equal(temp_case_number(&t, "SELECT count(*) FROM fact"), facts);
	temp_case_fini(&t);
}

static void a_failed_writer_stores_none(void **state)
{
	struct temp_case t;
	struct err err;
	(void)state;
	temp_case_start(&t);
	struct derived_verdict v = one("agree");
	struct writer *nothing = writer_of_nothing();
	assert_false(writer_put_verdicts(nothing, &v, 1, true, &err));
	writer_close(nothing, NULL);
	demand(&t, "");
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches_add_and_the_first_replaces),
		cmocka_unit_test(a_failed_writer_stores_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
