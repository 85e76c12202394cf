/*
 * One hop as one line: what `trace` prints while it happens, and what the text report's trail
 * is made of. The same words in both, so that a reader finds one in the other. Everything from
 * outside goes through say.
 */
#ifndef UI_REPORT_HOP_LINE_H
#define UI_REPORT_HOP_LINE_H

#include "store/base/buf.h"
#include "store/derive/trail.h"

/* "  3  script          200  GET https://... (likely)" without a line end. */
/* An address, or that it was erased; see say_long. */
void say_address(struct buf *out, struct span url, const char *indent);
void hop_line(const struct trail_hop *h, struct buf *out);
/* Is what hop_line says about it known: it was answered, or ended without an answer, or never
 * needed one. */
bool hop_settled(const struct trail_hop *h);
/* "the trail ended with a page", for people. */
const char *trail_end_sentence(enum trail_end e);

#endif
