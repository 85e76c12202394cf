/*
 * What everybody should read: the first ten lines of the text report, and the summary of
 * `trace`, who needs no telling what was asked of it.
 */
#include "ui/report/defang.h"
#include "ui/report/hop_line.h"
#include "ui/report/mail.h"
#include "ui/report/say.h"
#include "ui/report/say_compared.h"
#include "ui/report/say_remarks.h"
#include "ui/report/say_same.h"
#include "ui/report/text_parts.h"
#include "store/fact/lapse.h"

const struct report_session *text_session(const struct report *r, int64_t session)
{
	for (size_t i = 0; i < r->n_sessions; i++)
		if (r->sessions[i].start->session == session)
			return &r->sessions[i];
	return NULL;
}

void text_browser(const struct report_session *s, struct buf *out)
{
	if (s == NULL || s->start->browser.p == NULL) {
		buf_add_str(out, "a browser");
		return;
	}
	if (span_is(s->start->browser, "none")) {
		buf_add_str(out, "the built-in client, which runs no script");
		return;
	}
	say_text(out, s->start->browser);
	if (s->start->browser_version.p != NULL) {
		buf_add_byte(out, ' ');
		say_text(out, s->start->browser_version);
	}
}

static void say_path(const struct report_trail *t, struct buf *out)
{
	struct buf line = {0};
	if (t->n_hops <= 1) {
		buf_add_str(out, "It led nowhere else.\n");
		return;
	}
	const struct trail_hop *last = t->hops[t->n_hops - 1].hop;
	buf_add_str(&line, "It led over ");
	say_count(&line, t->n_hops, "step", "steps");
	if (t->parties.n > 0) {
		buf_add_str(&line, " and ");
		say_count(&line, t->parties.n, "party", "parties");
	}
	int64_t took =
		lapse_us(t->trail->started_us, lapse_end_us(last->at_us, last->elapsed_us));
	if (took != FACT_NULL) {
		buf_add_str(&line, ", within ");
		say_span_of_time(&line, took);
	}
	buf_add_str(&line, ", to:");
	say_prose(out, "", "", buf_span(&line));
	buf_fini(&line);
	buf_add_str(out, "  ");
	say_address(out, t->trail->final_url, "  ");
	buf_add_byte(out, '\n');
}

/* How it ended, and for an error why; the line goes on. */
static void say_end(const struct report_trail *t, struct buf *out)
{
	const struct report_hop *last = t->n_hops > 0 ? &t->hops[t->n_hops - 1] : NULL;
	if (t->trail->ended_by == ENDED_ERROR && last != NULL && last->reason.p != NULL) {
		for (int kind = ERR_NONE + 1; kind < ERR_KINDS; kind++) {
			if (!span_is(last->reason, err_word((enum err_kind)kind)))
				continue;
			buf_addf(out, "It ended with an error: %s.",
				err_sentence((enum err_kind)kind));
			return;
		}
	}
	buf_add_str(out, trail_end_sentence(t->trail->ended_by));
}

/* Ends a paragraph: defanged before it is broken, so that lines keep their width. */
static void end_prose(struct buf *line, bool defang, const char *indent, struct buf *out)
{
	struct buf safe = {0};
	if (defang)
		defang_add(&safe, buf_span(line));
	say_prose(out, "", indent, defang ? buf_span(&safe) : buf_span(line));
	buf_fini(&safe);
	buf_fini(line);
}

static bool defangs(const struct text_order *x)
{
	return x->e != NULL && x->e->order->defang;
}

static void say_parties(const struct report_trail *t, bool defang, struct buf *out)
{
	struct buf line = {0};
	if (t->parties.n == 0)
		return;
	buf_add_str(&line, "Who was on the way:");
	for (size_t i = 0; i < t->parties.n && i < 8; i++) {
		buf_add_str(&line, i > 0 ? ", " : " ");
		buf_add_span(&line, t->parties.list[i].name);
	}
	if (t->parties.n > 8)
		buf_addf(&line, " and %zu more", t->parties.n - 8);
	buf_add_byte(&line, '.');
	end_prose(&line, defang, "  ", out);
}

