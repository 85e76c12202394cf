/* What the origin says on an HTTP/2 connection: responses on the way back to the browser. */
#include "proxy/h2_serve.h"

/* Its answer breaks a rule. */
static void response_broken(struct h2_stream *st, const struct err *err)
{
	h2_stream_reset_origin(st, H2_PROTOCOL_ERROR);
	h2_stream_fail(st, err, FAULT_ORIGIN);
}

/* The response is whole: its end waits for the facts of all of it. */
static void response_ended(struct h2_stream *st)
{
	struct exchange *x = &st->x;
	struct err err = {0};
	if (x->down_done)
		return;
	if (st->res.has_length && !st->no_body && x->down.size != st->res.length) {
		err_set(&err, ERR_BODY_TRUNCATED, "%llu bytes of %llu announced",
			(unsigned long long)x->down.size, (unsigned long long)st->res.length);
		response_broken(st, &err);
		return;
	}
	x->down_done = st->down_whole = true;
	body_end(&x->down);
	if (x->up_done)
		exchange_put_end(&st->x);
	h2_stream_gate(st);
}

static void take_interim(struct h2_stream *st, const struct h2_head *head, bool end)
{
	struct err err = {0};
	h2_put_interim(st, head, head->status);
	st->interim_bytes += head->text.n;
	if (end)
		err_set(&err, ERR_PSEUDO, "an interim response ends the stream");
	else if (++st->x.interims > EXCHANGE_INTERIMS_MAX)
		err_set(&err, ERR_LIMIT, "more than %d interim responses",
			EXCHANGE_INTERIMS_MAX);
	else if (st->interim_bytes > H2_INTERIM_BYTES_MAX)
		err_set(&err, ERR_LIMIT, "more than %d bytes of interim responses",
			H2_INTERIM_BYTES_MAX);
	if (err.kind != ERR_NONE) {
		response_broken(st, &err);
		return;
	}
	struct h2_head *kept = arena_alloc(&st->x.arena, sizeof *kept);
	*kept = *head;
	h2_stream_push_head(st, kept);
}

static void take_response(struct h2_stream *st, const struct h2_fields *fields, bool end)
{
	struct exchange *x = &st->x;
	struct h2_head head;
	struct err err = {0};
	if (x->first_byte_us == FACT_NULL)
		x->first_byte_us = st->serve->now_us;
	if (!h2_response_head(fields, &x->arena, &head, &err)) {
		h2_put_interim(st, &head, FACT_NULL);
		response_broken(st, &err);
		return;
	}
	if (head.status < 200) {
		take_interim(st, &head, end);
		return;
	}
	st->res = head;
	st->no_body =
		span_is(st->req.method, "HEAD") || head.status == 204 || head.status == 304;
	x->have_res = true;
	st->serve->answered++;
	h2_put_response(st, exchange_made_by(x, &st->serve->t->origin.leg, st->o_id));
	h2_stream_push_head(st, &st->res);
	if (end)
		response_ended(st);
}

static void origin_head(
	void *ctx, int32_t id, void *user, const struct h2_fields *fields, bool end)
{
	struct h2_stream *st = user;
	struct err err = {0};
	(void)ctx, (void)id;
	if (st == NULL || st->x.down_done)
		return;
	st->x.moved_us = st->serve->now_us;
	if (!st->x.have_res) {
		take_response(st, fields, end);
		return;
	}
	if (!h2_trailers(fields, &st->x.arena, &st->res_trailers, &err)) {
		st->x.down_trailers = st->res_trailers.text;
		response_broken(st, &err);
	} else if (!end) {
		err_set(&err, ERR_TRAILER, "a second head that does not end the response");
		response_broken(st, &err);
	} else {
		st->x.down_trailers = st->res_trailers.text;
		response_ended(st);
	}
}

static void origin_data(void *ctx, int32_t id, void *user, struct span bytes)
{
	struct h2_serve *s = ctx;
	struct h2_stream *st = user;
	struct exchange *x = &st->x;
	struct err err = {0};
	if (x->down_done || st->b_closed) {
		h2_session_consume(&s->origin, id, bytes.n);
		return;
	}
	x->moved_us = s->now_us;
	if (!x->have_res)
		err_set(&err, ERR_START_LINE, "DATA before a response head");
	else if (st->no_body && bytes.n > 0)
		err_set(&err, ERR_EXTRA_BYTES, "DATA behind a response that has none");
	else if (st->res.has_length && x->down.size + bytes.n > st->res.length)
		err_set(&err, ERR_LENGTH, "more than the %llu bytes announced",
			(unsigned long long)st->res.length);
	if (err.kind != ERR_NONE) {
		h2_session_consume(&s->origin, id, bytes.n);
		response_broken(st, &err);
		return;
	}
	body_add(&x->down, bytes);
	/* Announced bytes are all there: a browser may hold that for the end. */
	if (st->res.has_length && x->down.size == st->res.length) {
		body_flush(&x->down);
		h2_stream_gate(st);
	}
	h2_stream_push_body(st, bytes);
}

