/*
 * Small things that the panels of a hop share: links within the trail, and what frames them.
 */
#include "ui/web/page_hop.h"
#include "store/derive/url.h"

void hop_link_open(
	struct hop_view *v, enum hop_panel panel, const char *more, const char *anchor)
{
	page_sayf(v->p, "<a data-detail href=\"%s?show=%s%s%s\">", v->path,
		hop_panel_word(panel), more, anchor);
}

size_t hop_of_exchange(const struct hop_view *v, int64_t exchange)
{
	for (size_t i = 0; v->trail != NULL && i < v->trail->n_hops; i++)
		if (v->trail->hops[i].exchange != NULL &&
			v->trail->hops[i].exchange->id == exchange)
			return v->trail->hops[i].hop->n;
	return 0;
}

static void link_hop(struct hop_view *v, size_t n, enum hop_panel panel)
{
	page_say(v->p, "<a data-detail href=\"");
	page_href(v->p, v->r->book, "/t/%s/h/%zu", v->trail->id, n);
	if (panel < HOP_PANEL_COUNT)
		page_sayf(v->p, "?show=%s", hop_panel_word(panel));
	page_sayf(v->p, "\">hop %zu</a>", n);
}

void hop_link_hop(struct hop_view *v, size_t n)
{
	if (v->trail != NULL)
		link_hop(v, n, HOP_PANEL_COUNT);
	else
		page_sayf(v->p, "hop %zu", n);
}

void hop_link_exchange(struct hop_view *v, int64_t exchange, enum hop_panel panel)
{
	size_t n = hop_of_exchange(v, exchange);
	if (n > 0) {
		link_hop(v, n, panel);
		return;
	}
	page_say(v->p, "<a data-detail href=\"");
	page_href(v->p, v->r->book, "/x/%lld", (long long)exchange);
	if (panel < HOP_PANEL_COUNT)
		page_sayf(v->p, "?show=%s", hop_panel_word(panel));
	page_sayf(v->p, "\">exchange %lld</a>", (long long)exchange);
}

static bool came_from(const struct trail_hop *hop, int64_t exchange)
{
	/* What stands beside a cue is seen in other exchanges, too. */
	static const char *const beside[] = {"status", "cookie", "cookie-lifetime", "deadline",
		"timing", "retry", "against", "strict-transport-security"};
	for (size_t i = 0; i < hop->n_evidence; i++) {
		bool cue = hop->evidence[i].exchange == exchange;
		for (size_t k = 0; cue && k < sizeof beside / sizeof *beside; k++)
			cue = strcmp(hop->evidence[i].signal, beside[k]) != 0;
		if (cue)
			return true;
	}
	return false;
}

size_t hop_moved_to(const struct hop_view *v)
{
	if (v->trail == NULL || v->x == NULL)
		return 0;
	for (size_t i = v->index + 1; i < v->trail->n_hops; i++)
		if (came_from(v->trail->hops[i].hop, v->x->id) &&
			v->trail->hops[i].exchange != v->x)
			return v->trail->hops[i].hop->n;
	return 0;
}

bool hop_url(const struct hop_view *v, struct url *out)
{
	return v->x != NULL && v->x->request != NULL && !v->x->url_erased &&
	       url_parse(v->a, NULL, v->x->request->url, out);
}

void hop_nothing(struct hop_view *v, const char *why)
{
	page_sayf(v->p, "<p class=\"hop-none\">%s</p>\n", why);
}

void hop_open_facts(struct hop_view *v)
{
	page_say(v->p, "<dl class=\"facts\">\n");
}

void hop_close_facts(struct hop_view *v)
{
	page_say(v->p, "</dl>\n");
}

void hop_scroll_open(struct hop_view *v, const char *class, const char *label)
{
	page_sayf(v->p,
		"<div class=\"hop-scroll %s\" tabindex=\"0\" role=\"region\" "
		"aria-label=\"%s\">",
		class, label);
}

void hop_scroll_close(struct hop_view *v)
{
	page_say(v->p, "</div>\n");
}

void hop_duration(struct hop_view *v, int64_t us)
{
	if (us == FACT_NULL)
		page_say(v->p, "-");
	else
		html_age(v->out, (double)us);
}

void hop_took(struct hop_view *v, int64_t us)
{
	if (us != FACT_NULL && us >= 0 && us < 1000)
		page_sayf(v->p, "%lld \u00b5s", (long long)us);
	else if (us != FACT_NULL && us >= 0 && us < 20 * 1000)
		page_sayf(v->p, "%.1f ms", (double)us / 1000);
	else
		page_took(v->p, us);
}

/* One pair more; false: there is none. */
static bool next_pair(struct span *left, struct span *name, struct span *value)
{
	while (left->n > 0) {
		size_t end = span_find_byte(*left, '&', 0);
		struct span pair = span_first(*left, end == SIZE_MAX ? left->n : end);
		*left = span_from(*left, pair.n + 1);
		if (pair.n == 0)
			continue;
		size_t equals = span_find_byte(pair, '=', 0);
		*name = span_first(pair, equals);
		*value = equals == SIZE_MAX ? SPAN_NONE : span_from(pair, equals + 1);
		return true;
	}
	return false;
}

void hop_values(struct hop_view *v, struct span pairs, const char *caption)
{
	static const char *const columns[] = {"Name", "Value, decoded"};
	struct span name, value;
	size_t n = 0;
	if (pairs.n == 0)
		return;
	html_table_open(v->h, caption, columns, 2);
	while (n < HOP_VALUES_MAX && next_pair(&pairs, &name, &value)) {
		n++;
		page_say(v->p, "<tr><th scope=\"row\"><code>");
		page_text(v->p, url_unescape(v->a, name, true));
		page_say(v->p, "</code></th><td>");
		html_code(v->h, value.p != NULL ? url_unescape(v->a, value, true) : value);
		page_say(v->p, "</td></tr>\n");
	}
	html_table_close(v->h);
	if (pairs.n > 0)
		page_sayf(v->p, "<p class=\"hint\">Only the first %zu are shown.</p>\n", n);
}
