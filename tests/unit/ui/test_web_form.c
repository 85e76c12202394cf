/* What browsers send with forms, by tables: each accepted as they write it, each broken one
 * refused as a whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/base/buf.h"
#include "ui/web/form.h"

/* "name=value" pairs, each ended by '|'; a file as "name<file name>=value". */
static const char *shown(struct arena *a, const struct web_form *f)
{
	struct buf out = {0};
	for (size_t i = 0; i < f->n; i++) {
		const struct web_pair *p = &f->list[i];
		buf_add_span(&out, p->name);
		if (p->file_name.p != NULL) {
			buf_add_byte(&out, '<');
			buf_add_span(&out, p->file_name);
			buf_add_byte(&out, '>');
		}
		buf_add_byte(&out, '=');
		buf_add_span(&out, p->value);
		buf_add_byte(&out, '|');
	}
	const char *s = arena_str(a, buf_span(&out));
	buf_fini(&out);
	return s != NULL ? s : "";
}

/* In memory of its own length, so that a byte too many is seen. */
static struct span exact(struct span s)
{
	uint8_t *p = malloc(s.n > 0 ? s.n : 1);
	assert_non_null(p);
	memcpy(p, s.p, s.n);
	return span_of(p, s.n);
}

static void let_go(struct span s)
{
	union {
		const uint8_t *from;
		void *to;
	} p = {.from = s.p};
	free(p.to);
}

