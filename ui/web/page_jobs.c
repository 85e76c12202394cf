/*
 * What was started from this window: the list, and each command with the line that repeats it,
 * what it says while it runs, and how it came out.
 */
#include "ui/web/feed.h"
#include "ui/web/page_acts.h"
#include "ui/web/window_state.h"

#include <stdlib.h>
#include <unistd.h>

enum {
	PIECE_GAP_MS = 250, /* between two looks at a command that says a lot */
	TRAILS_SHOWN = 10,
};

/* ---- pieces, which come again while it runs ---- */

static void say_took(struct page *p, const struct job_about *job)
{
	page_say(p, "started ");
	page_time(p, job->started_us);
	if (!job->running) {
		page_say(p, ", took ");
		page_took(p, job->ended_us - job->started_us);
	}
}

static void row(struct page *p, const struct job_about *job)
{
	page_sayf(p, "<tr><td class=\"num\">%lld</td><th scope=\"row\"><a href=\"/jobs/%lld\">",
		(long long)job->number, (long long)job->number);
	page_text(p, job->title);
	page_say(p, "</a></th><td>");
	act_code(p, job);
	page_say(p, "</td><td>");
	page_time(p, job->started_us);
	page_say(p, "</td><td>");
	if (job->running)
		page_say(p, "-");
	else
		page_took(p, job->ended_us - job->started_us);
	page_say(p, "</td><td>");
	if (job->running) {
		page_form_open(p, "inline", false, "/jobs/%lld/stop", (long long)job->number);
		page_sayf(p,
			"<button type=\"submit\" class=\"second\" id=\"stop-%lld\">Stop<span "
			"class=\"unseen\"> %lld</span></button></form>",
			(long long)job->number, (long long)job->number);
	}
	page_say(p, "</td></tr>\n");
}

static void list_piece(struct page *p, struct jobs *jobs, struct arena *a)
{
	struct job_about *list;
	size_t n;
	jobs_list(jobs, a, &list, &n);
	page_say(p, "<div id=\"jobs\">");
	if (n == 0) {
		page_say(p,
			"<p>Nothing was started from this window yet. <a "
			"href=\"/trace\">Trace a link</a>, or run the demo there.</p></div>");
		return;
	}
	page_say(p, "<div class=\"wide-table\" tabindex=\"0\" role=\"region\" "
		    "aria-label=\"Commands\"><table class=\"jobs\"><caption>Newest "
		    "first</caption><thead><tr>"
		    "<th scope=\"col\" class=\"num\">No.</th><th scope=\"col\">What</th><th "
		    "scope=\"col\">How it stands</th><th scope=\"col\">Started</th><th "
		    "scope=\"col\">Took</th><th scope=\"col\"><span class=\"unseen\">Stop it"
		    "</span></th></tr></thead><tbody>\n");
	for (size_t i = 0; i < n; i++)
		row(p, &list[i]);
	page_say(p, "</tbody></table></div></div>");
}

static void state_piece(struct page *p, const struct job_about *job)
{
	page_say(p, "<section id=\"job-state\" class=\"card\"><h2>How it stands</h2><p "
		    "class=\"meta\">");
	act_code(p, job);
	page_say(p, " ");
	say_took(p, job);
	page_say(p, "</p>\n");
	if (!job->running)
		page_sayf(p, "<p>%s</p>\n", act_job_words(job));
	if (!act_replay_outcome(p, job))
		act_replay_address(p, job);
	if (job->running) {
		page_form_open(p, "stop", false, "/jobs/%lld/stop", (long long)job->number);
		page_say(p,
			"<button type=\"submit\" class=\"second\" id=\"stop\">Stop it</button>"
			"</form><p class=\"hint\">As Ctrl-C would: a recording ends in order "
			"and is sealed. Once more ends it at once.</p>");
	}
	page_say(p, "</section>");
}

static void stream(struct page *p, const char *title, struct span said)
{
	if (said.n == 0)
		return;
	page_sayf(p, "<h3>%s</h3>\n", title);
	act_said(p, said, SIZE_MAX);
}

