/*
 * Inside of the HTML report: what its sections share. Used by html*.c only; the writers that
 * other pages may use are in html_write.h and html_svg.h. One thread.
 */
#ifndef UI_REPORT_HTML_PARTS_H
#define UI_REPORT_HTML_PARTS_H

#include "ui/report/edition.h"
#include "ui/report/html_write.h"

struct html {
	struct buf *out;
	struct edition *e;
	const struct report *r;
	bool defang;   /* addresses */
	bool unfolded; /* every part that could be folded */
	int level;     /* of the headings of a trail's sections: 2 or 3 */
};

extern const char html_style[]; /* html.css */

/* ---- html.c ---- */

/* Text of ours as it is, and of others by the writers, in this page's manner. */
void html_say(struct html *h, const char *ours);
void html_url(struct html *h, struct span url);     /* <code>; "(erased)" where it was */
void html_value(struct html *h, struct span value); /* in which addresses may stand */
void html_code(struct html *h, struct span value);  /* the same as <code> */
/* A desk's or reporter's address, exact, for it is to be written to. */
void html_mail(struct html *h, struct span address);
/* An IP address, exact, for desks look for it in their logs, and no reader makes a link of it.
 */
void html_ip(struct html *h, struct span address);
/* What a text report says, line by line, as <pre>. */
void html_lines(struct html *h, struct span said);
/* The same as a section of its own; nothing where nothing is said. */
void html_said(struct html *h, const char *class, const char *title, struct span said);
void html_hex(struct html *h, struct span bytes);
void html_heading(struct html *h, int below, const char *ours); /* level + below */
/* One line of a list of facts. */
void html_fact_open(struct html *h, const char *name);
void html_fact_close(struct html *h);
void html_fact(struct html *h, const char *name, struct span value); /* none: nothing */
void html_fact_number(struct html *h, const char *name, int64_t n, const char *unit);
void html_fold_open(struct html *h, const char *title, size_t n, bool open); /* n: behind it */
void html_fold_close(struct html *h);
void html_table_open(struct html *h, const char *caption, const char *const *columns, size_t n);
void html_table_close(struct html *h);
const struct report_session *html_session(const struct report *r, int64_t session);
void html_browser(struct html *h, const struct report_session *s);

/* ---- one file each ---- */

void html_summary(struct html *h, const struct report_trail *t);
/* Of it: what happened, in a sentence or two; running: so far. */
void html_story(struct html *h, const struct report_trail *t, bool running);
void html_story_facts(struct html *h, const struct report_trail *t); /* a <dl> */
void html_parties(struct html *h, const struct report_trail *t);
/* One line of the legend: mark, name, what it is. */
void html_party_name(struct html *h, const struct report_party *p);
void html_hop(struct html *h, const struct report_trail *t, size_t i);
/* Of its line: what is to be noticed, as badges. */
void html_hop_badges(struct html *h, const struct report_hop *hop);
/* whole: with headers, cookies, both legs and certificates; else only what gives context. */
void html_wire(struct html *h, const struct report_hop *hop, bool whole);
void html_tls(struct html *h, const struct report_trail *t, size_t i, bool whole);
/* Parts of these, for who shows one hop alone: inside a list of facts, but for the last three.
 */
void html_server(struct html *h, const struct report_hop *hop);
void html_dns(struct html *h, const struct report_dns *d); /* NULL: nothing */
void html_encryption(struct html *h, const struct report_tls *t);
void html_grade(struct html *h, const struct report_grade *g); /* NULL: nothing */
void html_evidence(struct html *h, const struct trail_evidence *e);
void html_status(struct html *h, const struct report_hop *hop); /* a badge */
const char *html_mechanism_sentence(enum trail_mechanism m);
/* "good", "weak" ... as a badge with its reason's code; the worst alone. */
void html_grade_badge(struct html *h, const struct report_grade *g);
void html_link(struct html *h, const struct report_hop *hop);
bool html_landed(const struct report_trail *t);
void html_landing(struct html *h, const struct report_trail *t);
/* Why bytes are not handed to a browser's picture decoder; NULL: they are a PNG that may. */
const char *html_no_picture(struct span s);
void html_recipe(struct html *h, const struct report_trail *t);
void html_replay(struct html *h, const struct report_trail *t);
void html_rounds(struct html *h);
void html_witness(struct html *h);
void html_mail_source(struct html *h);
void html_redaction(struct html *h);
void html_record(struct html *h);

#endif