static void say_opened(const struct report *r, const struct report_trail *t, struct buf *out)
{
	const struct report_session *s = text_session(r, t->trail->session);
	bool replayed = s != NULL && span_is(s->start->mode, "replay");
	buf_add_str(out, "On ");
	say_day(out, t->trail->started_us);
	buf_add_str(out,
		replayed ? " this link was replayed with " : " this link was opened with ");
	text_browser(s, out);
	buf_add_str(out, ":\n  ");
	say_address(out, t->trail->start_url, "  ");
	buf_add_byte(out, '\n');
	report_mail_say_line(r, t->trail->session, out);
	if (replayed)
		say_replay_source(s->replay_of, out);
	if (s != NULL && span_is(s->start->mode, "no-intercept"))
		say_prose(out, "Made with ", "  ", span_str(compared_mode(s->start->mode)));
}

static const char *wholeness(const struct report_trail *t)
{
	return t->trail->recording_complete ? "Every step was recorded whole.\n"
					    : "NOT every step was recorded whole.\n";
}

static void say_trail_notes(const struct report_trail *t, struct buf *out)
{
	for (size_t i = 0; i < t->trail->n_notes; i++)
		say_prose(out, "Note: ", "  ", span_str(t->trail->notes[i]));
}

/* Short, for who has just watched it happen. */
void report_text_summary(const struct report *r, const struct report_trail *t, struct buf *out)
{
	say_opened(r, t, out);
	say_path(t, out);
	say_end(t, out);
	buf_add_str(out, "\n");
	buf_add_str(out, wholeness(t));
	say_parties(t, false, out);
	say_replay_line(t->replay, out);
	say_trail_notes(t, out);
	say_trail_remarks(t, out);
}

/* The language that it was opened in: as set, else as the first request had it. */
static struct span language_of(const struct report_session *s, const struct report_trail *t)
{
	if (s != NULL && s->start->language.p != NULL)
		return s->start->language;
	for (size_t i = 0; i < t->n_hops; i++)
		if (t->hops[i].exchange != NULL)
			return model_request_header(t->hops[i].exchange, "Accept-Language");
	return SPAN_NONE;
}

static void add_origin(
	const struct text_order *x, const struct report_session *s, struct buf *out)
{
	const struct report_egress *from = &s->egress;
	if (x->e != NULL && x->e->order->withhold_egress) {
		buf_add_str(out, "from an address that is withheld here");
	} else if (from->ip.p == NULL) {
		buf_add_str(out, "from an address that was not recorded");
	} else {
		buf_add_str(out, "from ");
		buf_add_span(out, from->ip);
		if (from->country.n > 0) {
			buf_add_str(out, " (");
			buf_add_span(out, from->country);
			buf_add_byte(out, ')');
		}
	}
	if (s->start->via.p != NULL)
		buf_add_str(out, ", through a proxy");
}

static void say_visitor(const struct text_order *x, const struct report_session *s,
	const struct report_trail *t, struct buf *out)
{
	struct buf line = {0};
	struct span language = language_of(s, t);
	if (s == NULL)
		return;
	buf_add_str(&line, "It was opened ");
	add_origin(x, s, &line);
	buf_add_str(&line, ", with the User-Agent \"");
	buf_add_span(&line, s->user_agent.p != NULL ? s->user_agent : span_str("unknown"));
	buf_add_str(&line, "\", language ");
	buf_add_span(&line, language.n > 0 ? language : span_str("not said"));
	if (s->start->timezone.n > 0) {
		buf_add_str(&line, ", time zone ");
		buf_add_span(&line, s->start->timezone);
	}
	buf_add_byte(&line, '.');
	if (x->e != NULL && x->e->order->coarse_time)
		buf_add_str(&line, " Times are given coarsely.");
	end_prose(&line, defangs(x), "", out);
}

