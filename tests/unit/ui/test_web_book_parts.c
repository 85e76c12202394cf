/* Parts of a window's book: what is found changed, whose attachments a page shows, what is
 * still to come, what is marked, and which paths are the same book. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/fact/custody.h"
#include "store/fact/remark.h"
#include "tests/kit/watch_book.h"
#include "ui/cli/custody.h"
#include "ui/web/book_state.h"
#include "ui/web/shelf.h"

/* ---- what changed ---- */

struct shape {
	struct trail t;
	struct trail_hop hop;
	struct trail_evidence evidence;
	struct trail_alternative other;
	const char *note;
	struct model_exchange x, y;
};

static void make(struct shape *s)
{
	*s = (struct shape){.note = "one note", .x = {.id = 1, .tunnel = 1}};
	s->y = (struct model_exchange){.id = 1, .tunnel = 2};
	s->evidence = (struct trail_evidence){7, "location", span_str("/away"), 12};
	s->other = (struct trail_alternative){MECHANISM_USER, 1, "too soon"};
	s->hop = (struct trail_hop){.n = 1,
		.url = span_str("http://one.test/a"),
		.method = span_str("GET"),
		.status = 302,
		.at_us = 10,
		.elapsed_us = 20,
		.on_wire = true,
		.exchange = &s->x,
		.evidence = &s->evidence,
		.n_evidence = 1,
		.alternatives = &s->other,
		.n_alternatives = 1,
		.claimed_target = span_str("http://two.test/")};
	s->t = (struct trail){.session = 1,
		.number = 1,
		.start_url = span_str("http://one.test/a"),
		.final_url = span_str("http://one.test/a"),
		.handoff_url = span_str("intent:a"),
		.hops = &s->hop,
		.n_hops = 1,
		.notes = &s->note,
		.n_notes = 1};
}

/* Each of what a page shows, of the same length as before. */
#define CHANGES(X)                                                                             \
	X(t.start_url = span_str("http://one.test/b"))                                         \
	X(t.final_url = span_str("http://oNe.test/a"))                                         \
	X(t.handoff_url = span_str("intent:b"))                                                \
	X(t.started_us = 1)                                                                    \
	X(t.ended_by = ENDED_GATE)                                                             \
	X(t.recording_complete = true)                                                         \
	X(note = "two note")                                                                   \
	X(hop.url = span_str("http://oNe.test/a"))                                             \
	X(hop.method = span_str("PUT"))                                                        \
	X(hop.status = 301)                                                                    \
	X(hop.at_us = 11)                                                                      \
	X(hop.elapsed_us = 21)                                                                 \
	X(hop.on_wire = false)                                                                 \
	X(hop.exchange = &s.y)                                                                 \
	X(hop.mechanism = MECHANISM_SCRIPT)                                                    \
	X(hop.confidence = CONFIDENCE_POSSIBLE)                                                \
	X(hop.claimed_target = span_str("http://twO.test/"))                                   \
	X(evidence.exchange = 8)                                                               \
	X(evidence.signal = "referers")                                                        \
	X(evidence.quote = span_str("/AWAY"))                                                  \
	X(evidence.offset = 13)                                                                \
	X(other.mechanism = MECHANISM_FORM)                                                    \
	X(other.from_hop = 2)                                                                  \
	X(other.why = "too late")

