/*
 * The interceptor as its callers see it: give it a listening socket, a writer and a session; it
 * serves every client connection in a thread of its own (tunnel.c) and records all of it. It
 * makes no session facts: who starts a session puts them. All calls from one controlling
 * thread.
 */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include "proxy/ca.h"
#include "proxy/connect_to.h"
#include "proxy/policy.h"
#include "proxy/tap.h"
#include "store/writer.h"

struct proxy;
struct resolver;
struct via;
struct replay;

#define PROXY_INTERNAL_HOST "clicktrail.internal"

enum {
	PROXY_HEAD_TIMEOUT_MS = 30000,    /* a head, from its first byte */
	PROXY_IDLE_TIMEOUT_MS = 300000,   /* a kept-alive connection without a request */
	PROXY_ANSWER_TIMEOUT_MS = 120000, /* the origin's head, from the end of the request */
	PROXY_STALL_TIMEOUT_MS = 120000,  /* a body that does not move */
	PROXY_TLS_TIMEOUT_MS = 15000,     /* one handshake */
	PROXY_TUNNELS_MAX = 16384, /* connections at once, or what descriptors allow; beyond it
				      accept waits */
	PROXY_PAIRINGS_MAX = 500,  /* pages for who has no password yet (local.h) that a
				      session records; more are served all the same */
};

struct proxy_options {
	int listen_fd; /* listening TCP socket; taken. More may be added by proxy_listen */
	struct writer *writer;
	int64_t session;
	const struct ca *ca;
	/* How origins are reached. Borrowed, must outlive the proxy. */
	struct policy *policy; /* our own ports are added to it before the first accept */
	const struct connect_to *connect_to;
	struct resolver *resolver;
	const struct via *via; /* NULL: direct */
	const char *cacert;    /* PEM file or NULL */
	const char *const
		*permit_bad_cert;       /* host names or "ANY"; NULL-terminated, may be NULL */
	const char *const *only_hosts;  /* record only these, pass the rest unread; NULL: all */
	const char *const *noise_hosts; /* the browser's own background hosts: refused,
					   recorded; may be NULL */
	bool store_bodies;
	uint64_t max_body; /* bytes of one body to store; the rest is passed and hashed */
	/* Who may use it. None: loopback clients only. */
	const struct policy_net *clients;
	size_t n_clients;
	const char *password; /* "user:password" for Proxy-Authorization, or NULL */
	/* The recorded case that answers in the place of all origins; NULL: they are reached as
	 * above. Borrowed. */
	struct replay *replay;
	bool unrecorded; /* nothing is put: for who only serves */
	/* Pages of the caller's own under clicktrail.internal, asked before ours: appends HTML
	 * and returns true if there is one for the path (origin form, query included). Any
	 * tunnel's thread. NULL: none. */
	bool (*pages)(void *ctx, struct span path, struct buf *html);
	void *pages_ctx;
	/* Hold every request to a real origin until proxy_release. */
	bool hold;
	/* The address that the client is sent to first, answered by us in its origin's place
	 * with a page that goes on to referer_link; both serialised URLs, borrowed. NULL: none.
	 */
	const char *referer, *referer_link;
	/* A case that is served again: what the leaves' validity is shifted by, see mint.h. 0
	 * and 0: a live proxy. */
	int64_t browser_offset_s, like_offset_s;
	const struct tap *tap; /* who watches from outside; NULL: nobody. Borrowed */
	/* TLS is passed through untouched, but for clicktrail's own host; tap->passing is told
	 * of each. */
	bool no_intercept;
};

struct proxy *proxy_start(const struct proxy_options *options, struct err *err);

/*
 * The proof before anything leaves: the browser opens PROXY_READY_URL; when its page was
 * fetched over our TLS and its script has called back, the browser, the CA in it, namespace and
 * proxy are known to work. Readable descriptor; proxy_is_ready tells.
 */
#define PROXY_READY_URL "https://" PROXY_INTERNAL_HOST "/ready"
int proxy_ready_fd(struct proxy *p);
bool proxy_is_ready(struct proxy *p);
void proxy_release(struct proxy *p); /* let held requests go */

struct proxy_counts {
	uint64_t tunnels, open_tunnels, exchanges, failed_exchanges;
};
void proxy_counts(struct proxy *p, struct proxy_counts *out);

/* The recorder failed: nothing is released any more. */
bool proxy_failed(struct proxy *p, struct err *err);

/* Stops accepting, ends every tunnel (ERR_SHUTDOWN facts are put), joins all threads, frees. */
void proxy_stop(struct proxy *p);

#endif
