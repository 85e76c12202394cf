/*
 * Names to addresses by c-ares, with what a case wants to know: which resolver, the CNAME path,
 * addresses and TTLs. A and AAAA are asked together; the hosts file is honoured and comes
 * first. Literals (IPv4 in dotted form, IPv6) pass through. The search list of resolv.conf is
 * not used: the name that is asked is the name that was clicked. Tunnel threads; each question
 * has a channel of its own (making one costs about 20 us, and every question leaves from a
 * fresh port), so that nothing is shared.
 */
#ifndef PROXY_RESOLVE_H
#define PROXY_RESOLVE_H

#include "store/base/arena.h"
#include "store/base/err.h"

#include <sys/socket.h>

enum { RESOLVE_ADDRESSES_MAX = 64, RESOLVE_CNAMES_MAX = 16 };
enum {
	RESOLVE_TRY_MS = 2000, /* until a question is repeated; doubles */
	RESOLVE_TRIES = 3,     /* per server */
	RESOLVE_OTHER_MS =
		500 /* how long the other family is waited for, once one has addresses */
};

struct tap; /* proxy/tap.h */
struct resolver;
/* servers: "ip[:port],ip[:port]" (curl's --dns-servers), or NULL for the system's. */
struct resolver *resolver_new(const char *servers, struct err *err);
void resolver_free(struct resolver *r);
/* The configured servers, "ip:port ip:port", for the facts. */
const char *resolver_servers(const struct resolver *r);
/* Another file in place of /etc/hosts; before threads. */
void resolver_use_hosts(struct resolver *r, const char *path);
/* Who is told of every question's socket; NULL: nobody. Borrowed; while nobody resolves. */
void resolver_use_tap(struct resolver *r, const struct tap *tap);

struct resolved_address {
	struct sockaddr_storage addr; /* port 0 */
	int64_t ttl;                  /* seconds; FACT_NULL if unknown (hosts file, literal) */
};
struct resolved {
	const char *source;  /* "dns", "hosts", "literal"; NULL if the name was not looked up at
				all */
	const char **cnames; /* in order, the asked name left out */
	size_t n_cnames;
	struct resolved_address
		*addresses; /* in the order to try: RFC 8305 interleaved, IPv6 first */
	size_t n_addresses;
	int64_t ttl;      /* the smallest, CNAMEs included; FACT_NULL if unknown */
	const char *note; /* what was odd or left out, in words; NULL: nothing */
	int64_t started_us, elapsed_us;
};

/* The name as it is asked for: lower case, without its last dot, in a. NULL with DNS_FAILED for
 * what is no host name; numbers that some C libraries take for an IPv4 address (127.1,
 * 2130706433, 0x7f.1) are none. */
const char *resolve_checked_name(const char *name, struct arena *a, struct err *err);
/* localhost and what ends in it (RFC 6761 6.3). name: checked. */
bool resolve_is_localhost(const char *name);

/* DNS_NOT_FOUND (also for a name without addresses), DNS_FAILED, DNS_TIMEOUT, SHUTDOWN. `out`
 * is filled as far as it is known: the CNAME path also where it leads nowhere. */
bool resolve(struct resolver *r, const char *name, int64_t until_us, int stop_fd,
	struct arena *a, struct resolved *out, struct err *err);

#endif
