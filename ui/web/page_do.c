/*
 * What can be done with a case as a whole: each is a command of its own, with a page before it
 * where it tells others something or cannot be undone.
 */
#include "ui/web/page_acts.h"
#include "ui/web/window_state.h"

static void about(struct web_request *q, struct book *b, struct book_about *out)
{
	*out = (struct book_about){.state = BOOK_ABSENT};
	book_about(b, &q->arena, out);
}

static bool is_closed(const struct book_about *b)
{
	return (b->state == BOOK_READY || b->state == BOOK_READING) && b->about.id.p != NULL &&
	       b->about.closed_us != FACT_NULL;
}

static void deed(struct page *p, const char *title, const char *words)
{
	page_sayf(p, "<section class=\"card deed\"><h2>%s</h2><p>%s</p>\n", title, words);
}

static void press(struct page *p, struct book *b, const char *what, const char *button)
{
	page_form_open(p, "inline", false, "/c/%zu/%s", book_number(b), what);
	page_sayf(p, "<button type=\"submit\" class=\"second\">%s</button></form></section>\n",
		button);
}

static void way(struct page *p, struct book *b, const char *what, const char *words)
{
	page_say(p, "<p><a class=\"act\" href=\"");
	page_href(p, b, "/%s", what);
	page_sayf(p, "\">%s</a></p></section>\n", words);
}

void do_show(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct book_about now;
	struct page p;
	if (b == NULL)
		return;
	about(q, b, &now);
	const struct page_place place = {.book = b, .section = "cases"};
	page_open(&p, q, a, &place, span_str("What can be done with this case"));
	page_say(&p, "<div class=\"deeds\">\n");
	deed(&p, "Verify",
		"Recompute the seal, and name the first fact that was changed, added or "
		"removed. Changes nothing.");
	press(&p, b, "verify", "Verify it");
	deed(&p, "Crosscheck",
		"Hold what was recorded against the packets that lie beside the case. What "
		"the packets show is kept in its companion.");
	press(&p, b, "crosscheck", "Crosscheck it");
	deed(&p, "Look up whom to write to",
		"Ask registries and DNS about the parties. <strong>Asking tells</strong>: see "
		"first who would be asked what.");
	way(&p, b, "lookup", "See who would be asked ...");
	if (is_closed(&now)) {
		deed(&p, "Closed", "The case was closed for good");
		page_say(&p, "<p>at ");
		page_time(&p, now.about.closed_us);
		page_say(&p, ". What is done with it now is kept in its companion.</p>"
			     "</section>\n");
	} else {
		deed(&p, "Close for good",
			"Sign its end and make the file read-only. Nothing can be added to it "
			"afterwards, and nothing undoes that.");
		way(&p, b, "close", "Close it ...");
	}
	page_say(&p, "</div>\n");
	jobs_of_case(&p, b);
	page_close(&p);
}

/* ---- starting ---- */

static void start(struct web_request *q, struct web_answer *a, const struct act_words *w,
	const char *before, struct book *b)
{
	const char *title = arena_printf(&q->arena, "%s %s", before, book_name(b));
	int64_t number = act_start(q, a, w, title, book_path(b), NULL);
	if (number != 0)
		web_go(q, a, "/jobs/%lld", (long long)number);
}

static void simple(
	struct web_request *q, struct web_answer *a, const char *command, const char *before)
{
	struct book *b = web_book(q, a);
	struct act_words w = {.arena = &q->arena};
	if (b == NULL)
		return;
	act_word(&w, command);
	act_case(&w, book_path(b));
	start(q, a, &w, before, b);
}

void do_verify(struct web_request *q, struct web_answer *a)
{
	simple(q, a, "verify", "Verify");
}

void do_crosscheck(struct web_request *q, struct web_answer *a)
{
	simple(q, a, "crosscheck", "Crosscheck");
}

/* ---- looking up ---- */

enum { PLAN_S = 60 };

/* Of the case, with what the form or the query says. */
static bool lookup_words(
	struct book *b, const struct web_form *f, bool dry, struct act_words *w)
{
	struct span via = span_trim(web_value(f, "via"), " \t\r\n");
	act_word(w, "lookup");
	if (dry)
		act_word(w, "--dry-run");
	if (span_is(web_value(f, "security-txt"), "yes"))
		act_word(w, "--security-txt");
	if (span_is(web_value(f, "refresh"), "yes"))
		act_word(w, "--refresh");
	if (via.n > 0)
		act_option(w, "via", via);
	act_case(w, book_path(b));
	return !w->bad;
}

static void say_plan(struct page *p, struct book *b)
{
	struct web_request *q = p->q;
	struct act_words w = {.arena = &q->arena};
	struct buf out = {0}, said = {0};
	struct err err = {0};
	int code;
	if (!lookup_words(b, &q->query, true, &w)) {
		page_say(p, "<p class=\"warning\">A value is too long.</p>\n");
	} else if (!job_run(q->window->jobs, w.list, PLAN_S, &out, &said, &code, &err)) {
		page_say(p, "<p class=\"warning\">");
		page_text(p, span_str(err.detail));
		page_say(p, "</p>\n");
	} else {
		if (code != 0)
			page_sayf(p, "<p class=\"warning\">%s</p>\n", act_code_words(code));
		act_said(p, buf_span(&said), ACT_LINES_SHOWN);
		act_said(p, buf_span(&out), SIZE_MAX);
	}
	buf_fini(&out);
	buf_fini(&said);
}

