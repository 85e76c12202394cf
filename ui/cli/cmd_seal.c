/*
 * `clicktrail seal`: the installation's public key and its log of heads, to be kept elsewhere.
 * It makes nothing and never touches the private key.
 */
#include "ui/cli/command.h"
#include "ui/cli/output.h"
#include "ui/cli/sealing.h"
#include "ui/report/say.h"
#include "store/base/codec.h"
#include "store/seal_head.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct seal_call {
	struct sealing sealing;
	const char *file;
};

static bool read_key(const struct seal_call *c, uint8_t key[SEAL_KEY_LEN], struct err *err)
{
	return seal_public_read(c->sealing.dir, key) ||
	       err_set(err, ERR_SEAL_KEY,
		       "there is no public key in %s; it is made with the first case",
		       c->sealing.dir);
}

static bool count(void *ctx, const struct seal_head *h)
{
	(void)h;
	++*(int64_t *)ctx;
	return true;
}

static bool show(const struct seal_call *c, struct err *err)
{
	uint8_t key[SEAL_KEY_LEN];
	int64_t heads = 0, first_bad = 0, cuts = 0;
	bool sound = true;
	struct buf out = {0};
	if (!read_key(c, key, err) || !seal_log_read(c->sealing.dir, NULL, count, &heads,
					      &sound, &first_bad, &cuts, err))
		return false;
	buf_add_str(&out, "folder  ");
	say_text(&out, span_str(c->sealing.dir));
	buf_add_str(&out, "\nkey     ");
	hex_add(&out, span_of(key, sizeof key));
	buf_addf(&out, "\nlog     %lld heads", (long long)heads);
	if (!sound)
		buf_addf(&out, "; it does NOT hold together from its line %lld on",
			(long long)first_bad);
	if (cuts > 0)
		buf_addf(&out, "; %lld lines were cut off", (long long)cuts);
	buf_add_str(&out, "\n\n");
	seal_key_pem(key, &out);
	bool good = output_write(c->file, NULL, &out, err);
	buf_fini(&out);
	return good;
}

static bool export_key(const struct seal_call *c, struct err *err)
{
	uint8_t key[SEAL_KEY_LEN];
	struct buf out = {0};
	if (!read_key(c, key, err))
		return false;
	seal_key_pem(key, &out);
	bool good = output_write(c->file, NULL, &out, err);
	buf_fini(&out);
	return good;
}

static bool write_piece(void *ctx, struct span piece, struct err *err)
{
	const int *fd = ctx;
	struct buf b = {0};
	buf_add_span(&b, piece);
	bool good = say_write(*fd, &b) || err_set_os(err, ERR_SYSTEM, errno, "writing the log");
	buf_fini(&b);
	return good;
}

/* A new file: the log must not be written over itself, nor an older copy by a shorter one. */
static int open_copy(const char *file, struct err *err)
{
	if (file == NULL || strcmp(file, "-") == 0)
		return STDOUT_FILENO;
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		err_set_os(err, ERR_SYSTEM, errno, "making \"%s\"", file);
	return fd;
}

static bool export_log(const struct seal_call *c, struct err *err)
{
	bool there = false;
	int fd = open_copy(c->file, err);
	if (fd < 0)
		return false;
	bool good = seal_log_copy(c->sealing.dir, write_piece, &fd, &there, err);
	if (good && !there)
		good = err_set(err, ERR_SEAL_LOG, "there is none in %s", c->sealing.dir);
	if (fd == STDOUT_FILENO)
		return good;
	if (good && fsync(fd) != 0)
		good = err_set_os(err, ERR_SYSTEM, errno, "writing \"%s\"", c->file);
	if (close(fd) != 0 && good)
		good = err_set_os(err, ERR_SYSTEM, errno, "writing \"%s\"", c->file);
	if (!good)
		unlink(c->file);
	return good;
}

static const struct {
	const char *verb;
	bool (*run)(const struct seal_call *c, struct err *err);
} verbs[] = {{"show", show}, {"key", export_key}, {"log", export_log}};

static const struct option longs[] = {{"seal-dir", required_argument, NULL, 'd'},
	{"output", required_argument, NULL, 'o'}, {0}};

static int run(const struct command *self, int argc, char **argv)
{
	struct seal_call c = {.file = NULL};
	struct err err;
	const char *dir = NULL;
	opterr = 0;
	optind = 0;
	for (int o; (o = getopt_long(argc, argv, ":o:", longs, NULL)) != -1;) {
		if (o == '?' || o == ':')
			return command_usage(self, "%s: %s", argv[optind - 1],
				o == ':' ? "a value is missing" : "there is no such option");
		if (o == 'd')
			dir = optarg;
		if (o == 'o')
			c.file = optarg;
	}
	if (argc - optind != 1)
		return command_usage(self, "say show, key or log");
	if (!sealing_dir(&c.sealing, dir, &err))
		return command_fail(&err);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(argv[optind], verbs[i].verb) == 0)
			return verbs[i].run(&c, &err) ? EXIT_DONE : command_fail(&err);
	return command_usage(self, "\"%s\" is none of show, key, log", argv[optind]);
}

const struct command command_seal = {
	.name = "seal",
	.args = "show|key|log [options]",
	.summary = "this installation's public key and log of heads, to be kept elsewhere",
	.details =
		"  show                   the key, where it lies, how many heads the log has\n"
		"  key [-o FILE]          the public key (PEM)\n"
		"  log [-o FILE]          a copy of the log of heads, as it is; FILE must be "
		"new\n\n"
		"  --seal-dir DIR         where they lie (default: "
		"~/.local/share/clicktrail/seal)",
	.run = run,
};
