/* Which recorded request answers which one that is asked now, and what is said of the rest. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/replay_match.h"

#include <stdio.h>
#include <stdlib.h>

#define URLENCODED "Content-Type: application/x-www-form-urlencoded\r\n"
#define JSON "content-type: application/json; charset=utf-8\r\n"

struct side {
	const char *url, *fields, *body, *vary, *method; /* NULL: the other side's, GET, none */
};
struct row {
	struct side recorded, asked;
	enum replay_class class;
	const char *said;
};

static struct replay_ask ask_of(struct side s, struct side other)
{
	const char *method = s.method != NULL ? s.method : "GET";
	struct replay_ask out = {.method = span_str(method),
		.url = span_str(s.url != NULL ? s.url : other.url),
		.fields = span_str(s.fields != NULL ? s.fields : ""),
		.body = span_str(s.body != NULL ? s.body : ""),
		.vary = span_str(s.vary)};
	out.body_size = out.body.n;
	return out;
}

static void check_row(const struct row *row, size_t i)
{
	struct arena a = {0};
	struct buf said = {0};
	struct replay_differences d;
	struct replay_ask r = ask_of(row->recorded, row->asked);
	struct replay_ask k = ask_of(row->asked, row->recorded);
	enum replay_class class = replay_match(&r, &k, &a, &d);
	replay_differences_say(&d, &said);
	char *text = buf_take_str(&said);
	if (class != row->class || (row->said != NULL && strcmp(text, row->said) != 0))
		fail_msg("row %zu (%s): %s, not %s:\n%s", i, row->recorded.url,
			replay_class_word(class), replay_class_word(row->class), text);
	assert_int_equal(d.n == 0, class == REPLAY_EXACT);
	assert_int_equal(d.weight == 0, class == REPLAY_EXACT);
	free(text);
	arena_fini(&a);
}

#define CHECK_ROWS(rows)                                                                       \
	for (size_t i = 0; i < sizeof(rows) / sizeof *(rows); i++)                             \
	check_row(&(rows)[i], i)

