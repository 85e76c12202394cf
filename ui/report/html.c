/*
 * The page as a whole: its head, the order of its sections, and the small things that all of
 * them are made of.
 */
#include "ui/report/html.h"
#include "ui/report/html_parts.h"
#include "ui/report/html_svg.h"
#include "ui/report/say.h"
#include "ui/report/say_remarks.h"
#include "store/base/codec.h"
#include "store/base/hash.h"

void html_say(struct html *h, const char *ours)
{
	buf_add_str(h->out, ours);
}

void html_url(struct html *h, struct span url)
{
	html_say(h, "<code class=\"url\">");
	if (trail_url_erased(url))
		html_say(h, "(erased)");
	else
		html_url_text(h->out, url, h->defang);
	html_say(h, "</code>");
}

void html_value(struct html *h, struct span value)
{
	html_value_text(h->out, value, h->defang);
}

void html_code(struct html *h, struct span value)
{
	html_say(h, "<code>");
	html_value(h, value);
	html_say(h, "</code>");
}

void html_mail(struct html *h, struct span address)
{
	/* None has a slash or colon; what has one is something else. */
	bool mail = span_find_byte(address, '/', 0) == SIZE_MAX &&
		    span_find_byte(address, ':', 0) == SIZE_MAX;
	html_value_text(h->out, address, h->defang && !mail);
}

void html_ip(struct html *h, struct span address)
{
	bool exact = true;
	for (size_t i = 0; i < address.n; i++)
		exact &= ascii_hex(address.p[i]) >= 0 || address.p[i] == '.' ||
			 address.p[i] == ':';
	html_say(h, "<code>");
	html_value_text(h->out, address, h->defang && !exact);
	html_say(h, "</code>");
}

void html_lines(struct html *h, struct span said)
{
	html_say(h, "<pre>");
	while (said.n > 0) {
		size_t end = span_find_byte(said, '\n', 0);
		struct span line = span_first(said, end == SIZE_MAX ? said.n : end);
		said = span_from(said, line.n + 1);
		if (line.n > 0)
			html_value(h, line);
		if (said.n > 0)
			html_say(h, "\n");
	}
	html_say(h, "</pre>\n");
}

void html_said(struct html *h, const char *class, const char *title, struct span said)
{
	if (said.n == 0)
		return;
	buf_addf(h->out, "<section class=\"%s\">", class);
	html_heading(h, 0, title);
	html_lines(h, said);
	html_say(h, "</section>\n");
}

void html_hex(struct html *h, struct span bytes)
{
	html_say(h, "<code class=\"hex\">");
	hex_add(h->out, bytes);
	html_say(h, "</code>");
}

void html_heading(struct html *h, int below, const char *ours)
{
	buf_addf(h->out, "<h%d>%s</h%d>\n", h->level + below, ours, h->level + below);
}

void html_fact_open(struct html *h, const char *name)
{
	html_say(h, "<div><dt>");
	html_text(h->out, span_str(name));
	html_say(h, "</dt><dd>");
}

void html_fact_close(struct html *h)
{
	html_say(h, "</dd></div>\n");
}

void html_fact(struct html *h, const char *name, struct span value)
{
	if (value.n == 0)
		return;
	html_fact_open(h, name);
	html_value(h, value);
	html_fact_close(h);
}

void html_fact_number(struct html *h, const char *name, int64_t n, const char *unit)
{
	if (n == FACT_NULL)
		return;
	html_fact_open(h, name);
	html_number(h->out, n);
	buf_addf(h->out, " %s", unit);
	html_fact_close(h);
}

void html_fold_open(struct html *h, const char *title, size_t n, bool open)
{
	buf_addf(h->out, "<details class=\"fold\"%s><summary>%s",
		open || h->unfolded ? " open" : "", title);
	if (n > 0)
		buf_addf(h->out, " <span class=\"count\">%zu</span>", n);
	html_say(h, "</summary>\n");
}

void html_fold_close(struct html *h)
{
	html_say(h, "</details>\n");
}

void html_table_open(struct html *h, const char *caption, const char *const *columns, size_t n)
{
	buf_addf(h->out, "<div class=\"wide-table\"><table><caption>%s</caption><thead><tr>",
		caption);
	for (size_t i = 0; i < n; i++)
		buf_addf(h->out, "<th scope=\"col\">%s</th>", columns[i]);
	html_say(h, "</tr></thead><tbody>\n");
}

void html_table_close(struct html *h)
{
	html_say(h, "</tbody></table></div>\n");
}

const struct report_session *html_session(const struct report *r, int64_t session)
{
	for (size_t i = 0; i < r->n_sessions; i++)
		if (r->sessions[i].start->session == session)
			return &r->sessions[i];
	return NULL;
}

void html_browser(struct html *h, const struct report_session *s)
{
	if (s == NULL || s->start->browser.p == NULL) {
		html_say(h, "a browser");
		return;
	}
	if (span_is(s->start->browser, "none")) {
		html_say(h, "the built-in client, which runs no script");
		return;
	}
	html_value(h, s->start->browser);
	if (s->start->browser_version.p != NULL) {
		html_say(h, " ");
		html_value(h, s->start->browser_version);
	}
}

/*
 * Even if a value from outside became markup, nothing in it could run or load: the policy
 * allows this one style sheet, by its hash (CSP 3, 6.7.3), and pictures that the page carries.
 */