static void test_queries(void **state)
{
	static const struct {
		const char *text, *is; /* NULL: refused */
	} table[] = {
		{"", ""},
		{"a=b", "a=b|"},
		{"a=b&c=d", "a=b|c=d|"},
		{"a", "a=|"},
		{"a=", "a=|"},
		{"=b", "=b|"},
		{"=", "=|"},
		{"&&a=b&&", "a=b|"},
		{"a=b=c", "a=b=c|"},
		{"a+b=c+d", "a b=c d|"},
		{"%61=%62", "a=b|"},
		{"a=%2b%2B%26%3d", "a=++&=|"},
		{"a=%C3%A9", "a=\xc3\xa9|"},
		{"a=%ff", "a=\xff|"},
		{"a;b=c", "a;b=c|"},
		{"a=b&a=c", "a=b|a=c|"},
		{"%", NULL},
		{"a=%", NULL},
		{"a=%4", NULL},
		{"a=%4&b=1", NULL},
		{"a=%zz", NULL},
		{"a=%4g", NULL},
		{"%%41", NULL},
		{"a=b&c=%", NULL},
		{"a=%00", NULL},
		{"%00", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct arena a = {0};
		struct web_form f;
		struct err err;
		struct span text = exact(span_str(table[i].text));
		bool fine = web_form_query(&a, text, &f, &err);
		if (fine != (table[i].is != NULL))
			fail_msg("%s: %s", table[i].text, fine ? "taken" : err.detail);
		if (fine)
			assert_string_equal(shown(&a, &f), table[i].is);
		let_go(text);
		arena_fini(&a);
	}
}

#define H(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define F(name, file)                                                                          \
	"Content-Disposition: form-data; name=\"" name "\"; filename=\"" file "\"\r\n"         \
	"Content-Type: message/rfc822\r\n\r\n"
#define TYPE "multipart/form-data; boundary=B"

static const struct {
	const char *type, *body, *is; /* NULL: refused */
} parts[] = {
	{TYPE, "--B--\r\n", ""},
	{TYPE, "--B--", ""},
	{TYPE, "--B\r\n" H("a") "b\r\n--B--\r\n", "a=b|"},
	{TYPE, "--B\r\n" H("a") "\r\n--B--\r\n", "a=|"},
	{TYPE, "--B\r\n" H("a") "1\r\n--B\r\n" H("b") "2\r\n--B--\r\n", "a=1|b=2|"},
	{TYPE, "--B\r\n" F("m", "a.eml") "\x01\xff\r\n--\r\n--B--\r\n",
		"m<a.eml>=\x01\xff\r\n--|"},
	{TYPE, "--B\r\n" F("m", "") "\r\n--B--\r\n", "m<>=|"},
	{TYPE, "--B\r\n" H("a") "--B\r\n--Bx--B\r\n--B--\r\n", NULL},
	{TYPE, "--B\r\n" H("a") "--B--Bx--B\r\n--B--\r\n", "a=--B--Bx--B|"},
	{TYPE, "--B\r\n" F("a%22b%0d%0A%41%2", "%22.eml") "x\r\n--B--\r\n",
		"a\"b\r\n%41%2<\".eml>=x|"},
	{TYPE, "--B\r\ncontent-disposition: FORM-DATA;name=a\r\n\r\nx\r\n--B--\r\n", "a=x|"},
	{TYPE, "--B\r\nContent-Type: text/plain\r\n" H("a") "x\r\n--B--\r\n", "a=x|"},
	{TYPE, "--B\r\n" F("m", "C:\\dir\\a.eml") "x\r\n--B--\r\n", "m<C:\\dir\\a.eml>=x|"},
	{"Multipart/Form-Data;Boundary=\"B b\"", "--B b\r\n" H("a") "x\r\n--B b--\r\n", "a=x|"},
	{"multipart/form-data; charset=utf-8; boundary=B ; x=\"\"", "--B--", ""},
	{"multipart/form-data; boundary=----WebKitFormBoundaryA1b2",
		"------WebKitFormBoundaryA1b2\r\n" H(
			"a") "x\r\n------WebKitFormBoundaryA1b2--\r\n",
		"a=x|"},
	/* Boundaries that are none. */
	{"multipart/form-data", "--B--", NULL},
	{"multipart/form-data; boundary=", "----", NULL},
	{"multipart/form-data; boundary=\"\"", "----", NULL},
	{"multipart/form-data; boundary=\"B", "--B--", NULL},
	{"multipart/form-data; boundary=B; boundary=B", "--B--", NULL},
	{"multipart/form-data; boundary=\"B \"", "--B --", NULL},
	{"multipart/form-data; boundary=\"B\tb\"", "--B\tb--", NULL},
	{"multipart/form-data, boundary=B", "--B--", NULL},
	{"multipart/form-data; boundary=B x", "--B--", NULL},
	{"multipart/form-data; =B", "--B--", NULL},
	{"multipart/form-data; boundary="
	 "12345678901234567890123456789012345678901234567890123456789012345678901",
		"--12345678901234567890123456789012345678901234567890123456789012345678901--",
		NULL},
	{"multipart/mixed; boundary=B", "--B--", NULL},
	{"text/plain", "--B--", NULL},
	{"", "a=b", NULL},
	/* Frames that are broken. */
	{TYPE, "", NULL},
	{TYPE, "--", NULL},
	{TYPE, "--B", NULL},
	{TYPE, "--B-", NULL},
	{TYPE, "--B\r\n", NULL},
	{TYPE, "--C--", NULL},
	{TYPE, "x\r\n--B--", NULL},
	{TYPE, "\r\n--B--", NULL},
	{TYPE, "--B--x", NULL},
	{TYPE, "--B--\r\nx", NULL},
	{TYPE, "--B--\n", NULL},
	{TYPE, "--B \r\n" H("a") "x\r\n--B--", NULL},
	{TYPE, "--B\n" H("a") "x\r\n--B--", NULL},
	{TYPE, "--B\r\n" H("a") "x", NULL},
	{TYPE, "--B\r\n" H("a") "x\r\n--B", NULL},
	{TYPE, "--B\r\n" H("a") "x\n--B--", NULL},
	/* Parts that are broken. */
	{TYPE, "--B\r\n\r\nx\r\n--B--", NULL},
	{TYPE, "--B\r\nContent-Type: text/plain\r\n\r\nx\r\n--B--", NULL},
	{TYPE, "--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--", NULL},
	{TYPE, "--B\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--B--", NULL},
	{TYPE, "--B\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--B--", NULL},
	{TYPE, "--B\r\nContent-Disposition: form-data; name=\"a\\\"b\"\r\n\r\nx\r\n--B--",
		NULL},
	{TYPE,
		"--B\r\nContent-Disposition: form-data; name=\"a\"; "
		"name=\"b\"\r\n\r\nx\r\n--B--",
		NULL},
	{TYPE,
		"--B\r\nContent-Disposition: form-data; name=a; filename*=UTF-8''x\r\n\r\nx\r\n"
		"--B--",
		NULL},
	{TYPE, "--B\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\nx\r\n--B--", NULL},
	{TYPE, "--B\r\nContent-Disposition : form-data; name=a\r\n\r\nx\r\n--B--", NULL},
	{TYPE, "--B\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\nx\r\n--B--", NULL},
	{TYPE, "--B\r\nContent-Disposition: form-data; name=a\nX: y\r\n\r\nx\r\n--B--", NULL},
	{TYPE, "--B\r\nContent-Transfer-Encoding: base64\r\n" H("a") "x\r\n--B--", NULL},
	{TYPE,
		"--B\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: "
		"form-data; name=b\r\n\r\nx\r\n--B--",
		NULL},
	{TYPE, "--B\r\n" H("a") "\xff\r\n--B--", NULL},
	/* The other kind. */
	{"application/x-www-form-urlencoded", "a=b+c&d=%C3%A9", "a=b c|d=\xc3\xa9|"},
	{"application/x-www-form-urlencoded; charset=UTF-8", "a=b", "a=b|"},
	{"Application/X-WWW-Form-Urlencoded ;x", "a=b", "a=b|"},
	{"application/x-www-form-urlencoded", "a=%ff", NULL},
	{"application/x-www-form-urlencoded", "a=%00", NULL},
	{"application/x-www-form-urlencodedx", "a=b", NULL},
};

static void test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct arena a = {0};
		struct web_form f;
		struct err err;
		struct span body = exact(span_str(parts[i].body));
		struct span type = exact(span_str(parts[i].type));
		bool fine = web_form_body(&a, type, body, &f, &err);
		if (fine != (parts[i].is != NULL))
			fail_msg("%zu: %s %s: %s", i, parts[i].type, parts[i].body,
				fine ? "taken" : err.detail);
		if (fine)
			assert_string_equal(shown(&a, &f), parts[i].is);
		let_go(body);
		let_go(type);
		arena_fini(&a);
	}
}

