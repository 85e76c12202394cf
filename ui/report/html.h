/*
 * The HTML report: one file that shows itself, without script, without anything from outside,
 * and without a live link. Its parts (html_write.h, html_svg.h) serve other pages as well. What
 * it shows comes from the edition alone, which was redacted before. One thread.
 */
#ifndef UI_REPORT_HTML_H
#define UI_REPORT_HTML_H

#include "ui/report/edition.h"

enum {
	/* Hops of a trail that are unfolded when the page is opened; of a longer one all are
	   folded. */
	HTML_UNFOLDED_MAX = 24,
	/* Of all trails that a page shows: a trail that begins behind so many is left out,
	   which is said. */
	HTML_HOPS_MAX = 5000,
};

edition_format_fn edition_html;
/* The same for a printer: everything is unfolded. */
void html_write(struct edition *e, bool unfolded, struct buf *out);

#endif
