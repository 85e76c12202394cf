/*
 * `clicktrail trace URL`: one click becomes a recorded trail. The steps stand in the order that protects the link: everything of
 * ours is proven before it is let go, and everything is written down before we say what happened.
 */
#include "ui/cli/trace.h"
#include "ui/cli/command.h"
#include "ui/cli/guard.h"
#include "ui/cli/output.h"
#include "ui/report/report.h"
#include "ui/report/say.h"
#include "ui/report/trail_rows.h"
#include "store/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The launcher is forked before there are threads, keys or a case; and what it needs is tried out. */
static bool fork_launcher(struct trace *t, struct err *err)
{
	if (t->options->browser == OPTIONS_NONE)
		return true;
	t->browser = browser_fork(err);
	return t->browser != NULL &&
		browser_probe(BROWSER_FIREFOX, !t->options->no_sandbox, &t->about, err);
}

bool trace_prepare(struct trace *t, struct err *err)
{
	if (!fork_launcher(t, err))
		return false;
	t->signal_fd = signals_open(err);
	return t->signal_fd >= 0 && guard_process(err);
}

static bool open_authority(struct trace *t, struct err *err)
{
	return recording_open_ca(&t->recording, err);
}

/* A dry run proves the real case where there is one, and records into a scratch file beside it. */
static bool open_case(struct trace *t, struct err *err)
{
	struct recording *r = &t->recording;
	const char *given = t->options->case_path;
	if (!t->options->dry_run)
		return recording_open_case(r, err);
	if (given != NULL && access(given, F_OK) == 0) {
		struct writer *w = writer_open(given, NULL, err);
		if (w == NULL || !writer_close(w, err))
			return false;
	}
	int n = snprintf(r->case_path, sizeof r->case_path, "%s.dry-%d",
		given != NULL ? given : "clicktrail", (int)getpid());
	if (n < 0 || (size_t)n >= sizeof r->case_path)
		return err_set(err, ERR_USAGE, "--case: \"%s\" is too long", given);
	r->scratch = true;
	return recording_open_case(r, err);
}

static bool begin_session(struct trace *t, struct err *err)
{
	struct fact_session f;
	const struct options *o = t->options;
	fact_init(FACT_KIND_SESSION, &f);
	f.command = span_str("trace");
	f.link = span_str(t->link);
	f.sent_link = span_str(t->sent_link);
	if (t->browser != NULL) {
		f.browser = span_str(t->about.name);
		f.browser_version = span_str(t->about.version);
		f.user_agent = span_str(t->about.user_agent);
		f.language = span_str(t->about.language);
		f.timezone = span_str(t->about.timezone);
		if (t->about.device[0] != 0)
			f.device = span_str(t->about.device);
	} else {
		f.browser = span_str("none");
		f.browser_version = span_str(CLICKTRAIL_VERSION);
		f.user_agent =
			span_str(o->user_agent != NULL ? o->user_agent : PLAIN_USER_AGENT);
		f.language = span_str(o->language != NULL ? o->language : PLAIN_LANGUAGE);
	}
	if (!recording_begin(&t->recording, &f, err))
		return false;
	return !t->changed ||
		recording_note(&t->recording, NOTE_LINK_CHANGED, err, "%zu rules of --replace",
			o->replace.n);
}

/* A client that could not be started leaves a session that says so, too. */
static bool start_client(struct trace *t, struct err *err)
{
	bool started = trace_start_client(t, err);
	struct err other = {0};
	if (!begin_session(t, started ? err : &other))
		return false;
	return started;
}

static bool serve(struct trace *t, struct err *err)
{
	int fd = t->listen_fd;
	t->listen_fd = -1; /* taken, whatever comes */
	return recording_serve(&t->recording, fd, true,
		t->browser != NULL ? browser_noise_hosts : NULL, err);
}

static bool follow(struct trace *t, struct err *err)
{
	if (t->options->dry_run) {
		t->end = TRACE_SETTLED;
		return true;
	}
	return trace_follow(t, err);
}

static const struct {
	const char *name; /* said where it fails */
	bool (*run)(struct trace *t, struct err *err);
} steps[] = {
	{"the certificate authority", open_authority},
	{"the case", open_case},
	{"the browser", start_client},
	{"the proxy", serve},
	{"the browser", trace_open},
	{"the proof", trace_prove},
	{"the trail", follow},
};

