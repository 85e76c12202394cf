/* What of an element may move a browser, whoever read it. */
#include "store/derive/html_cue_see.h"

struct span html_seen_source(const struct html_seen *w, struct span s, size_t *offset)
{
	uintptr_t at = (uintptr_t)s.p, from = (uintptr_t)w->parsed.p;
	*offset = 0;
	if (s.p == NULL || at < from || at > from + w->parsed.n)
		return span_of(w->page.p, 0);
	*offset = at - from;
	return span_first(span_from(w->page, *offset), s.n);
}

static const struct html_attribute *attribute(const struct html_element *e, const char *name)
{
	for (size_t i = 0; i < e->n_attributes; i++)
		if (span_is_nocase(e->attributes[i].name, name))
			return &e->attributes[i];
	return NULL;
}

static struct span attribute_value(
	const struct html_seen *w, const struct html_element *e, const char *name)
{
	const struct html_attribute *at = attribute(e, name);
	return at == NULL ? SPAN_NONE : arena_copy(w->a, at->value);
}

static bool attribute_is(const struct html_element *e, const char *name, const char *value)
{
	const struct html_attribute *at = attribute(e, name);
	return at != NULL && span_is_nocase(span_trim(at->value, " \t\n\f\r"), value);
}

static struct html_item *push(
	struct html_seen *w, enum html_kind kind, struct span value, struct span source)
{
	enum { QUOTE_MAX = 400 };
	struct html_page *out = w->out;
	if (out->n_items == HTML_ITEMS_MAX) {
		out->limits = true;
		return NULL;
	}
	struct html_item item = {.kind = kind, .value = value};
	item.quote = span_first(html_seen_source(w, source, &item.offset), QUOTE_MAX);
	ARENA_PUSH(w->a, out->items, out->n_items, item);
	return &out->items[out->n_items - 1];
}

/* An item for an attribute's value; NULL if the element has no such attribute. */
static struct html_item *push_attribute(struct html_seen *w, enum html_kind kind,
	const struct html_element *e, const char *name)
{
	const struct html_attribute *at = attribute(e, name);
	if (at == NULL)
		return NULL;
	return push(w, kind, arena_copy(w->a, at->value), at->source);
}

/* MIME types of scripts, "module", or nothing: the rest is data (HTML, "prepare the script
 * element"). */
static bool script_runs(const struct html_element *e)
{
	const struct html_attribute *type = attribute(e, "type");
	if (type == NULL)
		return true;
	struct span t = span_trim(type->value, " \t\n\f\r");
	return t.n == 0 || span_is_nocase(t, "module") || span_ends_nocase(t, "javascript") ||
	       span_ends_nocase(t, "ecmascript") || span_ends_nocase(t, "jscript") ||
	       span_ends_nocase(t, "livescript");
}

static void look_for_captcha(struct html_seen *w, struct span src)
{
	static const char *const marks[] = {"recaptcha", "hcaptcha.com",
		"challenges.cloudflare.com", "/cdn-cgi/challenge-platform",
		"captcha-delivery.com", "arkoselabs.com", "funcaptcha", "perimeterx",
		"px-captcha", "geetest.com"};
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (span_find_nocase(span_first(src, 2000), span_str(marks[i]), 0) != SIZE_MAX)
			w->out->captcha = true;
}

static void see_script(struct html_seen *w, const struct html_element *e)
{
	bool runs = script_runs(e);
	const struct html_attribute *src = attribute(e, "src");
	w->out->script |= runs;
	if (src != NULL) {
		look_for_captcha(w, src->value);
		push_attribute(w, HTML_SCRIPT_SRC, e, "src");
		return;
	}
	for (size_t i = 0; i < e->n_texts; i++) {
		size_t at;
		struct span source = html_seen_source(w, e->texts[i], &at);
		look_for_captcha(w, source);
		struct html_item *item = push(w, HTML_SCRIPT, source, e->texts[i]);
		if (item != NULL)
			item->executes = runs;
	}
}

