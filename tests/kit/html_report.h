/*
 * An edition built by hand, with one value in every field that comes from outside: for reports
 * that have to be shown whole, and for values that want to be more than text. No case file is
 * behind it: bodies cannot be read. One test thread.
 */
#ifndef TESTS_KIT_HTML_REPORT_H
#define TESTS_KIT_HTML_REPORT_H

#include "ui/report/edition.h"

struct html_report {
	struct arena arena;
	struct model model;
	struct report report;
	struct redaction redaction;
	struct edition_order order;
	struct edition edition;
	/* Plain URLs and hosts in place of the value, where the page looks into them. */
	bool plain_urls;
};

void html_report_init(struct html_report *h);
/* A trail of that many hops with its session, parties, notes, redactions and attachments, each
 * field that is text being `value`. */
void html_report_add(struct html_report *h, struct span value, size_t n_hops);
void html_report_fini(struct html_report *h);

/* 200 strings that want to be markup, script, style or an address, to move a cursor, or to
 * break a parser. i: below HTML_NASTY. */
enum { HTML_NASTY = 200 };
struct span html_nasty(struct arena *a, size_t i);
/* A PNG of one pixel. */
struct span html_pixel(void);

#endif
