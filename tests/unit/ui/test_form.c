/*
 * The complaint for a web form: what stands in which block, that nothing but what is to be
 * pasted is live, and which desks it names, with nasty strings in every field.
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
#include "ui/report/form_desks.h"

static char *write_one(struct complaint_case *x)
{
	struct buf out = {0};
	struct err err;
	if (!edition_form(&x->e, &out, &err))
		fail_msg("%s", err.detail);
	return buf_take_str(&out);
}

static void has(const char *text, const char *what)
{
	if (strstr(text, what) == NULL)
		fail_msg("\"%s\" is not in:\n%s", what, text);
}

static void has_a_block_for_each_field(void **state)
{
	(void)state;
	struct complaint_case x;
	complaint_case_init(&x);
	x.order.defang = true;
	char *text = write_one(&x);
	has(text, "\n== Your mail address\ndesk@reporter.example\n");
	has(text, "\n== Category\nphishing\n");
	has(text, "\n== Brand that is imitated\nAcm\xc3\xa9\n");
	has(text, "\n== Address (exact: to be pasted, not opened)\n" REPORT_LAST "\n");
	has(text, "\n== Host and network\nland[.]example, at 192[.]0[.]2[.]1, AS64496, Example "
		  "Hosting\n");
	has(text, "\n== When (UTC)\n2026-01-01T00:00:00.400000Z\n");
	has(text,
		"It asks for: email, password; to be sent to hxxps://collect[.]example/in|x\n");
	has(text, "It hands out: offer[.]apk, SHA-256 ");
	has(text, "  abuse[@]host[.]example\n    (network desk, by hxxps://rdap[.]example/ip/");
	has(text, "-> 4. ");
	has(text, "replaced (keyed)");
	has(text, "\n== How to repeat it\n");
	free(text);
	x.contacts[0].form = span_str("javascript:alert(1)");
	x.contacts[1].form = span_str("https://registrar.example/abuse?x=1");
	text = write_one(&x);
	assert_null(strstr(text, "javascript"));
	has(text, "\n  https://registrar.example/abuse?x=1\n    (registrar desk, by ");
	free(text);
	complaint_case_fini(&x);
}

static void names_desks(void **state)
{
	(void)state;
	static const struct {
		const char *network, *name, *cname, *desk;
	} rows[] = {
		{"CLOUDFLARENET", "land.example", NULL, "Cloudflare"},
		{"AMAZON-02", "land.example", NULL, "Amazon Web Services"},
		{NULL, "shop.pages.dev", NULL, "Cloudflare"},
		{NULL, "land.example", "d1234.cloudfront.net", "Amazon Web Services"},
		{NULL, "x.azurewebsites.net", NULL, "Microsoft"},
		/* Somebody who calls himself so. */
		{NULL, "cloudflare-login.example", NULL, NULL},
		{NULL, "notpages.dev", NULL, NULL},
		{"Example Hosting", "land.example", NULL, NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct complaint_case x;
		struct complaint c;
		struct err err;
		complaint_case_init(&x);
		struct report_trail *t = complaint_trail(&x);
		struct report_party *p = &t->parties.list[2];
		struct span cname = span_str(rows[i].cname);
		struct report_dns dns = {.cnames = &cname, .n_cnames = cname.n > 0, .ttl = 1};
		p->network = span_str(rows[i].network);
		p->name = span_str(rows[i].name);
		p->registrar = SPAN_NONE;
		t->hops[3].dns = &dns;
		assert_true(complaint_pick(&x.e, &c, &err));
		const struct form_desk *d = form_desk_of(&c);
		if (rows[i].desk == NULL)
			assert_null(d);
		else
			assert_string_equal(d != NULL ? d->name : "(none)", rows[i].desk);
		complaint_case_fini(&x);
	}
}

/* What is not to be pasted. */
static char *without_exact_blocks(const char *text)
{
	struct buf out = {0};
	bool exact = false;
	while (*text != 0) {
		size_t n = strcspn(text, "\n") + 1;
		if (strncmp(text, "== ", 3) == 0)
			exact = memmem(text, n, "(exact", 6) != NULL ||
				strncmp(text, "== Where to", 11) == 0 ||
				strncmp(text, "== Your", 7) == 0;
		if (!exact)
			buf_add(&out, text, n);
		text += n;
	}
	return buf_take_str(&out);
}

static void nothing_breaks_it(void **state)
{
	(void)state;
	struct buf nasty = {0};
	for (size_t i = 0; i < NASTY_COUNT; i++) {
		struct complaint_case x;
		complaint_case_init(&x);
		nasty_make(i, &nasty);
		complaint_plant(&x, buf_span(&nasty));
		x.order.defang = true;
		char *text = write_one(&x);
		assert_true(text_valid(span_str(text)));
		for (const unsigned char *c = (unsigned char *)text; *c != 0; c++)
			if ((*c < 0x20 && *c != '\n') || *c == 0x7f)
				fail_msg("%zu: byte %02x", i, *c);
		assert_null(strstr(text, "\xe2\x80\xae"));
		char *rest = without_exact_blocks(text);
		const char *live = strcasestr(rest, "http");
		if (live != NULL && strncasecmp(live, "http://", 7) == 0)
			fail_msg("%zu: live: %.60s", i, live);
		assert_null(strcasestr(rest, "https://"));
		assert_null(strcasestr(rest, "evil.example"));
		free(rest);
		const char *box = strstr(text, "at most 1000 characters\n");
		assert_non_null(box);
		box = strchr(box, '\n') + 1;
		assert_true(strcspn(box, "\n") <= 1000);
		/* A value cannot begin a block of its own. */
		size_t blocks = 0;
		for (const char *b = text; (b = strstr(b, "\n== ")) != NULL; b++)
			blocks++;
		assert_in_range(blocks, 12, 14);
		free(text);
		complaint_case_fini(&x);
	}
	buf_fini(&nasty);
}

static void says_what_it_wants(void **state)
{
	(void)state;
	struct complaint_case x;
	struct buf out = {0};
	struct err err;
	complaint_case_init(&x);
	x.order.party = 0;
	assert_false(edition_form(&x.e, &out, &err));
	assert_non_null(strstr(err.detail, "1 click.example, 2 hop.example, 3 land.example"));
	x.order = (struct edition_order){.party = 1};
	x.e.order = &x.order;
	assert_true(edition_form(&x.e, &out, &err));
	buf_fini(&out);
	complaint_case_fini(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_a_block_for_each_field),
		cmocka_unit_test(names_desks),
		cmocka_unit_test(nothing_breaks_it),
		cmocka_unit_test(says_what_it_wants),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
