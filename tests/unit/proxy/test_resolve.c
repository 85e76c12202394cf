/*
 * Names to addresses against a scripted name server: what a case wants to know of good answers,
 * and what is made of answers that say no, of silence, and of several servers.
 */
#include "store/base/clock.h"
#include "store/fact/fact.h"
#include "tests/kit/resolving.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* ---- good answers ---- */

static void test_both_families(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "www.test", A, 0,
		"@ A 60 192.0.2.1; @ A 60 192.0.2.2; @ A 60 192.0.2.3");
	dns_server_on(
		f->dns, "www.test", AAAA, 0, "@ AAAA 30 2001:db8::1; @ AAAA 90 2001:db8::2");
	resolving_ok(f, "www.test");
	assert_string_equal(resolving_addresses(f),
		"2001:db8::1/30 192.0.2.1/60 2001:db8::2/90 192.0.2.2/60 192.0.2.3/60");
	assert_string_equal(f->out.source, "dns");
	assert_int_equal(f->out.n_cnames, 0);
	assert_int_equal(f->out.ttl, 30);
	assert_null(f->out.note);
	assert_true(f->out.elapsed_us > 0 && f->out.elapsed_us < 5000000);
	assert_int_equal(dns_server_asked(f->dns, NULL, BOTH), 2);
}

static void test_servers_order_is_kept(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "www.test", A, 0,
		"@ A 9 203.0.113.9; @ A 9 10.0.0.1; @ A 9 127.0.0.1; @ A 9 1.1.1.1");
	resolving_ok(f, "www.test");
	assert_string_equal(
		resolving_addresses(f), "203.0.113.9/9 10.0.0.1/9 127.0.0.1/9 1.1.1.1/9");
	assert_null(f->out.note);
}

/* The branded click domain: the path to the ESP is what the case wants, in order, whatever the
 * order of the records. */
static void test_cname_path(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "click.shop.test", A, 0,
		"edge.cdn.test A 20 192.0.2.7; esp.test CNAME 40 edge.cdn.test; "
		"@ CNAME 300 u1.esp.test; u1.esp.test CNAME 600 esp.test");
	dns_server_on(f->dns, "click.shop.test", AAAA, 0,
		"@ CNAME 300 u1.esp.test; u1.esp.test CNAME 600 ESP.test; Esp.Test CNAME 10 "
		"edge.cdn.test");
	resolving_ok(f, "Click.Shop.Test.");
	assert_string_equal(resolving_cnames(f), "u1.esp.test esp.test edge.cdn.test");
	assert_string_equal(resolving_addresses(f), "192.0.2.7/20");
	assert_int_equal(f->out.ttl, 10);
	assert_null(f->out.note);
}

static void test_only_one_family(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "six.test", AAAA, 0, "@ AAAA 5 2001:db8::6");
	resolving_ok(f, "six.test");
	assert_string_equal(resolving_addresses(f), "2001:db8::6/5");
	assert_null(f->out.note);
}

static void test_doubles_count_once(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "www.test", A, 0,
		"@ A 60 192.0.2.1; @ A 50 192.0.2.1; @ A 60 192.0.2.2");
	resolving_ok(f, "www.test");
	assert_string_equal(resolving_addresses(f), "192.0.2.1/60 192.0.2.2/60");
}

static void test_odd_but_legal_name(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "a_b!c.x--y.test", A, 0, "@ A 1 192.0.2.1");
	resolving_ok(f, "A_b!c.x--y.test");
	assert_string_equal(resolving_addresses(f), "192.0.2.1/1");
}

static void test_truncated_goes_to_tcp(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "big.test", A, 0, "!tcp; @ A 60 192.0.2.1");
	dns_server_on(f->dns, "big.test", AAAA, 0, "!tcp; @ AAAA 60 2001:db8::1");
	resolving_ok(f, "big.test");
	assert_string_equal(resolving_addresses(f), "2001:db8::1/60 192.0.2.1/60");
	assert_int_equal(dns_server_asked_by_tcp(f->dns, "big.test", A), 1);
	assert_int_equal(dns_server_asked_by_tcp(f->dns, "big.test", AAAA), 1);
}

/* ---- not DNS ---- */

