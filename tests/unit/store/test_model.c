/* Facts joined by exchange, and bodies with their content codings off, bounded. */
#include "store/derive/decode.h"
#include "store/derive/model.h"
#include "tests/kit/build_facts.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <time.h>
#include <zlib.h>

#define TEXT "the same text, the same text"
/* TEXT by the zstd command line tool, and by Node's brotli. */
static const uint8_t zstd_text[] = {0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x1c, 0xad, 0x00, 0x00, 0x78,
	0x74, 0x68, 0x65, 0x20, 0x73, 0x61, 0x6d, 0x65, 0x20, 0x74, 0x65, 0x78, 0x74, 0x2c,
	0x20, 0x01, 0x00, 0x72, 0xcc, 0x3a};
static const uint8_t brotli_text[] = {0x1b, 0x1b, 0x00, 0xf8, 0x8d, 0x94, 0x6e, 0xde, 0xaa,
	0xa4, 0x63, 0x01, 0xa9, 0x32, 0xbc, 0x3a, 0x24, 0x9e, 0x12, 0x00, 0x19, 0x4d, 0xe9,
	0x00};

/* window_bits: 31 gzip, 15 zlib, -15 raw. */
static struct buf deflated(struct span s, int window_bits)
{
	struct buf out = {0};
	z_stream z = {0};
	assert_int_equal(
		deflateInit2(&z, 9, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY), Z_OK);
	size_t room = deflateBound(&z, s.n);
	z.next_in = (z_const Bytef *)(uintptr_t)s.p;
	z.avail_in = (uInt)s.n;
	z.next_out = buf_room(&out, room);
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	buf_grew(&out, room - z.avail_out);
	deflateEnd(&z);
	return out;
}

static void decodes_to(
	struct span raw, const char *codings, enum decode_result want, const char *text)
{
	struct buf out = {0};
	enum decode_result got = decode_body(raw, span_str(codings), 1000, &out);
	if (got != want || !span_is(buf_span(&out), text))
		fail_msg("%s: %d '%.*s'", codings, (int)got, (int)buf_len(&out),
			(const char *)out.p);
	buf_fini(&out);
}

static void codings(void **state)
{
	(void)state;
	struct span plain = span_str(TEXT);
	struct buf gzip = deflated(plain, 31), zlib = deflated(plain, 15),
		   raw = deflated(plain, -15);
	decodes_to(plain, NULL, DECODE_WHOLE, TEXT);
	decodes_to(plain, "identity", DECODE_WHOLE, TEXT);
	decodes_to(buf_span(&gzip), "gzip", DECODE_WHOLE, TEXT);
	decodes_to(buf_span(&gzip), " X-GZip ", DECODE_WHOLE, TEXT);
	decodes_to(buf_span(&zlib), "deflate", DECODE_WHOLE, TEXT);
	decodes_to(buf_span(&raw), "deflate", DECODE_WHOLE, TEXT);
	decodes_to(span_of(brotli_text, sizeof brotli_text), "br", DECODE_WHOLE, TEXT);
	decodes_to(span_of(zstd_text, sizeof zstd_text), "zstd", DECODE_WHOLE, TEXT);
	decodes_to(SPAN_NONE, "gzip", DECODE_WHOLE, "");
	/* Browsers show what has a coding that nobody knows. */
	decodes_to(plain, "aws-chunked", DECODE_UNKNOWN, TEXT);
	decodes_to(plain, "gzip", DECODE_BROKEN, "");
	decodes_to(plain, "br", DECODE_BROKEN, "");
	decodes_to(plain, "zstd", DECODE_BROKEN, "");
	/* The list is in order of application. */
	struct buf twice = deflated(span_of(brotli_text, sizeof brotli_text), 31);
	decodes_to(buf_span(&twice), "br, gzip", DECODE_WHOLE, TEXT);
	decodes_to(buf_span(&twice), "gzip, br", DECODE_BROKEN, "");
	/* Two gzip members, and rubbish behind. */
	struct buf again = deflated(plain, 31);
	buf_add_span(&gzip, buf_span(&again));
	buf_fini(&again);
	buf_add_str(&gzip, "rubbish");
	decodes_to(buf_span(&gzip), "gzip", DECODE_WHOLE, TEXT TEXT);
	buf_fini(&gzip);
	buf_fini(&zlib);
	buf_fini(&raw);
	buf_fini(&twice);
}

static void cut_off(void **state)
{
	(void)state;
	struct buf gzip = deflated(span_str(TEXT), 31), out = {0};
	for (size_t n = 1; n < buf_len(&gzip); n++) {
		buf_clear(&out);
		assert_int_equal(decode_body(span_first(buf_span(&gzip), n), span_str("gzip"),
					 1000, &out),
			DECODE_CUT);
		assert_true(buf_len(&out) <= strlen(TEXT));
		assert_memory_equal(
			out.p == NULL ? (const uint8_t *)"" : out.p, TEXT, buf_len(&out));
	}
	for (size_t n = 1; n < sizeof brotli_text; n++) {
		buf_clear(&out);
		assert_int_equal(
			decode_body(span_of(brotli_text, n), span_str("br"), 1000, &out),
			DECODE_CUT);
	}
	buf_fini(&gzip);
	buf_fini(&out);
}

