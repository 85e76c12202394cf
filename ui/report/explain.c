/*
 * `clicktrail explain`: each hop in plain words: how the browser was moved there, how sure that
 * is, and what was seen that says so.
 */
#include "ui/report/report.h"
#include "ui/report/hop_line.h"
#include "ui/report/say.h"
#include "ui/report/say_compared.h"
#include "ui/report/say_link.h"
#include "ui/report/say_same.h"
#include "ui/report/text_parts.h"

static const char *move_sentence(enum trail_mechanism m)
{
	switch (m) {
	case MECHANISM_OPEN: return "The link itself was opened: this is where it all starts.";
	case MECHANISM_HTTP_REDIRECT:
		return "The server answered the request before with a redirect: a status of "
		       "the "
		       "300s and a Location field that names this address. Browsers follow "
		       "that by themselves, without showing anything.";
	case MECHANISM_REFRESH_HEADER:
		return "The answer before carried a Refresh header: show this page, and after "
		       "the "
		       "given seconds go to this address.";
	case MECHANISM_META_REFRESH:
		return "The page before held a <meta http-equiv=\"refresh\">: after the given "
		       "seconds the browser goes to this address by itself.";
	case MECHANISM_SCRIPT:
		return "A script in the page before sent the browser to this address.";
	case MECHANISM_FORM: return "A form in the page before was sent to this address.";
	case MECHANISM_FRAME: return "A frame inside the page before asked for this address.";
	case MECHANISM_WINDOW: return "The page before opened this address in a new window.";
	case MECHANISM_HSTS_UPGRADE:
		return "The browser itself turned http into https, for the site had told it to "
		       "(HSTS). This step never went over the network.";
	case MECHANISM_HTTPS_FIRST:
		return "The browser itself tried https where the address said http, or went "
		       "back "
		       "to http when that failed.";
	case MECHANISM_USER:
		return "A person did it: the browser says that there was a click or a key.";
	case MECHANISM_CACHED_REDIRECT:
		return "The browser remembered a redirect that it had been given before, and "
		       "followed it without asking again.";
	case MECHANISM_SERVICE_WORKER:
		return "A service worker, a script that the site had put into the browser, "
		       "answered in the site's place and sent the browser here.";
	case MECHANISM_HISTORY:
		return "A script of the page changed the address that the browser shows, "
		       "without loading anything. This step never went over the network.";
	case MECHANISM_LOCAL_DOCUMENT:
		return "A script of the page before made a document of its own inside the "
		       "browser (blob:) and showed it. This step never went over the network.";
	case MECHANISM_HANDOFF:
		return "The browser was told to hand over to another program, which a "
		       "recording of the browser cannot follow.";
	case MECHANISM_UNKNOWN:
	case MECHANISM_COUNT: break;
	}
	return "Nothing that was recorded explains how the browser came here.";
}

static const char *sure_sentence(enum trail_confidence c)
{
	switch (c) {
	case CONFIDENCE_CERTAIN: return "This is certain.";
	case CONFIDENCE_LIKELY: return "This is likely, not certain.";
	case CONFIDENCE_POSSIBLE: return "This is possible, no more.";
	}
	return "";
}

/* What a signal is, to somebody who has not read the standards. A signal that is not listed is
 * shown by its own name. */
