/*
 * The words of a complaint. Desks act on reports that they understand: so first what happened
 * and what is asked, without a technical term, then the trail.
 */
#include "ui/report/complaint.h"
#include "ui/report/hop_line.h"
#include "ui/report/recipe_curl.h"
#include "ui/report/say.h"
#include "store/base/clock.h"
#include "ui/report/say_compared.h"

static const char *const nouns[] = {
	[ABUSE_NONE] = "abuse",
	[ABUSE_PHISHING] = "phishing",
	[ABUSE_MALWARE] = "malware",
	[ABUSE_FRAUD] = "fraud",
	[ABUSE_BRAND] = "misuse of a brand",
	[ABUSE_SPAM] = "spam",
};

const char *complaint_noun(enum abuse_class c)
{
	return nouns[c];
}

const char *complaint_request(const struct complaint *c)
{
	if (c->last)
		return "Please look at what is served there, take it down if it breaks your "
		       "rules or the law, and keep your records of who put it there.";
	if (c->party->is_platform || c->party->service != NULL)
		return "Please stop this link or redirect, look at the account that made it, "
		       "and keep your records of it.";
	return "Please find out why visitors are sent on from there, stop that if it breaks "
	       "your rules or the law (the site may have been broken into), and keep your "
	       "records.";
}

/* "hop 2", "hops 1, 2 and 4 more" */
static void say_numbers(const struct report_party *p, struct buf *out)
{
	buf_add_str(out, p->n_hops == 1 ? "step " : "steps ");
	for (size_t i = 0; i < p->n_hops && i < 8; i++)
		buf_addf(out, "%s%zu", i > 0 ? ", " : "", p->hops[i]);
	if (p->n_hops > 8)
		buf_addf(out, " and %zu more", p->n_hops - 8);
}

static void say_indented(struct span url, struct buf *out)
{
	buf_add_str(out, "  ");
	if (trail_url_erased(url))
		buf_add_str(out, "(this address was erased)");
	else
		recipe_piece(out, url, "  ");
	buf_add_byte(out, '\n');
}

/* Prose keeps words whole: none may be longer than a line. */
static void add_word(struct buf *line, struct span s)
{
	enum { WORD_MAX = 250 };
	buf_add_span(line, span_first(s, WORD_MAX));
	if (s.n > WORD_MAX)
		buf_add_str(line, "...");
}

static const char *part_of(const struct complaint *c)
{
	if (!c->last)
		return "It sends the visitor on.";
	if (!c->rests)
		return "The visitor was sent there, and nothing came of it.";
	if (c->trail->trail->ended_by == ENDED_DOWNLOAD)
		return "The file that the visitor is given is there.";
	return "The page that the visitor ends at is there.";
}

static void say_operated(const struct complaint *c, struct buf *out)
{
	struct buf line = {0};
	const struct report_party *p = c->party;
	buf_add_str(&line, "You operate ");
	add_word(&line, p->name);
	buf_add_str(&line, ", or its name or network is in your care (");
	say_numbers(p, &line);
	buf_addf(&line, " of %zu", c->trail->n_hops);
	if (p->address.n > 0) {
		buf_add_str(&line, ", at the address ");
		add_word(&line, p->address);
	} else if (c->hop->remote_ip.n > 0) {
		buf_add_str(&line, ", at the address ");
		add_word(&line, c->hop->remote_ip);
	}
	buf_add_str(&line, "). ");
	buf_addf(&line, "%s", part_of(c));
	say_prose(out, "", "", buf_span(&line));
	buf_fini(&line);
}

static void say_seen_from(const struct complaint *c, struct buf *out)
{
	struct buf line = {0};
	const struct report_session *s = c->session;
	if (s == NULL)
		return;
	buf_add_str(&line, "It was seen with the User-Agent \"");
	add_word(&line, s->user_agent);
	buf_add_byte(&line, '"');
	if (s->start->language.n > 0) {
		buf_add_str(&line, ", language ");
		add_word(&line, s->start->language);
	}
	if (s->egress.ip.n > 0 && !c->edition->order->withhold_egress) {
		buf_add_str(&line, ", from the address ");
		add_word(&line, s->egress.ip);
		if (s->egress.country.n > 0) {
			buf_add_str(&line, " (");
			add_word(&line, s->egress.country);
			buf_add_byte(&line, ')');
		}
	}
	buf_add_str(&line, ". From elsewhere, or asked otherwise, it may show something else.");
	say_prose(out, "", "", buf_span(&line));
	buf_fini(&line);
}

void complaint_story(const struct complaint *c, struct buf *out)
{
	const struct trail *t = c->trail->trail;
	buf_add_str(out, "On ");
	say_day(out, t->started_us);
	buf_add_str(out, " this link was opened:\n");
	say_indented(t->start_url, out);
	if (c->trail->n_hops > 1) {
		buf_add_str(out, "It led over ");
		say_count(out, c->trail->n_hops, "step", "steps");
		buf_add_str(out, " to:\n");
		say_indented(t->final_url, out);
	}
	if (c->edition->order->abuse != ABUSE_NONE) {
		buf_addf(out, "We report this as %s", nouns[c->edition->order->abuse]);
		if (c->edition->order->brand != NULL) {
			buf_add_str(out, " of ");
			recipe_piece(out, span_str(c->edition->order->brand), "  ");
		}
		buf_add_str(out, ".\n");
	}
	say_operated(c, out);
	say_prose(out, "", "", span_str(complaint_request(c)));
	say_seen_from(c, out);
}

