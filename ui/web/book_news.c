/* What is new in a book: each thing once, with its newest version. */
#include "ui/web/book_state.h"

#include <stdlib.h>
#include <time.h>

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
	clock_gettime(CLOCK_MONOTONIC, &until);
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

struct news_list {
	struct arena *a;
	struct book_news *list;
	size_t n;
	int64_t since;
};

static void add(struct news_list *x, struct book_news news)
{
	if (news.version > x->since && news.version > 0)
		ARENA_PUSH(x->a, x->list, x->n, news);
}

static void add_session(struct news_list *x, const struct kept_session *s)
{
	for (size_t i = 0; i < s->n_told; i++) {
		const struct told_trail *t = &s->told[i];
		struct book_news news = {.kind = BOOK_NEWS_TRAIL,
			.version = t->version,
			.session = s->id,
			.trail = (int64_t)i + 1};
		add(x, news);
		for (size_t k = 0; k < t->n; k++) {
			news.kind = t->hops[k].gone ? BOOK_NEWS_GONE : BOOK_NEWS_HOP;
			news.version = t->hops[k].version;
			news.hop = k + 1;
			add(x, news);
		}
	}
	if (s->tells)
		add(x, (struct book_news){.kind = BOOK_NEWS_ROWS,
			       .version = s->rows_version,
			       .session = s->id});
}

static int by_version(const void *a, const void *b)
{
	const struct book_news *x = a, *y = b;
	return x->version < y->version ? -1 : x->version > y->version;
}

void book_news(struct book *b, int64_t since, int64_t session, struct arena *a,
	struct book_news **out, size_t *n)
{
	struct news_list x = {.a = a, .since = since};
	pthread_mutex_lock(&b->lock);
	add(&x, (struct book_news){.kind = BOOK_NEWS_ABOUT, .version = b->about_version});
	for (size_t i = 0; i < b->n_sessions; i++)
		if (session == 0 || b->sessions[i]->id == session)
			add_session(&x, b->sessions[i]);
	pthread_mutex_unlock(&b->lock);
	if (x.n > 1)
		qsort(x.list, x.n, sizeof *x.list, by_version);
	*out = x.list;
	*n = x.n;
}
