/* The window's book follows a case that another process writes: hops are told in order, a
 * killed writer is noticed, a session's end lets the file settle, and the next session is seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/kit/watch_book.h"

/* A process that writes: it does a step for each letter that it is sent, and answers each. */
struct scribe {
	pid_t pid;
	int to, from;
};

static int64_t session;
static int visits;

/* b: begin a session; v: a visit; e: its end, with all that a recording does then; n: the same
 * without trails; o, c: open and close the case. */
static bool step(struct temp_case *t, char what)
{
	if (what == 'o')
		temp_case_open(t);
	if (what == 'b') {
		visits = 0;
		session = put_session(t, "http://click0.mailer.test/c?n=0");
	}
	if (what == 'v')
		watch_book_visit(t, session, visits++);
	if (what == 'e' || what == 'n')
		put_session_end(t, session, 900000, "page");
	if (what == 'e')
		watch_book_store(t);
	if (what == 'c') {
		temp_case_close(t);
		return watch_book_settled(t->path);
	}
	return true;
}

static void scribe_start(struct scribe *s, struct temp_case *t)
{
	int down[2], up[2];
	assert_int_equal(pipe(down), 0);
	assert_int_equal(pipe(up), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		char what;
		close(down[1]);
		close(up[0]);
		while (read(down[0], &what, 1) == 1) {
			char said = step(t, what) ? 'y' : 'n';
			if (write(up[1], &said, 1) != 1)
				break;
		}
		_exit(0);
	}
	close(down[0]);
	close(up[1]);
	s->to = down[1];
	s->from = up[0];
}

/* False: it says no. */
static bool scribe_do(struct scribe *s, const char *steps)
{
	bool all = true;
	for (; *steps != 0; steps++) {
		char said = 0;
		assert_int_equal(write(s->to, steps, 1), 1);
		assert_int_equal(read(s->from, &said, 1), 1);
		all &= said == 'y';
	}
	return all;
}

