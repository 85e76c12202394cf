#include "ui/web/page.h"

static void show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "compare"};
	struct page p;
	page_open(&p, q, a, &place, span_str("Compare"));
	page_close(&p);
}

const struct web_route routes_compare[] = {
	{WEB_GET, "/compare", show, false}, {.pattern = NULL}};
