/*
 * Inside of redact_collect*.c: which pass it is, and what was seen. Nobody else includes it.
 */
#ifndef UI_REPORT_REDACT_COLLECT_H
#define UI_REPORT_REDACT_COLLECT_H

#include "ui/report/redact_parts.h"

enum { PASS_STAYS, PASS_GOES };
enum { SEEN_STAYS = 1, SEEN_GOES = 2, SEEN_ADDRESSES = 4, SEEN_FIELD = 8 };

#endif
