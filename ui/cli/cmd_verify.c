/*
 * `clicktrail verify`: does a case's seal hold, and if not, what was done to it? Reads the case
 * only; writes a bundle beside it, where it is told to.
 */
#include "ui/cli/command.h"
#include "ui/cli/companion.h"
#include "ui/cli/output.h"
#include "ui/cli/sealing.h"
#include "ui/cli/stamping.h"
#include "ui/report/bundle.h"
#include "ui/report/json_value.h"
#include "ui/report/say.h"
#include "ui/report/say_seal.h"
#include "store/base/codec.h"

#include <getopt.h>
#include <string.h>

struct verifying {
	const char *path, *dir;
	bool json, no_log, has_key, has_trail;
	struct bundle_order bundle; /* dir NULL: none */
	uint8_t key[SEAL_KEY_LEN];
	struct buf tsa_roots; /* PEM */
};

static const struct option longs[] = {{"seal-dir", required_argument, NULL, 'd'},
	{"key", required_argument, NULL, 'k'}, {"no-log", no_argument, NULL, 'n'},
	{"json", no_argument, NULL, 'j'}, {"bundle", required_argument, NULL, 'b'},
	{"trail", required_argument, NULL, 't'}, {"hop", required_argument, NULL, 'h'},
	{"all", no_argument, NULL, 'a'}, {"redact", no_argument, NULL, 'r'},
	{"tsa-ca", required_argument, NULL, 'T'}, {0}};

enum { WHICH_MAX = 3 };

static bool take_key(struct verifying *o, const char *text)
{
	struct buf key = {0};
	o->has_key = hex_read(span_str(text), &key) && buf_len(&key) == sizeof o->key;
	if (o->has_key)
		memcpy(o->key, buf_span(&key).p, sizeof o->key);
	buf_fini(&key);
	return o->has_key;
}

/* "1.2.3" into its numbers; how many, 0 if it is not that. */
static size_t read_which(const char *text, int64_t out[WHICH_MAX])
{
	struct span left = span_str(text);
	for (size_t n = 0; n < WHICH_MAX; n++) {
		size_t dot = span_find_byte(left, '.', 0);
		uint64_t v;
		if (!span_u64(span_first(left, dot), &v) || v == 0 || v > INT32_MAX)
			return 0;
		out[n] = (int64_t)v;
		if (dot == SIZE_MAX)
			return n + 1;
		left = span_from(left, dot + 1);
	}
	return 0;
}

/* --trail SESSION.TRAIL or TRAIL, --hop the same with .HOP behind it; without a session, the
 * first. */
static bool take_which(struct verifying *o, const char *text, bool hop)
{
	int64_t numbers[WHICH_MAX];
	size_t n = read_which(text, numbers), least = hop ? 2 : 1;
	if (n < least || n > least + 1)
		return false;
	o->has_trail = true;
	o->bundle.session = n > least ? numbers[0] : 1;
	o->bundle.trail = numbers[n - least];
	o->bundle.hop = hop ? numbers[n - 1] : 0;
	return true;
}

static int check_bundle(const struct command *self, const struct verifying *o)
{
	bool some = o->has_trail || o->bundle.all || o->bundle.redact;
	if (o->bundle.dir == NULL && some)
		return command_usage(
			self, "--trail, --hop, --all and --redact go with --bundle");
	if (o->has_trail && o->bundle.all)
		return command_usage(self, "--all leaves no choice of trail or hop");
	return EXIT_DONE;
}

static int parse(const struct command *self, int argc, char **argv, struct verifying *o)
{
	struct err err;
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
		if (c == '?' || c == ':')
			return command_usage(self, "%s: %s", argv[optind - 1],
				c == ':' ? "a value is missing" : "there is no such option");
		o->json |= c == 'j';
		o->no_log |= c == 'n';
		o->bundle.all |= c == 'a';
		o->bundle.redact |= c == 'r';
		if (c == 'd')
			o->dir = optarg;
		if (c == 'b')
			o->bundle.dir = optarg;
		if ((c == 't' || c == 'h') && !take_which(o, optarg, c == 'h'))
			return command_usage(self, "--%s: \"%s\" is no %s",
				c == 'h' ? "hop" : "trail", optarg,
				c == 'h' ? "hop like 1.3" : "trail like 1.3");
		if (c == 'k' && !take_key(o, optarg))
			return command_usage(
				self, "--key: \"%s\" is not 64 hex digits", optarg);
		if (c == 'T' && !stamping_read_certs(optarg, &o->tsa_roots, &err))
			return command_usage(self, "--tsa-ca: %s", err.detail);
	}
	if (argc - optind != 1)
		return command_usage(self, "give one case file, not %d", argc - optind);
	o->path = argv[optind];
	return check_bundle(self, o);
}

