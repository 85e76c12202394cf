/* What one stream of a replayed connection is answered with. */
#include "proxy/h2_replay_inner.h"
#include "proxy/h2_serve.h"

/* ---- the request ---- */

static void make_ask(struct h2_replay_stream *st, struct replay_ask *out)
{
	struct target named = {0};
	struct err err = {0};
	struct buf url = {0};
	if (!h2_request_url(&st->req, &named, &url, &err)) {
		/* The tunnel sends none on that names no host: what is asked is this origin. */
		target_origin(&st->of->target, &url);
		buf_add_span(&url, st->req.path);
	}
	*out = (struct replay_ask){.method = st->req.method,
		.url = arena_copy(&st->arena, buf_span(&url)),
		.fields = st->req.text};
	buf_fini(&url);
	replay_body_seen_ask(&st->body, &st->arena, out);
}

void h2_replay_ask(struct h2_replay_stream *st)
{
	struct replay_ask ask;
	const struct h2_replay *h = st->of;
	if (st->state != H2_REPLAY_ASKED)
		return;
	/* The connection is about to end, as it was recorded: this one came too late. */
	if (h->fault.kind != ERR_NONE && h->now_us >= h->settled_us)
		return;
	make_ask(st, &ask);
	replay_ask(h->r, &ask, &st->arena, &st->answer);
	st->state = H2_REPLAY_WAITING;
	st->due_us = st->answer.head_us;
}

void h2_replay_continue(struct h2_replay_stream *st)
{
	struct replay_ask ask;
	struct h2_fields fields = {0};
	struct h2_head head;
	struct err err = {0};
	make_ask(st, &ask);
	if (!replay_continues(st->of->r, &ask))
		return;
	h2_fields_add(&fields, span_str(":status"), span_str("100"), false);
	st->continued = h2_response_head(&fields, &st->arena, &head, &err) &&
			h2_session_respond(&st->of->session, st->id, &head, true, false);
	h2_fields_fini(&fields);
}

/* ---- how it ends ---- */

/* What the origin did to the whole connection. */
static bool of_connection(enum err_kind kind)
{
	return kind == ERR_ORIGIN_CLOSED || kind == ERR_ORIGIN_SILENT ||
	       kind == ERR_ORIGIN_RESET || kind == ERR_ORIGIN_TIMEOUT || kind == ERR_ORIGIN_TLS;
}

/* By which code does its stream end? The browser gets the same. */
static uint32_t reset_code(const struct replay_answer *a)
{
	enum err_kind kind = a->fault.kind;
	if (kind == ERR_ORIGIN_CANCELLED || kind == ERR_ORIGIN_REFUSED) {
		if (a->x.reset_code != FACT_NULL)
			return (uint32_t)a->x.reset_code;
		/* Its frame is not in the case: a GOAWAY did it, or there were too many. */
		return kind == ERR_ORIGIN_REFUSED ? (uint32_t)H2_REFUSED_STREAM
						  : h2_replay_code(span_str(a->fault.detail));
	}
	/* Where the origin broke a rule, the browser was told by this one. */
	return kind == ERR_NOT_REPLAYABLE || !a->has_head ? H2_CANCEL : H2_INTERNAL_ERROR;
}

static void fail(struct h2_replay_stream *st)
{
	struct h2_replay *h = st->of;
	if (!of_connection(st->answer.fault.kind)) {
		st->state = H2_REPLAY_SAID;
		/* The library forgets a head that it has yet to write when its stream is
		 * reset. */
		h2_session_drain(&h->session, h->now_us);
		h2_session_reset(&h->session, st->id, reset_code(&st->answer));
		return;
	}
	st->state = H2_REPLAY_LOST;
	if (h->fault.kind != ERR_NONE)
		return;
	h->fault = st->answer.fault;
	h->settled_us = h->now_us + H2_REPLAY_SETTLE_MS * INT64_C(1000);
	h->fault_us = h->now_us + H2_REPLAY_LINGER_MS * INT64_C(1000);
}

static bool put_trailers(struct h2_replay_stream *st)
{
	const struct recorded_exchange *x = &st->answer.x;
	struct err err = {0};
	if (!x->has_end || x->end.res_trailers.n == 0)
		return true;
	if (!h2_replay_trailers(x->end.res_trailers, x->response.head.p != NULL, &st->arena,
		    &st->trailers, &err)) {
		struct err why;
		err_set(&why, ERR_NOT_REPLAYABLE,
			"HTTP/2 cannot say this answer's trailers: %s", err.detail);
		replay_breaks(st->of->r, &st->answer, &why);
		return false;
	}
	if (st->trailers.n_fields > 0)
		st->out.trailers = &st->trailers;
	return true;
}

/* It ended in order, if not as announced: a body that is shorter than its length says so by
 * itself; or the origin had answered and took no more of the request. */
static bool ended_in_order(const struct h2_replay_stream *st)
{
	const struct replay_answer *a = &st->answer;
	if (a->fault.kind == ERR_BODY_TRUNCATED)
		return st->res.has_length || a->x.reset_code == H2_NO_ERROR;
	return a->fault.kind == ERR_NONE;
}

