/* Exchanges, as facts. */
#include "capture/overheard_inner.h"

#include <stdlib.h>

static struct overheard_exchange *find(struct overheard *o, uint64_t n)
{
	for (struct overheard_exchange *x = o->open; x != NULL; x = x->next)
		if (x->n == n)
			return x;
	return NULL;
}

static struct span known(struct span s)
{
	return s.n > 0 ? s : SPAN_NONE;
}

static void on_request(void *ctx, uint64_t n, uint32_t stream, const struct http_message *m,
	const struct packet_at *at)
{
	struct overheard *o = ctx;
	struct fact_request f;
	(void)stream;
	if (overheard_silent(o))
		return;
	struct overheard_exchange *x = calloc(1, sizeof *x);
	if (x == NULL)
		abort();
	x->n = n;
	x->id = o->order->new_exchange(o->order->ctx);
	x->req_ended_us = x->first_byte_us = FACT_NULL;
	x->next = o->open;
	o->open = x;
	fact_init(FACT_KIND_REQUEST, &f);
	f.at_us = overheard_us(o, at);
	f.exchange = x->id;
	f.tunnel = o->tunnel;
	f.n = ++o->requests;
	f.method = known(m->method);
	f.url = known(m->url);
	f.version = span_str(m->version);
	f.oddities = known(m->oddities);
	f.head = known(m->head);
	f.fields = known(m->fields);
	overheard_put(o, FACT_KIND_REQUEST, &f);
}

static void first_byte(
	struct overheard *o, struct overheard_exchange *x, const struct packet_at *at)
{
	if (x->first_byte_us == FACT_NULL)
		x->first_byte_us = overheard_us(o, at);
}

static void on_interim(
	void *ctx, uint64_t n, const struct http_message *m, const struct packet_at *at)
{
	struct overheard *o = ctx;
	struct overheard_exchange *x = find(o, n);
	struct fact_interim f;
	if (overheard_silent(o) || x == NULL)
		return;
	first_byte(o, x, at);
	if (x->interims++ >= OVERHEARD_INTERIMS_MAX) {
		o->why = "more interim responses to one request than are kept";
		return;
	}
	fact_init(FACT_KIND_INTERIM, &f);
	f.at_us = overheard_us(o, at);
	f.exchange = x->id;
	f.status = m->status;
	f.head = known(m->head);
	f.fields = known(m->fields);
	overheard_put(o, FACT_KIND_INTERIM, &f);
}

static void on_response(
	void *ctx, uint64_t n, const struct http_message *m, const struct packet_at *at)
{
	struct overheard *o = ctx;
	struct overheard_exchange *x = find(o, n);
	struct fact_response f;
	if (overheard_silent(o) || x == NULL)
		return;
	first_byte(o, x, at);
	x->responded = true;
	fact_init(FACT_KIND_RESPONSE, &f);
	f.at_us = overheard_us(o, at);
	f.exchange = x->id;
	f.leg = o->leg;
	f.status = m->status;
	f.reason = m->reason;
	f.version = span_str(m->version);
	f.made_by = span_str("origin");
	f.oddities = known(m->oddities);
	f.head = known(m->head);
	f.fields = known(m->fields);
	overheard_put(o, FACT_KIND_RESPONSE, &f);
}

static void on_body(void *ctx, uint64_t n, enum fact_side side, struct span bytes,
	const struct packet_at *at)
{
	struct overheard *o = ctx;
	struct overheard_exchange *x = find(o, n);
	if (!overheard_silent(o) && x != NULL)
		overheard_body_add(o, x, side, bytes, overheard_us(o, at));
}

static void on_message_end(void *ctx, uint64_t n, enum fact_side side, struct span trailers,
	const struct packet_at *at)
{
	struct overheard *o = ctx;
	struct overheard_exchange *x = find(o, n);
	if (overheard_silent(o) || x == NULL)
		return;
	if (side == SIDE_REQUEST)
		x->req_ended_us = overheard_us(o, at);
	buf_clear(&x->trailers[side]);
	buf_add_span(&x->trailers[side], trailers);
}

static void take_out(struct overheard *o, struct overheard_exchange *x)
{
	struct overheard_exchange **at = &o->open;
	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	for (int side = 0; side < 2; side++) {
		overheard_body_fini(&x->bodies[side]);
		buf_fini(&x->trailers[side]);
	}
	free(x);
}

static struct span digest_of(const struct overheard_body *b)
{
	return b->size > 0 ? span_of(b->digest, sizeof b->digest) : SPAN_NONE;
}

static void put_end(
	struct overheard *o, struct overheard_exchange *x, const struct err *why, int64_t at_us)
{
	const struct overheard_body *up = &x->bodies[SIDE_REQUEST],
				    *down = &x->bodies[SIDE_RESPONSE];
	struct fact_exchange_end f;
	fact_init(FACT_KIND_EXCHANGE_END, &f);
	f.at_us = at_us;
	f.exchange = x->id;
	f.leg = o->leg;
	f.reason = span_str(err_word(why->kind));
	f.detail = why->detail[0] != 0 ? span_str(why->detail) : SPAN_NONE;
	f.req_size = (int64_t)up->size;
	f.req_stored = (int64_t)up->stored;
	f.req_sha256 = digest_of(up);
	f.req_trailers = known(buf_span(&x->trailers[SIDE_REQUEST]));
	f.req_ended_us = x->req_ended_us;
	f.first_byte_us = x->first_byte_us;
	f.res_size = (int64_t)down->size;
	f.res_stored = (int64_t)down->stored;
	f.res_sha256 = digest_of(down);
	f.res_trailers = known(buf_span(&x->trailers[SIDE_RESPONSE]));
	f.recorder_wait_us = 0;
	overheard_put(o, FACT_KIND_EXCHANGE_END, &f);
}

static void on_end(void *ctx, uint64_t n, const struct err *why, const struct packet_at *at)
{
	struct overheard *o = ctx;
	struct overheard_exchange *x = find(o, n);
	struct err end = *why;
	if (x == NULL)
		return;
	if (!overheard_silent(o)) {
		int64_t at_us = overheard_us(o, at);
		if (end.kind != ERR_NONE && o->order->stopping(o->order->ctx))
			err_set(&end, ERR_SHUTDOWN, "%s", "");
		overheard_body_end(o, x, SIDE_REQUEST, at_us);
		overheard_body_end(o, x, SIDE_RESPONSE, at_us);
		put_end(o, x, &end, at_us);
	}
	o->ended_n = x->n;
	o->ended_id = x->id;
	take_out(o, x);
}

static void on_other(void *ctx, uint64_t n, const struct err *why, const struct packet_at *at)
{
	struct overheard *o = ctx;
	(void)at;
	if (overheard_silent(o))
		return;
	/* A switch of protocols is no failure: what follows it is told as opaque. */
	if (why->kind == ERR_NONE && n != 0 && n == o->ended_n) {
		o->beyond.upgrade = true;
		o->beyond.exchange = o->ended_id;
	}
	/* We who stop it cut frames in two. */
	if (why->kind == ERR_HEAD_TRUNCATED && o->order->stopping(o->order->ctx))
		return;
	if (why->kind != ERR_NONE && o->why == NULL)
		o->why = "what it carried is no HTTP that can be read";
}

const struct story_calls overheard_story = {
	.asked = overheard_on_asked,
	.hello = overheard_on_hello,
	.secured = overheard_on_secured,
	.http = {.request = on_request,
		.interim = on_interim,
		.response = on_response,
		.body = on_body,
		.message_end = on_message_end,
		.end = on_end,
		.other = on_other,
		.beyond = overheard_on_beyond},
};
