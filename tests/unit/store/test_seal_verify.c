/* Each way to change a sealed case, and what verification says of it: which kind of change, of
 * which facts. What nobody changed holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/kit/sealed_case.h"
#include "store/schema.h"
#include "store/schema_sql.h"

/* Numbers of facts from the end. */
#define END(back) (-1 - (back))
enum { BEHIND = 1000 }; /* the one behind the last */
#define MOVE_UP(from)                                                                          \
	"UPDATE fact SET seq = -seq - 1 WHERE seq >= " #from ";"                               \
	"UPDATE fact SET seq = -seq WHERE seq < 0;"
#define MOVE_DOWN(from)                                                                        \
	"UPDATE fact SET seq = -seq WHERE seq > " #from ";"                                    \
	"UPDATE fact SET seq = -seq - 1 WHERE seq < 0;"
#define SWAP(a, b)                                                                             \
	"UPDATE fact SET seq = -1 WHERE seq = " #a ";"                                         \
	"UPDATE fact SET seq = " #a " WHERE seq = " #b ";"                                     \
	"UPDATE fact SET seq = " #b " WHERE seq = -1;"
#define SEALS_STAY(a, b)                                                                       \
	"CREATE TEMP TABLE kept AS SELECT seq, seal FROM fact WHERE seq IN (" #a ", " #b       \
	");" SWAP(a, b) "UPDATE fact SET seal = (SELECT k.seal FROM kept k WHERE k.seq = "     \
			"fact.seq) "                                                           \
			"WHERE seq IN (" #a ", " #b ");"
#define LAST "(SELECT max(seq) FROM fact)"
#define LAST_HEAD "(SELECT max(n) FROM seal_head)"

struct change {
	const char *sql;
	enum seal_fault_kind kind;
	int64_t from, to;
	bool only; /* nothing else is said */
};

