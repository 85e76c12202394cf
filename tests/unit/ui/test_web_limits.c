/*
 * Where a window keeps no more in mind: it takes nothing else in, and its pages say so.
 */
#include "tests/kit/put_exchange.h"
#include "tests/kit/window_page.h"
#include "ui/web/book_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void add_request(struct ledger *l, int64_t seq)
{
	struct fact_request r;
	fact_init(FACT_KIND_REQUEST, &r);
	r.session = 1;
	r.exchange = seq;
	r.tunnel = 1;
	r.at_us = seq;
	r.method = span_str("GET");
	r.url = span_str("https://a.example/");
	ledger_add(l, FACT_KIND_REQUEST, seq, &r);
}

static void a_full_ledger_takes_no_more(void **state)
{
	(void)state;
	struct ledger l;
	ledger_init(&l, 7);
	add_request(&l, 1);
	assert_int_equal(l.n, 1);
	assert_false(l.full);
	l.n = BOOK_ROWS_MAX; /* as if there were so many */
	add_request(&l, 2);
	assert_int_equal(l.n, BOOK_ROWS_MAX);
	assert_true(l.full);
	assert_int_equal(l.last_seq, 2);
	l.n = 1;
	ledger_fini(&l);
}

static bool says(struct window_pages *w, const char *target, const char *words)
{
	return strstr(window_page(w, target, 200), words) != NULL;
}

static void a_page_says_that_there_is_more(void **state)
{
	(void)state;
	static const char rows[] = "more exchanges than a window keeps in mind",
			  whole[] = "larger than what a window keeps in mind";
	struct window_pages w;
	struct temp_case t;
	temp_case_start(&t);
	int64_t s = put_session(&t, "https://a.example/");
	PUT_EXCHANGE(&t, s, .url = "https://a.example/", .body = span_str("<p>Hello"));
	put_session_end(&t, s, 2000, "page");
	temp_case_close(&t);
	window_pages_start(&w);
	struct book *b = window_pages_add(&w, t.path);
	assert_false(says(&w, "/c/1/x", rows) || says(&w, "/c/1", whole));
	pthread_mutex_lock(&b->lock);
	b->ledger.full = true;
	pthread_mutex_unlock(&b->lock);
	assert_true(says(&w, "/c/1/x", rows) && says(&w, "/c/1", whole));
	/* Trails alone, which are not stored in the case. */
	pthread_mutex_lock(&b->lock);
	b->ledger.full = false;
	b->kept_full = true;
	pthread_mutex_unlock(&b->lock);
	assert_true(!says(&w, "/c/1/x", rows) && says(&w, "/c/1", whole));
	window_pages_end(&w);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_ledger_takes_no_more),
		cmocka_unit_test(a_page_says_that_there_is_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
