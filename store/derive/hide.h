/*
 * Values that must not be read by anybody else, found in any text in whatever form they stand
 * there: plain, escaped as URLs, HTML, scripts and mail escape, in base64 or hex, compressed,
 * hashed, turned round, split in two, and these inside of each other. It says where they are
 * and replaces nothing; ui/report/redact.h does. Decoding is bounded, and reaching a bound is
 * told. Pure; filled by one thread, then any number may look.
 */
#ifndef STORE_DERIVE_HIDE_H
#define STORE_DERIVE_HIDE_H

#include "store/base/arena.h"
#include "store/base/buf.h"

enum {
	HIDE_MIN = 4,         /* bytes of the shortest text that is looked for */
	HIDE_DEPTH_MAX = 10,  /* codings inside of each other that are undone */
	HIDE_TOKEN_DEPTH = 4, /* of them base64, hex and compression */
	HIDE_WORK_MAX = 64,   /* times the text's length that is looked at in all, and ... */
	HIDE_WORK_FREE = 4 * 1024 * 1024, /* ... so many bytes in any case */
	HIDE_INFLATE_MAX = 256 * 1024,    /* bytes out of one compressed token */
	HIDE_INFLATE_TRIES_MAX = 2000,    /* compressed tokens of one text */
	HIDE_PAIR_NEAR = 512,             /* bytes between the halves of an address */
	HIDE_HITS_MAX = 100 * 1000,       /* in one text */
	HIDE_VALUES_MAX = 200 * 1000,
};

#define HIDE_KINDS(X)                                                                          \
	X(ADDRESS, "recipient-address")                                                        \
	X(NAME, "recipient-name")                                                              \
	X(TOKEN, "click-token")                                                                \
	X(COOKIE, "cookie")                                                                    \
	X(CREDENTIAL, "authorization")                                                         \
	X(MESSAGE_ID, "message-id")                                                            \
	X(SECRET, "secret")                                                                    \
	X(EGRESS, "egress-address")
enum hide_kind {
#define X(name, word) HIDE_##name,
	HIDE_KINDS(X)
#undef X
		HIDE_KIND_COUNT
};
const char *hide_kind_word(enum hide_kind k);

/* One place in a text. */
struct hide_hit {
	size_t from, to;   /* bytes of the text that was searched */
	struct span value; /* what it is: equal for equal values, whatever their form */
	enum hide_kind kind;
	const char *form; /* "plain", "percent", "base64", "hex", "md5", ... */
};
struct hide_hits {
	struct hide_hit *list; /* in order, none overlaps another */
	size_t n;
	bool cut; /* a bound was reached: what is deeper in it nobody looked at */
};

struct hide;
struct hide *hide_new(void);
void hide_free(struct hide *h); /* NULL is fine */

/* A host name that stays readable, whatever address is made to look like it: before the first
 * address. */
void hide_keep(struct hide *h, struct span host);
/* Were there more than HIDE_VALUES_MAX? */
bool hide_full(const struct hide *h);
/* An e-mail address, quoted local part and U-labels as they may be. False: it is none. */
bool hide_address(struct hide *h, struct span address);
/* A text, whatever stands around it. Shorter than HIDE_MIN: false, it is not looked for. */
bool hide_text(struct hide *h, enum hide_kind kind, struct span text);
/* A text that counts only where no letter or digit stands beside it. */
bool hide_word(struct hide *h, enum hide_kind kind, struct span text);
/* The rest of a text, behind its first `context` bytes, where all of it stands and no letter or
 * digit follows: for values too short to be looked for alone. */
bool hide_behind(struct hide *h, enum hide_kind kind, struct span text, size_t context);
size_t hide_count(const struct hide *h);
/* After the last of them, before the first search. */
void hide_ready(struct hide *h);

/* Where in the text any of them is. The list is in the arena. */
void hide_find(const struct hide *h, struct arena *a, struct span text, struct hide_hits *out);

/* Each text that `text` turns out to be when its codings are undone, itself first: for whoever
 * looks for values that are not known yet. Bounded as hide_find; false: a bound was reached. */
typedef void hide_view_fn(void *ctx, struct span view);
bool hide_views(struct span text, hide_view_fn *each, void *ctx);

#endif
