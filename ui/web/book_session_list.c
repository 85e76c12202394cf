/* The sessions of a book as lists show them, newest first: numbers from memory, words out of
 * the case. */
#include "ui/web/book_state.h"

/* Where a session's first and last fact lie; 0: not known, or there is none. */
struct ends {
	int64_t begins, ends;
};

/* Under the lock. */
static size_t pick(
	struct book *b, size_t max, struct book_session_about *list, struct ends *ends)
{
	size_t n = 0;
	for (size_t i = b->n_sessions; i > 0 && n < max; i--, n++) {
		const struct book_session *s = b->sessions[i - 1];
		const struct ledger_session *l = ledger_session(&b->ledger, s->id);
		list[n] = (struct book_session_about){.session = s->id,
			.started_us = FACT_NULL,
			.ended_us = FACT_NULL,
			.running = book_session_runs(b, s),
			.trails = s->trails,
			.exchanges = s->stored && !b->ready ? s->stored_exchanges
				     : l != NULL            ? l->exchanges
							    : 0};
		ends[n] = l != NULL ? (struct ends){l->begins, l->ends} : (struct ends){0};
	}
	return n;
}

static void fill(struct book_session_about *s, const struct fact_session *first,
	const struct fact_session_end *last)
{
	if (first != NULL) {
		s->started_us = first->at_us;
		s->command = first->command;
		s->mode = first->mode;
		s->browser = first->browser;
		s->browser_version = first->browser_version;
		s->device = first->device;
		s->language = first->language;
		s->timezone = first->timezone;
		s->via = first->via;
	}
	if (last != NULL) {
		s->ended_us = last->at_us;
		s->ended_by = last->reason;
		s->complete = last->complete == 1;
	}
}

static bool read_facts(struct book *b, struct book_session_about *list, const struct ends *ends,
	size_t n, struct arena *a, struct err *err)
{
	struct case_wanted *wanted = arena_alloc(a, (2 * n + 1) * sizeof *wanted);
	void **facts = arena_alloc(a, (2 * n + 1) * sizeof *facts);
	for (size_t i = 0; i < n; i++) {
		wanted[2 * i] = (struct case_wanted){FACT_KIND_SESSION, ends[i].begins};
		wanted[2 * i + 1] = (struct case_wanted){FACT_KIND_SESSION_END, ends[i].ends};
	}
	pthread_mutex_lock(&b->reading);
	struct case_file *file = book_page_file(b, err);
	bool ok = file != NULL && case_fetch(file, wanted, 2 * n, a, facts, err);
	book_page_done(b);
	pthread_mutex_unlock(&b->reading);
	for (size_t i = 0; i < n && ok; i++)
		fill(&list[i], facts[2 * i], facts[2 * i + 1]);
	return ok;
}

bool book_sessions(struct book *b, size_t max, struct arena *a, struct book_session_about **out,
	size_t *n, size_t *total, struct err *err)
{
	size_t most = max < BOOK_PAGE_MAX ? max : BOOK_PAGE_MAX;
	struct ends *ends = arena_alloc(a, (most + 1) * sizeof *ends);
	*out = arena_alloc(a, (most + 1) * sizeof **out);
	book_wait_opened(b);
	pthread_mutex_lock(&b->lock);
	*n = pick(b, most, *out, ends);
	*total = b->n_sessions;
	pthread_mutex_unlock(&b->lock);
	return *n == 0 || read_facts(b, *out, ends, *n, a, err);
}
