/*
 * `clicktrail erase`: content is taken out of a case where it may not be kept; its commitment
 * and a signed fact that says who erased what, and why, stay. Never prints a value.
 */
#include "ui/cli/command.h"
#include "ui/cli/custody.h"
#include "ui/cli/erase_beside.h"
#include "ui/cli/erase_companion.h"
#include "ui/cli/output.h"
#include "ui/cli/sealing.h"
#include "ui/report/gather.h"
#include "ui/report/say.h"
#include "store/case_copy.h"
#include "store/erase_find.h"
#include "store/seal_erase.h"
#include "store/verdicts.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct erasing {
	const char *path, *copy, *dir, *reason;
	bool dry, keys, packets;
	struct arena arena;
	struct span *texts;
	size_t n_texts;
	struct erase_exchange *exchanges;
	size_t n_exchanges;
	int64_t *attachments;
	size_t n_attachments;
	struct erase_beside beside;
	struct erase_companion companion;
	bool nothing; /* was found to be erased */
};

/* ---- the command line ---- */

static const struct option longs[] = {{"match", required_argument, NULL, 'm'},
	{"exchange", required_argument, NULL, 'x'},
	{"attachment", required_argument, NULL, 'a'}, {"url", no_argument, NULL, 'u'},
	{"header", required_argument, NULL, 'h'}, {"request-body", no_argument, NULL, 'q'},
	{"response-body", no_argument, NULL, 'p'}, {"reason", required_argument, NULL, 'r'},
	{"dry-run", no_argument, NULL, 'n'}, {"output", required_argument, NULL, 'o'},
	{"keys", no_argument, NULL, 'k'}, {"packets", no_argument, NULL, 's'},
	{"seal-dir", required_argument, NULL, 'd'}, {0}};

static int add_text(const struct command *self, struct erasing *o, const char *text)
{
	struct span s = span_str(text);
	if (s.n < ERASE_MATCH_MIN)
		return command_usage(self,
			"--match: \"%s\" is too short, it would be found "
			"everywhere",
			text);
	ARENA_PUSH(&o->arena, o->texts, o->n_texts, s);
	return EXIT_DONE;
}

static int add_exchange(const struct command *self, struct erasing *o, const char *number)
{
	uint64_t n;
	if (!span_u64(span_str(number), &n) || n == 0 || n > INT32_MAX)
		return command_usage(self, "--exchange: \"%s\" is no number of one", number);
	struct erase_exchange x = {.exchange = (int64_t)n};
	ARENA_PUSH(&o->arena, o->exchanges, o->n_exchanges, x);
	return EXIT_DONE;
}

static int add_attachment(const struct command *self, struct erasing *o, const char *number)
{
	uint64_t n;
	if (!span_u64(span_str(number), &n) || n == 0 || n > INT64_MAX)
		return command_usage(self, "--attachment: \"%s\" is no number of one", number);
	ARENA_PUSH(&o->arena, o->attachments, o->n_attachments, (int64_t)n);
	return EXIT_DONE;
}

/* What belongs to the --exchange before it. */
static int add_part(const struct command *self, struct erasing *o, int c)
{
	if (o->n_exchanges == 0)
		return command_usage(self,
			"--url, --header, --request-body and --response-body "
			"stand behind the --exchange that they are about");
	struct erase_exchange *x = &o->exchanges[o->n_exchanges - 1];
	x->url |= c == 'u';
	x->request_body |= c == 'q';
	x->response_body |= c == 'p';
	if (c == 'h')
		ARENA_PUSH(&o->arena, x->headers, x->n_headers, optarg);
	return EXIT_DONE;
}

static int take(const struct command *self, struct erasing *o, int c)
{
	switch (c) {
	case 'm': return add_text(self, o, optarg);
	case 'x': return add_exchange(self, o, optarg);
	case 'a': return add_attachment(self, o, optarg);
	case 'r': o->reason = optarg; return EXIT_DONE;
	case 'o': o->copy = optarg; return EXIT_DONE;
	case 'd': o->dir = optarg; return EXIT_DONE;
	case 'n': o->dry = true; return EXIT_DONE;
	case 'k': o->keys = true; return EXIT_DONE;
	case 's': o->packets = true; return EXIT_DONE;
	default: return add_part(self, o, c);
	}
}

static void note_hit(void *ctx, size_t from, size_t to)
{
	(void)from, (void)to;
	*(bool *)ctx = true;
}

/* The erasure is kept, and so would be what it says. */
static bool says_it(const struct erasing *o, const char *words)
{
	bool any = false;
	for (size_t i = 0; i < o->n_texts && words != NULL; i++) {
		struct erase_match m;
		erase_match_init(&m, o->texts[i]);
		erase_match_in(&m, span_str(words), note_hit, &any);
		erase_match_fini(&m);
	}
	return any;
}

