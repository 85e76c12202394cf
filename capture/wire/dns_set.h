/*
 * The records of one answer that belong to the asked name: the CNAMEs from it followed inside
 * the message, the records of the asked type at their end, each as a zone file has it (RFC 1035
 * 5.1, RFC 8659 4.1). Hostile bytes: a broken message gives nothing. Asks nobody; does not
 * climb trees. Text in an arena. One thread.
 */
#ifndef CAPTURE_WIRE_DNS_SET_H
#define CAPTURE_WIRE_DNS_SET_H

#include "capture/wire/dns.h"
#include "store/base/arena.h"
#include "store/base/buf.h"

enum { DNS_NS = 2, DNS_SOA = 6, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_CAA = 257 };
enum { DNS_SET_MAX = 64, DNS_SET_CNAMES_MAX = 16, DNS_SET_TEXT_MAX = 4096 };

struct dns_set {
	bool bad; /* no answer to that question, or broken: nothing else is set */
	unsigned rcode;
	const char *end; /* the name whose records these are: the asked one, or a CNAME's */
	const char *cnames[DNS_SET_CNAMES_MAX];
	size_t n_cnames;
	bool stray; /* a loop of CNAMEs, or more of them than DNS_SET_CNAMES_MAX */
	struct span records[DNS_SET_MAX]; /* ASCII */
	size_t n_records, n_over;         /* n_over: behind DNS_SET_MAX, longer than
					     DNS_SET_TEXT_MAX, or broken */
	uint32_t ttl;                     /* the smallest of the records */
};

/* name: in the form of dns_name. */
void dns_set_read(struct span message, const char *name, uint16_t type, struct arena *a,
	struct dns_set *out);

/* A record's data as a zone file has it, appended: A, AAAA, CNAME, NS, PTR, MX, TXT, CAA, SOA.
 * False: another type, or broken data; then nothing is appended. */
bool dns_data_text(struct span message, const struct dns_record *record, struct buf *out);

/* The name that an address is asked for in reverse (RFC 1035 3.5, RFC 3596 2.5): 4 or 16 bytes.
 */
void dns_reverse_name(struct span address, struct buf *out);

#endif
