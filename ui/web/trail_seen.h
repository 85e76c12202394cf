/*
 * What a stream has sent of one trail, and what of it is to be sent now: the rows and blocks
 * that look otherwise than they did, the rows that are gone, and the words for who listens. It
 * reads no book; a test can show it one trail after another. One owner, one thread.
 */
#ifndef UI_WEB_TRAIL_SEEN_H
#define UI_WEB_TRAIL_SEEN_H

#include "ui/web/trail_view.h"

/* Events of one look, in order, before they have an id. */
struct trail_piece {
	enum trail_piece_kind { PIECE_PUT, PIECE_DROP, PIECE_SAY } kind;
	char into[TRAIL_ID_MAX]; /* of PUT: the list; of DROP: what goes */
	struct span text;        /* HTML, or words */
};
struct trail_pieces {
	struct arena arena;
	struct trail_piece *list;
	size_t n;
};
void trail_pieces_put(struct trail_pieces *p, const char *into, struct span html);
void trail_pieces_drop(struct trail_pieces *p, const char *element);
/* As events: the last alone has the id `now`, and those before it the one that the stream had,
 * so that a stream that is cut between them is taken up before them. */
void trail_pieces_send(
	struct trail_pieces *p, const char *before, const char *now, struct buf *out);

/* What two elements that look the same have in common; never 0. */
uint64_t trail_looks(struct span html);

struct seen_row {
	size_t n;
	uint64_t looks, spoken;
	char *says, *was; /* was: NULL until it was corrected */
};
struct trail_seen {
	int64_t number;
	struct seen_row *rows;
	size_t n_rows;
	uint64_t blocks[TRAIL_BLOCK_COUNT], next;
};

enum trail_how {
	TRAIL_KNOWN,       /* whoever listens has it as it is now: nothing is sent */
	TRAIL_BLOCKS_ANEW, /* no hop is new to them */
	TRAIL_ANEW,        /* what they have is not known: all is sent */
	TRAIL_CHANGED,
};
void trail_seen_look(struct trail_seen *s, const struct trail_view *v, enum trail_how how,
	struct trail_pieces *out);
/* There is no such trail any more: its rows go. */
void trail_seen_gone(struct trail_seen *s, int64_t session, struct trail_pieces *out);
void trail_seen_fini(struct trail_seen *s);

#endif
