/* What happens to one exchange: its request on the way to the origin, its response on the way
 * back, and every way to end early. */
#include "proxy/h2_serve.h"

#include <stdlib.h>

struct h2_stream *h2_stream_new(struct h2_serve *s, int32_t id)
{
	struct h2_stream *st = calloc(1, sizeof *st);
	if (st == NULL)
		abort();
	exchange_init(&st->x, s->t);
	st->serve = s;
	st->b_id = id;
	st->o_closed = true; /* until it is asked */
	st->next = s->streams;
	if (st->next != NULL)
		st->next->prev = st;
	s->streams = st;
	s->n_streams++;
	h2_session_attach(&s->browser, id, st);
	return st;
}

void h2_stream_ungate(struct h2_stream *st)
{
	struct h2_serve *s = st->serve;
	if (!st->gated)
		return;
	for (struct h2_stream **at = &s->gate_first; *at != NULL; at = &(*at)->gate_next) {
		if (*at != st)
			continue;
		*at = st->gate_next;
		if (s->gate_last == &st->gate_next)
			s->gate_last = at;
		break;
	}
	st->gated = false;
	st->gate_next = NULL;
}

void h2_stream_free(struct h2_stream *st)
{
	struct h2_serve *s = st->serve;
	h2_stream_ungate(st);
	h2_session_attach(&s->browser, st->b_id, NULL);
	h2_session_attach(&s->origin, st->o_id, NULL);
	if (st->prev != NULL)
		st->prev->next = st->next;
	else
		s->streams = st->next;
	if (st->next != NULL)
		st->next->prev = st->prev;
	s->n_streams--;
	buf_fini(&st->up.bytes);
	buf_fini(&st->down.bytes);
	exchange_fini(&st->x);
	free(st);
}

bool h2_stream_finished(const struct h2_stream *st)
{
	return st->b_closed && st->o_closed && st->x.end_put;
}

/* Tickets only grow: who shuts its gate anew goes to the end of the row, which thus is in
 * order. */
void h2_stream_gate(struct h2_stream *st)
{
	struct h2_serve *s = st->serve;
	if (st->b_closed || s->t->record.failed)
		return;
	h2_stream_ungate(st);
	exchange_gate_shut(&st->x);
	st->gated = true;
	st->gate_next = NULL;
	*s->gate_last = st;
	s->gate_last = &st->gate_next;
}

void h2_stream_reset_browser(struct h2_stream *st, uint32_t code)
{
	if (!st->b_closed && !st->b_reset)
		h2_session_reset(&st->serve->browser, st->b_id, code);
	st->b_reset = true;
}

void h2_stream_reset_origin(struct h2_stream *st, uint32_t code)
{
	if (!st->o_closed && !st->o_reset)
		h2_session_reset(&st->serve->origin, st->o_id, code);
	st->o_reset = true;
}

/* ---- what waits for the browser ---- */

void h2_stream_cut_if_empty(struct h2_stream *st)
{
	if (st->cut_wanted && !st->b_closed && !st->gated && buf_len(&st->down.bytes) == 0) {
		st->cut_wanted = false;
		h2_stream_reset_browser(st, st->cut_code);
	}
}

void h2_stream_release(struct h2_stream *st)
{
	struct h2_session *b = &st->serve->browser;
	struct exchange *x = &st->x;
	if (st->b_closed)
		return;
	while (st->heads_sent < st->n_heads) {
		const struct h2_head *head = st->heads[st->heads_sent++];
		bool final = head == &st->res;
		bool bare = st->down_whole && buf_len(&x->held) == 0 &&
			    st->res_trailers.n_fields == 0;
		h2_session_respond(b, st->b_id, head, !final, final && !bare);
		st->final_sent |= final;
	}
	/* The library forgets a head that it has yet to write when its stream is reset. */
	if (st->cut_wanted)
		h2_session_drain(b, st->serve->now_us);
	if (!st->final_sent) {
		h2_stream_cut_if_empty(st);
		return;
	}
	if (buf_len(&st->down.bytes) == 0) {
		struct buf empty = st->down.bytes;
		st->down.bytes = x->held;
		x->held = empty;
	} else {
		buf_add_span(&st->down.bytes, buf_span(&x->held));
	}
	buf_clear(&x->held);
	if (st->down_whole) {
		st->down.ended = true;
		st->down.trailers = st->res_trailers.n_fields > 0 ? &st->res_trailers : NULL;
	}
	h2_session_resume(b, st->b_id, &st->down);
	h2_stream_cut_if_empty(st);
}

void h2_stream_push_head(struct h2_stream *st, struct h2_head *head)
{
	ARENA_PUSH(&st->x.arena, st->heads, st->n_heads, head);
	h2_stream_gate(st);
}

