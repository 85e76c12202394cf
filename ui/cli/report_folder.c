#include "ui/cli/report_folder.h"
#include "ui/cli/custody.h"
#include "ui/cli/output.h"
#include "ui/cli/report_reading.h"
#include "ui/report/bundle_parts.h"
#include "ui/report/say.h"
#include "store/base/codec.h"
#include "store/base/log.h"

#include <stdio.h>

/* What goes into the folder, of the formats that there are. */
static const struct kind {
	const char *format, *ending;
	bool whole, trail, party; /* of the case, of each trail, for each party of it */
} kinds[] = {
	{"html", "html", true, false, true},
	{"pdf", "pdf", true, false, false},
	{"text", "txt", true, false, true},
	{"json", "json", true, false, false},
	{"eml", "eml", false, false, true},
	{"xarf", "xarf.json", false, false, true},
	{"form", "form.txt", false, false, true},
	{"misp", "misp.json", false, true, false},
	{"har", "har", true, false, false},
	{"wacz", "wacz", true, false, false},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct one {
	int64_t session, trail; /* 0: all */
	size_t party;           /* 0: all */
	bool whole;             /* of the whole case, or what was asked for of it */
	const char *name;       /* of its files, without an ending */
	struct span about;      /* the party, as people read it */
};

struct folder {
	const struct report_options *options;
	struct bundle_folder files;
	struct one *ones;
	size_t n_ones;
	bool more; /* parties were left out */
	struct arena arena;
	struct buf list;
	size_t n_made, n_failed;
};

/* A party's name for a file: what is no letter, digit, dot or hyphen becomes '-'. */
static const char *file_word(struct arena *a, struct span name)
{
	char *word = arena_str(a, span_first(name, REPORT_FOLDER_NAME_MAX));
	for (char *c = word; *c != 0; c++)
		if (!ascii_alpha((uint8_t)*c) && !ascii_digit((uint8_t)*c) && *c != '.' &&
			*c != '-')
			*c = '-';
	return word;
}

static void add_trail(struct folder *f, const struct report_trail *t)
{
	if (f->n_ones > REPORT_FOLDER_PARTIES_MAX) {
		f->more = true;
		return;
	}
	struct one all = {.session = t->trail->session,
		.trail = (int64_t)t->trail->number,
		.name = arena_printf(&f->arena, "trail-%s", t->id),
		.about = span_str(arena_printf(&f->arena, "trail %s", t->id))};
	ARENA_PUSH(&f->arena, f->ones, f->n_ones, all);
	for (size_t i = 0; i < t->parties.n; i++) {
		const struct report_party *p = &t->parties.list[i];
		if (f->n_ones > REPORT_FOLDER_PARTIES_MAX) {
			f->more = true;
			return;
		}
		struct one one = {.session = t->trail->session,
			.trail = (int64_t)t->trail->number,
			.party = p->n,
			.name = arena_printf(&f->arena, "trail-%s-party-%zu-%s", t->id, p->n,
				file_word(&f->arena, p->name)),
			.about = arena_copy(&f->arena, p->name)};
		ARENA_PUSH(&f->arena, f->ones, f->n_ones, one);
	}
}

/* Who there is to write to. */
static bool look(struct folder *f, struct err *err)
{
	const struct edition_order *o = &f->options->order;
	struct one whole = {.session = o->session,
		.trail = o->trail,
		.whole = true,
		.name = "report",
		.about = span_str(o->session == 0 ? "the whole case" : "what was asked for")};
	struct report_reading x;
	bool ok = report_reading_open(&x, f->options, o, false, err);
	ARENA_PUSH(&f->arena, f->ones, f->n_ones, whole);
	for (size_t i = 0; ok && i < x.report.n_trails; i++)
		add_trail(f, &x.report.trails[i]);
	report_reading_close(&x);
	return ok;
}

static bool write_one(struct folder *f, const struct one *one,
	const struct report_format *format, struct buf *out, struct err *err)
{
	struct edition_order order = f->options->order;
	struct report_reading x;
	order.session = one->session;
	order.trail = one->trail;
	order.party = order.redact.party = one->party;
	order.may_lack_to = true;
	if (f->options->defang < 0)
		order.defang = format->for_people;
	bool ok =
		report_reading_open(&x, f->options, &order, report_format_whole(format), err) &&
		report_edition(&x, &order, format, out, err);
	report_reading_close(&x);
	return ok;
}

#define NO_TO                                                                                  \
	": a draft without an address, for nobody is known (clicktrail lookup asks for it)"

static bool lacks_to(const struct kind *kind, const struct buf *mail)
{
	struct span head =
		span_first(buf_span(mail), span_find(buf_span(mail), span_str("\r\n\r\n"), 0));
	return strcmp(kind->format, "eml") == 0 &&
	       span_find(head, span_str("\r\nTo: "), 0) == SIZE_MAX;
}

/* What could not be made is no reason to give up the rest: the list says why. */
static bool put_one(
	struct folder *f, const struct one *one, const struct kind *kind, struct err *err)
{
	const struct report_format *format = report_format_find(kind->format);
	struct buf out = {0};
	struct err why = {0};
	bool ok = true;
	if (format == NULL)
		return true;
	const char *name = arena_printf(&f->arena, "%s.%s", one->name, kind->ending);
	if (write_one(f, one, format, &out, &why)) {
		ok = bundle_folder_put(&f->files, name, buf_span(&out), err);
		buf_addf(&f->list, "%s%s\n", name, lacks_to(kind, &out) ? NO_TO : "");
		f->n_made++;
	} else {
		buf_addf(&f->list, "%s was not made: ", name);
		say_text(&f->list, span_str(why.detail));
		buf_add_byte(&f->list, '\n');
		f->n_failed++;
	}
	buf_fini(&out);
	return ok;
}

static bool put_all(struct folder *f, struct err *err)
{
	for (size_t i = 0; i < f->n_ones; i++) {
		const struct one *one = &f->ones[i];
		buf_add_str(&f->list, i > 0 ? "\nFor " : "For ");
		say_text(&f->list, one->about);
		buf_add_str(&f->list, ":\n");
		for (size_t k = 0; k < KINDS; k++) {
			bool wanted = one->whole        ? kinds[k].whole
				      : one->party == 0 ? kinds[k].trail
							: kinds[k].party;
			if (wanted && !put_one(f, one, &kinds[k], err))
				return false;
		}
	}
	if (f->more)
		buf_addf(&f->list,
			"\nThere are more than %d parties and trails; the others are left out: "
			"name them with --trail and --party.\n",
			REPORT_FOLDER_PARTIES_MAX);
	return bundle_folder_put(&f->files, "README.txt", buf_span(&f->list), err) &&
	       bundle_folder_end(&f->files, err);
}

static void note(const struct folder *f)
{
	char detail[PATH_MAX + 64];
	uint8_t digest[SHA256_LEN];
	struct err err;
	if (custody_is_companion(f->options->path))
		return;
	sha256(buf_span(&f->list), digest);
	snprintf(detail, sizeof detail, "report --all: %zu files, %s", f->n_made,
		f->files.named);
	if (!custody_put(f->options->path, NULL, CUSTODY_EXPORTED, detail, digest, &err))
		log_error("the export is not noted beside the case: %s: %s",
			err_sentence(err.kind), err.detail);
}

static bool tell(const struct folder *f, struct err *err)
{
	struct buf out = {0};
	say_count(&out, f->n_made, "report", "reports");
	buf_add_str(&out, " in ");
	say_text(&out, span_str(f->files.named));
	if (f->n_failed > 0)
		buf_addf(&out, "; %zu could not be made, see README.txt there", f->n_failed);
	buf_add_str(&out, "\n");
	bool ok = output_write(NULL, NULL, &out, err);
	buf_fini(&out);
	return ok;
}

int report_folder(const struct report_options *o, const char *dir)
{
	struct folder f = {.options = o};
	struct err err;
	bool read = look(&f, &err);
	int code = read ? EXIT_DONE : command_fail_reading(&err);
	if (read) {
		if (bundle_folder_open(&f.files, dir, &err) && put_all(&f, &err)) {
			note(&f);
			code = tell(&f, &err) ? EXIT_DONE : command_fail(&err);
		} else {
			code = command_fail(&err);
		}
		bundle_folder_close(&f.files);
	}
	buf_fini(&f.list);
	arena_fini(&f.arena);
	return code;
}
