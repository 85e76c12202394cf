/*
 * What a page asks for and where that would go: pages as phishing kits and honest shops write
 * them, in several languages, and pages that want to mislead a reader of HTML.
 */
#include "store/base/buf.h"
#include "store/base/clock.h"
#include "ui/report/landing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define PAGE "https://bank.example/login/start?id=7"

/* "post https://a/ elsewhere http: name/type/asks(label), ..." a line for each form; "-" for
 * what is unknown. */
static char *shown(const struct report_landing *l)
{
	struct buf out = {0};
	for (size_t i = 0; i < l->n_forms; i++) {
		const struct landing_form *f = &l->forms[i];
		buf_add_span(&out, f->method);
		buf_add_byte(&out, ' ');
		buf_add_span(&out, f->action.p != NULL ? f->action : span_str("-"));
		buf_add_str(&out, f->elsewhere ? " elsewhere" : "");
		buf_add_str(&out, f->to_plain_http ? " plain" : "");
		buf_add_str(&out, ":");
		for (size_t k = 0; k < f->n_fields; k++) {
			const struct landing_field *x = &f->fields[k];
			buf_add_str(&out, k > 0 ? ", " : " ");
			buf_add_span(&out, x->name.p != NULL ? x->name : span_str("-"));
			buf_add_byte(&out, '/');
			buf_add_span(&out, x->type);
			buf_addf(&out, "/%s", x->asks != NULL ? x->asks : "-");
			if (x->label.p != NULL) {
				buf_add_str(&out, "(");
				buf_add_span(&out, x->label);
				buf_add_str(&out, ")");
			}
		}
		buf_add_byte(&out, '\n');
	}
	return buf_take_str(&out);
}

