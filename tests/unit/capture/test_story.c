/* The story of one connection: what a proxy was asked, TLS or clear, HTTP or not; what is
 * counted, and what could not be read. */
#include "capture/story.h"
#include "tests/kit/flow_told.h"
#include "tests/kit/h2_wire.h"
#include "tests/kit/tls_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* A connection under test, and all that is told of it. */
struct heard {
	struct flow_told told; /* first: the http calls get it */
	struct flow flow;
	struct keylog *keys;
	struct story *story;
	struct packet_at at;
	struct buf plain[2];
	unsigned asked, refused, hellos, secured;
	size_t piece;
};

static void on_asked(void *ctx, const struct story_about *about, const struct packet_at *at)
{
	struct heard *h = ctx;
	assert_int_equal(at->packet, h->at.packet);
	if (about->refused)
		h->refused++;
	else
		h->asked++;
	assert_int_equal(buf_len(&h->plain[0]) + buf_len(&h->plain[1]), 0);
}
static void on_hello(void *ctx, const struct story_about *about)
{
	((struct heard *)ctx)->hellos++;
	assert_non_null(about->tls->hello.p);
}
static void on_secured(void *ctx, const struct story_about *about)
{
	((struct heard *)ctx)->secured++;
	assert_int_equal(about->layer, STORY_TLS);
}
static void on_plain(
	void *ctx, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	(void)at;
	buf_add_span(&((struct heard *)ctx)->plain[way], bytes);
}

static const struct story_calls calls = {.asked = on_asked,
	.hello = on_hello,
	.secured = on_secured,
	.plain = on_plain,
	.http = {.request = told_request,
		.interim = told_interim,
		.response = told_response,
		.body = told_body,
		.message_end = told_message_end,
		.end = told_end,
		.other = told_other}};

static void begin(struct heard *h, bool to_proxy, uint16_t port, size_t piece)
{
	*h = (struct heard){.piece = piece};
	h->flow.server = (struct flow_end){{4, {127, 0, 0, 1}}, port};
	h->keys = keylog_new();
	h->story = story_new(&h->flow, to_proxy, h->keys, false, &calls, h);
}

static void feed(struct heard *h, enum flow_way way, struct span s)
{
	while (s.n > 0) {
		size_t n = s.n < h->piece ? s.n : h->piece;
		uint8_t *copy = malloc(n);
		assert_non_null(copy);
		memcpy(copy, s.p, n);
		h->at.packet++;
		story_bytes(h->story, way, span_of(copy, n), &h->at);
		free(copy);
		s = span_from(s, n);
	}
}

static void up(struct heard *h, const char *text)
{
	feed(h, FLOW_UP, span_str(text));
}

static void down(struct heard *h, const char *text)
{
	feed(h, FLOW_DOWN, span_str(text));
}

static void close_both(struct heard *h)
{
	h->at.packet++;
	story_closed(h->story, FLOW_DOWN, &h->at);
	story_closed(h->story, FLOW_UP, &h->at);
}

static const struct story_about *finish(struct heard *h)
{
	story_end(h->story);
	assert_int_equal(h->told.open, 0);
	const struct story_about *about = story_about(h->story);
	for (int way = 0; way < 2; way++)
		assert_int_equal(about->bytes[way], buf_len(&h->plain[way]));
	return about;
}

static void free_heard(struct heard *h)
{
	story_free(h->story);
	keylog_free(h->keys);
	buf_fini(&h->plain[0]);
	buf_fini(&h->plain[1]);
	flow_told_fini(&h->told);
}

static void assert_told(struct heard *h, const char *expected)
{
	struct buf text = {0};
	flow_told_text(&h->told, &text);
	if (!span_is(buf_span(&text), expected))
		fail_msg("told:\n%.*s\nin place of\n%s", (int)buf_len(&text),
			(const char *)buf_span(&text).p, expected);
	buf_fini(&text);
}

static void assert_protocol(const struct story_about *about, const char *protocol)
{
	if (protocol == NULL)
		assert_null(about->protocol);
	else
		assert_string_equal(about->protocol, protocol);
}

