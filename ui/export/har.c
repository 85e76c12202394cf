#include "ui/export/har.h"
#include "ui/export/export_json.h"
#include "ui/export/formats.h"

#include <stdlib.h>

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static json_t *named(struct span name, struct span version)
{
	json_t *j = json_object();
	set(j, "name", name.p != NULL ? json_text_of(name) : json_string(""));
	set(j, "version", version.p != NULL ? json_text_of(version) : json_string(""));
	return j;
}

/* A page is a trail: its pages succeed each other in one window. */
static json_t *page(const struct report_trail *t)
{
	json_t *j = json_object(), *timings = json_object(), *ours = json_object();
	struct span url = t->trail->start_url;
	set(j, "startedDateTime", json_time_of(t->trail->started_us));
	set(j, "id", json_words_of(t->id));
	set(j, "title", url.p != NULL ? json_text_of(url) : json_string(""));
	/* What happens inside a page is not recorded. */
	set(timings, "onContentLoad", json_integer(-1));
	set(timings, "onLoad", json_integer(-1));
	set(j, "pageTimings", timings);
	set(ours, "final_url", json_text_of(t->trail->final_url));
	set(ours, "ended_by", json_words_of(trail_end_word(t->trail->ended_by)));
	set(ours, "hops", json_integer((json_int_t)t->n_hops));
	set(ours, "recording_complete", json_boolean(t->trail->recording_complete));
	set(j, "_trail", ours);
	return j;
}

static json_t *log_json(const struct edition *e, const struct export_list *list)
{
	const struct report *r = e->report;
	const struct fact_session *s = r->n_sessions > 0 ? r->sessions[0].start : NULL;
	json_t *j = json_object(), *pages = json_array();
	set(j, "version", json_string("1.2"));
	set(j, "creator", named(r->about.tool_name, r->about.tool_version));
	if (s != NULL && s->browser.n > 0 && !span_is(s->browser, "none"))
		set(j, "browser", named(s->browser, s->browser_version));
	for (size_t i = 0; i < list->n_trails; i++)
		json_array_append_new(pages, page(list->trails[i]));
	set(j, "pages", pages);
	set(j, "comment",
		json_string(
			"Recorded by a proxy between browser and origins; a page is a trail "
			"of redirects. A view for tools: the case file is the evidence."));
	set(j, "_clicktrail", export_about(e, list));
	return j;
}

struct order {
	const struct export_item *item;
	int64_t started_us;
};

static int by_start(const void *a, const void *b)
{
	const struct order *x = a, *y = b;
	if (x->started_us != y->started_us)
		return x->started_us < y->started_us ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

/* Entries in order of startedDateTime, one body in memory at a time. */
static bool add_entries(
	struct har *h, const struct export_list *list, struct buf *out, struct err *err)
{
	struct order *order = arena_alloc(&h->edition->arena, (list->n + 1) * sizeof *order);
	for (size_t i = 0; i < list->n; i++) {
		struct export_timing t;
		export_timing(&list->items[i], &t);
		order[i] = (struct order){&list->items[i], t.started_us};
	}
	qsort(order, list->n, sizeof *order, by_start);
	for (size_t i = 0; i < list->n; i++) {
		json_t *entry = har_entry(h, order[i].item, err);
		if (entry == NULL)
			return false;
		buf_add_str(out, i > 0 ? ",\n" : "\n");
		json_write(entry, JSON_COMPACT, out);
	}
	return true;
}

bool edition_har(struct edition *e, struct buf *out, struct err *err)
{
	struct har h = {.edition = e};
	struct export_list list;
	export_list_make(e, &list);
	buf_add_str(out, "{\"log\":");
	json_write(log_json(e, &list), JSON_COMPACT, out);
	out->end--; /* its closing brace: the entries go in, one after the other */
	buf_add_str(out, ",\"entries\":[");
	if (!add_entries(&h, &list, out, err))
		return false;
	buf_addf(out, "\n],\"_bodies_left_out\":%zu}}\n", h.bodies_left);
	return true;
}
