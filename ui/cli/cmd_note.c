/*
 * `clicktrail note`: a person's words about a case, kept under a seal beside it; and what was
 * done with a case so far, in order.
 */
#include "ui/cli/command.h"
#include "ui/cli/custody.h"
#include "ui/cli/output.h"
#include "ui/report/say.h"
#include "store/base/clock.h"
#include "store/base/codec.h"
#include "store/case.h"

#include <getopt.h>
#include <unistd.h>

static const struct option longs[] = {{"seal-dir", required_argument, NULL, 'd'}, {0}};

/* "2026-11-29T12:00:00.000000Z noted, by Ada: text" */
static void say_one(struct buf *out, int64_t at_us, struct span act, struct span who,
	struct span detail, struct span sha256)
{
	struct buf prose = {0};
	char at[CLOCK_TEXT_MAX];
	clock_text(at_us, at);
	buf_addf(&prose, "%s  ", at);
	buf_add_span(&prose, act);
	if (who.n > 0) {
		buf_add_str(&prose, ", by ");
		buf_add_span(&prose, who);
	}
	if (detail.n > 0) {
		buf_add_str(&prose, ": ");
		buf_add_span(&prose, detail);
	}
	if (sha256.n > 0) {
		buf_add_str(&prose, ", SHA-256 ");
		hex_add(&prose, sha256);
	}
	say_prose(out, "  ", "    ", buf_span(&prose));
	buf_fini(&prose);
}

static bool say_fact(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct buf *out = ctx;
	const struct fact_custody *custody = fact;
	const struct fact_close *close = fact;
	const struct fact_erasure *erasure = fact;
	(void)seq;
	if (kind == FACT_KIND_CUSTODY)
		say_one(out, custody->at_us, custody->act, custody->operator_name,
			custody->detail, custody->sha256);
	if (kind == FACT_KIND_CLOSE)
		say_one(out, close->at_us, span_str("closed"), close->operator_name,
			close->reason, SPAN_NONE);
	if (kind == FACT_KIND_ERASURE)
		say_one(out, erasure->at_us, span_str("erased"), erasure->operator_name,
			erasure->reason, SPAN_NONE);
	return true;
}

static bool say_file(const char *path, struct buf *out, struct err *err)
{
	struct case_file *c = case_open(path, err);
	say_text(out, span_str(path));
	buf_add_byte(out, '\n');
	bool ok = c != NULL && case_facts(c, 0, 0, say_fact, out, err);
	if (c != NULL)
		case_close(c);
	return ok;
}

static int list(const char *path)
{
	char companion[PATH_MAX];
	struct buf out = {0};
	struct err err;
	bool ok = say_file(path, &out, &err);
	if (ok && !custody_is_companion(path) && custody_companion(path, companion) &&
		access(companion, F_OK) == 0)
		ok = say_file(companion, &out, &err);
	ok = ok && output_write(NULL, NULL, &out, &err);
	buf_fini(&out);
	return ok ? EXIT_DONE : command_fail_reading(&err);
}

static int put(const struct command *self, const char *path, const char *text, const char *dir)
{
	char companion[PATH_MAX];
	struct buf out = {0};
	struct err err;
	if (span_trim(span_str(text), " \t\r\n").n == 0)
		return command_usage(self, "the note is empty");
	if (strlen(text) > CUSTODY_DETAIL_MAX)
		return command_usage(
			self, "the text has more than %d bytes", CUSTODY_DETAIL_MAX);
	if (!custody_put(path, dir, CUSTODY_NOTED, text, NULL, &err))
		return command_fail(&err);
	custody_companion(path, companion);
	buf_add_str(&out, "Noted in ");
	say_text(&out, span_str(companion));
	buf_add_str(&out, "; see: clicktrail note CASE\n");
	bool ok = output_write(NULL, NULL, &out, &err);
	buf_fini(&out);
	return ok ? EXIT_DONE : command_fail(&err);
}

static int run(const struct command *self, int argc, char **argv)
{
	const char *dir = NULL;
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
		if (c != 'd')
			return command_usage(self, "%s: %s", argv[optind - 1],
				c == ':' ? "a value is missing" : "there is no such option");
		dir = optarg;
	}
	if (argc - optind == 1)
		return list(argv[optind]);
	if (argc - optind != 2)
		return command_usage(self, "give a case file, and a text in quotes");
	return put(self, argv[optind], argv[optind + 1], dir);
}

const struct command command_note = {
	.name = "note",
	.args = "CASE [TEXT]",
	.summary = "write a note about a case beside it; without a text, what was done with it",
	.details =
		"Goes into the case's companion (x.case: x.companion.case), under a seal of "
		"its "
		"own, where\nreports that were written by -o are noted too; the case itself "
		"stays as it is.\nCLICKTRAIL_OPERATOR says who. Without TEXT: who opened the "
		"case, noted, exported, replayed,\nerased and closed, and when.\n\n"
		"  --seal-dir DIR         where the signing key lies (default: "
		"~/.local/share/clicktrail/seal)",
	.run = run,
};