/* A NUL is in no text, and may be in a file. */
static void test_nul(void **state)
{
	static const char text[] = "--B\r\n" H("a") "x\0y\r\n--B--";
	static const char file[] = "--B\r\n" F("a", "f") "x\0y\r\n--B--";
	static const char head[] =
		"--B\r\nContent-Disposition: form-data; name=a\0\r\n\r\nx\r\n--B--";
	struct arena a = {0};
	struct web_form f;
	struct err err;
	(void)state;
	assert_false(
		web_form_body(&a, span_str(TYPE), span_of(text, sizeof text - 1), &f, &err));
	assert_false(
		web_form_body(&a, span_str(TYPE), span_of(head, sizeof head - 1), &f, &err));
	assert_true(
		web_form_body(&a, span_str(TYPE), span_of(file, sizeof file - 1), &f, &err));
	assert_int_equal(f.list[0].value.n, 3);
	arena_fini(&a);
}

static void test_limits(void **state)
{
	struct arena a = {0};
	struct buf b = {0};
	struct web_form f;
	struct err err;
	(void)state;
	for (int i = 0; i < WEB_PAIRS_MAX; i++)
		buf_add_str(&b, "a=1&");
	assert_true(web_form_query(&a, buf_span(&b), &f, &err));
	assert_int_equal(f.n, WEB_PAIRS_MAX);
	buf_add_str(&b, "a=1");
	assert_false(web_form_query(&a, buf_span(&b), &f, &err));
	assert_int_equal(err.kind, ERR_LIMIT);

	buf_clear(&b);
	for (int i = 0; i <= WEB_PAIRS_MAX; i++)
		buf_add_str(&b, "--B\r\n" H("a") "x\r\n");
	buf_add_str(&b, "--B--");
	assert_false(web_form_body(&a, span_str(TYPE), buf_span(&b), &f, &err));
	assert_int_equal(err.kind, ERR_LIMIT);

	for (int more = 0; more < 2; more++) {
		for (int file = 0; file < 2; file++) {
			buf_clear(&b);
			buf_add_str(&b, file ? "--B\r\n" F("a", "f") : "--B\r\n" H("a"));
			memset(buf_room(&b, WEB_TEXT_MAX + 1), 'x', WEB_TEXT_MAX + 1);
			buf_grew(&b, (size_t)(WEB_TEXT_MAX + more));
			buf_add_str(&b, "\r\n--B--");
			assert_int_equal(
				web_form_body(&a, span_str(TYPE), buf_span(&b), &f, &err),
				!more || file);
		}
	}
	buf_clear(&b);
	buf_add_str(&b, "--B\r\nContent-Type: ");
	memset(buf_room(&b, WEB_PART_HEAD_MAX), 'x', WEB_PART_HEAD_MAX);
	buf_grew(&b, WEB_PART_HEAD_MAX);
	buf_add_str(&b, "\r\n" H("a") "x\r\n--B--");
	assert_false(web_form_body(&a, span_str(TYPE), buf_span(&b), &f, &err));
	assert_int_equal(web_form_max(span_str(TYPE)), WEB_BODY_MAX);
	assert_int_equal(
		web_form_max(span_str("application/x-www-form-urlencoded")), WEB_TEXT_MAX);
	assert_int_equal(web_form_max(span_str("text/plain")), 0);
	assert_int_equal(web_form_max(SPAN_NONE), 0);
	buf_fini(&b);
	arena_fini(&a);
}

static void test_values(void **state)
{
	struct arena a = {0};
	struct web_form f;
	struct buf out = {0};
	struct err err;
	(void)state;
	assert_true(web_form_query(&a,
		span_str("a=1&b=&n=99999999999999999999&m=-1&a=2&x=9223372036854775808"), &f,
		&err));
	assert_true(span_is(web_value(&f, "a"), "1"));
	assert_non_null(web_value(&f, "b").p);
	assert_null(web_value(&f, "c").p);
	assert_int_equal(web_value_number(&f, "a", 7), 1);
	assert_int_equal(web_value_number(&f, "b", 7), 7);
	assert_int_equal(web_value_number(&f, "n", 7), 7);
	assert_int_equal(web_value_number(&f, "m", 7), 7);
	assert_int_equal(web_value_number(&f, "x", 7), 7);
	/* What is encoded comes back, each byte of it. */
	uint8_t all[255];
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (uint8_t)(i + 1);
	buf_add_str(&out, "a=");
	web_encode(&out, span_of(all, sizeof all));
	assert_true(web_form_query(&a, buf_span(&out), &f, &err));
	assert_true(span_eq(web_value(&f, "a"), span_of(all, sizeof all)));
	buf_fini(&out);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_queries),
		cmocka_unit_test(test_bodies), cmocka_unit_test(test_nul),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_values)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
