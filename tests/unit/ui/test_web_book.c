/* A book of the window says of a case what a report says of it: of one that lies still, of one
 * that is being written, and of one that was left or spoilt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/kit/watch_book.h"

static void same_text(char *is, char *want)
{
	assert_non_null(is);
	assert_non_null(want);
	assert_string_equal(is, want);
	free(is);
	free(want);
}

/* Two sessions, the second of a click and 11 visits. */
static void fill(struct temp_case *t)
{
	int64_t s = put_session(t, "http://click0.mailer.test/c?n=0");
	watch_book_visit(t, s, 0);
	put_session_end(t, s, 9000, "page");
	s = put_session(t, "http://click0.mailer.test/c?n=0");
	for (int n = 0; n < 12; n++)
		watch_book_visit(t, s, n);
	put_session_end(t, s, 200000, "page");
}

static bool is_open(struct watch_book *w, void *ctx)
{
	(void)ctx;
	return watch_book_about(w).sessions > 0;
}

static void stored_trails_are_those_of_a_report(void **state)
{
	struct temp_case t;
	struct watch_book w;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	watch_book_store(&t);
	temp_case_close(&t);
	watch_book(&w, t.path);
	/* As soon as it is open, without waiting until all was read. */
	watch_book_until(&w, is_open, NULL, "that it is open");
	same_text(watch_book_trails(&w, 0), watch_book_trails_of(t.path));
	watch_book_ready(&w);
	same_text(watch_book_trails(&w, 0), watch_book_trails_of(t.path));
	same_text(watch_book_report(&w, 2, 3), watch_book_report_of(t.path, 2, 3));
	assert_null(watch_book_report(&w, 2, 99));
	struct book_about about = watch_book_about(&w);
	assert_int_equal(about.exchanges, 13 * WATCH_VISIT);
	assert_int_equal(about.sessions, 2);
	assert_false(about.live);
	assert_false(about.limited);
	watch_book_end(&w);
	temp_case_fini(&t);
}

/* No index, no stored trail: all by numbers. */
static void a_live_case_is_read_by_numbers(void **state)
{
	struct temp_case t;
	struct watch_book w;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	watch_book(&w, t.path);
	watch_book_ready(&w);
	char *live = watch_book_report(&w, 2, 3);
	same_text(watch_book_trails(&w, 0), watch_book_trails_of(t.path));
	assert_true(watch_book_about(&w).live);
	watch_book_store(&t);
	temp_case_close(&t);
	watch_book_end(&w);
	/* The seal's head is made when the writer leaves: before, there is none. */
	char *rest = watch_book_report_of(t.path, 2, 3);
	const char *a = strstr(live, "\"trails\""), *b = strstr(rest, "\"trails\"");
	assert_non_null(a);
	assert_non_null(b);
	assert_string_equal(a, b);
	free(live);
	free(rest);
	temp_case_fini(&t);
}

static void trails_that_are_not_stored_are_derived(void **state)
{
	struct temp_case t;
	struct watch_book w;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	temp_case_close(&t);
	watch_book(&w, t.path);
	watch_book_ready(&w);
	same_text(watch_book_trails(&w, 0), watch_book_trails_of(t.path));
	char *one = watch_book_report(&w, 1, 1);
	assert_non_null(strstr(one, "http://www.shop.test/page/0"));
	free(one);
	watch_book_end(&w);
	temp_case_fini(&t);
}

/* ---- rows ---- */

