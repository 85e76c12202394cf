/*
 * `clicktrail note`: a person's words about a case, kept under a seal beside it; and what was
 * done with a case so far, in order.
 */
#include "ui/cli/command.h"
#include "ui/cli/custody.h"
#include "ui/cli/options_value.h"
#include "ui/cli/output.h"
#include "ui/cli/remarked.h"
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
	{"attach", required_argument, NULL, 'a'}, {"trail", required_argument, NULL, 't'},
	{"hop", required_argument, NULL, 'h'}, {"mark", no_argument, NULL, 'm'},
	{"unmark", no_argument, NULL, 'u'}, {"withdraw", required_argument, NULL, 'w'}, {0}};

/* The command line. */
struct note_order {
	const char *path, *text, *file, *dir;
	bool mark, unmark;
	struct remark_order remark; /* trail 0: the note is about the case as a whole */
};

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

/* "note 7 on hop 3 of trail 1.2" */
static void say_remark(struct buf *out, int64_t seq, const struct fact_remark *f)
{
	struct buf act = {0};
	if (span_is(f->act, remark_word(REMARK_WITHDRAWN)))
		buf_addf(&act, "withdrew note %lld", (long long)f->withdraws);
	else if (span_is(f->act, remark_word(REMARK_NOTED)))
		buf_addf(&act, "note %lld", (long long)seq);
	else {
		buf_add_span(&act, f->act);
		buf_addf(&act, " (note %lld)", (long long)seq);
	}
	buf_add_str(&act, " on ");
	if (f->hop != FACT_NULL)
		buf_addf(&act, "hop %lld of ", (long long)f->hop);
	buf_addf(&act, "trail %lld.%lld", (long long)f->session, (long long)f->trail);
	/* Lines that somebody broke by hand. */
	struct buf text = {0};
	if (f->text.p == NULL && span_is(f->act, remark_word(REMARK_NOTED)))
		buf_add_str(&text, "(erased)");
	for (size_t i = 0; i < f->text.n; i++)
		buf_add_byte(&text, f->text.p[i] == '\n' ? ' ' : f->text.p[i]);
	say_one(out, f->at_us, buf_span(&act), f->operator_name, buf_span(&text), SPAN_NONE);
	buf_fini(&text);
	buf_fini(&act);
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
	if (kind == FACT_KIND_REMARK)
		say_remark(out, seq, fact);
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

static int note(const struct note_order *o)
{
	char companion[PATH_MAX];
	struct buf out = {0};
	struct err err;
	int64_t number = 0;
	bool about = o->remark.trail != 0 || o->remark.act == REMARK_WITHDRAWN;
	if (!(about ? remarked_put(o->path, o->dir, &o->remark, &number, &err)
		    : put(o->path, o->text, o->file, o->dir, &err)))
		return command_fail(&err);
	custody_companion(o->path, companion);
	buf_add_str(&out, o->file != NULL ? "Attached in " : "Noted in ");
	say_text(&out, span_str(companion));
	if (about)
		buf_addf(&out, " as number %lld", (long long)number);
	buf_add_str(&out, "; see: clicktrail note CASE\n");
	bool ok = output_write(NULL, NULL, &out, &err);
	buf_fini(&out);
	return ok ? EXIT_DONE : command_fail(&err);
}

static int take(const struct command *self, int c, const char *value, struct note_order *o)
{
	struct remark_order *r = &o->remark;
	struct err err = {0};
	size_t n = 0;
	if (c == 'a' && o->file != NULL)
		return command_usage(self, "--attach: give one file at a time");
	if (c == 'a')
		o->file = value;
	else if (c == 'd')
		o->dir = value;
	else if (c == 'm')
		o->mark = true;
	else if (c == 'u')
		o->unmark = true;
	else if (c == 't' && !value_trail(value, &r->session, &r->trail, &err))
		return command_usage(self, "--trail: \"%s\" is no trail like 1.3", value);
	else if (c == 'h' && !value_number(value, &r->hop, &err))
		return command_usage(self, "--hop: \"%s\" is no number from 1", value);
	else if (c == 'w' && !value_number(value, &n, &err))
		return command_usage(self, "--withdraw: \"%s\" is no number from 1", value);
	if (c == 'w')
		r->withdraws = (int64_t)n;
	return EXIT_DONE;
}

/* What is to be done follows from what was given. */
static int check(const struct command *self, struct note_order *o)
{
	struct remark_order *r = &o->remark;
	bool withdraws = r->withdraws != 0;
	if (o->mark + o->unmark + withdraws > 1)
		return command_usage(
			self, "give one of --mark, --unmark and --withdraw at a time");
	if (withdraws && (r->trail != 0 || r->hop != 0))
		return command_usage(self,
			"--withdraw: the number says what it is about, leave out "
			"--trail and --hop");
	if (r->trail == 0 && (r->hop != 0 || o->mark || o->unmark))
		return command_usage(self, "--hop, --mark, --unmark: say of which --trail");
	if (r->hop != 0 && (o->mark || o->unmark))
		return command_usage(
			self, "--mark and --unmark are about a trail, not about a hop");
	if (o->file != NULL && (r->trail != 0 || withdraws))
		return command_usage(
			self, "--attach is for the case as a whole, not for a trail");
	if (o->text == NULL && r->trail != 0 && !o->mark && !o->unmark)
		return command_usage(self, "give a text in quotes");
	if (o->text != NULL && span_trim(span_str(o->text), " \t\r\n").n == 0)
		return command_usage(self, "the note is empty");
	if (o->text != NULL && strlen(o->text) > CUSTODY_DETAIL_MAX)
		return command_usage(
			self, "the text has more than %d bytes", CUSTODY_DETAIL_MAX);
	r->act = withdraws   ? REMARK_WITHDRAWN
		 : o->mark   ? REMARK_MARKED
		 : o->unmark ? REMARK_UNMARKED
			     : REMARK_NOTED;
	r->text = o->text;
	return EXIT_DONE;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct note_order o = {.path = NULL};
	int code = EXIT_DONE;
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
		if (c == ':' || c == '?')
			return command_usage(self, "%s: %s", argv[optind - 1],
				c == ':' ? "a value is missing" : "there is no such option");
		code = take(self, c, optarg, &o);
		if (code != EXIT_DONE)
			return code;
	}
	int words = argc - optind;
	bool alone = o.file != NULL || o.mark || o.unmark || o.remark.withdraws != 0;
	bool listing = words == 1 && !alone && o.remark.trail == 0 && o.remark.hop == 0;
	if (words != 2 && words != 1)
		return command_usage(self, "give a case file, and a text in quotes");
	o.path = argv[optind];
	o.text = words == 2 ? argv[optind + 1] : NULL;
	code = listing ? EXIT_DONE : check(self, &o);
	if (code != EXIT_DONE)
		return code;
	return listing ? list(o.path) : note(&o);
}

