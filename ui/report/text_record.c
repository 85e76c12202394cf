/* What is needed to judge the record itself: sessions, notes, seal. */
#include "ui/report/options_words.h"
#include "ui/report/say.h"
#include "ui/report/say_compared.h"
#include "ui/report/text_parts.h"
#include "store/base/clock.h"
#include "store/base/codec.h"

static void say_session(const struct report_session *s, struct buf *out)
{
	char at[CLOCK_TEXT_MAX] = "?";
	if (s->start->at_us != FACT_NULL)
		clock_text(s->start->at_us, at);
	buf_addf(out, "Session %lld\n", (long long)s->start->session);
	text_label(out, "started");
	buf_addf(out, "%s by clicktrail ", at);
	say_text(out, s->start->command);
	buf_add_str(out, ", ");
	say_text(out, s->start->tool_version);
	buf_add_byte(out, '\n');
	text_label(out, "browser");
	text_browser(s, out);
	buf_add_byte(out, '\n');
	text_labelled(out, "user agent", s->user_agent);
	struct buf mode = {0};
	buf_add_span(&mode, s->start->mode);
	buf_addf(&mode, ": %s", compared_mode(s->start->mode));
	text_prose(out, "mode", buf_span(&mode));
	buf_fini(&mode);
	if (s->start->link.p != NULL)
		text_labelled(out, "link", s->start->link);
	if (s->start->sent_link.p != NULL && !span_eq(s->start->sent_link, s->start->link))
		text_labelled(out, "sent as", s->start->sent_link);
	if (s->start->options.p != NULL) {
		struct buf words = {0};
		options_words(s->start->options, &words);
		text_labelled(out, "options", buf_span(&words));
		buf_fini(&words);
	}
	if (s->other_wrappers)
		text_labelled(out, "link rules",
			span_str("it was recorded with a file of link rules that this report "
				 "does not use (--wrappers)"));
	text_label(out, "saw");
	say_count(out, s->n_exchanges, "exchange", "exchanges");
	buf_addf(out, ", %zu of them failed or cut off", s->n_failed);
	if (s->n_opaque > 0)
		buf_addf(out, ", %zu streams passed through unread", s->n_opaque);
	buf_add_byte(out, '\n');
	text_label(out, "ended");
	if (s->end == NULL) {
		buf_add_str(out, "not (still running, or cut off)\n");
		return;
	}
	say_text(out, s->end->reason);
	if (s->end->detail.n > 0) {
		buf_add_str(out, ": ");
		say_long(out, s->end->detail, text_under);
	}
	buf_add_byte(out, '\n');
}

/* A report to one party has the sessions that led over it, and no others. */
static bool is_told(const struct text_order *x, int64_t session)
{
	for (size_t i = 0; x->for_one && i < x->r->n_trails; i++)
		if (x->r->trails[i].trail->session == session &&
			text_party(x, &x->r->trails[i]) != NULL)
			return true;
	return !x->for_one;
}

static void say_notes(const struct text_order *x, struct buf *out)
{
	const struct report *r = x->r;
	for (size_t i = 0; i < r->model->n_notes; i++) {
		const struct fact_note *n = r->model->notes[i];
		if (text_session(r, n->session) == NULL || !is_told(x, n->session))
			continue;
		text_label(out, i == 0 ? "notes" : "");
		say_text(out, n->code);
		if (n->detail.n > 0) {
			buf_add_str(out, ": ");
			say_long(out, n->detail, text_under);
		}
		buf_add_byte(out, '\n');
	}
}

static void say_seal_line(const struct report *r, struct buf *out)
{
	const struct seal_head *h = &r->head;
	text_label(out, "seal");
	if (h->n == 0) {
		buf_add_str(out, "none\n");
		return;
	}
	buf_addf(out, "head %lld over %lld facts, %s (not checked here: clicktrail verify)\n",
		(long long)h->n, (long long)h->facts, r->has_signature ? "signed" : "unsigned");
	text_label(out, "  running");
	hex_add(out, span_of(h->running, SHA256_LEN));
	buf_add_byte(out, '\n');
	if (r->compared != NULL && r->compared->checked)
		text_labelled(out, "  companion", span_str(say_compared_seal));
}

static void say_witness(const struct text_order *x, struct buf *out)
{
	struct buf said = {0};
	say_compared(x->r->compared, !x->for_one, &said);
	if (buf_len(&said) > 0) {
		buf_add_str(out, "THE SECOND WITNESS\n\n");
		buf_add_span(out, buf_span(&said));
		buf_add_byte(out, '\n');
	}
	buf_fini(&said);
}

void text_record(const struct text_order *x, struct buf *out)
{
	const struct report *r = x->r;
	say_witness(x, out);
	buf_add_str(out, "THE RECORD\n\n");
	text_labelled(out, "case", r->about.id);
	if (r->model->wrappers != NULL && r->model->wrappers->file != NULL) {
		text_labelled(out, "link rules", span_str(r->model->wrappers->file));
		text_labelled(out, "  sha256", span_str(r->model->wrappers->sha256));
	}
	text_label(out, "complete");
	buf_add_str(out, r->recording_complete ? "yes" : "NO: ");
	if (!r->recording_complete)
		say_text(out, span_str(r->incomplete_reason));
	buf_add_byte(out, '\n');
	say_seal_line(r, out);
	buf_add_byte(out, '\n');
	for (size_t i = 0; i < r->n_sessions; i++) {
		if (!is_told(x, r->sessions[i].start->session))
			continue;
		say_session(&r->sessions[i], out);
		buf_add_byte(out, '\n');
	}
	say_notes(x, out);
}
