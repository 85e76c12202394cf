/*
 * MISP events against the published object templates (tests/report/misp.py), and what is in
 * them: the trail as joined url objects, what may be warned of and what may not, with nasty
 * strings in every field.
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
#include "ui/report/misp.h"
#include "ui/report/say.h"

static void write_one(struct complaint_case *x, struct buf *out)
{
	struct err err;
	buf_clear(out);
	if (!edition_misp(&x->e, out, &err))
		fail_msg("%s", err.detail);
}

static json_t *read_one(struct complaint_case *x)
{
	struct buf out = {0};
	write_one(x, &out);
	json_t *j = json_loadb((const char *)buf_span(&out).p, buf_len(&out), 0, NULL);
	assert_non_null(j);
	buf_fini(&out);
	return j;
}

/* On one line: json_write breaks none inside a string. */
static void add_line(struct buf *lines, const struct buf *text)
{
	struct span s = buf_span(text);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\n')
			buf_add_byte(lines, s.p[i]);
	buf_add_byte(lines, '\n');
}

static void python_reads(const struct buf *lines)
{
	char path[] = "/tmp/misp-test-XXXXXX.ndjson", script[400], templates[400];
	const char *source = getenv("CLICKTRAIL_SOURCE");
	int fd = mkstemps(path, 7);
	assert_true(fd >= 0);
	assert_true(say_write(fd, lines));
	close(fd);
	snprintf(script, sizeof script, "%s/tests/report/misp.py", source);
	snprintf(templates, sizeof templates, "%s/tests/misp", source);
	complaint_run((const char *const[]){
		"timeout", "50", "python3", "-B", script, templates, path, NULL});
	unlink(path);
}

static void every_class_fits_the_templates(void **state)
{
	(void)state;
	struct complaint_case x;
	struct buf out = {0}, lines = {0};
	complaint_case_init(&x);
	for (int class = ABUSE_NONE; class < ABUSE_CLASS_COUNT; class ++)
		for (size_t party = 0; party <= 3; party++) {
			x.order.abuse = (enum abuse_class) class;
			x.order.party = party;
			write_one(&x, &out);
			add_line(&lines, &out);
		}
	python_reads(&lines);
	buf_fini(&out);
	buf_fini(&lines);
	complaint_case_fini(&x);
}

static json_t *object(const json_t *j, const char *name, size_t nth)
{
	size_t i;
	json_t *o;
	json_array_foreach(json_object_get(json_object_get(j, "Event"), "Object"), i,
		o) if (strcmp(json_string_value(json_object_get(o, "name")), name) == 0 &&
		       nth-- == 0) return o;
	return NULL;
}

static json_t *attribute(const json_t *o, const char *relation)
{
	size_t i;
	json_t *a;
	json_array_foreach(json_object_get(o, "Attribute"), i,
		a) if (strcmp(json_string_value(json_object_get(a, "object_relation")),
			       relation) == 0) return a;
	return NULL;
}

static const char *value(const json_t *o, const char *relation)
{
	const char *s = json_string_value(json_object_get(attribute(o, relation), "value"));
	return s != NULL ? s : "(none)";
}

static bool refers(const json_t *from, const json_t *to, const char *how)
{
	size_t i;
	json_t *r;
	json_array_foreach(json_object_get(from, "ObjectReference"), i,
		r) if (json_equal(json_object_get(r, "referenced_uuid"),
			       json_object_get(to, "uuid")) &&
		       strcmp(json_string_value(json_object_get(r, "relationship_type")),
			       how) == 0) return true;
	return false;
}

static void joins_the_hops(void **state)
{
	(void)state;
	struct complaint_case x;
	complaint_case_init(&x);
	json_t *j = read_one(&x), *hops[4];
	for (size_t i = 0; i < 4; i++) {
		hops[i] = object(j, "url", i);
		assert_non_null(hops[i]);
	}
	assert_null(object(j, "url", 4));
	for (size_t i = 0; i + 1 < 4; i++) {
		assert_true(refers(hops[i], hops[i + 1], "redirects-to"));
		assert_false(refers(hops[i + 1], hops[i], "redirects-to"));
	}
	assert_string_equal(value(hops[0], "url"), REPORT_LINK);
	assert_string_equal(value(hops[0], "query_string"), "t=1");
	assert_string_equal(value(hops[3], "host"), "land.example");
	assert_string_equal(json_string_value(json_object_get(hops[1], "comment")),
		"Hop 2 of 4: http-redirect, certain, answered 302");
	json_t *names = object(j, "domain-ip", 0);
	assert_string_equal(value(names, "ip"), "192.0.2.1");
	assert_true(refers(hops[0], names, "resolves-to"));
	assert_true(refers(hops[0], object(j, "x509", 0), "identified-by"));
	assert_string_equal(value(object(j, "x509", 0), "dns_names"), "click.example");
	assert_string_equal(value(object(j, "ja4-plus", 0), "ja4-fingerprint"), "our-ja4");
	/* "our-ja3" is no MD5. */
	assert_null(object(j, "ja3", 0));
	assert_string_equal(value(object(j, "file", 0), "filename"), "offer.apk");
	assert_true(refers(object(j, "file", 0), hops[3], "downloaded-from"));
	json_t *p = object(j, "phishing", 0);
	assert_string_equal(value(p, "url"), REPORT_LAST);
	assert_string_equal(value(p, "url-redirect"), REPORT_LINK);
	assert_string_equal(value(p, "screenshot"), "screenshot-1.png");
	json_decref(j);
	complaint_case_fini(&x);
}