static bool walk(struct trace *t, struct err *err)
{
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		if (steps[i].run(t, err))
			continue;
		if (t->end == TRACE_RUNNING)
			t->end = TRACE_BROKEN;
		char why[TRACE_DETAIL_MAX - 100];
		err_text(err, why, sizeof why);
		snprintf(t->detail, sizeof t->detail, "%s: %s", steps[i].name, why);
		return false;
	}
	return true;
}

/* The word that the session ends with. What only the trail knows (page, gate, ...) is asked of the trail. */
static const char *end_word(const struct trace *t)
{
	const struct trail_set *set = &t->gather.trails;
	switch (t->end) {
	case TRACE_TIMEOUT: return trail_end_word(ENDED_TIMEOUT);
	case TRACE_CLOSED: return trail_end_word(ENDED_CLOSED);
	case TRACE_SETTLED:
		if (t->gathering && set->n > 0)
			return trail_end_word(set->trails[0].ended_by);
		return trail_end_word(ENDED_ERROR);
	case TRACE_RUNNING:
	case TRACE_BROKEN: break;
	}
	return trail_end_word(ENDED_ERROR);
}

/* NULL: everything that was seen was recorded. */
static const char *why_incomplete(const struct trace *t, const struct err *recorder)
{
	if (recorder->kind != ERR_NONE)
		return recorder->detail[0] != 0 ? recorder->detail : err_sentence(recorder->kind);
	if (t->end == TRACE_BROKEN)
		return t->detail;
	if (t->gathering && t->gather.trails.n == 0)
		return "the link was never asked for";
	for (size_t i = 0; t->gathering && i < t->gather.trails.n; i++)
		if (!t->gather.trails.trails[i].recording_complete)
			return "a step of the trail has no whole answer, or its body was not stored whole";
	return NULL;
}

/* Everything that ran is ended, then its end is written down, then the trail is derived for the last time. */
static bool wind_up(struct trace *t, struct err *err)
{
	struct err recorder = {0}, browser = {0};
	struct recording *r = &t->recording;
	const char *plain_note = "";
	signals_let_kill(EXIT_INCOMPLETE);
	live_status(&t->live, "ending the browser");
	if (t->recording.proxy != NULL)
		proxy_failed(t->recording.proxy, &recorder);
	if (t->plain != NULL && plain_done(t->plain) &&
		plain_result(t->plain, &plain_note, &browser) && plain_note[0] != 0)
		recording_note(r, NOTE_BROWSER, NULL, "%s", plain_note);
	if (plain_note[0] != 0 && t->detail[0] == 0)
		snprintf(t->detail, sizeof t->detail, "%s", plain_note);
	/* The proxy first: what was still under way was ended by us, and its facts shall say so. */
	recording_stop(r);
	plain_stop(t->plain);
	t->plain = NULL;
	browser.kind = ERR_NONE;
	if (t->browser != NULL && !browser_stop(t->browser, &browser))
		log_error("%s: %s", err_sentence(browser.kind), browser.detail);
	live_clear(&t->live);
	if (r->writer == NULL || r->session == 0)
		return true;
	bool good = writer_flush(r->writer, err) && trace_read(t, false, err);
	good = recording_end(r, end_word(t), t->detail[0] != 0 ? t->detail : NULL,
		       why_incomplete(t, good ? &recorder : err), good ? err : NULL) &&
		good;
	return good && trace_read(t, true, err) &&
		(!t->gathering ||
			trail_rows_store(r->writer, r->session, &t->gather.trails, err));
}

static int exit_code_of(const struct trace *t, const struct err *recorder)
{
	struct err none = {0};
	if (t->end == TRACE_TIMEOUT || t->end == TRACE_CLOSED || t->end == TRACE_BROKEN)
		return EXIT_INCOMPLETE;
	return why_incomplete(t, recorder != NULL ? recorder : &none) != NULL ? EXIT_INCOMPLETE
									     : EXIT_DONE;
}

/* The hops were printed as they came; again only if that had to be corrected. */
static void say_trails(const struct trace *t, const struct report *r, struct buf *out)
{
	if (r->n_trails == 0)
		buf_add_str(out, "\nThe link was never asked for: there is no trail.\n");
	for (size_t i = 0; i < r->n_trails; i++) {
		buf_add_byte(out, '\n');
		if (r->n_trails > 1)
			buf_addf(out, "trail %s\n", r->trails[i].id);
		if (t->live.corrected) {
			report_text_trail(&r->trails[i], out);
			buf_add_byte(out, '\n');
		}
		report_text_summary(r, &r->trails[i], out);
	}
	buf_add_str(out, "Recorded in ");
	say_text(out, span_str(t->recording.case_path));
	buf_add_str(out, "; see: clicktrail report, clicktrail explain\n");
}