static void layers(void **state)
{
	(void)state;
	struct buf body = {0}, out = {0}, list = {0};
	buf_add_str(&body, TEXT);
	for (int i = 1; i <= DECODE_LAYERS_MAX + 1; i++) {
		struct buf outer = deflated(buf_span(&body), 31);
		buf_fini(&body);
		body = outer;
		buf_addf(&list, "%sgzip", i > 1 ? "," : "");
		buf_clear(&out);
		enum decode_result got =
			decode_body(buf_span(&body), buf_span(&list), 1000, &out);
		assert_int_equal(got, i <= DECODE_LAYERS_MAX ? DECODE_WHOLE : DECODE_LAYERS);
		assert_true(span_is(buf_span(&out), i <= DECODE_LAYERS_MAX ? TEXT : ""));
	}
	buf_fini(&body);
	buf_fini(&out);
	buf_fini(&list);
}

/* 64 MiB of nothing in 64 KiB, and that again inside of itself. */
static void bombs(void **state)
{
	(void)state;
	size_t n = (size_t)64 * 1024 * 1024;
	uint8_t *zeros = calloc(1, n);
	struct buf bomb = deflated(span_of(zeros, n), 31), out = {0};
	free(zeros);
	clock_t start = clock();
	assert_int_equal(decode_body(buf_span(&bomb), span_str("gzip"), MODEL_BODY_MAX, &out),
		DECODE_CUT);
	assert_int_equal(buf_len(&out), MODEL_BODY_MAX);
	struct buf twice = deflated(buf_span(&bomb), 31),
		   thrice = deflated(buf_span(&twice), 31);
	buf_clear(&out);
	enum decode_result got = decode_body(buf_span(&thrice), span_str("gzip, gzip, gzip"),
		(size_t)256 * 1024 * 1024, &out);
	assert_true(got == DECODE_WHOLE || got == DECODE_RATIO);
	assert_true(buf_len(&out) <= n);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 10);
	/* zstd reaches any ratio: one run-length block after the other. */
	struct buf zstd = {0};
	buf_add(&zstd, (const uint8_t[]){0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58}, 6);
	for (int i = 0; i < 600; i++)
		buf_add(&zstd, (const uint8_t[]){0x02, 0x00, 0x10, 'a'},
			4); /* RLE, 0x20000 bytes */
	buf_clear(&out);
	got = decode_body(buf_span(&zstd), span_str("zstd"), (size_t)256 * 1024 * 1024, &out);
	assert_int_equal(got, DECODE_RATIO);
	assert_true(buf_len(&out) < (size_t)8 * 1024 * 1024);
	buf_fini(&zstd);
	buf_fini(&bomb);
	buf_fini(&twice);
	buf_fini(&thrice);
	buf_fini(&out);
}

static void joined(void **state)
{
	(void)state;
	struct build b;
	build_init(&b);
	build_session(&b, "trace", "http://a/", "firefox");
	int64_t first = BUILD(&b, "http://a/", .status = 200,
		.headers = "X-A: 1\r\nx-a: 2\r\nBroken\r\n: none\r\n", .body = "<p>");
	int64_t second = BUILD(&b, "http://b/", .at_ms = 50, .status = 0, .end = "");
	assert_int_equal(b.model.n_sessions, 1);
	assert_int_equal(b.model.n_exchanges, 2);
	const struct model_exchange *x = model_exchange(&b.model, first);
	assert_true(span_is(model_response_header(x, "X-a"), "1"));
	assert_true(
		span_is(model_response_header(x, "CONTENT-TYPE"), "text/html; charset=utf-8"));
	assert_null(model_response_header(x, "broken").p);
	assert_true(span_starts(model_request_header(x, "user-agent"), "Mozilla/"));
	assert_int_equal(x->n_res_fields, 3);
	assert_true(
		span_is(x->res_body, "<p>") && x->res_body_whole && !x->res_body_undecodable);
	x = model_exchange(&b.model, second);
	assert_true(x->response == NULL && x->end == NULL && x->res_body.p == NULL);
	assert_null(model_exchange(&b.model, 77));
	assert_int_equal(b.model.last_seq, b.seq);
	assert_int_equal(b.model.last_at_us, BUILD_EPOCH_US + INT64_C(50) * 1000);
	/* What has no request is dropped, and counted. */
	struct fact_response orphan;
	fact_init(FACT_KIND_RESPONSE, &orphan);
	orphan.exchange = 77;
	model_add(&b.model, FACT_KIND_RESPONSE, 100, &orphan);
	assert_int_equal(b.model.n_orphans, 1);
	build_fini(&b);
}

