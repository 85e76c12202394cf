/*
 * Which flow is which connection: the same client port, the same server, and a time that fits,
 * for ports are used again. What is left over is tried once more without its time, so that a
 * wrong time is told as that.
 */
#include "ui/report/compared_parts.h"

#include <stdlib.h>

static int by_place(int64_t s1, int64_t s2, int side1, int side2, int port1, int port2)
{
	if (s1 != s2)
		return s1 < s2 ? -1 : 1;
	return side1 != side2 ? side1 - side2 : port1 - port2;
}

static int flow_order(const void *a, const void *b)
{
	const struct compared_flow *x = a, *y = b;
	int c = by_place(x->session, y->session, (int)x->side, (int)y->side, x->port, y->port);
	if (c != 0)
		return c;
	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int ours_by_time(const void *a, const void *b)
{
	const struct compared_ours *x = a, *y = b;
	int c = by_place(x->session, y->session, (int)x->side, (int)y->side, x->port, y->port);
	if (c != 0)
		return c;
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

/* The first flow that is not before (session, side, port, at_us). */
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

static bool same_port(const struct compared_flow *f, const struct compared_ours *o)
{
	return f->session == o->session && f->side == o->side && f->port == o->port;
}

/* The newest before the connection was there, and not long before. */
static void match_by_time(struct compared_work *w, struct compared_ours *o, bool client)
{
	struct compared_flow key = {.session = o->session,
		.side = o->side,
		.port = o->port,
		.at_us = compared_plus(o->at_us, COMPARE_EARLY_US + 1)};
	int64_t since = compared_plus(o->at_us, -o->took_us);
	size_t at = lower_flow(w, &key);
	for (size_t looked = 0; at > 0 && looked < COMPARED_LOOK_MAX; looked++) {
		struct compared_flow *f = &w->flows[--at];
		if (!same_port(f, o) || f->at_us < since)
			return;
		if (f->used || f->place != o->place || (client && f->client != o->client))
			continue;
		f->used = true;
		o->flow = (int64_t)at;
		return;
	}
}

static void match_the_rest(struct compared_work *w, struct compared_ours *o, bool client)
{
	struct compared_flow key = {
		.session = o->session, .side = o->side, .port = o->port, .at_us = INT64_MIN};
	size_t at = lower_flow(w, &key);
	for (size_t looked = 0; at < w->n_flows && looked < COMPARED_LOOK_MAX; at++, looked++) {
		struct compared_flow *f = &w->flows[at];
		if (!same_port(f, o))
			return;
		if (f->used || f->place != o->place || f->empty ||
			(client && f->client != o->client))
			continue;
		f->used = true;
		o->flow = (int64_t)at;
		return;
	}
}

void compared_match(struct compared_work *w)
{
	if (w->n_flows > 1)
		qsort(w->flows, w->n_flows, sizeof *w->flows, flow_order);
	if (w->n_ours > 1)
		qsort(w->ours, w->n_ours, sizeof *w->ours, ours_by_time);
	/* First where the client's address is the same, too; a port alone is taken for want of
	 * anything better, and the address is then told to differ. */
	for (int client = 1; client >= 0; client--) {
		for (size_t i = 0; i < w->n_ours; i++)
			if (w->ours[i].flow == COMPARED_NO_FLOW)
				match_by_time(w, &w->ours[i], client == 1);
		for (size_t i = 0; i < w->n_ours; i++)
			if (w->ours[i].flow == COMPARED_NO_FLOW)
				match_the_rest(w, &w->ours[i], client == 1);
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
