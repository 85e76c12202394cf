/* HTTP/2 out of both directions of a connection: frames by hand, in order, in pieces, one
 * direction before the other; and whole sessions between two real peers. */
#include "tests/kit/flow_told.h"
#include "tests/kit/h2_wire.h"

#include <nghttp2/nghttp2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FRAMES_MAX = 16 };

struct frame {
	char way; /* '>' up, '<' down; X x closed, R r reset, L l lost, P preface, 0 end */
	unsigned type, flags;
	uint32_t stream;
	const char *text; /* HEADERS, CONTINUATION: lines; else the payload */
	size_t n;         /* of the payload; 0: strlen */
};

enum { ANY_ORDER = 1, DIRECT = 2, NO_PREFACE = 4 };

struct row {
	const char *name;
	unsigned flags;
	struct frame frames[FRAMES_MAX];
	const char *told;
};

/* clang-format off */
#define H H2_HEADERS
#define D H2_DATA
#define EH H2_END_HEADERS
#define ES H2_END_STREAM
#define GET ":method: GET\n:scheme: https\n:authority: origin.test\n:path: /a\n"
#define POST ":method: POST\n:scheme: https\n:authority: origin.test\n:path: /a\n"
#define T_PSEUDO ":scheme: https~|:authority: origin.test~|:path: /a~|"
#define T_GET(n, id) #n "/" #id " GET https://origin.test/a HTTP/2 fields=:method: GET~|" T_PSEUDO "~|\n"
#define T_POST(n, id, more) #n "/" #id " POST https://origin.test/a HTTP/2 fields=:method: POST~|" T_PSEUDO more "~|\n"
#define OK ":status: 200\n"
#define T_OK " response 200 HTTP/2 fields=:status: 200~|~|\n"
#define RAW(text) text, sizeof(text) - 1