static bool has_values(const struct erasing *o)
{
	return o->n_texts > 0 || o->n_exchanges > 0 || o->n_attachments > 0;
}

static int check(const struct command *self, const struct erasing *o)
{
	if (!has_values(o) && !o->keys && !o->packets)
		return command_usage(self,
			"say what to erase: --match, --exchange, --attachment, --keys or "
			"--packets");
	if (!has_values(o) && o->copy != NULL)
		return command_usage(self, "--output: there is nothing to erase from a copy");
	for (size_t i = 0; i < o->n_exchanges; i++) {
		const struct erase_exchange *x = &o->exchanges[i];
		if (!x->url && !x->request_body && !x->response_body && x->n_headers == 0)
			return command_usage(self, "--exchange %lld: say what of it",
				(long long)x->exchange);
	}
	if (o->dry)
		return EXIT_DONE;
	if (o->reason == NULL || *o->reason == 0)
		return command_usage(self, "--reason: say why; it is kept with the erasure");
	if (says_it(o, o->reason))
		return command_usage(
			self, "--reason: it is kept, and holds what is to be erased");
	if (says_it(o, getenv("CLICKTRAIL_OPERATOR")))
		return command_usage(self,
			"CLICKTRAIL_OPERATOR: it is kept, and holds what is to "
			"be erased");
	return EXIT_DONE;
}

static int parse(const struct command *self, int argc, char **argv, struct erasing *o)
{
	int code = EXIT_DONE;
	opterr = 0;
	optind = 0;
	for (int c;
		code == EXIT_DONE && (c = getopt_long(argc, argv, ":o:", longs, NULL)) != -1;) {
		if (c == '?' || c == ':')
			return command_usage(self, "%s: %s", argv[optind - 1],
				c == ':' ? "a value is missing" : "there is no such option");
		code = take(self, o, c);
	}
	if (code != EXIT_DONE)
		return code;
	if (argc - optind != 1)
		return command_usage(self, "give one case file, not %d", argc - optind);
	o->path = argv[optind];
	return check(self, o);
}

/* ---- what is said ---- */

static void say_items(const struct erase_found *found, struct buf *out)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct erase_item *item = &found->items[i];
		const struct fact_info *info = fact_info(item->kind);
		buf_addf(out, "  fact %-6lld %s.%s", (long long)item->seq, info->name,
			info->fields[item->field].name);
		if (item->header.p != NULL) {
			buf_add_str(out, ", ");
			say_text(out, item->header);
		}
		buf_addf(out, ": %lld bytes\n", (long long)item->bytes);
	}
}

static void say_left(const struct erasing *o, const struct erase_found *found, struct buf *out)
{
	char companion[PATH_MAX];
	if (found->unsearched > 0) {
		struct buf line = {0};
		say_count(&line, found->unsearched, "body", "bodies");
		buf_add_str(&line,
			" could not be decoded whole: what is to be erased may be in "
			"there still. Name such a body by --exchange to erase it.");
		say_prose(out, "", "", buf_span(&line));
		buf_fini(&line);
	}
	if (found->in_info)
		say_prose(out, "", "",
			span_str("The operator's name in case_info holds it too, which is the "
				 "start "
				 "of the seal and cannot be erased."));
	if (o->dry || o->nothing)
		return;
	if (o->copy != NULL && custody_companion(o->path, companion) &&
		access(companion, F_OK) == 0) {
		struct buf line = {0};
		buf_addf(&line,
			"%s, which belongs to the case that this is a copy of, was not "
			"searched.",
			companion);
		say_prose(out, "", "", buf_span(&line));
		buf_fini(&line);
	}
	if (!o->keys && !o->packets && o->companion.of == NULL)
		say_prose(out, "", "", span_str("Only this file was changed."));
	say_prose(out, "", "",
		span_str(
			"Reports, exports, other copies of the case, backups and what the file "
			"system keeps hold what they held."));
	if (o->copy != NULL)
		say_prose(out, "", "",
			span_str("The case that this is a copy of still holds everything. The "
				 "log of "
				 "heads has the copy's new heads: against it the first one "
				 "verifies "
				 "no longer, for it lacks the erasure."));
	if (o->copy != NULL && o->beside.n > 0 && !o->keys && !o->packets)
		say_prose(out, "", "", span_str("So do the packets beside it."));
}