static void all_that_is_shown_is_found_changed(void **state)
{
	struct shape s;
	(void)state;
	make(&s);
	uint64_t before = book_trail_hash(&s.t);
	make(&s);
	assert_int_equal(book_trail_hash(&s.t), before);
#define X(change)                                                                              \
	make(&s);                                                                              \
	s.change;                                                                              \
	if (book_trail_hash(&s.t) == before)                                                   \
		fail_msg("it is the same with another %s", #change);
	CHANGES(X)
#undef X
}

/* ---- of a session that goes on ---- */

static void read_trail(struct watch_book *w, int64_t session, struct book_reading *r)
{
	struct err err = {0};
	bool found = false;
	if (!book_read_trail(w->book, session, 1, r, &found, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	assert_true(found);
}

/* The earlier session's alone are more than a page takes. */
static void attachments_are_the_sessions_own(void **state)
{
	struct temp_case t;
	struct watch_book w;
	struct book_reading r;
	(void)state;
	temp_case_start(&t);
	int64_t s = put_session(&t, "http://click0.mailer.test/c?n=0");
	watch_book_visit(&t, s, 0);
	for (int i = 0; i <= LEDGER_ATTACHED_MAX; i++)
		put_attachment(&t, s, 1500, FACT_NULL, "photo", span_str("not a picture"));
	put_session_end(&t, s, 9000, "page");
	watch_book_store(&t);
	int64_t of_all = put_attachment(
		&t, FACT_NULL, 1500, FACT_NULL, "photo", span_str("not a picture"));
	s = put_session(&t, "http://click0.mailer.test/c?n=0");
	watch_book_visit(&t, s, 0);
	int64_t own = put_attachment(
		&t, s, 1500, FACT_NULL, "photo", span_str("not a picture either"));
	watch_book(&w, t.path);
	watch_book_ready(&w);
	read_trail(&w, 2, &r);
	assert_int_equal(r.report.attachments.n, 2);
	assert_int_equal(r.report.attachments.list[0].seq, of_all);
	assert_int_equal(r.report.attachments.list[1].seq, own);
	assert_false(r.report.attachments.more);
	book_reading_close(&r);
	read_trail(&w, 1, &r);
	assert_int_equal(r.report.attachments.n, LEDGER_ATTACHED_MAX);
	assert_true(r.report.attachments.more);
	book_reading_close(&r);
	watch_book_end(&w);
	temp_case_fini(&t);
}

/* A script that the page loaded is no hop, and says where it goes on to. */
static void what_a_script_announces_is_seen(void **state)
{
	struct temp_case t;
	struct watch_book w;
	struct book_reading r;
	struct trail_pending pending;
	struct err err;
	(void)state;
	temp_case_start(&t);
	int64_t s = put_session(&t, "http://click.mailer.test/");
	PUT_EXCHANGE(&t, s, .url = "http://click.mailer.test/", .at_ms = 1000,
		.request = NAVIGATES,
		.body = span_str("<html><script src=/go.js></script></html>"));
	PUT_EXCHANGE(&t, s, .url = "http://click.mailer.test/go.js", .at_ms = 1100,
		.request = "Referer: http://click.mailer.test/\r\nSec-Fetch-Dest: script\r\n"
			   "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Site: same-origin\r\n",
		.type = "text/javascript",
		.body = span_str("setTimeout(function () { location.href = "
				 "'http://next.test/page'; }, 30000);"));
	watch_book(&w, t.path);
	watch_book_ready(&w);
	read_trail(&w, s, &r);
	assert_int_equal(r.report.model->n_exchanges, 1);
	assert_true(book_reading_pending(&r, &r.arena, &pending, &err));
	assert_true(pending.due_us > PUT_EPOCH_US + 30 * 1000 * 1000);
	assert_string_equal(pending.what, "timer");
	assert_true(span_is(pending.target, "http://next.test/page"));
	book_reading_close(&r);
	put_session_end(&t, s, 9000, "page");
	watch_book_store(&t);
	temp_case_close(&t);
	watch_book_end(&w);
	watch_book(&w, t.path);
	watch_book_ready(&w);
	read_trail(&w, s, &r);
	assert_true(book_reading_pending(&r, &r.arena, &pending, &err));
	assert_int_equal(pending.due_us, FACT_NULL);
	book_reading_close(&r);
	watch_book_end(&w);
	temp_case_fini(&t);
}

/* ---- what people said ---- */

static void put_mark(struct temp_case *companion, int64_t session, int64_t trail, bool on)
{
	struct fact_remark f;
	fact_init(FACT_KIND_REMARK, &f);
	f.session = session;
	f.at_us = PUT_EPOCH_US;
	f.trail = trail;
	f.act = span_str(remark_word(on ? REMARK_MARKED : REMARK_UNMARKED));
	temp_case_put(companion, FACT_KIND_REMARK, &f);
}

static void put_companion(const char *path, const char *case_id)
{
	struct temp_case c = {.writer = NULL};
	char companion[PATH_MAX], of[100];
	struct fact_custody f;
	assert_true(custody_companion(path, companion));
	assert_true(snprintf(c.path, sizeof c.path, "%s", companion) < (int)sizeof c.path);
	temp_case_open(&c);
	fact_init(FACT_KIND_CUSTODY, &f);
	f.act = span_str(custody_word(CUSTODY_COMPANION));
	snprintf(of, sizeof of, CUSTODY_OF_CASE "%s", case_id);
	f.detail = span_str(of);
	temp_case_put(&c, FACT_KIND_CUSTODY, &f);
	put_mark(&c, 2, 1, true);
	put_mark(&c, 1, 1, true);
	put_mark(&c, 2, 2, true);
	put_mark(&c, 2, 2, false);
	put_mark(&c, 2, 99, true); /* no such trail */
	put_mark(&c, 2, 3, false);
	put_mark(&c, 2, 3, true);
	temp_case_close(&c);
}

static bool has_remarks(struct watch_book *w, void *ctx)
{
	return watch_book_about(w).remarks == *(size_t *)ctx;
}

static void until_remarks(struct watch_book *w, size_t n)
{
	watch_book_until(w, has_remarks, &n, "that many remarks");
}

/* Their numbers in order, as "2.3 2.1 1.1 of 3". */
static void assert_marked(struct watch_book *w, struct book_trails_query q, const char *want)
{
	struct book_trail *list;
	struct buf out = {0};
	struct err err;
	size_t n, total;
	q.marked_only = true;
	assert_true(book_trails(w->book, &q, &w->arena, &list, &n, &total, &err));
	for (size_t i = 0; i < n; i++) {
		assert_true(list[i].marked);
		buf_addf(&out, "%s ", list[i].id);
	}
	buf_addf(&out, "of %zu", total);
	char *is = buf_take_str(&out);
	assert_string_equal(is, want);
	free(is);
}

static void marks_are_those_of_the_companion(void **state)
{
	struct temp_case t;
	struct watch_book w;
	char other[100], companion[PATH_MAX];
	(void)state;
	temp_case_start(&t);
	for (int n = 0; n < 2; n++) {
		int64_t s = put_session(&t, "http://click0.mailer.test/c?n=0");
		for (int i = 0; i < 3; i++)
			watch_book_visit(&t, s, i);
		put_session_end(&t, s, 90000, "page");
	}
	watch_book_store(&t);
	temp_case_close(&t);
	char *id = temp_case_sql(&t, "SELECT id FROM case_info ORDER BY n LIMIT 1");
	watch_book(&w, t.path);
	watch_book_ready(&w);
	assert_marked(&w, (struct book_trails_query){.n = 9}, "of 0");
	put_companion(t.path, id);
	until_remarks(&w, 7);
	assert_marked(&w, (struct book_trails_query){.n = 9}, "2.3 2.1 1.1 of 3");
	assert_marked(&w, (struct book_trails_query){.from = 1, .n = 1}, "2.1 of 3");
	assert_marked(&w, (struct book_trails_query){.session = 1, .n = 9}, "1.1 of 1");
	/* Of no case nothing is said; then it comes again. */
	snprintf(other, sizeof other, "%s.other", t.path);
	assert_int_equal(rename(t.path, other), 0);
	until_remarks(&w, 0);
	assert_int_equal(rename(other, t.path), 0);
	until_remarks(&w, 7);
	/* And of what cannot be read. */
	assert_true(custody_companion(t.path, companion));
	assert_int_equal(truncate(companion, 300), 0);
	until_remarks(&w, 0);
	free(id);
	watch_book_end(&w);
	temp_case_fini(&t);
}

/* ---- numbers ---- */

static bool has_read(struct watch_book *w, void *ctx)
{
	struct book_about about = watch_book_about(w);
	return about.state == BOOK_READY && about.trails == *(size_t *)ctx;
}

/* Sessions before the one that goes on: one whose trails are stored, and one that was left
 * without. */
static void what_was_before_is_seen_while_one_goes_on(void **state)
{
	struct temp_case t;
	struct watch_book w;
	struct book_rows rows;
	struct err err;
	size_t trails = 3;
	(void)state;
	temp_case_start(&t);
	for (int n = 0; n < 3; n++) {
		int64_t s = put_session(&t, "http://click0.mailer.test/c?n=0");
		watch_book_visit(&t, s, 0);
		if (n == 0) {
			put_session_end(&t, s, 90000, "page");
			watch_book_store(&t);
		}
	}
	watch_book(&w, t.path);
	watch_book_until(&w, has_read, &trails, "that there are trails of all sessions");
	const struct book_rows_query hops = {.n = 99, .hide_noise = true, .hide_others = true};
	assert_true(book_rows(w.book, &hops, &w.arena, &rows, &err));
	assert_int_equal(rows.n, 3 * WATCH_HOPS);
	watch_book_end(&w);
	temp_case_fini(&t);
}

/* A case gives its own numbers to sessions and facts, and they may be far apart. */
static void numbers_are_what_the_case_says(void **state)
{
	struct temp_case t;
	struct watch_book w;
	struct book_reading r;
	size_t trails = 2;
	(void)state;
	temp_case_start(&t);
	for (int n = 0; n < 2; n++) {
		int64_t s = put_session(&t, "http://click0.mailer.test/c?n=0");
		watch_book_visit(&t, s, 0);
		put_session_end(&t, s, 90000, "page");
	}
	temp_case_close(&t);
	temp_case_spoil(&t, "UPDATE fact SET session = 7 WHERE session = 2");
	temp_case_spoil(&t, "UPDATE fact SET seq = seq + 2305843009213693952 WHERE seq = "
			    "(SELECT max(seq) FROM fact)");
	watch_book(&w, t.path);
	watch_book_until(&w, has_read, &trails, "that all was read");
	assert_int_equal(watch_book_about(&w).sessions, 2);
	assert_int_equal(watch_book_about(&w).newest_session, 7);
	read_trail(&w, 7, &r);
	assert_int_equal(r.trail->n_hops, WATCH_HOPS);
	book_reading_close(&r);
	watch_book_end(&w);
	temp_case_fini(&t);
}

/* ---- the shelf ---- */

static void one_path_is_one_book(void **state)
{
	struct temp_case t;
	char here[PATH_MAX], name[300];
	struct err err;
	(void)state;
	temp_case_init(&t);
	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir(t.folder), 0);
	struct shelf *s = shelf_new();
	/* It is not there yet. */
	struct book *b = shelf_add(s, "new.case", &err);
	assert_non_null(b);
	assert_ptr_equal(shelf_add(s, "new.case", &err), b);
	assert_ptr_equal(shelf_add(s, "./new.case", &err), b);
	snprintf(name, sizeof name, "%s/../%s/new.case", t.folder, strrchr(t.folder, '/') + 1);
	assert_ptr_equal(shelf_add(s, name, &err), b);
	assert_int_equal(shelf_n(s), 1);
	/* Nor is its folder. */
	b = shelf_add(s, "no/new.case", &err);
	assert_ptr_equal(shelf_add(s, "no/new.case", &err), b);
	assert_int_equal(shelf_n(s), 2);
	shelf_free(s);
	assert_int_equal(chdir(here), 0);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_is_shown_is_found_changed),
		cmocka_unit_test(attachments_are_the_sessions_own),
		cmocka_unit_test(what_a_script_announces_is_seen),
		cmocka_unit_test(marks_are_those_of_the_companion),
		cmocka_unit_test(what_was_before_is_seen_while_one_goes_on),
		cmocka_unit_test(numbers_are_what_the_case_says),
		cmocka_unit_test(one_path_is_one_book),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
