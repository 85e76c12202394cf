#include "capture/stream_inner.h"

#include <stdlib.h>

/*
 * What waits behind gaps. A gap is given up, told as lost, when
 * - more than FLOW_AHEAD_MAX bytes or FLOW_PIECES_MAX pieces stand behind it, or all gaps
 *   together hold more than FLOWS_AHEAD_MAX (then the oldest goes),
 * - its receiver acknowledged what lies behind it, so that nobody sends it again, and since
 * then GAP_NS of capture time or GAP_PACKETS packets have passed: two recorders, or two queues
 * of one card, may show an acknowledgement before the bytes that it is for,
 * - the connection is over.
 * Of a byte that comes twice the first version stays, here as in the history.
 */

enum { PIECE_MAX = 64 * 1024 };

static size_t cost(const struct piece *p)
{
	return sizeof *p + p->cap;
}

static int64_t end_of(const struct piece *p)
{
	return p->at + p->n;
}

bool ahead_has(const struct way *w, int64_t at)
{
	const struct piece *p = w->ahead != NULL ? w->ahead->last : NULL;
	while (p != NULL && p->at > at)
		p = p->before;
	return p != NULL && at < end_of(p);
}

static void gap_list_add(struct flows *fs, struct ahead *a)
{
	a->newer = NULL;
	a->older = fs->newest_gap;
	if (a->older != NULL)
		a->older->newer = a;
	else
		fs->oldest_gap = a;
	fs->newest_gap = a;
}

static void gap_list_remove(struct flows *fs, struct ahead *a)
{
	if (a->older != NULL)
		a->older->newer = a->newer;
	else
		fs->oldest_gap = a->newer;
	if (a->newer != NULL)
		a->newer->older = a->older;
	else
		fs->newest_gap = a->older;
}

static void unlink_piece(struct flows *fs, struct ahead *a, struct piece *p)
{
	if (p->before != NULL)
		p->before->after = p->after;
	else
		a->first = p->after;
	if (p->after != NULL)
		p->after->before = p->before;
	else
		a->last = p->before;
	a->n_pieces--;
	a->n_bytes -= p->n;
	fs->n_ahead -= cost(p);
}

/* Behind `before`, NULL: as the first. */
static void link_piece(struct flows *fs, struct ahead *a, struct piece *before, struct piece *p)
{
	p->before = before;
	p->after = before != NULL ? before->after : a->first;
	if (before != NULL)
		before->after = p;
	else
		a->first = p;
	if (p->after != NULL)
		p->after->before = p;
	else
		a->last = p;
	a->n_pieces++;
	a->n_bytes += p->n;
	fs->n_ahead += cost(p);
}

void ahead_free(struct flows *fs, struct way *w)
{
	struct ahead *a = w->ahead;
	if (a == NULL)
		return;
	for (struct piece *p; (p = a->first) != NULL;) {
		unlink_piece(fs, a, p);
		free(p);
	}
	gap_list_remove(fs, a);
	free(a);
	w->ahead = NULL;
}

static void deliver(struct flows *fs, struct tcp *t, enum flow_way way, struct span s,
	const struct packet_at *at)
{
	struct way *w = &t->ways[way];
	if (w->end >= 0)
		s = span_first(s, (size_t)(w->end - w->next));
	if (s.n > 0) {
		history_add(&fs->history, history_owner(t, way), w, w->next, s);
		w->next += (int64_t)s.n;
		t->flow.bytes[way] += s.n;
		if (fs->calls->bytes != NULL)
			fs->calls->bytes(fs->ctx, &t->flow, way, s, at);
	}
	stream_close_reached(fs, t, way);
}

/* What has come to stand at w->next; now: by the packet that closed the gap. */
static void flush(struct flows *fs, struct tcp *t, enum flow_way way, bool now)
{
	struct way *w = &t->ways[way];
	while (w->ahead != NULL && w->ahead->first->at == w->next) {
		struct ahead *a = w->ahead;
		struct piece *p = a->first;
		unlink_piece(fs, a, p);
		if (a->first == NULL)
			ahead_free(fs, w);
		struct packet_at at = now ? fs->now : p->from;
		deliver(fs, t, way, span_of(p->bytes, p->n), &at);
		free(p);
	}
}

bool ahead_is_strange(const struct tcp *t, enum flow_way way, int64_t at)
{
	const struct way *w = &t->ways[way];
	int64_t known = w->acked > w->next ? w->acked : w->next;
	return t->ways[!way].seen && at - known > STRANGE_MIN;
}

void ahead_lost(struct flows *fs, struct tcp *t, enum flow_way way, int64_t n,
	const struct packet_at *at)
{
	struct way *w = &t->ways[way];
	if (w->end >= 0 && n > w->end - w->next)
		n = w->end - w->next;
	if (n > 0) {
		w->next += n;
		t->flow.lost[way] += (uint64_t)n;
		if (fs->calls->lost != NULL)
			fs->calls->lost(fs->ctx, &t->flow, way, (uint64_t)n, at);
	}
	stream_close_reached(fs, t, way);
}