static void what_is_never_guessed(void **state)
{
	static const struct row rows[] = {
		{{.url = "https://a.test/x"}, {.url = NULL}, REPLAY_EXACT, ""},
		{{.url = "https://a.test/x"}, {.url = "http://a.test/x"}, REPLAY_NONE,
			"origin: recorded \"https://a.test\", asked \"http://a.test\"\n"},
		{{.url = "https://a.test/x"}, {.url = "https://b.test/x"}, REPLAY_NONE, NULL},
		{{.url = "https://a.test/x"}, {.url = "https://a.test:8443/x"}, REPLAY_NONE,
			NULL},
		{{.url = "https://a.test/x"}, {.url = "https://a.test/x/"}, REPLAY_NONE,
			"path: recorded \"/x\", asked \"/x/\"\n"},
		{{.url = "https://a.test/x/"}, {.url = "https://a.test/x"}, REPLAY_NONE, NULL},
		{{.url = "https://a.test"}, {.url = "https://a.test/"}, REPLAY_NONE, NULL},
		{{.url = "https://a.test/x"}, {.url = "https://a.test/X"}, REPLAY_NONE,
			"path: recorded \"x\", asked \"X\"\n"},
		{{.url = "https://a.test/x"}, {.url = "https://a.test/x?"}, REPLAY_NONE,
			"query: recorded nothing, asked \"\"\n"},
		{{.url = "https://a.test/x?a=1"}, {.url = "https://a.test/x"}, REPLAY_NONE,
			"query: recorded \"a=1\", asked nothing\n"},
		{{.url = "https://a.test/x"}, {.method = "POST"}, REPLAY_NONE,
			"method: recorded \"GET\", asked \"POST\"\n"},
		{{.url = "https://a.test/x"}, {.method = "HEAD"}, REPLAY_NONE, NULL},
		{{.url = "https://a.test/x"}, {.method = "get"}, REPLAY_NONE, NULL},
		{{.url = "mailto:a"}, {.url = "mailto:b"}, REPLAY_NONE, NULL},
		/* Escapes are compared as they are written. */
		{{.url = "https://a.test/x%7C"}, {.url = "https://a.test/x%7c"}, REPLAY_NONE,
			NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void words_in_paths_stay(void **state)
{
	static const struct row rows[] = {
		{{.url = "https://a.test/login"}, {.url = "https://a.test/logout"}, REPLAY_NONE,
			"path: recorded \"login\", asked \"logout\"\n"},
		{{.url = "https://a.test/deadbeef"}, {.url = "https://a.test/cafebabe"},
			REPLAY_NONE, NULL},
		{{.url = "https://a.test/cafe2024"}, {.url = "https://a.test/cafe2025"},
			REPLAY_NONE, NULL},
		{{.url = "https://a.test/top-10-things-of-2023"},
			{.url = "https://a.test/top-15-gadgets-of-2024"}, REPLAY_NONE, NULL},
		{{.url = "https://a.test/iPhone-15-Pro-Max-vs-S24"},
			{.url = "https://a.test/iPhone-14-Pro-Max-vs-S23"}, REPLAY_NONE, NULL},
		{{.url = "https://a.test/MyArticleNumber12345"},
			{.url = "https://a.test/MyArticleNumber54321"}, REPLAY_NONE, NULL},
		{{.url = "https://a.test/2024/11/05/x"}, {.url = "https://a.test/2024/11/06/x"},
			REPLAY_NONE, NULL},
		{{.url = "https://a.test/item/123456"}, {.url = "https://a.test/item/123457"},
			REPLAY_NONE, NULL},
		/* A script is named after what it holds. */
		{{.url = "https://a.test/app.3f2a9c0d.js"},
			{.url = "https://a.test/app.91bb2e7f.js"}, REPLAY_NONE, NULL},
		{{.url = "https://a.test/3f2a9c0d1e.js"},
			{.url = "https://a.test/91bb2e7f3a.js"}, REPLAY_NONE, NULL},
		/* A token in the recorded place of a word. */
		{{.url = "https://a.test/c/abcdefgh"}, {.url = "https://a.test/c/3f2a9c0d"},
			REPLAY_NONE, NULL},
		{{.url = "https://a.test/c/3f2a9c0d/x"}, {.url = "https://a.test/c/91bb2e7f"},
			REPLAY_NONE, NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void tokens_in_paths_may_be_new(void **state)
{
	static const struct row rows[] = {
		{{.url = "https://t.test/c/3f2a9c0d1e2b/go"},
			{.url = "https://t.test/c/91bb2e7f3a55/go"}, REPLAY_VOLATILE,
			"path: recorded \"3f2a9c0d1e2b\", asked \"91bb2e7f3a55\" (hex)\n"},
		{{.url = "https://t.test/c/Zk3pQ9xV2mB7tLr0aW1e"},
			{.url = "https://t.test/c/m8Yt2Kd0Xq5wHs6Lz3Rn"}, REPLAY_VOLATILE,
			"path: recorded \"Zk3pQ9xV2mB7tLr0aW1e\", asked "
			"\"m8Yt2Kd0Xq5wHs6Lz3Rn\" (token)\n"},
		{{.url = "https://t.test/k3j9x0a8b7c6d5e4z1"},
			{.url = "https://t.test/z81m4q0w2e6r5t3y7u"}, REPLAY_VOLATILE, NULL},
		{{.url = "https://t.test/1b4e28ba-2fa1-11d2-883f-0016d3cca427"},
			{.url = "https://t.test/6BA7B810-9DAD-11D1-80B4-00C04FD430C8"},
			REPLAY_VOLATILE, NULL},
		{{.url = "https://t.test/p/1700000000000.gif"},
			{.url = "https://t.test/p/1764400000000.gif"}, REPLAY_VOLATILE,
			"path: recorded \"1700000000000.gif\", asked \"1764400000000.gif\" "
			"(time)\n"},
		{{.url = "https://t.test/p/1700000000000.gif"},
			{.url = "https://t.test/p/1764400000000.jsp"}, REPLAY_NONE, NULL},
		{{.url = "https://s.test/in;jsessionid=0A1B2C3D4E5F60718293A4B5C6D7E8F9"},
			{.url = "https://s.test/"
				"in;jsessionid=F9E8D7C6B5A493827160F5E4D3C2B1A0"},
			REPLAY_VOLATILE,
			"path: recorded \"jsessionid=0A1B2C3D4E5F60718293A4B5C6D7E8F9\", "
			"asked \"jsessionid=F9E8D7C6B5A493827160F5E4D3C2B1A0\" (hex)\n"},
		{{.url = "https://s.test/in;a=0A1B2C3D4E5F"},
			{.url = "https://s.test/in;b=0A1B2C3D4E50"}, REPLAY_NONE, NULL},
		{{.url = "https://s.test/in;a=1"}, {.url = "https://s.test/in"}, REPLAY_NONE,
			NULL},
		{{.url = "https://ad.test/activity;src=12;ord=8123456789012?"},
			{.url = "https://ad.test/activity;src=12;ord=17123?"}, REPLAY_VOLATILE,
			NULL},
		{{.url = "https://ad.test/activity;src=12123;ord=1?"},
			{.url = "https://ad.test/activity;src=17123;ord=1?"}, REPLAY_NONE,
			NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void parameters(void **state)
{
	static const struct row rows[] = {
		{{.url = "https://a.test/?a=1&b=2"}, {.url = "https://a.test/?b=2&a=1"},
			REPLAY_QUERY, "order: recorded \"a=1&b=2\", asked \"b=2&a=1\"\n"},
		{{.url = "https://a.test/?a=1&a=2"}, {.url = "https://a.test/?a=2&a=1"},
			REPLAY_QUERY, NULL},
		{{.url = "https://a.test/?a=1&b=2"}, {.url = "https://a.test/?a=1&b=3"},
			REPLAY_NONE, "query \"b\": recorded \"2\", asked \"3\"\n"},
		{{.url = "https://a.test/?a=1&b=2"}, {.url = "https://a.test/?a=1"},
			REPLAY_NONE, "query \"b\": recorded \"2\", asked nothing\n"},
		{{.url = "https://a.test/?a=1"}, {.url = "https://a.test/?a=1&a=1"},
			REPLAY_NONE, NULL},
		{{.url = "https://a.test/?a"}, {.url = "https://a.test/?a="}, REPLAY_NONE,
			NULL},
		{{.url = "https://a.test/?a=1"}, {.url = "https://a.test/?A=1"}, REPLAY_NONE,
			NULL},
		{{.url = "https://a.test/?=x"}, {.url = "https://a.test/?x"}, REPLAY_NONE,
			NULL},
		/* A time or random number, by its shape. */
		{{.url = "https://a.test/?x=1700000000"},
			{.url = "https://a.test/?x=1764400000"}, REPLAY_VOLATILE, NULL},
		{{.url = "https://a.test/?x=1700000000"},
			{.url = "https://a.test/?x=1764400000000"}, REPLAY_NONE, NULL},
		{{.url = "https://a.test/?id=4100000001"},
			{.url = "https://a.test/?id=4100000002"}, REPLAY_NONE, NULL},
		{{.url = "https://a.test/?x=1700000000000000"},
			{.url = "https://a.test/?x=1764400000000001"}, REPLAY_VOLATILE, NULL},
		{{.url = "https://a.test/?1700000000000"},
			{.url = "https://a.test/?1764400000000"}, REPLAY_VOLATILE,
			"query: recorded \"1700000000000\", asked \"1764400000000\" (time)\n"},
		{{.url = "https://a.test/?12345678"}, {.url = "https://a.test/?12345679"},
			REPLAY_NONE, NULL},
		{{.url = "https://a.test/?x=0.8163452918273645"},
			{.url = "https://a.test/?x=0.12345678"}, REPLAY_VOLATILE,
			"query \"x\": recorded \"0.8163452918273645\", asked "
			"\"0.12345678\" (random)\n"},
		{{.url = "https://a.test/?x=0.5"}, {.url = "https://a.test/?x=0.7"},
			REPLAY_NONE, NULL},
		{{.url = "https://a.test/?at=2026-11-29T12:00:00Z"},
			{.url = "https://a.test/?at=2027-01-01T00%3A00%3A00.123%2B01%3A00"},
			REPLAY_VOLATILE, NULL},
		{{.url = "https://a.test/?at=2026-11-29"},
			{.url = "https://a.test/?at=2026-11-30"}, REPLAY_NONE, NULL},
		/* A number, by its name. */
		{{.url = "https://a.test/?_=123456"}, {.url = "https://a.test/?_=98765432"},
			REPLAY_VOLATILE,
			"query \"_\": recorded \"123456\", asked \"98765432\" (number)\n"},
		{{.url = "https://a.test/?CB=123456"}, {.url = "https://a.test/?CB=9876"},
			REPLAY_VOLATILE, NULL},
		{{.url = "https://a.test/?cb=1"}, {.url = "https://a.test/?cb=2"}, REPLAY_NONE,
			NULL},
		{{.url = "https://a.test/?page=123456"}, {.url = "https://a.test/?page=123457"},
			REPLAY_NONE, NULL},
		{{.url = "https://a.test/?t=10234.5"},
			{.url = "https://a.test/?t=991.100000001"}, REPLAY_VOLATILE, NULL},
		/* Ids and tokens. */
		{{.url = "https://a.test/?cid=1234567890.1700000000"},
			{.url = "https://a.test/?cid=99887766.1764400000"}, REPLAY_VOLATILE,
			"query \"cid\": recorded \"1234567890.1700000000\", asked "
			"\"99887766.1764400000\" (client)\n"},
		{{.url = "https://a.test/?fbp=fb.1.1700000000000.123"},
			{.url = "https://a.test/?fbp=fb.1.1764400000000.99887766"},
			REPLAY_VOLATILE, NULL},
		{{.url = "https://a.test/?v=1.2.3"}, {.url = "https://a.test/?v=1.2.4"},
			REPLAY_NONE, NULL},
		{{.url = "https://a.test/?h=3f2a9c0d"}, {.url = "https://a.test/?h=91bb2e7f3a"},
			REPLAY_NONE, NULL},
		{{.url = "https://a.test/?s=Zk3pQ9xV2mB7tLr0aW1e"},
			{.url = "https://a.test/?s=m8Yt2Kd0Xq5wHs6Lz3Rn1Q"}, REPLAY_VOLATILE,
			NULL},
		{{.url = "https://a.test/?s=Zk3pQ9xV2mB7tLr0aW1e"},
			{.url = "https://a.test/?s=m8Yt2Kd0Xq5wHs6Lz3Rn1Qa"}, REPLAY_NONE,
			NULL},
		{{.url = "https://a.test/?s=Zk3pQ9xV2mB7tLr0%2BW%3D%3D"},
			{.url = "https://a.test/?s=m8Yt2Kd%2FXq5wHs6Lz3%3D"}, REPLAY_VOLATILE,
			NULL},
		{{.url = "https://a.test/"
			 "?j=eyJhbGciOiJub25lIn0.eyJpYXQiOjF9.Zk3pQ9xV2mB7tLr0aW1e"},
			{.url = "https://a.test/"
				"?j=eyJhbGciOiJub25lIn0.eyJpYXQiOjJ9.m8Yt2Kd0Xq5wHs6Lz3Rn"},
			REPLAY_VOLATILE, NULL},
		/* An address in base64 or hex is no token: where to go is what is asked. */
		{{.url = "https://a.test/?u=aHR0cHM6Ly9hLmV4YW1wbGUvMTIz"},
			{.url = "https://a.test/?u=aHR0cHM6Ly9iLmV4YW1wbGUvNDU2"}, REPLAY_NONE,
			NULL},
		{{.url = "https://a.test/?u=687474703a2f2f61"},
			{.url = "https://a.test/?u=687474703a2f2f62"}, REPLAY_NONE, NULL},
		{{.url = "https://a.test/?u=dXNlcj00NzExLHRvPS9ob21lL1g"},
			{.url = "https://a.test/?u=dXNlcj00NzEyLHRvPS9jYXJ0L1k"}, REPLAY_NONE,
			NULL},
		{{.url = "https://a.test/?u=AQJodHRwOi8vYS5iL/8x"},
			{.url = "https://a.test/?u=AQJodHRwOi8vYy5kL/8y"}, REPLAY_NONE, NULL},
		{{.url = "https://a.test/?u=R3LDtsOfZT0xMiZUw7ZuZT0z"},
			{.url = "https://a.test/?u=R3LDtsOfZT05OSZUw7ZuZT03"}, REPLAY_NONE,
			NULL},
		/* Both at once. */
		{{.url = "https://a.test/?a=1&_=1700000000000"},
			{.url = "https://a.test/?_=1764400000000&a=1"}, REPLAY_VOLATILE,
			"order: recorded \"a=1&_=1700000000000\", asked "
			"\"_=1764400000000&a=1\"\nquery \"_\": recorded \"1700000000000\", "
			"asked \"1764400000000\" (time)\n"},
		/* Addresses within parameters, as sign-in redirects carry them. */
		{{.url = "https://a.test/?to=https%3A%2F%2Fb.test%2Fx%3Fstate%3D3f2a9c0d1e"},
			{.url = "https://a.test/"
				"?to=https%3A%2F%2Fb.test%2Fx%3Fstate%3D91bb2e7f3a"},
			REPLAY_VOLATILE,
			"query \"to\": recorded "
			"\"https%3A%2F%2Fb.test%2Fx%3Fstate%3D3f2a9c0d1e\", asked "
			"\"https%3A%2F%2Fb.test%2Fx%3Fstate%3D91bb2e7f3a\" (address)\n"},
		{{.url = "https://a.test/?to=https%3A%2F%2Fb.test%2Fx"},
			{.url = "https://a.test/?to=https%3A%2F%2Fc.test%2Fx"}, REPLAY_NONE,
			NULL},
		{{.url = "https://a.test/?to=https%3A%2F%2Fb.test%2Fx"},
			{.url = "https://a.test/?to=https%3A%2F%2Fb.test%2Fy"}, REPLAY_NONE,
			NULL},
		/* Two levels deep, and no deeper. */
		{{.url = "http://b/"
			 "?u=http%3A%2F%2Fb%2F%3Fu%3Dhttp%253A%252F%252Fd%252F%253Ft%"
			 "253D12345"},
			{.url = "http://b/"
				"?u=http%3A%2F%2Fb%2F%3Fu%3Dhttp%253A%252F%252Fd%252F%253Ft%"
				"253D12346"},
			REPLAY_VOLATILE, NULL},
		{{.url = "http://b/"
			 "?u=http%3A%2F%2Fb%2F%3Fu%3Dhttp%253A%252F%252Fb%252F%253Fu%253Dhttp%"
			 "25253A%25252F%25252Fd%25252F%25253Ft%25253D12345"},
			{.url = "http://b/"
				"?u=http%3A%2F%2Fb%2F%3Fu%3Dhttp%253A%252F%252Fb%252F%253Fu%"
				"253Dhttp%25253A%25252F%25252Fd%25252F%25253Ft%25253D12346"},
			REPLAY_NONE, NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void fields_that_answers_depend_on(void **state)
{
	static const struct row rows[] = {
		/* What does not count, unless Vary names it. */
		{{.url = "https://a.test/",
			 "User-Agent: a\r\nAccept: b\r\nSec-Fetch-Dest: document\r\n"},
			{.fields = ":method: GET\r\n:path: /\r\nuser-agent: c\r\n\r\n"},
			REPLAY_EXACT, ""},
		{{.url = "https://a.test/", "User-Agent: a\r\n", .vary = "Accept, user-agent"},
			{.fields = "user-agent: c\r\n"}, REPLAY_FIELDS,
			"field \"user-agent\": recorded \"a\", asked \"c\"\n"},
		{{.url = "https://a.test/",
			 "Accept-Language: de\r\n",
			 .vary = "Accept-Language"},
			{.fields = ""}, REPLAY_FIELDS,
			"field \"Accept-Language\": recorded \"de\", asked nothing\n"},
		{{.url = "https://a.test/", "Accept: a\r\n", .vary = "*"},
			{.fields = "Accept: b\r\n"}, REPLAY_EXACT, ""},
		{{.url = "https://a.test/",
			 "Host: a.test\r\nA: 1\r\nA: 2\r\n",
			 .vary = "host, a, A"},
			{.fields = "a: 1, 2\r\n"}, REPLAY_EXACT, ""},
		{{.url = "https://a.test/", "Referer: https://x.test/\r\n"},
			{.fields = "referer: https://y.test/\r\n"}, REPLAY_FIELDS, NULL},
		{{.url = "https://a.test/", "Origin: null\r\n", .vary = "Origin"},
			{.url = NULL}, REPLAY_FIELDS,
			"field \"origin\": recorded \"null\", asked nothing\n"},
		{{.url = "https://a.test/", "Authorization: Bearer a\r\n"},
			{.fields = "Authorization: Bearer b\r\n"}, REPLAY_FIELDS, NULL},
		{{.url = "https://a.test/", "Authorization: Bearer a\r\n"}, {.url = NULL},
			REPLAY_STATE, NULL},
		{{.url = "https://a.test/", "*: a\r\n", .vary = "*"}, {.fields = "*: b\r\n"},
			REPLAY_EXACT, ""},
		{{.url = "https://a.test/", "A: 1\r\n", .vary = "A, B, a"},
			{.fields = "A: 2\r\n"}, REPLAY_FIELDS,
			"field \"A\": recorded \"1\", asked \"2\"\n"},
		/* Media by ranges, and revalidation. */
		{{.url = "https://a.test/v.mp4", "Range: bytes=0-\r\n"}, {.url = NULL},
			REPLAY_STATE,
			"field \"range\": recorded \"bytes=0-\", asked nothing\n"},
		{{.url = "https://a.test/v.mp4", "Range: bytes=0-\r\n"},
			{.fields = "Range: bytes=1000-\r\n"}, REPLAY_STATE, NULL},
		{{.url = "https://a.test/x", "If-None-Match: \"a\"\r\n"}, {.url = NULL},
			REPLAY_STATE, NULL},
		{{.url = "https://a.test/x", "If-None-Match: \"a\"\r\n"},
			{.fields = "If-None-Match: \"b\"\r\n"}, REPLAY_FIELDS, NULL},
		{{.url = "https://a.test/x"},
			{.fields = "If-Modified-Since: Sun, 29 Nov 2026 06:00:00 GMT\n"},
			REPLAY_STATE, NULL},
		{{.url = "https://a.test/ws"}, {.fields = "Upgrade: websocket\r\n"},
			REPLAY_STATE, NULL},
		/* A preflight for another method is another question. */
		{{.url = "https://a.test/x",
			 "Access-Control-Request-Method: PUT\r\n",
			 .method = "OPTIONS"},
			{.fields = "access-control-request-method: PUT\r\n",
				.method = "OPTIONS"},
			REPLAY_EXACT, ""},
		{{.url = "https://a.test/x",
			 "Access-Control-Request-Method: PUT\r\n",
			 .method = "OPTIONS"},
			{.fields = "access-control-request-method: POST\r\n",
				.method = "OPTIONS"},
			REPLAY_STATE, NULL},
		{{.url = "https://a.test/x",
			 "Access-Control-Request-Headers: a\r\n",
			 .method = "OPTIONS"},
			{.fields = "access-control-request-headers: b\r\n",
				.method = "OPTIONS"},
			REPLAY_FIELDS, NULL},
		/* Behind the empty line is no field. */
		{{.url = "https://a.test/x", "A: 1\r\n\r\nRange: bytes=0-\r\n"}, {.url = NULL},
			REPLAY_EXACT, ""},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void cookies(void **state)
{
	static const struct row rows[] = {
		{{.url = "https://a.test/", "Cookie: a=1; b=2\r\n"},
			{.fields = "cookie: b=2\r\ncookie: a=1\r\n"}, REPLAY_EXACT, ""},
		{{.url = "https://a.test/", "Cookie: sid=a; b=2\r\n"},
			{.fields = "Cookie: b=2; sid=b\r\n"}, REPLAY_FIELDS,
			"cookie \"sid\": recorded \"a\", asked \"b\"\n"},
		{{.url = "https://a.test/", "Cookie: _ga=GA1.1.123456789.1700000000\r\n"},
			{.fields = "Cookie: _ga=GA1.1.98765.1764400000\r\n"}, REPLAY_FIELDS,
			"cookie \"_ga\": recorded \"GA1.1.123456789.1700000000\", asked "
			"\"GA1.1.98765.1764400000\" (client)\n"},
		{{.url = "https://a.test/", "Cookie: a=1\r\n"}, {.url = NULL}, REPLAY_STATE,
			"cookie \"a\": recorded \"1\", asked nothing\n"},
		{{.url = "https://a.test/", "Cookie: a=1\r\n"},
			{.fields = "Cookie: a=1; c=\r\n"}, REPLAY_STATE,
			"cookie \"c\": recorded nothing, asked \"\"\n"},
		{{.url = "https://a.test/", "Cookie: a=1; a=2\r\n"},
			{.fields = "Cookie: a=2\r\n"}, REPLAY_STATE, NULL},
		{{.url = "https://a.test/", "Cookie: lone; ;\r\n"},
			{.fields = "Cookie: lonely\r\n"}, REPLAY_FIELDS,
			"cookie: recorded \"lone\", asked \"lonely\"\n"},
		{{.url = "https://a.test/", "Cookie: a=1\r\n", .vary = "Cookie"},
			{.fields = "Cookie: a=2\r\n"}, REPLAY_FIELDS,
			"cookie \"a\": recorded \"1\", asked \"2\"\n"},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void bodies(void **state)
{
	static const struct row rows[] = {
		{{.url = "https://a.test/in",
			 URLENCODED,
			 "u=x&csrf=3f2a9c0d1e&go",
			 .method = "POST"},
			{.fields = URLENCODED,
				.body = "u=x&csrf=91bb2e7f3a&go",
				.method = "POST"},
			REPLAY_BODY,
			"form \"csrf\": recorded \"3f2a9c0d1e\", asked \"91bb2e7f3a\" "
			"(hex)\n"},
		{{.url = "https://a.test/in", URLENCODED, "u=x&p=1", .method = "POST"},
			{.fields = URLENCODED, .body = "u=y&p=anything", .method = "POST"},
			REPLAY_BODY,
			"form \"p\": recorded \"1\", asked \"anything\"\n"
			"form \"u\": recorded \"x\", asked \"y\"\n"},
		{{.url = "https://a.test/in", URLENCODED, "u=x&p=1", .method = "POST"},
			{.fields = URLENCODED, .body = "p=1&u=x", .method = "POST"},
			REPLAY_BODY, "order: recorded \"u=x&p=1\", asked \"p=1&u=x\"\n"},
		{{.url = "https://a.test/in", URLENCODED, "u=x&p=1", .method = "POST"},
			{.fields = URLENCODED, .body = "u=x&q=1", .method = "POST"},
			REPLAY_BODY_FREE, "body: recorded \"u=x&p=1\", asked \"u=x&q=1\"\n"},
		{{.url = "https://a.test/in", URLENCODED, "opaque", .method = "POST"},
			{.fields = URLENCODED, .body = "other", .method = "POST"},
			REPLAY_BODY_FREE, NULL},
		{{.url = "https://a.test/in", URLENCODED, "u=x", .method = "POST"},
			{.fields = URLENCODED, .method = "POST"}, REPLAY_BODY_FREE, NULL},
		{{.url = "https://a.test/in", URLENCODED, "u=x&go", .method = "POST"},
			{.fields = URLENCODED, .body = "u=x&go=1", .method = "POST"},
			REPLAY_BODY, "form \"go\": recorded nothing, asked \"1\"\n"},
		/* Another media type is another form. */
		{{.url = "https://a.test/in", URLENCODED, "u=x", .method = "POST"},
			{.fields = "Content-Type: text/plain\r\n",
				.body = "u=y",
				.method = "POST"},
			REPLAY_BODY_FREE, NULL},
		{{.url = "https://a.test/in",
			 URLENCODED "Content-Encoding: gzip\r\n",
			 "u=x",
			 .method = "POST"},
			{.fields = URLENCODED "Content-Encoding: gzip\r\n",
				.body = "u=y",
				.method = "POST"},
			REPLAY_BODY_FREE, NULL},
		/* Beacons. */
		{{.url = "https://a.test/b",
			 JSON,
			 "{\"t\":1.5,\"e\":[{\"n\":\"x\"},{\"n\":\"y\"}]}",
			 .method = "POST"},
			{.fields = JSON,
				.body = "{\"e\": [{\"n\":\"x\"},{\"n\":\"z\"}], \"t\":1.5}",
				.method = "POST"},
			REPLAY_BODY, "json \"e[1].n\": recorded \"\"y\"\", asked \"\"z\"\"\n"},
		{{.url = "https://a.test/b", JSON, "{\"t\":1}", .method = "POST"},
			{.fields = JSON, .body = " {\"t\" : 1}\n", .method = "POST"},
			REPLAY_BODY, NULL},
		{{.url = "https://a.test/b", JSON, "{\"t\":1}", .method = "POST"},
			{.fields = JSON, .body = "{\"t\":1,\"u\":1}", .method = "POST"},
			REPLAY_BODY_FREE, NULL},
		{{.url = "https://a.test/b", JSON, "{\"t\":[1]}", .method = "POST"},
			{.fields = JSON, .body = "{\"t\":[1,2]}", .method = "POST"},
			REPLAY_BODY_FREE, NULL},
		{{.url = "https://a.test/b",
			 "Content-Type: text/plain;charset=UTF-8\r\n",
			 "{\"t\":1}",
			 .method = "POST"},
			{.fields = "Content-Type: text/plain;charset=UTF-8\r\n",
				.body = "{\"t\":2}",
				.method = "POST"},
			REPLAY_BODY_FREE,
			"body: recorded \"{\"t\":1}\", asked \"{\"t\":2}\"\n"},
		/* The worst of all, and all of it. */
		{{.url = "https://a.test/b?_=1700000000000",
			 JSON "Cookie: a=1\r\n",
			 "{\"t\":1}",
			 .method = "POST"},
			{.url = "https://a.test/b?_=1764400000000",
				JSON,
				"{\"t\":2}",
				.method = "POST"},
			REPLAY_VOLATILE,
			"query \"_\": recorded \"1700000000000\", asked \"1764400000000\" "
			"(time)\n"
			"cookie \"a\": recorded \"1\", asked nothing\n"
			"json \"t\": recorded \"1\", asked \"2\"\n"},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void json_is_read_strictly(void **state)
{
	static const struct {
		const char *recorded, *asked;
		bool form;
	} rows[] = {
		{"{\"a\":1}", "{\"a\":2}", true},
		{"[1,\"x\",null]", "[2,true,{}]", true},
		{"{\"a\":{\"b\":-1.5e+3}}", "{\"a\":{\"b\":\"\\u00e4\\n\"}}", true},
		{"{\"a.b\":1}", "{\"a\":{\"b\":1}}", false},
		{"{\"a[0]\":1}", "{\"a\":[1]}", false},
		{"{\"\":1}", "1", false},
		{"{}", "[]", false},
		{"[[1,2],[3]]", "[[1],[2,3]]", false},
		{"[{\"a\":1},{\"b\":1}]", "[{\"b\":1},{\"a\":1}]", false},
		{"[1,2]", "[2,1]", true},
		{"{\"a\":1}", "{\"a\":2", false},
		{"{\"a\":1}", "{\"a\":2,}", false},
		{"{\"a\":1}", "{\"a\":02}", false},
		{"{\"a\":1}", "{\"a\":2.}", false},
		{"{\"a\":1}", "{\"a\":\"\\x\"}", false},
		{"{\"a\":1}", "{\"a\":\"\\u12g4\"}", false},
		{"{\"a\":1}", "{\"a\":\"\n\"}", false},
		{"{\"a\":1}", "{\"a\":2} x", false},
		{"{\"a\":1}", "{'a':2}", false},
		{"{\"a\":1}", "{\"a\":tru}", false},
		{"{\"a\":1}", "", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct row row = {{.url = "https://a.test/", JSON, rows[i].recorded},
			{.fields = JSON, .body = rows[i].asked},
			rows[i].form ? REPLAY_BODY : REPLAY_BODY_FREE, NULL};
		check_row(&row, i);
	}
}

#define PART(b, head, value)                                                                   \
	"--" b "\r\nContent-Disposition: form-data; " head "\r\n\r\n" value "\r\n"

static void multipart(void **state)
{
	static const char type_x[] = "Content-Type: multipart/form-data; boundary=x1\r\n";
	static const char type_y[] = "Content-Type: multipart/form-data; boundary=\"y2\"\r\n";
	static const struct row rows[] = {
		{{.url = "https://a.test/",
			 type_x,
			 PART("x1", "name=\"a\"", "1")
				 PART("x1", "name=\"b\"", "") "--x1--\r\n"},
			{.fields = type_y,
				.body = PART("y2", "name=\"a\"", "2")
					PART("y2", "name=\"b\"", "") "--y2--\r\n"},
			REPLAY_BODY,
			"field \"content-type\": recorded \"multipart/form-data; "
			"boundary=x1\", asked \"multipart/form-data; boundary=\"y2\"\"\n"
			"part \"a\": recorded \"1\", asked \"2\"\n"},
		{{.url = "https://a.test/", type_x, PART("x1", "name=\"a\"", "1") "--x1--"},
			{.fields = type_y, .body = PART("y2", "name=\"a\"", "1") "--y2--"},
			REPLAY_BODY, NULL},
		{{.url = "https://a.test/",
			 type_x,
			 PART("x1", "filename=\"q; name=q\"; name=\"a\"", "1") "--x1--"},
			{.fields = type_x,
				.body = PART("x1", "name=\"a\"; filename=\"r\"", "1") "--x1--"},
			REPLAY_BODY,
			"part \"a\": recorded \"Content-Disposition: form-data; "
			"filename=\"q; name=q\"; name=\"a\"\", asked \"Content-Disposition: "
			"form-data; name=\"a\"; filename=\"r\"\"\n"},
		{{.url = "https://a.test/", type_x, PART("x1", "name=\"a\"", "1") "--x1--"},
			{.fields = type_x, .body = PART("x1", "name=\"b\"", "1") "--x1--"},
			REPLAY_BODY_FREE, NULL},
		{{.url = "https://a.test/", type_x, PART("x1", "name=\"a\"", "1") "--x1--"},
			{.fields = type_x, .body = PART("x1", "name=\"a\"", "2")},
			REPLAY_BODY_FREE, NULL},
		{{.url = "https://a.test/", type_x, PART("x1", "name=\"a\"", "1") "--x1--"},
			{.fields = type_x, .body = "--x1\r\n--x1--"}, REPLAY_BODY_FREE, NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void a_cut_body_is_known_by_its_digest(void **state)
{
	static const uint8_t one[32] = {1}, two[32] = {2};
	static const struct {
		const uint8_t *recorded, *asked;
		uint64_t size_r, size_k;
		enum replay_class class;
		bool limited;
	} rows[] = {
		{one, one, 100000, 100000, REPLAY_EXACT, false},
		{one, two, 100000, 100000, REPLAY_BODY_FREE, true},
		{one, one, 100000, 100001, REPLAY_BODY_FREE, true},
		{one, NULL, 100000, 100000, REPLAY_BODY_FREE, true},
		{NULL, NULL, 100000, 100000, REPLAY_BODY_FREE, true},
		/* Both are there as a whole: the bytes say more. */
		{one, two, 7, 7, REPLAY_EXACT, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct replay_differences d;
		struct replay_ask r = {.method = span_str("POST"),
			.url = span_str("https://a.test/"),
			.fields = span_str(JSON),
			.body = span_str("{\"a\":1}"),
			.body_size = rows[i].size_r,
			.body_sha256 = rows[i].recorded};
		struct replay_ask k = r;
		k.body_size = rows[i].size_k;
		k.body_sha256 = rows[i].asked;
		assert_int_equal(replay_match(&r, &k, &a, &d), rows[i].class);
		assert_int_equal(d.limited, rows[i].limited);
		arena_fini(&a);
	}
}

/* Weights order candidates of one class. */
static void the_better_of_two(void **state)
{
	static const struct {
		struct side better, worse, asked;
	} rows[] = {
		/* The class, before anything else. */
		{{.url = "https://a.test/", "Cookie: s=1\r\n"}, {.url = "https://a.test/"},
			{.url = NULL, "Cookie: s=2\r\n"}},
		/* The same cookies, whatever else: which round of a loop this is. */
		{{.url = "https://a.test/?t=1700000000&u=1700000000&v=91bb2e7f3a",
			 "Cookie: s=1\r\n"},
			{.url = "https://a.test/?t=1764400000&u=1764400000&v=91bb2e7f3a"},
			{.url = "https://a.test/?t=1764400000&u=1764400000&v=3f2a9c0d1e",
				"Cookie: s=2\r\n"}},
		/* Fewer differences. */
		{{.url = "https://a.test/", "Cookie: a=1; b=1\r\n"},
			{.url = "https://a.test/", "Cookie: a=1; b=2\r\n"},
			{.url = NULL, "Cookie: a=0; b=1\r\n"}},
		/* A cookie that is new each time before one that is not. */
		{{.url = "https://a.test/", "Cookie: t=1700000000; u=1\r\n"},
			{.url = "https://a.test/", "Cookie: t=1764400000; u=2\r\n"},
			{.url = NULL, "Cookie: t=1764400000; u=1\r\n"}},
		/* A cache-buster before a token, a query before a path. */
		{{.url = "https://a.test/?cb=12345&s=3f2a9c0d1e"},
			{.url = "https://a.test/?cb=99999&s=91bb2e7f3a"},
			{.url = "https://a.test/?cb=99999&s=3f2a9c0d1e"}},
		{{.url = "https://a.test/c/3f2a9c0d1e?s=11bb2e7f3a"},
			{.url = "https://a.test/c/91bb2e7f3a?s=3f2a9c0d1e"},
			{.url = "https://a.test/c/3f2a9c0d1e?s=3f2a9c0d1e"}},
		/* The same user with a new token before another user. */
		{{.url = "https://a.test/", URLENCODED, "u=x&csrf=3f2a9c0d1e"},
			{.url = "https://a.test/", URLENCODED, "u=y&csrf=91bb2e7f3a"},
			{.url = NULL, URLENCODED, "u=x&csrf=91bb2e7f3a"}},
		/* The more similar body. */
		{{.url = "https://a.test/", .body = "event=open&time=12"},
			{.url = "https://a.test/", .body = "event=close&time=9"},
			{.url = NULL, .body = "event=open&time=99"}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct replay_differences d1, d2;
		struct replay_ask one = ask_of(rows[i].better, rows[i].asked);
		struct replay_ask two = ask_of(rows[i].worse, rows[i].asked);
		struct replay_ask asked = ask_of(rows[i].asked, rows[i].better);
		enum replay_class c1 = replay_match(&one, &asked, &a, &d1);
		enum replay_class c2 = replay_match(&two, &asked, &a, &d2);
		if (!replay_better(c1, d1.weight, c2, d2.weight) ||
			replay_better(c2, d2.weight, c1, d1.weight))
			fail_msg("row %zu: %s %lld, %s %lld", i, replay_class_word(c1),
				(long long)d1.weight, replay_class_word(c2),
				(long long)d2.weight);
		arena_fini(&a);
	}
}

/* `n` pieces, each "name" and a number, and a last one that is given. */
static char *many(const char *start, const char *piece, unsigned n, const char *last)
{
	struct buf b = {0};
	buf_add_str(&b, start);
	for (unsigned i = 0; i < n; i++)
		buf_addf(&b, "%s%u", piece, i);
	buf_add_str(&b, last);
	return buf_take_str(&b);
}

static void check_limit(struct side recorded, struct side asked, enum replay_class class,
	const char *of, bool limited)
{
	struct arena a = {0};
	struct replay_differences d;
	struct replay_ask r = ask_of(recorded, asked), k = ask_of(asked, recorded);
	enum replay_class got = replay_match(&r, &k, &a, &d);
	if (got != class || d.limited != limited)
		fail_msg("%s: %s, limited %d", of, replay_class_word(got), d.limited);
	bool named = false;
	for (size_t i = 0; i < d.n; i++)
		named |= strcmp(d.items[i].what, "limit") == 0 && span_is(d.items[i].name, of);
	assert_int_equal(named, limited);
	assert_true(d.n <= REPLAY_DIFFERENCES_MAX);
	arena_fini(&a);
	free((void *)(uintptr_t)recorded.url);
	free((void *)(uintptr_t)asked.url);
}

static char *url(void)
{
	return many("https://a.test/", "", 0, "");
}

static void limits_are_said_and_make_it_no_better(void **state)
{
	char *x, *y;
	(void)state;
	enum { P = REPLAY_PAIRS_MAX };
	check_limit((struct side){.url = many("http://a/?", "&a=", P - 2, "&_=12345")},
		(struct side){.url = many("http://a/?", "&a=", P - 2, "&_=12346")},
		REPLAY_VOLATILE, "query", false);
	check_limit((struct side){.url = many("http://a/?", "&a=", P, "&_=12345")},
		(struct side){.url = many("http://a/?", "&a=", P, "&_=12346")}, REPLAY_NONE,
		"query", true);
	check_limit((struct side){.url = many("http://a/?", "&a=", P, "")},
		(struct side){.url = many("http://a/?", "&a=", P, "")}, REPLAY_EXACT, "query",
		false);
	check_limit(
		(struct side){.url = many("http://a", "/", REPLAY_SEGMENTS_MAX, "/3f2a9c0d1e")},
		(struct side){.url = many("http://a", "/", REPLAY_SEGMENTS_MAX, "/91bb2e7f3a")},
		REPLAY_NONE, "path", true);
	check_limit((struct side){.url = many("http://a/?x=", "longer", 10000, "&_=12345")},
		(struct side){.url = many("http://a/?x=", "longer", 10000, "&_=12346")},
		REPLAY_NONE, "url", true);

	x = many("Cookie: ", "; a=", P, "");
	y = many("Cookie: ", "; a=", P, "; b=1");
	check_limit((struct side){.url = url(), x}, (struct side){.url = url(), y},
		REPLAY_STATE, "cookies", true);
	free(x);
	free(y);
	x = many("", "A: b\r\nB: ", REPLAY_LINES_MAX, "\r\nUser-Agent: a\r\n");
	y = many("", "A: b\r\nB: ", REPLAY_LINES_MAX, "\r\nUser-Agent: b\r\n");
	check_limit((struct side){.url = url(), x}, (struct side){.url = url(), y},
		REPLAY_STATE, "fields", true);
	free(x);
	free(y);
	x = many("", ",a", REPLAY_VARY_MAX + 1, "");
	check_limit((struct side){.url = url(), "A: b\r\n", .vary = x},
		(struct side){.url = url(), "A: c\r\n"}, REPLAY_STATE, "vary", true);
	free(x);

	x = many("", "&a=", P, "");
	y = many("", "&a=", P, "&b=");
	check_limit((struct side){.url = url(), URLENCODED, x},
		(struct side){.url = url(), URLENCODED, y}, REPLAY_BODY_FREE, "body", true);
	free(x);
	free(y);
	x = many("[0", ",1", P, "]");
	check_limit((struct side){.url = url(), JSON, x},
		(struct side){.url = url(), JSON, "[1]"}, REPLAY_BODY_FREE, "body", true);
	free(x);
	static const char type[] = "Content-Type: multipart/form-data; boundary=x\r\n";
	static const char part[] = "\r\n--x\r\nContent-Disposition: form-data; name=a\r\n\r\n";
	x = many(part + 2, part, P, "\r\n--x--");
	y = many(part + 2, part, P, "\r\n--x--\r\n");
	check_limit((struct side){.url = url(), type, x}, (struct side){.url = url(), type, y},
		REPLAY_BODY_FREE, "body", true);
	free(x);
	free(y);
	char deep[2 * REPLAY_JSON_DEPTH + 4] = "";
	memset(deep, '[', REPLAY_JSON_DEPTH + 1);
	check_limit((struct side){.url = url(), JSON, deep},
		(struct side){.url = url(), JSON, "[1]"}, REPLAY_BODY_FREE, "body", true);
}

static void what_is_not_listed_is_counted(void **state)
{
	(void)state;
	struct arena a = {0};
	struct buf said = {0};
	struct replay_differences d;
	char *x = many("Cookie: ", "; a", 100, ""), *y = many("Cookie: ", "; b", 90, "");
	struct replay_ask r =
		ask_of((struct side){.url = "http://a/", x}, (struct side){.url = NULL});
	struct replay_ask k =
		ask_of((struct side){.url = "http://a/", y}, (struct side){.url = NULL});
	/* Cookies without name: 90 have another value, 10 are on one side. */
	assert_int_equal(replay_match(&r, &k, &a, &d), REPLAY_STATE);
	assert_int_equal(d.n, REPLAY_DIFFERENCES_MAX);
	assert_int_equal(d.unlisted, 100 - REPLAY_DIFFERENCES_MAX);
	assert_false(d.limited);
	assert_true(d.weight > REPLAY_WEIGHT_COOKIES);
	replay_differences_say(&d, &said);
	assert_true(span_find(buf_span(&said), span_str("\n36 more\n"), 0) != SIZE_MAX);
	buf_fini(&said);
	arena_fini(&a);
	free(x);
	free(y);
}

static void values_are_said_safely(void **state)
{
	static const struct row rows[] = {
		{{.url = "http://a/", "Cookie: a=\x1b[31m\xe2\x80\xae\xff\r\n"},
			{.fields = "Cookie: a=1\r\n"}, REPLAY_FIELDS,
			"cookie \"a\": recorded \"\\x1b[31m\\u{202e}\\xff\", asked \"1\"\n"},
		{{.url = "http://a/",
			 "Cookie: a="
			 "012345678901234567890123456789012345678901234567890123456789012"
			 "3456789"
			 "0123456789\r\n"},
			{.fields = "Cookie: a="
				   "01234567890123456789012345678901234567890123456789012345"
				   "67890123456789012345678\x01"
				   "b\r\n"},
			REPLAY_FIELDS,
			"cookie \"a\": recorded \"012345678901234567890123456789012345678901234"
			"56789012345678901234567890123456789\", asked "
			"\"0123456789012345678901234"
			"567890123456789012345678901234567890123456789012345678\"...\n"},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void what_is_absent_is_no_trouble(void **state)
{
	(void)state;
	struct arena a = {0};
	struct replay_differences d;
	struct replay_ask none = {.body_size = 0},
			  some = ask_of((struct side){.url = "http://a/?x", URLENCODED, "a=1"},
				  (struct side){.url = NULL});
	assert_int_equal(replay_match(&none, &none, &a, &d), REPLAY_EXACT);
	none.method = some.method;
	assert_int_equal(replay_match(&some, &none, &a, &d), REPLAY_NONE);
	none.url = some.url;
	assert_int_equal(replay_match(&some, &none, &a, &d), REPLAY_BODY_FREE);
	assert_int_equal(d.n, 2);
	arena_fini(&a);
}

static void every_class_has_a_word(void **state)
{
	(void)state;
	assert_string_equal(replay_class_word(REPLAY_EXACT), "exact");
	assert_string_equal(replay_class_word(REPLAY_BODY_FREE), "body-free");
	assert_string_equal(replay_class_word(REPLAY_NONE), "none");
}

/* From near to far: each is further away than the one before. */
static void the_nearest_recorded_url(void **state)
{
	static const char asked[] = "https://a.test/b/c/d?x=1&y=2";
	static const char *const recorded[] = {
		asked,
		"https://a.test/b/c/d?x=1&y=3",
		"https://a.test/b/c/d?z=1&y=2",
		"http://a.test/b/c/d?z=1&y=2",
		"https://a.test/b/c/d/?x=1&y=2",
		"https://a.test/b/c/D",
		"https://a.test/b/c/e?x=1&y=2",
		"http://a.test/b/c/e",
		"https://a.test/b/e",
		"http://a.test/b/e",
		"https://a.test/e",
		"https://a.test/e/c/d?x=1&y=2",
		"https://b.test/b/c/d?x=1&y=2",
	};
	(void)state;
	for (size_t i = 0; i < sizeof recorded / sizeof *recorded; i++) {
		unsigned here = replay_near(span_str(asked), span_str(recorded[i]));
		if (i > 0 && here <= replay_near(span_str(asked), span_str(recorded[i - 1])))
			fail_msg("%s: %u", recorded[i], here);
		assert_int_equal(here, replay_near(span_str(recorded[i]), span_str(asked)));
	}
	assert_int_equal(
		replay_near(span_str("https://u:p@A.test:1/"), span_str("https://a.test/")), 2);
	assert_int_equal(replay_near(span_str("x"), span_str("y")), REPLAY_NEAR_OTHER_HOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_never_guessed),
		cmocka_unit_test(words_in_paths_stay),
		cmocka_unit_test(tokens_in_paths_may_be_new),
		cmocka_unit_test(parameters),
		cmocka_unit_test(fields_that_answers_depend_on),
		cmocka_unit_test(cookies),
		cmocka_unit_test(bodies),
		cmocka_unit_test(json_is_read_strictly),
		cmocka_unit_test(multipart),
		cmocka_unit_test(a_cut_body_is_known_by_its_digest),
		cmocka_unit_test(the_better_of_two),
		cmocka_unit_test(limits_are_said_and_make_it_no_better),
		cmocka_unit_test(what_is_not_listed_is_counted),
		cmocka_unit_test(values_are_said_safely),
		cmocka_unit_test(what_is_absent_is_no_trouble),
		cmocka_unit_test(every_class_has_a_word),
		cmocka_unit_test(the_nearest_recorded_url),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
