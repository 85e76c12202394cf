/*
 * A MISP event as it is put together (MISP core format): objects by published templates,
 * attributes, references between them. UUIDs are made from what a thing is, so that an event
 * that is written twice updates itself when it is read twice. Used by ui/report/misp*.c alone.
 * One thread.
 */
#ifndef UI_REPORT_MISP_H
#define UI_REPORT_MISP_H

#include "ui/report/complaint.h"

#include <jansson.h>

enum {
	MISP_HOPS_MAX = 200,             /* of which there are objects: more are counted */
	MISP_LIST_MAX = 50,              /* addresses, names, pictures of one thing */
	MISP_STAMPS_MAX = 16,            /* timestamp tokens */
	MISP_DATA_MAX = 5 * 1024 * 1024, /* bytes of one file that goes along */
};

enum misp_kind {
	MISP_URL,
	MISP_DOMAIN_IP,
	MISP_IP_PORT,
	MISP_X509,
	MISP_JA3,
	MISP_JA4,
	MISP_FILE,
	MISP_PHISHING,
	MISP_TIMESTAMP,
	MISP_KINDS
};

struct misp {
	struct edition *edition;
	const struct report_trail *trail;
	const struct report_party *party; /* whom it is about; NULL: nobody in particular */
	const struct report_hop *hop;     /* that it is about */
	json_t *objects, *attributes;
	size_t left_out; /* pictures that were too large or held back */
};

/* The object of that kind and key, borrowed; NULL: there is none yet. */
json_t *misp_find(struct misp *m, enum misp_kind kind, struct span key);
/* The object of that kind and key: a new one, or that which is there. Borrowed. */
json_t *misp_object(struct misp *m, enum misp_kind kind, struct span key, bool *is_new);
/* An attribute of an object (its relation is the template's), unless value is null or empty;
 * gives up the reference to it. `as`: "type/Category". Returns the attribute, borrowed, or
 * NULL. */
json_t *misp_add(
	json_t *object, const char *relation, const char *as, json_t *value, bool to_ids);
/* One of the event itself. */
json_t *misp_attribute(struct misp *m, const char *as, json_t *value);
/* Data that goes with an attribute, in base64. */
void misp_data(json_t *attribute, struct span bytes);
void misp_comment(json_t *object, const char *text);
void misp_refer(json_t *from, const json_t *to, const char *relationship, const char *comment);

/* Text from outside, escaped: no control byte, nothing hidden. */
json_t *misp_text(struct span s);
/* RFC 3339; null for FACT_NULL. */
json_t *misp_time(int64_t us);

/* Objects for every hop, joined in their order. */
void misp_hops(struct misp *m);
/* The page, its downloads and pictures; the phishing object where the class says so. */
void misp_landing(struct misp *m);
/* The case's RFC 3161 tokens. Errors: CASE_READ. */
bool misp_stamps(struct misp *m, struct err *err);
/* The url object of a hop; NULL: there is none. */
json_t *misp_hop_object(struct misp *m, const struct report_hop *h);

#endif
