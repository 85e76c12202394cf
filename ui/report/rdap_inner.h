/*
 * What the files of the RDAP reader share: strings out of hostile JSON, links, and cards.
 * Nobody else includes this. One thread.
 */
#ifndef UI_REPORT_RDAP_INNER_H
#define UI_REPORT_RDAP_INNER_H

#include "ui/report/rdap.h"

#include <jansson.h>

struct rdap_reading {
	struct arena *a;
	struct span asked;
	struct rdap *out;
	size_t n_entities;
};

/* A string for people: cut at RDAP_TEXT_MAX, control and direction characters escaped; absent
 * for anything else and for "". */
struct span rdap_text(struct arena *a, const json_t *value);
/* Is it that string, whatever the case? */
bool rdap_is(const json_t *value, const char *word);
/* Is the word among the strings of an array, or is it that string? */
bool rdap_has(const json_t *list, const char *word);
/* RFC 3339; FACT_NULL for what is none. */
int64_t rdap_time(const json_t *value);
/* An http or https address, absolute or against what was asked; absent: it is none. */
struct span rdap_web(struct rdap_reading *r, struct span text);
/* The first link with that rel and RDAP's media type that leads elsewhere. */
struct span rdap_link(struct rdap_reading *r, const json_t *object, const char *rel);
/* Is that a jCard or JSContact address that says "withheld" instead of a name? */
bool rdap_is_withheld(struct span name);

/* rdap_card.c */
struct rdap_card {
	struct span name, organisation, country;
	struct span emails[4];
	size_t n_emails;
	struct span form; /* CONTACT-URI (RFC 8605) */
};
void rdap_card(struct rdap_reading *r, const json_t *entity, struct rdap_card *out);

/* rdap_entity.c: all entities of an object and those in them. */
void rdap_entities(struct rdap_reading *r, const json_t *object);

#endif
