/*
 * `clicktrail proxy`: a long-running proxy that any browser can be pointed at. What it sees is
 * recorded like a trace's; hops are printed as they happen. Ends cleanly on SIGINT or SIGTERM.
 */
#include "ui/cli/command.h"
#include "ui/cli/exposure.h"
#include "ui/cli/guard.h"
#include "ui/cli/recording.h"
#include "ui/cli/signals.h"
#include "ui/cli/stamping.h"
#include "ui/report/gather.h"
#include "ui/report/live.h"
#include "ui/web/phone.h"
#include "store/base/codec.h"
#include "store/base/hash.h"
#include "store/base/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	LIVE_MS = 300,   /* at least between two derivations */
	LIVE_SHARE = 50, /* of the time at most one part in so many goes to deriving
			    lines: the machine is there to serve and record */
	LIVE_BEHIND_MAX = 100 * 1000, /* facts that came since the lines were derived: more, and
					 they stop, and the recording goes on */
};

struct proxy_run {
	struct options *options;
	struct recording recording;
	struct sockaddr_storage bound;
	int signal_fd;
	struct gather gather;
	bool gathering;
	struct live live;
	int64_t next_us; /* when lines may be derived again */
	bool dirty;
};

static bool begin(struct proxy_run *p, struct err *err)
{
	struct fact_session f;
	fact_init(FACT_KIND_SESSION, &f);
	f.command = span_str("proxy");
	return recording_begin(&p->recording, &f, err);
}

/* What a phone has to be told, for the window's page alone. */
static char *for_phone(const struct proxy_run *p)
{
	const struct options *o = p->options;
	char where[ADDRESS_TEXT_MAX], login[OPTIONS_PASSWORD_MAX];
	uint8_t sha256[SHA256_LEN];
	struct buf hex = {0};
	recording_address_text(&p->bound, where);
	ca_sha256(p->recording.ca, sha256);
	hex_add(&hex, span_of(sha256, sizeof sha256));
	char *fingerprint = buf_take_str(&hex);
	memcpy(login, o->password, sizeof login);
	char *colon = strchr(login, ':');
	if (colon != NULL)
		*colon = 0;
	const struct phone_about about = {.listen = where,
		.user = colon != NULL ? login : NULL,
		.password = colon != NULL ? colon + 1 : NULL,
		.ca_sha256 = fingerprint,
		.clients = o->allow_client_words.items,
		.only = o->only.items};
	char *text = phone_text(&about);
	explicit_bzero(login, sizeof login);
	free(fingerprint);
	return text;
}

static void open_window(struct proxy_run *p)
{
	if (!p->options->has_ui)
		return;
	/* Without a password nobody but this machine itself gets in. */
	char *phone = p->options->password[0] != 0 ? for_phone(p) : NULL;
	recording_show(&p->recording, NULL, phone);
	if (phone != NULL)
		explicit_bzero(phone, strlen(phone));
	free(phone);
}

static bool start(struct proxy_run *p, struct err *err)
{
	struct recording *r = &p->recording;
	p->signal_fd = signals_open(err);
	if (p->signal_fd < 0 || !guard_process(err))
		return false;
	/* The ports first: one that is taken must leave no case behind. */
	if (!recording_listen_window(r, err))
		return false;
	int fd = recording_listen(&p->options->listen, p->options->pcap, &p->bound, err);
	if (fd < 0)
		return false;
	if (!recording_open_ca(r, err) || !recording_open_case(r, err) || !begin(p, err)) {
		close(fd);
		return false;
	}
	open_window(p);
	const struct witnessing_order packets = {.network_fd = -1,
		.listen_fd = fd,
		.origin = true,
		.secrets = true,
		.browser_keys = -1};
	if (!recording_witness(r, &packets, err)) {
		close(fd);
		return false;
	}
	recording_let_in(fd);
	return recording_serve(r, fd, false, NULL, err);
}

