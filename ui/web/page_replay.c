/*
 * A trail walked again offline, and a link opened once more: the forms before it, and what came
 * of a replay, from the JSON that it printed.
 */
#include "ui/cli/options.h"
#include "ui/web/page_acts.h"
#include "ui/web/window_state.h"

#include <jansson.h>
#include <stdlib.h>

struct asked {
	struct book *book;
	int64_t session, number;
	char id[48];
	struct book_trail trail;
};

/* The trail that "/c/N/t/S.K/..." names; else a is the page that says so. */
static bool find(struct web_request *q, struct web_answer *a, struct asked *out)
{
	struct err err = {0};
	bool found = false;
	*out = (struct asked){.book = web_book(q, a)};
	if (out->book == NULL)
		return false;
	bool named = web_trail_id(q->segments[1], &out->session, &out->number);
	bool ok = !named || book_trail(out->book, out->session, out->number, &q->arena,
				    &out->trail, &found, &err);
	if (found) {
		snprintf(out->id, sizeof out->id, "%lld.%lld", (long long)out->session,
			(long long)out->number);
		return true;
	}
	if (ok)
		page_not_there(q, a, named ? out->book : NULL, "there is no such trail");
	else
		page_error(q, a, 500, &err);
	return false;
}

/* ---- the form ---- */

static void browser_field(struct page *p)
{
	page_say(p, "<label>Browser <select name=\"browser\"><option value=\"firefox\">Firefox"
		    "</option><option value=\"chromium\">Chromium</option><option "
		    "value=\"none\">none: the built-in client, which runs no script</option>"
		    "</select></label>\n");
}

static void common_fields(struct page *p)
{
	page_say(p, "<label>Answers come <select name=\"pace\"><option value=\"fast\">at "
		    "once</option><option value=\"original\">with the recorded "
		    "delays</option></select></label>\n<label class=\"tick\"><input "
		    "type=\"checkbox\" name=\"strict\" value=\"yes\"> Answer nothing but what "
		    "was asked exactly so when it was recorded</label>\n");
}

void act_replay_ask(struct web_request *q, struct web_answer *a)
{
	struct asked t;
	struct page p;
	if (!find(q, a, &t))
		return;
	const struct page_place place = {.book = t.book, .trail = t.id, .section = "cases"};
	page_open(&p, q, a, &place, span_str("Replay this trail"));
	page_say(&p, "<p>The case stands where the network was: nobody is reached. What the "
		     "browser asks for is answered with what was recorded, byte for byte.</p>\n"
		     "<p class=\"trail-link\">");
	page_url(&p, t.trail.start_url);
	page_say(&p,
		"</p>\n<div class=\"deeds\"><section class=\"card deed\"><h2>Walk it and "
		"compare</h2><p>A browser in its sandbox opens the link again, and the two "
		"trails are held against each other, hop by hop.</p>\n");
	page_form_open(
		&p, "trace-fields", false, "/c/%zu/t/%s/replay", book_number(t.book), t.id);
	browser_field(&p);
	common_fields(&p);
	page_say(&p,
		"<label class=\"tick\"><input type=\"checkbox\" name=\"as-of\" "
		"value=\"yes\"> Its clock stands at the time of capture</label>\n<p><button "
		"type=\"submit\" id=\"replay\">Replay it</button></p></form></section>\n"
		"<section class=\"card deed\"><h2>Serve it to a browser of yours</h2><p>A "
		"proxy on this machine answers from the case until you stop it.</p>\n");
	page_form_open(
		&p, "trace-fields", false, "/c/%zu/t/%s/serve", book_number(t.book), t.id);
	common_fields(&p);
	page_say(&p, "<p><button type=\"submit\" class=\"second\" id=\"serve\">Serve it as a "
		     "proxy</button></p></form></section></div>\n");
	jobs_of_case(&p, t.book);
	page_close(&p);
}

/* ---- starting ---- */

static void flag(struct act_words *w, const struct web_form *f, const char *name)
{
	if (span_is(web_value(f, name), "yes"))
		act_word(w, arena_printf(w->arena, "--%s", name));
}

static void choice(struct act_words *w, const struct web_form *f, const char *name)
{
	if (web_value(f, name).n > 0)
		act_option(w, name, web_value(f, name));
}

