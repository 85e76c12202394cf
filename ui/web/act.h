/*
 * What pages that do things share: command lines as lists of words, of which none can become an
 * option that was not meant; the place of a new case; and how a command came out, in words. It
 * decides nothing about what may be done. On the connection's thread.
 */
#ifndef UI_WEB_ACT_H
#define UI_WEB_ACT_H

#include "ui/web/job.h"
#include "ui/web/page.h"

enum {
	ACT_WORDS_MAX = 120,  /* of one command line */
	ACT_WORD_MAX = 16384, /* bytes of one of them */
	ACT_NAME_TRIES = 1000,
	ACT_SAID_SHOWN = 65536, /* bytes of an output that a page shows: the last ones */
	ACT_LINES_SHOWN = 12,   /* of what a command said last, beside its case */
};

struct act_words {
	struct arena *arena;
	const char *list[ACT_WORDS_MAX + 1]; /* ended by NULL */
	size_t n;
	bool bad; /* there were too many, or one holds a NUL or is too long */
};
void act_word(struct act_words *w, const char *ours);
/* "--name=value": the value is never an option of its own. */
void act_option(struct act_words *w, const char *name, struct span value);
/* A case by its whole path, which begins with '/'. */
void act_case(struct act_words *w, const char *path);

/* Are they what `trace` (OPTIONS_TRACE, ...) takes? Looked at by the command's own reader, so
 * that a mistake is told at once. Errors: USAGE. */
bool act_check(const struct act_words *w, unsigned command, struct err *err);

/* What a page says of a command that did not start: 400, 429 or 500. */
int act_status(const struct err *err);
/* Starts it. 0: it did not start, and a is the page that says so. remove_file: as of
 * job_order. */
int64_t act_start(struct web_request *q, struct web_answer *a, const struct act_words *w,
	const char *title, const char *case_path, const char *remove_file);

/* ---- act_case.c: a command that makes a new case ---- */

struct act_new_case {
	const char *name;     /* of the file, before the time: "clicktrail" */
	const char *title;    /* of the command */
	const char *last;     /* what stands behind its options; NULL: nothing */
	const char *password; /* as of job_order */
};
#define ACT_CASE_NAME "clicktrail"
/* Starts it with a free name in the window's folder, "clicktrail-20260131-235959.case"; the
 * case is on the shelf before anything is there. NULL with err, of job_start, CASE_OPEN (no
 * free name), USAGE (words) or LIMIT (SHELF_MAX): nothing was started, and nothing is listed. A
 * lock of its own: one at a time. */
struct book *act_new_case(struct window *w, struct act_words *words,
	const struct act_new_case *o, int64_t *job, struct err *err);
/* The same for a page, which then leads to its newest trail; or says why it did not start. */
void act_record(struct web_request *q, struct web_answer *a, struct act_words *words,
	const char *title, const char *last);

/* ---- act.c: how it came out ---- */

/* "It came to its end, and everything was recorded." Of the contract's exit codes. */
const char *act_code_words(int code);
/* The same of a job: what it means that this command ended well. */
const char *act_job_words(const struct job_about *job);
/* "ended in order", as a badge. */
void act_code(struct page *p, const struct job_about *job);
/* Its last lines, escaped, as <pre>; nothing where it said nothing. */
void act_said(struct page *p, struct span said, size_t max_lines);

/* What was started from here about this case, newest first: state, last words, and the way to
 * all of it. An empty element where nothing was. For pages of a case, above all of one that is
 * not there yet. */
void jobs_of_case(struct page *p, const struct book *b);
/* The same for such a page's stream, where something changed since *seen (-1: it never
 * was sent). */
void jobs_of_case_feed(
	struct window *w, const struct book *b, int64_t *seen, const char *id, struct buf *out);

#endif
