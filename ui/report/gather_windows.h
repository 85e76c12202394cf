/*
 * Inside of deriving by windows: what all windows of a run share, one window, and the one that
 * slides along with a recording. Shared by gather*.c only.
 */
#ifndef UI_REPORT_GATHER_WINDOWS_H
#define UI_REPORT_GATHER_WINDOWS_H

#include "ui/report/gather.h"

/* What was counted of a session, and how many of its trails are stored. */
struct counted {
	struct derived_session summary;
	size_t trails;
	int64_t ended; /* exchanges, well */
};

/* In order of their sessions' first fact. */
struct counts {
	struct arena *arena; /* of the list and what it points to */
	struct counted *list;
	size_t n;
};

struct counted *counts_of(struct counts *c, int64_t session);

/* One window of a session's facts, by their numbers. */
struct window {
	int64_t from, to;       /* without margins; to excluded */
	int64_t before, behind; /* what is read, margins included */
};

/* Who works on windows, one after the other, with a connection of its own. One thread. */
struct window_worker {
	struct gather g; /* the trails of the window, after window_derive */
	int64_t session; /* only this one; 0: all */
	const struct stickies *stickies;
	struct window window;
	struct arena facts;   /* of the window */
	struct arena arena;   /* of counts */
	struct counts counts; /* of the window without its margins */
};

/* Errors: those of case_open, and CASE_READ. It can be closed in either case. */
bool window_open(struct window_worker *w, const char *path, const struct gather *like,
	int64_t session, const struct stickies *stickies, struct err *err);
void window_close(struct window_worker *w);
/* Reads the window's facts and derives its trails, those in its margins included. */
bool window_derive(struct window_worker *w, const struct window *window, struct err *err);
/* Does the trail begin in the window, margins left out? */
bool window_begins(const struct window *w, const struct trail *t);

/* gather_slide.c: a fact was read; before reading on; after deriving. */
void gather_slide_keep(struct gather *g, enum fact_kind kind, int64_t seq, const void *fact);
void gather_slide(struct gather *g);
void gather_slide_trails(struct gather *g);

#endif
