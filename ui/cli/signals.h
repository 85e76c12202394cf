/*
 * SIGINT, SIGTERM and SIGHUP as something to poll. The first one asks for an orderly end; once
 * that has begun, the next one ends the process at once (the case is safe against that, and the
 * browser dies with its parent). Set up before threads, which inherit the mask. Main thread.
 */
#ifndef UI_CLI_SIGNALS_H
#define UI_CLI_SIGNALS_H

#include "store/base/err.h"

/* Blocks them; a descriptor that is readable when one came, or -1. */
int signals_open(struct err *err);
/* Has one come? Takes it. */
bool signals_take(int fd);
/* From now on the next one ends the process with this exit code. */
void signals_let_kill(int code);

#endif
