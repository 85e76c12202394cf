/*
 * SIGINT, SIGTERM and SIGHUP as something to poll. The first one asks for an orderly end; once
 * that has begun, the next one ends the process at once (the case is safe against that, and the
 * browser dies with its parent). SIGNALS_WINDOW_GONE asks for the same end, and never for more.
 * Set up before threads, which inherit the mask. Main thread.
 */
#ifndef UI_CLI_SIGNALS_H
#define UI_CLI_SIGNALS_H

#include "store/base/err.h"

#include <signal.h>

/* What the kernel sends to a command of a window's (ui/web/job_child.h) when that is gone: once
 * for each of the window's threads that held it, so that several say no more than one. */
enum { SIGNALS_WINDOW_GONE = SIGPWR };

/* Blocks them; a descriptor that is readable when one came, or -1. */
int signals_open(struct err *err);
/* Has one come? Takes it. */
bool signals_take(int fd);
/* From now on the next one ends the process with this exit code. */
void signals_let_kill(int code);

#endif
