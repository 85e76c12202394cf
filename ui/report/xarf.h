/*
 * One XARF v4 report about one party: the object that the format `xarf` writes and the mail
 * carries, and the evidence in it. Valid against the schemas of github.com/xarf/xarf-spec.
 * Never holds the member `_internal`. One thread.
 */
#ifndef UI_REPORT_XARF_H
#define UI_REPORT_XARF_H

#include "ui/report/complaint.h"

#include <jansson.h>

#define XARF_VERSION "4.2.0"

enum {
	XARF_ITEMS_MAX = 50,                 /* of evidence: the schema's limit */
	XARF_ITEM_MAX = 5 * 1024 * 1024,     /* bytes of one: the schema's limit */
	XARF_EVIDENCE_MAX = 8 * 1024 * 1024, /* bytes of all: a mail with them, a third larger
						in base64 twice over, is below 25 MB */
	XARF_DESCRIPTION_MAX = 1000,         /* characters: the schema's limit */
	XARF_CHAIN_MAX = 200,                /* addresses in redirect_chain */
	XARF_LIST_MAX = 50,                  /* of name servers, fields, addresses */
	XARF_LOOKED_MAX = 20,                  /* pages in which a challenge is looked for */
	XARF_TAGS_MAX = 20,                  /* the schema's limit */
};

/* A new reference. Errors: USAGE (something that XARF wants was not said), CASE_READ. */
json_t *xarf_make(struct edition *e, const struct complaint *c, struct err *err);

/* The items of evidence, and the list of what did not fit, in words: new references. Errors:
 * CASE_READ. */
bool xarf_evidence(struct edition *e, const struct complaint *c, json_t **items,
	json_t **left_out, struct err *err);
/* The members of the type that --class asks for, category and type among them. Errors: USAGE,
 * CASE_READ. */
bool xarf_class(struct edition *e, const struct complaint *c, json_t *report, struct err *err);
/* The members that every report about content may have. */
void xarf_content(const struct complaint *c, json_t *report);
/* The address as a URI; null: there is none that can be one. */
json_t *xarf_uri(struct span url);
/* Every hop's address, in order; *left_out: those that are no URI, or too many. */
json_t *xarf_chain(const struct complaint *c, size_t *left_out);
/* Text of at most max characters. */
json_t *xarf_text(struct span s, size_t max);

#endif
