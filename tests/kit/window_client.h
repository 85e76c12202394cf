/*
 * A browser's part of talking to the window, over plain sockets: opens the door with the
 * printed token, keeps the cookie, brings back the forms' secret. What a page says it gives as
 * bytes. Deadlines are raw_client's; a surprise fails the running cmocka test. One test thread.
 */
#ifndef TESTS_KIT_WINDOW_CLIENT_H
#define TESTS_KIT_WINDOW_CLIENT_H

#include "tests/kit/run_program.h"

struct window_client {
	unsigned port;
	char cookie[160], secret[64]; /* secret: of the last page that had a form */
	/* Of the last answer; until the next one. */
	int status;
	const char *head, *location; /* location: NULL: none */
	struct span body;
	struct arena arena;
};

/* p runs `clicktrail ui`. */
void window_client_open(struct window_client *c, struct run_program *p);
void window_client_close(struct window_client *c);

/* Page bytes as a string; the status is asserted. */
const char *window_get(struct window_client *c, int status, const char *path);
/* Asks again until it is 200: a case that was just named is still being read. */
void window_await(struct window_client *c, const char *path);
/* form: "a=b&c=d", encoded; the secret is added. */
const char *window_post(
	struct window_client *c, int status, const char *path, const char *form);
/* Percent-encoded for a form. */
const char *window_encode(struct window_client *c, const char *text);

#endif
