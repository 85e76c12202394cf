/*
 * HTTP/1 (RFC 9112), both directions. Requests wait in a row for their responses; a response
 * whose request has yet to come waits for it. Where the proxy that was in the middle would have
 * ended an exchange, so does this: a response that ends the connection before its request was
 * whole, requests behind such a response, a head that is none.
 */
#include "capture/http_flow_1_inner.h"

#include <stdlib.h>

struct http_one *http_one_new(struct http_flow *h)
{
	struct http_one *o = calloc(1, sizeof *o);
	if (o == NULL)
		abort();
	o->h = h;
	return o;
}

static void exchange_free(struct one_exchange *x)
{
	http1_body_fini(&x->req);
	http1_body_fini(&x->res);
	free(x->why);
	free(x);
}

static void forget_text(struct http_one *o)
{
	buf_fini(&o->url);
	buf_fini(&o->words);
	buf_fini(&o->fields);
	buf_fini(&o->masked);
}

void http_one_free(struct http_one *o)
{
	if (o == NULL)
		return;
	while (o->first != NULL) {
		struct one_exchange *x = o->first;
		o->first = x->next;
		exchange_free(x);
	}
	buf_fini(&o->side[FLOW_UP].in);
	buf_fini(&o->side[FLOW_DOWN].in);
	forget_text(o);
	free(o);
}

/* ---- exchanges ---- */

struct one_exchange *http_one_add(struct http_one *o)
{
	struct one_exchange *x = calloc(1, sizeof *x);
	if (x == NULL)
		abort();
	x->n = ++o->h->exchanges;
	x->method = "GET";
	if (o->last != NULL)
		o->last->next = x;
	else
		o->first = x;
	o->last = x;
	o->n++;
	return x;
}

void http_one_other(
	struct http_one *o, uint64_t n, const struct err *why, const struct packet_at *at)
{
	o->side[FLOW_UP].over = o->side[FLOW_DOWN].over = o->final = true;
	if (!o->other)
		http_tell_other(o->h, n, why, at);
	o->other = true;
}

/* The first of the row is over: it is told, and goes. */
static void pop(struct http_one *o, const struct packet_at *at)
{
	struct one_exchange *x = o->first;
	o->first = x->next;
	if (o->first == NULL)
		o->last = NULL;
	o->n--;
	const struct err *why = x->why != NULL ? x->why : &http_fine;
	http_tell_end(o->h, x->n, why, at);
	if (!x->keep)
		o->final = true;
	if (x->broken)
		http_one_other(o, x->n, why, at);
	exchange_free(x);
	if (o->first == NULL)
		forget_text(o);
}

/* Everything under way ends. */
void http_one_drop_all(struct http_one *o, const struct err *why, const struct packet_at *at)
{
	while (o->first != NULL) {
		one_take_why(o->first, why);
		pop(o, at);
	}
}

/* Whatever of the row is over goes; behind the last exchange of a connection nothing is served.
 */
void http_one_settle(struct http_one *o, const struct packet_at *at)
{
	struct err err = {0};
	while (!o->final && o->first != NULL && o->first->req_over && o->first->res_over)
		pop(o, at);
	if (!o->final)
		return;
	err_set(&err, ERR_EXTRA_BYTES, "a request behind the end of its connection");
	o->side[FLOW_UP].over = true;
	http_one_drop_all(o, &err, at);
}

/* ---- ends ---- */

/* Nothing comes down any more: what became of the first exchange. */
static void cut_first(struct http_one *o, const struct packet_at *at)
{
	struct one_exchange *x = o->first;
	struct one_side *down = &o->side[FLOW_DOWN];
	struct span in = buf_span(&down->in);
	struct err err = {0};
	if (x->res_over) {
		http_one_takes_no_more(o, x);
	} else if (x->answered && !down->reset && http1_body_eof(&x->res, &err)) {
		http_one_message_ended(o, x, SIDE_RESPONSE, at);
		if (!x->req_over)
			http_one_takes_no_more(o, x);
	} else if (o->side[FLOW_UP].closed) {
		one_set_why(x, ERR_BROWSER_CLOSED, "before the answer was whole");
	} else if (!x->answered && in.n > 0 && !down->over) {
		struct http_message m = {.head = span_first(in, HTTP1_HEAD_MAX)};
		http_tell_interim(o->h, x->n, &m, at);
		one_set_why(x, ERR_HEAD_TRUNCATED, "inside the head of a response");
		buf_clear(&down->in);
	} else if (down->reset) {
		one_set_why(x, ERR_ORIGIN_RESET, "");
	} else if (!x->answered) {
		one_set_why(x, ERR_ORIGIN_SILENT, "");
	} else {
		one_take_why(x, &err);
	}
	x->req_over = x->res_over = true;
	x->keep = false;
	o->side[FLOW_UP].over = true;
	http_one_settle(o, at);
}

/* ---- both ---- */

typedef size_t step_fn(struct http_one *o, struct span in, const struct packet_at *at);

static void down_on(struct http_one *o, const struct packet_at *at);

