/*
 * `clicktrail crosscheck`: reads the packets that were recorded beside a case as a stranger
 * would, keeps what they show in the case's companion, and holds it against what the case says.
 */
#include "ui/cli/command.h"
#include "ui/cli/crosscheck.h"
#include "ui/cli/custody.h"
#include "ui/cli/options_value.h"
#include "ui/cli/output.h"
#include "ui/report/say.h"
#include "ui/report/say_compared.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

enum { GIVEN_MAX = 16 };

struct given_file {
	const char *path, *keys;
	enum capture_side side;
	bool has_side;
};

struct crosscheck_call {
	const char *path, *seal_dir, *keys;
	struct given_file files[GIVEN_MAX];
	size_t n_files;
	int64_t session; /* 0: all; of given files: the newest */
	bool json;
};

static const struct option longs[] = {{"packets", required_argument, NULL, 'p'},
	{"side", required_argument, NULL, 's'}, {"keys", required_argument, NULL, 'k'},
	{"session", required_argument, NULL, 'S'}, {"json", no_argument, NULL, 'j'},
	{"seal-dir", required_argument, NULL, 'd'}, {0}};

/* ---- the command line ---- */

static bool take_side(struct crosscheck_call *x, const char *text, struct err *err)
{
	struct given_file *f = x->n_files > 0 ? &x->files[x->n_files - 1] : NULL;
	if (f == NULL || f->has_side)
		return err_set(err, ERR_USAGE,
			"--side says of the --packets before it on "
			"which side they were recorded");
	f->has_side = capture_side_of(span_str(text), &f->side);
	return f->has_side ||
	       err_set(err, ERR_USAGE, "--side: \"%s\" is neither browser nor origin", text);
}

static bool take_session(struct crosscheck_call *x, const char *text, struct err *err)
{
	uint64_t n;
	if (!span_u64(span_str(text), &n) || n == 0 || n > INT32_MAX)
		return err_set(err, ERR_USAGE, "--session: \"%s\" is no number from 1", text);
	x->session = (int64_t)n;
	return true;
}

static bool take(struct crosscheck_call *x, int c, const char *value, struct err *err)
{
	switch (c) {
	case 'p':
		if (x->n_files == GIVEN_MAX)
			return err_set(
				err, ERR_USAGE, "--packets: more than %d files", GIVEN_MAX);
		x->files[x->n_files++].path = value;
		break;
	case 's': return take_side(x, value, err);
	case 'k': x->keys = value; break;
	case 'S': return take_session(x, value, err);
	case 'j': x->json = true; break;
	case 'd': x->seal_dir = value; break;
	default: break;
	}
	return true;
}

static int parse(const struct command *self, int argc, char **argv, struct crosscheck_call *x)
{
	struct err err;
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
		if (c == '?' || c == ':')
			return command_usage(self, "%s: %s", argv[optind - 1],
				c == ':' ? "a value is missing" : "there is no such option");
		if (!take(x, c, optarg, &err))
			return command_usage(self, "%s", err.detail);
	}
	if (argc - optind != 1)
		return command_usage(self, "give one case file, not %d", argc - optind);
	x->path = argv[optind];
	for (size_t i = 0; i < x->n_files; i++)
		if (!x->files[i].has_side)
			return command_usage(self,
				"--packets %s: say by --side on which side of the proxy it was "
				"recorded",
				x->files[i].path);
	return EXIT_DONE;
}

/* ---- the work ---- */

static bool find_files(struct crosscheck_call *x, struct crosscheck *c, struct err *err)
{
	if (!crosscheck_find(c, x->path, x->session, err))
		return false;
	if (x->n_files > 0) {
		crosscheck_given(c);
		if (c->newest_session == 0)
			return err_set(err, ERR_USAGE, "%s holds no session", x->path);
	}
	for (size_t i = 0; i < x->n_files; i++) {
		const char *why = "as you say";
		int64_t session = x->session != 0
					  ? x->session
					  : crosscheck_session_of(c, x->files[i].path, &why);
		if (!crosscheck_add(
			    c, x->files[i].path, x->keys, x->files[i].side, session, why, err))
			return false;
	}
	for (size_t i = 0; i < c->n_files && x->keys != NULL; i++)
		c->files[i].keys = x->keys;
	if (x->n_files > 0 && c->n_missing > 0)
		return err_set(err, ERR_USAGE, "there is no packet file %s", c->files[0].path);
	return true;
}

