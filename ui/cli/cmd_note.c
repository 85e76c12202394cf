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
#include "store/derive/file_facts.h"
#include "store/fact/attachment.h"
#include "ui/cli/input.h"

#include <getopt.h>
#include <string.h>
#include <unistd.h>

static const struct option longs[] = {{"seal-dir", required_argument, NULL, 'd'},
	{"attach", required_argument, NULL, 'a'}, {0}};

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

static void say_attachment(struct buf *out, int64_t seq, const struct fact_attachment *f)
{
	struct buf what = {0}, act = {0};
	buf_addf(&act, "attachment %lld, ", (long long)seq);
	buf_add_span(&act, f->kind);
	if (f->name.n > 0) {
		buf_add_span(&what, f->name);
		buf_add_str(&what, ", ");
	}
	buf_add_span(&what, f->media_type);
	buf_addf(&what, ", %lld bytes", (long long)f->size);
	if (f->exchange != FACT_NULL)
		buf_addf(&what, ", of exchange %lld", (long long)f->exchange);
	if (f->detail.n > 0) {
		buf_add_str(&what, ": ");
		buf_add_span(&what, f->detail);
	}
	say_one(out, f->at_us, buf_span(&act), SPAN_NONE, buf_span(&what), f->sha256);
	buf_fini(&act);
	buf_fini(&what);
}

static bool say_fact(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct buf *out = ctx;
	const struct fact_custody *custody = fact;
	const struct fact_close *close = fact;
	const struct fact_erasure *erasure = fact;
	if (kind == FACT_KIND_CUSTODY)
		say_one(out, custody->at_us, custody->act, custody->operator_name,
			custody->detail, custody->sha256);
	if (kind == FACT_KIND_ATTACHMENT)
		say_attachment(out, seq, fact);
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

/* A file that a person puts to the case. */
struct attached {
	struct buf bytes;
	struct arena arena;
	uint8_t digest[SHA256_LEN];
	struct fact_attachment fact;
};

static bool attach(struct attached *a, const char *path, const char *text, struct err *err)
{
	struct file_facts facts;
	const char *slash = strrchr(path, '/');
	if (!input_read(path, ATTACHMENT_MAX, &a->bytes, err))
		return false;
	if (buf_len(&a->bytes) == 0)
		return err_set(err, ERR_USAGE, "--attach: \"%s\" is empty", path);
	fact_init(FACT_KIND_ATTACHMENT, &a->fact);
	a->fact.name = span_str(slash != NULL ? slash + 1 : path);
	file_facts_read(&a->arena, buf_span(&a->bytes), true, a->fact.name, &facts);
	sha256(buf_span(&a->bytes), a->digest);
	a->fact.at_us = clock_now_us(clock_real());
	a->fact.kind = span_str(attachment_word(ATTACHMENT_FILE));
	a->fact.media_type = span_str(facts.kind == NULL && text_valid(buf_span(&a->bytes))
					      ? "text/plain"
					      : file_media_type(facts.kind));
	a->fact.detail = span_str(text);
	a->fact.size = (int64_t)buf_len(&a->bytes);
	a->fact.sha256 = span_of(a->digest, sizeof a->digest);
	a->fact.data = buf_span(&a->bytes);
	return true;
}

static bool put(
	const char *path, const char *text, const char *file, const char *dir, struct err *err)
{
	struct attached a = {.bytes = {0}};
	struct custody_writing w;
	bool ok = (file == NULL || attach(&a, file, text, err)) &&
		  custody_begin(&w, path, dir, err);
	if (ok) {
		struct fact_custody said =
			custody_fact(CUSTODY_NOTED, text != NULL ? text : "a file was attached",
				file != NULL ? a.digest : NULL);
		ok = file == NULL ||
		     writer_put(w.writer, FACT_KIND_ATTACHMENT, &a.fact, NULL, err) != 0;
		ok = custody_end(&w, ok ? &said : NULL, ok ? err : NULL) && ok;
	}
	buf_fini(&a.bytes);
	arena_fini(&a.arena);
	return ok;
}

static int note(const struct command *self, const char *path, const char *text,
	const char *file, const char *dir)
{
	char companion[PATH_MAX];
	struct buf out = {0};
	struct err err;
	if (text != NULL && span_trim(span_str(text), " \t\r\n").n == 0)
		return command_usage(self, "the note is empty");
	if (text != NULL && strlen(text) > CUSTODY_DETAIL_MAX)
		return command_usage(
			self, "the text has more than %d bytes", CUSTODY_DETAIL_MAX);
	if (!put(path, text, file, dir, &err))
		return command_fail(&err);
	custody_companion(path, companion);
	buf_add_str(&out, file != NULL ? "Attached in " : "Noted in ");
	say_text(&out, span_str(companion));
	buf_add_str(&out, "; see: clicktrail note CASE\n");
	bool ok = output_write(NULL, NULL, &out, &err);
	buf_fini(&out);
	return ok ? EXIT_DONE : command_fail(&err);
}

static int run(const struct command *self, int argc, char **argv)
{
	const char *dir = NULL, *file = NULL;
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
		if (c == 'a' && file != NULL)
			return command_usage(self, "--attach: give one file at a time");
		if (c == 'a')
			file = optarg;
		else if (c == 'd')
			dir = optarg;
		else
			return command_usage(self, "%s: %s", argv[optind - 1],
				c == ':' ? "a value is missing" : "there is no such option");
	}
	int words = argc - optind;
	if (words == 1 && file == NULL)
		return list(argv[optind]);
	if (words != 2 && (words != 1 || file == NULL))
		return command_usage(self, "give a case file, and a text in quotes");
	return note(self, argv[optind], words == 2 ? argv[optind + 1] : NULL, file, dir);
}

const struct command command_note = {
	.name = "note",
	.args = "CASE [TEXT] [--attach FILE]",
	.summary = "write a note about a case beside it; without a text, what was done with it",
	.details =
		"Goes into the case's companion (x.case: x.companion.case), under a seal of "
		"its "
		"own, where\nreports that were written by -o are noted too; the case itself "
		"stays as it is.\nCLICKTRAIL_OPERATOR says who. Without TEXT: who opened the "
		"case, noted, exported, replayed,\ncrosschecked, erased, destroyed packets or "
		"keys, and closed, and when, and what is attached to it.\n\n"
		"  --attach FILE          keep a copy of a file with the note: a photo, a mail "
		"(at most 8 MiB)\n"
		"  --seal-dir DIR         where the signing key lies (default: "
		"~/.local/share/clicktrail/seal)",
	.run = run,
};
