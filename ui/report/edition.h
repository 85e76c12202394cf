/*
 * An edition: what of a case goes to somebody. It takes a report and makes it fit for its
 * reader: one trail or all, one party's hops or all, what names a recipient replaced, times and
 * egress coarse where that was asked for. Formats write editions and see nothing else: neither
 * the case file nor a report from before it was redacted. One thread; borrows the gather.
 */
#ifndef UI_REPORT_EDITION_H
#define UI_REPORT_EDITION_H

#include "ui/report/redact.h"
#include "ui/report/report.h"

/* What the complaint is about, as the user says. */
#define ABUSE_CLASSES(X)                                                                       \
	X(NONE, "")                                                                            \
	X(PHISHING, "phishing")                                                                \
	X(MALWARE, "malware")                                                                  \
	X(FRAUD, "fraud")                                                                      \
	X(BRAND, "brand")                                                                      \
	X(SPAM, "spam")
enum abuse_class {
#define X(name, word) ABUSE_##name,
	ABUSE_CLASSES(X)
#undef X
		ABUSE_CLASS_COUNT
};
const char *abuse_class_word(enum abuse_class c);

/* Who complains. All may be absent; formats that need them say so. */
struct edition_reporter {
	struct span org, email, domain;
};

struct edition_order {
	int64_t session, trail; /* 0: all */
	size_t party;           /* 0: all; else its number in the trail */
	struct redact_order redact;
	bool defang; /* addresses that people read are not live */
	bool coarse_time, withhold_egress;
	enum abuse_class abuse;
	const char *fraud_type, *brand; /* of --class fraud and brand; NULL: not said */
	const char *brand_site;         /* --brand-site: the brand's own; NULL: not said */
	const char *spam_protocol;      /* --spam-protocol: XARF's word; NULL: not said */
	bool as_xarf;                   /* eml: --as xarf instead of arf */
	const char *to, *subject;       /* eml; NULL: what the case says */
	bool may_lack_to; /* eml: a draft without an address where none is known */
	struct edition_reporter reporter;
	bool with_keys;       /* pcapng */
	bool without_remarks; /* what people said stays here */
};

/* To what times are cut with --coarse-time: the hour, in microseconds. */
#define EDITION_COARSE_US INT64_C(3600000000)

struct edition {
	const struct edition_order *order;
	struct report *report; /* redacted as ordered */
	struct gather *gather; /* for edition_body alone */
	struct redaction *redaction;
	struct arena arena;
	int64_t made_us; /* now; coarse if so ordered */
};

/* g: opened and read. r is taken over: it is changed in place, and no unredacted value is left
 * in it. Errors: USAGE (no such party), CASE_READ. */
bool edition_make(struct edition *e, const struct edition_order *order, struct gather *g,
	struct report *r, struct err *err);
void edition_fini(struct edition *e);

enum { EDITION_BODY_MAX = 64 * 1024 * 1024 }; /* decoded bytes of one body */
struct edition_body {
	bool whole;    /* all that passed is here */
	bool decoded;  /* the content coding was removed: it was asked for, or redaction had to
			*/
	bool redacted; /* something in it was replaced */
	bool withheld; /* redaction cannot look into it, and kept it back: it is empty */
	int64_t size;  /* that passed; FACT_NULL: unknown */
};
/* A body as it may go out, appended to out; decode: without its content coding where that can
 * be undone. Errors: CASE_READ. */
bool edition_body(struct edition *e, const struct model_exchange *x, enum fact_side side,
	bool decode, struct buf *out, struct edition_body *about, struct err *err);

/* The beginning of a body, at most max bytes of it, for a page of a window: what it costs does
 * not grow with the body. Only of an edition that replaces nothing: others look at all of it
 * first (edition_body). */
struct edition_start {
	int64_t size;   /* that passed; FACT_NULL: unknown */
	int64_t stored; /* of them */
	size_t read;    /* stored bytes that were looked at */
	bool all_read;  /* that is all of what is stored */
	bool decoded;   /* a content coding was removed */
	bool whole;     /* out is all of it: nothing was lost, cut or left out */
	enum edition_fault {
		EDITION_NO_FAULT,
		EDITION_ENDED_EARLY,    /* the coding says that there was more */
		EDITION_BOMB,           /* it grows more than any honest page: given up */
		EDITION_UNKNOWN_CODING, /* a coding that nobody knows: bytes as they are */
		EDITION_BROKEN_CODING,  /* what came before the fault, if anything */
	} fault;
};
bool edition_body_start(struct edition *e, const struct model_exchange *x, enum fact_side side,
	bool decode, size_t max, struct buf *out, struct edition_start *about, struct err *err);

/* The party that this edition is for, in trail t; NULL: it has no part in t, or all are meant.
 * --party numbers those of the first trail that has so many; in the others the same one is
 * found by its name, so that nobody is told of a namesake's hops. */
const struct report_party *edition_party(const struct edition *e, const struct report_trail *t);

/* Is hop n of t what this edition is about? All are without --party; with it the party's own,
 * and the others are its context. */
bool edition_about(const struct edition *e, const struct report_trail *t, size_t n);

/* A format: appends the whole document to out. Errors: USAGE (something that it needs was not
 * said), CASE_READ. */
typedef bool edition_format_fn(struct edition *e, struct buf *out, struct err *err);
edition_format_fn edition_text, edition_json;
/* Complaints: one party's, about one trail. */
edition_format_fn edition_eml, edition_form, edition_misp, edition_xarf;

#endif
