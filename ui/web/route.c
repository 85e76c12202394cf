#include "ui/web/page.h"
#include "ui/web/window_state.h"

#include <stdarg.h>
#include <stdio.h>

static const struct web_route *const lists[] = {routes_door, routes_cases, routes_search,
	routes_rows, routes_trail, routes_hop, routes_trace, routes_jobs, routes_report,
	routes_reports, routes_remarks, routes_compare, routes_phone};

static bool fits(const char *pattern, struct span path, struct span *segments)
{
	size_t n = 0;
	for (; *pattern != 0; pattern++) {
		if (*pattern != '+') {
			if (path.n == 0 || path.p[0] != (uint8_t)*pattern)
				return false;
			path = span_from(path, 1);
			continue;
		}
		size_t end = span_find_byte(path, '/', 0);
		segments[n] = span_first(path, end);
		if (segments[n].n == 0)
			return false;
		path = span_from(path, segments[n].n);
		n++;
	}
	return path.n == 0;
}

static const struct web_route *find_in(
	const struct web_route *list, struct web_request *q, bool *known)
{
	for (const struct web_route *r = list; r->pattern != NULL; r++) {
		struct span segments[WEB_SEGMENTS_MAX] = {0};
		if (!fits(r->pattern, q->path, segments))
			continue;
		*known = true;
		if (r->method != q->method)
			continue;
		memcpy(q->segments, segments, sizeof segments);
		return r;
	}
	return NULL;
}

const struct web_route *web_route_find(struct web_request *q, bool *known)
{
	const struct web_route *found = NULL;
	*known = false;
	for (size_t i = 0; i < sizeof lists / sizeof *lists && found == NULL; i++)
		found = find_in(lists[i], q, known);
	if (found == NULL && q->window != NULL && q->window->more != NULL)
		found = find_in(q->window->more, q, known);
	return found;
}

void web_go(struct web_request *q, struct web_answer *a, const char *format, ...)
{
	char path[WEB_URL_MAX];
	va_list ap;
	va_start(ap, format);
	int n = vsnprintf(path, sizeof path, format, ap);
	va_end(ap);
	a->status = 303;
	/* Half an address leads somewhere else. */
	a->location =
		n >= 0 && (size_t)n < sizeof path ? arena_str(&q->arena, span_str(path)) : "/";
}

struct book *web_book(struct web_request *q, struct web_answer *a)
{
	int64_t n;
	struct book *b = NULL;
	if (web_number(q->segments[0], &n) && n > 0)
		b = shelf_get(q->window->shelf, (size_t)n);
	if (b == NULL) {
		struct err err;
		err_set(&err, ERR_USAGE, "this window shows no such case");
		page_error(q, a, 404, &err);
	}
	return b;
}

bool web_number(struct span text, int64_t *out)
{
	uint64_t n;
	if (!span_u64(text, &n) || n > INT64_MAX)
		return false;
	*out = (int64_t)n;
	return true;
}

bool web_trail_id(struct span text, int64_t *session, int64_t *number)
{
	size_t dot = span_find_byte(text, '.', 0);
	return dot != SIZE_MAX && web_number(span_first(text, dot), session) &&
	       web_number(span_from(text, dot + 1), number) && *session > 0 && *number > 0;
}