/* Of a case that is open, and of one that was closed. */
static const struct change changes[] = {
	{"UPDATE fact SET at_us = at_us + 1 WHERE seq = 9", FAULT_ALTERED, 9, 9, true},
	{"UPDATE fact SET f6 = 'PUT' WHERE seq = 10", FAULT_ALTERED, 10, 10, true},
	{"UPDATE fact SET f6 = NULL WHERE seq = 10", FAULT_ALTERED, 10, 10, true},
	{"UPDATE fact SET session = NULL WHERE seq = 30", FAULT_ALTERED, 30, 30, true},
	{"UPDATE fact SET f7 = -9223372036854775807 - 1 WHERE seq = 33 AND f7 IS NULL",
		FAULT_ALTERED, 33, 33, true},
	{"DELETE FROM fact WHERE seq = 9; UPDATE fact SET kind = 1000 WHERE seq = 10",
		FAULT_ALTERED, 10, 10, false},
	{"UPDATE fact SET f20 = 'x' WHERE seq = 17", FAULT_ALTERED, 17, 17, true},
	{"UPDATE fact SET f10 = replace(f10, 'N', 'n') WHERE seq = 10", FAULT_ALTERED, 10, 10,
		true},
	{"UPDATE fact SET f10 = CAST(f10 AS TEXT) WHERE seq = 10", FAULT_ALTERED, 10, 10, true},
	{"UPDATE fact SET f6 = CAST(f6 AS BLOB) WHERE seq = 10", FAULT_ALTERED, 10, 10, true},
	{"UPDATE fact SET f3 = CAST(f3 AS TEXT) WHERE seq = 10", FAULT_ALTERED, 10, 10, true},
	{"UPDATE fact SET f3 = f3 + 0.5 WHERE seq = 10", FAULT_ALTERED, 10, 10, true},
	{"UPDATE fact SET kind = 10 WHERE seq = 12", FAULT_ALTERED, 12, 12, true},
	{"UPDATE fact SET kind = 1000 WHERE seq = 12", FAULT_ALTERED, 12, 12, true},
	{"UPDATE fact SET f3 = f3 + 1 WHERE seq = 1", FAULT_ALTERED, 1, 1, true},
	{"UPDATE fact SET at_us = at_us - 1 WHERE seq = " LAST, FAULT_ALTERED, END(0), END(0),
		false},
	/* salt, running hash */
	{"UPDATE fact SET seal = CAST(zeroblob(16) || substr(seal, 17) AS BLOB) "
	 "WHERE seq = 9",
		FAULT_ALTERED, 9, 9, true},
	{"UPDATE fact SET seal = CAST(substr(seal, 1, 16) || zeroblob(32) AS BLOB) "
	 "WHERE seq = 9",
		FAULT_ALTERED, 9, 9, true},
	{"UPDATE fact SET seal = CAST(substr(seal, 1, 16) || zeroblob(32) AS BLOB) "
	 "WHERE seq = 1",
		FAULT_ALTERED, 1, 1, true},
	{"UPDATE fact SET seal = NULL WHERE seq = 9", FAULT_ALTERED, 9, 9, true},
	{"UPDATE fact SET seal = CAST(substr(seal, 1, 47) AS BLOB) WHERE seq = 9",
		FAULT_ALTERED, 9, 9, true},
	{"UPDATE fact SET seal = NULL WHERE seq = 1", FAULT_ALTERED, 1, 1, true},
	{"UPDATE fact SET seal = NULL", FAULT_ALTERED, 1, 1, false},
	/* two and three of them */
	{"UPDATE fact SET at_us = at_us + 1 WHERE seq IN (9, 30)", FAULT_ALTERED, 9, 9, false},
	{"UPDATE fact SET at_us = at_us + 1 WHERE seq IN (9, 30)", FAULT_ALTERED, 30, 30,
		false},
	{"UPDATE fact SET at_us = at_us + 1 WHERE seq IN (9, 10, 11)", FAULT_ALTERED, 10, 10,
		false},
	{"UPDATE fact SET at_us = at_us + 1 WHERE seq IN (9, 10, 11)", FAULT_ALTERED, 11, 11,
		false},
	/* removed */
	{"DELETE FROM fact WHERE seq = 1", FAULT_REMOVED, 1, 1, true},
	{"DELETE FROM fact WHERE seq = 9", FAULT_REMOVED, 9, 9, true},
	{"DELETE FROM fact WHERE seq BETWEEN 9 AND 12", FAULT_REMOVED, 9, 12, true},
	{"DELETE FROM fact WHERE seq IN (9, 12)", FAULT_REMOVED, 12, 12, false},
	{"DELETE FROM fact WHERE seq = " LAST, FAULT_REMOVED, END(0), END(0), false},
	{"DELETE FROM fact WHERE seq > " LAST " - 3", FAULT_REMOVED, END(2), END(0), false},
	{"DELETE FROM fact", FAULT_REMOVED, 1, END(0), false},
	{"DELETE FROM fact WHERE seq = 1;" MOVE_DOWN(1), FAULT_REMOVED, 1, 1, false},
	{"DELETE FROM fact WHERE seq = 9;" MOVE_DOWN(9), FAULT_REMOVED, 9, 9, false},
	/* added */
	{"INSERT INTO fact (seq, kind, seal) VALUES (0, 18, zeroblob(48))", FAULT_ADDED, 0, 0,
		true},
	{"INSERT INTO fact (seq, kind, seal) VALUES (-5, 18, zeroblob(48))", FAULT_ADDED, -5,
		-5, true},
	{MOVE_UP(9) "INSERT INTO fact (seq, kind, session, at_us, f5, seal) "
		    "VALUES (9, 18, 1, 3, 'no-sandbox', randomblob(48))",
		FAULT_ADDED, 9, 9, false},
	{MOVE_UP(1) "INSERT INTO fact (seq, kind, session, at_us, f5, seal) "
		    "VALUES (1, 18, 1, 3, 'no-sandbox', randomblob(48))",
		FAULT_ADDED, 1, 1, false},
	/* exchanged: neighbours, near, far */
	{SWAP(9, 10), FAULT_REORDERED, 9, 9, false},
	{SWAP(9, 10), FAULT_REORDERED, 10, 10, false},
	{SWAP(9, 12), FAULT_REORDERED, 9, 9, false},
	{SWAP(9, 12), FAULT_REORDERED, 12, 12, false},
	{SWAP(3, 40), FAULT_REORDERED, 3, 3, false},
	{SWAP(3, 40), FAULT_REORDERED, 40, 40, false},
	{SEALS_STAY(9, 10), FAULT_ALTERED, 9, 9, false},
	{SEALS_STAY(9, 10), FAULT_ALTERED, 10, 10, false},
	{SEALS_STAY(3, 40), FAULT_ALTERED, 40, 40, false},
	/* heads */
	{"DELETE FROM seal_head WHERE n = 1", FAULT_HEAD, 0, 0, false},
	{"DELETE FROM seal_head WHERE n = 2", FAULT_HEAD, 0, 0, false},
	{"UPDATE seal_head SET statement = replace(statement, 'running', 'session') "
	 "WHERE n = 1",
		FAULT_HEAD, 0, 0, false},
	{"UPDATE seal_head SET statement = replace(statement, 'facts 2', 'facts 3') "
	 "WHERE n = 2",
		FAULT_SIGNATURE, 0, 0, false},
	{"UPDATE seal_head SET statement = (SELECT statement FROM seal_head WHERE n = 2) "
	 "WHERE n = 1",
		FAULT_HEAD, 0, 0, false},
	{"UPDATE seal_head SET signature = (SELECT signature FROM seal_head WHERE n = 2) "
	 "WHERE n = 1",
		FAULT_SIGNATURE, 0, 0, true},
	{"UPDATE seal_head SET signature = zeroblob(64) WHERE n = " LAST_HEAD, FAULT_SIGNATURE,
		0, 0, false},
	{"UPDATE seal_head SET signature = NULL WHERE n = 1", FAULT_SIGNATURE, 0, 0, true},
	{"UPDATE seal_head SET n = n + 100 WHERE n = " LAST_HEAD, FAULT_HEAD, 0, 0, false},
	/* the case */
	{"UPDATE case_info SET created_us = created_us + 1", FAULT_CASE, 0, 0, true},
	{"UPDATE case_info SET operator_name = 'Eve'", FAULT_CASE, 0, 0, true},
	{"UPDATE case_info SET operator_name = NULL", FAULT_CASE, 0, 0, true},
	{"UPDATE case_info SET tool_version = '0'", FAULT_CASE, 0, 0, true},
	{"UPDATE case_info SET id = '00000000000000000000000000000000'", FAULT_HEAD, 0, 0,
		false},
	{"UPDATE fact_kind SET name = 'note' WHERE name = 'request'", FAULT_CASE, 0, 0, true},
	{"DELETE FROM fact_kind WHERE kind = 22", FAULT_CASE, 0, 0, true},
	{"INSERT INTO fact_kind VALUES (34, 'more')", FAULT_CASE, 0, 0, true},
	/* erasures */
	{"INSERT INTO seal_erased VALUES (10, 7, zeroblob(32), 1000)", FAULT_ERASURE, 0, 0,
		true},
	{"INSERT INTO seal_salt VALUES (10, 7, zeroblob(16))", FAULT_ERASURE, 0, 0, true},
	{"INSERT INTO seal_erased VALUES (10, 7, zeroblob(32), 20)", FAULT_ERASURE, 20, 20,
		true},
	{"UPDATE fact SET seal = CAST(zeroblob(16) || substr(seal, 17) AS BLOB) "
	 "WHERE seq = 10; INSERT INTO seal_erased VALUES (10, 7, zeroblob(32), 20)",
		FAULT_ERASURE, 20, 20, false},
};