static const struct row rows[] = {
	{"a request and its answer", ANY_ORDER,
		{{'>', H2_SETTINGS, 0, 0, RAW("\0\x1\0\0\x10\0")}, {'<', H2_SETTINGS, 0, 0, "", 0}, {'>', H, EH | ES, 1, GET, 0},
			{'<', H, EH, 1, OK "a: b\n", 0}, {'<', D, 0, 1, "hel", 0}, {'<', H2_PING, 0, 0, "12345678", 0}, {'<', D, ES, 1, "lo", 0}},
		T_GET(1, 1) " response 200 HTTP/2 fields=:status: 200~|a: b~|~|\n up +\n down bytes=hello +\n end ok\n"},
	{"streams interleaved, an interim answer, trailers", ANY_ORDER,
		{{'>', H, EH, 1, POST "content-length: 4\n", 0}, {'>', H, EH | ES, 3, GET, 0}, {'>', D, 0, 1, "up", 0},
			{'<', H, EH, 3, ":status: 103\nlink: x\n", 0}, {'<', H, EH, 1, OK, 0}, {'<', H, EH, 3, OK, 0}, {'<', D, 0, 1, "one", 0},
			{'<', D, ES, 3, "three", 0}, {'>', D, 0, 1, "!!", 0}, {'>', H, EH | ES, 1, "t: u\n", 0}, {'<', H, EH | ES, 1, "v: w\n", 0}},
		T_POST(1, 1, "content-length: 4~|") T_OK " up bytes=up!! trailers=t: u~| +\n down bytes=one trailers=v: w~| +\n end ok\n"
		T_GET(2, 3) " interim 103 HTTP/2 fields=:status: 103~|link: x~|~|\n" T_OK " up +\n down bytes=three +\n end ok\n"},
	{"a block in three frames, padding, priority", ANY_ORDER,
		{{'>', H, ES, 1, ":method: GET\n:scheme: https\n", 0}, {'>', H2_CONTINUATION, 0, 1, ":authority: origin.test\n", 0},
			{'>', H2_CONTINUATION, EH, 1, ":path: /a\n", 0}, {'<', H, EH | H2_PADDED | H2_WITH_PRIORITY, 1, OK, 0},
			{'<', D, H2_PADDED, 1, RAW("\x03" "body" "\0\0\0")}, {'<', D, ES | H2_PADDED, 1, RAW("\x02\0\0")}},
		T_GET(1, 1) T_OK " up +\n down bytes=body +\n end ok\n"},
	{"HEAD, and a length that tells of GET", ANY_ORDER,
		{{'>', H, EH | ES, 1, ":method: HEAD\n:scheme: https\n:authority: origin.test\n:path: /a\n", 0},
			{'<', H, EH | ES, 1, OK "content-length: 9\n", 0}},
		"1/1 HEAD https://origin.test/a HTTP/2 fields=:method: HEAD~|" T_PSEUDO "~|\n"
		" response 200 HTTP/2 fields=:status: 200~|content-length: 9~|~|\n up +\n down +\n end ok\n"},
	{"unknown frames and settings are passed over", ANY_ORDER,
		{{'>', 99, 0xff, 1, "whatever", 0}, {'>', H2_PRIORITY, 0, 1, "12345", 0}, {'>', H, EH | ES, 1, GET, 0}, {'<', 77, 0, 1, "x", 0},
			{'<', H, EH | ES, 1, OK, 0}, {'>', H2_WINDOW_UPDATE, 0, 1, "1234", 0}},
		T_GET(1, 1) T_OK " up +\n down +\n end ok\n"},
	{"the browser resets", 0,
		{{'>', H, EH | ES, 1, GET, 0}, {'<', H, EH, 1, OK, 0}, {'<', D, 0, 1, "he", 0}, {'>', H2_RST_STREAM, 0, 1, RAW("\0\0\0\x8")},
			{'<', D, ES, 1, "llo", 0}},
		T_GET(1, 1) T_OK " up +\n down bytes=he\n end browser-cancelled\n"},
	{"the origin resets", ANY_ORDER,
		{{'>', H, EH | ES, 1, GET, 0}, {'>', H, EH | ES, 3, GET, 0}, {'<', H, EH, 1, OK, 0}, {'<', D, 0, 1, "he", 0},
			{'<', H2_RST_STREAM, 0, 1, RAW("\0\0\0\x2")}, {'<', H2_RST_STREAM, 0, 3, RAW("\0\0\0\x7")}},
		T_GET(1, 1) T_OK " up +\n down bytes=he\n end origin-cancelled\n" T_GET(2, 3) " up +\n end origin-refused\n"},
	{"the origin takes no more of an upload", 0,
		{{'>', H, EH, 1, POST, 0}, {'>', D, 0, 1, "up", 0}, {'<', H, EH | ES, 1, ":status: 413\n", 0}, {'<', H2_RST_STREAM, 0, 1, RAW("\0\0\0\0")},
			{'>', D, ES, 1, "more", 0}},
		T_POST(1, 1, "") " response 413 HTTP/2 fields=:status: 413~|~|\n up bytes=up\n down +\n end body-truncated\n"},
	{"goodbye, and what it leaves out", 0,
		{{'>', H, EH | ES, 1, GET, 0}, {'>', H, EH | ES, 3, GET, 0}, {'<', H2_GOAWAY, 0, 0, RAW("\0\0\0\x1\0\0\0\0")},
			{'<', H, EH | ES, 1, OK, 0}, {'x', 0, 0, 0, NULL, 0}},
		T_GET(1, 1) T_OK " up +\n down +\n end ok\n" T_GET(2, 3) " up +\n end origin-refused\n"},
	{"the connection closes", ANY_ORDER,
		{{'>', H, EH | ES, 1, GET, 0}, {'>', H, EH | ES, 3, GET, 0}, {'>', H, EH | ES, 5, GET, 0}, {'<', H, EH | ES, 1, OK, 0}, {'<', H, EH, 3, OK, 0},
			{'x', 0, 0, 0, NULL, 0}},
		T_GET(1, 1) T_OK " up +\n down +\n end ok\n" T_GET(2, 3) T_OK " up +\n end origin-closed\n" T_GET(3, 5) " up +\n end origin-silent\n"},
	{"the browser closes", 0,
		{{'>', H, EH | ES, 1, GET, 0}, {'<', H, EH, 1, OK, 0}, {'X', 0, 0, 0, NULL, 0}, {'x', 0, 0, 0, NULL, 0}},
		T_GET(1, 1) T_OK " up +\n end browser-closed\n"},
	{"the packets end", 0, {{'>', H, EH | ES, 1, GET, 0}, {'<', H, EH, 1, OK, 0}}, T_GET(1, 1) T_OK " up +\n end shutdown\n"},
	{"a goodbye with an error", 0,
		{{'>', H, EH | ES, 1, GET, 0}, {'<', H2_GOAWAY, 0, 0, RAW("\0\0\0\x1\0\0\0\xb")}, {'x', 0, 0, 0, NULL, 0}}, T_GET(1, 1) " up +\n end limit\n"},
	{"not as many bytes as were announced", ANY_ORDER,
		{{'>', H, EH | ES, 1, GET, 0}, {'<', H, EH, 1, OK "content-length: 9\n", 0}, {'<', D, ES, 1, "eight", 0}},
		T_GET(1, 1) " response 200 HTTP/2 fields=:status: 200~|content-length: 9~|~|\n up +\n down bytes=eight\n end body-truncated\n"},
	{"more bytes than were announced", ANY_ORDER,
		{{'>', H, EH | ES, 1, GET, 0}, {'<', H, EH, 1, OK "content-length: 0\n", 0}, {'<', D, ES, 1, "x", 0}},
		T_GET(1, 1) " response 200 HTTP/2 fields=:status: 200~|content-length: 0~|~|\n up +\n end bad-content-length\n"},
	{"no byte of what was announced", ANY_ORDER, {{'>', H, EH | ES, 1, POST "content-length: 3\n", 0}},
		T_POST(1, 1, "content-length: 3~|") " end body-truncated\n"},
	{"DATA where there is none", ANY_ORDER,
		{{'>', H, EH | ES, 1, GET, 0}, {'<', H, EH, 1, ":status: 204\n", 0}, {'<', D, ES, 1, "x", 0}, {'>', H, EH | ES, 3, GET, 0}, {'<', D, 0, 3, "x", 0},
			{'>', H, EH | ES, 5, GET, 0}, {'<', D, ES, 5, "", 0}},
		T_GET(1, 1) " response 204 HTTP/2 fields=:status: 204~|~|\n up +\n end extra-bytes\n" T_GET(2, 3) " up +\n end bad-start-line\n"
		T_GET(3, 5) " up +\n end origin-silent\n"},
	{"requests that break rules", ANY_ORDER,
		{{'>', H, EH | ES, 1, GET "Upper: x\n", 0}, {'>', H, EH | ES, 3, GET "connection: x\n", 0}, {'>', H, EH | ES, 5, "a: b\n:method: GET\n", 0},
			{'>', H, EH | ES, 7, ":method: GET\n:scheme: https\n:path: /\n", 0}, {'>', H, EH | ES, 9, GET "host: other.test\n", 0},
			{'>', H, EH | ES, 11, ":method: GET\n:scheme: http\n:authority: b:81\n:path: /x\n", 0},
			{'>', H, EH | ES, 13, ":method: GET\n:method: GET\n", 0}, {'<', H2_PING, 0, 0, "12345678", 0}},
		"1/1 GET - HTTP/2 fields=:method: GET~|" T_PSEUDO "Upper: x~|~|\n end bad-field\n"
		"2/3 GET - HTTP/2 fields=:method: GET~|" T_PSEUDO "connection: x~|~|\n end bad-field\n"
		"3/5 - - HTTP/2 fields=a: b~|:method: GET~|~|\n end bad-pseudo-header\n"
		"4/7 GET - HTTP/2 fields=:method: GET~|:scheme: https~|:path: /~|~|\n end bad-host\n"
		"5/9 GET - HTTP/2 fields=:method: GET~|" T_PSEUDO "host: other.test~|~|\n end bad-host\n"
		"6/11 GET http://b:81/x HTTP/2 odd=host-differs scheme-differs fields=:method: GET~|:scheme: http~|:authority: b:81~|:path: /x~|~|\n up +\n end shutdown\n"
		"7/13 GET - HTTP/2 fields=:method: GET~|:method: GET~|~|\n end bad-pseudo-header\n"},
	{"answers that break rules", ANY_ORDER,
		{{'>', H, EH | ES, 1, GET, 0}, {'<', H, EH, 1, "a: b\n", 0}, {'>', H, EH | ES, 3, GET, 0}, {'<', H, EH, 3, ":status: 101\n", 0},
			{'>', H, EH | ES, 5, GET, 0}, {'<', H, EH | ES, 5, ":status: 100\n", 0}, {'>', H, EH | ES, 7, GET, 0}, {'<', H, EH, 7, OK, 0}, {'<', H, EH, 7, "a: b\n", 0}},
		T_GET(1, 1) " interim 0 HTTP/2 fields=a: b~|~|\n up +\n end bad-pseudo-header\n"
		T_GET(2, 3) " interim 0 HTTP/2 fields=:status: 101~|~|\n up +\n end bad-version\n"
		T_GET(3, 5) " interim 100 HTTP/2 fields=:status: 100~|~|\n up +\n end bad-pseudo-header\n"
		T_GET(4, 7) T_OK " up +\n end bad-trailer\n"},
	{"lines that do not read as lines", ANY_ORDER,
		{{'>', H, EH | ES, 1, GET, 0}, {'<', H, EH | ES, 1, OK "a: b\rc\\d\nx: \ty\x01\n", 0}},
		T_GET(1, 1) " interim 0 HTTP/2 odd=escaped fields=:status: 200~|a: b\\x0dc\\x5cd~|x: \\x09y\\x01~|~|\n up +\n end bad-field\n"},
	{"odd answers that pass", ANY_ORDER,
		{{'>', H, EH | ES, 1, GET, 0}, {'<', H, EH | ES, 1, OK "x:  y\x01\nlocation: 1\nlocation: 2\ncontent-length: 0\ncontent-length: 0\n", 0}},
		T_GET(1, 1) " response 200 HTTP/2 odd=value-bytes value-space repeated-content-length several-locations"
		" fields=:status: 200~|x:  y\\x01~|location: 1~|location: 2~|content-length: 0~|content-length: 0~|~|\n up +\n down +\n end ok\n"},
	{"a password for a proxy", ANY_ORDER, {{'>', H, EH | ES, 1, GET "proxy-authorization: Basic x\n", 0}, {'<', H, EH | ES, 1, OK, 0}},
		"1/1 GET https://origin.test/a HTTP/2 fields=:method: GET~|" T_PSEUDO "proxy-authorization: *******~|~|\n" T_OK " up +\n down +\n end ok\n"},
	{"a pushed stream", ANY_ORDER,
		{{'>', H, EH | ES, 1, GET, 0}, {'<', H2_PUSH_PROMISE, EH, 1, GET, 0}, {'<', H, EH, 2, OK, 0}, {'<', D, ES, 2, "pushed", 0}, {'<', H, EH | ES, 1, OK, 0}},
		T_GET(1, 1) T_OK " up +\n down +\n end ok\nother 1 h2-protocol\n"},
	{"a lost answer", 0,
		{{'>', H, EH | ES, 1, GET, 0}, {'>', H, EH, 3, POST, 0}, {'<', H, EH, 1, OK, 0}, {'l', 0, 0, 0, NULL, 0}, {'<', D, ES, 1, "x", 0},
			{'>', D, ES, 3, "up", 0}, {'>', H, EH | ES, 5, GET, 0}},
		T_GET(1, 1) T_OK " up +\n end bad-packets\n" T_POST(2, 3, "") " up bytes=up +\n end bad-packets\n" T_GET(3, 5) " up +\n end bad-packets\n"},
	{"a lost request", 0,
		{{'>', H, EH | ES, 1, GET, 0}, {'>', H, EH, 3, POST, 0}, {'L', 0, 0, 0, NULL, 0}, {'>', H, EH | ES, 5, GET, 0}, {'<', H, EH | ES, 1, OK, 0},
			{'<', H, EH | ES, 3, OK, 0}, {'<', H, EH | ES, 5, OK, 0}},
		T_GET(1, 1) T_OK " up +\n down +\n end ok\n" T_POST(2, 3, "") T_OK " down +\n end bad-packets\n"},
	{"no preface", NO_PREFACE, {{'>', H, EH | ES, 1, GET, 0}, {'<', H, EH | ES, 1, OK, 0}}, "other 0 h2-protocol\n"},
	{"a block that breaks off", ANY_ORDER, {{'>', H, ES, 1, GET, 0}, {'>', D, ES, 1, "x", 0}, {'<', H2_PING, 0, 0, "12345678", 0}}, "other 0 h2-protocol\n"},
	{"a block that does not decode", ANY_ORDER,
		{{'>', H, EH | ES, 1, GET, 0}, {'<', H, EH | ES, 1, RAW("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")}},
		T_GET(1, 1) " up +\n end h2-protocol\nother 0 h2-protocol\n"},
	{"an origin's own name", ANY_ORDER | DIRECT, {{'>', H, EH | ES, 1, GET, 0}, {'<', H, EH | ES, 1, OK, 0}}, T_GET(1, 1) T_OK " up +\n down +\n end ok\n"},
};
/* clang-format on */

