#include "ui/web/trail_stream.h"
#include "ui/web/feed.h"
#include "ui/web/trail_seen.h"
#include "store/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	ROWS_EVERY_MS = 250,  /* when only other exchanges came, which may announce a move */
	LINGER_MS = 5 * 1000, /* for verdicts, when the session is over */
};

struct stream {
	struct book *book;
	int64_t session, trail; /* trail 0: all of the session */
	int64_t since;          /* everything up to this version was sent */
	int64_t noticed;        /* the newest version that is known */
	bool begun;
	uint64_t now;               /* looks of the session's own line */
	int64_t looked_us, over_us; /* 0: not */
	struct trail_seen *seen;
	size_t n_seen;
};

static int64_t now_us(void)
{
	return clock_now_us(clock_real());
}

static struct trail_seen *seen_of(struct stream *s, int64_t number, bool *new)
{
	*new = false;
	for (size_t i = 0; i < s->n_seen; i++)
		if (s->seen[i].number == number)
			return &s->seen[i];
	s->seen = realloc(s->seen, (s->n_seen + 1) * sizeof *s->seen);
	if (s->seen == NULL)
		abort();
	s->seen[s->n_seen] = (struct trail_seen){.number = number};
	*new = true;
	return &s->seen[s->n_seen++];
}

struct look {
	struct stream *s;
	struct arena *a;
	struct book_about about;
	struct book_news *news;
	size_t n_news;
	struct trail_pieces pieces;
	int64_t version;
};

/* Something happened in it. */
static bool in_news(const struct look *l, int64_t trail)
{
	for (size_t i = 0; i < l->n_news; i++) {
		const struct book_news *n = &l->news[i];
		if (n->kind != BOOK_NEWS_ROWS && n->kind != BOOK_NEWS_ABOUT &&
			n->session == l->s->session && n->trail == trail)
			return true;
	}
	return false;
}

/* Something that is said of all trails may be otherwise: what its blocks say, not its path. */
static bool about_in_news(const struct look *l)
{
	for (size_t i = 0; i < l->n_news; i++)
		if (l->news[i].kind == BOOK_NEWS_ABOUT)
			return true;
	return false;
}

/* The rows that went while nobody listened. */
static void drop_gone(struct look *l, const struct trail_view *v)
{
	char id[TRAIL_ID_MAX];
	for (size_t i = 0; i < l->n_news; i++) {
		const struct book_news *n = &l->news[i];
		if (n->kind != BOOK_NEWS_GONE || n->session != l->s->session ||
			n->trail != (int64_t)v->t->trail->number || n->hop <= v->t->n_hops)
			continue;
		trail_row_id(v, n->hop, id);
		trail_pieces_drop(&l->pieces, id);
	}
}

static void put_section(struct look *l, const struct trail_view *v)
{
	struct buf html = {0};
	trail_section(v, false, &html);
	trail_pieces_put(&l->pieces, "trails", buf_span(&html));
	buf_fini(&html);
}

/* Rows may stand there that are none any more. */
static void empty_path(struct look *l, const struct trail_view *v)
{
	struct buf html = {0};
	char id[TRAIL_ID_MAX];
	trail_block_id(v, "path", id);
	buf_addf(&html, "<ol id=\"%s\" class=\"trail-path\"></ol>", id);
	trail_pieces_put(&l->pieces, id, buf_span(&html));
	buf_fini(&html);
}

static void look_trail(struct look *l, int64_t number, bool newest)
{
	struct book_reading r;
	struct err err = {0};
	bool found, new;
	if (!book_read_trail(l->s->book, l->s->session, number, &r, &found, &err) || !found) {
		book_reading_close(&r);
		return;
	}
	struct trail_view v;
	struct trail_seen *seen = seen_of(l->s, number, &new);
	trail_view_make(&v, &r, &l->about, newest, &r.arena);
	/* What was read may be newer than what is said to be known then. */
	bool moved = book_version(l->s->book) != l->version;
	enum trail_how how = !new                             ? TRAIL_CHANGED
			     : l->s->begun || l->s->since < 0 ? TRAIL_ANEW
			     : moved || in_news(l, number)    ? TRAIL_ANEW
			     : l->s->since != l->version      ? TRAIL_BLOCKS_ANEW
							      : TRAIL_KNOWN;
	if (how == TRAIL_ANEW && l->s->trail == 0)
		put_section(l, &v);
	else if (how == TRAIL_ANEW && l->s->since < 0)
		empty_path(l, &v);
	drop_gone(l, &v);
	trail_seen_look(seen, &v, how, &l->pieces);
	book_reading_close(&r);
}

/* Trails that are none any more, or no longer among those that are shown. */
static void forget_others(struct look *l, const struct book_trail *list, size_t n)
{
	struct stream *s = l->s;
	char id[TRAIL_ID_MAX];
	for (size_t i = s->n_seen; i > 0; i--) {
		bool there = false;
		for (size_t k = 0; k < n; k++)
			there |= list[k].number == s->seen[i - 1].number;
		if (there)
			continue;
		trail_seen_gone(&s->seen[i - 1], s->session, &l->pieces);
		trail_section_id(s->session, s->seen[i - 1].number, id);
		if (s->trail == 0)
			trail_pieces_drop(&l->pieces, id);
		trail_seen_fini(&s->seen[i - 1]);
		s->seen[i - 1] = s->seen[--s->n_seen];
	}
}