static void greet(struct proxy_run *p)
{
	char where[ADDRESS_TEXT_MAX];
	recording_address_text(&p->bound, where);
	live_say(&p->live, "Listening on %s as an HTTP proxy; recording in %s", where,
		p->recording.case_path);
	live_say(&p->live,
		"To see inside https, let the browser trust our certificate authority: open "
		"http://%s/ in it, or run clicktrail ca export",
		PROXY_INTERNAL_HOST);
	if (p->recording.made_ca)
		live_say(
			&p->live, "A new certificate authority was made for this installation");
	if (p->recording.witness != NULL)
		live_say(&p->live, "Recording %s", witnessing_says(p->recording.witness));
	live_say(&p->live, "Ctrl-C ends it");
}

/* More is recorded than can be derived beside it: lines would take ever more memory. */
static bool is_behind(struct proxy_run *p, bool *out, struct err *err)
{
	int64_t newest;
	if (!case_last_seq(p->gather.file, &newest, err))
		return false;
	*out = newest - p->gather.last_seq > LIVE_BEHIND_MAX && p->gather.last_seq > 0;
	return true;
}

static bool show(struct proxy_run *p, bool final, struct err *err)
{
	bool behind;
	p->dirty = false;
	if (!p->gathering)
		return true;
	int64_t begun_us = clock_now_us(clock_real());
	if (!is_behind(p, &behind, err))
		return false;
	if (behind) {
		live_say(&p->live, "Too much at once to be shown: no more lines here; the "
				   "recording goes on");
		gather_close(&p->gather);
		p->gathering = false;
		return true;
	}
	if (!gather_read(&p->gather, NULL, err))
		return false;
	live_trails(&p->live, &p->gather.trails, final);
	int64_t done_us = clock_now_us(clock_real());
	int64_t pause_us = (done_us - begun_us) * LIVE_SHARE;
	if (pause_us < LIVE_MS * INT64_C(1000))
		pause_us = LIVE_MS * INT64_C(1000);
	p->next_us = done_us + pause_us;
	return true;
}

static void show_status(struct proxy_run *p)
{
	struct proxy_counts n;
	proxy_counts(p->recording.proxy, &n);
	live_status(&p->live, "     ... %llu connections open, %llu exchanges, %llu failed",
		(unsigned long long)n.open_tunnels, (unsigned long long)n.exchanges,
		(unsigned long long)n.failed_exchanges);
}

static bool watch(struct proxy_run *p, struct err *err)
{
	p->gathering = true;
	if (!gather_open(&p->gather, p->recording.case_path, p->recording.session, err))
		return false;
	gather_slides(&p->gather);
	p->gather.model.wrappers = &p->recording.options->wrappers.rules;
	while (!signals_take(p->signal_fd)) {
		int64_t left_us = p->next_us - clock_now_us(clock_real());
		struct pollfd fds[] = {{p->signal_fd, POLLIN, 0},
			{writer_observer_fd(p->recording.writer), POLLIN, 0}};
		int wait_ms = !p->dirty     ? (p->live.terminal ? 1000 : -1)
			      : left_us > 0 ? (int)(left_us / 1000) + 1
					    : 0;
		/* While lines wait for their turn, or have stopped, commits need not wake us.
		 */
		if (poll(fds, p->dirty || !p->gathering ? 1 : 2, wait_ms) < 0 && errno != EINTR)
			return err_set_os(err, ERR_SYSTEM, errno, "poll");
		uint64_t commits;
		if (fds[1].revents != 0 && read(fds[1].fd, &commits, sizeof commits) > 0)
			p->dirty = true;
		if (proxy_failed(p->recording.proxy, err))
			return false;
		left_us = p->next_us - clock_now_us(clock_real());
		if (p->dirty && left_us <= 0 && !show(p, false, err))
			return false;
		show_status(p);
	}
	return true;
}