static void assert_plain(struct heard *h, const char *up_text, const char *down_text)
{
	assert_true(span_is(buf_span(&h->plain[FLOW_UP]), up_text));
	assert_true(span_is(buf_span(&h->plain[FLOW_DOWN]), down_text));
}

/* Whole, byte by byte, and between. */
static const size_t pieces[] = {SIZE_MAX, 1, 2, 3, 7, 50};
#define EACH_PIECE(i)                                                                          \
	size_t i = 0;                                                                          \
	i < sizeof pieces / sizeof *pieces;                                                    \
	i++

#define GET "GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define TOLD(url)                                                                              \
	"1 GET " url " HTTP/1.1 head=GET /x HTTP/1.1~|Host: a.test~|~|\n"                      \
	" response 200 reason=OK HTTP/1.1 head=HTTP/1.1 200 OK~|Content-Length: 2~|~|\n"       \
	" up +\n down bytes=hi +\n end ok\n"

/* ---- clear ---- */

static void plain_proxy(void **state)
{
	(void)state;
	for (EACH_PIECE(i)) {
		struct heard h;
		begin(&h, true, 8080, pieces[i]);
		up(&h, "GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n");
		down(&h, OK);
		const struct story_about *about = finish(&h);
		assert_int_equal(about->layer, STORY_CLEAR);
		assert_protocol(about, "http/1.1");
		assert_string_equal(about->target_host, "");
		assert_null(about->why);
		assert_plain(&h, "GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n", OK);
		assert_told(&h,
			"1 GET http://a.test/x HTTP/1.1 head=GET http://a.test/x HTTP/1.1~|"
			"Host: a.test~|~|\n response 200 reason=OK HTTP/1.1 head=HTTP/1.1 "
			"200 OK~|Content-Length: 2~|~|\n up +\n down bytes=hi +\n end ok\n");
		assert_int_equal(h.asked + h.refused, 0);
		free_heard(&h);
	}
}

#define CONNECT "CONNECT A.test:81 HTTP/1.1\r\nHost: A.test:81\r\n\r\n"
#define GRANTED "HTTP/1.1 200 Connection Established\r\n\r\n"

static void clear_in_tunnel(void **state)
{
	(void)state;
	for (EACH_PIECE(i)) {
		struct heard h;
		begin(&h, true, 8080, pieces[i]);
		up(&h, CONNECT);
		down(&h, "HTTP/1.1 100 Wait\r\n\r\n" GRANTED);
		up(&h, GET);
		down(&h, OK);
		const struct story_about *about = finish(&h);
		assert_string_equal(about->target_host, "a.test");
		assert_int_equal(about->target_port, 81);
		assert_int_equal(h.asked, 1);
		assert_int_equal(about->layer, STORY_CLEAR);
		assert_protocol(about, "http/1.1");
		assert_plain(&h, GET, OK);
		assert_told(&h,
			"1 GET http://a.test:81/x HTTP/1.1 odd=host-differs head=GET /x "
			"HTTP/1.1~|Host: a.test~|~|\n response 200 reason=OK HTTP/1.1 "
			"head=HTTP/1.1 200 OK~|Content-Length: 2~|~|\n up +\n"
			" down bytes=hi +\n end ok\n");
		free_heard(&h);
	}
}

static void other_in_tunnel(void **state)
{
	(void)state;
	for (EACH_PIECE(i)) {
		struct heard h;
		begin(&h, true, 8080, pieces[i]);
		up(&h, CONNECT);
		down(&h, GRANTED "SSH-2.0-server\r\n");
		up(&h, "SSH-2.0-client\r\n");
		down(&h, "more");
		close_both(&h);
		const struct story_about *about = finish(&h);
		assert_int_equal(about->layer, STORY_CLEAR);
		assert_protocol(about, "other");
		assert_plain(&h, "SSH-2.0-client\r\n", "SSH-2.0-server\r\nmore");
		assert_told(&h, "");
		free_heard(&h);
	}
}

static void other_that_begins_like_http(void **state)
{
	(void)state;
	for (EACH_PIECE(i)) {
		struct heard h;
		begin(&h, false, 25, pieces[i]);
		down(&h, "220 mail.test\r\n");
		up(&h, "EHLO client test\r\nQUIT\r\n");
		close_both(&h);
		assert_protocol(finish(&h), "other");
		assert_told(&h, "");
		free_heard(&h);
	}
}

