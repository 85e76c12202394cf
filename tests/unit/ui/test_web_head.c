/* Heads of requests that are refused before anybody is asked who sent them, and the header
 * fields of answers: each kind's whole, and what may be used as what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/base/buf.h"
#include "ui/web/answer_head.h"
#include "ui/web/head.h"

static const struct {
	int status;
	const char *method, *target, *version;
	const char *fields[6]; /* name, value; Host is there but where the first is "" */
} heads[] = {
	{200, "GET", "/", "HTTP/1.1", {0}},
	{200, "HEAD", "/", "HTTP/1.0", {0}},
	{200, "GET", "/c/1/t/1.2?from=3&x=%2F%2e", "HTTP/1.1", {0}},
	{200, "GET", "/c/1/", "HTTP/1.1", {0}},
	{200, "GET", "/a.b/..c/%41", "HTTP/1.1", {0}},
	{200, "GET", "/x?a|b\"<>`{}^\\[]", "HTTP/1.1", {0}},
	{200, "GET", "/", "HTTP/1.1", {"Content-Length", "0"}},
	{200, "POST", "/", "HTTP/1.1", {"content-length", "41943040"}},
	{505, "GET", "/", "HTTP/2.0", {0}},
	{505, "GET", "/", "HTTP/1.2", {0}},
	{505, "GET", "/", "", {0}},
	{505, "GET", "/", "http/1.1", {0}},
	{405, "OPTIONS", "/", "HTTP/1.1", {0}},
	{405, "PUT", "/", "HTTP/1.1", {0}},
	{405, "get", "/", "HTTP/1.1", {0}},
	{405, "CONNECT", "/", "HTTP/1.1", {0}},
	{405, "TRACE", "/", "HTTP/1.1", {0}},
	{405, "", "/", "HTTP/1.1", {0}},
	{400, "GET", "http://127.0.0.1:8800/", "HTTP/1.1", {0}},
	{400, "GET", "http://evil.example/", "HTTP/1.1", {0}},
	{400, "GET", "127.0.0.1:8800", "HTTP/1.1", {0}},
	{400, "GET", "*", "HTTP/1.1", {0}},
	{400, "GET", "", "HTTP/1.1", {0}},
	{400, "GET", "x", "HTTP/1.1", {0}},
	{400, "GET", "?x", "HTTP/1.1", {0}},
	{400, "GET", "//", "HTTP/1.1", {0}},
	{400, "GET", "//evil.example/", "HTTP/1.1", {0}},
	{400, "GET", "/c//1", "HTTP/1.1", {0}},
	{400, "GET", "/.", "HTTP/1.1", {0}},
	{400, "GET", "/..", "HTTP/1.1", {0}},
	{400, "GET", "/../etc", "HTTP/1.1", {0}},
	{400, "GET", "/c/./1", "HTTP/1.1", {0}},
	{400, "GET", "/c/..", "HTTP/1.1", {0}},
	{400, "GET", "/%2e%2e/x", "HTTP/1.1", {0}},
	{400, "GET", "/x%2Fy", "HTTP/1.1", {0}},
	{400, "GET", "/x%5cy", "HTTP/1.1", {0}},
	{400, "GET", "/x\\y", "HTTP/1.1", {0}},
	{400, "GET", "/%00", "HTTP/1.1", {0}},
	{400, "GET", "/%0a", "HTTP/1.1", {0}},
	{400, "GET", "/%", "HTTP/1.1", {0}},
	{400, "GET", "/%4", "HTTP/1.1", {0}},
	{400, "GET", "/%zz", "HTTP/1.1", {0}},
	{400, "GET", "/a b", "HTTP/1.1", {0}},
	{400, "GET", "/a\x01", "HTTP/1.1", {0}},
	{400, "GET", "/\x7f", "HTTP/1.1", {0}},
	{400, "GET", "/\xc3\xa9", "HTTP/1.1", {0}},
	{400, "GET", "/x#y", "HTTP/1.1", {0}},
	{400, "GET", "/x?a#y", "HTTP/1.1", {0}},
	{400, "GET", "/x?%", "HTTP/1.1", {0}},
	{400, "GET", "/x?%00", "HTTP/1.1", {0}},
	{400, "GET", "/x?a b", "HTTP/1.1", {0}},
	{400, "GET", "/x?\xff", "HTTP/1.1", {0}},
	{400, "GET", "/", "HTTP/1.1", {""}},
	{400, "GET", "/", "HTTP/1.1", {"host", "127.0.0.1:8800"}},
	{400, "GET", "/", "HTTP/1.1", {"Content-Length", "1"}},
	{400, "HEAD", "/", "HTTP/1.1", {"Content-Length", "1"}},
	{400, "GET", "/", "HTTP/1.1", {"Transfer-Encoding", "chunked"}},
	{400, "POST", "/", "HTTP/1.1", {0}},
	{400, "POST", "/", "HTTP/1.1", {"Content-Length", ""}},
	{400, "POST", "/", "HTTP/1.1", {"Content-Length", "+1"}},
	{400, "POST", "/", "HTTP/1.1", {"Content-Length", "1,1"}},
	{400, "POST", "/", "HTTP/1.1", {"Content-Length", "0x1"}},
	{400, "POST", "/", "HTTP/1.1", {"Content-Length", "99999999999999999999"}},
	{400, "POST", "/", "HTTP/1.1", {"Content-Length", "1", "Content-Length", "1"}},
	{400, "POST", "/", "HTTP/1.1", {"Content-Length", "1", "Transfer-Encoding", "x"}},
	{400, "POST", "/", "HTTP/1.1", {"Transfer-Encoding", "chunked"}},
	{413, "POST", "/", "HTTP/1.1", {"Content-Length", "41943041"}},
	{400, "GET", "/", "HTTP/1.1", {"Cookie", "a", "cookie", "b"}},
	{400, "GET", "/", "HTTP/1.1", {"Origin", "a", "Origin", "a"}},
	{400, "GET", "/", "HTTP/1.1", {"Sec-Fetch-Site", "none", "Sec-Fetch-Site", "none"}},
	{200, "GET", "/", "HTTP/1.1", {"Accept", "a", "Accept", "b"}},
};

