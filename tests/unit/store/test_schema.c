/* The tables against the list of facts, and the numbers that go on over sessions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/kit/temp_case.h"
#include "store/schema_sql.h"

union any {
#define X(upper, lower) struct fact_##lower lower;
	FACT_KINDS(X)
#undef X
};

static void steps_are_numbered_in_order(void **state)
{
	(void)state;
	int number = 0;
	for (const struct schema_step *s = schema_steps; s->number != 0; s++)
		assert_int_equal(s->number, ++number);
	assert_true(number >= 3);
}

static void tables_have_the_fields_of_facts(void **state)
{
	static const char *const types[] = {"INTEGER", "TEXT", "BLOB"};
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	for (int kind = 0; kind < FACT_KIND_COUNT; kind++) {
		const struct fact_info *info = fact_info((enum fact_kind)kind);
		char sql[200];
		struct buf want = {0};
		buf_add_str(&want, "seq|INTEGER|1");
		for (size_t i = 0; i < info->n_fields; i++)
			buf_addf(&want, "\n%s|%s|0", info->fields[i].name,
				types[info->fields[i].type]);
		char *expected = buf_take_str(&want);
		snprintf(sql, sizeof sql,
			"SELECT name, type, pk FROM pragma_table_info('fact_%s')", info->name);
		char *got = temp_case_sql(&t, sql);
		assert_string_equal(got, expected);
		free(got);
		free(expected);
		snprintf(sql, sizeof sql, "SELECT strict FROM pragma_table_list('fact_%s')",
			info->name);
		assert_int_equal(temp_case_number(&t, sql), 1);
	}
	/* No table of facts that fact.h does not know. */
	assert_int_equal(
		temp_case_number(&t, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' "
				     "AND name LIKE 'fact\\_%' ESCAPE '\\'"),
		FACT_KIND_COUNT);
	temp_case_fini(&t);
}

static void the_file_says_what_it_is(void **state)
{
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	assert_int_equal(temp_case_number(&t, "PRAGMA application_id"), 0x636c6b74);
	assert_int_equal(temp_case_number(&t, "PRAGMA user_version"), 3);
	assert_int_equal(temp_case_number(&t, "PRAGMA page_size"), 16384);
	char *row = temp_case_sql(&t,
		"SELECT length(id), tool_name, tool_version, operator_name, closed_us IS NULL, "
		"created_us > 1700000000000000, opened_us >= created_us FROM case_info");
	assert_string_equal(row, "32|clicktrail|" CLICKTRAIL_VERSION "|Ada Tester|1|1|1");
	free(row);
	temp_case_fini(&t);
}

static bool set_field(enum fact_kind kind, union any *fact, const char *name, int64_t value)
{
	const struct fact_info *info = fact_info(kind);
	for (size_t i = 0; i < info->n_fields; i++) {
		if (strcmp(info->fields[i].name, name) == 0 &&
			info->fields[i].type == FACT_TYPE_INT) {
			memcpy((uint8_t *)fact + info->fields[i].offset, &value, sizeof value);
			return true;
		}
	}
	return false;
}

/* Wherever a number was used last, the next session begins behind it, and so does the fact's
 * own number. */
static void numbers_go_on_after_every_kind(void **state)
{
	static const struct {
		const char *field;
		int64_t (*next)(struct writer *w);
	} numbers[] = {
		{"tunnel", writer_new_tunnel},
		{"leg", writer_new_leg},
		{"exchange", writer_new_exchange},
	};
	(void)state;
	for (int k = 0; k < FACT_KIND_COUNT; k++) {
		enum fact_kind kind = (enum fact_kind)k;
		struct temp_case t;
		union any fact;
		bool used[3];
		temp_case_start(&t);
		fact_init(kind, &fact);
		for (int i = 0; i < 3; i++)
			used[i] = set_field(kind, &fact, numbers[i].field, 40 + i);
		temp_case_put(&t, kind, &fact);
		temp_case_put(&t, kind, &fact);
		temp_case_close(&t);
		temp_case_open(&t);
		for (int i = 0; i < 3; i++) {
			int64_t next = numbers[i].next(t.writer);
			if (next != (used[i] ? 41 + i : 1))
				fail_msg("%s after a %s: %lld", numbers[i].field,
					fact_info(kind)->name, (long long)next);
		}
		struct fact_session_end end;
		fact_init(FACT_KIND_SESSION_END, &end);
		end.reason = span_str("third");
		temp_case_put(&t, FACT_KIND_SESSION_END, &end);
		assert_int_equal(
			temp_case_number(
				&t, "SELECT seq FROM fact_session_end WHERE reason = 'third'"),
			3);
		temp_case_fini(&t);
	}
}

static void sessions_go_on(void **state)
{
	struct temp_case t;
	struct fact_session s;
	(void)state;
	temp_case_start(&t);
	assert_int_equal(writer_new_session(t.writer), 1);
	assert_int_equal(writer_new_session(t.writer), 2);
	fact_init(FACT_KIND_SESSION, &s);
	s.session = 2;
	temp_case_put(&t, FACT_KIND_SESSION, &s);
	char id[33];
	snprintf(id, sizeof id, "%s", writer_case_id(t.writer));
	assert_int_equal(strlen(id), 32);
	temp_case_close(&t);
	temp_case_open(&t);
	assert_int_equal(writer_new_session(t.writer), 3);
	assert_string_equal(writer_case_id(t.writer), id);
	temp_case_fini(&t);
}

/* Indexes are for readers: made when a session ends, gone while the next records. */
static void indexes_come_and_go(void **state)
{
	static const char count[] =
		"SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND "
		"tbl_name LIKE 'fact%'";
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	assert_int_equal(temp_case_number(&t, count), 0);
	temp_case_close(&t);
	assert_true(temp_case_number(&t, count) >= 10);
	char *plan =
		temp_case_sql(&t, "EXPLAIN QUERY PLAN SELECT * FROM exchange WHERE id = 5");
	if (strstr(plan, "SCAN") != NULL)
		fail_msg("a look-up of one exchange scans: %s", plan);
	free(plan);
	plan = temp_case_sql(&t, "EXPLAIN QUERY PLAN SELECT * FROM header WHERE exchange = 5");
	if (strstr(plan, "SCAN q") != NULL || strstr(plan, "SCAN a") != NULL)
		fail_msg("a look-up of one exchange's headers scans: %s", plan);
	free(plan);
	temp_case_open(&t);
	assert_int_equal(temp_case_number(&t, count), 0);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_numbered_in_order),
		cmocka_unit_test(tables_have_the_fields_of_facts),
		cmocka_unit_test(the_file_says_what_it_is),
		cmocka_unit_test(numbers_go_on_after_every_kind),
		cmocka_unit_test(sessions_go_on),
		cmocka_unit_test(indexes_come_and_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