static void tick(struct page *p, const struct web_form *f, const char *name, const char *words)
{
	page_sayf(p,
		"<label class=\"tick\"><input type=\"checkbox\" name=\"%s\" value=\"yes\"%s> "
		"%s</label>\n",
		name, span_is(web_value(f, name), "yes") ? " checked" : "", words);
}

static void lookup_fields(struct page *p)
{
	const struct web_form *f = &p->q->query;
	tick(p, f, "security-txt",
		"Fetch security.txt too, from the domains' own web servers: these may be the "
		"offender's");
	tick(p, f, "refresh", "Ask again, whatever is kept");
	page_say(p, "<label>Ask registries through this proxy (DNS is left out then) <input "
		    "type=\"text\" name=\"via\" autocomplete=\"off\" "
		    "placeholder=\"socks5h://127.0.0.1:9050\" value=\"");
	html_attr(p->out, web_value(f, "via"));
	page_say(p, "\"></label>\n");
}

/* What the question was asked with goes along unchanged: what is shown is what is done. */
static void carry(struct page *p, const char *name)
{
	struct span value = web_value(&p->q->query, name);
	if (value.n == 0)
		return;
	page_sayf(p, "<input type=\"hidden\" name=\"%s\" value=\"", name);
	html_attr(p->out, value);
	page_say(p, "\">");
}

void do_ask_lookup(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct page p;
	if (b == NULL)
		return;
	const struct page_place place = {.book = b, .section = "cases"};
	page_open(&p, q, a, &place, span_str("Look up whom to write to"));
	page_say(&p,
		"<p class=\"warning\"><strong>Asking tells.</strong> A registry or "
		"registrar learns that somebody at your address looks into that name; a "
		"DNS question reaches the name servers of the domain itself, which may be "
		"the offender's. Nobody was asked yet.</p>\n<section><h2>Who would be asked "
		"what</h2>\n");
	say_plan(&p, b);
	page_say(&p, "</section>\n<section><h2>Otherwise</h2>\n");
	page_ask_open(&p, "trace-fields", "/c/%zu/lookup", book_number(b));
	lookup_fields(&p);
	page_say(&p, "<p><button type=\"submit\" class=\"second\">Show that plan</button></p>"
		     "</form></section>\n<section><h2>Ask</h2>\n");
	page_form_open(&p, "ask", false, "/c/%zu/lookup", book_number(b));
	carry(&p, "security-txt");
	carry(&p, "refresh");
	carry(&p, "via");
	page_say(&p, "<label class=\"tick\"><input type=\"checkbox\" name=\"sure\" "
		     "value=\"yes\" required> I have seen who is asked what</label><p><button "
		     "type=\"submit\">Ask them all</button></p></form></section>\n");
	page_close(&p);
}

static bool is_sure(struct web_request *q, struct web_answer *a)
{
	struct err err;
	if (span_is(web_value(&q->form, "sure"), "yes"))
		return true;
	err_set(&err, ERR_USAGE, "nothing was done: say first that this is meant");
	page_error(q, a, 400, &err);
	return false;
}

void do_lookup(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct act_words w = {.arena = &q->arena};
	if (b == NULL || !is_sure(q, a))
		return;
	lookup_words(b, &q->form, false, &w);
	start(q, a, &w, "Look up the parties of", b);
}

/* ---- closing ---- */

void do_ask_close(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct page p;
	if (b == NULL)
		return;
	const struct page_place place = {.book = b, .section = "cases"};
	page_open(&p, q, a, &place, span_str("Close this case for good"));
	page_say(&p, "<p>A closed case is at its end: its last head is signed, and the file is "
		     "made read-only. From then on</p>\n<ul class=\"notes\"><li>no session can "
		     "be recorded into it; what is done with it (opened again, looked up, "
		     "crosschecked, noted) is kept in its companion beside it;</li><li>whoever "
		     "has the last head that is printed then can prove that nothing was added "
		     "or taken away since;</li><li>nothing undoes it.</li></ul>\n");
	page_form_open(&p, "ask", false, "/c/%zu/close", book_number(b));
	page_say(&p, "<label>Reason, kept with the closing (it may be left out) <input "
		     "type=\"text\" name=\"reason\" autocomplete=\"off\"></label>\n<label "
		     "class=\"tick\"><input type=\"checkbox\" name=\"sure\" value=\"yes\" "
		     "required> Close it for good: nothing undoes that</label>\n<p><button "
		     "type=\"submit\">Close it</button></p></form>\n");
	page_close(&p);
}

void do_close(struct web_request *q, struct web_answer *a)
{
	struct book *b = web_book(q, a);
	struct act_words w = {.arena = &q->arena};
	if (b == NULL || !is_sure(q, a))
		return;
	struct span reason = span_trim(web_value(&q->form, "reason"), " \t\r\n");
	act_word(&w, "close");
	if (reason.n > 0)
		act_option(&w, "reason", reason);
	act_case(&w, book_path(b));
	start(q, a, &w, "Close", b);
}
