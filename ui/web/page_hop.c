#include "ui/web/page.h"

static void show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "hop"};
	struct page p;
	page_open(&p, q, a, &place, span_str("Hop"));
	page_close(&p);
}

const struct web_route routes_hop[] = {
	{WEB_GET, "/c/+/t/+/h/+", show, false}, {.pattern = NULL}};