static const struct change changes_of_open[] = {
	{"UPDATE case_info SET closed_us = 5", FAULT_CLOSING, 0, 0, true},
	/* Behind the last head, and as far from each other as can be. */
	{"DELETE FROM seal_head WHERE n > 2;"
	 "UPDATE fact SET at_us = -9223372036854775807 WHERE seq = 3;"
	 "UPDATE fact SET at_us = 9223372036854775807 WHERE seq = " LAST,
		FAULT_HEAD, 3, END(0), false},
};

static const struct change changes_of_closed[] = {
	{"UPDATE case_info SET closed_us = NULL", FAULT_CASE, 0, 0, true},
	{"UPDATE case_info SET closed_us = closed_us + 1", FAULT_CASE, 0, 0, true},
	{"DELETE FROM fact WHERE seq = " LAST, FAULT_CLOSING, 0, 0, false},
	{"DELETE FROM seal_head WHERE n = " LAST_HEAD, FAULT_CLOSING, 0, 0, true},
	{"DELETE FROM fact WHERE seq = " LAST "; DELETE FROM seal_head WHERE n = " LAST_HEAD,
		FAULT_CLOSING, 0, 0, true},
	{"INSERT INTO fact (seq, kind, session, at_us, f5, seal) "
	 "VALUES (" LAST " + 1, 18, 1, 3, 'no-sandbox', randomblob(48))",
		FAULT_ADDED, BEHIND, BEHIND, false},
};