/* Trails are derived once more; of a long session from all facts, in pieces. */
static bool store_trails(struct proxy_run *p, struct err *err)
{
	struct recording *r = &p->recording;
	struct gather_counts counts = {0};
	if (!show(p, true, err))
		return false;
	if (p->gathering && !gather_slid(&p->gather))
		return gather_store(&p->gather, r->writer, err);
	if (!p->gathering && !gather_open(&p->gather, r->case_path, r->session, err))
		return false;
	p->gathering = true;
	p->gather.model.wrappers = &r->options->wrappers.rules;
	p->gather.window = GATHER_WINDOW;
	return gather_store_anew(&p->gather, r->session, r->writer, &counts, err);
}

static bool finish(struct proxy_run *p, const struct err *failure, struct err *err)
{
	struct recording *r = &p->recording;
	const char *incomplete = NULL;
	signals_let_kill(EXIT_INCOMPLETE);
	live_clear(&p->live);
	recording_stop(r);
	if (failure->kind != ERR_NONE)
		incomplete =
			failure->detail[0] != 0 ? failure->detail : err_sentence(failure->kind);
	bool good = r->session == 0 ||
		    (recording_end(r, "stopped", incomplete, incomplete, err) &&
			    writer_flush(r->writer, err) && store_trails(p, err));
	if (good && failure->kind == ERR_NONE)
		live_say(&p->live, "Recorded in %s; see: clicktrail report", r->case_path);
	if (r->witness != NULL)
		live_say(&p->live, "With it: %s", witnessing_says(r->witness));
	if (p->gathering)
		gather_close(&p->gather);
	return good;
}

/* The last head, to be written down, and a timestamp over it if one is wanted. */
static bool seal_end(struct proxy_run *p, struct err *err)
{
	struct recording *r = &p->recording;
	struct buf out = {0};
	if (r->writer == NULL || !r->ended)
		return true;
	stamping_say_head(r->writer, &out);
	bool good = stamping_last_head(&p->options->stamping, r->writer, &out, err);
	for (struct span left = buf_span(&out); left.n > 0;) {
		size_t end = span_find_byte(left, '\n', 0);
		live_say(&p->live, "%.*s", (int)end, (const char *)left.p);
		left = span_from(left, end + 1);
	}
	buf_fini(&out);
	return good;
}

static int serve(struct options *options)
{
	struct proxy_run p = {.options = options, .signal_fd = -1};
	struct err err = {0}, ending = {0}, closing = {0}, sealing = {0};
	int code = EXIT_DONE;
	recording_init(&p.recording, options);
	live_init(&p.live, STDOUT_FILENO);
	bool good = exposure_check(options, &err);
	p.recording.credentials = options->password[0] != 0 ? options->password : NULL;
	good = good && start(&p, &err);
	if (good) {
		greet(&p);
		good = watch(&p, &err);
	}
	bool recorded = finish(&p, &err, &ending);
	if (!recorded)
		code = command_fail(&ending);
	if (!good)
		code = command_fail(&err);
	if (recorded && !seal_end(&p, &sealing)) {
		int lost = command_fail(&sealing);
		code = code == EXIT_DONE ? lost : code;
	}
	if (!recording_close(&p.recording, &closing))
		code = command_fail(&closing);
	recording_end_window(&p.recording);
	live_fini(&p.live);
	if (p.signal_fd >= 0)
		close(p.signal_fd);
	return code;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct options options;
	struct err err;
	int rest, code;
	options_init(&options, OPTIONS_PROXY);
	if (!options_parse(&options, argc, argv, &rest, &err))
		code = command_fail(&err);
	else if (argc != rest)
		code = command_usage(self, "\"%s\" is one word too many", argv[rest]);
	else
		code = serve(&options);
	options_fini(&options);
	return code;
}

const struct command command_proxy = {
	.name = "proxy",
	.args = "[options]",
	.summary = "a long-running recording proxy to point any browser at",
	.details = "http://" PROXY_INTERNAL_HOST
		   "/ through it has the certificate authority and how to "
		   "trust it.",
	.options = OPTIONS_PROXY,
	.run = run,
};
