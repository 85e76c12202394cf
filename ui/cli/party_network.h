/*
 * Puts the networks of addresses to the parties of a report, and the country to where it was
 * seen from, by the user's database files (--mmdb). What is there already, from a directory
 * that was asked, stays. Main thread.
 */
#ifndef UI_CLI_PARTY_NETWORK_H
#define UI_CLI_PARTY_NETWORK_H

#include "ui/report/report.h"

/* The first file that knows a thing counts. Fronts are recognised anew. Errors: USAGE (a file
 * cannot be read any more). */
bool party_network_attach(
	const char *const *files, size_t n, struct report *r, struct arena *a, struct err *err);

#endif