static void origin_end(void *ctx, int32_t id, void *user)
{
	struct h2_stream *st = user;
	struct err err = {0};
	(void)ctx, (void)id;
	if (st == NULL || st->x.down_done)
		return;
	if (st->x.have_res) {
		response_ended(st);
		return;
	}
	err_set(&err, ERR_ORIGIN_SILENT, "the stream ended before a response head");
	response_broken(st, &err);
}

static struct h2_out *origin_out(void *ctx, void *user)
{
	(void)ctx;
	return &((struct h2_stream *)user)->up;
}

static void origin_sent(void *ctx, void *user, size_t n, bool end)
{
	struct h2_serve *s = ctx;
	struct h2_stream *st = user;
	(void)end;
	st->x.moved_us = s->now_us;
	s->starved_origin_us = 0;
	size_t room = n < st->up_taken ? n : st->up_taken;
	st->up_taken -= room;
	h2_session_consume(&s->browser, st->b_id, room);
}

/* The origin reset a stream whose answer was not whole. */
static void origin_cut(struct h2_stream *st, uint32_t code, bool by_peer)
{
	struct err err = {0};
	if (code == H2_REFUSED_STREAM)
		err_set(&err, ERR_ORIGIN_REFUSED, "%s", h2_code_name(code));
	else if (by_peer)
		err_set(&err, ERR_ORIGIN_CANCELLED, "%s", h2_code_name(code));
	else
		err_set(&err, ERR_H2_PROTOCOL, "the origin broke a rule of its stream: %s",
			h2_code_name(code));
	if (!by_peer && code != H2_REFUSED_STREAM) {
		h2_stream_fail(st, &err, FAULT_ORIGIN);
		return;
	}
	/* The browser is told by the same code: some of them mean that it may ask again. */
	h2_stream_set_end(st, &err);
	h2_stream_drop_up(st);
	if (st->x.have_res || st->n_heads > 0)
		h2_stream_cut(st, code);
	else
		h2_stream_drop(st, &err, code);
}

static struct h2_stream *find_by_origin(struct h2_serve *s, int32_t id)
{
	struct h2_stream *st = s->streams;
	while (st != NULL && st->o_id != id)
		st = st->next;
	return st;
}

static void origin_closed(void *ctx, int32_t id, void *user, uint32_t code, bool by_peer)
{
	struct h2_serve *s = ctx;
	struct h2_stream *st = user != NULL ? user : find_by_origin(s, id);
	if (st == NULL)
		return;
	st->o_closed = true;
	h2_session_attach(&s->origin, id, NULL);
	if (st->x.end_put || st->b_closed)
		return;
	/* Its request never left, and not since the origin said goodbye: we did, and
	 * origin_over is about to say why. */
	if (user == NULL && s->origin.goaway_last < 0)
		return;
	if (!st->x.down_done) {
		origin_cut(st, code, by_peer);
		return;
	}
	h2_stream_takes_no_more(st);
}

/* The browser may open as many streams as the origin takes. */
static void origin_settings(void *ctx)
{
	struct h2_serve *s = ctx;
	uint32_t n = h2_session_peer_streams(&s->origin);
	if (n > H2_STREAMS_MAX)
		n = H2_STREAMS_MAX;
	if (n != s->told_streams && n > 0)
		h2_session_set_streams(&s->browser, n);
	if (n > 0)
		s->told_streams = n;
}

static void origin_goaway(void *ctx, uint32_t code, int32_t last)
{
	struct h2_serve *s = ctx;
	(void)last;
	s->origin_live = false;
	h2_session_goaway(&s->browser, code);
}

static void origin_frame(void *ctx, const struct h2_seen *frame, void *user, bool ours)
{
	struct h2_serve *s = ctx;
	h2_put_frame(s, &s->t->origin.leg, frame, user, ours);
}

const struct h2_events h2_origin_events = {
	.head = origin_head,
	.data = origin_data,
	.end = origin_end,
	.out = origin_out,
	.sent = origin_sent,
	.closed = origin_closed,
	.settings = origin_settings,
	.goaway = origin_goaway,
	.frame = origin_frame,
};