static void add_block(struct buf *out, const struct frame *f)
{
	struct buf payload = {0};
	if (f->flags & H2_PADDED)
		buf_add_byte(&payload, 3);
	if (f->type == H2_HEADERS && (f->flags & H2_WITH_PRIORITY))
		buf_add(&payload, "\0\0\0\0\x10", 5);
	if (f->type == H2_PUSH_PROMISE)
		buf_add_u32(&payload, 2);
	if (f->n > 0)
		buf_add(&payload, f->text, f->n);
	else
		h2_write_fields(&payload, f->text);
	if (f->flags & H2_PADDED)
		buf_add(&payload, "\0\0\0", 3);
	h2_write_frame(out, f->type, f->flags, f->stream, payload.p, buf_len(&payload));
	buf_fini(&payload);
}

static void add_frame(struct buf *out, const struct frame *f)
{
	bool block = f->type == H2_HEADERS || f->type == H2_CONTINUATION ||
		     f->type == H2_PUSH_PROMISE;
	if (block)
		add_block(out, f);
	else
		h2_write_frame(out, f->type, f->flags, f->stream, f->text,
			f->n > 0 ? f->n : strlen(f->text));
}

static void feed(struct http_flow *h, enum flow_way way, struct span s, size_t piece,
	struct packet_at *at)
{
	while (s.n > 0) {
		size_t n = s.n < piece ? s.n : piece;
		uint8_t *copy = malloc(n);
		assert_non_null(copy);
		memcpy(copy, s.p, n);
		at->packet++;
		http_flow_bytes(h, way, span_of(copy, n), at);
		free(copy);
		s = span_from(s, n);
	}
}

