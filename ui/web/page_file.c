/*
 * A mail or a picture that was handed in: its links are listed by the command that does so, in
 * a process of its own; one is chosen, looked at, and opened.
 */
#include "ui/cli/options.h"
#include "ui/web/page_acts.h"
#include "ui/web/window_state.h"
#include "ui/mail/links.h"

#include <jansson.h>

enum { LIST_S = 40 }; /* for the reading of a file; its reader has 20 s */

/* ---- taking it ---- */

void file_take(struct web_request *q, struct web_answer *a)
{
	const struct web_pair *file = NULL;
	char id[UPLOAD_ID_LEN + 1];
	struct err err = {0};
	for (size_t i = 0; i < q->form.n && file == NULL; i++)
		if (span_is(q->form.list[i].name, "file") &&
			q->form.list[i].file_name.p != NULL)
			file = &q->form.list[i];
	if (file == NULL || file->value.n == 0) {
		err_set(&err, ERR_USAGE, "no file came, or an empty one");
		page_error(q, a, 400, &err);
		return;
	}
	if (!upload_keep(q->window->uploads, file->file_name, file->value, id, &err))
		page_error(q, a, 500, &err);
	else
		web_go(q, a, "/trace/file/%s", id);
}

/* ---- its list ---- */

struct listing {
	char path[PATH_MAX];
	const char *name;
	json_t *json; /* owned */
	bool codes;   /* it is a picture's */
};

static void say_refused(
	struct web_request *q, struct web_answer *a, const char *name, struct span said)
{
	static const struct page_place place = {.section = "trace"};
	struct page p;
	page_open(&p, q, a, &place, span_str("No links in this file"));
	page_say(&p, "<p class=\"warning\">");
	page_text(&p, span_str(name));
	page_say(&p, " could not be read as a mail, nor as a picture with a QR code.</p>\n");
	act_said(&p, said, ACT_LINES_SHOWN);
	page_say(&p, "<p><a href=\"/trace\">Another file, or a link</a></p>\n");
	page_close(&p);
	a->status = 400;
}

/* False: a is the page that says why. */
static bool list(struct web_request *q, struct web_answer *a, struct listing *l)
{
	struct buf out = {0}, said = {0};
	struct err err = {0};
	json_error_t ignored;
	int code = 0;
	*l = (struct listing){.json = NULL};
	if (!upload_path(q->window->uploads, q->segments[0], l->path)) {
		err_set(&err, ERR_USAGE, "this file is not kept (any more): hand it in again");
		page_error(q, a, 404, &err);
		return false;
	}
	const char *slash = strrchr(l->path, '/');
	l->name = arena_str(&q->arena, span_str(slash + 1));
	if (!job_run(q->window->jobs,
		    (const char *const[]){"trace", "--list", "--json", l->path, NULL}, LIST_S,
		    &out, &said, &code, &err)) {
		page_error(q, a, 500, &err);
	} else if (code != 0) {
		say_refused(q, a, l->name, buf_span(&said));
	} else {
		l->json =
			json_loadb((const char *)buf_span(&out).p, buf_len(&out), 0, &ignored);
		l->codes = json_object_get(l->json, "codes") != NULL;
		if (l->json == NULL) {
			err_set(&err, ERR_INTERNAL, "the list could not be read");
			page_error(q, a, 500, &err);
		}
	}
	buf_fini(&out);
	buf_fini(&said);
	return l->json != NULL;
}

static struct span text_of(const json_t *object, const char *name)
{
	return span_str(json_string_value(json_object_get(object, name)));
}

