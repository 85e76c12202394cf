#include "ui/cli/options.h"
#include "ui/cli/mmdb.h"
#include "ui/cli/options_value.h"
#include "ui/browser/browser.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

typedef bool option_take(struct options *o, const char *value, struct err *err);

struct option_row {
	const char *name;
	const char *arg; /* NULL: takes none */
	unsigned commands;
	option_take *take;
	const char *help;
};

static void add_word(struct options_words *w, const char *word)
{
	const char **items = realloc(w->items, (w->n + 2) * sizeof *items);
	if (items == NULL)
		abort();
	w->items = items;
	w->items[w->n++] = word;
	w->items[w->n] = NULL;
}

/* An option that takes no value. */
#define TAKE_FLAG(name)                                                                        \
	static bool take_##name(struct options *o, const char *value, struct err *err)         \
	{                                                                                      \
		(void)value, (void)err;                                                        \
		o->name = true;                                                                \
		return true;                                                                   \
	}

static bool take_case(struct options *o, const char *value, struct err *err)
{
	if (value[0] == 0)
		return err_set(err, ERR_USAGE, "\"\" is not a file name");
	o->case_path = value;
	return true;
}

static bool take_browser(struct options *o, const char *value, struct err *err)
{
	o->has_browser = true;
	if (strcmp(value, "firefox") == 0)
		o->browser = OPTIONS_FIREFOX;
	else if (strcmp(value, "chromium") == 0)
		o->browser = OPTIONS_CHROMIUM;
	else if (strcmp(value, "none") == 0)
		o->browser = OPTIONS_NONE;
	else
		return err_set(
			err, ERR_USAGE, "\"%s\" is none of firefox, chromium, none", value);
	return true;
}

TAKE_FLAG(show)

static bool take_settle(struct options *o, const char *value, struct err *err)
{
	return value_seconds(value, OPTIONS_SECONDS_MAX, &o->settle_us, err);
}

static bool take_timeout(struct options *o, const char *value, struct err *err)
{
	return value_seconds(value, OPTIONS_SECONDS_MAX, &o->timeout_us, err);
}

TAKE_FLAG(dry_run)

static bool take_user_agent(struct options *o, const char *value, struct err *err)
{
	o->user_agent = value;
	return value_line(value, OPTIONS_WORD_MAX, err);
}

static bool take_language(struct options *o, const char *value, struct err *err)
{
	o->language = value;
	return value_language(value, err);
}

static bool take_timezone(struct options *o, const char *value, struct err *err)
{
	o->timezone = value;
	return value_timezone(value, err);
}

static bool take_referer(struct options *o, const char *value, struct err *err)
{
	free(o->referer);
	o->referer = NULL;
	/* What the first round of `again` had can be left out again. */
	return value[0] == 0 || value_referer(value, &o->referer, err);
}

static bool take_device(struct options *o, const char *value, struct err *err)
{
	struct buf known = {0};
	o->device = value;
	for (const char *const *d = browser_devices; *d != NULL; d++) {
		if (strcmp(value, *d) == 0) {
			buf_fini(&known);
			return true;
		}
		buf_addf(&known, " %s", *d);
	}
	char *list = buf_take_str(&known);
	err_set(err, ERR_USAGE, "\"%s\" is none of the devices we know:%s", value, list);
	free(list);
	return false;
}

static bool take_via(struct options *o, const char *value, struct err *err)
{
	o->has_via = true;
	return via_parse(value, &o->via, err);
}

static bool take_mmdb(struct options *o, const char *value, struct err *err)
{
	o->mmdb = value;
	return mmdb_check(value, err);
}

static bool take_replace(struct options *o, const char *value, struct err *err)
{
	const char *equals = strchr(value, '=');
	if (equals == NULL || equals == value)
		return err_set(err, ERR_USAGE, "\"%s\" is not OLD=NEW", value);
	add_word(&o->replace, value);
	return true;
}

static bool take_link(struct options *o, const char *value, struct err *err)
{
	return value_number(value, &o->link, err);
}

static bool take_message(struct options *o, const char *value, struct err *err)
{
	return value_number(value, &o->message, err);
}

TAKE_FLAG(list)
TAKE_FLAG(yes)

static bool take_connect_to(struct options *o, const char *value, struct err *err)
{
	add_word(&o->connect_to_words, value);
	return connect_to_add(&o->connect_to, value, err);
}

static bool take_cacert(struct options *o, const char *value, struct err *err)
{
	o->cacert = value;
	return value_pem(value, err);
}

