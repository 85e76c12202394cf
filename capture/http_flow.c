/* The door: which HTTP it is, and whom the calls go to. */
#include "capture/http_flow_inner.h"

#include <stdlib.h>

struct http_flow *http_flow_new(enum http_kind kind, bool https, const char *host,
	uint16_t port, const struct http_flow_calls *calls, void *ctx)
{
	struct http_flow *h = calloc(1, sizeof *h);
	if (h == NULL)
		abort();
	*h = (struct http_flow){.kind = kind,
		.https = https,
		.host = host,
		.port = port,
		.calls = calls,
		.ctx = ctx};
	switch (kind) {
	case HTTP_FLOW_1: h->one = http_one_new(h); break;
	case HTTP_FLOW_2: h->two = http_two_new(h); break;
	}
	return h;
}

void http_flow_free(struct http_flow *h)
{
	if (h == NULL)
		return;
	http_one_free(h->one);
	http_two_free(h->two);
	free(h);
}

void http_flow_direct(struct http_flow *h)
{
	h->direct = true;
}

bool http_flow_nonsense(const struct http_flow *h)
{
	return h->other && !h->understood;
}

void http_flow_bytes(
	struct http_flow *h, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	if (bytes.n == 0 || h->closed[way])
		return;
	switch (h->kind) {
	case HTTP_FLOW_1: http_one_bytes(h->one, way, bytes, at); break;
	case HTTP_FLOW_2: http_two_bytes(h->two, way, bytes, at); break;
	}
}

void http_flow_lost(struct http_flow *h, enum flow_way way, const struct err *why,
	const struct packet_at *at)
{
	switch (h->kind) {
	case HTTP_FLOW_1: http_one_lost(h->one, way, why, at); break;
	case HTTP_FLOW_2: http_two_lost(h->two, way, why, at); break;
	}
}

static void closed(
	struct http_flow *h, enum flow_way way, bool reset, const struct packet_at *at)
{
	h->closed[way] = true;
	switch (h->kind) {
	case HTTP_FLOW_1: http_one_closed(h->one, way, reset, at); break;
	case HTTP_FLOW_2: http_two_closed(h->two, way, reset, at); break;
	}
}

void http_flow_closed(struct http_flow *h, enum flow_way way, const struct packet_at *at)
{
	closed(h, way, false, at);
}

void http_flow_reset(struct http_flow *h, enum flow_way way, const struct packet_at *at)
{
	closed(h, way, true, at);
}

void http_flow_end(struct http_flow *h, const struct packet_at *at)
{
	switch (h->kind) {
	case HTTP_FLOW_1: http_one_end(h->one, at); break;
	case HTTP_FLOW_2: http_two_end(h->two, at); break;
	}
}

const struct err http_fine = {.kind = ERR_NONE};

void http_keep_why(struct err **kept, const struct err *why)
{
	if (*kept != NULL || why->kind == ERR_NONE)
		return;
	*kept = malloc(sizeof **kept);
	if (*kept == NULL)
		abort();
	**kept = *why;
}

/* ---- calls ---- */

void http_tell_request(struct http_flow *h, uint64_t n, uint32_t stream,
	const struct http_message *m, const struct packet_at *at)
{
	h->understood |= m->method.p != NULL;
	if (h->calls->request != NULL)
		h->calls->request(h->ctx, n, stream, m, at);
}

void http_tell_interim(struct http_flow *h, uint64_t n, const struct http_message *m,
	const struct packet_at *at)
{
	if (h->calls->interim != NULL)
		h->calls->interim(h->ctx, n, m, at);
}

void http_tell_response(struct http_flow *h, uint64_t n, const struct http_message *m,
	const struct packet_at *at)
{
	if (h->calls->response != NULL)
		h->calls->response(h->ctx, n, m, at);
}

void http_tell_body(struct http_flow *h, uint64_t n, enum fact_side side, struct span bytes,
	const struct packet_at *at)
{
	if (bytes.n > 0 && h->calls->body != NULL)
		h->calls->body(h->ctx, n, side, bytes, at);
}

void http_tell_message_end(struct http_flow *h, uint64_t n, enum fact_side side,
	struct span trailers, const struct packet_at *at)
{
	if (h->calls->message_end != NULL)
		h->calls->message_end(h->ctx, n, side, trailers, at);
}

void http_tell_end(
	struct http_flow *h, uint64_t n, const struct err *why, const struct packet_at *at)
{
	if (h->calls->end != NULL)
		h->calls->end(h->ctx, n, why, at);
}

void http_tell_beyond(
	struct http_flow *h, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	if (bytes.n > 0 && h->calls->beyond != NULL)
		h->calls->beyond(h->ctx, way, bytes, at);
}

void http_tell_other(
	struct http_flow *h, uint64_t n, const struct err *why, const struct packet_at *at)
{
	h->other = true;
	if (h->calls->other != NULL)
		h->calls->other(h->ctx, n, why, at);
}
