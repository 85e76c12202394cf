/* A case and its companion, tunnel by tunnel. */
#include "ui/report/compared_parts.h"
#include "store/base/clock.h"

#include <stdlib.h>
#include <unistd.h>

enum { LEGS_MAX = 4096 }; /* of one tunnel, whose exchanges are looked at */

/* ---- small things ---- */

static bool give(void *ctx, const struct verdict *v)
{
	struct compared_work *w = ctx;
	struct verdict said = *v;
	if (w->only != 0 && v->session != FACT_NULL && v->session != w->only)
		return true;
	compared_keys_gone(w, &said);
	compared_gone_hide(w, &said);
	w->counts->of[said.kind]++;
	return w->each(w->ctx, &said);
}

void compared_about(struct compared_work *w, int64_t session, int64_t tunnel, int64_t leg)
{
	const struct compared_session *s = compared_session(w, session);
	w->to.missing = NULL;
	w->to.drift_us = s != NULL ? s->drift_us : 0;
	w->to.about = (struct verdict){.session = session,
		.tunnel = tunnel,
		.leg = leg,
		.exchange = FACT_NULL,
		.flow = FACT_NULL,
		.packet = FACT_NULL};
}

bool compared_fetch(struct case_file *c, const struct compared_entry *const *of, size_t n,
	struct arena *a, void **out, struct err *err)
{
	struct case_wanted wanted[COMPARED_BATCH * 3];
	for (size_t i = 0; i < n; i++)
		wanted[i] = (struct case_wanted){of[i]->kind, of[i]->seq};
	return case_fetch(c, wanted, n, a, out, err);
}

struct span compared_file_name(const struct compared_work *w, int64_t file)
{
	struct compared_range r = compared_find(&w->files, file);
	return r.n > 0 ? w->read[r.p->seq]->name : SPAN_NONE;
}

static const char *at_time(struct compared_work *w, int64_t us)
{
	char text[CLOCK_TEXT_MAX] = "an unknown time";
	if (us != FACT_NULL)
		clock_text(us, text);
	return arena_printf(&w->scratch, "%s", text);
}

/* Why packets may be missing anywhere in what was recorded; NULL: none were dropped. */
static const char *dropped(struct arena *a, const struct compared_side *r, const char *of)
{
	int64_t n = r->file->dropped;
	if (n == FACT_NULL && r->ended != NULL)
		n = r->ended->dropped;
	if (n == FACT_NULL || n <= 0)
		return NULL;
	return arena_printf(a,
		"%lld packets of the %s's side were dropped before the recorder had them",
		(long long)n, of);
}

const char *compared_unseen(struct compared_work *w, const struct compared_session *s,
	enum capture_side side, int64_t at_us)
{
	const struct compared_side *r = s != NULL ? &s->sides[side] : NULL;
	const char *of = capture_side_word(side);
	if (r == NULL || (!r->told && r->file == NULL))
		return arena_printf(
			&w->scratch, "no packets were recorded on the %s's side", of);
	if (r->failed)
		return arena_printf(&w->scratch,
			"the recorder of the %s's side could not begin: %.*s", of,
			(int)r->detail.n, (const char *)r->detail.p);
	if (r->started_us != FACT_NULL && at_us != FACT_NULL && at_us < r->started_us)
		return arena_printf(&w->scratch, "the recorder of the %s's side began at %s",
			of, at_time(w, r->started_us));
	if (r->lost &&
		(at_us == FACT_NULL || at_us > compared_plus(r->over_us, -COMPARE_LATE_US)))
		return arena_printf(&w->scratch,
			"the recorder of the %s's side ended by itself at %s: %.*s", of,
			at_time(w, r->over_us), (int)r->detail.n, (const char *)r->detail.p);
	if (r->file == NULL)
		return arena_printf(
			&w->scratch, "the packet file of the %s's side was not read", of);
	if (!span_is(r->file->outcome, "ok"))
		return arena_printf(&w->scratch,
			"the packet file of the %s's side could not be read to its end", of);
	return dropped(&w->scratch, r, of);
}

const char *compared_missing(
	struct compared_work *w, struct compared_session *s, enum capture_side side)
{
	struct compared_side *r = s != NULL ? &s->sides[side] : NULL;
	if (r == NULL || r->file == NULL)
		return NULL;
	if (r->missing == NULL)
		r->missing = dropped(&w->arena, r, capture_side_word(side));
	if (r->missing == NULL && (r->lost || !span_is(r->file->outcome, "ok")))
		r->missing = "not all of its packets were recorded";
	return r->missing;
}

