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

#endif
