#include "store/derive/cue.h"
#include "store/derive/refresh.h"
#include "store/derive/script_token.h"
#include "store/derive/texts.h"
#include "store/derive/url_parts.h"

bool cue_redirect_status(int64_t status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 ||
	       status == 308;
}

struct span cue_redirect_method(int64_t status, struct span method)
{
	bool post = span_is(method, "POST");
	if ((status == 301 || status == 302) && post)
		return span_str("GET");
	if (status == 303 && !span_is(method, "GET") && !span_is(method, "HEAD"))
		return span_str("GET");
	return method;
}

struct span cue_intent_value(struct arena *a, struct span target, const char *key)
{
	size_t at = span_find(target, span_str("#Intent;"), 0);
	if (!span_starts_nocase(target, "intent:") || at == SIZE_MAX)
		return SPAN_NONE;
	for (at += strlen("#Intent;"); at < target.n;) {
		size_t end = span_find_byte(target, ';', at);
		if (end == SIZE_MAX)
			end = target.n;
		struct span pair = span_of(target.p + at, end - at);
		size_t eq = span_find_byte(pair, '=', 0);
		if (eq != SIZE_MAX && span_is(span_first(pair, eq), key))
			return url_unescape(a, span_from(pair, eq + 1), false);
		at = end + 1;
	}
	return SPAN_NONE;
}

struct reading {
	struct arena *a;
	const struct cue_source *source;
	const struct url *base; /* what relative URLs of the document are resolved against */
	struct cue_list *out;
	struct span body; /* as read; the source's, or made UTF-8 */
};

static bool aim(struct reading *r, const struct url *base, struct span text, struct cue *c);

/* Android's browsers go there by themselves where the program is missing. */
static void push_fallback(struct reading *r, struct cue c)
{
	struct span url = cue_intent_value(r->a, c.target, "S.browser_fallback_url");
	c.fallback = true;
	if (url.n > 0 && r->out->n < CUES_MAX && aim(r, NULL, url, &c) && c.web) {
		r->out->bytes += c.target.n;
		ARENA_PUSH(r->a, r->out->cues, r->out->n, c);
	}
}

static bool push(struct reading *r, struct cue c)
{
	if (r->out->n == CUES_MAX || r->out->bytes > CUE_BYTES_MAX) {
		r->out->limits = true;
		return false;
	}
	c.quote = span_first(c.quote, CUE_QUOTE_MAX);
	r->out->bytes += c.target.n;
	ARENA_PUSH(r->a, r->out->cues, r->out->n, c);
	if (c.handoff)
		push_fallback(r, c);
	return true;
}

/* Where another program takes over. Schemes that stay in the browser do not. */
static bool is_handoff(const struct url *u)
{
	static const char *const inside[] = {"javascript", "data", "about", "blob", "file",
		"view-source", "ws", "wss", "ftp", "chrome", "resource", "moz-extension",
		"filesystem", "cid", "mid"};
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
		if (span_is(u->scheme, inside[i]))
			return false;
	return !url_is_web(u);
}

static void set_target(struct cue *c, const struct url *u)
{
	c->target = u->href;
	c->key = url_key(u->href);
	c->web = url_is_web(u);
	c->handoff = is_handoff(u);
}

/* Resolve `text` and aim the cue at it. False: it is not a URL. */
static bool aim(struct reading *r, const struct url *base, struct span text, struct cue *c)
{
	struct url u;
	if (r->out->bytes > CUE_BYTES_MAX || !url_parse(r->a, base, text, &u))
		return false;
	set_target(c, &u);
	return true;
}

static void read_location(struct reading *r)
{
	const struct cue_source *s = r->source;
	struct cue c = {.kind = CUE_LOCATION, .quote = SPAN_NONE, .offset = CUE_NO_OFFSET};
	for (size_t i = 0; i < s->n_fields; i++) {
		if (!span_is_nocase(s->fields[i].name, "location"))
			continue;
		/* Firefox takes the same Location twice, and shows an error for two that
		 * differ. */
		if (c.quote.p != NULL && !span_eq(c.quote, s->fields[i].value))
			c.refused = true;
		else
			c.quote = s->fields[i].value;
	}
	if (c.quote.p == NULL)
		return;
	struct url u;
	if (url_location(r->a, s->url, c.quote, &u))
		set_target(&c, &u);
	else
		c.refused = true;
	if (cue_redirect_status(s->status))
		r->out->hidden = true;
	else
		c.kind = CUE_LOCATION_UNUSED;
	push(r, c);
}

