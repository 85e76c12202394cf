/*
 * Which facts a bundle shows: those of a trail's hops and of the connections that they went
 * over. All facts are looked at once; a bundle reads the whole case in any case.
 */
#include "ui/report/bundle_parts.h"

#include <stdlib.h>

struct certificate {
	int64_t seq;
	uint8_t sha256[SHA256_LEN];
};

struct hop {
	int64_t exchange, tunnel, leg; /* FACT_NULL: unknown */
};

struct pick {
	struct hop *hops;
	size_t n_hops;
	int64_t session;
	bool whole; /* the trail, not one hop of it */
	struct arena *a;
	struct bundle_seqs seqs;
	struct certificate *certificates; /* all of the case */
	size_t n_certificates;
	struct certificate *wanted; /* those that the connections had */
	size_t n_wanted;
};

/* ---- the hops ---- */

static bool find_trail(
	struct gather *g, const struct bundle_order *o, size_t *at, struct err *err)
{
	bool found = false;
	*at = 0;
	if (!gather_trail(g, o->session != 0 ? o->session : 1, o->trail != 0 ? o->trail : 1,
		    &found, err))
		return false;
	if (found)
		return true;
	if (o->session != 0)
		return err_set(err, ERR_USAGE, "there is no trail %lld.%lld",
			(long long)o->session, (long long)o->trail);
	/* Not each session has a trail: the first one that there is. */
	gather_forget(g);
	g->last_seq = 0;
	return gather_read(g, NULL, err) &&
	       (g->trails.n > 0 || err_set(err, ERR_USAGE, "the case has no trail"));
}

static bool take_hops(struct pick *p, const struct trail *t, int64_t only, struct err *err)
{
	if (only > (int64_t)t->n_hops)
		return err_set(err, ERR_USAGE, "trail %lld.%zu has no hop %lld",
			(long long)t->session, t->number, (long long)only);
	for (size_t i = 0; i < t->n_hops; i++) {
		const struct model_exchange *x = t->hops[i].exchange;
		if (x == NULL || (only != 0 && (int64_t)i + 1 != only))
			continue;
		struct hop hop = {x->id, x->tunnel, x->leg};
		ARENA_PUSH(p->a, p->hops, p->n_hops, hop);
	}
	p->session = t->session;
	return p->n_hops > 0 ||
	       err_set(err, ERR_USAGE,
		       "what was asked for never went over the wire: there is no fact of it");
}

/* ---- their facts ---- */

static bool is_exchange(const struct pick *p, int64_t id)
{
	for (size_t i = 0; i < p->n_hops; i++)
		if (p->hops[i].exchange == id)
			return true;
	return false;
}

/* A connection to a plain proxy may have had legs to several origins. */
static bool is_leg(const struct pick *p, int64_t tunnel, int64_t leg)
{
	for (size_t i = 0; i < p->n_hops; i++) {
		const struct hop *x = &p->hops[i];
		if (x->tunnel == tunnel && tunnel != FACT_NULL &&
			(leg == LEG_BROWSER || leg == FACT_NULL || x->leg == FACT_NULL ||
				x->leg == leg))
			return true;
	}
	return false;
}

static void take(struct pick *p, int64_t seq)
{
	ARENA_PUSH(p->a, p->seqs.list, p->seqs.n, seq);
}

static void take_certificate(struct pick *p, int64_t seq, const struct fact_certificate *f)
{
	struct certificate c = {.seq = seq};
	if (f->sha256.p == NULL || f->sha256.n != sizeof c.sha256)
		return;
	memcpy(c.sha256, f->sha256.p, sizeof c.sha256);
	ARENA_PUSH(p->a, p->certificates, p->n_certificates, c);
}

static void want_certificates(struct pick *p, const struct fact_handshake *f)
{
	for (size_t at = 0; f->certs.p != NULL && at + SHA256_LEN <= f->certs.n;
		at += SHA256_LEN) {
		struct certificate c = {.seq = 0};
		memcpy(c.sha256, f->certs.p + at, sizeof c.sha256);
		ARENA_PUSH(p->a, p->wanted, p->n_wanted, c);
	}
}

static void take_chunk(struct pick *p, int64_t seq, const struct fact_chunk *f)
{
	if (!is_exchange(p, f->exchange) || f->side != SIDE_RESPONSE)
		return;
	take(p, seq);
	if (f->same_as != FACT_NULL)
		take(p, f->same_as); /* the bytes are there */
}

