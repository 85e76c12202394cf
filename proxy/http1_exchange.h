/*
 * One HTTP/1 request and its answer: full duplex, with back-pressure, recorded before released.
 * The request head was read by the caller (http1.c), which decides where it goes; from there on
 * this file moves the bytes. One tunnel thread.
 */
#ifndef PROXY_HTTP1_EXCHANGE_H
#define PROXY_HTTP1_EXCHANGE_H

#include "capture/wire/http1.h"
#include "proxy/exchange.h"
#include "proxy/local.h"

struct http1_exchange {
	struct exchange x;
	struct http1_head req;
	struct http1_body req_body;
	bool up_abandoned; /* forwarding stopped: the origin takes no more of it */
	bool up_forward;   /* false: nothing is sent on (the answer is local) */
	struct http1_head res;
	struct http1_body res_body;
	bool close;    /* the browser's connection ends behind this exchange */
	bool switched; /* 101: what follows is opaque */
};

void http1_exchange_init(struct http1_exchange *h, struct tunnel *t);
void http1_exchange_fini(struct http1_exchange *h);

/* Send the request on (head: the bytes for the origin) and bring the answer back. Returns when
 * the exchange is over and all that may be released was handed to the browser's leg and left
 * it. */
void http1_exchange_run(struct http1_exchange *h, struct span head);
/* Answer without an origin: the request's body is read and recorded first, unless why (may be
 * NULL) says that the request itself is broken. why becomes the exchange's reason. */
void http1_exchange_answer(
	struct http1_exchange *h, struct local_answer *answer, const struct err *why);

/* http1_record.c. Record the request head: h->req must be filled (spans in the exchange's
 * arena). url: absolute. extra_oddity: one more word or NULL. */
void http1_put_request(struct http1_exchange *h, const char *url, const char *extra_oddity);
/* Bytes that came as a request but are none: method and url stay unknown. */
void http1_put_broken_request(struct http1_exchange *h, struct span bytes);
void http1_put_interim(struct http1_exchange *h, struct span head, int64_t status);
void http1_put_response(struct http1_exchange *h, const char *made_by);
void http1_put_end(struct http1_exchange *h);

#endif
