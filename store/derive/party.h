/*
 * Who is behind a host name, as far as the name tells: the registrable domain by the Public
 * Suffix List. Addresses, networks and desks to write to are not its business. Any thread.
 */
#ifndef STORE_DERIVE_PARTY_H
#define STORE_DERIVE_PARTY_H

#include "store/base/arena.h"

struct party {
	struct span registrable_domain; /* "example.co.uk"; absent: an address, one label, or
					   itself a public suffix */
	/* The same by registries' rules only (no private section): the domain that a registrar
	 * sold, "github.io" for "someone.github.io". Absent as above. */
	struct span registered_domain;
	bool ip;
};

/* host: as a URL has it (lower case, punycode, IPv6 in brackets), a final dot allowed. */
void party_of_host(struct arena *a, struct span host, struct party *out);

/* Does the host end in a suffix that is on the list, or in a name that is kept for examples and
 * tests (RFC 2606 2)? "invoice.pdf" does not. */
bool party_is_listed(struct arena *a, struct span host);

/* Version of the list in use, for reports: "2023-02-09" style or a file's name; never NULL. */
const char *party_list(void);

#endif
