/*
 * Does opening a link do something in the name of the person who got it: unsubscribe, confirm,
 * log in? Judged by what people read at it, by the words and the shape of its address and of
 * the targets that it claims, in several languages (tables in link_acts_words.c). It cannot be
 * known for sure without opening it, so in doubt a link may act. Pure; any thread.
 */
#ifndef STORE_DERIVE_LINK_ACTS_H
#define STORE_DERIVE_LINK_ACTS_H

#include "store/derive/url.h"

/* Name, word, what opening it would do. */
#define LINK_ACTS(X)                                                                           \
	X(NONE, "none", "nothing in the recipient's name, as far as it can be told")           \
	X(UNSUBSCRIBE, "unsubscribe", "take the recipient off a list")                         \
	X(ONE_CLICK, "one-click", "take the recipient off a list at once (RFC 8058)")          \
	X(CONFIRM, "confirm", "confirm or activate something in the recipient's name")         \
	X(LOGIN, "login", "log in as the recipient")                                           \
	X(PREFERENCES, "preferences", "open or change the recipient's settings")               \
	X(REPLY, "reply", "answer an invitation in the recipient's name")                      \
	X(SUBMIT, "submit", "send a form")

enum link_act {
#define X(name, word, about) LINK_ACT_##name,
	LINK_ACTS(X)
#undef X
		LINK_ACT_COUNT
};
const char *link_act_word(enum link_act a);
const char *link_act_about(enum link_act a);

struct link_judged {
	enum link_act act;
	bool certain;    /* else it may act */
	const char *why; /* for people; NULL with NONE */
	struct span by;  /* the word or shape that told; may be absent */
};

/* text: what people read there, UTF-8; may be absent. targets: what the link claims, innermost
 * last. */
void link_acts_judge(struct arena *a, const struct url *url, struct span text,
	const struct span *targets, size_t n_targets, struct link_judged *out);

/* By a text alone, on top of what *out says already. */
void link_acts_read(struct arena *a, struct span text, struct link_judged *out);

/* ---- link_acts_words.c: the tables ---- */

struct link_act_word {
	const char *word; /* UTF-8, in small letters; with '=' before it: the whole text alone
			   */
	enum link_act act;
	bool certain;
};
struct link_act_shape {
	const char *host, *path; /* patterns of wrapper.h; host NULL: any */
	const char *query;       /* must stand in the query; NULL: any */
	enum link_act act;
	bool certain;
	const char *whose; /* for people */
};
extern const struct link_act_word link_act_text_words[], link_act_url_words[];
extern const struct link_act_shape link_act_shapes[];
extern const size_t link_act_n_text_words, link_act_n_url_words, link_act_n_shapes;

#endif
