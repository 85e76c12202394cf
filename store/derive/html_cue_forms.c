#include "store/derive/html_cue_forms.h"
#include "store/base/buf.h"
#include "store/derive/html_cue_parse.h"

enum { WAYS_MAX = 8, NEAR_MAX = 80 };

/* A label element, for the fields that it names. */
struct label {
	struct span target, text;
};

struct pending {
	struct forms_field field;
	struct span form; /* id in its form attribute; absent: there is none */
	size_t at;        /* of its tag in the page */
	size_t inside;    /* number of the form around it, from 1; 0: none */
	bool button;      /* no field: way alone counts */
	struct forms_way way;
};

struct reading {
	struct arena *a;
	struct span page;
	struct forms_page *out;
	struct label *labels;
	size_t n_labels;
	struct pending *list;
	size_t n;
	size_t form;        /* the form that is walked, from 1; 0: none */
	struct span around; /* text of the label that is walked; absent: none */
	struct span before; /* the last text that people read; absent: a field came after it */
};

/* The length of the well-formed character at the front of s; 0: it is none. */
static size_t well_formed(struct span s)
{
	size_t n = s.p[0] < 0x80 ? 1 : s.p[0] < 0xe0 ? 2 : s.p[0] < 0xf0 ? 3 : 4;
	return n <= s.n && text_valid(span_first(s, n)) ? n : 0;
}

/* A page in ISO-8859-1 as UTF-8: gumbo knows nothing else. Which of the two it is, is told by
 * what there is more of; a page of another charset keeps its tags. */
static struct span as_utf8(struct arena *a, struct span html)
{
	size_t good = 0, bad = 0, n = 0;
	for (size_t i = 0; i < html.n;) {
		size_t len = html.p[i] < 0x80 ? 1 : well_formed(span_from(html, i));
		good += len > 1;
		bad += len == 0;
		i += len > 0 ? len : 1;
	}
	if (bad <= good)
		return html;
	uint8_t *out = arena_alloc(a, html.n + html.n);
	for (size_t i = 0; i < html.n; i++) {
		uint8_t c = html.p[i];
		if (c >= 0x80) {
			out[n++] = (uint8_t)(0xc0 | c >> 6);
			out[n++] = (uint8_t)(0x80 | (c & 0x3f));
		} else {
			out[n++] = c;
		}
	}
	return span_of(out, n);
}

