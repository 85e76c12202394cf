/*
 * A case with everything that an archive format has to write down: HTTP/1.1 and HTTP/2, forms,
 * codings, bodies that are no text, answers without a body, exchanges that failed or were cut
 * off, a trail that comes to an address twice; and, in every field that comes from outside,
 * bytes that want to be a line, a record, a quote or a terminal's command. One test thread.
 */
#ifndef TESTS_KIT_EXPORT_CASE_H
#define TESTS_KIT_EXPORT_CASE_H

#include "tests/kit/temp_case.h"

/* Into an open case: a session with its trail, and one of hostile exchanges. */
void export_case_fill(struct temp_case *t);

/* What stands in the hostile exchanges. */
extern const struct span export_nasty[];
extern const size_t n_export_nasty;

#endif
