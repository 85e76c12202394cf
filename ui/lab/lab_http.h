/*
 * HTTP/1.1 as the lab's server speaks it: one request taken whole, one reply given whole (or
 * cut on purpose), over a leg. It knows nothing of scenes. One connection thread.
 */
#ifndef UI_LAB_LAB_HTTP_H
#define UI_LAB_LAB_HTTP_H

#include "capture/wire/http1.h"
#include "proxy/leg.h"

enum {
	LAB_BODY_MAX = 1024 * 1024, /* of a request: forms are small */
	LAB_STALL_US =
		120 * 1000000 /* a client that sends or takes nothing for so long is dropped */
};

struct lab_request {
	struct http1_head head; /* spans live in the arena that lab_http_take was given */
	struct span host;       /* of the Host field, port left out */
	struct span body;       /* payload, framing removed */
	bool tls;
};

enum lab_framing { LAB_BY_LENGTH, LAB_BY_CHUNKS, LAB_BY_CLOSE };
enum lab_cut {
	LAB_WHOLE,
	LAB_CUT_RESET,    /* RST after half of the body */
	LAB_CUT_SHORT,    /* an orderly end after half of the body */
	LAB_CUT_NO_ANSWER /* an orderly end instead of an answer */
};

struct lab_reply {
	int status;
	struct buf headers; /* lines with CRLF, framing left out */
	struct buf body;    /* as it goes out, content coding applied */
	enum lab_framing framing;
	enum lab_cut cut;
	int64_t delay_us; /* before the first byte */
};

void lab_reply_init(struct lab_reply *r);
void lab_reply_fini(struct lab_reply *r);
void lab_header(struct lab_reply *r, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

enum lab_http_result { LAB_HTTP_REQUEST, LAB_HTTP_ENDED, LAB_HTTP_FAILED };
/* Waits for one request. ENDED: the client left between requests, or stop_fd. FAILED: err. */
enum lab_http_result lab_http_take(struct leg *leg, bool tls, int stop_fd, struct arena *a,
	struct lab_request *out, struct err *err);
/* Sends a reply. *keep: the connection may carry another request. */
bool lab_http_give(struct leg *leg, int stop_fd, const struct lab_request *request,
	const struct lab_reply *reply, bool *keep, struct err *err);
/* Sends bytes, waiting for the client to take them. */
bool lab_http_send(struct leg *leg, int stop_fd, struct span bytes, struct err *err);

#endif
