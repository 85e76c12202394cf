/*
 * One request and its answer on their way through a tunnel, whatever protocol carries them:
 * what is known of it, its facts, and the gate. It moves no bytes: http1_exchange.c and
 * h2_stream.c do, and embed this struct.
 *
 * Nothing of a response reaches the browser's leg before the facts that it depends on are
 * committed: bytes wait in `held` behind a gate, a recorder ticket. The head waits for its own
 * fact, the last bytes for the facts of the whole body. One tunnel thread.
 */
#ifndef PROXY_EXCHANGE_H
#define PROXY_EXCHANGE_H

#include "proxy/body.h"
#include "proxy/tunnel.h"

enum {
	EXCHANGE_WAIT_NOTED_MS = 100, /* a commit that took longer is noted */
	EXCHANGE_PATIENCE_MS = 20, /* for a commit, before anything else is looked at again */
	EXCHANGE_INTERIMS_MAX =
		64, /* 1xx responses to one request; an endless row of them fills memory */
};

struct exchange {
	struct tunnel *t;
	struct arena arena;
	int64_t id;
	/* the request */
	struct body up;
	bool up_done; /* its last byte was read and forwarded, or it is not forwarded any more
		       */
	int64_t up_ended_us;
	struct span up_trailers; /* "Name: value" lines; borrowed */
	/* the response */
	struct body down;
	bool have_res, down_done;
	bool local; /* the answer is ours */
	int interims;
	int64_t leg; /* origin leg's number, FACT_NULL for a local answer */
	int64_t first_byte_us;
	struct span down_trailers;
	/* the gate */
	struct buf held;
	uint64_t gate; /* ticket; 0: open */
	int64_t gate_since_us, gate_waited_us;
	/* the end */
	struct err end; /* kind NONE while all is well */
	bool end_put;
	bool cut;         /* the browser must see a cut, not an end */
	int64_t moved_us; /* last time that bytes moved */
};

/* A new exchange with its number. Arena and bodies are live until exchange_fini. */
void exchange_init(struct exchange *x, struct tunnel *t);
void exchange_fini(struct exchange *x);

/* Record a head. The fact is given with what its protocol knows (method, url, version,
 * oddities, head, fields; status); exchange, number and leg are filled in here. Passwords meant
 * for us are masked by the caller. */
void exchange_put_request(struct exchange *x, struct fact_request *fact);
void exchange_put_interim(struct exchange *x, struct fact_interim *fact);
uint64_t exchange_put_response(struct exchange *x, struct fact_response *fact);
/* Which leg the response that now comes from the origin's is to be told of, and who made it: a
 * peer may have made it here. stream: 0 in HTTP/1. Sets leg, and end where there is a reason;
 * the word for fact_response.made_by. */
const char *exchange_made_by(struct exchange *x, const struct leg *origin, int32_t stream);
/* The exchange is over: both bodies are ended and its end is recorded. Once; later calls do
 * nothing. */
void exchange_put_end(struct exchange *x);

/* exchange_gate.c: what is released from now on waits until everything put so far is committed.
 */
void exchange_gate_shut(struct exchange *x);
enum exchange_gate {
	EXCHANGE_GATE_SHUT,   /* still waiting; the tunnel's waiter is armed */
	EXCHANGE_GATE_OPEN,   /* it was open */
	EXCHANGE_GATE_OPENED, /* it is now: what is in held may go */
	EXCHANGE_GATE_FAILED, /* the recorder failed: cut, held is dropped */
};
/* patient: nothing but the commit can bring the exchange on: it is waited for, a short while.
 */
enum exchange_gate exchange_gate_try(struct exchange *x, bool patient);

#endif
