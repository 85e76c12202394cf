/*
 * What the two files of HTTP/1 share: the row of exchanges, and how both directions are read.
 * Private to http_flow_1.c (the row, and the connection's end) and http_flow_1_read.c (heads
 * and bodies).
 */
#ifndef CAPTURE_HTTP_FLOW_1_INNER_H
#define CAPTURE_HTTP_FLOW_1_INNER_H

#include "capture/http_flow_inner.h"

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
	struct err *why; /* NULL: all is well */
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

static inline void one_take_why(struct one_exchange *x, const struct err *why)
{
	http_keep_why(&x->why, why);
}

static inline void one_set_why(struct one_exchange *x, enum err_kind kind, const char *detail)
{
	struct err why = {0};
	err_set(&why, kind, "%s", detail);
	one_take_why(x, &why);
}

/* ---- http_flow_1.c ---- */

struct one_exchange *http_one_add(struct http_one *o);
/* Nothing that follows is HTTP. */
void http_one_other(
	struct http_one *o, uint64_t n, const struct err *why, const struct packet_at *at);
void http_one_drop_all(struct http_one *o, const struct err *why, const struct packet_at *at);
/* Whatever of the row is over goes; behind the last exchange of a connection nothing is served.
 */
void http_one_settle(struct http_one *o, const struct packet_at *at);

/* ---- http_flow_1_read.c ---- */

/* What came as a request and is none. */
void http_one_broken_request(
	struct http_one *o, struct span in, const struct err *why, const struct packet_at *at);
/* RFC 9112 9.6: it answers, and takes nothing more of the request. */
void http_one_takes_no_more(struct http_one *o, struct one_exchange *x);
void http_one_message_ended(struct http_one *o, struct one_exchange *x, enum fact_side side,
	const struct packet_at *at);
/* Bytes used; 0: more must come, here or the other way. */
size_t http_one_step_up(struct http_one *o, struct span in, const struct packet_at *at);
size_t http_one_step_down(struct http_one *o, struct span in, const struct packet_at *at);

#endif
