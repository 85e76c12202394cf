#include "store/derive/html_cue.h"
#include "store/derive/html_cue_parse.h"

enum {
	NOSCRIPT_ROUNDS = 8, /* blanking one may bring another to light; more is a game */
	WALK_DEPTH_MAX = 4 * HTML_DEPTH_MAX,
	QUOTE_MAX = 400,
};

struct range {
	size_t from, to;
};

struct walk {
	struct arena *a;
	struct span page;   /* as it came */
	struct span parsed; /* what gumbo saw: the same, noscript blanked */
	struct html_page *out;
	size_t n_fields;
	struct html_form *form; /* the one we are inside of */
	struct range *noscript; /* found in this parse, in document order */
	size_t n_noscript;
};

static struct span piece(GumboStringPiece s)
{
	return span_of(s.data, s.length);
}

/* Source text of gumbo's as a part of the page; its offset. Both are 0 where the parser made
 * the thing up. */
static struct span in_page(const struct walk *w, struct span s, size_t *offset)
{
	uintptr_t at = (uintptr_t)s.p, from = (uintptr_t)w->parsed.p;
	*offset = 0;
	if (s.p == NULL || at < from || at > from + w->parsed.n)
		return span_of(w->page.p, 0);
	*offset = at - from;
	return span_first(span_from(w->page, *offset), s.n);
}

static const GumboAttribute *attribute(const GumboNode *node, const char *name)
{
	return gumbo_get_attribute(&node->v.element.attributes, name);
}

static struct span attribute_value(
	const struct walk *w, const GumboNode *node, const char *name)
{
	const GumboAttribute *at = attribute(node, name);
	return at == NULL ? SPAN_NONE : arena_copy(w->a, span_str(at->value));
}

static bool attribute_is(const GumboNode *node, const char *name, const char *value)
{
	const GumboAttribute *at = attribute(node, name);
	return at != NULL && span_is_nocase(span_trim(span_str(at->value), " \t\n\f\r"), value);
}

static bool is_html(const GumboNode *node)
{
	return node->v.element.tag_namespace == GUMBO_NAMESPACE_HTML;
}

static struct html_item *push(
	struct walk *w, enum html_kind kind, struct span value, struct span source)
{
	struct html_page *out = w->out;
	if (out->n_items == HTML_ITEMS_MAX) {
		out->limits = true;
		return NULL;
	}
	struct html_item item = {.kind = kind, .value = value};
	item.quote = span_first(in_page(w, source, &item.offset), QUOTE_MAX);
	ARENA_PUSH(w->a, out->items, out->n_items, item);
	return &out->items[out->n_items - 1];
}

/* An item for an attribute's value; NULL if the element has no such attribute. */
static struct html_item *push_attribute(
	struct walk *w, enum html_kind kind, const GumboNode *node, const char *name)
{
	const GumboAttribute *at = attribute(node, name);
	if (at == NULL)
		return NULL;
	return push(w, kind, arena_copy(w->a, span_str(at->value)), piece(at->original_value));
}

/* MIME types of scripts, "module", or nothing: the rest is data (HTML, "prepare the script
 * element"). */
static bool script_runs(const GumboNode *node)
{
	const GumboAttribute *type = attribute(node, "type");
	if (type == NULL)
		return true;
	struct span t = span_trim(span_str(type->value), " \t\n\f\r");
	return t.n == 0 || span_is_nocase(t, "module") || span_ends_nocase(t, "javascript") ||
	       span_ends_nocase(t, "ecmascript") || span_ends_nocase(t, "jscript") ||
	       span_ends_nocase(t, "livescript");
}

static void look_for_captcha(struct walk *w, struct span src)
{
	static const char *const marks[] = {"recaptcha", "hcaptcha.com",
		"challenges.cloudflare.com", "/cdn-cgi/challenge-platform",
		"captcha-delivery.com", "arkoselabs.com", "funcaptcha", "perimeterx",
		"px-captcha", "geetest.com"};
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (span_find_nocase(span_first(src, 2000), span_str(marks[i]), 0) != SIZE_MAX)
			w->out->captcha = true;
}

