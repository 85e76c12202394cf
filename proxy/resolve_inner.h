/*
 * What the files of resolve share: asking the name servers, reading one answer, reading the
 * hosts file. Nobody else includes this.
 */
#ifndef PROXY_RESOLVE_INNER_H
#define PROXY_RESOLVE_INNER_H

#include "capture/wire/dns.h"
#include "proxy/resolve.h"
#include "store/base/buf.h"

/* resolve_ask.c: one question to one name server, by c-ares. */
struct resolve_answer {
	uint16_t type;
	bool done;
	int status;     /* of c-ares; ARES_EDESTRUCTION: given up waiting */
	struct buf raw; /* the message as received, empty if there was none */
};

enum ask_result {
	ASK_DONE, /* every question is done, or one has addresses and the other took too long */
	ASK_TIMEOUT, /* until_us has passed */
	ASK_STOPPED,
	ASK_SYSTEM /* no channel, or poll failed */
};

enum { RESOLVE_QUESTIONS_MAX = 2 };
/* Asks for the records of n types at once, A and AAAA or one alone. name: a host name in ASCII.
 * servers: as c-ares reads them. tap: may be NULL. The raw buffers are the caller's to end,
 * always. */
enum ask_result resolve_ask(const char *servers, const struct tap *tap, const char *name,
	int64_t until_us, int stop_fd, struct resolve_answer *answers, size_t n);
/* The list without its first server; NULL: there is no other. */
const char *resolve_next_server(const char *servers);

/* resolve_path.c: from the asked name along the CNAMEs of one answer to its addresses. Pure. */
struct resolve_path {
	bool malformed;
	unsigned rcode;
	const char *cnames[RESOLVE_CNAMES_MAX];
	size_t n_cnames;
	bool loop;       /* a CNAME points back to a name that was passed */
	bool too_long;   /* more than RESOLVE_CNAMES_MAX */
	size_t n_forks;  /* further CNAMEs of a name that has one already: the first counts */
	size_t n_strays; /* address records of names that are not at the path's end */
	struct resolved_address *addresses; /* at most RESOLVE_ADDRESSES_MAX, as ordered by the
					       server, none twice */
	size_t n_addresses, n_over; /* n_over: distinct or not, those behind the limit */
	int64_t ttl; /* the smallest on the path; FACT_NULL if there was no record */
};

/* name: in the form of dns_name. */
void resolve_path(struct span raw, const char *name, uint16_t type, struct arena *a,
	struct resolve_path *out);

/* resolve_dns.c: ask one server after the other, A and AAAA at once. True: *found are the
 * addresses of both types, unordered; cnames, ttl and note of out are set in either case.
 * `name`: checked, lower case, without a last dot. */
bool resolve_dns(const struct resolver *r, const char *name, int64_t until_us, int stop_fd,
	struct arena *a, struct resolved *out, struct resolved_address **found, size_t *n_found,
	struct err *err);

void resolve_note(struct arena *a, struct resolved *out, const char *text);

/* resolve.c: as c-ares reads them. */
const char *resolver_csv(const struct resolver *r);
const struct tap *resolver_tap(const struct resolver *r);

/* resolve_hosts.c: all addresses that the file has for the name, in its order; none if it
 * cannot be read. */
size_t resolve_hosts(
	const char *path, const char *name, struct arena *a, struct resolved_address **out);

#endif
