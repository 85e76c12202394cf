/*
 * A proxy in this process, recording into a case in a folder of its own: start it, talk to it,
 * stop it, look at what it recorded. Reaches 127.0.0.0/8 unless told otherwise. A failure to
 * start fails the running cmocka test. One test thread.
 */
#ifndef TESTS_KIT_RUN_PROXY_H
#define TESTS_KIT_RUN_PROXY_H

#include "proxy/proxy.h"
#include "proxy/resolve.h"
#include "tests/kit/read_case.h"

struct run_proxy_options {
	const char *rules[16]; /* --connect-to */
	const char *cacert;    /* of the origins */
	const char *permit[4]; /* --permit-bad-cert */
	const char *only[4];   /* --only */
	const char *noise[4];
	const char
		*dns_servers; /* NULL: one that does not exist; tests ask no real name server */
	const char *password;
	uint64_t max_body; /* 0: the default of the program */
	bool no_bodies;
	bool no_loopback; /* leave 127.0.0.0/8 refused */
	bool hold;
	const char *referer, *referer_link;
	struct replay *replay;    /* answers in the place of all origins; borrowed */
	struct ca *ca;            /* taken; NULL: one of its own */
	int listen_fd;            /* taken; 0: one of its own, on loopback */
	int64_t browser_offset_s; /* see proxy.h */
	int64_t like_offset_s;
	bool power; /* --durability power: each commit waits for the disk */
	bool no_intercept;
	const struct tap *tap;
};

struct run_proxy {
	struct run_proxy_options options;        /* the proxy borrows from it */
	char dir[64], case_path[96], cacert[96]; /* cacert: the proxy's own root, for clients */
	struct ca *ca;
	struct policy policy;
	struct connect_to connect_to;
	struct resolver *resolver;
	struct writer *writer;
	struct proxy *proxy;
	int64_t session;
	unsigned port;
	struct read_case facts; /* filled by run_proxy_stop */
	bool stopped;
};

void run_proxy_start(struct run_proxy *p, const struct run_proxy_options *options);
/* Stops the proxy, closes the case, reads all its facts. */
void run_proxy_stop(struct run_proxy *p);
/* The facts that are in the case right now, beside the running proxy, as another reader sees
 * them. */
void run_proxy_look(struct run_proxy *p, struct read_case *out);
/* Waits until no tunnel is open any more. */
void run_proxy_idle(struct run_proxy *p);
/* Stops if that was not done, removes the folder. */
void run_proxy_end(struct run_proxy *p);

#endif
