#include "ui/web/page.h"

static void show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "rows"};
	struct page p;
	page_open(&p, q, a, &place, span_str("Everything else"));
	page_close(&p);
}

const struct web_route routes_rows[] = {{WEB_GET, "/c/+/x", show, false}, {.pattern = NULL}};
