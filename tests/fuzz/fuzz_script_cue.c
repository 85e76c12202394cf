/* Scripts, and the same bytes as plain text. */
#include "store/derive/script_cue.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct script_page *p, struct span text)
{
	MUST(p->n_items <= SCRIPT_ITEMS_MAX);
	for (size_t i = 0; i < p->n_items; i++) {
		const struct script_item *item = &p->items[i];
		bool valueless = item->how == SCRIPT_SUBMIT || item->how == SCRIPT_CLICK ||
				 item->how == SCRIPT_RELOAD || item->how == SCRIPT_BLOB;
		MUST(item->at <= text.n && item->len <= text.n - item->at);
		MUST(valueless == (item->value.p == NULL));
		MUST(item->delay_ms >= 0 && item->delay_ms <= SCRIPT_DELAY_MAX_MS);
		MUST(item->timer || item->delay_ms == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct span text = span_of(data, size);
	struct script_page p;
	struct url base;
	MUST(url_parse(&a, NULL, span_str("https://h.example/d/p?q#f"), &base));
	script_cue_read(&a, text, &base, &p);
	check(&p, text);
	script_cue_text(&a, text, &p);
	check(&p, text);
	arena_fini(&a);
	return 0;
}
