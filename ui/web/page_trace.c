/*
 * Tracing from the window: a link is pasted, looked at offline, and only then opened; or the
 * built-in lab is traced, which is for a first look at everything.
 */
#include "ui/cli/options.h"
#include "ui/web/page_acts.h"
#include "ui/web/window_state.h"

static void link_field(struct page *p, struct span link, const char *button)
{
	page_say(p, "<label class=\"link\" for=\"link\">Link</label><div class=\"one-line\">"
		    "<input type=\"text\" id=\"link\" name=\"link\" required "
		    "autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\" "
		    "placeholder=\"https://... or hxxps://example[.]com/...\" value=\"");
	html_attr(p->out, link);
	page_sayf(p, "\"><button type=\"submit\">%s</button></div>\n", button);
}

static void file_form(struct page *p)
{
	page_say(p,
		"<section class=\"card drop\"><h2>A mail, or a picture with a QR code</h2>\n");
	page_form_open(p, "drop-form", true, "/trace/file");
	page_say(p,
		"<label for=\"file\">Save the message as it came (.eml) and choose it "
		"here<span class=\"by-script\" hidden>, or drop it on this "
		"page</span></label>"
		"<div class=\"one-line\"><input type=\"file\" id=\"file\" name=\"file\" "
		"required accept=\".eml,.emlx,.mbox,.txt,message/rfc822,image/png,"
		"image/jpeg\"><button type=\"submit\" class=\"second\">List its links"
		"</button></div></form>\n<p class=\"hint\">It is read on this machine, in a "
		"process that can do nothing else. Nothing in it is opened or "
		"loaded.</p></section>\n");
}

static void demo_form(struct page *p)
{
	page_say(p, "<section class=\"card demo\"><h2>New here?</h2><p>The demo plays a spam "
		    "click of many redirect tricks on this machine alone and traces it for "
		    "real: about 15 seconds, nothing leaves the machine.</p>\n");
	page_form_open(p, "demo-form", false, "/trace/demo");
	page_say(p, "<div class=\"one-line\"><label class=\"side\">with <select "
		    "name=\"browser\"><option value=\"firefox\">Firefox</option><option "
		    "value=\"chromium\">Chromium</option><option value=\"none\">the built-in "
		    "client, which runs no script</option></select></label><button "
		    "type=\"submit\" id=\"run-demo\">Run the demo</button></div></form>"
		    "</section>\n");
}

static void show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "trace"};
	struct page p;
	page_open(&p, q, a, &place, span_str("Trace a link"));
	page_say(&p, "<section class=\"paste\">");
	page_form_open(&p, "trace-form", false, "/trace/look");
	link_field(&p, SPAN_NONE, "Look at it");
	page_say(&p, "</form><p class=\"hint\">It is looked at offline first: nobody is asked "
		     "before you say so.</p></section>\n");
	file_form(&p);
	demo_form(&p);
	page_close(&p);
}

/* Words beside the button that opens: what that tells the other side. */
static void say_what_opening_tells(struct page *p)
{
	page_say(p, "<p class=\"hint\">Opening it tells its sender that the link was followed, "
		    "and whatever stands in it. A disposable browser in a sandbox does it; "
		    "every step is recorded.</p>\n");
}

static void look_form(
	struct page *p, const struct link_look *l, const struct web_form *f, bool ask)
{
	page_form_open(p, "open-form", false, "/trace/open");
	page_say(p, "<input type=\"hidden\" name=\"link\" value=\"");
	html_attr(p->out, l->link);
	page_say(p, "\">\n");
	if (l->acts) {
		page_sayf(p,
			"<div class=\"warning ask%s\"><label class=\"tick\"><input "
			"type=\"checkbox\" name=\"sure\" value=\"yes\" required> Open it "
			"although it %s for whoever got it (see above)</label></div>\n",
			ask ? " asked" : "", l->certain ? "acts" : "may act");
	}
	page_say(p,
		"<p class=\"go\"><button type=\"submit\" id=\"open\">Open it</button> "
		"<button type=\"submit\" class=\"second\" formaction=\"/trace/check\">Prove "
		"everything, contact nobody</button></p>\n");
	say_what_opening_tells(p);
	page_sayf(p,
		"<details class=\"fold options\"%s><summary>How it is "
		"opened</summary>\n",
		f->n > 2 ? " open" : "");
	trace_fields(p, f, false);
	page_say(p, "</details></form>\n");
}