static void refused(void **state)
{
	static const char no[] = "HTTP/1.1 407 No\r\nContent-Length: 4\r\n\r\nnope";
	(void)state;
	for (EACH_PIECE(i)) {
		struct heard h;
		begin(&h, true, 8080, pieces[i]);
		up(&h, CONNECT);
		down(&h, no);
		up(&h, "more");
		close_both(&h);
		const struct story_about *about = finish(&h);
		assert_true(about->refused);
		assert_int_equal(h.refused, 1);
		assert_int_equal(h.asked, 0);
		assert_string_equal(about->target_host, "");
		assert_plain(&h, CONNECT "more", no);
		assert_told(&h, "");
		free_heard(&h);
	}
}

static void not_answered(void **state)
{
	(void)state;
	for (EACH_PIECE(i)) {
		struct heard h;
		begin(&h, true, 8080, pieces[i]);
		up(&h, CONNECT);
		close_both(&h);
		const struct story_about *about = finish(&h);
		assert_false(about->refused);
		assert_non_null(about->why);
		assert_plain(&h, CONNECT, "");
		assert_told(&h, "");
		free_heard(&h);
		/* Half a question is a request that is none, as the proxy has it. */
		begin(&h, true, 8080, pieces[i]);
		up(&h, "CONNECT a:1 HT");
		close_both(&h);
		assert_protocol(finish(&h), "other");
		assert_plain(&h, "CONNECT a:1 HT", "");
		assert_told(&h, "1 - - head=CONNECT a:1 HT\n end head-truncated\n"
				"other 1 head-truncated\n");
		free_heard(&h);
	}
}

static void straight(void **state)
{
	(void)state;
	for (EACH_PIECE(i)) {
		struct heard h;
		begin(&h, false, 8081, pieces[i]);
		up(&h, GET);
		down(&h, OK);
		const struct story_about *about = finish(&h);
		assert_int_equal(about->layer, STORY_CLEAR);
		assert_told(&h, TOLD("http://a.test/x"));
		free_heard(&h);
	}
}

static void nothing_said(void **state)
{
	(void)state;
	for (int to_proxy = 0; to_proxy < 2; to_proxy++) {
		struct heard h;
		begin(&h, to_proxy, 8081, SIZE_MAX);
		close_both(&h);
		const struct story_about *about = finish(&h);
		assert_int_equal(about->layer, STORY_UNKNOWN);
		assert_null(about->protocol);
		assert_told(&h, "");
		free_heard(&h);
	}
}

/* ---- SOCKS5 ---- */

#define S(text) span_of(text, sizeof(text) - 1)

static void socks(void **state)
{
	const struct {
		struct span ask;
		const char *host;
		bool login;
	} rows[] = {
		{S("\5\1\0\3\6a.test\0\x51"), "a.test", false},
		{S("\5\1\0\1\x7f\0\0\1\0\x51"), "127.0.0.1", true},
		{S("\5\1\0\4\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\x51"), "2001:db8::1",
			false},
	};
	(void)state;
	for (size_t row = 0; row < 3; row++)
		for (EACH_PIECE(i)) {
			struct heard h;
			begin(&h, true, 1080, pieces[i]);
			feed(&h, FLOW_UP, rows[row].login ? S("\5\2\0\2") : S("\5\1\0"));
			feed(&h, FLOW_DOWN, rows[row].login ? S("\5\2") : S("\5\0"));
			if (rows[row].login) {
				feed(&h, FLOW_UP, S("\1\4user\6secret"));
				feed(&h, FLOW_DOWN, S("\1\0"));
			}
			feed(&h, FLOW_UP, rows[row].ask);
			feed(&h, FLOW_DOWN, S("\5\0\0\1\0\0\0\0\0\0"));
			up(&h, GET);
			down(&h, OK);
			const struct story_about *about = finish(&h);
			assert_string_equal(about->target_host, rows[row].host);
			assert_int_equal(about->target_port, 81);
			assert_int_equal(h.asked, 1);
			assert_plain(&h, GET, OK);
			assert_protocol(about, "http/1.1");
			free_heard(&h);
		}
}

