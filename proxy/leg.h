/*
 * One side of a tunnel: the byte pipe to the browser or to an origin, plain or TLS, never
 * blocking. Holds what was received and not yet used (`in`) and what waits to be sent (`out`),
 * counts and hashes the plaintext both ways. It knows nothing of HTTP. One tunnel thread owns
 * it.
 */
#ifndef PROXY_LEG_H
#define PROXY_LEG_H

#include "store/base/buf.h"
#include "store/base/err.h"
#include "store/base/hash.h"

enum {
	LEG_READ_MAX = 64 * 1024, /* bytes that one leg_fill takes at most */
};

struct tls; /* proxy/tls_io.h */
struct leg_peer;

struct leg {
	int fd;                /* -1: closed. Non-blocking, TCP_NODELAY */
	struct leg_peer *peer; /* in the socket's place: the other end is in this process. Owned
				*/
	bool browser;          /* which errors to report: BROWSER_* or ORIGIN_* */
	struct tls *tls;       /* NULL: plain. Owned */
	struct buf in, out;
	bool unhashed;      /* nobody will ask for the hashes: nothing is recorded of it */
	unsigned unpolled;  /* pump.c: a peer's reads since the others were looked at */
	bool filled;        /* the last read took all the room it had: the next one gets more */
	bool in_eof;        /* the peer ended its side (FIN, close_notify) */
	bool out_closed;    /* we ended ours */
	bool urgent;        /* a byte of it was marked as TCP urgent data: proxy/urgent.h */
	bool tls_truncated; /* in_eof came without close_notify */
	bool broken; /* no more bytes either way; err says why. What the peer had sent before
			that is still in `in` */
	struct err err;
	short tls_wants; /* POLLIN/POLLOUT that TLS needs before it can go on; 0 = none */
	uint64_t in_bytes, out_bytes; /* plaintext */
	struct sha256 in_hash, out_hash;
	int64_t number; /* leg number of the facts: LEG_BROWSER or a case-wide one */
};

enum leg_result {
	LEG_OK,    /* something moved */
	LEG_AGAIN, /* nothing to do right now: poll */
	LEG_EOF,   /* in_eof is set (fill only) */
	LEG_BROKEN /* broken is set */
};

/* What there is to say of a response. */
struct leg_answer {
	bool ours;          /* no origin's, but made here */
	struct err why;     /* kind != NONE: the reason, where it is ours */
	const char *remark; /* where it came from, if that is not plain; NULL: nothing. Borrowed
			       until the leg is used again */
};

/*
 * An origin without a socket: it is told what is sent to it, and asked for what it has to say.
 * All calls come from the leg's thread; nothing in them waits.
 */
struct leg_peer_calls {
	void (*take)(struct leg_peer *p, struct span bytes); /* all of it is taken */
	void (*end)(struct leg_peer *p);                     /* nothing more comes from us */
	/* Up to max bytes into `to`. OK: *n > 0 of them; AGAIN: none yet; EOF; BROKEN: err. */
	enum leg_result (*give)(
		struct leg_peer *p, uint8_t *to, size_t max, size_t *n, struct err *err);
	/* From when on `give` says more than AGAIN: a time of clock_real, 0 for now, INT64_MAX
	 * for not before it was told more. */
	int64_t (*due_us)(struct leg_peer *p);
	/* About the final response that it has begun on this stream (0 in HTTP/1). */
	void (*about)(struct leg_peer *p, int32_t stream, struct leg_answer *out);
	void (*free)(struct leg_peer *p);
};
struct leg_peer {
	const struct leg_peer_calls *calls;
};

void leg_init(struct leg *l, int fd,
	bool browser); /* takes the fd; sets O_NONBLOCK and TCP_NODELAY */
void leg_init_peer(struct leg *l, struct leg_peer *peer); /* an origin's; takes the peer */
void leg_fini(struct leg *l);                             /* closes without further ado */
/* Nothing is going on: give back the memory of empty buffers. The next bytes make new ones. */
void leg_rest(struct leg *l);
/* Read what is there, at most `max` bytes (<= LEG_READ_MAX), behind in. */
enum leg_result leg_fill(struct leg *l, size_t max);
/* Send what waits in out. LEG_OK: out is empty now (or already was). LEG_AGAIN: some is left.
 */
enum leg_result leg_flush(struct leg *l);
/* Append to out and try to send: never blocks; look at buf_len(&l->out) for what is left. False
 * if broken. */
bool leg_send(struct leg *l, struct span bytes);
/* End our side after what waits in out was sent: TLS close_notify, then shutdown(SHUT_WR). Call
 * until it gives LEG_OK. */
enum leg_result leg_end(struct leg *l);
/* Poll events needed to go on: read interest if want_read, write interest if out is not empty,
 * and what TLS wants. */
short leg_poll_events(const struct leg *l, bool want_read);
/* Bytes wait inside TLS, or with a peer: a read will give them without poll. */
bool leg_has_pending(const struct leg *l);
/* When leg_has_pending may become true without poll; INT64_MAX: not by itself. */
int64_t leg_due_us(const struct leg *l);
/* It has an end to read from and write to: a socket or a peer, and did not break. */
bool leg_live(const struct leg *l);
/* As in struct leg_peer_calls; nothing for a leg with a socket. */
void leg_about(const struct leg *l, int32_t stream, struct leg_answer *out);
/* Abort: RST instead of FIN (SO_LINGER 0), so that the peer sees a cut, not an end. */
void leg_reset(struct leg *l);

/* Counts and hashes start again from nothing: what passed so far was no plaintext of the peer's
 * (CONNECT and its answer, a ClientHello). tls_accept does so itself. */
void leg_count_anew(struct leg *l);
/* Which error a failed socket call on this side is: *_RESET, *_CLOSED (EPIPE) or *_TIMEOUT. */
enum err_kind leg_os_kind(const struct leg *l, int os);

#endif
