/* From the first byte on: what is asked of a proxy (story_preamble.c), then the first bytes
 * tell TLS from clear, then HTTP of either version, or something else. */
#include "capture/story.h"
#include "capture/story_looks.h"
#include "capture/story_preamble.h"

#include <stdlib.h>

enum phase {
	PHASE_PREAMBLE,
	PHASE_FIRST, /* its layer is not known yet */
	PHASE_LAYER,
	PHASE_BLIND, /* nothing of it can be told apart any more */
};

enum speaks {
	SPEAKS_UNKNOWN, /* bytes wait in `held` */
	SPEAKS_HTTP,
	SPEAKS_OTHER,
};

struct story {
	bool to_proxy, wait;
	bool granted; /* by the proxy: a connection follows */
	const struct keylog *keys;
	const struct story_calls *calls;
	void *ctx;
	struct story_about about;
	enum phase phase;
	struct preamble preamble;
	struct decrypt *tls;
	enum speaks speaks;
	struct buf held[2]; /* of the layer, until its protocol is known */
	struct http_flow *http;
	char host[256]; /* where its requests lead */
	struct {
		bool ended, reset, blind, told;
		struct packet_at at;
	} way[2];
	struct packet_at now;
};

struct story *story_new(const struct flow *f, bool to_proxy, const struct keylog *keys,
	bool wait, const struct story_calls *calls, void *ctx)
{
	struct story *s = calloc(1, sizeof *s);
	if (s == NULL)
		abort();
	s->to_proxy = to_proxy;
	s->wait = wait;
	s->keys = keys;
	s->calls = calls;
	s->ctx = ctx;
	s->about.flow = f;
	s->phase = to_proxy ? PHASE_PREAMBLE : PHASE_FIRST;
	return s;
}

void story_free(struct story *s)
{
	if (s == NULL)
		return;
	preamble_fini(&s->preamble);
	decrypt_free(s->tls);
	http_flow_free(s->http);
	buf_fini(&s->held[FLOW_UP]);
	buf_fini(&s->held[FLOW_DOWN]);
	free(s);
}

const struct story_about *story_about(const struct story *s)
{
	return &s->about;
}

static void note_why(struct story *s, const char *why, const struct packet_at *at)
{
	if (s->about.why != NULL)
		return;
	s->about.why = why;
	s->about.why_at = *at;
}

/* ---- HTTP ---- */

static bool asked(const struct story *s)
{
	return s->about.target_host[0] != 0;
}

/* SNI says more than an address; where nothing does, that is what there is. */
static void name_server(struct story *s)
{
	const struct decrypt_about *tls = s->about.tls;
	if (tls == NULL || !story_looks_name(tls->hello, s->host, sizeof s->host))
		packet_address_text(&s->about.flow->server.ip, s->host);
}

static void make_http(struct story *s, enum http_kind kind)
{
	bool https = s->about.layer == STORY_TLS;
	const char *host = NULL;
	uint16_t port = s->about.flow->server.port;
	if (asked(s)) {
		host = s->about.target_host;
		port = s->about.target_port;
	} else if (!s->to_proxy || s->granted) {
		if (s->host[0] == 0)
			name_server(s);
		host = s->host;
	}
	s->http = http_flow_new(kind, https, host, port, &s->calls->http, s->ctx);
	if (host != NULL && !asked(s))
		http_flow_direct(s->http);
	s->about.protocol = kind == HTTP_FLOW_2 ? "h2" : "http/1.1";
	s->speaks = SPEAKS_HTTP;
}

static void beyond(
	struct story *s, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	if (bytes.n > 0 && s->calls->http.beyond != NULL)
		s->calls->http.beyond(s->ctx, way, bytes, at);
}

static void no_http(struct story *s)
{
	s->about.protocol = "other";
	s->speaks = SPEAKS_OTHER;
	for (int way = FLOW_UP; way <= FLOW_DOWN; way++) {
		beyond(s, (enum flow_way)way, buf_span(&s->held[way]), &s->now);
		buf_fini(&s->held[way]);
	}
}

