#include "ui/web/act.h"
#include "ui/cli/options.h"
#include "ui/web/feed.h"
#include "ui/web/window_state.h"

#include <pthread.h>
#include <stdio.h>

enum { OF_CASE_MAX = 3 };

/* ---- words ---- */

static void add(struct act_words *w, const char *word)
{
	if (w->n == ACT_WORDS_MAX)
		w->bad = true;
	else
		w->list[w->n++] = word;
	w->list[w->n] = NULL;
}

void act_word(struct act_words *w, const char *ours)
{
	add(w, ours);
}

void act_option(struct act_words *w, const char *name, struct span value)
{
	if (value.n > ACT_WORD_MAX || span_find_byte(value, 0, 0) != SIZE_MAX)
		w->bad = true;
	else
		add(w, arena_printf(w->arena, "--%s=%s", name, arena_str(w->arena, value)));
}

void act_case(struct act_words *w, const char *path)
{
	if (path[0] != '/')
		w->bad = true;
	else
		add(w, arena_str(w->arena, span_str(path)));
}

bool act_check(const struct act_words *w, unsigned command, struct err *err)
{
	/* The reader keeps its place in variables of the process (getopt). */
	static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
	struct options o;
	int rest;
	if (w->bad)
		return err_set(err, ERR_USAGE,
			"a value is too long or holds a zero byte, or there are too many");
	pthread_mutex_lock(&one_at_a_time);
	options_init(&o, command);
	bool ok = options_parse(&o, (int)w->n, (char **)(void *)(uintptr_t)w->list, &rest, err);
	options_fini(&o);
	pthread_mutex_unlock(&one_at_a_time);
	return ok;
}

int act_status(const struct err *err)
{
	return err->kind == ERR_USAGE ? 400 : err->kind == ERR_LIMIT ? 429 : 500;
}

int64_t act_start(struct web_request *q, struct web_answer *a, const struct act_words *w,
	const char *title, const char *case_path, const char *remove_file)
{
	struct err err = {0};
	const struct job_order order = {.argv = w->list,
		.title = title,
		.case_path = case_path,
		.remove_file = remove_file};
	int64_t number = 0;
	if (w->bad)
		err_set(&err, ERR_USAGE, "a value is too long, or there are too many");
	else
		number = job_start(q->window->jobs, &order, &err);
	if (number == 0)
		page_error(q, a, act_status(&err), &err);
	return number;
}

/* ---- how it came out ---- */

const char *act_code_words(int code)
{
	switch (code) {
	case 0: return "Done: it came to its end, and everything was recorded.";
	case 1: return "It was not understood: something in the command line does not fit.";
	case 2:
		return "It did not come to its end, or something was not recorded; the reason "
		       "stands below.";
	case 3: return "The case could not be written.";
	case 4: return "Done: the comparison found a difference.";
	default: break;
	}
	return code > 128 ? "It was ended by force." : "It failed.";
}

const char *act_job_words(const struct job_about *job)
{
	static const struct {
		const char *command, *words;
	} done[] = {{"crosscheck", "Done: the packets say the same as the record."},
		{"verify", "Done: the seal holds."},
		{"replay", "Done: the browser was led the same way."},
		{"lookup", "Done: the answers are kept beside the case."},
		{"close", "Done: the case is closed."},
		{"report", "Done: the reports are made."}};
	for (size_t i = 0; job->code == 0 && i < sizeof done / sizeof *done; i++) {
		char begin[32];
		snprintf(begin, sizeof begin, "clicktrail %s ", done[i].command);
		/* Served to a browser of one's own, nothing was compared. */
		if (strcmp(done[i].command, "replay") == 0 &&
			span_find(job->command, span_str(" --browser "), 0) == SIZE_MAX)
			continue;
		if (span_starts(job->command, begin))
			return done[i].words;
	}
	return act_code_words(job->code);
}