static void test_literals(void **state)
{
	struct resolving *f = *state;
	static const char *const names[][2] = {{"192.0.2.1", "192.0.2.1/-"},
		{"127.0.0.1", "127.0.0.1/-"}, {"2001:DB8::0:1", "2001:db8::1/-"},
		{"::ffff:127.0.0.1", "::ffff:127.0.0.1/-"}, {"::", "::/-"}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		resolving_ok(f, names[i][0]);
		assert_string_equal(resolving_addresses(f), names[i][1]);
		assert_string_equal(f->out.source, "literal");
		assert_int_equal(f->out.ttl, FACT_NULL);
	}
	assert_int_equal(dns_server_asked(f->dns, NULL, BOTH), 0);
}

/* What is neither: above all the forms of an address that some C libraries take for loopback.
 * Never sent out. */
static void test_not_names(void **state)
{
	struct resolving *f = *state;
	char long_label[70], long_name[300];
	memset(long_label, 'a', 64);
	memcpy(long_label + 64, ".eu", 4);
	for (size_t i = 0; i < 254; i++)
		long_name[i] = i % 50 == 49 ? '.' : 'a';
	long_name[254] = 0;
	const char *const names[] = {"", ".", "..", "a..b", ".a", "a b", "a\nb", "a\x7f",
		"m\xc3\xbcnchen.test", "a/b", "a:b", "[::1]", "u@a", "a\\046b", "100%",
		"fe80::1%lo", "2130706433", "0x7f000001", "127.1", "127.0.1", "0177.0.0.1",
		"127.0.0.01", "0x7f.0.0.1", "1.2.3.4.5", "a.0x", "a.1", "256.256.256.256",
		"1.2.3.4.", long_label, long_name};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		resolving_fails(f, names[i], ERR_DNS_FAILED, "");
		assert_null(f->out.source);
		assert_null(strchr(f->err.detail, '\n'));
	}
	long_label[63] = '.';
	memcpy(long_label + 64, "eu", 3);
	resolving_fails(
		f, long_label, ERR_DNS_NOT_FOUND, "NXDOMAIN"); /* 63 is a legal length */
	resolving_fails(f, "a.1x", ERR_DNS_NOT_FOUND, "NXDOMAIN");
	assert_int_equal(dns_server_asked(f->dns, NULL, BOTH), 4);
}

static void test_hosts_file(void **state)
{
	struct resolving *f = *state;
	char path[] = "/tmp/clicktrail-hosts-XXXXXX";
	int fd = mkstemp(path);
	static const char text[] = "# lab\n"
				   "192.0.2.1 first.test alias.test # not-this.test\n"
				   "\t2001:db8::1\tother.test ALIAS.test\r\n"
				   "192.0.2.2 alias.test\n"
				   "300.0.0.1 broken.test\n"
				   "192.0.2.3\n"
				   "\n"
				   "0.0.0.0 tracker.test\n"
				   "192.0.2.9 last.test"; /* no line end */
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	resolver_use_hosts(f->r, path);
	dns_server_on(f->dns, "alias.test", BOTH, 0, "@ A 1 203.0.113.1");
	resolving_ok(f, "Alias.test.");
	assert_string_equal(f->out.source, "hosts");
	assert_string_equal(resolving_addresses(f), "2001:db8::1/- 192.0.2.1/- 192.0.2.2/-");
	assert_int_equal(f->out.ttl, FACT_NULL);
	resolving_ok(f, "tracker.test");
	assert_string_equal(resolving_addresses(f), "0.0.0.0/-");
	resolving_ok(f, "last.test");
	assert_string_equal(resolving_addresses(f), "192.0.2.9/-");
	assert_int_equal(dns_server_asked(f->dns, NULL, BOTH), 0);
	resolving_fails(f, "not-this.test", ERR_DNS_NOT_FOUND, "NXDOMAIN");
	assert_string_equal(f->out.source, "dns");
	resolving_fails(f, "broken.test", ERR_DNS_NOT_FOUND, "NXDOMAIN");
	unlink(path);
}

