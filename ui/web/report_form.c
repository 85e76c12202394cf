/* The form: whom a report is for, in which shape, what is said, what is hidden. */
#include "ui/report/complaint.h"
#include "ui/web/report_page.h"

static void legend(struct page *p, const char *words)
{
	page_sayf(p, "<fieldset><legend>%s</legend>\n", words);
}

static void end(struct page *p)
{
	page_say(p, "</fieldset>\n");
}

/* ---- whom for ---- */

static void party_contact(struct page *p, const struct report_party *party)
{
	for (size_t i = 0; i < party->n_contacts; i++) {
		const struct party_contact *c = &party->contacts[i];
		if (c->email.n == 0 && c->form.n == 0)
			continue;
		page_say(p, " Desk: ");
		if (c->email.n > 0)
			html_mail(&p->h, c->email);
		else
			page_url(p, c->form);
		page_say(p, c->guessed ? " (a guess: nobody named it)." : ".");
		return;
	}
	page_say(p, " No desk is known.");
}

static void party_about(struct page *p, const struct report_party *party)
{
	page_say(p, "<span class=\"means\">");
	page_say(p, party->n_hops == 1 ? "Ran hop" : "Ran hops");
	enum { HOPS_SHOWN = 12 };
	for (size_t i = 0; i < party->n_hops && i < HOPS_SHOWN; i++)
		page_sayf(p, "%s %zu", i > 0 ? "," : "", party->hops[i]);
	page_say(p, party->n_hops > HOPS_SHOWN ? " and more" : "");
	if (party->service != NULL) {
		page_sayf(p, ", a %s of ", wrapper_kind_word(party->service->kind));
		page_text(p, span_str(party->service->vendor));
	}
	if (party->front.name != NULL)
		page_sayf(p, ", %sbehind %s", party->front.sure ? "" : "probably ",
			party->front.name);
	page_say(p, ".");
	party_contact(p, party);
	page_say(p, "</span>");
}

static void parties(struct page *p, const struct book *b, const struct report_trail *t,
	const struct report_wish *w)
{
	legend(p, "Whom it is for");
	page_sayf(p,
		"<label class=\"choice\"><input type=\"radio\" name=\"party\" value=\"0\"%s> "
		"<span><strong>Everybody</strong> <span class=\"means\">The whole trail; "
		"nobody "
		"is asked in particular.</span></span></label>\n",
		w->party == 0 ? " checked" : "");
	for (size_t i = 0; i < t->parties.n; i++) {
		const struct report_party *party = &t->parties.list[i];
		page_sayf(p,
			"<label class=\"choice\"><input type=\"radio\" name=\"party\" "
			"value=\"%zu\"%s> <span><strong>",
			party->n, w->party == party->n ? " checked" : "");
		page_text(p, party->name);
		page_say(p, "</strong> ");
		party_about(p, party);
		page_say(p, "</span></label>\n");
	}
	page_say(p, "<p class=\"hint\">A desk (who takes complaints at a party) is told of its "
		    "own hops whole; the others are context. <a href=\"");
	page_href(p, b, "/lookup");
	page_say(p, "\">Look up whom to write to</a>: that page first says which directories "
		    "would be "
		    "asked what.</p>\n");
	end(p);
}

/* ---- in which shape ---- */

static void formats(struct page *p, const struct report_wish *w)
{
	legend(p, "In which format");
	for (const struct wish_format *f = wish_formats; f->name != NULL; f++)
		page_sayf(p,
			"<label class=\"choice\"><input type=\"radio\" name=\"format\" "
			"value=\"%s\"%s> <span><strong>%s</strong> <span class=\"means\">%s%s"
			"</span></span></label>\n",
			f->name, f == w->format ? " checked" : "", f->name, f->what_for,
			f->of_party ? "; for one party" : "");
	end(p);
}

/* ---- what is said ---- */

static void words(struct page *p, const char *label, const char *name, const char *const *list,
	const char *chosen)
{
	page_sayf(p, "<label>%s <select name=\"%s\"><option value=\"\">not said</option>",
		label, name);
	for (; *list != NULL; list++)
		page_sayf(p, "<option%s>%s</option>",
			chosen != NULL && strcmp(chosen, *list) == 0 ? " selected" : "", *list);
	page_say(p, "</select></label>\n");
}

static void text_field(struct page *p, const char *label, const char *name, const char *type,
	const char *value)
{
	page_sayf(p, "<label>%s <input type=\"%s\" name=\"%s\" maxlength=\"500\" value=\"",
		label, type, name);
	if (value != NULL)
		html_attr(p->out, span_str(value));
	page_say(p, "\"></label>\n");
}

static void check(
	struct page *p, const char *name, bool set, const char *label, const char *means)
{
	page_sayf(p,
		"<label class=\"choice\"><input type=\"checkbox\" name=\"%s\" value=\"1\"%s> "
		"<span>%s <span class=\"means\">%s</span></span></label>\n",
		name, set ? " checked" : "", label, means);
}

