#include "ui/web/report_wish.h"
#include "store/base/buf.h"
#include "ui/report/complaint.h"

#include <string.h>

enum { NAME_PART_MAX = 60, PARTY_MAX = 100000 };

const struct wish_format wish_formats[] = {
	{"text", "txt", "fits a mail: what happened first, then every hop", false, false,
		false},
	{"html", "html", "one page for people, with the trail drawn", false, false, false},
	{"pdf", "pdf", "that page, printed", false, false, false},
	{"json", "json", "for programs: everything that is known of the trail", false, false,
		false},
	{"form", "form.txt", "words for the boxes of a desk's web form", true, false, false},
	{"eml", "eml", "a mail to the party's desk, to be looked over and sent by you", true,
		true, true},
	{"xarf", "xarf.json", "for desks that take machine-readable reports (XARF 4)", true,
		false, true},
	{"misp", "misp.json", "an event for a MISP instance", false, false, false},
	{"har", "har", "the exchanges, for a browser's network panel", false, false, false},
	{"wacz", "wacz", "the pages as a web archive, to be replayed", false, false, false},
	{"pcapng", "pcapng", "the packets, if they were recorded; nothing in them is replaced",
		false, false, false},
	{NULL, NULL, NULL, false, false, false},
};
#define X(name, word) word,
static const char *const classes[] = {ABUSE_CLASSES(X) NULL};
#undef X
const char *const *const wish_classes = classes + 1; /* the first one is: not said */
static const char *const hows[] = {"keyed", "strip", "none", NULL};
static const char *const mails[] = {"arf", "xarf", NULL};

/* ---- in ---- */

static const char *text_of(struct arena *a, const struct web_form *f, const char *name)
{
	struct span s = span_trim(web_value(f, name), " \t\r\n");
	return s.n > 0 ? arena_str(a, s) : NULL;
}

/* NULL: it is none of the words. */
static const char *word_of(const struct web_form *f, const char *name, const char *const *words)
{
	struct span s = web_value(f, name);
	for (; *words != NULL; words++)
		if (span_is(s, *words))
			return *words;
	return NULL;
}

static bool is_set(const struct web_form *f, const char *name)
{
	return web_value(f, name).n > 0;
}

static void take_secrets(struct arena *a, struct span text, struct report_wish *out)
{
	const char **list = arena_alloc(a, WISH_SECRETS_MAX * sizeof *list);
	out->secrets = list;
	while (text.n > 0) {
		struct span line = span_first(text, span_find_byte(text, '\n', 0));
		text = span_from(text, line.n + 1);
		line = span_trim(line, " \t\r");
		if (line.n == 0)
			continue;
		if (out->n_secrets == WISH_SECRETS_MAX) {
			out->more_secrets = true;
			return;
		}
		list[out->n_secrets++] = arena_str(a, line);
	}
}

void report_wish_read(struct arena *a, const struct web_form *f, const char *case_path,
	const char *trail, struct report_wish *out)
{
	int64_t party = web_value_number(f, "party", 0);
	*out = (struct report_wish){.case_path = case_path,
		.trail = trail,
		.party = party <= PARTY_MAX ? (size_t)party : 0,
		.format = &wish_formats[0],
		.redact = word_of(f, "redact", hows),
		.abuse = word_of(f, "class", wish_classes),
		.fraud_type = word_of(f, "fraud_type", complaint_frauds),
		.brand = text_of(a, f, "brand"),
		.brand_site = text_of(a, f, "brand_site"),
		.spam_protocol = word_of(f, "spam_protocol", complaint_protocols),
		.org = text_of(a, f, "org"),
		.email = text_of(a, f, "email"),
		.as = word_of(f, "as", mails),
		.to = text_of(a, f, "to"),
		.subject = text_of(a, f, "subject"),
		.coarse_time = is_set(f, "coarse_time"),
		.withhold_egress = is_set(f, "withhold_egress"),
		.disclose_own_token = is_set(f, "disclose_own_token"),
		.with_pictures = is_set(f, "with_pictures"),
		.with_keys = is_set(f, "with_keys"),
		.without_notes = is_set(f, "without_notes"),
		.no_defang = is_set(f, "no_defang")};
	for (const struct wish_format *one = wish_formats; one->name != NULL; one++)
		if (span_is(web_value(f, "format"), one->name))
			out->format = one;
	if (out->redact == NULL)
		out->redact = hows[0];
	take_secrets(a, web_value(f, "secrets"), out);
}

