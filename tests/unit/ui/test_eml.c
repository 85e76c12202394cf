/*
 * The complaint as a mail, read by two readers that nobody here wrote: Python's email
 * (tests/report/eml.py, its strict policy) and GMime's parser; with nasty strings in every
 * field; and to whom it goes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gmime/gmime.h>

#include "tests/unit/ui/complaint_case.h"
#include "ui/report/say.h"

static char folder[64];
static char files[NASTY_COUNT][80];
static size_t n_files;

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/eml-test-XXXXXX");
	g_mime_init();
	return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_files; i++)
		unlink(files[i]);
	g_mime_shutdown();
	return rmdir(folder);
}

static void write_one(struct complaint_case *x, struct buf *out)
{
	struct err err;
	buf_clear(out);
	if (!edition_eml(&x->e, out, &err))
		fail_msg("%s", err.detail);
}

static void refused(struct complaint_case *x, const char *option)
{
	struct buf out = {0};
	struct err err;
	assert_false(edition_eml(&x->e, &out, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	if (strstr(err.detail, option) == NULL)
		fail_msg("%s is not named: %s", option, err.detail);
	buf_fini(&out);
}

static void keep(const struct buf *mail)
{
	char *path = files[n_files++];
	snprintf(path, sizeof files[0], "%s/%zu.eml", folder, n_files);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(say_write(fileno(f), mail));
	fclose(f);
}

/* Python over all files that were kept. */
static void python_reads(const char *kind)
{
	static const char *argv[NASTY_COUNT + 8];
	char script[400];
	size_t n = 0;
	snprintf(script, sizeof script, "%s/tests/report/eml.py", getenv("CLICKTRAIL_SOURCE"));
	const char *const first[] = {"timeout", "55", "python3", "-B", script, kind};
	for (; n < sizeof first / sizeof *first; n++)
		argv[n] = first[n];
	for (size_t i = 0; i < n_files; i++)
		argv[n++] = files[i];
	argv[n] = NULL;
	complaint_run(argv);
	for (size_t i = 0; i < n_files; i++)
		unlink(files[i]);
	n_files = 0;
}

/* What GMime's parser makes of it; the caller unrefs it. */
static GMimeMessage *gmime_reads(const struct buf *mail)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(
		(const char *)buf_span(mail).p, buf_len(mail));
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *m = g_mime_parser_construct_message(parser, NULL);
	assert_non_null(m);
	g_object_unref(parser);
	g_object_unref(stream);
	return m;
}

static GMimeObject *part(GMimeMessage *m, int i, const char *type)
{
	GMimeObject *top = g_mime_message_get_mime_part(m);
	assert_true(GMIME_IS_MULTIPART(top));
	GMimeObject *p = g_mime_multipart_get_part(GMIME_MULTIPART(top), i);
	assert_non_null(p);
	char *got = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(p));
	assert_string_equal(got, type);
	g_free(got);
	return p;
}

/* Decoded content as a string. */
static char *content(GMimeObject *p)
{
	GMimeStream *out = g_mime_stream_mem_new();
	g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(GMIME_PART(p)), out);
	GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(out));
	char *text = calloc(1, bytes->len + 1);
	assert_non_null(text);
	if (bytes->len > 0)
		memcpy(text, bytes->data, bytes->len);
	g_object_unref(out);
	return text;
}

static void has(const char *text, const char *what)
{
	if (strstr(text, what) == NULL)
		fail_msg("\"%s\" is not in:\n%.3000s", what, text);
}