static bool take_allow_net(struct options *o, const char *value, struct err *err)
{
	add_word(&o->allow_net_words, value);
	return policy_allow(&o->policy, value, err);
}

static bool take_permit(struct options *o, const char *value, struct err *err)
{
	add_word(&o->permit_bad_cert, value);
	return value_host(value, err);
}

static bool take_durability(struct options *o, const char *value, struct err *err)
{
	if (strcmp(value, "power") == 0)
		o->durability = DURABILITY_POWER;
	else if (strcmp(value, "crash") == 0)
		o->durability = DURABILITY_CRASH;
	else
		return err_set(err, ERR_USAGE, "\"%s\" is neither power nor crash", value);
	return true;
}

static bool take_max_body(struct options *o, const char *value, struct err *err)
{
	return value_size(value, &o->max_body, err);
}

TAKE_FLAG(no_bodies)
TAKE_FLAG(no_sandbox)
TAKE_FLAG(no_screenshot)
TAKE_FLAG(no_intercept)
TAKE_FLAG(pcap)
TAKE_FLAG(as_of)

static bool take_listen(struct options *o, const char *value, struct err *err)
{
	o->listen_word = value;
	o->has_listen = true;
	return value_address(value, &o->listen, err);
}

static bool take_ui(struct options *o, const char *value, struct err *err)
{
	o->has_ui = true;
	return value_loopback(value, &o->ui, err);
}

static bool take_client(struct options *o, const char *value, struct err *err)
{
	if (o->n_clients == OPTIONS_CLIENTS_MAX)
		return err_set(err, ERR_USAGE, "\"%s\" is one more than the %d ranges we take",
			value, OPTIONS_CLIENTS_MAX);
	add_word(&o->allow_client_words, value);
	return policy_net_parse(value, &o->clients[o->n_clients++], err);
}

static bool take_password(struct options *o, const char *value, struct err *err)
{
	return value_password(value, o->password, sizeof o->password, err);
}

static bool take_only(struct options *o, const char *value, struct err *err)
{
	add_word(&o->only, value);
	return value_host(value, err);
}

static bool take_wrappers(struct options *o, const char *value, struct err *err)
{
	wrapper_file_fini(&o->wrappers);
	return wrapper_file_read(&o->wrappers, value, err);
}

static bool take_instrument(struct options *o, const char *value, struct err *err)
{
	o->instrument = value;
	return value[0] != 0 || err_set(err, ERR_USAGE, "\"\" is not a file name");
}

static bool take_trail(struct options *o, const char *value, struct err *err)
{
	return value_trail(value, &o->trail_session, &o->trail, err);
}

TAKE_FLAG(strict)

static bool take_pace(struct options *o, const char *value, struct err *err)
{
	if (strcmp(value, "fast") == 0)
		o->pace = REPLAY_FAST;
	else if (strcmp(value, "original") == 0)
		o->pace = REPLAY_ORIGINAL;
	else
		return err_set(err, ERR_USAGE, "\"%s\" is neither fast nor original", value);
	return true;
}

TAKE_FLAG(json)

static bool take_dns_servers(struct options *o, const char *value, struct err *err)
{
	o->dns_servers = value;
	return value_line(value, OPTIONS_WORD_MAX, err);
}

static bool take_egress(struct options *o, const char *value, struct err *err)
{
	struct in6_addr any;
	o->egress = value;
	return inet_pton(AF_INET, value, &any) == 1 || inet_pton(AF_INET6, value, &any) == 1 ||
	       err_set(err, ERR_USAGE, "\"%s\" is no IP address", value);
}

static bool take_seal_dir(struct options *o, const char *value, struct err *err)
{
	if (value[0] == 0)
		return err_set(err, ERR_USAGE, "\"\" is not a folder");
	o->seal_dir = value;
	return true;
}

static bool take_timestamp(struct options *o, const char *value, struct err *err)
{
	return stamping_url(&o->stamping, value, err);
}

static bool take_timestamp_ca(struct options *o, const char *value, struct err *err)
{
	return stamping_certs(&o->stamping, value, err);
}

static bool take_timestamp_crl(struct options *o, const char *value, struct err *err)
{
	return stamping_crls(&o->stamping, value, err);
}

static bool take_ca_dir(struct options *o, const char *value, struct err *err)
{
	if (value[0] == 0)
		return err_set(err, ERR_USAGE, "\"\" is not a folder");
	o->ca_dir = value;
	return true;
}

