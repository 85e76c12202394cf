/*
 * HTTP/1 (RFC 9112), both directions. Requests wait in a row for their responses; a response
 * whose request has yet to come waits for it. Where the proxy that was in the middle would have
 * ended an exchange, so does this: a response that ends the connection before its request was
 * whole, requests behind such a response, a head that is none.
 */
#include "capture/http_flow_inner.h"

#include <stdlib.h>

struct one_exchange {
	struct one_exchange *next;
	uint64_t n;
	const char *method; /* as far as it bears on the framing of the response */
	bool broken;        /* its head is none */
	bool may_switch, keep;
	bool answered;           /* its final response has begun */
	bool req_over, res_over; /* nothing more is expected */
	unsigned interims;
	struct http1_body req, res;
	struct err why;
};

struct one_side {
	struct buf in; /* part of a head, or what waits for its request */
	bool over;     /* nothing of it is read any more */
	bool lost, closed, reset;
	struct err why; /* lost */
};

struct http_one {
	struct http_flow *h;
	struct one_exchange *first, *last;
	size_t n;
	struct one_side side[2];
	bool up_waits; /* for the answer to a request that may end HTTP */
	bool final;    /* the connection ends behind what is under way */
	bool other;    /* that was told */
	struct buf url, words, fields, masked;
};

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

static struct one_exchange *exchange_add(struct http_one *o)
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

static void tell_other(
	struct http_one *o, uint64_t n, const struct err *why, const struct packet_at *at)
{
	o->side[FLOW_UP].over = o->side[FLOW_DOWN].over = o->final = true;
	if (!o->other)
		http_tell_other(o->h, n, why, at);
	o->other = true;
}

static void set_why(struct one_exchange *x, enum err_kind kind, const char *detail)
{
	if (x->why.kind == ERR_NONE)
		err_set(&x->why, kind, "%s", detail);
}

static void take_why(struct one_exchange *x, const struct err *why)
{
	if (x->why.kind == ERR_NONE)
		x->why = *why;
}

/* The first of the row is over: it is told, and goes. */
static void pop(struct http_one *o, const struct packet_at *at)
{
	struct one_exchange *x = o->first;
	o->first = x->next;
	if (o->first == NULL)
		o->last = NULL;
	o->n--;
	http_tell_end(o->h, x->n, &x->why, at);
	if (!x->keep)
		o->final = true;
	if (x->broken)
		tell_other(o, x->n, &x->why, at);
	exchange_free(x);
	if (o->first == NULL)
		forget_text(o);
}

/* Everything under way ends. */
static void drop_all(struct http_one *o, const struct err *why, const struct packet_at *at)
{
	while (o->first != NULL) {
		take_why(o->first, why);
		pop(o, at);
	}
}

/* Whatever of the row is over goes; behind the last exchange of a connection nothing is served.
 */
static void settle(struct http_one *o, const struct packet_at *at)
{
	struct err err = {0};
	while (!o->final && o->first != NULL && o->first->req_over && o->first->res_over)
		pop(o, at);
	if (!o->final)
		return;
	err_set(&err, ERR_EXTRA_BYTES, "a request behind the end of its connection");
	o->side[FLOW_UP].over = true;
	drop_all(o, &err, at);
}

/* ---- heads ---- */

/* Such a head does not split into lines at CRLF and a colon: its lines are told beside it. */
static bool plain_lines(uint32_t oddities)
{
	const uint32_t others = HTTP1_ODD(BARE_LF) | HTTP1_ODD(BARE_CR) | HTTP1_ODD(OBS_FOLD) |
				HTTP1_ODD(SPACE_BEFORE_COLON) | HTTP1_ODD(NO_COLON) |
				HTTP1_ODD(EMPTY_NAME) | HTTP1_ODD(LEADING_LINES);
	return (oddities & others) == 0;
}

