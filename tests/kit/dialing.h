/*
 * What tests of dial share: a scripted name server, a dialer with an empty policy and no rules,
 * the facts of its last call, and sockets on loopback that listen, refuse, or are silent. One
 * test thread.
 */
#ifndef TESTS_KIT_DIALING_H
#define TESTS_KIT_DIALING_H

#include "proxy/dial.h"
#include "tests/kit/dns_server.h"

#include <stdint.h>
#include <sys/socket.h>

enum { A = DNS_SERVER_A, AAAA = DNS_SERVER_AAAA, BOTH = DNS_SERVER_BOTH };

struct dialing {
	struct dns_server *dns;
	struct connect_to connect_to;
	struct policy policy;
	struct dialer d;
	struct arena a;
	int64_t patience_us; /* of one call; 10 s */
	int stop_fd;         /* -1 */
	/* of the last call */
	struct fact_dns dns_fact;
	struct fact_leg leg;
	struct err err;
};

/* cmocka's set-up and tear-down; *state is the struct dialing. */
int dialing_set_up(void **state);
int dialing_tear_down(void **state);
#define DIALING_TEST(name)                                                                     \
	cmocka_unit_test_setup_teardown(name, dialing_set_up, dialing_tear_down)

void dialing_allow(struct dialing *f, const char *cidr);
void dialing_rule(
	struct dialing *f, const char *rule, uint16_t port); /* --connect-to RULE:PORT */

/* Calls dial and checks what holds for every call. */
int dialing_call(struct dialing *f, const char *host, uint16_t port);
/* The same; connected to this address and to nothing else. */
int dialing_ok(struct dialing *f, const char *host, uint16_t port, const char *remote_ip);
/* The same; failed in this way, `detail` a part of the error's. */
void dialing_fails(struct dialing *f, const char *host, uint16_t port, enum err_kind kind,
	const char *detail);

void dialing_assert_span(struct span s, const char *want); /* NULL: the absent span */
/* `format` with every # replaced by the port. */
const char *dialing_text(struct dialing *f, const char *format, uint16_t port);

struct sockaddr_storage dialing_address(const char *ip, uint16_t port);
/* A listening socket; *port 0: any, and set. -1 if it cannot be had. */
int dialing_listen(const char *ip, uint16_t *port, int backlog);
int dialing_listen_any(const char *ip, uint16_t *port);
/* The same port at two addresses. */
void dialing_listen_two(
	const char *const ip[2], const int backlog[2], int fd[2], uint16_t *port);
/* Nobody has come to this listener: not even a connection that was closed at once. */
void dialing_assert_untouched(int listener);
/* A port where nobody listens, at every loopback address; bound, so that nobody else takes it:
 * close it. */
int dialing_refused_port(uint16_t *port);
int dialing_next_descriptor(void);

/* A listening socket whose queue is full: the kernel drops further SYNs, as a firewall would.
 */
struct blackhole {
	int listener, filler[8];
	size_t n;
	uint16_t port;
};
void blackhole_start(struct blackhole *b, const char *ip);
/* The same with a listener that was made with backlog 0; takes it. */
void blackhole_fill(struct blackhole *b, const char *ip, int listener, uint16_t port);
void blackhole_end(struct blackhole *b);

#endif
