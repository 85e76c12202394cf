/*
 * One client connection, from accept to close. tunnel.c tells its story as named steps; the
 * other files of proxy/ are the steps. A tunnel has one thread, which owns all of it.
 */
#ifndef PROXY_TUNNEL_H
#define PROXY_TUNNEL_H

#include "proxy/leg.h"
#include "proxy/state.h"
#include "proxy/target.h"

#include <sys/socket.h>

/* The origin end, opened when first needed. */
struct tunnel_origin {
	bool open;
	bool muted; /* opened for a host that --only leaves out: its end is not recorded either
		     */
	struct leg leg;
	struct target target;
	uint64_t exchanges; /* served over this leg */
	struct err failed;  /* kind != NONE: could not be reached; every exchange of the tunnel
			       gets that answer */
};

struct tunnel {
	struct proxy *proxy;
	const struct sockaddr *client; /* where it came from; borrowed */
	struct record record;
	struct leg browser;
	struct writer_waiter waiter; /* for commits; eventfd -1 while it waits for none */
	struct arena arena;          /* lives as long as the tunnel */
	bool intercepted;            /* inside CONNECT with TLS: one origin, one target */
	bool internal;               /* inside CONNECT to clicktrail.internal */
	bool referer; /* inside CONNECT to where the page of --referer is to be served: no
			 origin is dialled */
	struct target target;    /* CONNECT's; of a plain connection, the latest request's */
	struct fact_hello hello; /* the browser's */
	struct origin_got
		got; /* what the origin's handshake gave, until the browser's is done */
	struct tunnel_origin origin;
	int64_t requests;      /* on this tunnel */
	int64_t listener_port; /* our own */
	struct err end;        /* why it ended */
	bool cut, cut_hard;    /* the browser must see a cut; hard: by a reset, for nothing else
				  would show it */
};

/* The whole life of an accepted connection (fd is taken). Runs in the tunnel's thread. */
void tunnel_run(struct proxy *p, int fd, const struct sockaddr *client,
	const struct sockaddr *listener);

/* Wait until the link may be released (proxy_release); false: the proxy stops. */
bool tunnel_hold(struct tunnel *t, struct err *err);
/* Is the host among the names (NULL-terminated; NULL: none)? */
bool tunnel_listed(const char *const *names, const char *host);
/* Close the origin leg, if open, and record its end. */
void tunnel_close_origin(struct tunnel *t, const struct err *why);
/* Open the origin leg for `target`. False: origin.failed says why. peer (may be NULL): the
 * origin's certificate. */
bool tunnel_open_origin(struct tunnel *t, const struct target *target, const char *const *alpn,
	struct origin_got *got, struct err *err);

/* The waiter's eventfd, for a wait that is about to begin. False: none is to be had now;
 * writer_wait waits without one. */
bool tunnel_take_signal(struct tunnel *t);
/* Nothing is under way: give back what only a busy tunnel needs, buffers and the eventfd. */
void tunnel_rest(struct tunnel *t);

/* Serve HTTP/1 exchanges on the browser leg until either side is done; t->end says why.
 * (http1.c) */
void http1_serve(struct tunnel *t);
/* The same with HTTP/2 on both legs, which are open. (h2_serve.c) */
void h2_serve(struct tunnel *t);
/* Bytes both ways, unread, until both sides are done; records an opaque fact. why: its word.
 * (passthrough.c) */
void passthrough(struct tunnel *t, const char *why, int64_t exchange);
/* --no-intercept: reach CONNECT's target, before the browser is told that it may send, and tell
 * who watches. False: t->end says that we stop; else origin.failed says why not, and the tunnel
 * goes on as an intercepted one whose origin cannot be reached. (passthrough.c) */
bool passthrough_reach(struct tunnel *t);

#endif
