/*
 * XARF reports: every class against the published schemas by ajv (tests/node/xarf.js), with
 * redacted values and with nasty ones in every field; what is in them, and what they ask for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/unit/ui/complaint_case.h"
#include "store/base/codec.h"
#include "ui/report/say.h"
#include "ui/report/xarf.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/xarf-test-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static json_t *write_one(struct complaint_case *x)
{
	struct buf out = {0};
	struct err err;
	json_error_t error;
	if (!edition_xarf(&x->e, &out, &err))
		fail_msg("%s", err.detail);
	json_t *j = json_loadb((const char *)buf_span(&out).p, buf_len(&out), 0, &error);
	if (j == NULL)
		fail_msg("%s", error.text);
	buf_fini(&out);
	return j;
}

static void refused(struct complaint_case *x, const char *option)
{
	struct buf out = {0};
	struct err err;
	assert_false(edition_xarf(&x->e, &out, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	if (strstr(err.detail, option) == NULL)
		fail_msg("%s is not named: %s", option, err.detail);
	assert_int_equal(buf_len(&out), 0);
	buf_fini(&out);
}

/* ajv over reports, one a line. */
static void validate(const struct buf *lines)
{
	char path[100], schemas[400], script[400];
	const char *source = getenv("CLICKTRAIL_SOURCE");
	assert_non_null(source);
	snprintf(path, sizeof path, "%s/all.ndjson", folder);
	snprintf(schemas, sizeof schemas, "%s/tests/xarf/schemas/v4", source);
	snprintf(script, sizeof script, "%s/tests/node/xarf.js", source);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(say_write(fileno(f), lines));
	fclose(f);
	complaint_run(
		(const char *const[]){"timeout", "50", "node", script, schemas, path, NULL});
	unlink(path);
}

static void add_line(json_t *j, struct buf *lines)
{
	char *text = json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII);
	/* json_write escapes DEL, too; this is only for the transport. */
	for (char *c = text; *c != 0; c++)
		if (*c == 0x7f)
			*c = '?';
	buf_add_str(lines, text);
	buf_add_byte(lines, '\n');
	free(text);
	json_decref(j);
}

static void every_class_is_valid(void **state)
{
	(void)state;
	static const char *const types[] = {[ABUSE_PHISHING] = "phishing",
		[ABUSE_MALWARE] = "malware",
		[ABUSE_FRAUD] = "fraud",
		[ABUSE_BRAND] = "brand_infringement",
		[ABUSE_SPAM] = "spam"};
	struct complaint_case x;
	struct buf lines = {0};
	complaint_case_init(&x);
	complaint_case_mail(&x);
	for (int class = ABUSE_PHISHING; class < ABUSE_CLASS_COUNT; class ++)
		for (size_t party = 1; party <= 3; party++) {
			x.order.abuse = (enum abuse_class) class;
			x.order.party = party;
			json_t *j = write_one(&x);
			assert_string_equal(
				json_string_value(json_object_get(j, "type")), types[class]);
			assert_string_equal(json_string_value(json_object_get(j, "category")),
				class == ABUSE_SPAM ? "messaging" : "content");
			add_line(j, &lines);
		}
	validate(&lines);
	buf_fini(&lines);
	complaint_case_fini(&x);
}

static const char *word(const json_t *j, const char *name)
{
	const char *s = json_string_value(json_object_get(j, name));
	return s != NULL ? s : "(none)";
}

static void says_what_is_known(void **state)
{
	(void)state;
	struct complaint_case x;
	complaint_case_init(&x);
	complaint_hop(&x, 2)->confidence = CONFIDENCE_LIKELY;
	json_t *j = write_one(&x), *list;
	assert_string_equal(word(j, "url"), REPORT_LAST);
	assert_string_equal(word(j, "domain"), "land.example");
	assert_string_equal(word(j, "source_identifier"), "192.0.2.1");
	assert_int_equal(json_integer_value(json_object_get(j, "source_port")), 443);
	assert_string_equal(word(j, "registrar"), "Example Registrar");
	assert_string_equal(word(j, "country_code"), "NL");
	assert_string_equal(word(j, "timestamp"), "2026-01-01T00:00:00.400000Z");
	assert_int_equal(json_integer_value(json_object_get(j, "asn")), 64496);
	assert_string_equal(word(j, "submission_url"), "https://collect.example/in%7Cx");
	assert_string_equal(word(j, "target_brand"), "Acm\xc3\xa9");
	list = json_object_get(j, "credential_fields");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_array_get(list, 1)), "password");
	assert_string_equal(word(json_object_get(j, "whois"), "registrar_abuse_contact"),
		"abuse@registrar.example");
	list = json_object_get(j, "redirect_chain");
	assert_int_equal(json_array_size(list), 4);
	assert_string_equal(json_string_value(json_array_get(list, 0)), REPORT_LINK);
	assert_string_equal(json_string_value(json_array_get(list, 3)), REPORT_LAST);
	/* As sure as the least sure step on the way. */
	assert_true(json_number_value(json_object_get(j, "confidence")) > 0.79);
	assert_true(json_number_value(json_object_get(j, "confidence")) < 0.81);
	assert_null(json_object_get(j, "detection_evasion"));
	assert_null(json_object_get(j, "_internal"));
	json_decref(j);
	complaint_case_fini(&x);
}

