#include "ui/report/say_remarks.h"
#include "ui/report/json_value.h"
#include "ui/report/say.h"
#include "ui/report/text_parts.h"

/* ---- text ---- */

/* Lines that somebody broke by hand go on after a space. */
static void one_line(const struct remark *m, struct buf *out)
{
	struct buf line = {0};
	remarks_line(m, &line);
	struct span s = buf_span(&line);
	for (size_t i = 0; i < s.n; i++)
		buf_add_byte(out, s.p[i] == '\n' || s.p[i] == '\t' ? ' ' : s.p[i]);
	buf_fini(&line);
}

void say_remarks(const struct remark *list, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		struct buf line = {0};
		one_line(&list[i], &line);
		text_prose(out, "noted", buf_span(&line));
		buf_fini(&line);
	}
}

static void say_in_head(const char *what, const struct remark *m, struct buf *out)
{
	struct buf line = {0};
	one_line(m, &line);
	/* "By Ada" goes on in the middle of a sentence here. */
	struct span s = buf_span(&line);
	struct buf words = {0};
	buf_addf(&words, "%s b", what);
	buf_add_span(&words, span_from(s, 1));
	say_prose(out, "", "  ", buf_span(&words));
	buf_fini(&words);
	buf_fini(&line);
}

void say_trail_remarks(const struct report_trail *t, struct buf *out)
{
	if (t->mark != NULL)
		say_in_head("Marked as the trail that matters", t->mark, out);
	for (size_t i = 0; i < t->n_remarks; i++)
		say_in_head("Noted", &t->remarks[i], out);
}

void say_only_marked(const struct report *r, struct buf *out)
{
	const struct report_trail *t = remarks_only_marked(r);
	if (t != NULL)
		buf_addf(out, "Of %zu trails, %s is marked as the one that matters.\n\n",
			r->n_trails, t->id);
}

/* ---- HTML ---- */

static void html_one(struct html *h, const char *what, const struct remark *m)
{
	struct span left = m->text;
	buf_addf(h->out, "<div class=\"remark\"><p class=\"remark-by\">%s by ", what);
	if (m->by.n > 0)
		html_value(h, m->by);
	else
		html_say(h, "somebody");
	html_say(h, ", ");
	html_time(h->out, m->at_us);
	html_say(h, left.n > 0             ? ":</p>\n<p>"
		    : remarks_is_erased(m) ? ": (erased)</p>\n"
					   : "</p>\n");
	for (bool first = true; left.n > 0; first = false) {
		struct span line = span_first(left, span_find_byte(left, '\n', 0));
		html_say(h, first ? "" : "<br>");
		if (line.n > 0)
			html_value(h, line);
		left = span_from(left, line.n + 1);
	}
	html_say(h, m->text.n > 0 ? "</p></div>\n" : "</div>\n");
}

void html_remarks(struct html *h, const struct remark *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		html_one(h, "Note", &list[i]);
}

void html_trail_remarks(struct html *h, const struct report_trail *t)
{
	if (t->mark != NULL)
		html_one(h, "Marked as the trail that matters", t->mark);
	html_remarks(h, t->remarks, t->n_remarks);
}

void html_only_marked(struct html *h)
{
	const struct report_trail *t = remarks_only_marked(h->r);
	if (t == NULL)
		return;
	html_say(h, "<p class=\"remark\">Of ");
	html_number(h->out, (int64_t)h->r->n_trails);
	buf_addf(h->out,
		" trails, <strong>%s</strong> is marked as the one that matters.</p>\n", t->id);
}

/* ---- JSON ---- */

json_t *json_mark(const struct remark *m)
{
	if (m == NULL)
		return json_null();
	json_t *j = json_object();
	json_object_set_new(j, "number", json_int_of(m->number));
	json_object_set_new(j, "at", json_time_of(m->at_us));
	json_object_set_new(j, "by", json_text_of(m->by));
	json_object_set_new(j, "text", json_text_of(m->text));
	return j;
}

json_t *json_remarks(const struct remark *list, size_t n)
{
	json_t *all = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, json_mark(&list[i]));
	return all;
}
