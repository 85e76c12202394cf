/* That a value is found in whatever form it stands there, that nothing else is, and that bounds
 * are told. Addresses are made up. */
#include "store/base/codec.h"
#include "store/base/hash.h"
#include "store/derive/hide.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define ADDRESS "Jane.Doe+news@Mail.example"

struct test {
	struct hide *hide;
	struct arena a;
};

static void start(struct test *t, const char *address)
{
	*t = (struct test){.hide = hide_new()};
	assert_true(hide_address(t->hide, span_str(address)));
	hide_ready(t->hide);
}

static void end(struct test *t)
{
	hide_free(t->hide);
	arena_fini(&t->a);
}

/* The text with "<form>" for every hit. */
static const char *shown(struct test *t, const char *text, size_t n)
{
	struct hide_hits hits;
	struct buf b = {0};
	size_t at = 0;
	hide_find(t->hide, &t->a, span_of(text, n), &hits);
	assert_false(hits.cut);
	for (size_t i = 0; i < hits.n; i++) {
		assert_true(hits.list[i].from >= at && hits.list[i].to <= n);
		buf_add(&b, text + at, hits.list[i].from - at);
		buf_addf(&b, "<%s>", hits.list[i].form);
		at = hits.list[i].to;
	}
	buf_add(&b, text + at, n - at);
	const char *s = arena_str(&t->a, buf_span(&b));
	buf_fini(&b);
	return s;
}

static const char *const rows[][2] = {
	{"to jane.doe+news@mail.example.", "to <plain>."},
	{"JANE.DOE+NEWS@MAIL.EXAMPLE", "<plain>"},
	{"e=jane.doe%2Bnews%40mail.example&x=1", "e=<percent>&x=1"},
	{"e=jane.doe%252bnews%2540mail.example&x=1", "e=<percent>&x=1"},
	{"%6A%61%6E%65.doe+news%40mail%2Eexample", "<percent>"},
	{"%6a%61%6e%65%2e%64%6f%65%2b%6e%65%77%73%40%6d%61%69%6c%2e%65%78%61%6d%70%6c%65",
		"<percent>"},
	{"jane.doe+news&#64;mail.example", "<html>"},
	{"jane.doe&plus;news&commat;mail&period;example", "<html>"},
	{"&#x6a;ane.doe+news&#x40;mail.example", "<html>"},
	{"\"jane.doe+news\\u0040mail.example\"", "\"<script>\""},
	{"\"jane.doe+news\\x40mail.example\"", "\"<script>\""},
	{"jane.doe+news=40mail.example", "<other-sign>"},
	{"=6Aane.doe+news=40mail.example", "<quoted-printable>"},
	{"jane.doe+news=\r\n@mail.example", "<quoted-printable>"},
	{"jane.doe news@mail.example", "<other-sign>"},
	{"jane.doe+news=mail.example@lists.example", "<other-sign>@lists.example"},
	{"jane.doe%20news%40mail.example", "<percent>"},
	{"wnar.qbr+arjf@znvy.rknzcyr", "<rot13>"},
	{"elpmaxe.liam@swen+eod.enaj", "<reversed>"},
	{"/jane-doe-news-mail-example/x", "/<other-sign>/x"},
	{"jane.doe@mail.example", "<plain>"}, /* without its tag */
	{"u=jane.doe&d=mail.example&k=7", "u=<local-part>&d=<apart>&k=7"},
	{"{\"user\":\"jane.doe+news\",\"domain\":\"mail.example\"}",
		"{\"user\":\"<local-part>\",\"domain\":\"<apart>\"}"},
	{"https-3A__x.example_-3Fe-3Djane.doe-2Bnews-40mail.example",
		"https-3A__x.example_-3Fe-3D<proofpoint>"},
	/* base64, at each start; the rest of the token goes with it. */
	{"SmFuZS5Eb2UrbmV3c0BNYWlsLmV4YW1wbGU=", "<base64>"},
	{"p=SmFuZS5Eb2UrbmV3c0BNYWlsLmV4YW1wbGU&q=1", "p=<base64>&q=1"},
	{"p=IEphbmUuRG9lK25ld3NATWFpbC5leGFtcGxl&q=1", "p=<base64>&q=1"},
	{"p=ICBKYW5lLkRvZStuZXdzQE1haWwuZXhhbXBsZQ&q=1", "p=<base64>&q=1"},
	{"/a/cmp22/SmFuZS5Eb2UrbmV3c0BNYWlsLmV4YW1wbGU=/z", "/a/cmp22/<base64>/z"},
	{"p=SmFuZS5Eb2UrbmV3c0BNYWlsLmV4YW1wbGU%3D&q", "p=<percent>&q"},
	/* Behind something else. */
	{"t=a_SmFuZS5Eb2UrbmV3c0BNYWlsLmV4YW1wbGU", "t=<base64>"},
	{"t=ab_SmFuZS5Eb2UrbmV3c0BNYWlsLmV4YW1wbGU", "t=<base64>"},
	{"t=9SmFuZS5Eb2UrbmV3c0BNYWlsLmV4YW1wbGU", "t=<base64>"},
	{"4a616e652e446f652b6e657773404d61696c2e6578616d706c65", "<hex>"},
	{"x=4A616E652E446F652B6E657773404D61696C2E6578616D706C65;", "x=<hex>;"},
	/* Nothing of it. */
	{"https://mail.example/doe?jane=1&acct=AC-77",
		"https://mail.example/doe?jane=1&acct=AC-77"},
	{"other@mail.example", "other@mail.example"},
	{"SmFuZQ== bm90aGluZyBoZXJl", "SmFuZQ== bm90aGluZyBoZXJl"},
};

