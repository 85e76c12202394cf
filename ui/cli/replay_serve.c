/*
 * A case served as a proxy, until somebody ends it. Nothing is recorded, unless a case is named
 * to record into; each answer that was not plainly the recorded one is printed as it is given.
 */
#include "ui/cli/command.h"
#include "ui/cli/exposure.h"
#include "ui/cli/guard.h"
#include "ui/cli/recording.h"
#include "ui/cli/replay_index.h"
#include "ui/cli/replay_run.h"
#include "ui/cli/replay_tell.h"
#include "ui/cli/signals.h"
#include "store/case_pick.h"
#include "store/base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { REST_MS = 500 }; /* the case is let go of so often */

struct serve {
	struct options *options;
	const char *path;
	struct replay *replay;
	struct replay_tell told;
	struct replay_index index;
	struct recording_replay how;
	struct recording recording;
	struct sockaddr_storage bound;
	int signal_fd;
	char about[80]; /* "case ID" */
};

static bool open_replay(struct serve *s, struct err *err)
{
	const struct options *o = s->options;
	struct replay_options how = {.path = s->path,
		.session = o->trail_session,
		.strict = o->strict,
		.pace = o->pace,
		.hold = true,
		.tell = replay_tell,
		.tell_ctx = &s->told};
	s->replay = replay_open(&how, err);
	s->how.replay = s->replay;
	return s->replay != NULL && replay_index_init(&s->index, s->path, s->replay, err);
}

/* When it was recorded, and whether it was recorded to its end. */
static bool look_at_case(struct serve *s, struct err *err)
{
	struct case_about about;
	struct case_numbers numbers;
	bool indexed = false;
	int64_t session = s->options->trail_session;
	struct case_file *c = replay_case_file(s->replay);
	if (!case_about(c, &about, err) || !case_indexed(c, &indexed, err) ||
		!case_numbers(c, &numbers, err))
		return false;
	if (session > numbers.sessions)
		return err_set(err, ERR_USAGE, "--trail: the case has no session %lld",
			(long long)session);
	s->how.like_offset_s =
		clock_now_us(clock_real()) / 1000000 - about.created_us / 1000000;
	snprintf(s->about, sizeof s->about, "case %.*s", (int)span_first(about.id, 64).n,
		(const char *)about.id.p);
	if (about.being_written)
		log_line("the case is being written; what comes is taken in");
	else if (!indexed)
		log_line("the case was not closed cleanly: it was cut off, and is replayed as "
			 "far "
			 "as it goes, fact %lld",
			(long long)about.last_seq);
	return true;
}

static bool begin(struct serve *s, struct err *err)
{
	struct fact_session f;
	if (s->how.unrecorded)
		return true;
	fact_init(FACT_KIND_SESSION, &f);
	f.command = span_str("replay");
	return recording_begin(&s->recording, &f, err) &&
	       recording_note(&s->recording, NOTE_REPLAY_OF, err, "%s", s->about);
}

static bool start(struct serve *s, struct err *err)
{
	struct recording *r = &s->recording;
	s->signal_fd = signals_open(err);
	if (s->signal_fd < 0 || !guard_process(err) || !open_replay(s, err) ||
		!look_at_case(s, err))
		return false;
	s->how.unrecorded = s->options->case_path == NULL;
	if (!s->how.unrecorded && !replay_apart(s->options, s->path, err))
		return false;
	int fd = recording_listen_window(r, err)
			 ? recording_listen(&s->options->listen, false, &s->bound, err)
			 : -1;
	if (fd < 0)
		return false;
	if (!recording_open_ca(r, err) || !recording_open_case(r, err) || !begin(s, err)) {
		close(fd);
		return false;
	}
	recording_show(r, s->path, NULL);
	s->how.pages = replay_index_page;
	s->how.pages_ctx = &s->index;
	/* Before the first connection is taken, which would be a socket that is open already.
	 */
	if (!guard_no_network(err)) {
		close(fd);
		return false;
	}
	return recording_serve(r, fd, false, NULL, err);
}

static void say(struct serve *s, const struct buf *text)
{
	struct span t = buf_span(text);
	ssize_t n = write(s->options->json ? STDERR_FILENO : STDOUT_FILENO, t.p, t.n);
	(void)n;
}

static void greet(struct serve *s)
{
	char where[ADDRESS_TEXT_MAX];
	struct buf out = {0};
	recording_address_text(&s->bound, where);
	buf_addf(&out,
		"Listening on %s as an HTTP proxy; answering from the case, reaching nothing\n"
		"Open http://%s/ through it: the links of its trails, and the certificate "
		"authority to trust\nCtrl-C ends it\n",
		where, PROXY_INTERNAL_HOST);
	say(s, &out);
	buf_fini(&out);
}

static bool wait_for_end(struct serve *s, struct err *err)
{
	struct pollfd fd = {s->signal_fd, POLLIN, 0};
	while (!signals_take(s->signal_fd)) {
		if (poll(&fd, 1, REST_MS) < 0 && errno != EINTR)
			return err_set_os(err, ERR_SYSTEM, errno, "poll");
		replay_rest(s->replay);
		if (proxy_failed(s->recording.proxy, err))
			return false;
	}
	return true;
}

static void say_end(struct serve *s)
{
	struct replay_counts counts;
	struct buf out = {0};
	replay_counts(s->replay, &counts);
	buf_add_str(&out, "Requests: ");
	replay_tell_counts(&counts, &out);
	replay_tell_end(&s->told, s->options->json ? SPAN_NONE : buf_span(&out));
	if (s->options->json)
		say(s, &out);
	buf_fini(&out);
}

int replay_serve(struct options *o, const char *path)
{
	struct serve s = {.options = o,
		.path = path,
		.signal_fd = -1,
		.told = {.fd = STDOUT_FILENO, .json = o->json}};
	struct err err = {0}, closing = {0};
	int code = EXIT_DONE;
	recording_init(&s.recording, o);
	s.recording.replayed = &s.how;
	bool good = exposure_check(o, &err);
	s.recording.credentials = o->password[0] != 0 ? o->password : NULL;
	bool started = good && start(&s, &err);
	if (started)
		greet(&s);
	good = started && wait_for_end(&s, &err);
	recording_stop(&s.recording);
	if (!good)
		code = started ? command_fail(&err) : command_fail_reading(&err);
	else
		say_end(&s);
	if (!recording_end(&s.recording, "stopped", NULL, NULL, &closing) ||
		!recording_close(&s.recording, &closing))
		code = command_fail(&closing);
	recording_end_window(&s.recording);
	replay_index_fini(&s.index);
	replay_free(s.replay);
	replay_tell_fini(&s.told);
	if (s.signal_fd >= 0)
		close(s.signal_fd);
	return code;
}
