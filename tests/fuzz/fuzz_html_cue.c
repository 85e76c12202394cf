/* Pages: everything that a page is asked for, with and without script, and where it would send
 * a plain client. */
#include "store/derive/cue.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_page(struct span html, bool scripting)
{
	struct arena a = {0};
	struct html_page p;
	html_cue_read(&a, html, scripting, &p);
	MUST(p.n_items <= HTML_ITEMS_MAX);
	for (size_t i = 0; i < p.n_items; i++) {
		const struct html_item *item = &p.items[i];
		MUST(item->offset <= html.n && item->quote.n <= html.n - item->offset);
		MUST(item->quote.n == 0 || item->quote.p == html.p + item->offset);
		MUST((item->kind == HTML_FORM) == (item->form != NULL));
		MUST(scripting || !item->noscript);
	}
	arena_fini(&a);
}

static void check_cues(struct span html)
{
	struct arena a = {0};
	struct url url, again;
	struct cue_list list;
	struct cue_next next;
	static const struct model_field field = {
		{(const uint8_t *)"Content-Type", 12}, {(const uint8_t *)"text/html", 9}};
	MUST(url_parse(&a, NULL, span_str("https://h.example/d/p?q#f"), &url));
	struct cue_source source = {.url = &url,
		.status = 200,
		.fields = &field,
		.n_fields = 1,
		.body = html,
		.document = true,
		.scripting = true};
	cue_read(&a, &source, &list);
	MUST(list.n <= CUES_MAX);
	for (size_t i = 0; i < list.n; i++) {
		const struct cue *c = &list.cues[i];
		MUST(c->quote.n <= CUE_QUOTE_MAX && c->delay_ms >= 0);
		if (c->target.p != NULL)
			MUST(url_parse(&a, NULL, c->target, &again));
		MUST(c->kind != CUE_LOCATION && c->kind != CUE_LOCATION_UNUSED);
	}
	if (cue_next_plain(&a, &source, span_str("GET"), &next))
		MUST(next.kind == CUE_META_REFRESH && next.url.n > 0);
	arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span html = span_of(data, size);
	check_page(html, true);
	check_page(html, false);
	check_cues(html);
	return 0;
}
