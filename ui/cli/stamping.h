/*
 * Timestamps for commands that write a case: whom to ask, what to keep beside the token, and
 * the asking. The network is touched only where an address was given. Main thread.
 */
#ifndef UI_CLI_STAMPING_H
#define UI_CLI_STAMPING_H

#include "store/seal_stamps.h"
#include "store/writer.h"

struct stamping {
	const char *url;        /* borrowed; NULL: nobody is asked */
	struct buf certs, crls; /* PEM, as it is kept */
};

/* Values as given on a command line: checked, and the files read, before anything is touched.
 * USAGE errors. */
bool stamping_url(struct stamping *s, const char *value, struct err *err);
bool stamping_certs(struct stamping *s, const char *file, struct err *err);
bool stamping_crls(struct stamping *s, const char *file, struct err *err);
void stamping_fini(struct stamping *s);
/* A PEM file of certificates, written anew; appended. */
bool stamping_read_certs(const char *file, struct buf *out, struct err *err);

/* A token over those bytes, which are about that head. What is kept is in the arena; a line for
 * people is appended to said. Errors: FETCH, TIMESTAMP, LIMIT. */
bool stamping_ask(const struct stamping *s, const struct seal_head *head, struct span bytes,
	struct arena *a, struct seal_stamp *out, struct buf *said, struct err *err);
/* The same over the statement of the writer's last head, and into the case. True, and nothing,
 * if nobody is to be asked or there is no head. Errors: CASE_WRITE too. */
bool stamping_last_head(
	const struct stamping *s, struct writer *w, struct buf *said, struct err *err);

/* What to write down elsewhere of a case that goes on: a line; nothing if there is no head. */
void stamping_say_head(struct writer *w, struct buf *out);

#endif
