#include "store/derive/same.h"
#include "store/base/err.h"
#include "store/derive/url.h"
#include "store/base/codec.h"
#include "store/base/hash.h"

/* One comparison under way. */
struct comparing {
	const struct model *model; /* of the recorded side */
	const struct trail *recorded, *replayed;
	const struct same_allowance *allowances;
	size_t n_allowances;
	struct arena *a;
	struct same *out;
	size_t compared; /* hops of the recorded trail that may be compared */
	size_t needed;   /* hops that the replay must have at least */
};

static struct same_difference *differ(struct comparing *c, size_t hop, enum same_what what,
	enum same_weight weight, struct span recorded, struct span replayed)
{
	struct same *s = c->out;
	s->counts[weight]++;
	if (weight == SAME_PARTS && hop > 0 && s->parted_at == 0)
		s->parted_at = hop;
	if (s->n_differences == SAME_DIFFERENCES_MAX)
		return NULL;
	ARENA_PUSH(c->a, s->differences, s->n_differences,
		(struct same_difference){.hop = hop,
			.what = what,
			.weight = weight,
			.recorded = recorded,
			.replayed = replayed,
			.rule = SPAN_NONE,
			.text = SPAN_NONE});
	return &s->differences[s->n_differences - 1];
}

static struct span number(struct comparing *c, int64_t v)
{
	return v == FACT_NULL ? SPAN_NONE : span_str(arena_printf(c->a, "%lld", (long long)v));
}

static void differ_words(struct comparing *c, size_t hop, enum same_what what,
	enum same_weight weight, const char *recorded, const char *replayed)
{
	differ(c, hop, what, weight, span_str(recorded), span_str(replayed));
}

/* ---- addresses ---- */

static struct span fragment_of(struct span href)
{
	return span_from(href, url_no_fragment(href).n);
}

/* What a rule may excuse: never another server. */
static bool same_origin(struct span a, struct span b)
{
	struct arena scratch = {0};
	struct url x, y;
	bool same = url_parse(&scratch, NULL, a, &x) && url_parse(&scratch, NULL, b, &y) &&
		    url_same_origin(&x, &y);
	arena_fini(&scratch);
	return same;
}

/* That a request was found by a rule says nothing of a hop that is another request's. */
static bool answered_by(
	const struct comparing *c, const struct same_allowance *rule, const struct trail_hop *x)
{
	const struct model_exchange *by = model_exchange(c->model, rule->matched);
	return x->exchange != NULL && by != NULL && by->request != NULL &&
	       (by == x->exchange || span_eq(by->request->url, x->url));
}

static const struct same_allowance *allowance_of(
	const struct comparing *c, const struct trail_hop *x, const struct trail_hop *y)
{
	for (size_t i = 0; y->exchange != NULL && i < c->n_allowances; i++)
		if (c->allowances[i].exchange == y->exchange->id)
			return answered_by(c, &c->allowances[i], x) ? &c->allowances[i] : NULL;
	return NULL;
}

/* "http://x" and "https://x". */
static bool upgraded(struct span from, struct span to)
{
	return span_starts(from, "http:") && span_starts(to, "https:") &&
	       span_eq(span_from(from, 4), span_from(to, 5));
}

/* An address that the browser upgraded was never asked for: what was matched is the next hop's.
 */
static const struct same_allowance *allowance_at(const struct comparing *c, size_t i)
{
	const struct trail_hop *x = &c->recorded->hops[i], *y = &c->replayed->hops[i];
	const struct same_allowance *found = allowance_of(c, x, y);
	if (found != NULL || y->on_wire || i + 1 >= c->recorded->n_hops ||
		i + 1 >= c->replayed->n_hops || !upgraded(x->url, x[1].url) ||
		!upgraded(y->url, y[1].url))
		return found;
	return allowance_of(c, &x[1], &y[1]);
}

static void compare_url(struct comparing *c, size_t i)
{
	const struct trail_hop *x = &c->recorded->hops[i], *y = &c->replayed->hops[i];
	if (span_eq(x->url, y->url) || trail_url_erased(x->url))
		return;
	if (span_eq(fragment_of(x->url), fragment_of(y->url)) && url_same(x->url, y->url)) {
		differ(c, i + 1, SAME_SPELLING_DIFFERS, SAME_TOLD, x->url, y->url);
		return;
	}
	const struct same_allowance *rule = allowance_at(c, i);
	if (rule != NULL && !same_origin(x->url, y->url))
		rule = NULL;
	struct same_difference *d = differ(c, i + 1, SAME_URL_DIFFERS,
		rule != NULL ? SAME_ALLOWED : SAME_PARTS, x->url, y->url);
	if (d == NULL || rule == NULL)
		return;
	d->rule = rule->rule;
	d->text = rule->text;
}

