#include "ui/report/report_bare.h"
#include "store/base/hash.h"
#include "store/derive/party.h"
#include "store/derive/url.h"
#include "store/fact/notes.h"

/* Words of a space-separated list, each cut at `until` (0: not at all). */
static struct span *split(struct arena *a, struct span list, uint8_t until, size_t *n)
{
	struct span *items = NULL;
	*n = 0;
	while (list.n > 0) {
		size_t end = span_find_byte(list, ' ', 0);
		struct span word = span_first(list, end == SIZE_MAX ? list.n : end);
		list = span_from(list, word.n + 1);
		size_t cut = until != 0 ? span_find_byte(word, until, 0) : SIZE_MAX;
		word = span_first(word, cut);
		if (word.n > 0)
			ARENA_PUSH(a, items, *n, word);
	}
	return items;
}

static const struct report_dns *dns_of(struct arena *a, const struct fact_dns *d)
{
	if (d == NULL || d->name.p == NULL)
		return NULL;
	struct report_dns *out = arena_alloc(a, sizeof *out);
	*out = (struct report_dns){
		.name = d->name, .source = d->source, .resolver = d->resolver, .ttl = d->ttl};
	out->cnames = split(a, d->cnames, 0, &out->n_cnames);
	out->addresses = split(a, d->addresses, '/', &out->n_addresses);
	return out;
}

static const struct report_tls *tls_of(
	struct arena *a, const struct model *m, int64_t tunnel, int64_t leg)
{
	const struct fact_handshake *origin = model_handshake(m, tunnel, leg);
	if (origin == NULL)
		return NULL;
	struct report_tls *out = arena_alloc(a, sizeof *out);
	out->origin = origin;
	out->hello = model_hello(m, tunnel, leg);
	out->browser = model_handshake(m, tunnel, LEG_BROWSER);
	out->browser_hello = model_hello(m, tunnel, LEG_BROWSER);
	for (size_t at = 0; at + SHA256_LEN <= origin->certs.n; at += SHA256_LEN) {
		const struct fact_certificate *c =
			model_certificate(m, span_of(origin->certs.p + at, SHA256_LEN));
		if (c != NULL)
			ARENA_PUSH(a, out->certs, out->n_certs, *c);
	}
	return out;
}

/* The leg that an exchange went by. One that failed before it had an answer names none; where
 * the whole tunnel leads to one origin (CONNECT) it is that origin's leg, reached or not. */
int64_t report_leg(const struct model *m, const struct model_exchange *x)
{
	if (x->leg != FACT_NULL && x->leg != LEG_BROWSER)
		return x->leg;
	if (x->response != NULL && x->response->leg != FACT_NULL &&
		x->response->leg != LEG_BROWSER)
		return x->response->leg;
	bool one_origin = false;
	for (size_t i = 0; i < m->n_connects; i++)
		if (m->connects[i]->tunnel == x->tunnel)
			one_origin = span_is(m->connects[i]->kind, "connect");
	for (size_t i = m->n_legs; one_origin && i > 0; i--)
		if (m->legs[i - 1]->tunnel == x->tunnel)
			return m->legs[i - 1]->leg;
	return FACT_NULL;
}

static const char *protocol_of(struct arena *a, const struct model_exchange *x)
{
	struct span v = x->response != NULL  ? x->response->version
			: x->request != NULL ? x->request->version
					     : SPAN_NONE;
	if (v.p == NULL)
		return NULL;
	if (span_is(v, "HTTP/2"))
		return "h2"; /* as ALPN calls it */
	char *text = arena_str(a, v);
	for (char *c = text; *c != 0; c++)
		*c = (char)ascii_lower((uint8_t)*c);
	return text;
}

static struct span media_type_of(const struct model_exchange *x)
{
	struct span v = model_response_header(x, "Content-Type");
	if (v.p == NULL)
		return SPAN_NONE;
	return span_trim(span_first(v, span_find_byte(v, ';', 0)), " \t");
}

static void fill_wire(struct arena *a, const struct model *m, const struct model_exchange *x,
	struct report_hop *h)
{
	int64_t leg = report_leg(m, x);
	h->protocol = protocol_of(a, x);
	if (x->response != NULL) {
		h->media_type = media_type_of(x);
		h->made_by = x->response->made_by;
	}
	if (x->end != NULL) {
		h->reason = x->end->reason;
		h->reason_detail = x->end->detail;
	}
	if (leg == FACT_NULL)
		return;
	const struct fact_leg *f = model_leg(m, leg);
	h->dns = dns_of(a, model_dns(m, leg));
	h->tls = tls_of(a, m, x->tunnel, leg);
	if (f != NULL) {
		h->remote_ip = f->remote_ip;
		h->remote_port = f->remote_port;
	}
}

