/*
 * The text report: fits a mail. Its first ten lines tell somebody who is no engineer what
 * happened, who is asked to do what, and from where it was seen; then come the trail, the
 * parties, the detail of each hop, and what is needed to judge the record itself.
 */
#include "ui/report/hop_line.h"
#include "ui/report/mail.h"
#include "ui/report/recipe.h"
#include "ui/report/say.h"
#include "ui/report/say_remarks.h"
#include "ui/report/say_rounds.h"
#include "ui/report/say_same.h"
#include "ui/report/text_parts.h"

#include <stdlib.h>

const char text_under[] = "               ";

void text_label(struct buf *out, const char *name)
{
	buf_addf(out, "  %-12s ", name);
}

void text_labelled(struct buf *out, const char *name, struct span value)
{
	text_label(out, name);
	say_long(out, value, text_under);
	buf_add_byte(out, '\n');
}

void text_prose(struct buf *out, const char *name, struct span prose)
{
	struct buf first = {0};
	text_label(&first, name);
	char *label = buf_take_str(&first);
	say_prose(out, label, text_under, prose);
	free(label);
}

const struct report_party *text_party(const struct text_order *x, const struct report_trail *t)
{
	return x->for_one ? edition_party(x->e, t) : NULL;
}

static bool is_theirs(const struct report_party *p, size_t hop)
{
	for (size_t i = 0; p != NULL && i < p->n_hops; i++)
		if (p->hops[i] == hop)
			return true;
	return false;
}

void report_text_trail(const struct report_trail *t, struct buf *out)
{
	for (size_t i = 0; i < t->n_hops; i++) {
		hop_line(t->hops[i].hop, out);
		buf_add_byte(out, '\n');
	}
}

void text_trail(const struct text_order *x, const struct report_trail *t, struct buf *out)
{
	const struct report_party *p = text_party(x, t);
	if (p == NULL) {
		report_text_trail(t, out);
		return;
	}
	for (size_t i = 0; i < t->n_hops; i++) {
		buf_add_str(out, is_theirs(p, i + 1) ? "> " : "  ");
		hop_line(t->hops[i].hop, out);
		buf_add_byte(out, '\n');
	}
	buf_add_str(out, "\nHops marked > are yours; the others are their context.\n");
}

static void say_details(
	const struct text_order *x, const struct report_trail *t, struct buf *out)
{
	const struct report_party *p = text_party(x, t);
	buf_add_str(out, p == NULL ? "\nTHE DETAIL\n\n" : "\nYOUR HOPS\n\n");
	for (size_t i = 0; i < t->n_hops; i++)
		if (p == NULL || is_theirs(p, i + 1))
			text_hop(&t->hops[i], true, out);
	if (p == NULL || p->n_hops == t->n_hops)
		return;
	buf_add_str(out, "THE OTHER HOPS, FOR CONTEXT\n\n");
	for (size_t i = 0; i < t->n_hops; i++)
		if (!is_theirs(p, i + 1))
			text_hop(&t->hops[i], false, out);
}

static void say_trail(const struct text_order *x, const struct report_trail *t, struct buf *out)
{
	if (x->r->n_trails > 1)
		buf_addf(out, "TRAIL %s\n\n", t->id);
	text_head(x, t, out);
	buf_add_str(out, "\nTHE TRAIL\n\n");
	text_trail(x, t, out);
	text_glance(t, out);
	text_parties(x, t, out);
	say_details(x, t, out);
	if (t->replay != NULL) {
		buf_add_str(out, "THE REPLAY\n\n");
		say_replay(t->replay, out);
		buf_add_byte(out, '\n');
	}
}

static void say_all(const struct text_order *x, struct buf *out)
{
	bool first = true;
	if (x->r->n_trails == 0)
		buf_add_str(out, "No link was opened in what this case holds.\n\n");
	say_only_marked(x->r, out);
	for (size_t i = 0; i < x->r->n_trails; i++) {
		const struct report_trail *t = &x->r->trails[i];
		/* In a report to one party a trail without it has no place. */
		if (x->for_one && text_party(x, t) == NULL)
			continue;
		buf_add_str(out, first ? "" : "\n");
		say_trail(x, t, out);
		first = false;
	}
	report_mail_say(x->r, out);
	say_rounds(x->r, out);
	text_attachments(&x->r->attachments, out);
	text_record(x, out);
}

void report_text(const struct report *r, struct buf *out)
{
	const struct text_order x = {.r = r};
	struct buf plain = {0};
	say_all(&x, &plain);
	text_finish(buf_span(&plain), false, out);
	buf_fini(&plain);
}

/* How to see it again, and what a reader does not see. */
static void say_edition(const struct edition *e, struct buf *out)
{
	for (size_t i = 0; i < e->report->n_trails; i++) {
		const struct report_trail *t = &e->report->trails[i];
		if (e->order->party != 0 && edition_party(e, t) == NULL)
			continue;
		buf_addf(out, "\nHOW TO REPEAT IT%s%s\n\n",
			e->report->n_trails > 1 ? ": TRAIL " : "",
			e->report->n_trails > 1 ? t->id : "");
		recipe_say(e, t, out);
	}
	buf_add_str(out, "\nREDACTION\n\n");
	redaction_cover(e, out);
	if (e->redaction->n_items > 0) {
		buf_add_str(out, "\nWhat was replaced or kept back, and where:\n");
		redaction_say(e->redaction, out);
	}
}

bool edition_text(struct edition *e, struct buf *out, struct err *err)
{
	(void)err;
	const struct text_order x = {.r = e->report,
		.e = e,
		.for_one = e->order->party > 0,
		.abuse = e->order->abuse};
	struct buf plain = {0};
	say_all(&x, &plain);
	say_edition(e, &plain);
	text_finish(buf_span(&plain), e->order->defang, out);
	buf_fini(&plain);
	return true;
}
