/*
 * Plain pages. A parser for everything builds a tree so that it can put right what does not
 * nest; where everything nests, and nothing stands where a parser would move it, the tree is
 * the page as it is written, and one look over its tags says the same for a twentieth of the
 * cost. Each rule below leaves a page to the parser when it could not be sure; what it makes of
 * the rest is held against the parser's outcome by a test.
 */
#include "store/derive/html_cue_elements.h"

enum {
	DEPTH_MAX = 100, /* the parser has limits, and so has a look: far below them */
	ATTRIBUTES_MAX = 40,
	NAME_MAX_LEN = 24,
	NOSCRIPTS_MAX = 5,
	ITEMS_MAX = 2000,
	TEXT_MAX = 512 * 1024,
	BYTES_PER_TAG = 12, /* on average, at least: tags cost the parser memory */
};

/* How far the page has come. */
enum part { PART_START, PART_HTML, PART_HEAD, PART_BEHIND_HEAD, PART_BODY, PART_END };

struct plain {
	struct html_seen seen;
	const uint8_t *p, *end; /* what is left */
	enum part part;
	const struct html_known *open[DEPTH_MAX];
	size_t depth;
	struct html_form *form; /* open */
	size_t noscripts;
	struct html_attribute attributes[ATTRIBUTES_MAX];
};

static bool blank(uint8_t c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\f' || c == '\r';
}

static bool is_open(const struct plain *w, const struct html_known *k)
{
	for (size_t i = 0; i < w->depth; i++)
		if (w->open[i] == k)
			return true;
	return false;
}

static bool is_named(const struct html_known *k, const char *name)
{
	return strcmp(k->name, name) == 0;
}

static bool open_named(const struct plain *w, const char *name)
{
	for (size_t i = 0; i < w->depth; i++)
		if (is_named(w->open[i], name))
			return true;
	return false;
}

static bool heading_open(const struct plain *w)
{
	for (size_t i = 0; i < w->depth; i++)
		if (w->open[i]->how == HOW_HEADING)
			return true;
	return false;
}

/* An item that the next one would close. */
static bool item_open(const struct plain *w)
{
	for (size_t i = w->depth; i > 0 && w->open[i - 1]->how != HOW_LIST; i--)
		if (w->open[i - 1]->how == HOW_ITEM)
			return true;
	return false;
}

static bool is_block(const struct html_known *k)
{
	return k->how == HOW_BLOCK || k->how == HOW_HEADING || k->how == HOW_ITEM ||
	       k->how == HOW_LIST || k->tag == HTML_TAG_FORM;
}

/* The element that was opened last ends where that one begins or, for_end, ends
 * (HTML 13.1.2.4): a paragraph, an item. */
static bool implies_end(const struct plain *w, const struct html_known *k, bool for_end)
{
	const struct html_known *last = w->depth > 0 ? w->open[w->depth - 1] : NULL;
	if (last == NULL || (last == k && for_end))
		return false;
	if (last == k)
		return k->how == HOW_ITEM || is_named(k, "p");
	if (is_named(last, "p"))
		return is_block(k) || (for_end && k->how == HOW_ONCE) ||
		       (!for_end && is_named(k, "hr"));
	return for_end && last->how == HOW_ITEM && is_block(k);
}

/* Would the parser put it just where it stands? */
static bool stays(struct plain *w, const struct html_known *k)
{
	while (implies_end(w, k, false))
		w->depth--;
	if ((is_block(k) || is_named(k, "hr")) && open_named(w, "p"))
		return false;
	switch (k->how) {
	case HOW_HEADING: return !heading_open(w);
	case HOW_ITEM: return !item_open(w);
	case HOW_FORMAT:
	case HOW_ONCE: return !is_open(w, k);
	case HOW_NOSCRIPT: return w->noscripts < NOSCRIPTS_MAX;
	case HOW_PLAIN:
	case HOW_VOID:
	case HOW_BLOCK:
	case HOW_LIST:
	case HOW_RAW:
	case HOW_HEAD_VOID:
	case HOW_HEAD_RAW:
	case HOW_ROOT: break;
	}
	return true;
}

