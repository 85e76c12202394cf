/*
 * The folder of the installation's signing key and log of heads: opened so that it is ours
 * alone (0700), and files in it written whole or not at all. It knows nothing of what the files
 * hold. Failures carry the kind that the caller names. Any thread.
 */
#ifndef STORE_SEAL_DIR_H
#define STORE_SEAL_DIR_H

#include "store/base/err.h"
#include "store/base/text.h"

#include <sys/types.h>

struct seal_dir {
	int fd;
	const char *path; /* the caller's */
	enum err_kind kind;
};

/* Opens the folder, makes it and those above it (0700) if it is missing. Refuses one that
 * belongs to another user or that others may enter. */
bool seal_dir_open(struct seal_dir *d, const char *path, enum err_kind kind, struct err *err);
void seal_dir_close(struct seal_dir *d);
/* A descriptor of a regular file of ours that has none of the mode bits in `forbidden`; never
 * of what a symbolic link leads to. -1 with *missing set and no error: there is no such file.
 */
int seal_dir_file(const struct seal_dir *d, const char *name, int flags, mode_t forbidden,
	bool *missing, struct err *err);
/* A new file with these bytes under the name; what has the name already stays (then *there is
 * set), or is replaced if `replace`. It is on the disk when this returns true. */
bool seal_dir_put(const struct seal_dir *d, const char *name, mode_t mode, struct span bytes,
	bool replace, bool *there, struct err *err);
/* "what DIR/name: strerror(errno)". */
bool seal_dir_fail(
	const struct seal_dir *d, const char *name, const char *what, struct err *err);

#endif