static bool has_evidence(const json_t *j, const char *what, const char *text)
{
	size_t i;
	json_t *item;
	bool found = false;
	json_array_foreach(json_object_get(j, "evidence"), i, item)
	{
		if (strstr(word(item, "description"), what) == NULL)
			continue;
		struct buf bytes = {0};
		assert_true(base64_read(span_str(word(item, "payload")), &bytes));
		if (span_find(buf_span(&bytes), span_str(text), 0) != SIZE_MAX)
			found = true;
		buf_fini(&bytes);
	}
	return found;
}

static void carries_evidence(void **state)
{
	(void)state;
	struct complaint_case x;
	complaint_case_init(&x);
	complaint_case_mail(&x);
	json_t *j = write_one(&x);
	assert_true(has_evidence(j, "whole way", "curl --silent"));
	assert_true(has_evidence(j, "whole way", "-> 4."));
	assert_true(has_evidence(j, "Every address", "\"" REPORT_LINK "\""));
	assert_true(has_evidence(j, "showed there", "PNG not really"));
	assert_true(has_evidence(j, "header of the mail", "Return-Path: <bounce@mailer"));
	assert_false(has_evidence(j, "header of the mail", "which nobody quotes"));
	assert_true(has_evidence(j, "Hop 4", "GET " REPORT_LAST));
	assert_false(has_evidence(j, "Hop 1", "GET"));
	json_decref(j);
	x.shot.withheld = true;
	x.shot.why = "it shows an address";
	j = write_one(&x);
	assert_false(has_evidence(j, "showed there", "PNG"));
	json_t *left = json_object_get(json_object_get(j, "clicktrail"), "evidence_left_out");
	assert_int_equal(json_array_size(left), 1);
	assert_string_equal(
		json_string_value(json_array_get(left, 0)), "Screenshot: it shows an address");
	json_decref(j);
	complaint_case_fini(&x);
}

/* Five pictures of two megabytes and one of six: four fit, two are named. */
static void keeps_the_limits(void **state)
{
	(void)state;
	enum { SHOTS = 6, SIZE = 2 * 1024 * 1024 };
	struct complaint_case x;
	struct landing_shot shots[SHOTS];
	struct buf lines = {0};
	uint8_t *big = calloc(3, SIZE);
	assert_non_null(big);
	complaint_case_init(&x);
	for (size_t i = 0; i < SHOTS; i++) {
		shots[i] = x.shot;
		shots[i].png = span_of(big, i == 0 ? 3 * SIZE : SIZE);
	}
	x.landing.shots = shots;
	x.landing.n_shots = SHOTS;
	json_t *j = write_one(&x);
	json_t *left = json_object_get(json_object_get(j, "clicktrail"), "evidence_left_out");
	assert_int_equal(json_array_size(left), 3);
	assert_non_null(strstr(json_string_value(json_array_get(left, 0)), "6291456 bytes"));
	add_line(j, &lines);
	validate(&lines);
	buf_fini(&lines);
	complaint_case_fini(&x);
	free(big);
}

static void keeps_its_name(void **state)
{
	(void)state;
	struct complaint_case x;
	complaint_case_init(&x);
	json_t *a = write_one(&x), *b = write_one(&x);
	assert_string_equal(word(a, "report_id"), word(b, "report_id"));
	/* Version 4, variant 10. */
	assert_int_equal(word(a, "report_id")[14], '4');
	assert_non_null(strchr("89ab", word(a, "report_id")[19]));
	json_decref(b);
	x.order.party = 1;
	b = write_one(&x);
	assert_string_not_equal(word(a, "report_id"), word(b, "report_id"));
	json_decref(a);
	json_decref(b);
	complaint_case_fini(&x);
}

