/*
 * One stored trail and its facts, without the rest of the case. The rows hold what derivation
 * found out; the facts are read anew.
 */
#include "ui/report/gather.h"
#include "store/case_pick.h"
#include "store/base/hash.h"
#include "store/derive/claim.h"

#include <jansson.h>

/* ---- stored words and JSON into a trail ---- */

static bool mechanism_of(struct span word, enum trail_mechanism *out)
{
	for (int m = 0; m < MECHANISM_COUNT; m++) {
		*out = (enum trail_mechanism)m;
		if (span_is(word, mechanism_word(*out)))
			return true;
	}
	return false;
}

static bool confidence_of(struct span word, enum trail_confidence *out)
{
	for (int c = CONFIDENCE_CERTAIN; c <= CONFIDENCE_POSSIBLE; c++) {
		*out = (enum trail_confidence)c;
		if (span_is(word, confidence_word(*out)))
			return true;
	}
	return false;
}

static bool end_of(struct span word, enum trail_end *out)
{
	for (int e = 0; e < ENDED_COUNT; e++) {
		*out = (enum trail_end)e;
		if (span_is(word, trail_end_word(*out)))
			return true;
	}
	return false;
}

static struct span text_in(struct arena *a, const json_t *object, const char *name)
{
	const json_t *v = json_object_get(object, name);
	if (!json_is_string(v))
		return SPAN_NONE;
	return arena_copy(a, span_of(json_string_value(v), json_string_length(v)));
}

static int64_t int_in(const json_t *object, const char *name)
{
	const json_t *v = json_object_get(object, name);
	return json_is_integer(v) ? json_integer_value(v) : FACT_NULL;
}

/* A stored list; NULL if it is none. */
static json_t *list_of(struct span text)
{
	json_t *list = json_loadb((const char *)text.p, text.n, JSON_ALLOW_NUL, NULL);
	if (json_is_array(list))
		return list;
	json_decref(list);
	return NULL;
}

static bool take_evidence(struct arena *a, struct span text, struct trail_hop *hop)
{
	json_t *list = list_of(text), *item;
	size_t i;
	json_array_foreach(list, i, item)
	{
		struct trail_evidence e = {.exchange = int_in(item, "exchange"),
			.signal = arena_str(a, text_in(a, item, "signal")),
			.quote = text_in(a, item, "quote"),
			.offset = int_in(item, "offset")};
		ARENA_PUSH(a, hop->evidence, hop->n_evidence, e);
	}
	bool sound = list != NULL;
	json_decref(list);
	return sound;
}

static bool take_alternatives(struct arena *a, struct span text, struct trail_hop *hop)
{
	json_t *list = list_of(text), *item;
	bool sound = list != NULL;
	size_t i;
	json_array_foreach(list, i, item)
	{
		struct trail_alternative other = {.why = arena_str(a, text_in(a, item, "why"))};
		int64_t from = int_in(item, "from_hop");
		other.from_hop = from > 0 ? (size_t)from : 0;
		sound &= mechanism_of(text_in(a, item, "mechanism"), &other.mechanism);
		ARENA_PUSH(a, hop->alternatives, hop->n_alternatives, other);
	}
	json_decref(list);
	return sound;
}

static bool take_notes(struct arena *a, struct span text, struct trail *t)
{
	json_t *list = list_of(text), *item;
	size_t i;
	json_array_foreach(list, i, item)
	{
		const char *note = arena_str(
			a, span_of(json_string_value(item), json_string_length(item)));
		ARENA_PUSH(a, t->notes, t->n_notes, note);
	}
	bool sound = list != NULL;
	json_decref(list);
	return sound;
}

static bool take_hop(struct gather *g, const struct derived_hop *row, struct trail_hop *out)
{
	*out = (struct trail_hop){.n = (size_t)row->n,
		.url = row->url,
		.method = row->method,
		.status = row->status,
		.at_us = row->at_us,
		.elapsed_us = row->elapsed_us,
		.on_wire = row->on_wire,
		.exchange = row->exchange != FACT_NULL
				    ? model_exchange(&g->model, row->exchange)
				    : NULL,
		.claimed_target = row->claimed_target};
	if (out->url.p == NULL && out->exchange != NULL && out->exchange->url_erased)
		out->url = out->exchange->request->url;
	return out->url.p != NULL && (!row->on_wire || out->exchange != NULL) &&
	       mechanism_of(row->mechanism, &out->mechanism) &&
	       confidence_of(row->confidence, &out->confidence) &&
	       take_evidence(&g->arena, row->evidence, out) &&
	       take_alternatives(&g->arena, row->alternatives, out);
}

bool gather_take(struct gather *g, const struct derived_trail *row, struct err *err)
{
	struct trail *t = arena_alloc(&g->arena, sizeof *t);
	*t = (struct trail){.session = row->session,
		.number = (size_t)row->number,
		.start_url = row->start_url,
		.final_url = row->final_url,
		.started_us = row->started_us,
		.handoff_url = row->handoff_url,
		.recording_complete = row->recording_complete,
		.n_hops = row->n_hops};
	t->hops = arena_alloc(&g->arena, row->n_hops * sizeof *t->hops);
	bool sound =
		end_of(row->ended_by, &t->ended_by) && take_notes(&g->arena, row->notes, t);
	for (size_t i = 0; sound && i < row->n_hops; i++)
		sound = take_hop(g, &row->hops[i], &t->hops[i]);
	if (sound && t->n_hops > 0 && t->start_url.p == NULL)
		t->start_url = t->hops[0].url;
	if (sound && t->n_hops > 0 && t->final_url.p == NULL)
		t->final_url = t->hops[t->n_hops - 1].url;
	if (!sound)
		return err_set(err, ERR_CASE_READ, "the stored trail %lld.%lld makes no sense",
			(long long)row->session, (long long)row->number);
	/* What links claim depends on the rules of who reads. */
	claim_read(&g->arena, g->model.wrappers, t);
	g->trails = (struct trail_set){.trails = t, .n = 1};
	return true;
}

