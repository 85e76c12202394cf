/*
 * The built-in client of `--browser none`: opens the link through our own proxy and follows
 * what needs no script: HTTP redirects, Refresh headers and meta refresh, with cookies. It runs
 * no script, sends no form and fetches no pictures, and says what a real browser might have
 * gone on with. A thread of its own; all calls from the thread that started it.
 */
#ifndef UI_CLI_PLAIN_CLIENT_H
#define UI_CLI_PLAIN_CLIENT_H

#include "proxy/ca.h"

#include <sys/socket.h>

struct plain_client;

enum {
	PLAIN_MOVES_MAX = 100,    /* requests of one trail */
	PLAIN_REDIRECTS_MAX = 20, /* in a row without a page between them, as in Fetch */
};

struct plain_options {
	struct sockaddr_storage proxy;
	const char *credentials; /* "user:password", or NULL */
	const struct ca
		*ca; /* what the proxy's leaves are signed by; not needed behind plain_start */
	const char *ready_url;
	const char *link;       /* NULL: prove the way, open nothing */
	const char *user_agent; /* NULL: PLAIN_USER_AGENT */
	const char *language;   /* an Accept-Language value; NULL: "en-US,en;q=0.5" */
	const char *referer;    /* where the link stands, as it is to be sent; NULL: nowhere */
};

/* In the form that honest robots use: gates that only let through what begins like a browser
 * take it, and it says who it is. */
#define PLAIN_USER_AGENT                                                                       \
	"Mozilla/5.0 (compatible; clicktrail/" CLICKTRAIL_VERSION "; no script)"
#define PLAIN_LANGUAGE "en-US,en;q=0.5"

/* Starts it. It first proves the way (fetches the ready page and calls back as its script
 * would), then asks for the link, which the proxy holds until it is released. */
struct plain_client *plain_start(const struct plain_options *options, struct err *err);
/* Readable when it is done. */
int plain_fd(const struct plain_client *c);
bool plain_done(const struct plain_client *c);
/* Once it is done. False: it could not go on; err says why. note (may be NULL): what a browser
 * with script might have gone on with, or where this one stopped; "" for none. Borrowed. */
bool plain_result(const struct plain_client *c, const char **note, struct err *err);
/* Ends it, waits for its thread and frees it; NULL is fine. */
void plain_stop(struct plain_client *c);

#endif
