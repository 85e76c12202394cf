/*
 * Facts in order of their numbers. A page of them is copied in one short read transaction and
 * handed out after it ended, so that however long the reader thinks, the writer's log does not
 * wait for it.
 */
#include "store/case_state.h"
#include "store/put.h"
#include "store/base/clock.h"

#include <assert.h>

struct page_fact {
	enum fact_kind kind;
	int64_t seq;
	void *fact;
};

struct page {
	struct arena *arena; /* what it points to */
	size_t before;       /* bytes in the arena that were there before */
	struct page_fact facts[CASE_PAGE_FACTS];
	size_t n;
	bool more; /* it was cut: there may be facts behind it */
};

static bool take_fact(sqlite3_stmt *facts, struct page *page, enum fact_kind kind, int64_t seq,
	struct err *err)
{
	union fact_any fact;
	if (!get_row(facts, kind, &fact, err))
		return false;
	void *copy = arena_alloc(page->arena, fact_info(kind)->size);
	fact_copy(kind, &fact, copy, page->arena);
	page->facts[page->n++] = (struct page_fact){kind, seq, copy};
	return true;
}

static bool page_full(const struct page *page, int64_t until_us)
{
	return page->n == CASE_PAGE_FACTS ||
	       page->arena->total - page->before > CASE_PAGE_BYTES ||
	       (page->n % 32 == 0 && clock_now_us(clock_real()) > until_us);
}

static bool fill_page(struct case_file *c, sqlite3_stmt *facts, struct page *page,
	int64_t after, struct err *err)
{
	int rc;
	int64_t until_us = clock_now_us(clock_real()) + CASE_PAGE_MS * 1000LL;
	while ((rc = sqlite3_step(facts)) == SQLITE_ROW) {
		int64_t seq;
		enum fact_kind kind;
		if (!get_kind(facts, &seq, &kind, err))
			return false;
		if (seq <= after)
			return err_set(err, ERR_CASE_READ, "facts out of order at number %lld",
				(long long)seq);
		if (!take_fact(facts, page, kind, seq, err))
			return false;
		after = seq;
		page->more = page_full(page, until_us);
		if (page->more)
			return true;
	}
	return rc == SQLITE_DONE || db_fail(c->db, ERR_CASE_READ, "facts", err);
}

/* The statement is bound already. */
static bool read_page(struct case_file *c, sqlite3_stmt *facts, struct page *page,
	int64_t after, struct err *err)
{
	case_start_clock(c);
	bool ok = case_begin(c, err);
	if (!ok)
		return false;
	ok = fill_page(c, facts, page, after, err);
	sqlite3_reset(facts);
	case_roll_back(c, NULL);
	return ok;
}

/* Every kind begins with its session. */
static int64_t session_of(const struct page_fact *f)
{
	const struct fact_field *first = &fact_info(f->kind)->fields[0];
	int64_t session;
	assert(first->type == FACT_TYPE_INT && strcmp(first->name, "session") == 0);
	memcpy(&session, (const uint8_t *)f->fact + first->offset, sizeof session);
	return session;
}

bool case_facts(struct case_file *c, int64_t after, int64_t session, case_fact_fn *each,
	void *ctx, struct err *err)
{
	bool more = true, ok = true;
	while (more && ok) {
		struct arena arena = {0};
		struct page page = {.arena = &arena};
		sqlite3_bind_int64(c->facts, 1, after);
		ok = read_page(c, c->facts, &page, after, err);
		more = ok && page.more;
		for (size_t i = 0; ok && i < page.n; i++) {
			const struct page_fact *f = &page.facts[i];
			after = f->seq;
			if (session != 0 && session_of(f) != session)
				continue;
			if (!each(ctx, f->kind, f->seq, f->fact)) {
				more = false;
				break;
			}
		}
		arena_fini(&arena);
	}
	return ok;
}

bool case_facts_for_trails(struct case_file *c, int64_t from, int64_t to, struct arena *into,
	case_taken_fn *each, void *ctx, struct err *err)
{
	bool more = true, ok = true;
	if (c->for_trails == NULL)
		c->for_trails = get_prepare(c->db, GET_FOR_TRAILS, err);
	if (c->for_trails == NULL)
		return false;
	while (more && ok) {
		struct page page = {.arena = into, .before = into->total};
		db_bind_int(c->for_trails, ":from", from);
		db_bind_int(c->for_trails, ":to", to);
		ok = read_page(c, c->for_trails, &page, from - 1, err);
		more = ok && page.more;
		for (size_t i = 0; ok && i < page.n; i++) {
			from = page.facts[i].seq + 1;
			each(ctx, page.facts[i].kind, page.facts[i].seq, page.facts[i].fact);
		}
	}
	return ok;
}

static bool fetch_one(struct case_file *c, const struct case_wanted *w, struct arena *a,
	void **out, struct err *err)
{
	union fact_any fact;
	enum fact_kind kind;
	int64_t seq;
	*out = NULL;
	sqlite3_reset(c->one);
	db_bind_int(c->one, ":seq", w->seq);
	int rc = sqlite3_step(c->one);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE || db_fail(c->db, ERR_CASE_READ, "a fact", err);
	if (!get_kind(c->one, &seq, &kind, err))
		return false;
	if (kind != w->kind)
		return true;
	if (!get_row(c->one, kind, &fact, err))
		return false;
	*out = arena_alloc(a, fact_info(kind)->size);
	fact_copy(kind, &fact, *out, a);
	return true;
}

bool case_fetch(struct case_file *c, const struct case_wanted *wanted, size_t n,
	struct arena *a, void **out, struct err *err)
{
	if (c->one == NULL)
		c->one = get_prepare(c->db, GET_ONE, err);
	bool ok = c->one != NULL && case_enter(c, err);
	size_t before = a->total;
	for (size_t i = 0; ok && i < n; i++)
		ok = fetch_one(c, &wanted[i], a, &out[i], err) &&
		     (a->total - before <= CASE_FETCH_BYTES ||
			     err_set(err, ERR_CASE_READ, "facts of more than %d bytes",
				     CASE_FETCH_BYTES));
	if (c->one != NULL)
		sqlite3_reset(c->one);
	return case_leave(c, ok, err);
}