/* ---- answers ---- */

static bool ours(const struct model_exchange *x)
{
	return x->response != NULL && span_is(x->response->made_by, "clicktrail");
}

/* All bytes of the answer passed, and their digest is known; of no bytes there is none. */
static bool passed_whole(const struct model_exchange *x)
{
	return x->response != NULL && x->end != NULL && span_is(x->end->reason, "ok") &&
	       (x->end->res_size == 0 ||
		       (x->end->res_size != FACT_NULL && x->end->res_sha256.n == SHA256_LEN));
}

/* A replay can give what is stored, no more. */
static bool stored_whole(const struct model_exchange *x)
{
	return x->end != NULL && !x->cues_erased &&
	       (x->end->res_size == FACT_NULL ||
		       (x->end->res_stored == x->end->res_size &&
			       (x->end->res_size == 0 || x->end->res_sha256.p != NULL)));
}

/* The record says that it has all of this answer, and what it has could not be given again: it
 * contradicts itself, and was not shown to lead anywhere. */
static bool lacks(const struct model_exchange *x, const struct model_exchange *y)
{
	return passed_whole(x) && stored_whole(x) &&
	       span_is(y->end->reason, err_word(ERR_NOT_REPLAYABLE));
}

static void compare_bodies(struct comparing *c, size_t hop, const struct model_exchange *x,
	const struct model_exchange *y)
{
	/* Our own pages tell of a fault in today's words. */
	if (x->response == NULL || y->response == NULL || (ours(x) && ours(y)))
		return;
	if (!passed_whole(x) || !stored_whole(x) || !passed_whole(y)) {
		c->out->bodies_open++;
		return;
	}
	c->out->bodies++;
	if (x->end->res_size != y->end->res_size)
		differ(c, hop, SAME_SIZE_DIFFERS, SAME_PARTS, number(c, x->end->res_size),
			number(c, y->end->res_size));
	if (x->end->res_size > 0 && y->end->res_size > 0 &&
		!span_eq(x->end->res_sha256, y->end->res_sha256))
		differ_words(c, hop, SAME_BODY_DIFFERS, SAME_PARTS,
			hex_str(c->a, x->end->res_sha256), hex_str(c->a, y->end->res_sha256));
}

static void compare_answers(struct comparing *c, size_t hop, const struct model_exchange *x,
	const struct model_exchange *y)
{
	if (x->response != NULL && y->response != NULL) {
		if (ours(x) != ours(y))
			differ(c, hop, SAME_MADE_BY_DIFFERS, SAME_PARTS, x->response->made_by,
				y->response->made_by);
		struct span a = model_response_header(x, "content-type");
		struct span b = model_response_header(y, "content-type");
		if ((a.p == NULL) != (b.p == NULL) || !span_eq(a, b))
			differ(c, hop, SAME_TYPE_DIFFERS, SAME_PARTS, a, b);
	}
	/* A browser that is sent on may drop what is left of a page: when is not the trail's.
	 */
	if (x->end != NULL && y->end != NULL && !span_eq(x->end->reason, y->end->reason))
		differ(c, hop, SAME_EXCHANGE_END_DIFFERS, lacks(x, y) ? SAME_PARTS : SAME_TOLD,
			x->end->reason, y->end->reason);
	compare_bodies(c, hop, x, y);
}

/* ---- hops ---- */

static const struct fact_session *session_of(const struct model *m, int64_t session)
{
	for (size_t i = 0; i < m->n_sessions; i++)
		if (m->sessions[i]->session == session)
			return m->sessions[i];
	return NULL;
}

static bool traced(const struct comparing *c)
{
	const struct fact_session *s = session_of(c->model, c->recorded->session);
	return s != NULL && span_is(s->command, "trace");
}