/* Bytes of the body for the browser, or for the gate while it is shut. */
void h2_stream_push_body(struct h2_stream *st, struct span bytes)
{
	st->down_taken += bytes.n;
	if (st->gated || !st->final_sent) {
		buf_add_span(&st->x.held, bytes);
		return;
	}
	buf_add_span(&st->down.bytes, bytes);
	h2_session_resume(&st->serve->browser, st->b_id, &st->down);
}

/* ---- every way to end early ---- */

/* The request goes no further: what waited for the origin makes room again. */
void h2_stream_drop_up(struct h2_stream *st)
{
	buf_clear(&st->up.bytes);
	h2_session_consume(&st->serve->browser, st->b_id, st->up_taken);
	st->up_taken = 0;
	st->x.up_done = true;
}

void h2_stream_drop_down(struct h2_stream *st)
{
	buf_clear(&st->x.held);
	buf_clear(&st->down.bytes);
	h2_session_consume(&st->serve->origin, st->o_id, st->down_taken);
	st->down_taken = 0;
	st->x.down_done = true;
}

void h2_stream_set_end(struct h2_stream *st, const struct err *err)
{
	if (st->x.end.kind == ERR_NONE && !st->x.end_put)
		st->x.end = *err;
}

void h2_stream_left(struct h2_stream *st, const struct err *err, uint32_t code)
{
	st->b_closed = true;
	if (!st->x.end_put)
		h2_stream_set_end(st, err);
	h2_stream_ungate(st);
	st->x.gate = 0;
	h2_stream_drop_up(st);
	h2_stream_drop_down(st);
	h2_stream_reset_origin(st, code);
	exchange_put_end(&st->x);
}

void h2_stream_drop(struct h2_stream *st, const struct err *err, uint32_t code)
{
	h2_stream_set_end(st, err);
	st->x.cut = true;
	h2_stream_ungate(st);
	st->n_heads = st->heads_sent;
	h2_stream_drop_up(st);
	h2_stream_drop_down(st);
	h2_stream_reset_origin(st, H2_CANCEL);
	exchange_put_end(&st->x);
	h2_stream_reset_browser(st, code);
}

void h2_stream_stop_upload(struct h2_stream *st)
{
	if (st->b_told && st->x.end_put && !st->b_closed && !st->up.ended)
		h2_stream_reset_browser(st, H2_NO_ERROR);
}

void h2_stream_takes_no_more(struct h2_stream *st)
{
	struct err err = {0};
	err_set(&err, ERR_BODY_TRUNCATED,
		"the origin answered after %llu bytes of the request and takes no more",
		(unsigned long long)st->x.up.size);
	h2_stream_set_end(st, &err);
	h2_stream_drop_up(st);
	exchange_put_end(&st->x);
	h2_stream_gate(st);
	h2_stream_stop_upload(st);
}

void h2_stream_abandon(struct h2_stream *st, const struct err *err)
{
	h2_stream_set_end(st, err);
	st->x.cut = true;
	h2_stream_drop_up(st);
	h2_stream_drop_down(st);
	exchange_put_end(&st->x);
	st->serve->silent = true;
}

/* What came of the answer still reaches the browser, then the cut. */
void h2_stream_cut(struct h2_stream *st, uint32_t code)
{
	st->x.cut = st->x.down_done = true;
	st->cut_wanted = true;
	st->cut_code = code;
	exchange_put_end(&st->x);
	h2_stream_gate(st);
}

void h2_stream_answer(struct h2_stream *st, struct local_answer *a, const struct err *why)
{
	struct exchange *x = &st->x;
	struct err err = {0};
	h2_stream_set_end(st, why);
	h2_stream_drop_up(st);
	x->local = x->have_res = true;
	x->leg = FACT_NULL;
	if (!h2_local_head(a, &x->arena, &st->res, &err)) {
		h2_stream_drop(st, &err, H2_INTERNAL_ERROR);
		return;
	}
	h2_put_response(st, "clicktrail");
	h2_stream_push_head(st, &st->res);
	body_add(&x->down, buf_span(&a->body));
	buf_add_span(&x->held, buf_span(&a->body));
	x->down_done = st->down_whole = true;
	exchange_put_end(&st->x);
	h2_stream_gate(st);
}

void h2_stream_fail(struct h2_stream *st, const struct err *err, enum local_fault fault)
{
	struct local_answer a = {0};
	if (st->x.end_put)
		return;
	if (st->x.down_done) {
		h2_stream_takes_no_more(st);
		return;
	}
	h2_stream_set_end(st, err);
	h2_stream_drop_up(st);
	h2_stream_reset_origin(st, H2_CANCEL);
	if (st->x.have_res) {
		h2_stream_cut(st, H2_INTERNAL_ERROR);
		return;
	}
	local_error(&a, err, fault, st->serve->t->target.host, span_is(st->req.method, "HEAD"));
	h2_stream_answer(st, &a, err);
	local_fini(&a);
}
