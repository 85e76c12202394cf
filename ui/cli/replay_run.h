/*
 * The two ways to replay a case: served to whoever asks, or walked again by a browser of ours.
 * `clicktrail replay` chooses. Main thread.
 */
#ifndef UI_CLI_REPLAY_RUN_H
#define UI_CLI_REPLAY_RUN_H

#include "ui/cli/options.h"

#include <limits.h>

/* A folder of its own for a case that nobody keeps. */
struct replay_scratch {
	char folder[PATH_MAX - 32];
	char path[PATH_MAX]; /* of the case in it */
};
bool replay_scratch_make(struct replay_scratch *s, struct err *err);
void replay_scratch_remove(struct replay_scratch *s); /* empty by now */

/* Until a signal. The exit code. (replay_serve.c) */
int replay_serve(struct options *o, const char *path);
/* argv, argc: the command line, read once already into `line`. The exit code. (replay_walk.c)
 */
int replay_walk(struct options *line, const char *path, int argc, char **argv);

/* Is what the replay is to be recorded in, if anything, another file than the case? Evidence
 * stays as it is, and a replay must not be answered by itself. */
bool replay_apart(const struct options *o, const char *path, struct err *err);

#endif