/* The demo's own rounds say nothing; here they do. */
static void names_evasion_only_from_evidence(void **state)
{
	(void)state;
	static const struct {
		unsigned asked;
		enum rounds_finding finding;
		const char *word;
	} rows[] = {
		{1u << ROUND_ASKED_USER_AGENT, ROUNDS_CLOAKED, "user_agent_filtering"},
		{1u << ROUND_ASKED_BROWSER | 1u << ROUND_ASKED_VERSION, ROUNDS_CLOAKED,
			"user_agent_filtering"},
		{1u << ROUND_ASKED_REFERER, ROUNDS_CLOAKED, "referrer_checking"},
		{1u << ROUND_ASKED_VIA, ROUNDS_CLOAKED, "geo_blocking"},
		{1u << ROUND_ASKED_VIA | 1u << ROUND_ASKED_REFERER, ROUNDS_CLOAKED, "other"},
		{1u << ROUND_ASKED_USER_AGENT, ROUNDS_UNDECIDED, NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct complaint_case x;
		struct round list[3] = {{0}, {.asked = rows[i].asked}, {0}};
		struct rounds rounds = {
			.list = list, .n = 3, .finding = rows[i].finding, .odd = 2};
		complaint_case_init(&x);
		x.c.report.rounds = &rounds;
		json_t *j = write_one(&x), *e = json_object_get(j, "detection_evasion");
		if (rows[i].word == NULL) {
			assert_null(e);
		} else {
			assert_int_equal(json_array_size(e), 1);
			assert_string_equal(
				json_string_value(json_array_get(e, 0)), rows[i].word);
		}
		json_decref(j);
		complaint_case_fini(&x);
	}
}

static void asks_for_what_is_missing(void **state)
{
	(void)state;
	struct complaint_case x;
	complaint_case_init(&x);
	struct edition_order good = x.order;
#define REFUSED(option, change)                                                                \
	x.order = good;                                                                        \
	change;                                                                                \
	refused(&x, option)
	REFUSED("--party", x.order.party = 0);
	REFUSED("--party", x.order.party = 4);
	REFUSED("--class", x.order.abuse = ABUSE_NONE);
	REFUSED("--reporter-org", x.order.reporter.org = SPAN_NONE);
	REFUSED("--reporter-email", x.order.reporter.email = SPAN_NONE);
	REFUSED("--reporter-email", x.order.reporter.email = span_str("a@b.c\r\nBcc: d@e.f"));
	REFUSED("--reporter-org", x.order.reporter.org = span_str("a\r\nBcc: d@e.f"));
	REFUSED("--reporter-domain", x.order.reporter.domain = span_str("a b"));
	x.order = good;
	x.order.abuse = ABUSE_FRAUD;
	x.order.fraud_type = "pills";
	refused(&x, "--fraud-type");
	x.order.abuse = ABUSE_BRAND;
	x.order.brand_site = "acme";
	refused(&x, "--brand-site");
	x.order.abuse = ABUSE_SPAM;
	x.order.spam_protocol = NULL;
	refused(&x, "--spam-protocol");
	complaint_case_fini(&x);
}

static void nothing_breaks_it(void **state)
{
	(void)state;
	struct buf lines = {0}, nasty = {0};
	size_t no_address = 0;
	for (size_t i = 0; i < NASTY_COUNT; i++) {
		struct complaint_case x;
		complaint_case_init(&x);
		nasty_make(i, &nasty);
		complaint_plant(&x, buf_span(&nasty));
		x.order.abuse = (enum abuse_class)(ABUSE_PHISHING + i % 5);
		struct buf out = {0};
		struct err err;
		if (!edition_xarf(&x.e, &out, &err)) {
			/* Without an address there is no report; then the next field. */
			if (strstr(err.detail, "an address") == NULL)
				fail_msg("%zu: %s", i, err.detail);
			complaint_hop(&x, 3)->url = span_str(REPORT_LAST);
			no_address++;
			assert_true(edition_xarf(&x.e, &out, &err));
		}
		struct span text = buf_span(&out);
		for (size_t k = 0; k < text.n; k++)
			if (text.p[k] != '\n' && (text.p[k] < 0x20 || text.p[k] > 0x7e))
				fail_msg("%zu: byte %02x", i, text.p[k]);
		json_t *j = json_loadb((const char *)text.p, text.n, JSON_ALLOW_NUL, NULL);
		assert_non_null(j);
		add_line(j, &lines);
		buf_fini(&out);
		complaint_case_fini(&x);
	}
	/* Most are no URL, and some are. */
	assert_in_range(no_address, 100, NASTY_COUNT - 50);
	validate(&lines);
	buf_fini(&lines);
	buf_fini(&nasty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_is_valid),
		cmocka_unit_test(says_what_is_known),
		cmocka_unit_test(carries_evidence),
		cmocka_unit_test(keeps_the_limits),
		cmocka_unit_test(keeps_its_name),
		cmocka_unit_test(names_evasion_only_from_evidence),
		cmocka_unit_test(asks_for_what_is_missing),
		cmocka_unit_test(nothing_breaks_it),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
