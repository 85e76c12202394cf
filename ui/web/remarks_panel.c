#include "ui/web/remarks_panel.h"
#include "ui/cli/custody.h"
#include "ui/cli/remarked.h"

#include <stdio.h>
#include <stdlib.h>

void remarks_text(struct page *p, const struct remark *m)
{
	struct span left = m->text;
	if (remarks_is_erased(m))
		page_say(p, "<p class=\"dim\">(erased)</p>\n");
	if (left.n == 0)
		return;
	page_say(p, "<p>");
	for (bool first = true; left.n > 0; first = false) {
		struct span line = span_first(left, span_find_byte(left, '\n', 0));
		page_say(p, first ? "" : "<br>");
		if (line.n > 0)
			page_text(p, line);
		left = span_from(left, line.n + 1);
	}
	page_say(p, "</p>\n");
}

static void back_field(struct page *p, const char *back)
{
	page_sayf(p, "<input type=\"hidden\" name=\"back\" value=\"%s\">", back);
}

void remarks_withdraw(
	struct page *p, const struct book *b, const struct remark *m, const char *back)
{
	page_form_open(p, "remark-withdraw", false, "/c/%zu/remarks/%lld/withdraw",
		book_number(b), (long long)m->number);
	back_field(p, back);
	page_sayf(p,
		"<button type=\"submit\" class=\"quiet\" aria-label=\"Withdraw note "
		"%lld\">Withdraw</button></form>\n",
		(long long)m->number);
}

void remarks_left_out(struct page *p, const struct remarks *m)
{
	if (m->stranger)
		page_say(p, "<p class=\"warning\">The companion file beside this case is "
			    "another case's: its notes are not shown.</p>\n");
	if (m->unread == 0)
		return;
	page_say(p, "<p class=\"warning\">Notes of this case that cannot be read, or are too "
		    "many: ");
	page_number(p, (int64_t)m->unread);
	page_sayf(p, " (%d are read at most).</p>\n", REMARKS_MAX);
}

void remarks_as_whom(struct page *p)
{
	const char *who = getenv("CLICKTRAIL_OPERATOR");
	if (who != NULL && who[0] != 0) {
		page_say(p, "<p class=\"hint\">Kept as <strong>");
		page_text(p, span_str(who));
		page_say(p, "</strong>, under a seal beside the case.</p>\n");
		return;
	}
	page_say(p, "<p class=\"hint\">Kept without a name, under a seal beside the case: "
		    "<code>CLICKTRAIL_OPERATOR</code> says who you are.</p>\n");
}

static void show_one(
	struct page *p, const struct book *b, const struct remark *m, const char *back)
{
	page_sayf(p, "<li class=\"remark\" id=\"note-%lld\"><p class=\"remark-by\">%s %lld by ",
		(long long)m->number, m->act == REMARK_MARKED ? "Mark" : "Note",
		(long long)m->number);
	page_text(p, m->by.n > 0 ? m->by : span_str("somebody"));
	page_say(p, ", ");
	page_time(p, m->at_us);
	page_say(p, "</p>\n");
	remarks_text(p, m);
	remarks_withdraw(p, b, m, back);
	page_say(p, "</li>\n");
}

/* What is still meant; of marks the one that holds. */
static size_t show_all(struct page *p, const struct book_reading *r, const struct remarks *m,
	const struct report_hop *hop, const char *back)
{
	const struct remark *mark =
		remarks_mark(m, r->trail->trail->session, (int64_t)r->trail->trail->number);
	size_t shown = 0;
	for (size_t i = 0; i < m->n; i++) {
		const struct remark *one = &m->list[i];
		if (one->withdrawn || (one->act != REMARK_NOTED && one != mark) ||
			!remarks_is_about(one, r->trail, hop))
			continue;
		page_say(p, shown++ == 0 ? "<ul class=\"remark-list\">\n" : "");
		show_one(p, r->book, one, back);
	}
	page_say(p, shown > 0 ? "</ul>\n" : "");
	return shown;
}

static void note_form(
	struct page *p, const struct book_reading *r, size_t hop, const char *back)
{
	if (hop > 0)
		page_form_open(p, "remark-form", false, "/c/%zu/t/%s/h/%zu/note",
			book_number(r->book), r->trail->id, hop);
	else
		page_form_open(p, "remark-form", false, "/c/%zu/t/%s/note",
			book_number(r->book), r->trail->id);
	back_field(p, back);
	page_sayf(p,
		"<label>Add a note about this %s <textarea name=\"text\" rows=\"3\" "
		"maxlength=\"%d\" required></textarea></label>\n",
		hop > 0 ? "hop" : "trail", REMARK_TEXT_MAX);
	page_form_close(p, "Keep this note");
}

static const struct report_hop *hop_of(const struct report_trail *t, size_t n)
{
	for (size_t i = 0; i < t->n_hops; i++)
		if (t->hops[i].hop->n == n)
			return &t->hops[i];
	return NULL;
}

void remarks_panel(struct page *p, struct book_reading *r, size_t hop)
{
	struct remarks m;
	struct err err;
	char back[128];
	const struct report_hop *at = r->trail != NULL ? hop_of(r->trail, hop) : NULL;
	if (r->trail == NULL || (hop > 0 && at == NULL))
		return;
	/* Both may be on one page: a trail's, and beside it one of its hops. */
	const char *id = hop > 0 ? "hop-remarks" : "remarks";
	snprintf(back, sizeof back, "/c/%zu/t/%s#remarks", book_number(r->book), r->trail->id);
	if (hop > 0)
		snprintf(back, sizeof back, "/c/%zu/t/%s/h/%zu#hop-remarks",
			book_number(r->book), r->trail->id, hop);
	page_sayf(p,
		"<section class=\"remarks\" id=\"%s\" aria-labelledby=\"%s-title\"><h%d "
		"id=\"%s-title\">Notes</h%d>\n",
		id, id, hop > 0 ? 3 : 2, id, hop > 0 ? 3 : 2);
	if (custody_is_companion(book_path(r->book))) {
		page_say(p, "<p class=\"hint\">This is what is kept beside another case: notes "
			    "go with that case.</p></section>\n");
		return;
	}
	if (!remarked_read(book_path(r->book), &r->arena, &m, &err)) {
		page_say(p, "<p class=\"warning\">What was noted cannot be read: ");
		page_text(p, span_str(err.detail));
		page_say(p, "</p></section>\n");
		return;
	}
	remarks_left_out(p, &m);
	if (show_all(p, r, &m, at, back) == 0)
		page_sayf(p, "<p class=\"dim\">Nobody noted anything about this %s.</p>\n",
			hop > 0 ? "hop" : "trail");
	note_form(p, r, hop, back);
	remarks_as_whom(p);
	page_sayf(p,
		"<p class=\"hint\"><a href=\"/c/%zu/remarks\">All notes of this case</a>"
		"</p></section>\n",
		book_number(r->book));
}
