/*
 * One request and its answer on their way through a tunnel, HTTP/1: full duplex, with back-pressure, recorded before released. The
 * request head was read by the caller (http1.c), which decides where it goes; from there on this file moves the bytes.
 *
 * Nothing of a response reaches the browser's leg before the facts that it depends on are committed: bytes wait in `held` behind
 * a gate, a recorder ticket. The head waits for its own fact, the last bytes for the facts of the whole body. One tunnel thread.
 */
#ifndef PROXY_EXCHANGE_H
#define PROXY_EXCHANGE_H

#include "capture/wire/http1.h"
#include "proxy/body.h"
#include "proxy/local.h"
#include "proxy/tunnel.h"

enum {
	EXCHANGE_WAIT_NOTED_MS = 100, /* a commit that took longer is noted */
	EXCHANGE_INTERIMS_MAX = 64,   /* 1xx responses to one request; an endless row of them fills memory */
};

struct exchange {
	struct tunnel *t;
	struct arena arena;
	int64_t id;
	/* the request */
	struct http1_head req;
	struct http1_body req_body;
	struct body up;
	bool up_done;      /* its last byte was read and forwarded, or it is not forwarded any more */
	bool up_abandoned; /* forwarding stopped: the origin takes no more of it */
	bool up_forward;   /* false: nothing is sent on (the answer is local) */
	int64_t up_ended_us;
	/* the response */
	struct http1_head res;
	struct http1_body res_body;
	struct body down;
	bool have_res, down_done, local;
	int interims;
	int64_t leg; /* origin leg's number, FACT_NULL for a local answer */
	int64_t first_byte_us;
	/* the gate */
	struct buf held;
	uint64_t gate; /* ticket; 0: open */
	int64_t gate_since_us, gate_waited_us;
	/* the end */
	struct err end;     /* kind NONE while all is well */
	bool end_put;
	bool cut;           /* the browser must see a cut, not an end */
	bool close;         /* the browser's connection ends behind this exchange */
	bool switched;      /* 101: what follows is opaque */
	int64_t moved_us;   /* last time that bytes moved */
};

/* A new exchange with its number. Arena and bodies are live until exchange_fini. */
void exchange_init(struct exchange *x, struct tunnel *t);
void exchange_fini(struct exchange *x);

/* Record the request head: x->req must be filled (spans in x->arena). url: absolute. extra_oddity: one more word or NULL. */
void exchange_put_request(struct exchange *x, const char *url, const char *extra_oddity);
/* Record bytes that came as a request but are none: method and url stay unknown. */
void exchange_put_broken_request(struct exchange *x, struct span bytes);

/* Send the request on (head: the bytes for the origin) and bring the answer back. Returns when the exchange is over and all that
 * may be released was handed to the browser's leg and left it. */
void exchange_run(struct exchange *x, struct span head);
/* Answer without an origin: the request's body is read and recorded first, unless why (may be NULL) says that the request itself
 * is broken. why becomes the exchange's reason. */
void exchange_answer(struct exchange *x, struct local_answer *answer, const struct err *why);

/* exchange_gate.c: what is released from now on waits until everything put so far is committed; open the gate if it may be
 * (failing hard if the recorder did); hand bytes to the browser, or to the gate while it is shut. */
void exchange_gate_shut(struct exchange *x);
void exchange_gate_try(struct exchange *x);
void exchange_release(struct exchange *x, struct span bytes);

/* exchange_record.c */
void exchange_put_interim(struct exchange *x, struct span head, int64_t status);
uint64_t exchange_put_response(struct exchange *x, const char *made_by);
void exchange_put_end(struct exchange *x);

#endif
