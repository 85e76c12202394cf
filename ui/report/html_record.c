/*
 * What is needed to judge the record itself: replay and rounds, what was redacted, how the
 * sessions were made, what the seal says, and what was not looked at.
 */
#include "ui/report/html_parts.h"
#include "ui/report/mail.h"
#include "ui/report/options_words.h"
#include "ui/report/recipe.h"
#include "ui/report/say.h"
#include "ui/report/say_compared.h"
#include "ui/report/say_rounds.h"
#include "ui/report/say_same.h"

enum { NOTES_SHOWN_MAX = 1000 };

/* Folded: it is long, and for who has to see it again. */
void html_recipe(struct html *h, const struct report_trail *t)
{
	struct buf said = {0};
	recipe_say(h->e, t, &said);
	html_say(h, "<section class=\"recipe\">");
	html_heading(h, 0, "How to repeat it");
	html_fold_open(h, "Each request as it was sent, with its timing", 0, false);
	html_lines(h, buf_span(&said));
	html_fold_close(h);
	html_say(h, "</section>\n");
	buf_fini(&said);
}

/* Without the title that a text report has, and the empty lines around it. */
static void without_title(
	struct html *h, const char *class, const char *title, struct span said)
{
	struct span text = span_trim(said, "\n");
	size_t end = span_find_byte(text, '\n', 0);
	html_said(h, class, title,
		span_trim(span_from(text, end == SIZE_MAX ? text.n : end), "\n"));
}

void html_mail_source(struct html *h)
{
	struct buf said = {0};
	report_mail_say(h->r, &said);
	without_title(h, "mail", "What it came from", buf_span(&said));
	buf_fini(&said);
}

void html_replay(struct html *h, const struct report_trail *t)
{
	struct buf said = {0};
	if (t->replay == NULL)
		buf_add_str(&said, "It was not replayed.\n");
	else
		say_replay(t->replay, &said);
	html_said(h, "replay", "Replay", buf_span(&said));
	buf_fini(&said);
}

void html_witness(struct html *h)
{
	struct buf said = {0};
	say_compared(h->r->compared, h->e->order->party == 0, &said);
	html_said(h, "witness", "A second witness", buf_span(&said));
	buf_fini(&said);
}

void html_rounds(struct html *h)
{
	struct buf said = {0};
	say_rounds(h->r, &said);
	without_title(h, "rounds", "The link, opened more than once", buf_span(&said));
	buf_fini(&said);
}

static void redacted(struct html *h, const struct redacted_item *x)
{
	html_say(h, "<tr><td>");
	html_value(h, span_str(x->what));
	html_say(h, "</td><td>");
	html_value(h, x->where);
	html_say(h, "</td><td>");
	if (x->tag.p != NULL)
		html_code(h, x->tag);
	else
		html_say(h, "taken out");
	html_say(h, "</td><td>");
	html_value(h, span_str(x->form));
	buf_addf(h->out, "</td><td class=\"num\">%zu</td></tr>\n", x->times);
}

void html_redaction(struct html *h)
{
	static const char *const columns[] = {"What", "Where", "Now", "Form", "Times"};
	const struct redaction *x = h->e->redaction;
	if (x == NULL)
		return;
	html_say(h, "<section class=\"redaction\">");
	html_heading(h, 0, "What was redacted");
	struct buf said = {0};
	redaction_cover(h->e, &said);
	html_lines(h, buf_span(&said));
	buf_fini(&said);
	if (x->n_items > 0) {
		html_fold_open(h, "The list, without the values", x->n_items, false);
		html_table_open(h, "What was replaced, and where", columns, 5);
		for (size_t i = 0; i < x->n_items; i++)
			redacted(h, &x->items[i]);
		html_table_close(h);
		if (x->more)
			html_say(h, "<p class=\"hint\">There was more than is listed.</p>\n");
		html_fold_close(h);
	} else if (x->how != REDACT_NONE) {
		html_say(h, "<p>Nothing was found to be replaced.</p>\n");
	}
	html_say(h, "</section>\n");
}

static void seal(struct html *h)
{
	const struct seal_head *head = &h->r->head;
	html_fact_open(h, "Seal");
	if (head->n == 0) {
		html_say(h, "none");
		html_fact_close(h);
		return;
	}
	buf_addf(h->out, "head %lld over ", (long long)head->n);
	html_number(h->out, head->facts);
	buf_addf(h->out, " facts, %s; not checked here (<code>clicktrail verify</code> does)",
		h->r->has_signature ? "signed" : "unsigned");
	html_say(h, "<br><span class=\"dim\">running</span> ");
	html_hex(h, span_of(head->running, SHA256_LEN));
	html_fact_close(h);
	if (h->r->compared != NULL && h->r->compared->checked)
		html_fact(h, "Seal of the companion", span_str(say_compared_seal));
}

static void session_words(struct html *h, const struct report_session *s)
{
	if (s->start->options.p != NULL) {
		struct buf words = {0};
		options_words(s->start->options, &words);
		html_fact(h, "Options", buf_span(&words));
		buf_fini(&words);
	}
	if (s->other_wrappers)
		html_fact(h, "Link rules",
			span_str("it was recorded with a file of link rules that this report "
				 "does not use (--wrappers)"));
	for (size_t i = 0; i < s->n_giveaways; i++)
		html_fact(h, "Could not be hidden", s->giveaways[i]);
	html_fact_open(h, "Saw");
	say_count(h->out, s->n_exchanges, "exchange", "exchanges");
	buf_addf(h->out, ", %zu of them failed or cut off", s->n_failed);
	if (s->n_opaque > 0)
		buf_addf(h->out, ", %zu streams passed through unread", s->n_opaque);
	html_fact_close(h);
	html_fact_open(h, "Ended");
	if (s->end == NULL) {
		html_say(h, "not (still running, or cut off)");
	} else {
		html_value(h, s->end->reason);
		if (s->end->detail.n > 0) {
			html_say(h, ": ");
			html_value(h, s->end->detail);
		}
	}
	html_fact_close(h);
}