static bool is_true(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

static void fact(struct page *p, const char *name, struct span value)
{
	if (value.n == 0)
		return;
	page_sayf(p, "<div><dt>%s</dt><dd>", name);
	page_text(p, value);
	page_say(p, "</dd></div>\n");
}

/* ---- one link in it ---- */

static void say_names(struct page *p, const json_t *parts)
{
	const json_t *part;
	size_t i;
	json_array_foreach(parts, i, part)
	{
		page_say(p, "<div><dt>Names</dt><dd>");
		page_text(p, text_of(part, "label"));
		page_say(p, is_true(part, "sure") ? " in its " : ", maybe, in its ");
		page_text(p, text_of(part, "where"));
		if (text_of(part, "name").n > 0) {
			page_say(p, ", parameter ");
			page_text(p, text_of(part, "name"));
		}
		page_say(p, "</dd></div>\n");
	}
}

static void say_claims(struct page *p, const json_t *claims)
{
	const json_t *c;
	size_t i;
	json_array_foreach(claims, i, c)
	{
		struct span target = json_is_string(c) ? span_str(json_string_value(c))
						       : text_of(c, "target");
		if (target.n == 0)
			target = text_of(c, "domain");
		if (target.n == 0)
			continue;
		page_say(p, "<div><dt>Claims</dt><dd>");
		page_url(p, target);
		page_say(p, "</dd></div>\n");
	}
}

static void say_act(struct page *p, const json_t *act)
{
	struct span word = text_of(act, "act");
	enum link_act which = LINK_ACT_NONE;
	for (int i = 0; i < LINK_ACT_COUNT; i++)
		if (span_is(word, link_act_word((enum link_act)i)))
			which = (enum link_act)i;
	if (which == LINK_ACT_NONE)
		return;
	page_sayf(p, "<div><dt>%s</dt><dd class=\"bad\">opening it %s %s",
		is_true(act, "certain") ? "Acts" : "May act",
		is_true(act, "certain") ? "would" : "might", link_act_about(which));
	if (text_of(act, "why").n > 0) {
		page_say(p, " (");
		page_text(p, text_of(act, "why"));
		if (text_of(act, "by").n > 0) {
			page_say(p, ": ");
			page_text(p, text_of(act, "by"));
		}
		page_say(p, ")");
	}
	page_say(p, "</dd></div>\n");
}

static bool link_acts(const json_t *link)
{
	struct span word = text_of(json_object_get(link, "act"), "act");
	return word.n > 0 && !span_is(word, link_act_word(LINK_ACT_NONE));
}

static void quote(struct page *p, const char *name, struct span text)
{
	if (text.n == 0)
		return;
	page_sayf(p, "<div><dt>%s</dt><dd><q>", name);
	page_text(p, text);
	page_say(p, "</q></dd></div>\n");
}

static void say_text_against(struct page *p, const json_t *link)
{
	const json_t *place;
	size_t i;
	quote(p, "Reads", text_of(link, "text"));
	json_array_foreach(json_object_get(link, "places"), i, place)
	{
		struct span around = text_of(place, "sentence");
		if (around.n == 0 || span_eq(around, text_of(link, "text")))
			continue;
		quote(p, "Around it", around);
		break;
	}
	if (span_is(text_of(link, "text_says"), "differs")) {
		page_say(p, "<div><dt>But</dt><dd class=\"bad\">its text names ");
		page_text(p, text_of(link, "text_host"));
		page_say(p, ", and it leads elsewhere</dd></div>\n");
	}
	if (is_true(link, "unseen"))
		fact(p, "Beware", span_str("nobody sees it in the message"));
}

static void say_link(struct page *p, const json_t *link)
{
	const json_t *of = json_object_get(link, "link");
	page_say(p, "<dl class=\"facts\">");
	say_text_against(p, link);
	fact(p, "Link of", text_of(of, "vendor"));
	say_claims(p, json_object_get(link, "claims"));
	say_names(p, json_object_get(of, "parts"));
	say_act(p, json_object_get(link, "act"));
	for (int i = 0; i < MAIL_FOUND_COUNT; i++)
		if (span_is(text_of(link, "found"), mail_found_word((enum mail_found)i)))
			fact(p, "Found as", span_str(mail_found_about((enum mail_found)i)));
	page_say(p, "</dl>\n");
}

static void item(struct page *p, const json_t *link, size_t n)
{
	page_sayf(p,
		"<li class=\"card mail-link\" value=\"%zu\"><h3><span "
		"class=\"step\">%zu</span> ",
		n, n);
	page_url(p, text_of(link, "href"));
	page_say(p, "</h3>\n");
	say_link(p, link);
	if (is_true(link, "web"))
		page_sayf(p,
			"<p class=\"go\"><a class=\"act\" "
			"href=\"/trace/file/%.*s/%zu\">Open "
			"link %zu ...</a></p>\n",
			(int)p->q->segments[0].n, (const char *)p->q->segments[0].p, n, n);
	else
		page_say(p, "<p class=\"hint\">It is no http or https link, and cannot be "
			    "traced.</p>\n");
	page_say(p, "</li>\n");
}

/* Those that a person would click, or the others. */
static void items(struct page *p, const json_t *links, bool call, const char *heading)
{
	const json_t *link;
	size_t i, n = 0;
	json_array_foreach(links, i, link)
	{
		if (is_true(link, "call") != call)
			continue;
		if (n++ == 0)
			page_sayf(p, "<section><h2>%s</h2>\n<ol class=\"mail-links\">\n",
				heading);
		item(p, link, i + 1);
	}
	if (n > 0)
		page_say(p, "</ol></section>\n");
}

static void say_notes(struct page *p, const json_t *notes)
{
	const json_t *note;
	size_t i;
	json_array_foreach(notes, i, note)
	{
		page_say(p, "<p class=\"note-line\">");
		page_text(p, span_str(json_string_value(note)));
		page_say(p, "</p>\n");
	}
}

static void say_mail(struct page *p, const struct listing *l)
{
	page_say(p, "<section class=\"card\"><h2>The message</h2><dl class=\"facts\">");
	fact(p, "From", text_of(l->json, "from"));
	fact(p, "Subject", text_of(l->json, "subject"));
	fact(p, "Date", text_of(l->json, "date"));
	page_say(p, "<div><dt>File</dt><dd>");
	html_text(p->out, span_str(l->name));
	page_say(p, "</dd></div>\n");
	page_say(p, "</dl><p class=\"hint\">Anybody can write what stands there. Nothing in it "
		    "was opened or loaded.</p>\n");
	say_notes(p, json_object_get(l->json, "notes"));
	page_say(p, "</section>\n");
	items(p, json_object_get(l->json, "links"), true, "What a person would click");
	items(p, json_object_get(l->json, "links"), false,
		"What else is in it: in its header, loaded by itself, or to leave a list");
	if (json_array_size(json_object_get(l->json, "links")) == 0)
		page_say(p, "<p>There is no link in it.</p>\n");
}

static void say_codes(struct page *p, const struct listing *l)
{
	const json_t *code;
	size_t i;
	page_say(p, "<ol class=\"mail-links\">\n");
	json_array_foreach(json_object_get(l->json, "codes"), i, code)
	{
		struct link_look look;
		struct span text = span_str(json_string_value(code));
		link_look(&p->q->arena, text, &look);
		page_sayf(p,
			"<li class=\"card mail-link\"><h3><span class=\"step\">%zu</span> QR "
			"code</h3>\n",
			i + 1);
		if (look.web && !look.scheme_added) {
			link_say(p, &look);
			page_sayf(p,
				"<p class=\"go\"><a class=\"act\" "
				"href=\"/trace/file/%.*s/%zu\">Open link %zu ...</a></p>\n",
				(int)p->q->segments[0].n, (const char *)p->q->segments[0].p,
				i + 1, i + 1);
		} else {
			page_say(p, "<p>");
			page_text(p, text);
			page_say(p, "</p><p class=\"hint\">It holds no web address, and is not "
				    "opened.</p>\n");
		}
		page_say(p, "</li>\n");
	}
	page_say(p, "</ol>\n");
}

void file_show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "trace"};
	struct listing l;
	struct page p;
	if (!list(q, a, &l))
		return;
	page_open(&p, q, a, &place, span_str("Which link shall be opened?"));
	if (!l.codes && !is_true(l.json, "complete"))
		page_say(&p, "<p class=\"warning\">There is more in it than is listed: a limit "
			     "was reached.</p>\n");
	if (l.codes)
		say_codes(&p, &l);
	else
		say_mail(&p, &l);
	page_close(&p);
	json_decref(l.json);
}