static void test_special_names(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "x.localhost", BOTH, 0, "@ A 1 203.0.113.1");
	dns_server_on(f->dns, "notlocalhost", A, 0, "@ A 1 203.0.113.1");
	resolving_ok(f, "LocalHost");
	assert_string_equal(resolving_addresses(f), "::1/- 127.0.0.1/-");
	assert_string_equal(f->out.source, "hosts");
	resolving_ok(f, "x.localhost.");
	assert_string_equal(resolving_addresses(f), "::1/- 127.0.0.1/-");
	resolving_fails(f, "expyuzz4wqqyqhjn.onion", ERR_DNS_NOT_FOUND, "onion");
	assert_int_equal(dns_server_asked(f->dns, NULL, BOTH), 0);
	resolving_ok(f, "notlocalhost");
	assert_string_equal(resolving_addresses(f), "203.0.113.1/1");
}

/* ---- answers that say no ---- */

static void test_nxdomain(void **state)
{
	struct resolving *f = *state;
	resolving_fails(f, "gone.test", ERR_DNS_NOT_FOUND, "gone.test: NXDOMAIN");
	assert_int_equal(dns_server_asked(f->dns, NULL, BOTH), 2);
}

/* The path to a name that is gone tells who had run the domain. */
static void test_nxdomain_keeps_the_path(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "click.test", BOTH, 0,
		"!nxdomain; @ CNAME 300 u7.esp.test; u7.esp.test CNAME 60 gone.test");
	resolving_fails(f, "click.test", ERR_DNS_NOT_FOUND, "NXDOMAIN");
	assert_string_equal(resolving_cnames(f), "u7.esp.test gone.test");
	assert_int_equal(f->out.ttl, 60);
}

static void test_no_addresses(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "empty.test", BOTH, 0, "");
	dns_server_on(f->dns, "mail.test", BOTH, 0, "@ 15 60 000a00; @ CNAME 60 mx.test");
	resolving_fails(f, "empty.test", ERR_DNS_NOT_FOUND, "no addresses");
	resolving_fails(f, "mail.test", ERR_DNS_NOT_FOUND, "no addresses");
	assert_string_equal(resolving_cnames(f), "mx.test");
}

static void test_server_errors(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "servfail.test", BOTH, 0, "!servfail");
	dns_server_on(f->dns, "refused.test", BOTH, 0, "!refused");
	dns_server_on(f->dns, "rcode.test", BOTH, 0, "!rcode 14");
	dns_server_on(f->dns, "mixed.test", A, 0, "!servfail");
	dns_server_on(f->dns, "mixed.test", AAAA, 0, "");
	resolving_fails(f, "servfail.test", ERR_DNS_FAILED, "servfail.test: SERVFAIL");
	resolving_fails(f, "refused.test", ERR_DNS_FAILED, "REFUSED");
	resolving_fails(f, "rcode.test", ERR_DNS_FAILED, "RCODE 14");
	resolving_fails(f, "mixed.test", ERR_DNS_FAILED, "A: SERVFAIL, AAAA: no addresses");
}

static void test_half_failed_is_enough(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "half.test", A, 0, "@ A 60 192.0.2.1");
	dns_server_on(f->dns, "half.test", AAAA, 0, "!servfail");
	resolving_ok(f, "half.test");
	assert_string_equal(resolving_addresses(f), "192.0.2.1/60");
	resolving_assert_note(f, "AAAA: SERVFAIL");
}

/* Name servers that drop AAAA are common: the addresses we have are used after a short wait. */
static void test_silent_half(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "half.test", A, 0, "@ A 60 192.0.2.1");
	dns_server_on(f->dns, "half.test", AAAA, 0, "!drop");
	resolving_ok(f, "half.test");
	assert_string_equal(resolving_addresses(f), "192.0.2.1/60");
	resolving_assert_note(f, "AAAA: no answer");
	assert_true(f->out.elapsed_us >= RESOLVE_OTHER_MS * 1000);
	assert_true(f->out.elapsed_us < RESOLVE_TRY_MS * 1000);
}

/* A lost question is repeated. */
static void test_lost_once(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "lossy.test", BOTH, 2, "!drop"); /* A and AAAA once */
	dns_server_on(f->dns, "lossy.test", A, 0, "@ A 60 192.0.2.1");
	resolving_ok(f, "lossy.test");
	assert_string_equal(resolving_addresses(f), "192.0.2.1/60");
	assert_true(f->out.elapsed_us >= RESOLVE_TRY_MS * 1000);
}

