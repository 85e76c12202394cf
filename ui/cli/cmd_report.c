/*
 * `clicktrail report`, `explain` and `rebuild`: what can be said about a case after the fact,
 * or while it is being written. Reading commands open the case read-only; rebuild is the only
 * one that writes, and it writes no facts.
 */
#include "ui/cli/command.h"
#include "ui/cli/output.h"
#include "ui/report/trail_rows.h"
#include "ui/report/report.h"
#include "ui/report/say.h"

#include <getopt.h>
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

static int write_report(const char *path, report_format_fn *format, const char *file)
{
	struct gather g;
	struct report r;
	struct arena a = {0};
	struct buf out = {0};
	struct err err;
	bool good = gather_open(&g, path, 0, &err) && gather_read(&g, NULL, &err) &&
		    report_make(&g, 0, &a, &r, &err);
	int code = good ? EXIT_DONE : command_fail_reading(&err);
	if (good) {
		format(&r, &out);
		if (!output_write(file, path, &out, &err))
			code = command_fail(&err);
	}
	buf_fini(&out);
	arena_fini(&a);
	gather_close(&g);
	return code;
}

static int run_report(const struct command *self, int argc, char **argv)
{
	static const struct option longs[] = {{"format", required_argument, NULL, 'f'},
		{"output", required_argument, NULL, 'o'}, {0}};
	const char *file = NULL;
	report_format_fn *format = report_text;
	opterr = 0;
	optind = 0;
	for (int o; (o = getopt_long(argc, argv, ":f:o:", longs, NULL)) != -1;) {
		if (o == 'o')
			file = optarg;
		else if (o != 'f')
			return command_usage(self, "%s: %s", argv[optind - 1],
				o == ':' ? "a value is missing" : "there is no such option");
		else if ((format = find_format(optarg)) == NULL)
			return command_usage(
				self, "--format: \"%s\" is neither text nor json", optarg);
	}
	if (argc - optind != 1)
		return command_usage(self, "give one case file, not %d", argc - optind);
	return write_report(argv[optind], format, file);
}

/* The case file's name, or NULL: these commands take nothing else. */
static const char *only_case(const struct command *self, int argc, char **argv)
{
	int at = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
	if (argc - at == 1 && (at == 2 || argv[at][0] != '-'))
		return argv[at];
	command_usage(self, "give one case file and no options");
	return NULL;
}

static int run_explain(const struct command *self, int argc, char **argv)
{
	const char *path = only_case(self, argc, argv);
	return path != NULL ? write_report(path, report_explain, NULL) : EXIT_USAGE;
}

static bool rebuild(const char *path, struct buf *out, struct err *err)
{
	struct gather g;
	struct writer_options options = {.durability = DURABILITY_POWER};
	/* The reader first: it makes no case where there is none. */
	bool good = gather_open(&g, path, 0, err);
	struct writer *w = good ? writer_open(path, &options, err) : NULL;
	if (w != NULL) {
		good = gather_read(&g, NULL, err) && trail_rows_store(w, 0, &g.trails, err);
		if (good) {
			say_count(out, g.trails.n, "trail", "trails");
			buf_addf(out, " derived anew from %zu exchanges.\n",
				g.model.n_exchanges);
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
	const char *path = only_case(self, argc, argv);
	struct buf out = {0};
	struct err err;
	if (path == NULL)
		return EXIT_USAGE;
	int code = EXIT_DONE;
	if (!rebuild(path, &out, &err))
		code = command_fail(&err);
	else if (!output_write(NULL, NULL, &out, &err))
		code = command_fail(&err);
	buf_fini(&out);
	return code;
}

const struct command command_report = {
	.name = "report",
	.args = "CASE [--format text|json] [-o FILE]",
	.summary = "what a case says, as text for people or JSON for programs",
	.details = "Reads any case, also one that is being written at this moment.\n\n"
		   "  --format F             text (default) or json\n"
		   "  -o, --output FILE      write there instead of to standard output",
	.run = run_report,
};

const struct command command_explain = {
	.name = "explain",
	.args = "CASE",
	.summary = "each hop in plain words: how the browser was moved and how we know",
	.run = run_explain,
};

const struct command command_rebuild = {
	.name = "rebuild",
	.args = "CASE",
	.summary = "derive the trails of a case anew from its facts, by this version's rules",
	.details = "The facts themselves are not touched.",
	.run = run_rebuild,
};
