/*
 * What origins of every name in a domain have in common: a listener for http and one for TLS
 * with a certificate of its own root, and a thread for each connection, blocking with a
 * deadline. What is said there is its user's. The threads never call cmocka; the calls below
 * from one test thread but for those on a link, which are its thread's.
 */
#ifndef TESTS_KIT_TWO_DOORS_H
#define TESTS_KIT_TWO_DOORS_H

#include "store/base/buf.h"

struct ssl_st;
struct ssl_ctx_st;

struct two_doors_link {
	int fd, stop_fd;    /* stop_fd: readable once the doors close */
	struct ssl_st *ssl; /* NULL: plain */
	bool two;           /* HTTP/2 was chosen: a name that begins with "two-" */
	struct buf in;      /* read and not yet used */
};

/* More bytes behind in. False: there are none. */
bool two_doors_pull(struct two_doors_link *l);
bool two_doors_push(struct two_doors_link *l, struct span bytes);

struct two_doors_order {
	const char *root;                       /* its common name */
	const char *san;                        /* as make_leaf takes them */
	void (*set_up)(struct ssl_ctx_st *ctx); /* may be NULL */
	/* A connection, after its TLS handshake. It is closed afterwards. */
	void (*serve)(void *ctx, struct two_doors_link *l);
	void *ctx;
};

struct two_doors;
struct two_doors *two_doors_open(const struct two_doors_order *order);
/* For --connect-to: all of http, all of https. Its root for --cacert. Live as long as it. */
const char *two_doors_rule(const struct two_doors *d, bool secure);
const char *two_doors_cacert(const struct two_doors *d);
size_t two_doors_connections(struct two_doors *d); /* that were accepted so far */
/* Waits for its connections to end. */
void two_doors_close(struct two_doors *d);

#endif
