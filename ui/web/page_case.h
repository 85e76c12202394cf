/*
 * The page of one case: its trails and what it is. Inside of ui/web; routes are in
 * page_cases.c. On the connection's thread.
 */
#ifndef UI_WEB_PAGE_CASE_H
#define UI_WEB_PAGE_CASE_H

#include "ui/web/page.h"

void page_case_show(struct web_request *q, struct web_answer *a); /* GET /c/N */
void page_case_live(struct web_request *q, struct web_answer *a); /* GET /c/N/events */

/* "Check now" for seal and packets, where they were not looked at yet. */
void page_case_check_form(struct page *p, const struct book *b, const struct book_about *about);

#endif
