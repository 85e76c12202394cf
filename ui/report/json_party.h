/*
 * Parties, grades and landings as JSON members: trails[].parties, hops[].party, .grade and
 * .landing, and what is attached to a case. Every member is there, null where nothing is known.
 * New references.
 */
#ifndef UI_REPORT_JSON_PARTY_H
#define UI_REPORT_JSON_PARTY_H

#include "ui/report/report.h"

#include <jansson.h>

/* Of a hop: names, and the number of its party in trails[].parties. */
json_t *json_hop_party(const struct report_trail *t, const struct report_hop *h);
json_t *json_parties(const struct report_trail *t);
json_t *json_grade(const struct report_grade *g);
json_t *json_landing(const struct report_landing *l);
json_t *json_attachments(const struct report_attachments *a);

#endif