static void head(struct html *h, struct span style)
{
	uint8_t digest[SHA256_LEN];
	sha256(style, digest);
	html_say(h, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
		    "'none'; style-src 'sha256-");
	base64_add(h->out, span_of(digest, sizeof digest));
	html_say(h, "'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
		    "<meta name=\"referrer\" content=\"no-referrer\">\n"
		    "<meta name=\"robots\" content=\"noindex\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, "
		    "initial-scale=1\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n"
		    "<meta name=\"generator\" content=\"clicktrail\">\n"
		    "<link rel=\"icon\" href=\"data:,\">\n<title>Report on a link");
	if (h->r->n_trails > 0 && h->r->trails[0].n_hops > 0) {
		html_say(h, ": ");
		/* RFC 1035 3.1: no name is longer. */
		html_host_text(
			h->out, span_first(h->r->trails[0].hops[0].host, 255), h->defang);
	}
	html_say(h, "</title>\n<style>");
	buf_add_span(h->out, style);
	html_say(h, "</style>\n</head>\n");
}

static void masthead(struct html *h)
{
	html_say(h, "<header><p class=\"product\">clicktrail</p>\n<h1>Report on a link "
		    "that was opened</h1>\n<p class=\"meta\">Case ");
	html_code(h, h->r->about.id);
	html_say(h, " \u00b7 written ");
	html_time(h->out, h->e->made_us);
	html_say(h, " \u00b7 all times are UTC</p>\n");
	if (h->defang)
		html_say(h, "<p class=\"meta\">Addresses are written so that nothing opens "
			    "them by accident: hxxp stands for http, [.] for a dot.</p>\n");
	html_say(h, "</header>\n");
}

static void drawn(struct html *h, const struct report_trail *t)
{
	html_say(h, "<section class=\"drawn\">");
	html_heading(h, 0, "The trail");
	html_say(h, "<ul class=\"legend\">\n");
	for (size_t i = 0; i < t->parties.n; i++) {
		html_say(h, "<li>");
		html_party_name(h, &t->parties.list[i]);
		html_say(h, "</li>\n");
	}
	html_say(h, "</ul>\n<p class=\"hint\">Each mark is a hop, one step of the way, "
		    "numbered in order. Its "
		    "shape and colour say who runs it, its column too. A dashed line: how the "
		    "browser came there is not certain. A hollow mark: the step was inside "
		    "the browser, and nobody was asked.</p>\n<div class=\"drawing\">\n");
	svg_trail(h->out, t, false, h->defang);
	svg_trail(h->out, t, true, h->defang);
	html_say(h, "</div></section>\n");
}

static void trail(struct html *h, const struct report_trail *t)
{
	if (h->r->n_trails > 1)
		buf_addf(h->out, "<section class=\"one-trail\"><h2>Trail %s</h2>\n", t->id);
	html_summary(h, t);
	drawn(h, t);
	if (html_landed(t))
		html_landing(h, t);
	html_parties(h, t);
	html_say(h, "<section class=\"hops\">");
	html_heading(h, 0, "Each hop");
	for (size_t i = 0; i < t->n_hops; i++)
		html_hop(h, t, i);
	html_say(h, "</section>\n");
	html_replay(h, t);
	html_recipe(h, t);
	if (h->r->n_trails > 1)
		html_say(h, "</section>\n");
}

/* A proxy's session may have thousands of trails, which no browser would show. */
static void trails(struct html *h)
{
	size_t hops = 0, i = 0;
	if (h->r->n_trails == 0)
		html_say(h, "<p>No link was opened in what this case holds.</p>\n");
	for (; i < h->r->n_trails && hops < HTML_HOPS_MAX; i++) {
		/* In a report to one party a trail without it has no place. */
		if (h->e->order->party > 0 && edition_party(h->e, &h->r->trails[i]) == NULL)
			continue;
		trail(h, &h->r->trails[i]);
		hops += h->r->trails[i].n_hops;
	}
	if (i == h->r->n_trails)
		return;
	html_say(h, "<p class=\"warning\">There are ");
	html_number(h->out, (int64_t)(h->r->n_trails - i));
	buf_addf(h->out,
		" more trails, from %s on, which are not on this page: ask for one with "
		"<code>--trail</code>.</p>\n",
		h->r->trails[i].id);
}

void html_write(struct edition *e, bool unfolded, struct buf *out)
{
	struct html h = {.out = out,
		.e = e,
		.r = e->report,
		.defang = e->order->defang,
		.unfolded = unfolded,
		.level = e->report->n_trails > 1 ? 3 : 2};
	head(&h, span_str(html_style));
	html_say(&h, "<body>\n");
	masthead(&h);
	html_say(&h, "<main>\n");
	html_only_marked(&h);
	trails(&h);
	h.level = 2;
	html_mail_source(&h);
	html_rounds(&h);
	html_witness(&h);
	html_redaction(&h);
	html_record(&h);
	html_say(&h, "</main>\n<footer><p>Written by clicktrail from what was recorded. "
		     "Nothing in this file runs, loads or links anywhere.</p></footer>\n"
		     "</body>\n</html>\n");
}

bool edition_html(struct edition *e, struct buf *out, struct err *err)
{
	(void)err;
	html_write(e, false, out);
	return true;
}