/* The session's newest trail says whether it goes on. */
static bool is_over(struct look *l, struct book_trail *newest, bool *any)
{
	struct book_trails_query q = {.session = l->s->session, .n = 1};
	struct book_trail *list;
	size_t n = 0, total;
	struct err err = {0};
	*any = book_trails(l->s->book, &q, l->a, &list, &n, &total, &err) && n == 1;
	if (*any)
		*newest = list[0];
	return !l->about.live || (*any && !newest->running);
}

static void look_one(struct look *l, const struct book_trail *newest, bool any)
{
	struct book_trail one;
	bool found;
	struct err err = {0};
	if (!book_trail(l->s->book, l->s->session, l->s->trail, l->a, &one, &found, &err))
		return;
	/* What is announced belongs to the newest one. */
	if (found)
		look_trail(l, l->s->trail, any && newest->number == l->s->trail);
	forget_others(l, &one, found);
}

static bool is_seen(const struct stream *s, int64_t number)
{
	for (size_t i = 0; i < s->n_seen; i++)
		if (s->seen[i].number == number)
			return true;
	return false;
}

static void look_all(struct look *l)
{
	struct stream *s = l->s;
	struct book_trails_query q = {.session = s->session, .n = STREAM_TRAILS_MAX};
	struct book_trail *list;
	size_t n, total;
	struct err err = {0};
	struct buf now = {0};
	if (!book_trails(s->book, &q, l->a, &list, &n, &total, &err))
		return;
	trail_session_now(s->session, &l->about, n > 0 ? &list[0] : NULL, total, &now);
	if (s->now != trail_looks(buf_span(&now)) &&
		(s->begun || s->since < 0 || l->n_news > 0))
		trail_pieces_put(&l->pieces, "session-now", buf_span(&now));
	s->now = trail_looks(buf_span(&now));
	buf_fini(&now);
	bool about = about_in_news(l);
	for (size_t i = n; i > 0; i--)
		if (!is_seen(s, list[i - 1].number) || i == 1 || about ||
			in_news(l, list[i - 1].number))
			look_trail(l, list[i - 1].number, i == 1);
	forget_others(l, list, n);
}

static bool verdict_comes(const struct book_about *about)
{
	return about->seal == BOOK_UNCHECKED || about->seal == BOOK_CHECKING ||
	       about->witness == BOOK_CHECKING;
}

/* True: it is over for good. */
static bool look(struct stream *s, int64_t version, struct buf *out)
{
	struct arena a = {0};
	struct look l = {.s = s, .a = &a, .version = version};
	struct book_trail newest;
	char before[FEED_ID_MAX], now[FEED_ID_MAX];
	bool any;
	book_about(s->book, &a, &l.about);
	book_news(s->book, s->since, s->session, &a, &l.news, &l.n_news);
	bool over = is_over(&l, &newest, &any);
	if (s->trail > 0)
		look_one(&l, &newest, any);
	else
		look_all(&l);
	feed_id(before, book_epoch(s->book), s->since);
	feed_id(now, book_epoch(s->book), version);
	trail_pieces_send(&l.pieces, s->since < 0 ? "-" : before, now, out);
	s->begun = true;
	s->since = version;
	s->noticed = version > s->noticed ? version : s->noticed;
	s->looked_us = now_us();
	if (over && s->over_us == 0)
		s->over_us = s->looked_us;
	bool end = over && l.about.state == BOOK_READY && !l.about.live &&
		   (!verdict_comes(&l.about) || s->looked_us - s->over_us > LINGER_MS * 1000);
	if (end)
		feed_end(out, now);
	arena_fini(&a);
	return end;
}

/* Is there more than rows of exchanges that nobody looks at here? */
static bool urgent(struct stream *s)
{
	struct arena a = {0};
	struct book_news *news;
	size_t n;
	bool is = false;
	book_news(s->book, s->since, s->session, &a, &news, &n);
	for (size_t i = 0; i < n; i++)
		is |= news[i].kind != BOOK_NEWS_ROWS;
	arena_fini(&a);
	return is;
}

static bool next(void *ctx, int wait_ms, struct buf *out)
{
	struct stream *s = ctx;
	int64_t due_us = s->looked_us + ROWS_EVERY_MS * 1000;
	int64_t version = book_version(s->book);
	if (!s->begun)
		return !look(s, version, out);
	if (version <= s->noticed) {
		int ms = wait_ms;
		if (s->noticed > s->since) /* a look was put off */
			ms = (int)((due_us - now_us()) / 1000);
		ms = ms < 0 ? 0 : ms > wait_ms ? wait_ms : ms;
		version = book_wait(s->book, s->noticed, ms);
	}
	bool put_off = s->noticed > s->since;
	bool lingered = s->over_us > 0 && now_us() - s->over_us > LINGER_MS * 1000;
	bool new = version > s->noticed;
	s->noticed = version > s->noticed ? version : s->noticed;
	if ((new &&urgent(s)) || ((new || put_off) && now_us() >= due_us) || lingered)
		return !look(s, version, out);
	return true;
}

static void over(void *ctx)
{
	struct stream *s = ctx;
	for (size_t i = 0; i < s->n_seen; i++)
		trail_seen_fini(&s->seen[i]);
	free(s->seen);
	free(s);
}

void trail_stream(
	struct web_answer *a, struct book *b, int64_t session, int64_t trail, int64_t since)
{
	struct stream *s = calloc(1, sizeof *s);
	if (s == NULL)
		abort();
	*s = (struct stream){.book = b, .session = session, .trail = trail, .since = since};
	a->kind = WEB_EVENTS;
	a->events = (struct web_events){s, next, over};
}

int64_t trail_since(const struct web_request *q, const struct book *b)
{
	struct span id = q->last_event_id;
	if (id.p == NULL)
		id = web_value(&q->query, "since");
	return feed_since(id, book_epoch(b));
}