/* ---- attributes ---- */

/* HTML 13.2.5.73, of an attribute: "&amp;" is decoded, and a '&' with what it starts behind it
 * is none where '=' follows or no letter does. Anything else is for the parser. */
static bool decode(struct arena *a, struct span *value)
{
	if (span_find_byte(*value, '\r', 0) != SIZE_MAX)
		return false;
	if (span_find_byte(*value, '&', 0) == SIZE_MAX)
		return true;
	uint8_t *out = arena_alloc(a, value->n + 1);
	size_t n = 0;
	for (size_t i = 0; i < value->n; i++) {
		out[n++] = value->p[i];
		if (value->p[i] != '&')
			continue;
		if (span_starts(span_from(*value, i), "&amp;")) {
			i += 4;
			continue;
		}
		size_t k = i + 1;
		while (k < value->n && (ascii_alpha(value->p[k]) || ascii_digit(value->p[k])))
			k++;
		if ((k > i + 1 && (k == value->n || value->p[k] != '=')) ||
			(k == i + 1 && k < value->n && value->p[k] == '#'))
			return false;
	}
	*value = span_of(out, n);
	return true;
}

/* Behind a '=': the value and its source. */
static bool read_value(struct plain *w, struct html_attribute *at)
{
	const uint8_t *start = w->p;
	if (start == w->end)
		return false;
	if (*start == '"' || *start == '\'') {
		const uint8_t *close = memchr(start + 1, *start, (size_t)(w->end - start - 1));
		if (close == NULL)
			return false;
		at->value = span_of(start + 1, (size_t)(close - start - 1));
		w->p = close + 1;
		if (w->p == w->end || (!blank(*w->p) && *w->p != '>' && *w->p != '/'))
			return false;
	} else {
		while (w->p < w->end && !blank(*w->p) && *w->p != '>') {
			if (strchr("\"'<=`", *w->p) != NULL)
				return false;
			w->p++;
		}
		at->value = span_of(start, (size_t)(w->p - start));
		if (at->value.n == 0)
			return false;
	}
	at->source = span_of(start, (size_t)(w->p - start));
	return (memchr(at->value.p, '&', at->value.n) == NULL &&
		       memchr(at->value.p, '\r', at->value.n) == NULL &&
		       text_valid(at->value)) ||
	       (text_valid(at->value) && decode(w->seen.a, &at->value));
}

static bool name_byte(uint8_t c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '_' || c == ':' ||
	       c == '@' || c == '.';
}

static bool read_attribute(struct plain *w, struct html_element *e)
{
	struct html_attribute at = {.value = span_str("")};
	const uint8_t *start = w->p;
	while (w->p < w->end && name_byte(*w->p))
		w->p++;
	at.name = at.source = span_of(start, (size_t)(w->p - start));
	if (at.name.n == 0 || e->n_attributes == ATTRIBUTES_MAX)
		return false;
	const uint8_t *behind = w->p;
	while (behind < w->end && blank(*behind))
		behind++;
	if (behind < w->end && *behind == '=') {
		do
			behind++;
		while (behind < w->end && blank(*behind));
		w->p = behind;
		if (!read_value(w, &at))
			return false;
	}
	for (size_t i = 0; i < e->n_attributes; i++)
		if (span_eq_nocase(w->attributes[i].name, at.name))
			return true;
	w->attributes[e->n_attributes++] = at;
	return true;
}

/* From the name on, up to behind '>'. */
static bool read_attributes(struct plain *w, struct html_element *e)
{
	e->attributes = w->attributes;
	while (w->p < w->end) {
		uint8_t c = *w->p;
		if (c == '>') {
			w->p++;
			return true;
		}
		if (blank(c) || c == '/')
			w->p++;
		else if (!read_attribute(w, e))
			return false;
	}
	return false;
}

/* ---- tags ---- */