static void see_script(struct walk *w, const GumboNode *node)
{
	bool runs = script_runs(node);
	const GumboAttribute *src = attribute(node, "src");
	w->out->script |= runs;
	if (src != NULL) {
		look_for_captcha(w, span_str(src->value));
		push_attribute(w, HTML_SCRIPT_SRC, node, "src");
		return;
	}
	for (unsigned i = 0; i < node->v.element.children.length; i++) {
		const GumboNode *text = node->v.element.children.data[i];
		if (text->type != GUMBO_NODE_TEXT && text->type != GUMBO_NODE_CDATA)
			continue;
		size_t at;
		struct span source = in_page(w, piece(text->v.text.original_text), &at);
		look_for_captcha(w, source);
		struct html_item *item =
			push(w, HTML_SCRIPT, source, piece(text->v.text.original_text));
		if (item != NULL)
			item->executes = runs;
	}
}

static void see_meta(struct walk *w, const GumboNode *node)
{
	if (!attribute_is(node, "http-equiv", "refresh") || attribute(node, "content") == NULL)
		return;
	push(w, HTML_META_REFRESH, attribute_value(w, node, "content"),
		piece(node->v.element.original_tag));
}

static void see_form(struct walk *w, const GumboNode *node)
{
	struct html_form *form = arena_alloc(w->a, sizeof *form);
	form->post = attribute_is(node, "method", "post");
	form->id = attribute_value(w, node, "id");
	struct html_item *item = push(w, HTML_FORM, attribute_value(w, node, "action"),
		piece(node->v.element.original_tag));
	if (item == NULL)
		return;
	item->form = form;
	item->blank = attribute_is(node, "target", "_blank");
	w->form = form;
}

/* The form that a control belongs to: named by its form attribute, or the one around it. */
static struct html_form *owner(const struct walk *w, const GumboNode *node)
{
	const GumboAttribute *id = attribute(node, "form");
	if (id == NULL)
		return w->form;
	for (size_t i = 0; i < w->out->n_items; i++) {
		struct html_form *form = w->out->items[i].form;
		if (form != NULL && form->id.n > 0 && span_is(form->id, id->value))
			return form;
	}
	return NULL;
}

static void see_control(struct walk *w, const GumboNode *node)
{
	struct html_form *form = owner(w, node);
	bool password = attribute_is(node, "type", "password");
	w->out->password |= password;
	if (form == NULL)
		return;
	form->password |= password;
	if (attribute(node, "formaction") != NULL) {
		struct html_item *item = push_attribute(w, HTML_FORM, node, "formaction");
		if (item != NULL)
			item->form = form;
	}
	struct span name = attribute_value(w, node, "name");
	if (name.n == 0)
		return;
	if (w->n_fields == HTML_FIELDS_MAX) {
		w->out->limits = true;
		return;
	}
	w->n_fields++;
	ARENA_PUSH(w->a, form->fields, form->n_fields,
		(struct html_field){name, attribute_value(w, node, "value"),
			attribute_is(node, "type", "hidden")});
}

static void see_handlers(struct walk *w, const GumboNode *node)
{
	const GumboVector *all = &node->v.element.attributes;
	for (unsigned i = 0; i < all->length; i++) {
		const GumboAttribute *at = all->data[i];
		if (!span_starts_nocase(span_str(at->name), "on") || at->value[0] == 0)
			continue;
		struct html_item *item = push(w, HTML_HANDLER,
			arena_copy(w->a, span_str(at->value)), piece(at->original_value));
		if (item == NULL)
			return;
		w->out->script = true;
		item->automatic = span_is_nocase(span_str(at->name), "onload") ||
				  span_is_nocase(span_str(at->name), "onerror") ||
				  span_is_nocase(span_str(at->name), "onpageshow");
	}
}

static void see_anchor(struct walk *w, const GumboNode *node)
{
	struct html_item *item = push_attribute(w, HTML_ANCHOR, node, "href");
	if (item != NULL)
		item->blank = attribute_is(node, "target", "_blank");
}

