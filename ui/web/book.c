#include "ui/web/book.h"
#include "ui/cli/looked_up.h"
#include "ui/cli/replayed.h"
#include "ui/cli/witnessed.h"
#include "ui/mail/attach.h"
#include "store/base/clock.h"
#include "ui/web/book_stand_in.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 50 };

/* A hop as it was told last. */
struct told {
	int64_t session, trail;
	size_t hop;
	char *line;
	int64_t version;
	bool gone;
};

struct book {
	char path[PATH_MAX];
	size_t number;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	pthread_t thread;
	bool stop;
	uint64_t epoch;
	int64_t version;
	struct gather gather;
	bool open;
	struct err err;
	enum book_state state;
	struct told *told;
	size_t n_told;
};

static void tell_hop(struct book *b, const struct trail *t, const struct trail_hop *h)
{
	char line[200];
	snprintf(line, sizeof line, "%d %d %lld %lld %zu %.*s", h->mechanism, h->confidence,
		(long long)h->status, (long long)h->elapsed_us, h->n_evidence,
		(int)(h->url.n < 100 ? h->url.n : 100), (const char *)h->url.p);
	for (size_t i = 0; i < b->n_told; i++) {
		struct told *o = &b->told[i];
		if (o->session != t->session || o->trail != (int64_t)t->number ||
			o->hop != h->n)
			continue;
		if (strcmp(o->line, line) != 0 || o->gone) {
			free(o->line);
			o->line = strdup(line);
			o->version = ++b->version;
			o->gone = false;
		}
		return;
	}
	b->told = realloc(b->told, (b->n_told + 1) * sizeof *b->told);
	b->told[b->n_told++] = (struct told){
		t->session, (int64_t)t->number, h->n, strdup(line), ++b->version, false};
}

static void look(struct book *b)
{
	bool news = false;
	if (!b->open) {
		b->open = gather_open(&b->gather, b->path, 0, &b->err);
		if (!b->open) {
			gather_close(&b->gather);
			b->state = access(b->path, F_OK) == 0 ? BOOK_FAILED : BOOK_ABSENT;
			return;
		}
	}
	if (!gather_read(&b->gather, &news, &b->err)) {
		b->state = BOOK_FAILED;
		return;
	}
	b->state = BOOK_READY;
	if (!news)
		return;
	b->version++;
	for (size_t i = 0; i < b->gather.trails.n; i++)
		for (size_t k = 0; k < b->gather.trails.trails[i].n_hops; k++)
			tell_hop(b, &b->gather.trails.trails[i],
				&b->gather.trails.trails[i].hops[k]);
	pthread_cond_broadcast(&b->changed);
}

