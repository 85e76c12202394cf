/* HTTP/1 out of both directions of a connection: what is told, however it is cut, and whichever
 * direction comes first. */
#include "tests/kit/flow_told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PIECES_MAX = 24 };

/* A piece of a conversation: ">" up, "<" down; "x" closed, "!" reset, "?" lost, each with its
 * way. */
struct piece {
	char way; /* '>' or '<' */
	const char *text;
};

#define UP(text)                                                                               \
	{                                                                                      \
		'>', text                                                                      \
	}
#define DOWN(text)                                                                             \
	{                                                                                      \
		'<', text                                                                      \
	}
#define UP_CLOSED                                                                              \
	{                                                                                      \
		'X', NULL                                                                      \
	}
#define DOWN_CLOSED                                                                            \
	{                                                                                      \
		'x', NULL                                                                      \
	}
#define UP_RESET                                                                               \
	{                                                                                      \
		'R', NULL                                                                      \
	}
#define DOWN_RESET                                                                             \
	{                                                                                      \
		'r', NULL                                                                      \
	}
#define UP_LOST                                                                                \
	{                                                                                      \
		'L', NULL                                                                      \
	}
#define DOWN_LOST                                                                              \
	{                                                                                      \
		'l', NULL                                                                      \
	}

/* WHOLE: what is kept of what is no head depends on how it came. */
enum { ANY_ORDER = 1, PLAIN = 2, DIRECT = 4, CLEAR = 8, WHOLE = 16 };

struct row {
	const char *name;
	unsigned flags;
	struct piece pieces[PIECES_MAX];
	const char *told;
};

/* clang-format off */
#define GET_HEAD "GET /a?b HTTP/1.1\r\nHost: origin.test\r\n\r\n"
#define TOLD_GET "1 GET https://origin.test/a?b HTTP/1.1 head=GET /a?b HTTP/1.1~|Host: origin.test~|~|\n"
#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
#define TOLD_OK " response 200 reason=OK HTTP/1.1 head=HTTP/1.1 200 OK~|Content-Length: 5~|~|\n"

