/*
 * What a second witness saw, in words and as JSON, for every format. Of an edition: values were
 * redacted with all else. One thread.
 */
#ifndef UI_REPORT_SAY_COMPARED_H
#define UI_REPORT_SAY_COMPARED_H

#include "store/fact/capture.h"
#include "ui/report/compared.h"
#include "ui/report/report.h"

#include <jansson.h>

enum { SAY_COMPARED_MAX = 200 }; /* verdicts that a text lists */

/* What verdicts come from is in the companion; a report checks no seal. */
extern const char say_compared_seal[];
/* Of --no-intercept (counts.overheard): a sentence. */
extern const char say_compared_overheard[];

/* "A second witness, packets of both sides, ...": a sentence or two. Nothing where nobody
 * looked and nothing was recorded. */
void say_compared_line(const struct compared *c, struct buf *out);
/* "The packets of session 1 were destroyed on ... by ...: reason" */
void say_destroyed(const struct compared_destroyed *d, struct buf *line);
/* Were any packets? */
bool say_is_destroyed(const struct compared *c);
/* "keys were destroyed: 3 connections cannot be read", a line; nothing for none. */
void say_keyless(enum capture_side side, size_t n, struct buf *out);
/* All of it: files, counts, and what is not agree. values: with what each side says; else only
 * how many (an edition for one party). Nothing where the line says nothing. */
void say_compared(const struct compared *c, bool values, struct buf *out);
/* "2 differ, 1 unseen"; nothing where all agree or nothing was compared. */
void say_compared_hop(const struct compared_hop *h, struct buf *out);

/* How a session was made, in words: who read what. */
const char *compared_mode(struct span mode);

/* null where nobody looked. */
json_t *json_compared(const struct compared *c);
/* The counts alone, for formats that hold no verdicts. */
json_t *json_compared_counts(const struct compared *c);
/* What was destroyed; null for nothing. */
json_t *json_destroyed(const struct compared *c);
json_t *json_compared_hop(const struct compared_hop *h);

#endif
