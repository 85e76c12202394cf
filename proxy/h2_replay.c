/* A replayed HTTP/2 connection as a peer of a leg: its streams, and when they have something to
 * say. */
#include "proxy/h2_replay_inner.h"
#include "store/base/clock.h"

#include <stdlib.h>

static struct h2_replay *of(struct leg_peer *p)
{
	return (struct h2_replay *)(void *)p;
}

/* ---- streams ---- */

static struct h2_replay_stream *stream_new(struct h2_replay *h, int32_t id)
{
	struct h2_replay_stream *st = calloc(1, sizeof *st);
	if (st == NULL)
		abort();
	st->of = h;
	st->id = id;
	st->next = h->streams;
	h->streams = st;
	replay_body_seen_init(&st->body);
	h2_session_attach(&h->session, id, st);
	return st;
}

static void stream_free(struct h2_replay_stream *st)
{
	replay_body_seen_fini(&st->body);
	buf_fini(&st->out.bytes);
	buf_fini(&st->piece);
	arena_fini(&st->arena);
	free(st);
}

/* Not from within the library's calls: what it holds may point into a stream that it has just
 * closed. */
static void reap(struct h2_replay *h)
{
	size_t unread = 0;
	for (struct h2_replay_stream **at = &h->streams, *st; (st = *at) != NULL;) {
		unread += st->closed && !st->told;
		if (st->closed && (st->told || unread > H2_REPLAY_UNREAD_MAX)) {
			*at = st->next;
			stream_free(st);
		} else {
			at = &st->next;
		}
	}
}

/* An answer is on its way, and not by its own fault at its end. */
static bool under_way(const struct h2_replay_stream *st)
{
	return !st->closed && st->state != H2_REPLAY_ASKED && st->state != H2_REPLAY_LOST;
}

static bool any_under_way(const struct h2_replay *h)
{
	for (const struct h2_replay_stream *st = h->streams; st != NULL; st = st->next)
		if (under_way(st))
			return true;
	return false;
}

/* ---- what the tunnel says ---- */

static bool waits_for_continue(const struct h2_head *req)
{
	for (size_t i = 0; i < req->n_fields; i++)
		if (span_is(req->fields[i].name, "expect"))
			return span_is_nocase(req->fields[i].value, "100-continue");
	return false;
}

static void on_head(void *ctx, int32_t id, void *user, const struct h2_fields *fields, bool end)
{
	struct h2_replay *h = ctx;
	struct h2_replay_stream *st = user;
	struct err err = {0};
	if (st != NULL) { /* trailers, by which nothing is matched */
		if (end)
			h2_replay_ask(st);
		return;
	}
	st = stream_new(h, id);
	if (!h2_request_head(fields, &st->arena, &st->req, &err)) {
		st->state = H2_REPLAY_SAID;
		h2_session_reset(&h->session, id, H2_PROTOCOL_ERROR);
	} else if (end) {
		h2_replay_ask(st);
	} else if (waits_for_continue(&st->req)) {
		h2_replay_continue(st);
	}
}

static void on_data(void *ctx, int32_t id, void *user, struct span bytes)
{
	struct h2_replay *h = ctx;
	struct h2_replay_stream *st = user;
	replay_body_seen_add(&st->body, bytes);
	h2_session_consume(&h->session, id, bytes.n);
}

static void on_end(void *ctx, int32_t id, void *user)
{
	(void)ctx, (void)id;
	if (user != NULL)
		h2_replay_ask(user);
}

static struct h2_out *on_out(void *ctx, void *user)
{
	(void)ctx;
	return &((struct h2_replay_stream *)user)->out;
}

static void on_sent(void *ctx, void *user, size_t n, bool end)
{
	struct h2_replay *h = ctx;
	(void)user, (void)n, (void)end;
	h->fault_us = h->now_us + H2_REPLAY_LINGER_MS * INT64_C(1000);
}

/* The answer may be read later than its stream is over here; unless the tunnel left first. */
static void on_closed(void *ctx, int32_t id, void *user, uint32_t code, bool by_peer)
{
	struct h2_replay *h = ctx;
	struct h2_replay_stream *st = user;
	(void)code;
	h2_session_attach(&h->session, id, NULL);
	st->closed = true;
	st->told |= by_peer || st->res.n_fields == 0;
	buf_clear(&st->out.bytes);
	buf_clear(&st->piece);
}

static void on_settings(void *ctx)
{
	(void)ctx;
}

static void on_goaway(void *ctx, uint32_t code, int32_t last)
{
	(void)ctx, (void)code, (void)last; /* what is under way is still said */
}

