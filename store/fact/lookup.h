/*
 * The words that a lookup fact may carry: what was asked, and what came of it. Only ever
 * appended.
 */
#ifndef STORE_FACT_LOOKUP_H
#define STORE_FACT_LOOKUP_H

#include <stdbool.h>

enum { LOOKUP_ANSWER_MAX = 1024 * 1024 };

/* Kind, word. The subject is a domain (A-labels) or an address; for rdap-bootstrap the file's
 * name ("dns", "ipv4", "ipv6", "asn", "object-tags"), for rdap-autnum the number, for
 * rdap-entity the handle. */
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
	X(NETWORK, "network")           /* a local database of networks; no one was asked */   \
	X(SECURITY_TXT, "security-txt") /* RFC 9116; of the domain's own web server */

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

/* What came of it: word. The first five are answers, which may be used again while they are
 * fresh; the others are failures, after which it is asked again. */
#define LOOKUP_OUTCOMES(X)                                                                     \
	X(OK, "ok")                                                                            \
	X(NOT_FOUND, "not-found") /* HTTP 404, NXDOMAIN */                                     \
	X(EMPTY, "empty")         /* the name is there, records of that type are not */        \
	X(REDIRECT, "redirect")   /* detail: the address that it names */                      \
	X(NO_SERVER, "no-server") /* the bootstrap file names nobody who could be asked */     \
	X(RATE_LIMITED, "rate-limited") /* HTTP 429, and no time to wait as long as it says */ \
	X(REFUSED, "refused")     /* by HTTP 4xx or REFUSED; or we refused to go there */      \
	X(FAILED, "failed")       /* HTTP 5xx, SERVFAIL, and whatever else makes no sense */   \
	X(MALFORMED, "malformed") /* an answer that cannot be read as what it should be */     \
	X(CUT, "cut")             /* longer than LOOKUP_ANSWER_MAX: its start is kept */       \
	X(TIMEOUT, "timeout")                                                                  \
	X(UNREACHABLE, "unreachable") /* no connection, or none that can be trusted */

enum lookup_outcome {
#define X(name, word) LOOKUP_##name,
	LOOKUP_OUTCOMES(X)
#undef X
		LOOKUP_OUTCOME_COUNT
};

static inline const char *lookup_outcome_word(enum lookup_outcome outcome)
{
	static const char *const words[] = {
#define X(name, word) word,
		LOOKUP_OUTCOMES(X)
#undef X
	};
	return words[outcome];
}

static inline bool lookup_is_answer(enum lookup_outcome outcome)
{
	return outcome <= LOOKUP_NO_SERVER;
}

#endif
