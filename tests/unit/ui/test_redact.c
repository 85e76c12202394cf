/* Redaction of a report in memory: equal values have equal tags within a case and others in
 * another; what names the sender's customer stays; a party's own tokens where that is ordered;
 * times and egress; and that nothing changes where there is nobody to hide. */
#include "tests/kit/build_facts.h"
#include "ui/report/edition.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define TOKEN "k3J9xQ2mZ7bV5nT1"
#define LINK                                                                                   \
	"https://click.mailer.example/c?account=AC-77&utm_campaign=spring&uid=" TOKEN          \
	"&email=jane.doe%40mail.example"
#define NEXT "https://shop.example/land?sub=" TOKEN "&e=amFuZS5kb2VAbWFpbC5leGFtcGxl"

struct test {
	struct build b;
	struct arena a;
	struct trail_set set;
	struct case_about about;
	struct report report;
	struct edition_order order;
	struct edition edition;
	uint8_t key[REDACT_KEY_LEN];
};

static void begin(struct test *t, const char *link)
{
	*t = (struct test){.about = {.id = span_str("0123456789abcdef0123456789abcdef")}};
	build_init(&t->b);
	build_session(&t->b, "trace", link, "firefox");
}

static void finish(struct test *t)
{
	build_session_end(&t->b, 9000, "page");
	trail_derive(&t->b.model, 0, &t->a, &t->set);
	report_build(&t->about, &t->b.model, &t->set, 0, &t->a, &t->report);
}

static void redact(struct test *t, enum redact_how how, uint8_t key)
{
	struct err err = {0};
	memset(t->key, key, sizeof t->key);
	t->order.redact.how = how;
	t->order.redact.key = t->key;
	t->order.redact.party = t->order.party;
	if (!edition_make(&t->edition, &t->order, NULL, &t->report, &err))
		fail_msg("%s", err.detail);
}

static void end(struct test *t)
{
	edition_fini(&t->edition);
	arena_fini(&t->a);
	build_fini(&t->b);
}

static void recipient(struct test *t)
{
	begin(t, LINK);
	BUILD(&t->b, .url = LINK, .kind = BUILD_TYPED, .status = 302, .location = NEXT,
		.cookie = "sid=c0ffee42", .more = "Authorization: Basic amFuZTpwdw==\r\n");
	BUILD(&t->b, .url = NEXT, .kind = BUILD_TYPED, .at_ms = 100, .referer = LINK,
		.status = 200,
		.headers = "Set-Cookie: seen=1; Path=/\r\nDate: Thu, 01 Jan 2026 00:12:31 "
			   "GMT\r\nCF-Ray: 8f1b2c3d4e5f-FRA\r\n",
		.body = "<html>For jane.doe@mail.example</html>");
	finish(t);
}

static const char *json(struct test *t)
{
	struct buf out = {0};
	struct err err = {0};
	assert_true(edition_json(&t->edition, &out, &err));
	const char *s = arena_str(&t->a, buf_span(&out));
	buf_fini(&out);
	return s;
}

static const char *hop(struct test *t, size_t n)
{
	return arena_str(&t->a, t->report.trails[0].hops[n - 1].hop->url);
}

/* The tag behind `before`. */
static const char *tag_in(struct test *t, const char *text, const char *before)
{
	const char *at = strstr(text, before);
	assert_non_null(at);
	at += strlen(before);
	size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyz234567-");
	assert_int_equal(n, strlen("redacted-") + 12);
	return arena_str(&t->a, span_of(at, n));
}

static void test_tags(void **state)
{
	struct test t, other;
	(void)state;
	recipient(&t);
	redact(&t, REDACT_KEYED, 1);
	/* What stays, and that equal values are equal in whatever form. */
	assert_non_null(strstr(hop(&t, 1), "account=AC-77&utm_campaign=spring&uid=redacted-"));
	const char *token = tag_in(&t, hop(&t, 1), "uid=");
	const char *address = tag_in(&t, hop(&t, 1), "email=");
	assert_string_equal(tag_in(&t, hop(&t, 2), "sub="), token);
	assert_string_equal(tag_in(&t, hop(&t, 2), "e="), address);
	assert_string_not_equal(token, address);
	const char *all = json(&t);
	static const char *const gone[] = {"jane", TOKEN, "c0ffee", "amFuZ", "8f1b"};
	for (size_t i = 0; i < 4; i++)
		assert_null(strstr(all, gone[i]));
	assert_non_null(strstr(all, gone[4])); /* only with --coarse-time */
	assert_non_null(strstr(all, "sid=redacted-"));
	assert_non_null(strstr(all, "Basic redacted-"));
	assert_non_null(strstr(all, "; Path=/"));
	/* Another case is another key. */
	recipient(&other);
	redact(&other, REDACT_KEYED, 2);
	assert_string_not_equal(tag_in(&other, hop(&other, 1), "uid="), token);
	end(&other);
	recipient(&other);
	redact(&other, REDACT_KEYED, 1);
	assert_string_equal(tag_in(&other, hop(&other, 1), "uid="), token);
	end(&other);
	end(&t);
}