/* What stands in noscript, to the first "</noscript" and a byte that ends a name: HTML, RAWTEXT
 * states. */
static void see_noscript(struct walk *w, const GumboNode *node)
{
	size_t start;
	struct span tag = in_page(w, piece(node->v.element.original_tag), &start), rest;
	if (tag.n == 0)
		return;
	start += tag.n;
	size_t end = start;
	for (;; end += 10) {
		end = span_find_nocase(w->page, span_str("</noscript"), end);
		if (end == SIZE_MAX) {
			end = w->page.n;
			break;
		}
		rest = span_from(w->page, end + 10);
		if (rest.n == 0 || rest.p[0] == '>' || rest.p[0] == '/' || rest.p[0] <= ' ')
			break;
	}
	ARENA_PUSH(w->a, w->noscript, w->n_noscript, (struct range){start, end});
}

static void see(struct walk *w, const GumboNode *node)
{
	see_handlers(w, node);
	switch ((int)node->v.element.tag) {
	case GUMBO_TAG_SCRIPT: see_script(w, node); break;
	case GUMBO_TAG_A: see_anchor(w, node); break;
	default:
		if (!is_html(node))
			return;
	}
	switch ((int)node->v.element.tag) {
	case GUMBO_TAG_BASE: push_attribute(w, HTML_BASE, node, "href"); break;
	case GUMBO_TAG_META: see_meta(w, node); break;
	case GUMBO_TAG_AREA: see_anchor(w, node); break;
	case GUMBO_TAG_IFRAME:
		push_attribute(w, HTML_SRCDOC, node, "srcdoc");
		push_attribute(w, HTML_FRAME, node, "src");
		break;
	case GUMBO_TAG_FRAME:
	case GUMBO_TAG_EMBED: push_attribute(w, HTML_FRAME, node, "src"); break;
	case GUMBO_TAG_OBJECT: push_attribute(w, HTML_FRAME, node, "data"); break;
	case GUMBO_TAG_FORM: see_form(w, node); break;
	case GUMBO_TAG_INPUT:
	case GUMBO_TAG_BUTTON:
	case GUMBO_TAG_SELECT:
	case GUMBO_TAG_TEXTAREA: see_control(w, node); break;
	case GUMBO_TAG_NOSCRIPT: see_noscript(w, node); break;
	default: break;
	}
}

/* Depth first. Templates are inert: HTML 4.12.3. */
static void walk(struct walk *w, const GumboNode *node, size_t depth)
{
	if (node->type != GUMBO_NODE_ELEMENT)
		return;
	if (depth > WALK_DEPTH_MAX) {
		w->out->limits = true;
		return;
	}
	struct html_form *outer = w->form;
	see(w, node);
	for (unsigned i = 0; i < node->v.element.children.length; i++)
		walk(w, node->v.element.children.data[i], depth + 1);
	w->form = outer;
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
		if (r.from < end || !has_text(w->parsed, r))
			continue;
		any = true;
		end = r.to;
		for (size_t k = 0; k < w->out->n_items; k++) {
			struct html_item item = w->out->items[k];
			if (item.kind != HTML_META_REFRESH || item.offset < r.from ||
				item.offset >= r.to)
				continue;
			item.noscript = true;
			ARENA_PUSH(w->a, kept->items, kept->n_items, item);
		}
		bool stop = disturbs(span_of(w->page.p + r.from, r.to - r.from));
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
		struct walk w = {.a = a, .page = html, .out = out};
		w.parsed = copy != NULL ? span_of(copy, html.n) : html;
		html_parse_each(p, w.parsed, visit, &w);
		if (w.n_noscript == 0)
			break;
		if (copy == NULL) {
			copy = arena_alloc(a, html.n);
			memcpy(copy, html.p, html.n);
			w.parsed = span_of(copy, html.n);
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
	html_parse_init(&p, html.n);
	if (scripting) {
		read_scripting(a, &p, html, out);
	} else {
		struct walk w = {.a = a, .page = html, .parsed = html, .out = out};
		html_parse_each(&p, html, visit, &w);
	}
	out->limits |= p.limits;
	html_parse_fini(&p);
}