/* ---- one of them is chosen ---- */

struct chosen {
	struct listing list;
	int64_t n;
	const json_t *link; /* of a mail; else NULL */
	struct link_look look;
	bool acts;
};

static bool choose(struct web_request *q, struct web_answer *a, struct chosen *c)
{
	struct err err;
	if (!list(q, a, &c->list))
		return false;
	const json_t *links = json_object_get(c->list.json, c->list.codes ? "codes" : "links");
	const json_t *one = NULL;
	if (web_number(q->segments[1], &c->n) && c->n > 0)
		one = json_array_get(links, (size_t)c->n - 1);
	c->link = c->list.codes ? NULL : one;
	struct span href =
		c->list.codes ? span_str(json_string_value(one)) : text_of(one, "href");
	if (one != NULL)
		link_look(&q->arena, href, &c->look);
	c->acts = c->look.acts || link_acts(c->link);
	if (one != NULL && c->look.web && (c->list.codes || is_true(one, "web")))
		return true;
	err_set(&err, ERR_USAGE, "there is no such link in it that could be traced");
	page_error(q, a, 404, &err);
	json_decref(c->list.json);
	return false;
}

static void choose_page(struct web_request *q, struct web_answer *a, const struct chosen *c,
	const struct err *wrong)
{
	static const struct page_place place = {.section = "trace"};
	struct page p;
	page_open(&p, q, a, &place, span_str("Open a link of this file"));
	if (wrong != NULL) {
		page_say(&p, "<p class=\"warning\" role=\"alert\">");
		page_text(&p, span_str(wrong->detail));
		page_say(&p, "</p>\n");
		a->status = 400;
	}
	page_sayf(&p, "<p><a href=\"/trace/file/%.*s\">All links of ", (int)q->segments[0].n,
		(const char *)q->segments[0].p);
	html_text(p.out, span_str(c->list.name));
	page_say(&p, "</a></p>\n<section class=\"card look\">");
	link_say(&p, &c->look);
	if (c->link != NULL) {
		page_say(&p, "<h2>In the message</h2>\n");
		say_link(&p, c->link);
	}
	page_say(&p, "</section>\n");
	page_form_open(&p, "open-form", false, "/trace/file/%.*s/%lld", (int)q->segments[0].n,
		(const char *)q->segments[0].p, (long long)c->n);
	if (c->acts)
		page_say(&p, "<div class=\"warning ask\"><label class=\"tick\"><input "
			     "type=\"checkbox\" name=\"sure\" value=\"yes\" required> Open it "
			     "although it acts, or may act, for whoever got the message (see "
			     "above)</label></div>\n");
	page_say(&p, "<p class=\"go\"><button type=\"submit\" id=\"open\">Open it</button></p>"
		     "<p class=\"hint\">Loading any link tells its sender that the message was "
		     "read. The message goes into the case with it.</p>\n");
	page_sayf(&p,
		"<details class=\"fold options\"%s><summary>How it is "
		"opened</summary>\n",
		q->form.n > 1 ? " open" : "");
	trace_fields(&p, &q->form, false);
	page_say(&p, "</details></form>\n");
	page_close(&p);
}

