/*
 * Seal and witness of a book, looked at in the background by a connection of its own: one book
 * at a time, and only while nobody writes the case. What came of it holds until the case or its
 * companion changes.
 */
#include "ui/web/book_state.h"
#include "ui/cli/companion.h"
#include "ui/cli/custody.h"
#include "ui/cli/sealing.h"
#include "store/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CHECK_NICE = 10, TURN_MS = 50 };

/* One at a time, of all books. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

/* A trail and a connection that one of its hops went by. */
struct used {
	int64_t tunnel, session, trail;
};

struct checking {
	struct book *b;
	struct book_check_state out; /* seal ... n_trails of it */
	struct used *used;
	size_t n_used;
};

/* ---- seal ---- */

static void say_sealed(struct checking *x, const struct seal_verdict *v, bool ours)
{
	char *says = x->out.says;
	size_t n = sizeof x->out.says;
	if (!v->sealed || (v->signed_facts == 0 && v->n_faults == 0)) {
		x->out.seal = BOOK_NOTHING;
		snprintf(says, n, "%s",
			v->sealed ? "no head of it is signed"
				  : "it was made before there was a seal");
		return;
	}
	x->out.seal = seal_holds(v) ? BOOK_HOLDS : BOOK_FAILS;
	if (v->n_faults > 0) {
		snprintf(says, n, "%s: %.*s", seal_fault_word(v->faults[0].kind),
			(int)(v->faults[0].why.n < 160 ? v->faults[0].why.n : 160),
			(const char *)v->faults[0].why.p);
		return;
	}
	int at = snprintf(says, n, "facts 1 to %lld are signed by %s key",
		(long long)v->signed_facts,
		ours ? "this installation's" : "another installation's");
	if (v->signed_facts < v->facts && at > 0 && (size_t)at < n)
		snprintf(says + at, n - (size_t)at, "; nobody vouches for the %lld behind them",
			(long long)(v->facts - v->signed_facts));
}

static void check_seal(struct checking *x, struct case_file *c)
{
	struct sealing s;
	struct seal_verdict v;
	struct arena a = {0};
	struct err err;
	bool dir = sealing_dir(&s, NULL, &err);
	struct stat st;
	/* An installation that never signed has no log to look into. */
	struct seal_expect expect = {.log_dir = dir && stat(s.dir, &st) == 0 ? s.dir : NULL};
	if (seal_verify(c, &expect, &a, &v, &err)) {
		say_sealed(x, &v, dir && companion_is_ours(&s, &v));
	} else {
		x->out.seal = BOOK_FAILS;
		snprintf(x->out.says, sizeof x->out.says, "%s: %.160s", err_sentence(err.kind),
			err.detail);
	}
	arena_fini(&a);
}

/* ---- witness ---- */

static int by_tunnel(const void *a, const void *b)
{
	const struct used *x = a, *y = b;
	if (x->tunnel != y->tunnel)
		return x->tunnel < y->tunnel ? -1 : 1;
	if (x->session != y->session)
		return x->session < y->session ? -1 : 1;
	return x->trail < y->trail ? -1 : x->trail > y->trail;
}

static int by_trail(const void *a, const void *b)
{
	const struct trail_verdicts *x = a, *y = b;
	if (x->session != y->session)
		return x->session < y->session ? -1 : 1;
	return x->trail < y->trail ? -1 : x->trail > y->trail;
}