/* A Refresh value as a cue; base: of the document for meta, its URL for the header (both
 * measured in Firefox). */
static void read_refresh(
	struct reading *r, const struct url *base, struct span value, struct cue c)
{
	struct refresh parsed;
	if (!refresh_parse(value, &parsed))
		return;
	c.delay_ms = parsed.seconds * 1000;
	if (parsed.has_url ? aim(r, base, parsed.url, &c)
			   : aim(r, NULL, r->source->url->href, &c))
		push(r, c);
}

static void read_refresh_header(struct reading *r)
{
	const struct cue_source *s = r->source;
	for (size_t i = 0; i < s->n_fields; i++)
		if (span_is_nocase(s->fields[i].name, "refresh"))
			read_refresh(r, s->url, s->fields[i].value,
				(struct cue){.kind = CUE_REFRESH_HEADER,
					.quote = s->fields[i].value,
					.offset = CUE_NO_OFFSET});
}

static void read_html(
	struct reading *r, struct span html, const struct cue *within, unsigned depth);

/* What a script says. at: offset of its text in the body; within: the attribute or string that
 * holds it, else NULL. */
static void add_script(struct reading *r, const struct script_page *p, struct span text,
	size_t at, const struct cue *within, unsigned depth)
{
	for (size_t i = 0; i < p->n_items; i++) {
		const struct script_item *item = &p->items[i];
		struct cue c = {.kind = CUE_SCRIPT,
			.how = item->how,
			.prefix = item->prefix,
			.timer = item->timer,
			.delay_ms = item->delay_ms,
			.coding = item->coding,
			.window = item->how == SCRIPT_OPEN};
		c.quote = within != NULL ? within->quote
					 : span_first(span_from(text, item->at), item->len);
		c.offset = within != NULL ? within->offset : (int64_t)(at + item->at);
		c.written = within != NULL && within->written;
		c.blob = item->blob || (within != NULL && within->blob);
		c.gesture = within != NULL && within->gesture;
		r->out->submits |= item->how == SCRIPT_SUBMIT;
		r->out->clicks |= item->how == SCRIPT_CLICK;
		if (item->how == SCRIPT_HTML) {
			c.written = true;
			if (depth < CUE_WRITTEN_DEPTH_MAX)
				read_html(r, item->value, &c, depth + 1);
		} else if (item->how == SCRIPT_REFRESH) {
			c.kind = CUE_META_REFRESH;
			c.written = true;
			read_refresh(r, r->base, item->value, c);
		} else if (item->how == SCRIPT_RELOAD) {
			if (aim(r, NULL, r->source->url->href, &c))
				push(r, c);
		} else if (item->value.p == NULL || aim(r, r->base, item->value, &c)) {
			push(r, c);
		}
	}
	r->out->limits |= p->limits;
}

static void read_script(struct reading *r, struct span text, size_t at,
	const struct cue *within, unsigned depth)
{
	struct script_page p;
	script_cue_read(r->a, text, r->base, &p);
	add_script(r, &p, text, at, within, depth);
}

/* A form's action; an empty or missing one means the document itself (HTML 4.10.21.3). */
static void add_form(struct reading *r, const struct html_item *item, struct cue c)
{
	struct url u;
	struct span action = span_trim(item->value, " \t\n\f\r");
	if (!url_parse(r->a, action.n == 0 ? NULL : r->base,
		    action.n == 0 ? r->source->url->href : action, &u))
		return;
	c.kind = CUE_FORM;
	c.form = item->form;
	c.post = item->form->post;
	set_target(&c, &u);
	if (!c.post) {
		/* The fields become the query: what is known is the URL before it. */
		size_t n = url_no_fragment(u.href).n;
		if (u.query.p != NULL)
			n = (size_t)(u.query.p - u.href.p) - 1;
		c.key = url_key(span_first(u.href, n));
	}
	push(r, c);
}

