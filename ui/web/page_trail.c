#include "ui/web/page.h"

static void show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "trail"};
	struct page p;
	page_open(&p, q, a, &place, span_str("Trail"));
	page_close(&p);
}

const struct web_route routes_trail[] = {{WEB_GET, "/c/+/t/+", show, false}, {.pattern = NULL}};