static const struct {
	const char *html, *want;
} pages[] = {
	/* Where it goes. */
	{"<form action=/in method=post><input name=user></form>",
		"post https://bank.example/in: user/text/account\n"},
	{"<form><input name=q type=search></form>", "get " PAGE ": q/search/-\n"},
	{"<form action=''><input name=zz></form>", "get " PAGE ": zz/text/-\n"},
	{"<form action='http://www.bank.example/x' method=POST><input type=password></form>",
		"post http://www.bank.example/x plain: -/password/password\n"},
	{"<form action='//evil.test/p.php'><input name=cvv></form>",
		"get https://evil.test/p.php elsewhere: cvv/text/card-code\n"},
	{"<base href='http://evil.test/kit/'><form action=p.php method=post><input "
	 "name=email></form>",
		"post http://evil.test/kit/p.php elsewhere plain: email/text/email\n"},
	{"<base href='/kit/'><base href='https://other.test/'><form action=p><input "
	 "name=zip></form>",
		"get https://bank.example/kit/p: zip/text/address\n"},
	{"<form action='mailto:thief@evil.test'><input name=pin></form>",
		"get mailto:thief@evil.test elsewhere: pin/text/password\n"},
	{"<form action='javascript:send()'><input name=pin></form>",
		"get javascript:send(): pin/text/password\n"},
	{"<form action='&#104;ttps:/&#47;evil.test\t/a'><input name=zz></form>",
		"get https://evil.test/a elsewhere: zz/text/-\n"},
	{"<form action='http://[bad'><input name=zz></form>", "get http://[bad: zz/text/-\n"},
	/* A button has a way of its own. */
	{"<form action=/a><input name=zz><button formaction=https://evil.test/b "
	 "formmethod=post>go</button></form>",
		"get https://bank.example/a: zz/text/-\n"
		"post https://evil.test/b elsewhere: zz/text/-\n"},
	/* Fields that belong to a form by name, by the table around it, or to none. */
	{"<input name=late form=f><form id=f action=/f></form><textarea name=words "
	 "form=f></textarea>",
		"get https://bank.example/f: late/text/-, words/textarea/-\n"},
	{"<table><form action=/t method=post><tr><td>Password:</td><td><input name=x "
	 "type=password></td></tr></form></table>",
		"post https://bank.example/t: x/password/password(Password:)\n"},
	{"<form action=/1></form><div>Card number <input name=f1></div>",
		"get https://bank.example/1:\nget -: f1/text/card-number(Card number)\n"},
	/* A form inside of a form is none (HTML 13.2.6.4.7). */
	{"<form action=/1><form action=https://evil.test/2><input name=zz></form></form>",
		"get https://bank.example/1: zz/text/-\n"},
	/* What nobody sees is not asked for. */
	{"<form action=/h><input type=hidden name=token value=1><input type=submit><input "
	 "type=IMAGE><button>x</button><input type=Reset></form>",
		"get https://bank.example/h:\n"},
	{"<p><template><form action=/t><input name=pin></form></template>", ""},
	{"<body><p>x</p><noscript><form action=/n></form></noscript>", ""},
	{"<!-- <form action=/c><input> --><script>'<form action=/s>'</script><p>no", ""},
	{"<textarea><form action=/a></textarea><form action=/b><input name=zz>",
		"get https://bank.example/b: zz/text/-\nget -: -/textarea/-\n"},
	{"<svg><foreignObject><form action=/svg><input name=otp></form></foreignObject></svg>",
		"get https://bank.example/svg: otp/text/otp\n"},
	/* What it is for: HTML's own words win, then what people read, then names, then types.
	 */
	{"<form action=/c><input name=a autocomplete='section-x billing cc-number'><input "
	 "name=b "
	 "autocomplete=cc-csc><input autocomplete=one-time-code><input "
	 "autocomplete='CC-EXP'></form>",
		"get https://bank.example/c: a/text/card-number, b/text/card-code, -/text/otp, "
		"-/text/expiry\n"},
	{"<form action=/c><label for=i1>Kartennummer</label><input id=i1 type=tel>"
	 "<label>G&uuml;ltig bis <input name=f2></label><input name=f3 type=password "
	 "placeholder=CVV><label>Karteninhaber <input name=cardname></label></form>",
		"get https://bank.example/c: i1/tel/card-number(Kartennummer), "
		"f2/text/expiry(G\xc3\xbcltig bis), f3/password/card-code(CVV), "
		"cardname/text/name(Karteninhaber)\n"},
	{"<form action=/c><input name=cardNumber><input name=exp_month><input name=nameOnCard "
	 "placeholder='Name on card'></form>",
		"get https://bank.example/c: cardNumber/text/card-number, "
		"exp_month/text/expiry, "
		"nameOnCard/text/name(Name on card)\n"},
	{"<form action=/c>Contrase\xf1"
	 "a <input name=x1 type=password> C\xf3"
	 "digo de "
	 "verificaci\xf3n <input name=x2></form>",
		"get https://bank.example/c: x1/password/password(Contrase\xc3\xb1"
		"a), "
		"x2/text/otp(C\xc3\xb3"
		"digo de verificaci\xc3\xb3n)\n"},
	{"<form action=/c><input "
	 "aria-label='\xd0\x9f\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c'><input "
	 "placeholder='\xe9\xaa\x8c\xe8\xaf\x81\xe7\xa0\x81'><input "
	 "placeholder='Num\xc3\xa9ro de carte'></form>",
		"get https://bank.example/c: "
		"-/text/password(\xd0\x9f\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c), "
		"-/text/otp(\xe9\xaa\x8c\xe8\xaf\x81\xe7\xa0\x81), "
		"-/text/card-number(Num\xc3\xa9ro de carte)\n"},
	{"<form action=/c><input name=ssn><input name=dob><input type=email "
	 "placeholder='Email or phone'><input name=phone><input type=file name=id_card></form>",
		"get https://bank.example/c: ssn/text/national-id, dob/text/birth-date, "
		"-/email/email(Email or phone), phone/text/phone, id_card/file/file\n"},
	{"<form action=/c><textarea placeholder='Enter your 12-word recovery "
	 "phrase'></textarea></form>",
		"get https://bank.example/c: -/textarea/seed-phrase(Enter your 12-word "
		"recovery "
		"phrase)\n"},
	{"<form action=/c><input maxlength=1><input maxlength=1><input maxlength=1><input "
	 "maxlength=1></form>",
		"get https://bank.example/c: -/text/otp, -/text/otp, -/text/otp, -/text/otp\n"},
	{"<form action=/c><select name=cardtype><option>Visa card number</select><input "
	 "type=checkbox name=remember_password></form>",
		"get https://bank.example/c: cardtype/select/-, "
		"remember_password/checkbox/-\n"},
	/* A heading above says less than the field's own name. */
	{"<form action=/c><h1>Your card number is needed</h1><input name=email></form>",
		"get https://bank.example/c: email/text/email(Your card number is needed)\n"},
};

