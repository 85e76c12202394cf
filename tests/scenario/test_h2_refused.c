/*
 * HTTP/2 messages that break the rules. A request that could mean another to whoever reads it
 * next never leaves: its stream is reset, the case has it with its reason, and the connection
 * goes on.
 */
#include "tests/kit/h2_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct h2_bad_row bad_requests[] = {
	/* What an HTTP/1 reader would take for the end of a line or a word. */
	{"bad-pseudo-header", {METHOD, SCHEME, AUTHORITY, L(":path", "/a\r\nX: y")}},
	{"bad-pseudo-header", {METHOD, SCHEME, AUTHORITY, L(":path", "/a\ny")}},
	{"bad-pseudo-header", {METHOD, SCHEME, AUTHORITY, L(":path", "/a\0y")}},
	{"bad-pseudo-header", {METHOD, SCHEME, AUTHORITY, L(":path", "/a HTTP/1.1")}},
	{"bad-pseudo-header", {METHOD, SCHEME, AUTHORITY, L(":path", "/a\ty")}},
	{"bad-pseudo-header", {METHOD, SCHEME, AUTHORITY, L(":path", " /a")}},
	{"bad-pseudo-header", {L(":method", "GET /x HTTP/1.1\r\nA:"), SCHEME, AUTHORITY, PATH}},
	{"bad-pseudo-header", {L(":method", "GET "), SCHEME, AUTHORITY, PATH}},
	{"bad-pseudo-header", {L(":method", "GE\0T"), SCHEME, AUTHORITY, PATH}},
	{"bad-pseudo-header", {L(":method", "G\"T"), SCHEME, AUTHORITY, PATH}},
	{"bad-pseudo-header", {L(":method", ""), SCHEME, AUTHORITY, PATH}},
	{"bad-pseudo-header", {METHOD, SCHEME, L(":authority", ORIGIN_HOST "\r\nX: y"), PATH}},
	{"bad-pseudo-header", {METHOD, SCHEME, L(":authority", ORIGIN_HOST " x"), PATH}},
	{"bad-pseudo-header", {METHOD, SCHEME, L(":authority", ORIGIN_HOST "\0x"), PATH}},
	/* Where it goes. */
	{"bad-pseudo-header", {METHOD, L(":scheme", "javascript"), AUTHORITY, PATH}},
	{"bad-pseudo-header", {METHOD, L(":scheme", "javascript:"), AUTHORITY, PATH}},
	{"bad-pseudo-header", {METHOD, L(":scheme", "https\r\nx"), AUTHORITY, PATH}},
	{"bad-pseudo-header", {METHOD, L(":scheme", ""), AUTHORITY, PATH}},
	{"bad-pseudo-header", {METHOD, L(":scheme", "file"), AUTHORITY, PATH}},
	{"bad-pseudo-header", {METHOD, SCHEME, AUTHORITY, L(":path", "")}},
	{"bad-pseudo-header", {METHOD, SCHEME, AUTHORITY, L(":path", "a")}},
	{"bad-pseudo-header", {METHOD, SCHEME, AUTHORITY, L(":path", "*")}},
	{"bad-pseudo-header", {METHOD, SCHEME, AUTHORITY, L(":path", "https://other.test/")}},
	{"*", {METHOD, SCHEME, L(":authority", ""), PATH}},
	{"*", {METHOD, SCHEME, L(":authority", "user@" ORIGIN_HOST), PATH}},
	{"*", {METHOD, SCHEME, L(":authority", ORIGIN_HOST "/x"), PATH}},
	{"*", {METHOD, SCHEME, L(":authority", ORIGIN_HOST ":99999"), PATH}},
	{"*", {METHOD, SCHEME, PATH}},
	{"bad-host", {PSEUDO, L("host", "other.test")}},
	{"bad-host", {PSEUDO, L("host", ORIGIN_HOST), L("host", ORIGIN_HOST)}},
	{"bad-host", {PSEUDO, L("host", ORIGIN_HOST ":8443")}},
	/* Missing, doubled, late, unknown. */
	{"bad-pseudo-header", {SCHEME, AUTHORITY, PATH}},
	{"bad-pseudo-header", {METHOD, AUTHORITY, PATH}},
	{"bad-pseudo-header", {METHOD, SCHEME, AUTHORITY}},
	{"bad-pseudo-header", {PSEUDO, PATH}},
	{"bad-pseudo-header", {PSEUDO, METHOD}},
	{"bad-pseudo-header", {PSEUDO, AUTHORITY}},
	{"bad-pseudo-header", {PSEUDO, SCHEME}},
	{"bad-pseudo-header", {METHOD, SCHEME, AUTHORITY, L("x-a", "b"), PATH}},
	{"bad-pseudo-header", {PSEUDO, L(":status", "200")}},
	{"bad-pseudo-header", {PSEUDO, L(":other", "x")}},
	{"bad-pseudo-header", {PSEUDO, L(":", "x")}},
	/* Fields. */
	{"bad-field", {PSEUDO, L("X-Upper", "x")}},
	{"bad-field", {PSEUDO, L("", "x")}},
	{"bad-field", {PSEUDO, L("x y", "x")}},
	{"bad-field", {PSEUDO, L("x:y", "x")}},
	{"bad-field", {PSEUDO, L("x\r\ny", "x")}},
	{"bad-field", {PSEUDO, L("x\0y", "x")}},
	{"bad-field", {PSEUDO, L("x\xc3\xa4", "x")}},
	{"bad-field", {PSEUDO, L("x-a", "x\r\ny: z")}},
	{"bad-field", {PSEUDO, L("x-a", "x\ny")}},
	{"bad-field", {PSEUDO, L("x-a", "x\ry")}},
	{"nul-byte", {PSEUDO, L("x-a", "x\0y")}},
	{"bad-field", {PSEUDO, L("x-a", " x")}},
	{"bad-field", {PSEUDO, L("x-a", "x\t")}},
	{"bad-field", {PSEUDO, L("connection", "close")}},
	{"bad-field", {PSEUDO, L("keep-alive", "timeout=5")}},
	{"bad-field", {PSEUDO, L("proxy-connection", "close")}},
	{"bad-field", {PSEUDO, L("transfer-encoding", "chunked")}},
	{"bad-field", {PSEUDO, L("upgrade", "websocket")}},
	{"bad-field", {PSEUDO, L("te", "gzip")}},
	{"bad-content-length", {PSEUDO, L("content-length", "3"), L("content-length", "4")}},
	{"bad-content-length", {PSEUDO, L("content-length", "+3")}},
	{"bad-content-length", {PSEUDO, L("content-length", "3, 3")}},
	{"bad-content-length", {PSEUDO, L("content-length", "99999999999999999999")}},
	/* A request that ends here has no body (RFC 9113 8.1.1). */
	{"*", {PSEUDO, L("content-length", "3")}},
	/* Tunnels in the tunnel, RFC 9113 8.5 and RFC 8441. */
	{"bad-target", {L(":method", "CONNECT"), L(":authority", "other.test:443")}},
	{"*", {L(":method", "CONNECT"), L(":protocol", "websocket"), SCHEME, AUTHORITY, PATH}},
};
enum { BAD_REQUESTS = sizeof bad_requests / sizeof *bad_requests };

