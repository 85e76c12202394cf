/* What the browser says on an HTTP/2 connection: requests and their bodies on the way to the
 * origin. */
#include "proxy/h2_serve.h"

static void request_broken(struct h2_stream *st, const struct err *err)
{
	if (st->x.end_put)
		h2_stream_reset_browser(st, H2_PROTOCOL_ERROR);
	else
		h2_stream_drop(st, err, H2_PROTOCOL_ERROR);
}

static void request_ended(struct h2_stream *st)
{
	struct exchange *x = &st->x;
	struct err err = {0};
	x->moved_us = st->serve->now_us;
	if (x->up_done)
		return;
	if (st->req.has_length && x->up.size != st->req.length) {
		err_set(&err, ERR_BODY_TRUNCATED, "%llu bytes of %llu announced",
			(unsigned long long)x->up.size, (unsigned long long)st->req.length);
		request_broken(st, &err);
		return;
	}
	x->up_done = true;
	x->up_ended_us = st->serve->now_us;
	body_end(&x->up);
	st->up.ended = true;
	st->up.trailers = st->req_trailers.n_fields > 0 ? &st->req_trailers : NULL;
	h2_session_resume(&st->serve->origin, st->o_id, &st->up);
	if (x->down_done) {
		exchange_put_end(&st->x);
		h2_stream_gate(st);
	}
}

static void browser_head(
	void *ctx, int32_t id, void *user, const struct h2_fields *fields, bool end)
{
	struct h2_serve *s = ctx;
	struct h2_stream *st = user;
	struct err err = {0};
	if (st == NULL) {
		h2_request_take(h2_stream_new(s, id), fields, end);
		return;
	}
	if (!h2_trailers(fields, &st->x.arena, &st->req_trailers, &err)) {
		request_broken(st, &err);
	} else if (!end) {
		err_set(&err, ERR_TRAILER, "a second head that does not end the request");
		request_broken(st, &err);
	} else {
		st->x.up_trailers = st->req_trailers.text;
		request_ended(st);
	}
}

static void browser_data(void *ctx, int32_t id, void *user, struct span bytes)
{
	struct h2_serve *s = ctx;
	struct h2_stream *st = user;
	struct err err = {0};
	if (st->x.up_done || st->x.end_put) {
		h2_session_consume(&s->browser, id, bytes.n);
		return;
	}
	st->x.moved_us = s->now_us;
	body_add(&st->x.up, bytes);
	st->up_taken += bytes.n;
	buf_add_span(&st->up.bytes, bytes);
	if (st->req.has_length && st->x.up.size > st->req.length) {
		err_set(&err, ERR_LENGTH, "more than the %llu bytes announced",
			(unsigned long long)st->req.length);
		request_broken(st, &err);
		return;
	}
	h2_session_resume(&s->origin, st->o_id, &st->up);
}

static void browser_end(void *ctx, int32_t id, void *user)
{
	(void)ctx, (void)id;
	if (user != NULL)
		request_ended(user);
}

static struct h2_out *browser_out(void *ctx, void *user)
{
	(void)ctx;
	return &((struct h2_stream *)user)->down;
}

static void browser_sent(void *ctx, void *user, size_t n, bool end)
{
	struct h2_serve *s = ctx;
	struct h2_stream *st = user;
	st->x.moved_us = s->now_us;
	s->starved_browser_us = 0;
	size_t room = n < st->down_taken ? n : st->down_taken;
	st->down_taken -= room;
	h2_session_consume(&s->origin, st->o_id, room);
	h2_stream_cut_if_empty(st);
	st->b_told |= end;
	h2_stream_stop_upload(st);
}

static void browser_closed(void *ctx, int32_t id, void *user, uint32_t code, bool by_peer)
{
	struct h2_stream *st = user;
	struct err err = {0};
	(void)ctx, (void)id;
	h2_session_attach(&st->serve->browser, st->b_id, NULL);
	if (st->x.end_put && code == H2_NO_ERROR && !by_peer) {
		/* All was said; the request may still be on its way to the origin. */
		st->b_closed = true;
		h2_stream_ungate(st);
		h2_stream_drop_down(st);
		return;
	}
	if (by_peer)
		err_set(&err, ERR_BROWSER_CANCELLED, "%s", h2_code_name(code));
	else
		err_set(&err, ERR_H2_PROTOCOL, "the stream was reset: %s", h2_code_name(code));
	h2_stream_left(st, &err, by_peer ? code : H2_CANCEL);
}

static void browser_settings(void *ctx)
{
	(void)ctx;
}

static void browser_goaway(void *ctx, uint32_t code, int32_t last)
{
	struct h2_serve *s = ctx;
	(void)code, (void)last;
	s->leaving = true; /* what it waits for still comes */
}

static void browser_frame(void *ctx, const struct h2_seen *frame, void *user, bool ours)
{
	struct h2_serve *s = ctx;
	h2_put_frame(s, &s->t->browser, frame, user, ours);
}

const struct h2_events h2_browser_events = {
	.head = browser_head,
	.data = browser_data,
	.end = browser_end,
	.out = browser_out,
	.sent = browser_sent,
	.closed = browser_closed,
	.settings = browser_settings,
	.goaway = browser_goaway,
	.frame = browser_frame,
};
