#include "proxy/replay_http1.h"
#include "capture/wire/http1.h"
#include "proxy/local.h"
#include "proxy/replay_head.h"
#include "store/base/clock.h"

#include <stdlib.h>

enum { OUT_HIGH_WATER = 128 * 1024 }; /* bytes waiting for the tunnel: enough for a while */

enum state {
	ASKED,     /* a request is on its way in */
	ANSWERING, /* head and body on their way out */
	ENDED,     /* the connection is over: EOF */
	FAILED,    /* or broken: fault */
};

struct replay_http1 {
	struct leg_peer peer; /* first: it is what the leg holds */
	struct replay *r;
	struct target target;
	enum state state;
	struct buf in, out;
	/* the exchange under way, in the arena */
	struct arena arena;
	struct http1_head req;
	bool have_req, looked, continued; /* looked: whether to say 100 (Continue) */
	struct http1_body req_body;
	struct replay_body_seen body;
	struct replay_answer answer;
	bool answered; /* about it there is something to say */
	bool head_said;
	struct http1_head res;
	struct buf piece; /* of its body: the next one, */
	bool fetched;     /* if there is one */
	uint64_t said;    /* bytes of its body, that one among them */
	int64_t due_us;   /* of what comes next */
	struct err fault;
};

static int64_t now_us(void)
{
	return clock_now_us(clock_real());
}

static struct replay_http1 *of(struct leg_peer *p)
{
	return (struct replay_http1 *)(void *)p;
}

/* ---- the request ---- */

static void next_exchange(struct replay_http1 *h)
{
	http1_body_fini(&h->req_body);
	replay_body_seen_fini(&h->body);
	arena_reset(&h->arena);
	h->req = (struct http1_head){0};
	h->req_body = (struct http1_body){0};
	h->have_req = h->looked = h->continued = h->answered = h->head_said = false;
	h->fetched = false;
	h->said = 0;
	buf_clear(&h->piece);
}

/* What is asked, as far as it is known. */
static void make_ask(struct replay_http1 *h, struct replay_ask *out)
{
	struct buf url = {0};
	target_origin(&h->target, &url);
	if (!span_is(h->req.target, "*"))
		buf_add_span(&url, h->req.target);
	size_t line_end = (size_t)(h->req.start_line.p - h->req.raw.p) + h->req.start_line.n;
	size_t fields = span_find_byte(h->req.raw, '\n', line_end);
	*out = (struct replay_ask){.method = h->req.method,
		.url = arena_copy(&h->arena, buf_span(&url)),
		.fields =
			span_from(h->req.raw, fields == SIZE_MAX ? h->req.raw.n : fields + 1)};
	buf_fini(&url);
	replay_body_seen_ask(&h->body, &h->arena, out);
}

/* The tunnel sent it on, so it is a request, and comes whole mostly. */
static bool read_head(struct replay_http1 *h)
{
	struct err err = {0};
	if (buf_len(&h->in) == 0)
		return false;
	if (h->answered)
		next_exchange(h);
	struct span in = buf_span(&h->in), whole = http1_likely_head(in);
	struct span raw = arena_copy(&h->arena, whole.n > 0 ? whole : in);
	enum http1_scan scan = http1_request_head_once(raw, &h->arena, &h->req, &err);
	if (scan == HTTP1_HEAD) {
		buf_consume(&h->in, h->req.raw.n);
		h->have_req = true;
		http1_body_init(&h->req_body, &h->req);
		replay_body_seen_init(&h->body);
	} else if (scan == HTTP1_BAD) {
		h->fault = err;
		h->state = FAILED;
	}
	return scan == HTTP1_HEAD;
}

/* True: it is whole. */
static bool read_body(struct replay_http1 *h)
{
	size_t used = 0;
	struct err err = {0};
	if (!http1_body_feed(&h->req_body, buf_span(&h->in), &used, replay_body_seen_add,
		    &h->body, &err)) {
		h->fault = err;
		h->state = FAILED;
		return false;
	}
	buf_consume(&h->in, used);
	return h->req_body.ended;
}

