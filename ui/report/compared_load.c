/* Both files are read once, and a few numbers of each fact are kept. */
#include "ui/report/compared_parts.h"

#include <stdlib.h>

#define DRIFT_MAX_US (INT64_C(1000) * 366 * 86400 * 1000000) /* a clock that began in 1970 */

/* ---- sessions ---- */

struct compared_session *compared_session(struct compared_work *w, int64_t session)
{
	size_t low = 0, high = w->n_sessions;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (w->sessions[mid].session < session)
			low = mid + 1;
		else
			high = mid;
	}
	return low < w->n_sessions && w->sessions[low].session == session ? &w->sessions[low]
									  : NULL;
}

/* Numbers count up; a file in which they do not gives what it gives. */
static void add_session(struct compared_work *w, const struct fact_session *f)
{
	if (w->n_sessions > 0 && w->sessions[w->n_sessions - 1].session >= f->session)
		return;
	struct compared_session s = {.session = f->session,
		.at_us = f->at_us,
		.sandboxed = span_is(f->command, "trace") && f->browser.n > 0 &&
			     !span_is(f->browser, "none") && !span_is(f->browser, "clicktrail"),
		.only = span_find(f->options, span_str("\"only\":[\""), 0) != SIZE_MAX ||
			span_find(f->options, span_str("\"only\": [\""), 0) != SIZE_MAX,
		.no_bodies =
			span_find(f->options, span_str("\"no-bodies\":true"), 0) != SIZE_MAX,
		.no_pcap = f->options.n > 2 &&
			   span_find(f->options, span_str("\"pcap\""), 0) == SIZE_MAX,
		.overheard = span_is(f->mode, "no-intercept"),
		.unasked = span_is(f->mode, "no-intercept") && f->options.p != NULL &&
			   span_find(f->options, span_str("\"pcap\""), 0) == SIZE_MAX};
	for (size_t i = 0; i < CAPTURE_SIDE_COUNT; i++)
		s.sides[i].started_us = s.sides[i].over_us = FACT_NULL;
	ARENA_PUSH(&w->arena, w->sessions, w->n_sessions, s);
}

static void add_capture(struct compared_work *w, const struct fact_capture *f)
{
	struct compared_session *s = compared_session(w, f->session);
	enum capture_side which;
	if (s == NULL || !capture_side_of(f->side, &which))
		return;
	struct compared_side *side = &s->sides[which];
	side->told = true;
	if (span_is(f->event, capture_event_word(CAPTURE_EVENT_STARTED))) {
		side->started_us = f->at_us;
		side->started_name = arena_copy(&w->arena, f->name);
		return;
	}
	side->failed |= span_is(f->event, capture_event_word(CAPTURE_EVENT_FAILED));
	side->lost |= span_is(f->event, capture_event_word(CAPTURE_EVENT_LOST));
	side->over_us = f->at_us;
	side->detail = arena_copy(&w->arena, f->detail);
	/* Of a recorder that ended by itself the file is known, too. */
	if (span_is(f->event, capture_event_word(CAPTURE_EVENT_ENDED)) ||
		(side->lost && side->ended == NULL && f->sha256.n == SHA256_LEN)) {
		struct fact_capture *kept = arena_alloc(&w->arena, sizeof *kept);
		fact_copy(FACT_KIND_CAPTURE, f, kept, &w->arena);
		side->ended = kept;
	}
}

/* So far as a clock may be off at all. */
static void add_session_end(struct compared_work *w, const struct fact_session_end *f)
{
	struct compared_session *s = compared_session(w, f->session);
	bool known = f->clock_drift_us > -DRIFT_MAX_US && f->clock_drift_us < DRIFT_MAX_US;
	if (s != NULL && known)
		s->drift_us = f->clock_drift_us;
}

static void add_note(struct compared_work *w, const struct fact_note *f)
{
	struct compared_session *s = compared_session(w, f->session);
	if (s == NULL)
		return;
	s->instrumented |= span_is(f->code, "instrumented");
	s->sandboxed &= !span_is(f->code, "no-sandbox");
}

/* ---- the case ---- */

static void add_ours(struct compared_work *w, struct compared_ours o)
{
	struct compared_ours *p = compared_room(w, w->ours, w->n_ours, &w->cap_ours, sizeof *p);
	if (p == NULL)
		return;
	w->ours = p;
	o.flow = COMPARED_NO_FLOW;
	w->ours[w->n_ours++] = o;
}

