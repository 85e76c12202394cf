/*
 * Commands of this program that were started from the window, each a process of its own: what
 * is done here is what the command line does, and the window says which words would do the
 * same. Their output is kept, bounded. Any thread.
 */
#ifndef UI_WEB_JOB_H
#define UI_WEB_JOB_H

#include "store/base/arena.h"
#include "store/base/buf.h"
#include "store/base/err.h"

enum {
	JOBS_MAX = 200,                  /* remembered; the oldest that are over go */
	JOBS_RUNNING_MAX = 4,            /* at once */
	JOB_RUNS_MAX = 4,                /* of job_run, beside them; more of them wait */
	JOBS_END_S = 20,                 /* to end in order, before it is done by force */
	JOB_OUTPUT_MAX = 1024 * 1024,    /* bytes of each stream of a job that are kept */
	JOB_RUN_MAX = 256 * 1024 * 1024, /* of job_run's output */
};

struct jobs;
struct jobs *jobs_new(const char *program, const char *folder);
void jobs_end(struct jobs *j);  /* nothing is started any more, and nobody waits: before the
				   threads that wait are waited for */
void jobs_free(struct jobs *j); /* asks all that run to end (SIGTERM), waits, then by force */

struct job_order {
	const char *const *argv; /* from the command's name on, ended by NULL; copied */
	const char *title;       /* "Trace of hxxps://..."; shown; copied */
	const char *case_path;   /* that it writes or reads; NULL: none; copied */
	const char *password;    /* CLICKTRAIL_PASSWORD for it; NULL: none. Never shown */
	const char *remove_file; /* a file of ours that goes when it is over; NULL */
};
/* A number, from 1; 0 with err: LIMIT (too many run), SHUTDOWN (behind jobs_end), SYSTEM. */
int64_t job_start(struct jobs *j, const struct job_order *order, struct err *err);

struct job_about {
	int64_t number;
	struct span title, command; /* command: as one would type it, quoted for a shell */
	struct span case_path;      /* absent: none */
	bool running;
	int code; /* exit code; 128 and more: by that signal */
	int64_t started_us, ended_us;
	struct span out, err; /* what it said so far, the beginning; as bytes */
	bool more;            /* JOB_OUTPUT_MAX was reached */
};
bool job_about(struct jobs *j, int64_t number, struct arena *a, struct job_about *out);
/* Newest first; without their output. */
void jobs_list(struct jobs *j, struct arena *a, struct job_about **out, size_t *n);
void job_stop(struct jobs *j, int64_t number); /* SIGTERM: in order, as Ctrl-C */
int64_t jobs_version(struct jobs *j);
int64_t jobs_wait(struct jobs *j, int64_t since, int ms);

/* To its end, at most so many seconds; its output is appended, what it said on stderr to said.
 * False with err: SYSTEM, LIMIT (time, output), SHUTDOWN (jobs_end came first). *code: its exit
 * code. */
bool job_run(struct jobs *j, const char *const *argv, int seconds, struct buf *out,
	struct buf *said, int *code, struct err *err);

#endif
