/*
 * What a page was where the trail came to rest: its picture, the forms with what they ask for,
 * the files that it handed out; and what was put to the case beside.
 */
#include "ui/report/html_parts.h"
#include "ui/report/say.h"
#include "store/base/codec.h"

enum {
	SHOWN_SHOTS_MAX = 6,              /* pictures of one page */
	SHOT_BYTES_MAX = 8 * 1024 * 1024, /* of one picture */
	SHOT_SIDE_MAX = 16384,            /* pixels: one bomb is 100 MB of them */
};

bool html_landed(const struct report_trail *t)
{
	for (size_t i = 0; i < t->n_hops; i++)
		if (t->hops[i].landing != NULL)
			return true;
	return false;
}

static size_t side(const uint8_t *p)
{
	return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* Why it is not handed to a picture decoder; NULL: it is. Only what begins as a PNG does, with
 * its header first (PNG 3, 5.2, 5.6, 11.2.1), and is of a size that a display has. */
const char *html_no_picture(struct span s)
{
	static const uint8_t start[16] = {
		0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 'I', 'H', 'D', 'R'};
	if (s.p == NULL)
		return "it is not at hand";
	if (s.n <= sizeof start + 8 || memcmp(s.p, start, sizeof start) != 0)
		return "it is not a PNG";
	if (s.n > SHOT_BYTES_MAX || side(s.p + 16) > SHOT_SIDE_MAX ||
		side(s.p + 20) > SHOT_SIDE_MAX)
		return "it is too large";
	return NULL;
}

static void shot(struct html *h, const struct report_landing *l, const struct landing_shot *s)
{
	html_say(h, "<figure>");
	const char *why = s->withheld ? s->why : html_no_picture(s->png);
	if (s->withheld || why != NULL) {
		html_say(h, "<p class=\"warning\">A picture was taken and is not shown: ");
		html_value(h, span_str(why != NULL ? why : "it is withheld"));
		html_say(h, "</p>");
	} else {
		buf_addf(h->out,
			"<img alt=\"What the browser showed at hop %zu\" "
			"src=\"data:image/png;base64,",
			l->hop);
		base64_add(h->out, s->png);
		html_say(h, "\">");
	}
	html_say(h, "<figcaption>Screenshot of ");
	html_time(h->out, s->at_us);
	if (s->sha256.p != NULL) {
		html_say(h, ", SHA-256 ");
		html_hex(h, s->sha256);
	}
	html_say(h, "</figcaption></figure>\n");
}

static void form_field(struct html *h, const struct landing_field *f)
{
	html_say(h, "<tr><td>");
	html_value(h, f->label);
	html_say(h, "</td><td>");
	if (f->asks != NULL) {
		html_say(h, "<strong>");
		html_value(h, span_str(f->asks));
		html_say(h, "</strong>");
	} else {
		html_say(h, "<span class=\"dim\">not known</span>");
	}
	html_say(h, "</td><td>");
	html_code(h, f->type);
	html_say(h, "</td><td>");
	html_code(h, f->name);
	html_say(h, "</td></tr>\n");
}

static void form(struct html *h, const struct landing_form *f)
{
	static const char *const columns[] = {
		"What stands beside it", "Asks for", "Type", "Name"};
	html_say(h, "<dl class=\"facts\">\n");
	html_fact_open(h, "Form to");
	html_url(h, f->action);
	html_say(h, " by ");
	html_code(h, f->method);
	if (f->elsewhere)
		html_say(h,
			"<br><strong class=\"bad\">to another domain than the page's</strong>");
	if (f->to_plain_http)
		html_say(h, "<br><strong class=\"bad\">not encrypted: what is typed could be "
			    "read on the way</strong>");
	html_fact_close(h);
	html_say(h, "</dl>\n");
	if (f->n_fields == 0)
		return;
	html_table_open(h, "What the form asks for", columns, 4);
	for (size_t i = 0; i < f->n_fields; i++)
		form_field(h, &f->fields[i]);
	if (f->more)
		html_say(h, "<tr><td colspan=\"4\">and more than are listed</td></tr>\n");
	html_table_close(h);
}

static void download(struct html *h, const struct landing_download *d)
{
	html_say(h, "<dl class=\"facts\">\n");
	html_fact_open(h, "File handed out");
	html_code(h, d->name);
	if (d->size != FACT_NULL) {
		html_say(h, ", ");
		html_number(h->out, d->size);
		html_say(h, " bytes");
	}
	if (d->kind != NULL) {
		html_say(h, ", by its first bytes <strong>");
		html_value(h, span_str(d->kind));
		html_say(h, "</strong>");
	}
	html_fact_close(h);
	html_fact_open(h, "From");
	html_url(h, d->url);
	html_fact_close(h);
	html_fact(h, "Said to be", d->media_type);
	if (d->sha256.p != NULL) {
		html_fact_open(h, "SHA-256");
		html_hex(h, d->sha256);
		html_fact_close(h);
	}
	for (size_t i = 0; i < d->n_details; i++)
		html_fact(h, d->details[i].name, d->details[i].value);
	html_say(h, "</dl>\n");
}

static void page(struct html *h, const struct report_trail *t, const struct report_landing *l)
{
	buf_addf(h->out, "<article class=\"card\"><h%d>Hop %zu: ", h->level + 1, l->hop);
	if (l->title.n > 0)
		html_value(h, l->title);
	else
		html_say(h, "a page without a title");
	buf_addf(h->out, "</h%d>\n<p>", h->level + 1);
	if (l->hop >= 1 && l->hop <= t->n_hops)
		html_url(h, t->hops[l->hop - 1].hop->url);
	html_say(h, "</p>\n");
	for (size_t i = 0; i < l->n_shots && i < SHOWN_SHOTS_MAX; i++)
		shot(h, l, &l->shots[i]);
	if (l->n_shots > SHOWN_SHOTS_MAX)
		buf_addf(h->out, "<p class=\"hint\">%zu more pictures are in the case.</p>\n",
			l->n_shots - SHOWN_SHOTS_MAX);
	for (size_t i = 0; i < l->n_forms; i++)
		form(h, &l->forms[i]);
	if (l->more)
		html_say(h, "<p class=\"hint\">It has more forms than are listed.</p>\n");
	for (size_t i = 0; i < l->n_downloads; i++)
		download(h, &l->downloads[i]);
	html_say(h, "</article>\n");
}

void html_landing(struct html *h, const struct report_trail *t)
{
	html_say(h, "<section class=\"landing\">");
	html_heading(h, 0, "What was there");
	for (size_t i = 0; i < t->n_hops; i++)
		if (t->hops[i].landing != NULL)
			page(h, t, t->hops[i].landing);
	html_say(h, "</section>\n");
}