bool compared_whole(const struct fact_flow *f)
{
	return span_is(f->ended, flow_ended_word(FLOW_ENDED_FIN)) && f->up_lost == 0 &&
	       f->down_lost == 0 && f->detail.p == NULL;
}

bool compared_absent(const struct compared_session *s, enum capture_side side)
{
	const struct compared_side *r = s != NULL ? &s->sides[side] : NULL;
	return r == NULL || (r->file == NULL && (!r->told || r->failed));
}

/* ---- one leg ---- */

/* What belongs to it, by kind; the first of each counts. */
struct leg_facts {
	void *none; /* so that no place is 0 */
	struct fact_tunnel *tunnel;
	struct fact_connect *connect;
	struct fact_leg *leg;
	struct fact_hello *hello;
	struct fact_handshake *handshake;
	struct fact_leg_end *end;
	struct fact_opaque *opaque;
	struct fact_dns *dns;
	struct fact_flow *flow;
	struct fact_flow_tls *tls;
	struct fact_flow_plain *plain;
	struct span target; /* of a tunnel: what its packets asked for */
};

/* Where in leg_facts a fact of that kind goes; 0: nowhere. */
static size_t place_of(enum fact_kind kind)
{
	static const struct {
		enum fact_kind kind;
		size_t at;
	} places[] = {
		{FACT_KIND_TUNNEL, offsetof(struct leg_facts, tunnel)},
		{FACT_KIND_CONNECT, offsetof(struct leg_facts, connect)},
		{FACT_KIND_LEG, offsetof(struct leg_facts, leg)},
		{FACT_KIND_HELLO, offsetof(struct leg_facts, hello)},
		{FACT_KIND_HANDSHAKE, offsetof(struct leg_facts, handshake)},
		{FACT_KIND_LEG_END, offsetof(struct leg_facts, end)},
		{FACT_KIND_OPAQUE, offsetof(struct leg_facts, opaque)},
		{FACT_KIND_DNS, offsetof(struct leg_facts, dns)},
		{FACT_KIND_FLOW, offsetof(struct leg_facts, flow)},
		{FACT_KIND_FLOW_TLS, offsetof(struct leg_facts, tls)},
		{FACT_KIND_FLOW_PLAIN, offsetof(struct leg_facts, plain)},
	};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (places[i].kind == kind)
			return places[i].at;
	return 0;
}

static bool fetch_kinds(struct compared_work *w, struct case_file *c,
	struct compared_range from, struct leg_facts *out, struct err *err)
{
	const struct compared_entry *of[12] = {NULL};
	void *facts[12];
	size_t n = 0;
	bool have[FACT_KIND_COUNT] = {false};
	for (size_t i = 0; i < from.n && n < sizeof of / sizeof *of; i++) {
		enum fact_kind kind = from.p[i].kind;
		if (place_of(kind) == 0 || have[kind])
			continue;
		have[kind] = true;
		of[n++] = &from.p[i];
	}
	if (!compared_fetch(c, of, n, &w->scratch, facts, err))
		return false;
	for (size_t i = 0; i < n; i++)
		memcpy((uint8_t *)out + place_of(of[i]->kind), &facts[i], sizeof facts[i]);
	return true;
}

static bool fetch_flow(struct compared_work *w, const struct compared_flow *f,
	struct leg_facts *out, struct err *err)
{
	const struct compared_entry flow = {.seq = f->seq, .kind = FACT_KIND_FLOW};
	return fetch_kinds(w, w->companion, (struct compared_range){&flow, 1}, out, err) &&
	       fetch_kinds(w, w->companion, compared_find(&w->in_flows, f->flow), out, err);
}

static struct compare_leg to_compare(const struct leg_facts *f, bool browser)
{
	return (struct compare_leg){.tunnel = browser ? f->tunnel : NULL,
		.connect = browser ? f->connect : NULL,
		.origin = browser ? NULL : f->leg,
		.hello = f->hello,
		.handshake = f->handshake,
		.end = f->end,
		.opaque = f->opaque,
		.flow = f->flow,
		.tls = f->tls,
		.plain = f->plain};
}