static void is_a_report_without_a_mail(void **state)
{
	(void)state;
	struct complaint_case x;
	struct buf mail = {0};
	complaint_case_init(&x);
	x.order.defang = true;
	write_one(&x, &mail);
	keep(&mail);
	GMimeMessage *m = gmime_reads(&mail);
	assert_string_equal(g_mime_message_get_subject(m),
		"Abuse report: phishing at land[.]example, 1 January 2026, 00:00:00 UTC");
	char *to = internet_address_list_to_string(g_mime_message_get_to(m), NULL, FALSE);
	assert_string_equal(to, "abuse@host.example");
	g_free(to);
	char *from = internet_address_list_to_string(g_mime_message_get_from(m), NULL, FALSE);
	assert_string_equal(
		from, "\"R\xc3\xa9porter \\\"Org\\\", Ltd.\" <desk@reporter.example>");
	g_free(from);
	char *feedback = content(part(m, 1, "message/feedback-report"));
	has(feedback, "Feedback-Type: fraud\r\n");
	has(feedback, "Source-IP: 192.0.2.1\r\n");
	has(feedback, "Reported-Domain: land.example\r\n");
	has(feedback, "Reported-URI: " REPORT_LAST "\r\nReported-URI: " REPORT_LINK "\r\n");
	assert_null(strstr(feedback, "Arrival-Date"));
	free(feedback);
	char *third = content(part(m, 2, "text/rfc822-headers"));
	assert_string_equal(third, "");
	free(third);
	GMimeObject *first = part(m, 0, "multipart/mixed");
	char *text = content(g_mime_multipart_get_part(GMIME_MULTIPART(first), 0));
	has(text, "On 1 January 2026, 00:00:00 UTC this link was opened:\r\n"
		  "  hxxps://click[.]example/c?t=1\r\n");
	has(text, "You operate land[.]example, or its name or network is in your");
	has(text, "-> 4. ");
	has(text, "--url 'hxxps://land[.]example/'");
	free(text);
	assert_int_equal(g_mime_multipart_get_count(GMIME_MULTIPART(first)), 4);
	char *shot = content(g_mime_multipart_get_part(GMIME_MULTIPART(first), 3));
	assert_string_equal(shot, "\x89PNG not really");
	free(shot);
	g_object_unref(m);
	python_reads("arf");
	buf_fini(&mail);
	complaint_case_fini(&x);
}

static void quotes_the_header_of_the_mail(void **state)
{
	(void)state;
	struct complaint_case x;
	struct buf mail = {0};
	complaint_case_init(&x);
	complaint_case_mail(&x);
	x.order.defang = true;
	write_one(&x, &mail);
	keep(&mail);
	GMimeMessage *m = gmime_reads(&mail);
	assert_string_equal(g_mime_message_get_subject(m), "FW: Gl\xc3\xbc"
							   "ckwunsch - you won");
	char *feedback = content(part(m, 1, "message/feedback-report"));
	has(feedback, "Original-Mail-From: <bounce@mailer.example>\r\n");
	has(feedback, "Arrival-Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n");
	has(feedback, "Source-IP: 203.0.113.9\r\n");
	free(feedback);
	char *third = content(part(m, 2, "text/rfc822-headers"));
	has(third, "Message-ID: <redacted-k7q2m4x9w3tz@mailer.example>\r\n");
	assert_null(strstr(third, "which nobody quotes"));
	free(third);
	g_object_unref(m);
	python_reads("arf");
	buf_fini(&mail);
	complaint_case_fini(&x);
}

static void carries_xarf(void **state)
{
	(void)state;
	struct complaint_case x;
	struct buf mail = {0};
	complaint_case_init(&x);
	x.order.defang = x.order.as_xarf = true;
	write_one(&x, &mail);
	keep(&mail);
	GMimeMessage *m = gmime_reads(&mail);
	char *feedback = content(part(m, 1, "message/feedback-report"));
	has(feedback, "Feedback-Type: xarf\r\n");
	free(feedback);
	char *json = content(part(m, 2, "application/json"));
	has(json, "\"redirect_chain\": [");
	free(json);
	g_object_unref(m);
	python_reads("xarf");
	x.order.abuse = ABUSE_NONE;
	refused(&x, "--class");
	buf_fini(&mail);
	complaint_case_fini(&x);
}

