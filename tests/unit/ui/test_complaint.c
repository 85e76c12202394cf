/*
 * What complaints are made of: addresses as URIs, as mail addresses and as names, the mail that
 * a link came in, cells of a table, and names that stay the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/ui/complaint_case.h"
#include "ui/report/complaint.h"
#include "ui/report/mail.h"
#include "ui/report/source_mail.h"
#include "ui/report/uuid.h"

static void uris_are_as_the_rfc_has_them(void **state)
{
	(void)state;
	static const struct {
		const char *url, *uri; /* NULL: it is none */
	} rows[] = {
		{"https://a.example/", "https://a.example/"},
		{"https://a.example/p?a=1&b=%20#f", "https://a.example/p?a=1&b=%20#f"},
		{"https://a.example/p|q?x=[1]{2}^`\\",
			"https://a.example/p%7Cq?x=%5B1%5D%7B2%7D%5E%60%5C"},
		{"https://a.example/%zz%4", "https://a.example/%25zz%254"},
		{"https://a.example/?x#a#b", "https://a.example/?x#a%23b"},
		{"http://[2001:db8::1]:8080/[x]", "http://[2001:db8::1]:8080/%5Bx%5D"},
		{"https://A.example/\xc3\xa9", "https://a.example/%C3%A9"},
		{"https://redacted-k7q2m4x9w3tz.example/redacted",
			"https://redacted-k7q2m4x9w3tz.example/redacted"},
		{"data:text/html,<b>x</b>", "data:text/html,%3Cb%3Ex%3C/b%3E"},
		{"intent://x#Intent;package=a.b;end", "intent://x#Intent;package=a.b;end"},
		{"no address", NULL},
		{"", NULL},
		{"//a.example/", NULL},
		{"http://[::1", NULL},
		{"https://a b.example/", NULL},
	};
	struct buf out = {0};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&out);
		bool good = complaint_uri(span_str(rows[i].url), &out);
		buf_add_byte(&out, 0);
		assert_string_equal(
			(const char *)buf_span(&out).p, rows[i].uri != NULL ? rows[i].uri : "");
		assert_int_equal(good, rows[i].uri != NULL);
	}
	buf_fini(&out);
}

static void one_that_is_too_long_is_none(void **state)
{
	(void)state;
	struct buf url = {0}, out = {0};
	buf_add_str(&url, "https://a.example/");
	while (buf_len(&url) < COMPLAINT_URI_MAX)
		buf_add_byte(&url, 'a');
	assert_true(complaint_uri(buf_span(&url), &out));
	buf_add_byte(&url, 'a');
	buf_clear(&out);
	assert_false(complaint_uri(buf_span(&url), &out));
	assert_int_equal(buf_len(&out), 0);
	assert_false(complaint_uri(SPAN_NONE, &out));
	buf_fini(&url);
	buf_fini(&out);
}

static void mail_addresses(void **state)
{
	(void)state;
	static const char *const good[] = {"a@b.example", "a.b+c@d-e.example", "x!#$%&'*@b.co",
		"redacted-k7q2m4x9w3tz@b.example", "a@xn--bcher-kva.example"};
	static const char *const bad[] = {"", "a", "@b.example", "a@", "a@b", ".a@b.example",
		"a.@b.example", "a..b@c.example", "a@b..example", "a@-b.example",
		"a@b-.example", "a b@c.example", "\"a b\"@c.example", "a@[192.0.2.1]",
		"a@b.example\n", "a@b.example,c@d.example", "<a@b.example>", "a@b_c.example",
		"\xc3\xa9@b.example", "a@b.example.", "=?utf-8?q?x?=@b.example",
		"a@b@c.example"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!complaint_is_email(span_str(good[i])))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (complaint_is_email(span_str(bad[i])))
			fail_msg("%s", bad[i]);
	assert_false(complaint_is_email(span_of("a\0@b.example", 12)));
}

/* The mail, with what is wanted of it. */
static void reads_a_mail(const char *text, const char *subject, const char *from,
	const char *ip, const char *date)
{
	struct complaint_case x;
	struct arena a = {0};
	struct source_mail m;
	complaint_case_init(&x);
	x.mail.data = span_str(text);
	complaint_case_mail(&x);
	assert_true(source_mail_find(&x.e, 1, &a, &m));
	const struct {
		struct span got;
		const char *want;
	} rows[] = {{m.subject, subject}, {m.envelope_from, from}, {m.source_ip, ip},
		{m.arrived, date}};
	for (size_t i = 0; i < 4; i++)
		if (rows[i].want == NULL ? rows[i].got.p != NULL
					 : !span_is(rows[i].got, rows[i].want))
			fail_msg("%zu of %s: \"%.*s\"", i, text, (int)rows[i].got.n,
				(const char *)rows[i].got.p);
	arena_fini(&a);
	complaint_case_fini(&x);
}