/* ---- */

static int64_t number(int64_t n, int64_t facts)
{
	return n < 0 && n > -5 ? facts + 1 + n : n;
}

static void tell(const struct seal_verdict *v, const char *what)
{
	print_message("%s\n", what);
	for (size_t i = 0; i < v->n_faults; i++)
		print_message("  %s %lld-%lld: %.*s\n", seal_fault_word(v->faults[i].kind),
			(long long)v->faults[i].from, (long long)v->faults[i].to,
			(int)v->faults[i].why.n, (const char *)v->faults[i].why.p);
}

static void fail_with(const struct seal_verdict *v, const char *what)
{
	tell(v, what);
	fail();
}

static bool has_fault(
	const struct seal_verdict *v, enum seal_fault_kind kind, int64_t from, int64_t to)
{
	for (size_t i = 0; i < v->n_faults; i++)
		if (v->faults[i].kind == kind && v->faults[i].from == from &&
			v->faults[i].to == to)
			return true;
	return false;
}

static void assert_holds(const struct seal_verdict *v)
{
	if (v->n_faults != 0)
		fail_with(v, "it does not hold");
}

static void assert_fault(const struct seal_verdict *v, enum seal_fault_kind kind, int64_t from,
	int64_t to, const char *what)
{
	if (!has_fault(v, kind, from, to))
		fail_with(v, what);
}

static bool try_change(struct sealed_case *s, const struct change *c, int64_t facts)
{
	bool found = true;
	sealed_case_put_back(s);
	temp_case_spoil(&s->t, c->sql);
	for (int with_log = 0; with_log < 2; with_log++) {
		struct seal_verdict v = sealed_case_verify(s, with_log != 0, NULL);
		if (has_fault(&v, c->kind, number(c->from, facts), number(c->to, facts)) &&
			(!c->only || with_log || v.n_faults == 1))
			continue;
		found = false;
		tell(&v, c->sql);
	}
	return found;
}

/* Those that are not found as they should be are told. */
static void try_some(
	struct sealed_case *s, const struct change *list, size_t n, size_t step, int64_t facts)
{
	size_t wrong = 0;
	for (size_t i = 0; i < n; i += step) {
		struct change c = list[i];
		if (c.kind == FAULT_ADDED && c.from == BEHIND)
			c.from = c.to = facts + 1;
		wrong += !try_change(s, &c, facts);
	}
	assert_int_equal(wrong, 0);
}