/* Which HTTP, by the first bytes that come up. last: no more will come. */
static void find_protocol(struct story *s, bool last)
{
	struct span up = buf_span(&s->held[FLOW_UP]), down = buf_span(&s->held[FLOW_DOWN]);
	bool many = up.n > STORY_PREAMBLE_MAX || down.n > STORY_PREAMBLE_MAX;
	enum story_looks two = story_looks_h2(up);
	if (up.n == 0 && !many && !last)
		return;
	if (two == STORY_LOOKS)
		make_http(s, HTTP_FLOW_2);
	else if (two == STORY_MAY_LOOK && !last && !many)
		return;
	else if (s->about.layer == STORY_TLS || (s->to_proxy && !s->granted))
		/* Whoever sits there reads HTTP/1, whatever comes. */
		make_http(s, HTTP_FLOW_1);
	else
		switch (story_looks_http1(up)) {
		case STORY_LOOKS: make_http(s, HTTP_FLOW_1); break;
		case STORY_UNLIKE: no_http(s); break;
		case STORY_MAY_LOOK:
			if (last || many)
				no_http(s);
			break;
		}
}

/* What is told of a direction's end, once there is somebody to tell, and behind all that came
 * before it. */
static void tell_end(struct story *s, enum flow_way way)
{
	struct err err = {0};
	if (s->http == NULL || s->way[way].told)
		return;
	if (s->way[way].blind) {
		err_set(&err, ERR_PACKETS, "%s", s->about.why);
		http_flow_lost(s->http, way, &err, &s->way[way].at);
	} else if (!s->way[way].ended || (s->tls != NULL && decrypt_waits(s->tls, way))) {
		return;
	} else if (s->way[way].reset) {
		http_flow_reset(s->http, way, &s->way[way].at);
	} else {
		http_flow_closed(s->http, way, &s->way[way].at);
	}
	s->way[way].told = true;
}

static void after_http(struct story *s)
{
	if (s->http != NULL && http_flow_nonsense(s->http))
		s->about.protocol = "other";
}

static void feed_one(struct story *s, enum flow_way way, const struct packet_at *at)
{
	struct buf held = s->held[way];
	s->held[way] = (struct buf){0};
	http_flow_bytes(s->http, way, buf_span(&held), at);
	buf_fini(&held);
}

/* Down first: an answer waits for its request, whereas a request that comes behind an answer's
 * end is none. */
static void feed_held(struct story *s, const struct packet_at *at)
{
	if (s->speaks != SPEAKS_HTTP)
		return;
	feed_one(s, FLOW_DOWN, at);
	feed_one(s, FLOW_UP, at);
	after_http(s);
}

/* RFC 8446 6.1: what comes behind it is nothing, whenever FIN follows. */
static void take_close_notify(struct story *s, enum flow_way way)
{
	if (s->about.tls == NULL || !s->about.tls->close_notify[way] || s->way[way].ended)
		return;
	s->way[way].ended = true;
	s->way[way].at = s->now;
}

static void tell_ends(struct story *s)
{
	take_close_notify(s, FLOW_UP);
	take_close_notify(s, FLOW_DOWN);
	/* A request that was too short to be known for one stays so. */
	if (s->phase == PHASE_LAYER && s->speaks == SPEAKS_UNKNOWN && s->way[FLOW_UP].ended &&
		(s->tls == NULL || !decrypt_waits(s->tls, FLOW_UP)) &&
		buf_len(&s->held[FLOW_UP]) > 0) {
		find_protocol(s, true);
		feed_held(s, &s->way[FLOW_UP].at);
	}
	for (int way = FLOW_UP; way <= FLOW_DOWN; way++)
		tell_end(s, (enum flow_way)way);
	after_http(s);
}

/* ---- the layer ---- */

static void plain(void *ctx, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	struct story *s = ctx;
	if (bytes.n == 0)
		return;
	s->about.bytes[way] += bytes.n;
	if (s->calls->plain != NULL)
		s->calls->plain(s->ctx, way, bytes, at);
	switch (s->speaks) {
	case SPEAKS_OTHER: beyond(s, way, bytes, at); return;
	case SPEAKS_HTTP:
		http_flow_bytes(s->http, way, bytes, at);
		after_http(s);
		return;
	case SPEAKS_UNKNOWN: break;
	}
	buf_add_span(&s->held[way], bytes);
	find_protocol(s, false);
	feed_held(s, at);
}