static void play(struct http_flow *h, const struct frame *f, size_t piece, struct packet_at *at)
{
	struct buf bytes = {0};
	struct err lost = {0};
	err_set(&lost, ERR_PACKETS, "a gap");
	switch (f->way) {
	case '>':
	case '<':
		add_frame(&bytes, f);
		feed(h, f->way == '>' ? FLOW_UP : FLOW_DOWN, buf_span(&bytes), piece, at);
		buf_fini(&bytes);
		break;
	case 'X': http_flow_closed(h, FLOW_UP, at); break;
	case 'x': http_flow_closed(h, FLOW_DOWN, at); break;
	case 'R': http_flow_reset(h, FLOW_UP, at); break;
	case 'r': http_flow_reset(h, FLOW_DOWN, at); break;
	case 'L': http_flow_lost(h, FLOW_UP, &lost, at); break;
	case 'l': http_flow_lost(h, FLOW_DOWN, &lost, at); break;
	default: fail();
	}
}

static struct http_flow *start(const struct row *r, struct flow_told *told)
{
	struct http_flow *h = http_flow_new(HTTP_FLOW_2, true, "origin.test",
		r->flags & DIRECT ? 8443 : 443, &flow_told_calls, told);
	if (r->flags & DIRECT)
		http_flow_direct(h);
	return h;
}

