/*
 * What every complaint says, whatever its format: which trail and which party of it, the hop
 * that it is about, who complains, and the words for it. From an edition alone: it judges
 * nothing beyond what the user says (--class) and sends nothing. Borrows from the edition. One
 * thread.
 */
#ifndef UI_REPORT_COMPLAINT_H
#define UI_REPORT_COMPLAINT_H

#include "ui/report/edition.h"

enum {
	COMPLAINT_ORG_MAX = 200,    /* characters of the reporter's name: XARF's limit */
	COMPLAINT_EMAIL_MAX = 254,  /* RFC 5321 4.5.3.1.3, without the brackets */
	COMPLAINT_DOMAIN_MAX = 253, /* RFC 1035 2.3.4, as text */
	COMPLAINT_URI_MAX = 16384,  /* bytes: longer addresses are left out, and counted */
};

struct complaint {
	const struct edition *edition;
	const struct report_trail *trail;
	const struct report_party *party;
	const struct report_session *session;
	const struct report_hop *hop; /* of the party: where the trail came to rest, if that is
					 at it; else where it first comes in */
	bool last;                    /* the trail ended there, */
	bool rests;                   /* with something that an origin served */
};

/* The trail: the one that was read, else the first link's. The party: --party, else the only
 * one. Errors: USAGE (it has to be said which). */
bool complaint_pick(const struct edition *e, struct complaint *out, struct err *err);
/* The trail alone; NULL: error USAGE. */
const struct report_trail *complaint_pick_trail(const struct edition *e, struct err *err);

/* Who complains, checked: a name, an address and a domain, which is the address's unless it is
 * said. Errors: USAGE. */
bool complaint_reporter(const struct edition *e, struct edition_reporter *out, struct err *err);
/* One mail address as RFC 5321 has it, with neither quotes nor literals (what JSON Schema's
 * format "email" takes, too). */
bool complaint_is_email(struct span s);
/* RFC 1123 2.1. */
bool complaint_is_hostname(struct span s);

/* A URL as RFC 3986 has it: bytes that a browser leaves as they are and the RFC does not are
 * percent-encoded. False, and nothing is appended: it is none, was erased, or is longer than
 * COMPLAINT_URI_MAX. */
bool complaint_uri(struct span url, struct buf *out);

/* What --fraud-type and --spam-protocol may say, in XARF's words; ended by NULL. */
extern const char *const complaint_frauds[], *const complaint_protocols[];

/* "phishing", "a fraud": what it is about; "abuse" where the user did not say. */
const char *complaint_noun(enum abuse_class c);
/* What the party is asked to do, in a sentence or two. */
const char *complaint_request(const struct complaint *c);
/* What happened, for somebody who is no engineer: when, from which link to where, what the
 * party has to do with it, what is asked of it. Exact, escaped, lines of prose. */
void complaint_story(const struct complaint *c, struct buf *out);
/* What packets show against the record, and that values were replaced, a line of prose each;
 * nothing where nothing is to be said. */
void complaint_redaction(const struct complaint *c, struct buf *out);
/* The trail, a line or two each hop; the party's are marked. */
void complaint_hops(const struct complaint *c, struct buf *out);
/* Everything above and what stands behind it, at most `max` characters on one line, for a box
 * on a web page: what does not fit is cut at a sentence, and that is said. */
void complaint_short(const struct complaint *c, size_t max, struct buf *out);
/* All hops as comma-separated values (RFC 4180), exact, no cell of which is a formula. */
void complaint_csv(const struct complaint *c, struct buf *out);

/* 0 to 1: how sure it is that the browser was led to the party's hop by the link. */
double complaint_confidence(const struct complaint *c);

#endif