/* RFC 9110 10.1.1: the browser waits with its body, if the origin let it. */
static void say_continue(struct replay_http1 *h)
{
	struct replay_ask ask;
	make_ask(h, &ask);
	h->looked = true;
	h->continued = replay_continues(h->r, &ask);
	if (h->continued)
		buf_add_str(&h->out, "HTTP/1.1 100 Continue\r\n\r\n");
}

/* ---- the answer ---- */

static void say_page(struct replay_http1 *h)
{
	struct local_answer a = {0};
	local_error(&a, &h->answer.fault, FAULT_ORIGIN, h->target.host,
		span_is(h->req.method, "HEAD"));
	buf_add_span(&h->out, buf_span(&a.head));
	buf_add_span(&h->out, buf_span(&a.body));
	local_fini(&a);
	h->state = ENDED;
}

static void fail(struct replay_http1 *h, const struct err *why)
{
	h->fault = *why;
	h->state = FAILED;
}

static void say_interims(struct replay_http1 *h)
{
	const struct recorded_exchange *x = &h->answer.x;
	for (size_t i = 0; i < x->n_interims; i++) {
		const struct fact_interim *f = &x->interims[i];
		if (f->status == FACT_NULL || (f->status == 100 && h->continued))
			continue; /* bytes that were no head; or it was said already */
		replay_head_http1_interim(f, &h->out);
	}
}

static void say_head(struct replay_http1 *h)
{
	struct err err = {0};
	h->head_said = true;
	if (h->answer.page) {
		say_page(h);
		return;
	}
	say_interims(h);
	if (!h->answer.has_head) {
		fail(h, &h->answer.fault);
		return;
	}
	struct span raw = replay_head_http1(&h->answer, h->req.method, &h->arena);
	if (h->answer.read != NULL) {
		h->res = *h->answer.read;
	} else if (http1_response_head_once(raw, h->req.method, &h->arena, &h->res, &err) !=
		   HTTP1_HEAD) {
		replay_breaks(h->r, &h->answer, &err);
		fail(h, &err);
		return;
	}
	buf_add_span(&h->out, raw);
}

/* Facts that no recorder of ours wrote. Said as they are, the next answer on this connection
 * would begin within this one, or behind bytes of it. */
static void contradicts(struct replay_http1 *h, const char *how)
{
	struct err err;
	err_set(&err, ERR_NOT_REPLAYABLE, "%s", how);
	replay_breaks(h->r, &h->answer, &err);
	fail(h, &err);
}

static void end_answer(struct replay_http1 *h)
{
	const struct recorded_exchange *x = &h->answer.x;
	bool to_close = h->res.framing == HTTP1_TO_CLOSE || h->res.framing == HTTP1_SWITCH;
	if (h->answer.fault.kind != ERR_NONE && h->res.framing != HTTP1_SWITCH) {
		fail(h, &h->answer.fault);
		return;
	}
	struct span trailers = x->has_end ? x->end.res_trailers : SPAN_NONE;
	if (h->res.framing == HTTP1_CHUNKED && !replay_trailers_sound(trailers)) {
		contradicts(h, "what the case has for trailers is none");
		return;
	}
	if (h->res.framing == HTTP1_LENGTH && h->said < h->res.length) {
		contradicts(h, "the body in the case is shorter than its head says");
		return;
	}
	if (h->res.framing == HTTP1_CHUNKED) {
		buf_add_str(&h->out, "0\r\n");
		buf_add_span(&h->out, trailers);
		buf_add_str(&h->out, "\r\n");
	}
	h->state = to_close || !h->res.keep_alive ? ENDED : ASKED;
}

/* False: there are no more; it was ended. */
static bool fetch(struct replay_http1 *h)
{
	bool none = h->res.framing == HTTP1_NO_BODY || h->res.framing == HTTP1_SWITCH;
	h->fetched = !none && replay_body(h->r, &h->answer, &h->piece, &h->due_us);
	h->said += buf_len(&h->piece);
	if (!h->fetched)
		end_answer(h);
	else if (h->res.framing == HTTP1_LENGTH && h->said > h->res.length)
		contradicts(h, "the body in the case is longer than its head says");
	return h->state == ANSWERING;
}

