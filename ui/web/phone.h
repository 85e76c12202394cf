/*
 * A proxy that serves other machines, as the pairing page (page_phone.c) shows it: what its
 * options say, handed from the process that is the proxy to the window as JSON. Pure but for
 * phone_take. Holds a password, which is never in arguments or a log. To the window it comes by
 * a file in memory; a proxy that the window starts gets it by CLICKTRAIL_PASSWORD in its
 * environment, which this user and root alone can read. Any thread.
 */
#ifndef UI_WEB_PHONE_H
#define UI_WEB_PHONE_H

#include "store/base/arena.h"
#include "store/base/err.h"

enum { PHONE_TEXT_MAX = 64 * 1024 };

struct phone_about {
	const char *listen; /* "192.0.2.1:8080", "[2001:db8::1]:8080", "0.0.0.0:8080" */
	const char *user, *password; /* NULL: none is asked for */
	const char *ca_sha256;       /* hex; NULL: not known here */
	const char *const *clients;  /* ranges, ended by NULL */
	const char *const *only;     /* hosts that are recorded; none: everything is */
};

/* The caller frees it, overwritten. */
char *phone_text(const struct phone_about *p);
/* Errors: FIELD. Strings in the arena. */
bool phone_read(struct arena *a, const char *text, struct phone_about *out, struct err *err);
/* All of a file that was given; closed. The caller frees it, overwritten. Errors: SYSTEM,
 * LIMIT. */
bool phone_take(int fd, char **out, struct err *err);

#endif