static void test_forms(void **state)
{
	struct test t;
	(void)state;
	start(&t, ADDRESS);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(shown(&t, rows[i][0], strlen(rows[i][0])), rows[i][1]);
	end(&t);
}

static void hashed(struct test *t, const char *spelling, const char *form)
{
	uint8_t d[SHA256_LEN];
	struct span s = span_str(spelling);
	size_t n = strcmp(form, "md5") == 0    ? MD5_LEN
		   : strcmp(form, "sha1") == 0 ? SHA1_LEN
					       : SHA256_LEN;
	if (n == MD5_LEN)
		md5(s, d);
	else if (n == SHA1_LEN)
		sha1(s, d);
	else
		sha256(s, d);
	struct buf b = {0};
	char want[64];
	snprintf(want, sizeof want, "h=<%s>&", form);
	for (int way = 0; way < 3; way++) {
		buf_clear(&b);
		buf_add_str(&b, "h=");
		if (way == 0)
			hex_add(&b, span_of(d, n));
		else if (way == 1)
			for (size_t i = 0; i < n; i++)
				buf_addf(&b, "%02X", d[i]);
		else
			base64_add(&b, span_of(d, n));
		buf_add_byte(&b, '&');
		assert_string_equal(shown(t, (const char *)b.p + b.start, buf_len(&b)), want);
	}
	buf_fini(&b);
}

static void test_hashes(void **state)
{
	static const char *const spellings[] = {
		ADDRESS, "jane.doe+news@mail.example", "jane.doe@mail.example"};
	static const char *const forms[] = {"md5", "sha1", "sha256"};
	struct test t;
	(void)state;
	start(&t, ADDRESS);
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++)
			hashed(&t, spellings[i], forms[k]);
	end(&t);
}

/* Percent inside of JSON inside of base64 inside of percent. */
static void test_nested(void **state)
{
	struct test t;
	struct buf b = {0}, url = {0};
	(void)state;
	start(&t, ADDRESS);
	base64_add(&b, span_str("{\"u\":\"https:\\/\\/x.example\\/?e=jane.doe%2Bnews%40mail."
				"example\",\"id\":7}"));
	buf_add_str(&url, "p=");
	for (size_t i = 0; i < buf_len(&b); i++)
		buf_addf(&url, i % 3 == 0 ? "%%%02x" : "%c", b.p[b.start + i]);
	assert_string_equal(shown(&t, (const char *)url.p, buf_len(&url)), "p=<percent>");
	buf_fini(&b);
	buf_fini(&url);
	end(&t);
}

