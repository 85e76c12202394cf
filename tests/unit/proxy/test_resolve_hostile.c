/*
 * Answers of name servers that lie, loop, flood or are broken: what is used of them, what is
 * noted, what is refused.
 */
#include "store/base/buf.h"
#include "tests/kit/resolving.h"

#include <stdlib.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* ---- hostile answers ---- */

static void test_cname_loops(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "self.test", BOTH, 0, "@ CNAME 60 self.test");
	dns_server_on(f->dns, "ring.test", BOTH, 0,
		"@ CNAME 60 b.test; b.test CNAME 60 c.test; c.test CNAME 60 RING.test");
	dns_server_on(f->dns, "tail.test", A, 0,
		"@ CNAME 60 b.test; b.test CNAME 60 c.test; c.test CNAME 60 b.test; b.test A "
		"60 192.0.2.1; c.test A 60 192.0.2.2");
	resolving_fails(f, "self.test", ERR_DNS_FAILED, "CNAME loop");
	resolving_assert_note(f, "CNAME loop");
	resolving_fails(f, "ring.test", ERR_DNS_FAILED, "CNAME loop");
	assert_string_equal(resolving_cnames(f), "b.test c.test");
	resolving_ok(
		f, "tail.test"); /* the last name of the path has an address: odd, and usable */
	assert_string_equal(resolving_addresses(f), "192.0.2.2/60");
	resolving_assert_note(f, "CNAME loop");
}

static void add_path(struct buf *b, unsigned n)
{
	buf_add_str(b, "@ CNAME 60 n1.test");
	for (unsigned i = 1; i < n; i++)
		buf_addf(b, "; n%u.test CNAME 60 n%u.test", i, i + 1);
	buf_addf(b, "; n%u.test A 60 192.0.2.1", n);
}

static void test_long_paths(void **state)
{
	struct resolving *f = *state;
	for (unsigned n = RESOLVE_CNAMES_MAX; n <= RESOLVE_CNAMES_MAX + 1; n++) {
		struct buf b = {0};
		char *name = arena_printf(&f->a, "path%u.test", n);
		add_path(&b, n);
		char *script = buf_take_str(&b);
		dns_server_on(f->dns, name, A, 0, script);
		free(script);
	}
	resolving_ok(f, "path16.test");
	assert_int_equal(f->out.n_cnames, RESOLVE_CNAMES_MAX);
	resolving_fails(f, "path17.test", ERR_DNS_FAILED, "more than 16 CNAMEs");
	assert_int_equal(f->out.n_cnames, RESOLVE_CNAMES_MAX);
}

/* Records about names that nobody asked for are not followed: that is how caches were poisoned.
 */
static void test_strays(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "www.test", A, 0,
		"bank.test A 60 203.0.113.66; @ A 60 192.0.2.1; x.www.test A 60 203.0.113.67");
	dns_server_on(f->dns, "only.test", A, 0,
		"bank.test A 60 203.0.113.66; bank.test CNAME 60 only.test");
	resolving_ok(f, "www.test");
	assert_string_equal(resolving_addresses(f), "192.0.2.1/60");
	resolving_assert_note(f, "2 records of unrelated names ignored");
	resolving_fails(f, "only.test", ERR_DNS_NOT_FOUND, "no addresses");
	assert_int_equal(f->out.n_cnames, 0);
}

static void test_forks(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "fork.test", A, 0,
		"@ CNAME 60 left.test; @ CNAME 60 right.test; right.test A 60 192.0.2.2; "
		"left.test A 60 192.0.2.1");
	resolving_ok(f, "fork.test");
	assert_string_equal(resolving_cnames(f), "left.test");
	assert_string_equal(resolving_addresses(f), "192.0.2.1/60");
	resolving_assert_note(f, "several CNAMEs");
}

static void test_two_paths(void **state)
{
	struct resolving *f = *state;
	dns_server_on(
		f->dns, "www.test", A, 0, "@ CNAME 60 four.test; four.test A 60 192.0.2.1");
	dns_server_on(f->dns, "www.test", AAAA, 0,
		"@ CNAME 60 six.test; six.test AAAA 60 2001:db8::1");
	resolving_ok(f, "www.test");
	assert_string_equal(resolving_cnames(f), "four.test six.test");
	assert_string_equal(resolving_addresses(f), "2001:db8::1/60 192.0.2.1/60");
	resolving_assert_note(f, "different paths");
}

