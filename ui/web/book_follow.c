/*
 * The thread that follows a case: it looks often and for short, reads what is new into the
 * ledger, has trails derived, and lets go of the file when its writer is about to leave.
 */
#include "ui/web/book_state.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

static atomic_int books, readers, waiting;

void book_changed(struct book *b)
{
	b->version++;
	b->about_version = b->version;
	pthread_cond_broadcast(&b->changed);
}

static void say_state(struct book *b, enum book_state state, const struct err *err)
{
	pthread_mutex_lock(&b->lock);
	if (b->state != state || (err != NULL && err->kind != b->err.kind)) {
		b->state = state;
		b->err = err != NULL ? *err : (struct err){0};
		b->opened |= state == BOOK_ABSENT || state == BOOK_FAILED;
		book_changed(b);
	}
	pthread_mutex_unlock(&b->lock);
}

static void set_waiting(struct book *b, bool waits)
{
	if (b->waits_to_read != waits)
		atomic_fetch_add(&waiting, waits ? 1 : -1);
	b->waits_to_read = waits;
}

static void stop_reading(struct book *b)
{
	set_waiting(b, false);
	if (b->reads_through)
		atomic_fetch_sub(&readers, 1);
	b->reads_through = false;
}

static void failed(struct book *b, const struct err *err)
{
	stop_reading(b);
	book_file_shut(b);
	b->failed_us = book_tick_us();
	say_state(b, BOOK_FAILED, err);
}

/* ---- reading ---- */

struct batch {
	struct book *book;
	int64_t until_us;
	uint32_t n; /* exchanges before */
	int64_t touched;
	uint32_t taken; /* facts; their numbers are the case's to choose */
	bool cut;       /* there is more */
};

/* Under the lock. */
static void note_session(struct book *b, enum fact_kind kind, const void *fact)
{
	int64_t id = fact_number(kind, fact, "session");
	struct kept_session *s = id != FACT_NULL ? kept_session(b, id) : NULL;
	if (s == NULL && (kind == FACT_KIND_SESSION || kind == FACT_KIND_REQUEST))
		s = kept_session_add(b, id);
	if (s == NULL || s->stored)
		return;
	/* One that begins while this book is open. */
	if (kind == FACT_KIND_SESSION && (b->live || b->ready))
		s->tells = true;
	s->derived = false;
}

static bool take(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct batch *x = ctx;
	struct book *b = x->book;
	pthread_mutex_lock(&b->lock);
	ledger_add(&b->ledger, kind, seq, fact);
	note_session(b, kind, fact);
	bool stop = b->stop;
	pthread_mutex_unlock(&b->lock);
	x->cut = stop || ((++x->taken & 31) == 0 && book_tick_us() > x->until_us);
	return !x->cut;
}

/* What a batch brought, for who waits. Under the lock. */
static void tell_batch(struct book *b, const struct batch *x)
{
	struct ledger *l = &b->ledger;
	if (l->n == x->n && l->touched == x->touched)
		return;
	b->version++;
	/* Exchanges end in the session that they began in: the newest, but for stragglers. */
	for (size_t i = b->n_sessions; i > 0 && i + 2 > b->n_sessions; i--)
		b->sessions[i - 1]->rows_version = b->version;
	pthread_cond_broadcast(&b->changed);
}

/* *more: it did not come to the end. */
static bool read_some(struct book *b, bool *more, struct err *err)
{
	struct batch x = {.book = b,
		.until_us = book_tick_us() + BOOK_BATCH_MS * 1000LL,
		.n = b->ledger.n,
		.touched = b->ledger.touched};
	int64_t before = b->ledger.last_seq;
	bool copy = b->file == b->copy;
	if (copy)
		pthread_mutex_lock(&b->reading);
	bool ok = case_facts(b->file, before, 0, take, &x, err);
	if (copy)
		pthread_mutex_unlock(&b->reading);
	*more = x.cut;
	if (b->ledger.last_seq == before)
		return ok;
	pthread_mutex_lock(&b->lock);
	tell_batch(b, &x);
	pthread_mutex_unlock(&b->lock);
	return ok;
}

/* ---- being written, or not ---- */

