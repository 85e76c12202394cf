/* A user's file of link rules: the example of the guide, every built-in rule written as such a
 * file, and files with mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "store/base/codec.h"
#include "store/base/hash.h"
#include "store/derive/link_parts.h"
#include "tests/unit/store/wrapper_vectors.h"
#include "ui/cli/wrapper_file.h"

static char path[64];

static int set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "/tmp/clicktrail-rules-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(const void *text, size_t n)
{
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void read_good(struct wrapper_file *f)
{
	struct err err;
	if (!wrapper_file_read(f, path, &err))
		fail_msg("%s", err.detail);
}

/* The first block of JSON in the guide. */
static char *guide_example(void)
{
	const char *root = getenv("CLICKTRAIL_SOURCE");
	char name[512], piece[4096];
	struct buf text = {0};
	assert_non_null(root);
	snprintf(name, sizeof name, "%s/docs/guide/wrappers.md", root);
	FILE *f = fopen(name, "re");
	assert_non_null(f);
	for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
		buf_add(&text, piece, n);
	fclose(f);
	char *guide = buf_take_str(&text);
	char *start = strstr(guide, "```json\n");
	assert_non_null(start);
	start += 8;
	char *end = strstr(start, "```");
	assert_non_null(end);
	char *example = strndup(start, (size_t)(end - start));
	free(guide);
	return example;
}

static const struct link_part *part(const struct link_reading *r, enum wrapper_label label)
{
	for (size_t i = 0; i < r->n_parts; i++)
		if (r->parts[i].label == label)
			return &r->parts[i];
	fail_msg("no part %s", wrapper_label_word(label));
	return NULL;
}

static void the_guides_example_works(void **state)
{
	(void)state;
	struct wrapper_file f;
	struct arena a = {0};
	struct url u;
	struct link_reading r;
	uint8_t digest[SHA256_LEN];
	char *example = guide_example();
	write_file(example, strlen(example));
	read_good(&f);
	assert_int_equal(f.rules.n, 2);
	assert_string_equal(f.rules.file, path);
	sha256(span_str(example), digest);
	assert_string_equal(f.rules.sha256, hex_str(&a, span_of(digest, sizeof digest)));
	free(example);
	assert_true(url_parse(&a, NULL,
		span_str("https://brand.click.acme.example/c/acc7/link9?t=aHR0cHM6Ly9zaG9wLmV4"
			 "YW1wbGUv&s=sub-1&m=may&sig=zz"),
		&u));
	link_read(&a, &f.rules, &u, &r);
	assert_string_equal(r.claim.rule->name, "acme-mail");
	assert_string_equal(r.claim.rule->vendor, "ACME Mail");
	assert_true(span_is(r.claim.target, "https://shop.example/"));
	assert_true(span_is(part(&r, LABEL_ACCOUNT)->value, "acc7"));
	assert_true(span_is(part(&r, LABEL_LINK)->value, "link9"));
	assert_true(span_is(part(&r, LABEL_CAMPAIGN)->value, "may"));
	assert_true(part(&r, LABEL_RECIPIENT)->hidden);
	assert_int_equal(r.n_parts, 4);
	assert_true(url_parse(
		&a, NULL, span_str("https://gate.acme.example/token?host=shop.example"), &u));
	link_read(&a, &f.rules, &u, &r);
	assert_true(r.claim.rule->opaque);
	assert_true(span_is(r.claim.domain, "shop.example"));
	assert_true(part(&r, LABEL_MAYBE_RECIPIENT)->hidden);
	/* Without the file nobody knows them. */
	link_read(&a, NULL, &u, &r);
	assert_null(r.claim.rule);
	arena_fini(&a);
	wrapper_file_fini(&f);
}

static json_t *json_strings(const char *const *list)
{
	json_t *j = json_array();
	for (; *list != NULL; list++)
		json_array_append_new(j, json_string(*list));
	return j;
}