static void preface(
	const struct row *r, struct http_flow *h, size_t piece, struct packet_at *at)
{
	if ((r->flags & NO_PREFACE) == 0)
		feed(h, FLOW_UP, span_str(H2_PREFACE), piece, at);
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
	preface(r, h, piece, &at);
	for (const struct frame *f = r->frames; f->way != 0; f++)
		play(h, f, piece, &at);
	http_flow_end(h, &at);
	http_flow_free(h);
	compare(r, &told, how);
}

static void one_first(const struct row *r, bool up_first, size_t piece, const char *how)
{
	struct flow_told told = {0};
	struct packet_at at = {0};
	struct http_flow *h = start(r, &told);
	for (int round = 0; round < 2; round++) {
		bool up = up_first == (round == 0);
		if (up)
			preface(r, h, piece, &at);
		for (const struct frame *f = r->frames; f->way != 0; f++)
			if ((strchr(">XRL", f->way) != NULL) == up)
				play(h, f, piece, &at);
	}
	http_flow_end(h, &at);
	http_flow_free(h);
	compare(r, &told, how);
}

static void tells_conversations(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		in_order(&rows[i], SIZE_MAX, "whole");
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

/* ---- limits ---- */

static void head(struct buf *out, uint32_t stream, const char *lines, size_t more)
{
	struct buf block = {0};
	static const char big[1000];
	char value[1001];
	memset(value, 'v', sizeof big);
	h2_write_fields(&block, lines);
	for (size_t i = 0; i < more; i++)
		h2_write_field(&block, H2_PLAIN, span_str("n"), span_of(value, sizeof big));
	struct span s = buf_span(&block);
	unsigned type = H2_HEADERS, flags = H2_END_STREAM;
	do {
		struct span piece = span_first(s, H2_FRAME_MAX);
		s = span_from(s, piece.n);
		h2_write_frame(out, type, flags | (s.n == 0 ? H2_END_HEADERS : 0u), stream,
			piece.p, piece.n);
		type = H2_CONTINUATION;
		flags = 0;
	} while (s.n > 0);
	buf_fini(&block);
}

static void heads_have_limits(void **state)
{
	struct flow_told told = {0};
	struct packet_at at = {0};
	struct buf up = {0}, text = {0};
	(void)state;
	struct http_flow *h =
		http_flow_new(HTTP_FLOW_2, true, "origin.test", 443, &flow_told_calls, &told);
	buf_add_str(&up, H2_PREFACE);
	head(&up, 1, GET, 60);  /* taken */
	head(&up, 3, GET, 70);  /* refused: more than 64 KiB */
	head(&up, 5, GET, 1);   /* and the next is read again */
	head(&up, 7, GET, 300); /* nothing can follow */
	head(&up, 9, GET, 1);
	feed(h, FLOW_UP, buf_span(&up), 4096, &at);
	http_flow_end(h, &at);
	http_flow_free(h);
	assert_int_equal(told.n, 3);
	assert_true(span_is(buf_span(&told.x[0].end), "shutdown"));
	assert_true(span_is(buf_span(&told.x[1].end), "head-too-large"));
	assert_true(span_is(buf_span(&told.x[2].end), "shutdown"));
	assert_true(span_is(buf_span(&told.other), "other 0 limit\n"));
	flow_told_text(&told, &text);
	buf_fini(&text);
	buf_fini(&up);
	flow_told_fini(&told);
}

static void streams_have_a_limit(void **state)
{
	struct flow_told told = {0};
	struct packet_at at = {0};
	struct buf up = {0};
	(void)state;
	struct http_flow *h =
		http_flow_new(HTTP_FLOW_2, true, "origin.test", 443, &flow_told_calls, &told);
	buf_add_str(&up, H2_PREFACE);
	for (uint32_t i = 0; i < HTTP_FLOW_STREAMS_MAX + 10; i++)
		head(&up, 2 * i + 1, GET, 0);
	feed(h, FLOW_UP, buf_span(&up), 4096, &at);
	http_flow_end(h, &at);
	http_flow_free(h);
	assert_int_equal(told.n, HTTP_FLOW_STREAMS_MAX);
	assert_true(span_is(buf_span(&told.other), "other 0 limit\n"));
	buf_fini(&up);
	flow_told_fini(&told);
}

/* ---- two real peers ---- */

enum { SESSION_STREAMS = 60 };

struct peer {
	nghttp2_session *ng;
	struct session *s;
	bool server;
	struct buf out;
};

struct session {
	unsigned seed;
	struct peer peers[2]; /* client, server */
	size_t up_left[SESSION_STREAMS], down_left[SESSION_STREAMS];
	size_t up_n[SESSION_STREAMS], down_n[SESSION_STREAMS];
	struct packet_at at;
	struct http_flow *h;
};

static unsigned rnd(struct session *s, unsigned below)
{
	s->seed = s->seed * 1103515245u + 12345u;
	return (s->seed >> 16) % below;
}

static uint8_t fill(size_t stream, size_t i)
{
	return (uint8_t)('a' + (i * 7 + i / 26 + stream) % 26);
}

static ssize_t read_body(nghttp2_session *ng, int32_t id, uint8_t *p, size_t max,
	uint32_t *flags, nghttp2_data_source *source, void *user)
{
	struct peer *me = user;
	(void)source;
	size_t stream = (size_t)id / 2;
	size_t *left = me->server ? &me->s->down_left[stream] : &me->s->up_left[stream];
	size_t all = me->server ? me->s->down_n[stream] : me->s->up_n[stream];
	size_t n = *left < max ? *left : max;
	if (n > 1 + rnd(me->s, 5000))
		n = 1 + rnd(me->s, (unsigned)n);
	for (size_t i = 0; i < n; i++)
		p[i] = fill(stream, all - *left + i);
	*left -= n;
	if (*left == 0) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		if (stream % 3 == 0) {
			nghttp2_nv nv = {(uint8_t *)(uintptr_t) "check",
				(uint8_t *)(uintptr_t) "sum", 5, 3, 0};
			*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
			assert_int_equal(nghttp2_submit_trailer(ng, id, &nv, 1), 0);
		}
	}
	return (ssize_t)n;
}

