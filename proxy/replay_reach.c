/* How an origin was reached when the case was recorded: looked up once for each. */
#include "proxy/replay_inner.h"
#include "store/base/hash.h"

#include <stdio.h>
#include <stdlib.h>

struct look {
	struct replay *r;
	struct arena scratch;
	struct replay_reach *out;
	bool held; /* a connection that held was found: out is it */
	int64_t tunnels[REPLAY_TUNNELS_MAX];
	size_t n_tunnels;
	struct err err;
};

static bool seen(struct look *l, int64_t tunnel)
{
	for (size_t i = 0; i < l->n_tunnels; i++)
		if (l->tunnels[i] == tunnel)
			return true;
	return false;
}

static void set_fault(struct err *out, struct span word, struct span detail)
{
	if (out->kind == ERR_NONE) /* the first failure is the one that is told */
		replay_recorded_err(out, word, detail);
}

static const struct fact_handshake *handshake_of(const struct recorded_tunnel *t, int64_t leg)
{
	for (size_t i = 0; i < t->n_handshakes; i++)
		if (t->handshakes[i].leg == leg)
			return &t->handshakes[i];
	return NULL;
}

/* Kept for each origin that is asked for, which may be the same large one for all. */
static void take_certificate(struct look *l, struct span certs)
{
	struct span der = SPAN_NONE;
	if (certs.n < SHA256_LEN)
		return;
	recorded_certificate(l->r->recorded, certs.p, &l->scratch, &der, &l->err);
	if (der.n <= REPLAY_CERT_MAX)
		l->out->cert = arena_copy(&l->r->kept, der);
}

/* A leg that was connected and, with TLS, shook hands. */
static bool take_leg(
	struct look *l, const struct recorded_tunnel *t, const struct fact_leg *leg)
{
	const struct fact_handshake *h = handshake_of(t, leg->leg);
	set_fault(&l->out->fault, leg->outcome, leg->detail);
	if (!span_is(leg->outcome, err_word(ERR_NONE)))
		return false;
	if (h != NULL && !span_is(h->outcome, err_word(ERR_NONE))) {
		set_fault(&l->out->fault, h->outcome, h->detail);
		return false;
	}
	l->out->leg = leg->leg;
	if (h == NULL)
		return true;
	snprintf(l->out->alpn, sizeof l->out->alpn, "%.*s", (int)h->alpn.n,
		h->alpn.n > 0 ? (const char *)h->alpn.p : "");
	take_certificate(l, h->certs);
	return true;
}

static bool look_at(void *ctx, int64_t seq, const struct fact_request *f)
{
	struct look *l = ctx;
	struct recorded_tunnel t;
	struct recorded_exchange x;
	(void)seq;
	if (f->tunnel == FACT_NULL || seen(l, f->tunnel))
		return true;
	if (l->n_tunnels == REPLAY_TUNNELS_MAX)
		return false;
	l->tunnels[l->n_tunnels++] = f->tunnel;
	arena_reset(&l->scratch);
	if (!recorded_exchange(l->r->recorded, f->exchange, &l->scratch, &x, &l->err) ||
		!recorded_tunnel(l->r->recorded, f->tunnel, &l->scratch, &t, &l->err))
		return false;
	/* A plain connection goes to one origin after the other: the exchange says which. */
	for (size_t i = 0; i < t.n_legs && !l->held; i++) {
		bool its = !x.has_response || x.response.leg == FACT_NULL ||
			   x.response.leg == t.legs[i].leg;
		l->held = its && take_leg(l, &t, &t.legs[i]);
	}
	/* Refused before it was dialled. */
	if (!l->held && x.has_end)
		set_fault(&l->out->fault, x.end.reason, x.end.detail);
	return !l->held && l->err.kind == ERR_NONE;
}

static void look_up(struct replay *r, struct span origin, struct replay_reach *out)
{
	struct look l = {.r = r, .out = out};
	struct buf prefix = {0};
	bool more = false;
	*out = (struct replay_reach){.leg = FACT_NULL};
	buf_add_span(&prefix, origin);
	buf_add_byte(&prefix, '/');
	bool ok = recorded_near(r->recorded, r->options.session, buf_span(&prefix),
		REPLAY_REACH_MAX, look_at, &l, &more, &l.err);
	buf_fini(&prefix);
	arena_fini(&l.scratch);
	if (!ok || l.err.kind != ERR_NONE)
		out->fault = l.err;
	else if (l.held)
		out->fault = (struct err){0};
	else if (out->fault.kind == ERR_NONE)
		err_set(&out->fault, ERR_NOT_RECORDED, "%s",
			l.n_tunnels > 0 ? "no connection to this host is in the case"
					: "no request to this host and port is in the case");
}

/* From memory, or looked up and, up to a limit, remembered. */
static void find(struct replay *r, struct span origin, struct replay_reach *out)
{
	uint64_t key = replay_key(SPAN_NONE, origin);
	const struct replay_slot *known = replay_map_find(&r->reaches, key);
	if (known != NULL) {
		*out = r->reached[known->a];
		return;
	}
	look_up(r, origin, out);
	if (r->n_reached == REPLAY_REACHED_MAX)
		return;
	struct replay_reach *grown = realloc(r->reached, (r->n_reached + 1) * sizeof *grown);
	if (grown == NULL)
		abort();
	r->reached = grown;
	r->reached[r->n_reached] = *out;
	replay_map_put(&r->reaches, key)->a = (int64_t)r->n_reached++;
}

static void tell(struct replay *r, struct span origin, const struct err *fault)
{
	struct replay_event e = {
		.url = origin, .exchange = FACT_NULL, .near = fault->detail, .fault = *fault};
	/* What the case could not be asked is no failure that it recorded. */
	bool missed = fault->kind == ERR_NOT_RECORDED || fault->kind == ERR_CASE_READ;
	e.outcome = missed ? REPLAY_MISSED : REPLAY_AS_RECORDED;
	r->counts.by_outcome[e.outcome]++;
	r->counts.failed += e.outcome != REPLAY_MISSED;
	if (r->options.tell != NULL)
		r->options.tell(r->options.tell_ctx, &e);
}

void replay_reach(
	struct replay *r, struct span origin, struct arena *a, struct replay_reach *out)
{
	pthread_mutex_lock(&r->lock);
	find(r, origin, out);
	out->cert = arena_copy(a, out->cert);
	if (out->fault.kind != ERR_NONE)
		tell(r, origin, &out->fault);
	pthread_mutex_unlock(&r->lock);
}
