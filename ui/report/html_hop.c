/*
 * One hop of a trail: a line that says the most, and folded behind it all that is known: how
 * the browser was moved there and how sure that is, what the link says about itself, the
 * server, the encryption, what was asked and answered.
 */
#include "ui/report/hop_line.h"
#include "ui/report/html.h"
#include "ui/report/html_parts.h"
#include "ui/report/html_svg.h"
#include "ui/report/say.h"
#include "ui/report/say_compared.h"
#include "ui/report/say_link.h"
#include "ui/report/say_remarks.h"
#include "store/base/clock.h"

enum { LINE_URL_MAX = 110 }; /* bytes of an address in the line; the whole stands below */

static void line_url(struct html *h, const struct report_hop *hop)
{
	struct span url = hop->hop->url;
	html_say(h, "<code class=\"line-url\">");
	if (trail_url_erased(url)) {
		html_say(h, "(erased)");
	} else {
		size_t n = url.n > LINE_URL_MAX ? LINE_URL_MAX : url.n;
		while (n > 0 && n < url.n && (url.p[n] & 0xc0) == 0x80)
			n--;
		html_url_text(h->out, span_first(url, n), h->defang);
		if (n < url.n)
			html_say(h, "\u2026");
	}
	html_say(h, "</code>");
}

void html_status(struct html *h, const struct report_hop *hop)
{
	int64_t status = hop->hop->status;
	if (status != FACT_NULL) {
		buf_addf(h->out, "<span class=\"status s%d\">%lld</span>",
			status >= 200 && status < 600 ? (int)(status / 100) : 0,
			(long long)status);
		return;
	}
	html_say(h, hop->hop->on_wire ? "<span class=\"status s5\">no answer</span>"
				      : "<span class=\"status s0\">in the browser</span>");
}

void html_hop_badges(struct html *h, const struct report_hop *hop)
{
	if (hop->hop->confidence != CONFIDENCE_CERTAIN)
		buf_addf(h->out, "<span class=\"badge note\">%s</span> ",
			confidence_word(hop->hop->confidence));
	if (hop->grade != NULL)
		html_grade_badge(h, hop->grade);
	else if (span_starts_nocase(hop->hop->url, "http:") && hop->hop->on_wire)
		html_say(h, "<span class=\"badge weak\">not encrypted</span> ");
	if (hop->hop->claim.verdict == CLAIM_DIFFER)
		html_say(h, "<span class=\"badge weak\">led elsewhere than it says</span> ");
	if (hop->reason.p != NULL && !span_is(hop->reason, "ok")) {
		html_say(h, "<span class=\"badge weak\">");
		html_value(h, hop->reason);
		html_say(h, "</span> ");
	}
}

static void line(struct html *h, const struct report_trail *t, size_t i)
{
	const struct report_hop *hop = &t->hops[i];
	const struct report_party *p = parties_of_hop(&t->parties, hop->hop->n);
	buf_addf(h->out, "<summary><h%d><span class=\"step\">%zu</span> ", h->level + 1,
		hop->hop->n);
	if (p != NULL)
		svg_party(h->out, p->n);
	buf_addf(
		h->out, "<span class=\"mech\">%s</span> ", mechanism_word(hop->hop->mechanism));
	html_status(h, hop);
	html_say(h, " <span class=\"line-more\">");
	html_hop_badges(h, hop);
	if (!edition_about(h->e, t, hop->hop->n))
		html_say(h, "<span class=\"badge plain\">context</span> ");
	if (hop->hop->elapsed_us != FACT_NULL)
		say_span_of_time(h->out, hop->hop->elapsed_us);
	html_say(h, "</span> ");
	line_url(h, hop);
	buf_addf(h->out, "</h%d></summary>\n", h->level + 1);
}