static ssize_t pad(nghttp2_session *ng, const nghttp2_frame *frame, size_t max, void *user)
{
	struct peer *me = user;
	(void)ng;
	size_t n = frame->hd.length + rnd(me->s, 40);
	return (ssize_t)(n < max ? n : max);
}

static void nv(nghttp2_nv *out, const char *name, const char *value)
{
	*out = (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value,
		strlen(name), strlen(value), 0};
}

static int on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
	struct peer *me = user;
	nghttp2_nv nvs[4];
	char number[24];
	if (!me->server || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0 ||
		(frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
		return 0;
	size_t stream = (size_t)frame->hd.stream_id / 2;
	if (stream % 4 == 1) {
		nv(&nvs[0], ":status", "103");
		nv(&nvs[1], "link", "</x>; rel=preload");
		nghttp2_submit_headers(ng, 0, frame->hd.stream_id, NULL, nvs, 2, NULL);
	}
	me->s->down_n[stream] = me->s->down_left[stream] =
		rnd(me->s, 3) == 0 ? 0 : rnd(me->s, 20000);
	snprintf(number, sizeof number, "%zu", stream);
	nv(&nvs[0], ":status", "200");
	nv(&nvs[1], "x-stream", number);
	nv(&nvs[2], "server", "a name that goes into the table and comes again");
	nghttp2_data_provider body = {.read_callback = read_body};
	assert_int_equal(nghttp2_submit_response(ng, frame->hd.stream_id, nvs, 3, &body), 0);
	return 0;
}

static void peer_start(struct session *s, bool server)
{
	struct peer *me = &s->peers[server];
	nghttp2_session_callbacks *calls;
	me->s = s;
	me->server = server;
	assert_int_equal(nghttp2_session_callbacks_new(&calls), 0);
	nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
	nghttp2_session_callbacks_set_select_padding_callback(calls, pad);
	if (server)
		assert_int_equal(nghttp2_session_server_new(&me->ng, calls, me), 0);
	else
		assert_int_equal(nghttp2_session_client_new(&me->ng, calls, me), 0);
	nghttp2_session_callbacks_del(calls);
	nghttp2_settings_entry set[] = {
		{NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, rnd(s, 2) ? 65536 : rnd(s, 3000)},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1000000},
		{NGHTTP2_SETTINGS_MAX_FRAME_SIZE, 16384 + rnd(s, 30000)}};
	assert_int_equal(nghttp2_submit_settings(me->ng, 0, set, 3), 0);
}