/* At most max bytes, cut between characters. */
static struct span cut(struct span s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max > 0 && (s.p[max] & 0xc0) == 0x80)
		max--;
	return span_first(s, max);
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* White space folded; absent if nothing is left. */
static struct span folded(struct arena *a, struct span s, size_t max)
{
	/* Folding only shortens, so far more than max need not be looked at. */
	s = cut(s, 16 * max);
	uint8_t *out = arena_alloc(a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		/* A no-break space is one to the eye. */
		bool wide = i + 1 < s.n && s.p[i] == 0xc2 && s.p[i + 1] == 0xa0;
		if (wide || is_space(s.p[i])) {
			if (n > 0 && out[n - 1] != ' ')
				out[n++] = ' ';
			i += wide;
		} else {
			out[n++] = s.p[i];
		}
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	return n > 0 ? cut(span_of(out, n), max) : SPAN_NONE;
}

static const GumboAttribute *find(const GumboNode *node, const char *name)
{
	return gumbo_get_attribute(&node->v.element.attributes, name);
}

static struct span value(struct reading *r, const GumboNode *node, const char *name, size_t max)
{
	const GumboAttribute *at = find(node, name);
	return at != NULL ? folded(r->a, span_str(at->value), max) : SPAN_NONE;
}

static struct span lower(struct arena *a, struct span s)
{
	uint8_t *out = arena_alloc(a, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		out[i] = ascii_lower(s.p[i]);
	return s.p != NULL ? span_of(out, s.n) : SPAN_NONE;
}

/* An attribute that is a URL, as it stands there; present and empty counts. */
static struct span address(struct reading *r, const GumboNode *node, const char *name)
{
	const GumboAttribute *at = find(node, name);
	if (at == NULL)
		return SPAN_NONE;
	struct span s = span_trim(span_str(at->value), " \t\n\f\r");
	if (s.n > FORMS_URL_MAX) {
		r->out->more = true;
		s = span_first(s, FORMS_URL_MAX);
	}
	struct span copy = arena_copy(r->a, s);
	return copy.p != NULL ? copy : span_of("", 0);
}

static size_t offset_of(const struct reading *r, const GumboNode *node)
{
	uintptr_t at = (uintptr_t)node->v.element.original_tag.data,
		  from = (uintptr_t)r->page.p;
	return at >= from && at < from + r->page.n ? at - from : SIZE_MAX;
}

static struct span method_of(struct reading *r, const GumboNode *node, const char *name)
{
	struct span m = lower(r->a, value(r, node, name, FORMS_TEXT_MAX));
	/* HTML 4.10.19.6: what it does not know is get. */
	return span_is(m, "post") || span_is(m, "dialog") ? m : span_str("get");
}

static bool not_shown(struct span type)
{
	static const char *const types[] = {"hidden", "submit", "button", "reset", "image"};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (span_is(type, types[i]))
			return true;
	return false;
}

static void see_button(struct reading *r, const GumboNode *node, struct pending *p)
{
	p->button = true;
	p->way.action = address(r, node, "formaction");
	if (find(node, "formmethod") != NULL)
		p->way.method = method_of(r, node, "formmethod");
}

static void see_control(struct reading *r, const GumboNode *node)
{
	struct pending p = {.at = offset_of(r, node), .inside = r->form};
	struct forms_field *f = &p.field;
	GumboTag tag = node->v.element.tag;
	f->type = lower(r->a, value(r, node, "type", FORMS_TEXT_MAX));
	if (tag == GUMBO_TAG_SELECT || tag == GUMBO_TAG_TEXTAREA)
		f->type = span_str(tag == GUMBO_TAG_SELECT ? "select" : "textarea");
	else if (f->type.n == 0)
		f->type = span_str("text");
	p.form = value(r, node, "form", FORMS_TEXT_MAX);
	if (tag == GUMBO_TAG_BUTTON || span_is(f->type, "submit") || span_is(f->type, "image"))
		see_button(r, node, &p);
	else if (not_shown(f->type))
		return;
	if (p.button && p.way.action.p == NULL && p.way.method.p == NULL)
		return;
	f->name = value(r, node, "name", FORMS_TEXT_MAX);
	f->id = value(r, node, "id", FORMS_TEXT_MAX);
	f->autocomplete = lower(r->a, value(r, node, "autocomplete", FORMS_TEXT_MAX));
	f->placeholder = value(r, node, "placeholder", FORMS_TEXT_MAX);
	f->label = value(r, node, "aria-label", FORMS_TEXT_MAX);
	if (f->label.p == NULL)
		f->label = r->around;
	f->near = r->before;
	struct span most = value(r, node, "maxlength", FORMS_TEXT_MAX);
	if (!span_u64(most, &f->max_length))
		f->max_length = UINT64_MAX;
	if (r->n == FORMS_FIELDS_MAX) {
		r->out->more = true;
		return;
	}
	ARENA_PUSH(r->a, r->list, r->n, p);
	if (!p.button)
		r->before = SPAN_NONE;
}

static void see_form(struct reading *r, const GumboNode *node)
{
	struct forms_form f = {.from = offset_of(r, node), .to = r->page.n};
	if (r->out->n_forms == FORMS_MAX) {
		r->out->more = true;
		return;
	}
	f.action = address(r, node, "action");
	f.method = method_of(r, node, "method");
	f.id = value(r, node, "id", FORMS_TEXT_MAX);
	/* HTML 13.2.4.4: the parser's form pointer lasts to the end tag, wherever in the tree
	 * fields end up. Tables are laid out around forms like that. */
	if (f.from != SIZE_MAX) {
		size_t end = span_find_nocase(r->page, span_str("</form"), f.from);
		f.to = end == SIZE_MAX ? r->page.n : end;
	}
	ARENA_PUSH(r->a, r->out->forms, r->out->n_forms, f);
	r->form = r->out->n_forms;
}

static void add_text(struct buf *out, const GumboNode *node, size_t depth)
{
	if (buf_len(out) >= 16 * FORMS_TEXT_MAX)
		return;
	if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE ||
		node->type == GUMBO_NODE_CDATA) {
		buf_add_span(out, span_first(span_str(node->v.text.text), 16 * FORMS_TEXT_MAX));
		return;
	}
	if (node->type != GUMBO_NODE_ELEMENT || depth > FORMS_DEPTH_MAX ||
		node->v.element.tag == GUMBO_TAG_SCRIPT ||
		node->v.element.tag == GUMBO_TAG_STYLE ||
		node->v.element.tag == GUMBO_TAG_SELECT)
		return;
	for (unsigned i = 0; i < node->v.element.children.length; i++)
		add_text(out, node->v.element.children.data[i], depth + 1);
}

static struct span text_in(struct reading *r, const GumboNode *node)
{
	struct buf text = {0};
	add_text(&text, node, 0);
	struct span s = folded(r->a, buf_span(&text), FORMS_TEXT_MAX);
	buf_fini(&text);
	return s;
}

static void see_label(struct reading *r, const GumboNode *node)
{
	struct label l = {value(r, node, "for", FORMS_TEXT_MAX), text_in(r, node)};
	if (l.text.p == NULL || r->n_labels == FORMS_FIELDS_MAX)
		return;
	r->around = l.text;
	if (l.target.p != NULL)
		ARENA_PUSH(r->a, r->labels, r->n_labels, l);
}

static void see_anchor(struct reading *r, const GumboNode *node)
{
	if (find(node, "href") == NULL)
		return;
	if (r->out->n_links == FORMS_LINKS_MAX) {
		r->out->more = true;
		return;
	}
	struct span href = address(r, node, "href");
	if (href.n > 0)
		ARENA_PUSH(r->a, r->out->links, r->out->n_links, href);
}

static void see(struct reading *r, const GumboNode *node)
{
	switch ((int)node->v.element.tag) {
	case GUMBO_TAG_TITLE:
		if (r->out->title.p == NULL)
			r->out->title = text_in(r, node);
		break;
	case GUMBO_TAG_BASE:
		if (r->out->base.p == NULL)
			r->out->base = address(r, node, "href");
		break;
	case GUMBO_TAG_FORM: see_form(r, node); break;
	case GUMBO_TAG_LABEL: see_label(r, node); break;
	case GUMBO_TAG_INPUT:
	case GUMBO_TAG_SELECT:
	case GUMBO_TAG_TEXTAREA:
	case GUMBO_TAG_BUTTON: see_control(r, node); break;
	case GUMBO_TAG_A: see_anchor(r, node); break;
	default: break;
	}
}

/* Nothing of it is shown. */
static bool passed_over(const GumboNode *node)
{
	switch ((int)node->v.element.tag) {
	case GUMBO_TAG_SCRIPT:
	case GUMBO_TAG_STYLE:
	case GUMBO_TAG_NOSCRIPT: return true;
	default: return false;
	}
}

/* Elements whose words are beside no field: a list's choices, what is typed already, the title.
 */
static bool inner_words(GumboTag tag)
{
	return tag == GUMBO_TAG_SELECT || tag == GUMBO_TAG_TEXTAREA || tag == GUMBO_TAG_TITLE;
}

static void walk(struct reading *r, const GumboNode *node, size_t depth)
{
	if (node->type == GUMBO_NODE_TEXT) {
		struct span text = folded(r->a, span_str(node->v.text.text), NEAR_MAX);
		if (text.p != NULL)
			r->before = text;
		return;
	}
	if (node->type != GUMBO_NODE_ELEMENT || passed_over(node))
		return;
	if (depth > FORMS_DEPTH_MAX) {
		r->out->more = true;
		return;
	}
	size_t form = r->form;
	struct span around = r->around;
	/* In a drawing there may be HTML again, but its own title is not the page's. */
	if (node->v.element.tag_namespace == GUMBO_NAMESPACE_HTML)
		see(r, node);
	if (!inner_words(node->v.element.tag))
		for (unsigned i = 0; i < node->v.element.children.length; i++)
			walk(r, node->v.element.children.data[i], depth + 1);
	r->form = form;
	r->around = around;
}

static void visit(void *ctx, const GumboNode *root)
{
	walk(ctx, root, 0);
}

/* The form that a control belongs to (HTML 4.10.18.3); NULL: none. */
static struct forms_form *owner(struct reading *r, const struct pending *p)
{
	struct forms_page *out = r->out;
	for (size_t i = 0; p->form.p != NULL && i < out->n_forms; i++)
		if (span_eq(out->forms[i].id, p->form))
			return &out->forms[i];
	if (p->form.p != NULL)
		return NULL;
	if (p->inside != 0)
		return &out->forms[p->inside - 1];
	for (size_t i = out->n_forms; p->at != SIZE_MAX && i > 0; i--)
		if (p->at > out->forms[i - 1].from && p->at < out->forms[i - 1].to)
			return &out->forms[i - 1];
	return NULL;
}

static void name_by_label(struct reading *r, struct forms_field *f)
{
	for (size_t i = 0; f->id.p != NULL && i < r->n_labels; i++)
		if (span_eq(r->labels[i].target, f->id)) {
			f->label = r->labels[i].text;
			return;
		}
}

static void assign(struct reading *r)
{
	struct forms_form none = {.none = true, .method = span_str("get")};
	for (size_t i = 0; i < r->n; i++) {
		struct pending *p = &r->list[i];
		struct forms_form *f = owner(r, p);
		if (p->button && (f == NULL || f->n_ways == WAYS_MAX))
			continue;
		if (f == NULL)
			f = &none;
		if (p->button) {
			ARENA_PUSH(r->a, f->ways, f->n_ways, p->way);
			continue;
		}
		name_by_label(r, &p->field);
		ARENA_PUSH(r->a, f->fields, f->n_fields, p->field);
	}
	if (none.n_fields > 0)
		ARENA_PUSH(r->a, r->out->forms, r->out->n_forms, none);
}

void html_forms_read(struct arena *a, struct span html, struct forms_page *out)
{
	struct html_parse p;
	struct reading r = {.a = a, .out = out};
	*out = (struct forms_page){0};
	if (html.n == 0)
		return;
	html = r.page = as_utf8(a, html);
	html_parse_init(&p, html.n);
	html_parse_each(&p, html, visit, &r);
	out->more |= p.limits;
	html_parse_fini(&p);
	assign(&r);
}