static void say_done(const struct erasing *o, const struct erase_found *found, int64_t n,
	bool closed, struct buf *out)
{
	say_text(out, span_str(o->copy != NULL && n > 0 ? o->copy : o->path));
	if (n == 0) {
		buf_addf(out, ": there was nothing to erase%s.\n",
			o->copy != NULL ? ", and no copy was made" : "");
	} else {
		buf_add_str(out, ": ");
		say_count(out, (size_t)n, "value was", "values were");
		buf_addf(out, " erased%s.\n", closed ? ", and it is closed again" : "");
		say_items(found, out);
	}
	say_left(o, found, out);
}

static void say_companion(const struct erasing *o, size_t n, const char *what, struct buf *out)
{
	if (o->companion.of == NULL)
		return;
	say_text(out, span_str(o->companion.path));
	buf_add_str(out, ": ");
	say_count(out, n, "value", "values");
	buf_addf(out, " %s, of what packets and notes say.\n", what);
	say_items(&o->companion.found, out);
}

/* ---- what is done ---- */

static struct erase_wish wish_of(const struct erasing *o)
{
	return (struct erase_wish){.texts = o->texts,
		.n_texts = o->n_texts,
		.exchanges = o->exchanges,
		.n_exchanges = o->n_exchanges,
		.attachments = o->attachments,
		.n_attachments = o->n_attachments};
}

static bool find(
	struct erasing *o, struct case_file *c, struct erase_found *found, struct err *err)
{
	struct erase_wish wish = wish_of(o);
	return erase_find(c, &wish, &o->arena, found, err);
}

/* A copy has a companion of its own, or none. */
static bool find_beside(struct erasing *o, struct case_file *c, const struct erase_found *found,
	struct err *err)
{
	struct erase_wish wish = wish_of(o);
	return o->copy != NULL ||
	       erase_companion_find(c, o->path, &wish, found, &o->arena, &o->companion, err);
}

/* The erased copy has no packets beside it. */
static bool stays_apart(const struct erasing *o)
{
	return o->copy != NULL && !erase_beside_same_folder(o->path, o->copy);
}

static bool dry_run(struct erasing *o, struct buf *out, struct err *err)
{
	struct erase_found found;
	struct case_file *c = case_open(o->path, err);
	bool ok = c != NULL && find(o, c, &found, err) &&
		  (!has_values(o) || find_beside(o, c, &found, err)) &&
		  erase_beside_find(c, &o->arena, true, &o->beside, err);
	if (ok && has_values(o)) {
		say_count(out, found.n, "value", "values");
		buf_add_str(out, " would be erased.\n");
		say_items(&found, out);
		say_companion(o, o->companion.found.n, "would be erased", out);
		say_left(o, &found, out);
	}
	if (ok)
		erase_beside_say(&o->beside, o->keys, o->packets, "Would be destroyed", out);
	struct err why = {0};
	if (ok && !stays_apart(o) &&
		!erase_beside_check(c, &o->beside, &found, o->keys, o->packets, &why))
		say_prose(out, "", "", span_str(why.detail));
	case_close(c);
	return ok;
}

static bool derive_anew(const char *path, struct writer *w, struct err *err)
{
	struct gather g;
	struct gather_counts counts = {0};
	bool ok = gather_open(&g, path, 0, err) && gather_store_anew(&g, 0, w, &counts, err);
	gather_close(&g);
	return ok;
}

/* Trails hold copies of addresses and quotes: they are derived anew from what is left. The file
 * is written anew in any case, for an erasure before this one may have been cut off. */
static bool erase_with(
	struct erasing *o, const char *path, struct writer *w, struct buf *out, struct err *err)
{
	struct case_about about;
	struct erase_found found;
	struct err late;
	int64_t n = 0;
	struct case_file *c = case_open(path, err);
	bool ok = c != NULL && case_about(c, &about, err) && find(o, c, &found, err);
	bool closed = ok && about.closed_us != FACT_NULL;
	case_close(c);
	bool erased = ok && erase_items(w, &found, o->reason, &o->arena, &n, err);
	ok = erased && (n == 0 || derive_anew(path, w, err)) &&
	     (!custody_is_companion(path) || writer_put_verdicts(w, true, NULL, 0, err));
	if (erased && !writer_scrub(w, ok ? err : &late))
		ok = false;
	o->nothing = n == 0;
	if (ok)
		say_done(o, &found, n, closed, out);
	if (closed && ok && chmod(path, 0400) != 0)
		ok = err_set_os(err, ERR_CASE_WRITE, errno, "%s", path);
	return ok;
}