const struct command command_note = {
	.name = "note",
	.args = "CASE [TEXT] [--trail N [--hop N]] [options]",
	.summary = "write a note about a case beside it; without a text, what was done with it",
	.details =
		"Goes into the case's companion (x.case: x.companion.case), under a seal of "
		"its "
		"own, where\nreports that were written by -o are noted too; the case itself "
		"stays as it is.\nCLICKTRAIL_OPERATOR says who. Without TEXT: who opened the "
		"case, noted, exported, replayed,\ncrosschecked, erased, destroyed packets or "
		"keys, and closed, and when, what is attached to it, and what\nwas said about "
		"its trails and hops. Behind -- a text may begin with a dash.\n\n"
		"  --trail N              the text is about this trail (1.3, or its number in "
		"session 1)\n"
		"  --hop N                about this hop of it; reports say it there\n"
		"  --mark, --unmark       this trail is the one that matters, or not after "
		"all; "
		"TEXT may say why\n"
		"  --withdraw N           note N, by its number in the list, is no longer "
		"meant: "
		"it stays, and\n"
		"                         reports leave it out\n"
		"  --attach FILE          keep a copy of a file with the note: a photo, a mail "
		"(at most 8 MiB)\n"
		"  --seal-dir DIR         where the signing key lies (default: "
		"~/.local/share/clicktrail/seal)",
	.run = run,
};