static bool say_leg(struct compared_work *w, struct compared_session *s, struct leg_facts *f,
	enum capture_side side, int64_t leg, int64_t at_us, struct compared_carrier *out,
	struct err *err)
{
	struct compared_ours *o =
		compared_ours_of(w, side, side == CAPTURE_BROWSER ? w->to.about.tunnel : leg);
	const struct compared_flow *flow =
		o != NULL && o->flow != COMPARED_NO_FLOW ? &w->flows[o->flow] : NULL;
	*out = (struct compared_carrier){.leg = leg, .flow = flow};
	w->counts->legs++;
	if (flow != NULL && !fetch_flow(w, flow, f, err))
		return false;
	w->to.about.leg = leg;
	w->to.about.flow = flow != NULL ? flow->flow : FACT_NULL;
	w->to.about.file = out->file =
		flow != NULL ? compared_file_name(w, flow->file) : SPAN_NONE;
	if (flow == NULL && compared_absent(s, side))
		return true;
	struct compare_leg l = to_compare(f, side == CAPTURE_BROWSER);
	l.unseen = flow == NULL ? compared_unseen(w, s, side, at_us) : NULL;
	if (f->flow != NULL && !compared_whole(f->flow))
		w->to.missing = out->missing = compared_missing(w, s, side);
	/* Without the proxy's answer to CONNECT it cannot be told what is behind it. */
	if (f->flow != NULL && f->hello != NULL && f->tls == NULL &&
		(f->flow->up_lost > 0 || f->flow->down_lost > 0))
		w->to.missing = out->missing =
			"bytes of the connection's beginning are in no packet";
	compare_leg(&w->to, &l, &out->seen);
	if (f->hello != NULL && f->tls != NULL)
		compared_hello(w, f->hello, f->tls->hello);
	if (f->handshake != NULL)
		compared_certificates(w, f->handshake->certs);
	if (f->flow == NULL) {
		out->flow = NULL;
		return true;
	}
	out->settled = span_is(f->flow->ended, flow_ended_word(FLOW_ENDED_FIN));
	out->cut = f->end == NULL || !span_is(f->end->reason, "ok");
	out->unread = f->opaque != NULL && f->opaque->exchange == FACT_NULL &&
		      !span_is(f->opaque->why, "no-intercept");
	return true;
}

static bool say_origin_leg(struct compared_work *w, struct compared_session *s,
	const struct compared_entry *entry, const struct leg_facts *of_tunnel,
	struct compared_carrier *out, struct err *err)
{
	struct leg_facts f = {0};
	if (!fetch_kinds(w, w->c, compared_find(&w->legs, entry->extra), &f, err))
		return false;
	*out = (struct compared_carrier){.leg = entry->extra};
	if (f.leg == NULL)
		return true;
	if (of_tunnel->opaque != NULL && of_tunnel->opaque->leg == entry->extra &&
		of_tunnel->opaque->exchange == FACT_NULL)
		f.opaque = of_tunnel->opaque;
	w->to.about.leg = entry->extra;
	compared_leg_odd(w, of_tunnel->target, f.leg, f.dns,
		f.hello != NULL ? f.hello->tunnel : FACT_NULL,
		f.handshake != NULL ? f.handshake->tunnel : FACT_NULL,
		f.end != NULL ? f.end->tunnel : FACT_NULL);
	bool reached = f.leg->local_port != FACT_NULL;
	bool absent = compared_absent(s, CAPTURE_ORIGIN);
	if (!absent && ((f.dns != NULL && span_is(f.dns->source, "dns") &&
				!compared_dns(w, s, f.dns, err)) ||
			       !compared_attempts(w, s, f.leg, reached, err)))
		return false;
	if (!reached)
		return true;
	return say_leg(w, s, &f, CAPTURE_ORIGIN, entry->extra, f.leg->at_us, out, err);
}

/* ---- one tunnel ---- */

static void say_left_out(struct compared_work *w)
{
	compare_say(&w->to, VERDICT_UNSEEN, VERDICT_OF_EXCHANGE, FACT_NULL, SPAN_NONE,
		SPAN_NONE,
		arena_printf(&w->scratch,
			"its tunnel has more than %d connections: what exchanges this one had "
			"was not compared",
			LEGS_MAX));
}