static struct head made(size_t i)
{
	struct head h = {.method = span_str(heads[i].method),
		.target = span_str(heads[i].target),
		.version = span_str(heads[i].version)};
	const char *const *f = heads[i].fields;
	if (f[0] == NULL || f[0][0] != 0)
		head_add(&h, span_str("Host"), span_str("127.0.0.1:8800"));
	for (size_t j = 0; j + 1 < 6 && f[j] != NULL && f[j][0] != 0; j += 2)
		head_add(&h, span_str(f[j]), span_str(f[j + 1]));
	return h;
}

static void test_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		struct head h = made(i);
		struct err err = {0};
		int status = head_judge(&h, &err);
		if (status != heads[i].status)
			fail_msg("%s %s: %d %s", heads[i].method, heads[i].target, status,
				err.detail);
		if (status != 200)
			assert_true(err.kind == ERR_USAGE && err.detail[0] != 0);
	}
}

static void test_sizes(void **state)
{
	static char long_one[WEB_URL_MAX + 2], value[HEAD_BYTES_MAX];
	struct err err;
	(void)state;
	memset(long_one, 'a', WEB_URL_MAX + 1);
	long_one[0] = '/';
	struct head h = made(0);
	h.target = span_of(long_one, WEB_URL_MAX);
	assert_int_equal(head_judge(&h, &err), 200);
	h.target = span_of(long_one, WEB_URL_MAX + 1);
	assert_int_equal(head_judge(&h, &err), 414);
	h = made(0);
	while (h.fields < HEAD_FIELDS_MAX)
		head_add(&h, span_str("a"), span_str("b"));
	assert_int_equal(head_judge(&h, &err), 200);
	head_add(&h, span_str("a"), span_str("b"));
	assert_int_equal(head_judge(&h, &err), 431);
	h = made(0);
	memset(value, 'a', sizeof value);
	head_add(&h, span_str("a"), span_of(value, HEAD_BYTES_MAX - h.bytes - 1));
	assert_int_equal(head_judge(&h, &err), 200);
	head_add(&h, span_str("a"), SPAN_NONE);
	assert_int_equal(head_judge(&h, &err), 431);
}