/* Which trails there are, and by which connections. */
static void list_used(struct checking *x)
{
	struct book *b = x->b;
	size_t room = 0, n = 0;
	pthread_mutex_lock(&b->lock);
	uint32_t rows = b->ledger.n;
	pthread_mutex_unlock(&b->lock);
	for (uint32_t i = 0; i < rows; i += BOOK_SLICE) {
		pthread_mutex_lock(&b->lock);
		for (uint32_t k = i; k < i + BOOK_SLICE && k < b->ledger.n; k++) {
			const struct ledger_exchange *e = ledger_at(&b->ledger, k);
			if (e->trail == 0 || e->tunnel == 0)
				continue;
			if (x->n_used == room) {
				room = room == 0 ? 256 : room * 2;
				x->used = reallocarray(x->used, room, sizeof *x->used);
				if (x->used == NULL)
					abort();
			}
			x->used[x->n_used++] = (struct used){
				ledger_tunnel_at(&b->ledger, e->tunnel)->id,
				ledger_session_at(&b->ledger, e->session)->id, e->trail};
		}
		pthread_mutex_unlock(&b->lock);
	}
	x->out.trails = calloc(x->n_used + 1, sizeof *x->out.trails);
	if (x->out.trails == NULL)
		abort();
	if (x->n_used > 1)
		qsort(x->used, x->n_used, sizeof *x->used, by_tunnel);
	for (size_t i = 0; i < x->n_used; i++)
		x->out.trails[i] = (struct trail_verdicts){
			.session = x->used[i].session, .trail = x->used[i].trail};
	if (x->n_used > 1)
		qsort(x->out.trails, x->n_used, sizeof *x->out.trails, by_trail);
	for (size_t i = 0; i < x->n_used; i++)
		if (n == 0 || by_trail(&x->out.trails[n - 1], &x->out.trails[i]) != 0)
			x->out.trails[n++] = x->out.trails[i];
	x->out.n_trails = n;
}

static void count(struct checking *x, int64_t session, int64_t trail, enum verdict_kind kind)
{
	const struct trail_verdicts key = {.session = session, .trail = trail};
	struct trail_verdicts *t =
		x->out.n_trails == 0
			? NULL
			: bsearch(&key, x->out.trails, x->out.n_trails, sizeof key, by_trail);
	if (t != NULL)
		t->of[kind]++;
}

/* Of an exchange: its trail's. Of a connection: of all trails that used it. */
static bool take(void *ctx, const struct verdict *v)
{
	struct checking *x = ctx;
	struct book *b = x->b;
	int64_t session = 0, trail = 0;
	pthread_mutex_lock(&b->lock);
	bool stop = b->stop || b->check.dropped;
	const struct ledger_exchange *e =
		v->exchange != FACT_NULL ? ledger_exchange(&b->ledger, v->exchange) : NULL;
	if (e != NULL) {
		session = ledger_session_at(&b->ledger, e->session)->id;
		trail = e->trail;
	}
	pthread_mutex_unlock(&b->lock);
	if (v->exchange != FACT_NULL) {
		if (trail != 0)
			count(x, session, trail, v->kind);
		return !stop;
	}
	size_t low = 0, high = v->tunnel == FACT_NULL ? 0 : x->n_used;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (x->used[mid].tunnel < v->tunnel)
			low = mid + 1;
		else
			high = mid;
	}
	for (size_t i = low; i < x->n_used && x->used[i].tunnel == v->tunnel; i++)
		if (i == low || by_tunnel(&x->used[i - 1], &x->used[i]) != 0)
			count(x, x->used[i].session, x->used[i].trail, v->kind);
	return !stop;
}

static void check_witness(struct checking *x, struct case_file *c)
{
	char companion[PATH_MAX];
	struct err err;
	uint64_t all = 0;
	pthread_mutex_lock(&x->b->lock);
	bool packets = x->b->ledger.packets;
	pthread_mutex_unlock(&x->b->lock);
	x->out.witness = packets ? BOOK_UNCHECKED : BOOK_NOTHING;
	if (custody_is_companion(x->b->path) || !custody_companion(x->b->path, companion) ||
		access(companion, R_OK) != 0)
		return;
	list_used(x);
	if (!compared_walk(c, companion, 0, take, x, &x->out.counts, &err))
		return;
	for (int k = 0; k < VERDICT_COUNT; k++)
		all += x->out.counts.of[k];
	if (all > 0)
		x->out.witness =
			x->out.counts.of[VERDICT_DIFFER] + x->out.counts.of[VERDICT_BYPASS] > 0
				? BOOK_FAILS
				: BOOK_HOLDS;
}

/* ---- in the background ---- */

/* False: it is to stop. */
static bool take_turn(struct book *b)
{
	while (pthread_mutex_trylock(&turn) != 0) {
		nanosleep(&(struct timespec){.tv_nsec = TURN_MS * 1000000L}, NULL);
		pthread_mutex_lock(&b->lock);
		bool stop = b->stop;
		pthread_mutex_unlock(&b->lock);
		if (stop)
			return false;
	}
	return true;
}

