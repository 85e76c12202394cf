/* What reports say of a mail: every text of it may be hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/mail/attach.h"
#include "ui/mail/links.h"
#include "ui/report/json_value.h"

static const char *const nasty[] = {"\x1b[31mred", "a\r\nBcc: x@y.example",
	"\xe2\x80\xaegnp.exe", "\xff\xfe\x80", "<script>alert(1)</script>", "\"',=1+1",
	"\x7f\x01\x02", "\xe2\x80\xa8line", "%s%n%d", "",
	"\xc2\x9b"
	"2J",
	"=cmd|' /C calc'!A0"};
enum { NASTY = sizeof nasty / sizeof *nasty };

static struct span at(size_t i)
{
	return span_str(nasty[i % NASTY]);
}

/* Every text of a report_mail is one of those. */
static struct report_mail *make(struct arena *a, size_t i)
{
	struct mail_field fields[] = {{span_str("From"), at(i), at(i + 1)},
		{span_str("To"), at(i + 2), at(i + 3)}, {span_str("Subject"), at(i), at(i)},
		{at(i + 4), at(i + 5), at(i)}, {span_str("Received"), at(i + 6), at(i)},
		{span_str("Authentication-Results"), at(i + 7), at(i)},
		{span_str("DKIM-Signature"),
			span_str(arena_printf(
				a, "d=%s; s=%s", nasty[i % NASTY], nasty[(i + 1) % NASTY])),
			at(i)},
		{span_str("Message-ID"), at(i + 8), at(i)}};
	struct mail_message *message = arena_alloc(a, sizeof *message);
	*message = (struct mail_message){
		.fields = fields, .n_fields = sizeof fields / sizeof *fields};
	const struct mail m = {.messages = message, .n_messages = 1};
	struct mail_place *place = arena_alloc(a, sizeof *place);
	*place = (struct mail_place){.part = at(i + 9), .text = at(i)};
	struct mail_link *l = arena_alloc(a, sizeof *l);
	*l = (struct mail_link){.n = 1,
		.href = at(i + 10),
		.text = at(i),
		.text_host = at(i + 1),
		.says = TEXT_DIFFERS,
		.places = place,
		.n_places = 1};
	const struct mail_links links = {.message = 1, .list = l, .n = 1};
	return mail_attach_make(a, &m, &links, 1, at(i + 10));
}

static void no_text_reaches_an_eye_raw(void **state)
{
	(void)state;
	for (size_t i = 0; i < NASTY; i++) {
		struct arena a = {0};
		struct report r = {.mail = make(&a, i)};
		struct buf out = {0};
		assert_true(r.mail->link.known);
		report_mail_say(&r, &out);
		report_mail_say_line(&r, r.mail->session, &out);
		struct span s = buf_span(&out);
		assert_true(text_valid(s));
		for (size_t k = 0; k < s.n; k++)
			assert_true(s.p[k] == '\n' || (s.p[k] >= 0x20 && s.p[k] != 0x7f));
		assert_true(span_find(s, span_str("\nBcc"), 0) == SIZE_MAX);
		assert_true(span_find(s, span_str("\xe2\x80\xae"), 0) == SIZE_MAX);
		buf_clear(&out);
		json_write(json_mail(&r), JSON_INDENT(2), &out);
		s = buf_span(&out);
		for (size_t k = 0; k < s.n; k++)
			assert_true(s.p[k] == '\n' || (s.p[k] >= 0x20 && s.p[k] < 0x7f));
		buf_fini(&out);
		arena_fini(&a);
	}
}

static void blank(void *ctx, struct span *text, const char *where)
{
	(void)ctx, (void)where;
	if (text->p != NULL)
		*text = span_str("[gone]");
}

/* What is visited is all that is told. */
static void what_is_replaced_is_gone(void **state)
{
	(void)state;
	for (size_t i = 0; i < NASTY; i++) {
		struct arena a = {0};
		struct report r = {.mail = make(&a, i)};
		struct buf out = {0};
		report_mail_each(r.mail, blank, NULL);
		report_mail_say(&r, &out);
		report_mail_say_line(&r, r.mail->session, &out);
		json_write(json_mail(&r), JSON_COMPACT, &out);
		for (size_t k = 0; k < NASTY; k++)
			if (nasty[k][0] > 0x20 && nasty[k][0] < 0x7f && strlen(nasty[k]) > 4)
				assert_true(span_find(buf_span(&out), span_str(nasty[k]), 0) ==
					    SIZE_MAX);
		buf_fini(&out);
		arena_fini(&a);
	}
}

static void a_report_without_a_mail_says_nothing(void **state)
{
	struct report r = {0};
	struct buf out = {0};
	(void)state;
	report_mail_say(&r, &out);
	report_mail_say_line(&r, 0, &out);
	assert_int_equal(buf_len(&out), 0);
	json_t *j = json_mail(&r);
	assert_true(json_is_null(j));
	json_decref(j);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_text_reaches_an_eye_raw),
		cmocka_unit_test(what_is_replaced_is_gone),
		cmocka_unit_test(a_report_without_a_mail_says_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