const char *html_mechanism_sentence(enum trail_mechanism m)
{
	switch (m) {
	case MECHANISM_OPEN: return "it is the link that was opened";
	case MECHANISM_HTTP_REDIRECT: return "the server answered with a redirect";
	case MECHANISM_REFRESH_HEADER: return "the answer's Refresh header sent it on";
	case MECHANISM_META_REFRESH: return "a meta refresh in the page sent it on";
	case MECHANISM_SCRIPT: return "a script of the page sent it on";
	case MECHANISM_FORM: return "a form of the page was submitted";
	case MECHANISM_FRAME: return "a frame of the page sent it on";
	case MECHANISM_WINDOW: return "the page opened a window";
	case MECHANISM_HSTS_UPGRADE: return "the browser knew that the site wants HTTPS (HSTS)";
	case MECHANISM_HTTPS_FIRST: return "the browser tried HTTPS first";
	case MECHANISM_USER: return "a person moved it";
	case MECHANISM_CACHED_REDIRECT: return "a redirect that the browser had kept";
	case MECHANISM_SERVICE_WORKER: return "a service worker of the site answered";
	case MECHANISM_HISTORY: return "the page changed its address, and loaded nothing";
	case MECHANISM_LOCAL_DOCUMENT: return "a document that the page made in the browser";
	case MECHANISM_HANDOFF: return "it was handed over to another program";
	case MECHANISM_UNKNOWN:
	case MECHANISM_COUNT: break;
	}
	return "nothing in the record explains it";
}

void html_evidence(struct html *h, const struct trail_evidence *e)
{
	html_value(h, span_str(e->signal));
	if (e->exchange != FACT_NULL)
		buf_addf(h->out, " <span class=\"dim\">in exchange %lld",
			(long long)e->exchange);
	if (e->exchange != FACT_NULL && e->offset != FACT_NULL)
		buf_addf(h->out, ", from byte %lld of the body", (long long)e->offset);
	html_say(h, e->exchange != FACT_NULL ? "</span>" : "");
	if (e->quote.n > 0) {
		html_say(h, " <samp class=\"quote\">");
		html_value(h, e->quote);
		html_say(h, "</samp>");
	}
}

static void arrival(struct html *h, const struct trail_hop *hop)
{
	html_fact_open(h, "Arrived by");
	buf_addf(h->out, "<b>%s</b>: %s <span class=\"dim\">(%s)</span>",
		mechanism_word(hop->mechanism), html_mechanism_sentence(hop->mechanism),
		confidence_word(hop->confidence));
	html_fact_close(h);
	if (hop->n_evidence > 0) {
		html_fact_open(h, "Shown by");
		html_say(h, "<ul class=\"evidence\">\n");
		for (size_t i = 0; i < hop->n_evidence; i++) {
			html_say(h, "<li>");
			html_evidence(h, &hop->evidence[i]);
			html_say(h, "</li>\n");
		}
		html_say(h, "</ul>");
		html_fact_close(h);
	}
	if (hop->n_alternatives == 0)
		return;
	html_fact_open(h, "Rather than");
	html_say(h, "<ul class=\"evidence\">\n");
	for (size_t i = 0; i < hop->n_alternatives; i++) {
		const struct trail_alternative *a = &hop->alternatives[i];
		buf_addf(h->out, "<li>%s", mechanism_word(a->mechanism));
		if (a->from_hop > 0)
			buf_addf(h->out, " from hop %zu", a->from_hop);
		html_say(h, ": ");
		html_value(h, span_str(a->why));
		html_say(h, "</li>\n");
	}
	html_say(h, "</ul>");
	html_fact_close(h);
}

static void times(struct html *h, const struct trail_hop *hop)
{
	char at[CLOCK_TEXT_MAX] = "an unknown time";
	if (hop->at_us != FACT_NULL)
		clock_text(hop->at_us, at);
	html_fact_open(h, "Asked");
	html_say(h, "<code>");
	html_value(h, hop->method);
	buf_addf(h->out, "</code> at %s", at);
	if (hop->status != FACT_NULL)
		buf_addf(h->out, ", answered %lld", (long long)hop->status);
	if (hop->elapsed_us != FACT_NULL) {
		html_say(h, ", over after ");
		say_span_of_time(h->out, hop->elapsed_us);
	}
	html_fact_close(h);
}