static json_t *json_rule(const struct wrapper_rule *r)
{
	char name[80];
	json_t *j = json_object(), *parts = json_object();
	snprintf(name, sizeof name, "u-%s", r->name);
	json_object_set_new(j, "name", json_string(name));
	json_object_set_new(j, "vendor", json_string(r->vendor));
	json_object_set_new(j, "kind", json_string(wrapper_kind_word(r->kind)));
	json_object_set_new(j, "hosts", json_strings(r->hosts));
	if (r->paths != NULL)
		json_object_set_new(j, "paths", json_strings(r->paths));
	if (r->needs != NULL)
		json_object_set_new(j, "needs", json_strings(r->needs));
	if (r->targets != NULL)
		json_object_set_new(j, "target", json_strings(r->targets));
	if (r->opaque)
		json_object_set_new(j, "target", json_string("opaque"));
	if (r->domain != NULL)
		json_object_set_new(j, "domain", json_string(r->domain));
	for (const struct wrapper_part_rule *p = r->parts; p != NULL && p->recipe != NULL;
		p++) {
		const char *label = wrapper_label_word(p->label);
		if (json_object_get(parts, label) == NULL)
			json_object_set_new(parts, label, json_array());
		json_array_append_new(json_object_get(parts, label), json_string(p->recipe));
	}
	json_object_set_new(j, "parts", parts);
	return j;
}

/* The file can say all that the built-in table can: written as one, it reads every link as the
 * table does. */
static void the_table_has_the_files_shape(void **state)
{
	(void)state;
	size_t n, by_file = 0;
	const struct wrapper_rule *rules = wrapper_builtin(&n);
	json_t *j = json_object(), *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_rule(&rules[i]));
	json_object_set_new(j, "format", json_string("clicktrail-wrappers/1"));
	json_object_set_new(j, "rules", list);
	char *text = json_dumps(j, JSON_INDENT(1));
	write_file(text, strlen(text));
	free(text);
	json_decref(j);
	struct wrapper_file f;
	read_good(&f);
	assert_int_equal(f.rules.n, n);
	for (size_t i = 0; i < WRAPPER_VECTORS; i++) {
		const struct wrapper_vector *v = &wrapper_vectors[i];
		struct arena a = {0};
		struct url u;
		struct link_reading mine, theirs;
		assert_true(url_parse(&a, NULL, span_str(v->link), &u));
		link_read(&a, &f.rules, &u, &mine);
		link_read(&a, NULL, &u, &theirs);
		assert_true(span_eq(mine.claim.target, theirs.claim.target));
		assert_true(span_eq(mine.claim.domain, theirs.claim.domain));
		assert_true(span_eq(mine.claim.source, theirs.claim.source));
		assert_int_equal(mine.n_parts, theirs.n_parts);
		if (theirs.claim.rule != NULL && theirs.claim.rule != &wrapper_generic) {
			assert_int_equal(strncmp(mine.claim.rule->name, "u-", 2), 0);
			assert_string_equal(mine.claim.rule->name + 2, theirs.claim.rule->name);
			by_file++;
		}
		arena_fini(&a);
	}
	assert_true(by_file > 100);
	wrapper_file_fini(&f);
}

#define HEAD "{\"format\": \"clicktrail-wrappers/1\",\n \"rules\": ["
#define GOOD "{\"name\": \"a\", \"vendor\": \"A\", \"kind\": \"esp\", \"hosts\": \"a.example\"}"
#define RULE(more)                                                                             \
	HEAD GOOD ",\n\n{\"name\": \"bad-one\", \"vendor\": \"A\", \"kind\": \"esp\", " more   \
		  "}]}"
#define HOSTED(more) RULE("\"hosts\": [\"a.example\"], " more)

