/*
 * What a page that came to rest was, in facts: a picture of it, the forms that it shows with
 * what they ask for and where that would go, and what it handed out for download. Judges
 * nothing. Borrows from the report; own memory in its arena. One thread.
 */
#ifndef UI_REPORT_LANDING_H
#define UI_REPORT_LANDING_H

#include "store/base/arena.h"
#include "store/base/err.h"

struct report;
struct report_trail;
struct case_file;

struct landing_field {
	struct span name, type, label; /* type: as HTML has it, "text" unless said; label: what
					  people read beside it */
	const char *asks; /* "password", "email", "card-number", "card-code", "expiry", "name",
			     "address", "phone", "birth-date", "national-id", "otp", "account",
			     "seed-phrase", "file"; NULL: not known */
};

struct landing_form {
	struct span action; /* where it would be submitted, resolved; as script may change it */
	struct span method; /* "get", "post", "dialog" */
	bool to_plain_http; /* what is typed would travel unencrypted */
	bool elsewhere;     /* to another registrable domain than the page's */
	struct landing_field *fields;
	size_t n_fields;
	bool more; /* there were more than are listed */
};

struct landing_detail {
	const char *name; /* "package", "signer-sha256", "app-id", ... */
	struct span value;
};

struct landing_download {
	int64_t exchange;      /* FACT_NULL: a link to a store, which was not downloaded */
	struct span url, name; /* name: as the browser would save it; absent: a store's link */
	int64_t size;          /* without its content coding; FACT_NULL: unknown */
	struct span sha256;    /* 32 bytes, of the same; absent: it is not here whole */
	struct span media_type;
	const char *kind; /* "apk", "zip", "pdf", "exe", ... by its first bytes; NULL: not known
			   */
	struct landing_detail *details;
	size_t n_details;
};

struct landing_shot {
	int64_t seq; /* of its fact */
	int64_t at_us;
	int64_t exchange; /* of the document; FACT_NULL: not known */
	struct span png, sha256;
	bool withheld;   /* redaction keeps it back: png is absent */
	const char *why; /* withheld: why */
};

struct report_landing {
	size_t hop;        /* from 1 */
	struct span title; /* of the document; absent: none */
	struct landing_shot *shots;
	size_t n_shots;
	struct landing_form *forms;
	size_t n_forms;
	struct landing_download *downloads;
	size_t n_downloads;
	bool more; /* forms, downloads or pictures were left out */
};

/* What a person, or the browser's display, put to the case. */
struct report_attachment {
	int64_t seq, at_us, exchange;
	struct span kind, name, media_type, detail, sha256;
	int64_t size;
	struct span data; /* absent: withheld by redaction, or erased */
	bool from_companion;
};
struct report_attachments {
	struct report_attachment *list;
	size_t n;
	bool more; /* ATTACHMENTS_MAX, or their bytes, were reached */
};

enum {
	LANDING_PAGES_MAX = 500, /* of one report, whose pages and files are looked into */
	LANDING_FILES_MAX = 200, /* downloads of one report, */
	LANDING_BYTES_MAX = 256 * 1024 * 1024, /* and what of them is looked into */
	LANDING_DOWNLOADS_MAX = 10,            /* of one page */
	LANDING_SHOTS_MAX = 4,                 /* of one page, the newest */
	LANDING_FILE_MAX = 64 * 1024 * 1024,   /* bytes of one that are looked at, decoded */
};

struct gather;
struct model_exchange;

/* Fills r->attachments from what g has read, and the landing of each hop of r that came to
 * rest: the last of a trail, one that a person went on from, and one of which there is a
 * picture. Errors: CASE_READ. */
bool landing_make(struct gather *g, int64_t only_session, struct arena *a, struct report *r,
	struct err *err);
/* The attachments of a companion, added behind those of the case. *mine is false if it says
 * that it belongs to another case: nothing is added then. It may hold anything. Errors: those
 * of case_open, CASE_READ. */
bool landing_attach(
	const char *companion, struct arena *a, struct report *r, bool *mine, struct err *err);

/* The parts of it. One page's forms; url: of the page. (landing_forms.c) */
void landing_forms(
	struct arena *a, struct span html, struct span url, struct report_landing *out);
/* One download, or one link to a store, added. looked: bytes that were looked into so far,
 * added to. (landing_files.c) */
bool landing_file(struct gather *g, struct arena *a, const struct model_exchange *x,
	struct report_landing *out, size_t *looked, struct err *err);
void landing_store_link(struct arena *a, struct span url, struct report_landing *out);

#endif