static struct span lines_of(struct http_one *o, const struct http1_head *head)
{
	if (plain_lines(head->oddities))
		return SPAN_NONE;
	buf_clear(&o->fields);
	for (size_t i = 0; i < head->n_fields; i++) {
		buf_add_span(&o->fields, head->fields[i].name);
		buf_add_str(&o->fields, ": ");
		buf_add_span(&o->fields, head->fields[i].value);
		buf_add_str(&o->fields, "\r\n");
	}
	buf_add_str(&o->fields, "\r\n");
	return buf_span(&o->fields);
}

enum { VERSION_MAX = 16 };

static void fill_message(struct http_one *o, const struct http1_head *head,
	struct http_message *m, struct buf *version)
{
	buf_clear(&o->words);
	http1_oddity_words(head->oddities, &o->words);
	buf_addf(version, "HTTP/%d.%d", head->major, head->minor);
	buf_add_byte(version, 0);
	m->version = (const char *)version->p;
	m->head = head->raw;
	m->fields = lines_of(o, head);
	m->oddities = buf_len(&o->words) > 0 ? buf_span(&o->words) : SPAN_NONE;
}

static void tell_request(struct http_one *o, struct one_exchange *x,
	const struct http1_head *head, const struct packet_at *at)
{
	struct http_message m = {.method = head->method};
	struct buf version = {0}, masked = {0};
	bool differs;
	http_one_url(o->h, head, &o->url, &differs, &x->why);
	fill_message(o, head, &m, &version);
	m.url = buf_span(&o->url);
	m.head = http_masked(m.head, &o->masked);
	if (m.fields.p != NULL)
		m.fields = http_masked(m.fields, &masked);
	if (differs) {
		buf_add_str(
			&o->words, buf_len(&o->words) > 0 ? " host-differs" : "host-differs");
		m.oddities = buf_span(&o->words);
	}
	http_tell_request(o->h, x->n, 0, &m, at);
	buf_fini(&version);
	buf_fini(&masked);
}

/* What came as a request and is none. */
static void broken_request(
	struct http_one *o, struct span in, const struct err *why, const struct packet_at *at)
{
	struct one_exchange *x = exchange_add(o);
	struct http_message m = {
		.head = http_masked(span_first(in, HTTP1_HEAD_MAX), &o->masked)};
	x->broken = x->req_over = true;
	x->why = *why;
	o->side[FLOW_UP].over = true;
	http_tell_request(o->h, x->n, 0, &m, at);
}

/* ---- bodies ---- */

struct feeding {
	struct http_one *o;
	uint64_t n;
	enum fact_side side;
	const struct packet_at *at;
};

static void payload(void *ctx, struct span bytes)
{
	const struct feeding *f = ctx;
	http_tell_body(f->o->h, f->n, f->side, bytes, f->at);
}

static void message_ended(struct http_one *o, struct one_exchange *x, enum fact_side side,
	const struct packet_at *at)
{
	const struct http1_body *b = side == SIDE_REQUEST ? &x->req : &x->res;
	struct span trailers = buf_span(&b->trailers);
	*(side == SIDE_REQUEST ? &x->req_over : &x->res_over) = true;
	http_tell_message_end(o->h, x->n, side, trailers.n > 0 ? trailers : SPAN_NONE, at);
}

/* ---- up ---- */

static void take_request(
	struct http_one *o, const struct http1_head *head, const struct packet_at *at)
{
	struct one_exchange *x = exchange_add(o);
	if (span_is(head->method, "HEAD"))
		x->method = "HEAD";
	else if (span_is(head->method, "CONNECT"))
		x->method = "CONNECT";
	/* RFC 9110 7.8 */
	x->may_switch = head->upgrade && head->minor >= 1;
	x->keep = head->keep_alive;
	tell_request(o, x, head, at);
	http1_body_init(&x->req, head);
	if (x->req.ended)
		message_ended(o, x, SIDE_REQUEST, at);
	const struct one_side *down = &o->side[FLOW_DOWN];
	if (down->lost) {
		take_why(x, &down->why);
		x->res_over = true;
	}
	settle(o, at);
}

