/*
 * The options that trace, again, proxy, replay and demo share: one table of rows gives the
 * parser, the help text and the record of what was in effect. Values are checked here, so that
 * a bad one is exit 1 with its name before anything is touched. Strings are borrowed from argv,
 * but what is said to be owned. Main thread.
 */
#ifndef UI_CLI_OPTIONS_H
#define UI_CLI_OPTIONS_H

#include "proxy/connect_to.h"
#include "proxy/policy.h"
#include "proxy/replay.h"
#include "proxy/via.h"
#include "store/writer.h"
#include "ui/cli/stamping.h"
#include "ui/cli/wrapper_file.h"

/* Which commands an option belongs to. */
enum {
	OPTIONS_TRACE = 1u,
	OPTIONS_PROXY = 2u,
	OPTIONS_DEMO = 4u,
	OPTIONS_AGAIN = 8u,
	OPTIONS_REPLAY = 16u,
};

enum options_browser { OPTIONS_FIREFOX, OPTIONS_CHROMIUM, OPTIONS_NONE };
const char *options_browser_word(enum options_browser b);

/* A list of words, ended by NULL. The list is owned, the words are borrowed. */
struct options_words {
	const char **items;
	size_t n;
};

enum {
	OPTIONS_SETTLE_S = 5,
	OPTIONS_TIMEOUT_S = 60,
	OPTIONS_SECONDS_MAX = 86400,
	OPTIONS_BODY_MB = 256,
	OPTIONS_CLIENTS_MAX = 32,
	OPTIONS_PASSWORD_MAX = 256,
	OPTIONS_WORD_MAX = 1024, /* bytes of a user agent, a language, ... */
};

struct options {
	unsigned command;      /* OPTIONS_TRACE, ... */
	const char *case_path; /* NULL: a dated name */
	enum options_browser browser;
	bool has_browser;     /* one was named */
	size_t link, message; /* numbers from 1; 0: none was named */
	bool list, yes;
	bool show, dry_run, json, no_bodies, no_sandbox;
	bool no_screenshot, no_intercept;
	bool pcap;  /* packets are recorded, with the keys to read them */
	bool as_of; /* replay: the browser's clock stands at the time of capture */
	int64_t settle_us, timeout_us;
	const char *user_agent, *language, *timezone, *device;
	char *referer;                /* owned; as a browser would send it; NULL: none */
	struct options_words replace; /* "OLD=NEW" */
	struct options_words connect_to_words, allow_net_words, allow_client_words;
	struct connect_to connect_to; /* owned */
	struct policy policy;
	struct options_words permit_bad_cert, only;
	struct policy_net clients[OPTIONS_CLIENTS_MAX];
	size_t n_clients;
	const char *cacert, *dns_servers, *ca_dir, *seal_dir, *mmdb;
	const char *egress; /* an address, as given */
	const char *instrument;
	struct stamping stamping;     /* owned */
	struct wrapper_file wrappers; /* owned */
	enum writer_durability durability;
	bool has_via;
	struct via via; /* holds a password; recorded without */
	uint64_t max_body;
	const char *listen_word;
	bool has_listen; /* it was said */
	struct sockaddr_storage listen;
	bool has_ui; /* the web window too, at: */
	struct sockaddr_storage ui;
	int64_t trail_session, trail; /* 0: none is named */
	bool strict;
	enum replay_pace pace;
	char password[OPTIONS_PASSWORD_MAX]; /* "user:password"; empty: none. Never recorded */
};

void options_init(struct options *o, unsigned command);
void options_fini(struct options *o);

/* Reads argv[1..]; *rest is the index of the first argument that is no option. False:
 * ERR_USAGE, naming the value. */
bool options_parse(struct options *o, int argc, char **argv, int *rest, struct err *err);
/* The same for a command line of one case file, which options may stand on either side of. */
bool options_parse_case(
	struct options *o, int argc, char **argv, const char **path, struct err *err);
/* The rows of one command as lines for --help. */
void options_help(unsigned command, struct buf *out);
/* Every row's name, for tests: NULL past the end. */
const char *options_name(size_t i, unsigned *commands, bool *takes_value);

/* What was in effect, as a JSON object, for the session fact. Leaves out what is secret. The
 * caller frees it. */
char *options_json(const struct options *o);

#endif
