/*
 * How every process of ours that is started beside others behaves: signals as if nobody had
 * touched them, and a session of its own, for Ctrl-C is for who started it, and who then ends
 * it in order. Any thread.
 */
#ifndef UI_CLI_CHILD_BEHAVE_H
#define UI_CLI_CHILD_BEHAVE_H

#include <spawn.h>

/* Into initialised attributes. An errno, or 0. */
int child_behave(posix_spawnattr_t *attributes);

#endif