static void say_hop(const struct complaint *c, const struct report_hop *h, struct buf *out)
{
	char at[CLOCK_TEXT_MAX] = "an unknown time";
	bool theirs = parties_of_hop(&c->trail->parties, h->hop->n) == c->party;
	if (h->hop->at_us != FACT_NULL)
		clock_text(h->hop->at_us, at);
	buf_addf(out, "%s %zu. %s, ", theirs ? "->" : "  ", h->hop->n, at);
	say_text(out, span_first(h->hop->method, 20));
	if (h->hop->status != FACT_NULL)
		buf_addf(out, ", answered %lld", (long long)h->hop->status);
	if (h->remote_ip.n > 0) {
		buf_add_str(out, " by ");
		say_text(out, span_first(h->remote_ip, 60));
		buf_addf(out, " port %lld", (long long)h->remote_port);
	}
	buf_addf(out, " (%s, %s)\n      ", mechanism_word(h->hop->mechanism),
		confidence_word(h->hop->confidence));
	if (trail_url_erased(h->hop->url))
		buf_add_str(out, "(this address was erased)");
	else
		recipe_piece(out, h->hop->url, "      ");
	buf_add_byte(out, '\n');
}

void complaint_redaction(const struct complaint *c, struct buf *out)
{
	const struct redaction *x = c->edition->redaction;
	say_compared_line(c->edition->report->compared, out);
	if (x != NULL && x->how != REDACT_NONE)
		buf_addf(out, "What names a recipient was replaced (%s); ask if you need it.\n",
			redact_word(x->how));
}

void complaint_hops(const struct complaint *c, struct buf *out)
{
	for (size_t i = 0; i < c->trail->n_hops; i++)
		say_hop(c, &c->trail->hops[i], out);
}

/* Adds s if there is room left for it, whole. */
static bool add_if(struct buf *out, size_t *left, const struct buf *s)
{
	size_t characters = 0;
	struct span v = buf_span(s);
	for (size_t i = 0; v.p != NULL && i < v.n; i++)
		characters += (v.p[i] & 0xc0) != 0x80;
	if (characters > *left)
		return false;
	*left -= characters;
	buf_add_span(out, v);
	return true;
}

void complaint_short(const struct complaint *c, size_t max, struct buf *out)
{
	static const char more[] = "(There is more than fits here.)";
	struct buf part = {0};
	size_t left = max > sizeof more ? max - sizeof more : 0;
	bool all = true;
	buf_add_str(&part, "On ");
	say_day(&part, c->trail->trail->started_us);
	buf_add_str(&part, " a link led over ");
	say_count(&part, c->trail->n_hops, "step", "steps");
	buf_addf(&part, "; we report it as %s. ", nouns[c->edition->order->abuse]);
	all = add_if(out, &left, &part) && all;
	buf_clear(&part);
	buf_add_str(&part, "At ");
	say_text(&part, c->party->name);
	buf_add_str(&part, ": ");
	say_text(&part, c->hop->hop->url);
	buf_add_str(&part, c->last ? ", where the visitor ends. " : ", which sends on. ");
	all = add_if(out, &left, &part) && all;
	buf_clear(&part);
	buf_addf(&part, "%s ", complaint_request(c));
	all = add_if(out, &left, &part) && all;
	for (size_t i = 0; i < c->trail->n_hops && all; i++) {
		const struct report_hop *h = &c->trail->hops[i];
		buf_clear(&part);
		buf_addf(&part, "%zu: ", h->hop->n);
		say_text(&part, h->hop->url);
		buf_addf(&part, " (%s). ", mechanism_word(h->hop->mechanism));
		all = add_if(out, &left, &part) && all;
	}
	buf_fini(&part);
	if (!all)
		buf_add_str(out, more);
}

/* RFC 4180 2.5 to 2.7; and what a spreadsheet would take for a formula starts with an
 * apostrophe, so that it is text. Control bytes are escaped. */
static void add_cell(struct buf *out, struct span value, bool last)
{
	struct buf clean = {0};
	if (value.n > 0)
		say_text(&clean, value);
	struct span s = buf_span(&clean);
	buf_add_byte(out, '"');
	if (s.p != NULL && s.n > 0 && strchr("=+-@", s.p[0]) != NULL)
		buf_add_byte(out, '\'');
	for (size_t i = 0; s.p != NULL && i < s.n; i++) {
		if (s.p[i] == '"')
			buf_add_byte(out, '"');
		buf_add_byte(out, s.p[i]);
	}
	buf_add_str(out, last ? "\"\r\n" : "\",");
	buf_fini(&clean);
}

static void add_number(struct buf *out, int64_t n)
{
	if (n != FACT_NULL)
		buf_addf(out, "%lld", (long long)n);
	buf_add_byte(out, ',');
}

void complaint_csv(const struct complaint *c, struct buf *out)
{
	buf_add_str(out, "hop,at,method,status,url,mechanism,confidence,server,port,party,"
			 "reported\r\n");
	for (size_t i = 0; i < c->trail->n_hops; i++) {
		const struct report_hop *h = &c->trail->hops[i];
		const struct report_party *p = parties_of_hop(&c->trail->parties, h->hop->n);
		char at[CLOCK_TEXT_MAX] = "";
		if (h->hop->at_us != FACT_NULL)
			clock_text(h->hop->at_us, at);
		buf_addf(out, "%zu,%s,", h->hop->n, at);
		add_cell(out, h->hop->method, false);
		add_number(out, h->hop->status);
		add_cell(out, trail_url_erased(h->hop->url) ? SPAN_NONE : h->hop->url, false);
		buf_addf(out, "%s,%s,", mechanism_word(h->hop->mechanism),
			confidence_word(h->hop->confidence));
		add_cell(out, h->remote_ip, false);
		add_number(out, h->remote_port);
		add_cell(out, p != NULL ? p->name : SPAN_NONE, false);
		buf_add_str(out, p == c->party ? "yes\r\n" : "no\r\n");
	}
}
