#include "ui/web/page.h"

static void show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "cases"};
	struct page p;
	page_open(&p, q, a, &place, span_str("Cases"));
	page_close(&p);
}

const struct web_route routes_cases[] = {{WEB_GET, "/", show, false}, {.pattern = NULL}};
