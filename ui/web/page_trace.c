#include "ui/web/page.h"

static void show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "trace"};
	struct page p;
	page_open(&p, q, a, &place, span_str("Trace a link"));
	page_close(&p);
}

const struct web_route routes_trace[] = {{WEB_GET, "/trace", show, false}, {.pattern = NULL}};
