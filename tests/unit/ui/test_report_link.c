/* Links in reports: whose they are, what they claim and what came of it, and that nobody's
 * address is given out beside the URL in which it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/unit/ui/report_case.h"

/* The address is coded, so that it stands nowhere in clear but where it is decoded. */
#define GATE                                                                                   \
	"https://nam01.safelinks.protection.outlook.com/?url=https%3A%2F%2Ft.example%2Fc%3F"   \
	"aff_id%3D7%26u%3DcmVhZGVyQG1haWwuZXhhbXBsZQ&data=05%7C02%7Creader%40mail.example%"    \
	"7Cmsg"                                                                                \
	"%7Ctenant9%7C0"
#define TRACKER "https://t.example/c?aff_id=7&u=cmVhZGVyQG1haWwuZXhhbXBsZQ"

struct made {
	struct build b;
	struct arena a;
	struct trail_set trails;
	struct case_about about;
	struct report report;
};

static void make(struct made *m, const char *second, const struct wrapper_rules *rules)
{
	*m = (struct made){0};
	build_init(&m->b);
	build_session(&m->b, "trace", GATE, "firefox");
	BUILD(&m->b, .url = GATE, .kind = BUILD_TYPED, .at_ms = 10, .status = 302,
		.location = second);
	BUILD(&m->b, .url = second, .kind = BUILD_TYPED, .at_ms = 60, .status = 200,
		.body = "<p>x");
	build_session_end(&m->b, 5000, "page");
	m->b.model.wrappers = rules;
	trail_derive(&m->b.model, 0, &m->a, &m->trails);
	m->about = (struct case_about){.id = span_str("0"), .closed_us = FACT_NULL};
	report_build(&m->about, &m->b.model, &m->trails, 0, &m->a, &m->report);
}

static void unmake(struct made *m)
{
	arena_fini(&m->a);
	build_fini(&m->b);
}

static char *text_of(const struct made *m, void (*format)(const struct report *, struct buf *))
{
	struct buf out = {0};
	format(&m->report, &out);
	return buf_take_str(&out);
}

static json_t *first_hop(json_t *report)
{
	json_t *trail = json_array_get(json_object_get(report, "trails"), 0);
	return json_array_get(json_object_get(trail, "hops"), 0);
}

static const char *member(const json_t *j, const char *name)
{
	const char *s = json_string_value(json_object_get(j, name));
	if (s == NULL)
		fail_msg("no text in %s", name);
	return s;
}

static const json_t *part(const json_t *link, const char *label)
{
	size_t i;
	json_t *p;
	json_array_foreach(json_object_get(link, "parts"), i,
		p) if (strcmp(member(p, "label"), label) == 0) return p;
	fail_msg("no part %s", label);
	return NULL;
}

/* offset and length are those of the bytes in "url". */
static void stands_there(const json_t *hop, const json_t *p, const char *bytes)
{
	const char *url = member(hop, "url");
	size_t at = (size_t)json_integer_value(json_object_get(p, "offset"));
	size_t n = (size_t)json_integer_value(json_object_get(p, "length"));
	assert_true(at + n <= strlen(url));
	assert_int_equal(n, strlen(bytes));
	assert_int_equal(strncmp(url + at, bytes, n), 0);
}

static void json_says_it(void **state)
{
	(void)state;
	struct made m;
	make(&m, TRACKER, NULL);
	char *text = text_of(&m, report_json);
	json_t *j = json_loads(text, 0, NULL);
	assert_non_null(j);
	assert_true(json_is_null(json_object_get(j, "wrappers")));
	json_t *hop = first_hop(j), *claimed = json_object_get(hop, "claimed"),
	       *link = json_object_get(hop, "link");
	assert_string_equal(member(hop, "claimed_target"), TRACKER);
	assert_string_equal(member(claimed, "target"), TRACKER);
	assert_string_equal(member(claimed, "rule"), "safelinks");
	assert_string_equal(member(claimed, "verdict"), "agree");
	assert_string_equal(member(claimed, "match"), "address");
	assert_int_equal(json_integer_value(json_object_get(claimed, "hop")), 2);
	assert_true(json_is_null(json_object_get(claimed, "strayed")));
	assert_string_equal(member(link, "rule"), "safelinks");
	assert_string_equal(member(link, "kind"), "security");
	assert_true(json_is_true(json_object_get(link, "parts_complete")));
	const json_t *account = part(link, "account"), *recipient = part(link, "recipient");
	assert_string_equal(member(account, "value"), "tenant9");
	assert_string_equal(member(account, "where"), "query");
	assert_string_equal(member(account, "name"), "data");
	assert_string_equal(member(account, "known_by"), "rule");
	stands_there(hop, account, "tenant9");
	assert_true(json_is_null(json_object_get(recipient, "value")));
	/* Of the target, too, it is said where the recipient stands in it. */
	const json_t *coded = part(claimed, "recipient");
	assert_true(json_is_null(json_object_get(coded, "value")));
	assert_int_equal(json_integer_value(json_object_get(coded, "length")), 26);
	json_decref(j);
	free(text);
	unmake(&m);
}