void ahead_give_up(struct flows *fs, struct tcp *t, enum flow_way way)
{
	struct way *w = &t->ways[way];
	const struct piece *first = w->ahead->first;
	struct packet_at at = first->from;
	/* Nobody who forges a packet far ahead shall make us leave the bytes that are real. */
	if (ahead_is_strange(t, way, first->at)) {
		fs->counts.outside++;
		ahead_free(fs, w);
		return;
	}
	ahead_lost(fs, t, way, first->at - w->next, &at);
	flush(fs, t, way, false);
}

void ahead_look(struct flows *fs, struct tcp *t, enum flow_way way)
{
	struct way *w = &t->ways[way];
	struct ahead *a = w->ahead;
	if (a == NULL)
		return;
	if (a->mark < a->first->at) {
		if (w->acked >= a->first->at) {
			a->mark = w->acked;
			a->since = fs->now;
		}
		return;
	}
	if (packet_elapsed_ns(a->since.at_ns, fs->now.at_ns) < GAP_NS &&
		fs->now.packet - a->since.packet < GAP_PACKETS)
		return;
	int64_t mark = a->mark;
	while (w->ahead != NULL && w->ahead->first->at <= mark)
		ahead_give_up(fs, t, way);
}

void ahead_sweep(struct flows *fs)
{
	struct ahead *a = fs->oldest_gap;
	if (a != NULL)
		ahead_look(fs, a->tcp, a->way);
}

static struct ahead *begin_gap(struct flows *fs, struct tcp *t, enum flow_way way)
{
	struct ahead *a = calloc(1, sizeof *a);
	if (a == NULL)
		abort();
	a->tcp = t;
	a->way = way;
	a->mark = -1;
	gap_list_add(fs, a);
	t->ways[way].ahead = a;
	return a;
}

/* Keeps bytes that lie behind `before` and touch no piece after it; returns where they are. */
static struct piece *keep(
	struct flows *fs, struct ahead *a, struct piece *before, int64_t at, struct span s)
{
	struct piece *p = before;
	if (p != NULL && end_of(p) == at && p->n + s.n <= PIECE_MAX) {
		struct piece *rest = p->before;
		unlink_piece(fs, a, p);
		if (p->cap < p->n + s.n) {
			size_t cap = p->cap * 2 > p->n + s.n ? p->cap * 2 : p->n + s.n;
			p = realloc(p, sizeof *p + cap);
			if (p == NULL)
				abort();
			p->cap = (uint32_t)cap;
		}
		memcpy(p->bytes + p->n, s.p, s.n);
		p->n += (uint32_t)s.n;
		before = rest;
	} else {
		p = malloc(sizeof *p + s.n);
		if (p == NULL)
			abort();
		p->at = at;
		p->n = p->cap = (uint32_t)s.n;
		memcpy(p->bytes, s.p, s.n);
	}
	p->from = fs->now;
	link_piece(fs, a, before, p);
	return p;
}

static void keep_limits(struct flows *fs, struct tcp *t, enum flow_way way)
{
	struct way *w = &t->ways[way];
	while (w->ahead != NULL &&
		(w->ahead->n_bytes > FLOW_AHEAD_MAX || w->ahead->n_pieces > FLOW_PIECES_MAX)) {
		fs->counts.limits++;
		ahead_give_up(fs, t, way);
	}
	while (fs->n_ahead > FLOWS_AHEAD_MAX) {
		fs->counts.limits++;
		ahead_give_up(fs, fs->oldest_gap->tcp, fs->oldest_gap->way);
	}
}

static void compare(
	struct flows *fs, struct tcp *t, const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t differ = 0;
	for (size_t i = 0; i < n; i++)
		differ += a[i] != b[i];
	stream_conflict(fs, t, differ);
}

void ahead_take(struct flows *fs, struct tcp *t, enum flow_way way, int64_t at, struct span s)
{
	struct way *w = &t->ways[way];
	if (w->ahead == NULL && at == w->next) {
		deliver(fs, t, way, s, &fs->now);
		return;
	}
	struct ahead *a = w->ahead != NULL ? w->ahead : begin_gap(fs, t, way);
	struct piece *before = a->last;
	while (before != NULL && end_of(before) > at)
		before = before->before;
	struct piece *p = before != NULL ? before->after : a->first;
	while (s.n > 0) {
		size_t n;
		if (p != NULL && at >= p->at) {
			n = (uint64_t)(end_of(p) - at) < s.n ? (size_t)(end_of(p) - at) : s.n;
			compare(fs, t, p->bytes + (at - p->at), s.p, n);
			before = p;
			p = p->after;
		} else {
			n = p != NULL && (uint64_t)(p->at - at) < s.n ? (size_t)(p->at - at)
								      : s.n;
			if (at == w->next)
				deliver(fs, t, way, span_first(s, n), &fs->now);
			else
				before = keep(fs, a, before, at, span_first(s, n));
			if (w->ahead == NULL) /* its end was reached */
				return;
		}
		at += (int64_t)n;
		s = span_from(s, n);
	}
	flush(fs, t, way, true);
	keep_limits(fs, t, way);
}
