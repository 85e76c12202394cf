/*
 * Parts of the page on which a report is asked for: the form, and what would go out. Inside of
 * page_report*.c and report_*.c. On the connection's thread.
 */
#ifndef UI_WEB_REPORT_PAGE_H
#define UI_WEB_REPORT_PAGE_H

#include "ui/web/page.h"
#include "ui/web/report_wish.h"

enum {
	REPORT_SECONDS = 180,                /* that one report may take */
	PREVIEW_BYTES_MAX = 2 * 1024 * 1024, /* of a text that is shown before it goes out */
};

/* The id of the form: buttons elsewhere on the page belong to it by that. */
#define REPORT_FORM "report-form"

void report_form(struct page *p, const struct book *b, const struct report_trail *t,
	const struct report_wish *w);
/* What would go out, what was replaced, and the original beside it. Runs the command twice,
 * at the same time. */
void report_preview(struct page *p, const struct report_trail *t, const struct report_wish *w);
/* "shop.example" of that trail; absent: everybody, or there is no such party. */
struct span report_party_name(const struct report_trail *t, size_t party);
/* The words that do the same, as one types them. */
void report_command(struct page *p, const char *const *argv);

/* page_reports.c: what was made, and asked for. */
void reports_make(struct web_request *q, struct web_answer *a, struct book *b,
	const struct report_wish *w, struct span party, struct err *err);
void reports_make_all(struct web_request *q, struct web_answer *a, const struct report_wish *w,
	struct err *err);

#endif