static void *check(void *ctx)
{
	struct checking *x = ctx;
	struct book *b = x->b;
	struct err err;
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), CHECK_NICE);
	bool mine = take_turn(b);
	struct case_file *c = mine ? case_open(b->path, &err) : NULL;
	pthread_mutex_lock(&b->lock);
	bool stop = b->stop || b->check.dropped;
	b->check.file = c;
	pthread_mutex_unlock(&b->lock);
	if (c != NULL && !stop) {
		check_seal(x, c);
		check_witness(x, c);
	}
	x->out.at_us = clock_now_us(clock_real());
	pthread_mutex_lock(&b->lock);
	b->check.file = NULL;
	b->check.running = false;
	if (b->check.dropped)
		b->check.wanted = true; /* when nobody writes any more */
	if (c != NULL && !b->stop && !b->live && !b->check.dropped) {
		free(b->check.trails);
		b->check.trails = x->out.trails;
		b->check.n_trails = x->out.n_trails;
		b->check.seal = x->out.seal;
		b->check.witness = x->out.witness;
		b->check.counts = x->out.counts;
		b->check.at_us = x->out.at_us;
		memcpy(b->check.says, x->out.says, sizeof b->check.says);
		b->check.have = true;
		x->out.trails = NULL;
	}
	book_changed(b);
	pthread_mutex_unlock(&b->lock);
	if (c != NULL)
		case_close(c);
	if (mine)
		pthread_mutex_unlock(&turn);
	free(x->out.trails);
	free(x->used);
	free(x);
	return NULL;
}

static void start(struct book *b)
{
	struct checking *x = calloc(1, sizeof *x);
	if (x == NULL)
		abort();
	if (b->check.joinable)
		pthread_join(b->check.thread, NULL);
	x->b = b;
	x->out.counts = (struct compared_counts){.first_without = FACT_NULL};
	b->check.joinable = pthread_create(&b->check.thread, NULL, check, x) == 0;
	if (b->check.joinable)
		return;
	free(x);
	pthread_mutex_lock(&b->lock);
	b->check.running = false;
	pthread_mutex_unlock(&b->lock);
}

void book_check_look(struct book *b)
{
	struct book_check_state *c = &b->check;
	struct sight companion;
	pthread_mutex_lock(&b->lock);
	if (b->live && c->have) {
		c->have = false;
		book_changed(b);
	}
	bool idle = b->ready && !b->live && !c->running && b->seen.there && b->failed_us == 0;
	pthread_mutex_unlock(&b->lock);
	if (!idle)
		return;
	book_see_companion(b, &companion);
	pthread_mutex_lock(&b->lock);
	bool known = c->of.there && book_sight_same(&c->of, &b->seen) &&
		     book_sight_same(&c->companion, &companion);
	if (!known && c->have) {
		c->have = false;
		book_changed(b);
	}
	/* What failed to be read is not tried again until something changes. */
	bool due = c->wanted || (!known && b->file_size <= BOOK_CHECK_AUTO_BYTES);
	c->wanted = false;
	if (due) {
		c->of = b->seen;
		c->companion = companion;
		c->running = true;
		c->dropped = false;
		book_changed(b);
	}
	pthread_mutex_unlock(&b->lock);
	if (due)
		start(b);
}

void book_check(struct book *b)
{
	pthread_mutex_lock(&b->lock);
	b->check.wanted = true;
	pthread_cond_broadcast(&b->wake);
	pthread_mutex_unlock(&b->lock);
}

void book_check_drop(struct book *b)
{
	if (!b->check.running)
		return;
	b->check.dropped = true;
	if (b->check.file != NULL)
		case_interrupt(b->check.file);
}

void book_check_stop(struct book *b)
{
	pthread_mutex_lock(&b->lock);
	if (b->check.file != NULL)
		case_interrupt(b->check.file);
	pthread_mutex_unlock(&b->lock);
	if (b->check.joinable)
		pthread_join(b->check.thread, NULL);
	b->check.joinable = false;
}

const struct trail_verdicts *book_check_of(const struct book *b, int64_t session, int64_t trail)
{
	const struct trail_verdicts key = {.session = session, .trail = trail};
	const struct book_check_state *c = &b->check;
	return !c->have || c->n_trails == 0
		       ? NULL
		       : bsearch(&key, c->trails, c->n_trails, sizeof key, by_trail);
}