/* The places of parts are those in the URL as it is now. */
static void test_parts(void **state)
{
	struct test t;
	(void)state;
	recipient(&t);
	redact(&t, REDACT_KEYED, 1);
	const struct report_hop *h = &t.report.trails[0].hops[0];
	bool recipients = false, account = false;
	for (size_t i = 0; i < h->link->n_parts; i++) {
		const struct link_part *p = &h->link->parts[i];
		struct span there = span_of(h->hop->url.p + p->offset, p->length);
		assert_true(p->offset + p->length <= h->hop->url.n);
		if (p->label == LABEL_ACCOUNT) {
			account = true;
			assert_true(span_is(there, "AC-77"));
			assert_false(p->hidden);
		} else if (link_is_recipient(p->label)) {
			recipients = true;
			assert_true(span_starts(there, "redacted-"));
			assert_true(p->hidden);
		}
	}
	assert_true(recipients && account);
	end(&t);
}

static void test_heads_parse(void **state)
{
	struct test t;
	(void)state;
	recipient(&t);
	redact(&t, REDACT_KEYED, 1);
	for (size_t i = 0; i < t.b.model.n_exchanges; i++) {
		const struct model_exchange *x = t.b.model.exchanges[i];
		struct model_field *fields;
		size_t n = fields_parse(&t.a, x->request->head, x->request->fields, &fields);
		assert_int_equal(n, x->n_req_fields);
		for (size_t k = 0; k < n; k++) {
			assert_true(span_eq(fields[k].name, x->req_fields[k].name));
			assert_true(span_eq(fields[k].value, x->req_fields[k].value));
		}
	}
	end(&t);
}

static void test_own_token(void **state)
{
	struct test t;
	(void)state;
	recipient(&t);
	t.order.party = 1;
	t.order.redact.disclose_own_token = true;
	redact(&t, REDACT_KEYED, 1);
	assert_non_null(strstr(hop(&t, 1), "uid=" TOKEN));
	assert_non_null(strstr(hop(&t, 2), "sub=" TOKEN)); /* that party knows it anyway */
	assert_null(strstr(json(&t), "jane"));
	assert_null(strstr(json(&t), "amFuZ"));
	end(&t);
	/* Another party's order: it is not that one's token. */
	recipient(&t);
	t.order.party = 2;
	t.order.redact.disclose_own_token = true;
	redact(&t, REDACT_KEYED, 1);
	assert_null(strstr(json(&t), TOKEN));
	end(&t);
}

static void test_strip(void **state)
{
	struct test t;
	(void)state;
	recipient(&t);
	redact(&t, REDACT_STRIP, 0);
	assert_non_null(strstr(hop(&t, 1), "uid=redacted&email=redacted"));
	assert_null(strstr(json(&t), "redacted-"));
	end(&t);
}

static void test_time(void **state)
{
	struct test t;
	(void)state;
	recipient(&t);
	t.order.coarse_time = true;
	redact(&t, REDACT_KEYED, 1);
	const char *all = json(&t);
	assert_non_null(strstr(all, "Thu, 01 Jan 2026 00:00:00 GMT"));
	assert_null(strstr(all, "00:12:31"));
	assert_null(strstr(all, "8f1b2c3d4e5f"));
	for (size_t i = 0; i < t.report.trails[0].n_hops; i++)
		assert_int_equal(t.report.trails[0].hops[i].hop->at_us,
			BUILD_EPOCH_US - BUILD_EPOCH_US % INT64_C(3600000000));
	end(&t);
}

static void test_egress(void **state)
{
	struct test t;
	(void)state;
	begin(&t, "https://a.example/");
	build_note(&t.b, FACT_NULL, "egress", "203.0.113.9");
	BUILD(&t.b, .url = "https://a.example/?ip=203.0.113.9&o=203.0.113.98",
		.kind = BUILD_TYPED, .status = 200,
		.headers =
			"X-Forwarded-For: 203.0.113.9\r\nX-You: 203-0-113-9.isp.example\r\n");
	finish(&t);
	t.order.withhold_egress = true;
	redact(&t, REDACT_NONE, 0);
	const char *all = json(&t);
	assert_null(strstr(all, "203.0.113.9\""));
	assert_null(strstr(all, "203-0-113-9"));
	assert_non_null(strstr(all, "ip=redacted&o=203.0.113.98"));
	end(&t);
}

