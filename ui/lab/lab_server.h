/*
 * The lab's two listening sockets on loopback and its connection threads: TLS by the throw-away
 * root, HTTP/1.1, and a function that answers. It knows nothing of scenes. Started and stopped
 * by one thread.
 */
#ifndef UI_LAB_LAB_SERVER_H
#define UI_LAB_LAB_SERVER_H

#include "proxy/ca.h"
#include "ui/lab/lab_http.h"

struct lab_server;

struct lab_server_options {
	const struct ca *ca;
	/* Called from connection threads. */
	void (*answer)(void *ctx, const struct lab_request *request, struct lab_reply *reply);
	/* The name to make the leaf for, where it is not the asked one; may be NULL. Returns
	 * NULL for the asked name. */
	const char *(*leaf_name)(void *ctx, struct span host);
	/* A ClientHello came, with this JA4. May be NULL. Called from connection threads. */
	void (*hello)(void *ctx, struct span ja4);
	void *ctx;
};

struct lab_server *lab_server_start(const struct lab_server_options *options, struct err *err);
unsigned lab_server_port(const struct lab_server *s, bool tls);
void lab_server_stop(struct lab_server *s);

#endif
