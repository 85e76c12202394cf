/*
 * A book and its file: what can be seen from outside, the connections, and what is known at
 * once. A case that lies still may stay open; one that was left uncleanly is copied when it is
 * opened, and that copy is shared by all who read.
 */
#include "ui/web/book_state.h"
#include "store/case_pick.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

int64_t book_tick_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- from outside ---- */

static int64_t nanoseconds(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void book_see(const struct book *b, struct sight *out)
{
	char wal[PATH_MAX + 8];
	struct stat st;
	*out = (struct sight){.there = stat(b->path, &st) == 0};
	if (!out->there)
		return;
	out->dev = st.st_dev;
	out->ino = st.st_ino;
	out->size = st.st_size;
	out->mtime_ns = nanoseconds(st.st_mtim);
	out->held = case_is_written_or_left(b->path, &out->left);
	snprintf(wal, sizeof wal, "%s-wal", b->path);
	if (stat(wal, &st) == 0) {
		out->wal_size = st.st_size;
		out->wal_mtime_ns = nanoseconds(st.st_mtim);
	}
}

bool book_sight_same(const struct sight *a, const struct sight *b)
{
	return a->there == b->there && a->held == b->held && a->dev == b->dev &&
	       a->ino == b->ino && a->size == b->size && a->mtime_ns == b->mtime_ns &&
	       a->wal_size == b->wal_size && a->wal_mtime_ns == b->wal_mtime_ns;
}

/* ---- connections ---- */

bool book_file_open(struct book *b, struct err *err)
{
	pthread_mutex_lock(&b->reading);
	struct case_file *file = case_open(b->path, err);
	if (file != NULL && case_is_copy(file))
		b->copy = file;
	pthread_mutex_unlock(&b->reading);
	b->file = file;
	return file != NULL;
}

void book_file_shut(struct book *b)
{
	book_derive_stop(b);
	/* Its own at once; a page may take its time. */
	if (b->file != NULL && b->file != b->copy)
		case_close(b->file);
	b->file = NULL;
	pthread_mutex_lock(&b->reading);
	if (b->page != NULL)
		case_close(b->page);
	if (b->copy != NULL)
		case_close(b->copy);
	b->page = b->copy = NULL;
	book_compared_forget(b); /* what it says may be erased meanwhile */
	pthread_mutex_unlock(&b->reading);
}

/* A writer that leaves is let go; it takes moments. */
static void wait_left(const struct book *b)
{
	int64_t until_us = book_tick_us() + BOOK_LEAVE_WAIT_MS * 1000LL;
	while (case_is_left(b->path) && book_tick_us() < until_us)
		nanosleep(&(struct timespec){.tv_nsec = BOOK_LEAVE_MS * 1000000L}, NULL);
}

struct case_file *book_page_file(struct book *b, struct err *err)
{
	if (b->copy != NULL)
		return b->copy;
	if (b->page != NULL)
		return b->page;
	pthread_mutex_lock(&b->lock);
	bool opened = b->opened;
	enum book_state state = b->state;
	struct err why = b->err;
	pthread_mutex_unlock(&b->lock);
	if (state == BOOK_FAILED || state == BOOK_ABSENT || !opened) {
		*err = why;
		if (why.kind == ERR_NONE)
			err_set(err, ERR_CASE_OPEN, "%s: it is not open yet", b->path);
		return NULL;
	}
	wait_left(b);
	b->page = case_open(b->path, err);
	return b->page;
}

void book_page_done(struct book *b)
{
	if (b->copy != NULL)
		case_rest(b->copy);
	if (b->page == NULL)
		return;
	case_rest(b->page);
	/* A writer that is about to leave wants to be alone; and a private copy of the pages'
	 * own would grow old. */
	if (b->away || case_is_copy(b->page) || case_is_left(b->path)) {
		case_close(b->page);
		b->page = NULL;
	}
}

void book_wait_opened(struct book *b)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += BOOK_OPEN_WAIT_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&b->lock);
	while (!b->opened && !b->stop)
		if (pthread_cond_timedwait(&b->changed, &b->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&b->lock);
}

/* ---- what is known ---- */

