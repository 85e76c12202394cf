/*
 * The first thing on the page: what happened and who is asked to do what, for somebody who is
 * no engineer; and who the parties are.
 */
#include "ui/report/hop_line.h"
#include "ui/report/html_parts.h"
#include "ui/report/html_svg.h"
#include "ui/report/say.h"
#include "ui/report/say_compared.h"
#include "ui/report/say_remarks.h"
#include "ui/report/say_same.h"
#include "store/fact/lapse.h"

static void host_of(struct html *h, struct span name)
{
	html_say(h, "<strong>");
	html_host_text(h->out, name, h->defang);
	html_say(h, "</strong>");
}

static const struct report_party *last_party(const struct report_trail *t)
{
	for (size_t i = t->n_hops; i > 0; i--) {
		const struct report_party *p =
			parties_of_hop(&t->parties, t->hops[i - 1].hop->n);
		if (p != NULL)
			return p;
	}
	return NULL;
}

/* When all was over, from the link on; FACT_NULL: that is not known. */
static int64_t whole_time(const struct report_trail *t)
{
	const struct trail_hop *last = t->n_hops > 0 ? t->hops[t->n_hops - 1].hop : NULL;
	return last == NULL ? FACT_NULL
			    : lapse_us(t->trail->started_us,
				      lapse_end_us(last->at_us, last->elapsed_us));
}

/* The cause in plain words, where it is one of ours. */
static void how_it_ended(struct html *h, const struct report_trail *t)
{
	const struct report_hop *last = t->n_hops > 0 ? &t->hops[t->n_hops - 1] : NULL;
	for (int kind = ERR_NONE + 1; t->trail->ended_by == ENDED_ERROR && last != NULL &&
				      last->reason.p != NULL && kind < ERR_KINDS;
		kind++) {
		if (!span_is(last->reason, err_word((enum err_kind)kind)))
			continue;
		html_say(h, "It ended with an error: ");
		html_value(h, span_str(err_sentence((enum err_kind)kind)));
		html_say(h, ".");
		return;
	}
	html_say(h, trail_end_sentence(t->trail->ended_by));
}

void html_story(struct html *h, const struct report_trail *t, bool running)
{
	const struct report_session *s = html_session(h->r, t->trail->session);
	bool replayed = s != NULL && span_is(s->start->mode, "replay");
	bool untouched = s != NULL && span_is(s->start->mode, "no-intercept");
	html_say(h, "<p class=\"lead\">On ");
	html_time(h->out, t->trail->started_us);
	html_say(h, replayed ? " a link was replayed with " : " a link was opened with ");
	html_browser(h, s);
	html_say(h, ". ");
	if (t->n_hops <= 1) {
		html_say(h, running ? "" : "It led nowhere else. ");
	} else {
		html_say(h, running ? "So far it has led over " : "It led over ");
		say_count(h->out, t->n_hops, "step (hop)", "steps (hops)");
		if (t->parties.n > 0) {
			html_say(h, " and ");
			say_count(h->out, t->parties.n, "party", "parties");
		}
		if (whole_time(t) != FACT_NULL) {
			html_say(h, ", within ");
			say_span_of_time(h->out, whole_time(t));
		}
		if (last_party(t) != NULL) {
			html_say(h, ", to ");
			host_of(h, last_party(t)->name);
		}
		html_say(h, ". ");
	}
	if (running)
		html_say(h, "It goes on.");
	else
		how_it_ended(h, t);
	if (untouched) {
		html_say(h, " Made with ");
		html_say(h, compared_mode(s->start->mode));
		html_say(h, ".");
	}
	html_say(h, "</p>\n");
	if (replayed) {
		struct buf said = {0};
		say_replay_source(s->replay_of, &said);
		html_say(h, "<div class=\"warning\">");
		html_lines(h, buf_span(&said));
		html_say(h, "</div>\n");
		buf_fini(&said);
	}
}

static const char *class_sentence(enum abuse_class c)
{
	switch (c) {
	case ABUSE_PHISHING:
		return "It is reported as <strong>phishing</strong>: a page that asks for what "
		       "it has no right to.";
	case ABUSE_MALWARE:
		return "It is reported as <strong>malware</strong>: it hands out harmful "
		       "software.";
	case ABUSE_FRAUD: return "It is reported as <strong>fraud</strong>.";
	case ABUSE_BRAND:
		return "It is reported as <strong>misuse of a brand</strong>: it shows itself "
		       "as somebody else.";
	case ABUSE_SPAM:
		return "It is reported as <strong>spam</strong>: the link came in mail that "
		       "nobody asked for.";
	case ABUSE_NONE:
	case ABUSE_CLASS_COUNT: break;
	}
	return "What kind of abuse this is was not stated; what was seen stands below.";
}