static void add_tunnel(struct compared_work *w, const struct fact_tunnel *f)
{
	struct compared_session *s = compared_session(w, f->session);
	uint32_t place = compared_place(f->listener_ip, f->listener_port);
	add_ours(w, (struct compared_ours){.session = f->session,
			    .id = f->tunnel,
			    .tunnel = f->tunnel,
			    .at_us = f->at_us,
			    .took_us = COMPARE_LATE_US,
			    .place = place,
			    .client = compared_hash(f->client_ip, SPAN_NONE),
			    .port = (uint16_t)f->client_port,
			    .side = CAPTURE_BROWSER});
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_listeners; i++)
		if (s->listeners[i] == place)
			return;
	if (s->n_listeners < COMPARED_RESOLVERS_MAX)
		s->listeners[s->n_listeners++] = place;
	else
		s->more_listeners = true;
}

static void add_leg(struct compared_work *w, const struct fact_leg *f)
{
	if (f->local_port == FACT_NULL)
		return;
	bool via = f->via_ip.p != NULL;
	add_ours(w, (struct compared_ours){.session = f->session,
			    .id = f->leg,
			    .tunnel = f->tunnel,
			    .at_us = f->at_us,
			    .took_us = (f->elapsed_us > 0 && f->elapsed_us < COMPARE_HELD_US
						       ? f->elapsed_us
						       : 0) +
				       COMPARE_LATE_US,
			    .place = via ? compared_place(f->via_ip, compare_via_port(f->via))
					 : compared_place(f->remote_ip, f->remote_port),
			    .client = compared_hash(f->local_ip, SPAN_NONE),
			    .port = (uint16_t)f->local_port,
			    .side = CAPTURE_ORIGIN});
}

static void add_resolvers(struct compared_work *w, const struct fact_dns *f)
{
	struct compared_session *s = compared_session(w, f->session);
	if (s == NULL)
		return;
	for (struct span rest = f->resolver; rest.n > 0;) {
		size_t end = 0;
		while (end < rest.n && rest.p[end] != ' ' && rest.p[end] != ',')
			end++;
		struct span one = span_first(rest, end);
		rest = span_from(rest, end + 1);
		uint32_t hash = compared_hash(one, SPAN_NONE);
		bool known = one.n == 0;
		for (size_t i = 0; i < s->n_resolvers; i++)
			known |= s->resolvers[i] == hash;
		if (!known && s->n_resolvers < COMPARED_RESOLVERS_MAX)
			s->resolvers[s->n_resolvers++] = hash;
		else if (!known)
			s->more_resolvers = true;
	}
}

static void add_of_leg(
	struct compared_work *w, enum fact_kind kind, int64_t seq, int64_t tunnel, int64_t leg)
{
	struct compared_entry e = {.of = leg, .seq = seq, .kind = kind, .extra = leg};
	if (leg == LEG_BROWSER)
		e.of = tunnel;
	compared_add(w, leg == LEG_BROWSER ? &w->tunnels : &w->legs, e);
}

static void add_of_tunnel(
	struct compared_work *w, enum fact_kind kind, int64_t seq, int64_t tunnel, int64_t leg)
{
	compared_add(w, &w->tunnels,
		(struct compared_entry){.of = tunnel, .seq = seq, .kind = kind, .extra = leg});
}

static void add_request(struct compared_work *w, int64_t seq, const struct fact_request *f)
{
	struct compared_entry e = {.of = f->tunnel,
		.seq = seq,
		.kind = FACT_KIND_REQUEST,
		.extra = f->exchange,
		.num = (uint32_t)f->n,
		.hash = f->method.p != NULL ? compared_hash(f->method, f->url) : 0};
	compared_heads(f, &e);
	compared_add(w, &w->requests, e);
}

static void add_answer(struct compared_work *w, enum fact_kind kind, int64_t seq,
	int64_t exchange, int64_t leg)
{
	compared_add(w, &w->answers,
		(struct compared_entry){
			.of = exchange, .seq = seq, .kind = kind, .extra = leg});
}