static bool erase_in(struct erasing *o, const char *path, struct buf *out, struct err *err)
{
	struct sealing s;
	struct stat st;
	struct writer_options options = {.durability = DURABILITY_POWER,
		.keep_indexes = true,
		.closed_too = o->copy != NULL};
	/* A new case is not made by this. */
	if (lstat(path, &st) != 0)
		return err_set_os(err, ERR_CASE_OPEN, errno, "%s", path);
	bool ok = sealing_open(&s, o->dir, err);
	sealing_use(&s, &options);
	struct writer *w = ok ? writer_open(path, &options, err) : NULL;
	ok = w != NULL && erase_with(o, path, w, out, err);
	if (w != NULL && !writer_close(w, ok ? err : NULL))
		ok = false;
	sealing_close(&s);
	return ok;
}

static bool may_erase(struct erasing *o, struct err *err)
{
	struct sealing s;
	struct erase_found found;
	if (!sealing_dir(&s, o->dir, err))
		return false;
	struct case_file *c = case_open(o->path, err);
	bool ok = c != NULL && erase_holds(c, o->path, s.dir, err) &&
		  erase_beside_find(c, &o->arena, true, &o->beside, err);
	if (ok && has_values(o))
		ok = find(o, c, &found, err) &&
		     (stays_apart(o) || erase_beside_check(c, &o->beside, &found, o->keys,
						o->packets, err)) &&
		     find_beside(o, c, &found, err) &&
		     erase_companion_holds(&o->companion, s.dir, err);
	case_close(c);
	return ok;
}

static bool erase_values(struct erasing *o, struct buf *out, struct err *err)
{
	if (o->copy == NULL)
		return erase_in(o, o->path, out, err);
	if (!case_copy(o->path, o->copy, err))
		return false;
	bool ok = erase_in(o, o->copy, out, err);
	/* It is ours, and not what was asked for. */
	if (!ok || o->nothing)
		unlink(o->copy);
	return ok;
}

static bool erase(struct erasing *o, struct buf *out, struct err *err)
{
	size_t gone;
	int64_t n;
	if (o->dry)
		return dry_run(o, out, err);
	if (!may_erase(o, err) || (has_values(o) && !erase_values(o, out, err)))
		return false;
	if (o->companion.of != NULL) {
		if (!erase_companion_do(&o->companion, o->dir, o->reason, &o->arena, &n, err))
			return false;
		say_companion(o, (size_t)n, n == 1 ? "was erased" : "were erased", out);
	}
	if ((o->keys || o->packets) && !erase_beside_destroy(&o->beside, o->packets, o->path,
					       o->dir, o->reason, &gone, err))
		return false;
	erase_beside_say(&o->beside, o->keys, o->packets, "Destroyed", out);
	return true;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct erasing o = {.path = NULL};
	struct buf out = {0};
	struct err err;
	int code = parse(self, argc, argv, &o);
	if (code == EXIT_DONE &&
		(!erase(&o, &out, &err) || !output_write(NULL, NULL, &out, &err)))
		code = command_fail(&err);
	buf_fini(&out);
	arena_fini(&o.arena);
	return code;
}

const struct command command_erase = {
	.name = "erase",
	.args = "CASE --reason TEXT [--match TEXT] [--exchange N ...] [--keys|--packets] [-o "
		"NEW]",
	.summary = "take content out of a case lawfully; what it was committed to stays",
	.details =
		"Says who erased what and why, signed; `clicktrail verify` then says erased, "
		"not "
		"altered.\nCLICKTRAIL_OPERATOR says who. It cannot be undone. What the packets "
		"showed of "
		"it goes\nfrom the companion, too.\n\n"
		"  --match TEXT           every value in which TEXT occurs, also "
		"percent-encoded, in base64\n"
		"                         or hex, and bodies in which it does; repeatable\n"
		"  --exchange N           of that exchange what stands behind it; repeatable:\n"
		"    --url                its address, and the target in its request\n"
		"    --header NAME        the values of that header, request and responses\n"
		"    --request-body, --response-body\n"
		"  --attachment SEQ       a picture of the screen, a mail, a file: what it "
		"holds "
		"and is called;\n"
		"                         `clicktrail note CASE` lists them; repeatable\n"
		"  --keys                 the TLS secrets beside the case: what passed "
		"encrypted "
		"can no\n"
		"                         longer be read in the packets\n"
		"  --packets              the packet files beside the case, and the secrets\n"
		"  --reason TEXT          why; kept with the erasure\n"
		"  --dry-run              list what would be erased, change nothing\n"
		"  -o, --output NEW       erase from a copy; the only way for a closed case\n"
		"  --seal-dir DIR         where the signing key lies (default: "
		"~/.local/share/clicktrail/seal)",
	.run = run,
};