void file_choose(struct web_request *q, struct web_answer *a)
{
	struct chosen c = {0};
	if (!choose(q, a, &c))
		return;
	choose_page(q, a, &c, NULL);
	json_decref(c.list.json);
}

static void open_chosen(struct web_request *q, struct web_answer *a, const struct chosen *c)
{
	struct act_words w = {.arena = &q->arena};
	struct err err = {0};
	act_word(&w, "trace");
	act_option(&w, "link", span_str(arena_printf(&q->arena, "%lld", (long long)c->n)));
	if (c->acts && !c->list.codes)
		act_word(&w, "--yes");
	if (!trace_words(q, &q->form, &w, &err) || !act_check(&w, OPTIONS_TRACE, &err)) {
		choose_page(q, a, c, &err);
		return;
	}
	act_record(q, a, &w, link_title(&q->arena, "Trace of ", c->look.link), c->list.path);
}

void file_open(struct web_request *q, struct web_answer *a)
{
	struct chosen c = {0};
	struct err err;
	if (!choose(q, a, &c))
		return;
	if (c.acts && !span_is(web_value(&q->form, "sure"), "yes")) {
		err_set(&err, ERR_USAGE, "it was not opened: say first that this is meant");
		choose_page(q, a, &c, &err);
	} else {
		open_chosen(q, a, &c);
	}
	json_decref(c.list.json);
}
