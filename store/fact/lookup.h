/*
 * The words that a lookup fact may carry: what was asked, and what came of it. Only ever
 * appended.
 */
#ifndef STORE_FACT_LOOKUP_H
#define STORE_FACT_LOOKUP_H

enum { LOOKUP_ANSWER_MAX = 1024 * 1024 };

/* Kind, word. The subject is a domain (A-labels) or an address; for rdap-bootstrap the file's
 * name ("dns", "ipv4", "ipv6", "asn"), for rdap-autnum the number. */
#define LOOKUP_KINDS(X)                                                                        \
	X(RDAP_BOOTSTRAP, "rdap-bootstrap") /* RFC 9224 */                                     \
	X(RDAP_DOMAIN, "rdap-domain")       /* RFC 9082 3.1.3 */                               \
	X(RDAP_IP, "rdap-ip")               /* RFC 9082 3.1.1 */                               \
	X(RDAP_AUTNUM, "rdap-autnum")       /* RFC 9082 3.1.2 */                               \
	X(RDAP_ENTITY, "rdap-entity")       /* RFC 9082 3.1.5 */                               \
	X(DNS_A, "dns-a")                                                                      \
	X(DNS_AAAA, "dns-aaaa")                                                                \
	X(DNS_NS, "dns-ns")                                                                    \
	X(DNS_MX, "dns-mx")                                                                    \
	X(DNS_TXT, "dns-txt")                                                                  \
	X(DNS_CAA, "dns-caa") /* RFC 8659 */                                                   \
	X(DNS_PTR, "dns-ptr")                                                                  \
	X(DNS_CNAME, "dns-cname")                                                              \
	X(DNS_SOA, "dns-soa")                                                                  \
	X(NETWORK, "network") /* a local database of networks; no one was asked */

enum lookup_kind {
#define X(name, word) LOOKUP_##name,
	LOOKUP_KINDS(X)
#undef X
		LOOKUP_KIND_COUNT
};

static inline const char *lookup_word(enum lookup_kind kind)
{
	static const char *const words[] = {
#define X(name, word) word,
		LOOKUP_KINDS(X)
#undef X
	};
	return words[kind];
}

#endif
