/*
 * What a process does to itself before it holds the CA key or a case: no core dumps, not
 * readable or traceable by other processes of the same user (ptrace(2), PR_SET_DUMPABLE). After
 * the browser's launcher was forked, before keys and threads.
 */
#ifndef UI_CLI_GUARD_H
#define UI_CLI_GUARD_H

#include "store/base/err.h"

bool guard_process(struct err *err);
bool guard_no_network(struct err *err);

#endif
