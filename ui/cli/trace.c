/*
 * `clicktrail trace URL`: one click becomes a recorded trail. The steps stand in the order that
 * protects the link: everything of ours is proven before it is let go, and everything is
 * written down before we say what happened.
 */
#include "ui/cli/trace.h"
#include "ui/cli/command.h"
#include "ui/cli/guard.h"
#include "ui/cli/output.h"
#include "ui/cli/trace_mail.h"
#include "ui/cli/trace_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The launcher is forked before there are threads, keys or a case; and what it needs is tried
 * out. */
static bool fork_launcher(struct trace *t, struct err *err)
{
	const struct options *o = t->options;
	if (!trace_overhear_check(o, err))
		return false;
	if (o->instrument != NULL && (o->browser == OPTIONS_NONE || o->no_sandbox))
		return err_set(err, ERR_USAGE,
			"--instrument needs a browser in its sandbox: without one its port "
			"would "
			"be open to everybody on this machine");
	switch (t->options->browser) {
	case OPTIONS_FIREFOX: t->kind = BROWSER_FIREFOX; break;
	case OPTIONS_CHROMIUM: t->kind = BROWSER_CHROMIUM; break;
	case OPTIONS_NONE: return true;
	}
	t->browser = browser_fork(err);
	return t->browser != NULL && browser_probe(t->kind, !t->options->no_sandbox,
					     t->options->show, &t->about, err);
}

bool trace_prepare(struct trace *t, struct err *err)
{
	if (!fork_launcher(t, err))
		return false;
	t->signal_fd = signals_open(err);
	return t->signal_fd >= 0 && guard_process(err) &&
	       recording_listen_window(&t->recording, err);
}

static bool open_authority(struct trace *t, struct err *err)
{
	return recording_open_ca(&t->recording, err);
}

/* A dry run proves the real case where there is one, and records into a scratch file beside it.
 */