/* The element that is named here; NULL: not one of ours. */
static const struct html_known *read_name(struct plain *w)
{
	char name[NAME_MAX_LEN];
	size_t n = 0;
	while (w->p < w->end && n + 1 < sizeof name &&
		(ascii_alpha(*w->p) || ascii_digit(*w->p)))
		name[n++] = (char)ascii_lower(*w->p++);
	name[n] = 0;
	if (w->p == w->end || (!blank(*w->p) && *w->p != '>' && *w->p != '/'))
		return NULL;
	return html_known(name);
}

/* Up to the end tag of that name, whose start is found: "</name" and a byte that ends a name.
 */
static bool find_end(const struct plain *w, const char *name, const uint8_t **at)
{
	size_t n = strlen(name);
	const uint8_t *p = w->p;
	while ((p = memchr(p, '<', (size_t)(w->end - p))) != NULL) {
		if ((size_t)(w->end - p) < n + 3)
			return false;
		if (p[1] == '/' && span_is_nocase(span_of(p + 2, n), name) &&
			(blank(p[n + 2]) || p[n + 2] == '>' || p[n + 2] == '/')) {
			*at = p;
			return true;
		}
		p++;
	}
	return false;
}

static bool all_blank(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!blank(s.p[i]))
			return false;
	return true;
}

/* What stands in it is text; its end tag, too, is passed. */
static bool read_raw(struct plain *w, const struct html_known *k, struct span *text)
{
	const uint8_t *close = NULL;
	if (!find_end(w, k->name, &close))
		return false;
	*text = span_of(w->p, (size_t)(close - w->p));
	/* A comment in a script may hold another script (HTML 13.2.5.18 and on). */
	if (k->tag == HTML_TAG_SCRIPT && span_find(*text, span_str("<!--"), 0) != SIZE_MAX)
		return false;
	/* What a browser without script would do with it is listed. */
	if (k->how == HOW_NOSCRIPT &&
		span_find_nocase(*text, span_str("http-equiv"), 0) != SIZE_MAX)
		return false;
	w->p = close + 2 + strlen(k->name);
	while (w->p < w->end && blank(*w->p))
		w->p++;
	return w->p < w->end && *w->p++ == '>';
}

/* Where the element comes, the head begins, or it ends and the body begins. */
static bool move_on(struct plain *w, const struct html_known *k)
{
	bool head = k->how == HOW_HEAD_VOID || k->how == HOW_HEAD_RAW ||
		    (k->how == HOW_NOSCRIPT && w->part <= PART_HEAD);
	switch (w->part) {
	case PART_START:
	case PART_HTML:
	case PART_HEAD: w->part = head ? PART_HEAD : PART_BODY; return true;
	case PART_BEHIND_HEAD: w->part = head ? PART_BEHIND_HEAD : PART_BODY; return true;
	case PART_BODY: return true;
	case PART_END: break;
	}
	return false;
}

static bool start_root(struct plain *w, const struct html_known *k)
{
	if (is_named(k, "html") && w->part == PART_START)
		w->part = PART_HTML;
	else if (is_named(k, "head") && w->part <= PART_HTML)
		w->part = PART_HEAD;
	else if (is_named(k, "body") && w->part < PART_BODY)
		w->part = PART_BODY;
	else
		return false;
	return true;
}

static bool start_tag(struct plain *w, const uint8_t *from)
{
	struct html_element e = {0};
	struct span text;
	const struct html_known *k = read_name(w);
	if (k == NULL || !read_attributes(w, &e))
		return false;
	e.source = span_of(from, (size_t)(w->p - from));
	e.tag = k->tag;
	if (k->how == HOW_ROOT) {
		html_see(&w->seen, &e);
		return start_root(w, k);
	}
	if (!move_on(w, k) || !stays(w, k) || w->depth == DEPTH_MAX ||
		w->seen.out->n_items > ITEMS_MAX)
		return false;
	bool raw = k->how == HOW_RAW || k->how == HOW_HEAD_RAW || k->how == HOW_NOSCRIPT;
	w->noscripts += k->how == HOW_NOSCRIPT;
	if (raw && !read_raw(w, k, &text))
		return false;
	if (k->tag == HTML_TAG_SCRIPT && !all_blank(text)) {
		e.texts = &text;
		e.n_texts = 1;
	}
	html_see(&w->seen, &e);
	if (!raw && k->how != HOW_VOID && k->how != HOW_HEAD_VOID)
		w->open[w->depth++] = k;
	return true;
}

