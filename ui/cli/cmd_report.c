/*
 * `clicktrail report`, `explain` and `rebuild`: what can be said about a case after the fact,
 * or while it is being written. Reading commands open the case read-only; rebuild is the only
 * one that writes, and it writes no facts.
 */
#include "ui/cli/command.h"
#include "ui/cli/custody.h"
#include "ui/cli/output.h"
#include "ui/cli/report_folder.h"
#include "ui/cli/report_reading.h"
#include "store/base/log.h"
#include "store/writer.h"
#include "ui/report/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A report cannot hold its own digest: it is said beside it, and noted beside the case. Where
 * the companion cannot be written, the report is there nonetheless. */
static void note_export(const struct report_options *o, const struct buf *out)
{
	char detail[PATH_MAX + 64];
	char hex[SHA256_HEX];
	uint8_t digest[SHA256_LEN];
	struct err err;
	if (strcmp(o->file, "-") == 0)
		return;
	sha256(buf_span(out), digest);
	for (size_t i = 0; i < SHA256_LEN; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	log_line("written %s, SHA-256 %s", o->file, hex);
	if (custody_is_companion(o->path))
		return;
	snprintf(detail, sizeof detail, "report --format %s: %s", o->format->name, o->file);
	if (!custody_put(o->path, NULL, CUSTODY_EXPORTED, detail, digest, &err))
		log_error("the export is not noted beside the case: %s: %s",
			err_sentence(err.kind), err.detail);
}

typedef bool write_fn(const struct report_options *o, struct report_reading *x, struct buf *out,
	struct err *err);

static bool write_edition(const struct report_options *o, struct report_reading *x,
	struct buf *out, struct err *err)
{
	return report_edition(x, &o->order, o->format, out, err);
}

static bool write_explained(const struct report_options *o, struct report_reading *x,
	struct buf *out, struct err *err)
{
	(void)o, (void)err;
	report_explain(&x->report, out);
	return true;
}

static int write_report(const struct report_options *o, write_fn *write)
{
	struct report_reading x;
	struct buf out = {0};
	struct err err;
	bool all = o->format != NULL && report_format_whole(o->format);
	bool good = report_reading_open(&x, o, &o->order, all, &err);
	int code = good ? EXIT_DONE : command_fail_reading(&err);
	if (good && (!write(o, &x, &out, &err) || !output_write(o->file, o->path, &out, &err)))
		code = command_fail(&err);
	else if (good && o->file != NULL)
		note_export(o, &out);
	buf_fini(&out);
	report_reading_close(&x);
	return code;
}

/* Bytes that are no text would set a terminal to anything. */
static bool for_terminal(const struct report_options *o)
{
	bool to_stdout = o->file == NULL || strcmp(o->file, "-") == 0;
	return o->format->binary && to_stdout && isatty(STDOUT_FILENO);
}

static int run_report(const struct command *self, int argc, char **argv)
{
	struct report_options o = {.path = NULL};
	int code = report_options_read(self, OPTIONS_REPORT, argc, argv, &o);
	if (code == EXIT_DONE && for_terminal(&o))
		code = command_usage(self, "--format %s is not for a terminal: give -o FILE",
			o.format->name);
	if (code == EXIT_DONE)
		code = o.all != NULL ? report_folder(&o, o.all)
				     : write_report(&o, write_edition);
	report_options_fini(&o);
	return code;
}

static int run_explain(const struct command *self, int argc, char **argv)
{
	struct report_options o = {.path = NULL};
	int code = report_options_read(self, OPTIONS_EXPLAIN, argc, argv, &o);
	if (code == EXIT_DONE)
		code = write_report(&o, write_explained);
	report_options_fini(&o);
	return code;
}

static bool rebuild(const struct report_options *o, struct buf *out, struct err *err)
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
	struct report_options o = {.path = NULL};
	struct buf out = {0};
	struct err err;
	int code = report_options_read(self, OPTIONS_REBUILD, argc, argv, &o);
	if (code == EXIT_DONE &&
		(!rebuild(&o, &out, &err) || !output_write(NULL, NULL, &out, &err)))
		code = command_fail(&err);
	report_options_fini(&o);
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
	.args = "CASE [--format F] [-o FILE] [options]",
	.summary = "what a case says: for people, for programs, as complaints, as archives",
	.details = report_options_help,
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
