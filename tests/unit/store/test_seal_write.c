/* The seal while a case is written: when heads are made, what a writer goes on from and what it
 * refuses, and that a case holds however its recording ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/kit/sealed_case.h"
#include "store/seal_write.h"
#include "store/writer_state.h"

#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_holds(const struct seal_verdict *v)
{
	for (size_t i = 0; i < v->n_faults; i++)
		print_message("  %s %lld-%lld: %.*s\n", seal_fault_word(v->faults[i].kind),
			(long long)v->faults[i].from, (long long)v->faults[i].to,
			(int)v->faults[i].why.n, (const char *)v->faults[i].why.p);
	assert_int_equal(v->n_faults, 0);
}

static struct seal_head last_head(struct sealed_case *s)
{
	struct seal_head h;
	writer_last_head(s->t.writer, &h);
	return h;
}

/* ---- when heads are made ---- */

/* False: the machine was so slow that the recorder was idle meanwhile. */
static bool after_a_second(void)
{
	struct sealed_case s;
	sealed_case_start(&s);
	sealed_case_open(&s);
	assert_int_equal(last_head(&s).n, 0);
	sealed_case_note(&s);
	struct seal_head h = last_head(&s);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.facts, 1);
	assert_int_equal(h.at_us, s.now_us);
	s.now_us += (SEAL_HEAD_MS - 1) * INT64_C(1000);
	sealed_case_note(&s);
	bool busy = last_head(&s).n == 1;
	s.now_us += 1000;
	sealed_case_note(&s);
	h = last_head(&s);
	if (busy) {
		assert_int_equal(h.n, 2);
		assert_int_equal(h.facts, 3);
		assert_int_equal(h.at_us, s.now_us);
	}
	sealed_case_fini(&s);
	return busy;
}

static void a_head_is_due_after_a_second(void **state)
{
	(void)state;
	for (int i = 0; !after_a_second(); i++)
		assert_true(i < 20);
}

static void a_head_is_due_after_many_facts(void **state)
{
	enum { NOTES = 2 * SEAL_HEAD_FACTS + WRITER_BATCH_MAX };
	struct sealed_case s;
	struct fact_note note;
	struct err err = {0};
	(void)state;
	sealed_case_start(&s);
	sealed_case_open(&s);
	fact_init(FACT_KIND_NOTE, &note);
	note.session = 1;
	for (int i = 0; i < NOTES; i++)
		assert_true(writer_put(s.t.writer, FACT_KIND_NOTE, &note, NULL, &err) != 0);
	assert_true(writer_flush(s.t.writer, &err));
	temp_case_close(&s.t);
	struct seal_verdict v = sealed_case_verify(&s, true, s.public_key);
	assert_holds(&v);
	assert_int_equal(v.signed_facts, NOTES);
	/* Without idling there are the first, and two of many facts. */
	assert_true(v.heads >= 3);
	char *gaps = temp_case_sql(&s.t,
		"WITH f AS (SELECT n, CAST(substr(statement, instr(statement, 'facts ') + 6, "
		"instr(statement, char(10) || 'at ') - instr(statement, 'facts ') - 6) AS "
		"INTEGER) AS facts FROM seal_head) "
		"SELECT max(b.facts - a.facts) FROM f a JOIN f b ON b.n = a.n + 1");
	assert_in_range(atoi(gaps), 1, SEAL_HEAD_FACTS + WRITER_BATCH_MAX);
	free(gaps);
	sealed_case_fini(&s);
}

static void the_end_of_a_session_is_signed_at_once(void **state)
{
	struct sealed_case s;
	(void)state;
	sealed_case_start(&s);
	sealed_case_open(&s);
	temp_case_fill(&s.t); /* ends the session */
	struct seal_head h = last_head(&s);
	assert_int_equal(h.kind, HEAD_SESSION);
	assert_int_equal(h.facts, temp_case_number(&s.t, "SELECT max(seq) FROM fact"));
	sealed_case_fini(&s);
}

static void an_idle_recorder_makes_a_head(void **state)
{
	struct sealed_case s;
	(void)state;
	sealed_case_start(&s);
	sealed_case_open(&s);
	sealed_case_note(&s);
	sealed_case_note(&s);
	int64_t until_us = clock_now_us(clock_real()) + INT64_C(20000000);
	while (last_head(&s).facts < 2 && clock_now_us(clock_real()) < until_us)
		sched_yield();
	struct seal_head h = last_head(&s);
	assert_int_equal(h.facts, 2);
	assert_int_equal(h.kind, HEAD_RUNNING);
	int64_t heads = h.n;
	temp_case_close(&s.t);
	/* Nothing new, no head. */
	struct seal_verdict v = sealed_case_verify(&s, true, s.public_key);
	assert_holds(&v);
	assert_int_equal(v.heads, heads);
	sealed_case_fini(&s);
}

