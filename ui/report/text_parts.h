/*
 * The parts of the text report, each a file: what happened, the parties, each hop, what a page
 * was, and the record itself. They write plain lines, escaped by say; text_finish makes of the
 * whole what may be sent. Private to ui/report/text*.c; one thread.
 */
#ifndef UI_REPORT_TEXT_PARTS_H
#define UI_REPORT_TEXT_PARTS_H

#include "ui/report/edition.h"

/* Between two of these, text is not defanged. It cannot come from outside: say escapes it. */
#define TEXT_KEEP "\x01"

/* What for: without an edition it is about everybody, and nothing was asked. */
struct text_order {
	const struct report *r;
	const struct edition *e; /* NULL: the report alone */
	bool for_one;            /* --party */
	enum abuse_class abuse;
};

const struct report_session *text_session(const struct report *r, int64_t session);
/* The party that this text goes to, in that trail; NULL: all, or it has no part in it. */
const struct report_party *text_party(const struct text_order *x, const struct report_trail *t);

/* "  name         ": a label of fixed width; continuation lines of its value start with
 * text_under. */
extern const char text_under[];
void text_label(struct buf *out, const char *name);
void text_labelled(struct buf *out, const char *name, struct span value);
/* The same with prose, broken at words. */
void text_prose(struct buf *out, const char *name, struct span prose);

void text_browser(const struct report_session *s, struct buf *out);
/* What everybody should read, in ten lines if addresses are short. */
void text_head(const struct text_order *x, const struct report_trail *t, struct buf *out);
void text_trail(const struct text_order *x, const struct report_trail *t, struct buf *out);
void text_parties(const struct text_order *x, const struct report_trail *t, struct buf *out);
/* whole: with all that was sent and answered; else what a reader needs for the context. */
void text_hop(const struct report_hop *h, bool whole, struct buf *out);
/* "3 h 20 min", "12 days". */
void text_age(int64_t us, struct buf *out);
/* What of all the hops' grades everybody should see; nothing if there is nothing. */
void text_glance(const struct report_trail *t, struct buf *out);
void text_grade(const struct report_grade *g, struct buf *out);
void text_landing(const struct report_landing *l, struct buf *out);
void text_attachments(const struct report_attachments *a, struct buf *out);
void text_record(const struct text_order *x, struct buf *out);

/* The whole text as it may be sent: every address defanged where that is asked for, and no line
 * of more than SAY_LINE_MAX bytes. plain: lines as the parts above write them. */
void text_finish(struct span plain, bool defang, struct buf *out);

#endif