#define T OPTIONS_TRACE
#define P OPTIONS_PROXY
#define D OPTIONS_DEMO
#define A OPTIONS_AGAIN
#define R OPTIONS_REPLAY
static const struct option_row rows[] = {
	{"case", "FILE", R, take_case,
		"keep what this replay records (default: it is not kept)"},
	{"case", "FILE", T | P | D, take_case,
		"the case to write (default: a dated name here); an open case gets a new "
		"session"},
	{"browser", "NAME", T | A | D | R, take_browser,
		"firefox (default), chromium, or none: follows HTTP redirects, Refresh and "
		"meta "
		"refresh, no script"},
	{"show", NULL, T | A | D | R, take_show,
		"show the browser's window; the trace ends when it is closed"},
	{"settle", "S", T | A | D | R, take_settle,
		"the trail has ended when nothing moved for S seconds (default 5)"},
	{"timeout", "S", T | A | D | R, take_timeout, "give up after S seconds (default 60)"},
	{"dry-run", NULL, T | A, take_dry_run,
		"prove everything, decode the link, say what would be sent; contact nobody"},
	{"user-agent", "TEXT", T | A | R, take_user_agent, "what the browser calls itself"},
	{"language", "LIST", T | A | R, take_language,
		"languages it asks for, like de or en-US,en;q=0.5"},
	{"timezone", "ZONE", T | A | R, take_timezone,
		"the zone its scripts see, like Europe/Berlin"},
	{"referer", "URL", T | A | R, take_referer,
		"the page that the browser says it comes from; \"\" for none"},
	{"device", "NAME", T | A | R, take_device,
		"dress the browser up as linux, windows, mac, android or iphone"},
	{"via", "URL", T | A | P, take_via,
		"reach origins through this proxy: socks5h://host:port or http://host:port"},
	{"mmdb", "FILE", T | A, take_mmdb,
		"the country of the exit's address by this database (MaxMind DB format)"},
	{"replace", "OLD=NEW", T | A, take_replace,
		"change a string in the link before it is sent; repeatable"},
	{"link", "N", T, take_link,
		"of a mail, or a picture with QR codes: the link to trace, by its number"},
	{"list", NULL, T, take_list,
		"of a mail, or a picture with QR codes: list its links and open none"},
	{"message", "N", T, take_message,
		"of a mail that carries others: which one's links (1: the file itself)"},
	{"yes", NULL, T, take_yes,
		"open a link of a mail although it acts, or may act, for the recipient"},
	{"connect-to", "H1:P1:H2:P2", T | A | P, take_connect_to,
		"send what is meant for H1:P1 to H2:P2 (as curl does); repeatable"},
	{"cacert", "FILE", T | A | P, take_cacert,
		"additional trust anchors toward origins (PEM)"},
	{"allow-net", "CIDR", T | A | P, take_allow_net,
		"let the proxy reach an address range that is refused by default; repeatable"},
	{"permit-bad-cert", "HOST|ANY", T | A | P, take_permit,
		"go on although this host's certificate does not verify; repeatable"},
	{"dns-servers", "IP,...", T | A | P, take_dns_servers, "ask these name servers"},
	{"durability", "power|crash", T | A | P | R, take_durability,
		"survive power loss (default), or only crashes, and faster"},
	{"max-body", "SIZE", T | A | P, take_max_body,
		"store at most this much of one body (default 256M); the rest is hashed"},
	{"no-bodies", NULL, T | A | P, take_no_bodies, "store no bodies, only their hashes"},
	{"no-sandbox", NULL, T | A | D | R, take_no_sandbox,
		"run the browser without namespaces; recorded"},
	{"no-intercept", NULL, T | A | D, take_no_intercept,
		"let the browser's own TLS through untouched, and read it by packets and the "
		"browser's keys"},
	{"no-screenshot", NULL, T | A | D | R, take_no_screenshot,
		"take no picture of the browser's private screen"},
	{"pcap", NULL, T | A | P | D, take_pcap,
		"record packets of both sides beside the case, with the keys to read them"},
	{"as-of", NULL, R, take_as_of,
		"the browser's clock stands at the time of capture, and runs on from there"},
	{"listen", "A:P", P | R, take_listen, "where to listen (default 127.0.0.1:8080)"},
	{"allow-client", "CIDR", P | R, take_client,
		"who may use the proxy, needed beyond loopback, with a password; repeatable"},
	{"password-file", "FILE", P | R, take_password,
		"user:password that clients must give (or in CLICKTRAIL_PASSWORD)"},
	{"ui", "A:P", T | A | P | D | R, take_ui,
		"open the web window too, at a loopback address (port 0: any that is free)"},
	{"only", "HOST", P, take_only,
		"record only this host and pass the rest unread; repeatable"},
	{"wrappers", "FILE", T | A | P | R, take_wrappers,
		"rules for links of your own tracker, beside the built-in ones"},
	{"ca-dir", "DIR", T | A | P | D | R, take_ca_dir,
		"where the certificate authority is kept"},
	{"egress", "IP", T | A | P, take_egress,
		"the address by which this machine goes out, as you know it; recorded"},
	{"seal-dir", "DIR", T | A | P | D | R, take_seal_dir,
		"where the signing key and the log of heads are kept"},
	{"timestamp", "URL", T | A | P, take_timestamp,
		"ask this authority (RFC 3161) for a timestamp over the last head"},
	{"timestamp-ca", "FILE", T | A | P, take_timestamp_ca,
		"its certificates up to its root (PEM), kept with the timestamp"},
	{"timestamp-crl", "FILE", T | A | P, take_timestamp_crl,
		"its revocation lists (PEM), kept with the timestamp"},
	{"instrument", "PATH", T, take_instrument,
		"give the browser an automation port, reached by this Unix socket; pages can "
		"tell"},
	{"trail", "N", R, take_trail,
		"the trail to walk, like 2 or 1.2; its session's answers alone are given"},
	{"strict", NULL, R, take_strict,
		"answer nothing but what was asked exactly so when it was recorded"},
	{"pace", "fast|original", R, take_pace,
		"answer at once (default), or with the recorded delays"},
	{"json", NULL, T | A | D | R, take_json, "print the JSON report instead of text"},
};
#undef T
#undef P
#undef D
#undef A
#undef R
enum { ROWS = sizeof rows / sizeof *rows };

