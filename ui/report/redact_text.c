/*
 * One text: what is found in it is replaced, and what comes out is searched again, until
 * nothing is found. Where that cannot be had, all of it goes.
 */
#include "ui/report/redact_parts.h"

#include <stdlib.h>

/* What was done to a text, so that it can be said anew of each of its places. */
struct mark {
	const char *what, *form;
	struct span tag;
	size_t times;
};
struct rewritten {
	struct span text;
	struct mark *marks;
	size_t n_marks;
};

static void mark(struct redactor *r, struct rewritten *w, const char *what, const char *form,
	struct span tag)
{
	for (size_t i = 0; i < w->n_marks; i++)
		if (w->marks[i].what == what && strcmp(w->marks[i].form, form) == 0 &&
			span_eq(w->marks[i].tag, tag)) {
			w->marks[i].times++;
			return;
		}
	struct mark m = {what, form, tag, 1};
	ARENA_PUSH(&r->own, w->marks, w->n_marks, m);
}

/* One pass. False: nothing was found. */
static bool replace(
	struct redactor *r, struct span text, struct buf *out, struct rewritten *w, bool *cut)
{
	struct arena scratch = {0};
	struct hide_hits hits;
	size_t at = 0;
	hide_find(r->hide, &scratch, text, &hits);
	*cut = hits.cut;
	for (size_t i = 0; i < hits.n && !*cut; i++) {
		const struct hide_hit *h = &hits.list[i];
		struct span tag = redact_tag(r, h->value);
		buf_add(out, text.p + at, h->from - at);
		buf_add_span(out, tag);
		at = h->to;
		mark(r, w, hide_kind_word(h->kind), h->form, tag);
	}
	if (hits.n > 0 && !*cut)
		buf_add_span(out, span_from(text, at));
	arena_fini(&scratch);
	return hits.n > 0;
}

/* Appends to out where something was found. */
static bool rewrite(
	struct redactor *r, struct span text, struct buf *out, struct rewritten *w, bool *cut)
{
	struct buf now = {0}, next = {0};
	bool found = replace(r, text, &now, w, cut), again = found;
	for (int pass = 0; again && !*cut; pass++) {
		buf_clear(&next);
		again = replace(r, buf_span(&now), &next, w, cut);
		if (!again)
			break;
		*cut |= pass == REWRITE_PASSES;
		struct buf swap = now;
		now = next;
		next = swap;
	}
	if (found && !*cut)
		buf_add_span(out, buf_span(&now));
	buf_fini(&now);
	buf_fini(&next);
	return found;
}

bool redact_into(
	struct redactor *r, struct redact_place p, struct span text, struct buf *out, bool *cut)
{
	struct rewritten w = {0};
	bool found = rewrite(r, text, out, &w, cut);
	for (size_t i = 0; i < w.n_marks && !*cut; i++)
		redact_note(r, w.marks[i].what, p, w.marks[i].tag, w.marks[i].form,
			w.marks[i].times);
	return found && !*cut;
}

static void make(struct redactor *r, struct span text, struct rewritten *w)
{
	struct buf out = {0};
	struct span timed = redact_times(r, text, false);
	bool cut = false;
	w->text = text;
	if (timed.p != NULL) {
		w->text = timed;
		mark(r, w, "time", "plain", SPAN_NONE);
	}
	if (rewrite(r, w->text, &out, w, &cut) && !cut)
		w->text = arena_copy(r->a, buf_span(&out));
	buf_fini(&out);
	if (!cut)
		return;
	w->n_marks = 0;
	w->text = redact_tag(r, text);
	mark(r, w, "content", "not-looked-into", w->text);
}

static void say(struct redactor *r, struct redact_place p, const struct rewritten *w)
{
	for (size_t i = 0; i < w->n_marks; i++)
		redact_note(r, w->marks[i].what, p, w->marks[i].tag, w->marks[i].form,
			w->marks[i].times);
}

struct span redact_text(struct redactor *r, struct redact_place p, struct span text)
{
	struct rewritten once = {0}, *w = &once;
	if (text.n < HIDE_MIN || (!redact_active(r) && !r->order.coarse_time))
		return text;
	if (text.n <= MEMO_TEXT_MAX) {
		void **at = map_at(&r->texts, text, &r->own);
		if (*at == NULL) {
			w = *at = arena_alloc(&r->own, sizeof *w);
			make(r, text, w);
			if (w->n_marks == 0)
				w->text = SPAN_NONE; /* as it is: its own bytes, whosever */
		}
		w = *map_at(&r->texts, text, &r->own);
	} else {
		make(r, text, w);
	}
	say(r, p, w);
	return w->n_marks > 0 ? w->text : text;
}

const char *redact_string(struct redactor *r, struct redact_place p, const char *text)
{
	if (text == NULL)
		return NULL;
	struct span s = redact_text(r, p, span_str(text));
	return s.p == (const uint8_t *)text ? text : arena_str(r->a, s);
}

bool redact_holds(struct redactor *r, struct span bytes)
{
	struct arena scratch = {0};
	struct hide_hits hits;
	hide_find(r->hide, &scratch, bytes, &hits);
	arena_fini(&scratch);
	return hits.n > 0 || hits.cut;
}

bool redaction_holds(struct redaction *x, struct span bytes)
{
	return redact_active(x->by) && redact_holds(x->by, bytes);
}

/* Of a value that was replaced already: a tag of a tag would be another value. */
static bool is_tag(struct span s)
{
	struct span rest = span_from(s, strlen(REDACT_WORD));
	if (!span_starts(s, REDACT_WORD) || (rest.n > 0 && rest.p[0] != '-'))
		return false;
	for (size_t i = 1; i < rest.n; i++)
		if (!ascii_alpha(rest.p[i]) && !ascii_digit(rest.p[i]))
			return false;
	return true;
}

struct span redact_whole(
	struct redactor *r, struct redact_place p, const char *what, struct span value)
{
	if (value.n == 0 || is_tag(value))
		return value;
	struct span tag = redact_tag(r, value);
	redact_note(r, what, p, tag, "plain", 1);
	return tag;
}