static bool warned_of(const json_t *o, const char *relation)
{
	return json_is_true(json_object_get(attribute(o, relation), "to_ids"));
}

static size_t warnings(const json_t *j)
{
	size_t i, k, n = 0;
	json_t *o, *a;
	json_array_foreach(json_object_get(json_object_get(j, "Event"), "Object"), i, o)
		json_array_foreach(json_object_get(o, "Attribute"), k, a) n +=
		json_is_true(json_object_get(a, "to_ids"));
	return n;
}

/* Only where the class says that it is bad, and never what was made for one recipient. */
static void warns_of_little(void **state)
{
	(void)state;
	struct complaint_case x;
	complaint_case_init(&x);
	json_t *j = read_one(&x);
	assert_true(warned_of(object(j, "url", 3), "url"));
	assert_int_equal(warnings(j), 1);
	json_decref(j);
	x.order.abuse = ABUSE_MALWARE;
	j = read_one(&x);
	assert_true(warned_of(object(j, "file", 0), "sha256"));
	assert_int_equal(warnings(j), 2);
	json_decref(j);
	complaint_hop(&x, 3)->url = span_str("https://land.example/?u=redacted-k7q2m4x9w3tz");
	x.order.abuse = ABUSE_PHISHING;
	j = read_one(&x);
	assert_int_equal(warnings(j), 0);
	json_decref(j);
	complaint_hop(&x, 3)->url = span_str(REPORT_LAST);
	x.order.abuse = ABUSE_NONE;
	j = read_one(&x);
	assert_int_equal(warnings(j), 0);
	assert_null(object(j, "phishing", 0));
	json_decref(j);
	/* A redirector is reported, not warned of. */
	x.order.abuse = ABUSE_PHISHING;
	x.order.party = 1;
	j = read_one(&x);
	assert_int_equal(warnings(j), 0);
	json_decref(j);
	complaint_case_fini(&x);
}

static void is_the_same_event_twice(void **state)
{
	(void)state;
	struct complaint_case x;
	struct buf a = {0}, b = {0};
	complaint_case_init(&x);
	write_one(&x, &a);
	write_one(&x, &b);
	assert_true(span_eq(buf_span(&a), buf_span(&b)));
	x.order.abuse = ABUSE_FRAUD;
	write_one(&x, &b);
	assert_false(span_eq(buf_span(&a), buf_span(&b)));
	buf_fini(&a);
	buf_fini(&b);
	complaint_case_fini(&x);
}

static void counts_what_is_left_out(void **state)
{
	(void)state;
	struct complaint_case x;
	complaint_case_init(&x);
	x.shot.withheld = true;
	complaint_hop(&x, 1)->url = span_str("no address");
	x.redaction.how = REDACT_NONE;
	json_t *j = read_one(&x);
	json_t *a =
		json_array_get(json_object_get(json_object_get(j, "Event"), "Attribute"), 0);
	assert_string_equal(json_string_value(json_object_get(a, "value")),
		"2 things did not fit and were left out.");
	/* And the trail goes on over the gap. */
	assert_true(refers(object(j, "url", 0), object(j, "url", 1), "redirects-to"));
	json_decref(j);
	complaint_case_fini(&x);
}

static void nothing_breaks_it(void **state)
{
	(void)state;
	struct buf out = {0}, lines = {0}, nasty = {0};
	for (size_t i = 0; i < NASTY_COUNT; i++) {
		struct complaint_case x;
		complaint_case_init(&x);
		nasty_make(i, &nasty);
		complaint_plant(&x, buf_span(&nasty));
		x.order.abuse = (enum abuse_class)(i % ABUSE_CLASS_COUNT);
		x.order.party = i % 4;
		write_one(&x, &out);
		add_line(&lines, &out);
		complaint_case_fini(&x);
	}
	python_reads(&lines);
	buf_fini(&out);
	buf_fini(&lines);
	buf_fini(&nasty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_fits_the_templates),
		cmocka_unit_test(joins_the_hops),
		cmocka_unit_test(warns_of_little),
		cmocka_unit_test(is_the_same_event_twice),
		cmocka_unit_test(counts_what_is_left_out),
		cmocka_unit_test(nothing_breaks_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
