/*
 * Facts in order of their numbers: one cursor per table, merged. A page of them is copied in
 * one short read transaction and handed out after it ended, so that however long the reader
 * thinks, the writer's log does not wait for it.
 */
#include "store/case_state.h"
#include "store/put.h"
#include "store/base/clock.h"

#include <assert.h>

struct page_fact {
	enum fact_kind kind;
	int64_t seq;
	const void *fact;
};

struct page {
	struct arena arena;
	struct page_fact facts[CASE_PAGE_FACTS];
	size_t n;
	bool more; /* it was cut: there may be facts behind it */
};

/* The cursors' next numbers; 0: that table is at its end. */
struct merge {
	int64_t next[FACT_KIND_COUNT];
};

static bool advance(
	struct case_file *c, struct merge *m, int kind, int64_t after, struct err *err)
{
	sqlite3_stmt *s = c->facts[kind];
	int rc = sqlite3_step(s);
	m->next[kind] = 0;
	if (rc == SQLITE_DONE)
		return true;
	if (rc != SQLITE_ROW)
		return db_fail(
			c->db, ERR_CASE_READ, fact_info((enum fact_kind)kind)->name, err);
	m->next[kind] = sqlite3_column_int64(s, 0);
	if (m->next[kind] <= after)
		return err_set(err, ERR_CASE_READ, "facts out of order at number %lld",
			(long long)m->next[kind]);
	return true;
}

static bool start_merge(struct case_file *c, struct merge *m, int64_t after, struct err *err)
{
	for (int kind = 0; kind < FACT_KIND_COUNT; kind++) {
		sqlite3_bind_int64(c->facts[kind], 1, after);
		if (!advance(c, m, kind, after, err))
			return false;
	}
	return true;
}

static int smallest(const struct merge *m)
{
	int found = -1;
	for (int kind = 0; kind < FACT_KIND_COUNT; kind++)
		if (m->next[kind] != 0 && (found < 0 || m->next[kind] < m->next[found]))
			found = kind;
	return found;
}

static bool take_fact(
	struct case_file *c, struct page *page, int kind, int64_t seq, struct err *err)
{
	union fact_any fact;
	enum fact_kind k = (enum fact_kind)kind;
	if (!get_row(c->facts[kind], k, &fact, err))
		return false;
	void *copy = arena_alloc(&page->arena, fact_info(k)->size);
	fact_copy(k, &fact, copy, &page->arena);
	page->facts[page->n++] = (struct page_fact){k, seq, copy};
	return true;
}

static bool page_full(const struct page *page, int64_t until_us)
{
	return page->n == CASE_PAGE_FACTS || page->arena.total > CASE_PAGE_BYTES ||
	       (page->n % 32 == 0 && clock_now_us(clock_real()) > until_us);
}

static bool fill_page(struct case_file *c, struct page *page, int64_t after, struct err *err)
{
	struct merge m;
	int64_t until_us = clock_now_us(clock_real()) + CASE_PAGE_MS * 1000LL;
	if (!start_merge(c, &m, after, err))
		return false;
	for (int kind; (kind = smallest(&m)) >= 0;) {
		int64_t seq = m.next[kind];
		if (seq <= after)
			return err_set(err, ERR_CASE_READ, "two facts with number %lld",
				(long long)seq);
		if (!take_fact(c, page, kind, seq, err))
			return false;
		after = seq;
		page->more = page_full(page, until_us);
		if (page->more)
			return true;
		if (!advance(c, &m, kind, after, err))
			return false;
	}
	return true;
}

static bool read_page(struct case_file *c, struct page *page, int64_t after, struct err *err)
{
	case_start_clock(c);
	bool ok = db_exec(c->db, "BEGIN", ERR_CASE_READ, err);
	if (!ok)
		return false;
	ok = fill_page(c, page, after, err);
	for (int kind = 0; kind < FACT_KIND_COUNT; kind++)
		sqlite3_reset(c->facts[kind]);
	sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
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
		struct page page = {0};
		ok = read_page(c, &page, after, err);
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
		arena_fini(&page.arena);
	}
	return ok;
}