static void a_log_that_cannot_be_written_stops_nothing(void **state)
{
	struct sealed_case s;
	char folder[64];
	(void)state;
	sealed_case_start(&s);
	/* A folder that others may enter is refused. */
	snprintf(folder, sizeof folder, "%s", s.t.folder);
	assert_int_equal(chmod(folder, 0755), 0);
	sealed_case_open(&s);
	sealed_case_fill(&s);
	sealed_case_close_fact(&s);
	temp_case_close(&s.t);
	struct seal_verdict v = sealed_case_verify(&s, true, s.public_key);
	assert_holds(&v);
	assert_true(v.closed && v.heads > 2);
	assert_int_equal(v.log_heads, 0);
	assert_int_equal(chmod(folder, 0700), 0);
	sealed_case_fini(&s);
}

/* ---- however it ended ---- */

static void go_on(struct sealed_case *s)
{
	sealed_case_open(s);
	temp_case_fill(&s->t);
	temp_case_close(&s->t);
}

static void a_case_that_another_writer_went_on_with_holds(void **state)
{
	struct sealed_case s;
	(void)state;
	sealed_case_start(&s);
	int64_t facts = 0;
	for (int i = 0; i < 4; i++) {
		go_on(&s);
		struct seal_verdict v = sealed_case_verify(&s, true, s.public_key);
		assert_holds(&v);
		assert_true(v.facts > facts && v.signed_facts == v.facts && !v.closed);
		facts = v.facts;
	}
	/* By another key. */
	struct seal_key *mine = s.key;
	s.key = seal_key_new_ephemeral();
	go_on(&s);
	struct seal_verdict v = sealed_case_verify(&s, true, NULL);
	assert_holds(&v);
	assert_true(v.several_keys);
	seal_key_free(s.key);
	/* And by none. */
	s.key = NULL;
	go_on(&s);
	v = sealed_case_verify(&s, true, NULL);
	assert_holds(&v);
	assert_true(v.signed_facts < v.facts);
	s.key = mine;
	sealed_case_fini(&s);
}

/* Facts are reported one by one; it is killed after so many. */
static void record_and_be_killed(struct sealed_case *s, int after)
{
	int ends[2], status;
	char c;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		sealed_case_open(s);
		if (writer_new_session(s->t.writer) == 1)
			sealed_case_fill(s);
		for (;;) {
			s->now_us += 100000;
			sealed_case_note(s);
			if (write(ends[1], "x", 1) != 1)
				_exit(1);
		}
	}
	close(ends[1]);
	for (int i = 0; i < after; i++)
		assert_int_equal(read(ends[0], &c, 1), 1);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	close(ends[0]);
}

static void a_killed_recording_holds(void **state)
{
	struct sealed_case s;
	int64_t facts = 0;
	(void)state;
	sealed_case_start(&s);
	for (int i = 0; i < 8; i++) {
		record_and_be_killed(&s, 1 + i * 5);
		struct seal_verdict v = sealed_case_verify(&s, true, s.public_key);
		assert_holds(&v);
		assert_true(v.facts >= facts + 1 + i * 5 && v.signed_facts > facts);
		facts = v.facts;
		if (i % 3 == 2)
			go_on(&s);
	}
	sealed_case_open(&s);
	sealed_case_close_fact(&s);
	temp_case_close(&s.t);
	struct seal_verdict v = sealed_case_verify(&s, true, s.public_key);
	assert_holds(&v);
	assert_true(v.closed && v.signed_facts == v.facts);
	/* That facts were found without a head is said still. */
	size_t taken = 0;
	for (size_t i = 0; i < v.n_acts; i++)
		taken += v.acts[i].taken &&
			 span_find(v.acts[i].reason, span_str("without a head"), 0) != SIZE_MAX;
	assert_true(taken > 0);
	sealed_case_fini(&s);
}

/* ---- what a writer refuses ---- */