/* False: the two go different ways from here. */
static bool compare_hop(struct comparing *c, size_t i)
{
	const struct trail_hop *x = &c->recorded->hops[i], *y = &c->replayed->hops[i];
	size_t hop = i + 1;
	compare_url(c, i);
	if (!span_eq(x->method, y->method))
		differ(c, hop, SAME_METHOD_DIFFERS, SAME_PARTS, x->method, y->method);
	if (x->on_wire != y->on_wire)
		differ_words(c, hop, SAME_ON_WIRE_DIFFERS, SAME_PARTS,
			x->on_wire ? "yes" : "no", y->on_wire ? "yes" : "no");
	bool together = c->out->parted_at != hop;
	/* At a proxy, a person began the trail; a replay opens the link in his place. */
	if (x->mechanism != y->mechanism)
		differ_words(c, hop, SAME_MECHANISM_DIFFERS,
			hop > 1 || traced(c) ? SAME_PARTS : SAME_TOLD,
			mechanism_word(x->mechanism), mechanism_word(y->mechanism));
	else if (x->confidence != y->confidence)
		differ_words(c, hop, SAME_CONFIDENCE_DIFFERS, SAME_TOLD,
			confidence_word(x->confidence), confidence_word(y->confidence));
	/* What had no answer yet when the recording was cut off may have any. */
	bool open = x->exchange != NULL && x->exchange->end == NULL;
	if (x->status != y->status && (!open || x->status != FACT_NULL))
		differ(c, hop, SAME_STATUS_DIFFERS, SAME_PARTS, number(c, x->status),
			number(c, y->status));
	if (x->exchange != NULL && y->exchange != NULL)
		compare_answers(c, hop, x->exchange, y->exchange);
	return together;
}

/* ---- how far it was recorded ---- */

static const struct fact_session_end *session_end_of(const struct model *m, int64_t session)
{
	for (size_t i = 0; i < m->n_session_ends; i++)
		if (m->session_ends[i]->session == session)
			return m->session_ends[i];
	return NULL;
}

static void limit(struct comparing *c, enum same_limit why, size_t hop)
{
	c->out->limit = why;
	c->out->limit_hop = hop;
}

/* A trace that has no end was killed: there may have been more to come. Of a session with many
 * trails, that is so of the last one alone, and its exchanges show it. */
static bool killed(const struct comparing *c)
{
	return traced(c) && session_end_of(c->model, c->recorded->session) == NULL;
}

static void find_limit(struct comparing *c)
{
	const struct trail *t = c->recorded;
	c->compared = c->needed = t->n_hops;
	for (size_t i = 0; i < t->n_hops; i++) {
		const struct trail_hop *h = &t->hops[i];
		bool erased = trail_url_erased(h->url);
		if (!erased && (h->exchange == NULL || h->exchange->end != NULL))
			continue;
		limit(c, erased ? SAME_LIMIT_ERASED : SAME_LIMIT_CUT_OFF, i + 1);
		/* Where an address was erased, so was what led there. */
		c->needed = erased ? i : i + 1;
		c->compared = i + 1;
		return;
	}
	if (killed(c))
		limit(c, SAME_LIMIT_KILLED, t->n_hops);
	else if (t->ended_by == ENDED_TIMEOUT || t->ended_by == ENDED_CLOSED)
		limit(c, SAME_LIMIT_STOPPED, t->n_hops);
	/* Neither came to an end in its time: how far each came is the clock's doing. */
	if (t->ended_by == ENDED_TIMEOUT && c->replayed->ended_by == ENDED_TIMEOUT &&
		c->replayed->n_hops < t->n_hops)
		c->needed = c->out->limit_hop = c->replayed->n_hops;
}

/* Is the browser moved on by the body of hop i, or is it the last page? */
static bool body_matters(const struct trail *t, size_t i)
{
	if (i + 1 == t->n_hops)
		return true;
	switch (t->hops[i + 1].mechanism) {
	case MECHANISM_OPEN:
	case MECHANISM_HTTP_REDIRECT:
	case MECHANISM_REFRESH_HEADER:
	case MECHANISM_HSTS_UPGRADE:
	case MECHANISM_HTTPS_FIRST:
	case MECHANISM_USER:
	case MECHANISM_CACHED_REDIRECT: return false;
	case MECHANISM_META_REFRESH:
	case MECHANISM_SCRIPT:
	case MECHANISM_FORM:
	case MECHANISM_FRAME:
	case MECHANISM_WINDOW:
	case MECHANISM_SERVICE_WORKER:
	case MECHANISM_HISTORY:
	case MECHANISM_LOCAL_DOCUMENT:
	case MECHANISM_HANDOFF:
	case MECHANISM_UNKNOWN:
	case MECHANISM_COUNT: break;
	}
	return true;
}