static bool take_case(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct compared_work *w = ctx;
	const union {
		const void *p;
		const struct fact_tunnel *tunnel;
		const struct fact_connect *connect;
		const struct fact_leg *leg;
		const struct fact_hello *hello;
		const struct fact_handshake *handshake;
		const struct fact_certificate *certificate;
		const struct fact_leg_end *leg_end;
		const struct fact_opaque *opaque;
		const struct fact_dns *dns;
		const struct fact_response *response;
		const struct fact_exchange_end *end;
	} f = {fact};
	compared_gone_in_case(w, kind, seq, fact);
	if (kind == FACT_KIND_SESSION)
		add_session(w, fact);
	else if (kind == FACT_KIND_SESSION_END)
		add_session_end(w, fact);
	else if (kind == FACT_KIND_CAPTURE)
		add_capture(w, fact);
	else if (kind == FACT_KIND_NOTE)
		add_note(w, fact);
	else if (kind == FACT_KIND_TUNNEL) {
		add_tunnel(w, fact);
		add_of_tunnel(w, kind, seq, f.tunnel->tunnel, FACT_NULL);
	} else if (kind == FACT_KIND_CONNECT)
		add_of_tunnel(w, kind, seq, f.connect->tunnel, FACT_NULL);
	else if (kind == FACT_KIND_OPAQUE) {
		/* Of a part of the leg's bytes only. */
		if (f.opaque->exchange == FACT_NULL && !span_is(f.opaque->why, OPAQUE_NOT_HTTP))
			add_of_tunnel(w, kind, seq, f.opaque->tunnel, f.opaque->leg);
	} else if (kind == FACT_KIND_LEG) {
		add_leg(w, fact);
		add_of_tunnel(w, kind, seq, f.leg->tunnel, f.leg->leg);
		add_of_leg(w, kind, seq, f.leg->tunnel, f.leg->leg);
	} else if (kind == FACT_KIND_HELLO)
		add_of_leg(w, kind, seq, f.hello->tunnel, f.hello->leg);
	else if (kind == FACT_KIND_HANDSHAKE)
		add_of_leg(w, kind, seq, f.handshake->tunnel, f.handshake->leg);
	else if (kind == FACT_KIND_LEG_END)
		add_of_leg(w, kind, seq, f.leg_end->tunnel, f.leg_end->leg);
	else if (kind == FACT_KIND_DNS) {
		add_resolvers(w, fact);
		add_of_leg(w, kind, seq, f.dns->tunnel, f.dns->leg);
	} else if (kind == FACT_KIND_CERTIFICATE) {
		compared_add(w, &w->certificates,
			(struct compared_entry){.of = compared_short(f.certificate->sha256),
				.seq = seq,
				.kind = kind});
	} else if (kind == FACT_KIND_REQUEST)
		add_request(w, seq, fact);
	else if (kind == FACT_KIND_RESPONSE)
		add_answer(w, kind, seq, f.response->exchange, f.response->leg);
	else if (kind == FACT_KIND_EXCHANGE_END)
		add_answer(w, kind, seq, f.end->exchange, f.end->leg);
	return !w->full;
}

/* ---- the companion ---- */

static void add_flow(struct compared_work *w, int64_t seq, const struct fact_flow *f)
{
	struct compared_flow *p =
		compared_room(w, w->flows, w->n_flows, &w->cap_flows, sizeof *p);
	if (p == NULL)
		return;
	w->flows = p;
	w->flows[w->n_flows++] = (struct compared_flow){.flow = f->flow,
		.session = f->session,
		.file = f->file,
		.at_us = f->at_us,
		.seq = seq,
		.place = compared_place(f->server_ip, f->server_port),
		.client = compared_hash(f->client_ip, SPAN_NONE),
		.port = (uint16_t)f->client_port,
		.server_port = (uint16_t)f->server_port,
		.empty = f->up_bytes <= 0 && f->down_bytes <= 0};
}

static void add_file(struct compared_work *w, const struct fact_packet_file *f)
{
	struct fact_packet_file *kept = arena_alloc(&w->arena, sizeof *kept);
	fact_copy(FACT_KIND_PACKET_FILE, f, kept, &w->arena);
	ARENA_PUSH(&w->arena, w->read, w->n_read, kept);
	w->reading = f->run;
}

static void add_custody(struct compared_work *w, const struct fact_custody *f)
{
	struct compared_destroyed d;
	if (compared_destroyed_of(f, &d))
		compared_destroyed_add(&w->arena, &w->destroyed, &w->n_destroyed, &d);
	w->mine |= custody_is_of(f, w->id);
	if (span_is(f->act, custody_word(CUSTODY_CROSSCHECKED))) {
		w->by = arena_copy(&w->arena, f->operator_name);
		w->at_us = f->at_us;
		w->run = w->reading;
		for (size_t i = w->n_read; i > 0 && w->read[i - 1]->run == w->run; i--) {
			struct compared_session *s =
				compared_session(w, w->read[i - 1]->session);
			if (s != NULL)
				s->run = w->run;
		}
	}
}

static void add_in_flow(struct compared_work *w, enum fact_kind kind, int64_t seq, int64_t flow)
{
	compared_add(
		w, &w->in_flows, (struct compared_entry){.of = flow, .seq = seq, .kind = kind});
}

