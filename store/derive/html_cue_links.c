#include "store/derive/html_cue_links.h"
#include "store/derive/html_cue_parse.h"
#include "store/derive/html_cue_said.h"

#include <stdlib.h>

enum { WALK_DEPTH_MAX = 4 * HTML_DEPTH_MAX };

static const char space[] = " \t\n\f\r";

const char *html_link_word(enum html_link_kind k)
{
	static const char *const words[] = {
#define X(name, word, about) word,
		HTML_LINK_KINDS(X)
#undef X
	};
	return words[k];
}

struct walk {
	struct arena *a;
	struct html_links *out;
	struct html_said said;
	bool conditional; /* this parse is of one */
};

/* What an element passes on to what stands in it. */
struct around {
	bool unseen;
	size_t form; /* its number in the list and 1; 0: none */
};

static struct span attribute(const GumboNode *node, const char *name)
{
	const GumboAttribute *at = gumbo_get_attribute(&node->v.element.attributes, name);
	return at != NULL ? span_str(at->value) : SPAN_NONE;
}

/* A style attribute without white space, in small letters, so that it can be searched. */
static struct span plain_style(struct walk *w, const GumboNode *node)
{
	struct span s = attribute(node, "style");
	uint8_t *out = arena_alloc(w->a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		if (memchr(space, s.p[i], sizeof space - 1) == NULL)
			out[n++] = ascii_lower(s.p[i]);
	return span_of(out, n);
}

static bool has(struct span style, const char *what)
{
	return span_find(style, span_str(what), 0) != SIZE_MAX;
}

/* Does the style give this property a length of nothing? */
static bool is_nothing(struct span style, const char *property)
{
	struct span p = span_str(property);
	for (size_t at = span_find(style, p, 0); at != SIZE_MAX;
		at = span_find(style, p, at + 1)) {
		struct span rest = span_from(style, at + p.n);
		/* "max-height:0" is none of height's, but of its own. */
		bool whole = at == 0 || style.p[at - 1] == ';';
		while (rest.n > 0 && (rest.p[0] == '0' || rest.p[0] == '.'))
			rest = span_from(rest, 1);
		bool zero = rest.p != style.p + at + p.n;
		if (whole && zero && (rest.n == 0 || !ascii_digit(rest.p[0])))
			return true;
	}
	return false;
}

static bool styled_away(const GumboNode *node, struct span style)
{
	return gumbo_get_attribute(&node->v.element.attributes, "hidden") != NULL ||
	       has(style, "display:none") || has(style, "visibility:hidden") ||
	       has(style, "mso-hide:all") || is_nothing(style, "font-size:") ||
	       is_nothing(style, "max-height:") || is_nothing(style, "opacity:");
}

/* At most one pixel, by an attribute or by the style. */
static bool tiny(const GumboNode *node, struct span style, const char *name, const char *css)
{
	uint64_t n;
	struct span s = span_trim(attribute(node, name), space);
	if (s.n > 2 && span_ends_nocase(s, "px"))
		s.n -= 2;
	if (span_u64(s, &n))
		return n <= 1;
	size_t at = span_find(style, span_str(css), 0);
	if (at == SIZE_MAX || (at > 0 && style.p[at - 1] != ';'))
		return false;
	s = span_from(style, at + strlen(css));
	return s.n > 0 && (s.p[0] == '0' || s.p[0] == '1') &&
	       (s.n == 1 || s.p[1] == ';' || s.p[1] == 'p');
}

static bool looks_like_button(const GumboNode *node, struct span style)
{
	struct span class = attribute(node, "class");
	return span_is_nocase(attribute(node, "role"), "button") ||
	       span_find_nocase(class, span_str("btn"), 0) != SIZE_MAX ||
	       span_find_nocase(class, span_str("button"), 0) != SIZE_MAX ||
	       (has(style, "background") && has(style, "padding"));
}

static struct html_link *push(
	struct walk *w, enum html_link_kind kind, struct span href, const struct around *around)
{
	struct html_links *out = w->out;
	if (href.p == NULL)
		return NULL;
	if (out->n == HTML_LINKS_MAX) {
		out->limits = true;
		return NULL;
	}
	ARENA_PUSH(w->a, out->list, out->n,
		(struct html_link){.kind = kind,
			.href = arena_copy(w->a, href),
			.unseen = around->unseen,
			.conditional = w->conditional});
	return &out->list[out->n - 1];
}

/* Every url(...) of a style, and the quoted ones of @import (CSS Syntax 3, 4.3.6, roughly: an
 * address with escapes in it is taken as it stands). */
static void push_style(struct walk *w, struct span css, const struct around *around)
{
	for (size_t at = 0; (at = span_find_nocase(css, span_str("url("), at)) != SIZE_MAX;) {
		at += 4;
		size_t end = span_find_byte(css, ')', at);
		if (end == SIZE_MAX)
			return;
		struct span s = span_trim(span_of(css.p + at, end - at), " \t\n\f\r\"'");
		if (s.n > 0 && push(w, HTML_LINK_BACKGROUND, s, around) == NULL)
			return;
		at = end;
	}
}

static void push_image(
	struct walk *w, const GumboNode *node, struct span style, const struct around *around)
{
	struct html_link *l = push(w, HTML_LINK_IMAGE, attribute(node, "src"), around);
	struct span alt = attribute(node, "alt");
	html_said_alt(&w->said, alt);
	if (l == NULL)
		return;
	if (alt.n > 0) {
		l->text = arena_copy(w->a, span_first(alt, HTML_LINK_TEXT_MAX));
		l->text_cut = alt.n > HTML_LINK_TEXT_MAX;
		l->text_is_alt = true;
	}
	l->pixel = l->unseen || (tiny(node, style, "width", "width:") &&
					tiny(node, style, "height", "height:"));
}

/* "a.png 1x, b.png 2x" (HTML 4.8.4.3.10) */
static void push_set(struct walk *w, struct span set, const struct around *around)
{
	while (set.n > 0) {
		set = span_trim(set, " \t\n\f\r,");
		size_t end = 0;
		while (end < set.n && memchr(space, set.p[end], sizeof space - 1) == NULL)
			end++;
		struct span one = span_trim(span_first(set, end), ",");
		if (one.n > 0 && push(w, HTML_LINK_IMAGE, one, around) == NULL)
			return;
		end = span_find_byte(set, ',', end);
		set = end == SIZE_MAX ? span_of(set.p, 0) : span_from(set, end + 1);
	}
}

static bool is_post(const GumboNode *node, const char *name)
{
	return span_is_nocase(span_trim(attribute(node, name), space), "post");
}

/* What is read at a form is what its first button says. */
static void see_control(struct walk *w, const GumboNode *node, const struct around *around)
{
	struct span type = span_trim(attribute(node, "type"), space);
	bool button = node->v.element.tag == GUMBO_TAG_BUTTON;
	bool image = span_is_nocase(type, "image");
	if (image)
		push_image(w, node, span_of("", 0), around);
	if (!button && !image && !span_is_nocase(type, "submit"))
		return;
	/* Pushing moves the list. */
	struct html_link *form = around->form != 0 ? &w->out->list[around->form - 1] : NULL;
	struct span says = attribute(node, image ? "alt" : "value");
	if (form != NULL && form->text.p == NULL && says.n > 0) {
		form->text = arena_copy(w->a, span_first(says, HTML_LINK_TEXT_MAX));
		form->text_cut = says.n > HTML_LINK_TEXT_MAX;
	}
	bool post = is_post(node, "formmethod") || (form != NULL && form->post);
	struct html_link *l = push(w, HTML_LINK_BUTTON, attribute(node, "formaction"), around);
	if (l == NULL)
		return;
	l->post = post;
	if (says.n > 0)
		l->text = arena_copy(w->a, span_first(says, HTML_LINK_TEXT_MAX));
}

static void see_style_text(struct walk *w, const GumboNode *node, const struct around *around)
{
	const GumboVector *children = &node->v.element.children;
	for (unsigned i = 0; i < children->length; i++) {
		const GumboNode *text = children->data[i];
		if (text->type == GUMBO_NODE_TEXT)
			push_style(w, span_str(text->v.text.text), around);
	}
}

/* Pushes what the element has, but for A, whose text is still to come. */
static void see(struct walk *w, const GumboNode *node, struct span style, struct around *around)
{
	struct html_link *l;
	switch ((int)node->v.element.tag) {
	case GUMBO_TAG_BASE:
		if (w->out->base.p == NULL && !w->conditional)
			w->out->base = arena_copy(w->a, attribute(node, "href"));
		break;
	case GUMBO_TAG_META:
		if (span_is_nocase(span_trim(attribute(node, "http-equiv"), space), "refresh"))
			push(w, HTML_LINK_REFRESH, attribute(node, "content"), around);
		break;
	case GUMBO_TAG_AREA:
		l = push(w, HTML_LINK_AREA, attribute(node, "href"), around);
		if (l != NULL && attribute(node, "alt").n > 0) {
			l->text = arena_copy(
				w->a, span_first(attribute(node, "alt"), HTML_LINK_TEXT_MAX));
			l->text_is_alt = true;
		}
		break;
	case GUMBO_TAG_FORM:
		l = push(w, HTML_LINK_FORM, attribute(node, "action"), around);
		if (l != NULL) {
			l->post = is_post(node, "method");
			around->form = w->out->n;
		}
		break;
	case GUMBO_TAG_INPUT:
	case GUMBO_TAG_BUTTON: see_control(w, node, around); break;
	case GUMBO_TAG_IFRAME:
	case GUMBO_TAG_FRAME:
	case GUMBO_TAG_EMBED: push(w, HTML_LINK_FRAME, attribute(node, "src"), around); break;
	case GUMBO_TAG_OBJECT: push(w, HTML_LINK_FRAME, attribute(node, "data"), around); break;
	case GUMBO_TAG_LINK: push(w, HTML_LINK_LINK, attribute(node, "href"), around); break;
	case GUMBO_TAG_IMG: push_image(w, node, style, around); break;
	case GUMBO_TAG_VIDEO:
	case GUMBO_TAG_AUDIO:
	case GUMBO_TAG_SOURCE:
		push(w, HTML_LINK_IMAGE, attribute(node, "src"), around);
		push(w, HTML_LINK_IMAGE, attribute(node, "poster"), around);
		break;
	case GUMBO_TAG_STYLE: see_style_text(w, node, around); break;
	default: break;
	}
	push(w, HTML_LINK_BACKGROUND, attribute(node, "background"), around);
	push_set(w, attribute(node, "srcset"), around);
	push_style(w, attribute(node, "style"), around);
}

/* Vector shapes of Outlook that are buttons (v:roundrect) or pictures (v:fill). */
static void see_vector(struct walk *w, const GumboNode *node, const struct around *around)
{
	struct span tag =
		span_of(node->v.element.original_tag.data, node->v.element.original_tag.length);
	if (!span_starts_nocase(tag, "<v:"))
		return;
	push(w, HTML_LINK_IMAGE, attribute(node, "src"), around);
}

static bool is_vector_link(const GumboNode *node)
{
	struct span tag =
		span_of(node->v.element.original_tag.data, node->v.element.original_tag.length);
	return span_starts_nocase(tag, "<v:") && attribute(node, "href").p != NULL;
}

static bool breaks_line(const GumboNode *node)
{
	switch ((int)node->v.element.tag) {
	case GUMBO_TAG_BR:
	case GUMBO_TAG_P:
	case GUMBO_TAG_DIV:
	case GUMBO_TAG_TD:
	case GUMBO_TAG_TR:
	case GUMBO_TAG_LI: return true;
	default: return false;
	}
}

static void walk(struct walk *w, const GumboNode *node, struct around around, size_t depth);

static void walk_children(
	struct walk *w, const GumboNode *node, const struct around *around, size_t depth)
{
	for (unsigned i = 0; i < node->v.element.children.length; i++)
		walk(w, node->v.element.children.data[i], *around, depth + 1);
}

/* A link, and all that stands in it. */
static void walk_link(struct walk *w, const GumboNode *node, struct span style,
	const struct around *around, size_t depth)
{
	struct html_said_link r;
	struct html_link *l = push(w, HTML_LINK_A, attribute(node, "href"), around);
	size_t at = w->out->n;
	if (l == NULL) {
		walk_children(w, node, around, depth);
		return;
	}
	l->button = looks_like_button(node, style) || is_vector_link(node);
	html_said_begin(&w->said, at, &r);
	walk_children(w, node, around, depth);
	html_said_end(&w->said, &r);
}

/* Depth first. Templates are inert: HTML 4.12.3; scripts do not run in mail. */
static void walk(struct walk *w, const GumboNode *node, struct around around, size_t depth)
{
	if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE ||
		node->type == GUMBO_NODE_CDATA)
		html_said_text(&w->said, span_str(node->v.text.text), around.unseen);
	if (node->type != GUMBO_NODE_ELEMENT || node->v.element.tag == GUMBO_TAG_SCRIPT)
		return;
	if (depth > WALK_DEPTH_MAX) {
		w->out->limits = true;
		return;
	}
	struct span style = plain_style(w, node);
	around.unseen |= styled_away(node, style);
	if (breaks_line(node)) {
		html_said_text(&w->said, span_str(" "), false);
		html_said_block(&w->said, node->v.element.tag == GUMBO_TAG_BR);
	}
	see(w, node, style, &around);
	see_vector(w, node, &around);
	if (node->v.element.tag == GUMBO_TAG_STYLE || node->v.element.tag == GUMBO_TAG_TITLE)
		return;
	if (node->v.element.tag == GUMBO_TAG_A || is_vector_link(node))
		walk_link(w, node, style, &around, depth);
	else
		walk_children(w, node, &around, depth);
	if (breaks_line(node))
		html_said_block(&w->said, node->v.element.tag == GUMBO_TAG_BR);
}