/* What one says is heard by the other, and by the witness in pieces. */
static bool pass(struct session *s, bool server)
{
	struct peer *from = &s->peers[server], *to = &s->peers[!server];
	bool any = false;
	for (;;) {
		const uint8_t *p;
		ssize_t n = nghttp2_session_mem_send(from->ng, &p);
		assert_true(n >= 0);
		if (n == 0)
			return any;
		any = true;
		for (size_t at = 0; at < (size_t)n;) {
			size_t some = 1 + rnd(s, 3000);
			if (some > (size_t)n - at)
				some = (size_t)n - at;
			s->at.packet++;
			http_flow_bytes(s->h, server ? FLOW_DOWN : FLOW_UP,
				span_of(p + at, some), &s->at);
			at += some;
		}
		assert_int_equal(nghttp2_session_mem_recv(to->ng, p, (size_t)n), n);
	}
}

static void ask(struct session *s, size_t stream)
{
	nghttp2_nv nvs[6];
	char path[32];
	nghttp2_data_provider body = {.read_callback = read_body};
	s->up_n[stream] = s->up_left[stream] = rnd(s, 2) ? 0 : rnd(s, 9000);
	snprintf(path, sizeof path, "/%zu", stream);
	nv(&nvs[0], ":method", "POST");
	nv(&nvs[1], ":scheme", "https");
	nv(&nvs[2], ":authority", "origin.test");
	nv(&nvs[3], ":path", path);
	nv(&nvs[4], "user-agent", "a name that goes into the table and comes again");
	nv(&nvs[5], "cookie", path);
	int32_t id = nghttp2_submit_request(s->peers[0].ng, NULL, nvs, 6, &body, NULL);
	assert_int_equal(id, 2 * stream + 1);
}

