/*
 * Requests and their responses in one connection, from head to end. What an exchange was is
 * kept until it is over, its bodies only as digests.
 */
#include "capture/witness_inner.h"
#include "store/base/hash.h"

#include <stdlib.h>

struct watched_exchange {
	uint64_t n;
	uint32_t stream;
	int64_t at_us;
	bool asked, answered;
	char *text; /* method, URL and version, one after the other; NULL: not kept */
	size_t method_n, url_n, version_n;
	int status;
	struct packet_at request_at, response_at, last_at;
	uint8_t heads[2][SHA256_LEN]; /* by enum fact_side */
	struct sha256 bodies[2];
	struct tail tail; /* of the response's */
	uint64_t sizes[2];
	bool over[2];
	struct watched_exchange *next;
};

static struct watched_exchange *make(
	struct exchanges *x, uint64_t n, const struct packet_at *at)
{
	struct watched_exchange *e = calloc(1, sizeof *e);
	if (e == NULL)
		abort();
	e->n = n;
	e->at_us = witness_us(at->at_ns);
	for (int side = 0; side < 2; side++)
		sha256_init(&e->bodies[side]);
	e->next = x->list;
	x->list = e;
	x->n++;
	return e;
}

/* To the front: most calls are about the same one as the call before. */
static struct watched_exchange *find(
	struct exchanges *x, uint64_t n, const struct packet_at *at)
{
	struct watched_exchange **link = &x->list, *e;
	for (; (e = *link) != NULL && e->n != n; link = &e->next)
		;
	if (e == NULL)
		return make(x, n, at);
	*link = e->next;
	e->next = x->list;
	x->list = e;
	e->last_at = *at;
	return e;
}

static void hash_head(const struct http_message *m, uint8_t out[SHA256_LEN])
{
	sha256(m->head.p != NULL ? m->head : m->fields, out);
}

static void keep_text(
	struct witness *w, struct watched_exchange *e, const struct http_message *m)
{
	size_t version_n = m->version != NULL ? strlen(m->version) : 0;
	size_t all = m->method.n + m->url.n + version_n;
	if (all > WITNESS_TEXT_MAX - w->text) {
		w->texts_left++;
		return;
	}
	struct buf b = {0};
	buf_add_span(&b, m->method);
	buf_add_span(&b, m->url);
	buf_add(&b, m->version, version_n);
	e->text = buf_take_str(&b);
	e->method_n = m->method.n;
	e->url_n = m->url.n;
	e->version_n = version_n;
	w->text += all;
}

void exchanges_request(struct exchanges *x, uint64_t n, uint32_t stream,
	const struct http_message *m, const struct packet_at *at)
{
	struct watched_exchange *e = find(x, n, at);
	if (e->asked)
		return;
	e->asked = true;
	e->stream = stream;
	e->at_us = witness_us(at->at_ns);
	e->request_at = *at;
	e->last_at = *at;
	hash_head(m, e->heads[SIDE_REQUEST]);
	keep_text(x->w, e, m);
}

void exchanges_response(struct exchanges *x, uint64_t n, const struct http_message *m,
	const struct packet_at *at)
{
	struct watched_exchange *e = find(x, n, at);
	if (e->answered)
		return;
	e->answered = true;
	e->status = m->status;
	e->response_at = *at;
	e->last_at = *at;
	hash_head(m, e->heads[SIDE_RESPONSE]);
}

void exchanges_body(struct exchanges *x, uint64_t n, enum fact_side side, struct span bytes,
	const struct packet_at *at)
{
	struct watched_exchange *e = find(x, n, at);
	if (side == SIDE_RESPONSE)
		tail_mark(x->w, &e->tail, &e->bodies[side], e->sizes[side]);
	sha256_add(&e->bodies[side], bytes.p, bytes.n);
	e->sizes[side] += bytes.n;
	e->last_at = *at;
}