static bool open_case(struct trace *t, struct err *err)
{
	struct recording *r = &t->recording;
	const char *given = t->options->case_path;
	if (!t->options->dry_run)
		return recording_open_case(r, err);
	if (given != NULL && access(given, F_OK) == 0) {
		const struct writer_options prove = {.durability = t->options->durability};
		struct writer *w = writer_open(given, &prove, err);
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

void trace_giveaways(const struct trace *t, struct giveaways *out)
{
	const struct options *o = t->options;
	*out = (struct giveaways){0};
	if (t->browser != NULL)
		giveaways_of(t->kind, t->about.device, t->about.timezone, o->timezone != NULL,
			o->has_via, out);
}

static bool begin_session(struct trace *t, struct err *err)
{
	struct fact_session f;
	const struct options *o = t->options;
	fact_init(FACT_KIND_SESSION, &f);
	f.command = span_str(t->recording.replayed != NULL ? "replay" : "trace");
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
	if (!recording_begin(&t->recording, &f, err) || !trace_put_origin(t, err))
		return false;
	struct giveaways tells;
	trace_giveaways(t, &tells);
	for (size_t i = 0; i < tells.n; i++)
		if (!recording_note(&t->recording, NOTE_GIVEAWAY, err, "%s", tells.list[i]))
			return false;
	if (o->referer != NULL &&
		!recording_note(&t->recording, NOTE_REFERER, err, "%s", o->referer))
		return false;
	if (t->replay_of != NULL &&
		!recording_note(&t->recording, NOTE_REPLAY_OF, err, "%s", t->replay_of))
		return false;
	char as_of[CLOCK_TEXT_MAX];
	clock_text(t->as_of_us, as_of);
	if (t->as_of_us != 0 &&
		!recording_note(&t->recording, NOTE_AS_OF, err, "from %s on", as_of))
		return false;
	return !t->changed || recording_note(&t->recording, NOTE_LINK_CHANGED, err,
				      "%zu rules of --replace", o->replace.n);
}

static bool open_window(struct trace *t, struct err *err)
{
	(void)err;
	recording_show(&t->recording, t->shown_too, NULL);
	return true;
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

/* What a browser in its sandbox sends passes in there; any other client comes to our own
 * listener. */
static bool record_packets(struct trace *t, struct err *err)
{
	const struct options *o = t->options;
	const struct witnessing_order packets = {
		.network_fd = t->browser != NULL ? browser_network(t->browser) : -1,
		.listen_fd = t->listen_fd,
		.origin = o->pcap,
		.secrets = o->pcap,
		.browser_keys = t->keys[0]};
	if (o->no_intercept && packets.network_fd < 0)
		return err_set(err, ERR_CAPTURE,
			"--no-intercept: the browser's sandbox did not show its network");
	if (o->no_intercept || o->pcap)
		t->keys[0] = -1; /* taken */
	return recording_witness(&t->recording, &packets, err) && trace_overhear_start(t, err);
}

static bool serve(struct trace *t, struct err *err)
{
	int fd = t->listen_fd;
	t->listen_fd = -1; /* taken, whatever comes */
	if (t->browser != NULL)
		t->recording.referer_link = t->sent_link;
	t->recording.browser_offset_s = t->about.clock_offset_s;
	/* The built-in client runs in this process, and has to reach the proxy. Before the
	 * first connection is taken, which would be a socket that is open already. */
	bool shut = t->recording.replayed != NULL && t->browser != NULL;
	if (shut && !guard_no_network(err)) {
		close(fd);
		return false;
	}
	return recording_serve(&t->recording, fd, true,
		t->browser != NULL ? browser_noise_hosts(t->kind) : NULL, err);
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
	{"the window", open_window},
	{"the browser", start_client},
	{"the packet recorder", record_packets},
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

void trace_init(struct trace *t, struct options *options)
{
	*t = (struct trace){.options = options,
		.listen_fd = -1,
		.signal_fd = -1,
		.keys = {-1, -1},
		.started_us = FACT_NULL};
	recording_init(&t->recording, options);
	t->recording.no_intercept = options->no_intercept;
	/* Standard output is for the JSON alone, if that is wanted. */
	live_init(&t->live, options->json ? STDERR_FILENO : STDOUT_FILENO);
	if (options->json && !t->live.terminal)
		t->live.fd = -1;
}

/* A trace that came to nothing, or that somebody has ended, leaves nothing to look at. */
void trace_stay(struct trace *t, int code)
{
	if (t->started_us != FACT_NULL && !t->stopped)
		window_child_stay(&t->recording.window, code);
	recording_end_window(&t->recording);
}

void trace_fini(struct trace *t)
{
	recording_end_window(&t->recording);
	live_fini(&t->live);
	trace_overhear_fini(t);
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
	return trace_finish(t, walked ? NULL : &err, look, ctx);
}

static int trace_one(
	struct options *options, const char *link, const struct trace_origin *origin)
{
	struct trace t;
	struct err err;
	trace_init(&t, options);
	t.origin = origin;
	bool good = trace_link(&t, link, &err) && trace_prepare(&t, &err);
	int code = good ? trace_run(&t, NULL, NULL) : command_fail(&err);
	trace_stay(&t, code);
	trace_fini(&t);
	return code;
}

static int trace_mail(
	struct options *options, const char *path, struct span file, struct err *err)
{
	struct trace_mail mail;
	struct buf out = {0};
	bool list = options->list, good = trace_mail_read(&mail, options, path, file, err);
	bool chosen = good && !list && trace_mail_choose(&mail, options, &list, err);
	int code = EXIT_DONE;
	if (good && list) {
		struct err lost;
		trace_mail_list(&mail, options, &out);
		if (!output_write(NULL, NULL, &out, &lost))
			code = command_fail(&lost);
		buf_fini(&out);
	}
	if (chosen)
		code = trace_one(options, mail.link, &mail.origin);
	else if (!good || !options->list)
		code = command_fail(err);
	trace_mail_fini(&mail);
	return code;
}

static int list_source(const struct options *options, const char *argument)
{
	struct buf out = {0};
	struct err err;
	bool ok = trace_source_list(argument, options->json, &out, &err) &&
		  output_write(NULL, NULL, &out, &err);
	buf_fini(&out);
	return ok ? EXIT_DONE : command_fail(&err);
}

/* What is no message: a link, or a picture of one. */
static int trace_source(struct options *options, const char *argument)
{
	struct trace_given given;
	struct err err;
	if (options->message != 0) {
		err_set(&err, ERR_USAGE, "--message is for a mail");
		return command_fail(&err);
	}
	if (options->list)
		return list_source(options, argument);
	bool good = trace_source_open(&given, argument, options->link, &err);
	bool found = given.source != SOURCE_URL;
	int code = good ? trace_one(options, given.link, found ? &given.origin : NULL)
			: command_fail(&err);
	trace_source_close(&given);
	return code;
}

static int trace(struct options *options, const char *argument)
{
	struct buf file = {0};
	struct err err;
	bool mail;
	int code;
	if (!trace_mail_open(argument, &file, &mail, &err))
		code = command_fail(&err);
	else if (mail)
		code = trace_mail(options, argument, buf_span(&file), &err);
	else
		code = trace_source(options, argument);
	buf_fini(&file);
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
		code = command_usage(self,
			"give the options first, then one link, mail or picture, not %d",
			argc - rest);
	else
		code = trace(&options, argv[rest]);
	options_fini(&options);
	return code;
}

const struct command command_trace = {
	.name = "trace",
	.args = "[options] URL|MAIL|IMAGE",
	.summary = "open a link in a disposable browser and record where it leads",
	.details =
		"A mail is a file as mail programs save it (.eml, one of an mbox): its links "
		"are listed, and\n--link N traces one of them. One that acts for the "
		"recipient (unsubscribe, confirm, log in)\nis not opened without --yes.\nOf an "
		"image "
		"(PNG or JPEG) the QR code is read, in a process that can do nothing else. "
		"Either is\n"
		"kept in the case.",
	.options = OPTIONS_TRACE,
	.run = run,
};
