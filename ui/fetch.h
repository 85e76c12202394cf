/*
 * One HTTP request to a service that a person asked us to ask (a timestamp authority, a
 * registry), by libcurl. Not the way to origins: nothing here is recorded, goes through our own
 * proxy or looks like a browser. Answers are hostile and bounded. Follows no redirects, keeps
 * no cookies, takes no proxy from the environment. Blocks until answered or out of time; any
 * thread. The process ignores SIGPIPE, as ours does.
 */
#ifndef UI_FETCH_H
#define UI_FETCH_H

#include "store/base/buf.h"
#include "store/base/err.h"

#include <sys/socket.h>

enum {
	FETCH_TIMEOUT_MS = 30 * 1000, /* unless said otherwise */
	FETCH_CONNECT_MS = 10 * 1000, /* name, connection and TLS; or timeout_ms if shorter */
	FETCH_HEAD_MAX = 64 * 1024,   /* all heads of the answer, interim ones too */
	FETCH_URL_MAX = 8 * 1024,
	FETCH_TYPE_MAX = 128
};

struct fetch_request {
	const char *url;          /* http or https, without user information */
	struct span body;         /* POST; absent: GET */
	const char *content_type; /* of the body, where there is one */
	const char *accept;       /* NULL: anything */
	const char *cacert;       /* PEM file, trusted beside the system's; NULL: none */
	const char *proxy;        /* http://, socks5:// or socks5h://; NULL: none at all */
	size_t max_bytes;         /* of the answer's body, > 0 */
	bool keep_start;          /* of a longer one the first max_bytes are taken, and `cut` */
	int timeout_ms;           /* in all; 0: FETCH_TIMEOUT_MS */
	/* Both may be NULL; ctx is theirs. May this address be connected to (with a proxy: the
	 * proxy's is not asked about)? Shall it be given up? Asked about once a second. */
	bool (*may_connect)(void *ctx, const struct sockaddr *addr);
	bool (*give_up)(void *ctx);
	void *ctx;
};

struct fetch_answer {
	int status;                        /* whatever it is, redirects too */
	char content_type[FETCH_TYPE_MAX]; /* as sent, cut; "" where there is none */
	char remote_ip[64];                /* that answered (the proxy's, if there is one) */
	struct buf head;                   /* the final one, status line and empty line too */
	struct buf body;
	bool cut;       /* the body was longer */
	bool timed_out; /* on false: it took too long */
};

/* An answer of any status is true. On false *out is empty, but for timed_out. Errors: USAGE
 * (the URL), LIMIT (the answer is too long), REFUSED_ADDRESS (may_connect said no), SHUTDOWN
 * (give_up said yes), FETCH (all else, in words). */
bool fetch_url(const struct fetch_request *req, struct fetch_answer *out, struct err *err);
/* Would fetch_url take such an address? Errors: USAGE. */
bool fetch_url_good(const char *url, struct err *err);
void fetch_answer_fini(struct fetch_answer *a);
/* The value of the first such field, borrowed; absent if there is none. */
struct span fetch_field(const struct fetch_answer *a, const char *name);

#endif