static const char *signal_sentence(const char *signal)
{
	static const struct {
		const char *signal, *sentence;
	} table[] = {
		{"erased", "what the answer before it said was erased, or its own address"},
		{"sent-link", "it is the link that was opened"},
		{"mail-link", "it came from a mail"},
		{"given-referer", "where it was told to come from (--referer)"},
		{"status", "the answer's status"},
		{"location", "the answer's Location field"},
		{"refresh", "the answer's Refresh field"},
		{"meta", "in the page"},
		{"meta-written", "in markup that a script of the page writes"},
		{"script-location", "the script's own words"},
		{"script-reload", "the script loads the page again"},
		{"script-action", "the script's own words"},
		{"script-href", "the script's own words"},
		{"script-url", "the address stands in the script"},
		{"script-prefix", "the script holds the beginning of the address"},
		{"script-submit", "the script sends the form"},
		{"script-click", "the script clicks the link"},
		{"window-open", "the script opens a window"},
		{"form-action", "the form in the page"},
		{"form-field", "a hidden value of the form, sent back"},
		{"anchor", "a link in the page"},
		{"frame", "a frame in the page"},
		{"coding", "the address was hidden by"},
		{"method", "the request's method"},
		{"cookie", "a cookie that was set before and is sent now"},
		{"timing", "when it came"},
		{"sec-fetch-site", "where the browser says it comes from (Sec-Fetch-Site)"},
		{"sec-fetch-user", "the browser says that a person did it (Sec-Fetch-User)"},
		{"no-sec-fetch-user", "the browser does not say that a person did it"},
		{"referer", "the page that the browser names (Referer)"},
		{"origin", "the site that the browser names (Origin)"},
		{"strict-transport-security",
			"the site had told the browser to use https only"},
		{"script-history", "the script changes the address shown"},
		{"script-redirect", "the worker's script answers with a redirect"},
		{"script-blob", "the script makes a document"},
		{"service-worker", "the script that the service worker was registered with"},
		{"cache-control", "how long that redirect may be remembered (Cache-Control)"},
		{"prefetched",
			"the page had been fetched in advance, and was not asked for again"},
		{"deadline", "until when the link is good"},
		{"cookie-lifetime", "a cookie with a short life, set before and sent now"},
		{"no-referer", "no page is named, as is so with documents made by script"},
		{"intent-fallback", "where it leads if that program is missing"},
		{"intent-package", "the program that is meant"},
		{"retry", "the same request was made before and failed"},
		{"against", "but this speaks against it"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(signal, table[i].signal) == 0)
			return table[i].sentence;
	return signal;
}

static void explain_evidence(const struct trail_hop *h, struct buf *out)
{
	if (h->n_evidence > 0)
		buf_add_str(out, "   We know it from:\n");
	for (size_t i = 0; i < h->n_evidence; i++) {
		const struct trail_evidence *e = &h->evidence[i];
		buf_add_str(out, "     - ");
		say_text(out, span_str(signal_sentence(e->signal)));
		if (e->exchange != FACT_NULL)
			buf_addf(out, " (exchange %lld)", (long long)e->exchange);
		if (e->quote.n > 0) {
			buf_add_str(out, ": ");
			say_long(out, e->quote, "       ");
		}
		buf_add_byte(out, '\n');
	}
	for (size_t i = 0; i < h->n_alternatives; i++) {
		const struct trail_alternative *a = &h->alternatives[i];
		struct buf line = {0};
		buf_addf(&line, "It might have been %s", mechanism_word(a->mechanism));
		if (a->from_hop > 0)
			buf_addf(&line, " from hop %zu", a->from_hop);
		buf_add_str(&line, "; that was not chosen because: ");
		buf_add_str(&line, a->why != NULL ? a->why : "-");
		say_prose(out, "   ", "   ", buf_span(&line));
		buf_fini(&line);
	}
}

static void explain_server(const struct report_hop *h, struct buf *out)
{
	struct buf line = {0};
	if (h->exchange == NULL) {
		buf_add_str(&line, "No server was asked.");
	} else if (h->remote_ip.p == NULL) {
		buf_add_str(&line, "No server was reached");
		if (h->reason.n > 0) {
			buf_add_str(&line, ": ");
			buf_add_span(
				&line, h->reason_detail.n > 0 ? h->reason_detail : h->reason);
		}
		buf_add_byte(&line, '.');
	} else {
		buf_add_str(&line, "The server at ");
		buf_add_span(&line, h->remote_ip);
		if (h->registrable_domain.p != NULL) {
			buf_add_str(&line, " answers for ");
			buf_add_span(&line, h->registrable_domain);
		}
		if (h->tls == NULL)
			buf_add_str(&line, ", without encryption");
		else if (h->tls->origin->verified == 1)
			buf_add_str(&line, ", with a certificate that verifies");
		else if (h->tls->origin->verified == FACT_NULL)
			buf_add_str(&line, ", with a certificate that the browser took");
		else
			buf_add_str(&line, ", with a certificate that does NOT verify");
		buf_add_byte(&line, '.');
	}
	say_prose(out, "   ", "   ", buf_span(&line));
	buf_fini(&line);
}

/* What everybody should know of its encryption, and no more: the report has the rest. */
static void explain_grade(const struct report_grade *g, struct buf *out)
{
	struct buf line = {0};
	if (g != NULL && g->young) {
		buf_add_str(&line, "That certificate was made only ");
		text_age(g->age_us, &line);
		buf_add_str(&line, " before.");
		say_prose(out, "   ", "   ", buf_span(&line));
	}
	for (size_t i = 0; g != NULL && g->encrypted && i < g->n_findings; i++) {
		if (g->findings[i].mark < GRADE_WEAK)
			break; /* worst first */
		buf_clear(&line);
		buf_addf(&line, "Its encryption is %s: %s.", grade_word(g->findings[i].mark),
			g->findings[i].why);
		say_prose(out, "   ", "   ", buf_span(&line));
	}
	buf_fini(&line);
}

static void explain_hop(const struct report_hop *h, struct buf *out)
{
	hop_line(h->hop, out);
	buf_add_byte(out, '\n');
	say_prose(out, "   ", "   ", span_str(move_sentence(h->hop->mechanism)));
	say_prose(out, "   ", "   ", span_str(sure_sentence(h->hop->confidence)));
	explain_evidence(h->hop, out);
	explain_server(h, out);
	explain_grade(h->grade, out);
	say_link_explained(h, out);
	buf_add_byte(out, '\n');
}

static void explain_replay(
	const struct report *r, const struct report_trail *t, struct buf *out)
{
	for (size_t i = 0; i < r->n_sessions; i++)
		if (r->sessions[i].start->session == t->trail->session &&
			span_is(r->sessions[i].start->mode, "replay")) {
			say_replay_source(r->sessions[i].replay_of, out);
			buf_add_byte(out, '\n');
		} else if (r->sessions[i].start->session == t->trail->session &&
			   span_is(r->sessions[i].start->mode, "no-intercept")) {
			say_prose(out, "Made with ", "  ",
				span_str(compared_mode(r->sessions[i].start->mode)));
			buf_add_byte(out, '\n');
		}
}

void report_explain(const struct report *r, struct buf *out)
{
	if (r->n_trails == 0)
		buf_add_str(out, "No link was opened in what this case holds.\n");
	for (size_t i = 0; i < r->n_trails; i++) {
		const struct report_trail *t = &r->trails[i];
		if (r->n_trails > 1)
			buf_addf(out, "TRAIL %s\n\n", t->id);
		explain_replay(r, t, out);
		for (size_t k = 0; k < t->n_hops; k++)
			explain_hop(&t->hops[k], out);
		buf_addf(out, "%s\n", trail_end_sentence(t->trail->ended_by));
		for (size_t k = 0; k < t->trail->n_notes; k++)
			say_prose(out, "Note: ", "  ", span_str(t->trail->notes[k]));
		say_replay(t->replay, out);
		say_compared_line(r->compared, out);
		buf_add_byte(out, '\n');
	}
	if (!r->recording_complete)
		say_prose(out, "The recording is not complete: ", "  ",
			span_str(r->incomplete_reason));
}