static void each_page_asks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		struct arena a = {0};
		struct report_landing l = {0};
		/* On the heap, so that a byte too many is seen. */
		size_t n = strlen(pages[i].html);
		char *html = malloc(n);
		memcpy(html, pages[i].html, n);
		landing_forms(&a, span_of(html, n), span_str(PAGE), &l);
		free(html);
		char *got = shown(&l);
		if (strcmp(got, pages[i].want) != 0)
			fail_msg("%s\nwanted: %s\n   got: %s", pages[i].html, pages[i].want,
				got);
		free(got);
		arena_fini(&a);
	}
}

static void twelve_numbered_words_are_a_seed_phrase(void **state)
{
	(void)state;
	struct arena a = {0};
	struct report_landing l = {0};
	struct buf html = {0};
	buf_add_str(&html, "<form>");
	for (int i = 1; i <= 12; i++)
		buf_addf(&html, "<input placeholder='%d.'>", i);
	landing_forms(&a, buf_span(&html), span_str(PAGE), &l);
	assert_int_equal(l.n_forms, 1);
	assert_int_equal(l.forms[0].n_fields, 12);
	for (size_t i = 0; i < 12; i++)
		assert_string_equal(l.forms[0].fields[i].asks, "seed-phrase");
	buf_fini(&html);
	arena_fini(&a);
}

static void titles_are_folded(void **state)
{
	(void)state;
	static const struct {
		const char *html, *title;
	} rows[] = {{"<title> My \n\t bank&nbsp;&amp; co </title>", "My bank & co"},
		{"<svg><title>no</title></svg><title>yes</title><title>late</title>", "yes"},
		{"<title></title>", NULL}, {"<p>none", NULL},
		{"<title>Caf\xe9</title>", "Caf\xc3\xa9"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct report_landing l = {0};
		landing_forms(&a, span_str(rows[i].html), span_str(PAGE), &l);
		if (rows[i].title == NULL)
			assert_null(l.title.p);
		else if (!span_is(l.title, rows[i].title))
			fail_msg("%s: %.*s", rows[i].title, (int)l.title.n,
				(const char *)l.title.p);
		arena_fini(&a);
	}
}

/* Pages that are made to cost time or memory end in bounded both, and say so. */
static void hostile_pages_are_bounded(void **state)
{
	(void)state;
	static const struct {
		const char *head, *each, *tail;
		size_t times;
	} rows[] = {{"<form>", "<input name=password>", "", 20000},
		{"", "<form action=/a><input></form>", "", 20000}, {"", "<label>", "x", 50000},
		{"", "<div>", "<input>", 100000}, {"<label>", "<b><i>x", "", 30000},
		{"", "<a href=https://play.google.com/store/apps/details?id=a>", "", 20000},
		{"<form action='", "A", "'><input>", 200000}, {"<title>", "x ", "", 200000},
		{"<input name='", "\xff", "'>", 100000}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct report_landing l = {0};
		struct buf html = {0};
		buf_add_str(&html, rows[i].head);
		for (size_t k = 0; k < rows[i].times; k++)
			buf_add_str(&html, rows[i].each);
		buf_add_str(&html, rows[i].tail);
		int64_t start = clock_now_us(clock_real());
		landing_forms(&a, buf_span(&html), span_str(PAGE), &l);
		int64_t took = clock_now_us(clock_real()) - start;
		if (took > INT64_C(5000000))
			fail_msg("page %zu took %lld ms", i, (long long)took / 1000);
		assert_true(l.n_forms <= 41 && l.title.n <= 200);
		if (i < 4)
			assert_true(l.more || l.n_forms <= 1);
		for (size_t f = 0; f < l.n_forms; f++)
			assert_true(l.forms[f].n_fields <= 400);
		buf_fini(&html);
		arena_fini(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_page_asks),
		cmocka_unit_test(twelve_numbered_words_are_a_seed_phrase),
		cmocka_unit_test(titles_are_folded),
		cmocka_unit_test(hostile_pages_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
