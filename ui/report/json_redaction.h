/*
 * What was redacted, as the member "redaction" of the JSON report: how, what where with which
 * tag, and what a receiver could still work out. One thread.
 */
#ifndef UI_REPORT_JSON_REDACTION_H
#define UI_REPORT_JSON_REDACTION_H

#include "ui/report/edition.h"

#include <jansson.h>

json_t *json_redaction(const struct edition *e);

#endif
