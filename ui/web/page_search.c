#include "ui/web/page.h"

static void show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "search"};
	struct page p;
	page_open(&p, q, a, &place, span_str("Search"));
	page_close(&p);
}

const struct web_route routes_search[] = {{WEB_GET, "/search", show, false}, {.pattern = NULL}};