static void check_refused(const struct read_case *facts, size_t i, const char *reason)
{
	const struct fact_request *q = CASE_FACT(facts, REQUEST, request, i);
	const struct fact_exchange_end *end = read_case_end(facts, q->exchange);
	assert_true(q->fields.n > 2);
	assert_null(read_case_response(facts, q->exchange));
	if (end == NULL || span_is(end->reason, "ok") ||
		(strcmp(reason, "*") != 0 && !span_is(end->reason, reason)))
		fail_msg("row %zu is recorded as %.*s (%.*s), not %s:\n%.*s", i,
			end != NULL ? (int)end->reason.n : 0,
			end != NULL ? (const char *)end->reason.p : "",
			end != NULL ? (int)end->detail.n : 0,
			end != NULL ? (const char *)end->detail.p : "", reason,
			(int)q->fields.n, (const char *)q->fields.p);
}

static void malformed_requests_never_leave(void **state)
{
	struct h2_talk t;
	uint32_t stream = 1;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	for (size_t i = 0; i < BAD_REQUESTS; i++, stream += 2) {
		h2_send_lines(&t.b, H2_END_STREAM, stream, bad_requests[i].lines);
		const struct h2_got *g = h2_raw_next(&t.b, H2_RAW_PATIENCE_MS);
		while (g != NULL && g->type != H2_RST_STREAM && g->type != H2_HEADERS)
			g = h2_raw_next(&t.b, H2_RAW_PATIENCE_MS);
		if (g == NULL || g->type != H2_RST_STREAM || g->stream != stream ||
			g->code != H2_PROTOCOL_ERROR)
			fail_msg("row %zu (%s):\n%s", i, bad_requests[i].reason,
				h2_raw_log(&t.b));
	}
	/* What the origin hears first is the first request that is one. */
	h2_talk_get(&t, stream, "/after");
	h2_talk_end(&t);
	assert_int_equal(CASE_COUNT(t.rec.facts, REQUEST), BAD_REQUESTS + 1);
	for (size_t i = 0; i < BAD_REQUESTS; i++)
		check_refused(t.rec.facts, i, bad_requests[i].reason);
	conversation_recorded(&t.rec, BAD_REQUESTS, "GET", "/after", 200, "ok", 0, 4);
	assert_int_equal(h2_talk_frames(t.rec.facts, "clicktrail", "rst_stream",
				 H2_PROTOCOL_ERROR, LEG_BROWSER),
		BAD_REQUESTS);
	/* The lines in the case are lines: nothing refused could pass for two. */
	const struct fact_request *q = CASE_FACT(t.rec.facts, REQUEST, request, 0);
	assert_true(h2_talk_has(q->fields, ":path: /a\\x0d\\x0aX: y\r\n"));
	assert_true(h2_talk_has(q->oddities, "escaped"));
	h2_talk_free(&t);
}

