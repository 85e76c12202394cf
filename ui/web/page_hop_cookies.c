/*
 * Cookies that were sent, with the hop that had set each; and cookies that were set, taken
 * apart, with where they turned up again, if they did.
 */
#include "ui/web/hop_cookie.h"
#include "ui/web/page_hop.h"
#include "store/derive/party.h"
#include "store/fact/lapse.h"

/* Where this exchange stands in the model; n_exchanges: it does not. */
static size_t place_of(const struct hop_view *v)
{
	const struct model *m = v->r->report.model;
	size_t i = 0;
	while (i < m->n_exchanges && m->exchanges[i] != v->x)
		i++;
	return i;
}

/* A cookie that another exchange set and that would go along here. */
struct origin {
	const struct model_exchange *x; /* NULL: none was found */
	bool same_value;
	bool looked_up_to_limit;
};

static bool sets(struct hop_view *v, const struct model_exchange *x, const struct url *here,
	struct span name, struct span value, struct origin *out)
{
	struct url from;
	struct hop_cookie c;
	for (size_t i = x->n_res_fields; i > 0; i--) {
		const struct model_field *f = &x->res_fields[i - 1];
		if (!span_is_nocase(f->name, "Set-Cookie"))
			continue;
		hop_cookie_read(f->value, x->request->at_us, &c);
		if (!span_eq(c.name, name) || c.gone ||
			!url_parse(v->a, NULL, x->request->url, &from) ||
			!hop_cookie_goes(&c, &from, here))
			continue;
		bool same = span_eq(c.value, value);
		if (out->x == NULL || (same && !out->same_value)) {
			out->x = x;
			out->same_value = same;
		}
		if (same)
			return true;
	}
	return false;
}

/* The newest before this one that set it so; else the newest that set it at all. */
static struct origin who_set(
	struct hop_view *v, const struct url *here, struct span name, struct span value)
{
	const struct model *m = v->r->report.model;
	struct origin found = {0};
	size_t looked = 0;
	for (size_t i = v->place; i > 0; i--) {
		const struct model_exchange *x = m->exchanges[i - 1];
		if (x->session != v->x->session || x->request == NULL)
			continue;
		if (++looked > HOP_COOKIE_LOOK || ++v->looked > HOP_COOKIES_LOOK) {
			found.looked_up_to_limit = true;
			break;
		}
		if (sets(v, x, here, name, value, &found))
			break;
	}
	return found;
}

static void say_origin(struct hop_view *v, const struct origin *o)
{
	if (o->x == NULL) {
		page_say(v->p, o->looked_up_to_limit
				       ? "not among the exchanges just before this one"
				       : "by no recorded answer: by a script, or before");
		return;
	}
	page_say(v->p, "by ");
	hop_link_exchange(v, o->x->id, HOP_COOKIES);
	if (!o->same_value)
		page_say(v->p, ", but with another value");
}

static size_t sent(struct hop_view *v, const struct url *here, bool write)
{
	size_t n = 0;
	for (size_t i = 0; i < v->x->n_req_fields; i++) {
		struct span left = v->x->req_fields[i].value, name, value;
		if (!span_is_nocase(v->x->req_fields[i].name, "Cookie"))
			continue;
		while (hop_cookie_next(&left, &name, &value) && ++n <= HOP_VALUES_MAX) {
			if (!write)
				continue;
			struct origin o = who_set(v, here, name, value);
			page_say(v->p, "<tr><th scope=\"row\"><code>");
			page_text(v->p, name);
			page_say(v->p, "</code></th><td>");
			html_code(v->h, value);
			page_say(v->p, "</td><td>");
			say_origin(v, &o);
			page_say(v->p, "</td></tr>\n");
		}
	}
	return n;
}

static struct span site_of(struct hop_view *v, struct span url)
{
	struct url u;
	struct party party = {0};
	if (!url_parse(v->a, NULL, url, &u))
		return SPAN_NONE;
	party_of_host(v->a, u.host, &party);
	return party.registrable_domain.n > 0 ? party.registrable_domain : u.host;
}

/* Whose page it was fetched for. A page in a window is its own. */
static void say_party(struct hop_view *v)
{
	struct span dest = model_request_header(v->x, "sec-fetch-dest");
	struct span site = model_request_header(v->x, "sec-fetch-site");
	struct span referer = model_request_header(v->x, "referer");
	if (v->trail != NULL || span_is(dest, "document")) {
		page_say(v->p, "<p>The page is the window's own: its cookies are "
			       "<b>first-party</b>.</p>\n");
	} else if (span_is(site, "cross-site") ||
		   (site.p == NULL && referer.n > 0 &&
			   !span_eq_nocase(site_of(v, referer), v->hop->registrable_domain))) {
		page_say(v->p, "<p>It was fetched for a page of another site: its cookies are "
			       "<strong class=\"bad\">third-party</strong>.</p>\n");
	} else if (site.p != NULL || referer.n > 0) {
		page_say(v->p, "<p>It was fetched for a page of the same site: its cookies are "
			       "<b>first-party</b>.</p>\n");
	} else {
		page_say(v->p, "<p>For whose page it was fetched is not recorded.</p>\n");
	}
}