static void socks_refused(void **state)
{
	(void)state;
	for (EACH_PIECE(i)) {
		struct heard h;
		begin(&h, true, 1080, pieces[i]);
		feed(&h, FLOW_UP, S("\5\1\0"));
		feed(&h, FLOW_DOWN, S("\5\0"));
		feed(&h, FLOW_UP, S("\5\1\0\3\6a.test\0\x51"));
		feed(&h, FLOW_DOWN, S("\5\5\0\1\0\0\0\0\0\0"));
		close_both(&h);
		assert_true(finish(&h)->refused);
		free_heard(&h);
		begin(&h, true, 1080, pieces[i]);
		feed(&h, FLOW_UP, S("\5\1\2"));
		feed(&h, FLOW_DOWN, S("\5\xff"));
		close_both(&h);
		assert_true(finish(&h)->refused);
		free_heard(&h);
	}
}

/* ---- TLS ---- */

static void wire_pieces(struct heard *h, const struct tls_wire *w)
{
	for (size_t i = 0; i < w->n_pieces; i++)
		feed(h, w->pieces[i].way, tls_wire_bytes(w, i));
}

static void assert_said(struct heard *h, const struct tls_wire *w)
{
	for (int way = 0; way < 2; way++)
		assert_true(span_eq(buf_span(&h->plain[way]), buf_span(&w->said[way])));
}

static struct tls_wire *one_over_tls(const char *alpn, const char *sni)
{
	struct tls_wire *w = tls_wire_new(&(struct tls_wire_order){.alpn = alpn, .sni = sni});
	tls_wire_say(w, FLOW_UP, span_str(GET));
	tls_wire_say(w, FLOW_DOWN, span_str(OK));
	tls_wire_close(w, FLOW_DOWN);
	tls_wire_close(w, FLOW_UP);
	return w;
}