/* Host beside :authority, or in its place, is what it says (RFC 9113 8.3.1). */
static void a_fitting_host_passes(void **state)
{
	static const char *const asks[] = {
		H2_GET("/both") "host: " ORIGIN_HOST "\n",
		":method: GET\n:scheme: https\n:path: /host\nhost: " ORIGIN_HOST "\n",
		":method: OPTIONS\n:scheme: https\n:authority: " ORIGIN_HOST "\n:path: *\n",
		":method: M-SEARCH\n:scheme: https\n:authority: " ORIGIN_HOST
		":443\n:path: /port\n",
	};
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	for (uint32_t i = 0; i < 4; i++) {
		h2_raw_head(&t.b, H2_END_STREAM, 1 + 2 * i, asks[i]);
		uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
		assert_string_equal(t.o.got.fields, asks[i]);
		h2_raw_head(&t.o, H2_END_STREAM, s, ":status: 204\n");
		h2_raw_expect_head(&t.b, 1 + 2 * i, ":status: 204\n", true);
	}
	h2_talk_end(&t);
	conversation_recorded(&t.rec, 0, "GET", "/both", 204, "ok", 0, 0);
	conversation_recorded(&t.rec, 1, "GET", "/host", 204, "ok", 0, 0);
	h2_talk_free(&t);
}

static void put_many(struct buf *block, size_t n, size_t value_len)
{
	char name[40], *value = malloc(value_len + 1);
	assert_non_null(value);
	memset(value, 'v', value_len);
	h2_write_fields(block, H2_GET("/"));
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof name, "x-%zu", i);
		h2_write_field(block, H2_PLAIN, span_str(name), span_of(value, value_len));
	}
	free(value);
}

/* HEADERS and as many CONTINUATIONs as it takes. */
static void send_block(struct h2_raw *c, uint32_t stream, struct span block)
{
	unsigned type = H2_HEADERS, flags = H2_END_STREAM;
	do {
		size_t n = block.n < H2_FRAME_MAX ? block.n : H2_FRAME_MAX;
		if (n == block.n)
			flags |= H2_END_HEADERS;
		h2_raw_frame(c, type, flags, stream, block.p, n);
		block = span_from(block, n);
		type = H2_CONTINUATION;
		flags = 0;
	} while (block.n > 0);
}

static void heads_beyond_the_limits_never_leave(void **state)
{
	static const struct {
		size_t n, value_len;
		const char *reason;
	} heads[] = {{20, 4000, "head-too-large"}, {1100, 1, "*"}};
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	assert_in_range(t.b.settings[H2_SET_MAX_HEADER_LIST_SIZE], 16384, 1024 * 1024);
	for (uint32_t i = 0; i < 2; i++) {
		struct buf block = {0};
		put_many(&block, heads[i].n, heads[i].value_len);
		send_block(&t.b, 1 + 2 * i, buf_span(&block));
		buf_fini(&block);
		const struct h2_got *g;
		do
			g = h2_raw_next(&t.b, H2_RAW_PATIENCE_MS);
		while (g != NULL && g->stream != 1 + 2 * i);
		/* 431 or a reset, as the proxy likes. */
		if (g == NULL || (g->type == H2_HEADERS &&
					 strcmp(h2_raw_field(&t.b, ":status"), "431") != 0))
			fail_msg("head %u:\n%s", i, h2_raw_log(&t.b));
		if (g->type == H2_HEADERS)
			h2_raw_await(&t.b, H2_DATA, 1 + 2 * i);
	}
	/* One that is large, but not too large. */
	struct buf block = {0};
	put_many(&block, 10, 4000);
	send_block(&t.b, 5, buf_span(&block));
	buf_fini(&block);
	uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
	assert_true(strlen(t.o.got.fields) > 40000);
	h2_raw_head(&t.o, H2_END_STREAM, s, ":status: 204\n");
	h2_raw_await(&t.b, H2_HEADERS, 5);
	h2_talk_end(&t);
	assert_int_equal(CASE_COUNT(t.rec.facts, REQUEST), 3);
	for (size_t i = 0; i < 2; i++) {
		const struct fact_exchange_end *end =
			read_case_end(t.rec.facts, conversation_exchange(&t.rec, i));
		assert_non_null(end);
		assert_false(span_is(end->reason, "ok"));
		if (strcmp(heads[i].reason, "*") != 0)
			assert_true(span_is(end->reason, heads[i].reason));
	}
	h2_talk_free(&t);
}

