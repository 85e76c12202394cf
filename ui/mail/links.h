/*
 * The links of a message: everything in it that can be clicked, that its header offers, or that
 * a mail program loads by itself; each once, with where it was found, what people read there
 * against where it goes, whom its parts name, what it claims behind wrappers, and whether
 * opening it would act for the recipient. Reads offline; opens nothing. Main thread; memory
 * from the caller's arena.
 */
#ifndef UI_MAIL_LINKS_H
#define UI_MAIL_LINKS_H

#include "store/derive/html_cue_links.h"
#include "store/derive/link_acts.h"
#include "store/derive/link_parts.h"
#include "ui/mail/mail.h"

enum {
	MAIL_LINKS_MAX = 2000,  /* different ones of one message */
	MAIL_FOUND_MAX = 20000, /* places of all together */
	MAIL_PLACES_MAX = 20, /* places of one that are kept, and all header fields; the rest is
			       counted */
	MAIL_HREF_MAX = 65536, /* bytes of one; a longer one is left out */
};

/* Where a link was found; first what people click. Name, word, sentence. */
#define MAIL_FOUND(X)                                                                          \
	X(ANCHOR, "link", "a link in the HTML")                                                \
	X(AREA, "area", "a part of a picture in the HTML")                                     \
	X(FORM, "form", "a form in the HTML")                                                  \
	X(TEXT, "text", "an address in the text")                                              \
	X(CALENDAR, "calendar", "an address in an invitation")                                 \
	X(HEADER, "header", "a header field")                                                  \
	X(REFRESH, "refresh", "a meta refresh in the HTML")                                    \
	X(FRAME, "frame", "a frame in the HTML")                                               \
	X(STYLE, "style", "a link element in the HTML")                                        \
	X(IMAGE, "image", "a picture that is loaded by itself")                                \
	X(PIXEL, "pixel", "a picture that nobody sees: it tells that the message was read")

enum mail_found {
#define X(name, word, about) FOUND_##name,
	MAIL_FOUND(X)
#undef X
		MAIL_FOUND_COUNT
};
const char *mail_found_word(enum mail_found f);
const char *mail_found_about(enum mail_found f);

/* What a link's text says about where it goes, if it looks like an address itself. */
#define MAIL_TEXT_SAYS(X)                                                                      \
	X(NOTHING, "nothing")        /* it does not look like one */                           \
	X(AGREES, "agrees")          /* the same registrable domain */                         \
	X(WRAPPED, "agrees-wrapped") /* that of what the link claims to lead to */             \
	X(DIFFERS, "differs")        /* another one */                                         \
	X(UNKNOWN, "unknown")        /* the link's target cannot be read offline */
enum mail_text_says {
#define X(name, word) TEXT_##name,
	MAIL_TEXT_SAYS(X)
#undef X
		MAIL_TEXT_SAYS_COUNT
};
const char *mail_text_says_word(enum mail_text_says s);

struct mail_place {
	enum mail_found found;
	struct span part;     /* path of the part; of HEADER: the field's name */
	struct span text;     /* what is read there; absent: nothing */
	struct span sentence; /* ANCHOR: what stands around it; absent: nothing */
	struct span file;     /* the part is an attached file of that name; absent: it is not */
	bool text_is_alt, unseen, conditional;
};

struct mail_link {
	size_t n;         /* from 1, in this message */
	struct span href; /* a serialised URL; or as it stands, where it is none */
	struct span scheme;
	bool web;              /* http or https: can be traced */
	bool bare;             /* it had no scheme: mail programs take http */
	enum mail_found found; /* the first of `places` that people click, if there is one */
	struct mail_place *places;
	size_t n_places, times; /* times: all, also those that are not kept */
	struct span text;       /* of the first place that has one */
	struct span text_host;  /* the host that a text names */
	enum mail_text_says says;
	bool button, unseen; /* unseen: everywhere */
	bool post;           /* a form that is not sent by GET: opened it is another request */
	struct link_judged act;
	struct wrapper_layers *layers; /* NULL: it is no web URL */
	struct link_reading *reading;  /* the same */
};

struct mail_links {
	size_t message;         /* whose they are */
	struct mail_link *list; /* what is clicked, then header fields, then what is loaded */
	size_t n;
	bool limits; /* not all are there */
};

/* rules: a user's, may be NULL. */
void mail_links_read(struct arena *a, const struct wrapper_rules *rules, const struct mail *m,
	size_t message, struct mail_links *out);

/* Is it what a person would click to go where the message wants him: in the text, seen, to the
 * web, and no way off a list? */
bool mail_link_is_call(const struct mail_link *l);
/* The only such one; NULL: there is none, or there are several. */
const struct mail_link *mail_links_only_call(const struct mail_links *links);

/* Where it was found as `found` says. */
const struct mail_place *mail_link_place(const struct mail_link *l);

/* ui/mail/list.c: the list for people, and as JSON (a string that the caller frees). */
void mail_links_say(
	const struct mail *m, const struct mail_links *links, const char *why, struct buf *out);
void mail_links_json(const struct mail *m, const struct mail_links *links, struct buf *out);

#endif