/* Behind the last piece of the body. */
static void end_body(struct h2_replay_stream *st)
{
	st->state = H2_REPLAY_FAILING;
	if (!ended_in_order(st) || !put_trailers(st))
		return;
	st->out.ended = true;
	st->state = H2_REPLAY_SAID;
}

/* ---- what is said ---- */

/* Facts that no recorder of ours wrote (RFC 9113 8.1.1: such a message is malformed). */
static bool fits(struct h2_replay_stream *st, bool over)
{
	struct err err;
	uint64_t size = (uint64_t)st->answer.size;
	bool shorter = over && size < st->res.length && st->answer.fault.kind == ERR_NONE;
	if (!st->res.has_length || (size <= st->res.length && !shorter))
		return true;
	err_set(&err, ERR_NOT_REPLAYABLE, "the body in the case is %s than its head says",
		shorter ? "shorter" : "longer");
	replay_breaks(st->of->r, &st->answer, &err);
	return false;
}

/* False: there are no more pieces; it was ended. */
static bool fetch(struct h2_replay_stream *st)
{
	/* RFC 9110 6.4.1 */
	bool none = span_is(st->req.method, "HEAD") || st->res.status == 204 ||
		    st->res.status == 304;
	while (buf_len(&st->piece) == 0) {
		bool over =
			none || !replay_body(st->of->r, &st->answer, &st->piece, &st->due_us);
		if (!none && !fits(st, over)) {
			buf_clear(&st->piece);
			over = true;
		}
		if (over) {
			end_body(st);
			return false;
		}
	}
	return true;
}

static void say_page(struct h2_replay_stream *st, const struct err *why)
{
	struct local_answer a = {0};
	struct err err = {0};
	local_error(
		&a, why, FAULT_ORIGIN, st->of->target.host, span_is(st->req.method, "HEAD"));
	bool ok = h2_local_head(&a, &st->arena, &st->res, &err);
	buf_add_span(&st->out.bytes, buf_span(&a.body));
	local_fini(&a);
	st->state = ok ? H2_REPLAY_SAID : H2_REPLAY_FAILING;
	st->out.ended = ok;
	if (ok)
		h2_session_respond(
			&st->of->session, st->id, &st->res, false, buf_len(&st->out.bytes) > 0);
}

/* Another protocol's head, or one that is damaged. */
static void say_unsayable(struct h2_replay_stream *st, const struct err *err)
{
	struct replay_answer *a = &st->answer;
	a->ours = true;
	err_set(&a->why, ERR_NOT_REPLAYABLE, "HTTP/2 cannot say this answer's head: %s: %s",
		err_sentence(err->kind), err->detail);
	replay_breaks(st->of->r, a, &a->why);
	say_page(st, &a->why);
}

static void say_interims(struct h2_replay_stream *st)
{
	const struct recorded_exchange *x = &st->answer.x;
	for (size_t i = 0; i < x->n_interims; i++) {
		const struct fact_interim *f = &x->interims[i];
		struct h2_head *head = arena_alloc(&st->arena, sizeof *head);
		struct err err = {0};
		if (f->status == FACT_NULL || (f->status == 100 && st->continued))
			continue; /* bytes that were no head; or it was said already */
		if (h2_replay_head(
			    f->head, f->fields, st->req.method, &st->arena, head, &err) &&
			head->status / 100 == 1)
			h2_session_respond(&st->of->session, st->id, head, true, false);
	}
}

static void say_head(struct h2_replay_stream *st)
{
	struct replay_answer *a = &st->answer;
	struct err err = {0};
	if (a->page) {
		say_page(st, &a->fault);
		return;
	}
	say_interims(st);
	if (!a->has_head) {
		st->state = H2_REPLAY_FAILING;
		return;
	}
	if (!h2_replay_head(a->x.response.head, a->x.response.fields, st->req.method,
		    &st->arena, &st->res, &err)) {
		say_unsayable(st, &err);
		return;
	}
	st->state = H2_REPLAY_SAYING;
	st->due_us = 0;
	bool more = fetch(st) || st->state != H2_REPLAY_SAID || st->out.trailers != NULL;
	h2_session_respond(&st->of->session, st->id, &st->res, false, more);
}

static void say_piece(struct h2_replay_stream *st)
{
	if (fetch(st)) {
		if (st->due_us > st->of->now_us)
			return;
		struct buf empty = st->out.bytes;
		st->out.bytes = st->piece;
		st->piece = empty;
		buf_clear(&st->piece);
	}
	h2_session_resume(&st->of->session, st->id, &st->out);
}

/* One piece waits for its turn on the connection, no more: the rest is still in the case. */
void h2_replay_say(struct h2_replay_stream *st)
{
	if (st->state == H2_REPLAY_WAITING && st->due_us <= st->of->now_us)
		say_head(st);
	if (st->state == H2_REPLAY_SAYING && buf_len(&st->out.bytes) == 0)
		say_piece(st);
	if (st->state == H2_REPLAY_FAILING && buf_len(&st->out.bytes) == 0)
		fail(st);
}
