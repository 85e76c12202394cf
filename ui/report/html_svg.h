/*
 * Drawings of a page, as inline SVG: the trail of hops with a lane for each party, the mark of
 * a party, the bar of a certificate's life. Colours stand in presentation attributes, with a
 * class beside each that a style sheet may overrule; shapes and numbers say the same without
 * colour. No script, no style, no reference. One thread.
 */
#ifndef UI_REPORT_HTML_SVG_H
#define UI_REPORT_HTML_SVG_H

#include "ui/report/report.h"

enum {
	SVG_ROWS = 16, /* hops in one drawing: it has to fit a printed page */
	SVG_LANES = 8, /* parties side by side; further ones share them */
	SVG_COLOURS = 8,
};

/* The trail, as one drawing for each SVG_ROWS hops. narrow: for a telephone. */
void svg_trail(struct buf *out, const struct report_trail *t, bool narrow, bool defang);
/*
 * One hop's part of the path, for a row of its own that may be of any height: the step from the
 * row above, its mark, and where it goes on; below it a piece that is stretched to the row's
 * end. As far right as the trail has lanes. i == n_hops: what is announced and has not happened
 * yet; more: there is such a row behind the last hop.
 */
enum { SVG_HOP_HEIGHT = 56 };
void svg_hop(struct buf *out, const struct report_trail *t, size_t i, bool narrow, bool more);
/* Class of the colour of hop i's party: "pc3". */
void svg_hop_colour(const struct report_trail *t, size_t i, char out[8]);
/* At most `columns` letters of s as a <text>'s content, the end left out; letters beyond ASCII
 * count twice. */
void svg_fit(struct buf *out, struct span s, size_t columns);
/* The mark of party n (from 1): its shape with its number. */
void svg_party(struct buf *out, size_t n);
/* A certificate's life with the moment of the click in it. */
void svg_validity(struct buf *out, int64_t from_us, int64_t to_us, int64_t click_us);

#endif