static void visit(void *ctx, const GumboNode *root)
{
	struct walk *w = ctx;
	walk(w, root, (struct around){0}, 0);
	html_said_block(&w->said, false);
}

static void parse(struct walk *w, struct html_parse *p, struct span html)
{
	if (html.n > 0)
		html_parse_each(p, html, visit, w);
}

/* Outlook's conditional comments ("<!--[if mso]> ... <![endif]-->") are pages to it, wherever
 * they stand. */
static void parse_comments(struct walk *w, struct html_parse *p, struct span html)
{
	size_t n = 0;
	w->conditional = true;
	for (size_t at = 0; (at = span_find(html, span_str("<!--[if"), at)) != SIZE_MAX;) {
		size_t end = span_find(html, span_str("-->"), at);
		struct span s = span_of(html.p + at, (end == SIZE_MAX ? html.n : end) - at);
		size_t from = span_find(s, span_str("]>"), 0);
		at += s.n;
		if (from == SIZE_MAX)
			continue;
		if (n++ == HTML_LINK_COMMENTS_MAX) {
			w->out->limits = true;
			return;
		}
		parse(w, p, span_from(s, from + 2));
	}
}

void html_links_read(struct arena *a, struct span html, struct html_links *out)
{
	struct html_parse p;
	struct walk w = {.a = a, .out = out, .said = {.a = a, .out = out}};
	*out = (struct html_links){0};
	html_parse_init(&p, html.n);
	parse(&w, &p, html);
	parse_comments(&w, &p, html);
	out->limits |= p.limits;
	html_said_fini(&w.said);
	html_parse_fini(&p);
}
