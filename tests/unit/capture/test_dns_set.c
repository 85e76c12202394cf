/*
 * Records of an answer as a zone file has them, and which of them belong to the question.
 */
#include "capture/wire/dns_set.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static struct arena arena;
static struct buf message;

static int tear_down(void **state)
{
	(void)state;
	buf_fini(&message);
	message = (struct buf){0};
	arena_fini(&arena);
	return 0;
}

static void add_name(const char *name)
{
	while (*name != 0) {
		size_t n = strcspn(name, ".");
		buf_add_byte(&message, (uint8_t)n);
		buf_add(&message, name, n);
		name += n + (name[n] == '.');
	}
	buf_add_byte(&message, 0);
}

static void begin(const char *name, uint16_t type, unsigned flags, uint16_t answers)
{
	buf_clear(&message);
	buf_add_u16(&message, 7);
	buf_add_u16(&message, (uint16_t)(0x8180 | flags));
	buf_add_u16(&message, 1);
	buf_add_u16(&message, answers);
	buf_add_u32(&message, 0);
	add_name(name);
	buf_add_u16(&message, type);
	buf_add_u16(&message, DNS_IN);
}

static void add(const char *owner, uint16_t type, const void *data, size_t n)
{
	add_name(owner);
	buf_add_u16(&message, type);
	buf_add_u16(&message, DNS_IN);
	buf_add_u32(&message, 300);
	buf_add_u16(&message, (uint16_t)n);
	buf_add(&message, data, n);
}

static struct dns_set read_set(const char *name, uint16_t type)
{
	struct dns_set set;
	dns_set_read(buf_span(&message), name, type, &arena, &set);
	return set;
}

/* The one record of this type and data. */
static const char *text_of(uint16_t type, const void *data, size_t n)
{
	begin("a.test", type, 0, 1);
	add("a.test", type, data, n);
	struct dns_set set = read_set("a.test", type);
	return set.n_records == 1 ? arena_str(&arena, set.records[0]) : NULL;
}
#define TEXT(type, bytes) text_of(type, bytes, sizeof(bytes) - 1)