static void start(struct web_request *q, struct web_answer *a, const struct asked *t,
	struct act_words *w, const char *title)
{
	struct err err = {0};
	if (!act_check(w, OPTIONS_REPLAY, &err)) {
		page_error(q, a, 400, &err);
		return;
	}
	act_case(w, book_path(t->book));
	int64_t number = act_start(q, a, w, title, book_path(t->book), NULL);
	if (number != 0)
		web_go(q, a, "/jobs/%lld", (long long)number);
}

void act_replay(struct web_request *q, struct web_answer *a)
{
	struct asked t;
	struct act_words w = {.arena = &q->arena};
	if (!find(q, a, &t))
		return;
	act_word(&w, "replay");
	struct span browser = web_value(&q->form, "browser");
	act_option(&w, "browser", browser.n > 0 ? browser : span_str("firefox"));
	act_option(&w, "trail", span_str(t.id));
	choice(&w, &q->form, "pace");
	flag(&w, &q->form, "strict");
	flag(&w, &q->form, "as-of");
	act_word(&w, "--json");
	start(q, a, &t, &w,
		arena_printf(&q->arena, "Replay of trail %s of %s", t.id, book_name(t.book)));
}

void act_serve(struct web_request *q, struct web_answer *a)
{
	struct asked t;
	struct act_words w = {.arena = &q->arena};
	if (!find(q, a, &t))
		return;
	act_word(&w, "replay");
	act_option(&w, "listen", span_str("127.0.0.1:0"));
	act_option(&w, "trail", span_str(t.id));
	choice(&w, &q->form, "pace");
	flag(&w, &q->form, "strict");
	start(q, a, &t, &w,
		arena_printf(&q->arena, "Trail %s of %s, served as a proxy", t.id,
			book_name(t.book)));
}

/* ---- what came of it ---- */

static struct span text_of(const json_t *object, const char *name)
{
	return span_str(json_string_value(json_object_get(object, name)));
}

static int64_t number_of(const json_t *object, const char *name)
{
	return (int64_t)json_integer_value(json_object_get(object, name));
}

static void say_verdict(struct page *p, const json_t *j)
{
	struct span verdict = text_of(j, "verdict");
	int64_t hops = number_of(j, "hops"), at = number_of(j, "parted_at");
	if (span_is(verdict, "same"))
		page_sayf(p,
			"<p class=\"outcome\"><span class=\"badge good\">the same</span> It "
			"led "
			"the same way, over %lld hops.</p>\n",
			(long long)hops);
	else if (span_is(verdict, "same-but"))
		page_sayf(p,
			"<p class=\"outcome\"><span class=\"badge good\">the same but</span> "
			"It "
			"led the same way over %lld hops, but for addresses that a rule of the "
			"replay allows.</p>\n",
			(long long)hops);
	else if (span_is(verdict, "parted") && at > 0)
		page_sayf(p,
			"<p class=\"outcome\"><span class=\"badge weak\">parted</span> It "
			"parted from the record at hop %lld. That need not mean that anything "
			"was changed: another browser, or a script that rolls dice, leads "
			"elsewhere too.</p>\n",
			(long long)at);
	else if (span_is(verdict, "parted"))
		page_say(p, "<p class=\"outcome\"><span class=\"badge weak\">parted</span> All "
			    "hops are alike, but it ended in another way.</p>\n");
	else
		page_say(p, "<p class=\"outcome\"><span class=\"badge note\">not "
			    "compared</span> Nothing can be said.</p>\n");
	const json_t *until = json_object_get(j, "recorded_until");
	if (json_is_object(until)) {
		page_sayf(p,
			"<p class=\"hint\">Replayed as far as it was recorded: ends at hop "
			"%lld (",
			(long long)number_of(until, "hop"));
		page_text(p, text_of(until, "reason"));
		page_say(p, ").</p>\n");
	}
}

static void cell(struct page *p, const json_t *d, const char *name)
{
	page_say(p, "<td>");
	if (text_of(d, name).p != NULL) {
		page_say(p, "<code>");
		page_text(p, text_of(d, name));
		page_say(p, "</code>");
	} else {
		page_say(p, "-");
	}
	page_say(p, "</td>");
}