static void test_taken_apart(void **state)
{
	struct head h = made(2);
	struct err err;
	(void)state;
	assert_int_equal(head_judge(&h, &err), 200);
	assert_true(span_is(h.path, "/c/1/t/1.2"));
	assert_true(span_is(h.query, "from=3&x=%2F%2e"));
	h = made(0);
	assert_int_equal(head_judge(&h, &err), 200);
	assert_null(h.query.p);
	assert_false(h.head || h.gate.post);
	h = made(1);
	assert_int_equal(head_judge(&h, &err), 200);
	assert_true(h.head && !h.gate.post);
	h = made(7);
	assert_int_equal(head_judge(&h, &err), 200);
	assert_true(h.gate.post && h.body == WEB_BODY_MAX);
	head_add(&h, span_str("HOST"), span_str("x"));
	assert_true(h.gate.several_hosts);
	head_add(&h, span_str("service-worker"), span_str("script"));
	assert_true(h.gate.service_worker);
}

static void test_tags(void **state)
{
	static const struct {
		const char *list;
		bool has;
	} table[] = {{"\"a\"", true}, {"W/\"a\"", true}, {"\"b\", \"a\"", true}, {"*", true},
		{"\"b\",W/\"a\" ,\"c\"", true}, {"a", false}, {"\"A\"", false}, {"", false},
		{",,", false}, {"\"b\"", false}, {"w/\"a\"", false}};
	char tag[ANSWER_TAG_MAX];
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(head_has_tag(span_str(table[i].list), "\"a\""), table[i].has);
	assert_false(head_has_tag(SPAN_NONE, "\"a\""));
	answer_tag(span_str("abc"), tag);
	assert_string_equal(
		tag, "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"");
}

/* ---- answers ---- */

static void collect(void *ctx, const char *name, const char *value)
{
	buf_addf(ctx, "%s: %s\n", name, value);
}

#define COMMON(frames)                                                                         \
	"X-Content-Type-Options: nosniff\nX-Frame-Options: " frames                            \
	"\nReferrer-Policy: no-referrer\nCross-Origin-Opener-Policy: same-origin\n"            \
	"Cross-Origin-Resource-Policy: same-origin\nPermissions-Policy: *\nCache-Control: "
#define PAGE                                                                                   \
	"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "   \
	"img-src 'self'; connect-src 'self'; frame-src 'self'; worker-src 'none'; "            \
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'\n"
#define BARE(frames)                                                                           \
	"Content-Security-Policy: sandbox; default-src 'none'; form-action 'none'; "           \
	"frame-ancestors " frames "; base-uri 'none'\n"

#define PICTURE                                                                                \
	"Content-Security-Policy: sandbox; default-src 'none'; style-src 'unsafe-inline'; "    \
	"form-action 'none'; frame-ancestors 'self'; base-uri 'none'\n"

static const struct {
	struct web_answer answer;
	const char *is;
} answers[] = {
	{{.kind = WEB_PAGE},
		"Content-Type: text/html; charset=utf-8\n" PAGE COMMON("DENY") "no-store\n"},
	{{.kind = WEB_PAGE, .location = "/c/1?x=%20", .allow = "POST", .retry_s = 10},
		"Content-Type: text/html; charset=utf-8\n" PAGE COMMON(
			"DENY") "no-store\nLocation: /c/1?x=%20\nAllow: POST\nRetry-After: "
				"10\n"},
	{{.kind = WEB_ASSET, .type = "text/css; charset=utf-8", .etag = "\"a\""},
		"Content-Type: text/css; charset=utf-8\n" BARE("'none'")
			COMMON("DENY") "private, no-cache\nETag: \"a\"\n"},
	{{.kind = WEB_EVENTS}, "Content-Type: text/event-stream; charset=utf-8\n" BARE("'none'")
				       COMMON("DENY") "no-store\n"},
	{{.kind = WEB_DOWNLOAD, .file_name = "a-b_c.1.case", .type = "text/html"},
		"Content-Type: application/octet-stream\n" BARE("'none'")
			COMMON("DENY") "no-store\nContent-Disposition: attachment; "
				       "filename=\"a-b_c.1.case\"\n"},
	{{.kind = WEB_DOWNLOAD, .file_name = ".x\"; y/\\\r\n\xff"},
		"Content-Type: application/octet-stream\n" BARE("'none'")
			COMMON("DENY") "no-store\nContent-Disposition: attachment; "
				       "filename=\"_x___y_____\"\n"},
	{{.kind = WEB_TEXT, .type = "text/html", .etag = "\"a\""},
		"Content-Type: text/plain; charset=utf-8\n" BARE("'none'")
			COMMON("DENY") "no-store\nContent-Disposition: attachment; "
				       "filename=\"captured\"\n"},
	{{.kind = WEB_PICTURE, .type = "image/png"},
		"Content-Type: image/png\n" PICTURE COMMON("SAMEORIGIN") "no-store\n"},
	{{.kind = WEB_PICTURE, .type = "image/svg+xml"},
		"Content-Type: application/octet-stream\n" PICTURE COMMON(
			"SAMEORIGIN") "no-store\n"},
	{{.kind = WEB_PICTURE, .type = "text/html"},
		"Content-Type: application/octet-stream\n" PICTURE COMMON(
			"SAMEORIGIN") "no-store\n"},
};

static void test_answers(void **state)
{
	struct buf out = {0};
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		buf_clear(&out);
		answer_head(&answers[i].answer, collect, &out);
		char *got = buf_take_str(&out),
		     *permissions = strstr(got, "Permissions-Policy: ");
		assert_non_null(permissions);
		permissions += strlen("Permissions-Policy: ");
		assert_true(strstr(permissions, "camera=()") != NULL);
		char *end = strchr(permissions, '\n');
		*permissions = '*';
		memmove(permissions + 1, end, strlen(end) + 1);
		assert_string_equal(got, answers[i].is);
		free(got);
	}
	buf_fini(&out);
}

