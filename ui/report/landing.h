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
	int64_t exchange;
	struct span url, name; /* name: as the browser would save it */
	int64_t size;
	struct span sha256; /* 32 bytes */
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
	bool more; /* forms were left out */
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

#endif
