/*
 * Which flow is which connection: the same client port, the same server, and a time that fits,
 * for ports are used again. What is left over is tried once more without its time, so that a
 * wrong time is told as that.
 */
#include "ui/report/compared_parts.h"

#include <stdlib.h>

/* What a connection and its flow have in common. */
struct key {
	int64_t session;
	enum capture_side side;
	uint16_t port;
	uint32_t place;
};

static struct key key_of_flow(const struct compared_flow *f)
{
	return (struct key){f->session, f->side, f->port, f->place};
}

static struct key key_of_ours(const struct compared_ours *o)
{
	return (struct key){o->session, o->side, o->port, o->place};
}

static int key_order(struct key x, struct key y)
{
	if (x.session != y.session)
		return x.session < y.session ? -1 : 1;
	if (x.side != y.side)
		return (int)x.side - (int)y.side;
	if (x.port != y.port)
		return x.port - y.port;
	return x.place < y.place ? -1 : x.place > y.place;
}

static int flow_order(const void *a, const void *b)
{
	const struct compared_flow *x = a, *y = b;
	int order = key_order(key_of_flow(x), key_of_flow(y));
	if (order != 0)
		return order;
	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int ours_by_time(const void *a, const void *b)
{
	const struct compared_ours *x = a, *y = b;
	int order = key_order(key_of_ours(x), key_of_ours(y));
	if (order != 0)
		return order;
	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int ours_by_id(const void *a, const void *b)
{
	const struct compared_ours *x = a, *y = b;
	if (x->side != y->side)
		return (int)x->side - (int)y->side;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int by_index(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* The first flow that is not before it. */
static size_t lower_flow(const struct compared_work *w, const struct compared_flow *key)
{
	size_t low = 0, high = w->n_flows;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (flow_order(&w->flows[mid], key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Connections and flows of one session, side, port and place, each in order of time. */
struct group {
	struct compared_ours *ours;
	struct compared_flow *flows;
	size_t n_ours, n_flows, at; /* at: of the first flow */
	uint32_t *stack;            /* room for n_flows */
	/* How much before a connection's time its packet may be, beyond what it took, and how
	 * much behind. */
	int64_t before_us, behind_us;
};

static void pair(const struct group *g, struct compared_ours *o, size_t flow)
{
	g->flows[flow].used = true;
	o->flow = (int64_t)(g->at + flow);
}

/* The newest before the connection was there, and not long before: the packets come first. */
static void match_before(const struct group *g)
{
	size_t next = 0, n = 0;
	for (size_t i = 0; i < g->n_ours; i++) {
		struct compared_ours *o = &g->ours[i];
		while (next < g->n_flows && g->flows[next].at_us <= o->at_us)
			g->stack[n++] = (uint32_t)next++;
		if (n > 0 && g->flows[g->stack[n - 1]].at_us >=
				     compared_plus(o->at_us, -o->took_us - g->before_us))
			pair(g, o, g->stack[--n]);
	}
}

/* What is left, where clocks may be that far apart: the first behind it. */
static void match_behind(const struct group *g)
{
	size_t next = 0;
	for (size_t i = 0; i < g->n_ours; i++) {
		struct compared_ours *o = &g->ours[i];
		if (o->flow != COMPARED_NO_FLOW)
			continue;
		while (next < g->n_flows &&
			(g->flows[next].used || g->flows[next].at_us <= o->at_us))
			next++;
		if (next < g->n_flows &&
			g->flows[next].at_us <= compared_plus(o->at_us, g->behind_us))
			pair(g, o, next);
	}
}

static void match_the_rest(const struct group *g)
{
	size_t next = 0;
	for (size_t i = 0; i < g->n_ours; i++) {
		struct compared_ours *o = &g->ours[i];
		if (o->flow != COMPARED_NO_FLOW)
			continue;
		while (next < g->n_flows && (g->flows[next].used || g->flows[next].empty))
			next++;
		if (next == g->n_flows)
			return;
		pair(g, o, next);
	}
}

/* A port is used by one connection after the other: of those that were found, the first
 * connection has the first flow. */
static void keep_order(const struct group *g)
{
	size_t n = 0;
	for (size_t i = 0; i < g->n_ours; i++)
		if (g->ours[i].flow != COMPARED_NO_FLOW)
			g->stack[n++] = (uint32_t)(g->ours[i].flow - (int64_t)g->at);
	if (n > 1)
		qsort(g->stack, n, sizeof *g->stack, by_index);
	n = 0;
	for (size_t i = 0; i < g->n_ours; i++)
		if (g->ours[i].flow != COMPARED_NO_FLOW)
			g->ours[i].flow = (int64_t)(g->at + g->stack[n++]);
}

/* From the last one on, each has the newest that none behind it has. Where a clock is behind
 * the other's by as much as a port rests, that finds more, and then it is what counts. */
static void match_from_last(const struct group *g)
{
	size_t found = 0, left = g->n_flows, n = 0;
	for (size_t i = 0; i < g->n_ours; i++)
		found += g->ours[i].flow != COMPARED_NO_FLOW;
	if (found == g->n_ours || found == g->n_flows)
		return;
	int64_t *flows = malloc(g->n_ours * sizeof *flows);
	if (flows == NULL)
		abort();
	for (size_t i = g->n_ours; i-- > 0;) {
		const struct compared_ours *o = &g->ours[i];
		int64_t until = compared_plus(o->at_us, g->behind_us);
		while (left > 0 && g->flows[left - 1].at_us > until)
			left--;
		bool one =
			left > 0 && g->flows[left - 1].at_us >=
					    compared_plus(o->at_us, -o->took_us - g->before_us);
		flows[i] = one ? (int64_t)--left : COMPARED_NO_FLOW;
		n += one;
	}
	for (size_t i = 0; n > found && i < g->n_flows; i++)
		g->flows[i].used = false;
	for (size_t i = 0; n > found && i < g->n_ours; i++) {
		g->ours[i].flow = COMPARED_NO_FLOW;
		if (flows[i] != COMPARED_NO_FLOW)
			pair(g, &g->ours[i], (size_t)flows[i]);
	}
	free(flows);
}

/* Clients at several addresses may use one port at the same time. Where a pair is of two
 * clients, and another flow of the group is of the right one, that is taken instead; a port
 * alone is enough for want of anything better, and the address is then told to differ. */
static void match_clients(const struct group *g)
{
	enum {
		LOOK_MAX = 256
	}; /* of a group: a port that is used that often is of one client */
	for (size_t i = 0; i < g->n_ours && g->n_ours <= LOOK_MAX; i++) {
		struct compared_ours *o = &g->ours[i];
		if (o->flow == COMPARED_NO_FLOW ||
			g->flows[o->flow - (int64_t)g->at].client == o->client)
			continue;
		for (size_t k = 0; k < g->n_flows && k < LOOK_MAX; k++) {
			if (g->flows[k].client != o->client)
				continue;
			struct compared_ours *other = NULL;
			for (size_t m = 0; m < g->n_ours; m++)
				if (g->ours[m].flow == (int64_t)(g->at + k))
					other = &g->ours[m];
			if (other != NULL && other->client == o->client)
				continue;
			if (other != NULL)
				other->flow = o->flow;
			else
				g->flows[o->flow - (int64_t)g->at].used = false;
			pair(g, o, k);
			break;
		}
	}
}

static void match_group(struct compared_work *w, struct compared_ours *ours, size_t n)
{
	struct key key = key_of_ours(ours);
	struct compared_flow first = {.session = key.session,
		.side = key.side,
		.port = key.port,
		.place = key.place,
		.at_us = INT64_MIN,
		.seq = INT64_MIN};
	const struct compared_session *s = compared_session(w, ours->session);
	struct group g = {.ours = ours,
		.n_ours = n,
		.at = lower_flow(w, &first),
		.before_us = compared_drift(s, false),
		.behind_us = COMPARE_EARLY_US + compared_drift(s, true)};
	while (g.at + g.n_flows < w->n_flows &&
		key_order(key_of_flow(&w->flows[g.at + g.n_flows]), key) == 0)
		g.n_flows++;
	if (g.n_flows == 0)
		return;
	g.flows = &w->flows[g.at];
	g.stack = malloc(g.n_flows * sizeof *g.stack);
	if (g.stack == NULL)
		abort();
	match_before(&g);
	match_behind(&g);
	keep_order(&g);
	match_from_last(&g);
	match_the_rest(&g);
	match_clients(&g);
	free(g.stack);
}

void compared_match(struct compared_work *w)
{
	if (w->n_flows > 1)
		qsort(w->flows, w->n_flows, sizeof *w->flows, flow_order);
	if (w->n_ours > 1)
		qsort(w->ours, w->n_ours, sizeof *w->ours, ours_by_time);
	for (size_t i = 0, n; i < w->n_ours; i += n) {
		n = 1;
		struct key key = key_of_ours(&w->ours[i]);
		while (i + n < w->n_ours && key_order(key, key_of_ours(&w->ours[i + n])) == 0)
			n++;
		match_group(w, &w->ours[i], n);
	}
	if (w->n_ours > 1)
		qsort(w->ours, w->n_ours, sizeof *w->ours, ours_by_id);
}

struct compared_ours *compared_ours_of(
	struct compared_work *w, enum capture_side side, int64_t id)
{
	const struct compared_ours key = {.side = side, .id = id};
	return w->n_ours == 0 ? NULL
			      : bsearch(&key, w->ours, w->n_ours, sizeof *w->ours, ours_by_id);
}

/* "ip:port", "[ip]:port" */
static uint32_t place_of(struct span text)
{
	size_t at = text.n;
	uint64_t port = 0;
	while (at > 0 && text.p[at - 1] != ':')
		at--;
	if (at == 0 || !span_u64(span_from(text, at), &port))
		return 0;
	struct span ip = span_first(text, at - 1);
	if (ip.n >= 2 && ip.p[0] == '[' && ip.p[ip.n - 1] == ']')
		ip = span_of(ip.p + 1, ip.n - 2);
	return compared_place(ip, (int64_t)(port & UINT16_MAX));
}

struct compared_flow *compared_attempt(struct compared_work *w, int64_t session,
	struct span place, int64_t from_us, int64_t to_us)
{
	/* Its port is not known, so all flows of that side are looked at: attempts that failed
	 * are few. */
	struct compared_flow key = {
		.session = session, .side = CAPTURE_ORIGIN, .at_us = INT64_MIN};
	uint32_t wanted = place_of(place);
	for (size_t at = lower_flow(w, &key); at < w->n_flows; at++) {
		struct compared_flow *f = &w->flows[at];
		if (f->session != session || f->side != CAPTURE_ORIGIN)
			return NULL;
		if (w->looked++ > COMPARED_ATTEMPTS_MAX)
			return NULL;
		if (f->used || f->place != wanted || f->at_us < from_us || f->at_us > to_us)
			continue;
		f->used = true;
		return f;
	}
	return NULL;
}

/* ---- heads ---- */

uint32_t compared_short(struct span digest)
{
	uint32_t v = 0;
	for (size_t i = 0; i < 4 && i < digest.n; i++)
		v = v << 8 | digest.p[i];
	return v;
}

void compared_heads(const struct fact_request *request, struct compared_entry *e)
{
	uint8_t digest[SHA256_LEN];
	struct span head = request->head.p != NULL ? request->head : request->fields;
	if (head.p == NULL)
		return;
	sha256(head, digest);
	e->head = compared_short(span_of(digest, sizeof digest));
	if (request->head.p != NULL && compare_forwarded(request, false, digest))
		e->sent = compared_short(span_of(digest, sizeof digest));
}
