/*
 * What a subcommand is: a row that main.c dispatches to and prints help from, and the few words
 * that all of them share (exit codes, how an error is told). A command that is not built is not
 * in the table, so help never promises it. Main thread.
 */
#ifndef UI_CLI_COMMAND_H
#define UI_CLI_COMMAND_H

#include "store/base/err.h"

enum exit_code {
	EXIT_DONE = 0,       /* the trail ended and everything was recorded */
	EXIT_USAGE = 1,      /* the command line does not make sense */
	EXIT_INCOMPLETE = 2, /* no end of the trail, or something was not recorded */
	EXIT_CASE = 3,       /* the case could not be written */
	EXIT_DIFFERENT = 4,  /* a comparison found a difference */
};

struct command {
	const char *name;
	const char *args;    /* "[options] URL" */
	const char *summary; /* one line for `clicktrail --help` */
	const char *details; /* more for `clicktrail NAME --help`, may be NULL */
	unsigned options;    /* OPTIONS_* bit of its rows in the option table; 0: none */
	/* argv[0] is the command's name. Returns an exit code. */
	int (*run)(const struct command *self, int argc, char **argv);
};

extern const struct command command_trace, command_again, command_proxy, command_report,
	command_explain, command_rebuild, command_verify, command_close, command_erase,
	command_note, command_timestamp, command_seal, command_ca, command_demo, command_replay,
	command_lookup, command_extract, command_crosscheck, command_ui;

/* Prints `clicktrail: what happened: why` to stderr; returns the exit code that fits: 1 for
 * USAGE, 3 for CASE_* kinds, else 2. */
int command_fail(const struct err *err);
/* The same for commands that only read a case: a file that is no case is a bad argument (1),
 * one that cannot be read is 2. */
int command_fail_reading(const struct err *err);
/* Exit 1: `clicktrail: ...` and where to read more. */
int command_usage(const struct command *self, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* `clicktrail NAME --help` to stdout. */
void command_help(const struct command *self);
/* Is --help or -h among the arguments before a "--"? */
bool command_wants_help(int argc, char **argv);

#endif
