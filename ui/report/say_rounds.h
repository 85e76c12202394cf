/*
 * What came of a link that was opened more than once: the rounds, the two ways side by side
 * with the first difference, and the finding; in words, and as the JSON member `rounds`. One
 * thread.
 */
#ifndef UI_REPORT_SAY_ROUNDS_H
#define UI_REPORT_SAY_ROUNDS_H

#include "ui/report/report.h"

#include <jansson.h>

/* A section of the text report; nothing where there is only one round. */
void say_rounds(const struct report *r, struct buf *out);
/* A new reference; null where there is only one round. */
json_t *json_rounds(const struct report *r);

#endif