static void test_too_many_addresses(void **state)
{
	struct resolving *f = *state;
	struct buf v4 = {0}, v6 = {0};
	buf_add_str(&v4, "!tcp");
	buf_add_str(&v6, "!tcp");
	for (unsigned i = 0; i < 3000; i++) {
		buf_addf(&v4, "; @ A 60 192.0.%u.%u", i / 256, i % 256);
		buf_addf(&v6, "; @ AAAA 60 2001:db8::%x", i);
	}
	v6.end = v6.start + span_find(buf_span(&v6), span_str("; @ AAAA 60 2001:db8::7d0"),
				    0); /* 2000: a message ends at 64 KiB */
	char *s4 = buf_take_str(&v4), *s6 = buf_take_str(&v6);
	dns_server_on(f->dns, "many.test", A, 0, s4);
	dns_server_on(f->dns, "many.test", AAAA, 0, s6);
	free(s4);
	free(s6);
	resolving_ok(f, "many.test");
	assert_int_equal(f->out.n_addresses, RESOLVE_ADDRESSES_MAX);
	resolving_assert_note(f, "2936 addresses over the limit of 64 left out");
	resolving_assert_note(f, "1936 addresses over the limit of 64 left out");
	resolving_assert_note(f,
		"64 addresses over the limit of 64 left out"); /* of 128, half of each family */
	assert_memory_equal(resolving_addresses(f),
		"2001:db8::/60 192.0.0.0/60 2001:db8::1/60 192.0.0.1/60 ", 54);
}

static void test_odd_bytes_are_escaped(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "www.test", A, 0,
		"@ CNAME 60 a\\032b\\010\\255\\046c.ev\\000il.test; "
		"a\\032b\\010\\255\\046c.ev\\000il.test A 60 192.0.2.1");
	resolving_ok(f, "www.test");
	assert_string_equal(resolving_cnames(f), "a\\032b\\010\\255\\046c.ev\\000il.test");
	assert_string_equal(resolving_addresses(f), "192.0.2.1/60");
}

/* Messages that belong to our question but are broken. c-ares itself drops what has a wrong id
 * or question. */
static void test_malformed(void **state)
{
	struct resolving *f = *state;
	static const char *const scripts[] = {
		"!query; @ A 60 192.0.2.1",   /* no answer at all */
		"@ A 60 192.0.2.1; !count 2", /* a record is missing */
		"@ A 60 192.0.2.1; !count 65535",
		"!raw c00c0001000100000001000501020304; !count 1", /* data behind the end */
		"!raw c00c0001000100000001000301020304; !count 1", /* three bytes of address */
		"!raw c00c00050001000000010002c00c01; !count 2",
		"!raw c01b0001000100000001000401020304; !count 1", /* the name points to itself
								    */
		"!raw ffff; !count 1",
		"@ CNAME 60 www.test; !cut 40",
	};
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		const char *name = arena_printf(&f->a, "m%zu.test", i);
		dns_server_on(f->dns, name, BOTH, 0, scripts[i]);
		resolving_fails(f, name, ERR_DNS_FAILED, "malformed answer");
	}
}

static void test_foreign_answers_are_not_ours(void **state)
{
	struct resolving *f = *state;
	dns_server_on(f->dns, "www.test", BOTH, 2, "!id; @ A 60 203.0.113.66");
	dns_server_on(f->dns, "www.test", A, 0, "@ A 60 192.0.2.1");
	resolving_ok(f, "www.test");
	assert_string_equal(resolving_addresses(f), "192.0.2.1/60");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RESOLVING_TEST(test_cname_loops),
		RESOLVING_TEST(test_long_paths),
		RESOLVING_TEST(test_strays),
		RESOLVING_TEST(test_forks),
		RESOLVING_TEST(test_two_paths),
		RESOLVING_TEST(test_too_many_addresses),
		RESOLVING_TEST(test_odd_bytes_are_escaped),
		RESOLVING_TEST(test_malformed),
		RESOLVING_TEST(test_foreign_answers_are_not_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