void exchanges_message_end(
	struct exchanges *x, uint64_t n, enum fact_side side, const struct packet_at *at)
{
	struct watched_exchange *e = find(x, n, at);
	e->over[side] = true;
	e->last_at = *at;
}

/* A body that ended as announced is whole, whatever was lost before or behind it: of one that
 * did not, its rest may be among what was lost. */
static bool whole(
	const struct exchanges *x, const struct watched_exchange *e, enum fact_side side)
{
	return e->over[side] ||
	       !x->incomplete(x->ctx, side == SIDE_REQUEST ? FLOW_UP : FLOW_DOWN);
}

static void fill_bodies(struct exchanges *x, struct watched_exchange *e,
	uint8_t digests[2][SHA256_LEN], struct fact_flow_exchange *f)
{
	sha256_end(&e->bodies[SIDE_REQUEST], digests[SIDE_REQUEST]);
	sha256_end(&e->bodies[SIDE_RESPONSE], digests[SIDE_RESPONSE]);
	if (e->asked && whole(x, e, SIDE_REQUEST)) {
		f->req_size = witness_number(e->sizes[SIDE_REQUEST]);
		f->req_sha256 = span_of(digests[SIDE_REQUEST], SHA256_LEN);
	}
	if (e->answered && whole(x, e, SIDE_RESPONSE)) {
		f->res_size = witness_number(e->sizes[SIDE_RESPONSE]);
		f->res_sha256 = span_of(digests[SIDE_RESPONSE], SHA256_LEN);
		f->res_tail = tail_take(x->w, &e->tail);
	}
}

static void fill_text(const struct watched_exchange *e, struct fact_flow_exchange *f)
{
	const char *at = e->text;
	if (at == NULL)
		return;
	f->method = span_of(at, e->method_n);
	f->url = span_of(at + e->method_n, e->url_n);
	f->version = span_of(at + e->method_n + e->url_n, e->version_n);
}

static void put(struct exchanges *x, struct watched_exchange *e, enum err_kind why,
	const struct packet_at *at)
{
	uint8_t digests[2][SHA256_LEN];
	struct fact_flow_exchange f;
	fact_init(FACT_KIND_FLOW_EXCHANGE, &f);
	f.session = x->w->order->session;
	f.at_us = e->at_us;
	f.flow = x->flow;
	f.n = witness_number(e->n);
	if (e->stream != 0)
		f.stream = e->stream;
	fill_text(e, &f);
	if (e->asked) {
		f.request_packet = witness_number(e->request_at.packet);
		f.request_sha256 = span_of(e->heads[SIDE_REQUEST], SHA256_LEN);
	}
	if (e->answered) {
		f.status = e->status;
		f.response_packet = witness_number(e->response_at.packet);
		f.response_us = witness_us(e->response_at.at_ns);
		f.response_sha256 = span_of(e->heads[SIDE_RESPONSE], SHA256_LEN);
	}
	fill_bodies(x, e, digests, &f);
	f.last_packet = witness_number(at->packet);
	f.ended_us = witness_us(at->at_ns);
	f.reason = span_str(err_word(why));
	witness_put(x->w, FACT_KIND_FLOW_EXCHANGE, &f);
	if (f.res_tail.p != NULL)
		arena_reset(&x->w->scratch);
	x->w->counts.exchanges++;
}

static void drop(struct exchanges *x, struct watched_exchange *e)
{
	tail_fini(x->w, &e->tail);
	x->w->text -= e->method_n + e->url_n + e->version_n;
	free(e->text);
	free(e);
}

void exchanges_end(
	struct exchanges *x, uint64_t n, enum err_kind why, const struct packet_at *at)
{
	struct watched_exchange *e = find(x, n, at);
	x->list = e->next;
	put(x, e, why, at);
	drop(x, e);
}

void exchanges_fini(struct exchanges *x)
{
	while (x->list != NULL) {
		struct watched_exchange *e = x->list;
		x->list = e->next;
		put(x, e, ERR_SHUTDOWN, &e->last_at);
		drop(x, e);
	}
}
