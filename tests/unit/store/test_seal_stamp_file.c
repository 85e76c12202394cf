/* The text of a timestamp that lies beside a case: one text for one token, and what is bounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/seal_stamp_file.h"
#include "store/seal_time.h"

#define ID "00112233445566778899aabbccddeeff"
#define TOP "clicktrail-timestamp/1\ncase " ID "\nhead 7\n"
#define ASKED "asked 2026-11-29T12:00:00.000001Z\n"
#define URL "url http://tsa.example/\n"
#define TOKEN "-----BEGIN TIMESTAMP TOKEN-----\nMAMCAQA=\n-----END TIMESTAMP TOKEN-----\n"
#define CERT "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
#define CRL "-----BEGIN X509 CRL-----\nBBBB\n-----END X509 CRL-----\n"

static bool reads(struct span text, struct seal_stamp *s, struct arena *a)
{
	char id[SEAL_CASE_ID_LEN + 1] = "";
	bool good = seal_stamp_read(text, a, id, s);
	assert_string_equal(id, good ? ID : "");
	return good;
}

static void what_is_written_is_read(void **state)
{
	struct arena a = {0};
	struct seal_stamp s = {0};
	struct buf out = {0};
	(void)state;
	assert_true(reads(span_str(TOP ASKED URL TOKEN CERT CERT CRL), &s, &a));
	assert_int_equal(s.head, 7);
	assert_int_equal(s.asked_us, INT64_C(1795953600000001));
	assert_true(span_is(s.url, "http://tsa.example/"));
	assert_true(span_eq(s.token, span_of("0\3\2\1", 5)));
	assert_true(span_is(s.certs, CERT CERT));
	assert_true(span_is(s.crls, CRL));
	seal_stamp_write(ID, &s, &out);
	assert_true(span_is(buf_span(&out), TOP ASKED URL TOKEN CERT CERT CRL));
	assert_true(reads(span_str(TOP ASKED "url -\n" TOKEN), &s, &a));
	assert_true(s.url.p == NULL && s.certs.p == NULL && s.crls.p == NULL);
	/* Every length of a line, and more than one line. */
	for (size_t n = 1; n < 200; n++) {
		uint8_t token[200];
		struct seal_stamp again;
		for (size_t i = 0; i < n; i++)
			token[i] = (uint8_t)(i * 7);
		s.token = span_of(token, n);
		buf_clear(&out);
		seal_stamp_write(ID, &s, &out);
		assert_true(reads(buf_span(&out), &again, &a));
		assert_true(span_eq(again.token, s.token));
	}
	buf_fini(&out);
	arena_fini(&a);
}

static void anything_else_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"clicktrail-timestamp/1\n",
		"clicktrail-timestamp/2\ncase " ID "\nhead 7\n" ASKED URL TOKEN,
		TOP ASKED URL,
		TOP URL ASKED TOKEN,
		TOP ASKED "url \n" TOKEN,
		TOP ASKED "url http://\x1b[2J/\n" TOKEN,
		TOP ASKED "url http://\xc3\xbc/\n" TOKEN,
		TOP ASKED URL TOKEN TOKEN,
		TOP ASKED URL TOKEN CRL CERT,
		TOP ASKED URL TOKEN "x",
		TOP ASKED URL TOKEN "\n",
		TOP ASKED URL TOKEN CERT "words\n",
		TOP ASKED URL CERT TOKEN,
		TOP ASKED URL TOKEN
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		TOP ASKED URL TOKEN "-----BEGIN CERTIFICATE-----\nAAAA\n",
		TOP ASKED URL TOKEN
		"-----BEGIN CERTIFICATE-----\n\x01\n-----END CERTIFICATE-----\n",
		TOP "asked 2026-02-30T12:00:00.000001Z\n" URL TOKEN,
		TOP "asked now\n" URL TOKEN,
		"clicktrail-timestamp/1\ncase " ID "\nhead 07\n" ASKED URL TOKEN,
		"clicktrail-timestamp/1\ncase " ID "\nhead 0\n" ASKED URL TOKEN,
		"clicktrail-timestamp/1\ncase " ID "\nhead -1\n" ASKED URL TOKEN,
		"clicktrail-timestamp/1\ncase 0011\nhead 7\n" ASKED URL TOKEN,
		"clicktrail-timestamp/1\ncase 00112233445566778899AABBCCDDEEFF\nhead 7\n" ASKED
			URL TOKEN,
		TOP ASKED URL
		"-----BEGIN TIMESTAMP TOKEN-----\n-----END TIMESTAMP TOKEN-----\n",
		TOP ASKED URL "-----BEGIN TIMESTAMP TOKEN-----\nMAMCAQA\n-----END TIMESTAMP "
			      "TOKEN-----\n",
		TOP ASKED URL "-----BEGIN TIMESTAMP TOKEN-----\nMAMC\nAQA=\n-----END TIMESTAMP "
			      "TOKEN-----\n",
		TOP ASKED URL "-----BEGIN TIMESTAMP TOKEN-----\nMAM!AQA=\n-----END TIMESTAMP "
			      "TOKEN-----\n",
		TOP ASKED URL "-----BEGIN TIMESTAMP TOKEN-----\nMAMCAQA=\n",
	};
	struct arena a = {0};
	struct seal_stamp s = {.head = 99};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (reads(span_str(rows[i]), &s, &a) || s.head != 99)
			fail_msg("taken: %s", rows[i]);
	arena_fini(&a);
}

static void what_is_too_long_is_told(void **state)
{
	struct buf big = {0};
	struct seal_stamp s = {.head = 1, .token = span_str("x")};
	(void)state;
	assert_null(seal_stamp_wrong(&s));
	memset(buf_room(&big, STAMP_PEM_MAX + 1), 'a', STAMP_PEM_MAX + 1);
	buf_grew(&big, STAMP_PEM_MAX + 1);
	s.certs = buf_span(&big);
	assert_non_null(seal_stamp_wrong(&s));
	s.certs.n--;
	assert_null(seal_stamp_wrong(&s));
	s.crls = buf_span(&big);
	assert_non_null(seal_stamp_wrong(&s));
	s.crls = SPAN_NONE;
	s.url = span_first(buf_span(&big), STAMP_URL_MAX + 1);
	assert_non_null(seal_stamp_wrong(&s));
	s.url.n--;
	assert_null(seal_stamp_wrong(&s));
	s.token = span_first(buf_span(&big), TIMESTAMP_REPLY_MAX + 1);
	assert_non_null(seal_stamp_wrong(&s));
	buf_fini(&big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(what_is_too_long_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