static void on_frame(void *ctx, const struct h2_seen *frame, void *user, bool ours)
{
	(void)ctx, (void)frame, (void)user, (void)ours; /* the tunnel records them */
}

/* ---- as a peer ---- */

static void take(struct leg_peer *p, struct span bytes)
{
	struct h2_replay *h = of(p);
	h->now_us = clock_now_us(clock_real());
	reap(h);
	buf_add_span(&h->far.in, bytes);
	h2_session_feed(&h->session, h->now_us);
	h->busy = true;
}

static void end(struct leg_peer *p)
{
	struct h2_replay *h = of(p);
	h->ended = h->busy = true;
}

/* Until there is enough, or nothing more right now. */
static void produce(struct h2_replay *h)
{
	bool made = true;
	while (made && buf_len(&h->far.out) < H2_OUT_HIGH_WATER) {
		for (struct h2_replay_stream *st = h->streams; st != NULL; st = st->next)
			if (!st->closed && !h->session.over)
				h2_replay_say(st);
		made = h2_session_drain(&h->session, h->now_us);
	}
	h->busy = made;
}

/* When the whole connection ends, as things stand. */
static int64_t fault_due_us(const struct h2_replay *h)
{
	if (h->fault.kind == ERR_NONE)
		return INT64_MAX;
	return any_under_way(h) ? h->fault_us : h->settled_us;
}

static bool fails_now(const struct h2_replay *h)
{
	return h->now_us >= fault_due_us(h);
}

static enum leg_result give(
	struct leg_peer *p, uint8_t *to, size_t max, size_t *n, struct err *err)
{
	struct h2_replay *h = of(p);
	h->now_us = clock_now_us(clock_real());
	reap(h);
	if (buf_len(&h->far.out) == 0)
		produce(h);
	struct span out = span_first(buf_span(&h->far.out), max);
	*n = out.n;
	if (out.n > 0) {
		memcpy(to, out.p, out.n);
		buf_consume(&h->far.out, out.n);
		return LEG_OK;
	}
	if (fails_now(h)) {
		*err = h->fault;
		return h->fault.kind == ERR_ORIGIN_CLOSED || h->fault.kind == ERR_ORIGIN_SILENT
			       ? LEG_EOF
			       : LEG_BROKEN;
	}
	return h->session.over || (h->ended && !any_under_way(h)) ? LEG_EOF : LEG_AGAIN;
}

/* The next piece's time, where nothing else holds it up. */
static int64_t stream_due_us(const struct h2_replay_stream *st)
{
	bool timed = st->state == H2_REPLAY_WAITING ||
		     (st->state == H2_REPLAY_SAYING && buf_len(&st->out.bytes) == 0);
	return timed && !st->closed ? st->due_us : INT64_MAX;
}

static int64_t due_us(struct leg_peer *p)
{
	struct h2_replay *h = of(p);
	int64_t due = fault_due_us(h);
	if (buf_len(&h->far.out) > 0 || h->busy || h->session.over)
		return 0;
	for (const struct h2_replay_stream *st = h->streams; st != NULL; st = st->next) {
		int64_t at = stream_due_us(st);
		if (at < due)
			due = at;
	}
	return due;
}

static void about(struct leg_peer *p, int32_t stream, struct leg_answer *out)
{
	for (struct h2_replay_stream *st = of(p)->streams; st != NULL; st = st->next) {
		if (st->id != stream || st->state < H2_REPLAY_SAYING)
			continue;
		replay_about(&st->answer, out);
		st->told = true;
		return;
	}
}

static void free_peer(struct leg_peer *p)
{
	struct h2_replay *h = of(p);
	h2_session_fini(&h->session);
	while (h->streams != NULL) {
		struct h2_replay_stream *next = h->streams->next;
		stream_free(h->streams);
		h->streams = next;
	}
	leg_fini(&h->far);
	free(h);
}

struct leg_peer *h2_replay_new(struct replay *r, const struct target *target)
{
	static const struct leg_peer_calls calls = {take, end, give, due_us, about, free_peer};
	static const struct h2_events events = {
		.head = on_head,
		.data = on_data,
		.end = on_end,
		.out = on_out,
		.sent = on_sent,
		.closed = on_closed,
		.settings = on_settings,
		.goaway = on_goaway,
		.frame = on_frame,
	};
	struct h2_replay *h = calloc(1, sizeof *h);
	if (h == NULL)
		abort();
	h->peer.calls = &calls;
	h->r = r;
	h->target = *target;
	h->busy = true; /* our SETTINGS */
	leg_init_peer(&h->far, NULL);
	h2_session_init(&h->session, &h->far, true, &events, h);
	h2_session_trust(&h->session);
	return &h->peer;
}