/* The newest session is over, or the case for good: its writer is about to leave. */
static bool is_over(const struct book *b)
{
	const struct ledger *l = &b->ledger;
	if (l->closed || b->n_sessions == 0)
		return true;
	const struct ledger_session *s = ledger_session(l, b->sessions[b->n_sessions - 1]->id);
	return s != NULL && s->ends != 0;
}

static void let_go(struct book *b)
{
	book_file_shut(b);
	pthread_mutex_lock(&b->reading);
	b->away = true;
	pthread_mutex_unlock(&b->reading);
	b->away_us = book_tick_us();
}

/* Its writer waits until nobody else is connected; what checks the case may not have seen that
 * somebody writes it at all. */
static void step_aside(struct book *b)
{
	pthread_mutex_lock(&b->lock);
	book_check_drop(b);
	pthread_mutex_unlock(&b->lock);
	if (!b->away)
		let_go(b);
}

static void come_back(struct book *b)
{
	pthread_mutex_lock(&b->reading);
	b->away = false;
	pthread_mutex_unlock(&b->reading);
}

/* All sessions that went on do so no longer, or the newest does again. */
static void set_live(struct book *b, bool live)
{
	if (b->live == live)
		return;
	pthread_mutex_lock(&b->lock);
	b->live = live;
	if (live)
		book_check_drop(b);
	/* What its writer left is not read yet. */
	if (!live && b->state == BOOK_READY)
		b->state = BOOK_READING;
	for (size_t i = 0; i < b->n_sessions; i++) {
		struct kept_session *s = b->sessions[i];
		for (size_t k = 0; s->tells && k < s->n_kept; k++)
			if (s->kept[k] != NULL)
				book_tell(b, s, &s->kept[k]->row);
	}
	book_changed(b);
	pthread_mutex_unlock(&b->lock);
}

/* Changes of sessions that are over are kept for a while. */
static void forget_told(struct book *b)
{
	int64_t now_us = book_tick_us();
	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->n_sessions; i++) {
		struct kept_session *s = b->sessions[i];
		if (!s->tells || kept_session_runs(b, s))
			continue;
		if (s->over_us == 0)
			s->over_us = now_us;
		else if (now_us - s->over_us > BOOK_TOLD_S * 1000000LL)
			kept_session_drop_told(s);
	}
	pthread_mutex_unlock(&b->lock);
}

/* ---- one look ---- */

static int rest_ms(void)
{
	int n = atomic_load(&books);
	int64_t ms = n <= BOOK_REST_BOOKS ? BOOK_REST_MS
					  : (int64_t)BOOK_REST_MS * n / BOOK_REST_BOOKS;
	return ms < BOOK_REST_MOST_MS ? (int)ms : BOOK_REST_MOST_MS;
}

static int absent(struct book *b)
{
	stop_reading(b);
	if (b->seen.there) {
		book_file_shut(b);
		come_back(b);
		book_forget(b);
		b->seen = (struct sight){.there = false};
	}
	set_live(b, false);
	say_state(b, BOOK_ABSENT, NULL);
	return rest_ms();
}

/* Is it another file, or seen differently, so that it has to be opened again? */
static void compare(struct book *b, const struct sight *now)
{
	bool replaced = b->seen.there && (now->dev != b->seen.dev || now->ino != b->seen.ino);
	if (replaced) {
		book_file_shut(b);
		book_forget(b);
	} else if (b->file != NULL && b->file == b->copy && !book_sight_same(now, &b->seen)) {
		book_file_shut(b);
	}
	if (!book_sight_same(now, &b->seen) && !now->held)
		b->refresh = true;
	b->refresh |= now->held != b->seen.held;
	pthread_mutex_lock(&b->lock);
	b->file_size = now->size + now->wal_size;
	pthread_mutex_unlock(&b->lock);
}

/* Nobody is connected: is it time to look again? */
static bool stays_away(struct book *b, const struct sight *now)
{
	if (!b->away)
		return false;
	if (now->held) {
		bool quiet = book_sight_same(now, &b->seen);
		/* An empty log: it is being left at this moment. */
		if (quiet || now->wal_size == 0 ||
			book_tick_us() - b->away_us < BOOK_PEEK_MS * 1000LL)
			return true;
	}
	come_back(b);
	return false;
}

