#include "ui/cli/report_options.h"
#include "ui/cli/mmdb.h"
#include "ui/cli/options_value.h"
#include "ui/export/formats.h"
#include "ui/cli/report_pcapng.h"
#include "ui/cli/report_pdf.h"
#include "ui/report/html.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const struct report_format formats[] = {
	{"text", edition_text, true, false},
	{"html", edition_html, true, false},
	{"pdf", edition_pdf, true, true},
	{"json", edition_json, false, false},
	{"form", edition_form, true, false},
	{"eml", edition_eml, true, false},
	{"xarf", edition_xarf, false, false},
	{"misp", edition_misp, false, false},
	{"har", edition_har, false, false},
	{"wacz", edition_wacz, false, true},
	{"pcapng", edition_pcapng, false, true},
};
enum { FORMATS = sizeof formats / sizeof *formats };

const struct report_format *report_format_find(const char *name)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(name, formats[i].name) == 0)
			return &formats[i];
	return NULL;
}

void report_format_names(struct buf *out)
{
	for (size_t i = 0; i < FORMATS; i++)
		buf_addf(out, "%s%s", i > 0 ? ", " : "", formats[i].name);
}

enum {
	OPT_FORMAT = 256,
	OPT_OUTPUT,
	OPT_TRAIL,
	OPT_WRAPPERS,
	OPT_PARTY,
	OPT_REDACT,
	OPT_SECRET,
	OPT_DEFANG,
	OPT_NO_DEFANG,
	OPT_COARSE_TIME,
	OPT_WITHHOLD_EGRESS,
	OPT_DISCLOSE_OWN_TOKEN,
	OPT_CLASS,
	OPT_FRAUD_TYPE,
	OPT_BRAND,
	OPT_BRAND_SITE,
	OPT_SPAM_PROTOCOL,
	OPT_AS,
	OPT_TO,
	OPT_SUBJECT,
	OPT_REPORTER_ORG,
	OPT_REPORTER_EMAIL,
	OPT_REPORTER_DOMAIN,
	OPT_MMDB,
	OPT_ALL,
	OPT_WITH_PICTURES,
	OPT_WITH_KEYS,
	OPT_WITHOUT_NOTES,
};

/* Which commands take an option. */
enum { R = 1 << OPTIONS_REPORT, E = 1 << OPTIONS_EXPLAIN, B = 1 << OPTIONS_REBUILD };

static const struct row {
	const char *name;
	int has_value, code, commands;
} rows[] = {
	{"format", required_argument, OPT_FORMAT, R},
	{"output", required_argument, OPT_OUTPUT, R},
	{"trail", required_argument, OPT_TRAIL, R | E},
	{"wrappers", required_argument, OPT_WRAPPERS, R | E | B},
	{"party", required_argument, OPT_PARTY, R},
	{"redact", required_argument, OPT_REDACT, R},
	{"secret", required_argument, OPT_SECRET, R},
	{"defang", no_argument, OPT_DEFANG, R},
	{"no-defang", no_argument, OPT_NO_DEFANG, R},
	{"coarse-time", no_argument, OPT_COARSE_TIME, R},
	{"withhold-egress", no_argument, OPT_WITHHOLD_EGRESS, R},
	{"disclose-own-token", no_argument, OPT_DISCLOSE_OWN_TOKEN, R},
	{"class", required_argument, OPT_CLASS, R},
	{"fraud-type", required_argument, OPT_FRAUD_TYPE, R},
	{"brand", required_argument, OPT_BRAND, R},
	{"brand-site", required_argument, OPT_BRAND_SITE, R},
	{"spam-protocol", required_argument, OPT_SPAM_PROTOCOL, R},
	{"as", required_argument, OPT_AS, R},
	{"to", required_argument, OPT_TO, R},
	{"subject", required_argument, OPT_SUBJECT, R},
	{"reporter-org", required_argument, OPT_REPORTER_ORG, R},
	{"reporter-email", required_argument, OPT_REPORTER_EMAIL, R},
	{"reporter-domain", required_argument, OPT_REPORTER_DOMAIN, R},
	{"mmdb", required_argument, OPT_MMDB, R},
	{"all", required_argument, OPT_ALL, R},
	{"with-pictures", no_argument, OPT_WITH_PICTURES, R},
	{"with-keys", no_argument, OPT_WITH_KEYS, R},
	{"without-notes", no_argument, OPT_WITHOUT_NOTES, R},
};
enum { ROWS = sizeof rows / sizeof *rows };

static bool take_format(struct report_options *o, const char *value, struct err *err)
{
	struct buf names = {0};
	o->format = report_format_find(value);
	if (o->format != NULL)
		return true;
	report_format_names(&names);
	err_set(err, ERR_USAGE, "--format: \"%s\" is none of %.*s", value,
		(int)buf_span(&names).n, (const char *)buf_span(&names).p);
	buf_fini(&names);
	return false;
}