static void run(
	struct http_one *o, enum flow_way way, struct span fresh, const struct packet_at *at)
{
	static step_fn *const steps[] = {
		[FLOW_UP] = http_one_step_up, [FLOW_DOWN] = http_one_step_down};
	struct one_side *s = &o->side[way];
	bool kept = buf_len(&s->in) > 0;
	if (kept)
		buf_add_span(&s->in, fresh);
	struct span in = kept ? buf_span(&s->in) : fresh;
	size_t done = 0;
	while (done < in.n) {
		size_t used = steps[way](o, span_from(in, done), at);
		if (used == 0)
			break;
		done += used;
		/* An answer that waited, or will not come, is before the next request. */
		if (way == FLOW_UP)
			down_on(o, at);
	}
	if (!kept)
		buf_add_span(&s->in, span_from(in, done));
	else
		buf_consume(&s->in, done);
	if (buf_len(&s->in) == 0)
		buf_fini(&s->in);
}

/* What waited for a request goes on, and then the end that stood behind it. */
static void down_on(struct http_one *o, const struct packet_at *at)
{
	struct one_side *down = &o->side[FLOW_DOWN];
	if (buf_len(&down->in) > 0)
		run(o, FLOW_DOWN, SPAN_NONE, at);
	while (down->closed && o->first != NULL) {
		cut_first(o, at);
		if (buf_len(&down->in) > 0)
			run(o, FLOW_DOWN, SPAN_NONE, at);
	}
}

static void up_closed(struct http_one *o, const struct packet_at *at);

/* The directions wait for each other. */
static void run_on(struct http_one *o, const struct packet_at *at)
{
	down_on(o, at);
	if (!o->up_waits)
		return;
	run(o, FLOW_UP, SPAN_NONE, at);
	if (!o->up_waits && o->side[FLOW_UP].closed)
		up_closed(o, at);
	else if (!o->up_waits)
		down_on(o, at);
}

void http_one_bytes(
	struct http_one *o, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	run(o, way, bytes, at);
	run_on(o, at);
}

void http_one_lost(struct http_one *o, enum flow_way way, const struct err *why,
	const struct packet_at *at)
{
	struct one_side *s = &o->side[way];
	if (s->lost || s->over)
		return;
	s->lost = s->over = true;
	s->why = *why;
	buf_fini(&s->in);
	if (way == FLOW_UP) {
		o->up_waits = false;
		/* Its answer may still be read. */
		if (o->last != NULL && !o->last->req_over) {
			one_take_why(o->last, why);
			o->last->req_over = true;
		}
		http_one_settle(o, at);
		run_on(o, at);
		return;
	}
	for (struct one_exchange *x = o->first; x != NULL; x = x->next) {
		if (!x->res_over)
			one_take_why(x, why);
		x->res_over = true;
	}
	http_one_settle(o, at);
	run_on(o, at);
}

/* The client says no more. */
static void up_closed(struct http_one *o, const struct packet_at *at)
{
	struct one_side *up = &o->side[FLOW_UP];
	struct err err = {0};
	if (!up->over && o->last != NULL && !o->last->req_over) {
		if (up->reset)
			err_set(&err, ERR_BROWSER_RESET, "%s", "");
		else
			err_set(&err, ERR_BODY_TRUNCATED, "inside the body of a request");
		one_take_why(o->last, &err);
		o->last->keep = false;
		o->last->req_over = true;
	} else if (!up->over && buf_len(&up->in) > 0) {
		err_set(&err, ERR_HEAD_TRUNCATED, "%zu bytes of a request head",
			buf_len(&up->in));
		http_one_broken_request(o, buf_span(&up->in), &err, at);
		buf_fini(&up->in);
	}
	up->over = true;
	http_one_settle(o, at);
	run_on(o, at);
	if (up->reset) {
		err_set(&err, ERR_BROWSER_RESET, "%s", "");
		http_one_drop_all(o, &err, at);
	}
}

void http_one_closed(
	struct http_one *o, enum flow_way way, bool reset, const struct packet_at *at)
{
	struct one_side *s = &o->side[way];
	if (s->closed)
		return;
	s->closed = true;
	s->reset = reset;
	if (way == FLOW_DOWN || (o->up_waits && !reset))
		run_on(o, at);
	else
		up_closed(o, at);
}

void http_one_end(struct http_one *o, const struct packet_at *at)
{
	struct one_side *up = &o->side[FLOW_UP], *down = &o->side[FLOW_DOWN];
	struct err err = {0};
	err_set(&err, ERR_SHUTDOWN, "its packets end here");
	if (!up->over && !o->up_waits && buf_len(&up->in) > 0 &&
		(o->last == NULL || o->last->req_over))
		http_one_broken_request(o, buf_span(&up->in), &err, at);
	else if (o->up_waits)
		http_tell_beyond(o->h, FLOW_UP, buf_span(&up->in), at);
	up->over = true;
	o->up_waits = false;
	buf_fini(&up->in);
	run_on(o, at);
	if (up->closed)
		err_set(&err, ERR_BROWSER_CLOSED, "before the answer was whole");
	http_one_drop_all(o, &err, at);
	if (!down->over && buf_len(&down->in) > 0) {
		err_set(&err, ERR_EXTRA_BYTES, "an answer to no request");
		http_one_other(o, 0, &err, at);
		http_tell_beyond(o->h, FLOW_DOWN, buf_span(&down->in), at);
	}
	buf_fini(&down->in);
}