/* Offsets in what is read are offsets in the text itself only if it is in the form that
 * browsers give it; what a browser asked for always is. */
static const struct link_reading *read_link(
	struct arena *a, const struct wrapper_rules *rules, struct span text)
{
	struct url url;
	if (text.p == NULL || !url_parse(a, NULL, text, &url) || !url_is_web(&url) ||
		!span_eq(url.href, text))
		return NULL;
	struct link_reading *out = arena_alloc(a, sizeof *out);
	link_read(a, rules, &url, out);
	return out;
}

static struct report_hop hop_of(
	struct arena *a, const struct model *m, const struct trail_hop *hop)
{
	struct report_hop h = {.hop = hop, .exchange = hop->exchange, .remote_port = FACT_NULL};
	struct url url;
	if (!trail_url_erased(hop->url) && url_parse(a, NULL, hop->url, &url)) {
		struct party party = {0};
		party_of_host(a, url.host, &party);
		h.host = url.host;
		h.registrable_domain = party.registrable_domain;
		h.registered_domain = party.registered_domain;
	}
	h.link = read_link(a, m->wrappers, hop->url);
	h.target = read_link(a, m->wrappers, hop->claimed_target);
	if (hop->exchange != NULL)
		fill_wire(a, m, hop->exchange, &h);
	return h;
}

static struct report_trail trail_of(
	struct arena *a, const struct model *m, const struct trail *trail)
{
	struct report_trail t = {.trail = trail, .n_hops = trail->n_hops};
	t.id = arena_printf(a, "%lld.%zu", (long long)trail->session, trail->number);
	t.hops = arena_alloc(a, (trail->n_hops + 1) * sizeof *t.hops);
	for (size_t i = 0; i < trail->n_hops; i++)
		t.hops[i] = hop_of(a, m, &trail->hops[i]);
	return t;
}

/* Which file of link rules a session was recorded with stands in its options, by digest. */
static bool other_wrappers(const struct model *m, const struct fact_session *start)
{
	static const char member[] = "\"wrappers-sha256\":\"";
	const char *used = m->wrappers != NULL ? m->wrappers->sha256 : NULL;
	size_t at = span_find(start->options, span_str(member), 0);
	if (at == SIZE_MAX)
		return false;
	struct span recorded = span_from(start->options, at + strlen(member));
	recorded = span_first(recorded, span_find_byte(recorded, '"', 0));
	return used == NULL || !span_is(recorded, used);
}

void report_count(const struct model *m, int64_t session, struct report_session *out)
{
	*out = (struct report_session){
		.referer = model_note(m, session, note_word(NOTE_REFERER)),
		.replay_of = model_note(m, session, note_word(NOTE_REPLAY_OF))};
	for (size_t i = 0; i < m->n_sessions; i++)
		if (m->sessions[i]->session == session)
			out->start = m->sessions[i];
	if (out->start != NULL) {
		out->user_agent = out->start->user_agent;
		out->other_wrappers = other_wrappers(m, out->start);
	}
	for (size_t i = 0; i < m->n_session_ends; i++)
		if (m->session_ends[i]->session == session)
			out->end = m->session_ends[i];
	for (size_t i = 0; i < m->n_exchanges; i++) {
		const struct model_exchange *x = m->exchanges[i];
		if (x->session != session)
			continue;
		out->n_exchanges++;
		out->n_failed += x->end == NULL || !span_is(x->end->reason, "ok");
		if (out->user_agent.p == NULL)
			out->user_agent = model_request_header(x, "User-Agent");
	}
	for (size_t i = 0; i < m->n_opaques; i++)
		out->n_opaque += m->opaques[i]->session == session &&
				 !span_is(m->opaques[i]->why, OPAQUE_NO_INTERCEPT);
}

static void add_once(struct arena *a, struct span ip, struct span **list, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if (span_eq((*list)[i], ip))
			return;
	if (ip.n > 0)
		ARENA_PUSH(a, *list, *n, ip);
}

