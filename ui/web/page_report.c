#include "ui/web/page.h"

static void show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "report"};
	struct page p;
	page_open(&p, q, a, &place, span_str("Report"));
	page_close(&p);
}

const struct web_route routes_report[] = {
	{WEB_GET, "/c/+/t/+/report", show, false}, {.pattern = NULL}};
