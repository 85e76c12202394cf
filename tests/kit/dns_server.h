/*
 * A scripted name server for tests: one thread, UDP and TCP on the same loopback port, and a
 * list of rules that say what is answered to which question, truthful or hostile. It knows
 * nothing of resolution; what a script says is what goes out.
 *
 * A script is a list of items separated by ';'.
 *   OWNER TYPE TTL DATA   a record of the answer section; OWNER "@" is the asked name (sent
 * compressed); TYPE is A, AAAA, CNAME, NS, PTR, TXT (one word), MX ("10:mail.test"), SOA
 * ("ns.test:mbox.test"), CAA ("issue:ca.test") or a number (DATA in hex then); names may hold
 * \DDD
 *   !nxdomain !servfail !refused !rcode N    the response code
 *   !drop                 no answer at all
 *   !tcp                  over UDP: only a truncated, empty answer; the records over TCP
 *   !count N              ANCOUNT says N, whatever follows
 *   !raw HEX              bytes that stand in the answer section as they are
 *   !cut N                the message ends after N bytes
 *   !query                the QR bit says that this is a question
 *   !id                   a wrong message id
 *   !hold                 answered only when dns_server_release is called
 * A name without a rule for any type is NXDOMAIN; with rules for other types only, it has no
 * records.
 */
#ifndef TESTS_KIT_DNS_SERVER_H
#define TESTS_KIT_DNS_SERVER_H

#include <stddef.h>
#include <stdint.h>

struct dns_server;

/* Aborts the test program if it cannot be had. */
struct dns_server *dns_server_start(void);
void dns_server_stop(struct dns_server *s);
const char *dns_server_address(const struct dns_server *s); /* "127.0.0.1:port" */

enum { DNS_SERVER_A = 1, DNS_SERVER_AAAA = 28, DNS_SERVER_BOTH = 0 };
/* Rules for a name are used in the order they were given, each `times` times (0: for ever). */
void dns_server_on(
	struct dns_server *s, const char *name, int type, unsigned times, const char *script);
/* Send what was held. */
void dns_server_release(struct dns_server *s);

/* Questions seen for a name and type so far, and how many of them came over TCP. name NULL:
 * all. */
unsigned dns_server_asked(struct dns_server *s, const char *name, int type);
unsigned dns_server_asked_by_tcp(struct dns_server *s, const char *name, int type);

#endif