static void test_locations(void **state)
{
	static const char *const others[] = {"//evil.example", "/\\evil.example", "http://x/",
		"x", "", "/a\r\nSet-Cookie: x", "/a b", "/\x7f", "/\xff"};
	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		const struct web_answer a = {.location = others[i]};
		struct buf out = {0};
		answer_head(&a, collect, &out);
		char *got = buf_take_str(&out);
		if (strstr(got, "\nLocation: /\n") == NULL)
			fail_msg("%s: %s", others[i], got);
		free(got);
	}
}

static void test_suits(void **state)
{
	static const struct {
		const char *dest;
		bool page, asset, events, download, text, picture;
	} table[] = {
		{NULL, true, true, true, true, true, true},
		{"document", true, true, true, true, true, true},
		{"empty", true, true, true, true, true, true},
		{"script", false, true, false, false, false, false},
		{"style", false, true, false, false, false, false},
		{"image", false, true, false, false, false, true},
		{"iframe", false, false, false, false, false, true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct span dest = span_str(table[i].dest);
		assert_int_equal(answer_suits(WEB_PAGE, dest), table[i].page);
		assert_int_equal(answer_suits(WEB_ASSET, dest), table[i].asset);
		assert_int_equal(answer_suits(WEB_EVENTS, dest), table[i].events);
		assert_int_equal(answer_suits(WEB_DOWNLOAD, dest), table[i].download);
		assert_int_equal(answer_suits(WEB_TEXT, dest), table[i].text);
		assert_int_equal(answer_suits(WEB_PICTURE, dest), table[i].picture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_heads),
		cmocka_unit_test(test_sizes), cmocka_unit_test(test_taken_apart),
		cmocka_unit_test(test_tags), cmocka_unit_test(test_answers),
		cmocka_unit_test(test_locations), cmocka_unit_test(test_suits)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
