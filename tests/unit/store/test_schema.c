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
	assert_true(number >= 7);
}

/* What a person asks: one view per kind, its columns the fields of the list. */
static void views_have_the_fields_of_facts(void **state)
{
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	for (int kind = 0; kind < FACT_KIND_COUNT; kind++) {
		const struct fact_info *info = fact_info((enum fact_kind)kind);
		char sql[200];
		struct buf want = {0};
		buf_add_str(&want, "seq");
		for (size_t i = 0; i < info->n_fields; i++)
			buf_addf(&want, "\n%s", info->fields[i].name);
		char *expected = buf_take_str(&want);
		snprintf(sql, sizeof sql, "SELECT name FROM pragma_table_info('fact_%s')",
			info->name);
		char *got = temp_case_sql(&t, sql);
		assert_string_equal(got, expected);
		free(got);
		free(expected);
		snprintf(sql, sizeof sql, "SELECT kind FROM fact_kind WHERE name = '%s'",
			info->name);
		assert_int_equal(temp_case_number(&t, sql), kind + 1);
	}
	/* No kind that fact.h does not know. */
	assert_int_equal(
		temp_case_number(&t, "SELECT count(*) FROM fact_kind"), FACT_KIND_COUNT);
	assert_int_equal(
		temp_case_number(&t, "SELECT count(*) FROM sqlite_schema WHERE type = 'view' "
				     "AND name LIKE 'fact\\_%' ESCAPE '\\'"),
		FACT_KIND_COUNT);
	assert_int_equal(
		temp_case_number(&t, "SELECT strict FROM pragma_table_list('fact')"), 1);
	temp_case_fini(&t);
}

/* A value of its own in every field, or in every second one: so that none can be another's. */
static void fill_fields(
	const struct fact_info *info, union any *fact, char texts[][32], size_t step)
{
	for (size_t i = 0; i < info->n_fields; i += step) {
		uint8_t *field = (uint8_t *)fact + info->fields[i].offset;
		int64_t number = 1000 + (int64_t)i;
		snprintf(texts[i], sizeof texts[i], "%s %zu", info->fields[i].name, i);
		struct span text = span_str(texts[i]);
		if (info->fields[i].type == FACT_TYPE_INT)
			memcpy(field, &number, sizeof number);
		else
			memcpy(field, &text, sizeof text);
	}
}

static void want_fields(
	const struct fact_info *info, char texts[][32], size_t step, struct buf *want)
{
	for (size_t i = 0; i < info->n_fields; i++) {
		if (i % step != 0)
			buf_add_str(want, "|NULL");
		else if (info->fields[i].type == FACT_TYPE_INT)
			buf_addf(want, "|%zu", 1000 + i);
		else if (info->fields[i].type == FACT_TYPE_TEXT)
			buf_addf(want, "|%s", texts[i]);
		else
			for (const char *c = texts[i]; c != texts[i] + strlen(texts[i]); c++)
				buf_addf(
					want, "%s%02x", c == texts[i] ? "|" : "", (unsigned)*c);
	}
}

static void check_kind(struct temp_case *t, enum fact_kind kind, size_t step, int64_t seq)
{
	static char texts[FACT_FIELDS_MAX][32];
	const struct fact_info *info = fact_info(kind);
	union any fact;
	char sql[120];
	struct buf want = {0};
	fact_init(kind, &fact);
	fill_fields(info, &fact, texts, step);
	int64_t at_us = 1001;
	memcpy((uint8_t *)&fact + info->fields[1].offset, &at_us, sizeof at_us);
	temp_case_put(t, kind, &fact);
	buf_addf(&want, "%lld", (long long)seq);
	want_fields(info, texts, step, &want);
	char *expected = buf_take_str(&want);
	snprintf(sql, sizeof sql, "SELECT * FROM fact_%s WHERE seq = %lld", info->name,
		(long long)seq);
	char *got = temp_case_sql(t, sql);
	char *at = step == 2 ? strstr(expected, "|NULL") : NULL;
	if (at != NULL) /* at_us is always known */
		memcpy(at, "|1001", 5);
	assert_string_equal(got, expected);
	free(got);
	free(expected);
}

/* Each value is found under its field's name, whatever kind was written before it. */
static void values_stand_under_their_names(void **state)
{
	struct temp_case t;
	int64_t seq = 0;
	(void)state;
	temp_case_start(&t);
	for (int kind = 0; kind < FACT_KIND_COUNT; kind++)
		for (size_t step = 1; step <= 2 && kind != FACT_KIND_CLOSE; step++)
			check_kind(&t, (enum fact_kind)kind, step, ++seq);
	check_kind(&t, FACT_KIND_CLOSE, 1, ++seq); /* nothing comes after it */
	temp_case_fini(&t);
}

static void the_file_says_what_it_is(void **state)
{
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	assert_int_equal(temp_case_number(&t, "PRAGMA application_id"), 0x636c6b74);
	assert_int_equal(temp_case_number(&t, "PRAGMA user_version"), 11);
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
		if (kind == FACT_KIND_CLOSE) /* nothing goes on after it */
			continue;
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
		"tbl_name = 'fact'";
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	assert_int_equal(temp_case_number(&t, count), 0);
	temp_case_close(&t);
	assert_int_equal(temp_case_number(&t, count), 3);
	char *plan =
		temp_case_sql(&t, "EXPLAIN QUERY PLAN SELECT * FROM exchange WHERE id = 5");
	if (strstr(plan, "SCAN") != NULL || strstr(plan, "MATERIALIZE") != NULL ||
		strstr(plan, "AUTOMATIC") != NULL)
		fail_msg("a look-up of one exchange scans: %s", plan);
	free(plan);
	plan = temp_case_sql(&t, "EXPLAIN QUERY PLAN SELECT * FROM header WHERE exchange = 5");
	if (strstr(plan, "SCAN fact") != NULL)
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
		cmocka_unit_test(views_have_the_fields_of_facts),
		cmocka_unit_test(values_stand_under_their_names),
		cmocka_unit_test(the_file_says_what_it_is),
		cmocka_unit_test(numbers_go_on_after_every_kind),
		cmocka_unit_test(sessions_go_on),
		cmocka_unit_test(indexes_come_and_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