static void check_body(struct span got, size_t stream, size_t n)
{
	assert_int_equal(got.n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(got.p[i], fill(stream, i));
}

static void two_peers_once(unsigned seed)
{
	struct session s = {.seed = seed};
	struct flow_told told = {0};
	s.h = http_flow_new(HTTP_FLOW_2, true, "origin.test", 443, &flow_told_calls, &told);
	peer_start(&s, false);
	peer_start(&s, true);
	for (size_t next = 0; next < SESSION_STREAMS;) {
		for (unsigned n = 1 + rnd(&s, 12); n > 0 && next < SESSION_STREAMS; n--)
			ask(&s, next++);
		if (rnd(&s, 4) == 0) { /* the table changes while it is used */
			nghttp2_settings_entry e = {
				NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, rnd(&s, 70000)};
			nghttp2_submit_settings(s.peers[rnd(&s, 2)].ng, 0, &e, 1);
		}
		while (pass(&s, false) | pass(&s, true))
			;
	}
	http_flow_end(s.h, &s.at);
	http_flow_free(s.h);
	assert_int_equal(told.n, SESSION_STREAMS);
	assert_int_equal(buf_len(&told.other), 0);
	for (size_t i = 0; i < told.n; i++) {
		char url[64];
		const struct told_exchange *x = &told.x[i];
		assert_int_equal(x->stream, 2 * i + 1);
		assert_true(span_is(buf_span(&x->end), "ok"));
		snprintf(url, sizeof url, "POST https://origin.test/%zu HTTP/2", i);
		assert_true(span_find(buf_span(&x->request), span_str(url), 0) != SIZE_MAX);
		check_body(buf_span(&x->bodies[SIDE_REQUEST]), i, s.up_n[i]);
		check_body(buf_span(&x->bodies[SIDE_RESPONSE]), i, s.down_n[i]);
		assert_int_equal(buf_len(&x->trailers[SIDE_RESPONSE]) > 0, i % 3 == 0);
		assert_int_equal(span_find(buf_span(&x->response), span_str("interim 103"),
					 0) != SIZE_MAX,
			i % 4 == 1);
	}
	flow_told_fini(&told);
	nghttp2_session_del(s.peers[0].ng);
	nghttp2_session_del(s.peers[1].ng);
}

static void hears_two_peers(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++)
		two_peers_once(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_conversations),
		cmocka_unit_test(directions_may_be_out_of_step),
		cmocka_unit_test(heads_have_limits),
		cmocka_unit_test(streams_have_a_limit),
		cmocka_unit_test(hears_two_peers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
