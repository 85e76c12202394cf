/*
 * A program that is not ours, run once over a file: in a private folder that is gone
 * afterwards, as an ordinary user, without network where the system lets us, with a time limit.
 * It is given nothing of ours but that folder. Not for browsers that walk a link: those have a
 * prison of their own (ui/browser). Main thread.
 */
#ifndef UI_CLI_RENDER_H
#define UI_CLI_RENDER_H

#include "store/base/buf.h"
#include "store/base/err.h"

#include <limits.h>
#include <sys/types.h>

enum {
	RENDER_SECONDS_MAX = 900,
	RENDER_BYTES_MAX = 256 * 1024 * 1024, /* of the file that it makes */
};

struct render {
	char dir[PATH_MAX]; /* made by render_open: the program's working directory and home */
	uid_t uid;          /* whom it runs as */
};

/* Errors: SYSTEM. r can be closed in either case. */
bool render_open(struct render *r, struct err *err);
void render_close(struct render *r);
/* A file in the folder. Errors: SYSTEM. */
bool render_put(struct render *r, const char *name, struct span content, struct err *err);
/* Appends the file to out. Errors: SYSTEM (it is not there, or no plain file), LIMIT. */
bool render_get(struct render *r, const char *name, struct buf *out, struct err *err);
/* Runs argv[0], a path, and waits for its end, or ends it. What it prints goes to the folder's
 * file "log". Errors: SYSTEM (it failed), LIMIT (its time was up). A signal that asks us to end
 * ends it and cleans up first. */
bool render_run(struct render *r, const char *const *argv, int seconds, struct err *err);

/* The first of `names` that $PATH holds, by its path; false: none. */
bool render_find(const char *const *names, char path[PATH_MAX]);

#endif
