/*
 * Addresses that people read but nothing opens: hxxps://example[.]com/path. Appends; escapes
 * nothing, so whoever prints the result still does. Pure; any thread.
 */
#ifndef UI_REPORT_DEFANG_H
#define UI_REPORT_DEFANG_H

#include "store/base/buf.h"

/* A URL: its scheme is spelled so that no program takes it for one, the dots of its host are in
 * brackets; everything behind the host stays. */
void defang_add(struct buf *out, struct span url);
/* A host name or address: its dots in brackets. */
void defang_host(struct buf *out, struct span host);

#endif
