/*
 * The pages that do things, of which the lists of routes in page_jobs.c and page_trace.c know:
 * one function for each page, and what several of their files share. Inside of ui/web. On the
 * connection's thread.
 */
#ifndef UI_WEB_PAGE_ACTS_H
#define UI_WEB_PAGE_ACTS_H

#include "ui/web/act.h"

/* ---- page_do.c: what can be done with a case ---- */

web_page_fn do_show, do_ask_lookup, do_ask_close, do_verify, do_crosscheck, do_lookup, do_close;

/* ---- page_replay.c: a trail walked again, offline, or opened once more ---- */

web_page_fn act_replay_ask, act_replay, act_serve, act_again_ask, act_again;
/* Of a job that was a replay: what came of it, from the JSON that it printed. False: it is no
 * replay's. */
bool act_replay_outcome(struct page *p, const struct job_about *job);
/* The address that a serving replay listens on. */
bool act_replay_address(struct page *p, const struct job_about *job);

/* ---- page_file.c: a file with links ---- */

web_page_fn file_take, file_show, file_choose, file_open;

/* ---- trace_form.c: how a link is opened ---- */

/* The fields, filled in by what is in f (a form that was sent, or nothing). again: those alone
 * that `again` takes. */
void trace_fields(struct page *p, const struct web_form *f, bool again);
/* The words of them. Errors: USAGE. */
bool trace_words(
	struct web_request *q, const struct web_form *f, struct act_words *w, struct err *err);

/* ---- link_look.c: what a link says of itself ---- */

struct link_look {
	struct span given;  /* as it was pasted, trimmed */
	struct span link;   /* what would be opened */
	bool undone;        /* it was written so that nobody follows it by accident */
	bool scheme_added;  /* it had none */
	bool web;           /* can be traced */
	bool acts, certain; /* opening it does, or may do, something for the recipient */
};
void link_look(struct arena *a, struct span given, struct link_look *out);
void link_say(struct page *p, const struct link_look *l);
/* "hxxps://host/path...", of bounded length, for a title; ended by NUL. */
const char *link_title(struct arena *a, const char *before, struct span link);

#endif
