/* The writer while all is well: order, waiting, grouping, sharing, back-pressure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/kit/temp_case.h"
#include "store/base/hash.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* Holds SQLite's write lock, so that the writer's next commit waits until it is let go: what a
 * test sees meanwhile is sure to be uncommitted. */
static sqlite3 *hold_commits(const struct temp_case *t)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open_v2(t->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_busy_timeout(db, 5000);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static void let_go(sqlite3 *db)
{
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

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

static bool readable(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, ms) == 1 && (p.revents & POLLIN) != 0;
}

enum { THREADS = 8, PER_THREAD = 500 };

struct producer {
	struct temp_case *t;
	int64_t number;
	uint64_t tickets[PER_THREAD];
};

static void *produce(void *arg)
{
	struct producer *p = arg;
	for (int i = 0; i < PER_THREAD; i++) {
		p->tickets[i] = put_note(p->t->writer, p->number, i);
		if (i % 50 == 49 && !writer_wait(p->t->writer, p->tickets[i], NULL))
			p->tickets[i] = 0;
	}
	return NULL;
}

/* seq is the order of writer_put over all threads: nothing missing, nothing twice, each
 * thread's own order kept. */
static void order_is_total_over_threads(void **state)
{
	static struct producer producers[THREADS];
	static int owner[THREADS * PER_THREAD + 1];
	pthread_t threads[THREADS];
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	for (int i = 0; i < THREADS; i++) {
		producers[i] = (struct producer){.t = &t, .number = i};
		pthread_create(&threads[i], NULL, produce, &producers[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	memset(owner, -1, sizeof owner);
	for (int i = 0; i < THREADS; i++) {
		for (int k = 0; k < PER_THREAD; k++) {
			uint64_t ticket = producers[i].tickets[k];
			assert_in_range(ticket, 1, THREADS * PER_THREAD);
			assert_int_equal(owner[ticket], -1);
			owner[ticket] = i * PER_THREAD + k;
			assert_true(k == 0 || ticket > producers[i].tickets[k - 1]);
		}
	}
	temp_case_close(&t);
	char *rows = temp_case_sql(
		&t, "SELECT seq, tunnel * 500 + exchange FROM fact_note ORDER BY seq");
	char *at = rows;
	for (int seq = 1; seq <= THREADS * PER_THREAD; seq++) {
		char want[40];
		int n = snprintf(want, sizeof want, "%d|%d", seq, owner[seq]);
		assert_memory_equal(at, want, (size_t)n);
		at += n;
		assert_int_equal(*at++, seq < THREADS * PER_THREAD ? '\n' : 0);
	}
	free(rows);
	temp_case_fini(&t);
}

static void waiter_is_told(void **state)
{
	struct temp_case t;
	struct err err = {0};
	struct writer_waiter waiter = {.eventfd = eventfd(0, EFD_NONBLOCK)};
	(void)state;
	temp_case_start(&t);
	sqlite3 *held = hold_commits(&t);
	uint64_t first = put_note(t.writer, 1, 1), second = put_note(t.writer, 1, 2);
	assert_int_equal(writer_poll(t.writer, first, &waiter, &err), WRITER_PENDING);
	assert_true(waiter.armed);
	assert_int_equal(writer_poll(t.writer, second, &waiter, &err), WRITER_PENDING);
	assert_false(readable(waiter.eventfd, 0));
	let_go(held);
	assert_true(readable(waiter.eventfd, 5000));
	assert_int_equal(writer_poll(t.writer, second, &waiter, &err), WRITER_COMMITTED);
	assert_int_equal(writer_poll(t.writer, first, &waiter, &err), WRITER_COMMITTED);
	assert_false(waiter.armed);
	uint64_t times;
	assert_int_equal(read(waiter.eventfd, &times, sizeof times), sizeof times);
	assert_int_equal(times, 1);
	close(waiter.eventfd);
	temp_case_fini(&t);
}

static void disarmed_waiter_is_left_alone(void **state)
{
	struct temp_case t;
	struct err err = {0};
	struct writer_waiter gone = {.eventfd = eventfd(0, EFD_NONBLOCK)};
	struct writer_waiter kept = {.eventfd = eventfd(0, EFD_NONBLOCK)};
	(void)state;
	temp_case_start(&t);
	sqlite3 *held = hold_commits(&t);
	uint64_t ticket = put_note(t.writer, 1, 1);
	assert_int_equal(writer_poll(t.writer, ticket, &kept, &err), WRITER_PENDING);
	assert_int_equal(writer_poll(t.writer, ticket, &gone, &err), WRITER_PENDING);
	writer_disarm(t.writer, &gone);
	writer_disarm(t.writer, &gone);
	assert_false(gone.armed);
	let_go(held);
	assert_true(readable(kept.eventfd, 5000));
	assert_true(writer_flush(t.writer, &err));
	assert_false(readable(gone.eventfd, 0));
	assert_int_equal(writer_poll(t.writer, ticket, &kept, &err), WRITER_COMMITTED);
	close(gone.eventfd);
	close(kept.eventfd);
	temp_case_fini(&t);
}

/* A put that failed gave 0; whoever waits for that must never be told to go on. */
static void no_ticket_is_never_committed(void **state)
{
	struct temp_case t;
	struct err err = {0};
	struct writer_waiter waiter = {.eventfd = -1};
	(void)state;
	temp_case_start(&t);
	put_note(t.writer, 1, 1);
	assert_true(writer_flush(t.writer, &err));
	assert_int_equal(writer_poll(t.writer, 0, &waiter, &err), WRITER_FAILED);
	assert_false(writer_wait(t.writer, 0, &err));
	assert_int_equal(err.kind, ERR_CASE_WRITE);
	temp_case_fini(&t);
}

struct waiting {
	struct temp_case *t;
	uint64_t ticket;
	bool committed;
};

static void *wait_for(void *arg)
{
	struct waiting *me = arg;
	me->committed = writer_wait(me->t->writer, me->ticket, NULL);
	return NULL;
}

/* What gathers while one commit is under way is written by the next one, all of it. */
static void commits_are_grouped(void **state)
{
	enum { WAITING = 32 };
	static struct waiting waiting[WAITING];
	pthread_t threads[WAITING];
	struct temp_case t;
	struct writer_stats before, after;
	(void)state;
	temp_case_start(&t);
	writer_stats(t.writer, &before);
	sqlite3 *held = hold_commits(&t);
	for (int i = 0; i < WAITING; i++) {
		for (int k = 0; k < 4; k++)
			waiting[i] = (struct waiting){&t, put_note(t.writer, i, k), false};
		pthread_create(&threads[i], NULL, wait_for, &waiting[i]);
	}
	let_go(held);
	for (int i = 0; i < WAITING; i++) {
		pthread_join(threads[i], NULL);
		assert_true(waiting[i].committed);
	}
	writer_stats(t.writer, &after);
	assert_int_equal(after.facts - before.facts, WAITING * 4);
	/* One for what was there when it woke, one for all that came while it was held. */
	assert_in_range(after.commits - before.commits, 1, 2);
	assert_int_equal(temp_case_number(&t, "SELECT count(*) FROM fact_note"), WAITING * 4);
	temp_case_fini(&t);
}

/* Who waits for a while only is told that it was too short, and may ask again. */
static void a_wait_may_be_given_up(void **state)
{
	struct temp_case t;
	struct err err = {0};
	(void)state;
	temp_case_start(&t);
	sqlite3 *held = hold_commits(&t);
	uint64_t ticket = put_note(t.writer, 1, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(writer_wait_ms(t.writer, ticket, 2, &err), WRITER_PENDING);
	let_go(held);
	assert_int_equal(writer_wait_ms(t.writer, ticket, 60000, &err), WRITER_COMMITTED);
	assert_int_equal(writer_wait_ms(t.writer, ticket, 0, &err), WRITER_COMMITTED);
	assert_int_equal(err.kind, ERR_NONE);
	/* Those who gave up are not counted as waiting: somebody alone is still served alone.
	 */
	assert_true(writer_wait(t.writer, put_note(t.writer, 1, 2), &err));
	temp_case_fini(&t);
}

/* More is queued than one batch takes: the last ticket needs several, and its wait outlasts
 * them. */
static void a_wait_outlasts_batches(void **state)
{
	enum { FACTS = 3 * WRITER_BATCH_MAX };
	struct temp_case t;
	struct writer_stats before, after;
	(void)state;
	temp_case_start(&t);
	writer_stats(t.writer, &before);
	sqlite3 *held = hold_commits(&t);
	uint64_t last = 0;
	for (int i = 0; i < FACTS; i++)
		last = put_note(t.writer, 1, i);
	struct waiting waiting = {&t, last, false};
	pthread_t thread;
	pthread_create(&thread, NULL, wait_for, &waiting);
	let_go(held);
	pthread_join(thread, NULL);
	assert_true(waiting.committed);
	writer_stats(t.writer, &after);
	assert_true(after.commits - before.commits >= 3);
	temp_case_fini(&t);
}

/* Nobody waits, and yet it is committed soon. */
static void unasked_facts_are_committed_too(void **state)
{
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	int fd = writer_observer_fd(t.writer);
	put_note(t.writer, 1, 1);
	assert_true(readable(fd, 5000));
	assert_int_equal(temp_case_number(&t, "SELECT count(*) FROM fact_note"), 1);
	uint64_t times;
	assert_int_equal(read(fd, &times, sizeof times), sizeof times);
	assert_false(readable(fd, 0));
	put_note(t.writer, 1, 2);
	assert_true(readable(fd, 5000));
	temp_case_fini(&t);
}

/* Patience is about who does not wait: what is waited for comes at once, and the rest in time.
 */
static void a_patient_writer_loses_nothing(void **state)
{
	enum { FACTS = 2 * WRITER_BATCH_MAX };
	struct temp_case t;
	struct err err = {0};
	(void)state;
	temp_case_start(&t);
	writer_be_patient(t.writer);
	int fd = writer_observer_fd(t.writer);
	int64_t from_us = clock_now_us(clock_real());
	put_note(t.writer, 1, 1);
	assert_true(readable(fd, 5000));
	/* Not as soon as others are: a quarter of a second is its time. */
	assert_true(clock_now_us(clock_real()) - from_us >= 100 * 1000);
	assert_true(writer_wait(t.writer, put_note(t.writer, 1, 2), &err));
	assert_int_equal(temp_case_number(&t, "SELECT count(*) FROM fact_note"), 2);
	for (int i = 0; i < FACTS; i++)
		put_note(t.writer, 1, i);
	assert_true(writer_flush(t.writer, &err));
	assert_int_equal(temp_case_number(&t, "SELECT count(*) FROM fact_note"), 2 + FACTS);
	temp_case_fini(&t);
}

static uint64_t put_chunk(struct writer *w, int64_t n, struct span data, int64_t *waited_us)
{
	struct err err = {0};
	struct fact_chunk chunk;
	uint8_t digest[SHA256_LEN];
	fact_init(FACT_KIND_CHUNK, &chunk);
	sha256(data, digest);
	chunk.session = 1;
	chunk.exchange = 1;
	chunk.side = SIDE_RESPONSE;
	chunk.n = n;
	chunk.size = (int64_t)data.n;
	chunk.data = data;
	if (data.n > BODY_SHARE_MIN)
		chunk.sha256 = span_of(digest, sizeof digest);
	uint64_t ticket = writer_put(w, FACT_KIND_CHUNK, &chunk, waited_us, &err);
	if (ticket == 0)
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	return ticket;
}

static void equal_chunks_are_stored_once(void **state)
{
	static uint8_t big[BODY_CHUNK], other[BODY_CHUNK], small[BODY_SHARE_MIN];
	struct temp_case t;
	(void)state;
	memset(other, 1, sizeof other);
	temp_case_start(&t);
	put_chunk(t.writer, 0, span_of(big, sizeof big), NULL);     /* 1 */
	put_chunk(t.writer, 1, span_of(small, sizeof small), NULL); /* 2: too small to share */
	put_chunk(t.writer, 2, span_of(other, sizeof other), NULL); /* 3 */
	assert_true(writer_flush(t.writer, NULL));
	put_chunk(t.writer, 3, span_of(big, sizeof big), NULL);     /* 4: as 1, over a commit */
	put_chunk(t.writer, 4, span_of(small, sizeof small), NULL); /* 5 */
	put_chunk(t.writer, 5, span_of(big, sizeof big), NULL);     /* 6: as 1, not as 4 */
	put_chunk(t.writer, 6, span_of(big, sizeof big - 1), NULL); /* 7: another one */
	temp_case_close(&t);
	char *rows = temp_case_sql(
		&t, "SELECT seq, same_as, length(data), size, length(sha256) FROM fact_chunk");
	assert_string_equal(rows,
		"1|NULL|65536|65536|32\n2|NULL|4096|4096|NULL\n3|NULL|65536|65536|32\n"
		"4|1|NULL|65536|32\n5|NULL|4096|4096|NULL\n6|1|NULL|65536|32\n"
		"7|NULL|65535|65535|32");
	free(rows);
	temp_case_fini(&t);
}

/* Facts of one size until a full queue has made their producer wait. */
struct flood {
	struct temp_case *t;
	size_t len;
	int n;
	int64_t waited_us;
};

static void *flood(void *arg)
{
	static uint8_t data[BODY_CHUNK];
	struct flood *f = arg;
	for (int i = 0; i < f->n; i++) {
		memcpy(data, &i, sizeof i);
		put_chunk(f->t->writer, i, span_of(data, f->len), &f->waited_us);
	}
	return NULL;
}

static void flood_waits_at(size_t len, size_t most)
{
	struct temp_case t;
	struct writer_stats stats;
	pthread_t thread;
	temp_case_start(&t);
	struct flood f = {.t = &t, .len = len, .n = (int)(most / len * 3 / 2)};
	sqlite3 *held = hold_commits(&t);
	pthread_create(&thread, NULL, flood, &f);
	do {
		sched_yield();
		writer_stats(t.writer, &stats);
	} while (stats.queue_waits == 0);
	/* What a fact takes beside its bytes. */
	assert_in_range(stats.facts, most / (len + 400), most / len);
	/* Others are not held up by that. */
	if (most < WRITER_QUEUE_MAX)
		put_note(t.writer, 1, 1);
	let_go(held);
	pthread_join(thread, NULL);
	writer_stats(t.writer, &stats);
	assert_true(f.waited_us > 0);
	assert_int_equal(stats.queue_waited_us, f.waited_us);
	temp_case_close(&t);
	assert_int_equal(temp_case_number(&t, "SELECT count(*) FROM fact_chunk"), f.n);
	temp_case_fini(&t);
}

/* A full queue makes the producer wait, tells how long, and loses nothing. Large pieces wait
 * sooner, so that what others put behind them does not wait for long. */
static void full_queue_makes_the_producer_wait(void **state)
{
	(void)state;
	flood_waits_at(WRITER_LARGE_FACT / 2, WRITER_QUEUE_MAX);
	flood_waits_at(BODY_CHUNK, WRITER_QUEUE_LARGE);
}

/* Also over several openings of one case. */
static void equal_chunks_are_found_again(void **state)
{
	static uint8_t big[BODY_CHUNK], other[BODY_CHUNK];
	struct temp_case t;
	(void)state;
	memset(other, 1, sizeof other);
	temp_case_start(&t);
	put_chunk(t.writer, 0, span_of(big, sizeof big), NULL);
	put_chunk(t.writer, 1, span_of(big, sizeof big), NULL);
	temp_case_close(&t);
	temp_case_open(&t);
	put_chunk(t.writer, 2, span_of(other, sizeof other), NULL);
	put_chunk(t.writer, 3, span_of(big, sizeof big), NULL);
	temp_case_close(&t);
	temp_case_open(&t);
	put_chunk(t.writer, 4, span_of(other, sizeof other), NULL);
	temp_case_close(&t);
	char *rows = temp_case_sql(&t, "SELECT seq, same_as, length(data) FROM fact_chunk");
	assert_string_equal(rows, "1|NULL|65536\n2|1|NULL\n3|NULL|65536\n4|1|NULL\n5|3|NULL");
	free(rows);
	temp_case_fini(&t);
}

static void a_fact_beyond_all_measure_is_refused(void **state)
{
	struct temp_case t;
	struct err err = {0};
	struct fact_note note;
	(void)state;
	size_t n = 9UL * 1024 * 1024;
	char *huge = malloc(n);
	memset(huge, 'x', n);
	temp_case_start(&t);
	fact_init(FACT_KIND_NOTE, &note);
	note.detail = span_of(huge, n);
	assert_int_equal(writer_put(t.writer, FACT_KIND_NOTE, &note, NULL, &err), 0);
	assert_int_equal(err.kind, ERR_LIMIT);
	put_note(t.writer, 1, 1);
	temp_case_close(&t);
	assert_int_equal(temp_case_number(&t, "SELECT count(*) FROM fact_note"), 1);
	free(huge);
	temp_case_fini(&t);
}

static void certificates_are_known_over_sessions(void **state)
{
	uint8_t one[SHA256_LEN] = {1}, two[SHA256_LEN] = {2};
	struct temp_case t;
	struct fact_certificate c;
	(void)state;
	temp_case_start(&t);
	assert_true(writer_certificate_new(t.writer, one));
	assert_false(writer_certificate_new(t.writer, one));
	assert_true(writer_certificate_new(t.writer, two));
	fact_init(FACT_KIND_CERTIFICATE, &c);
	c.sha256 = span_of(one, sizeof one);
	temp_case_put(&t, FACT_KIND_CERTIFICATE, &c);
	temp_case_close(&t);
	temp_case_open(&t);
	assert_false(writer_certificate_new(t.writer, one));
	assert_true(writer_certificate_new(t.writer, two)); /* its fact was never put */
	temp_case_fini(&t);
}

static off_t size_of(const struct temp_case *t, const char *suffix)
{
	char name[128];
	struct stat st;
	snprintf(name, sizeof name, "%s%s", t->path, suffix);
	return stat(name, &st) == 0 ? st.st_size : -1;
}

/* Without work the log is folded into the file; the file can then be copied alone and lacks
 * nothing. */
static void idle_writer_checkpoints(void **state)
{
	struct temp_case t;
	struct writer_stats before, now;
	(void)state;
	temp_case_start(&t);
	put_note(t.writer, 1, 1);
	assert_true(writer_flush(t.writer, NULL));
	off_t small = size_of(&t, "");
	writer_stats(t.writer, &before);
	for (int i = 0; i < 64; i++) {
		static uint8_t data[BODY_CHUNK];
		data[0] = (uint8_t)i;
		put_chunk(t.writer, i, span_of(data, sizeof data), NULL);
	}
	assert_true(writer_flush(t.writer, NULL));
	int64_t until = clock_now_us(clock_real()) + 10 * 1000000L;
	do {
		sched_yield();
		writer_stats(t.writer, &now);
	} while (now.checkpoints == before.checkpoints && clock_now_us(clock_real()) < until);
	assert_true(now.checkpoints > before.checkpoints);
	assert_true(size_of(&t, "") >= small + 64L * BODY_CHUNK);
	temp_case_fini(&t);
}

/* Under steady load it is folded in when it has grown to its limit, so it never grows far
 * beyond. */
static void log_is_bounded_under_load(void **state)
{
	enum { MB = 1024 * 1024, CHUNKS = 240 * MB / BODY_CHUNK };
	static uint8_t data[BODY_CHUNK];
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	for (int i = 0; i < CHUNKS; i++) {
		memcpy(data, &i, sizeof i);
		put_chunk(t.writer, i, span_of(data, sizeof data), NULL);
	}
	assert_true(writer_flush(t.writer, NULL));
	assert_in_range(size_of(&t, "-wal"), 100 * MB,
		WRITER_CHECKPOINT_WAL + WRITER_QUEUE_MAX + 16 * MB);
	temp_case_close(&t);
	assert_int_equal(temp_case_number(&t, "SELECT count(*) FROM fact_chunk"), CHUNKS);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_is_total_over_threads),
		cmocka_unit_test(waiter_is_told),
		cmocka_unit_test(disarmed_waiter_is_left_alone),
		cmocka_unit_test(no_ticket_is_never_committed),
		cmocka_unit_test(commits_are_grouped),
		cmocka_unit_test(a_wait_may_be_given_up),
		cmocka_unit_test(a_wait_outlasts_batches),
		cmocka_unit_test(unasked_facts_are_committed_too),
		cmocka_unit_test(a_patient_writer_loses_nothing),
		cmocka_unit_test(equal_chunks_are_stored_once),
		cmocka_unit_test(equal_chunks_are_found_again),
		cmocka_unit_test(full_queue_makes_the_producer_wait),
		cmocka_unit_test(a_fact_beyond_all_measure_is_refused),
		cmocka_unit_test(certificates_are_known_over_sessions),
		cmocka_unit_test(idle_writer_checkpoints),
		cmocka_unit_test(log_is_bounded_under_load),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