static size_t request_head(struct http_one *o, struct span in, const struct packet_at *at)
{
	struct arena a = {0};
	struct http1_head head;
	struct err err = {0};
	size_t used = 0;
	if (o->n >= HTTP_FLOW_STREAMS_MAX) {
		err_set(&err, ERR_LIMIT, "more than %d requests under way",
			HTTP_FLOW_STREAMS_MAX);
		drop_all(o, &err, at);
		tell_other(o, 0, &err, at);
		return in.n;
	}
	switch (http1_request_head(in, &a, &head, &err)) {
	case HTTP1_MORE: break;
	case HTTP1_BAD:
		broken_request(o, in, &err, at);
		used = in.n;
		break;
	case HTTP1_HEAD:
		used = head.raw.n;
		take_request(o, &head, at);
		break;
	}
	arena_fini(&a);
	return used;
}

static size_t request_body(
	struct http_one *o, struct one_exchange *x, struct span in, const struct packet_at *at)
{
	struct feeding f = {o, x->n, SIDE_REQUEST, at};
	size_t used = 0;
	struct err err = {0};
	if (!http1_body_feed(&x->req, in, &used, payload, &f, &err)) {
		take_why(x, &err);
		x->keep = false;
		x->req_over = o->side[FLOW_UP].over = true;
		settle(o, at);
		return in.n;
	}
	if (x->req.ended) {
		message_ended(o, x, SIDE_REQUEST, at);
		settle(o, at);
	}
	return used;
}

static bool may_end_http(const struct one_exchange *x)
{
	return x->may_switch || strcmp(x->method, "CONNECT") == 0;
}

/* Bytes used; 0: more must come. */
static size_t step_up(struct http_one *o, struct span in, const struct packet_at *at)
{
	struct one_exchange *x = o->last;
	if (o->side[FLOW_UP].over)
		return in.n;
	if (x != NULL && !x->req_over)
		return request_body(o, x, in, at);
	o->up_waits = x != NULL && !x->answered && !x->res_over && may_end_http(x) &&
		      in.n < HTTP_FLOW_HELD_MAX;
	if (o->up_waits)
		return 0;
	if (o->final || (x != NULL && !x->keep)) {
		struct err extra = {0};
		err_set(&extra, ERR_EXTRA_BYTES, "behind the last request of a connection");
		o->side[FLOW_UP].over = true;
		if (x == NULL)
			tell_other(o, 0, &extra, at);
		return in.n;
	}
	return request_head(o, in, at);
}

/* ---- down ---- */

/* RFC 9112 9.6: it answers, and takes nothing more of the request. */
static void takes_no_more(struct http_one *o, struct one_exchange *x)
{
	set_why(x, ERR_BODY_TRUNCATED,
		"the answer was whole before the request, and ended the connection");
	x->req_over = o->side[FLOW_UP].over = true;
}

static void response_ended(
	struct http_one *o, struct one_exchange *x, const struct packet_at *at)
{
	message_ended(o, x, SIDE_RESPONSE, at);
	if (!x->req_over && !x->keep)
		takes_no_more(o, x);
	settle(o, at);
}

/* The answer cannot be read: nobody knows where it ends. */
static void response_broken(
	struct http_one *o, const struct err *why, const struct packet_at *at)
{
	struct one_exchange *x = o->first;
	take_why(x, why);
	x->keep = false;
	x->req_over = x->res_over = true;
	x->broken = true; /* what follows is told as other */
	o->side[FLOW_UP].over = o->side[FLOW_DOWN].over = true;
	settle(o, at);
}

static void broken_head(
	struct http_one *o, struct span in, const struct err *why, const struct packet_at *at)
{
	struct http_message m = {.head = span_first(in, HTTP1_HEAD_MAX)};
	http_tell_interim(o->h, o->first->n, &m, at);
	response_broken(o, why, at);
}