static struct book_rows rows(struct watch_book *w, const struct book_rows_query *q)
{
	struct book_rows out;
	struct err err = {0};
	if (!book_rows(w->book, q, &w->arena, &out, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	return out;
}

static size_t count(struct watch_book *w, struct book_rows_query q)
{
	q.n = BOOK_PAGE_MAX;
	struct book_rows out = rows(w, &q);
	assert_int_equal(out.n, out.total);
	return out.total;
}

static int64_t key(const struct book_row *r, enum book_order order)
{
	switch (order) {
	case BOOK_BY_TIME: return r->at_us;
	case BOOK_BY_STATUS: return r->status;
	case BOOK_BY_TYPE: return r->type;
	case BOOK_BY_SIZE: return r->size;
	case BOOK_BY_TOOK: return r->end_us - r->at_us;
	case BOOK_BY_HOST:
		return (int64_t)(r->host.n > 5 ? (r->host.p[0] << 16 | r->host.p[1] << 8 |
							 r->host.p[5])
					       : 0);
	case BOOK_BY_METHOD: return r->method.p[0];
	case BOOK_ORDER_COUNT: break;
	}
	return 0;
}

/* What the browser did for itself is neither a hop nor anything else, and what nobody answered
 * is no whole answer. */
static void the_browsers_own_is_told_apart(void **state)
{
	struct temp_case t;
	struct watch_book w;
	struct fact_request own;
	struct fact_hello hello;
	struct book_found *list;
	struct err err;
	size_t n;
	bool more;
	(void)state;
	temp_case_start(&t);
	int64_t s = put_session(&t, "http://click0.mailer.test/c?n=0");
	watch_book_visit(&t, s, 0);
	fact_init(FACT_KIND_REQUEST, &own);
	own.session = s;
	own.at_us = 1;
	own.exchange = 9000;
	own.tunnel = 77;
	own.method = span_str("GET");
	own.url = span_str("http://own.example/");
	own.oddities = span_str(ODDITY_REFERER_PAGE);
	temp_case_put(&t, FACT_KIND_REQUEST, &own);
	/* How its client introduced itself, and no leg to a site. */
	fact_init(FACT_KIND_HELLO, &hello);
	hello.session = s;
	hello.at_us = 1;
	hello.tunnel = 77;
	hello.leg = LEG_BROWSER;
	hello.ja4 = span_str("t13d0000h2_0123456789ab_0123456789ab");
	hello.raw = span_str("\x01");
	temp_case_put(&t, FACT_KIND_HELLO, &hello);
	put_session_end(&t, s, 9000, "page");
	temp_case_close(&t);
	watch_book(&w, t.path);
	watch_book_ready(&w);
	size_t hops = count(&w, (struct book_rows_query){.hide_noise = true, .hide_others = true});
	assert_true(hops > 0 && hops < WATCH_VISIT);
	assert_int_equal(count(&w, (struct book_rows_query){.hide_noise = true}), WATCH_VISIT);
	assert_int_equal(count(&w, (struct book_rows_query){.hide_others = true}), hops + 1);
	assert_int_equal(
		count(&w, (struct book_rows_query){.hide_hops = true, .hide_others = true}), 1);
	assert_int_equal(count(&w, (struct book_rows_query){.status_class = 9}), 1);
	assert_true(book_find(
		w.book, span_str("t13d0000h2"), 10, &w.arena, &list, &n, &more, &err));
	assert_int_equal(n, 1);
	assert_int_equal(list[0].clue, BOOK_BY_JA4_CLUE);
	assert_int_equal(list[0].exchange, 9000);
	assert_true(span_is(list[0].value, "t13d0000h2_0123456789ab_0123456789ab"));
	watch_book_end(&w);
	temp_case_fini(&t);
}

static void rows_are_filtered_and_sorted(void **state)
{
	struct temp_case t;
	struct watch_book w;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	watch_book_store(&t);
	temp_case_close(&t);
	watch_book(&w, t.path);
	watch_book_ready(&w);
	struct book_rows all = rows(&w, &(struct book_rows_query){.n = BOOK_PAGE_MAX});
	assert_int_equal(all.total, 13 * WATCH_VISIT);
	assert_int_equal(all.all, 13 * WATCH_VISIT);
	assert_false(all.reading || all.more);
	struct book_rows second =
		rows(&w, &(struct book_rows_query){.session = 2, .n = BOOK_PAGE_MAX});
	const struct book_row *r = &second.list[0];
	assert_true(span_is(r->url, "http://click0.mailer.test/c?n=0"));
	assert_true(span_is(r->host, "click0.mailer.test"));
	assert_true(span_is(r->method, "GET"));
	assert_int_equal(r->status, 302);
	assert_int_equal(r->session, 2);
	assert_int_equal(r->trail, 1);
	assert_int_equal(r->hop, 1);
	assert_int_equal(r[3].type, BOOK_IMAGE);
	assert_int_equal(r[3].trail, 0);
	assert_int_equal(r[3].size, strlen("not really a picture"));
	for (int o = 0; o < BOOK_ORDER_COUNT; o++)
		for (int down = 0; down < 2; down++) {
			struct book_rows s =
				rows(&w, &(struct book_rows_query){.order = (enum book_order)o,
						 .down = down != 0,
						 .n = BOOK_PAGE_MAX});
			assert_int_equal(s.n, all.n);
			for (size_t i = 1; i < s.n; i++) {
				int64_t x = key(&s.list[i - 1], (enum book_order)o);
				int64_t y = key(&s.list[i], (enum book_order)o);
				assert_true(down ? x >= y : x <= y);
			}
		}
	assert_int_equal(count(&w, (struct book_rows_query){.session = 1}), WATCH_VISIT);
	assert_int_equal(count(&w, (struct book_rows_query){.text = span_str("TRACKER")}), 13);
	assert_int_equal(count(&w, (struct book_rows_query){.text = span_str("302")}), 13);
	assert_int_equal(count(&w, (struct book_rows_query){.text = span_str("image/")}), 13);
	assert_int_equal(count(&w, (struct book_rows_query){.types = 1u << BOOK_IMAGE}), 13);
	assert_int_equal(count(&w, (struct book_rows_query){.status_class = 3}), 26);
	assert_int_equal(count(&w, (struct book_rows_query){.status_class = 9}), 0);
	assert_int_equal(count(&w, (struct book_rows_query){.hide_hops = true}), 13);
	assert_int_equal(count(&w, (struct book_rows_query){.hide_others = true}), 39);
	assert_int_equal(
		count(&w, (struct book_rows_query){.session = 2, .trail = 3}), WATCH_VISIT);
	struct book_rows page = rows(&w, &(struct book_rows_query){.from = 50, .n = 20});
	assert_int_equal(page.n, 2);
	assert_int_equal(page.list[1].exchange, all.list[51].exchange);
	watch_book_end(&w);
	temp_case_fini(&t);
}

/* ---- finding ---- */

static size_t find(
	struct watch_book *w, const char *what, enum book_clue clue, struct book_found *first)
{
	struct book_found *list;
	struct err err = {0};
	size_t n, of = 0;
	bool more;
	assert_true(book_find(w->book, span_str(what), 100, &w->arena, &list, &n, &more, &err));
	assert_false(more);
	for (size_t i = n; i > 0; i--)
		if (list[i - 1].clue == clue) {
			*first = list[i - 1];
			of++;
		}
	return of;
}

static void every_clue_is_found(void **state)
{
	struct temp_case t;
	struct watch_book w;
	struct book_found f = {.times = 0};
	(void)state;
	temp_case_start(&t);
	temp_case_fill(&t);
	fill(&t);
	watch_book_store(&t);
	temp_case_close(&t);
	watch_book(&w, t.path);
	watch_book_ready(&w);
	assert_int_equal(find(&w, "shop.test", BOOK_BY_HOST_CLUE, &f), 14);
	assert_int_equal(find(&w, ".shop.test.", BOOK_BY_HOST_CLUE, &f), 14);
	assert_int_equal(find(&w, "hop.test", BOOK_BY_HOST_CLUE, &f), 0);
	assert_int_equal(find(&w, "/PAGE/11", BOOK_BY_URL_CLUE, &f), 1);
	assert_true(span_is(f.value, "http://www.shop.test/page/11"));
	assert_int_equal(f.session, 3);
	assert_int_equal(f.trail, 12);
	assert_int_equal(f.hop, 3);
	assert_int_equal(f.times, 1);
	assert_int_equal(find(&w, "192.0.2.1", BOOK_BY_ADDRESS_CLUE, &f), 1);
	assert_int_equal(f.session, 1);
	/* What temp_case_fill put: asked of the file itself. */
	char *ja4 =
		temp_case_sql(&t, "SELECT ja4 FROM fact_hello WHERE ja4 IS NOT NULL LIMIT 1");
	char *certs = temp_case_sql(&t, "SELECT hex(certs) FROM fact_handshake WHERE leg > 0 "
					"AND certs IS NOT NULL LIMIT 1");
	char *body = temp_case_sql(&t, "SELECT hex(res_sha256) FROM fact_exchange_end WHERE "
				       "session = 1 AND res_size > 0 LIMIT 1");
	char *ja3 =
		temp_case_sql(&t, "SELECT ja3 FROM fact_hello WHERE ja3 IS NOT NULL LIMIT 1");
	assert_true(ja4[0] != 0 && ja3[0] != 0);
	assert_true(find(&w, ja4, BOOK_BY_JA4_CLUE, &f) > 0);
	assert_true(span_is(f.value, ja4));
	assert_int_equal(find(&w, ja4, BOOK_BY_JA3_CLUE, &f), 0);
	assert_true(find(&w, ja3, BOOK_BY_JA3_CLUE, &f) > 0);
	assert_true(span_is(f.value, ja3));
	assert_true(strlen(certs) >= 64);
	certs[64] = 0;
	assert_true(find(&w, certs, BOOK_BY_CERTIFICATE_CLUE, &f) > 0);
	assert_int_equal(f.value.n, 64);
	assert_true(strlen(body) >= 64);
	char spaced[64] = "";
	snprintf(spaced, sizeof spaced, "%.2s:%.2s:%.2s:%.2s:%.1s", body, body + 2, body + 4,
		body + 6, body + 8);
	assert_true(find(&w, spaced, BOOK_BY_BODY_CLUE, &f) > 0);
	assert_int_equal(f.value.n, 64);
	/* Each digit counts, the second of a byte too. */
	for (size_t i = 0; i < 2; i++) {
		char other[65];
		snprintf(other, sizeof other, "%s", body);
		other[i] = other[i] == '0' ? '1' : '0';
		assert_int_equal(find(&w, other, BOOK_BY_BODY_CLUE, &f), 0);
	}
	body[7] = 0;
	assert_int_equal(find(&w, body, BOOK_BY_BODY_CLUE, &f), 0);
	free(ja4);
	free(ja3);
	free(certs);
	free(body);
	watch_book_end(&w);
	temp_case_fini(&t);
}

/* ---- an exchange ---- */

static void read_exchange(struct watch_book *w, int64_t id, struct book_reading *r)
{
	struct err err = {0};
	bool found;
	if (!book_read_exchange(w->book, id, r, &found, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	assert_true(found);
	assert_int_equal(r->hop.exchange->id, id);
}

static void exchanges_are_read_whole(struct temp_case *t, struct watch_book *w)
{
	struct book_reading r;
	struct err err = {0};
	int64_t page = temp_case_number(
		t, "SELECT exchange FROM fact_request WHERE url LIKE '%page/5'");
	int64_t picture = temp_case_number(
		t, "SELECT exchange FROM fact_request WHERE url LIKE '%pic/5.png'");
	read_exchange(w, page, &r);
	assert_non_null(r.trail);
	assert_string_equal(r.trail->id, "2.6");
	assert_int_equal(r.hop_index, 2);
	struct buf body = {0};
	struct edition_body about;
	assert_true(edition_body(
		&r.edition, r.hop.exchange, SIDE_RESPONSE, true, &body, &about, &err));
	assert_true(span_find(buf_span(&body), span_str("<img src=/pic>"), 0) != SIZE_MAX);
	buf_fini(&body);
	book_reading_close(&r);
	read_exchange(w, picture, &r);
	assert_null(r.trail);
	assert_true(edition_body(
		&r.edition, r.hop.exchange, SIDE_RESPONSE, true, &body, &about, &err));
	assert_true(span_is(buf_span(&body), "not really a picture"));
	buf_fini(&body);
	book_reading_close(&r);
	bool found = true;
	assert_true(book_read_exchange(w->book, 999999, &r, &found, &err));
	assert_false(found);
	book_reading_close(&r);
}

static void an_exchange_is_read_whole(void **state)
{
	struct temp_case t;
	struct watch_book w;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	watch_book(&w, t.path);
	watch_book_ready(&w);
	exchanges_are_read_whole(&t, &w);
	watch_book_store(&t);
	temp_case_close(&t);
	watch_book_end(&w);
	watch_book(&w, t.path);
	watch_book_ready(&w);
	exchanges_are_read_whole(&t, &w);
	watch_book_end(&w);
	temp_case_fini(&t);
}

/* ---- what is wrong ---- */

static bool has_state(struct watch_book *w, void *ctx)
{
	return watch_book_about(w).state == *(enum book_state *)ctx;
}

static void until_state(struct watch_book *w, enum book_state s)
{
	watch_book_until(w, has_state, &s, "that state");
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void what_is_wrong_is_said(void **state)
{
	struct temp_case t;
	struct watch_book w;
	char other[100];
	(void)state;
	temp_case_init(&t);
	watch_book(&w, t.path);
	until_state(&w, BOOK_ABSENT);
	write_file(t.path, "no case at all, but some text that is long enough to be looked at, "
			   "and then some more of it, to the end of a header and beyond");
	until_state(&w, BOOK_FAILED);
	assert_int_equal(watch_book_about(&w).err.kind, ERR_CASE_FOREIGN);
	unlink(t.path);
	until_state(&w, BOOK_ABSENT);
	temp_case_open(&t);
	fill(&t);
	watch_book_store(&t);
	temp_case_close(&t);
	until_state(&w, BOOK_READY);
	/* A fact that makes no sense; then another file in its place; then a cut one. */
	snprintf(other, sizeof other, "%s.other", t.path);
	temp_case_spoil(&t, "UPDATE fact SET kind = 99 WHERE seq = 20");
	assert_int_equal(rename(t.path, other), 0);
	until_state(&w, BOOK_ABSENT);
	assert_int_equal(watch_book_about(&w).exchanges, 0);
	assert_int_equal(rename(other, t.path), 0);
	until_state(&w, BOOK_FAILED);
	struct stat st;
	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(truncate(t.path, st.st_size / 2), 0);
	struct book_reading r;
	struct err err = {0};
	bool found;
	assert_false(book_read_trail(w.book, 2, 1, &r, &found, &err));
	assert_false(found);
	assert_int_equal(err.kind, ERR_CASE_READ);
	book_reading_close(&r);
	watch_book_end(&w);
	temp_case_fini(&t);
}

static void truncated_while_it_is_shown(void **state)
{
	struct temp_case t;
	struct watch_book w;
	struct stat st;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	watch_book_store(&t);
	temp_case_close(&t);
	watch_book(&w, t.path);
	watch_book_ready(&w);
	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(truncate(t.path, st.st_size / 3), 0);
	until_state(&w, BOOK_FAILED);
	watch_book_end(&w);
	temp_case_fini(&t);
}

static bool seal_is(struct watch_book *w, void *ctx)
{
	struct book_about a = watch_book_about(w);
	return a.seal == *(enum book_check *)ctx;
}

static void the_seal_is_looked_at(void **state)
{
	struct temp_case t;
	struct watch_book w;
	enum book_check nothing = BOOK_NOTHING, fails = BOOK_FAILS;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	watch_book_store(&t);
	watch_book(&w, t.path);
	watch_book_ready(&w);
	assert_int_equal(watch_book_about(&w).seal, BOOK_UNCHECKED);
	temp_case_close(&t);
	/* Its heads are not signed: this writer has no key. */
	watch_book_until(&w, seal_is, &nothing, "that nobody signed it");
	assert_int_equal(watch_book_about(&w).witness, BOOK_NOTHING);
	temp_case_spoil(&t, "UPDATE fact SET f6 = 'http://other.test/' WHERE kind = 10 AND f7 "
			    "LIKE '%page/5'");
	watch_book_until(&w, seal_is, &fails, "that it was changed");
	assert_true(watch_book_about(&w).seal_says.n > 0);
	watch_book_end(&w);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stored_trails_are_those_of_a_report),
		cmocka_unit_test(a_live_case_is_read_by_numbers),
		cmocka_unit_test(trails_that_are_not_stored_are_derived),
		cmocka_unit_test(the_browsers_own_is_told_apart),
		cmocka_unit_test(rows_are_filtered_and_sorted),
		cmocka_unit_test(every_clue_is_found),
		cmocka_unit_test(an_exchange_is_read_whole),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(truncated_while_it_is_shown),
		cmocka_unit_test(the_seal_is_looked_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
