#include "ui/web/page.h"

static void show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "jobs"};
	struct page p;
	page_open(&p, q, a, &place, span_str("Started here"));
	page_close(&p);
}

const struct web_route routes_jobs[] = {{WEB_GET, "/jobs", show, false}, {.pattern = NULL}};