static void on_hello(void *ctx, const struct decrypt_about *tls)
{
	struct story *s = ctx;
	(void)tls;
	if (s->calls->hello != NULL)
		s->calls->hello(s->ctx, &s->about);
}

static void on_secured(void *ctx, const struct decrypt_about *tls)
{
	struct story *s = ctx;
	name_server(s); /* while the hello is there */
	if (s->speaks == SPEAKS_UNKNOWN && tls->alpn.p != NULL) {
		if (span_is(tls->alpn, "h2"))
			make_http(s, HTTP_FLOW_2);
		else if (span_starts(tls->alpn, "http/1."))
			make_http(s, HTTP_FLOW_1); /* whatever comes, a preface too */
		else
			no_http(s);
	}
	if (s->calls->secured != NULL)
		s->calls->secured(s->ctx, &s->about);
}

static void on_blind(void *ctx, enum flow_way way, const struct decrypt_about *tls)
{
	struct story *s = ctx;
	note_why(s, tls->why, &tls->why_at);
	s->way[way].blind = true;
	s->way[way].at = tls->why_at;
	tell_end(s, way);
}

static const struct decrypt_calls tls_calls = {
	.hello = on_hello, .secured = on_secured, .plain = plain, .blind = on_blind};

static void take(
	struct story *s, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	if (s->tls != NULL)
		decrypt_bytes(s->tls, way, bytes, at);
	else
		plain(s, way, bytes, at);
}

static void begin_layer(struct story *s, enum story_layer layer)
{
	s->about.layer = layer;
	s->phase = PHASE_LAYER;
	if (layer != STORY_TLS)
		return;
	s->tls = decrypt_new(s->keys, s->wait, &tls_calls, s);
	s->about.tls = decrypt_about(s->tls);
}

/* What the preamble left, or held, goes on as what the connection carries. A hello comes before
 * its answer; in clear, as in feed_held. */
static void take_rest(struct story *s, const struct packet_at *at)
{
	struct preamble p = s->preamble;
	enum flow_way first = s->tls != NULL ? FLOW_UP : FLOW_DOWN;
	enum flow_way then = s->tls != NULL ? FLOW_DOWN : FLOW_UP;
	s->preamble = (struct preamble){0};
	take(s, first, span_from(buf_span(&p.in[first]), p.at[first]), at);
	take(s, then, span_from(buf_span(&p.in[then]), p.at[then]), at);
	preamble_fini(&p);
}

/* last: no more will come. */
static void find_layer(struct story *s, bool last, const struct packet_at *at)
{
	struct preamble *p = &s->preamble;
	struct span up = span_from(buf_span(&p->in[FLOW_UP]), p->at[FLOW_UP]);
	struct span down = span_from(buf_span(&p->in[FLOW_DOWN]), p->at[FLOW_DOWN]);
	/* A connection to a proxy without CONNECT is clear: nobody speaks TLS there. */
	bool may = !s->to_proxy || s->granted;
	enum story_looks tls =
		may ? story_looks_tls(up.n > 0 ? up : down, s->about.flow->midway)
		    : STORY_UNLIKE;
	if (up.n == 0 && down.n == 0)
		return;
	if (tls == STORY_MAY_LOOK && !last)
		return;
	begin_layer(s, tls == STORY_LOOKS ? STORY_TLS : STORY_CLEAR);
	take_rest(s, at);
}

/* ---- the preamble ---- */

static void answered(struct story *s, bool refused, const struct packet_at *at)
{
	struct preamble *p = &s->preamble;
	s->about.refused = refused;
	s->granted = !refused;
	memcpy(s->about.target_host, p->target.host, sizeof s->about.target_host);
	s->about.target_port = p->target.port;
	if (s->calls->asked != NULL)
		s->calls->asked(s->ctx, &s->about, at);
	s->phase = PHASE_FIRST;
	if (!refused)
		return;
	/* As the proxy counts: everything, the question and its answer too. It is no HTTP of
	 * an origin. */
	s->about.target_host[0] = 0;
	s->about.target_port = 0;
	p->at[FLOW_UP] = p->at[FLOW_DOWN] = 0;
	begin_layer(s, STORY_CLEAR);
	no_http(s);
	take_rest(s, at);
}

