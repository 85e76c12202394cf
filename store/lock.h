/*
 * Who may write a case: an flock on `<case>.lock` beside it, which the kernel drops when the
 * process dies. The file holds the writer's process id, and "leaving" while it closes the case;
 * it goes away with a clean close.
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
enum lock_state {
	LOCK_FREE,
	LOCK_HELD,
	LOCK_LEAVING, /* its holder wants to be the only one who is connected, for a moment */
};
enum lock_state lock_look(const char *path);
/* The holder's, just before it lets go. */
void lock_leaving(int fd);

#endif