static bool take_number(const char *name, const char *value, size_t *out, struct err *err)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end != 0 || n == 0 || n > 100000)
		return err_set(err, ERR_USAGE, "%s: \"%s\" is no number from 1", name, value);
	*out = n;
	return true;
}

static bool take_redact(struct report_options *o, const char *value, struct err *err)
{
	for (int how = REDACT_KEYED; how <= REDACT_NONE; how++)
		if (strcmp(value, redact_word((enum redact_how)how)) == 0) {
			o->order.redact.how = (enum redact_how)how;
			return true;
		}
	return err_set(err, ERR_USAGE, "--redact: \"%s\" is none of keyed, strip, none", value);
}

static bool take_class(struct report_options *o, const char *value, struct err *err)
{
	for (int c = ABUSE_NONE + 1; c < ABUSE_CLASS_COUNT; c++)
		if (strcmp(value, abuse_class_word((enum abuse_class)c)) == 0) {
			o->order.abuse = (enum abuse_class)c;
			return true;
		}
	return err_set(err, ERR_USAGE,
		"--class: \"%s\" is none of phishing, malware, fraud, brand, spam", value);
}

static bool take_secret(struct report_options *o, const char *value, struct err *err)
{
	struct redact_order *r = &o->order.redact;
	if (r->n_secrets >= REPORT_SECRETS_MAX)
		return err_set(err, ERR_USAGE, "--secret: more than %d", REPORT_SECRETS_MAX);
	o->secrets[r->n_secrets++] = value;
	r->secrets = o->secrets;
	return true;
}

static bool take_mmdb(struct report_options *o, const char *value, struct err *err)
{
	struct err why = {0};
	if (o->n_mmdbs >= REPORT_MMDBS_MAX)
		return err_set(err, ERR_USAGE, "--mmdb: more than %d", REPORT_MMDBS_MAX);
	o->mmdbs[o->n_mmdbs++] = value;
	return mmdb_check(value, &why) || err_set(err, ERR_USAGE, "--mmdb: %s", why.detail);
}

static bool take_as(struct report_options *o, const char *value, struct err *err)
{
	o->order.as_xarf = strcmp(value, "xarf") == 0;
	return o->order.as_xarf || strcmp(value, "arf") == 0 ||
	       err_set(err, ERR_USAGE, "--as: \"%s\" is neither arf nor xarf", value);
}

static bool take_trail(struct report_options *o, const char *value, struct err *err)
{
	struct err why = {0};
	return value_trail(value, &o->order.session, &o->order.trail, &why) ||
	       err_set(err, ERR_USAGE, "--trail: \"%s\" is no trail like 1.3", value);
}

static bool take_wrappers(struct report_options *o, const char *value, struct err *err)
{
	struct err why = {0};
	wrapper_file_fini(&o->wrappers);
	return wrapper_file_read(&o->wrappers, value, &why) ||
	       err_set(err, ERR_USAGE, "--wrappers: %s", why.detail);
}

static bool take(struct report_options *o, int code, const char *value, struct err *err)
{
	struct edition_order *e = &o->order;
	switch (code) {
	case OPT_FORMAT: return take_format(o, value, err);
	case OPT_OUTPUT: o->file = value; break;
	case OPT_TRAIL: return take_trail(o, value, err);
	case OPT_WRAPPERS: return take_wrappers(o, value, err);
	case OPT_PARTY: return take_number("--party", value, &e->party, err);
	case OPT_REDACT: return take_redact(o, value, err);
	case OPT_SECRET: return take_secret(o, value, err);
	case OPT_DEFANG: o->defang = 1; break;
	case OPT_NO_DEFANG: o->defang = 0; break;
	case OPT_COARSE_TIME: e->coarse_time = true; break;
	case OPT_WITHHOLD_EGRESS: e->withhold_egress = true; break;
	case OPT_DISCLOSE_OWN_TOKEN: e->redact.disclose_own_token = true; break;
	case OPT_CLASS: return take_class(o, value, err);
	case OPT_FRAUD_TYPE: e->fraud_type = value; break;
	case OPT_BRAND: e->brand = value; break;
	case OPT_BRAND_SITE: e->brand_site = value; break;
	case OPT_SPAM_PROTOCOL: e->spam_protocol = value; break;
	case OPT_AS: return take_as(o, value, err);
	case OPT_TO: e->to = value; break;
	case OPT_SUBJECT: e->subject = value; break;
	case OPT_REPORTER_ORG: e->reporter.org = span_str(value); break;
	case OPT_REPORTER_EMAIL: e->reporter.email = span_str(value); break;
	case OPT_REPORTER_DOMAIN: e->reporter.domain = span_str(value); break;
	case OPT_MMDB: return take_mmdb(o, value, err);
	case OPT_ALL: o->all = value; break;
	case OPT_WITH_PICTURES: e->redact.with_pictures = true; break;
	case OPT_WITH_KEYS: e->with_keys = true; break;
	case OPT_WITHOUT_NOTES: e->without_remarks = true; break;
	default: break;
	}
	return true;
}