static bool is_wanted(struct pick *p, enum fact_kind kind, const void *fact)
{
#define AS(lower) ((const struct fact_##lower *)fact)
	switch (kind) {
	case FACT_KIND_SESSION: return p->whole && AS(session)->session == p->session;
	case FACT_KIND_SESSION_END: return p->whole && AS(session_end)->session == p->session;
	case FACT_KIND_CLOSE:
	case FACT_KIND_ERASURE: return p->whole;
	case FACT_KIND_TUNNEL: return is_leg(p, AS(tunnel)->tunnel, FACT_NULL);
	case FACT_KIND_CONNECT: return is_leg(p, AS(connect)->tunnel, FACT_NULL);
	case FACT_KIND_DNS: return is_leg(p, AS(dns)->tunnel, AS(dns)->leg);
	case FACT_KIND_LEG: return is_leg(p, AS(leg)->tunnel, AS(leg)->leg);
	case FACT_KIND_HELLO: return is_leg(p, AS(hello)->tunnel, AS(hello)->leg);
	case FACT_KIND_HANDSHAKE: return is_leg(p, AS(handshake)->tunnel, AS(handshake)->leg);
	case FACT_KIND_REQUEST: return is_exchange(p, AS(request)->exchange);
	case FACT_KIND_INTERIM: return is_exchange(p, AS(interim)->exchange);
	case FACT_KIND_RESPONSE: return is_exchange(p, AS(response)->exchange);
	case FACT_KIND_EXCHANGE_END: return is_exchange(p, AS(exchange_end)->exchange);
	case FACT_KIND_CERTIFICATE:
	case FACT_KIND_CHUNK:
	case FACT_KIND_OPAQUE:
	case FACT_KIND_LEG_END:
	case FACT_KIND_TUNNEL_END:
	case FACT_KIND_NOTE:
	case FACT_KIND_H2_FRAME:
	case FACT_KIND_CUSTODY:
	case FACT_KIND_LOOKUP:
	case FACT_KIND_ATTACHMENT:
	case FACT_KIND_CAPTURE:
	case FACT_KIND_PACKET_FILE:
	case FACT_KIND_FLOW:
	case FACT_KIND_FLOW_TLS:
	case FACT_KIND_FLOW_PLAIN:
	case FACT_KIND_FLOW_EXCHANGE:
	case FACT_KIND_PACKET_DNS:
	case FACT_KIND_STRAY:
	case FACT_KIND_REMARK:
	case FACT_KIND_COUNT: break;
	}
	return false;
#undef AS
}

static bool pick_fact(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct pick *p = ctx;
	if (kind == FACT_KIND_CERTIFICATE)
		take_certificate(p, seq, fact);
	if (kind == FACT_KIND_CHUNK)
		take_chunk(p, seq, fact);
	if (!is_wanted(p, kind, fact))
		return true;
	take(p, seq);
	if (kind == FACT_KIND_HANDSHAKE)
		want_certificates(p, fact);
	return true;
}

static void pick_certificates(struct pick *p)
{
	for (size_t w = 0; w < p->n_wanted; w++)
		for (size_t i = 0; i < p->n_certificates; i++)
			if (memcmp(p->wanted[w].sha256, p->certificates[i].sha256,
				    SHA256_LEN) == 0)
				take(p, p->certificates[i].seq);
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void sort(struct bundle_seqs *s)
{
	size_t n = 0;
	if (s->n > 0)
		qsort(s->list, s->n, sizeof *s->list, by_number);
	for (size_t i = 0; i < s->n; i++)
		if (n == 0 || s->list[n - 1] != s->list[i])
			s->list[n++] = s->list[i];
	s->n = n;
}

bool bundle_pick(struct gather *g, const struct bundle_order *o, struct arena *a,
	struct bundle_seqs *out, struct err *err)
{
	struct pick p = {.a = a, .whole = o->hop == 0};
	size_t at;
	bool ok = find_trail(g, o, &at, err) &&
		  take_hops(&p, &g->trails.trails[at], o->hop, err) &&
		  case_facts(g->file, 0, 0, pick_fact, &p, err);
	if (ok) {
		pick_certificates(&p);
		sort(&p.seqs);
		*out = p.seqs;
	}
	return ok;
}