const char *options_name(size_t i, unsigned *commands, bool *takes_value)
{
	if (i >= ROWS)
		return NULL;
	*commands = rows[i].commands;
	*takes_value = rows[i].arg != NULL;
	return rows[i].name;
}

void options_help(unsigned command, struct buf *out)
{
	for (size_t i = 0; i < ROWS; i++) {
		char left[64];
		if ((rows[i].commands & command) == 0)
			continue;
		snprintf(left, sizeof left, "--%s%s%s", rows[i].name,
			rows[i].arg != NULL ? " " : "", rows[i].arg != NULL ? rows[i].arg : "");
		buf_addf(out, "  %-26s %s\n", left, rows[i].help);
	}
}

/* Names that getopt would complete for us are refused: what a script relies on must not change
 * its meaning when an option is added. `word` is the argument as it was written. */
static bool is_whole_name(const char *word, const char *name)
{
	size_t n = strlen(name);
	return strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, n) == 0 &&
	       (word[2 + n] == 0 || word[2 + n] == '=');
}

static bool take_row(
	struct options *o, const struct option_row *row, const char *value, struct err *err)
{
	struct err why = {0};
	if (row->take(o, value, &why))
		return true;
	return err_set(err, ERR_USAGE, "--%s: %s", row->name, why.detail);
}

bool options_parse(struct options *o, int argc, char **argv, int *rest, struct err *err)
{
	struct option longs[ROWS + 1] = {0};
	int row_of[ROWS], n = 0;
	for (int i = 0; i < ROWS; i++) {
		if ((rows[i].commands & o->command) == 0)
			continue;
		row_of[n] = i;
		longs[n++] = (struct option){rows[i].name,
			rows[i].arg != NULL ? required_argument : no_argument, NULL, 0};
	}
	opterr = 0;
	optind = 0; /* GNU: start anew */
	for (;;) {
		int index = -1, at = optind > 0 ? optind : 1;
		int c = getopt_long(argc, argv, "+:", longs, &index);
		if (c == -1)
			break;
		if (c == ':')
			return err_set(err, ERR_USAGE, "%s needs a value", argv[at]);
		if (c != 0 || index < 0 || !is_whole_name(argv[at], longs[index].name))
			return err_set(err, ERR_USAGE, "there is no option %s here", argv[at]);
		const char *value = optarg != NULL ? optarg : "";
		if (!take_row(o, &rows[row_of[index]], value, err))
			return false;
	}
	*rest = optind;
	return true;
}
