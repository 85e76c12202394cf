#include "store/derive/html_cue_said.h"

static const char space[] = " \t\n\f\r";

static bool ends_sentence(struct span s, size_t at)
{
	return strchr(".!?;|", s.p[at]) != NULL && s.p[at] != 0 &&
	       (at + 1 == s.n || s.p[at + 1] == ' ');
}

/* The sentence that the last link stands in is over: it gets what is behind it. */
static void end_sentence(struct html_said *w)
{
	struct span s = buf_span(&w->beside);
	if (w->last != 0) {
		size_t n = 0;
		while (n < s.n && n < HTML_LINK_SENTENCE_MAX && !ends_sentence(s, n))
			n++;
		struct span after = span_trim(span_first(s, n), " .!?;|");
		struct html_link *l = &w->out->list[w->last - 1];
		if (w->before.n + after.n > 0) {
			struct buf b = {0};
			buf_add_span(&b, w->before);
			buf_add_byte(&b, ' ');
			buf_add_span(&b, after);
			l->sentence = arena_copy(w->a, span_trim(buf_span(&b), " "));
			buf_fini(&b);
		}
	}
	w->last = 0;
}

/* A link begins: what is before it, in its sentence, is kept for it. */
static void begin_sentence(struct html_said *w, size_t number)
{
	end_sentence(w);
	struct span s = buf_span(&w->beside);
	size_t from = s.n;
	while (from > 0 && s.n - from < HTML_LINK_SENTENCE_MAX && !ends_sentence(s, from - 1))
		from--;
	w->before = arena_copy(w->a, span_trim(span_from(s, from), " "));
	buf_clear(&w->beside);
	w->last = number;
}

/* What stands beside links, white space folded; only so much of it as can count: behind a link
 * its start, before the next one its end. */
static void read_beside(struct html_said *w, struct span s)
{
	struct buf *b = &w->beside;
	for (size_t i = 0; i < s.n; i++) {
		bool blank = memchr(space, s.p[i], sizeof space - 1) != NULL;
		struct span had = buf_span(b);
		if (blank && (had.n == 0 || had.p[had.n - 1] == ' '))
			continue;
		buf_add_byte(b, blank ? ' ' : s.p[i]);
		if (had.n > 4 * HTML_LINK_SENTENCE_MAX) {
			end_sentence(w);
			buf_consume(b, 2 * HTML_LINK_SENTENCE_MAX);
		}
	}
}

void html_said_text(struct html_said *w, struct span s, bool unseen)
{
	struct html_said_link *r = w->inside;
	if (r == NULL && !unseen)
		read_beside(w, s);
	if (r == NULL || unseen)
		return;
	for (size_t i = 0; i < s.n; i++) {
		bool blank = memchr(space, s.p[i], sizeof space - 1) != NULL;
		struct span had = buf_span(&r->text);
		if (blank && (had.n == 0 || had.p[had.n - 1] == ' '))
			continue;
		if (had.n >= HTML_LINK_TEXT_MAX) {
			r->cut = true;
			return;
		}
		buf_add_byte(&r->text, blank ? ' ' : s.p[i]);
	}
}

/* Not in the middle of a character. */
static struct span whole_characters(struct span s)
{
	while (s.n > 0 && (s.p[s.n - 1] & 0xc0) == 0x80)
		s.n--;
	if (s.n > 0 && s.p[s.n - 1] >= 0xc0)
		s.n--;
	return s;
}

void html_said_end(struct html_said *w, struct html_said_link *r)
{
	struct html_link *l = &w->out->list[r->number - 1];
	w->inside = r->outer;
	struct span text = span_trim(buf_span(&r->text), space);
	if (text.n == 0) {
		text = span_first(span_trim(buf_span(&r->alt), space), HTML_LINK_TEXT_MAX);
		l->text_is_alt = text.n > 0;
	}
	l->text_cut = r->cut;
	if (r->cut)
		text = whole_characters(text);
	if (text.n > 0)
		l->text = arena_copy(w->a, text);
	buf_fini(&r->text);
	buf_fini(&r->alt);
}

void html_said_alt(struct html_said *w, struct span alt)
{
	if (w->inside == NULL || alt.n == 0 || buf_len(&w->inside->alt) > HTML_LINK_TEXT_MAX)
		return;
	buf_add_byte(&w->inside->alt, ' ');
	buf_add_span(&w->inside->alt, span_first(alt, HTML_LINK_TEXT_MAX));
}

void html_said_block(struct html_said *w, bool only_break)
{
	if (w->inside != NULL || only_break)
		return;
	end_sentence(w);
	buf_clear(&w->beside);
}

void html_said_begin(struct html_said *w, size_t number, struct html_said_link *r)
{
	*r = (struct html_said_link){.number = number, .outer = w->inside};
	begin_sentence(w, number);
	w->inside = r;
}

void html_said_fini(struct html_said *w)
{
	buf_fini(&w->beside);
}
