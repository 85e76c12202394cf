/*
 * A link that was opened more than once: each opening is a round, and every round is held
 * against the first, hop by hop. Pure; works on derived trails and the sessions they belong to.
 * It says `cloaked` only where rounds asked alike led alike both before and after one that was
 * asked in another manner and was led elsewhere; else a difference may as well come from a link
 * that was used up or rotates. Borrows from the model and the trails; own memory in the
 * caller's arena.
 */
#ifndef STORE_DERIVE_ROUNDS_H
#define STORE_DERIVE_ROUNDS_H

#include "store/derive/trail.h"

enum {
	ROUND_TOKEN_MIN = 12
}; /* bytes of a path segment that may be a token made for one click */

/* One hop beside the hop of the same number in the first round. */
#define ROUND_LIKENESSES(X)                                                                    \
	X(SAME, "same")     /* address, status and mechanism */                                \
	X(VALUES, "values") /* but for values in the link that change with each click */       \
	X(DIFFERS, "differs")
enum round_likeness {
#define X(name, word) ROUND_##name,
	ROUND_LIKENESSES(X)
#undef X
};
const char *round_likeness_word(enum round_likeness l);

/* What differs first. */
#define ROUND_DIFFERENCES(X)                                                                   \
	X(NONE, "none")                                                                        \
	X(ADDRESS, "address")     /* another URL */                                            \
	X(STATUS, "status")       /* the same URL answers otherwise */                         \
	X(TYPE, "type")           /* the same URL, another media type */                       \
	X(MECHANISM, "mechanism") /* it was moved there in another way */                      \
	X(SHORTER, "shorter")     /* the round has no such hop */                              \
	X(LONGER, "longer")       /* the first round has no such hop */                        \
	X(END, "end")             /* all hops alike, but it ended in another way */            \
	X(HANDOFF, "handoff")     /* it was handed over to something else */                   \
	X(NO_TRAIL, "no-trail")   /* the link was not asked for in one of them */
enum round_difference {
#define X(name, word) ROUND_BY_##name,
	ROUND_DIFFERENCES(X)
#undef X
};
const char *round_difference_word(enum round_difference d);

/* In what it was asked otherwise than the first time: bits. */
#define ROUND_MANNERS(X)                                                                       \
	X(LINK, "link") /* --replace */                                                        \
	X(BROWSER, "browser")                                                                  \
	X(VERSION, "browser version") /* told, but not another manner */                       \
	X(USER_AGENT, "user agent")                                                            \
	X(LANGUAGE, "language")                                                                \
	X(TIMEZONE, "time zone")                                                               \
	X(DEVICE, "device")                                                                    \
	X(VIA, "via")                                                                          \
	X(REFERER, "referer")
enum round_manner {
#define X(name, word) ROUND_ASKED_##name,
	ROUND_MANNERS(X)
#undef X
		ROUND_ASKED_COUNT
};
const char *round_manner_word(enum round_manner m);

struct round {
	size_t number; /* from 1 */
	const struct fact_session *session;
	const struct trail *trail; /* the link's; NULL: it was not asked for */
	bool recorded;  /* it came to an end by itself, at an answer of an origin's, and all was
			   recorded: it can be held against another */
	unsigned asked; /* 1u << round_manner: what is otherwise than in round 1 */
	bool alike;     /* asked in the same manner as round 1 */
	enum round_likeness led; /* the whole way, beside round 1's */
	enum round_difference by;
	size_t at;                 /* the first hop that differs, from 1; 0: none */
	enum round_likeness *hops; /* of this trail, where round 1 has a hop of that number */
	size_t n_hops;
	int content; /* of the last page: 1 the same bytes, 0 others, -1 not known */
};

/* The stronger a statement, the later it stands. */
#define ROUNDS_FINDINGS(X)                                                                     \
	X(ALIKE, "alike", "Every round led the same way.")                                     \
	X(INCOMPLETE, "incomplete",                                                            \
		"Not comparable: a round did not come to its end, failed on the way, or was "  \
		"not recorded whole.")                                                         \
	X(OTHER_LINK, "another-link",                                                          \
		"Differs, but another link was sent (--replace): that says nothing about the " \
		"first.")                                                                      \
	X(UNDECIDED, "used-up-rotated-or-cloaked",                                             \
		"Differs: used up, rotated or cloaked. Open it once more as in round 1: if "   \
		"that leads the first way again, it is cloaked.")                              \
	X(CLOAKED, "cloaked",                                                                  \
		"Cloaked, most likely: asked in the same manner before and after, the link "   \
		"led the same way both times; in between, asked otherwise, it did not.")       \
	X(CHANGED, "used-up-or-rotated",                                                       \
		"Differs though it was asked in the same manner: used up, expired or "         \
		"rotated. That says nothing about cloaking.")
enum rounds_finding {
#define X(name, word, sentence) ROUNDS_##name,
	ROUNDS_FINDINGS(X)
#undef X
};
const char *rounds_finding_word(enum rounds_finding f);
const char *rounds_finding_sentence(enum rounds_finding f);

struct rounds {
	struct round *list; /* in order of time */
	size_t n;           /* 0 or 1: nothing to compare */
	enum rounds_finding finding;
	size_t odd; /* the round, from 1, that the finding is about; 0: none */
};

/* The rounds of the first link that the case's traces opened. */
void rounds_read(const struct model *m, const struct trail_set *set, struct arena *a,
	struct rounds *out);

/* Do two URLs differ only in what a tracker makes anew for each click: the values of
 * parameters, and path segments that look like tokens in both? */
bool rounds_same_shape(struct span a, struct span b);

#endif