static void test_deadline(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "silent.test", BOTH, 0, "!drop");
	f->patience_us = 300000;
	resolving_fails(f, "silent.test", ERR_DNS_TIMEOUT, "silent.test: no answer");
	assert_true(f->out.elapsed_us >= 300000);
	assert_true(f->out.elapsed_us < 1500000);
	f->patience_us = -1;
	resolving_fails(f, "silent.test", ERR_DNS_TIMEOUT, "");
}

static void test_nobody_there(void **state)
{
	struct resolving *f = *state;
	struct err err = {0};
	char address[64];
	struct dns_server *gone = dns_server_start();
	snprintf(address, sizeof address, "%s", dns_server_address(gone));
	dns_server_stop(gone);
	resolver_free(f->r);
	f->r = resolver_new(address, &err);
	resolving_fails(
		f, "www.test", ERR_DNS_FAILED, "www.test: Could not contact DNS servers");
}

struct stopper {
	struct resolving *f;
	int fd;
};

static void *stop_when_asked(void *arg)
{
	struct stopper *s = arg;
	uint64_t one = 1;
	while (dns_server_asked(s->f->dns, "silent.test", BOTH) < 2)
		usleep(1000);
	assert_int_equal(write(s->fd, &one, sizeof one), sizeof one);
	return NULL;
}

static void test_stop(void **state)
{
	struct resolving *f = *state;
	struct stopper s = {f, eventfd(0, EFD_CLOEXEC)};
	pthread_t thread;
	dns_server_on(f->dns, "silent.test", BOTH, 0, "!drop");
	f->stop_fd = s.fd;
	pthread_create(&thread, NULL, stop_when_asked, &s);
	resolving_fails(f, "silent.test", ERR_SHUTDOWN, "silent.test");
	pthread_join(thread, NULL);
	assert_true(f->out.elapsed_us < RESOLVE_TRY_MS * 1000);
	close(s.fd);
}

/* ---- several servers ---- */

static void use_two(struct resolving *f, struct dns_server *second)
{
	struct err err = {0};
	char both[100];
	snprintf(both, sizeof both, "%s,%s", dns_server_address(f->dns),
		dns_server_address(second));
	resolver_free(f->r);
	f->r = resolver_new(both, &err);
	assert_non_null(f->r);
	resolver_use_hosts(f->r, "/dev/null");
	snprintf(both, sizeof both, "%s %s", dns_server_address(f->dns),
		dns_server_address(second));
	assert_string_equal(resolver_servers(f->r), both);
}

static void test_next_server_after_an_error(void **state)
{
	struct resolving *f = *state;
	struct dns_server *second = dns_server_start();
	use_two(f, second);
	dns_server_on(f->dns, "www.test", BOTH, 0, "!servfail");
	dns_server_on(second, "www.test", A, 0, "@ A 60 192.0.2.1");
	resolving_ok(f, "www.test");
	assert_string_equal(resolving_addresses(f), "192.0.2.1/60");
	resolving_assert_note(f, "SERVFAIL, asked the next server");
	dns_server_on(f->dns, "no.test", BOTH, 0, "!nxdomain");
	dns_server_on(second, "no.test", A, 0, "@ A 60 192.0.2.1");
	resolving_fails(f, "no.test", ERR_DNS_NOT_FOUND, "NXDOMAIN"); /* that was an answer */
	assert_int_equal(dns_server_asked(second, "no.test", BOTH), 0);
	dns_server_on(f->dns, "bad.test", BOTH, 0, "!refused");
	dns_server_on(second, "bad.test", BOTH, 0, "!servfail");
	resolving_fails(f, "bad.test", ERR_DNS_FAILED, "SERVFAIL");
	assert_int_equal(dns_server_asked(f->dns, "bad.test", BOTH), 2);
	assert_int_equal(dns_server_asked(second, "bad.test", BOTH), 2);
	dns_server_stop(second);
}

