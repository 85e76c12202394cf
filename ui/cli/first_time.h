/*
 * How a link was opened when a case was recorded: the options of that session, as words of a
 * command line, so that it can be opened again in the same manner. A case may come from
 * anybody: only what a browser says of itself is taken from it. What lets the proxy go further
 * has to be given anew; that it was given before is said. Main thread.
 */
#ifndef UI_CLI_FIRST_TIME_H
#define UI_CLI_FIRST_TIME_H

#include "store/base/arena.h"
#include "ui/cli/options.h"

enum { FIRST_TIME_ARGS_MAX = 200, FIRST_TIME_TOLD_MAX = 12 };

struct first_time {
	struct arena arena;
	int64_t session;
	struct span link, options;           /* absent: it has none */
	char *argv[FIRST_TIME_ARGS_MAX + 1]; /* argv[0] is the command's name */
	int argc;
	bool too_many;
	const char *left_out[FIRST_TIME_TOLD_MAX];
	size_t n_left_out;
};

/* Options that say how a browser introduces itself, and which one it is; NULL-terminated. */
extern const char *const first_time_again[];
/* session 0: the first that opened a link by trace. taken: the options to take over. What
 * stands on the command line (argv, of `command`) is left out. first_time_fini in any case.
 * Errors: USAGE, LIMIT, those of case_open and CASE_READ. */
bool first_time_find(struct first_time *f, const char *path, int64_t session,
	const char *const *taken, const char *command, char **argv, struct err *err);
void first_time_fini(struct first_time *f);
/* Puts what was in effect into o. */
bool first_time_options(struct first_time *f, struct options *o, struct err *err);
/* Says on standard error what was taken over, and what was not. */
void first_time_tell(const struct first_time *f);

#endif
