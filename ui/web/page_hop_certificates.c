/*
 * The certificates of a hop: their path drawn from leaf to root, their lives on one line of
 * time, and each in full.
 */
#include "ui/web/page_hop.h"
#include "store/base/codec.h"
#include "ui/report/html_svg.h"

static void digest(struct hop_view *v, struct span bytes)
{
	static const char digits[] = "0123456789ABCDEF";
	page_say(v->p, "<code class=\"hop-digest\">");
	for (size_t i = 0; i < bytes.n; i++) {
		char text[4] = {digits[bytes.p[i] >> 4], digits[bytes.p[i] & 15], ':', 0};
		text[2] = i + 1 < bytes.n ? ':' : 0;
		page_say(v->p, text);
	}
	page_say(v->p, "</code>");
}

static void validity(struct hop_view *v, const struct fact_certificate *c, bool leaf)
{
	int64_t click = v->hop->hop->at_us;
	html_fact_open(v->h, "Valid");
	html_time(v->out, c->not_before_us);
	page_say(v->p, " to ");
	html_time(v->out, c->not_after_us);
	if (c->not_before_us != FACT_NULL && click != FACT_NULL) {
		double age = (double)click - (double)c->not_before_us;
		bool young = leaf && age >= 0 && age <= (double)GRADE_YOUNG_US;
		page_say(v->p, young || age < 0 ? "<br><strong class=\"bad\">" : "<br>");
		page_say(v->p, age < 0 ? "begins " : "began ");
		html_age(v->out, age < 0 ? -age : age);
		page_say(v->p, age < 0 ? " after the click" : " before the click");
		page_say(v->p, young ? ": young</strong>" : age < 0 ? "</strong>" : "");
	}
	if (c->not_after_us != FACT_NULL && click != FACT_NULL) {
		double left = (double)c->not_after_us - (double)click;
		page_say(v->p, left < 0 ? ", <strong class=\"bad\">had expired " : ", ends ");
		html_age(v->out, left < 0 ? -left : left);
		page_say(v->p, left < 0 ? " before it</strong>" : " after it");
	}
	html_fact_close(v->h);
}

static void names(struct hop_view *v, struct span san)
{
	size_t n = 0;
	struct span left = san;
	if (san.n == 0)
		return;
	html_fact_open(v->h, "Names");
	while (left.n > 0 && n < HOP_VALUES_MAX) {
		size_t end = span_find_byte(left, ' ', 0);
		struct span one = span_first(left, end == SIZE_MAX ? left.n : end);
		left = span_from(left, one.n + 1);
		if (one.n == 0)
			continue;
		if (span_starts(one, "DNS:"))
			one = span_from(one, 4);
		page_say(v->p, n++ > 0 ? ", " : "");
		html_host_text(v->out, one, true);
	}
	if (left.n > 0)
		page_sayf(v->p, " <span class=\"more\">and more than %zu</span>", n);
	html_fact_close(v->h);
}

static const char *place_word(const struct hop_path *path, size_t k)
{
	if (k == 0)
		return "Leaf: the site's own";
	if (k + 1 == path->n && path->to_root)
		return "Root: signed by itself";
	return "Between";
}

static void certificate(
	struct hop_view *v, const struct fact_certificate *c, const char *place, bool leaf)
{
	page_sayf(v->p, "<div class=\"cert\"><h4>%s</h4><dl class=\"facts\">\n", place);
	html_fact(v->h, "Subject", c->subject);
	html_fact(v->h, "Issuer", c->issuer);
	validity(v, c, leaf);
	names(v, c->san);
	html_fact(v->h, "Key", c->key_kind);
	html_fact(v->h, "Signature", c->signature_kind);
	if (c->serial.n > 0) {
		html_fact_open(v->h, "Serial number");
		html_code(v->h, c->serial);
		html_fact_close(v->h);
	}
	html_fact_open(v->h, "SHA-256");
	digest(v, c->sha256);
	html_fact_close(v->h);
	page_say(v->p, "</dl></div>\n");
}

static bool in_path(const struct hop_path *path, size_t i)
{
	for (size_t k = 0; k < path->n; k++)
		if (path->order[k] == i)
			return true;
	return false;
}

static void verdict(struct hop_view *v, const struct report_tls *t, const struct hop_path *path)
{
	hop_open_facts(v);
	html_fact_open(v->h, "Verified");
	if (t->origin->verified == 1)
		page_say(v->p, "<span class=\"badge good\">yes</span>");
	else if (t->origin->verified == FACT_NULL)
		page_say(v->p, "by the browser itself");
	else
		page_say(v->p, "<span class=\"badge broken\">no</span>");
	if (t->origin->verify_error.n > 0) {
		page_say(v->p, " <strong class=\"bad\">");
		page_text(v->p, t->origin->verify_error);
		page_say(v->p, "</strong>");
	}
	if (t->origin->permitted == 1)
		page_say(v->p, ", let pass by --permit-bad-cert");
	html_fact_close(v->h);
	html_fact_open(v->h, "Path");
	page_sayf(v->p, "%zu certificate%s from the leaf on", path->n, path->n == 1 ? "" : "s");
	if (path->to_root) {
		page_say(v->p, ", up to one that signed itself");
	} else {
		page_say(v->p, "; not sent: ");
		page_text(v->p, hop_common_name(path->missing));
		page_say(v->p, t->origin->verified == 1
				       ? ", which whoever checks it has to know by itself, as "
					 "browsers know "
					 "their roots"
				       : ", and so it may not be possible to check it");
	}
	if (path->strays > 0)
		page_sayf(v->p, "; %zu more came that %s no part of it", path->strays,
			path->strays == 1 ? "is" : "are");
	html_fact_close(v->h);
	hop_close_facts(v);
}

static void minted(struct hop_view *v, const struct report_tls *t)
{
	const struct fact_certificate *c = NULL;
	const struct model *m = v->r->report.model;
	if (t->browser == NULL || t->browser->certs.n < 32 || m == NULL || m->index == NULL)
		return;
	c = model_certificate(m, span_first(t->browser->certs, 32));
	html_fold_open(v->h, "What the browser saw instead", 0, false);
	if (c == NULL) {
		page_say(v->p, "<p>SHA-256 ");
		digest(v, span_first(t->browser->certs, 32));
		page_say(v->p, "; nothing more is recorded of it.</p>\n");
	} else {
		certificate(v, c, "Made by clicktrail, shaped like the leaf", false);
	}
	html_fold_close(v->h);
}

void hop_certificates(struct hop_view *v)
{
	const struct report_tls *t = v->hop->tls;
	struct hop_path path;
	if (t == NULL || t->n_certs == 0) {
		hop_nothing(v, t == NULL ? "There are none: no TLS handshake with the site is "
					   "recorded."
			       : t->origin->resumed == 1
				       ? "The session was resumed: the site showed its "
					 "certificates in an earlier handshake."
				       : "The site sent none, or they are not recorded.");
		return;
	}
	hop_path_find(t, &path);
	verdict(v, t, &path);
	hop_path_draw(v, &path);
	hop_path_lives(v, &path, v->hop->hop->at_us);
	if (v->hop->grade != NULL) {
		hop_open_facts(v);
		html_grade(v->h, v->hop->grade);
		hop_close_facts(v);
	}
	for (size_t k = 0; k < path.n; k++)
		certificate(v, &t->certs[path.order[k]], place_word(&path, k), k == 0);
	for (size_t i = 0; i < t->n_certs && i < HOP_VALUES_MAX; i++)
		if (!in_path(&path, i))
			certificate(
				v, &t->certs[i], "Sent besides: no part of the path", false);
	minted(v, t);
}