/* RFC 9110 15.2 */
static void take_interim(struct http_one *o, struct one_exchange *x,
	const struct http1_head *head, const struct packet_at *at)
{
	struct http_message m = {.status = head->status, .head = head->raw};
	struct err err = {0};
	http_tell_interim(o->h, x->n, &m, at);
	if (head->status == 101)
		err_set(&err, ERR_VERSION, "a switch of protocols that was not asked for");
	else if (++x->interims > HTTP_FLOW_INTERIMS_MAX)
		err_set(&err, ERR_LIMIT, "more than %d interim responses",
			HTTP_FLOW_INTERIMS_MAX);
	if (err.kind != ERR_NONE)
		response_broken(o, &err, at);
}

static void take_response(struct http_one *o, struct one_exchange *x,
	const struct http1_head *head, const struct packet_at *at)
{
	struct http_message m = {.status = head->status, .reason = head->reason};
	struct buf version = {0};
	if (head->status / 100 == 1 && (head->status != 101 || !x->may_switch)) {
		take_interim(o, x, head, at);
		return;
	}
	fill_message(o, head, &m, &version);
	http_tell_response(o->h, x->n, &m, at);
	buf_fini(&version);
	x->answered = true;
	x->keep &= head->keep_alive;
	http1_body_init(&x->res, head);
	if (head->framing == HTTP1_SWITCH) {
		uint64_t n = x->n;
		struct err why = x->why;
		message_ended(o, x, SIDE_RESPONSE, at);
		x->req_over = true;
		o->side[FLOW_UP].over = o->side[FLOW_DOWN].over = true;
		settle(o, at);
		tell_other(o, n, &why, at);
		return;
	}
	if (x->res.ended)
		response_ended(o, x, at);
}

static size_t response_head(
	struct http_one *o, struct one_exchange *x, struct span in, const struct packet_at *at)
{
	struct arena a = {0};
	struct http1_head head;
	struct err err = {0};
	size_t used = 0;
	switch (http1_response_head(in, span_str(x->method), &a, &head, &err)) {
	case HTTP1_MORE: break;
	case HTTP1_BAD:
		broken_head(o, in, &err, at);
		used = in.n;
		break;
	case HTTP1_HEAD:
		used = head.raw.n;
		take_response(o, x, &head, at);
		break;
	}
	arena_fini(&a);
	return used;
}

static size_t response_body(
	struct http_one *o, struct one_exchange *x, struct span in, const struct packet_at *at)
{
	struct feeding f = {o, x->n, SIDE_RESPONSE, at};
	size_t used = 0;
	struct err err = {0};
	if (!http1_body_feed(&x->res, in, &used, payload, &f, &err)) {
		response_broken(o, &err, at);
		return in.n;
	}
	if (x->res.ended)
		response_ended(o, x, at);
	return used;
}

/* Bytes that answer no request. */
static size_t unasked(struct http_one *o, struct span in, const struct packet_at *at)
{
	struct err extra = {0};
	if (o->side[FLOW_UP].lost) {
		/* Whether they do, nobody can tell. */
		o->side[FLOW_DOWN].over = true;
		return in.n;
	}
	if (!o->final && !o->side[FLOW_UP].over && in.n < HTTP_FLOW_HELD_MAX)
		return 0;
	err_set(&extra, ERR_EXTRA_BYTES, "an answer to no request");
	tell_other(o, 0, &extra, at);
	return in.n;
}

