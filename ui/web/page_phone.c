#include "ui/web/page.h"

static void show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "phone"};
	struct page p;
	page_open(&p, q, a, &place, span_str("A phone"));
	page_close(&p);
}

const struct web_route routes_phone[] = {{WEB_GET, "/phone", show, false}, {.pattern = NULL}};