static void add_anchor(
	struct reading *r, const struct html_item *item, struct cue c, unsigned depth)
{
	struct span href = span_trim(item->value, " \t\n\f\r");
	if (span_starts_nocase(href, "javascript:")) {
		c.gesture = true;
		struct span code = url_unescape(r->a, span_from(href, 11), false);
		read_script(r, code, 0, &c, depth);
		return;
	}
	c.kind = CUE_ANCHOR;
	if (aim(r, r->base, href, &c))
		push(r, c);
}

/* One find of the HTML reader. within: the script's string that it stands in, or NULL. */
static void add_item(struct reading *r, const struct html_item *item, const struct cue *within,
	unsigned depth)
{
	struct cue c = {.quote = item->quote,
		.offset = (int64_t)item->offset,
		.noscript = item->noscript,
		.window = item->blank};
	if (within != NULL) {
		c.quote = within->quote;
		c.offset = within->offset;
		c.written = true;
		c.blob = within->blob;
		c.timer = within->timer;
		c.delay_ms = within->delay_ms;
	}
	switch (item->kind) {
	case HTML_BASE: break;
	case HTML_META_REFRESH:
		/* A frame's own moves the frame. */
		if (within != NULL && within->kind == CUE_FRAME)
			break;
		c.kind = CUE_META_REFRESH;
		read_refresh(r, r->base, item->value, c);
		break;
	case HTML_FORM: add_form(r, item, c); break;
	case HTML_ANCHOR: add_anchor(r, item, c, depth); break;
	case HTML_FRAME:
		c.kind = CUE_FRAME;
		if (item->value.n > 0 && aim(r, r->base, item->value, &c))
			push(r, c);
		break;
	case HTML_SRCDOC:
		c.kind = CUE_FRAME;
		if (depth < CUE_WRITTEN_DEPTH_MAX)
			read_html(r, item->value, &c, depth + 1);
		break;
	case HTML_SCRIPT_SRC: break;
	case HTML_SCRIPT:
		if (r->source->scripting)
			read_script(r, item->value, item->offset, within != NULL ? &c : NULL,
				depth);
		break;
	case HTML_HANDLER:
		c.gesture = !item->automatic;
		if (r->source->scripting)
			read_script(r, item->value, 0, &c, depth);
		break;
	}
}

/* The document's base URL: its first <base href> that is one (HTML 4.2.3). */
static void find_base(struct reading *r, const struct html_page *p)
{
	struct url u;
	for (size_t i = 0; i < p->n_items; i++) {
		if (p->items[i].kind != HTML_BASE)
			continue;
		if (!url_parse(r->a, r->source->url, p->items[i].value, &u) ||
			span_is(u.scheme, "data") || span_is(u.scheme, "javascript"))
			return;
		struct url *base = arena_alloc(r->a, sizeof *base);
		*base = u;
		r->base = base;
		return;
	}
}

static void read_html(
	struct reading *r, struct span html, const struct cue *within, unsigned depth)
{
	struct html_page p;
	html_cue_read(r->a, html, r->source->scripting, &p);
	if (within == NULL) {
		r->out->document = true;
		r->out->password = p.password;
		r->out->captcha = p.captcha;
		find_base(r, &p);
	}
	r->out->script |= p.script;
	r->out->limits |= p.limits;
	for (size_t i = 0; i < p.n_items; i++)
		add_item(r, &p.items[i], within, depth);
}

