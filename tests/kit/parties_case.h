/*
 * A case of one trail over given hosts and addresses, each hop redirecting to the next: for
 * tests that are about who runs them. Fails the running cmocka test. One test thread.
 */
#ifndef TESTS_KIT_PARTIES_CASE_H
#define TESTS_KIT_PARTIES_CASE_H

#include "tests/kit/temp_case.h"

struct parties_hop {
	const char *url;
	const char *ip;     /* that was reached */
	const char *cnames; /* of its host, separated by spaces; NULL: none */
};

/* Fills an open case (temp_case_start) and closes it. hops end with a NULL url. */
void parties_case_fill(struct temp_case *t, const struct parties_hop *hops);

#endif
