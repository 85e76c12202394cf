/*
 * What tests of resolve share: a scripted name server, a resolver that asks it alone and reads
 * no hosts file, and the last answer as text. One test thread.
 */
#ifndef TESTS_KIT_RESOLVING_H
#define TESTS_KIT_RESOLVING_H

#include "proxy/resolve.h"
#include "tests/kit/dns_server.h"

enum { A = DNS_SERVER_A, AAAA = DNS_SERVER_AAAA, BOTH = DNS_SERVER_BOTH };

struct resolving {
	struct dns_server *dns;
	struct resolver *r;
	struct arena a;
	int64_t patience_us; /* 10 s */
	int stop_fd;         /* -1 */
	/* of the last name */
	struct resolved out;
	struct err err;
};

/* cmocka's set-up and tear-down; *state is the struct resolving. */
int resolving_set_up(void **state);
int resolving_tear_down(void **state);
#define RESOLVING_TEST(name)                                                                   \
	cmocka_unit_test_setup_teardown(name, resolving_set_up, resolving_tear_down)

bool resolving_ask(struct resolving *f, const char *name);
void resolving_ok(struct resolving *f, const char *name);
void resolving_fails(
	struct resolving *f, const char *name, enum err_kind kind, const char *detail);

/* "ip/ttl ip/ttl", a ttl that is not known as "-". */
const char *resolving_addresses(struct resolving *f);
const char *resolving_cnames(struct resolving *f);
void resolving_assert_note(struct resolving *f, const char *part);

#endif
