/*
 * A listener to http_flow: writes down what is told of each exchange as text, whatever the
 * order in which exchanges were told in, and stops the program where the order of calls is not
 * as promised. In a header, for fuzzers link no kit. One thread.
 */
#ifndef TESTS_KIT_FLOW_TOLD_H
#define TESTS_KIT_FLOW_TOLD_H

#include "capture/http_flow.h"
#include "tests/fuzz/fuzz_check.h"

struct told_exchange {
	uint64_t n;
	uint32_t stream;
	bool answered, over, message_over[2];
	bool cut; /* holds what is no head: how much of it, and why, depends on how it came */
	struct buf request, response, bodies[2], trailers[2], end;
};

struct flow_told {
	struct told_exchange *x;
	size_t n, cap, open;
	struct buf other;
	bool whole_only; /* what depends on how bytes came is left out of the text */
};

static inline struct told_exchange *told_find(struct flow_told *t, uint64_t n)
{
	MUST(n >= 1 && n <= t->n);
	struct told_exchange *x = &t->x[n - 1];
	MUST(!x->over);
	return x;
}

static inline void told_span(struct buf *out, const char *name, struct span s)
{
	if (s.p == NULL)
		return;
	buf_addf(out, " %s=", name);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r')
			buf_add_str(out, "~");
		else if (s.p[i] == '\n')
			buf_add_str(out, "|");
		else if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			buf_addf(out, "\\x%02x", s.p[i]);
		else
			buf_add_byte(out, s.p[i]);
	}
}

static inline void told_message(struct buf *out, const struct http_message *m)
{
	if (m->version != NULL)
		buf_addf(out, " %s", m->version);
	told_span(out, "odd", m->oddities);
	told_span(out, "head", m->head);
	told_span(out, "fields", m->fields);
	buf_add_byte(out, '\n');
}

static inline void told_request(void *ctx, uint64_t n, uint32_t stream,
	const struct http_message *m, const struct packet_at *at)
{
	struct flow_told *t = ctx;
	MUST(n == t->n + 1 && at != NULL);
	if (t->n == t->cap) {
		t->cap = t->cap > 0 ? 2 * t->cap : 16;
		t->x = realloc(t->x, t->cap * sizeof *t->x);
		MUST(t->x != NULL);
	}
	struct told_exchange *x = &t->x[t->n++];
	*x = (struct told_exchange){.n = n, .stream = stream};
	t->open++;
	MUST(t->open <= HTTP_FLOW_STREAMS_MAX + 1);
	MUST(m->status == 0 && (m->head.p != NULL || m->fields.p != NULL));
	buf_addf(&x->request, "%llu", (unsigned long long)n);
	if (stream != 0)
		buf_addf(&x->request, "/%u", stream);
	buf_addf(&x->request, " %.*s", m->method.p != NULL ? (int)m->method.n : 1,
		m->method.p != NULL ? (const char *)m->method.p : "-");
	buf_addf(&x->request, " %.*s", m->url.p != NULL ? (int)m->url.n : 1,
		m->url.p != NULL ? (const char *)m->url.p : "-");
	x->cut |= m->method.p == NULL && m->fields.p == NULL;
	if (x->cut && t->whole_only)
		return;
	told_message(&x->request, m);
}

static inline void told_interim(
	void *ctx, uint64_t n, const struct http_message *m, const struct packet_at *at)
{
	struct flow_told *t = ctx;
	struct told_exchange *x = told_find(t, n);
	MUST(!x->answered && m->status < 200 && at != NULL);
	x->cut |= m->status == 0 && m->fields.p == NULL;
	if (x->cut && t->whole_only)
		return;
	buf_addf(&x->response, " interim %d", m->status);
	told_message(&x->response, m);
}

static inline void told_response(
	void *ctx, uint64_t n, const struct http_message *m, const struct packet_at *at)
{
	struct told_exchange *x = told_find(ctx, n);
	MUST(!x->answered && at != NULL);
	MUST(m->status >= 100 && m->status <= 999 && m->version != NULL);
	x->answered = true;
	buf_addf(&x->response, " response %d", m->status);
	told_span(&x->response, "reason", m->reason);
	told_message(&x->response, m);
}

static inline void told_body(void *ctx, uint64_t n, enum fact_side side, struct span bytes,
	const struct packet_at *at)
{
	struct told_exchange *x = told_find(ctx, n);
	MUST(bytes.n > 0 && !x->message_over[side] && at != NULL);
	MUST(side == SIDE_REQUEST || x->answered);
	buf_add_span(&x->bodies[side], bytes);
}

static inline void told_message_end(void *ctx, uint64_t n, enum fact_side side,
	struct span trailers, const struct packet_at *at)
{
	struct told_exchange *x = told_find(ctx, n);
	MUST(!x->message_over[side] && at != NULL);
	MUST(side == SIDE_REQUEST || x->answered);
	MUST(trailers.p == NULL || trailers.n > 0);
	x->message_over[side] = true;
	buf_add_span(&x->trailers[side], trailers);
}

static inline void told_end(
	void *ctx, uint64_t n, const struct err *why, const struct packet_at *at)
{
	struct flow_told *t = ctx;
	struct told_exchange *x = told_find(t, n);
	MUST(at != NULL && why->kind < ERR_KINDS);
	MUST(why->kind != ERR_NONE || x->message_over[SIDE_RESPONSE]);
	x->over = true;
	t->open--;
	buf_add_str(&x->end, x->cut && t->whole_only ? "cut" : err_word(why->kind));
}

static inline void told_other(
	void *ctx, uint64_t n, const struct err *why, const struct packet_at *at)
{
	struct flow_told *t = ctx;
	MUST(n <= t->n && at != NULL);
	if (t->whole_only)
		return;
	buf_addf(&t->other, "other %llu %s\n", (unsigned long long)n, err_word(why->kind));
}

static const struct http_flow_calls flow_told_calls = {.request = told_request,
	.interim = told_interim,
	.response = told_response,
	.body = told_body,
	.message_end = told_message_end,
	.end = told_end,
	.other = told_other};

/* Each exchange in order of numbers. "+" behind a body: the message ended as announced. */
static inline void flow_told_text(const struct flow_told *t, struct buf *out)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct told_exchange *x = &t->x[i];
		buf_add_span(out, buf_span(&x->request));
		buf_add_span(out, buf_span(&x->response));
		for (int side = 0; side < 2; side++) {
			if (buf_len(&x->bodies[side]) == 0 && !x->message_over[side])
				continue;
			buf_add_str(out, side == SIDE_REQUEST ? " up" : " down");
			told_span(out, "bytes", buf_span(&x->bodies[side]));
			if (buf_len(&x->trailers[side]) > 0)
				told_span(out, "trailers", buf_span(&x->trailers[side]));
			buf_add_str(out, x->message_over[side] ? " +\n" : "\n");
		}
		buf_addf(out, " end %.*s\n", (int)buf_len(&x->end),
			(const char *)buf_span(&x->end).p);
	}
	buf_add_span(out, buf_span(&t->other));
}

static inline void flow_told_fini(struct flow_told *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct told_exchange *x = &t->x[i];
		buf_fini(&x->request);
		buf_fini(&x->response);
		buf_fini(&x->end);
		for (int side = 0; side < 2; side++) {
			buf_fini(&x->bodies[side]);
			buf_fini(&x->trailers[side]);
		}
	}
	free(t->x);
	buf_fini(&t->other);
	*t = (struct flow_told){0};
}

#endif