static void mistakes_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says[3];
	} rows[] = {
		{"", {"line 1", NULL}},
		{"{\n\"format\": \"clicktrail-wrappers/1\",\n\"rules\": [,]}", {"line 3"}},
		{"[]", {"format"}},
		{"{\"format\": \"clicktrail-wrappers/2\", \"rules\": []}",
			{"clicktrail-wrappers/1", "newer"}},
		{"{\"format\": \"clicktrail-wrappers/1\"}", {"\"rules\""}},
		{HEAD "]}", {"\"rules\"", "1 to 1000"}},
		{"{\"format\": \"clicktrail-wrappers/1\", \"rulez\": 1, \"rules\": []}",
			{"rulez"}},
		{HEAD "7]}", {"rule 1", "no object"}},
		{HEAD GOOD ", {}]}", {"line 2", "rule 2", "name"}},
		{RULE("\"comment\": \"x\""),
			{"line 4", "rule 2 \"bad-one\"", "hosts: there are none"}},
		{RULE("\"hosts\": []"), {"hosts", "empty"}},
		{RULE("\"hosts\": [1]"), {"hosts", "strings"}},
		{RULE("\"hosts\": \"A.example\""), {"hosts", "A.example", "small letters"}},
		{RULE("\"hosts\": \"a*.example\""), {"hosts", "leaves its domain open"}},
		{RULE("\"hosts\": \"*.example\""), {"hosts", "leaves its domain open"}},
		{RULE("\"hosts\": \"*.co*\""), {"hosts", "leaves its domain open"}},
		{RULE("\"hosts\": \"x#.example\""), {"hosts", "leaves its domain open"}},
		{RULE("\"hosts\": \"*\""), {"hosts", "fits every link"}},
		{RULE("\"hosts\": \"a.example\", \"hosts\": \"b.example\""),
			{"line 4", "duplicate"}},
		{HOSTED("\"hots\": 1"), {"line 4", "bad-one", "hots"}},
		{HOSTED("\"paths\": \"c\""), {"paths", "begins with /"}},
		{HOSTED("\"paths\": \"/**/c\""), {"paths", "last part"}},
		{HOSTED("\"needs\": \"query\", \"target\": 7"), {"target"}},
		{HOSTED("\"target\": \"query:u base65\""),
			{"line 4", "rule 2 \"bad-one\": target", "no step \"base65\""}},
		{HOSTED("\"domain\": [\"query:d\"]"), {"domain", "string"}},
		{HOSTED("\"domain\": \"nowhere\""), {"domain", "place"}},
		{HOSTED("\"parts\": []"), {"parts", "no object"}},
		{HOSTED("\"parts\": {\"victim\": \"query:v\"}"), {"parts", "victim"}},
		{HOSTED("\"parts\": {\"recipient\": \"query:v hexx\"}"),
			{"parts: recipient", "hexx"}},
		{HOSTED("\"target\": \"query:u\\u0000\""), {"line 4"}},
		{HEAD "{\"name\": \"Bad\", \"vendor\": \"A\", \"kind\": \"esp\", \"hosts\": "
		      "\"a.b\"}]}",
			{"name", "\"Bad\"", "small letters"}},
		{HEAD "{\"name\": \"a\", \"vendor\": \"\", \"kind\": \"esp\", \"hosts\": "
		      "\"a.b\"}]}",
			{"vendor"}},
		{HEAD "{\"name\": \"a\", \"vendor\": \"A\", \"kind\": \"spy\", \"hosts\": "
		      "\"a.b\"}]}",
			{"kind", "security"}},
		{HEAD "{\"name\": \"safelinks\", \"vendor\": \"A\", \"kind\": \"esp\", "
		      "\"hosts\": \"a.b\"}]}",
			{"name", "built-in"}},
		/* In the middle; braces in strings do not count. */
		{HEAD "\n\n{\"comment\": \"{[\\\"{\",\n\"name\": \"a\", \"vendor\": \"A\", "
		      "\"kind\": "
		      "\"esp\", \"hosts\": [\"a.example\"]},\n\n{},\n\n{\"name\": \"c\"}\n]\n}",
			{"line 7: rule 2: name"}},
		{"\xff\xfe", {"line 1"}},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wrapper_file f;
		struct err err;
		write_file(rows[i].text, strlen(rows[i].text));
		if (wrapper_file_read(&f, path, &err))
			fail_msg("taken: %s", rows[i].text);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_non_null(strstr(err.detail, path));
		for (size_t k = 0; k < 3 && rows[i].says[k] != NULL; k++)
			if (strstr(err.detail, rows[i].says[k]) == NULL)
				fail_msg("%s\n-> %s\nsays nothing of %s", rows[i].text,
					err.detail, rows[i].says[k]);
		assert_int_equal(f.rules.n, 0);
		wrapper_file_fini(&f);
	}
}

static void files_that_cannot_be_read(void **state)
{
	(void)state;
	struct wrapper_file f;
	struct err err;
	assert_false(wrapper_file_read(&f, "/nonexistent/rules.json", &err));
	assert_non_null(strstr(err.detail, "/nonexistent/rules.json"));
	wrapper_file_fini(&f);
	assert_false(wrapper_file_read(&f, "/tmp", &err));
	wrapper_file_fini(&f);
	char *big = malloc(WRAPPER_FILE_MAX + 1);
	memset(big, ' ', WRAPPER_FILE_MAX + 1);
	write_file(big, WRAPPER_FILE_MAX + 1);
	assert_false(wrapper_file_read(&f, path, &err));
	assert_non_null(strstr(err.detail, "longer"));
	wrapper_file_fini(&f);
	memset(big, '[', WRAPPER_FILE_MAX);
	write_file(big, WRAPPER_FILE_MAX);
	assert_false(wrapper_file_read(&f, path, &err));
	wrapper_file_fini(&f);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_guides_example_works, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_table_has_the_files_shape, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mistakes_are_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(files_that_cannot_be_read, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
