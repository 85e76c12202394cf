/*
 * A command of this program for the sake of a page: run to its end, and its words made the
 * page's where it refuses. On the connection's thread.
 */
#ifndef UI_WEB_RUN_COMMAND_H
#define UI_WEB_RUN_COMMAND_H

#include "ui/web/web.h"

/* What it wrote is appended to out. Errors: those of job_run; USAGE with what it said, where it
 * ended with another code than 0. */
bool run_command(struct web_request *q, const char *const *argv, int seconds, struct buf *out,
	struct err *err);

#endif
