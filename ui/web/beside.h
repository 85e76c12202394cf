/*
 * Two texts, line by line beside each other: which lines are the same in both, and which stand
 * for each other. Pure; what it gives borrows from the texts. Any thread.
 */
#ifndef UI_WEB_BESIDE_H
#define UI_WEB_BESIDE_H

#include "store/base/arena.h"

enum {
	BESIDE_LINES_MAX = 40000, /* of each text */
	BESIDE_APART_MAX = 1200,  /* lines that are in one only, between two that start a part
				   */
};

/* One of the two, never both, may be absent: the line is in the other alone. */
struct beside_line {
	struct span left, right;
	bool same;
};

struct beside {
	struct beside_line *lines;
	size_t n;
	size_t differ; /* of them */
	bool more;     /* a limit was reached: what comes behind is not here */
};

/* part: with what a line begins that starts a part of its own in both texts, and is the same in
 * both ("Hop "). Lines that differ are paired from the first on. */
void beside_make(struct span left, struct span right, const char *part, struct arena *a,
	struct beside *out);

#endif
