/*
 * What the archive formats say in JSON about an exchange beside what their own standards have
 * room for: its place in a trail, its TLS, why it failed. New references.
 */
#ifndef UI_EXPORT_EXPORT_JSON_H
#define UI_EXPORT_EXPORT_JSON_H

#include "ui/export/export_list.h"
#include "ui/report/json_value.h"

json_t *export_hop(const struct export_item *i);    /* of an item that is a hop */
json_t *export_tls(const struct fact_handshake *t); /* of the origin's leg */
json_t *export_reason(const struct fact_exchange_end *end);
/* What was done to the edition, and what is left out of it. */
json_t *export_about(const struct edition *e, const struct export_list *list);

#endif