void act_code(struct page *p, const struct job_about *job)
{
	static const char *const words[] = {
		"done", "not understood", "incomplete", "not written", "differs"};
	static const char *const classes[] = {"good", "weak", "note", "weak", "note"};
	if (job->running)
		page_say(p, "<span class=\"badge note\">running</span>");
	else if (job->code >= 0 && job->code <= 4)
		page_sayf(p, "<span class=\"badge %s\">%s</span>", classes[job->code],
			words[job->code]);
	else if (job->code > 128)
		page_sayf(p, "<span class=\"badge weak\">ended by signal %d</span>",
			job->code - 128);
	else
		page_sayf(p, "<span class=\"badge weak\">exit code %d</span>", job->code);
}

/* The beginning of the last so many lines, and of no more bytes than a page shows. */
static struct span last_lines(struct span s, size_t max)
{
	size_t at = s.n, lines = 0;
	while (at > 0 && s.n - at < ACT_SAID_SHOWN) {
		if (s.p[at - 1] == '\n' && at < s.n && ++lines == max)
			break;
		at--;
	}
	return span_from(s, at);
}

void act_said(struct page *p, struct span said, size_t max_lines)
{
	struct span shown = last_lines(said, max_lines);
	if (said.n == 0)
		return;
	if (shown.n < said.n) {
		page_say(p, "<p class=\"hint\">");
		page_number(p, (int64_t)(said.n - shown.n));
		page_say(p, " bytes before this are not shown here.</p>\n");
	}
	page_say(p, "<pre class=\"said\" tabindex=\"0\">");
	for (struct span left = shown; left.n > 0;) {
		size_t end = span_find_byte(left, '\n', 0);
		struct span line = span_first(left, end);
		if (line.n > 0)
			page_text(p, line);
		left = span_from(left, line.n);
		if (left.n > 0) {
			page_say(p, "\n");
			left = span_from(left, 1);
		}
	}
	page_say(p, "</pre>\n");
}

static void say_job(struct page *p, const struct job_about *job)
{
	page_say(p, "<section class=\"card job-of-case\"><h3>");
	page_text(p, job->title);
	page_say(p, "</h3><p class=\"meta\">");
	act_code(p, job);
	page_say(p, " started ");
	page_time(p, job->started_us);
	page_sayf(p, " \302\267 <a href=\"/jobs/%lld\">all that it says</a></p>\n",
		(long long)job->number);
	if (!job->running && job->code != 0)
		page_sayf(p, "<p>%s</p>\n", act_code_words(job->code));
	act_said(p, job->err, ACT_LINES_SHOWN);
	page_say(p, "</section>\n");
}

void jobs_of_case(struct page *p, const struct book *b)
{
	struct jobs *jobs = p->q->window->jobs;
	struct arena *a = &p->q->arena;
	struct job_about *list, job;
	size_t n, shown = 0;
	jobs_list(jobs, a, &list, &n);
	page_say(p, "<div id=\"jobs-of-case\">");
	for (size_t i = 0; i < n && shown < OF_CASE_MAX; i++) {
		if (!span_is(list[i].case_path, book_path(b)) ||
			!job_about(jobs, list[i].number, a, &job))
			continue;
		if (shown++ == 0)
			page_say(p, "<h2>Started from this window</h2>\n");
		say_job(p, &job);
	}
	page_say(p, "</div>\n");
}

void jobs_of_case_feed(
	struct window *w, const struct book *b, int64_t *seen, const char *id, struct buf *out)
{
	struct buf html = {0};
	struct web_request stub = {.window = w};
	struct page piece = {.q = &stub, .out = &html};
	int64_t now = jobs_version(w->jobs);
	if (now == *seen)
		return;
	*seen = now;
	piece.h = (struct html){.out = &html, .defang = true, .level = 2};
	jobs_of_case(&piece, b);
	feed_put(out, id, "main", buf_span(&html));
	arena_fini(&stub.arena);
	buf_fini(&html);
}