static bool goes_on(struct sealed_case *s)
{
	struct err err = {0};
	s->t.writer = sealed_case_try(s, &err);
	if (s->t.writer != NULL) {
		temp_case_close(&s->t);
		return true;
	}
	assert_int_equal(err.kind, ERR_CASE_OPEN);
	if (strstr(err.detail, "its seal does not hold") == NULL)
		fail_msg("%s", err.detail);
	return false;
}

/* With facts behind its last head. */
static void start_with_a_tail(struct sealed_case *s)
{
	sealed_case_start(s);
	sealed_case_open(s);
	sealed_case_fill(s);
	temp_case_close(&s->t);
	temp_case_spoil(&s->t, "DELETE FROM seal_head WHERE n > 2");
	assert_false(goes_on(s)); /* the log knows better */
	char log[300];
	snprintf(log, sizeof log, "%s/heads.log", s->t.folder);
	assert_int_equal(truncate(log, 0), 0);
	sealed_case_keep(s);
	assert_true(goes_on(s));
	assert_int_equal(truncate(log, 0), 0);
}

static void a_changed_tail_or_head_is_not_gone_on_with(void **state)
{
	static const char *const changes[] = {
		"UPDATE fact SET at_us = at_us + 1 WHERE seq = 9",
		"UPDATE fact SET f20 = 1 WHERE seq = 17",
		"UPDATE fact SET seal = NULL WHERE seq = 9",
		"UPDATE fact SET seal = CAST(zeroblob(16) || substr(seal, 17) AS BLOB) "
		"WHERE seq = 9",
		"UPDATE fact SET seal = CAST(substr(seal, 1, 16) || zeroblob(32) AS BLOB) "
		"WHERE seq = 9",
		"UPDATE fact SET kind = 99 WHERE seq = 9",
		"DELETE FROM fact WHERE seq = 9",
		"DELETE FROM fact WHERE seq = 3",
		"DELETE FROM fact WHERE seq >= 2", /* the head covers two */
		"DELETE FROM fact",
		"UPDATE seal_head SET statement = replace(statement, 'running', 'session')",
		"UPDATE seal_head SET statement = replace(statement, 'key ', 'key 1')",
		"UPDATE seal_head SET statement = replace(statement, 'kind session', "
		"'kind running')",
		"UPDATE seal_head SET statement = replace(statement, 'facts 2', 'facts 3')",
		"UPDATE seal_head SET statement = replace(statement, 'head 2', 'head 3')",
		"UPDATE seal_head SET statement = '' WHERE n = 2",
		"UPDATE seal_head SET signature = zeroblob(64) WHERE n = 2",
		"UPDATE seal_head SET signature = NULL WHERE n = 2",
		"UPDATE seal_head SET frontier = zeroblob(32) WHERE n = 2",
		"UPDATE seal_head SET frontier = NULL WHERE n = 2",
		"UPDATE seal_head SET n = 3 WHERE n = 2",
		"UPDATE case_info SET id = '00000000000000000000000000000000'",
	};
	struct sealed_case s;
	size_t taken = 0;
	(void)state;
	start_with_a_tail(&s);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		sealed_case_put_back(&s);
		temp_case_spoil(&s.t, changes[i]);
		if (!goes_on(&s))
			continue;
		print_message("gone on with: %s\n", changes[i]);
		taken++;
	}
	assert_int_equal(taken, 0);
	sealed_case_fini(&s);
}

/* The case as it was before its last head and what came after: nothing says otherwise but the
 * log, and that may be another installation's. */
static void an_end_without_heads_is_gone_on_with(void **state)
{
	struct sealed_case s;
	(void)state;
	start_with_a_tail(&s);
	sealed_case_put_back(&s);
	temp_case_spoil(&s.t, "DELETE FROM fact WHERE seq > 5");
	assert_true(goes_on(&s));
	struct seal_verdict v = sealed_case_verify(&s, false, s.public_key);
	assert_holds(&v);
	/* And now the log knows that. */
	temp_case_spoil(&s.t, "DELETE FROM fact WHERE seq > 4");
	temp_case_spoil(&s.t, "DELETE FROM seal_head WHERE n > 2");
	assert_false(goes_on(&s));
	v = sealed_case_verify(&s, true, s.public_key);
	assert_true(v.n_faults > 0);
	sealed_case_fini(&s);
}

/* Facts that hang together and that no recorder of ours leaves: not to be signed. Without the
 * log, which would refuse all of them. */
