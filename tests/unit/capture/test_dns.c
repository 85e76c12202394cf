/*
 * DNS messages as a hostile server may write them: names, compression, lengths, counts.
 */
#include "capture/wire/dns.h"
#include "store/base/buf.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define BYTES(s) span_of(s, sizeof(s) - 1)

/* An answer as a real server sends it: go.example is an alias of x.go.example, which has an A
 * and an AAAA record. */
static const char real[] = "\x12\x34\x81\x80\x00\x01\x00\x03\x00\x00\x00\x00"
			   "\x02go\x07"
			   "example\x00\x00\x01\x00\x01"
			   "\xc0\x0c\x00\x05\x00\x01\x00\x00\x01\x2c\x00\x04\x01x\xc0\x0c"
			   "\xc0\x28\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc6\x33\x64\x07"
			   "\xc0\x28\x00\x1c\x00\x01\xff\xff\xff\xff\x00\x10"
			   "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x09";

static void test_real(void **state)
{
	(void)state;
	struct dns_reader r;
	struct dns_record rec;
	assert_true(dns_open(&r, BYTES(real)));
	assert_int_equal(r.id, 0x1234);
	assert_true(r.is_response);
	assert_false(r.truncated);
	assert_int_equal(r.opcode, 0);
	assert_int_equal(r.rcode, DNS_NOERROR);
	assert_int_equal(r.n_answers, 3);
	assert_string_equal(r.question, "go.example");
	assert_int_equal(r.question_type, DNS_A);
	assert_int_equal(r.question_class, DNS_IN);
	assert_true(dns_answer(&r, &rec));
	assert_int_equal(rec.type, DNS_CNAME);
	assert_string_equal(rec.name, "go.example");
	assert_string_equal(rec.target, "x.go.example");
	assert_int_equal(rec.ttl, 300);
	assert_true(dns_answer(&r, &rec));
	assert_string_equal(rec.name, "x.go.example");
	assert_string_equal(rec.target, "");
	assert_int_equal(rec.ttl, 60);
	assert_true(span_is(rec.data, "\xc6\x33\x64\x07"));
	assert_true(dns_answer(&r, &rec));
	assert_int_equal(rec.type, DNS_AAAA);
	assert_int_equal(rec.data.n, 16);
	assert_int_equal(rec.ttl, 0); /* the top bit is set */
	assert_false(dns_answer(&r, &rec));
	assert_false(r.bad);
}

static size_t read_all(struct span m, bool *bad)
{
	struct dns_reader r;
	struct dns_record rec;
	size_t n = 0;
	dns_open(&r, m);
	while (dns_answer(&r, &rec))
		n++;
	*bad = r.bad;
	return n;
}

/* Cut at every byte: the whole message is bad, and reading stays inside (each cut is its own
 * allocation). */
static void test_cut_everywhere(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof real - 1; n++) {
		bool bad;
		uint8_t *copy = malloc(n + 1);
		memcpy(copy, real, n);
		assert_true(read_all(span_of(copy, n), &bad) < 3);
		if (!bad)
			fail_msg("%zu bytes are taken for a whole message", n);
		free(copy);
	}
}

/* Every byte at every value: it ends, it stays inside, and never more records than announced.
 */
static void test_any_byte(void **state)
{
	(void)state;
	uint8_t m[sizeof real - 1];
	for (size_t at = 0; at < sizeof m; at++) {
		for (unsigned v = 0; v < 256; v++) {
			bool bad;
			memcpy(m, real, sizeof m);
			m[at] = (uint8_t)v;
			size_t n = read_all(span_of(m, sizeof m), &bad);
			assert_true(n <= (size_t)(m[6] << 8 | m[7]));
		}
	}
}