struct span cue_text(struct arena *a, struct span s)
{
	if (s.n < 2 ||
		!((s.p[0] == 0xff && s.p[1] == 0xfe) || (s.p[0] == 0xfe && s.p[1] == 0xff)))
		return s;
	size_t low = s.p[0] == 0xff ? 0 : 1;
	struct buf out = {0};
	for (size_t i = 2; i + 1 < s.n; i += 2) {
		uint32_t c = (uint32_t)(s.p[i + low] | s.p[i + 1 - low] << 8);
		if (c >= 0xd800 && c < 0xdc00 && i + 3 < s.n) {
			uint32_t d = (uint32_t)(s.p[i + 2 + low] | s.p[i + 3 - low] << 8);
			if (d >= 0xdc00 && d < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) + (d - 0xdc00);
				i += 2;
			}
		}
		url_add_utf8(&out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
	}
	s = buf_len(&out) > 0 ? arena_copy(a, buf_span(&out)) : span_str("");
	buf_fini(&out);
	return s;
}

/* The first byte that is not white space. */
static int first_byte(struct span s)
{
	s = span_trim(span_first(s, 1024), " \t\r\n\f");
	if (span_starts(s, "\xef\xbb\xbf"))
		s = span_trim(span_from(s, 3), " \t\r\n\f");
	return s.n > 0 ? s.p[0] : -1;
}

static void read_body(struct reading *r)
{
	const struct cue_source *s = r->source;
	struct span type =
		fields_media_type(fields_value(s->fields, s->n_fields, "content-type"));
	struct script_page p;
	r->body = cue_text(r->a, s->body);
	int first = first_byte(r->body);
	bool html = fields_is_html(type) || (type.n == 0 && first == '<') ||
		    span_is_nocase(type, "image/svg+xml") ||
		    span_is_nocase(type, "application/xml") || span_is_nocase(type, "text/xml");
	/* An answer that a script asked for is what it looks like, whatever its type says. */
	bool data = !s->document && (first == '{' || first == '[' || first == '"');
	if (html && !data) {
		read_html(r, r->body, NULL, 0);
		return;
	}
	if (!s->scripting || s->document)
		return;
	if (data || fields_is_script(type)) {
		bool whole = s->text != NULL && r->body.p == s->text->body.p;
		const struct script_page *known = whole ? text_script(s->text, r->base) : NULL;
		if (known != NULL)
			add_script(r, known, r->body, 0, NULL, 0);
		else
			read_script(r, r->body, 0, NULL, 0);
		return;
	}
	script_cue_text(r->a, r->body, &p);
	add_script(r, &p, r->body, 0, NULL, 0);
}

void cue_read(struct arena *a, const struct cue_source *source, struct cue_list *out)
{
	struct reading r = {.a = a, .source = source, .out = out};
	r.base = source->base != NULL ? source->base : source->url;
	*out = (struct cue_list){0};
	read_location(&r);
	/* Where Location leads on, neither Refresh nor body counts (measured in Firefox). */
	if (out->hidden)
		return;
	read_refresh_header(&r);
	if (source->body.n > 0)
		read_body(&r);
	for (size_t i = 0; i < out->n && out->blob == NULL; i++)
		if (out->cues[i].kind == CUE_SCRIPT && out->cues[i].how == SCRIPT_BLOB)
			out->blob = &out->cues[i];
}

bool cue_next_plain(struct arena *a, const struct cue_source *source, struct span method,
	struct cue_next *out)
{
	struct cue_source plain = *source;
	struct cue_list list;
	const struct cue *best = NULL;
	plain.scripting = false;
	plain.document = true;
	*out = (struct cue_next){0};
	cue_read(a, &plain, &list);
	for (size_t i = 0; i < list.n; i++) {
		const struct cue *c = &list.cues[i];
		if (c->kind == CUE_LOCATION) {
			out->refused = c->refused;
			best = c->refused ? NULL : c;
			break;
		}
		if ((c->kind == CUE_REFRESH_HEADER || c->kind == CUE_META_REFRESH) &&
			(c->web || c->handoff) &&
			(best == NULL || c->delay_ms < best->delay_ms))
			best = c;
	}
	if (best == NULL)
		return false;
	out->kind = best->kind;
	out->url = best->target;
	out->web = best->web;
	out->delay_ms = best->delay_ms;
	out->method = best->kind == CUE_LOCATION ? cue_redirect_method(source->status, method)
						 : span_str("GET");
	return true;
}