static const struct row rows[] = {
	{"a request and its answer", ANY_ORDER, {UP(GET_HEAD), DOWN(OK_HEAD "hello")},
		TOLD_GET TOLD_OK " up +\n down bytes=hello +\n end ok\n"},
	{"three on one connection", ANY_ORDER,
		{UP("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"), DOWN("HTTP/1.1 204 \r\n\r\n"),
			UP("HEAD /2 HTTP/1.1\r\nHost: origin.test:443\r\n\r\n"),
			DOWN("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
			UP("GET /3 HTTP/1.1\r\nHost: origin.test\r\n\r\n"), DOWN("HTTP/1.1 304 N\r\nContent-Length: 7\r\n\r\n")},
		"1 GET https://origin.test/1 HTTP/1.1 odd=host-differs head=GET /1 HTTP/1.1~|Host: a~|~|\n"
		" response 204 reason= HTTP/1.1 head=HTTP/1.1 204 ~|~|\n up +\n down +\n end ok\n"
		"2 HEAD https://origin.test/2 HTTP/1.1 head=HEAD /2 HTTP/1.1~|Host: origin.test:443~|~|\n"
		" response 200 reason=OK HTTP/1.1 head=HTTP/1.1 200 OK~|Content-Length: 99~|~|\n up +\n down +\n end ok\n"
		"3 GET https://origin.test/3 HTTP/1.1 head=GET /3 HTTP/1.1~|Host: origin.test~|~|\n"
		" response 304 reason=N HTTP/1.1 head=HTTP/1.1 304 N~|Content-Length: 7~|~|\n up +\n down +\n end ok\n"},
	{"pipelined", ANY_ORDER,
		{UP("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
			DOWN("HTTP/1.1 200 A\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\nT: 1\r\n\r\n"),
			DOWN("HTTP/1.1 200 B\r\nContent-Length: 0\r\n\r\n")},
		"1 GET https://origin.test/1 HTTP/1.1 odd=host-differs head=GET /1 HTTP/1.1~|Host: a~|~|\n"
		" response 200 reason=A HTTP/1.1 head=HTTP/1.1 200 A~|Transfer-Encoding: chunked~|~|\n"
		" up +\n down bytes=xyz trailers=T: 1~| +\n end ok\n"
		"2 POST https://origin.test/2 HTTP/1.1 odd=host-differs head=POST /2 HTTP/1.1~|Host: a~|Content-Length: 3~|~|\n"
		" response 200 reason=B HTTP/1.1 head=HTTP/1.1 200 B~|Content-Length: 0~|~|\n up bytes=abc +\n down +\n end ok\n"},
	{"interim answers", ANY_ORDER,
		{UP("POST / HTTP/1.1\r\nHost: origin.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
			DOWN("HTTP/1.1 100 Continue\r\n\r\n"), UP("hi"), DOWN("HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" OK_HEAD "hello")},
		"1 POST https://origin.test/ HTTP/1.1 head=POST / HTTP/1.1~|Host: origin.test~|Expect: 100-continue~|Content-Length: 2~|~|\n"
		" interim 100 head=HTTP/1.1 100 Continue~|~|\n interim 103 head=HTTP/1.1 103 Hints~|Link: x~|~|\n"
		TOLD_OK " up bytes=hi +\n down bytes=hello +\n end ok\n"},
	{"bodies both ways at once", ANY_ORDER,
		{UP("POST / HTTP/1.1\r\nHost: origin.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"), DOWN(OK_HEAD "he"),
			UP("1\r\nc\r\n"), DOWN("llo"), UP("0\r\nX: y\r\n\r\n")},
		"1 POST https://origin.test/ HTTP/1.1 head=POST / HTTP/1.1~|Host: origin.test~|Transfer-Encoding: chunked~|~|\n"
		TOLD_OK " up bytes=abc trailers=X: y~| +\n down bytes=hello +\n end ok\n"},
	{"answered early, and closed", 0,
		{UP("POST / HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 9\r\n\r\nab"),
			DOWN("HTTP/1.1 413 Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"), UP("cd"), DOWN_CLOSED, UP_CLOSED},
		"1 POST https://origin.test/ HTTP/1.1 head=POST / HTTP/1.1~|Host: origin.test~|Content-Length: 9~|~|\n"
		" response 413 reason=Large HTTP/1.1 head=HTTP/1.1 413 Large~|Connection: close~|Content-Length: 2~|~|\n"
		" up bytes=ab\n down bytes=no +\n end body-truncated\n"},
	{"answered early, and kept", 0,
		{UP("POST / HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 4\r\n\r\nab"), DOWN(OK_HEAD "hello"), UP("cd"),
			UP("GET /2 HTTP/1.1\r\nHost: origin.test\r\n\r\n"), DOWN("HTTP/1.1 204 \r\n\r\n")},
		"1 POST https://origin.test/ HTTP/1.1 head=POST / HTTP/1.1~|Host: origin.test~|Content-Length: 4~|~|\n"
		TOLD_OK " up bytes=abcd +\n down bytes=hello +\n end ok\n"
		"2 GET https://origin.test/2 HTTP/1.1 head=GET /2 HTTP/1.1~|Host: origin.test~|~|\n"
		" response 204 reason= HTTP/1.1 head=HTTP/1.1 204 ~|~|\n up +\n down +\n end ok\n"},
	{"read until the end", ANY_ORDER, {UP(GET_HEAD), DOWN("HTTP/1.0 200 OK\r\n\r\nall of it"), DOWN_CLOSED},
		TOLD_GET " response 200 reason=OK HTTP/1.0 head=HTTP/1.0 200 OK~|~|\n up +\n down bytes=all of it +\n end ok\n"},
	{"read until a reset", 0, {UP(GET_HEAD), DOWN("HTTP/1.0 200 OK\r\n\r\nall of it"), DOWN_RESET},
		TOLD_GET " response 200 reason=OK HTTP/1.0 head=HTTP/1.0 200 OK~|~|\n up +\n down bytes=all of it\n end origin-reset\n"},
	{"cut inside a body", ANY_ORDER, {UP(GET_HEAD), DOWN(OK_HEAD "hel"), DOWN_CLOSED},
		TOLD_GET TOLD_OK " up +\n down bytes=hel\n end body-truncated\n"},
	{"cut inside a head", ANY_ORDER, {UP(GET_HEAD), DOWN("HTTP/1.1 200 OK\r\nConten"), DOWN_CLOSED},
		TOLD_GET " interim 0 head=HTTP/1.1 200 OK~|Conten\n up +\n end head-truncated\n"},
	{"silence", 0, {UP(GET_HEAD), DOWN_CLOSED, UP_CLOSED}, TOLD_GET " up +\n end origin-silent\n"},
	{"the client left", 0, {UP(GET_HEAD), DOWN(OK_HEAD "hel"), UP_CLOSED, DOWN_CLOSED},
		TOLD_GET TOLD_OK " up +\n down bytes=hel\n end browser-closed\n"},
	{"the client shut its side, and was answered", 0, {UP(GET_HEAD), UP_CLOSED, DOWN(OK_HEAD "hello"), DOWN_CLOSED},
		TOLD_GET TOLD_OK " up +\n down bytes=hello +\n end ok\n"},
	{"the client broke it off", 0, {UP(GET_HEAD), DOWN(OK_HEAD "hel"), UP_RESET},
		TOLD_GET TOLD_OK " up +\n down bytes=hel\n end browser-reset\n"},
	{"the packets end", 0, {UP(GET_HEAD), DOWN(OK_HEAD "hel")}, TOLD_GET TOLD_OK " up +\n down bytes=hel\n end shutdown\n"},
	{"cut inside a request", 0,
		{UP("POST / HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 9\r\n\r\nab"), UP_CLOSED,
			DOWN("HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n"), DOWN_CLOSED},
		"1 POST https://origin.test/ HTTP/1.1 head=POST / HTTP/1.1~|Host: origin.test~|Content-Length: 9~|~|\n"
		" response 400 reason=No HTTP/1.1 head=HTTP/1.1 400 No~|Content-Length: 0~|~|\n"
		" up bytes=ab\n down +\n end body-truncated\n"},
	{"cut inside the head of a request", 0,
		{UP("GET / HTTP/1.1\r\nHos"), UP_CLOSED, DOWN("HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n"), DOWN_CLOSED},
		"1 - - head=GET / HTTP/1.1~|Hos\n response 400 reason=No HTTP/1.1 head=HTTP/1.1 400 No~|Content-Length: 0~|~|\n"
		" down +\n end head-truncated\nother 1 head-truncated\n"},
	{"an upgrade", ANY_ORDER,
		{UP("GET /s HTTP/1.1\r\nHost: origin.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
			DOWN("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x01"),
			UP("\x81\x81GET / HTTP/1.1\r\n\r\n"), UP_CLOSED, DOWN_CLOSED},
		"1 GET https://origin.test/s HTTP/1.1 head=GET /s HTTP/1.1~|Host: origin.test~|Connection: Upgrade~|Upgrade: websocket~|~|\n"
		" response 101 reason=Switching HTTP/1.1 head=HTTP/1.1 101 Switching~|Connection: Upgrade~|Upgrade: websocket~|~|\n"
		" up +\n down +\n end ok\nother 1 ok\n"},
	{"an upgrade that was not taken up", ANY_ORDER,
		{UP("GET /s HTTP/1.1\r\nHost: origin.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
			DOWN("HTTP/1.1 204 \r\n\r\n"), UP("GET /2 HTTP/1.1\r\nHost: origin.test\r\n\r\n"), DOWN("HTTP/1.1 204 \r\n\r\n")},
		"1 GET https://origin.test/s HTTP/1.1 head=GET /s HTTP/1.1~|Host: origin.test~|Connection: Upgrade~|Upgrade: websocket~|~|\n"
		" response 204 reason= HTTP/1.1 head=HTTP/1.1 204 ~|~|\n up +\n down +\n end ok\n"
		"2 GET https://origin.test/2 HTTP/1.1 head=GET /2 HTTP/1.1~|Host: origin.test~|~|\n"
		" response 204 reason= HTTP/1.1 head=HTTP/1.1 204 ~|~|\n up +\n down +\n end ok\n"},
	{"a switch that was not asked for", ANY_ORDER, {UP(GET_HEAD), DOWN("HTTP/1.1 101 Oh\r\n\r\nwhatever")},
		TOLD_GET " interim 101 head=HTTP/1.1 101 Oh~|~|\n up +\n end bad-version\nother 1 bad-version\n"},
	{"CONNECT inside", ANY_ORDER,
		{UP("CONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n\r\n"), DOWN("HTTP/1.1 200 OK\r\n\r\n"), UP("\x16\x03"), DOWN("\x16\x03")},
		"1 CONNECT b:1 HTTP/1.1 head=CONNECT b:1 HTTP/1.1~|Host: b:1~|~|\n"
		" response 200 reason=OK HTTP/1.1 head=HTTP/1.1 200 OK~|~|\n up +\n down +\n end bad-target\nother 1 bad-target\n"},
	{"a head that is none", WHOLE, {UP("what is this\x01\r\n\r\n"), DOWN("HTTP/1.1 400 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")},
		"1 - - head=what is this\\x01~|~|\n"
		" response 400 reason=No HTTP/1.1 head=HTTP/1.1 400 No~|Connection: close~|Content-Length: 2~|~|\n"
		" down bytes=no +\n end bad-start-line\nother 1 bad-start-line\n"},
	{"an answer that is none", WHOLE, {UP(GET_HEAD), DOWN("SSH-2.0\r\n"), UP("GET /2 HTTP/1.1\r\n")},
		TOLD_GET " interim 0 head=SSH-2.0~|\n up +\n end bad-start-line\nother 1 bad-start-line\n"},
	{"bytes behind the end", ANY_ORDER, {UP(GET_HEAD), DOWN(OK_HEAD "hello, world")},
		TOLD_GET TOLD_OK " up +\n down bytes=hello +\n end ok\nother 0 extra-bytes\n"},
	{"requests behind the end", 0,
		{UP("GET /1 HTTP/1.1\r\nHost: origin.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: origin.test\r\n\r\n"),
			DOWN("HTTP/1.1 204 \r\nConnection: close\r\n\r\n")},
		"1 GET https://origin.test/1 HTTP/1.1 head=GET /1 HTTP/1.1~|Host: origin.test~|~|\n"
		" response 204 reason= HTTP/1.1 head=HTTP/1.1 204 ~|Connection: close~|~|\n up +\n down +\n end ok\n"
		"2 GET https://origin.test/2 HTTP/1.1 head=GET /2 HTTP/1.1~|Host: origin.test~|~|\n up +\n end extra-bytes\n"},
	{"a lost answer", 0, {UP(GET_HEAD), DOWN(OK_HEAD "he"), DOWN_LOST, DOWN("x"), UP("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")},
		TOLD_GET TOLD_OK " up +\n down bytes=he\n end bad-packets\n"
		"2 GET https://origin.test/2 HTTP/1.1 odd=host-differs head=GET /2 HTTP/1.1~|Host: a~|~|\n up +\n end bad-packets\n"},
	{"a lost request", 0,
		{UP("POST / HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 9\r\n\r\nab"), UP_LOST, DOWN(OK_HEAD "hello"), DOWN(OK_HEAD)},
		"1 POST https://origin.test/ HTTP/1.1 head=POST / HTTP/1.1~|Host: origin.test~|Content-Length: 9~|~|\n"
		TOLD_OK " up bytes=ab\n down bytes=hello +\n end bad-packets\n"},
	{"broken chunks up", 0,
		{UP("POST / HTTP/1.1\r\nHost: origin.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz"), DOWN("HTTP/1.1 400 \r\nContent-Length: 0\r\n\r\n")},
		"1 POST https://origin.test/ HTTP/1.1 head=POST / HTTP/1.1~|Host: origin.test~|Transfer-Encoding: chunked~|~|\n"
		" response 400 reason= HTTP/1.1 head=HTTP/1.1 400 ~|Content-Length: 0~|~|\n up bytes=ab\n down +\n end bad-chunk\n"},
	{"broken chunks down", 0, {UP(GET_HEAD), DOWN("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz")},
		TOLD_GET " response 200 reason=OK HTTP/1.1 head=HTTP/1.1 200 OK~|Transfer-Encoding: chunked~|~|\n"
		" up +\n down bytes=ab\n end bad-chunk\nother 1 bad-chunk\n"},
	{"odd lines", ANY_ORDER, {UP(GET_HEAD), DOWN("HTTP/1.1 200 OK\nX-A : 5\nContent-Length:5\n\nhello")},
		TOLD_GET " response 200 reason=OK HTTP/1.1 odd=bare-lf space-before-colon head=HTTP/1.1 200 OK|X-A : 5|Content-Length:5||"
		" fields=X-A : 5~|Content-Length: 5~|~|\n up +\n down bytes=hello +\n end ok\n"},
	{"passwords for proxies", ANY_ORDER | PLAIN,
		{UP("GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\nproxy-authorization:  Basic abc\r\n\r\n"), DOWN("HTTP/1.1 204 \r\n\r\n")},
		"1 GET http://a.test/x HTTP/1.1 head=GET http://a.test/x HTTP/1.1~|Host: a.test~|proxy-authorization:  *********~|~|\n"
		" response 204 reason= HTTP/1.1 head=HTTP/1.1 204 ~|~|\n up +\n down +\n end ok\n"},
	{"several origins by one proxy", ANY_ORDER | PLAIN,
		{UP("GET http://a.test?q HTTP/1.1\r\nHost: a.test\r\n\r\n"), DOWN("HTTP/1.1 204 \r\n\r\n"),
			UP("GET http://[::1]:81/y HTTP/1.1\r\nHost: [::1]:81\r\n\r\n"), DOWN("HTTP/1.1 204 \r\n\r\n"),
			UP("OPTIONS HTTP://B.test:80 HTTP/1.1\r\nHost: b.test\r\n\r\n"), DOWN("HTTP/1.1 204 \r\n\r\n")},
		"1 GET http://a.test/?q HTTP/1.1 head=GET http://a.test?q HTTP/1.1~|Host: a.test~|~|\n"
		" response 204 reason= HTTP/1.1 head=HTTP/1.1 204 ~|~|\n up +\n down +\n end ok\n"
		"2 GET http://[::1]:81/y HTTP/1.1 head=GET http://[::1]:81/y HTTP/1.1~|Host: [::1]:81~|~|\n"
		" response 204 reason= HTTP/1.1 head=HTTP/1.1 204 ~|~|\n up +\n down +\n end ok\n"
		"3 OPTIONS http://b.test/ HTTP/1.1 head=OPTIONS HTTP://B.test:80 HTTP/1.1~|Host: b.test~|~|\n"
		" response 204 reason= HTTP/1.1 head=HTTP/1.1 204 ~|~|\n up +\n down +\n end ok\n"},
	{"targets that are refused", ANY_ORDER | PLAIN,
		{UP("GET http://a.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n"), DOWN("HTTP/1.1 400 \r\nContent-Length: 0\r\n\r\n"),
			UP("GET /x HTTP/1.1\r\nHost: b.test\r\n\r\n"), DOWN("HTTP/1.1 400 \r\nContent-Length: 0\r\n\r\n"),
			UP("GET http://u@b/ HTTP/1.1\r\nHost: b\r\n\r\n"), DOWN("HTTP/1.1 400 \r\nContent-Length: 0\r\n\r\n"),
			UP("GET /y HTTP/1.1\r\nHost: clicktrail.internal\r\n\r\n"), DOWN("HTTP/1.1 204 \r\n\r\n"),
			UP("GET /z HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"), DOWN("HTTP/1.1 204 \r\n\r\n")},
		"1 GET http://a.test/ HTTP/1.1 head=GET http://a.test/ HTTP/1.1~|Host: b.test~|~|\n"
		" response 400 reason= HTTP/1.1 head=HTTP/1.1 400 ~|Content-Length: 0~|~|\n up +\n down +\n end bad-host\n"
		"2 GET /x HTTP/1.1 head=GET /x HTTP/1.1~|Host: b.test~|~|\n"
		" response 400 reason= HTTP/1.1 head=HTTP/1.1 400 ~|Content-Length: 0~|~|\n up +\n down +\n end bad-target\n"
		"3 GET http://u@b/ HTTP/1.1 head=GET http://u@b/ HTTP/1.1~|Host: b~|~|\n"
		" response 400 reason= HTTP/1.1 head=HTTP/1.1 400 ~|Content-Length: 0~|~|\n up +\n down +\n end bad-target\n"
		"4 GET http://clicktrail.internal/y HTTP/1.1 head=GET /y HTTP/1.1~|Host: clicktrail.internal~|~|\n"
		" response 204 reason= HTTP/1.1 head=HTTP/1.1 204 ~|~|\n up +\n down +\n end ok\n"
		"5 GET http://clicktrail.internal/z HTTP/1.1 head=GET /z HTTP/1.1~|Host: 127.0.0.1:8080~|~|\n"
		" response 204 reason= HTTP/1.1 head=HTTP/1.1 204 ~|~|\n up +\n down +\n end ok\n"},
	{"straight to an origin by its name", ANY_ORDER | DIRECT,
		{UP("GET / HTTP/1.1\r\nHost: origin.test\r\n\r\n"), DOWN("HTTP/1.1 204 \r\n\r\n"),
			UP("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n"), DOWN("HTTP/1.1 204 \r\n\r\n")},
		"1 GET https://origin.test/ HTTP/1.1 head=GET / HTTP/1.1~|Host: origin.test~|~|\n"
		" response 204 reason= HTTP/1.1 head=HTTP/1.1 204 ~|~|\n up +\n down +\n end ok\n"
		"2 GET https://origin.test:8080/ HTTP/1.1 odd=host-differs head=GET / HTTP/1.1~|Host: other.test~|~|\n"
		" response 204 reason= HTTP/1.1 head=HTTP/1.1 204 ~|~|\n up +\n down +\n end ok\n"},
	{"straight to an address", ANY_ORDER | DIRECT | CLEAR,
		{UP("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n"), DOWN("HTTP/1.1 204 \r\n\r\n"),
			UP("GET / HTTP/1.0\r\n\r\n"), DOWN("HTTP/1.0 204 \r\n\r\n")},
		"1 GET http://other.test/ HTTP/1.1 head=GET / HTTP/1.1~|Host: other.test~|~|\n"
		" response 204 reason= HTTP/1.1 head=HTTP/1.1 204 ~|~|\n up +\n down +\n end ok\n"
		"2 GET http://127.0.0.1:8080/ HTTP/1.0 head=GET / HTTP/1.0~|~|\n"
		" response 204 reason= HTTP/1.0 head=HTTP/1.0 204 ~|~|\n up +\n down +\n end ok\n"},
};
/* clang-format on */

static struct http_flow *start(const struct row *r, struct flow_told *told)
{
	const char *host = r->flags & PLAIN   ? NULL
			   : r->flags & CLEAR ? "127.0.0.1"
					      : "origin.test";
	bool https = (r->flags & (PLAIN | CLEAR)) == 0;
	uint16_t port = r->flags & (PLAIN | DIRECT) ? 8080 : 443;
	struct http_flow *h =
		http_flow_new(HTTP_FLOW_1, https, host, port, &flow_told_calls, told);
	if (r->flags & DIRECT)
		http_flow_direct(h);
	return h;
}

static void play_bytes(struct http_flow *h, enum flow_way way, const char *text, size_t n,
	size_t piece, struct packet_at *at)
{
	for (size_t i = 0; i < n; i += piece) {
		size_t some = n - i < piece ? n - i : piece;
		/* In memory of its own: what is read beyond or kept is found. */
		uint8_t *copy = malloc(some);
		assert_non_null(copy);
		memcpy(copy, text + i, some);
		at->packet++;
		http_flow_bytes(h, way, span_of(copy, some), at);
		free(copy);
	}
}

static void play(struct http_flow *h, const struct piece *p, size_t piece, struct packet_at *at)
{
	struct err lost = {0};
	err_set(&lost, ERR_PACKETS, "a gap");
	at->packet++;
	switch (p->way) {
	case '>': play_bytes(h, FLOW_UP, p->text, strlen(p->text), piece, at); break;
	case '<': play_bytes(h, FLOW_DOWN, p->text, strlen(p->text), piece, at); break;
	case 'X': http_flow_closed(h, FLOW_UP, at); break;
	case 'x': http_flow_closed(h, FLOW_DOWN, at); break;
	case 'R': http_flow_reset(h, FLOW_UP, at); break;
	case 'r': http_flow_reset(h, FLOW_DOWN, at); break;
	case 'L': http_flow_lost(h, FLOW_UP, &lost, at); break;
	case 'l': http_flow_lost(h, FLOW_DOWN, &lost, at); break;
	default: fail();
	}
}

static bool is_up(const struct piece *p)
{
	return strchr(">XRL", p->way) != NULL;
}

static void compare(const struct row *r, struct flow_told *told, const char *how)
{
	struct buf text = {0};
	flow_told_text(told, &text);
	if (!span_is(buf_span(&text), r->told))
		fail_msg("%s (%s):\n%.*s\nin place of\n%s", r->name, how, (int)buf_len(&text),
			(const char *)buf_span(&text).p, r->told);
	assert_int_equal(told->open, 0);
	buf_fini(&text);
	flow_told_fini(told);
}

static void in_order(const struct row *r, size_t piece, const char *how)
{
	struct flow_told told = {0};
	struct packet_at at = {0};
	struct http_flow *h = start(r, &told);
	for (const struct piece *p = r->pieces; p->way != 0; p++)
		play(h, p, piece, &at);
	http_flow_end(h, &at);
	http_flow_free(h);
	compare(r, &told, how);
}

/* All of one direction, then all of the other. */
static void one_first(const struct row *r, bool up_first, size_t piece, const char *how)
{
	struct flow_told told = {0};
	struct packet_at at = {0};
	struct http_flow *h = start(r, &told);
	for (int round = 0; round < 2; round++)
		for (const struct piece *p = r->pieces; p->way != 0; p++)
			if (is_up(p) == (up_first == (round == 0)))
				play(h, p, piece, &at);
	http_flow_end(h, &at);
	http_flow_free(h);
	compare(r, &told, how);
}

static void tells_conversations(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		in_order(&rows[i], SIZE_MAX, "whole");
		if (rows[i].flags & WHOLE)
			continue;
		in_order(&rows[i], 1, "byte by byte");
		for (size_t piece = 2; piece < 40; piece += 3)
			in_order(&rows[i], piece, "in pieces");
	}
}

static void directions_may_be_out_of_step(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if ((rows[i].flags & ANY_ORDER) == 0)
			continue;
		one_first(&rows[i], true, SIZE_MAX, "up first");
		one_first(&rows[i], false, SIZE_MAX, "down first");
		one_first(&rows[i], true, 7, "up first, in pieces");
		one_first(&rows[i], false, 7, "down first, in pieces");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_conversations),
		cmocka_unit_test(directions_may_be_out_of_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