void book_forget(struct book *b)
{
	book_derive_stop(b);
	pthread_mutex_lock(&b->lock);
	book_sessions_free(b);
	ledger_fini(&b->ledger);
	ledger_init(&b->ledger, b->epoch);
	book_remarks_forget(b);
	b->generation++;
	b->ready = false;
	b->check.have = false;
	b->about = (struct case_about){.closed_us = FACT_NULL};
	arena_fini(&b->about_arena);
	book_changed(b);
	pthread_mutex_unlock(&b->lock);
	b->refresh = true;
}

static void take_about(struct book *b, const struct case_about *about)
{
	arena_fini(&b->about_arena);
	b->about = *about;
	b->about.id = arena_copy(&b->about_arena, about->id);
	b->about.tool_name = arena_copy(&b->about_arena, about->tool_name);
	b->about.tool_version = arena_copy(&b->about_arena, about->tool_version);
	b->about.operator_name = arena_copy(&b->about_arena, about->operator_name);
}

/* Its trails are in the case from now on: what was kept of them goes. */
static void take_stored(struct book *b, const struct case_stored_session *in)
{
	struct kept_session *s = kept_session_add(b, in->summary.session);
	if (s == NULL)
		return;
	size_t trails = in->trails < BOOK_ROWS_MAX ? (size_t)in->trails : BOOK_ROWS_MAX;
	int64_t exchanges = in->summary.exchanges < 0 ? 0 : in->summary.exchanges;
	exchanges = exchanges < BOOK_ROWS_MAX ? exchanges : BOOK_ROWS_MAX;
	if ((s->doubted || (s->stored && s->trails == trails)) &&
		s->stored_exchanges == exchanges)
		return;
	kept_session_drop_kept(b, s);
	b->n_doubted -= s->doubted ? 1 : 0;
	s->stored = s->derived = true;
	s->doubted = false;
	s->stored_exchanges = exchanges;
	s->trails = trails;
	s->mapped = 0;
}

/* What was erased must not be shown from memory. */
static bool same_erased(const struct book *b, const int64_t *erased, size_t n)
{
	return b->ledger.n_erased == n &&
	       (n == 0 || memcmp(b->ledger.erased, erased, n * sizeof *erased) == 0);
}

static void take_erased(struct book *b, const int64_t *erased, size_t n)
{
	free(b->ledger.erased);
	b->ledger.erased = n > 0 ? malloc(n * sizeof *erased) : NULL;
	if (n > 0 && b->ledger.erased == NULL)
		abort();
	if (n > 0)
		memcpy(b->ledger.erased, erased, n * sizeof *erased);
	b->ledger.n_erased = n;
}

static bool is_other(
	const struct book *b, const struct case_about *about, const int64_t *erased, size_t n)
{
	return b->ledger.last_seq > 0 &&
	       (about->last_seq < b->ledger.last_seq || !span_eq(about->id, b->about.id) ||
		       !same_erased(b, erased, n));
}

bool book_refresh(struct book *b, struct err *err)
{
	struct case_about about;
	struct case_stored_session *list = NULL;
	struct arena a = {0};
	int64_t *erased = NULL;
	size_t n = 0, n_erased = 0;
	bool copy = b->file == b->copy;
	if (copy)
		pthread_mutex_lock(&b->reading);
	bool ok = case_about(b->file, &about, err) &&
		  case_stored_sessions(b->file, BOOK_SESSIONS_MAX, &a, &list, &n, err) &&
		  case_erased(b->file, &a, &erased, &n_erased, err);
	if (copy)
		pthread_mutex_unlock(&b->reading);
	if (ok && is_other(b, &about, erased, n_erased))
		book_forget(b);
	pthread_mutex_lock(&b->lock);
	if (ok) {
		take_about(b, &about);
		take_erased(b, erased, n_erased);
		for (size_t i = 0; i < n; i++)
			take_stored(b, &list[i]);
		b->opened = true;
		b->about_version = b->version + 1;
		book_changed(b);
	}
	pthread_mutex_unlock(&b->lock);
	arena_fini(&a);
	b->refresh = !ok;
	return ok;
}
