/*
 * The web window over cases: what the command line starts. It serves pages on a socket of
 * loopback to whoever holds the token of this start; it reads cases and starts commands of this
 * program, and writes nothing itself. A process of its own (`clicktrail ui`): it holds neither
 * the authority's key nor an open case for writing. Called by one thread; owns its threads.
 */
#ifndef UI_WEB_WINDOW_H
#define UI_WEB_WINDOW_H

#include "store/base/err.h"

#include <limits.h>

struct window;

enum {
	WINDOW_TOKEN_LEN = 43, /* 32 random bytes in base64url (RFC 4648 5), unpadded */
	WINDOW_URL_MAX = 128,
};

struct window_options {
	int listen_fd;            /* listening TCP socket on a loopback address; taken */
	const char *const *paths; /* cases, and folders of cases; a case may not be there yet */
	size_t n_paths;
	const char *folder;  /* where new cases and reports are made; NULL: working directory */
	const char *program; /* this program, to be started again for what is done from here */
	/* A proxy that serves other machines, as its options say it: JSON (phone.h); NULL:
	 * none. */
	const char *phone;
};

/* Errors: SYSTEM, LIMIT, USAGE (a path that cannot be used at all). A case that cannot be read
 * is shown as such. */
struct window *window_start(const struct window_options *options, struct err *err);
/* "http://127.0.0.1:8800/#TOKEN": for the user's eyes alone. */
void window_url(const struct window *w, char out[WINDOW_URL_MAX]);
/* Ends connections, what was started from here (in order, as by Ctrl-C), and all threads. */
void window_stop(struct window *w);

#endif
