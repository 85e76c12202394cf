/*
 * Files that were handed to the window: each in a folder of its own, readable by this user
 * alone, under a name that nobody can guess; gone when the window ends, or, where it was killed
 * and could not remove them, when the next one of this user starts. What they hold is looked at
 * by other processes. Any thread.
 */
#ifndef UI_WEB_UPLOAD_H
#define UI_WEB_UPLOAD_H

#include "store/base/err.h"

#include <limits.h>

enum {
	UPLOADS_MAX = 20, /* kept; the oldest goes */
	UPLOAD_ID_LEN = 32,
	UPLOAD_NAME_MAX = 120, /* bytes of the file's own name that are kept */
};

struct uploads;
struct uploads *uploads_new(void); /* removes what windows left that are gone */
void uploads_free(struct uploads *u);
/* name: as the browser gave it. Errors: SYSTEM, LIMIT. */
bool upload_keep(struct uploads *u, struct span name, struct span bytes,
	char id[UPLOAD_ID_LEN + 1], struct err *err);
/* False: there is none of that id (any more). */
bool upload_path(struct uploads *u, struct span id, char path[PATH_MAX]);

#endif
