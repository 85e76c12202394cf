/*
 * Facts as JSON values, for everything in ui/report that writes JSON. Unknown (FACT_NULL, an
 * absent span, NULL) is null. New references.
 */
#ifndef UI_REPORT_JSON_VALUE_H
#define UI_REPORT_JSON_VALUE_H

#include "store/base/buf.h"
#include "store/derive/trail.h"

#include <jansson.h>

/* Appends j as text, pure printable ASCII but for line ends, and gives up the reference. flags:
 * JSON_INDENT, JSON_COMPACT. */
void json_write(json_t *j, size_t flags, struct buf *out);

/* Text from outside: UTF-8, or else read as ISO-8859-1. */
json_t *json_text_of(struct span s);
json_t *json_words_of(const char *s);
json_t *json_int_of(int64_t v);
json_t *json_bool_of(int64_t v);
json_t *json_time_of(int64_t us); /* RFC 3339 UTC with microseconds */
json_t *json_ms_of(int64_t us);   /* a number, microseconds behind the point */
json_t *json_hex_of(struct span bytes);
json_t *json_list_of(const struct span *items, size_t n);
/* The arrays of the report's "arrived_by". */
json_t *json_evidence(const struct trail_hop *h);
json_t *json_alternatives(const struct trail_hop *h);

#endif