/* Halon's: a key id, a signature, and deflated JSON. */
static void test_compressed(void **state)
{
	static const char json[] = "{\"r\":\"jane.doe+news@mail.example\",\"m\":\"1\","
				   "\"u\":\"https://x.example/\"}";
	for (int skip = 0; skip <= 33; skip += 33) {
		struct test t;
		uint8_t out[400] = {1, 2, 3};
		z_stream z = {0};
		struct buf b = {0};
		start(&t, ADDRESS);
		assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, skip > 0 ? -15 : 15, 8,
					 Z_DEFAULT_STRATEGY),
			Z_OK);
		z.next_in = (uint8_t *)(uintptr_t)json;
		z.avail_in = sizeof json - 1;
		z.next_out = out + skip;
		z.avail_out = (uInt)sizeof out - (uInt)skip;
		assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
		base64_add(&b, span_of(out, (size_t)skip + z.total_out));
		deflateEnd(&z);
		const char *s = shown(&t, (const char *)b.p, buf_len(&b));
		/* '/' in it parts the token: what carries the address is gone. */
		assert_non_null(strstr(s, "<compressed>"));
		struct hide_hits hits;
		hide_find(t.hide, &t.a, span_str(s), &hits);
		assert_int_equal(hits.n, 0);
		buf_fini(&b);
		end(&t);
	}
	(void)state;
}

static void test_equal_values(void **state)
{
	struct test t;
	struct hide_hits hits;
	(void)state;
	start(&t, ADDRESS);
	hide_find(t.hide, &t.a,
		span_str("jane.doe+news@mail.example JANE.DOE%2Bnews%40mail.example "
			 "amFuZS5kb2UrbmV3c0BtYWlsLmV4YW1wbGU="),
		&hits);
	assert_int_equal(hits.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(span_is(hits.list[i].value, "jane.doe+news@mail.example"));
	end(&t);
}

static void test_odd_addresses(void **state)
{
	static const char *const rows_odd[][3] = {
		{"\"jane doe\"@mail.example", "%22jane%20doe%22%40mail.example", "<percent>"},
		{"\"jane doe\"@mail.example", "x \\\"jane doe\\\"@mail.example", "x <script>"},
		{"leser@b\xc3\xbc"
		 "cher.example",
			"e=leser@xn--bcher-kva.example", "e=<plain>"},
		{"leser@xn--bcher-kva.example", "leser%40b%C3%BCcher.example", "<percent>"},
		{"O'Brien@Mail.EXAMPLE", "o&#39;brien@mail.example", "<html>"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows_odd / sizeof *rows_odd; i++) {
		struct test t;
		start(&t, rows_odd[i][0]);
		assert_string_equal(
			shown(&t, rows_odd[i][1], strlen(rows_odd[i][1])), rows_odd[i][2]);
		end(&t);
	}
}

static void test_tokens(void **state)
{
	struct test t = {.hide = hide_new()};
	(void)state;
	assert_true(hide_text(t.hide, HIDE_TOKEN, span_str("k3J9xQ2mZ7")));
	assert_true(hide_word(t.hide, HIDE_TOKEN, span_str("48151623")));
	assert_true(hide_behind(t.hide, HIDE_TOKEN, span_str("uid=42"), 4));
	assert_false(hide_text(t.hide, HIDE_TOKEN, span_str("abc")));
	hide_ready(t.hide);
	static const char *const cases[][2] = {
		{"https://k3j9xq2mz7.t.example/", "https://<plain>.t.example/"},
		{"148151623 48151623", "148151623 <plain>"},
		{"?uid=42&uid=421", "?uid=<plain>&uid=421"},
		{"?uid%3D42", "?uid%3D<percent>"},
		{"6b334a397851326d5a37", "<hex>"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(shown(&t, cases[i][0], strlen(cases[i][0])), cases[i][1]);
	end(&t);
}

/* Deeper than is looked: told, and not passed off as clean. */
static void test_bounds(void **state)
{
	struct test t;
	struct buf b = {0};
	struct hide_hits hits;
	(void)state;
	start(&t, ADDRESS);
	buf_add_str(&b, "jane.doe+news%");
	for (int i = 0; i < HIDE_DEPTH_MAX + 3; i++)
		buf_add_str(&b, "25");
	buf_add_str(&b, "40mail.example");
	hide_find(t.hide, &t.a, buf_span(&b), &hits);
	assert_true(hits.cut);
	buf_fini(&b);
	end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_compressed),
		cmocka_unit_test(test_equal_values),
		cmocka_unit_test(test_odd_addresses),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
