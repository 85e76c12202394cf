/*
 * Two trails of any two cases, laid side by side: each copied out of its book, for a book is
 * held by one page at a time, and then aligned hop by hop where they are alike. Reads, and
 * shows nothing. Memory in the caller's arena. On the connection's thread.
 */
#ifndef UI_WEB_COMPARE_RUNS_H
#define UI_WEB_COMPARE_RUNS_H

#include "store/derive/rounds.h"
#include "ui/web/book.h"

enum {
	COMPARE_HOPS_MAX = 300,   /* of one trail; what comes later is not compared, and said */
	COMPARE_PIECES_MAX = 200, /* of one address; what comes later is one piece, and said */
};

struct run_hop {
	size_t n; /* in its trail, from 1 */
	const char *mechanism;
	int64_t status;
	struct span url, party, media_type, sha256; /* sha256: of the body, hex; absent */
	int64_t after_us, size;                     /* after: since the trail's start */
	bool on_wire;
};

struct run {
	struct book *book;
	int64_t session, number;
	char id[48];
	bool found;
	int64_t started_us;
	struct span start_url, final_url, title, handoff_url;
	enum trail_end ended_by;
	bool whole;                           /* recorded to its end, by itself */
	struct span asked[ROUND_ASKED_COUNT]; /* how; absent: as the browser does */
	struct run_hop *hops;
	size_t n, all; /* n: at most COMPARE_HOPS_MAX */
};
/* r->book, session and number are given. Errors: those of book_read_trail. */
bool run_read(struct run *r, struct arena *a, struct err *err);

struct run_row {
	const struct run_hop *a, *b; /* NULL: the other has no such hop */
	enum round_likeness like;
	bool url, status, mechanism, type; /* differ */
};
struct run_rows {
	struct run_row *list;
	size_t n;
	enum round_likeness like; /* of all */
	size_t parted;            /* the first row that differs, from 1; 0: none */
};
void runs_align(
	const struct run *a, const struct run *b, struct arena *arena, struct run_rows *out);
/* Bits of round_manner, in which they were asked otherwise. */
unsigned runs_asked_otherwise(const struct run *a, const struct run *b);
/* What may be said of the link; NULL: nothing, for they are two links. */
const char *runs_finding(const struct run *a, const struct run *b, const struct run_rows *rows);

/* An address in pieces, those marked that the other one has not, in order. Nothing is in two
 * pieces that could be taken for a link. */
struct run_piece {
	struct span text;
	bool differs;
};
/* It takes up to 100 KB, for two addresses of COMPARE_PIECES_MAX: of an arena that ends soon.
 * False: one of them has more. */
bool runs_url_pieces(struct arena *arena, struct span url, struct span other,
	struct run_piece **out, size_t *n);

#endif