static void data_is_text(void **state)
{
	(void)state;
	assert_string_equal(TEXT(DNS_A, "\xc0\x00\x02\x01"), "192.0.2.1");
	assert_string_equal(
		TEXT(DNS_AAAA, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"), "2001:db8::1");
	assert_string_equal(TEXT(DNS_NS, "\x02ns\x01x\x00"), "ns.x");
	assert_string_equal(TEXT(DNS_MX, "\x00\x0a\x02mx\xc0\x0c"), "10 mx.a.test");
	assert_string_equal(TEXT(DNS_TXT, "\x06v=spf1\x04\"\\\x01\xff"),
		"\"v=spf1\" \"\\\"\\\\\\001\\255\"");
	assert_string_equal(
		TEXT(DNS_CAA, "\x80\x05issueca.test; a=b"), "128 issue \"ca.test; a=b\"");
	assert_string_equal(TEXT(DNS_CAA, "\x00\x05issue;"), "0 issue \";\"");
	assert_string_equal(TEXT(DNS_PTR, "\x04host\xc0\x0c"), "host.a.test");
	assert_string_equal(
		TEXT(DNS_SOA, "\xc0\x0c\x01m\x00\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04"
			      "\0\0\0\x05"),
		"a.test m 1 2 3 4 5");
}

static void broken_data_is_none(void **state)
{
	(void)state;
	assert_null(TEXT(DNS_NS, "\x02ns\x01x\x00z"));
	assert_null(TEXT(DNS_NS, ""));
	assert_null(TEXT(DNS_NS, "\xc0\xff"));
	assert_null(TEXT(DNS_MX, "\x00"));
	assert_null(TEXT(DNS_MX, "\x00\x0a"));
	assert_null(TEXT(DNS_TXT, ""));
	assert_null(TEXT(DNS_TXT, "\x05"
				  "abc"));
	assert_null(TEXT(DNS_CAA, "\x00"));
	assert_null(TEXT(DNS_CAA, "\x00\x00x"));
	assert_null(TEXT(DNS_CAA, "\x00\x05is ue;"));
	assert_null(TEXT(DNS_CAA, "\x00\x09issue"));
	assert_null(TEXT(DNS_SOA, "\xc0\x0c\x01m\x00\0\0\0\x01"));
	assert_null(TEXT(99, "x"));
}

static void cnames_are_followed_inside(void **state)
{
	(void)state;
	begin("www.a.test", DNS_CAA, 0, 5);
	add("edge.cdn.test", DNS_CAA, "\x00\x05issueone.test", 15);
	add("b.test", DNS_CNAME,
		"\x04"
		"edge\x03"
		"cdn\x04test\0",
		15);
	add("www.a.test", DNS_CNAME,
		"\x01"
		"b\x04test\0",
		8);
	add("edge.cdn.test", DNS_CAA, "\x00\x05issuetwo.test", 15);
	add("other.test", DNS_CAA, "\x00\x05issuesix.test", 15);
	struct dns_set set = read_set("www.a.test", DNS_CAA);
	assert_false(set.bad || set.stray);
	assert_int_equal(set.n_cnames, 2);
	assert_string_equal(set.end, "edge.cdn.test");
	assert_int_equal(set.n_records, 2);
	assert_true(span_is(set.records[0], "0 issue \"one.test\""));
	assert_true(span_is(set.records[1], "0 issue \"two.test\""));
	assert_int_equal(set.ttl, 300);
}

static void loops_end(void **state)
{
	(void)state;
	begin("a.test", DNS_A, 0, 3);
	add("a.test", DNS_CNAME,
		"\x01"
		"b\x04test\0",
		8);
	add("b.test", DNS_CNAME,
		"\x01"
		"a\x04test\0",
		8);
	add("a.test", DNS_A, "\x01\x02\x03\x04", 4);
	struct dns_set set = read_set("a.test", DNS_A);
	assert_true(set.stray);
	assert_int_equal(set.n_records, 0);
}

static void other_answers_are_none(void **state)
{
	(void)state;
	begin("a.test", DNS_A, DNS_NXDOMAIN, 0);
	struct dns_set set = read_set("a.test", DNS_A);
	assert_false(set.bad);
	assert_int_equal(set.rcode, DNS_NXDOMAIN);
	assert_true(read_set("b.test", DNS_A).bad);
	assert_true(read_set("a.test", DNS_AAAA).bad);
	begin("a.test", DNS_A, 0, 2);
	add("a.test", DNS_A, "\x01\x02\x03\x04", 4);
	assert_true(read_set("a.test", DNS_A).bad); /* one is missing */
	begin("a.test", DNS_A, 0, 1);
	add("a.test", DNS_A, "\x01\x02\x03\x04", 4);
	message.p[message.start + 2] &= 0x7f; /* a question */
	assert_true(read_set("a.test", DNS_A).bad);
	buf_clear(&message);
	assert_true(read_set("a.test", DNS_A).bad);
}

static void more_than_the_limit(void **state)
{
	(void)state;
	begin("a.test", DNS_A, 0, DNS_SET_MAX + 2);
	for (int i = 0; i < DNS_SET_MAX + 2; i++)
		add("a.test", DNS_A, (uint8_t[]){10, 0, 0, (uint8_t)i}, 4);
	struct dns_set set = read_set("a.test", DNS_A);
	assert_int_equal(set.n_records, DNS_SET_MAX);
	assert_int_equal(set.n_over, 2);
}

static void reverse_names(void **state)
{
	struct buf b = {0};
	(void)state;
	dns_reverse_name(span_of("\xc0\x00\x02\x0a", 4), &b);
	assert_true(span_is(buf_span(&b), "10.2.0.192.in-addr.arpa"));
	buf_clear(&b);
	/* RFC 3596 2.5 */
	dns_reverse_name(
		span_of("\x43\x21\x00\x00\x00\x01\x00\x02\x00\x03\x00\x04\x05\x67\x89\xab", 16),
		&b);
	assert_true(span_is(buf_span(&b),
		"b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa"));
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(data_is_text, tear_down),
		cmocka_unit_test_teardown(broken_data_is_none, tear_down),
		cmocka_unit_test_teardown(cnames_are_followed_inside, tear_down),
		cmocka_unit_test_teardown(loops_end, tear_down),
		cmocka_unit_test_teardown(other_answers_are_none, tear_down),
		cmocka_unit_test_teardown(more_than_the_limit, tear_down),
		cmocka_unit_test_teardown(reverse_names, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
