/* What a form asks of a report, as words of the command line: only words that mean the same
 * there, whatever was typed, and a file's name that is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/base/buf.h"
#include "ui/cli/report_options.h"
#include "ui/web/report_wish.h"

#define CASE "/tmp/a b/my.case"

static const char *words(struct arena *a, const char *query, enum wish_run run)
{
	struct web_form form;
	struct report_wish w;
	struct err err;
	struct buf out = {0};
	assert_true(web_form_query(a, span_str(query), &form, &err));
	report_wish_read(a, &form, CASE, "1.2", &w);
	for (const char *const *word = report_wish_argv(&w, run, "FILE", a); *word != NULL;
		word++)
		buf_addf(&out, "%s|", *word);
	const char *s = arena_str(a, buf_span(&out));
	buf_fini(&out);
	return s;
}

static const struct {
	const char *query;
	enum wish_run run;
	const char *want;
} table[] = {
	{"", WISH_PREVIEW, "report|--trail=1.2|--format=text|--redact=keyed|--|" CASE "|"},
	{"format=html", WISH_MAKE,
		"report|--trail=1.2|--format=html|--redact=keyed|--output=FILE|--|" CASE "|"},
	{"format=nonsense&redact=%2Fetc&class=x&party=-3", WISH_MAKE,
		"report|--trail=1.2|--format=text|--redact=keyed|--output=FILE|--|" CASE "|"},
	/* What stays here shows all, and nothing else of the choice changes. */
	{"redact=strip&secrets=abcd&coarse_time=1&withhold_egress=1&with_pictures=1&party=3&"
	 "disclose_own_token=1&class=phishing&without_notes=1",
		WISH_ORIGINAL,
		"report|--trail=1.2|--party=3|--format=text|--redact=none|--class=phishing|"
		"--without-notes|--|" CASE "|"},
	{"redact=strip&secrets=+ab+cd%0D%0A%0A--x&coarse_time=1&withhold_egress=1&"
	 "with_pictures=1&party=3&disclose_own_token=1&no_defang=1",
		WISH_PREVIEW,
		"report|--trail=1.2|--party=3|--format=text|--redact=strip|--secret=ab cd|"
		"--secret=--x|--coarse-time|--withhold-egress|--disclose-own-token|"
		"--with-pictures|--no-defang|--|" CASE "|"},
	/* A mail's alone. */
	{"format=eml&as=xarf&to=-a%40b.example&subject=Hi&with_keys=1&party=1", WISH_MAKE,
		"report|--trail=1.2|--party=1|--format=eml|--redact=keyed|--as=xarf|"
		"--to=-a@b.example|--subject=Hi|--output=FILE|--|" CASE "|"},
	{"format=eml&as=xarf&to=a%40b.example&subject=Hi&with_keys=1&party=1", WISH_PREVIEW,
		"report|--trail=1.2|--party=1|--format=text|--redact=keyed|--|" CASE "|"},
	{"format=pcapng&with_keys=1&redact=none", WISH_MAKE,
		"report|--trail=1.2|--format=pcapng|--redact=none|--with-keys|--output=FILE|--"
		"|" CASE "|"},
	{"class=fraud&fraud_type=romance&brand=B+%22x%22&brand_site=https%3A%2F%2Fb.example&"
	 "spam_protocol=sms&org=Desk&email=d%40e.example&party=2&format=xarf",
		WISH_ALL,
		"report|--trail=1.2|--redact=keyed|--class=fraud|--fraud-type=romance|"
		"--brand=B \"x\"|--brand-site=https://b.example|--spam-protocol=sms|"
		"--reporter-org=Desk|--reporter-email=d@e.example|--all=FILE|--|" CASE "|"},
};

static void forms_become_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct arena a = {0};
		assert_string_equal(words(&a, table[i].query, table[i].run), table[i].want);
		arena_fini(&a);
	}
}

/* The command itself takes all of them. */
static void the_command_knows_these_formats(void **state)
{
	struct buf names = {0}, mine = {0};
	(void)state;
	report_format_names(&names);
	for (const struct wish_format *f = wish_formats; f->name != NULL; f++) {
		assert_non_null(report_format_find(f->name));
		buf_addf(&mine, "%s%s", f == wish_formats ? "" : ", ", f->name);
	}
	assert_true(span_eq(buf_span(&mine), buf_span(&names)));
	buf_fini(&names);
	buf_fini(&mine);
}

static void too_many_secrets_are_said(void **state)
{
	struct arena a = {0};
	struct web_form form;
	struct report_wish w;
	struct err err;
	struct buf query = {0};
	(void)state;
	buf_add_str(&query, "secrets=");
	for (int i = 0; i <= WISH_SECRETS_MAX; i++)
		buf_addf(&query, "word%d%%0A", i);
	assert_true(web_form_query(&a, buf_span(&query), &form, &err));
	report_wish_read(&a, &form, CASE, "1.2", &w);
	assert_int_equal(w.n_secrets, WISH_SECRETS_MAX);
	assert_true(w.more_secrets);
	/* All options at once fit. */
	size_t n = 0;
	for (const char *const *word = report_wish_argv(&w, WISH_MAKE, "FILE", &a);
		*word != NULL; word++)
		n++;
	assert_true(n < WISH_ARGS_MAX);
	buf_fini(&query);
	arena_fini(&a);
}

static void names_are_names(void **state)
{
	static const struct {
		const char *path;
		size_t party;
		const char *name, *want;
	} names[] = {
		{"/x/demo.case", 0, NULL, "demo-trail-1.2"},
		{"demo.case", 2, "mailer.example", "demo-trail-1.2-party-2-mailer.example"},
		{"/x/.hidden case", 1, "../../etc", "-hidden-case-trail-1.2-party-1--.-..-etc"},
		{"/x/\xc3\xa4.case", 1, "[2001:db8::1]", "---trail-1.2-party-1--2001-db8--1-"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct arena a = {0};
		struct report_wish w = {
			.case_path = names[i].path, .trail = "1.2", .party = names[i].party};
		assert_string_equal(
			report_wish_name(&w, span_str(names[i].name), &a), names[i].want);
		arena_fini(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_become_words),
		cmocka_unit_test(the_command_knows_these_formats),
		cmocka_unit_test(too_many_secrets_are_said),
		cmocka_unit_test(names_are_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
