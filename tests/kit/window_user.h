/*
 * The built program's `ui`, and somebody who uses it by plain HTTP as a browser without script
 * would: comes in by the printed address, keeps the cookie, sends the secret of each form
 * along. Everything has a deadline; a surprise fails the running cmocka test. One test thread.
 */
#ifndef TESTS_KIT_WINDOW_USER_H
#define TESTS_KIT_WINDOW_USER_H

#include "tests/kit/run_program.h"

struct window_user {
	struct run_program program;
	unsigned port;
	char token[64], cookie[160], secret[64];
	/* Of the last answer. */
	int status;
	const char *head, *body; /* live as long as this */
	struct span bytes;       /* the same body; it may hold NULs */
	const char *location;    /* "" without */
};

/* `ui --listen 127.0.0.1:0 args...` in a fresh folder, which is the window's, too. */
void window_user_start(struct window_user *u, const char *const *args);
/* A window that runs already, by the address that it has printed. */
void window_user_join(struct window_user *u, const char *printed);
/* By Ctrl-C; it has to end with 0. */
void window_user_end(struct window_user *u);

/* status is of the answer; 303s are not followed. */
void window_user_get(struct window_user *u, const char *path);
/* form: "a=b&c=d", encoded; the secret is added. */
void window_user_post(struct window_user *u, const char *path, const char *form);
/* Each asserts the status; the page. */
const char *window_user_page(struct window_user *u, int status, const char *path);
const char *window_user_answer(
	struct window_user *u, int status, const char *path, const char *form);
/* Asks again until it is 200: a case that was just named is still being read. */
void window_user_await(struct window_user *u, const char *path);
/* Percent-encoded for a form. */
const char *window_user_encode(struct window_user *u, const char *text);
void window_user_send_file(
	struct window_user *u, const char *path, const char *name, struct span bytes);
/* Command N that was started from the window is over: by its events. Then its page. */
void window_user_wait_job(struct window_user *u, int number);
/* Listens to a stream of events until these words came. */
void window_user_hears(struct window_user *u, const char *path, const char *words);
/* The last answer has it, or has it not. */
void window_user_sees(struct window_user *u, const char *words);
void window_user_misses(struct window_user *u, const char *words);

#endif
