/*
 * What a process does to itself before it holds the CA key or a case: no core dumps, not
 * readable or traceable by other processes of the same user (ptrace(2), PR_SET_DUMPABLE). After
 * the browser's launcher was forked, before keys and threads.
 */
#ifndef UI_CLI_GUARD_H
#define UI_CLI_GUARD_H

#include "store/base/err.h"

bool guard_process(struct err *err);

/*
 * For a replay, once its listener is open, and for good: no thread of this process, nor a
 * program that it starts, makes, binds or connects a socket any more, sends to an address, or
 * gets at the sockets of another process; such calls fail with EACCES. What is connected to the
 * listener is accepted and served as ever, and descriptors come in by Unix sockets that are
 * open already. ERR_INTERNAL if a socket is open that neither listens nor is a Unix one (but
 * for the standard three descriptors). It does not cover files: who runs as root has others.
 */
bool guard_no_network(struct err *err);

#endif
