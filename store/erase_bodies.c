/*
 * Bodies in which a text occurs, over the borders of their chunks and under their content
 * coding; and what goes with what was found: equal chunks, and digests of what goes.
 */
#include "store/derive/decode.h"
#include "store/erase_state.h"
#include "store/put.h"

#include <stdlib.h>

static const char data_sql[] = "SELECT f9 FROM fact WHERE seq = :seq AND kind = 13";

static size_t field_named(enum fact_kind kind, const char *name)
{
	const struct fact_info *info = fact_info(kind);
	size_t i = 0;
	while (i + 1 < info->n_fields && strcmp(info->fields[i].name, name) != 0)
		i++;
	return i;
}

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int by_body(const void *a, const void *b)
{
	const struct erase_chunk *x = a, *y = b;
	int c = compare(x->exchange, y->exchange);
	c = c != 0 ? c : compare(x->side, y->side);
	return c != 0 ? c : compare(x->n, y->n);
}

static int by_exchange(const void *a, const void *b)
{
	const struct erase_known *x = a, *y = b;
	int c = compare(x->exchange, y->exchange);
	return c != 0 ? c : compare(x->what, y->what);
}

static int by_number(const void *a, const void *b)
{
	return compare(*(const int64_t *)a, *(const int64_t *)b);
}

static const struct erase_known *known(
	const struct erase_search *s, int64_t exchange, enum erase_known_what what)
{
	struct erase_known key = {.exchange = exchange, .what = what};
	return s->n_known > 0 ? bsearch(&key, s->known, s->n_known, sizeof key, by_exchange)
			      : NULL;
}

/* ---- one body ---- */

struct body {
	struct erase_search *s;
	struct erase_chunk *chunks;
	size_t n;
	sqlite3_stmt *data;
	struct buf window;   /* the end of what was looked at, and the chunk behind it */
	int64_t window_from; /* its place in the body */
};

/* Chunks that lie over those bytes of the window. */
static void mark(void *ctx, size_t from, size_t to)
{
	struct body *b = ctx;
	int64_t at = 0, first = b->window_from + (int64_t)from,
		last = b->window_from + (int64_t)to;
	for (size_t i = 0; i < b->n; i++) {
		struct erase_chunk *c = &b->chunks[i];
		c->gone |= at < last && first < at + c->size;
		at += c->size;
	}
}

static void mark_all(void *ctx, size_t from, size_t to)
{
	struct body *b = ctx;
	(void)from, (void)to;
	for (size_t i = 0; i < b->n; i++)
		b->chunks[i].gone = true;
}

static void look_at_window(struct body *b)
{
	size_t reach = 0;
	for (size_t i = 0; i < b->s->n_matches; i++) {
		struct erase_match *m = &b->s->matches[i];
		erase_match_in(m, buf_span(&b->window), mark, b);
		reach = m->reach > reach ? m->reach : reach;
	}
	size_t drop = buf_len(&b->window) > reach ? buf_len(&b->window) - reach : 0;
	buf_consume(&b->window, drop);
	b->window_from += (int64_t)drop;
}

/* The bytes, as stored. What is gone already leaves a hole. */
static bool search_stored(struct body *b, struct buf *whole, struct err *err)
{
	int64_t at = 0;
	for (size_t i = 0; i < b->n; i++) {
		db_bind_int(b->data, ":seq", b->chunks[i].root);
		int rc = sqlite3_step(b->data);
		struct span data = rc == SQLITE_ROW ? db_column_span(b->data, 0) : SPAN_NONE;
		if (rc != SQLITE_ROW && rc != SQLITE_DONE)
			return db_fail(b->s->file->db, ERR_CASE_READ, "chunk", err);
		if (data.p == NULL || (int64_t)data.n != b->chunks[i].size) {
			buf_clear(&b->window);
			b->window_from = at + b->chunks[i].size;
		} else {
			buf_add_span(&b->window, data);
			look_at_window(b);
			if (whole != NULL && buf_len(whole) < ERASE_RAW_MAX)
				buf_add_span(whole, data);
		}
		at += b->chunks[i].size;
		sqlite3_reset(b->data);
	}
	return true;
}

static void search_decoded(struct body *b, struct span raw, struct span codings)
{
	struct buf out = {0};
	enum decode_result how = decode_body(raw, codings, ERASE_DECODED_MAX, &out);
	/* Cut where the stored bytes end is whole enough: the rest is not in the case. */
	bool all =
		how == DECODE_WHOLE || (how == DECODE_CUT && buf_len(&out) < ERASE_DECODED_MAX);
	b->s->out->unsearched += !all || raw.n >= ERASE_RAW_MAX;
	for (size_t i = 0; i < b->s->n_matches; i++)
		erase_match_in(&b->s->matches[i], buf_span(&out), mark_all, b);
	buf_fini(&out);
}

