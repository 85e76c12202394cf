/*
 * A case read into memory for people: its facts in a model, the bodies that may hold cues, and
 * the trails derived from them. Reading goes on where it left off, so the same thing serves a
 * finished case and one that is being written at this moment. It shows nothing and decides
 * nothing. One thread; owns the reading end of the case.
 */
#ifndef UI_REPORT_GATHER_H
#define UI_REPORT_GATHER_H

#include "store/case.h"
#include "store/derive/texts.h"
#include "store/derive/trail.h"
#include "store/rebuild.h"

enum {
	GATHER_WINDOW = 150 * 1000,
	GATHER_MARGIN = 20 * 1000,
	GATHER_LIVE_WINDOW = 20 * 1000, /* what is derived at each look at a long session */
};

/* A fact that belongs to every window of its session: the session itself, notes on it, and
 * connections whose certificate was let pass. */
struct sticky {
	enum fact_kind kind;
	int64_t session, seq;
	const void *fact;
};
struct stickies {
	struct sticky *list;
	size_t n;
};

/* A session that is looked at again and again while it grows (gather_slide.c). */
struct sliding {
	bool on;
	int64_t dropped; /* facts up to here left the model, but for the sticky ones */
	int64_t settled; /* trails that began before this fact are no longer derived, */
	size_t trails;   /* so many of them */
	struct arena arena;
	struct stickies stickies;
};

/* What was put to the case beside its connections, as it was read: the first of them, in full.
 */
enum { GATHER_ATTACHED_MAX = 64, GATHER_ATTACHED_BYTES = 64 * 1024 * 1024 };
struct gather_attached {
	struct arena arena;
	struct gather_attachment {
		int64_t seq;
		const struct fact_attachment *fact;
	} * list;
	size_t n, bytes;
	bool more; /* one of the limits was reached */
};
/* Takes one more in (copied). */
void gather_attach(struct gather_attached *to, int64_t seq, const struct fact_attachment *fact);

struct gather {
	struct case_file *file;
	bool borrowed;   /* the file is closed by somebody else */
	int64_t session; /* whose trails are derived; 0: of all */
	struct model model;
	struct texts *texts; /* the model's, kept when that is emptied */
	int64_t last_seq;    /* of the facts read */
	int64_t after;       /* facts up to here are of earlier sessions and were not read, */
	bool earlier_certs;  /* but for their certificates, once one was missing */
	struct arena arena;  /* the trails; emptied at each derivation */
	struct trail_set trails;
	struct arena erased; /* the list of facts of which something was erased */
	struct err unread;   /* why a body could not be read while deriving */
	int64_t until;       /* gather_read goes no further than this fact; 0: to the newest */
	bool more;           /* the last read brought something */
	int64_t window, margin; /* of gather_store_anew, and of sliding, in facts */
	struct sliding sliding;
	struct case_file *also; /* gather_read_also: with exchanges above this number */
	int64_t also_after;
	struct gather_attached attached;
	/* gather_trail: only what one trail needs was read, and this was counted before; else
	 * NULL. */
	const struct derived_session *summary;
};

/* Errors: those of case_open. g can be closed in either case. */
bool gather_open(struct gather *g, const char *path, int64_t session, struct err *err);
/* The same by a connection that is there already and stays; its owner's thread. */
bool gather_open_on(struct gather *g, struct case_file *file, int64_t session, struct err *err);
void gather_close(struct gather *g);
/* From now on gather_read keeps no more of the session than GATHER_LIVE_WINDOW facts and their
 * margins: trails that began before those stay as they were and are no longer in g->trails,
 * whose numbers go on. After gather_open with a session. */
void gather_slides(struct gather *g);
/* Has it left out trails? Then gather_store would, too. */
bool gather_slid(const struct gather *g);
/* Take in what is new and derive anew if anything was; *news (may be NULL) tells. Errors:
 * CASE_READ. */
bool gather_read(struct gather *g, bool *news, struct err *err);

/* After gather_read with session 0: the sessions of another file, which are numbered on from
 * those of the first (writer_options.after), join them, and all is derived. Errors: those of
 * case_open, and CASE_READ. */
bool gather_read_also(struct gather *g, const char *path, struct err *err);

/* One trail instead of all: as it was stored when its session ended, if it was by this version,
 * with the facts that belong to it; what that costs does not grow with the case. Else all is
 * read and the trail picked. After gather_open with session 0. *found: there is such a trail.
 * Errors: CASE_READ. */
bool gather_trail(
	struct gather *g, int64_t session, int64_t number, bool *found, struct err *err);
/* The trail that a row stands for, as the only one; its facts are in the model already. */
bool gather_take(struct gather *g, const struct derived_trail *row, struct err *err);
/* Which of its files holds an exchange. */
struct case_file *gather_file(const struct gather *g, int64_t exchange);
/* Empty the model and the trails; what the model borrows stays. */
void gather_forget(struct gather *g);
/* The request bodies that may hold a form's values, of the exchanges that are in the model; the
 * responses' are read when they are looked at. */
bool gather_bodies(struct gather *g, struct err *err);
/* Derives the trails of a session, or of all (0), anew. */
bool gather_derive(struct gather *g, int64_t session, struct err *err);
/* Stores the trails that g has read, of its session or of all, with their summaries. */
bool gather_store(struct gather *g, struct writer *w, struct err *err);
/* The same from the facts on, for a session of any length (0: all sessions), in bounded memory:
 * derived by windows of GATHER_WINDOW facts; causes and continuations are looked for
 * GATHER_MARGIN facts around. g must have been opened; what it has read is given up. counts are
 * added to. */
struct gather_counts {
	size_t trails, exchanges;
};
bool gather_store_anew(struct gather *g, int64_t session, struct writer *w,
	struct gather_counts *counts, struct err *err);

#endif