/* Lawfully, and told. */
static bool were_destroyed(const struct crosscheck_call *x, const struct crosscheck *c)
{
	struct buf line = {0};
	bool any = false;
	for (size_t i = 0; i < c->n_destroyed; i++) {
		const struct compared_destroyed *d = &c->destroyed[i];
		if (!d->packets || (x->session != 0 && d->session != x->session))
			continue;
		any = true;
		buf_clear(&line);
		say_destroyed(d, &line);
		buf_add_str(&line, " There is nothing left to hold the case against.");
		fprintf(stderr, "clicktrail: ");
		struct buf said = {0};
		say_text(&said, buf_span(&line));
		fwrite(buf_span(&said).p, 1, buf_len(&said), stderr);
		fputc('\n', stderr);
		buf_fini(&said);
	}
	buf_fini(&line);
	return any;
}

static int no_packets(const struct crosscheck_call *x, const struct crosscheck *c)
{
	struct err err;
	if (were_destroyed(x, c))
		return EXIT_USAGE;
	if (c->n_missing > 0)
		err_set(&err, ERR_USAGE,
			"%s speaks of %zu packet files, and none lies beside it", x->path,
			c->n_missing);
	else if (c->captures)
		err_set(&err, ERR_USAGE, "no packets were recorded with %s%s", x->path,
			x->session != 0 ? " in that session" : "");
	else
		err_set(&err, ERR_USAGE,
			"%s was recorded without packets: record with --pcap, or name a "
			"packet file by --packets",
			x->path);
	return command_fail(&err);
}

static int tell(const struct crosscheck_call *x, const struct crosscheck_said *said)
{
	struct buf out = {0};
	struct err err;
	if (x->json)
		crosscheck_json(said, &out);
	else
		crosscheck_text(said, &out);
	bool good = output_write(NULL, NULL, &out, &err);
	buf_fini(&out);
	return good ? crosscheck_code(&said->counts) : command_fail(&err);
}

static int work(struct crosscheck_call *x, struct crosscheck *c)
{
	struct err err;
	struct crosscheck_said said = {.c = c};
	if (!find_files(x, c, &err))
		return command_fail_reading(&err);
	if (c->n_files == c->n_missing)
		return no_packets(x, c);
	if (!crosscheck_read(c, x->seal_dir, &err))
		return command_fail(&err);
	int code;
	if (crosscheck_compare(&said, &err))
		code = tell(x, &said);
	else
		code = err.kind == ERR_CASE_READ ? command_fail_reading(&err)
						 : command_fail(&err);
	crosscheck_said_fini(&said);
	return code;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct crosscheck_call x = {.path = NULL};
	struct crosscheck c = {.path = NULL};
	int code = parse(self, argc, argv, &x);
	if (code == EXIT_DONE)
		code = work(&x, &c);
	crosscheck_fini(&c);
	return code;
}

const struct command command_crosscheck = {
	.name = "crosscheck",
	.args = "CASE [options]",
	.summary = "hold a case against the packets that were recorded beside it",
	.details =
		"Reads the packets that --pcap or --no-intercept recorded as a stranger would, "
		"with\n"
		"the key log that lies beside the case, keeps what they show in the case's\n"
		"companion, and compares: connections, TLS, bytes, exchanges, bodies, names. "
		"What\n"
		"the case and the packets say alike agrees; what they say differently "
		"differs;\n"
		"what the packets do not show is unseen, with the reason; what the browser "
		"sent\n"
		"past the proxy is a bypass.\n"
		"Exit code: 0 all agrees; 4 something differs or went past; 2 something is "
		"only\n"
		"unseen; 1 there are no packets.\n\n"
		"  --packets FILE --side browser|origin\n"
		"                         instead: this file (pcapng or pcap), recorded "
		"there;\n"
		"                         several times for several files\n"
		"  --keys FILE            TLS secrets (the format of SSLKEYLOGFILE) instead of "
		"the\n"
		"                         key log beside the case\n"
		"  --session N            of that session alone; given files: default what "
		"their\n"
		"                         SHA-256 or name says, else the newest\n"
		"  --json                 print a JSON object instead of text\n"
		"  --seal-dir DIR         where the signing key lies (default:\n"
		"                         ~/.local/share/clicktrail/seal)",
	.run = run,
};