static void part(struct html *h, const struct link_part *p)
{
	struct buf place = {0};
	say_link_place(p, &place);
	html_say(h, "<tr><th scope=\"row\">");
	html_say(h, say_link_part_word(p));
	html_say(h, "</th><td>");
	if (p->hidden)
		html_say(h, "<em>may name the recipient; not repeated here</em>");
	else
		html_code(h, p->value);
	html_say(h, "</td><td>");
	html_value(h, buf_span(&place));
	html_say(h, "</td></tr>\n");
	buf_fini(&place);
}

static void claim(struct html *h, const struct trail_hop *hop)
{
	const struct trail_claim *c = &hop->claim;
	struct buf verdict = {0};
	if (c->verdict == CLAIM_NONE)
		return;
	html_fact_open(h, "It says it leads to");
	html_url(h, hop->claimed_target.p != NULL ? hop->claimed_target : c->domain);
	html_say(h, c->verdict == CLAIM_DIFFER ? "<br><strong class=\"bad\">" : "<br>");
	say_link_verdict(c, &verdict);
	html_value(h, buf_span(&verdict));
	html_say(h, c->verdict == CLAIM_DIFFER ? "</strong>" : "");
	html_say(h, " <span class=\"dim\">(rule ");
	html_value(h, span_str(c->rule));
	if (c->layers > 1)
		buf_addf(
			h->out, ", in %zu wrappers%s", c->layers, c->deeper ? " and more" : "");
	html_say(h, ")</span>");
	html_fact_close(h);
	buf_fini(&verdict);
}

void html_link(struct html *h, const struct report_hop *hop)
{
	static const char *const columns[] = {"Stands for", "Value", "Where in the address"};
	const struct link_reading *l = hop->link;
	if (l != NULL && l->claim.rule != NULL && l->claim.rule->kind != WRAPPER_GENERIC) {
		html_fact_open(h, "Link of");
		html_value(h, span_str(l->claim.rule->vendor));
		buf_addf(h->out, " <span class=\"dim\">(%s, rule ",
			wrapper_kind_word(l->claim.rule->kind));
		html_value(h, span_str(l->claim.rule->name));
		html_say(h, ")</span>");
		html_say(h, l->claim.rule->opaque ? "; its target cannot be read offline" : "");
		html_fact_close(h);
	}
	claim(h, hop->hop);
	if (l == NULL || (l->n_parts == 0 && !l->more))
		return;
	html_fact_open(h, "Its parts");
	html_table_open(h,
		"What the parts of the address stand for; characters are those of the exact "
		"address",
		columns, 3);
	for (size_t i = 0; i < l->n_parts; i++)
		part(h, &l->parts[i]);
	if (l->more)
		html_say(h, "<tr><td colspan=\"3\">and more than was looked at</td></tr>\n");
	html_table_close(h);
	html_fact_close(h);
}

void html_hop(struct html *h, const struct report_trail *t, size_t i)
{
	const struct report_hop *hop = &t->hops[i];
	bool about = edition_about(h->e, t, hop->hop->n);
	buf_addf(h->out, "<details class=\"hop%s\"%s>", about ? "" : " context",
		h->unfolded || t->n_hops <= HTML_UNFOLDED_MAX ? " open" : "");
	line(h, t, i);
	if (about)
		html_remarks(h, hop->remarks, hop->n_remarks);
	html_say(h, "<dl class=\"facts\">\n");
	html_fact_open(h, "Address");
	html_url(h, hop->hop->url);
	html_fact_close(h);
	arrival(h, hop->hop);
	times(h, hop->hop);
	html_link(h, hop);
	html_say(h, "</dl>\n");
	struct buf witness = {0};
	say_compared_hop(hop->witness, &witness);
	if (buf_len(&witness) > 0) {
		html_say(h, "<dl class=\"facts\">\n");
		html_fact(h, "Second witness", buf_span(&witness));
		html_say(h, "</dl>\n");
	}
	buf_fini(&witness);
	if (hop->exchange != NULL)
		html_wire(h, hop, about);
	html_tls(h, t, i, about);
	html_say(h, "</details>\n");
}
