/* Heads and bodies of HTTP/1 (RFC 9112), as they come. */
#include "capture/http_flow_1_inner.h"

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
	struct err why = {0};
	bool differs;
	http_one_url(o->h, head, &o->url, &differs, &why);
	one_take_why(x, &why);
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
void http_one_broken_request(
	struct http_one *o, struct span in, const struct err *why, const struct packet_at *at)
{
	struct one_exchange *x = http_one_add(o);
	struct http_message m = {
		.head = http_masked(span_first(in, HTTP1_HEAD_MAX), &o->masked)};
	x->broken = x->req_over = true;
	one_take_why(x, why);
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

void http_one_message_ended(struct http_one *o, struct one_exchange *x, enum fact_side side,
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
	struct one_exchange *x = http_one_add(o);
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
		http_one_message_ended(o, x, SIDE_REQUEST, at);
	const struct one_side *down = &o->side[FLOW_DOWN];
	if (down->lost) {
		one_take_why(x, &down->why);
		x->res_over = true;
	}
	http_one_settle(o, at);
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
		http_one_drop_all(o, &err, at);
		http_one_other(o, 0, &err, at);
		http_tell_beyond(o->h, FLOW_UP, in, at);
		return in.n;
	}
	switch (http1_request_head(in, &a, &head, &err)) {
	case HTTP1_MORE: break;
	case HTTP1_BAD:
		http_one_broken_request(o, in, &err, at);
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
		one_take_why(x, &err);
		x->keep = false;
		x->req_over = o->side[FLOW_UP].over = true;
		http_one_settle(o, at);
		return in.n;
	}
	if (x->req.ended) {
		http_one_message_ended(o, x, SIDE_REQUEST, at);
		http_one_settle(o, at);
	}
	return used;
}

static bool may_end_http(const struct one_exchange *x)
{
	return x->may_switch || strcmp(x->method, "CONNECT") == 0;
}

/* Bytes used; 0: more must come. */
size_t http_one_step_up(struct http_one *o, struct span in, const struct packet_at *at)
{
	struct one_exchange *x = o->last;
	if (o->side[FLOW_UP].over) {
		http_tell_beyond(o->h, FLOW_UP, in, at);
		return in.n;
	}
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
			http_one_other(o, 0, &extra, at);
		http_tell_beyond(o->h, FLOW_UP, in, at);
		return in.n;
	}
	return request_head(o, in, at);
}

/* ---- down ---- */

/* RFC 9112 9.6: it answers, and takes nothing more of the request. */
void http_one_takes_no_more(struct http_one *o, struct one_exchange *x)
{
	one_set_why(x, ERR_BODY_TRUNCATED,
		"the answer was whole before the request, and ended the connection");
	x->req_over = o->side[FLOW_UP].over = true;
}

static void response_ended(
	struct http_one *o, struct one_exchange *x, const struct packet_at *at)
{
	http_one_message_ended(o, x, SIDE_RESPONSE, at);
	if (!x->req_over && !x->keep)
		http_one_takes_no_more(o, x);
	http_one_settle(o, at);
}

/* The answer cannot be read: nobody knows where it ends. */
static void response_broken(
	struct http_one *o, const struct err *why, const struct packet_at *at)
{
	struct one_exchange *x = o->first;
	one_take_why(x, why);
	x->keep = false;
	x->req_over = x->res_over = true;
	x->broken = true; /* what follows is told as other */
	o->side[FLOW_UP].over = o->side[FLOW_DOWN].over = true;
	http_one_settle(o, at);
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
		struct err why = x->why != NULL ? *x->why : http_fine;
		http_one_message_ended(o, x, SIDE_RESPONSE, at);
		x->req_over = true;
		o->side[FLOW_UP].over = o->side[FLOW_DOWN].over = true;
		http_one_settle(o, at);
		http_one_other(o, n, &why, at);
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
		http_tell_beyond(o->h, FLOW_DOWN, in, at);
		return in.n;
	}
	if (!o->final && !o->side[FLOW_UP].over && in.n < HTTP_FLOW_HELD_MAX)
		return 0;
	err_set(&extra, ERR_EXTRA_BYTES, "an answer to no request");
	http_one_other(o, 0, &extra, at);
	http_tell_beyond(o->h, FLOW_DOWN, in, at);
	return in.n;
}

size_t http_one_step_down(struct http_one *o, struct span in, const struct packet_at *at)
{
	struct one_exchange *x = o->first;
	if (o->side[FLOW_DOWN].over) {
		http_tell_beyond(o->h, FLOW_DOWN, in, at);
		return in.n;
	}
	if (x == NULL)
		return unasked(o, in, at);
	/* Its request has yet to end. */
	if (x->res_over)
		return in.n < HTTP_FLOW_HELD_MAX ? 0 : unasked(o, in, at);
	return x->answered ? response_body(o, x, in, at) : response_head(o, x, in, at);
}
