/* A book as a whole: its beginning and end, and what is said about all of it. */
#include "ui/web/book_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

static void make_absolute(const char *path, char out[PATH_MAX])
{
	char here[PATH_MAX];
	if (path[0] == '/' || getcwd(here, sizeof here) == NULL ||
		snprintf(out, PATH_MAX, "%s/%s", here, path) >= PATH_MAX)
		snprintf(out, PATH_MAX, "%s", path);
}

struct book *book_open(const char *path, size_t number)
{
	pthread_condattr_t monotonic;
	struct book *b = calloc(1, sizeof *b);
	if (b == NULL)
		abort();
	make_absolute(path, b->path);
	b->number = number;
	if (getrandom(&b->epoch, sizeof b->epoch, 0) != (ssize_t)sizeof b->epoch)
		abort();
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&b->changed, &monotonic);
	pthread_cond_init(&b->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&b->lock, NULL);
	pthread_mutex_init(&b->reading, NULL);
	ledger_init(&b->ledger, b->epoch);
	b->state = BOOK_READING;
	b->about.closed_us = FACT_NULL;
	if (pthread_create(&b->thread, NULL, book_follow, b) != 0)
		abort();
	return b;
}

void book_close(struct book *b)
{
	pthread_mutex_lock(&b->lock);
	b->stop = true;
	pthread_cond_broadcast(&b->wake);
	pthread_cond_broadcast(&b->changed);
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->thread, NULL);
	book_check_stop(b);
	book_sessions_free(b);
	ledger_fini(&b->ledger);
	arena_fini(&b->about_arena);
	for (int i = 0; i < BOOK_ORDER_COUNT; i++)
		free(b->orders[i]);
	free(b->check.trails);
	book_compared_forget(b);
	arena_fini(&b->remarks.arena);
	pthread_cond_destroy(&b->changed);
	pthread_cond_destroy(&b->wake);
	pthread_mutex_destroy(&b->lock);
	pthread_mutex_destroy(&b->reading);
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

/* Stored sessions say how many exchanges they have before all was read. */
static void count(const struct book *b, struct book_about *out)
{
	int64_t told = 0;
	for (size_t i = 0; i < b->n_sessions; i++) {
		out->trails += b->sessions[i]->trails;
		told += b->sessions[i]->stored ? b->sessions[i]->stored_exchanges : 0;
	}
	out->sessions = (int64_t)b->n_sessions;
	out->newest_session = b->n_sessions > 0 ? b->sessions[b->n_sessions - 1]->id : 0;
	out->exchanges = !b->ready && told > (int64_t)b->ledger.n ? told : (int64_t)b->ledger.n;
}

void book_about(struct book *b, struct arena *a, struct book_about *out)
{
	pthread_mutex_lock(&b->lock);
	const struct book_check_state *c = &b->check;
	*out = (struct book_about){.state = b->state,
		.err = b->err,
		.about = b->about,
		.live = b->live,
		.facts_read = b->ledger.last_seq,
		.file_size = b->file_size,
		.seal_at_us = FACT_NULL,
		.remarks = book_remarks(b),
		.limited = b->ledger.full || b->kept_full,
		.doubted = b->n_doubted,
		.memory = b->ledger.bytes + b->kept_bytes};
	out->about.id = arena_copy(a, b->about.id);
	out->about.tool_name = arena_copy(a, b->about.tool_name);
	out->about.tool_version = arena_copy(a, b->about.tool_version);
	out->about.operator_name = arena_copy(a, b->about.operator_name);
	out->about.being_written = b->live;
	if (out->about.last_seq < b->ledger.last_seq)
		out->about.last_seq = b->ledger.last_seq;
	count(b, out);
	if (c->have && !b->live) {
		out->seal = c->seal;
		out->witness = c->witness;
		out->counts = c->counts;
		out->seal_at_us = c->at_us;
		out->seal_says = arena_copy(a, span_str(c->says));
	} else if (c->running) {
		out->seal = out->witness = BOOK_CHECKING;
	} else if (b->ready && !b->ledger.packets) {
		out->witness = BOOK_NOTHING;
	}
	pthread_mutex_unlock(&b->lock);
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

const char *book_clue_word(enum book_clue c)
{
	static const char *const words[] = {
#define X(name, word) word,
		BOOK_CLUES(X)
#undef X
	};
	return words[c];
}

uint64_t book_epoch(const struct book *b)
{
	return b->epoch;
}
