/*
 * The index of a WARC file: sortable addresses and bodies as queries, both as warcio 2.4.11 and
 * its getSurt and postToGetUrl give them; and which visits of an address a walk needs.
 */
#include "ui/export/cdx.h"

#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void addresses_become_keys(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"https://www.Example.com/Path?b=2&a=1", "com,example)/path?a=1&b=2"},
		{"http://example.com:8080/?", "com,example:8080)/"},
		{"https://www2.sub.example.co.uk/a%20b?x=%C3%A9&x=1",
			"uk,co,example,sub)/a%20b?x=%c3%a9&x=1"},
		{"http://192.0.2.1/", "1,2,0,192)/"},
		{"http://[2001:db8::1]:81/x", "[2001:db8::1]:81)/x"},
		{"https://www.com/", "com)/"},
		{"https://example.com?z&y=&y", "com,example)/?y&y=&z"},
		{"https://wwwx.example/", "example,wwwx)/"},
		{"ftp://example.com/", "ftp://example.com/"},
		{"no address", "no address"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct buf out = {0};
		cdx_key(&a, span_str(rows[i][0]), &out);
		char *text = buf_take_str(&out);
		assert_string_equal(text, rows[i][1]);
		free(text);
		arena_fini(&a);
	}
}

static void bodies_become_queries(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		{"application/x-www-form-urlencoded", "a=1&b=%20", "a=1&b=%20"},
		{"application/x-www-form-urlencoded; charset=utf-8", "a=1", "a=1"},
		{"application/json",
			"{\"a\":[1,2],\"b\":{\"a\":\"x y\"},\"n\":null,\"e\":\"\"}",
			"a=1&a.2_=2&a.3_=x+y&n=null"},
		{"application/json", "not JSON", ""},
		{"text/plain", "{\"t\":true}", "t=true"},
		{"text/plain", "words", ""},
		{"multipart/form-data; boundary=x",
			"--x\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nv 1\r\n--x--",
			"n=v+1"},
		{"application/octet-stream", "\x01\x02", "__wb_post_data=AQI="},
		{"", "", "__wb_post_data="},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out = {0};
		cdx_query(span_str(rows[i][0]), span_str(rows[i][1]), &out);
		char *text = buf_take_str(&out);
		assert_string_equal(text, rows[i][2]);
		free(text);
	}
}

/* Deep, wide and long: bounded. */
static void a_hostile_body_is_bounded(void **state)
{
	(void)state;
	struct buf body = {0}, out = {0};
	for (size_t i = 0; i < 100000; i++)
		buf_addf(&body, "%s{\"k%zu\":\"%064d\"}", i == 0 ? "[" : ",", i, 7);
	buf_add_byte(&body, ']');
	cdx_query(span_str("application/json"), buf_span(&body), &out);
	assert_int_equal(buf_len(&out), CDX_QUERY_MAX);
	buf_clear(&body);
	buf_clear(&out);
	for (size_t i = 0; i < 1000; i++)
		buf_add_byte(&body, '[');
	for (size_t i = 0; i < 1000; i++)
		buf_add_byte(&body, ']');
	cdx_query(span_str("application/json"), buf_span(&body), &out);
	assert_int_equal(buf_len(&out), 0);
	buf_fini(&body);
	buf_fini(&out);
}

struct left {
	int64_t exchange, later;
	size_t n;
};

static void note(void *ctx, int64_t exchange, int64_t later)
{
	struct left *l = ctx;
	*l = (struct left){exchange, later, l->n + 1};
}

static void add(struct cdx *c, const char *url, const void *trail, bool hop, int64_t n)
{
	struct warc_place place = {.offset = (size_t)n, .length = 1};
	cdx_add(c, &(struct cdx_capture){.url = span_str(url),
			   .method = span_str("GET"),
			   .at_us = 1770091506000000 + n,
			   .status = 200,
			   .place = &place,
			   .trail = trail,
			   .hop = hop,
			   .exchange = n});
}

static void the_last_visit_of_a_trail_is_found(void **state)
{
	(void)state;
	struct cdx c = {0};
	struct left left = {0};
	struct buf out = {0};
	static const int one = 1, two = 2;
	add(&c, "https://b.example/", &one, true, 1);
	add(&c, "https://a.example/", &one, true, 2);
	add(&c, "https://b.example/", &one, true, 3);  /* again: the first one goes */
	add(&c, "https://b.example/", &one, false, 4); /* no step: it stays */
	add(&c, "https://b.example/", &two, true, 5);  /* another trail's */
	add(&c, "https://c.example/", NULL, false, 6);
	add(&c, "https://c.example/", NULL, false, 7);
	cdx_write(&c, &out, note, &left);
	assert_int_equal(left.n, 1);
	assert_int_equal(left.exchange, 1);
	assert_int_equal(left.later, 3);
	char *text = buf_take_str(&out);
	static const char *const offsets[] = {"2", "3", "4", "5", "6", "7"};
	const char *at = text;
	for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
		char want[40];
		snprintf(want, sizeof want, "\"offset\":\"%s\"", offsets[i]);
		at = strstr(at, want);
		assert_non_null(at);
	}
	assert_int_equal(strncmp(text, "example,a)/ 20260203040506000 {", 31), 0);
	free(text);
	cdx_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_become_keys),
		cmocka_unit_test(bodies_become_queries),
		cmocka_unit_test(a_hostile_body_is_bounded),
		cmocka_unit_test(the_last_visit_of_a_trail_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