static void difference(struct page *p, const json_t *d)
{
	bool parts = span_is(text_of(d, "weight"), "parts");
	page_say(p, "<tr><td class=\"num\">");
	if (json_is_integer(json_object_get(d, "hop")))
		page_number(p, number_of(d, "hop"));
	else
		page_say(p, "-");
	page_say(p, "</td><th scope=\"row\">");
	page_text(p, text_of(d, "what"));
	page_sayf(p, " <span class=\"badge %s\">", parts ? "weak" : "plain");
	page_text(p, text_of(d, "weight"));
	page_say(p, "</span></th>");
	cell(p, d, "recorded");
	cell(p, d, "replayed");
	page_say(p, "<td>");
	if (text_of(d, "rule").n > 0) {
		page_text(p, text_of(d, "rule"));
		page_say(p, ": ");
		page_text(p, text_of(d, "text"));
	}
	page_say(p, "</td></tr>\n");
}

static void differences(struct page *p, const json_t *j)
{
	static const char *const columns[] = {
		"Hop", "What", "Recorded", "Replayed", "Allowed by"};
	static const char *const lists[] = {"differences", "told"};
	const json_t *d;
	size_t i, n = 0;
	for (size_t l = 0; l < 2; l++)
		n += json_array_size(json_object_get(j, lists[l]));
	if (n == 0)
		return;
	html_table_open(&p->h, "What differs", columns, sizeof columns / sizeof *columns);
	for (size_t l = 0; l < 2; l++)
		json_array_foreach(json_object_get(j, lists[l]), i, d) difference(p, d);
	html_table_close(&p->h);
}

static void say_requests(struct page *p, const json_t *j)
{
	const json_t *r;
	size_t i, plain = 0, missed = 0;
	const json_t *list = json_object_get(j, "requests");
	json_array_foreach(list, i, r)
	{
		plain += span_is(text_of(r, "outcome"), "as-recorded");
		missed += span_is(text_of(r, "outcome"), "not-recorded");
	}
	page_sayf(p,
		"<p class=\"hint\">%zu requests: %zu answered as recorded, %zu not "
		"recorded. Walked by ",
		json_array_size(list), plain, missed);
	page_text(p, text_of(j, "browser"));
	page_sayf(p, "%s. Bodies compared: %lld; not comparable: %lld.</p>\n",
		json_is_true(json_object_get(j, "strict")) ? ", exact answers only" : "",
		(long long)number_of(j, "bodies"),
		(long long)number_of(j, "bodies_not_compared"));
}

bool act_replay_outcome(struct page *p, const struct job_about *job)
{
	json_error_t ignored;
	if (job->running || job->more || !span_starts(job->command, "clicktrail replay ") ||
		!span_starts(job->out, "{"))
		return false;
	json_t *j = json_loadb((const char *)job->out.p, job->out.n, 0, &ignored);
	if (text_of(j, "verdict").n == 0) {
		json_decref(j);
		return false;
	}
	say_verdict(p, j);
	differences(p, j);
	say_requests(p, j);
	page_say(p, "<p class=\"hint\">The verdict is kept in the case's companion.</p>\n");
	json_decref(j);
	return true;
}

bool act_replay_address(struct page *p, const struct job_about *job)
{
	static const char words[] = "Listening on ";
	size_t at = span_find(job->out, span_str(words), 0);
	if (!job->running || at == SIZE_MAX)
		return false;
	struct span where = span_from(job->out, at + strlen(words));
	size_t end = 0;
	while (end < where.n && where.p[end] != ' ' && where.p[end] != '\n')
		end++;
	page_say(p, "<p class=\"outcome\">It listens on <strong class=\"address\">");
	/* Exact: it is to be typed into a browser's settings. */
	html_text(p->out, span_first(where, end));
	page_say(p, "</strong>. Set that as the HTTP and HTTPS proxy of a browser that is used "
		    "for nothing else.</p>\n");
	return true;
}

/* ---- once more, over the network ---- */

static void add_text(struct arena *a, struct web_form *f, const char *name, struct span value)
{
	if (value.n > 0)
		ARENA_PUSH(a, f->list, f->n,
			(struct web_pair){.name = span_str(name),
				.value = arena_copy(a, value),
				.file_name = SPAN_NONE});
}