static void session(struct html *h, const struct report_session *s)
{
	buf_addf(h->out, "<article class=\"card\"><h3>Session %lld</h3><dl class=\"facts\">\n",
		(long long)s->start->session);
	html_fact_open(h, "Started");
	html_time(h->out, s->start->at_us);
	html_say(h, " by clicktrail ");
	html_value(h, s->start->command);
	html_say(h, ", ");
	html_value(h, s->start->tool_version);
	html_fact_close(h);
	html_fact_open(h, "Browser");
	html_browser(h, s);
	html_fact_close(h);
	html_fact(h, "User-Agent", s->user_agent);
	html_fact_open(h, "Mode");
	html_value(h, s->start->mode);
	html_say(h, ": ");
	html_say(h, compared_mode(s->start->mode));
	html_fact_close(h);
	if (s->start->link.p != NULL) {
		html_fact_open(h, "Link");
		html_url(h, s->start->link);
		html_fact_close(h);
	}
	if (s->start->sent_link.p != NULL && !span_eq(s->start->sent_link, s->start->link)) {
		html_fact_open(h, "Sent as");
		html_url(h, s->start->sent_link);
		html_fact_close(h);
	}
	session_words(h, s);
	html_say(h, "</dl></article>\n");
}

static void notes(struct html *h)
{
	size_t n = 0, shown = 0;
	for (size_t i = 0; i < h->r->model->n_notes; i++)
		n += html_session(h->r, h->r->model->notes[i]->session) != NULL;
	if (n == 0)
		return;
	html_fold_open(h, "Notes", n, false);
	html_say(h, "<ul class=\"notes\">\n");
	for (size_t i = 0; i < h->r->model->n_notes && shown < NOTES_SHOWN_MAX; i++) {
		const struct fact_note *note = h->r->model->notes[i];
		if (html_session(h->r, note->session) == NULL)
			continue;
		shown++;
		html_say(h, "<li><b>");
		html_value(h, note->code);
		html_say(h, "</b>");
		if (note->detail.n > 0) {
			html_say(h, ": ");
			html_value(h, note->detail);
		}
		html_say(h, "</li>\n");
	}
	html_say(h, "</ul>\n");
	if (n > shown)
		buf_addf(h->out, "<p class=\"hint\">%zu more notes are in the case.</p>\n",
			n - shown);
	html_fold_close(h);
}

static void attachments(struct html *h)
{
	static const char *const columns[] = {"What", "Name", "Size", "SHA-256"};
	const struct report_attachments *list = &h->r->attachments;
	if (list->n == 0)
		return;
	html_fold_open(h, "Put to the case", list->n, false);
	html_table_open(
		h, "What a person, or the browser's display, put to the case", columns, 4);
	for (size_t i = 0; i < list->n; i++) {
		const struct report_attachment *a = &list->list[i];
		html_say(h, "<tr><td>");
		html_value(h, a->kind);
		html_say(h, "</td><td>");
		html_value(h, a->name);
		html_say(h, "</td><td class=\"num\">");
		if (a->size != FACT_NULL)
			html_number(h->out, a->size);
		html_say(h, "</td><td>");
		html_hex(h, a->sha256);
		html_say(h, "</td></tr>\n");
	}
	html_table_close(h);
	if (list->more)
		html_say(h, "<p class=\"hint\">There was more than is listed.</p>\n");
	html_fold_close(h);
}

void html_record(struct html *h)
{
	const struct report *r = h->r;
	html_say(h, "<section class=\"record\">");
	html_heading(h, 0, "The record");
	html_say(h, "<dl class=\"facts\">\n");
	html_fact_open(h, "Case");
	html_code(h, r->about.id);
	html_fact_close(h);
	html_fact(h, "Kept by", r->about.operator_name);
	html_fact_open(h, "Opened");
	html_time(h->out, r->about.created_us);
	html_say(h, " by ");
	html_value(h, r->about.tool_name);
	html_say(h, " ");
	html_value(h, r->about.tool_version);
	html_fact_close(h);
	html_fact_open(h, "Closed");
	if (r->about.closed_us != FACT_NULL)
		html_time(h->out, r->about.closed_us);
	else
		html_say(h, "not yet");
	html_fact_close(h);
	html_fact_open(h, "Complete");
	if (r->recording_complete) {
		html_say(h, "yes");
	} else {
		html_say(h, "<strong class=\"bad\">no</strong>: ");
		html_value(h, span_str(r->incomplete_reason));
	}
	html_fact_close(h);
	seal(h);
	html_fact_open(h, "Cross-check");
	if (r->compared != NULL && r->compared->checked)
		html_say(h, "stands above");
	else
		html_say(h, r->compared != NULL && say_is_destroyed(r->compared)
				    ? "not made before the packets were destroyed"
			    : r->compared != NULL
				    ? "not made, though packets were recorded: "
				      "<code>clicktrail crosscheck</code> makes it"
				    : "not made: nothing was held against a packet capture");
	html_fact_close(h);
	if (r->model->wrappers != NULL && r->model->wrappers->file != NULL) {
		html_fact(h, "Link rules", span_str(r->model->wrappers->file));
		html_fact(h, "Their SHA-256", span_str(r->model->wrappers->sha256));
	}
	html_say(h, "</dl>\n");
	for (size_t i = 0; i < r->n_sessions; i++)
		session(h, &r->sessions[i]);
	attachments(h);
	notes(h);
	html_say(h, "</section>\n");
}
