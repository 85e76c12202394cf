/*
 * One browser, the proxy, one origin: a raw client and a scripted origin (origin.test) with a
 * recording proxy between them. Most scenarios are the same over http and inside TLS; a
 * conversation is told which, and asks for http://origin.test/x or /x accordingly. One test
 * thread.
 */
#ifndef TESTS_KIT_CONVERSATION_H
#define TESTS_KIT_CONVERSATION_H

#include "tests/kit/raw_client.h"
#include "tests/kit/run_proxy.h"
#include "tests/kit/script_origin.h"

#define ORIGIN_HOST "origin.test"

struct conversation {
	bool tls, over;
	const char *base; /* "https://origin.test" */
	struct script_origin *origin;
	struct run_proxy proxy;
	struct raw_client client;
	struct read_case *facts; /* after conversation_end */
};

/* options may be NULL; its rules and cacert are filled in. */
void conversation_start(
	struct conversation *c, bool tls, const struct run_proxy_options *options);
/* What the origin does on its next connection, as in script_origin_play. */
#define ORIGIN_PLAYS(c, ...)                                                                   \
	do {                                                                                   \
		static const struct script_step steps_[] = {__VA_ARGS__};                      \
		script_origin_play((c)->origin, steps_);                                       \
	} while (0)
/* The browser connects (a second time, too): CONNECT and TLS if the conversation is so. */
void conversation_open(struct conversation *c);
/* "METHOD target HTTP/1.1", then `rest` as it is: fields, blank line, body. */
void conversation_ask(
	struct conversation *c, const char *method, const char *path, const char *rest);
/* Closes the client, lets the tunnels end, stops the proxy, demands that the origin's scripts
 * went as written, reads the case. */
void conversation_end(struct conversation *c);
void conversation_free(struct conversation *c);

/* Exchange i of the case, in order of requests: path behind base, status (0: no response was
 * recorded), the end's reason (NULL: no end was recorded, "*": any), payload sizes (-1:
 * whatever). */
void conversation_recorded(struct conversation *c, size_t i, const char *method,
	const char *path, int status, const char *reason, int64_t req_size, int64_t res_size);
/* The number of exchange i. */
int64_t conversation_exchange(const struct conversation *c, size_t i);
/* A stored body is this text, and its recorded hash fits. */
void conversation_body(struct conversation *c, size_t i, enum fact_side side, const char *text);
/* The same for the pattern of script_fill, n bytes. */
void conversation_body_fill(struct conversation *c, size_t i, enum fact_side side, size_t n);

/* A test in both ways: `bool tls = *state != NULL;`. */
/* clang-format off */
#define BOTH(f) BOTH_WITH(f, NULL)
#define BOTH_WITH(f, setup) \
	{#f " over http", f, setup, NULL, NULL}, {#f " inside TLS", f, setup, NULL, &(int){1}}
/* clang-format on */

#endif