/* With nobody to hide, the report is what it is without. */
static void test_nobody(void **state)
{
	struct buf out[2] = {{0}, {0}};
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct test t;
		begin(&t, "https://a.example/offer?id=7");
		BUILD(&t.b, .url = "https://a.example/offer?id=7", .kind = BUILD_TYPED,
			.status = 200,
			.body = "<html><a href='/2x'>logo@2x.png info, "
				"sales@a.example</a></html>");
		finish(&t);
		redact(&t, i == 0 ? REDACT_KEYED : REDACT_NONE, 1);
		report_json(&t.report, &out[i]);
		assert_int_equal(t.edition.redaction->n_items, 0);
		end(&t);
	}
	assert_true(span_eq(buf_span(&out[0]), buf_span(&out[1])));
	buf_fini(&out[0]);
	buf_fini(&out[1]);
}

static void test_secrets(void **state)
{
	static const char *const secrets[] = {"Project Heron"};
	static const char *const too_short[] = {"abc"};
	struct test t;
	struct err err = {0};
	(void)state;
	begin(&t, "https://a.example/project%20heron");
	BUILD(&t.b, .url = "https://a.example/project%20heron", .kind = BUILD_TYPED,
		.status = 200, .headers = "X-P: UHJvamVjdCBIZXJvbg==\r\n");
	finish(&t);
	t.order.redact.secrets = secrets;
	t.order.redact.n_secrets = 1;
	redact(&t, REDACT_KEYED, 1);
	assert_null(strstr(json(&t), "heron"));
	assert_null(strstr(json(&t), "UHJvam"));
	edition_fini(&t.edition);
	t.order.redact.secrets = too_short;
	assert_false(edition_make(&t.edition, &t.order, NULL, &t.report, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	end(&t);
}

/* A desk is nobody's recipient, and the mail's headers stay headers. */
static void test_mail(void **state)
{
	static const char mail[] =
		"Received: from a by b with SMTP id 4Xy7zQ for <jane.doe@mail.example>; x\r\n"
		"DKIM-Signature: v=1; d=mailer.example; bh=cXVldWU7IGJvZHk=; b=c2lnbmF0dXJl\r\n"
		"X-SG-EID: kJ8hG5fD2sA1qW9eR7tY3uI0\r\n"
		"From: Shop <news@mailer.example>\r\nTo: Jane Doe\r\n "
		"<jane.doe@mail.example>\r\n"
		"Message-ID: <abc.123456@mailer.example>\r\nFeedback-ID: 77:ac:mailer\r\n"
		"X-Report-Abuse: abuse@mailer.example\r\n\r\nDear Jane Doe, see "
		"https://click.mailer.example/x\r\n";
	struct test t;
	(void)state;
	begin(&t, "https://click.mailer.example/x");
	BUILD(&t.b, .url = "https://click.mailer.example/x?m=abc.123456", .kind = BUILD_TYPED,
		.status = 200,
		.headers = "X-To: jane.doe@mail.example\r\nX-A: abuse@mailer.example\r\n"
			   "X-Greet: hello Jane Doe\r\n");
	finish(&t);
	struct report_attachment a = {.seq = 1,
		.kind = span_str("mail"),
		.sha256 = span_str("not really"),
		.data = span_of(mail, sizeof mail - 1)};
	t.report.attachments.list = &a;
	t.report.attachments.n = 1;
	redact(&t, REDACT_KEYED, 1);
	const char *head = arena_str(&t.a, a.data), *all = json(&t);
	static const char *const gone[] = {
		"jane", "Jane", "abc.123456", "4Xy7zQ", "cXVldWU", "c2lnbmF0", "kJ8hG5fD2"};
	for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
		assert_null(strstr(head, gone[i]));
		assert_null(strstr(all, gone[i]));
	}
	static const char *const there[] = {"news@mailer.example", "Feedback-ID: 77:ac:mailer",
		"abuse@mailer.example", "d=mailer.example", "\r\nTo: redacted-"};
	for (size_t i = 0; i < sizeof there / sizeof *there; i++)
		assert_non_null(strstr(head, there[i]));
	assert_non_null(strstr(all, "abuse@mailer.example"));
	assert_null(a.sha256.p);
	end(&t);
}

/* Who runs the page may write into links what he likes: it does not hide him. */
static void test_hostile_links(void **state)
{
	static const char link[] =
		"https://www.evil77.example/p?email=www%40evil77.example&uid="
		"evil77.example&e=https%3A%2F%2Fwww.evil77.example%2Fx1";
	struct test t;
	(void)state;
	begin(&t, link);
	BUILD(&t.b, .url = link, .kind = BUILD_TYPED, .status = 302,
		.location = "https://www.evil77.example/x1");
	BUILD(&t.b, .url = "https://www.evil77.example/x1", .kind = BUILD_TYPED, .at_ms = 100,
		.status = 200, .body = "<html>hello</html>");
	finish(&t);
	redact(&t, REDACT_KEYED, 1);
	assert_non_null(strstr(hop(&t, 1), "https://www.evil77.example/p?email=redacted-"));
	assert_string_equal(hop(&t, 2), "https://www.evil77.example/x1");
	assert_true(span_is(t.report.trails[0].parties.list[0].name, "evil77.example"));
	end(&t);
}

/* From the digest of a page that holds an address, the address can be guessed: by our own and
 * by the server's. */
static void test_digests(void **state)
{
	struct test t;
	(void)state;
	begin(&t, LINK);
	BUILD(&t.b, .url = LINK, .kind = BUILD_TYPED, .status = 200,
		.headers = "ETag: \"5d41402abc4b2a76b9719d911017c592\"\r\n",
		.body = "<html>jane.doe@mail.example</html>");
	uint8_t digest[32] = {7};
	struct fact_exchange_end *ended =
		(struct fact_exchange_end *)(uintptr_t)t.b.model.exchanges[0]->end;
	ended->res_sha256 = span_of(digest, sizeof digest);
	finish(&t);
	redact(&t, REDACT_KEYED, 1);
	assert_null(t.b.model.exchanges[0]->end->res_sha256.p);
	assert_null(strstr(json(&t), "5d41402a"));
	end(&t);
}

struct body_row {
	const char *headers;
	struct span raw;
	bool redacted, withheld;
};
#define RAW(text)                                                                              \
	{                                                                                      \
		(const uint8_t *)(text), sizeof(text) - 1                                      \
	}

/* What cannot be looked into is kept back, and told; what can is replaced or passed. */
static void test_bodies(void **state)
{
	static const struct body_row rows[] = {
		{"", RAW("<p>jane.doe@mail.example</p>"), true, false},
		{"", RAW("<p>nobody</p>"), false, false},
		{"", RAW("PK\003\004 nobody can tell"), false, true},
		{"", RAW("%PDF-1.7 nobody can tell"), false, true},
		{"Content-Encoding: gzip\r\n", RAW("not gzip at all"), false, true},
		{"Content-Encoding: x-own\r\n", RAW("\377\376\375 not text"), false, true},
		{"Content-Encoding: x-own\r\n", RAW("jane.doe@mail.example"), true, false},
		{"", RAW("\377\330\377\340 jane.doe@mail.example \000\001"), false, true},
		{"", RAW("\377\330\377\340 a picture \000\001"), false, false},
		{"",
			RAW("\377\376j\0a\0n\0e\0.\0d\0o\0e\0@\0m\0a\0i\0l\0.\0e\0x\0a\0m\0"
			    "p\0l\0e\0"),
			false, true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct test t;
		struct buf out = {0};
		struct edition_body about = {0};
		begin(&t, LINK);
		BUILD(&t.b, .url = LINK, .kind = BUILD_TYPED, .status = 200, .type = "image/x",
			.headers = rows[i].headers);
		finish(&t);
		redact(&t, REDACT_KEYED, 1);
		size_t told = t.edition.redaction->n_items;
		redaction_body(t.edition.redaction, t.b.model.exchanges[0], SIDE_RESPONSE,
			rows[i].raw, true, &out, &about);
		if (about.redacted != rows[i].redacted || about.withheld != rows[i].withheld)
			fail_msg("row %zu: redacted %d, withheld %d", i, about.redacted,
				about.withheld);
		assert_int_equal(told < t.edition.redaction->n_items,
			rows[i].redacted || rows[i].withheld);
		assert_true(rows[i].withheld ? buf_len(&out) == 0 : buf_len(&out) > 0);
		assert_int_equal(span_find(buf_span(&out), span_str("jane"), 0), SIZE_MAX);
		if (!rows[i].withheld && !rows[i].redacted)
			assert_true(span_eq(buf_span(&out), rows[i].raw));
		buf_fini(&out);
		end(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_heads_parse),
		cmocka_unit_test(test_own_token),
		cmocka_unit_test(test_strip),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_egress),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_hostile_links),
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_bodies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