static bool is_wanted(const struct erase_search *s, const struct erase_chunk *c)
{
	for (size_t i = 0; i < s->wish->n_exchanges; i++) {
		const struct erase_exchange *x = &s->wish->exchanges[i];
		if (x->exchange == c->exchange &&
			(c->side == SIDE_REQUEST ? x->request_body : x->response_body))
			return true;
	}
	return false;
}

static bool search_body(struct body *b, struct err *err)
{
	const struct erase_chunk *first = &b->chunks[0];
	const struct erase_known *coding = known(b->s, first->exchange,
		first->side == SIDE_REQUEST ? KNOWN_REQUEST_CODING : KNOWN_RESPONSE_CODING);
	struct buf whole = {0};
	if (is_wanted(b->s, first)) {
		mark_all(b, 0, 0);
		return true;
	}
	if (b->s->n_matches == 0)
		return true;
	buf_clear(&b->window);
	b->window_from = 0;
	bool ok = search_stored(b, coding != NULL ? &whole : NULL, err);
	if (ok && buf_len(&whole) > 0)
		search_decoded(b, buf_span(&whole), coding->text);
	buf_fini(&whole);
	return ok;
}

static bool search_bodies(struct erase_search *s, struct err *err)
{
	struct body b = {.s = s, .data = db_prepare(s->file->db, data_sql, ERR_CASE_READ, err)};
	bool ok = b.data != NULL;
	for (size_t at = 0; ok && at < s->n_chunks; at += b.n) {
		b.chunks = &s->chunks[at];
		for (b.n = 1; at + b.n < s->n_chunks &&
			      b.chunks[b.n].exchange == b.chunks[0].exchange &&
			      b.chunks[b.n].side == b.chunks[0].side;)
			b.n++;
		ok = search_body(&b, err);
	}
	sqlite3_finalize(b.data);
	buf_fini(&b.window);
	return ok;
}

/* ---- what goes with it ---- */

static void add(struct erase_search *s, int64_t seq, enum fact_kind kind, const char *name,
	int64_t bytes)
{
	size_t field = field_named(kind, name);
	erase_add(s, (struct erase_item){.seq = seq,
			     .part = seal_part(field),
			     .kind = kind,
			     .field = field,
			     .header = SPAN_NONE,
			     .bytes = bytes});
}

static void take_chunk(struct erase_search *s, const struct erase_chunk *c)
{
	const struct erase_known *end = known(s, c->exchange, KNOWN_END);
	bool response = c->side != SIDE_REQUEST;
	if (c->has_data)
		add(s, c->seq, FACT_KIND_CHUNK, "data", c->size);
	if (c->has_digest)
		add(s, c->seq, FACT_KIND_CHUNK, "sha256", SHA256_LEN);
	if (end != NULL && end->digest[response])
		add(s, end->value, FACT_KIND_EXCHANGE_END,
			response ? "res_sha256" : "req_sha256", SHA256_LEN);
	ARENA_PUSH(&s->own, s->touched, s->n_touched, c->exchange);
}

static void take_chunks(struct erase_search *s)
{
	int64_t *roots = arena_alloc(&s->own, (s->n_chunks + 1) * sizeof *roots);
	size_t n = 0;
	for (size_t i = 0; i < s->n_chunks; i++)
		if (s->chunks[i].gone)
			roots[n++] = s->chunks[i].root;
	if (n == 0)
		return;
	qsort(roots, n, sizeof *roots, by_number);
	for (size_t i = 0; i < s->n_chunks; i++)
		if (bsearch(&s->chunks[i].root, roots, n, sizeof *roots, by_number) != NULL)
			take_chunk(s, &s->chunks[i]);
}

static void take_legs(struct erase_search *s)
{
	for (size_t i = 0; i < s->n_touched; i++) {
		const struct erase_known *tunnel = known(s, s->touched[i], KNOWN_TUNNEL);
		if (tunnel != NULL && tunnel->value != FACT_NULL)
			erase_touch(s, tunnel->value);
	}
	if (s->n_tunnels == 0)
		return;
	qsort(s->tunnels, s->n_tunnels, sizeof *s->tunnels, by_number);
	for (size_t i = 0; i < s->n_legs; i++) {
		const struct erase_leg *l = &s->legs[i];
		if (bsearch(&l->tunnel, s->tunnels, s->n_tunnels, sizeof *s->tunnels,
			    by_number) == NULL)
			continue;
		if (l->digest[0])
			add(s, l->seq, FACT_KIND_LEG_END, "in_sha256", SHA256_LEN);
		if (l->digest[1])
			add(s, l->seq, FACT_KIND_LEG_END, "out_sha256", SHA256_LEN);
	}
}

bool erase_bodies(struct erase_search *s, struct err *err)
{
	_Static_assert(FACT_KIND_CHUNK + FACT_KIND_STORED == 13, "as the statement says");
	if (s->n_chunks > 0)
		qsort(s->chunks, s->n_chunks, sizeof *s->chunks, by_body);
	if (s->n_known > 0)
		qsort(s->known, s->n_known, sizeof *s->known, by_exchange);
	if (!search_bodies(s, err))
		return false;
	take_chunks(s);
	take_legs(s);
	return true;
}