static void mails(void **state)
{
	(void)state;
	reads_a_mail(COMPLAINT_MAIL, "=?utf-8?q?Gl=C3=BCckwunsch?= - you won",
		"bounce@mailer.example", "203.0.113.9", "Thu, 1 Jan 2026 00:00:00 +0000");
	/* An mbox's first line, bare line feeds, folding, any case, the first line counts. */
	reads_a_mail("From x Thu Jan 1\nsubject : a\n b\n\tc\nSUBJECT: d\n\nSubject: body\n",
		"a b c", NULL, NULL, NULL);
	/* Our own relays are private; the sender's address in IPv6; none behind "by". */
	reads_a_mail("Received: from in ([10.1.2.3]) by mx; Mon, 1\n"
		     "Received: from out (x [IPv6:2001:db8::5]) by mx [198.51.100.1]; Tue\n\n",
		NULL, NULL, "2001:db8::5", "Mon, 1");
	reads_a_mail("Received: from a ([127.0.0.1]) by b ([198.51.100.7])\n\n", NULL, NULL,
		NULL, NULL);
	reads_a_mail("Received: from a ([10.0.0.1])\r\n\tby b ([198.51.100.7])\r\n\r\n", NULL,
		NULL, NULL, NULL);
	reads_a_mail("Received: from a ([192.168.0.1]\n ) by b\n"
		     "Received: from c ([999.1.1.1]) by d\nReturn-Path: <>\n\n",
		NULL, NULL, NULL, NULL);
	reads_a_mail("Subject:", "", NULL, NULL, NULL);
	reads_a_mail(":\n :\nSubject: x", "x", NULL, NULL, NULL);
}

/* Another session's, or that of the message around the one that was chosen. */
static void only_the_links_own_mail_goes_out(void **state)
{
	(void)state;
	static const struct {
		int64_t session, seq;
		size_t message;
		bool goes;
	} rows[] = {{1, 5, 1, true}, {2, 5, 1, false}, {1, 6, 1, false}, {1, 5, 2, false}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct complaint_case x;
		struct arena a = {0};
		struct source_mail m;
		struct report_mail mail = {.session = rows[i].session,
			.seq = rows[i].seq,
			.message = rows[i].message,
			.n_messages = 2};
		complaint_case_init(&x);
		x.mail.seq = 5;
		complaint_case_mail(&x);
		x.e.report->mail = &mail;
		assert_int_equal(source_mail_find(&x.e, 1, &a, &m), rows[i].goes);
		x.e.report->mail = NULL;
		arena_fini(&a);
		complaint_case_fini(&x);
	}
}

static void no_body_comes_along(void **state)
{
	(void)state;
	static const char *const mails[] = {
		"A: 1\n\nbody", "A: 1\r\n\r\nbody", "A: 1\r\n\nbody", "A: 1\n\r\nbody"};
	for (size_t i = 0; i < sizeof mails / sizeof *mails; i++) {
		struct complaint_case x;
		struct arena a = {0};
		struct source_mail m;
		complaint_case_init(&x);
		x.mail.data = span_str(mails[i]);
		complaint_case_mail(&x);
		assert_true(source_mail_find(&x.e, 1, &a, &m));
		assert_true(span_find(m.head, span_str("body"), 0) == SIZE_MAX);
		x.mail.data = SPAN_NONE;
		assert_false(source_mail_find(&x.e, 1, &a, &m));
		x.mail.kind = span_str("screenshot");
		x.mail.data = span_str(mails[i]);
		assert_false(source_mail_find(&x.e, 1, &a, &m));
		arena_fini(&a);
		complaint_case_fini(&x);
	}
}

static void cells_are_no_formulas(void **state)
{
	(void)state;
	struct complaint_case x;
	struct complaint c;
	struct err err;
	struct buf out = {0};
	complaint_case_init(&x);
	complaint_hop(&x, 0)->url = span_str("=CMD|'/C calc'!A0");
	complaint_hop(&x, 1)->url = span_str("a\"b,c\r\nd");
	complaint_hop(&x, 2)->url = span_str("@x");
	complaint_hop(&x, 3)->url = span_str("-1");
	assert_true(complaint_pick(&x.e, &c, &err));
	complaint_csv(&c, &out);
	char *text = buf_take_str(&out);
	assert_non_null(strstr(text, ",\"'=CMD|'/C calc'!A0\","));
	assert_non_null(strstr(text, ",\"a\"\"b,c\\x0d\\x0ad\","));
	assert_non_null(strstr(text, ",\"'@x\","));
	assert_non_null(strstr(text, ",\"'-1\","));
	assert_non_null(strstr(text, "\"land.example\",yes\r\n"));
	free(text);
	complaint_case_fini(&x);
}

static void short_ones_are_short(void **state)
{
	(void)state;
	struct complaint_case x;
	struct complaint c;
	struct err err;
	complaint_case_init(&x);
	assert_true(complaint_pick(&x.e, &c, &err));
	for (size_t max = 0; max < 1500; max += 7) {
		struct buf out = {0};
		complaint_short(&c, max, &out);
		assert_true(buf_len(&out) <= (max < 32 ? 32 : max));
		buf_fini(&out);
	}
	complaint_case_fini(&x);
}

/* By Python's uuid.uuid5, and by hand. */
static void names_stay_the_same(void **state)
{
	(void)state;
	char out[UUID_TEXT];
	uuid_v5(span_str(""), out);
	assert_string_equal(out, "11c46027-adca-5666-a64c-e6f26ea888cb");
	uuid_v5(span_str("misp/case/1.1"), out);
	assert_string_equal(out, "3c5017e8-387b-59d2-9e37-6423b0a7ff99");
	uuid_v4_form(span_str("xarf/x"), out);
	assert_string_equal(out, "ebf76919-7f52-4c47-8ec6-e9e6ebc9b810");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uris_are_as_the_rfc_has_them),
		cmocka_unit_test(one_that_is_too_long_is_none),
		cmocka_unit_test(mail_addresses),
		cmocka_unit_test(mails),
		cmocka_unit_test(only_the_links_own_mail_goes_out),
		cmocka_unit_test(no_body_comes_along),
		cmocka_unit_test(cells_are_no_formulas),
		cmocka_unit_test(short_ones_are_short),
		cmocka_unit_test(names_stay_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
