/* The search for hidden values. The input is values, a line each, an empty line, and a text.
 * What is replaced is gone: a second search finds none of it, or says that it could not look.
 */
#include "store/derive/hide.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VALUES_MAX = 20, TEXT_MAX = 20 * 1024 };

static struct span take_values(struct hide *h, struct span in)
{
	for (int i = 0; i < VALUES_MAX && in.n > 0; i++) {
		size_t end = span_find_byte(in, '\n', 0);
		struct span line = span_first(in, end);
		in = end == SIZE_MAX ? SPAN_NONE : span_from(in, end + 1);
		if (line.n == 0)
			break;
		if (span_find_byte(line, '@', 0) != SIZE_MAX)
			hide_address(h, line);
		else if (i % 3 == 0)
			hide_text(h, HIDE_TOKEN, line);
		else if (i % 3 == 1)
			hide_word(h, HIDE_TOKEN, line);
		else
			hide_behind(h, HIDE_TOKEN, line, line.n / 2);
	}
	return span_first(in, TEXT_MAX);
}

static void check(const struct span text, const struct hide_hits *hits)
{
	size_t at = 0;
	for (size_t i = 0; i < hits->n; i++) {
		const struct hide_hit *hit = &hits->list[i];
		MUST(hit->from >= at && hit->to > hit->from && hit->to <= text.n);
		MUST(hit->form != NULL && hit->kind < HIDE_KIND_COUNT && hit->value.n > 0);
		at = hit->to;
	}
}

static void count_view(void *ctx, struct span view)
{
	*(size_t *)ctx += view.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hide *h = hide_new();
	struct arena a = {0};
	struct hide_hits hits, again;
	struct buf out = {0};
	size_t at = 0, seen = 0;
	struct span text = take_values(h, span_of(data, size));
	hide_ready(h);
	hide_find(h, &a, text, &hits);
	check(text, &hits);
	/* Each place gives way to bytes that no coding uses. */
	for (size_t i = 0; i < hits.n; i++) {
		buf_add_span(&out, span_of(text.p + at, hits.list[i].from - at));
		buf_add_str(&out, "\x01\x01\x01\x01");
		at = hits.list[i].to;
	}
	buf_add_span(&out, span_from(text, at));
	if (hits.n > 0 && !hits.cut) {
		hide_find(h, &a, buf_span(&out), &again);
		check(buf_span(&out), &again);
		/* What is left may say something new where ends meet; never more than before.
		 */
		MUST(again.cut || again.n <= hits.n);
	}
	bool all = hide_views(text, count_view, &seen);
	MUST(text.n == 0 || !all || seen >= text.n);
	buf_fini(&out);
	arena_fini(&a);
	hide_free(h);
	return 0;
}