static void see_meta(struct html_seen *w, const struct html_element *e)
{
	if (!attribute_is(e, "http-equiv", "refresh") || attribute(e, "content") == NULL)
		return;
	push(w, HTML_META_REFRESH, attribute_value(w, e, "content"), e->source);
}

static void see_form(struct html_seen *w, const struct html_element *e)
{
	struct html_form *form = arena_alloc(w->a, sizeof *form);
	form->post = attribute_is(e, "method", "post");
	form->id = attribute_value(w, e, "id");
	struct html_item *item = push(w, HTML_FORM, attribute_value(w, e, "action"), e->source);
	if (item == NULL)
		return;
	item->form = form;
	item->blank = attribute_is(e, "target", "_blank");
	w->form = form;
}

/* The form that a control belongs to: named by its form attribute, or the one around it. */
static struct html_form *owner(const struct html_seen *w, const struct html_element *e)
{
	const struct html_attribute *id = attribute(e, "form");
	if (id == NULL)
		return w->form;
	for (size_t i = 0; i < w->out->n_items; i++) {
		struct html_form *form = w->out->items[i].form;
		if (form != NULL && form->id.n > 0 && span_eq(form->id, id->value))
			return form;
	}
	return NULL;
}

static void see_control(struct html_seen *w, const struct html_element *e)
{
	struct html_form *form = owner(w, e);
	bool password = attribute_is(e, "type", "password");
	w->out->password |= password;
	if (form == NULL)
		return;
	form->password |= password;
	if (attribute(e, "formaction") != NULL) {
		struct html_item *item = push_attribute(w, HTML_FORM, e, "formaction");
		if (item != NULL)
			item->form = form;
	}
	struct span name = attribute_value(w, e, "name");
	if (name.n == 0)
		return;
	if (w->n_fields == HTML_FIELDS_MAX) {
		w->out->limits = true;
		return;
	}
	w->n_fields++;
	ARENA_PUSH(w->a, form->fields, form->n_fields,
		(struct html_field){name, attribute_value(w, e, "value"),
			attribute_is(e, "type", "hidden")});
}

static void see_handlers(struct html_seen *w, const struct html_element *e)
{
	for (size_t i = 0; i < e->n_attributes; i++) {
		const struct html_attribute *at = &e->attributes[i];
		if (!span_starts_nocase(at->name, "on") || at->value.n == 0)
			continue;
		struct html_item *item =
			push(w, HTML_HANDLER, arena_copy(w->a, at->value), at->source);
		if (item == NULL)
			return;
		w->out->script = true;
		item->automatic = span_is_nocase(at->name, "onload") ||
				  span_is_nocase(at->name, "onerror") ||
				  span_is_nocase(at->name, "onpageshow");
	}
}

static void see_anchor(struct html_seen *w, const struct html_element *e)
{
	struct html_item *item = push_attribute(w, HTML_ANCHOR, e, "href");
	if (item != NULL)
		item->blank = attribute_is(e, "target", "_blank");
}

void html_see(struct html_seen *w, const struct html_element *e)
{
	see_handlers(w, e);
	switch (e->tag) {
	case HTML_TAG_OTHER: break;
	case HTML_TAG_SCRIPT: see_script(w, e); break;
	case HTML_TAG_A:
	case HTML_TAG_AREA: see_anchor(w, e); break;
	case HTML_TAG_BASE: push_attribute(w, HTML_BASE, e, "href"); break;
	case HTML_TAG_META: see_meta(w, e); break;
	case HTML_TAG_FRAME:
		push_attribute(w, HTML_SRCDOC, e, "srcdoc");
		push_attribute(w, HTML_FRAME, e, "src");
		break;
	case HTML_TAG_OBJECT: push_attribute(w, HTML_FRAME, e, "data"); break;
	case HTML_TAG_FORM: see_form(w, e); break;
	case HTML_TAG_CONTROL: see_control(w, e); break;
	}
}
