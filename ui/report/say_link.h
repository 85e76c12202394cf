/*
 * What a hop's link says about itself, in words: whose it is, what its parts stand for, and
 * whether it led to where it claims. Nothing of a recipient is repeated here: it stands in the
 * address already, and where it stands is said. One thread.
 */
#ifndef UI_REPORT_SAY_LINK_H
#define UI_REPORT_SAY_LINK_H

#include "ui/report/report.h"

/* Labelled lines of the text report. */
void say_link_lines(const struct report_hop *h, struct buf *out);
/* The same as sentences, for explain. */
void say_link_explained(const struct report_hop *h, struct buf *out);

/* Of those lines, the words for one part and one verdict: "query parameter data, characters 12
 * to 40", "maybe the recipient", "hop 4 agrees". */
void say_link_place(const struct link_part *p, struct buf *out);
const char *say_link_part_word(const struct link_part *p);
void say_link_verdict(const struct trail_claim *c, struct buf *out);

#endif