static void a_forged_tail_is_not_signed(void **state)
{
	static const char forged[] =
		"UPDATE fact SET kind = %d, session = %s, f3 = NULL, f4 = NULL, f5 = NULL, f6 "
		"= "
		"%s, f7 = NULL, f8 = NULL, f9 = NULL, f10 = NULL WHERE seq = (SELECT max(seq) "
		"FROM fact)";
	static const struct {
		int kind;
		const char *session, *n;
	} tails[] = {{20, "NULL", "NULL"}, {21, "NULL", "1"}, {17, "99", "NULL"}};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct sealed_case s;
		char sql[400];
		sealed_case_start(&s);
		sealed_case_open(&s);
		sealed_case_fill(&s);
		sealed_case_note(&s);
		temp_case_close(&s.t);
		sealed_case_set_log(&s, span_str(""));
		assert_true(goes_on(&s));
		sealed_case_set_log(&s, span_str(""));
		snprintf(sql, sizeof sql, forged, tails[i].kind, tails[i].session, tails[i].n);
		temp_case_spoil(&s.t, sql);
		temp_case_spoil(
			&s.t, "DELETE FROM seal_head WHERE n = (SELECT max(n) FROM seal_head)");
		sealed_case_rehash_last(&s);
		assert_false(goes_on(&s));
		/* Nor a case that has facts and no head. */
		temp_case_spoil(&s.t, "DELETE FROM seal_head");
		assert_false(goes_on(&s));
		struct seal_verdict v = sealed_case_verify(&s, false, s.public_key);
		bool key = false; /* nothing is signed by that key */
		for (size_t k = 0; k < v.n_faults; k++)
			key |= v.faults[k].kind == FAULT_KEY;
		assert_true(key);
		sealed_case_fini(&s);
	}
}

/* Set back between two writers, or under one: a head is due nevertheless. */
static void a_clock_set_back_delays_no_head(void **state)
{
	struct sealed_case s;
	struct seal_head before, after;
	(void)state;
	sealed_case_start(&s);
	sealed_case_open(&s);
	sealed_case_note(&s);
	writer_last_head(s.t.writer, &before);
	temp_case_close(&s.t);
	s.now_us -= INT64_C(3600000000);
	sealed_case_open(&s);
	sealed_case_note(&s);
	writer_last_head(s.t.writer, &after);
	assert_int_equal(after.facts, before.facts + 1);
	s.now_us -= INT64_C(3600000000);
	sealed_case_note(&s);
	writer_last_head(s.t.writer, &after);
	assert_int_equal(after.facts, before.facts + 2);
	temp_case_close(&s.t);
	sealed_case_fini(&s);
}

/* An index that leaves facts out, under the name and the words of ours. */
static void a_false_index_is_not_believed(void **state)
{
	struct sealed_case s;
	(void)state;
	sealed_case_start(&s);
	sealed_case_open(&s);
	sealed_case_fill(&s);
	int64_t last = writer_new_exchange(s.t.writer);
	temp_case_close(&s.t);
	temp_case_spoil(&s.t, "DROP INDEX fact_by_kind; "
			      "CREATE INDEX fact_by_kind ON fact (kind, f3, f4) WHERE 0; "
			      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
			      "'CREATE INDEX fact_by_kind ON fact (kind, f3, f4)' WHERE name = "
			      "'fact_by_kind'; "
			      "PRAGMA writable_schema = OFF");
	struct seal_verdict v = sealed_case_verify(&s, true, s.public_key);
	assert_int_equal(v.n_faults, 1);
	assert_int_equal(v.faults[0].kind, FAULT_CASE);
	sealed_case_open(&s);
	assert_true(writer_new_exchange(s.t.writer) >= last);
	temp_case_close(&s.t);
	v = sealed_case_verify(&s, true, s.public_key);
	assert_holds(&v);
	sealed_case_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_is_due_after_a_second),
		cmocka_unit_test(a_head_is_due_after_many_facts),
		cmocka_unit_test(the_end_of_a_session_is_signed_at_once),
		cmocka_unit_test(an_idle_recorder_makes_a_head),
		cmocka_unit_test(a_log_that_cannot_be_written_stops_nothing),
		cmocka_unit_test(a_case_that_another_writer_went_on_with_holds),
		cmocka_unit_test(a_killed_recording_holds),
		cmocka_unit_test(a_changed_tail_or_head_is_not_gone_on_with),
		cmocka_unit_test(an_end_without_heads_is_gone_on_with),
		cmocka_unit_test(a_forged_tail_is_not_signed),
		cmocka_unit_test(a_clock_set_back_delays_no_head),
		cmocka_unit_test(a_false_index_is_not_believed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
