/*
 * `clicktrail timestamp`: a token over a case's last head, and over the token before it, if
 * there is one: into the case while it is open, beside it once it is closed.
 */
#include "ui/cli/command.h"
#include "ui/cli/output.h"
#include "ui/cli/sealing.h"
#include "ui/cli/stamping.h"
#include "ui/report/say.h"

#include <getopt.h>

struct stamp_call {
	const char *path, *dir;
	struct stamping stamping;
	struct sealing sealing;
	struct arena arena;
	struct buf said;
};

static const struct option longs[] = {{"seal-dir", required_argument, NULL, 'd'},
	{"timestamp-ca", required_argument, NULL, 'a'},
	{"timestamp-crl", required_argument, NULL, 'c'}, {0}};

static int parse(const struct command *self, int argc, char **argv, struct stamp_call *s)
{
	struct err err;
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
		bool good = true;
		if (c == '?' || c == ':')
			return command_usage(self, "%s: %s", argv[optind - 1],
				c == ':' ? "a value is missing" : "there is no such option");
		if (c == 'd')
			s->dir = optarg;
		if (c == 'a')
			good = stamping_certs(&s->stamping, optarg, &err);
		if (c == 'c')
			good = stamping_crls(&s->stamping, optarg, &err);
		if (!good)
			return command_usage(self, "%s", err.detail);
	}
	if (argc - optind != 2)
		return command_usage(self, "give a case file and the authority's address");
	s->path = argv[optind];
	if (!stamping_url(&s->stamping, argv[optind + 1], &err))
		return command_usage(self, "%s", err.detail);
	return EXIT_DONE;
}

static struct writer *open_writer(struct stamp_call *s, struct err *err)
{
	struct writer_options options = {.durability = DURABILITY_POWER, .keep_indexes = true};
	sealing_use(&s->sealing, &options);
	return writer_open(s->path, &options, err);
}

static bool is_closed(const struct stamp_call *s, bool *closed, struct err *err)
{
	struct case_about about;
	struct case_file *c = case_open(s->path, err);
	bool ok = c != NULL && case_about(c, &about, err);
	if (ok)
		*closed = about.closed_us != FACT_NULL;
	case_close(c);
	return ok;
}

/* Nobody may be writing it, and what a recorder that was cut off left without a head gets one:
 * opened and left once. */
static bool settle(struct stamp_call *s, struct err *err)
{
	if (!sealing_open(&s->sealing, s->dir, err))
		return false;
	struct writer *w = open_writer(s, err);
	return w != NULL && writer_close(w, err);
}

static bool put(struct stamp_call *s, const struct seal_stamp *stamp, struct err *err)
{
	struct writer *w = open_writer(s, err);
	if (w == NULL)
		return false;
	bool ok = writer_put_timestamp(w, stamp, err);
	return writer_close(w, ok ? err : NULL) && ok;
}

static bool keep_beside(struct stamp_call *s, struct case_file *c,
	const struct seal_stamp *stamp, struct err *err)
{
	const char *name;
	if (!seal_stamps_keep_beside(c, stamp, &s->arena, &name, err))
		return false;
	buf_add_str(&s->said, "Kept in ");
	say_text(&s->said, span_str(name));
	buf_add_str(&s->said, ": the case is closed, nothing is written into it\n");
	return true;
}

static bool ask(struct stamp_call *s, bool closed, struct err *err)
{
	struct stamp_subject subject;
	struct seal_stamp stamp;
	struct case_file *c = case_open(s->path, err);
	bool ok = c != NULL && seal_stamps_subject(c, &s->arena, &subject, err) &&
		  stamping_ask(&s->stamping, &subject.head, subject.bytes, &s->arena, &stamp,
			  &s->said, err);
	if (ok && subject.renews)
		buf_add_str(&s->said, "It carries the token before it\n");
	if (ok && closed)
		ok = keep_beside(s, c, &stamp, err);
	case_close(c);
	return ok && (closed || put(s, &stamp, err)) && output_write(NULL, NULL, &s->said, err);
}

static int run(const struct command *self, int argc, char **argv)
{
	struct stamp_call s = {.path = NULL};
	struct err err;
	bool closed = false;
	int code = parse(self, argc, argv, &s);
	if (code == EXIT_DONE && !is_closed(&s, &closed, &err))
		code = command_fail_reading(&err);
	if (code == EXIT_DONE && ((!closed && !settle(&s, &err)) || !ask(&s, closed, &err)))
		code = command_fail(&err);
	sealing_close(&s.sealing);
	stamping_fini(&s.stamping);
	buf_fini(&s.said);
	arena_fini(&s.arena);
	return code;
}

const struct command command_timestamp = {
	.name = "timestamp",
	.args = "CASE URL [--timestamp-ca FILE] [--timestamp-crl FILE]",
	.summary = "ask an authority for a timestamp over a case's last head",
	.details =
		"URL is of an authority as RFC 3161 has them, http or https; it learns a hash "
		"and your address.\nThe token goes into the case, or, once that is closed, "
		"into a file beside it. Where there is\none already, the new one carries it "
		"on.\n\n"
		"  --timestamp-ca FILE    its certificates up to its root (PEM), kept with "
		"it\n"
		"  --timestamp-crl FILE   its revocation lists (PEM), kept with it\n"
		"  --seal-dir DIR         where the signing key lies (default: "
		"~/.local/share/clicktrail/seal)",
	.run = run,
};
