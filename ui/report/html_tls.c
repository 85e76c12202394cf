/*
 * What a hop's encryption is: the grade with each reason, both legs side by side, and the
 * certificates with how old they were when the link was clicked.
 */
#include "ui/report/html_parts.h"
#include "ui/report/html_svg.h"
#include "ui/report/say.h"
#include "store/base/clock.h"

/* The word, and the class that html.css paints it by. */
static const char *mark_word(enum grade_mark m)
{
	switch (m) {
	case GRADE_GOOD: return "good";
	case GRADE_NOTE: return "note";
	case GRADE_WEAK: return "weak";
	case GRADE_BROKEN: return "broken";
	}
	return "note";
}

void html_grade_badge(struct html *h, const struct report_grade *g)
{
	const char *mark = mark_word(g->mark);
	if (!g->encrypted)
		html_say(h, "<span class=\"badge weak\">not encrypted</span> ");
	else if (g->mark == GRADE_GOOD || g->n_findings == 0)
		html_say(h, "<span class=\"badge good\">TLS good</span> ");
	else {
		buf_addf(h->out, "<span class=\"badge %s\">TLS %s: ", mark, mark);
		html_value(h, span_str(g->findings[0].code));
		html_say(h, "</span> ");
	}
}

static void findings(struct html *h, const struct report_grade *g)
{
	if (g->n_findings == 0)
		return;
	html_fact_open(h, "Findings");
	html_say(h, "<ul class=\"evidence\">\n");
	for (size_t i = 0; i < g->n_findings; i++) {
		const struct grade_finding *f = &g->findings[i];
		buf_addf(h->out, "<li><span class=\"badge %s\">%s</span> <b>",
			mark_word(f->mark), mark_word(f->mark));
		html_value(h, span_str(f->code));
		html_say(h, "</b>: ");
		html_value(h, span_str(f->why));
		if (f->detail.n > 0) {
			html_say(h, " ");
			html_code(h, f->detail);
		}
		html_say(h, "</li>\n");
	}
	html_say(h, "</ul>");
	html_fact_close(h);
}

static void scts(struct html *h, const struct report_grade *g)
{
	if (g->n_scts == 0)
		return;
	html_fact_open(h, "Logged in public");
	html_say(h, "<ul class=\"evidence\">\n");
	for (size_t i = 0; i < g->n_scts; i++) {
		html_say(h, "<li>");
		html_time(h->out, g->scts[i].at_us);
		html_say(h, " <span class=\"dim\">SCT in the ");
		html_value(h, span_str(g->scts[i].from));
		html_say(h, ", log</span> ");
		html_hex(h, g->scts[i].log_id);
		html_say(h, "</li>\n");
	}
	if (g->scts_left_out)
		html_say(h, "<li>and others, which are not listed</li>\n");
	html_say(h, "</ul>");
	html_fact_close(h);
}

void html_grade(struct html *h, const struct report_grade *g)
{
	if (g == NULL)
		return;
	findings(h, g);
	if (g->validation != NULL)
		html_fact(h, "Validation", span_str(g->validation));
	if (g->encrypted) {
		html_fact_open(h, "HSTS");
		if (g->hsts.p != NULL)
			html_code(h, g->hsts);
		else
			html_say(h, "not asked for");
		html_fact_close(h);
	}
	if (g->caa != NULL) {
		html_fact_open(h, "CAA");
		html_say(h, "the issuer is ");
		html_value(h, span_str(g->caa));
		html_say(h, " by the current records");
		html_fact_close(h);
	}
	scts(h, g);
}

static void leg_row(struct html *h, const char *name, struct span origin, struct span browser)
{
	if (origin.n == 0 && browser.n == 0)
		return;
	buf_addf(h->out, "<tr><th scope=\"row\">%s</th><td>", name);
	html_code(h, origin);
	html_say(h, "</td><td>");
	html_code(h, browser);
	html_say(h, "</td></tr>\n");
}

static void legs(struct html *h, const struct report_tls *t)
{
	static const struct fact_handshake none;
	static const struct fact_hello silent;
	const struct fact_handshake *o = t->origin,
				    *b = t->browser != NULL ? t->browser : &none;
	const struct fact_hello *oh = t->hello != NULL ? t->hello : &silent;
	const struct fact_hello *bh = t->browser_hello != NULL ? t->browser_hello : &silent;
	html_fold_open(h, "TLS on both legs", 0, false);
	html_say(h,
		"<div class=\"wide-table\"><table><caption>As negotiated with the site, and "
		"between clicktrail and the browser</caption><thead><tr><td></td>"
		"<th scope=\"col\">Toward the site</th><th scope=\"col\">Toward the "
		"browser</th></tr></thead><tbody>\n");
	leg_row(h, "Version", o->version, b->version);
	leg_row(h, "Cipher", o->cipher, b->cipher);
	leg_row(h, "ALPN", o->alpn, b->alpn);
	leg_row(h, "SNI", o->sni, b->sni);
	leg_row(h, "Key exchange", o->key_group, b->key_group);
	leg_row(h, "Peer's signature", o->peer_signature, b->peer_signature);
	leg_row(h, "JA3", oh->ja3, bh->ja3);
	leg_row(h, "JA4", oh->ja4, bh->ja4);
	html_table_close(h);
	html_fold_close(h);
}

