#include "store/derive/html_cue.h"
#include "store/derive/html_cue_parse.h"
#include "store/derive/html_cue_see.h"

enum {
	NOSCRIPT_ROUNDS = 8, /* blanking one may bring another to light; more is a game */
	WALK_DEPTH_MAX = 4 * HTML_DEPTH_MAX,
};

struct range {
	size_t from, to;
};

struct walk {
	struct html_seen seen;
	struct range *noscript; /* found in this parse, in document order */
	size_t n_noscript;
	struct arena scratch; /* of the element at hand */
};

static struct span piece(GumboStringPiece s)
{
	return span_of(s.data, s.length);
}

/* What stands in noscript, to the first "</noscript" and a byte that ends a name: HTML, RAWTEXT
 * states. */
static void see_noscript(struct walk *w, const GumboNode *node)
{
	size_t start;
	struct span tag = html_seen_source(
			    &w->seen, piece(node->v.element.original_tag), &start),
		    rest;
	if (tag.n == 0)
		return;
	start += tag.n;
	size_t end = start;
	for (;; end += 10) {
		end = span_find_nocase(w->seen.page, span_str("</noscript"), end);
		if (end == SIZE_MAX) {
			end = w->seen.page.n;
			break;
		}
		rest = span_from(w->seen.page, end + 10);
		if (rest.n == 0 || rest.p[0] == '>' || rest.p[0] == '/' || rest.p[0] <= ' ')
			break;
	}
	ARENA_PUSH(w->seen.a, w->noscript, w->n_noscript, (struct range){start, end});
}

static enum html_tag tag_of(const GumboNode *node)
{
	bool html = node->v.element.tag_namespace == GUMBO_NAMESPACE_HTML;
	switch ((int)node->v.element.tag) {
	case GUMBO_TAG_SCRIPT: return HTML_TAG_SCRIPT;
	case GUMBO_TAG_A: return HTML_TAG_A;
	default:
		if (!html)
			return HTML_TAG_OTHER;
	}
	switch ((int)node->v.element.tag) {
	case GUMBO_TAG_BASE: return HTML_TAG_BASE;
	case GUMBO_TAG_META: return HTML_TAG_META;
	case GUMBO_TAG_AREA: return HTML_TAG_AREA;
	case GUMBO_TAG_IFRAME:
	case GUMBO_TAG_FRAME:
	case GUMBO_TAG_EMBED: return HTML_TAG_FRAME;
	case GUMBO_TAG_OBJECT: return HTML_TAG_OBJECT;
	case GUMBO_TAG_FORM: return HTML_TAG_FORM;
	case GUMBO_TAG_INPUT:
	case GUMBO_TAG_BUTTON:
	case GUMBO_TAG_SELECT:
	case GUMBO_TAG_TEXTAREA: return HTML_TAG_CONTROL;
	default: return HTML_TAG_OTHER;
	}
}

/* gumbo's element as ours. */
static void see(struct walk *w, const GumboNode *node)
{
	const GumboVector *all = &node->v.element.attributes;
	const GumboVector *children = &node->v.element.children;
	struct html_element e = {
		.tag = tag_of(node), .source = piece(node->v.element.original_tag)};
	arena_reset(&w->scratch);
	struct html_attribute *attributes =
		arena_alloc(&w->scratch, (all->length + 1) * sizeof *attributes);
	for (unsigned i = 0; i < all->length; i++) {
		const GumboAttribute *at = all->data[i];
		attributes[e.n_attributes++] = (struct html_attribute){
			span_str(at->name), span_str(at->value), piece(at->original_value)};
	}
	e.attributes = attributes;
	struct span *texts = NULL;
	for (unsigned i = 0; e.tag == HTML_TAG_SCRIPT && i < children->length; i++) {
		const GumboNode *text = children->data[i];
		if (text->type == GUMBO_NODE_TEXT || text->type == GUMBO_NODE_CDATA)
			ARENA_PUSH(&w->scratch, texts, e.n_texts,
				piece(text->v.text.original_text));
	}
	e.texts = texts;
	html_see(&w->seen, &e);
	if (node->v.element.tag == GUMBO_TAG_NOSCRIPT &&
		node->v.element.tag_namespace == GUMBO_NAMESPACE_HTML)
		see_noscript(w, node);
}

