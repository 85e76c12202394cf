/*
 * HTTP out of the plaintext of one connection, both directions at once: HTTP/1 by
 * capture/wire/http1, HTTP/2 by frames and capture/wire/hpack. Requests are met with their
 * responses; bodies stream and are kept nowhere. It judges nothing: what a browser would
 * refuse, or the proxy did, is told as far as it can be read. Bounded memory. One thread.
 *
 * How an exchange ended is said by the words of exchange_end facts, as near as packets allow:
 * "browser" is who opened the connection, "origin" who answered. On the browser's wire packets
 * do not know why the proxy cut an answer short (HTTP/1: body-truncated; HTTP/2:
 * origin-cancelled), nor that it made one itself (ok for connect-refused).
 * What is missing (http_flow_lost) is bad-packets; what was under way when packets ended,
 * shutdown. A goodbye with an error code (RFC 9113 6.8) counts as h2-protocol or limit. The
 * directions may be out of step: an answer waits for its request, up to a limit.
 */
#ifndef CAPTURE_HTTP_FLOW_H
#define CAPTURE_HTTP_FLOW_H

#include "capture/stream.h"
#include "capture/wire/http1.h"
#include "store/fact/fact.h"

enum {
	HTTP_FLOW_STREAMS_MAX = 1000,    /* exchanges under way in one connection */
	HTTP_FLOW_HEAD_MAX = 256 * 1024, /* decoded bytes of one HTTP/2 field section */
};

struct http_flow;

/* A head. Spans live during the call. */
struct http_message {
	struct span method; /* requests */
	struct span url;    /* requests: absolute, by the rule of the proxy's request facts */
	int status;         /* responses; 0 for requests */
	struct span reason;
	const char *version; /* "HTTP/1.1", "HTTP/1.0", "HTTP/2" */
	struct span head;    /* HTTP/1: raw, blank line included; absent in HTTP/2 */
	/* As `fields` of request and response facts (docs/schema.md): in HTTP/2 always, in
	 * HTTP/1 where the head is not plain lines. */
	struct span fields;
	struct span oddities; /* words, as in facts; absent: none */
};

struct http_flow_calls {
	/* n: the exchange's number in this connection, from 1; stream: HTTP/2's, or 0. What
	 * came as a request and is none (HTTP/1) has no method and no URL; head is what came
	 * of it. */
	void (*request)(void *ctx, uint64_t n, uint32_t stream, const struct http_message *m,
		const struct packet_at *at);
	/* status 0: what came in a response's place, and is none; end follows. */
	void (*interim)(void *ctx, uint64_t n, const struct http_message *m,
		const struct packet_at *at);
	void (*response)(void *ctx, uint64_t n, const struct http_message *m,
		const struct packet_at *at);
	/* Payload: transfer coding and framing removed, content coding kept. */
	void (*body)(void *ctx, uint64_t n, enum fact_side side, struct span bytes,
		const struct packet_at *at);
	/* A message of the exchange has ended as it announced; trailers as in exchange_end
	 * facts, absent: none. */
	void (*message_end)(void *ctx, uint64_t n, enum fact_side side, struct span trailers,
		const struct packet_at *at);
	/* The exchange is over. why->kind ERR_NONE: both messages ended as announced, or it led
	 * to another protocol. No more calls for n. */
	void (*end)(void *ctx, uint64_t n, const struct err *why, const struct packet_at *at);
	/* What follows is no HTTP any more (101, or nonsense); exchange n (0: none) led to it.
	 */
	void (*other)(void *ctx, uint64_t n, const struct err *why, const struct packet_at *at);
	/* Bytes that belong to no exchange: behind `other`, or behind the last message that a
	 * direction may have. In order, each once. */
	void (*beyond)(
		void *ctx, enum flow_way way, struct span bytes, const struct packet_at *at);
};

enum http_kind { HTTP_FLOW_1, HTTP_FLOW_2 };

/* https, host, port: where the connection leads (CONNECT's target, or the server's name), for
 * URLs of requests that do not say it; host NULL: a plain connection to a proxy, whose requests
 * are in absolute form. Borrowed. */
struct http_flow *http_flow_new(enum http_kind kind, bool https, const char *host,
	uint16_t port, const struct http_flow_calls *calls, void *ctx);
void http_flow_free(struct http_flow *h);
/* Before the first byte: no proxy was told where the connection leads; host and port are what
 * the packets show (a name of TLS, or an address). Then what Host says comes first where it is
 * no contradiction (RFC 9112 3.3). */
void http_flow_direct(struct http_flow *h);
/* It was told as other, and not one request of it could be read. */
bool http_flow_nonsense(const struct http_flow *h);
void http_flow_bytes(
	struct http_flow *h, enum flow_way way, struct span bytes, const struct packet_at *at);
/* That direction cannot be read on: exchanges that need it end with why. */
void http_flow_lost(struct http_flow *h, enum flow_way way, const struct err *why,
	const struct packet_at *at);
/* The sender of that direction is done. */
void http_flow_closed(struct http_flow *h, enum flow_way way, const struct packet_at *at);
/* The sender of that direction broke the connection off. */
void http_flow_reset(struct http_flow *h, enum flow_way way, const struct packet_at *at);
void http_flow_end(struct http_flow *h, const struct packet_at *at);

#endif