static bool may_open(struct book *b, const struct sight *now, bool same)
{
	struct err err = {0};
	if (b->file != NULL)
		return true;
	if (b->failed_us != 0 && same &&
		(!now->held || book_tick_us() - b->failed_us < BOOK_RETRY_MS * 1000LL))
		return false;
	if (!book_file_open(b, &err)) {
		failed(b, &err);
		return false;
	}
	b->failed_us = 0;
	b->refresh = true;
	if (b->state == BOOK_ABSENT || b->state == BOOK_FAILED)
		say_state(b, BOOK_READING, NULL);
	return true;
}

/* A few books at a time are read through, in turns: one that takes for ever, as a case can be
 * made to, is not to keep all others out. One that is being written waits for nobody. */
static bool may_read(struct book *b)
{
	int64_t now_us = book_tick_us();
	if (b->ready || b->live) {
		stop_reading(b);
		return true;
	}
	if (b->reads_through) {
		if (atomic_load(&waiting) == 0 ||
			now_us - b->turn_us < BOOK_READERS_MS * 1000LL)
			return true;
		stop_reading(b);
		b->turn_us = now_us;
		return false;
	}
	if (b->turn_us != 0 && now_us - b->turn_us < BOOK_READERS_REST_MS * 1000LL)
		return false;
	if (atomic_fetch_add(&readers, 1) >= BOOK_READERS) {
		atomic_fetch_sub(&readers, 1);
		set_waiting(b, true);
		return false;
	}
	set_waiting(b, false);
	b->reads_through = true;
	b->turn_us = now_us;
	return true;
}

static bool work(struct book *b, bool *more, struct err *err)
{
	bool facts = false, trails = false;
	if (b->refresh && !book_refresh(b, err))
		return false;
	if (!may_read(b)) {
		say_state(b, BOOK_READING, NULL);
		*more = false;
		return true;
	}
	if (!read_some(b, &facts, err) || (!facts && !book_derive(b, &trails, err)))
		return false;
	*more = facts || trails;
	if (!*more && !b->ready) {
		pthread_mutex_lock(&b->lock);
		b->ready = true;
		pthread_mutex_unlock(&b->lock);
		stop_reading(b);
	}
	say_state(b, b->ready && (b->live || !*more) ? BOOK_READY : BOOK_READING, NULL);
	return true;
}

/* How many milliseconds until the next. */
static int look(struct book *b)
{
	struct sight now;
	struct err err = {0};
	bool more = false;
	book_see(b, &now);
	if (!now.there)
		return absent(b);
	bool same = book_sight_same(&now, &b->seen);
	b->left = now.left;
	if (now.left) {
		step_aside(b);
		return BOOK_LEAVE_MS;
	}
	if (stays_away(b, &now))
		return BOOK_LIVE_MS;
	compare(b, &now);
	set_live(b, now.held);
	b->seen = now;
	if (!may_open(b, &now, same))
		return rest_ms();
	/* Nothing can be new in a file that lies still. */
	if (same && !now.held && b->ready && !b->refresh && !b->pending)
		return book_sort_ahead(b) ? 0 : rest_ms();
	if (!work(b, &more, &err)) {
		failed(b, &err);
		return BOOK_LIVE_MS;
	}
	b->pending = more;
	if (now.held && !more && is_over(b)) {
		let_go(b);
		return BOOK_LIVE_MS;
	}
	return more ? 0 : now.held ? BOOK_LIVE_MS : rest_ms();
}

static void rest(struct book *b, int ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&b->lock);
	if (!b->stop && ms > 0)
		pthread_cond_timedwait(&b->wake, &b->lock, &until);
	pthread_mutex_unlock(&b->lock);
}

void *book_follow(void *ctx)
{
	struct book *b = ctx;
	bool stop = false;
	atomic_fetch_add(&books, 1);
	b->refresh = true;
	for (int64_t n = 0; !stop; n++) {
		int ms = look(b);
		if (!b->left)
			book_check_look(b);
		book_remarks_look(b);
		if (n % 512 == 0)
			forget_told(b);
		rest(b, ms);
		pthread_mutex_lock(&b->lock);
		stop = b->stop;
		pthread_mutex_unlock(&b->lock);
	}
	stop_reading(b);
	book_file_shut(b);
	atomic_fetch_sub(&books, 1);
	return NULL;
}