/* The next exchange that sent it; 0: none that is recorded. */
static int64_t sent_later(
	struct hop_view *v, const struct hop_cookie *c, const struct url *from, bool *limit)
{
	const struct model *m = v->r->report.model;
	size_t looked = 0;
	struct url to;
	*limit = false;
	for (size_t i = v->place + 1; i < m->n_exchanges; i++) {
		const struct model_exchange *x = m->exchanges[i];
		if (x->session != v->x->session || x->request == NULL)
			continue;
		if (++looked > HOP_COOKIE_LOOK || ++v->looked > HOP_COOKIES_LOOK) {
			*limit = true;
			return 0;
		}
		for (size_t k = 0; k < x->n_req_fields; k++) {
			struct span left = x->req_fields[k].value, name, value;
			if (!span_is_nocase(x->req_fields[k].name, "Cookie"))
				continue;
			while (hop_cookie_next(&left, &name, &value))
				if (span_eq(name, c->name) && span_eq(value, c->value) &&
					url_parse(v->a, NULL, x->request->url, &to) &&
					hop_cookie_goes(c, from, &to))
					return x->id;
		}
	}
	return 0;
}

static void word(struct hop_view *v, bool is, const char *good, const char *lacks)
{
	if (is || lacks != NULL)
		page_sayf(v->p, "<span class=\"badge %s\">%s</span> ", is ? "good" : "plain",
			is ? good : lacks);
}

static void say_life(struct hop_view *v, const struct hop_cookie *c)
{
	if (c->gone) {
		page_say(v->p, "takes it away");
	} else if (c->until_us != FACT_NULL) {
		page_say(v->p, "stays ");
		hop_duration(v, lapse_us(v->x->request->at_us, c->until_us));
		page_say(v->p, ", until ");
		page_time(v->p, c->until_us);
		page_say(v->p, c->cut ? " (asked for longer; browsers cut that)" : "");
	} else {
		page_say(v->p, "until the browser is closed");
		page_say(v->p, c->expires.n + c->max_age.n > 0 ? " (its time is no time)" : "");
	}
}

static void say_where(struct hop_view *v, const struct hop_cookie *c)
{
	page_say(v->p, "goes to ");
	if (c->domain.n > 0) {
		html_host_text(v->out, c->domain, true);
		page_say(v->p, " and all names below it");
	} else {
		page_say(v->p, "this host alone");
	}
	if (c->path.n > 0) {
		page_say(v->p, ", paths from <code>");
		page_text(v->p, c->path);
		page_say(v->p, "</code>");
	}
}

static void say_set(struct hop_view *v, const struct hop_cookie *c, const struct url *here)
{
	bool limit;
	const char *refused = hop_cookie_refused(c, here);
	page_say(v->p, "<tr><th scope=\"row\"><code>");
	page_text(v->p, c->name);
	page_say(v->p, "</code></th><td>");
	html_code(v->h, c->value);
	page_say(v->p, "</td><td>");
	say_where(v, c);
	page_say(v->p, "<br>");
	say_life(v, c);
	page_say(v->p, "<br>");
	word(v, c->secure, "Secure", "not Secure");
	word(v, c->http_only, "HttpOnly", "scripts can read it");
	page_say(v->p, "<span class=\"badge plain\">SameSite ");
	page_text(v->p, c->same_site.n > 0 ? c->same_site : span_str("not said: Lax"));
	page_say(v->p, "</span> ");
	word(v, c->partitioned, "Partitioned", NULL);
	if (c->rest.n > 0) {
		page_say(v->p, "<br>also <code>");
		page_text(v->p, c->rest);
		page_say(v->p, "</code>");
	}
	if (refused != NULL)
		page_sayf(v->p, "<br><strong class=\"bad\">browsers refuse it: %s</strong>",
			refused);
	page_say(v->p, "</td><td>");
	int64_t later = c->gone ? 0 : sent_later(v, c, here, &limit);
	if (later != 0) {
		page_say(v->p, "sent by ");
		hop_link_exchange(v, later, HOP_COOKIES);
	} else if (!c->gone) {
		page_say(v->p, limit ? "not in the exchanges just behind this one"
				     : "never, as far as is recorded");
	}
	page_say(v->p, "</td></tr>\n");
}

static size_t set(struct hop_view *v, const struct url *here, bool write)
{
	size_t n = 0;
	for (size_t i = 0; i < v->x->n_res_fields; i++) {
		struct hop_cookie c;
		if (!span_is_nocase(v->x->res_fields[i].name, "Set-Cookie"))
			continue;
		if (++n > HOP_VALUES_MAX || !write)
			continue;
		hop_cookie_read(v->x->res_fields[i].value, v->x->request->at_us, &c);
		say_set(v, &c, here);
	}
	return n;
}

static void say_left_out(struct hop_view *v, size_t n)
{
	if (n > HOP_VALUES_MAX)
		page_sayf(v->p, "<p class=\"hint\">Only the first %d are shown.</p>\n",
			HOP_VALUES_MAX);
}

void hop_cookies(struct hop_view *v)
{
	static const char *const of_sent[] = {"Name", "Value", "Set"};
	static const char *const of_set[] = {"Name", "Value", "What it is", "Sent back"};
	struct url here;
	if (v->x->request == NULL || v->r->report.model == NULL || !hop_url(v, &here)) {
		hop_nothing(v, "Its address cannot be read, so whose cookies these are is not "
			       "known: see Request and Response.");
		return;
	}
	size_t n_sent = sent(v, &here, false), n_set = set(v, &here, false);
	if (n_sent + n_set == 0) {
		hop_nothing(v, "No cookies were sent, and none were set.");
		return;
	}
	v->place = place_of(v);
	say_party(v);
	if (n_sent > 0) {
		html_table_open(v->h, "Sent by the browser", of_sent, 3);
		sent(v, &here, true);
		html_table_close(v->h);
		say_left_out(v, n_sent);
	}
	if (n_set > 0) {
		html_table_open(v->h, "Set by the answer", of_set, 4);
		set(v, &here, true);
		html_table_close(v->h);
		say_left_out(v, n_set);
	}
}