static void output_piece(struct page *p, const struct job_about *job)
{
	page_say(p, "<section id=\"job-output\"><h2>What it says</h2>\n");
	if (job->out.n == 0 && job->err.n == 0)
		page_say(p, "<p class=\"dim\">Nothing yet.</p>");
	if (job->more)
		page_sayf(p,
			"<p class=\"warning\">It says more than is kept here (%d KiB of each "
			"stream): the rest is lost.</p>\n",
			JOB_OUTPUT_MAX / 1024);
	stream(p, "Messages", job->err);
	stream(p, "Output", job->out);
	page_say(p, "</section>");
}

/* ---- pages ---- */

static void show_list(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "jobs", .live = true};
	struct page p;
	page_open(&p, q, a, &place, span_str("Started here"));
	page_say(&p,
		"<p>Whatever is done in this window is a command of the same program. Each "
		"is listed with the line that repeats it; they end with this "
		"window.</p>\n");
	page_sayf(&p,
		"<p class=\"hint\">At most %d run at once; the last %d are "
		"remembered.</p>\n",
		JOBS_RUNNING_MAX, JOBS_MAX);
	list_piece(&p, q->window->jobs, &q->arena);
	page_listen(&p, "/jobs/events");
	page_close(&p);
}

static bool find(struct web_request *q, struct web_answer *a, struct job_about *job)
{
	struct err err;
	int64_t number;
	if (web_number(q->segments[0], &number) &&
		job_about(q->window->jobs, number, &q->arena, job))
		return true;
	err_set(&err, ERR_USAGE, "nothing of that number was started here, or it is forgotten");
	page_error(q, a, 404, &err);
	return false;
}

static void list_trails(struct page *p, struct book *b)
{
	const struct book_trails_query query = {.n = TRAILS_SHOWN};
	struct book_trail *trails;
	size_t n, total;
	struct err err;
	if (!book_trails(b, &query, &p->q->arena, &trails, &n, &total, &err) || n == 0)
		return;
	page_say(p, "<ul class=\"trails-of-job\">");
	for (size_t i = 0; i < n; i++) {
		page_say(p, "<li><a href=\"");
		page_href(p, b, "/t/%s", trails[i].id);
		page_sayf(p, "\">Trail %s</a> ", trails[i].id);
		page_url(p, trails[i].start_url);
		page_say(p, "</li>");
	}
	page_say(p, "</ul>\n");
	if (total > n)
		page_sayf(p, "<p class=\"hint\">and %zu more in the case</p>\n", total - n);
}

static void say_case(struct page *p, const struct job_about *job)
{
	struct err err;
	if (job->case_path.p == NULL)
		return;
	struct book *b =
		shelf_add(p->q->window->shelf, arena_str(&p->q->arena, job->case_path), &err);
	if (b == NULL)
		return;
	page_say(p, "<section><h2>Its case</h2><p><a href=\"");
	page_href(p, b, "%s", "");
	page_say(p, "\">");
	html_text(p->out, span_str(book_name(b)));
	page_say(p, "</a> \302\267 <a href=\"");
	page_href(p, b, "/newest");
	page_say(p, "\">its newest trail</a></p>\n");
	list_trails(p, b);
	page_say(p, "</section>\n");
}

static void show(struct web_request *q, struct web_answer *a)
{
	struct job_about job;
	struct page p;
	if (!find(q, a, &job))
		return;
	const struct page_place place = {.section = "jobs", .live = job.running};
	page_open(&p, q, a, &place, job.title);
	state_piece(&p, &job);
	say_case(&p, &job);
	page_say(&p,
		"<section><h2>The same by hand</h2><pre class=\"job-command\" tabindex=\"0\">");
	/* Exact: it is to be typed again. */
	html_text(p.out, job.command);
	page_say(&p, "</pre><p class=\"hint\">In the folder <code>");
	page_text(&p, span_str(q->window->folder));
	page_say(&p, "</code>. Addresses stand here as they are, so that the line works.</p>"
		     "</section>\n");
	output_piece(&p, &job);
	if (job.running)
		page_listen(&p, "/jobs/%lld/events", (long long)job.number);
	page_close(&p);
}

static void stop(struct web_request *q, struct web_answer *a)
{
	struct job_about job;
	if (!find(q, a, &job))
		return;
	job_stop(q->window->jobs, job.number);
	web_go(q, a, "/jobs/%lld", (long long)job.number);
}

/* ---- events ---- */

