/*
 * What people said about a hop, or a trail, as a part of that thing's page, with the forms that
 * say more. Read from the companion each time, not redacted: this is for who works on the case.
 * Writes into the page alone; what the forms do is in page_remarks.c. On the connection's
 * thread.
 */
#ifndef UI_WEB_REMARKS_PANEL_H
#define UI_WEB_REMARKS_PANEL_H

#include "ui/report/remarks.h"
#include "ui/web/page.h"

/* A section: of a trail with an h2 and id "remarks", of a hop with an h3 and id "hop-remarks".
 * hop: its number in r->trail, from 1; 0: of the trail.
 * Nothing for an exchange that is in no trail. */
void remarks_panel(struct page *p, struct book_reading *r, size_t hop);

/* ---- for the page of all of them ---- */

/* Its text as paragraphs; "(erased)" where it was. */
void remarks_text(struct page *p, const struct remark *m);
/* The button that withdraws it; back: a path of ours to come back to. */
void remarks_withdraw(
	struct page *p, const struct book *b, const struct remark *m, const char *back);
/* What of the companion is not shown, and why. */
void remarks_left_out(struct page *p, const struct remarks *m);
/* As whom notes are kept. */
void remarks_as_whom(struct page *p);

#endif
