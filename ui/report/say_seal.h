/*
 * What verification found, as text for people and as JSON for programs. It decides nothing. One
 * thread.
 */
#ifndef UI_REPORT_SAY_SEAL_H
#define UI_REPORT_SAY_SEAL_H

#include "store/seal_verify.h"

#include <jansson.h>

struct seal_words {
	const char *path;
	const struct seal_verdict *verdict;
	bool our_key; /* the heads are signed by this installation's key */
	bool being_written;
	const struct seal_words *companion; /* NULL: there is none; its verdict may be NULL: it
					       cannot be read */
	bool stranger;                      /* the companion is another case's */
};

/* Does all hold that there is to hold? */
bool seal_holds(const struct seal_verdict *v);
void say_seal(const struct seal_words *w, struct buf *out);
json_t *json_seal(const struct seal_words *w);

#endif