/* It stands in the URL percent-encoded and in base64, and in no report in clear. */
static void nobody_is_given_away(void **state)
{
	(void)state;
	void (*const formats[])(const struct report *, struct buf *) = {
		report_json, report_text, report_explain};
	struct made m;
	make(&m, TRACKER, NULL);
	for (size_t i = 0; i < 3; i++) {
		char *text = text_of(&m, formats[i]);
		assert_null(strstr(text, "reader@mail"));
		assert_non_null(strstr(text, "reader%40mail")); /* the URL as it was sent */
		free(text);
	}
	unmake(&m);
}

static void text_says_it(void **state)
{
	(void)state;
	struct made m;
	make(&m, TRACKER, NULL);
	char *text = text_of(&m, report_text);
	static const char *const says[] = {
		"\n  link of      Microsoft Defender Safe Links (security, rule safelinks)\n",
		"recipient: in the query parameter data, characters ",
		"maybe the recipient: in the query parameter data",
		"account tenant9 (query parameter data, characters ",
		"\n  claims       " TRACKER "\n    by rule    safelinks: hop 2 agrees\n",
		"affiliate 7 (query parameter aff_id, character 28)\n",
	};
	for (size_t i = 0; i < sizeof says / sizeof *says; i++)
		if (strstr(text, says[i]) == NULL)
			fail_msg("not there: %s\n%s", says[i], text);
	free(text);
	unmake(&m);
}

static void explain_says_it(void **state)
{
	(void)state;
	struct made m;
	make(&m, "https://evil.example/", NULL);
	char *text = text_of(&m, report_explain);
	static const char *const says[] = {
		"This address is a link of Microsoft Defender Safe Links",
		"What its parts stand for:\n",
		"- recipient: in the query parameter data, characters ",
		"Take those",
		"names another one (not visited for that): " TRACKER "\n",
		"DIFFERS: hop 2 led elsewhere",
		"Note: hop 1: the link names t.example (safelinks)",
	};
	for (size_t i = 0; i < sizeof says / sizeof *says; i++)
		if (strstr(text, says[i]) == NULL)
			fail_msg("not there: %s\n%s", says[i], text);
	free(text);
	unmake(&m);
}

static const struct wrapper_rule rule = {.name = "own",
	.vendor = "Our tracker",
	.kind = WRAPPER_ESP,
	.hosts = (const char *const[]){"t.example", NULL},
	.parts = (const struct wrapper_part_rule[]){
		{LABEL_LINK, "path:1"}, {LABEL_OTHER, NULL}}};

static void a_file_of_rules_is_named(void **state)
{
	(void)state;
	static const struct wrapper_rules rules = {
		.rules = &rule, .n = 1, .file = "own.json", .sha256 = "ab12"};
	struct made m;
	make(&m, TRACKER, &rules);
	char *text = text_of(&m, report_text);
	assert_non_null(strstr(text, "  link rules   own.json\n"));
	assert_non_null(strstr(text, "  link of      Our tracker (esp, rule own)\n"));
	free(text);
	text = text_of(&m, report_json);
	json_t *j = json_loads(text, 0, NULL);
	assert_string_equal(member(json_object_get(j, "wrappers"), "sha256"), "ab12");
	json_decref(j);
	free(text);
	unmake(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_says_it),
		cmocka_unit_test(nobody_is_given_away),
		cmocka_unit_test(text_says_it),
		cmocka_unit_test(explain_says_it),
		cmocka_unit_test(a_file_of_rules_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