static void validity(struct html *h, const struct fact_certificate *c, int64_t click_us)
{
	html_fact_open(h, "Valid");
	html_time(h->out, c->not_before_us);
	html_say(h, " to ");
	html_time(h->out, c->not_after_us);
	if (c->not_before_us != FACT_NULL && click_us != FACT_NULL) {
		double age = (double)click_us - (double)c->not_before_us;
		html_say(h, "<br>");
		svg_validity(h->out, c->not_before_us, c->not_after_us, click_us);
		html_say(h, age < 0 ? " <strong class=\"bad\">begins " : " began <strong>");
		html_age(h->out, age < 0 ? -age : age);
		html_say(h,
			age < 0 ? " after the click</strong>" : "</strong> before the click");
		if (c->not_after_us != FACT_NULL && c->not_after_us < click_us)
			html_say(h, ", <strong class=\"bad\">had expired</strong>");
	}
	html_fact_close(h);
}

static void certificate(
	struct html *h, const struct fact_certificate *c, size_t n, int64_t click_us)
{
	buf_addf(h->out, "<div class=\"cert\"><p><b>%s</b></p><dl class=\"facts\">\n",
		n == 0 ? "The site's certificate" : "Sent with it");
	html_fact(h, "Subject", c->subject);
	html_fact(h, "Issuer", c->issuer);
	validity(h, c, click_us);
	html_fact(h, "Names", c->san);
	if (c->key_kind.n > 0) {
		html_fact_open(h, "Key");
		html_value(h, c->key_kind);
		html_say(h, ", signed with ");
		html_value(h, c->signature_kind);
		html_fact_close(h);
	}
	if (c->serial.n > 0) {
		html_fact_open(h, "Serial number");
		html_code(h, c->serial);
		html_fact_close(h);
	}
	html_fact_open(h, "SHA-256");
	html_hex(h, c->sha256);
	html_fact_close(h);
	html_say(h, "</dl></div>\n");
}

/* The hop before that had the very same certificates; 0: none. */
static size_t same_certs_at(const struct edition *e, const struct report_trail *t, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (edition_about(e, t, t->hops[k].hop->n) && t->hops[k].tls != NULL &&
			t->hops[k].tls->n_certs > 0 &&
			span_eq(t->hops[k].tls->origin->certs, t->hops[i].tls->origin->certs))
			return t->hops[k].hop->n;
	return 0;
}

static void certificates(struct html *h, const struct report_trail *t, size_t i)
{
	const struct report_hop *hop = &t->hops[i];
	if (hop->tls->n_certs == 0)
		return;
	size_t before = same_certs_at(h->e, t, i);
	if (before > 0) {
		buf_addf(h->out,
			"<p class=\"hint\">Certificates: the same as at hop %zu.</p>\n",
			before);
		return;
	}
	html_fold_open(h, "Certificates", hop->tls->n_certs, false);
	for (size_t k = 0; k < hop->tls->n_certs; k++)
		certificate(h, &hop->tls->certs[k], k, hop->hop->at_us);
	html_fold_close(h);
}

void html_encryption(struct html *h, const struct report_tls *t)
{
	html_fact_open(h, "Encryption");
	html_value(h, t->origin->version);
	html_say(h, " ");
	html_value(h, t->origin->cipher);
	if (t->origin->verified == 1)
		html_say(h, ", certificate verified");
	else if (t->origin->verified == FACT_NULL)
		html_say(h, ", certificate judged by the browser itself");
	else
		html_say(h, ", <strong class=\"bad\">certificate not verified</strong>");
	if (t->origin->verify_error.n > 0) {
		html_say(h, ": ");
		html_value(h, t->origin->verify_error);
	}
	if (t->origin->permitted == 1)
		html_say(h, " (let pass by --permit-bad-cert)");
	html_fact_close(h);
	if (t->n_certs == 0)
		return;
	html_fact_open(h, "Certificate");
	html_value(h, t->certs[0].subject);
	html_say(h, ", issued by ");
	html_value(h, t->certs[0].issuer);
	html_fact_close(h);
}

void html_tls(struct html *h, const struct report_trail *t, size_t i, bool whole)
{
	const struct report_hop *hop = &t->hops[i];
	if (hop->tls == NULL && hop->grade == NULL && !hop->hop->on_wire)
		return;
	html_say(h, "<dl class=\"facts\">\n");
	if (hop->tls != NULL) {
		html_encryption(h, hop->tls);
	} else if (span_starts_nocase(hop->hop->url, "http:")) {
		html_fact_open(h, "Encryption");
		html_say(h, "<strong class=\"bad\">none</strong>: this hop went over plain "
			    "HTTP, readable and changeable by anybody on the way");
		html_fact_close(h);
	}
	html_grade(h, hop->grade);
	html_say(h, "</dl>\n");
	if (hop->tls != NULL && whole) {
		legs(h, hop->tls);
		certificates(h, t, i);
	}
}