/* What it is reported as, for the end of "reported as ...". */
static void add_class(const struct text_order *x, struct buf *out)
{
	static const char *const words[ABUSE_CLASS_COUNT] = {[ABUSE_PHISHING] = "phishing",
		[ABUSE_MALWARE] = "spreading malware",
		[ABUSE_FRAUD] = "fraud",
		[ABUSE_BRAND] = "misuse of a brand",
		[ABUSE_SPAM] = "unsolicited mail (spam)"};
	buf_add_str(out, words[x->abuse]);
	if (x->abuse == ABUSE_FRAUD && x->e->order->fraud_type != NULL)
		buf_addf(out, " (%s)", x->e->order->fraud_type);
	if (x->abuse == ABUSE_BRAND && x->e->order->brand != NULL)
		buf_addf(out, " (%s)", x->e->order->brand);
}

static void add_hops(const struct report_party *p, struct buf *out)
{
	enum { HOPS_NAMED = 6 };
	buf_add_str(out, p->n_hops == 1 ? "hop " : "hops ");
	for (size_t i = 0; i < p->n_hops && i < HOPS_NAMED; i++)
		buf_addf(out, "%s%zu", i > 0 ? ", " : "", p->hops[i]);
	if (p->n_hops > HOPS_NAMED)
		buf_addf(out, " and %zu more", p->n_hops - HOPS_NAMED);
}

static void say_asked_of(
	const struct text_order *x, const struct report_party *p, struct buf *out)
{
	struct buf line = {0};
	buf_add_str(&line, p->is_address ? "You operate the server at " : "You operate ");
	buf_add_span(&line, p->name);
	buf_add_str(&line, " (");
	add_hops(p, &line);
	buf_add_str(&line, " below)");
	if (x->abuse == ABUSE_NONE) {
		buf_add_str(&line,
			". Please look into its part in this, and stop it if it breaks "
			"your rules.");
	} else {
		buf_add_str(&line, ", part of what is reported here as ");
		add_class(x, &line);
		buf_add_str(&line, ". Please stop the page, link or account behind it.");
	}
	end_prose(&line, defangs(x), "", out);
}

static void say_asked_of_all(
	const struct text_order *x, const struct report_trail *t, struct buf *out)
{
	struct buf line = {0};
	if (x->e == NULL || t->parties.n == 0)
		return;
	if (x->abuse != ABUSE_NONE) {
		buf_add_str(&line, "It is reported as ");
		add_class(x, &line);
		buf_add_str(&line, ". ");
	}
	buf_add_str(&line, "Each party named below is asked to look into its own part, and to "
			   "stop it.");
	end_prose(&line, defangs(x), "", out);
}

/* Our own address: who answers needs it as it is. */
static void say_reporter(const struct text_order *x, struct buf *out)
{
	const struct edition_reporter *by = x->e != NULL ? &x->e->order->reporter : NULL;
	if (by == NULL || (by->org.n == 0 && by->email.n == 0))
		return;
	buf_add_str(out, "Reported by " TEXT_KEEP);
	if (by->org.n > 0)
		say_text(out, by->org);
	if (by->email.n > 0) {
		buf_add_str(out, by->org.n > 0 ? " <" : "");
		say_text(out, by->email);
		buf_add_str(out, by->org.n > 0 ? ">" : "");
	}
	buf_add_str(out, TEXT_KEEP "\n");
}

void text_head(const struct text_order *x, const struct report_trail *t, struct buf *out)
{
	const struct report_session *s = text_session(x->r, t->trail->session);
	const struct report_party *p = text_party(x, t);
	if (p != NULL)
		say_asked_of(x, p, out);
	say_opened(x->r, t, out);
	say_path(t, out);
	say_end(t, out);
	buf_add_byte(out, ' ');
	buf_add_str(out, wholeness(t));
	say_visitor(x, s, t, out);
	if (p == NULL)
		say_asked_of_all(x, t, out);
	say_reporter(x, out);
	say_parties(t, defangs(x), out);
	say_replay_line(t->replay, out);
	say_compared_line(x->r->compared, out);
	say_trail_notes(t, out);
	say_trail_remarks(t, out);
}