/* A body that is not as long as it said: the origin must not take it for whole. */
static void lengths_are_held_against_bodies(void **state)
{
	static const struct {
		const char *length, *body;
	} rows[] = {{"9", "four"}, {"3", "four"}, {"1", ""}};
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_talk_open(&t);
	for (uint32_t i = 0; i < 3; i++) {
		char head[300];
		snprintf(head, sizeof head, H2_ASK("POST", "/%u") "content-length: %s\n", i,
			rows[i].length);
		h2_raw_head(&t.b, 0, 1 + 2 * i, head);
		uint32_t s = h2_raw_expect(&t.o, H2_HEADERS, UINT32_MAX)->stream;
		h2_raw_data(&t.b, H2_END_STREAM, 1 + 2 * i, rows[i].body);
		const struct h2_got *g = h2_raw_await(&t.b, H2_RST_STREAM, 1 + 2 * i);
		assert_int_equal(g->code, H2_PROTOCOL_ERROR);
		/* Perhaps some of the body, then a reset, and no end. */
		do {
			g = h2_raw_next(&t.o, H2_RAW_PATIENCE_MS);
			if (g == NULL || (g->type == H2_DATA && (g->flags & H2_END_STREAM)))
				fail_msg("row %u, origin:\n%s", i, h2_raw_log(&t.o));
		} while (g->type != H2_RST_STREAM || g->stream != s);
	}
	h2_talk_get(&t, 7, "/after");
	h2_talk_end(&t);
	assert_int_equal(CASE_COUNT(t.rec.facts, REQUEST), 4);
	for (size_t i = 0; i < 3; i++) {
		const struct fact_exchange_end *end =
			read_case_end(t.rec.facts, conversation_exchange(&t.rec, i));
		assert_non_null(end);
		assert_false(span_is(end->reason, "ok"));
	}
	h2_talk_free(&t);
}

/* HTTP/2 without TLS is nothing that we could record: refused, not half served. */
static void cleartext_is_refused(void **state)
{
	struct run_proxy p;
	struct raw_client c;
	(void)state;
	struct script_origin *o = script_origin_start(false, NULL);
	struct run_proxy_options options = {.rules = {script_origin_rule(o, "clear.test", 443),
						    script_origin_rule(o, "clear.test", 80)}};
	run_proxy_start(&p, &options);
	/* Straight to the proxy. */
	raw_open(&c, p.port);
	raw_send(&c, H2_PREFACE);
	raw_send_bytes(&c, "\0\0\0\x04\0\0\0\0\0", 9);
	raw_expect_gone(&c);
	raw_close(&c);
	run_proxy_idle(&p);
	/* Through CONNECT. */
	raw_open(&c, p.port);
	raw_connect(&c, "clear.test:443");
	raw_send(&c, H2_PREFACE);
	raw_send_bytes(&c, "\0\0\0\x04\0\0\0\0\0", 9);
	raw_expect_gone(&c);
	raw_close(&c);
	run_proxy_idle(&p);
	run_proxy_stop(&p);
	/* No script: a connection that brought bytes would be a failure. */
	script_origin_abandon(o);
	assert_int_equal(CASE_COUNT(&p.facts, OPAQUE), 0);
	assert_int_equal(CASE_COUNT(&p.facts, LEG), 0);
	for (size_t i = 0; i < CASE_COUNT(&p.facts, EXCHANGE_END); i++)
		assert_false(span_is(
			CASE_FACT(&p.facts, EXCHANGE_END, exchange_end, i)->reason, "ok"));
	assert_false(span_is(CASE_FACT(&p.facts, TUNNEL_END, tunnel_end, 1)->reason, "ok"));
	run_proxy_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_requests_never_leave),
		cmocka_unit_test(a_fitting_host_passes),
		cmocka_unit_test(heads_beyond_the_limits_never_leave),
		cmocka_unit_test(lengths_are_held_against_bodies),
		cmocka_unit_test(cleartext_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
