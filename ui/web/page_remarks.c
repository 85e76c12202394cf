#include "ui/web/page.h"

static void show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "remarks"};
	struct page p;
	page_open(&p, q, a, &place, span_str("Notes"));
	page_close(&p);
}

const struct web_route routes_remarks[] = {
	{WEB_GET, "/c/+/remarks", show, false}, {.pattern = NULL}};