static void reporter(struct html *h)
{
	const struct edition_reporter *who = &h->e->order->reporter;
	if (who->org.n == 0 && who->email.n == 0)
		return;
	html_say(h, " Reported by ");
	if (who->org.n > 0)
		html_value(h, who->org);
	if (who->email.n > 0) {
		html_say(h, who->org.n > 0 ? ", " : "");
		html_mail(h, who->email);
	}
	html_say(h, ".");
}

/* Who is asked to do what. */
static void asked(struct html *h, const struct report_trail *t)
{
	const struct edition_order *o = h->e->order;
	const struct report_party *p = edition_party(h->e, t);
	html_say(h, "<div class=\"asked\"><p>");
	html_say(h, class_sentence(o->abuse));
	if (o->brand != NULL && o->abuse == ABUSE_BRAND) {
		html_say(h, " The brand: ");
		html_value(h, span_str(o->brand));
		html_say(h, ".");
	}
	reporter(h);
	html_say(h, "</p>\n<p>");
	if (p != NULL) {
		html_say(h, "This report is for whoever runs ");
		host_of(h, p->name);
		buf_addf(h->out, " (party %zu of this trail): ", p->n);
		html_say(h, p->n_hops == 1 ? "hop" : "hops");
		for (size_t i = 0; i < p->n_hops && i < 20; i++)
			buf_addf(h->out, "%s %zu", i > 0 ? "," : "", p->hops[i]);
		html_say(h, p->n_hops > 20 ? " and more" : "");
		html_say(h, p->n_hops == 1 ? " is its own" : " are its own");
		html_say(h, "; the others are shown for what led there and where it went on. "
			    "Please stop your part of it, keep your logs of it, and tell the "
			    "reporter what was done.");
	} else {
		html_say(h, "Whoever runs a part of it is asked to stop that part, to keep the "
			    "logs of it, and to tell the reporter what was done. Who runs what "
			    "stands under <em>Who is on the way</em>.");
	}
	html_say(h, "</p></div>\n");
}

static void from_where(struct html *h, const struct report_session *s)
{
	if (h->e->order->withhold_egress) {
		html_fact_open(h, "From");
		html_say(h, "withheld by the reporter");
		html_fact_close(h);
		return;
	}
	if (s == NULL)
		return;
	html_fact_open(h, "From");
	if (s->egress.ip.p != NULL)
		html_ip(h, s->egress.ip);
	else
		html_say(h, "the reporter's own address, which is not in the record");
	if (s->egress.country.p != NULL) {
		html_say(h, ", country ");
		html_value(h, s->egress.country);
		if (s->egress.country_by.p != NULL) {
			html_say(h, " (by ");
			html_value(h, s->egress.country_by);
			html_say(h, ")");
		}
	}
	if (s->start->via.p != NULL) {
		html_say(h, ", through ");
		html_code(h, s->start->via);
	}
	html_fact_close(h);
}

void html_story_facts(struct html *h, const struct report_trail *t)
{
	const struct report_session *s = html_session(h->r, t->trail->session);
	html_say(h, "<dl class=\"facts\">\n");
	html_fact_open(h, "The link");
	html_url(h, t->trail->start_url);
	html_fact_close(h);
	if (t->n_hops > 1) {
		html_fact_open(h, "Where it ended");
		html_url(h, t->trail->final_url);
		html_fact_close(h);
	}
	if (t->trail->handoff_url.p != NULL) {
		html_fact_open(h, "Handed over");
		html_url(h, t->trail->handoff_url);
		html_fact_close(h);
	}
	html_fact_open(h, "When");
	html_time(h->out, t->trail->started_us);
	html_fact_close(h);
	from_where(h, s);
	if (s != NULL) {
		html_fact(h, "User-Agent", s->user_agent);
		html_fact(h, "Language", s->start->language);
		html_fact(h, "Time zone", s->start->timezone);
		html_fact(h, "Device", s->start->device);
		html_fact(h, "Referer", s->referer);
	}
	html_fact_open(h, "The record");
	html_say(h, t->trail->recording_complete
			    ? "every step was recorded whole"
			    : "<strong class=\"bad\">not every step was recorded "
			      "whole</strong>");
	html_fact_close(h);
	html_say(h, "</dl>\n");
}

void html_summary(struct html *h, const struct report_trail *t)
{
	html_say(h, "<section class=\"summary\">");
	html_heading(h, 0, "What happened");
	html_story(h, t, false);
	asked(h, t);
	html_story_facts(h, t);
	if (t->trail->n_notes > 0) {
		html_say(h, "<ul class=\"notes\">\n");
		for (size_t i = 0; i < t->trail->n_notes; i++) {
			html_say(h, "<li>");
			html_value(h, span_str(t->trail->notes[i]));
			html_say(h, "</li>\n");
		}
		html_say(h, "</ul>\n");
	}
	html_trail_remarks(h, t);
	html_say(h, "</section>\n");
}