static void connections(void **state)
{
	(void)state;
	struct model m;
	model_init(&m);
	struct fact_hello hello;
	fact_init(FACT_KIND_HELLO, &hello);
	hello.tunnel = 3;
	hello.leg = LEG_BROWSER;
	hello.ja4 = span_str("browser");
	model_add(&m, FACT_KIND_HELLO, 1, &hello);
	hello.leg = 9;
	hello.ja4 = span_str("origin");
	model_add(&m, FACT_KIND_HELLO, 2, &hello);
	assert_true(span_is(model_hello(&m, 3, 0)->ja4, "browser"));
	assert_true(span_is(model_hello(&m, 3, 9)->ja4, "origin"));
	assert_null(model_hello(&m, 4, 9));
	struct fact_certificate c;
	fact_init(FACT_KIND_CERTIFICATE, &c);
	uint8_t sha256[32] = {1, 2, 3};
	c.sha256 = span_of(sha256, sizeof sha256);
	c.subject = span_str("CN=a");
	model_add(&m, FACT_KIND_CERTIFICATE, 3, &c);
	assert_true(span_is(model_certificate(&m, span_of(sha256, 32))->subject, "CN=a"));
	sha256[31] = 1;
	assert_null(model_certificate(&m, span_of(sha256, 32)));
	for (int64_t i = 1; i <= 1000; i++) {
		struct fact_leg leg;
		fact_init(FACT_KIND_LEG, &leg);
		leg.leg = i;
		leg.remote_port = i;
		model_add(&m, FACT_KIND_LEG, 10 + i, &leg);
	}
	for (int64_t i = 1; i <= 1000; i++)
		assert_int_equal(model_leg(&m, i)->remote_port, i);
	assert_null(model_leg(&m, 1001));
	assert_null(model_dns(&m, 1));
	assert_null(model_tunnel(&m, 1));
	assert_null(model_handshake(&m, 1, 0));
	model_fini(&m);
}

static void wanted_bodies(void **state)
{
	(void)state;
	static const struct {
		const char *type;
		int status;
		bool wanted;
	} rows[] = {{"text/html", 200, true}, {"text/html", 503, true},
		{"application/javascript", 200, true},
		{"application/json; charset=x", 200, true}, {"text/plain", 200, true},
		{"image/svg+xml", 200, true}, {"image/png", 200, false},
		{"font/woff2", 200, false}, {"text/css", 200, false}, {"video/mp4", 200, false},
		{"application/octet-stream", 200, false}, {"text/html", 206, false}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct build b;
		build_init(&b);
		int64_t id = BUILD(&b, "http://a/", .status = rows[i].status,
			.type = rows[i].type, .body = "x", .body_not_loaded = true);
		struct model_exchange *x = model_exchange(&b.model, id);
		assert_int_equal(model_wants_body(x, SIDE_RESPONSE), rows[i].wanted);
		assert_false(model_wants_body(x, SIDE_REQUEST));
		model_set_body(&b.model, x, SIDE_RESPONSE, span_str("x"), true);
		assert_false(model_wants_body(x, SIDE_RESPONSE));
		build_fini(&b);
	}
	struct build b;
	build_init(&b);
	int64_t id = BUILD(&b, "http://a/", .method = "POST", .form = "a=b", .status = 200,
		.body_not_loaded = true);
	assert_true(model_wants_body(model_exchange(&b.model, id), SIDE_REQUEST));
	assert_false(model_wants_body(model_exchange(&b.model, id), SIDE_RESPONSE));
	id = BUILD(&b, "http://a/", .status = 200, .body = "x", .end = "");
	assert_false(model_wants_body(model_exchange(&b.model, id), SIDE_RESPONSE));
	build_fini(&b);
}

static void coded_body(void **state)
{
	(void)state;
	struct build b;
	build_init(&b);
	struct buf gzip = deflated(span_str("<p>hello"), 31);
	int64_t id = BUILD(&b, "http://a/", .status = 200,
		.headers = "Content-Encoding: br\r\nContent-Encoding: gzip\r\n",
		.type = "text/html", .body_bytes = buf_span(&gzip));
	/* Two lines are one list: br inside of gzip, which it is not. */
	const struct model_exchange *x = model_exchange(&b.model, id);
	assert_true(x->res_body_undecodable && x->res_body.p != NULL);
	id = BUILD(&b, "http://a/", .status = 200, .headers = "Content-Encoding: gzip\r\n",
		.type = "text/html", .body_bytes = buf_span(&gzip));
	x = model_exchange(&b.model, id);
	assert_true(span_is(x->res_body, "<p>hello") && x->res_body_whole);
	id = BUILD(&b, "http://a/", .status = 200, .headers = "Content-Encoding: gzip\r\n",
		.type = "text/html",
		.body_bytes = span_first(buf_span(&gzip), buf_len(&gzip) - 9));
	x = model_exchange(&b.model, id);
	assert_false(x->res_body_whole || x->res_body_undecodable);
	buf_fini(&gzip);
	build_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codings),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(layers),
		cmocka_unit_test(bombs),
		cmocka_unit_test(joined),
		cmocka_unit_test(connections),
		cmocka_unit_test(wanted_bodies),
		cmocka_unit_test(coded_body),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