static void *follow(void *ctx)
{
	struct book *b = ctx;
	pthread_mutex_lock(&b->lock);
	while (!b->stop) {
		look(b);
		pthread_mutex_unlock(&b->lock);
		nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
		pthread_mutex_lock(&b->lock);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

struct book *book_open(const char *path, size_t number)
{
	struct book *b = calloc(1, sizeof *b);
	if (b == NULL)
		abort();
	snprintf(b->path, sizeof b->path, "%s", path);
	b->number = number;
	if (getrandom(&b->epoch, sizeof b->epoch, 0) < 0)
		abort();
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->changed, NULL);
	if (pthread_create(&b->thread, NULL, follow, b) != 0)
		abort();
	return b;
}

void book_close(struct book *b)
{
	pthread_mutex_lock(&b->lock);
	b->stop = true;
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->thread, NULL);
	if (b->open)
		gather_close(&b->gather);
	for (size_t i = 0; i < b->n_told; i++)
		free(b->told[i].line);
	free(b->told);
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

size_t book_number(const struct book *b)
{
	return b->number;
}

const char *book_path(const struct book *b)
{
	return b->path;
}

const char *book_name(const struct book *b)
{
	const char *slash = strrchr(b->path, '/');
	return slash != NULL ? slash + 1 : b->path;
}

void book_about(struct book *b, struct arena *a, struct book_about *out)
{
	(void)a;
	pthread_mutex_lock(&b->lock);
	*out = (struct book_about){.state = b->state, .err = b->err};
	if (b->open && case_about(b->gather.file, &out->about, &out->err)) {
		out->about.id = arena_copy(a, out->about.id);
		out->live = out->about.being_written;
		out->facts_read = b->gather.last_seq;
		out->exchanges = (int64_t)b->gather.model.n_exchanges;
		out->sessions = (int64_t)b->gather.model.n_sessions;
		out->trails = b->gather.trails.n;
		struct stat st;
		out->file_size = stat(b->path, &st) == 0 ? (int64_t)st.st_size : 0;
		out->about.tool_name = arena_copy(a, out->about.tool_name);
		out->about.tool_version = arena_copy(a, out->about.tool_version);
		out->about.operator_name = arena_copy(a, out->about.operator_name);
	}
	pthread_mutex_unlock(&b->lock);
}

void book_check(struct book *b)
{
	(void)b;
}

static void row_of_trail(
	struct book *b, const struct trail *t, struct arena *a, struct book_trail *out)
{
	*out = (struct book_trail){.session = t->session,
		.number = (int64_t)t->number,
		.started_us = t->started_us,
		.start_url = arena_copy(a, t->start_url),
		.final_url = arena_copy(a, t->final_url),
		.ended_by = t->ended_by,
		.running = true,
		.complete = t->recording_complete,
		.hops = t->n_hops};
	snprintf(out->id, sizeof out->id, "%lld.%zu", (long long)t->session, t->number);
	for (size_t i = 0; i < b->gather.model.n_session_ends; i++)
		if (b->gather.model.session_ends[i]->session == t->session)
			out->running = false;
	stand_in_parties(t, a, out);
}

bool book_trails(struct book *b, const struct book_trails_query *q, struct arena *a,
	struct book_trail **out, size_t *n, size_t *total, struct err *err)
{
	(void)err;
	*out = NULL;
	*n = *total = 0;
	pthread_mutex_lock(&b->lock);
	for (size_t i = b->gather.trails.n; b->open && i > 0; i--) {
		const struct trail *t = &b->gather.trails.trails[i - 1];
		struct book_trail row;
		if ((q->session != 0 && t->session != q->session) || q->marked_only)
			continue;
		if (++*total <= q->from || *n >= q->n)
			continue;
		row_of_trail(b, t, a, &row);
		ARENA_PUSH(a, *out, *n, row);
	}
	pthread_mutex_unlock(&b->lock);
	return true;
}

static struct trail *find(struct book *b, int64_t session, int64_t number)
{
	for (size_t i = 0; b->open && i < b->gather.trails.n; i++)
		if (b->gather.trails.trails[i].session == session &&
			(int64_t)b->gather.trails.trails[i].number == number)
			return &b->gather.trails.trails[i];
	return NULL;
}

bool book_trail(struct book *b, int64_t session, int64_t number, struct arena *a,
	struct book_trail *out, bool *found, struct err *err)
{
	(void)err;
	pthread_mutex_lock(&b->lock);
	const struct trail *t = find(b, session, number);
	*found = t != NULL;
	if (t != NULL)
		row_of_trail(b, t, a, out);
	pthread_mutex_unlock(&b->lock);
	return true;
}

static bool make_report(
	struct book *b, struct trail *t, struct book_reading *out, struct err *err)
{
	struct gather *g = &b->gather;
	struct trail_set all = g->trails;
	g->trails = (struct trail_set){.trails = t, .n = t != NULL};
	bool ok = report_make(g, t != NULL ? t->session : 0, &out->arena, &out->report, err);
	g->trails = all;
	if (!ok)
		return false;
	replayed_attach(b->path, &out->arena, &out->report);
	mail_attach(g->file, &out->arena, &out->report);
	looked_up_attach(b->path, &out->arena, &out->report);
	witnessed_attach(g->file, b->path, true, &out->arena, &out->report);
	out->order = (struct edition_order){.redact = {.how = REDACT_NONE}, .defang = true};
	return edition_make(&out->edition, &out->order, g, &out->report, err);
}

bool book_read_trail(struct book *b, int64_t session, int64_t number, struct book_reading *out,
	bool *found, struct err *err)
{
	*out = (struct book_reading){.book = b, .gather = &b->gather};
	pthread_mutex_lock(&b->lock);
	struct trail *t = find(b, session, number);
	*found = t != NULL;
	if (t == NULL)
		return true;
	if (!make_report(b, t, out, err))
		return false;
	out->trail = &out->report.trails[0];
	return true;
}

bool book_read_exchange(struct book *b, int64_t exchange, struct book_reading *out, bool *found,
	struct err *err)
{
	*out = (struct book_reading){.book = b, .gather = &b->gather};
	pthread_mutex_lock(&b->lock);
	struct model_exchange *x = b->open ? model_exchange(&b->gather.model, exchange) : NULL;
	*found = x != NULL;
	if (x == NULL)
		return true;
	for (size_t i = 0; i < b->gather.trails.n; i++)
		for (size_t k = 0; k < b->gather.trails.trails[i].n_hops; k++)
			if (b->gather.trails.trails[i].hops[k].exchange == x) {
				if (!make_report(b, &b->gather.trails.trails[i], out, err))
					return false;
				out->trail = &out->report.trails[0];
				out->hop_index = k;
				out->hop = out->trail->hops[k];
				return true;
			}
	struct trail_hop *hop = arena_alloc(&out->arena, sizeof *hop);
	struct trail *t = arena_alloc(&out->arena, sizeof *t);
	*hop = (struct trail_hop){.url = x->request->url,
		.method = x->request->method,
		.status = x->response != NULL ? x->response->status : FACT_NULL,
		.at_us = x->request->at_us,
		.elapsed_us = x->end != NULL ? x->end->at_us - x->request->at_us : FACT_NULL,
		.on_wire = true,
		.exchange = x,
		.mechanism = MECHANISM_UNKNOWN};
	*t = (struct trail){.session = x->session, .hops = hop, .n_hops = 1};
	if (!make_report(b, t, out, err))
		return false;
	out->hop = out->report.trails[0].hops[0];
	return true;
}

void book_reading_close(struct book_reading *r)
{
	edition_fini(&r->edition);
	arena_fini(&r->arena);
	pthread_mutex_unlock(&r->book->lock);
}

const char *book_type_word(enum book_type t)
{
	static const char *const words[] = {
#define X(name, word) word,
		BOOK_TYPES(X)
#undef X
	};
	return words[t];
}

bool book_rows(struct book *b, const struct book_rows_query *q, struct arena *a,
	struct book_rows *out, struct err *err)
{
	(void)err;
	pthread_mutex_lock(&b->lock);
	if (b->open)
		stand_in_rows(&b->gather.model, &b->gather.trails, q, a, out);
	else
		*out = (struct book_rows){0};
	pthread_mutex_unlock(&b->lock);
	return true;
}

bool book_sessions(struct book *b, size_t max, struct arena *a, struct book_session **out,
	size_t *n, size_t *total, struct err *err)
{
	(void)err;
	*out = NULL;
	*n = *total = 0;
	pthread_mutex_lock(&b->lock);
	if (b->open)
		stand_in_sessions(&b->gather.model, &b->gather.trails, max, a, out, n, total);
	pthread_mutex_unlock(&b->lock);
	return true;
}

const char *book_clue_word(enum book_clue c)
{
	static const char *const words[] = {
#define X(name, word) word,
		BOOK_CLUES(X)
#undef X
	};
	return words[c];
}

bool book_find(struct book *b, struct span what, size_t max, struct arena *a,
	struct book_found **out, size_t *n, bool *more, struct err *err)
{
	(void)err;
	*out = NULL;
	*n = 0;
	*more = false;
	pthread_mutex_lock(&b->lock);
	if (b->open)
		stand_in_find(&b->gather.model, &b->gather.trails, what, max, a, out, n, more);
	pthread_mutex_unlock(&b->lock);
	return true;
}

uint64_t book_epoch(const struct book *b)
{
	return b->epoch;
}

int64_t book_version(struct book *b)
{
	pthread_mutex_lock(&b->lock);
	int64_t v = b->version;
	pthread_mutex_unlock(&b->lock);
	return v;
}

int64_t book_wait(struct book *b, int64_t since, int ms)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += (ms % 1000) * 1000000L;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&b->lock);
	while (b->version <= since && !b->stop)
		if (pthread_cond_timedwait(&b->changed, &b->lock, &until) != 0)
			break;
	int64_t v = b->version;
	pthread_mutex_unlock(&b->lock);
	return v;
}

void book_news(struct book *b, int64_t since, int64_t session, struct arena *a,
	struct book_news **out, size_t *n)
{
	*out = NULL;
	*n = 0;
	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->n_told; i++) {
		const struct told *o = &b->told[i];
		struct book_news news = {o->gone ? BOOK_NEWS_GONE : BOOK_NEWS_HOP, o->version,
			o->session, o->trail, o->hop};
		if (o->version > since && (session == 0 || session == o->session))
			ARENA_PUSH(a, *out, *n, news);
	}
	pthread_mutex_unlock(&b->lock);
}