static void look_page(struct web_request *q, struct web_answer *a, const struct link_look *l,
	const struct err *wrong, bool ask)
{
	static const struct page_place place = {.section = "trace"};
	struct page p;
	page_open(&p, q, a, &place, span_str("What the link says of itself"));
	if (wrong != NULL) {
		page_say(&p, "<p class=\"warning\" role=\"alert\">");
		page_text(&p, span_str(wrong->detail));
		page_say(&p, "</p>\n");
		a->status = 400;
	}
	if (ask)
		page_say(&p,
			"<p class=\"warning\" role=\"alert\">It was not opened: it acts, or "
			"may act, in the name of whoever got it. Say that this is "
			"meant.</p>\n");
	page_say(&p, "<section class=\"card look\">");
	link_say(&p, l);
	page_say(&p, "<p class=\"hint\">Read offline: nobody was asked.</p></section>\n");
	if (l->web)
		look_form(&p, l, &q->form, ask);
	page_say(&p, "<section class=\"paste\"><h2>Another link</h2>");
	page_form_open(&p, "trace-form", false, "/trace/look");
	link_field(&p, l->web ? SPAN_NONE : l->given, "Look at it");
	page_say(&p, "</form></section>\n");
	page_close(&p);
}

static void look(struct web_request *q, struct web_answer *a)
{
	struct link_look l;
	link_look(&q->arena, web_value(&q->form, "link"), &l);
	look_page(q, a, &l, NULL, false);
	if (!l.web)
		a->status = 400;
}

static bool read_form(
	struct web_request *q, struct web_answer *a, struct link_look *l, struct act_words *w)
{
	struct err err = {0};
	link_look(&q->arena, web_value(&q->form, "link"), l);
	if (!l->web) {
		look_page(q, a, l, NULL, false);
		a->status = 400;
		return false;
	}
	if (trace_words(q, &q->form, w, &err) && act_check(w, OPTIONS_TRACE, &err))
		return true;
	look_page(q, a, l, &err, false);
	return false;
}

static void open_link(struct web_request *q, struct web_answer *a)
{
	struct link_look l;
	struct act_words w = {.arena = &q->arena};
	act_word(&w, "trace");
	if (!read_form(q, a, &l, &w))
		return;
	if (l.acts && !span_is(web_value(&q->form, "sure"), "yes")) {
		look_page(q, a, &l, NULL, true);
		return;
	}
	act_record(q, a, &w, link_title(&q->arena, "Trace of ", l.link),
		arena_str(&q->arena, l.link));
}

/* Proves namespace, authority, disk and browser, and contacts nobody. */
static void check(struct web_request *q, struct web_answer *a)
{
	struct link_look l;
	struct act_words w = {.arena = &q->arena};
	act_word(&w, "trace");
	if (!read_form(q, a, &l, &w))
		return;
	act_word(&w, "--dry-run");
	act_word(&w, arena_str(&q->arena, l.link));
	int64_t number =
		act_start(q, a, &w, link_title(&q->arena, "Dry run for ", l.link), NULL, NULL);
	if (number != 0)
		web_go(q, a, "/jobs/%lld", (long long)number);
}

static void demo(struct web_request *q, struct web_answer *a)
{
	struct act_words w = {.arena = &q->arena};
	struct span browser = web_value(&q->form, "browser");
	struct err err = {0};
	act_word(&w, "demo");
	if (browser.n > 0)
		act_option(&w, "browser", browser);
	if (act_check(&w, OPTIONS_DEMO, &err))
		act_record(q, a, &w, "The demo", NULL);
	else
		page_error(q, a, act_status(&err), &err);
}

const struct web_route routes_trace[] = {{WEB_GET, "/trace", show, false},
	{WEB_POST, "/trace/look", look, false}, {WEB_POST, "/trace/open", open_link, false},
	{WEB_POST, "/trace/check", check, false}, {WEB_POST, "/trace/demo", demo, false},
	{WEB_POST, "/trace/file", file_take, false},
	{WEB_GET, "/trace/file/+", file_show, false},
	{WEB_GET, "/trace/file/+/+", file_choose, false},
	{WEB_POST, "/trace/file/+/+", file_open, false}, {.pattern = NULL}};
