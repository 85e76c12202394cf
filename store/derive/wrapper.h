/*
 * What a link itself says about where it leads, and about whom: link wrappers and click
 * trackers, recognised and decoded offline by rules that are data. A target read here is a
 * claim, never a visited hop. Built-in rules and a user's own have the same shape; how a
 * recipe is read is in wrapper_recipe.h. Pure; any thread. Rules are borrowed.
 */
#ifndef STORE_DERIVE_WRAPPER_H
#define STORE_DERIVE_WRAPPER_H

#include "store/base/err.h"
#include "store/derive/url.h"

enum {
	WRAPPER_DEPTH_MAX = 8, /* wrappers inside of each other */
	WRAPPER_NAME_MAX = 40,
	WRAPPER_VENDOR_MAX = 80,
	WRAPPER_LIST_MAX = 64,   /* hosts, paths, ... of one rule */
	WRAPPER_RULES_MAX = 1000 /* of a user's file */
};

/* Who runs links of this shape, and what for. */
#define WRAPPER_KINDS(X)                                                                       \
	X(SECURITY, "security") /* a mail gateway that checks links when they are clicked */   \
	X(ESP, "esp")           /* the click tracker of a mailing service */                   \
	X(REDIRECTOR, "redirector") /* a site's way out: search, social, chat */               \
	X(AFFILIATE, "affiliate")   /* an affiliate or advertising network */                  \
	X(SHORTENER, "shortener")                                                              \
	X(GENERIC, "generic") /* nobody's: a parameter that holds a URL */
enum wrapper_kind {
#define X(name, word) WRAPPER_##name,
	WRAPPER_KINDS(X)
#undef X
		WRAPPER_KIND_COUNT
};
const char *wrapper_kind_word(enum wrapper_kind k);

/* What a part of a link stands for, as a rule says it. */
#define WRAPPER_LABELS(X)                                                                      \
	X(ACCOUNT, "account")                 /* the customer in whose name links are made */  \
	X(CAMPAIGN, "campaign")               /* the mailing, the offer */                     \
	X(LINK, "link")                       /* this link in it */                            \
	X(AFFILIATE, "affiliate")             /* who is paid for the click */                  \
	X(RECIPIENT, "recipient")             /* who was written to: to be protected */        \
	X(MAYBE_RECIPIENT, "maybe-recipient") /* may name who was written to */                \
	X(OTHER, "other")                     /* known, and about nobody: a signature, say */
enum wrapper_label {
#define X(name, word) LABEL_##name,
	WRAPPER_LABELS(X)
#undef X
		LABEL_COUNT
};
const char *wrapper_label_word(enum wrapper_label l);

struct wrapper_part_rule {
	enum wrapper_label label;
	const char *recipe;
};

struct wrapper_rule {
	const char *name;         /* "safelinks" */
	const char *vendor;       /* "Microsoft Defender Safe Links" */
	const char *const *hosts; /* patterns; see wrapper_host_fits. Lists end in NULL */
	const char *const *paths; /* patterns, NULL: any; see wrapper_path_fits */
	const char *const *needs; /* recipes that must all give something; NULL: none */
	const char *const
		*targets;   /* recipes, the first that gives a web URL counts; NULL: none
			     */
	const char *domain; /* recipe of a host name, where no more can be read; NULL */
	const struct wrapper_part_rule *parts; /* ends where recipe is NULL; NULL: none */
	enum wrapper_kind kind;
	bool opaque; /* the target is in it (or behind it) and cannot be read offline */
};

/* A user's own rules. They are tried before the built-in ones. */
struct wrapper_rules {
	const struct wrapper_rule *rules;
	size_t n;
	const char *file, *sha256; /* where they are from, for reports; NULL: nowhere */
};

/* The built-in rules, in the order in which they are tried, and the one for parameters that
 * anybody may use. */
const struct wrapper_rule *wrapper_builtin(size_t *n);
extern const struct wrapper_rule wrapper_generic;

/* Is it a rule that can be used? False: ERR_USAGE says what is wrong with it. */
bool wrapper_rule_check(const struct wrapper_rule *rule, struct err *err);

/* Does a host fit the pattern? Label by label: '*' is any run of characters in a label and '#'
 * one of digits; a first label '*' stands for one or more; a last one for any public suffix;
 * "*" alone is any host. */
bool wrapper_host_fits(struct arena *a, const char *pattern, struct span host);
/* The same for a path, part by part; a last part "**" is whatever follows, or nothing. */
bool wrapper_path_fits(const char *pattern, struct span path);

struct wrapper_claim {
	struct span target; /* serialised http(s) URL; absent: none can be read */
	struct span domain; /* the target's host, where only that can be read; else absent */
	const struct wrapper_rule *rule; /* whose link it is; NULL: nobody's that we know */
	const struct wrapper_rule *by;   /* the rule that gave target or domain; NULL without */
	struct span source; /* in the link's href: what the target was read from; or absent */
};

/* One layer: what this link claims. more: a user's rules, may be NULL. */
void wrapper_read(struct arena *a, const struct wrapper_rules *more, const struct url *link,
	struct wrapper_claim *out);

struct wrapper_layers {
	struct wrapper_claim layers[WRAPPER_DEPTH_MAX]; /* outermost first */
	unsigned n;  /* layers that claim a target or a domain */
	bool deeper; /* there were more than WRAPPER_DEPTH_MAX */
};
/* All layers, to the innermost target. */
void wrapper_unwrap(struct arena *a, const struct wrapper_rules *more, const struct url *link,
	struct wrapper_layers *out);

/* Is the text a URL that a browser would open, lightly mangled or percent-encoded once or twice
 * more as it may be? */
bool wrapper_is_target(struct arena *a, struct span text, struct span *out);

#endif
