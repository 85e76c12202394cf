/*
 * What people said about a trail or a hop, in the words of each format: lines of the text
 * report, blocks of a page, members of the JSON report. Says what the report holds, which an
 * edition has redacted before. Any thread.
 */
#ifndef UI_REPORT_SAY_REMARKS_H
#define UI_REPORT_SAY_REMARKS_H

#include "ui/report/html_parts.h"
#include "ui/report/remarks.h"

#include <jansson.h>

/* "  noted        By Ada, 2026-11-29 20:00:00 UTC: ..."; nothing where there is none. */
void say_remarks(const struct remark *list, size_t n, struct buf *out);
/* In the head of a trail: that it is marked, and what was said of it as a whole. */
void say_trail_remarks(const struct report_trail *t, struct buf *out);
/* Of several trails, which one is marked; nothing where that is none, or more. */
void say_only_marked(const struct report *r, struct buf *out);

void html_remarks(struct html *h, const struct remark *list, size_t n);
void html_trail_remarks(struct html *h, const struct report_trail *t);
void html_only_marked(struct html *h);

/* [{"number","at","by","text"}] */
json_t *json_remarks(const struct remark *list, size_t n);
json_t *json_mark(const struct remark *mark); /* one, or null */

#endif