static void scribe_end(struct scribe *s, int signal)
{
	if (signal != 0)
		kill(s->pid, signal);
	close(s->to);
	close(s->from);
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

/* ---- what is told ---- */

struct hop_of {
	int64_t session, trail;
	size_t hop;
};

static bool knows_hop(struct watch_book *w, void *ctx)
{
	const struct hop_of *h = ctx;
	struct book_news *news;
	struct arena a = {0};
	size_t n;
	bool known = false;
	book_news(w->book, -1, h->session, &a, &news, &n);
	for (size_t i = 0; i < n; i++)
		known |= news[i].kind == BOOK_NEWS_HOP && news[i].trail == h->trail &&
			 news[i].hop == h->hop;
	arena_fini(&a);
	return known;
}

static void until_hop(struct watch_book *w, int64_t in, int64_t trail, size_t hop)
{
	struct hop_of h = {in, trail, hop};
	watch_book_until(w, knows_hop, &h, "that hop");
}

static bool rests(struct watch_book *w, void *ctx)
{
	struct book_about a = watch_book_about(w);
	(void)ctx;
	return !a.live && a.state == BOOK_READY;
}

static void hops_are_told_in_order(void **state)
{
	struct temp_case t;
	struct watch_book w;
	struct scribe s;
	struct book_news *news;
	size_t n, hops = 0, told = 0;
	(void)state;
	temp_case_init(&t);
	scribe_start(&s, &t);
	/* The book is there before the case is. */
	watch_book(&w, t.path);
	scribe_do(&s, "obv");
	until_hop(&w, 1, 1, 3);
	assert_true(watch_book_about(&w).live);
	int64_t version = book_version(w.book);
	book_news(w.book, -1, 1, &w.arena, &news, &n);
	for (size_t i = 0; i < n; i++) {
		assert_true(i == 0 || news[i - 1].version < news[i].version);
		if (news[i].kind == BOOK_NEWS_HOP)
			assert_int_equal(news[i].hop, ++hops);
		told += news[i].kind == BOOK_NEWS_TRAIL || news[i].kind == BOOK_NEWS_ROWS;
	}
	assert_int_equal(hops, WATCH_HOPS);
	assert_int_equal(told, 2);
	/* Only what is new is told from then on. */
	scribe_do(&s, "v");
	until_hop(&w, 1, 2, 3);
	book_news(w.book, version, 1, &w.arena, &news, &n);
	for (size_t i = 0; i < n; i++)
		if (news[i].kind == BOOK_NEWS_HOP)
			assert_true(news[i].trail == 2);
	struct book_trail trail;
	struct err err = {0};
	bool found = false;
	assert_true(book_trail(w.book, 1, 2, &w.arena, &trail, &found, &err));
	assert_true(found && trail.running);
	assert_int_equal(trail.n_parties, 3);
	/* The end: its trails are stored, and nothing that was told was otherwise. */
	version = book_version(w.book);
	assert_true(scribe_do(&s, "ec"));
	watch_book_until(&w, rests, NULL, "that nobody writes it");
	book_news(w.book, version, 1, &w.arena, &news, &n);
	for (size_t i = 0; i < n; i++)
		assert_true(news[i].kind != BOOK_NEWS_GONE && news[i].kind != BOOK_NEWS_HOP);
	assert_true(book_trail(w.book, 1, 2, &w.arena, &trail, &found, &err));
	assert_true(found && !trail.running);
	/* The next one. */
	scribe_do(&s, "obv");
	until_hop(&w, 2, 1, 3);
	assert_true(scribe_do(&s, "ec"));
	watch_book_until(&w, rests, NULL, "that nobody writes it");
	char *is = watch_book_trails(&w, 0), *want = watch_book_trails_of(t.path);
	assert_string_equal(is, want);
	free(is);
	free(want);
	scribe_end(&s, 0);
	watch_book_end(&w);
	temp_case_fini(&t);
}

static void a_killed_writer_is_noticed(void **state)
{
	struct temp_case t;
	struct watch_book w, later;
	struct scribe s, heir;
	(void)state;
	temp_case_init(&t);
	/* Both before this process has the case open: a child would have it open, too. */
	scribe_start(&s, &t);
	scribe_start(&heir, &t);
	watch_book(&w, t.path);
	scribe_do(&s, "obvv");
	until_hop(&w, 1, 2, 3);
	scribe_end(&s, SIGKILL);
	watch_book_until(&w, rests, NULL, "that nobody writes it");
	char *is = watch_book_trails(&w, 0);
	assert_non_null(strstr(is, "1.2 http://click1.mailer.test/c?n=1 "));
	/* Another window, that comes to what was left. */
	watch_book(&later, t.path);
	watch_book_ready(&later);
	char *also = watch_book_trails(&later, 0);
	assert_string_equal(is, also);
	char *report = watch_book_report(&later, 1, 2);
	assert_non_null(report);
	free(report);
	free(is);
	free(also);
	/* A writer takes it up again: both see it, and neither keeps it from leaving. */
	scribe_do(&heir, "obv");
	until_hop(&w, 2, 1, 3);
	until_hop(&later, 2, 1, 3);
	assert_true(scribe_do(&heir, "ec"));
	watch_book_until(&w, rests, NULL, "that nobody writes it");
	watch_book_until(&later, rests, NULL, "that nobody writes it");
	is = watch_book_trails(&w, 0);
	also = watch_book_trails(&later, 0);
	assert_string_equal(is, also);
	free(is);
	free(also);
	scribe_end(&heir, 0);
	watch_book_end(&w);
	watch_book_end(&later);
	temp_case_fini(&t);
}

/* ---- many pages at once ---- */

struct visitor {
	pthread_t thread;
	struct book *book;
	atomic_bool *stop;
	unsigned seed;
	size_t calls;
};

static void call(struct visitor *v, struct arena *a)
{
	struct err err;
	struct book_rows rows;
	struct book_trail *trails;
	struct book_found *found;
	struct book_news *news;
	struct book_reading reading;
	struct book_about about;
	size_t n, total;
	bool more, there;
	unsigned what = v->seed = v->seed * 1664525u + 1013904223u;
	const struct book_rows_query q = {.n = 20,
		.order = (enum book_order)(what >> 8 & 7) % BOOK_ORDER_COUNT,
		.text = (what & 256) != 0 ? span_str("page") : SPAN_NONE,
		.hide_noise = true};
	switch (what >> 16 & 7) {
	case 0: book_rows(v->book, &q, a, &rows, &err); break;
	case 1:
		book_trails(v->book, &(struct book_trails_query){.n = 50}, a, &trails, &n,
			&total, &err);
		break;
	case 2:
		book_find(v->book, span_str("shop.test"), 50, a, &found, &n, &more, &err);
		break;
	case 3: book_news(v->book, -1, 0, a, &news, &n); break;
	case 4: book_about(v->book, a, &about); break;
	case 5:
		book_read_exchange(v->book, what >> 20 & 31, &reading, &there, &err);
		book_reading_close(&reading);
		break;
	case 6: book_check(v->book); break;
	default:
		book_read_trail(v->book, 1, what >> 20 & 7, &reading, &there, &err);
		book_reading_close(&reading);
		break;
	}
	v->calls++;
}

static void *visit(void *ctx)
{
	struct visitor *v = ctx;
	while (!atomic_load(v->stop)) {
		struct arena a = {0};
		call(v, &a);
		arena_fini(&a);
	}
	return NULL;
}

struct visitors {
	struct visitor all[3];
	atomic_bool stop;
};

static void visitors_come(struct visitors *v, struct book *book)
{
	atomic_init(&v->stop, false);
	for (unsigned i = 0; i < 3; i++) {
		v->all[i] = (struct visitor){.book = book, .stop = &v->stop, .seed = i};
		assert_int_equal(pthread_create(&v->all[i].thread, NULL, visit, &v->all[i]), 0);
	}
}

static void visitors_go(struct visitors *v)
{
	atomic_store(&v->stop, true);
	for (int i = 0; i < 3; i++) {
		pthread_join(v->all[i].thread, NULL);
		assert_true(v->all[i].calls > 0);
	}
}

static void pages_come_from_many_threads(void **state)
{
	struct temp_case t;
	struct watch_book w;
	struct scribe s;
	struct visitors v;
	(void)state;
	temp_case_init(&t);
	scribe_start(&s, &t);
	watch_book(&w, t.path);
	visitors_come(&v, w.book);
	scribe_do(&s, "obvvvvv");
	until_hop(&w, 1, 5, 3);
	assert_true(scribe_do(&s, "ec"));
	scribe_do(&s, "obvv");
	until_hop(&w, 2, 2, 3);
	assert_true(scribe_do(&s, "nc"));
	watch_book_until(&w, rests, NULL, "that nobody writes it");
	visitors_go(&v);
	assert_int_equal(watch_book_about(&w).trails, 7);
	scribe_end(&s, 0);
	watch_book_end(&w);
	temp_case_fini(&t);
}

/* Pages that come without a pause keep no writer from leaving a plain file. */
static void pages_let_writers_leave(void **state)
{
	int closes = getenv("CLICKTRAIL_SOAK") != NULL ? 500 : 12;
	struct temp_case t;
	struct watch_book w;
	struct scribe s;
	struct visitors v;
	(void)state;
	temp_case_init(&t);
	scribe_start(&s, &t);
	watch_book(&w, t.path);
	scribe_do(&s, "obv");
	until_hop(&w, 1, 1, 3);
	visitors_come(&v, w.book);
	assert_true(scribe_do(&s, "ec"));
	/* One that is watched from its beginning, and one that is over before it was seen. */
	for (int i = 0; i < closes; i++) {
		scribe_do(&s, "obv");
		if (i % 2 == 0)
			until_hop(&w, i + 2, 1, 3);
		if (!scribe_do(&s, i % 3 == 0 ? "ec" : "nc"))
			fail_msg("session %d left a log behind", i + 2);
	}
	visitors_go(&v);
	watch_book_until(&w, rests, NULL, "that nobody writes it");
	scribe_end(&s, 0);
	watch_book_end(&w);
	temp_case_fini(&t);
}

/* A reader that stays connected would keep the file in WAL mode. */
static void fifty_sessions_leave_a_plain_file(void **state)
{
	struct temp_case t;
	struct watch_book w;
	struct scribe s;
	(void)state;
	temp_case_init(&t);
	scribe_start(&s, &t);
	watch_book(&w, t.path);
	for (int i = 0; i < 50; i++) {
		scribe_do(&s, "obv");
		/* Now and then a page is open at the same time. */
		if (i % 3 == 0) {
			until_hop(&w, i + 1, 1, 3);
			free(watch_book_report(&w, i + 1, 1));
		}
		if (!scribe_do(&s, i % 2 == 0 ? "ec" : "nc"))
			fail_msg("session %d left a log behind", i + 1);
	}
	watch_book_until(&w, rests, NULL, "that nobody writes it");
	watch_book_ready(&w);
	assert_int_equal(watch_book_about(&w).sessions, 50);
	assert_int_equal(watch_book_about(&w).trails, 50);
	scribe_end(&s, 0);
	watch_book_end(&w);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hops_are_told_in_order),
		cmocka_unit_test(a_killed_writer_is_noticed),
		cmocka_unit_test(pages_come_from_many_threads),
		cmocka_unit_test(pages_let_writers_leave),
		cmocka_unit_test(fifty_sessions_leave_a_plain_file),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