/* What is printed when it is over: the report as JSON, or what happened as text and where the rest is. */
static bool print_result(struct trace *t, struct err *err)
{
	struct arena a = {0};
	struct report r;
	struct buf out = {0};
	if (!t->gathering || !report_make(&t->gather, t->recording.session, &a, &r, err)) {
		arena_fini(&a);
		return !t->gathering;
	}
	if (t->options->json)
		report_json(&r, &out);
	else
		say_trails(t, &r, &out);
	bool good = output_write(NULL, NULL, &out, err);
	buf_fini(&out);
	arena_fini(&a);
	return good;
}

static void tell_reason(const struct trace *t, const struct err *recorder)
{
	const char *incomplete = why_incomplete(t, recorder);
	switch (t->end) {
	case TRACE_TIMEOUT:
		log_error("the trail did not come to an end: the time was up%s%s",
			t->detail[0] != 0 ? ": " : "", t->detail);
		break;
	case TRACE_CLOSED:
		log_error("the trail did not come to an end: %s", t->detail);
		break;
	case TRACE_SETTLED:
	case TRACE_RUNNING:
	case TRACE_BROKEN: break;
	}
	if (incomplete != NULL && t->end != TRACE_BROKEN)
		log_error("not everything was recorded: %s", incomplete);
	else if (t->end == TRACE_SETTLED && t->detail[0] != 0)
		log_line("%s", t->detail);
}

static int finish(struct trace *t, bool walked, const struct err *failure, trace_look_fn *look,
	void *ctx)
{
	struct err err = {0}, closing = {0};
	bool good = wind_up(t, &err);
	int code = exit_code_of(t, &err);
	if (look != NULL && t->gathering)
		look(ctx, t);
	if (t->options->dry_run && walked && good)
		trace_print_dry(t);
	if (good && !t->options->dry_run && !print_result(t, &err))
		good = false;
	if (!walked)
		code = command_fail(failure);
	else if (!good)
		code = command_fail(&err);
	tell_reason(t, &err);
	if (t->gathering)
		gather_close(&t->gather);
	if (!recording_close(&t->recording, &closing))
		code = command_fail(&closing);
	return code;
}

void trace_init(struct trace *t, struct options *options)
{
	*t = (struct trace){.options = options,
		.listen_fd = -1,
		.signal_fd = -1,
		.started_us = FACT_NULL};
	recording_init(&t->recording, options);
	/* Standard output is for the JSON alone, if that is wanted. */
	live_init(&t->live, options->json ? STDERR_FILENO : STDOUT_FILENO);
	if (options->json && !t->live.terminal)
		t->live.fd = -1;
}

void trace_fini(struct trace *t)
{
	live_fini(&t->live);
	browser_free(t->browser);
	if (t->listen_fd >= 0)
		close(t->listen_fd);
	if (t->signal_fd >= 0)
		close(t->signal_fd);
	explicit_bzero(t->credentials, sizeof t->credentials);
	free(t->sent_link);
}

int trace_run(struct trace *t, trace_look_fn *look, void *ctx)
{
	struct err err = {0};
	bool walked = walk(t, &err);
	return finish(t, walked, &err, look, ctx);
}

static int trace(struct options *options, const char *link)
{
	struct trace t;
	struct err err;
	trace_init(&t, options);
	bool good = trace_link(&t, link, &err) && trace_prepare(&t, &err);
	int code = good ? trace_run(&t, NULL, NULL) : command_fail(&err);
	trace_fini(&t);
	return code;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct options options;
	struct err err;
	int rest, code;
	options_init(&options, OPTIONS_TRACE);
	if (!options_parse(&options, argc, argv, &rest, &err))
		code = command_fail(&err);
	else if (argc - rest != 1)
		code = command_usage(self, "give one link, not %d", argc - rest);
	else
		code = trace(&options, argv[rest]);
	options_fini(&options);
	return code;
}

const struct command command_trace = {
	.name = "trace",
	.args = "[options] URL",
	.summary = "open a link in a disposable browser and record where it leads",
	.options = OPTIONS_TRACE,
	.run = run,
};