/* The replay went no further than a page whose body is not there to be served. */
static void find_body_limit(struct comparing *c)
{
	size_t last = c->replayed->n_hops;
	if (c->out->limit != SAME_LIMIT_NONE || last > c->recorded->n_hops)
		return;
	const struct model_exchange *x = c->recorded->hops[last - 1].exchange;
	if (x == NULL || stored_whole(x) || !body_matters(c->recorded, last - 1))
		return;
	limit(c, SAME_LIMIT_BODY, last);
	c->needed = last;
}

/* ---- the trails ---- */

/* The hop, from 0, that a final URL is of. */
static size_t final_hop(const struct trail *t)
{
	for (size_t i = t->n_hops; i > 0; i--)
		if (span_eq(t->hops[i - 1].url, t->final_url))
			return i - 1;
	return SIZE_MAX;
}

static bool ends_in_handoff_hop(const struct trail *t)
{
	return t->hops[t->n_hops - 1].mechanism == MECHANISM_HANDOFF;
}

static void compare_ends(struct comparing *c)
{
	const struct trail *x = c->recorded, *y = c->replayed;
	const struct span none = SPAN_NONE;
	bool limited = c->out->limit != SAME_LIMIT_NONE;
	enum same_weight weight = limited ? SAME_TOLD : SAME_PARTS;
	if (y->n_hops < c->needed)
		differ(c, y->n_hops + 1, SAME_MISSING_DIFFERS, SAME_PARTS,
			x->hops[y->n_hops].url, none);
	else if (y->n_hops > c->compared)
		differ(c, c->compared + 1, SAME_EXTRA_DIFFERS, weight, none,
			y->hops[c->compared].url);
	if (x->ended_by != y->ended_by)
		differ_words(c, 0, SAME_END_DIFFERS, weight, trail_end_word(x->ended_by),
			trail_end_word(y->ended_by));
	/* The last hop's address is compared already, and differs by rule at most. */
	if (!limited && !span_eq(x->final_url, y->final_url) &&
		(final_hop(x) != final_hop(y) || final_hop(x) >= c->out->hops))
		differ(c, 0, SAME_FINAL_DIFFERS, SAME_PARTS, x->final_url, y->final_url);
	if (!limited && !span_eq(x->handoff_url, y->handoff_url) &&
		!(ends_in_handoff_hop(x) && ends_in_handoff_hop(y)))
		differ(c, 0, SAME_HANDOFF_DIFFERS, SAME_PARTS, x->handoff_url, y->handoff_url);
}

/* A replay that was itself cut off has shown no end; what it did show counts. */
static bool replay_cut(const struct same_side *replayed, const struct same *s)
{
	const struct fact_session_end *end =
		session_end_of(replayed->model, replayed->trail->session);
	bool parted = s->parted_at > 0 && s->parted_at <= s->hops;
	return (end == NULL || end->complete != 1) && !parted;
}

static enum same_verdict judge(const struct same *s)
{
	return s->counts[SAME_PARTS] > 0     ? SAME_VERDICT_PARTED
	       : s->counts[SAME_ALLOWED] > 0 ? SAME_VERDICT_BUT
					     : SAME_VERDICT_SAME;
}

void same_compare(const struct same_side *recorded, const struct same_side *replayed,
	const struct same_allowance *allowances, size_t n, struct arena *a, struct same *out)
{
	struct comparing c = {.model = recorded->model,
		.recorded = recorded->trail,
		.replayed = replayed->trail,
		.allowances = allowances,
		.n_allowances = n,
		.a = a,
		.out = out};
	*out = (struct same){.verdict = SAME_VERDICT_NOT_COMPARED};
	out->recorded = c.recorded != NULL ? c.recorded->n_hops : 0;
	out->replayed = c.replayed != NULL ? c.replayed->n_hops : 0;
	if (out->recorded == 0)
		out->why = SAME_WHY_NO_TRAIL;
	else if (out->replayed == 0)
		out->why = SAME_WHY_NOT_WALKED;
	if (out->why != SAME_WHY_NONE)
		return;
	find_limit(&c);
	bool together = true;
	while (together && out->hops < c.compared && out->hops < out->replayed)
		together = compare_hop(&c, out->hops++);
	find_body_limit(&c);
	compare_ends(&c);
	if (replay_cut(replayed, out))
		out->why = SAME_WHY_REPLAY_CUT;
	else
		out->verdict = judge(out);
}