static void goes_to_whom_it_says(void **state)
{
	(void)state;
	struct complaint_case x;
	struct buf mail = {0};
	complaint_case_init(&x);
	x.order.defang = true;
	x.order.to = "other@desk.example";
	x.order.subject = "Bitte \xc3\xa4ndern";
	write_one(&x, &mail);
	GMimeMessage *m = gmime_reads(&mail);
	char *to = internet_address_list_to_string(g_mime_message_get_to(m), NULL, FALSE);
	assert_string_equal(to, "other@desk.example");
	g_free(to);
	assert_string_equal(g_mime_message_get_subject(m), "Bitte \xc3\xa4ndern");
	g_object_unref(m);
	static const char *const bad[] = {"a@b.example\r\nBcc: c@d.example",
		"a@b.example, c@d.e", "a b@c.example", "<a@b.example>", "a@b", "@b.example",
		"a@-b.example", ""};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		x.order.to = bad[i];
		refused(&x, "--to");
	}
	x.order.to = NULL;
	x.order.subject = "a\r\nBcc: b@c.example";
	refused(&x, "--subject");
	x.order.subject = NULL;
	/* A directory's answer is no better. */
	x.contacts[0].email = span_str("a@b.example\r\nBcc: c@d.example");
	write_one(&x, &mail);
	m = gmime_reads(&mail);
	to = internet_address_list_to_string(g_mime_message_get_to(m), NULL, FALSE);
	assert_string_equal(to, "abuse@registrar.example");
	g_free(to);
	g_object_unref(m);
	x.contacts[1].email = SPAN_NONE;
	x.contacts[1].form = span_str("https://abuse.example/form");
	refused(&x, "https://abuse.example/form");
	x.order.party = 1;
	refused(&x, "clicktrail lookup");
	buf_fini(&mail);
	complaint_case_fini(&x);
}

static void is_the_same_mail_twice(void **state)
{
	(void)state;
	struct complaint_case x;
	struct buf a = {0}, b = {0};
	complaint_case_init(&x);
	write_one(&x, &a);
	write_one(&x, &b);
	GMimeMessage *m = gmime_reads(&a), *n = gmime_reads(&b);
	assert_string_equal(g_mime_message_get_message_id(m), g_mime_message_get_message_id(n));
	assert_non_null(strstr(g_mime_message_get_message_id(m), "@reporter.example"));
	g_object_unref(m);
	g_object_unref(n);
	buf_fini(&a);
	buf_fini(&b);
	complaint_case_fini(&x);
}

static void nasty_mail(struct complaint_case *x, struct span s, struct buf *raw)
{
	buf_clear(raw);
	buf_add_str(raw, "Return-Path: <");
	buf_add_span(raw, s);
	buf_add_str(raw, ">\r\nReceived: from x ([");
	buf_add_span(raw, s);
	buf_add_str(raw, "]) by y; ");
	buf_add_span(raw, s);
	buf_add_str(raw, "\r\nSubject: ");
	buf_add_span(raw, s);
	buf_add_str(raw, "\r\n\r\nbody\r\n");
	x->mail.data = buf_span(raw);
	complaint_case_mail(x);
}

static void plain_arf_is_not_broken(void **state)
{
	(void)state;
	struct buf nasty = {0}, mail = {0}, raw = {0};
	for (size_t i = 0; i < NASTY_COUNT; i++) {
		struct complaint_case x;
		complaint_case_init(&x);
		nasty_make(i, &nasty);
		complaint_plant(&x, buf_span(&nasty));
		if (i % 2 == 0)
			nasty_mail(&x, buf_span(&nasty), &raw);
		x.order.defang = true;
		x.order.brand = "A\xc3\xa9 \"x\" =1+1";
		write_one(&x, &mail);
		keep(&mail);
		GMimeMessage *m = gmime_reads(&mail);
		assert_int_equal(g_mime_header_list_get_count(
					 g_mime_object_get_header_list(GMIME_OBJECT(m))),
			7); /* Content-Type is its part's */
		part(m, 2, "text/rfc822-headers");
		g_object_unref(m);
		complaint_case_fini(&x);
	}
	python_reads("arf");
	buf_fini(&nasty);
	buf_fini(&mail);
	buf_fini(&raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_a_report_without_a_mail),
		cmocka_unit_test(quotes_the_header_of_the_mail),
		cmocka_unit_test(carries_xarf),
		cmocka_unit_test(goes_to_whom_it_says),
		cmocka_unit_test(is_the_same_mail_twice),
		cmocka_unit_test(plain_arf_is_not_broken),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