static size_t step_down(struct http_one *o, struct span in, const struct packet_at *at)
{
	struct one_exchange *x = o->first;
	if (o->side[FLOW_DOWN].over)
		return in.n;
	if (x == NULL)
		return unasked(o, in, at);
	/* Its request has yet to end. */
	if (x->res_over)
		return in.n < HTTP_FLOW_HELD_MAX ? 0 : unasked(o, in, at);
	return x->answered ? response_body(o, x, in, at) : response_head(o, x, in, at);
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
		takes_no_more(o, x);
	} else if (x->answered && !down->reset && http1_body_eof(&x->res, &err)) {
		message_ended(o, x, SIDE_RESPONSE, at);
		if (!x->req_over)
			takes_no_more(o, x);
	} else if (o->side[FLOW_UP].closed) {
		set_why(x, ERR_BROWSER_CLOSED, "before the answer was whole");
	} else if (!x->answered && in.n > 0 && !down->over) {
		struct http_message m = {.head = span_first(in, HTTP1_HEAD_MAX)};
		http_tell_interim(o->h, x->n, &m, at);
		set_why(x, ERR_HEAD_TRUNCATED, "inside the head of a response");
		buf_clear(&down->in);
	} else if (down->reset) {
		set_why(x, ERR_ORIGIN_RESET, "");
	} else if (!x->answered) {
		set_why(x, ERR_ORIGIN_SILENT, "");
	} else {
		take_why(x, &err);
	}
	x->req_over = x->res_over = true;
	x->keep = false;
	o->side[FLOW_UP].over = true;
	settle(o, at);
}

/* ---- both ---- */

typedef size_t step_fn(struct http_one *o, struct span in, const struct packet_at *at);

static void run(
	struct http_one *o, enum flow_way way, struct span fresh, const struct packet_at *at)
{
	static step_fn *const steps[] = {[FLOW_UP] = step_up, [FLOW_DOWN] = step_down};
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
	}
	if (!kept)
		buf_add_span(&s->in, span_from(in, done));
	else
		buf_consume(&s->in, done);
	if (buf_len(&s->in) == 0)
		buf_fini(&s->in);
}

static void up_closed(struct http_one *o, const struct packet_at *at);

/* What waited goes on: the directions wait for each other. */
static void run_on(struct http_one *o, const struct packet_at *at)
{
	struct one_side *up = &o->side[FLOW_UP], *down = &o->side[FLOW_DOWN];
	if (buf_len(&down->in) > 0)
		run(o, FLOW_DOWN, SPAN_NONE, at);
	if (o->up_waits) {
		run(o, FLOW_UP, SPAN_NONE, at);
		if (!o->up_waits && up->closed)
			up_closed(o, at);
		else if (!o->up_waits && buf_len(&down->in) > 0)
			run(o, FLOW_DOWN, SPAN_NONE, at);
	}
	while (down->closed && o->first != NULL) {
		cut_first(o, at);
		if (buf_len(&down->in) > 0)
			run(o, FLOW_DOWN, SPAN_NONE, at);
	}
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
			take_why(o->last, why);
			o->last->req_over = true;
		}
		settle(o, at);
		run_on(o, at);
		return;
	}
	for (struct one_exchange *x = o->first; x != NULL; x = x->next) {
		if (!x->res_over)
			take_why(x, why);
		x->res_over = true;
	}
	settle(o, at);
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
		take_why(o->last, &err);
		o->last->keep = false;
		o->last->req_over = true;
	} else if (!up->over && buf_len(&up->in) > 0) {
		err_set(&err, ERR_HEAD_TRUNCATED, "%zu bytes of a request head",
			buf_len(&up->in));
		broken_request(o, buf_span(&up->in), &err, at);
		buf_fini(&up->in);
	}
	up->over = true;
	settle(o, at);
	run_on(o, at);
	if (up->reset) {
		err_set(&err, ERR_BROWSER_RESET, "%s", "");
		drop_all(o, &err, at);
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
		broken_request(o, buf_span(&up->in), &err, at);
	up->over = true;
	o->up_waits = false;
	buf_fini(&up->in);
	run_on(o, at);
	if (up->closed)
		err_set(&err, ERR_BROWSER_CLOSED, "before the answer was whole");
	drop_all(o, &err, at);
	if (!down->over && buf_len(&down->in) > 0) {
		err_set(&err, ERR_EXTRA_BYTES, "an answer to no request");
		tell_other(o, 0, &err, at);
	}
	buf_fini(&down->in);
}
