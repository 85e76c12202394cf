/*
 * A body with its cues marked in their places: whole where it is short, else what is around
 * each.
 */
#include "ui/web/page_hop_cues.h"

static void write_text(struct hop_cues *c, size_t from, size_t to)
{
	struct span left = hop_to_utf8(
		c->v->a, span_first(span_from(c->text, from), to - from), &c->charset);
	while (left.n > 0) {
		size_t end = span_find_byte(left, '\n', 0);
		struct span line = span_first(left, end == SIZE_MAX ? left.n : end);
		left = span_from(left, line.n + 1);
		bool more = end != SIZE_MAX;
		if (line.n > 0 && line.p[line.n - 1] == '\r' && more)
			line.n--;
		if (line.n > 0)
			hop_code_text(c->v, line);
		if (more)
			page_say(c->v->p, "\n");
	}
}

/* Not inside of a character. */
static size_t align(const struct hop_cues *c, size_t at)
{
	for (int i = 0; i < 3 && at < c->text.n && (c->text.p[at] & 0xc0) == 0x80; i++)
		at++;
	return at;
}

/* From cue i on: those whose places touch are one mark. The first that is not in it. */
static size_t group(const struct hop_cues *c, size_t i, size_t *end)
{
	*end = c->seen[i].end;
	for (i++; i < c->to && c->seen[i].start < *end; i++)
		if (c->seen[i].end > *end)
			*end = c->seen[i].end;
	return i;
}

static void mark(struct hop_cues *c, size_t i, size_t next, size_t end)
{
	struct page *p = c->v->p;
	enum hop_fate worst = FATE_BESIDE;
	for (size_t k = i; k < next; k++)
		if (c->seen[k].fate < worst)
			worst = c->seen[k].fate;
	page_sayf(p, "<mark class=\"cue cue-%s\">", hop_fate_class(worst));
	for (size_t k = i; k < next; k++) {
		const struct hop_cue *s = &c->seen[k];
		if (s->start == s->end)
			continue;
		page_sayf(p, "<span class=\"cue-label\" id=\"cue-%zu\" tabindex=\"-1\">%s",
			s->number, hop_cue_label(s->cue));
		if (s->fate == FATE_MOVED)
			page_sayf(p, " \u2192 hop %zu", s->hop);
		page_say(p, "</span>");
	}
	write_text(c, c->seen[i].start, end);
	page_say(p, "</mark>");
}

static void gap(struct hop_cues *c, size_t n)
{
	if (n == 0)
		return;
	page_say(c->v->p, "<span class=\"hop-gap\">\u2026 ");
	page_number(c->v->p, (int64_t)n);
	page_say(c->v->p, " bytes \u2026</span>\n");
}

void hop_cues_marked(struct hop_cues *c)
{
	bool whole = c->text.n <= HOP_CUE_WHOLE;
	size_t at = 0, i = c->from;
	hop_scroll_open(c->v, "hop-marked", "The body with its cues marked");
	page_say(c->v->p, "<pre>");
	while (i < c->to && c->seen[i].start == c->seen[i].end)
		i++;
	while (i < c->to) {
		size_t end, next = group(c, i, &end), start = c->seen[i].start;
		if (c->seen[i].end == c->seen[i].start) {
			i++;
			continue;
		}
		if (!whole && start - at > 2 * HOP_CUE_AROUND) {
			size_t from = align(c, start - HOP_CUE_AROUND);
			size_t to = at > 0 ? align(c, at + HOP_CUE_AROUND) : 0;
			write_text(c, at, to);
			gap(c, from - to);
			at = from;
		}
		write_text(c, at, start);
		mark(c, i, next, end);
		at = end;
		i = next;
	}
	size_t rest = whole || c->text.n - at < HOP_CUE_AROUND ? c->text.n
							       : align(c, at + HOP_CUE_AROUND);
	write_text(c, at, rest);
	gap(c, c->text.n - rest);
	page_say(c->v->p, "</pre>");
	hop_scroll_close(c->v);
}
