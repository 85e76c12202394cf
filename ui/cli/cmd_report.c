/*
 * `clicktrail report`, `explain` and `rebuild`: what can be said about a case after the fact,
 * or while it is being written. Reading commands open the case read-only; rebuild is the only
 * one that writes, and it writes no facts.
 */
#include "ui/cli/command.h"
#include "ui/cli/custody.h"
#include "ui/cli/options_value.h"
#include "ui/cli/output.h"
#include "ui/cli/replayed.h"
#include "ui/cli/wrapper_file.h"
#include "ui/report/report.h"
#include "store/base/log.h"
#include "store/writer.h"
#include "ui/report/say.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void report_format_fn(const struct report *r, struct buf *out);

static const struct {
	const char *name;
	report_format_fn *write;
} formats[] = {{"text", report_text}, {"json", report_json}};
enum { FORMATS = sizeof formats / sizeof *formats };

static report_format_fn *find_format(const char *name)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(name, formats[i].name) == 0)
			return formats[i].write;
	return NULL;
}

/* A trail by its id in the report ("1.3"), or by its number in the first session. session 0:
 * none is named, all are meant. */
struct which {
	int64_t session, number;
};

/* What the command line of all three comes to. */
struct reading {
	const char *path; /* of the case */
	struct which which;
	report_format_fn *format;
	const char *file; /* to write to; NULL: standard output */
	struct wrapper_file wrappers;
};

static bool read_case(struct gather *g, const struct which *which, struct err *err)
{
	bool found = false;
	if (which->session == 0)
		return gather_read(g, NULL, err);
	if (!gather_trail(g, which->session, which->number, &found, err))
		return false;
	return found || err_set(err, ERR_USAGE, "--trail: there is no trail %lld.%lld",
				(long long)which->session, (long long)which->number);
}

/* Where the companion cannot be written, the report is there nonetheless. */
static void note_export(const struct reading *o, const struct buf *out)
{
	char detail[PATH_MAX + 64];
	uint8_t digest[SHA256_LEN];
	struct err err;
	if (strcmp(o->file, "-") == 0 || custody_is_companion(o->path))
		return;
	sha256(buf_span(out), digest);
	snprintf(detail, sizeof detail, "report --format %s: %s",
		o->format == report_json ? "json" : "text", o->file);
	if (!custody_put(o->path, NULL, CUSTODY_EXPORTED, detail, digest, &err))
		log_error("the export is not noted beside the case: %s: %s",
			err_sentence(err.kind), err.detail);
}

static int write_report(const struct reading *o)
{
	struct gather g;
	struct report r;
	struct arena a = {0};
	struct buf out = {0};
	struct err err;
	bool good = gather_open(&g, o->path, 0, &err);
	g.model.wrappers = &o->wrappers.rules;
	good = good && read_case(&g, &o->which, &err) &&
	       report_make(&g, o->which.session, &a, &r, &err);
	int code = good ? EXIT_DONE : command_fail_reading(&err);
	if (good) {
		replayed_attach(o->path, &a, &r);
		o->format(&r, &out);
		if (!output_write(o->file, o->path, &out, &err))
			code = command_fail(&err);
		else if (o->file != NULL)
			note_export(o, &out);
	}
	buf_fini(&out);
	arena_fini(&a);
	gather_close(&g);
	return code;
}

/* letters: which of the options this command takes. EXIT_DONE: o is filled. */
static int read_options(const struct command *self, int argc, char **argv, const char *letters,
	struct reading *o)
{
	static const struct option longs[] = {{"format", required_argument, NULL, 'f'},
		{"output", required_argument, NULL, 'o'},
		{"trail", required_argument, NULL, 't'},
		{"wrappers", required_argument, NULL, 'w'}, {0}};
	struct err err, why = {0};
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, ":f:o:", longs, NULL)) != -1;) {
		if (c == '?' || c == ':' || strchr(letters, c) == NULL)
			return command_usage(self, "%s: %s", argv[optind - 1],
				c == ':' ? "a value is missing" : "there is no such option");
		if (c == 'o')
			o->file = optarg;
		if (c == 'f' && (o->format = find_format(optarg)) == NULL)
			return command_usage(
				self, "--format: \"%s\" is neither text nor json", optarg);
		if (c == 't' && !value_trail(optarg, &o->which.session, &o->which.number, &why))
			return command_usage(
				self, "--trail: \"%s\" is no trail like 1.3", optarg);
		if (c != 'w')
			continue;
		wrapper_file_fini(&o->wrappers);
		if (wrapper_file_read(&o->wrappers, optarg, &why))
			continue;
		err_set(&err, ERR_USAGE, "--wrappers: %s", why.detail);
		return command_fail(&err);
	}
	if (argc - optind != 1)
		return command_usage(self, "give one case file, not %d", argc - optind);
	o->path = argv[optind];
	return EXIT_DONE;
}

