/*
 * A case of many made-up recipients, each of whom stands in it in every coding and in every
 * kind of place. Codings are written here anew: nothing of what finds them is used. One test
 * thread.
 */
#ifndef TESTS_KIT_LEAK_CASE_H
#define TESTS_KIT_LEAK_CASE_H

#include "tests/kit/temp_case.h"

enum { LEAK_ADDRESS_MAX = 120, LEAK_CODINGS = 30 };

/* Recipient i: plus-addressed, quoted, with capitals, at domains in other letters. Every local
 * part holds "q<iiii>z". */
void leak_address(unsigned i, char out[LEAK_ADDRESS_MAX]);
/* The address in a coding that may stand in a URL. */
void leak_code(unsigned coding, const char *address, struct buf *out);

/* Fills an open case with n recipients: an exchange each, a trail each. Returns the session. */
int64_t leak_case_fill(struct temp_case *t, unsigned n);

#endif
