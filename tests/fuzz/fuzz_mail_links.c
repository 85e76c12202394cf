/* What can be clicked in hostile text and HTML, and what is said of it. The first byte tells
 * how the rest is read. */
#include "store/derive/html_cue_links.h"
#include "store/derive/link_acts.h"
#include "store/derive/text_links.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_judged(struct arena *a, struct span href, struct span text)
{
	struct link_judged got;
	struct url u;
	if (!url_parse(a, NULL, href, &u))
		return;
	link_acts_judge(a, &u, text, &u.href, 1, &got);
	MUST(got.act < LINK_ACT_COUNT);
	MUST((got.act == LINK_ACT_NONE) == (got.why == NULL));
}

static void check_html(struct arena *a, struct span html)
{
	struct html_links found;
	html_links_read(a, html, &found);
	MUST(found.n <= HTML_LINKS_MAX);
	for (size_t i = 0; i < found.n; i++) {
		const struct html_link *l = &found.list[i];
		MUST(l->kind < HTML_LINK_KIND_COUNT && l->href.p != NULL);
		MUST(l->text.n <= HTML_LINK_TEXT_MAX);
		if (i < 50)
			check_judged(a, l->href, l->text);
	}
}

static void check_text(struct arena *a, struct span text)
{
	struct text_links found;
	text_links_read(a, text, &found);
	MUST(found.n <= TEXT_LINKS_MAX);
	for (size_t i = 0; i < found.n; i++) {
		const struct text_link *l = &found.list[i];
		MUST(l->href.n > 4 && l->href.n <= TEXT_LINK_MAX);
		MUST(l->before.n <= TEXT_LINK_BEFORE_MAX);
		for (size_t k = 0; k < l->href.n; k++)
			MUST(l->href.p[k] > ' ' && l->href.p[k] != '<' && l->href.p[k] != '>');
		if (i < 50)
			check_judged(a, l->href, l->before);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	uint8_t how = size > 0 ? data[0] % 4 : 0;
	struct span rest = size > 0 ? span_of(data + 1, size - 1) : span_of(data, 0);
	if (how == 0) {
		check_html(&a, rest);
	} else {
		struct span text = how == 1 ? rest : text_unflow(&a, rest, how == 2);
		MUST(text.n <= 2 * rest.n + 2);
		check_text(&a, text);
	}
	arena_fini(&a);
	return 0;
}