static bool print(const struct verifying *o, const struct seal_words *w, struct err *err)
{
	struct buf out = {0};
	if (o->json) {
		json_write(json_seal(w), JSON_INDENT(2), &out);
		buf_add_byte(&out, '\n');
	} else {
		say_seal(w, &out);
	}
	bool ok = output_write(NULL, NULL, &out, err);
	buf_fini(&out);
	return ok;
}

static bool write_bundle(
	const struct verifying *o, const struct seal_verdict *v, struct err *err)
{
	struct bundle_made made;
	struct buf out = {0};
	if (!bundle_write(o->path, v, &o->bundle, &made, err))
		return false;
	buf_add_str(&out, "\n");
	say_text(&out, span_str(o->bundle.dir));
	buf_addf(&out, " shows %lld of its facts", (long long)made.facts);
	if (made.hidden > 0)
		buf_addf(&out, ", without %lld of their values", (long long)made.hidden);
	buf_add_str(&out, ". Who gets it: sh check.sh\n");
	bool ok = o->json || output_write(NULL, NULL, &out, err);
	buf_fini(&out);
	return ok;
}

/* *code is set where it was verified and told. */
static bool verify(const struct verifying *o, int *code, struct err *err)
{
	struct sealing s;
	struct seal_verdict v;
	struct case_about about;
	struct arena a = {0};
	struct companion companion = {.file = NULL};
	if (!sealing_dir(&s, o->dir, err))
		return false;
	struct seal_expect expect = {.log_dir = o->no_log ? NULL : s.dir,
		.key = o->has_key ? o->key : NULL,
		.tsa_roots = buf_len(&o->tsa_roots) > 0 ? buf_span(&o->tsa_roots) : SPAN_NONE};
	struct case_file *c = case_open(o->path, err);
	bool ok =
		c != NULL && case_about(c, &about, err) && seal_verify(c, &expect, &a, &v, err);
	if (ok) {
		struct seal_words words = {.path = o->path,
			.verdict = &v,
			.our_key = companion_is_ours(&s, &v),
			.being_written = about.being_written};
		ok = companion_verify(&companion, o->path, about.id, &s, expect.log_dir, &a,
			     &words, err) &&
		     print(o, &words, err);
		*code = companion_holds(&words) ? EXIT_DONE : EXIT_DIFFERENT;
		if (ok && *code == EXIT_DONE && o->bundle.dir != NULL)
			ok = write_bundle(o, &v, err);
	}
	companion_close(&companion);
	if (c != NULL)
		case_close(c);
	arena_fini(&a);
	return ok;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct verifying o = {.path = NULL};
	struct err err;
	int code = parse(self, argc, argv, &o);
	if (code == EXIT_DONE && !verify(&o, &code, &err))
		code = command_fail_reading(&err);
	buf_fini(&o.tsa_roots);
	return code;
}

const struct command command_verify = {
	.name = "verify",
	.args = "CASE [--key HEX] [--tsa-ca FILE] [--json] [--bundle DIR [--trail N | --hop "
		"T.N | --all] "
		"[--redact]]",
	.summary = "does the seal hold, and if not, what was changed, added or removed",
	.details = "Exit code 0: it holds; 4: it does not, and what is named.\n\n"
		   "  --key HEX              every head must be signed by this key (64 hex "
		   "digits)\n"
		   "  --json                 for programs\n"
		   "  --tsa-ca FILE          roots (PEM) of timestamp authorities to trust\n"
		   "  --bundle DIR           if it holds: a new folder that shows the first "
		   "trail to\n"
		   "                         somebody else, who checks it with openssl and "
		   "sha256sum\n"
		   "  --trail N, --hop T.N   another trail (1.3), one hop of a trail alone\n"
		   "  --all                  every fact\n"
		   "  --redact               without cookies, credentials, bodies, and "
		   "addresses that\n"
		   "                         have more than a path\n"
		   "  --no-log               leave this installation's log of heads alone\n"
		   "  --seal-dir DIR         where that lies (default: "
		   "~/.local/share/clicktrail/seal)",
	.run = run,
};