/* Depth first. Templates are inert: HTML 4.12.3. */
static void walk(struct walk *w, const GumboNode *node, size_t depth)
{
	if (node->type != GUMBO_NODE_ELEMENT)
		return;
	if (depth > WALK_DEPTH_MAX) {
		w->seen.out->limits = true;
		return;
	}
	struct html_form *outer = w->seen.form;
	see(w, node);
	for (unsigned i = 0; i < node->v.element.children.length; i++)
		walk(w, node->v.element.children.data[i], depth + 1);
	w->seen.form = outer;
}

static void visit(void *ctx, const GumboNode *root)
{
	walk(ctx, root, 0);
}

/* Could this text, read as HTML, swallow or bring forth what stands behind it? */
static bool disturbs(struct span text)
{
	static const char *const marks[] = {"<!", "<?", "<script", "<style", "<textarea",
		"<title", "<xmp", "<iframe", "<noembed", "<noframes", "<template", "<select",
		"<svg", "<math", "<plaintext", "<noscript", "<object", "<table"};
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (span_find_nocase(text, span_str(marks[i]), 0) != SIZE_MAX)
			return true;
	return false;
}

/* Does a stretch of the page hold anything but white space? */
static bool has_text(struct span page, struct range r)
{
	return span_trim(span_of(page.p + r.from, r.to - r.from), " \t\n\f\r").n > 0;
}

/* Blank what the noscript elements of this round hold, up to the first that may have disturbed
 * what follows it. Refreshes in there are kept, marked. False if there was nothing to blank. */
static bool blank_noscript(struct walk *w, uint8_t *copy, struct html_page *kept)
{
	bool any = false;
	size_t end = 0;
	for (size_t i = 0; i < w->n_noscript; i++) {
		struct range r = w->noscript[i];
		if (r.from < end || !has_text(w->seen.parsed, r))
			continue;
		any = true;
		end = r.to;
		for (size_t k = 0; k < w->seen.out->n_items; k++) {
			struct html_item item = w->seen.out->items[k];
			if (item.kind != HTML_META_REFRESH || item.offset < r.from ||
				item.offset >= r.to)
				continue;
			item.noscript = true;
			ARENA_PUSH(w->seen.a, kept->items, kept->n_items, item);
		}
		bool stop = disturbs(span_of(w->seen.page.p + r.from, r.to - r.from));
		memset(copy + r.from, ' ', r.to - r.from);
		if (stop)
			break;
	}
	return any;
}

/* As a scripting browser reads it: what noscript holds is text (HTML 13.2.6.4.4), which gumbo
 * has no switch for. So it is blanked and the page read again, until there is nothing left to
 * blank. */
static void read_scripting(
	struct arena *a, struct html_parse *p, struct span html, struct html_page *out)
{
	struct html_page kept = {0};
	uint8_t *copy = NULL;
	for (unsigned round = 0; round < NOSCRIPT_ROUNDS; round++) {
		*out = (struct html_page){0};
		struct walk w = {.seen = {.a = a, .page = html, .out = out}};
		w.seen.parsed = copy != NULL ? span_of(copy, html.n) : html;
		html_parse_each(p, w.seen.parsed, visit, &w);
		arena_fini(&w.scratch);
		if (w.n_noscript == 0)
			break;
		if (copy == NULL) {
			copy = arena_alloc(a, html.n);
			memcpy(copy, html.p, html.n);
			w.seen.parsed = span_of(copy, html.n);
		}
		if (!blank_noscript(&w, copy, &kept))
			break;
		out->limits |= round + 1 == NOSCRIPT_ROUNDS;
	}
	for (size_t i = 0; i < kept.n_items && out->n_items < HTML_ITEMS_MAX; i++)
		ARENA_PUSH(a, out->items, out->n_items, kept.items[i]);
}

void html_cue_read(struct arena *a, struct span html, bool scripting, struct html_page *out)
{
	struct html_parse p;
	*out = (struct html_page){0};
	if (html.n == 0)
		return;
	if (scripting && html_plain_read(a, html, out))
		return;
	html_parse_init(&p, html.n);
	if (scripting) {
		read_scripting(a, &p, html, out);
	} else {
		struct walk w = {.seen = {.a = a, .page = html, .parsed = html, .out = out}};
		html_parse_each(&p, html, visit, &w);
		arena_fini(&w.scratch);
	}
	out->limits |= p.limits;
	html_parse_fini(&p);
}