static void complaint(struct page *p, const struct report_wish *w)
{
	legend(p, "What it is reported as, and by whom");
	page_say(p, "<div class=\"fields\">\n");
	words(p, "Kind of abuse", "class", wish_classes, w->abuse);
	text_field(p, "Your organisation", "org", "text", w->org);
	text_field(p, "Your mail address", "email", "email", w->email);
	page_say(p,
		"</div>\n<p class=\"hint\">eml and xarf need both of yours: a complaint says "
		"whose it is.</p>\n<details class=\"fold\"");
	page_say(p, w->fraud_type != NULL || w->brand != NULL || w->brand_site != NULL ||
				    w->spam_protocol != NULL
			    ? " open>"
			    : ">");
	page_say(p, "<summary>More about fraud, a brand, or spam</summary>\n"
		    "<div class=\"fields\">\n");
	words(p, "Which fraud", "fraud_type", complaint_frauds, w->fraud_type);
	text_field(p, "Brand that is imitated", "brand", "text", w->brand);
	text_field(p, "Where that brand really is", "brand_site", "url", w->brand_site);
	words(p, "How the spam came", "spam_protocol", complaint_protocols, w->spam_protocol);
	page_say(p, "</div></details>\n");
	end(p);
}

/* ---- what is hidden ---- */

static void how(struct page *p, const struct report_wish *w, const char *value,
	const char *name, const char *means)
{
	page_sayf(p,
		"<label class=\"choice\"><input type=\"radio\" name=\"redact\" value=\"%s\"%s> "
		"<span><strong>%s</strong> <span class=\"means\">%s</span></span></label>\n",
		value, strcmp(w->redact, value) == 0 ? " checked" : "", name, means);
}

static void hiding(struct page *p, const struct report_wish *w)
{
	legend(p, "What names a recipient");
	how(p, w, "keyed", "Tags",
		"equal values of this case get equal tags, which nobody else can undo");
	how(p, w, "strip", "One word for all", "every value becomes \u201credacted\u201d");
	how(p, w, "none", "Nothing is hidden", "for yourself: it holds tokens and cookies");
	page_say(p, "<label class=\"secrets\">Hide this too, one on each line (4 letters at "
		    "least) <textarea name=\"secrets\" rows=\"3\" spellcheck=\"false\" "
		    "autocomplete=\"off\">\n");
	for (size_t i = 0; i < w->n_secrets; i++) {
		html_text(p->out, span_str(w->secrets[i]));
		page_say(p, i + 1 < w->n_secrets ? "\n" : "");
	}
	page_say(p, "</textarea></label>\n");
	check(p, "disclose_own_token", w->disclose_own_token,
		"The party\u2019s own tokens stay",
		"so that it can find the account; needs one party");
	check(p, "coarse_time", w->coarse_time, "Times to the hour", "");
	check(p, "withhold_egress", w->withhold_egress,
		"Without the address it was opened from", "");
	check(p, "with_pictures", w->with_pictures, "With all pictures",
		"you looked at what they show: the address bar shows the link");
	end(p);
}

static void rest(struct page *p, const struct report_wish *w)
{
	static const char *const mails[] = {"arf", "xarf", NULL};
	bool used = w->as != NULL || w->to != NULL || w->subject != NULL || w->with_keys ||
		    w->without_notes || w->no_defang;
	page_sayf(p,
		"<details class=\"fold\"%s><summary>More: the mail, notes, addresses, "
		"packets</summary>\n<div class=\"fields\">\n",
		used ? " open" : "");
	text_field(p, "Mail: to, if not the party\u2019s desk", "to", "email", w->to);
	text_field(p, "Mail: subject", "subject", "text", w->subject);
	words(p, "Mail: what it holds for machines", "as", mails, w->as);
	page_say(p, "</div>\n");
	check(p, "without_notes", w->without_notes, "Without notes",
		"what people noted about trails and hops stays here");
	check(p, "no_defang", w->no_defang, "Addresses as they are",
		"a mail program may make links of them");
	check(p, "with_keys", w->with_keys, "Packets with their secrets",
		"pcapng alone, with nothing hidden");
	page_say(p, "</details>\n");
}

void report_form(struct page *p, const struct book *b, const struct report_trail *t,
	const struct report_wish *w)
{
	page_sayf(p,
		"<form class=\"report\" id=\"" REPORT_FORM "\" method=\"post\" "
		"action=\"/c/%zu/t/%s/report\"><input type=\"hidden\" name=\"secret\" "
		"value=\"%s\">\n",
		book_number(b), t->id, p->q->secret);
	page_say(p, "<div class=\"report-columns\"><div>\n");
	parties(p, b, t, w);
	hiding(p, w);
	page_say(p, "</div><div>\n");
	formats(p, w);
	complaint(p, w);
	page_say(p, "</div></div>\n");
	rest(p, w);
	page_say(p, "<p class=\"report-buttons\"><button type=\"submit\" name=\"do\" "
		    "value=\"preview\">See what would go out</button> <button type=\"submit\" "
		    "class=\"plain\" name=\"do\" value=\"make\">Make it</button> <button "
		    "type=\"submit\" class=\"plain\" name=\"do\" value=\"all\">One for each "
		    "party, in a folder</button></p>\n<p class=\"hint\">Nothing is sent: a "
		    "report is a file in the window\u2019s folder.</p>\n</form>\n");
}