/* A piece is fetched to learn when it is due, and said then. */
static void say_body(struct replay_http1 *h)
{
	if (!h->fetched && (!fetch(h) || h->due_us > now_us()))
		return;
	bool chunk = h->res.framing == HTTP1_CHUNKED && buf_len(&h->piece) > 0;
	if (chunk)
		buf_addf(&h->out, "%zx\r\n", buf_len(&h->piece));
	buf_add_span(&h->out, buf_span(&h->piece));
	if (chunk)
		buf_add_str(&h->out, "\r\n");
	buf_clear(&h->piece);
	h->fetched = false;
}

static void ask(struct replay_http1 *h)
{
	struct replay_ask ask;
	make_ask(h, &ask);
	replay_ask(h->r, &ask, &h->arena, &h->answer);
	h->answered = true;
	h->state = ANSWERING;
	h->due_us = h->answer.head_us;
}

static void advance(struct replay_http1 *h)
{
	while (h->state == ASKED) {
		if ((!h->have_req || h->answered) && !read_head(h))
			return;
		if (!read_body(h)) {
			if (h->state == ASKED && h->req.expect_continue && !h->looked)
				say_continue(h);
			return;
		}
		ask(h);
	}
}

/* ---- as a peer ---- */

static void take(struct leg_peer *p, struct span bytes)
{
	struct replay_http1 *h = of(p);
	if (h->state == ENDED || h->state == FAILED)
		return;
	buf_add_span(&h->in, bytes);
	advance(h);
}

static void end(struct leg_peer *p)
{
	struct replay_http1 *h = of(p);
	if (h->state == ASKED)
		h->state = ENDED;
}

static void produce(struct replay_http1 *h)
{
	while (h->state == ANSWERING && buf_len(&h->out) < OUT_HIGH_WATER &&
		h->due_us <= now_us()) {
		if (h->head_said)
			say_body(h);
		else
			say_head(h);
	}
	if (h->state == ASKED)
		advance(h);
}

static enum leg_result give(
	struct leg_peer *p, uint8_t *to, size_t max, size_t *n, struct err *err)
{
	struct replay_http1 *h = of(p);
	if (buf_len(&h->out) == 0)
		produce(h);
	struct span out = span_first(buf_span(&h->out), max);
	*n = out.n;
	if (out.n > 0) {
		memcpy(to, out.p, out.n);
		buf_consume(&h->out, out.n);
		return LEG_OK;
	}
	switch (h->state) {
	case ASKED:
	case ANSWERING: return LEG_AGAIN;
	case ENDED: return LEG_EOF;
	case FAILED: break;
	}
	*err = h->fault;
	return LEG_BROKEN;
}

static int64_t due_us(struct leg_peer *p)
{
	struct replay_http1 *h = of(p);
	if (buf_len(&h->out) > 0 || h->state == ENDED || h->state == FAILED)
		return 0;
	return h->state == ANSWERING ? h->due_us : INT64_MAX;
}

static void about(struct leg_peer *p, int32_t stream, struct leg_answer *out)
{
	struct replay_http1 *h = of(p);
	(void)stream;
	if (h->answered)
		replay_about(&h->answer, out);
}

static void free_peer(struct leg_peer *p)
{
	struct replay_http1 *h = of(p);
	next_exchange(h);
	arena_fini(&h->arena);
	buf_fini(&h->in);
	buf_fini(&h->out);
	buf_fini(&h->piece);
	free(h);
}

struct leg_peer *replay_http1_new(struct replay *r, const struct target *target)
{
	static const struct leg_peer_calls calls = {take, end, give, due_us, about, free_peer};
	struct replay_http1 *h = calloc(1, sizeof *h);
	if (h == NULL)
		abort();
	h->peer.calls = &calls;
	h->r = r;
	h->target = *target;
	return &h->peer;
}
