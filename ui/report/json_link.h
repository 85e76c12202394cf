/*
 * What a hop's link says about itself as JSON members: hops[].link and hops[].claimed. Values
 * that are or hold the recipient are null; where they stand in the URL is given. New
 * references.
 */
#ifndef UI_REPORT_JSON_LINK_H
#define UI_REPORT_JSON_LINK_H

#include "ui/report/report.h"

#include <jansson.h>

json_t *json_link(const struct report_hop *h);
json_t *json_claimed(const struct report_hop *h);
/* The file of rules that the report was made with; null: the built-in ones alone. */
json_t *json_wrappers(const struct wrapper_rules *rules);

#endif
