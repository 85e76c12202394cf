/*
 * A trail as its pages draw it: rows of its path and the blocks around them, each an element
 * with an id, so that a page and a stream of events say the same in the same words. Nothing
 * here reads a case or answers a request; everything from outside goes through the report's
 * writers. On the connection's thread.
 */
#ifndef UI_WEB_TRAIL_VIEW_H
#define UI_WEB_TRAIL_VIEW_H

#include "ui/web/page.h"

struct trail_view {
	size_t book; /* its number, for links */
	const struct report *r;
	const struct report_trail *t;
	struct edition *e;
	const struct book_about *about; /* as it was before the trail was read */
	enum trail_state {
		TRAIL_RUNS,   /* its session goes on */
		TRAIL_IS_CUT, /* it has no end, and nobody writes it any more */
		TRAIL_IS_OVER,
	} state;
	struct trail_pending pending; /* of the newest trail of a session that goes on */
	int64_t scale_us;             /* trail_time_scale */
	bool looked;                  /* pending was asked for */
};

/* Of a reading that has a trail. pending: a is where its memory is from. */
void trail_view_make(struct trail_view *v, struct book_reading *r,
	const struct book_about *about, bool newest, struct arena *a);

/* ---- trail_row.c ---- */

enum {
	TRAIL_ID_MAX = 80,              /* of an element */
	TRAIL_PATH_MAX = 160,           /* bytes of an address that a row shows */
	TRAIL_NEXT_ORDER = 1000 * 1000, /* what is still to come stands behind all hops */
};
/* The element of hop i, as <li>. was: what was shown of it before and does not hold; absent: it
 * is not corrected. */
void trail_row_html(const struct trail_view *v, size_t i, struct span was, struct buf *out);
void trail_row_id(const struct trail_view *v, size_t n, char out[TRAIL_ID_MAX]); /* n: from 1 */
/* What is announced and has not happened, as <li>; false: nothing is. */
bool trail_next(const struct trail_view *v, struct buf *out);
bool trail_has_next(const struct trail_view *v);
void trail_next_id(const struct trail_view *v, char out[TRAIL_ID_MAX]);
/* How the browser came to hop i and where, in one line: when that changes, it is corrected. */
void trail_row_says(const struct trail_view *v, size_t i, struct buf *out);
/* "Hop 5: script, 200, gate.example", for who listens; nothing while it waits for its answer.
 */
void trail_row_spoken(const struct trail_view *v, size_t i, bool corrected, struct buf *out);
bool trail_waits_for_answer(const struct trail_view *v, const struct report_hop *h);

/* ---- trail_blocks.c ---- */

#define TRAIL_BLOCKS(X)                                                                        \
	X(LIVE, "live")         /* that it goes on, or how it ended */                         \
	X(STORY, "story")       /* what happened, in a sentence */                             \
	X(VERDICTS, "verdicts") /* complete, witness, seal */                                  \
	X(LEGEND, "legend")     /* who the parties are */                                      \
	X(SCALE, "scale")       /* of the time line */                                         \
	X(PICTURE, "picture")   /* of the landing page */                                      \
	X(NOTES, "notes")       /* of the trail */
enum trail_block {
#define X(name, word) TRAIL_BLOCK_##name,
	TRAIL_BLOCKS(X)
#undef X
		TRAIL_BLOCK_COUNT
};
/* Always an element, if an empty one. */
void trail_block(const struct trail_view *v, enum trail_block which, struct buf *out);
/* "trail-story-1.2", of the blocks and of "path", where the rows stand. */
void trail_block_id(const struct trail_view *v, const char *word, char out[TRAIL_ID_MAX]);
const char *trail_block_word(enum trail_block b);
/* The list of rows, whole. */
void trail_path(const struct trail_view *v, struct buf *out);

#endif
