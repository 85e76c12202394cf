/*
 * `clicktrail close`: the last fact, the last head, one read-only file, and the words to write
 * down elsewhere.
 */
#include "ui/cli/command.h"
#include "ui/cli/custody.h"
#include "ui/cli/output.h"
#include "ui/cli/sealing.h"
#include "ui/cli/stamping.h"
#include "ui/report/say.h"
#include "store/seal_head.h"
#include "store/base/clock.h"
#include "store/base/codec.h"
#include "store/base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct closing {
	const char *path, *dir, *reason;
	struct stamping stamping;
	struct buf stamped; /* what came of it, for people */
	struct err lost; /* why there is no timestamp; NONE: there is one, or none is wanted */
};

static const struct option longs[] = {{"seal-dir", required_argument, NULL, 'd'},
	{"reason", required_argument, NULL, 'r'}, {"timestamp", required_argument, NULL, 't'},
	{"timestamp-ca", required_argument, NULL, 'a'},
	{"timestamp-crl", required_argument, NULL, 'c'}, {0}};

static bool take_stamping(struct closing *o, int c, const char *value, struct err *err)
{
	switch (c) {
	case 't': return stamping_url(&o->stamping, value, err);
	case 'a': return stamping_certs(&o->stamping, value, err);
	case 'c': return stamping_crls(&o->stamping, value, err);
	default: return true;
	}
}

static int parse(const struct command *self, int argc, char **argv, struct closing *o)
{
	struct err err;
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
		if (c == '?' || c == ':')
			return command_usage(self, "%s: %s", argv[optind - 1],
				c == ':' ? "a value is missing" : "there is no such option");
		if (c == 'd')
			o->dir = optarg;
		if (c == 'r')
			o->reason = optarg;
		if (!take_stamping(o, c, optarg, &err))
			return command_usage(self, "%s", err.detail);
	}
	if (argc - optind != 1)
		return command_usage(self, "give one case file, not %d", argc - optind);
	o->path = argv[optind];
	if (custody_is_companion(o->path))
		return command_usage(self, "%s is a companion: those are not closed", o->path);
	return EXIT_DONE;
}

static bool put_close(struct writer *w, const struct closing *o, struct err *err)
{
	struct fact_close f;
	fact_init(FACT_KIND_CLOSE, &f);
	f.at_us = clock_now_us(clock_real());
	f.operator_name = span_str(getenv("CLICKTRAIL_OPERATOR"));
	f.tool_version = span_str(CLICKTRAIL_VERSION);
	f.reason = span_str(o->reason);
	uint64_t ticket = writer_put(w, FACT_KIND_CLOSE, &f, NULL, err);
	return ticket != 0 && writer_wait(w, ticket, err);
}

/* A new case is not made by closing it. */
static bool write_close(
	struct closing *o, const struct sealing *s, struct seal_head *last, struct err *err)
{
	struct writer_options options = {.durability = DURABILITY_POWER, .keep_indexes = true};
	sealing_use(s, &options);
	struct stat st;
	if (lstat(o->path, &st) != 0)
		return err_set_os(err, ERR_CASE_OPEN, errno, "%s", o->path);
	struct writer *w = writer_open(o->path, &options, err);
	if (w == NULL)
		return false;
	bool ok = put_close(w, o, err);
	writer_last_head(w, last);
	/* It is closed by now, whatever the authority says. */
	if (ok)
		stamping_last_head(&o->stamping, w, &o->stamped, &o->lost);
	if (!writer_close(w, ok ? err : NULL))
		ok = false;
	return ok;
}

/* Only now: while SQLite had it open, closing another descriptor would have dropped its locks.
 */
static bool lock_file(const char *path, struct buf *digest, struct err *err)
{
	uint8_t out[SHA256_LEN];
	int64_t size;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_set_os(err, ERR_CASE_WRITE, errno, "%s", path);
	bool ok = fchmod(fd, 0400) == 0 && fsync(fd) == 0 && sha256_fd(fd, out, &size);
	if (ok)
		hex_add(digest, span_of(out, sizeof out));
	else
		err_set_os(err, ERR_CASE_WRITE, errno, "%s", path);
	close(fd);
	return ok;
}

static void say(const struct closing *o, const struct seal_head *last, const struct buf *digest,
	struct buf *out)
{
	char at[CLOCK_TEXT_MAX];
	clock_text(last->at_us, at);
	say_text(out, span_str(o->path));
	buf_addf(out, " is closed for good: %lld facts, %lld heads.\n\n",
		(long long)last->facts, (long long)last->n);
	buf_addf(out, "  at       %s\n  running  ", at);
	hex_add(out, span_of(last->running, SHA256_LEN));
	buf_add_str(out, "\n  root     ");
	hex_add(out, span_of(last->root, SHA256_LEN));
	buf_add_str(out, "\n  key      ");
	hex_add(out, span_of(last->key, SEAL_KEY_LEN));
	buf_add_str(out, "\n  SHA-256  ");
	buf_add_span(out, buf_span(digest));
	buf_add_str(out, "  (of the file)\n\n");
	if (buf_len(&o->stamped) > 0) {
		buf_add_span(out, buf_span(&o->stamped));
		buf_add_byte(out, '\n');
	}
	buf_add_str(out, "Write these down where nobody who has the case can "
			 "change them.\n");
}

static bool close_case(struct closing *o, struct err *err)
{
	struct sealing s;
	struct seal_head last;
	struct buf digest = {0}, out = {0};
	bool ok = sealing_open(&s, o->dir, err) && write_close(o, &s, &last, err) &&
		  lock_file(o->path, &digest, err);
	if (ok) {
		say(o, &last, &digest, &out);
		ok = output_write(NULL, NULL, &out, err);
	}
	sealing_close(&s);
	buf_fini(&digest);
	buf_fini(&out);
	return ok;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct closing o = {.path = NULL};
	struct err err;
	int code = parse(self, argc, argv, &o);
	if (code == EXIT_DONE && !close_case(&o, &err))
		code = command_fail(&err);
	else if (code == EXIT_DONE && o.lost.kind != ERR_NONE)
		code = command_fail(&o.lost);
	stamping_fini(&o.stamping);
	buf_fini(&o.stamped);
	return code;
}

const struct command command_close = {
	.name = "close",
	.args = "CASE [--reason TEXT] [--timestamp URL]",
	.summary = "close a case for good: sign its end, make the file read-only",
	.details =
		"Nothing writes to it from then on. Prints the last head and the file's "
		"SHA-256.\n\n"
		"  --reason TEXT          kept with the closing\n"
		"  --timestamp URL        ask this authority (RFC 3161) for a timestamp over "
		"the last head\n"
		"  --timestamp-ca FILE    its certificates up to its root (PEM), kept with "
		"it\n"
		"  --timestamp-crl FILE   its revocation lists (PEM), kept with it\n"
		"  --seal-dir DIR         where the signing key lies (default: "
		"~/.local/share/clicktrail/seal)",
	.run = run,
};