static struct seal_verdict start(struct sealed_case *s, bool closed)
{
	sealed_case_start(s);
	sealed_case_open(s);
	sealed_case_fill(s);
	if (closed)
		sealed_case_close_fact(s);
	temp_case_close(&s->t);
	sealed_case_keep(s);
	struct seal_verdict v = sealed_case_verify(s, true, s->public_key);
	assert_holds(&v);
	return v;
}

#define TRY_SOME(s, list, step, facts)                                                         \
	try_some((s), (list), sizeof(list) / sizeof *(list), (step), (facts))

static void changes_are_found_and_placed(void **state)
{
	struct sealed_case s;
	(void)state;
	struct seal_verdict v = start(&s, false);
	assert_true(v.facts > 40 && !v.closed && v.heads >= 3);
	assert_int_equal(v.signed_facts, v.facts);
	TRY_SOME(&s, changes, 1, v.facts);
	TRY_SOME(&s, changes_of_open, 1, v.facts);
	sealed_case_fini(&s);
}

static void changes_of_a_closed_case_are_found(void **state)
{
	struct sealed_case s;
	(void)state;
	struct seal_verdict v = start(&s, true);
	assert_true(v.closed);
	assert_int_equal(v.closed_us, s.now_us);
	TRY_SOME(&s, changes, 5, v.facts);
	TRY_SOME(&s, changes_of_closed, 1, v.facts);
	sealed_case_fini(&s);
}

/* What is left hangs together: only the log tells. */
static void an_end_that_was_cut_off_stands_in_the_log(void **state)
{
	struct sealed_case s;
	(void)state;
	struct seal_verdict whole = start(&s, false);
	temp_case_spoil(&s.t, "DELETE FROM fact WHERE seq > 2;"
			      "DELETE FROM seal_head WHERE n > 2");
	struct seal_verdict v = sealed_case_verify(&s, false, s.public_key);
	assert_holds(&v);
	assert_int_equal(v.facts, 2);
	v = sealed_case_verify(&s, true, s.public_key);
	assert_fault(&v, FAULT_REMOVED, 3, whole.facts, "cut with its heads");
	sealed_case_fini(&s);
}

static void heads_by_another_key_are_named(void **state)
{
	struct sealed_case s;
	struct seal_key *other = seal_key_new_ephemeral();
	uint8_t public_key[SEAL_KEY_LEN];
	(void)state;
	seal_key_public(other, public_key);
	start(&s, false);
	struct seal_verdict v = sealed_case_verify(&s, true, public_key);
	assert_fault(&v, FAULT_KEY, 0, 0, "another key was expected");
	temp_case_spoil(&s.t, "UPDATE fact SET at_us = at_us + 1 WHERE seq = 9");
	sealed_case_seal_anew(&s, other);
	v = sealed_case_verify(&s, false, NULL);
	assert_holds(&v); /* by itself it is sound */
	assert_memory_equal(v.key, public_key, sizeof public_key);
	v = sealed_case_verify(&s, false, s.public_key);
	assert_fault(&v, FAULT_KEY, 0, 0, "sealed anew by another key");
	v = sealed_case_verify(&s, true, NULL);
	assert_fault(&v, FAULT_HEAD, 0, 0, "sealed anew, and the log has other heads");
	/* And without a key. */
	sealed_case_put_back(&s);
	temp_case_spoil(&s.t, "UPDATE fact SET at_us = at_us + 1 WHERE seq = 9");
	sealed_case_seal_anew(&s, NULL);
	v = sealed_case_verify(&s, false, NULL);
	assert_holds(&v);
	assert_false(v.has_key);
	assert_int_equal(v.signed_facts, 0);
	v = sealed_case_verify(&s, false, s.public_key);
	assert_fault(&v, FAULT_KEY, 0, 0, "signed by nobody");
	seal_key_free(other);
	sealed_case_fini(&s);
}

/* ---- the log ---- */