static const struct row *row_of(int c)
{
	if (c == 'f')
		return &rows[0];
	if (c == 'o')
		return &rows[1];
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].code == c)
			return &rows[i];
	return NULL;
}

/* What would be without effect is not passed over: somebody may rely on it. */
static int check_use(const struct command *self, const struct report_options *o)
{
	const struct edition_order *e = &o->order;
	bool mail = o->all != NULL || strcmp(o->format->name, "eml") == 0;
	if (e->redact.disclose_own_token && e->party == 0 && o->all == NULL)
		return command_usage(self,
			"--disclose-own-token: say whose, by --party or for all by --all");
	if (!mail && (e->as_xarf || e->to != NULL || e->subject != NULL))
		return command_usage(
			self, "--as, --to and --subject are for a mail (--format eml)");
	if (e->with_keys && (o->all != NULL || strcmp(o->format->name, "pcapng") != 0))
		return command_usage(self, "--with-keys is for packets (--format pcapng)");
	return EXIT_DONE;
}

bool report_format_whole(const struct report_format *f)
{
	return format_has_exchanges(f->write) || f->write == edition_pcapng;
}

int report_options_read(const struct command *self, enum report_command which, int argc,
	char **argv, struct report_options *o)
{
	struct option longs[ROWS + 1] = {0};
	struct err err;
	for (size_t i = 0; i < ROWS; i++)
		longs[i] = (struct option){rows[i].name, rows[i].has_value, NULL, rows[i].code};
	o->defang = -1;
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, ":f:o:", longs, NULL)) != -1;) {
		const struct row *row = row_of(c);
		if (c == ':' || row == NULL || (row->commands & 1 << which) == 0)
			return command_usage(self, "%s: %s", argv[optind - 1],
				c == ':' ? "a value is missing" : "there is no such option");
		if (!take(o, row->code, optarg, &err))
			return command_fail(&err);
	}
	if (argc - optind != 1)
		return command_usage(self, "give one case file, not %d", argc - optind);
	o->path = argv[optind];
	bool has_format = o->format != NULL;
	if (!has_format)
		o->format = report_format_find("text");
	o->order.defang = o->defang < 0 ? o->format->for_people : o->defang == 1;
	if (o->all != NULL && (o->file != NULL || o->order.party != 0 || has_format))
		return command_usage(self,
			"--all: it writes all formats for all parties; leave out "
			"--format, --party and -o");
	o->order.redact.party = o->order.party;
	return check_use(self, o);
}

void report_options_fini(struct report_options *o)
{
	wrapper_file_fini(&o->wrappers);
}

const char report_options_help[] =
	"Reads any case, also one that is being written at this moment.\n\n"
	"  --format F             text (default), html, pdf, json, form, eml, xarf, misp, har, "
	"wacz\n"
	"                         or pcapng: the packets of a recording with --pcap\n"
	"  -o, --output FILE      write there instead of to standard output\n"
	"  --all DIR              a folder with all formats but pcapng, and for each party "
	"what\n"
	"                         goes to its desk\n"
	"  --trail N              one trail only, by its id (1.3) or its number in session 1\n"
	"  --party N              for one party of the trail: its hops first, the others as "
	"context\n"
	"  --class C              what it is reported as: phishing, malware, fraud, brand, "
	"spam\n"
	"  --defang, --no-defang  addresses that nobody follows by accident (hxxp, [.]); on "
	"where people read\n"
	"  --mmdb FILE            networks and countries of addresses, by a database of yours; "
	"repeatable\n"
	"  --wrappers FILE        rules for links of your own tracker, beside the built-in "
	"ones\n"
	"  --without-notes        leave out what people noted about trails and hops\n\n"
	"What names a recipient:\n"
	"  --redact HOW           keyed (default): it becomes a tag, equal for equal values of "
	"a "
	"case;\n"
	"                         strip: one word for all; none\n"
	"  --secret STRING        hide this too, in whatever form it stands; repeatable\n"
	"  --disclose-own-token   with --party: tokens in that party's own links stay\n"
	"  --with-pictures        keep back no picture: somebody looked at what they show\n"
	"  --with-keys            pcapng: with the TLS secrets, which open all of it (needs "
	"--redact none)\n"
	"  --coarse-time          times to the hour\n"
	"  --withhold-egress      leave out the addresses that the requests came from\n\n"
	"Complaints (form, eml, xarf, misp):\n"
	"  --fraud-type T         of --class fraud, as XARF calls it: shopping, investment "
	"...\n"
	"  --brand NAME           that is imitated\n"
	"  --brand-site URL       where that brand really is (XARF wants it for --class "
	"brand)\n"
	"  --spam-protocol P      of --class spam: how the message came: smtp, sms, ...\n"
	"  --reporter-org NAME, --reporter-email ADDRESS, --reporter-domain DOMAIN\n"
	"                         who complains; the domain is the address's unless given\n"
	"  --as arf|xarf          what the mail holds for machines (eml; default arf)\n"
	"  --to ADDRESS           whom the mail goes to, instead of the party's own desk\n"
	"  --subject TEXT         its subject";
