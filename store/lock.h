/*
 * Who may write a case: an flock on `<case>.lock` beside it, which the kernel drops when the
 * process dies. The file holds the writer's process id and goes away with a clean close.
 * Private to store/. Any thread.
 */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include "store/base/err.h"

/* Takes the lock of the case at `path`; the descriptor, or -1 (CASE_LOCKED, or CASE_OPEN if the
 * lock file cannot be made). */
int lock_take(const char *path, struct err *err);
void lock_drop(const char *path, int fd);
/* Does anybody hold it? A lock file that we may not read counts as free. */
bool lock_held(const char *path);

#endif