/* ---- its facts ---- */

static bool into_model(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct gather *g = ctx;
	model_add(&g->model, kind, seq, fact);
	return true;
}

static bool attach(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct gather *g = ctx;
	const struct fact_attachment *f = fact;
	/* Those of other sessions are other trails'. */
	if (kind == FACT_KIND_ATTACHMENT &&
		(f->session == g->summary->session || f->session == FACT_NULL))
		gather_attach(&g->attached, seq, f);
	return !g->attached.more;
}

static bool read_kinds(
	struct gather *g, const enum fact_kind *kinds, size_t n, int64_t key, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!case_facts_by(g->file, kinds[i], key, into_model, g, err))
			return false;
	return true;
}

static bool read_exchange(struct gather *g, int64_t exchange, struct err *err)
{
	static const enum fact_kind kinds[] = {
		FACT_KIND_REQUEST, FACT_KIND_RESPONSE, FACT_KIND_EXCHANGE_END};
	return model_exchange(&g->model, exchange) != NULL ||
	       read_kinds(g, kinds, sizeof kinds / sizeof *kinds, exchange, err);
}

static bool read_tunnel(struct gather *g, int64_t tunnel, struct err *err)
{
	static const enum fact_kind kinds[] = {FACT_KIND_TUNNEL, FACT_KIND_CONNECT,
		FACT_KIND_DNS, FACT_KIND_LEG, FACT_KIND_HELLO, FACT_KIND_HANDSHAKE,
		FACT_KIND_TUNNEL_END};
	return model_tunnel(&g->model, tunnel) != NULL ||
	       read_kinds(g, kinds, sizeof kinds / sizeof *kinds, tunnel, err);
}

static bool read_certificates(struct gather *g, struct err *err)
{
	for (size_t i = 0; i < g->model.n_handshakes; i++) {
		struct span certs = g->model.handshakes[i]->certs;
		for (size_t at = 0; at + SHA256_LEN <= certs.n; at += SHA256_LEN)
			if (model_certificate(&g->model, span_of(certs.p + at, SHA256_LEN)) ==
					NULL &&
				!case_certificate(g->file, certs.p + at, into_model, g, err))
				return false;
	}
	return true;
}

/* Of a connection's notes, those about it and about the exchanges at hand. */
static bool take_note(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct gather *g = ctx;
	const struct fact_note *note = fact;
	if (note->exchange == FACT_NULL || model_exchange(&g->model, note->exchange) != NULL)
		model_add(&g->model, kind, seq, fact);
	return true;
}

/* Those about the session, which name no connection, and those of the hops' connections. */
static bool read_notes(struct gather *g, const struct derived_trail *row, struct err *err)
{
	if (!case_facts_by(g->file, FACT_KIND_NOTE, FACT_NULL, take_note, g, err))
		return false;
	for (size_t i = 0; i < row->n_hops; i++) {
		int64_t tunnel = row->hops[i].tunnel;
		bool seen = tunnel == FACT_NULL;
		for (size_t k = 0; k < i; k++)
			seen |= row->hops[k].tunnel == tunnel;
		if (!seen && !case_facts_by(g->file, FACT_KIND_NOTE, tunnel, take_note, g, err))
			return false;
	}
	return true;
}

static bool read_facts(struct gather *g, const struct derived_trail *row, struct err *err)
{
	if (!case_facts_of(g->file, FACT_KIND_ATTACHMENT, attach, g, err) ||
		!case_facts_of(g->file, FACT_KIND_SESSION, into_model, g, err) ||
		!case_facts_of(g->file, FACT_KIND_SESSION_END, into_model, g, err))
		return false;
	for (size_t i = 0; i < row->n_hops; i++) {
		const struct derived_hop *hop = &row->hops[i];
		if (hop->tunnel != FACT_NULL && !read_tunnel(g, hop->tunnel, err))
			return false;
		if (hop->exchange != FACT_NULL && !read_exchange(g, hop->exchange, err))
			return false;
	}
	return read_certificates(g, err) && read_notes(g, row, err);
}

/* ---- which way ---- */

/* Nothing is stored that can be relied on: by way of the whole case. */
static bool pick_from_all(
	struct gather *g, int64_t session, int64_t number, bool *found, struct err *err)
{
	if (!gather_read(g, NULL, err))
		return false;
	struct trail_set all = g->trails;
	g->trails.n = 0;
	for (size_t i = 0; i < all.n; i++)
		if (all.trails[i].session == session && (int64_t)all.trails[i].number == number)
			g->trails = (struct trail_set){.trails = &all.trails[i], .n = 1};
	*found = g->trails.n == 1;
	return true;
}

bool gather_trail(
	struct gather *g, int64_t session, int64_t number, bool *found, struct err *err)
{
	struct derived_session *summary = arena_alloc(&g->arena, sizeof *summary);
	struct derived_trail row;
	bool stored = false;
	*found = false;
	if (!case_indexed(g->file, &stored, err) ||
		(stored && !case_session(g->file, session, &g->arena, summary, &stored, err)))
		return false;
	if (!stored)
		return pick_from_all(g, session, number, found, err);
	g->summary = summary;
	if (!case_trail(g->file, session, number, &g->arena, &row, found, err))
		return false;
	return !*found || (read_facts(g, &row, err) && gather_take(g, &row, err));
}
