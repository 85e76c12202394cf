/*
 * The built program ($CLICKTRAIL_BIN) as a user runs it, with a home of its own in a temporary
 * folder. Everything has a deadline; what outlives it is killed by its process id and the
 * running cmocka test fails. One test thread.
 */
#ifndef TESTS_KIT_RUN_PROGRAM_H
#define TESTS_KIT_RUN_PROGRAM_H

#include "store/base/arena.h"

#include <sys/types.h>

struct run_program {
	char dir[64]; /* HOME, TMPDIR and working directory; made by run_program_folder */
	pid_t pid;    /* 0: not running */
	int status;   /* as wait(2) gives it, once it ended */
	unsigned fds; /* of the next start: descriptors that it may have at all; 0: as many as
			 we */
	/* Of the next start. */
	const char *program; /* NULL: $CLICKTRAIL_BIN */
	int in, out; /* its standard input and output; 0: nothing, and a file. Borrowed */
	struct arena arena;
};

/* A fresh folder. Call once; several runs may share it. */
void run_program_folder(struct run_program *p);
/* clicktrail args...; args ends with NULL and does not hold the program's name. stdout and
 * stderr go to files in dir. */
void run_program_start(struct run_program *p, const char *const *args);
/* Waits for its end; the exit code, or -signal. */
int run_program_wait(struct run_program *p, int seconds);
/* start and wait. */
int run_program(struct run_program *p, int seconds, const char *const *args);
void run_program_signal(struct run_program *p, int signal);
/* What it has written so far, as strings in the arena. */
const char *run_program_stdout(struct run_program *p);
const char *run_program_stderr(struct run_program *p);
/* The port in the first "127.0.0.1:PORT" that it prints. */
unsigned run_program_port(struct run_program *p);
/* Waits until it has said these words, on either; the text behind them. */
const char *run_program_await(struct run_program *p, const char *words);
/* Kills what still runs, removes the folder. */
void run_program_end(struct run_program *p);

#endif
