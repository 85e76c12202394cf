/* Forms as facts for a report: what a page asks for, and where that would go. */
#include "ui/report/landing.h"
#include "ui/report/landing_asks.h"
#include "store/derive/party.h"
#include "store/derive/url.h"

/* Registrable domain, or what else tells one owner from another. */
static struct span owner_of(struct arena *a, struct span host)
{
	struct party p = {0};
	party_of_host(a, host, &p);
	return p.registrable_domain.n > 0 ? p.registrable_domain : host;
}

/* HTML 4.10.22.3: an action that is missing or empty is the document's own address. */
static void aim(struct arena *a, const struct url *page, const struct url *base,
	struct span action, struct landing_form *f)
{
	struct url to;
	if (action.n == 0) {
		f->action = page->href;
		f->to_plain_http = span_is(page->scheme, "http");
		return;
	}
	if (!url_parse(a, base, action, &to)) {
		f->action = action;
		return;
	}
	f->action = to.href;
	f->to_plain_http = span_is(to.scheme, "http");
	if (span_is(to.scheme, "mailto"))
		f->elsewhere = true;
	else if (url_is_web(&to))
		f->elsewhere = !span_eq(owner_of(a, to.host), owner_of(a, page->host));
}

static void take_fields(struct arena *a, const struct forms_form *from, struct landing_form *f)
{
	const char **asks = arena_alloc(a, (from->n_fields + 1) * sizeof *asks);
	asks_of_form(a, from, asks);
	f->fields = arena_alloc(a, (from->n_fields + 1) * sizeof *f->fields);
	for (size_t i = 0; i < from->n_fields; i++) {
		const struct forms_field *field = &from->fields[i];
		struct span label = field->label;
		if (label.p == NULL)
			label = field->placeholder.p != NULL ? field->placeholder : field->near;
		f->fields[f->n_fields++] = (struct landing_field){
			.name = field->name.p != NULL ? field->name : field->id,
			.type = field->type,
			.label = label,
			.asks = asks[i]};
	}
}

void landing_forms(
	struct arena *a, struct span html, struct span url, struct report_landing *out)
{
	struct forms_page page;
	struct url here, base;
	html_forms_read(a, html, &page);
	out->title = page.title;
	out->more |= page.more;
	if (!url_parse(a, NULL, url, &here))
		return;
	base = here;
	if (page.base.p != NULL && !url_parse(a, &here, page.base, &base))
		base = here;
	for (size_t i = 0; i < page.n_forms; i++) {
		const struct forms_form *from = &page.forms[i];
		struct landing_form f = {.method = from->method, .more = page.more};
		take_fields(a, from, &f);
		/* Nobody says where a script sends fields that are in no form. */
		if (!from->none)
			aim(a, &here, &base, from->action, &f);
		ARENA_PUSH(a, out->forms, out->n_forms, f);
		for (size_t k = 0; k < from->n_ways; k++) {
			const struct forms_way *way = &from->ways[k];
			struct landing_form other = f;
			other.elsewhere = other.to_plain_http = false;
			aim(a, &here, &base, way->action.p != NULL ? way->action : from->action,
				&other);
			if (way->method.p != NULL)
				other.method = way->method;
			ARENA_PUSH(a, out->forms, out->n_forms, other);
		}
	}
	for (size_t i = 0; i < page.n_links; i++) {
		struct url link;
		if (url_parse(a, &base, page.links[i], &link))
			landing_store_link(a, link.href, out);
	}
}
