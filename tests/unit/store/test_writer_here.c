/* Committing on the producer's own thread: what it does where it may, and that it does nothing
 * where it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/kit/temp_case.h"

#include <poll.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/eventfd.h>
#include <unistd.h>

static uint64_t put_note(struct writer *w, int64_t tunnel, int64_t exchange)
{
	struct err err = {0};
	struct fact_note note;
	fact_init(FACT_KIND_NOTE, &note);
	note.session = 1;
	note.tunnel = tunnel;
	note.exchange = exchange;
	note.code = span_str("probe");
	uint64_t ticket = writer_put(w, FACT_KIND_NOTE, &note, NULL, &err);
	if (ticket == 0)
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	return ticket;
}

/* Alone it is committed when the call returns: nobody was asked to wake up for it. A busy
 * machine may let the thread be first now and then, so one in many is enough. */
static void lone_producer_commits_by_itself(void **state)
{
	enum { TRIES = 200 };
	struct writer_waiter waiter = {.eventfd = eventfd(0, EFD_NONBLOCK)};
	struct temp_case t;
	int at_once = 0;
	(void)state;
	temp_case_start(&t);
	for (int i = 0; i < TRIES; i++) {
		uint64_t ticket = put_note(t.writer, 1, i);
		writer_commit_here(t.writer, ticket);
		at_once += writer_poll(t.writer, ticket, &waiter, NULL) == WRITER_COMMITTED;
		assert_true(writer_wait(t.writer, ticket, NULL));
		assert_int_equal(temp_case_number(&t, "SELECT count(*) FROM fact_note"), i + 1);
	}
	assert_true(at_once > TRIES / 2);
	/* Committed already: nothing to do. */
	struct writer_stats before, after;
	writer_stats(t.writer, &before);
	writer_commit_here(t.writer, 1);
	writer_stats(t.writer, &after);
	assert_int_equal(before.commits, after.commits);
	writer_disarm(t.writer, &waiter);
	close(waiter.eventfd);
	temp_case_fini(&t);
}

/* What survives power loss waits for the disk: that is the thread's, for the caller has sockets
 * to look after. */
static void not_where_a_commit_waits_for_the_disk(void **state)
{
	struct writer_options options = {.durability = DURABILITY_POWER};
	struct temp_case t;
	struct err err = {0};
	(void)state;
	temp_case_init(&t);
	struct writer *w = writer_open(t.path, &options, &err);
	assert_non_null(w);
	/* Another connection holds the write lock: who tried to commit would wait for it. */
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open_v2(t.path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	uint64_t ticket = put_note(w, 1, 1);
	int64_t from = clock_now_us(clock_real());
	writer_commit_here(w, ticket);
	assert_true(clock_now_us(clock_real()) - from < 1000000);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_true(writer_wait(w, ticket, &err));
	assert_true(writer_close(w, &err));
	temp_case_fini(&t);
}

enum { THREADS = 6, PER_THREAD = 400 };

struct producer {
	struct writer *w;
	int number;
	bool lost;
};

/* As a tunnel does it: put, try to commit here, else wait on the eventfd. */
static void *produce(void *arg)
{
	struct producer *p = arg;
	struct writer_waiter waiter = {.eventfd = eventfd(0, EFD_NONBLOCK)};
	for (int i = 0; i < PER_THREAD; i++) {
		uint64_t ticket = put_note(p->w, p->number, i);
		/* Some facts nobody waits for, some waits are given up. */
		if (i % 7 == 3)
			continue;
		writer_commit_here(p->w, ticket);
		enum writer_state state;
		while ((state = writer_poll(p->w, ticket, &waiter, NULL)) == WRITER_PENDING) {
			struct pollfd fd = {waiter.eventfd, POLLIN, 0};
			uint64_t times;
			if (i % 5 == 2)
				break;
			poll(&fd, 1, -1);
			if (read(waiter.eventfd, &times, sizeof times) < 0)
				continue;
		}
		p->lost |= state == WRITER_FAILED;
		if (i % 5 == 2)
			writer_disarm(p->w, &waiter);
	}
	writer_disarm(p->w, &waiter);
	close(waiter.eventfd);
	return NULL;
}

/* Both ways at once: every fact once, each producer's own order kept. */
static void threads_take_turns(void **state)
{
	struct producer producers[THREADS];
	pthread_t threads[THREADS];
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	for (int i = 0; i < THREADS; i++) {
		producers[i] = (struct producer){.w = t.writer, .number = i};
		pthread_create(&threads[i], NULL, produce, &producers[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_false(producers[i].lost);
	}
	temp_case_close(&t);
	assert_int_equal(
		temp_case_number(&t, "SELECT count(*) FROM fact_note"), THREADS * PER_THREAD);
	assert_int_equal(
		temp_case_number(&t, "SELECT max(seq) FROM fact"), THREADS * PER_THREAD);
	assert_int_equal(
		temp_case_number(&t,
			"SELECT count(*) FROM (SELECT exchange - lag(exchange, 1, -1) OVER "
			"(PARTITION BY tunnel ORDER BY seq) AS step FROM fact_note) "
			"WHERE step <> 1"),
		0);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lone_producer_commits_by_itself),
		cmocka_unit_test(not_where_a_commit_waits_for_the_disk),
		cmocka_unit_test(threads_take_turns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
