/*
 * Records of any type against a scripted name server: what comes back raw, and what is made of
 * silence, of servers that cannot, of long answers.
 */
#include "proxy/resolve_records.h"
#include "capture/wire/dns_set.h"
#include "store/base/clock.h"
#include "tests/kit/resolving.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static bool ask(struct resolving *f, const char *name, uint16_t type, struct dns_set *set)
{
	struct buf message = {0};
	bool good = resolve_records(f->r, name, type,
		clock_now_us(clock_real()) + f->patience_us, f->stop_fd, &message, &f->err);
	assert_true(good == (buf_len(&message) > 0));
	dns_set_read(arena_copy(&f->a, buf_span(&message)), name, type, &f->a, set);
	buf_fini(&message);
	return good;
}

static void each_type(void **state)
{
	struct resolving *f = *state;
	struct dns_set set;
	dns_server_on(f->dns, "a.test", DNS_MX, 0, "@ MX 60 10:mail.a.test; @ MX 60 20:b.test");
	dns_server_on(f->dns, "a.test", DNS_CAA, 0, "@ CAA 60 issue:ca.test");
	dns_server_on(f->dns, "a.test", DNS_TXT, 0, "!tcp; @ TXT 60 v=spf1");
	assert_true(ask(f, "a.test", DNS_MX, &set));
	assert_int_equal(set.n_records, 2);
	assert_true(span_is(set.records[0], "10 mail.a.test"));
	assert_true(ask(f, "a.test", DNS_CAA, &set));
	assert_true(span_is(set.records[0], "0 issue \"ca.test\""));
	/* Too long for UDP: asked again over TCP. */
	assert_true(ask(f, "a.test", DNS_TXT, &set));
	assert_true(span_is(set.records[0], "\"v=spf1\""));
	assert_int_equal(dns_server_asked_by_tcp(f->dns, "a.test", DNS_TXT), 1);
	assert_true(ask(f, "a.test", DNS_NS, &set));
	assert_int_equal(set.rcode, 0);
	assert_int_equal(set.n_records, 0);
	assert_true(ask(f, "no.test", DNS_NS, &set));
	assert_int_equal(set.rcode, DNS_NXDOMAIN);
}

static void the_next_server_may_know(void **state)
{
	struct resolving *f = *state;
	struct dns_server *first = dns_server_start();
	struct dns_set set;
	char servers[80];
	dns_server_on(first, "a.test", DNS_NS, 0, "!servfail");
	dns_server_on(first, "b.test", DNS_NS, 0, "!refused");
	dns_server_on(f->dns, "a.test", DNS_NS, 0, "@ NS 60 ns.test");
	dns_server_on(f->dns, "b.test", DNS_NS, 0, "!servfail");
	snprintf(servers, sizeof servers, "%s,%s", dns_server_address(first),
		dns_server_address(f->dns));
	resolver_free(f->r);
	f->r = resolver_new(servers, &f->err);
	assert_true(ask(f, "a.test", DNS_NS, &set));
	assert_true(span_is(set.records[0], "ns.test"));
	assert_true(ask(f, "b.test", DNS_NS, &set));
	assert_int_equal(set.rcode, DNS_SERVFAIL);
	dns_server_stop(first);
}

static void silence_ends(void **state)
{
	struct resolving *f = *state;
	struct dns_set set;
	dns_server_on(f->dns, "a.test", DNS_NS, 0, "!drop");
	f->patience_us = 200 * 1000;
	assert_false(ask(f, "a.test", DNS_NS, &set));
	assert_int_equal(f->err.kind, ERR_DNS_TIMEOUT);
	f->patience_us = 10 * 1000000;
	f->stop_fd = eventfd(1, EFD_CLOEXEC);
	assert_false(ask(f, "a.test", DNS_NS, &set));
	assert_int_equal(f->err.kind, ERR_SHUTDOWN);
	close(f->stop_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RESOLVING_TEST(each_type),
		RESOLVING_TEST(the_next_server_may_know),
		RESOLVING_TEST(silence_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