static void test_next_server_after_silence(void **state)
{
	struct resolving *f = *state;
	struct dns_server *second = dns_server_start();
	use_two(f, second);
	dns_server_on(f->dns, "www.test", BOTH, 0, "!drop");
	dns_server_on(second, "www.test", A, 0, "@ A 60 192.0.2.1");
	resolving_ok(f, "www.test");
	assert_string_equal(resolving_addresses(f), "192.0.2.1/60");
	assert_int_equal(dns_server_asked(f->dns, "www.test", BOTH), 2);
	dns_server_stop(second);
}

/* ---- the resolver itself ---- */

static void test_server_lists(void **state)
{
	(void)state;
	struct err err = {0};
	static const char *const bad[] = {"", " ", ",", "localhost", "1.2.3", "1.2.3.4:x",
		"1.2.3.4:", "1.2.3.4:0", "1.2.3.4:65536", "::1::2", "[::1", "[::1]53",
		"[1.2.3.4]:53", "::1]", "1.2.3.4,", "1.2.3.4,,1.2.3.5", "1.2.3.4 1.2.3.5",
		"[]"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct resolver *r = resolver_new(bad[i], &err);
		if (r != NULL)
			fail_msg("'%s' gave %s", bad[i], resolver_servers(r));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_non_null(strstr(err.detail, bad[i]));
	}
	struct resolver *r =
		resolver_new("192.0.2.53,[2001:DB8::53]:5353, 192.0.2.54:54,::1,[::2]", &err);
	assert_non_null(r);
	assert_string_equal(resolver_servers(r),
		"192.0.2.53:53 [2001:db8::53]:5353 192.0.2.54:54 [::1]:53 [::2]:53");
	resolver_free(r);
	r = resolver_new(NULL, &err);
	assert_non_null(r);
	assert_true(strlen(resolver_servers(r)) > 0);
	resolver_free(r);
	resolver_free(NULL);
}

struct crowd {
	struct resolving *f;
	char name[32];
	char want[32];
	bool ok;
};

static void *one_of_many(void *arg)
{
	struct crowd *c = arg;
	struct resolving own = {.r = c->f->r, .stop_fd = -1, .patience_us = 10000000};
	c->ok = true;
	for (int i = 0; i < 20; i++)
		c->ok = c->ok && resolving_ask(&own, c->name) &&
			strcmp(resolving_addresses(&own), c->want) == 0;
	arena_fini(&own.a);
	return NULL;
}

static void test_many_threads(void **state)
{
	struct resolving *f = *state;
	enum { THREADS = 8 };
	struct crowd crowd[THREADS];
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++) {
		char script[64];
		crowd[i].f = f;
		snprintf(crowd[i].name, sizeof crowd[i].name, "host%d.test", i);
		snprintf(crowd[i].want, sizeof crowd[i].want, "192.0.2.%d/60", i);
		snprintf(script, sizeof script, "@ A 60 192.0.2.%d", i);
		dns_server_on(f->dns, crowd[i].name, A, 0, script);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, one_of_many, &crowd[i]);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++)
		assert_true(crowd[i].ok);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RESOLVING_TEST(test_both_families),
		RESOLVING_TEST(test_servers_order_is_kept),
		RESOLVING_TEST(test_cname_path),
		RESOLVING_TEST(test_only_one_family),
		RESOLVING_TEST(test_doubles_count_once),
		RESOLVING_TEST(test_odd_but_legal_name),
		RESOLVING_TEST(test_truncated_goes_to_tcp),
		RESOLVING_TEST(test_literals),
		RESOLVING_TEST(test_not_names),
		RESOLVING_TEST(test_hosts_file),
		RESOLVING_TEST(test_special_names),
		RESOLVING_TEST(test_nxdomain),
		RESOLVING_TEST(test_nxdomain_keeps_the_path),
		RESOLVING_TEST(test_no_addresses),
		RESOLVING_TEST(test_server_errors),
		RESOLVING_TEST(test_half_failed_is_enough),
		RESOLVING_TEST(test_silent_half),
		RESOLVING_TEST(test_lost_once),
		RESOLVING_TEST(test_deadline),
		RESOLVING_TEST(test_nobody_there),
		RESOLVING_TEST(test_stop),
		RESOLVING_TEST(test_next_server_after_an_error),
		RESOLVING_TEST(test_next_server_after_silence),
		RESOLVING_TEST(test_server_lists),
		RESOLVING_TEST(test_many_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
