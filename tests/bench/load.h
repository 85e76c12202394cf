/*
 * The load client's shared words: what is asked for (mode, request), one connection, the run.
 * It speaks HTTP/1.1 and HTTP/2 over TLS, through a proxy by CONNECT or straight to an address,
 * and checks every status, length and byte. Not a part of clicktrail: it measures clicktrail
 * and its peers alike. One thread; the run owns its connections.
 */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include "tests/bench/load_body.h"
#include "tests/bench/load_reply.h"
#include "tests/bench/load_stats.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	LOAD_HOST_MAX = 64,
	LOAD_HEAD_MAX = 1024,
	LOAD_PIECE = 16 * 1024, /* read or written at once */
	LOAD_TRAIL_HOPS = 5
};

struct load_mode {
	const char *name, *what;
	enum body_kind body;
	unsigned connections, requests, warmup; /* the defaults */
	bool plain, fresh, new_host, trail, h2, hold;
	uint64_t size; /* of one body, where its kind does not say */
};
/* Ends with a name of NULL. */
extern const struct load_mode load_modes[];

struct load_options {
	const struct load_mode *mode;
	struct sockaddr_in proxy, origin;
	bool via_proxy, transparent, json;
	unsigned connections, requests, warmup, hosts, streams;
	unsigned hold_s, period_s, patience_s;
	unsigned of; /* a list of so many numbers is asked, see load_list.h; 0: they count up */
	uint64_t size;
	const char *host; /* of modes that ask one host only */
	const char *ca;
	pid_t watch; /* 0: nobody */
};
/* Says what is wrong and ends the program. */
void load_options_parse(struct load_options *o, int argc, char **argv);

struct load_request {
	unsigned number, hop;
	char host[LOAD_HOST_MAX], path[BODY_PATH_MAX];
	struct body body; /* what is to come back, or to be sent */
	int64_t begun_us; /* the connect, or the first byte of the request */
	int64_t first_us; /* the first byte of the answer's body; 0: none yet */
	int64_t trail_us; /* when the first hop began */
};

enum load_state {
	LOAD_CLOSED,
	LOAD_DIALLING,
	LOAD_ASKING, /* CONNECT was or is being sent */
	LOAD_SHAKING,
	LOAD_SENDING,
	LOAD_READING,
	LOAD_IDLE,
	LOAD_H2
};

struct load_h2;

struct load_conn {
	struct load_run *run;
	enum load_state state;
	int fd;
	SSL *ssl;
	char host[LOAD_HOST_MAX]; /* that it is open to */
	struct load_request request;
	struct load_reply reply;
	char out[LOAD_HEAD_MAX], *piece; /* piece: of an upload's body */
	size_t out_len, out_sent, piece_len, piece_sent;
	struct load_h2 *h2;
	int64_t progress_us;
	bool lost; /* hold: it failed and is not opened again */
};

struct load_run {
	struct load_options o;
	SSL_CTX *tls;
	int epoll_fd;
	struct load_conn *conns;
	unsigned started, done, open_held, held_dialled;
	struct load_stats stats;
	bool over;
};

int64_t load_now_us(void);

/* load_conn.c: moves on as far as it goes without waiting. */
void load_conn_drive(struct load_conn *c);
/* Makes c->request the next thing to send, over a new connection if there is none to its host.
 */
void load_conn_send(struct load_conn *c);
void load_conn_close(struct load_conn *c);
/* -1: not now; -2: broken; 0: the end. */
ssize_t load_conn_read(struct load_conn *c, void *to, size_t max);
ssize_t load_conn_write(struct load_conn *c, const void *from, size_t n);
void load_conn_failed(struct load_conn *c, enum load_error error);

/* load_plan.c: what is asked next. */
bool load_plan_request(struct load_run *run, struct load_request *r);
void load_plan_begin(struct load_run *run);
void load_plan_next(struct load_conn *c);
void load_plan_answered(struct load_conn *c);
/* A request ended, well or not: counts it. */
void load_plan_count(struct load_run *run, const struct load_request *r, bool good);
/* The hold mode's clock; ms until it wants to be called again, -1: not at all. */
int load_plan_hold(struct load_run *run);

/* load_h2.c: a connection that chose h2, after its handshake. */
void load_h2_begin(struct load_conn *c);
void load_h2_drive(struct load_conn *c);
/* Closes it; every stream that was open is an error. */
void load_h2_cut(struct load_conn *c, enum load_error error);
void load_h2_end(struct load_conn *c);

#endif