static void find_preamble(struct story *s, const struct packet_at *at)
{
	switch (preamble_scan(&s->preamble)) {
	case PREAMBLE_MORE: return;
	case PREAMBLE_NONE: s->phase = PHASE_FIRST; break;
	case PREAMBLE_GRANTED: answered(s, false, at); break;
	case PREAMBLE_REFUSED: answered(s, true, at); break;
	}
	if (s->phase == PHASE_FIRST)
		find_layer(s, false, at);
}

void story_bytes(
	struct story *s, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	if (s->way[way].ended && !s->way[way].reset) /* RST: it was under way */
		s->about.past[way] += bytes.n;
	if (bytes.n == 0 || s->way[way].ended)
		return;
	s->now = *at;
	switch (s->phase) {
	case PHASE_PREAMBLE:
		preamble_add(&s->preamble, way, bytes);
		find_preamble(s, at);
		break;
	case PHASE_FIRST:
		preamble_add(&s->preamble, way, bytes);
		find_layer(s, false, at);
		break;
	case PHASE_LAYER: take(s, way, bytes, at); break;
	case PHASE_BLIND: break;
	}
	tell_ends(s);
}

void story_lost(struct story *s, enum flow_way way, uint64_t n, const struct packet_at *at)
{
	s->about.lost[way] += n;
	s->now = *at;
	switch (s->phase) {
	case PHASE_PREAMBLE:
	case PHASE_FIRST:
		note_why(s, "bytes are missing at its beginning: they were not captured", at);
		s->phase = PHASE_BLIND;
		preamble_fini(&s->preamble);
		s->preamble = (struct preamble){0};
		return;
	case PHASE_LAYER: break;
	case PHASE_BLIND: return;
	}
	if (s->tls != NULL) {
		decrypt_lost(s->tls, way, n, at);
		return;
	}
	note_why(s, "bytes are missing: they were not captured", at);
	if (s->speaks == SPEAKS_UNKNOWN) {
		no_http(s);
		s->about.protocol = NULL;
	}
	s->way[way].blind = true;
	s->way[way].at = *at;
	tell_end(s, way);
}

static void ended(struct story *s, enum flow_way way, bool reset, const struct packet_at *at)
{
	if (s->way[way].ended)
		return;
	s->way[way].ended = true;
	s->way[way].reset = reset;
	if (!s->way[way].blind)
		s->way[way].at = *at;
	tell_ends(s);
}

void story_closed(struct story *s, enum flow_way way, const struct packet_at *at)
{
	ended(s, way, false, at);
}

void story_reset(struct story *s, enum flow_way way, const struct packet_at *at)
{
	ended(s, way, true, at);
}

void story_retry(struct story *s)
{
	if (s->tls == NULL)
		return;
	decrypt_retry(s->tls);
	tell_ends(s);
}

/* It ends before it was clear what it is. */
static void end_early(struct story *s, const struct packet_at *at)
{
	struct preamble *p = &s->preamble;
	if (s->phase == PHASE_PREAMBLE &&
		buf_len(&p->in[FLOW_UP]) + buf_len(&p->in[FLOW_DOWN]) == 0)
		return;
	if (s->phase == PHASE_PREAMBLE) {
		/* A whole question without an answer, or what is none. */
		bool question = p->asked || p->step > 0;
		p->at[FLOW_UP] = p->at[FLOW_DOWN] = 0;
		s->phase = PHASE_FIRST;
		if (question) {
			note_why(s, "what was asked of a proxy was not answered", at);
			begin_layer(s, STORY_CLEAR);
			no_http(s);
			take_rest(s, at);
		}
	}
	if (s->phase == PHASE_FIRST)
		find_layer(s, true, at);
}

void story_end(struct story *s)
{
	const struct packet_at at = s->about.flow->last;
	if (s->phase == PHASE_PREAMBLE || s->phase == PHASE_FIRST)
		end_early(s, &at);
	if (s->tls != NULL)
		decrypt_end(s->tls);
	if (s->phase == PHASE_LAYER && s->speaks == SPEAKS_UNKNOWN &&
		buf_len(&s->held[FLOW_UP]) + buf_len(&s->held[FLOW_DOWN]) > 0) {
		find_protocol(s, true);
		feed_held(s, &at);
	}
	tell_ends(s);
	if (s->http != NULL)
		http_flow_end(s->http, &at);
	after_http(s);
}