static const struct {
	struct span message;
	size_t at;
	const char *text; /* NULL: refused */
	size_t behind;
} names[] = {
	{{(const uint8_t *)"\x00", 1}, 0, ".", 1},
	{{(const uint8_t *)"\x03www\x02"
			   "eu\x00",
		 8},
		0, "www.eu", 8},
	{{(const uint8_t *)"\x03WwW\x02"
			   "eU\x00",
		 8},
		0, "www.eu", 8},
	{{(const uint8_t *)"\x02"
			   "eu\x00\x03www\xc0\x00",
		 10},
		4, "www.eu", 10},
	{{(const uint8_t *)"\x02"
			   "eu\x00\xc0\x00",
		 6},
		4, "eu", 6},
	/* bytes that would lie to a reader of the text form */
	{{(const uint8_t *)"\x03"
			   "a.b\x01"
			   "c\x00",
		 7},
		0, "a\\046b.c", 7},
	{{(const uint8_t *)"\x04"
			   "a b\n\x00",
		 6},
		0, "a\\032b\\010", 6},
	{{(const uint8_t *)"\x03\\09\x00", 5}, 0, "\\09209", 5},
	{{(const uint8_t *)"\x03\x00\xff/\x00", 5}, 0, "\\000\\255\\047", 5},
	{{(const uint8_t *)"\x03*_-\x00", 5}, 0, "*_-", 5},
	/* pointers: to itself, forward, in a ring, behind the end; kinds that do not exist;
	   missing ends */
	{{(const uint8_t *)"\xc0\x00", 2}, 0, NULL, 0},
	{{(const uint8_t *)"\xc0\x02\x00", 3}, 0, NULL, 0},
	{{(const uint8_t *)"\xc0\x02\xc0\x00", 4}, 2, NULL, 0},
	{{(const uint8_t *)"\x01"
			   "a\xc0\x00",
		 4},
		0, NULL, 0},
	{{(const uint8_t *)"\x01"
			   "a\xc0\x00",
		 4},
		2, NULL, 0},
	{{(const uint8_t *)"\xff\xff", 2}, 0, NULL, 0},
	{{(const uint8_t *)"\xc0", 1}, 0, NULL, 0},
	{{(const uint8_t *)"\x40"
			   "a\x00",
		 3},
		0, NULL, 0},
	{{(const uint8_t *)"\x80"
			   "a\x00",
		 3},
		0, NULL, 0},
	{{(const uint8_t *)"\x03"
			   "ab",
		 3},
		0, NULL, 0},
	{{(const uint8_t *)"\x01"
			   "a",
		 2},
		0, NULL, 0},
	{{(const uint8_t *)"", 0}, 0, NULL, 0},
	{{(const uint8_t *)"\x00", 1}, 1, NULL, 0},
	{{(const uint8_t *)"\x00", 1}, 1000, NULL, 0},
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char text[DNS_NAME_TEXT];
		size_t at = names[i].at;
		bool ok = dns_name(names[i].message, &at, text);
		if (ok != (names[i].text != NULL))
			fail_msg("name %zu: %s", i, ok ? text : "refused");
		if (ok) {
			assert_string_equal(text, names[i].text);
			assert_int_equal(at, names[i].behind);
		}
	}
}

/* RFC 1035 2.3.4: 255 bytes with the last zero. All of them odd: the text form is as long as it
 * can get. */
static void test_longest_name(void **state)
{
	(void)state;
	static const unsigned labels[] = {63, 63, 63, 61};
	for (unsigned extra = 0; extra < 2; extra++) {
		struct buf b = {0};
		char text[DNS_NAME_TEXT];
		size_t at = 0;
		for (size_t i = 0; i < 4; i++) {
			unsigned n = labels[i] + (i == 3 ? extra : 0);
			buf_add_byte(&b, (uint8_t)n);
			for (unsigned k = 0; k < n; k++)
				buf_add_byte(&b, 0x07);
		}
		buf_add_byte(&b, 0);
		assert_int_equal(buf_len(&b), 255 + extra);
		assert_int_equal(dns_name(buf_span(&b), &at, text), extra == 0);
		if (extra == 0)
			assert_int_equal(strlen(text), 250 * 4 + 3);
		buf_fini(&b);
	}
}