static bool say_tunnel(struct compared_work *w, const struct compared_ours *o, struct err *err)
{
	struct compared_session *s = compared_session(w, o->session);
	struct compared_range all = compared_find(&w->tunnels, o->id);
	struct leg_facts f = {0};
	struct compared_carrier *carriers = NULL, one;
	size_t n = 0;
	arena_reset(&w->scratch);
	w->counts->tunnels++;
	compared_about(w, o->session, o->id, LEG_BROWSER);
	if (!fetch_kinds(w, w->c, all, &f, err))
		return false;
	if (f.tunnel == NULL)
		return true;
	struct arena kept = {0};
	bool plain = f.connect == NULL || !span_is(f.connect->kind, "connect");
	struct leg_facts browser = f;
	browser.leg = NULL;
	if (f.opaque != NULL && f.opaque->exchange != FACT_NULL)
		browser.opaque = NULL;
	struct arena of_tunnel = w->scratch; /* the tunnel's own facts outlive its legs' */
	w->scratch = (struct arena){0};
	bool ok = say_leg(w, s, &browser, CAPTURE_BROWSER, LEG_BROWSER, o->at_us, &one, err);
	if (ok && one.flow != NULL)
		ARENA_PUSH(&kept, carriers, n, one);
	if (ok && browser.flow != NULL)
		f.target = arena_copy(&kept, browser.flow->target);
	for (size_t i = 0; ok && i < all.n && !w->to.stopped; i++) {
		if (all.p[i].kind != FACT_KIND_LEG)
			continue;
		arena_reset(&w->scratch);
		compared_about(w, o->session, o->id, LEG_BROWSER);
		ok = say_origin_leg(w, s, &all.p[i], &f, &one, err);
		if (ok && one.flow != NULL && n < LEGS_MAX)
			ARENA_PUSH(&kept, carriers, n, one);
		else if (ok && one.flow != NULL)
			say_left_out(w);
	}
	compared_about(w, o->session, o->id, LEG_BROWSER);
	ok = ok && compared_exchanges(w, s, o->id, plain, carriers, n, err);
	arena_fini(&kept);
	arena_fini(&of_tunnel);
	return ok;
}

/* ---- all of it ---- */

static bool say_all(struct compared_work *w, struct err *err)
{
	bool ok = true;
	w->counts->flows = w->n_flows;
	compared_files(w);
	compared_absent_sides(w);
	if (!compared_odd(w, err))
		return false;
	for (size_t i = 0; ok && i < w->n_ours && !w->to.stopped; i++)
		if (w->ours[i].side == CAPTURE_BROWSER &&
			(w->only == 0 || w->ours[i].session == w->only) &&
			compared_watched(compared_session(w, w->ours[i].session)))
			ok = say_tunnel(w, &w->ours[i], err);
	return ok && compared_flows(w, err) && compared_strays(w, err);
}

static bool begin(
	struct compared_work *w, struct case_file *c, const char *companion, struct err *err)
{
	struct case_about of_case;
	w->c = c;
	if (!case_about(c, &of_case, err))
		return false;
	w->id = arena_copy(&w->arena, of_case.id);
	w->companion = case_open(companion, err);
	return w->companion != NULL && compared_load(w, err);
}

bool compared_walk_to(struct case_file *c, const char *companion, int64_t only,
	struct compared_work *w, compared_fn *each, void *ctx, struct compared_counts *counts,
	struct err *err)
{
	*w = (struct compared_work){.only = only};
	w->counts = counts;
	*w->counts = (struct compared_counts){0};
	w->run = w->reading = w->at_us = FACT_NULL;
	w->each = each;
	w->ctx = ctx;
	w->to = (struct compare_to){.each = give, .ctx = w, .arena = &w->scratch};
	if (access(companion, F_OK) != 0)
		return true;
	if (!begin(w, c, companion, err))
		return false;
	if (w->run == FACT_NULL)
		return true;
	compared_match(w);
	/* From here on many single facts and bodies are asked for. */
	case_hold(w->c);
	case_hold(w->companion);
	return say_all(w, err);
}

void compared_walk_done(struct compared_work *w)
{
	if (w->c != NULL)
		case_rest(w->c);
	case_close(w->companion);
	compared_unload(w);
}

bool compared_walk(struct case_file *c, const char *companion, int64_t session,
	compared_fn *each, void *ctx, struct compared_counts *counts, struct err *err)
{
	struct compared_work w;
	bool ok = compared_walk_to(c, companion, session, &w, each, ctx, counts, err);
	compared_walk_done(&w);
	return ok;
}