static bool take_companion(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct compared_work *w = ctx;
	compared_gone_in_companion(w, kind, seq, fact);
	if (kind == FACT_KIND_CUSTODY)
		add_custody(w, fact);
	else if (kind == FACT_KIND_PACKET_FILE)
		add_file(w, fact);
	else if (kind == FACT_KIND_FLOW)
		add_flow(w, seq, fact);
	else if (kind == FACT_KIND_FLOW_TLS)
		add_in_flow(w, kind, seq, ((const struct fact_flow_tls *)fact)->flow);
	else if (kind == FACT_KIND_FLOW_PLAIN)
		add_in_flow(w, kind, seq, ((const struct fact_flow_plain *)fact)->flow);
	else if (kind == FACT_KIND_FLOW_EXCHANGE) {
		const struct fact_flow_exchange *f = fact;
		compared_add(w, &w->in_flows,
			(struct compared_entry){.of = f->flow,
				.seq = seq,
				.kind = kind,
				.num = (uint32_t)f->n,
				.hash = compared_hash(f->method, f->url),
				.head = compared_short(f->request_sha256)});
	} else if (kind == FACT_KIND_PACKET_DNS) {
		const struct fact_packet_dns *f = fact;
		compared_add(w, &w->dns,
			(struct compared_entry){.of = compared_name(f->name),
				.seq = seq,
				.kind = kind,
				.extra = f->at_us,
				.num = (uint32_t)f->file});
		compared_add(w, &w->strays,
			(struct compared_entry){.of = f->file, .seq = seq, .kind = kind});
	} else if (kind == FACT_KIND_STRAY) {
		const struct fact_stray *f = fact;
		compared_add(w, &w->strays,
			(struct compared_entry){.of = f->file, .seq = seq, .kind = kind});
	}
	return !w->full;
}

/* Of each session the files of the newest run that read any, and flows of these. */
static void keep_newest(struct compared_work *w)
{
	size_t n = 0, flows = 0;
	for (size_t i = 0; i < w->n_read; i++) {
		const struct fact_packet_file *f = w->read[i];
		struct compared_session *s = compared_session(w, f->session);
		enum capture_side side;
		if (f->run == w->run && s == NULL)
			ARENA_PUSH(&w->arena, w->orphans, w->n_orphans, f);
		if (s == NULL || f->run != s->run || !capture_side_of(f->side, &side) ||
			(w->only != 0 && s->session != w->only))
			continue;
		s->sides[side].file = f;
		compared_add(w, &w->files,
			(struct compared_entry){.of = f->file,
				.extra = f->session,
				.num = side,
				.seq = (int64_t)n});
		w->read[n++] = f;
	}
	w->n_read = n;
	compared_sort(&w->files);
	for (size_t i = 0; i < w->n_flows; i++) {
		struct compared_range r = compared_find(&w->files, w->flows[i].file);
		if (r.n == 0)
			continue;
		w->flows[flows] = w->flows[i];
		w->flows[flows].session = r.p->extra;
		w->flows[flows++].side = (enum capture_side)r.p->num;
	}
	w->n_flows = flows;
}

bool compared_load(struct compared_work *w, struct err *err)
{
	if (!compared_gone_list(w, err) || !case_facts(w->c, 0, 0, take_case, w, err) ||
		!case_facts(w->companion, 0, 0, take_companion, w, err))
		return false;
	if (w->full)
		return err_set(err, ERR_CASE_READ, "more than %d facts of one kind to compare",
			COMPARED_ENTRIES_MAX);
	if (w->run != FACT_NULL && !w->mine)
		return err_set(err, ERR_CASE_OPEN, "%s is not this case's companion",
			case_path(w->companion));
	keep_newest(w);
	compared_sort(&w->tunnels);
	compared_sort(&w->legs);
	compared_sort(&w->requests);
	compared_sort(&w->answers);
	compared_sort(&w->certificates);
	compared_sort(&w->in_flows);
	compared_sort_by_time(&w->dns);
	compared_sort(&w->strays);
	compared_gone_sort(w);
	return true;
}

void compared_unload(struct compared_work *w)
{
	free(w->tunnels.p);
	free(w->legs.p);
	free(w->requests.p);
	free(w->answers.p);
	free(w->certificates.p);
	free(w->ours);
	free(w->files.p);
	free(w->in_flows.p);
	free(w->dns.p);
	free(w->strays.p);
	free(w->gone_exchanges.p);
	free(w->gone_tunnels.p);
	free(w->gone_flows.p);
	free(w->flows);
	arena_fini(&w->arena);
	arena_fini(&w->scratch);
}