/* ---- out ---- */

struct words {
	const char **list;
	size_t n;
	struct arena *a;
};

static void add(struct words *w, const char *word)
{
	w->list[w->n++] = word;
}

static void add_flag(struct words *w, const char *option, bool set)
{
	if (set)
		add(w, option);
}

/* One word with its option, for a value may begin with a dash. */
static void add_value(struct words *w, const char *option, const char *value)
{
	if (value != NULL)
		add(w, arena_printf(w->a, "%s=%s", option, value));
}

static void add_hiding(struct words *out, const struct report_wish *w, enum wish_run run)
{
	if (run == WISH_ORIGINAL) {
		add_value(out, "--redact", "none");
		return;
	}
	add_value(out, "--redact", w->redact);
	for (size_t i = 0; i < w->n_secrets; i++)
		add_value(out, "--secret", w->secrets[i]);
	add_flag(out, "--coarse-time", w->coarse_time);
	add_flag(out, "--withhold-egress", w->withhold_egress);
	add_flag(out, "--disclose-own-token", w->disclose_own_token);
	add_flag(out, "--with-pictures", w->with_pictures);
}

static void add_complaint(struct words *out, const struct report_wish *w)
{
	add_value(out, "--class", w->abuse);
	add_value(out, "--fraud-type", w->fraud_type);
	add_value(out, "--brand", w->brand);
	add_value(out, "--brand-site", w->brand_site);
	add_value(out, "--spam-protocol", w->spam_protocol);
	add_value(out, "--reporter-org", w->org);
	add_value(out, "--reporter-email", w->email);
}

const char *const *report_wish_argv(
	const struct report_wish *w, enum wish_run run, const char *file, struct arena *a)
{
	struct words out = {.list = arena_alloc(a, WISH_ARGS_MAX * sizeof(char *)), .a = a};
	bool makes = run == WISH_MAKE, all = run == WISH_ALL;
	bool mail = (makes && w->format->mail) || all;
	add(&out, "report");
	add_value(&out, "--trail", w->trail);
	if (w->party > 0 && !all)
		add_value(&out, "--party", arena_printf(a, "%zu", w->party));
	if (!all)
		add_value(&out, "--format", makes ? w->format->name : "text");
	add_hiding(&out, w, run);
	add_complaint(&out, w);
	add_value(&out, "--as", mail ? w->as : NULL);
	add_value(&out, "--to", makes && mail ? w->to : NULL);
	add_value(&out, "--subject", makes && mail ? w->subject : NULL);
	add_flag(&out, "--no-defang", w->no_defang);
	add_flag(&out, "--without-notes", w->without_notes);
	add_flag(&out, "--with-keys",
		w->with_keys && makes && strcmp(w->format->name, "pcapng") == 0);
	add_value(&out, all ? "--all" : "--output", makes || all ? file : NULL);
	add(&out, "--");
	add(&out, w->case_path);
	out.list[out.n] = NULL;
	return out.list;
}

/* ---- a name for it ---- */

static void add_part(struct buf *out, struct span s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n && n < NAME_PART_MAX; i++, n++) {
		uint8_t c = s.p[i];
		bool plain = ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '_' ||
			     (c == '.' && n > 0);
		buf_add_byte(out, plain ? c : '-');
	}
}

const char *report_wish_name(const struct report_wish *w, struct span party, struct arena *a)
{
	const char *slash = strrchr(w->case_path, '/');
	struct span name = span_str(slash != NULL ? slash + 1 : w->case_path);
	struct buf b = {0};
	if (span_ends_nocase(name, ".case"))
		name.n -= strlen(".case");
	add_part(&b, name);
	buf_addf(&b, "-trail-%s", w->trail);
	if (w->party > 0) {
		buf_addf(&b, "-party-%zu-", w->party);
		add_part(&b, party);
	}
	const char *s = arena_str(a, buf_span(&b));
	buf_fini(&b);
	return s;
}