/* Long by compression: 16 labels of 16 bytes, each pointing to the one before. */
static void test_compressed_too_long(void **state)
{
	(void)state;
	struct buf b = {0};
	char text[DNS_NAME_TEXT];
	size_t before = 0, at = 0, good = 0;
	for (unsigned i = 0; i < 16; i++) {
		size_t start = buf_len(&b);
		buf_add_byte(&b, 16);
		buf_add_str(&b, "0123456789abcdef");
		if (i == 0)
			buf_add_byte(&b, 0);
		else
			buf_add_u16(&b, (uint16_t)(0xc000 | before));
		before = at = start;
		good += dns_name(buf_span(&b), &at, text);
	}
	assert_int_equal(good, 14); /* 14 * 17 + 1 = 239; 15 would be 256 */
	buf_fini(&b);
}

/* One address record with a wrong length, a CNAME that does not fill its data or runs over it.
 */
static void test_bad_data(void **state)
{
	(void)state;
	static const char head[] = "\x00\x01\x80\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00";
	static const struct {
		const char *tail;
		size_t n;
		bool bad;
	} cases[] = {
		{"\x00\x01\x00\x01\x00\x00\x00\x01\x00\x04"
		 "abcd",
			14, false},
		{"\x00\x01\x00\x01\x00\x00\x00\x01\x00\x03"
		 "abc",
			13, true},
		{"\x00\x01\x00\x01\x00\x00\x00\x01\x00\x05"
		 "abcde",
			15, true},
		{"\x00\x01\x00\x01\x00\x00\x00\x01\x00\x05"
		 "abcd",
			14, true},
		{"\x00\x01\x00\x03\x00\x00\x00\x01\x00\x03"
		 "abc",
			13, false}, /* CHAOS: not ours to judge */
		{"\x00\x1c\x00\x01\x00\x00\x00\x01\x00\x0f"
		 "0123456789abcde",
			25, true},
		{"\x00\x1c\x00\x01\x00\x00\x00\x01\x00\x10"
		 "0123456789abcdef",
			26, false},
		{"\x00\x05\x00\x01\x00\x00\x00\x01\x00\x03\x01"
		 "a\x00",
			13, false},
		{"\x00\x05\x00\x01\x00\x00\x00\x01\x00\x04\x01"
		 "a\x00z",
			14, true},
		{"\x00\x05\x00\x01\x00\x00\x00\x01\x00\x02\x01"
		 "a\x00",
			13, true},
		{"\x00\x10\x00\x01\x00\x00\x00\x01\xff\xff"
		 "abc",
			13, true},
		{"\x00\x10\x00\x01\x00\x00\x00\x01\x00\x00", 10, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = {0};
		bool bad;
		buf_add(&b, head, sizeof head - 1);
		buf_add(&b, cases[i].tail, cases[i].n);
		size_t n = read_all(buf_span(&b), &bad);
		if (bad != cases[i].bad || n != (bad ? 0u : 1u))
			fail_msg("case %zu: %zu records, %s", i, n, bad ? "bad" : "good");
		buf_fini(&b);
	}
}

static void test_header(void **state)
{
	(void)state;
	struct dns_reader r;
	assert_true(dns_open(&r, BYTES("\xab\xcd\x2b\x05\x00\x00\x00\x00\x00\x00\x00\x00")));
	assert_false(r.is_response);
	assert_int_equal(r.opcode, 5);
	assert_true(r.truncated);
	assert_int_equal(r.rcode, DNS_REFUSED);
	assert_false(dns_open(&r, BYTES("\xab\xcd\x2b\x05\x00\x00\x00\x00\x00\x00\x00")));
	assert_false(dns_open(&r, BYTES("\xab\xcd\x80\x00\x00\x01\x00\x00\x00\x00\x00\x00")));
	assert_string_equal(dns_rcode_name(3), "NXDOMAIN");
	assert_null(dns_rcode_name(11));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_cut_everywhere),
		cmocka_unit_test(test_any_byte),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_compressed_too_long),
		cmocka_unit_test(test_bad_data),
		cmocka_unit_test(test_header),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