/* With another byte at some place of a line. */
static void spoil_log(struct sealed_case *s, size_t line, size_t at)
{
	struct buf log = {0};
	buf_add_span(&log, buf_span(&s->log));
	size_t begin = 0;
	while (line-- > 0)
		begin = span_find_byte(buf_span(&log), '\n', begin) + 1;
	log.p[begin + at] = log.p[begin + at] == '1' ? '2' : '1';
	sealed_case_set_log(s, buf_span(&log));
	buf_fini(&log);
}

static void a_changed_log_is_found(void **state)
{
	struct sealed_case s;
	(void)state;
	struct seal_verdict v = start(&s, false);
	size_t last = (size_t)v.heads - 1;
	assert_int_equal(v.log_heads, v.heads);
	assert_true(v.log_knows && v.log_cuts == 0);
	for (size_t line = 0; line <= last; line++) {
		for (size_t at = 0; at < 520; at += 21) {
			spoil_log(&s, line, at);
			v = sealed_case_verify(&s, true, NULL);
			/* As another case's, the last line is nobody's. */
			if (line == last && at > 64 && at < 97)
				assert_int_equal(v.log_heads, last);
			else if (v.n_faults == 0)
				fail_msg("line %zu, byte %zu", line, at);
		}
	}
	sealed_case_fini(&s);
}

static void a_log_that_lacks_heads_is_no_fault(void **state)
{
	struct sealed_case s, other;
	(void)state;
	struct seal_verdict whole = start(&s, false), v;
	start(&other, false);
	struct span log = buf_span(&s.log);
	size_t first = span_find_byte(log, '\n', 0) + 1;
	sealed_case_set_log(&s, span_first(log, first));
	v = sealed_case_verify(&s, true, NULL);
	assert_holds(&v);
	assert_int_equal(v.log_heads, 1);
	/* Cut off by a crash. */
	sealed_case_set_log(&s, span_first(log, first + 100));
	v = sealed_case_verify(&s, true, NULL);
	assert_holds(&v);
	assert_int_equal(v.log_cuts, 1);
	/* Without its LF the last line is one nevertheless. */
	sealed_case_set_log(&s, span_first(log, log.n - 1));
	v = sealed_case_verify(&s, true, NULL);
	assert_holds(&v);
	assert_int_equal(v.log_heads, whole.heads);
	sealed_case_set_log(&s, buf_span(&other.log));
	v = sealed_case_verify(&s, true, NULL);
	assert_holds(&v);
	assert_true(v.log_given && !v.log_knows);
	sealed_case_fini(&other);
	sealed_case_fini(&s);
}

/* ---- before there was a seal ---- */

static void an_older_case_is_not_sealed(void **state)
{
	struct sealed_case s;
	(void)state;
	sealed_case_start(&s);
	sealed_case_make_file(&s);
	for (const struct schema_step *step = schema_steps; step->number < SCHEMA_SEAL; step++)
		temp_case_spoil(&s.t, step->sql);
	temp_case_spoil(&s.t, "PRAGMA application_id = 0x636c6b74; PRAGMA user_version = 7;"
			      "INSERT INTO case_info (n, id, created_us, opened_us, tool_name, "
			      "tool_version) VALUES (1, '0123456789abcdef0123456789abcdef', 1, "
			      "1, 'clicktrail', '0.1');"
			      "INSERT INTO fact (seq, kind, session, at_us) VALUES (1, 18, 1, "
			      "1)");
	struct seal_verdict v = sealed_case_verify(&s, true, NULL);
	assert_false(v.sealed);
	assert_holds(&v);
	sealed_case_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_are_found_and_placed),
		cmocka_unit_test(changes_of_a_closed_case_are_found),
		cmocka_unit_test(an_end_that_was_cut_off_stands_in_the_log),
		cmocka_unit_test(heads_by_another_key_are_named),
		cmocka_unit_test(a_changed_log_is_found),
		cmocka_unit_test(a_log_that_lacks_heads_is_no_fault),
		cmocka_unit_test(an_older_case_is_not_sealed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