static struct report_session session_of(struct arena *a, const struct model *m, int64_t session)
{
	struct report_session s;
	struct report_egress *e = &s.egress;
	report_count(m, session, &s);
	for (size_t i = 0; i < m->n_legs; i++) {
		if (m->legs[i]->session != session)
			continue;
		add_once(a, m->legs[i]->exit_ip, &e->ips, &e->n_ips);
		add_once(a, m->legs[i]->via_ip, &e->via_ips, &e->n_via_ips);
	}
	for (size_t i = 0; i < m->n_notes; i++)
		if (m->notes[i]->session == session &&
			span_is(m->notes[i]->code, note_word(NOTE_GIVEAWAY)))
			ARENA_PUSH(a, s.giveaways, s.n_giveaways, m->notes[i]->detail);
	e->ip = e->n_ips == 1 ? e->ips[0] : SPAN_NONE;
	if (e->n_ips == 0)
		e->ip = model_note(m, session, note_word(NOTE_EGRESS));
	struct span country = model_exit_country(m, session, e->ip);
	size_t space = span_find_byte(country, ' ', 0);
	e->country = span_first(country, space);
	e->country_by = space != SIZE_MAX ? span_from(country, space + 1) : SPAN_NONE;
	return s;
}

/* The first session that was not recorded whole gives the reason. */
static void judge_complete(struct arena *a, struct report *r)
{
	r->recording_complete = r->n_sessions > 0;
	if (r->n_sessions == 0)
		r->incomplete_reason = "no session was recorded";
	for (size_t i = 0; i < r->n_sessions && r->recording_complete; i++) {
		const struct report_session *s = &r->sessions[i];
		long long number = (long long)s->start->session;
		bool last = i + 1 == r->n_sessions;
		r->recording_complete = s->end != NULL && s->end->complete == 1;
		if (s->end == NULL && last && r->about.being_written)
			r->incomplete_reason =
				arena_printf(a, "session %lld is still being recorded", number);
		else if (s->end == NULL)
			r->incomplete_reason = arena_printf(
				a, "session %lld was cut off: it has no recorded end", number);
		else if (s->end->complete != 1)
			r->incomplete_reason =
				s->end->incomplete_reason.p != NULL
					? arena_str(a, s->end->incomplete_reason)
					: arena_printf(a, "session %lld says so", number);
	}
}

static void build(const struct case_about *about, const struct model *m,
	const struct trail_set *trails, int64_t only_session, struct arena *a,
	struct report *out, bool graded)
{
	*out = (struct report){.about = *about, .model = m};
	for (size_t i = 0; i < m->n_sessions; i++)
		if (only_session == 0 || m->sessions[i]->session == only_session)
			ARENA_PUSH(a, out->sessions, out->n_sessions,
				session_of(a, m, m->sessions[i]->session));
	for (size_t i = 0; i < trails->n; i++)
		if (only_session == 0 || trails->trails[i].session == only_session)
			ARENA_PUSH(a, out->trails, out->n_trails,
				trail_of(a, m, &trails->trails[i]));
	for (size_t i = 0; i < out->n_trails; i++)
		parties_make(out, &out->trails[i], a, &out->trails[i].parties);
	if (graded)
		grades_make(out, a);
	judge_complete(a, out);
	if (only_session != 0)
		return;
	struct rounds *rounds = arena_alloc(a, sizeof *rounds);
	rounds_read(m, trails, a, rounds);
	out->rounds = rounds;
}

void report_build(const struct case_about *about, const struct model *m,
	const struct trail_set *trails, int64_t only_session, struct arena *a,
	struct report *out)
{
	build(about, m, trails, only_session, a, out, true);
}

enum depth { BARE, UNGRADED, WHOLE };

static bool make(struct gather *g, int64_t only_session, enum depth depth, struct arena *a,
	struct report *out, struct err *err)
{
	struct case_about about;
	if (!case_about(g->file, &about, err))
		return false;
	build(&about, &g->model, &g->trails, only_session, a, out, depth == WHOLE);
	if (!seal_last_head(g->file, &out->head, &out->has_signature, err))
		return false;
	if (depth != BARE && !landing_make(g, only_session, a, out, err))
		return false;
	/* Only one trail was read: what its session holds was counted when it was stored. */
	for (size_t i = 0; g->summary != NULL && i < out->n_sessions; i++) {
		struct report_session *s = &out->sessions[i];
		if (s->start->session != g->summary->session)
			continue;
		s->n_exchanges = (size_t)g->summary->exchanges;
		s->n_failed = (size_t)g->summary->failed;
		s->n_opaque = (size_t)g->summary->opaque;
		s->user_agent = g->summary->user_agent;
	}
	return true;
}

bool report_make(struct gather *g, int64_t only_session, struct arena *a, struct report *out,
	struct err *err)
{
	return make(g, only_session, WHOLE, a, out, err);
}

bool report_make_bare(struct gather *g, int64_t only_session, struct arena *a,
	struct report *out, struct err *err)
{
	return make(g, only_session, BARE, a, out, err);
}

bool report_make_ungraded(struct gather *g, int64_t only_session, struct arena *a,
	struct report *out, struct err *err)
{
	return make(g, only_session, UNGRADED, a, out, err);
}