static void tls_in_tunnel(void **state)
{
	static const char *const alpns[] = {NULL, "http/1.1"};
	(void)state;
	for (size_t a = 0; a < 2; a++) {
		struct tls_wire *w = one_over_tls(alpns[a], "a.test");
		for (EACH_PIECE(i)) {
			struct heard h;
			begin(&h, true, 8080, pieces[i]);
			keylog_add(h.keys, buf_span(&w->keys));
			up(&h, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
			down(&h, GRANTED);
			wire_pieces(&h, w);
			close_both(&h);
			const struct story_about *about = finish(&h);
			assert_int_equal(about->layer, STORY_TLS);
			assert_protocol(about, "http/1.1");
			assert_null(about->why);
			assert_int_equal(h.hellos, 1);
			assert_int_equal(h.secured, 1);
			assert_said(&h, w);
			assert_told(&h, TOLD("https://a.test/x"));
			free_heard(&h);
		}
		tls_wire_free(w);
	}
}

static void tls_straight(void **state)
{
	struct tls_wire *w = one_over_tls("http/1.1", "a.test");
	(void)state;
	for (EACH_PIECE(i)) {
		struct heard h;
		begin(&h, false, 8443, pieces[i]);
		keylog_add(h.keys, buf_span(&w->keys));
		wire_pieces(&h, w);
		assert_protocol(finish(&h), "http/1.1");
		assert_said(&h, w);
		assert_told(&h, TOLD("https://a.test/x"));
		free_heard(&h);
	}
	tls_wire_free(w);
	/* A name that Host does not say: that of TLS, and the port that was reached. */
	w = one_over_tls("http/1.1", "b.test");
	struct heard h;
	begin(&h, false, 8443, SIZE_MAX);
	keylog_add(h.keys, buf_span(&w->keys));
	wire_pieces(&h, w);
	finish(&h);
	assert_true(span_starts(buf_span(&h.told.x[0].request),
		"1 GET https://b.test:8443/x HTTP/1.1 odd=host"));
	free_heard(&h);
	tls_wire_free(w);
}

static void add_head(struct buf *out, unsigned flags, const char *lines)
{
	struct buf block = {0};
	h2_write_fields(&block, lines);
	h2_write_frame(out, H2_HEADERS, flags, 1, block.p, buf_len(&block));
	buf_fini(&block);
}

static void h2_over_tls(void **state)
{
	static const char *const alpns[] = {NULL, "h2"};
	struct buf ask = {0}, answer = {0};
	(void)state;
	buf_add_str(&ask, H2_PREFACE);
	h2_write_frame(&ask, H2_SETTINGS, 0, 0, NULL, 0);
	add_head(&ask, H2_WHOLE,
		":method: GET\n:scheme: https\n:authority: a.test\n:path: /x\n");
	h2_write_frame(&answer, H2_SETTINGS, 0, 0, NULL, 0);
	add_head(&answer, H2_END_HEADERS, ":status: 200\n");
	h2_write_frame(&answer, H2_DATA, H2_END_STREAM, 1, "hi", 2);
	for (size_t a = 0; a < 2; a++) {
		struct tls_wire *w = tls_wire_new(
			&(struct tls_wire_order){.alpn = alpns[a], .sni = "a.test"});
		tls_wire_say(w, FLOW_UP, buf_span(&ask));
		tls_wire_say(w, FLOW_DOWN, buf_span(&answer));
		for (EACH_PIECE(i)) {
			struct heard h;
			begin(&h, false, 443, pieces[i]);
			keylog_add(h.keys, buf_span(&w->keys));
			wire_pieces(&h, w);
			assert_protocol(finish(&h), "h2");
			assert_said(&h, w);
			assert_told(&h, "1/1 GET https://a.test/x HTTP/2 fields=:method: GET~|"
					":scheme: https~|:authority: a.test~|:path: /x~|~|\n"
					" response 200 HTTP/2 fields=:status: 200~|~|\n up +\n"
					" down bytes=hi +\n end ok\n");
			free_heard(&h);
		}
		tls_wire_free(w);
	}
	buf_fini(&ask);
	buf_fini(&answer);
}

static void another_protocol_over_tls(void **state)
{
	struct tls_wire *w = tls_wire_new(&(struct tls_wire_order){.alpn = "imap"});
	struct heard h;
	(void)state;
	tls_wire_say(w, FLOW_DOWN, span_str("* OK\r\n"));
	tls_wire_say(w, FLOW_UP, span_str("a LOGOUT\r\n"));
	begin(&h, false, 993, SIZE_MAX);
	keylog_add(h.keys, buf_span(&w->keys));
	wire_pieces(&h, w);
	assert_protocol(finish(&h), "other");
	assert_said(&h, w);
	assert_told(&h, "");
	free_heard(&h);
	tls_wire_free(w);
}

static void no_keys(void **state)
{
	struct tls_wire *w = one_over_tls("h2", "a.test");
	struct heard h;
	(void)state;
	begin(&h, false, 443, SIZE_MAX);
	wire_pieces(&h, w);
	const struct story_about *about = finish(&h);
	assert_int_equal(about->layer, STORY_TLS);
	assert_null(about->protocol);
	assert_non_null(about->why);
	assert_int_equal(about->bytes[0] + about->bytes[1], 0);
	assert_told(&h, "");
	free_heard(&h);
	tls_wire_free(w);
}

/* Secrets that come behind the last packet: the end of the connection waits for them too. */
static void keys_come_late(void **state)
{
	struct tls_wire *w =
		tls_wire_new(&(struct tls_wire_order){.alpn = "http/1.1", .sni = "a.test"});
	struct heard h;
	(void)state;
	tls_wire_say(w, FLOW_UP, span_str(GET));
	tls_wire_say(w, FLOW_DOWN, span_str("HTTP/1.0 200 OK\r\n\r\nall"));
	begin(&h, false, 443, 20);
	story_free(h.story);
	h.story = story_new(&h.flow, false, h.keys, true, &calls, &h);
	wire_pieces(&h, w);
	close_both(&h);
	assert_int_equal(h.told.n, 0);
	story_retry(h.story);
	assert_int_equal(h.told.n, 0);
	keylog_add(h.keys, buf_span(&w->keys));
	story_retry(h.story);
	assert_int_equal(h.told.n, 1);
	assert_int_equal(h.told.open, 0); /* it did not wait for story_end */
	finish(&h);
	assert_said(&h, w);
	assert_true(span_is(buf_span(&h.told.x[0].end), "ok"));
	assert_true(span_is(buf_span(&h.told.x[0].bodies[SIDE_RESPONSE]), "all"));
	free_heard(&h);
	tls_wire_free(w);
}

/* ---- losses ---- */

static void lost_at_the_beginning(void **state)
{
	(void)state;
	for (int to_proxy = 0; to_proxy < 2; to_proxy++) {
		struct heard h;
		begin(&h, to_proxy, 443, SIZE_MAX);
		story_lost(h.story, FLOW_UP, 100, &h.at);
		up(&h, GET);
		down(&h, OK);
		const struct story_about *about = finish(&h);
		assert_int_equal(about->layer, STORY_UNKNOWN);
		assert_non_null(about->why);
		assert_int_equal(about->lost[FLOW_UP], 100);
		assert_told(&h, "");
		free_heard(&h);
	}
}

static void lost_in_clear(void **state)
{
	struct heard h;
	(void)state;
	begin(&h, false, 80, SIZE_MAX);
	up(&h, GET);
	down(&h, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
	h.at.packet = 77;
	story_lost(h.story, FLOW_DOWN, 3, &h.at);
	down(&h, "cdef");
	const struct story_about *about = finish(&h);
	assert_int_equal(about->lost[FLOW_DOWN], 3);
	assert_int_equal(about->why_at.packet, 77);
	assert_true(span_is(buf_span(&h.told.x[0].end), "bad-packets"));
	assert_true(span_is(buf_span(&h.told.x[0].bodies[SIDE_RESPONSE]), "ab"));
	free_heard(&h);
}

static void lost_in_tls(void **state)
{
	struct tls_wire *w = one_over_tls("http/1.1", "a.test");
	(void)state;
	/* Each piece in its turn. */
	for (size_t lost = 0; lost < w->n_pieces; lost++) {
		struct heard h;
		begin(&h, false, 443, SIZE_MAX);
		keylog_add(h.keys, buf_span(&w->keys));
		for (size_t i = 0; i < w->n_pieces; i++) {
			struct span s = tls_wire_bytes(w, i);
			if (i == lost)
				story_lost(h.story, w->pieces[i].way, s.n, &h.at);
			else
				feed(&h, w->pieces[i].way, s);
		}
		close_both(&h);
		const struct story_about *about = finish(&h);
		assert_non_null(about->why);
		for (int way = 0; way < 2; way++)
			assert_true(span_eq(buf_span(&h.plain[way]),
				span_first(buf_span(&w->said[way]), buf_len(&h.plain[way]))));
		for (size_t i = 0; i < h.told.n; i++)
			assert_true(h.told.x[i].over);
		free_heard(&h);
	}
	tls_wire_free(w);
}

static void broken_off(void **state)
{
	struct heard h;
	(void)state;
	begin(&h, false, 80, SIZE_MAX);
	up(&h, GET);
	down(&h, "HTTP/1.0 200 OK\r\n\r\nab");
	story_reset(h.story, FLOW_DOWN, &h.at);
	finish(&h);
	assert_true(span_is(buf_span(&h.told.x[0].end), "origin-reset"));
	free_heard(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_proxy),
		cmocka_unit_test(clear_in_tunnel),
		cmocka_unit_test(other_in_tunnel),
		cmocka_unit_test(other_that_begins_like_http),
		cmocka_unit_test(refused),
		cmocka_unit_test(not_answered),
		cmocka_unit_test(straight),
		cmocka_unit_test(nothing_said),
		cmocka_unit_test(socks),
		cmocka_unit_test(socks_refused),
		cmocka_unit_test(tls_in_tunnel),
		cmocka_unit_test(tls_straight),
		cmocka_unit_test(h2_over_tls),
		cmocka_unit_test(another_protocol_over_tls),
		cmocka_unit_test(no_keys),
		cmocka_unit_test(keys_come_late),
		cmocka_unit_test(lost_at_the_beginning),
		cmocka_unit_test(lost_in_clear),
		cmocka_unit_test(lost_in_tls),
		cmocka_unit_test(broken_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
