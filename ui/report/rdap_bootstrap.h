/*
 * Who is to be asked by RDAP about a domain, an address, an AS number or a handle, by IANA's
 * bootstrap files (RFC 9224; RFC 8521 for handles). Hostile JSON. Reads no file and asks
 * nobody. One thread.
 */
#ifndef UI_REPORT_RDAP_BOOTSTRAP_H
#define UI_REPORT_RDAP_BOOTSTRAP_H

#include "store/base/arena.h"

#include <jansson.h>

enum rdap_file {
	RDAP_FILE_DNS,
	RDAP_FILE_IPV4,
	RDAP_FILE_IPV6,
	RDAP_FILE_ASN,
	RDAP_FILE_TAGS,
	RDAP_FILE_COUNT
};
/* "dns", "ipv4", "ipv6", "asn", "object-tags"; the file has ".json" behind it. */
const char *rdap_file_word(enum rdap_file file);

/* NULL: it is no bootstrap file. json_decref ends it. */
json_t *rdap_bootstrap_load(struct span json);

/* The base address of the server, ending in '/', https where there is a choice; absent: the
 * file names none. subject: a domain in A-labels, an address, a number, a handle. */
struct span rdap_bootstrap_find(
	const json_t *loaded, enum rdap_file file, struct span subject, struct arena *a);

#endif
