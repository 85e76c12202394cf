/*
 * One process of this program, as the window starts it: with two pipes, no other descriptor, a
 * session of its own and no more of the environment than a command reads. It is told to end in
 * order when the thread that started it is gone, and so with the window. Inside of ui/web, but
 * for job_child_begin, which main.c calls in the process itself. One thread each.
 */
#ifndef UI_WEB_JOB_CHILD_H
#define UI_WEB_JOB_CHILD_H

#include "store/base/buf.h"
#include "store/base/err.h"

#include <sys/types.h>

struct job_child {
	pid_t pid;
	int pidfd, out, err;
};

/* argv: from the command's name on. Errors: SYSTEM. The thread has to outlive it: see above. */
bool job_child_start(struct job_child *c, const char *program, const char *folder,
	const char *const *argv, const char *password, struct err *err);

enum job_child_news { JOB_CHILD_OVER, JOB_CHILD_TIME, JOB_CHILD_WOKEN };
/* Hears what it says until it is over (then all of it was heard), until until_us of
 * clock_real (0: for ever), or wake (-1: none) is readable. */
enum job_child_news job_child_hear(struct job_child *c, int wake, int64_t until_us,
	void (*heard)(void *ctx, bool is_err, struct span said), void *ctx);
/* Reaps it: its exit code; 128 and more: by that signal. Closes everything. It has to be over,
 * or this waits. */
int job_child_reap(struct job_child *c);

/* As one would type it in a shell. password: one is needed; it is not in it. */
void job_child_quote(struct buf *out, const char *const *argv, bool password);

/* In the started process, first of all: is it one of a window's? Then its arguments, which
 * other users would see, come from its standard input, and it ends when that window does.
 * False: it is gone already. */
bool job_child_begin(int *argc, char ***argv);

#endif