static bool end_root(struct plain *w, const struct html_known *k)
{
	if (is_named(k, "head") && w->part == PART_HEAD && w->depth == 0)
		w->part = PART_BEHIND_HEAD;
	else if (!is_named(k, "head") && (w->part == PART_BODY || w->part == PART_END) &&
		 w->depth == 0)
		w->part = PART_END;
	else
		return false;
	return true;
}

/* Closes what was opened last, or the page is not plain. */
static bool end_tag(struct plain *w)
{
	const struct html_known *k = read_name(w);
	if (k == NULL || *w->p != '>')
		return false;
	w->p++;
	if (k->how == HOW_ROOT)
		return end_root(w, k);
	while (implies_end(w, k, true))
		w->depth--;
	if (w->depth == 0 || w->open[w->depth - 1] != k)
		return false;
	w->depth--;
	if (k->tag == HTML_TAG_FORM)
		w->seen.form = NULL;
	return true;
}

static bool comment(struct plain *w)
{
	const uint8_t *start = w->p + 4;
	struct span rest = span_of(start, (size_t)(w->end - start));
	size_t close = span_find(rest, span_str("-->"), 0);
	if (close == SIZE_MAX || span_starts(rest, ">") || span_starts(rest, "->") ||
		span_find(span_first(rest, close + 3), span_str("--!"), 0) != SIZE_MAX)
		return false;
	w->p = start + close + 3;
	return true;
}

/* "<!doctype" and nothing that would need to be read; before everything else. */
static bool doctype(struct plain *w)
{
	const uint8_t *close = memchr(w->p, '>', (size_t)(w->end - w->p));
	if (w->part != PART_START || close == NULL)
		return false;
	w->p = close + 1;
	return true;
}

static bool next_tag(struct plain *w)
{
	struct span rest = span_of(w->p, (size_t)(w->end - w->p));
	const uint8_t *from = w->p;
	if (rest.n < 3)
		return false;
	if (span_starts(rest, "<!--"))
		return comment(w);
	if (span_starts_nocase(rest, "<!doctype html>"))
		return doctype(w);
	w->p++;
	if (ascii_alpha(*w->p))
		return start_tag(w, from);
	w->p++;
	return rest.p[1] == '/' && ascii_alpha(*w->p) && end_tag(w);
}

/* Text up to the next tag; where it stands before the body, the body begins. */
static bool text_before(struct plain *w)
{
	const uint8_t *tag = memchr(w->p, '<', (size_t)(w->end - w->p));
	struct span text = span_of(w->p, (size_t)((tag != NULL ? tag : w->end) - w->p));
	w->p += text.n;
	if (w->part == PART_BODY || all_blank(text))
		return true;
	if (w->part == PART_END)
		return false;
	w->part = PART_BODY;
	return true;
}

bool html_plain_read(struct arena *a, struct span html, struct html_page *out)
{
	struct plain w = {.seen = {.a = a, .page = html, .parsed = html, .out = out},
		.p = html.p,
		.end = html.p + html.n};
	size_t tags = 0;
	*out = (struct html_page){0};
	if (html.n > TEXT_MAX || memchr(html.p, 0, html.n) != NULL ||
		span_starts(html, "\xef\xbb\xbf"))
		return false;
	while (text_before(&w)) {
		if (w.p == w.end)
			return tags * BYTES_PER_TAG <= html.n + 4096;
		tags++;
		if (!next_tag(&w))
			return false;
	}
	return false;
}
