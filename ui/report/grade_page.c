/*
 * What a response and its page say about encryption. Of bodies only counts are told: what
 * stands in them may name a recipient.
 */
#include "ui/report/grade_parts.h"
#include "store/derive/html_cue.h"

enum { HSTS_LONG_S = 15552000 }; /* 180 days, below which scanners and browsers frown */

struct hsts {
	bool valid, off;
	uint64_t max_age_s;
};

/* One directive of the field; false: the whole is invalid. */
static bool take_directive(struct span d, bool *seen, struct hsts *out)
{
	size_t equals = span_find_byte(d, '=', 0);
	struct span name = span_trim(span_first(d, equals), " \t");
	if (!span_is_nocase(name, "max-age"))
		return true;
	struct span value =
		equals == SIZE_MAX ? SPAN_NONE : span_trim(span_from(d, equals + 1), " \t");
	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		value = span_of(value.p + 1, value.n - 2);
	if (*seen || !span_u64(value, &out->max_age_s))
		return false;
	*seen = true;
	return true;
}

/* RFC 6797 6.1: max-age must be there, and no directive twice. */
static struct hsts read_hsts(struct span s)
{
	struct hsts h = {0};
	bool seen = false;
	while (s.n > 0) {
		struct span d = span_first(s, span_find_byte(s, ';', 0));
		s = span_from(s, d.n + 1);
		if (!take_directive(d, &seen, &h))
			return h;
	}
	h.valid = seen;
	h.off = seen && h.max_age_s == 0;
	return h;
}

void grade_hsts(struct grading *x, struct span value)
{
	x->g->hsts = value;
	if (!x->g->encrypted) {
		if (value.p != NULL)
			grade_add(x, GRADE_NOTE, "hsts-over-http",
				"Strict-Transport-Security over plain http is ignored (RFC "
				"6797 "
				"8.1)",
				SPAN_NONE);
		return;
	}
	struct hsts h = read_hsts(value);
	if (value.p == NULL)
		grade_add(x, GRADE_NOTE, "no-hsts",
			"no Strict-Transport-Security: the next visit may be by plain http "
			"(RFC 6797)",
			SPAN_NONE);
	else if (!h.valid)
		grade_add(x, GRADE_NOTE, "hsts-invalid",
			"Strict-Transport-Security is malformed, and browsers ignore it (RFC "
			"6797 6.1)",
			SPAN_NONE);
	else if (h.off)
		grade_add(x, GRADE_NOTE, "hsts-off",
			"Strict-Transport-Security with max-age=0 switches it off (RFC 6797 "
			"6.1.1)",
			SPAN_NONE);
	else if (h.max_age_s < HSTS_LONG_S)
		grade_add(x, GRADE_NOTE, "hsts-short",
			"Strict-Transport-Security is kept for less than 180 days (RFC 6797 "
			"11.2)",
			SPAN_NONE);
}

struct page_count {
	size_t forms, plain_forms, plain_parts, plain_links, relative;
	bool password;
};

static bool to_plain(struct arena *a, const struct url *base, struct span value)
{
	struct url u;
	return value.p != NULL && url_parse(a, base, value, &u) && span_is(u.scheme, "http");
}

static bool asks(const struct html_form *f)
{
	for (size_t i = 0; f != NULL && i < f->n_fields; i++)
		if (!f->fields[i].hidden)
			return true;
	return f != NULL && f->password;
}

static void count_item(struct arena *a, const struct url *base, const struct html_item *i,
	struct page_count *out)
{
	if (i->kind == HTML_FORM && asks(i->form)) {
		out->forms++;
		out->password |= i->form->password;
		out->plain_forms += to_plain(a, base, i->value);
	}
	bool part = i->kind == HTML_SCRIPT_SRC || i->kind == HTML_FRAME;
	if (!part && i->kind != HTML_ANCHOR)
		return;
	struct span value = span_trim(i->value, " \t\r\n\f");
	out->relative += span_starts(value, "//");
	if (span_starts_nocase(value, "http:")) {
		out->plain_parts += part;
		out->plain_links += !part;
	}
}

static bool is_html(struct span type)
{
	return span_is_nocase(type, "text/html") ||
	       span_is_nocase(type, "application/xhtml+xml");
}

static bool count_page(struct grading *x, struct page_count *out)
{
	const struct model_exchange *e = x->h->exchange;
	struct arena scratch = {0};
	struct html_page page = {0};
	struct url url, base;
	*out = (struct page_count){0};
	/* Browsers show the page of an error, too, and kits make use of that. */
	if (!is_html(x->h->media_type) || e->response == NULL ||
		(e->response->status >= 300 && e->response->status < 400))
		return false;
	model_need_body(e);
	if (e->res_body.n == 0 || !url_parse(&scratch, NULL, x->h->hop->url, &url)) {
		arena_fini(&scratch);
		return false;
	}
	base = url;
	html_cue_read(&scratch, e->res_body, true, &page);
	for (size_t i = 0; i < page.n_items; i++)
		if (page.items[i].kind == HTML_BASE) {
			if (!url_parse(&scratch, &url, page.items[i].value, &base))
				base = url;
			break; /* the first counts (HTML 4.2.3) */
		}
	out->password = page.password;
	for (size_t i = 0; i < page.n_items; i++)
		count_item(&scratch, &base, &page.items[i], out);
	arena_fini(&scratch);
	return true;
}

static struct span number(struct arena *a, size_t n)
{
	return span_str(arena_printf(a, "%zu", n));
}

static void grade_plain_page(struct grading *x, const struct page_count *c)
{
	if (c->password)
		grade_add(x, GRADE_BROKEN, "password-on-plain-http",
			"the page asks for a password and came unencrypted (W3C Secure "
			"Contexts; browsers warn \"not secure\")",
			SPAN_NONE);
	else if (c->forms > 0)
		grade_add(x, GRADE_BROKEN, "form-on-plain-http",
			"the page has a form to fill in and came unencrypted: whoever is on "
			"the "
			"way can change where it goes (browsers warn \"not secure\")",
			number(x->a, c->forms));
}

static void grade_secure_page(struct grading *x, const struct page_count *c)
{
	if (c->plain_forms > 0)
		grade_add(x, GRADE_BROKEN, "form-to-plain-http",
			"what is typed into a form of the page would travel unencrypted (W3C "
			"Mixed Content 1.1)",
			number(x->a, c->plain_forms));
	if (c->plain_parts > 0)
		grade_add(x, GRADE_NOTE, "mixed-content",
			"the page loads scripts or frames by plain http, which browsers block "
			"(W3C Mixed Content)",
			number(x->a, c->plain_parts));
	if (c->plain_links > 0)
		grade_add(x, GRADE_NOTE, "plain-links",
			"links of the page leave encryption behind",
			number(x->a, c->plain_links));
}

void grade_page(struct grading *x)
{
	const struct model_exchange *e = x->h->exchange;
	struct page_count c;
	if (e->response == NULL || !span_is(x->h->made_by, "origin"))
		return;
	grade_hsts(x, model_response_header(e, "Strict-Transport-Security"));
	bool read = count_page(x, &c);
	if (read && x->g->encrypted)
		grade_secure_page(x, &c);
	else if (read)
		grade_plain_page(x, &c);
	c.relative += span_starts(span_trim(model_response_header(e, "Location"), " \t"), "//");
	if (c.relative > 0)
		grade_add(x, GRADE_NOTE, "protocol-relative",
			"addresses without a scheme are encrypted only where the page was (RFC "
			"3986 4.2)",
			number(x->a, c.relative));
}