struct hearing {
	struct web_request q; /* as much of one as the pieces' forms need */
	uint64_t epoch;
	int64_t number; /* 0: the list */
	int64_t seen;
	bool served; /* its first words came: the address that it serves at */
};

static void put(struct buf *out, const char *id, struct page *piece, const char *into)
{
	feed_put(out, id, into, buf_span(piece->out));
	buf_clear(piece->out);
}

/* False: there is nothing more to come. */
static bool say_one(struct hearing *h, const char *id, struct page *piece, struct buf *out)
{
	struct job_about job;
	if (!job_about(h->q.window->jobs, h->number, &h->q.arena, &job)) {
		feed_end(out, id);
		return false;
	}
	output_piece(piece, &job);
	put(out, id, piece, "main");
	/* What holds a button is not replaced under somebody's finger without need. */
	if (!job.running || !h->served) {
		state_piece(piece, &job);
		put(out, id, piece, "main");
		h->served = job.out.n > 0;
	}
	if (job.running)
		return true;
	feed_say(out, id, span_str(act_job_words(&job)));
	/* Its case and trails are there now. */
	feed_reload(out, id);
	return false;
}

static bool next(void *ctx, int wait_ms, struct buf *out)
{
	struct hearing *h = ctx;
	struct jobs *jobs = h->q.window->jobs;
	char id[FEED_ID_MAX];
	struct buf html = {0};
	struct page piece = {.q = &h->q, .out = &html};
	int64_t now = h->seen < 0 ? jobs_version(jobs) : jobs_wait(jobs, h->seen, wait_ms);
	bool more = true;
	if (now == h->seen)
		return true;
	if (h->seen >= 0)
		usleep(PIECE_GAP_MS * 1000);
	h->seen = jobs_version(jobs);
	feed_id(id, h->epoch, h->seen);
	piece.h = (struct html){.out = &html, .defang = true, .level = 2};
	if (h->number != 0) {
		more = say_one(h, id, &piece, out);
	} else {
		list_piece(&piece, jobs, &h->q.arena);
		put(out, id, &piece, "main");
	}
	buf_fini(&html);
	arena_reset(&h->q.arena);
	return more;
}

static void free_hearing(void *ctx)
{
	struct hearing *h = ctx;
	arena_fini(&h->q.arena);
	free(h);
}

static void listen_to(struct web_request *q, struct web_answer *a, int64_t number)
{
	struct hearing *h = calloc(1, sizeof *h);
	if (h == NULL)
		abort();
	h->q.window = q->window;
	h->q.secret = q->window->gate.secret;
	h->epoch = (uint64_t)getpid();
	h->number = number;
	h->seen = feed_since(q->last_event_id, h->epoch);
	a->kind = WEB_EVENTS;
	a->events = (struct web_events){h, next, free_hearing};
}

static void listen_list(struct web_request *q, struct web_answer *a)
{
	listen_to(q, a, 0);
}

static void listen_one(struct web_request *q, struct web_answer *a)
{
	struct job_about job;
	if (find(q, a, &job))
		listen_to(q, a, job.number);
}

const struct web_route routes_jobs[] = {{WEB_GET, "/jobs", show_list, false},
	{WEB_GET, "/jobs/events", listen_list, false}, {WEB_GET, "/jobs/+", show, false},
	{WEB_GET, "/jobs/+/events", listen_one, false}, {WEB_POST, "/jobs/+/stop", stop, false},
	{WEB_GET, "/c/+/do", do_show, false}, {WEB_GET, "/c/+/lookup", do_ask_lookup, false},
	{WEB_GET, "/c/+/close", do_ask_close, false},
	{WEB_POST, "/c/+/verify", do_verify, false},
	{WEB_POST, "/c/+/crosscheck", do_crosscheck, false},
	{WEB_POST, "/c/+/lookup", do_lookup, false}, {WEB_POST, "/c/+/close", do_close, false},
	{WEB_GET, "/c/+/t/+/replay", act_replay_ask, false},
	{WEB_POST, "/c/+/t/+/replay", act_replay, false},
	{WEB_POST, "/c/+/t/+/serve", act_serve, false},
	{WEB_GET, "/c/+/t/+/again", act_again_ask, false},
	{WEB_POST, "/c/+/t/+/again", act_again, false}, {.pattern = NULL}};