/* How the trail was asked for: the options of its session that may be taken from a case. */
static bool first_manner(
	struct web_request *q, const struct asked *t, struct web_form *f, struct err *err)
{
	static const char *const taken[] = {
		"browser", "device", "language", "timezone", "referer", "user-agent", NULL};
	struct book_reading r;
	bool found;
	bool ok = book_read_trail(t->book, t->session, t->number, &r, &found, err);
	const struct report_session *s =
		ok && found ? html_session(&r.report, t->session) : NULL;
	if (s != NULL && s->start != NULL && s->start->options.n > 0) {
		json_error_t ignored;
		struct buf lines = {0};
		json_t *j = json_loadb(
			(const char *)s->start->options.p, s->start->options.n, 0, &ignored);
		const json_t *one;
		size_t i;
		for (const char *const *name = taken; *name != NULL; name++)
			add_text(&q->arena, f, *name, text_of(j, *name));
		json_array_foreach(json_object_get(j, "replace"), i, one)
		{
			buf_addf(&lines, "%s\n",
				json_is_string(one) ? json_string_value(one) : "");
		}
		add_text(&q->arena, f, "replace", buf_span(&lines));
		buf_fini(&lines);
		json_decref(j);
	}
	book_reading_close(&r);
	return ok;
}

/* Is it the link that `again` opens: the case's first? */
static bool is_first_link(struct web_request *q, const struct asked *t)
{
	struct book_trail first;
	struct err err;
	bool found;
	return book_trail(t->book, 1, 1, &q->arena, &first, &found, &err) && found &&
	       span_eq(first.start_url, t->trail.start_url);
}

static void again_page(struct web_request *q, struct web_answer *a, const struct asked *t,
	const struct web_form *f, const struct err *wrong)
{
	struct page p;
	struct link_look look;
	const struct page_place place = {.book = t->book, .trail = t->id, .section = "cases"};
	link_look(&q->arena, t->trail.start_url, &look);
	page_open(&p, q, a, &place, span_str("Open this link once more"));
	if (wrong != NULL) {
		page_say(&p, "<p class=\"warning\" role=\"alert\">");
		page_text(&p, span_str(wrong->detail));
		page_say(&p, "</p>\n");
		a->status = 400;
	}
	page_say(&p, "<p>It is opened over the network, as before but for what is changed "
		     "here, and recorded as a new session in the same case. A link may work "
		     "once only, or lead elsewhere for another browser, language or "
		     "country.</p>\n<section class=\"card look\">");
	link_say(&p, &look);
	page_say(&p, "</section>\n");
	page_form_open(
		&p, "open-form", false, "/c/%zu/t/%s/again", book_number(t->book), t->id);
	if (look.acts)
		page_say(&p, "<div class=\"warning ask\"><label class=\"tick\"><input "
			     "type=\"checkbox\" name=\"sure\" value=\"yes\" required> Open it "
			     "although it acts, or may act, for whoever got it (see above)"
			     "</label></div>\n");
	trace_fields(&p, f, true);
	page_say(&p, "<p class=\"go\"><button type=\"submit\" id=\"open\">Open it once "
		     "more</button></p></form>\n");
	page_close(&p);
}

void act_again_ask(struct web_request *q, struct web_answer *a)
{
	struct asked t;
	struct web_form f = {0};
	struct err err = {0};
	if (!find(q, a, &t))
		return;
	if (!first_manner(q, &t, &f, &err))
		page_error(q, a, 500, &err);
	else
		again_page(q, a, &t, &f, NULL);
}

void act_again(struct web_request *q, struct web_answer *a)
{
	struct asked t;
	struct act_words w = {.arena = &q->arena};
	struct link_look look;
	struct err err = {0};
	if (!find(q, a, &t))
		return;
	link_look(&q->arena, t.trail.start_url, &look);
	bool first = is_first_link(q, &t);
	act_word(&w, first ? "again" : "trace");
	bool ok = trace_words(q, &q->form, &w, &err) &&
		  act_check(&w, first ? OPTIONS_AGAIN : OPTIONS_TRACE, &err);
	if (ok && !look.web)
		ok = err_set(&err, ERR_USAGE, "the link is no http or https address");
	if (ok && look.acts && !span_is(web_value(&q->form, "sure"), "yes"))
		ok = err_set(
			&err, ERR_USAGE, "it was not opened: say first that this is meant");
	if (!ok) {
		again_page(q, a, &t, &q->form, &err);
		return;
	}
	if (first) {
		act_case(&w, book_path(t.book));
	} else {
		act_option(&w, "case", span_str(book_path(t.book)));
		act_word(&w, arena_str(&q->arena, look.link));
	}
	if (act_start(q, a, &w, link_title(&q->arena, "Once more: ", look.link),
		    book_path(t.book), NULL) != 0)
		web_go(q, a, "/c/%zu/newest", book_number(t.book));
}