static int run_report(const struct command *self, int argc, char **argv)
{
	struct reading o = {.format = report_text};
	int code = read_options(self, argc, argv, "fotw", &o);
	if (code == EXIT_DONE)
		code = write_report(&o);
	wrapper_file_fini(&o.wrappers);
	return code;
}

static int run_explain(const struct command *self, int argc, char **argv)
{
	struct reading o = {.format = report_explain};
	int code = read_options(self, argc, argv, "tw", &o);
	if (code == EXIT_DONE)
		code = write_report(&o);
	wrapper_file_fini(&o.wrappers);
	return code;
}

static bool rebuild(const struct reading *o, struct buf *out, struct err *err)
{
	struct gather g;
	struct writer_options options = {.durability = DURABILITY_POWER, .keep_indexes = true};
	struct gather_counts counts = {0};
	/* The reader first: it makes no case where there is none. */
	bool good = gather_open(&g, o->path, 0, err);
	g.model.wrappers = &o->wrappers.rules;
	struct writer *w = good ? writer_open(o->path, &options, err) : NULL;
	if (w != NULL) {
		good = gather_store_anew(&g, 0, w, &counts, err);
		if (good) {
			say_count(out, counts.trails, "trail", "trails");
			buf_addf(out, " derived anew from %zu exchanges.\n", counts.exchanges);
		}
	}
	gather_close(&g);
	/* Closing tells what storing did not; the first reason is the one to give. */
	if (w != NULL && !writer_close(w, good ? err : NULL))
		good = false;
	return good && w != NULL;
}

static int run_rebuild(const struct command *self, int argc, char **argv)
{
	struct reading o = {.path = NULL};
	struct buf out = {0};
	struct err err;
	int code = read_options(self, argc, argv, "w", &o);
	if (code == EXIT_DONE &&
		(!rebuild(&o, &out, &err) || !output_write(NULL, NULL, &out, &err)))
		code = command_fail(&err);
	wrapper_file_fini(&o.wrappers);
	buf_fini(&out);
	return code;
}

#define TRAIL_HELP                                                                             \
	"  --trail N              one trail only, by its id (1.3) or its number in session "   \
	"1\n"
#define WRAPPERS_HELP                                                                          \
	"  --wrappers FILE        rules for links of your own tracker, beside the built-in "   \
	"ones"

const struct command command_report = {
	.name = "report",
	.args = "CASE [--trail N] [--format text|json] [-o FILE] [--wrappers FILE]",
	.summary = "what a case says, as text for people or JSON for programs",
	.details =
		"Reads any case, also one that is being written at this moment.\n\n" TRAIL_HELP
		"  --format F             text (default) or json\n"
		"  -o, --output FILE      write there instead of to standard "
		"output\n" WRAPPERS_HELP,
	.run = run_report,
};

const struct command command_explain = {
	.name = "explain",
	.args = "CASE [--trail N] [--wrappers FILE]",
	.summary = "each hop in plain words: how the browser was moved and how we know",
	.details = TRAIL_HELP WRAPPERS_HELP,
	.run = run_explain,
};

const struct command command_rebuild = {
	.name = "rebuild",
	.args = "CASE [--wrappers FILE]",
	.summary = "derive the trails of a case anew from its facts, by this version's rules",
	.details = "The facts themselves are not touched.\n\n" WRAPPERS_HELP,
	.run = run_rebuild,
};
