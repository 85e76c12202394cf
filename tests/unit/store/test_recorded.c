/* Requests found again by their URL, and what is known of one exchange, tunnel or chunk: the
 * same from a case at rest, from one without indexes, from one that was left uncleanly and from
 * one that is being written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/base/hash.h"
#include "store/erase_find.h"
#include "store/recorded.h"
#include "store/schema_sql.h"
#include "store/seal_erase.h"
#include "tests/kit/sealed_case.h"

#include <unistd.h>

enum { TUNNEL = 7, LEG = 5, BIG = 8 * 1024 };

static struct arena arena;
static struct buf told;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	buf_init(&told);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	buf_fini(&told);
	return 0;
}

/* ---- a case ---- */

#define NEW_FACT(lower, UPPER)                                                                 \
	struct fact_##lower lower;                                                             \
	fact_init(FACT_KIND_##UPPER, &lower);                                                  \
	lower.session = session

static void put_request(struct temp_case *t, int64_t session, int64_t x, const char *url)
{
	NEW_FACT(request, REQUEST);
	request.at_us = 1000 * x;
	request.exchange = x;
	request.tunnel = TUNNEL;
	request.method = span_str("GET");
	request.url = span_str(url);
	request.head = span_str("GET /x HTTP/1.1\r\nHost: h\r\nCookie: secret\r\n\r\n");
	temp_case_put(t, FACT_KIND_REQUEST, &request);
}

static void put_interim(struct temp_case *t, int64_t session, int64_t x, int status)
{
	NEW_FACT(interim, INTERIM);
	interim.exchange = x;
	interim.status = status;
	temp_case_put(t, FACT_KIND_INTERIM, &interim);
}

static void put_response(struct temp_case *t, int64_t session, int64_t x, int status)
{
	NEW_FACT(response, RESPONSE);
	response.exchange = x;
	response.leg = LEG;
	response.status = status;
	response.made_by = span_str("origin");
	response.head = span_str("HTTP/1.1 200 OK\r\nSet-Cookie: secret\r\n\r\n");
	temp_case_put(t, FACT_KIND_RESPONSE, &response);
}

static void put_end(struct temp_case *t, int64_t session, int64_t x)
{
	static const uint8_t digest[SHA256_LEN] = {9};
	NEW_FACT(exchange_end, EXCHANGE_END);
	exchange_end.exchange = x;
	exchange_end.reason = span_str("origin-cancelled");
	exchange_end.res_size = exchange_end.res_stored = 3;
	exchange_end.res_sha256 = span_of(digest, sizeof digest);
	temp_case_put(t, FACT_KIND_EXCHANGE_END, &exchange_end);
}

static void put_chunk(
	struct temp_case *t, int64_t x, enum fact_side side, int64_t n, struct span data)
{
	uint8_t digest[SHA256_LEN];
	int64_t session = 1;
	NEW_FACT(chunk, CHUNK);
	sha256(data, digest);
	chunk.at_us = 100 * x + n;
	chunk.exchange = x;
	chunk.side = side;
	chunk.n = n;
	chunk.size = (int64_t)data.n;
	chunk.data = data;
	if (data.n > BODY_SHARE_MIN)
		chunk.sha256 = span_of(digest, sizeof digest);
	temp_case_put(t, FACT_KIND_CHUNK, &chunk);
}

static void put_frame(struct temp_case *t, int64_t x, int64_t leg, const char *sender,
	const char *frame, int64_t code)
{
	int64_t session = 1;
	NEW_FACT(h2_frame, H2_FRAME);
	h2_frame.tunnel = TUNNEL;
	h2_frame.leg = leg;
	h2_frame.exchange = x;
	h2_frame.sender = span_str(sender);
	h2_frame.frame = span_str(frame);
	h2_frame.code = code;
	temp_case_put(t, FACT_KIND_H2_FRAME, &h2_frame);
}

static void put_opaque(struct temp_case *t, int64_t tunnel, int64_t x, int64_t up)
{
	int64_t session = 1;
	NEW_FACT(opaque, OPAQUE);
	opaque.tunnel = tunnel;
	opaque.leg = LEG;
	opaque.exchange = x;
	opaque.why = span_str("upgrade");
	opaque.up_bytes = up;
	temp_case_put(t, FACT_KIND_OPAQUE, &opaque);
}

static void put_way(struct temp_case *t)
{
	int64_t session = 1;
	uint8_t digest[SHA256_LEN];
	sha256(span_str("not really DER"), digest);
	NEW_FACT(connect, CONNECT);
	connect.tunnel = TUNNEL;
	connect.host = span_str("a.test");
	temp_case_put(t, FACT_KIND_CONNECT, &connect);
	for (int64_t i = 0; i < 3; i++) {
		NEW_FACT(leg, LEG);
		leg.tunnel = i == 1 ? TUNNEL + 1 : TUNNEL;
		leg.leg = LEG + i;
		leg.remote_ip = span_str("192.0.2.1");
		temp_case_put(t, FACT_KIND_LEG, &leg);
		NEW_FACT(handshake, HANDSHAKE);
		handshake.tunnel = TUNNEL;
		handshake.leg = i == 1 ? LEG_BROWSER : LEG + i;
		handshake.alpn = span_str("h2");
		temp_case_put(t, FACT_KIND_HANDSHAKE, &handshake);
	}
	NEW_FACT(certificate, CERTIFICATE);
	certificate.sha256 = span_of(digest, sizeof digest);
	certificate.der = span_str("not really DER");
	temp_case_put(t, FACT_KIND_CERTIFICATE, &certificate);
}

/* Bytes above 0x7f, the highest character there is, what LIKE takes for patterns, and what
 * sorts directly before and behind https://a.test/p. */
static const char *const urls[] = {"https://a.test/q", "https://a.test/p_1",
	"https://a.test/p%41", "https://a.test/p\xf4\x8f\xbf\xbf", "https://a.test/p",
	"https://a.test/p\xc3\xa9", "https://a.test/P", "https://a.test/o\xf4\x8f\xbf\xbf",
	"https://a.test/pz", "https://b.test/", "https://a.test/p_1", "https://a.test/p"};
enum { URLS = sizeof urls / sizeof *urls };

/* Requests are exchanges 1 to 24: the URLs once in session 1, once in session 2. */
static void fill_urls(struct temp_case *t)
{
	for (int64_t i = 0; i < 2 * URLS; i++)
		put_request(t, i < URLS ? 1 : 2, i + 1, urls[i % URLS]);
}

static void fill_bodies(struct temp_case *t)
{
	static uint8_t big[BIG], other[BIG];
	memset(big, 'a', sizeof big);
	memset(other, 'b', sizeof other);
	put_chunk(t, 1, SIDE_RESPONSE, 0, span_of(big, BIG));
	put_chunk(t, 1, SIDE_REQUEST, 0, span_str("sent"));
	put_chunk(t, 2, SIDE_RESPONSE, 0, span_of(other, BIG));
	put_chunk(t, 1, SIDE_RESPONSE, 1, span_of(big, BIG)); /* shared */
	put_chunk(t, 2, SIDE_RESPONSE, 1, span_of(big, BIG)); /* shared with another */
	put_chunk(t, 1, SIDE_RESPONSE, 2, span_str("end"));
}

static void fill(struct temp_case *t)
{
	put_way(t);
	fill_urls(t);
	/* In no order of status, and among those of another. */
	put_interim(t, 1, 1, 103);
	put_interim(t, 1, 2, 102);
	put_interim(t, 1, 1, 100);
	put_response(t, 1, 1, 200);
	put_response(t, 1, 2, 101);
	fill_bodies(t);
	put_end(t, 1, 1);
	put_frame(t, 1, LEG, "clicktrail", "rst_stream", 1);
	put_frame(t, 1, LEG_BROWSER, "peer", "rst_stream", 8);
	put_frame(t, 1, LEG, "peer", "priority", 9);
	put_frame(t, 2, LEG, "peer", "rst_stream", 2);
	put_frame(t, 1, LEG, "peer", "rst_stream", 11);
	put_opaque(t, TUNNEL, FACT_NULL, 1);
	put_opaque(t, TUNNEL, 2, 4);
	put_opaque(t, TUNNEL, 3, 5);
	put_opaque(t, TUNNEL, 3, 6);
}

/* ---- asking ---- */

static struct recorded *open_recorded(const char *path)
{
	struct err err = {0};
	struct recorded *r = recorded_open(path, &err);
	if (r == NULL)
		fail_msg("%s: %s: %s", path, err_word(err.kind), err.detail);
	return r;
}

static void must(bool ok, const struct err *err)
{
	if (!ok)
		fail_msg("%s: %s", err_word(err->kind), err->detail);
}

/* The exchanges that asked for it, as "5 12 ". */
static const char *asked(struct recorded *r, int64_t session, const char *url)
{
	struct err err = {0};
	struct fact_request q;
	int64_t seq = 0;
	struct buf b = {0};
	do {
		int64_t after = seq;
		must(recorded_next(r, session, span_str(url), after, &arena, &q, &seq, &err),
			&err);
		if (seq == 0)
			break;
		assert_true(seq > after);
		assert_true(span_is(q.url, url));
		assert_int_equal(q.at_us, 1000 * q.exchange);
		assert_true(span_is(q.method, "GET"));
		buf_addf(&b, "%d ", (int)q.exchange);
	} while (true);
	const char *out = arena_str(&arena, buf_span(&b));
	buf_fini(&b);
	return out != NULL ? out : "";
}

struct near {
	struct buf b;
	int left; /* requests until it stops */
	int64_t last;
};

static bool take_near(void *ctx, int64_t seq, const struct fact_request *q)
{
	struct near *n = ctx;
	buf_addf(&n->b, "%.*s %d\n", (int)q->url.n, (const char *)q->url.p, (int)q->exchange);
	n->last = seq;
	return --n->left != 0;
}

static const char *near(struct recorded *r, int64_t session, const char *prefix, size_t max,
	int stop_after, bool *more)
{
	struct err err = {0};
	struct near n = {.left = stop_after};
	must(recorded_near(r, session, span_str(prefix), max, take_near, &n, more, &err), &err);
	const char *out = arena_str(&arena, buf_span(&n.b));
	buf_fini(&n.b);
	return out != NULL ? out : "";
}

static void tell_fact(enum fact_kind kind, const void *fact)
{
	buf_addf(&told, "%s ", fact_info(kind)->name);
	struct buf b = {0};
	fact_encode(kind, fact, &b);
	for (size_t i = 0; i < buf_len(&b); i++)
		buf_addf(&told, "%02x", buf_span(&b).p[i]);
	buf_fini(&b);
	buf_add_str(&told, "\n");
}

static void tell_exchange(struct recorded *r, int64_t x)
{
	struct err err = {0};
	struct recorded_exchange e;
	must(recorded_exchange(r, x, &arena, &e, &err), &err);
	buf_addf(&told, "exchange %d: %d%d%d%d %d erased %d%d%d\n", (int)x, e.found,
		e.has_response, e.has_end, e.has_opaque, (int)e.reset_code, e.request_erased,
		e.response_erased, e.end_erased);
	if (e.found)
		tell_fact(FACT_KIND_REQUEST, &e.request);
	for (size_t i = 0; i < e.n_interims; i++)
		tell_fact(FACT_KIND_INTERIM, &e.interims[i]);
	if (e.has_response)
		tell_fact(FACT_KIND_RESPONSE, &e.response);
	if (e.has_end)
		tell_fact(FACT_KIND_EXCHANGE_END, &e.end);
	if (e.has_opaque)
		tell_fact(FACT_KIND_OPAQUE, &e.opaque);
}

static void tell_body(struct recorded *r, int64_t x, enum fact_side side)
{
	struct err err = {0};
	enum recorded_kind kind = RECORDED_CHUNK;
	int64_t at_us;
	for (int64_t n = 0; kind != RECORDED_END; n++) {
		struct buf b = {0};
		must(recorded_chunk(r, x, side, n, &b, &at_us, &kind, &err), &err);
		buf_addf(&told, "chunk %d %d %d: %d at %d, %zu of '%c'\n", (int)x, (int)side,
			(int)n, (int)kind, (int)at_us, buf_len(&b),
			buf_len(&b) > 0 ? buf_span(&b).p[0] : '-');
		buf_fini(&b);
	}
}

static void tell_tunnel(struct recorded *r, int64_t tunnel)
{
	struct err err = {0};
	struct recorded_tunnel w;
	must(recorded_tunnel(r, tunnel, &arena, &w, &err), &err);
	buf_addf(&told, "tunnel %d: %d %zu %zu %d\n", (int)tunnel, w.has_connect, w.n_legs,
		w.n_handshakes, w.more);
	for (size_t i = 0; i < w.n_legs; i++)
		tell_fact(FACT_KIND_LEG, &w.legs[i]);
	for (size_t i = 0; i < w.n_handshakes; i++)
		tell_fact(FACT_KIND_HANDSHAKE, &w.handshakes[i]);
}

static struct span certificate(struct recorded *r, const char *of)
{
	struct err err = {0};
	struct span der;
	uint8_t digest[SHA256_LEN];
	sha256(span_str(of), digest);
	must(recorded_certificate(r, digest, &arena, &der, &err), &err);
	return der;
}

/* All that can be asked, as text. */
static const char *tell_all(const char *path)
{
	struct recorded *r = open_recorded(path);
	bool more;
	buf_clear(&told);
	for (int64_t session = 0; session <= 3; session++) {
		for (size_t i = 0; i < URLS; i++)
			buf_addf(&told, "%s: %s\n", urls[i], asked(r, session, urls[i]));
		buf_add_str(&told, near(r, session, "https://a.test/p", 5, 0, &more));
		buf_add_str(&told, near(r, session, "", 1000, 0, &more));
	}
	for (int64_t x = 0; x <= 25; x++) {
		tell_exchange(r, x);
		tell_body(r, x, SIDE_REQUEST);
		tell_body(r, x, SIDE_RESPONSE);
	}
	for (int64_t tunnel = TUNNEL - 1; tunnel <= TUNNEL + 1; tunnel++)
		tell_tunnel(r, tunnel);
	buf_addf(&told, "certificate %zu\n", certificate(r, "not really DER").n);
	recorded_close(r);
	return arena_str(&arena, buf_span(&told));
}

/* ---- what is found ---- */

static void requests_are_found_by_their_url(void **state)
{
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	temp_case_close(&t);
	struct recorded *r = open_recorded(t.path);
	assert_string_equal(asked(r, 0, "https://a.test/p"), "5 12 17 24 ");
	assert_string_equal(asked(r, 1, "https://a.test/p"), "5 12 ");
	assert_string_equal(asked(r, 2, "https://a.test/p"), "17 24 ");
	assert_string_equal(asked(r, 3, "https://a.test/p"), "");
	assert_string_equal(asked(r, 0, "https://a.test/p%41"), "3 15 ");
	assert_string_equal(asked(r, 0, "https://a.test/p%"), "");
	assert_string_equal(asked(r, 0, "https://a.test/p\xc3\xa9"), "6 18 ");
	assert_string_equal(asked(r, 0, "https://a.test/p\xc3"), "");
	assert_string_equal(asked(r, 0, "https://a.test/P"), "7 19 ");
	assert_string_equal(asked(r, 0, "https://a.test/pp"), "");
	assert_string_equal(asked(r, 0, ""), "");
	struct case_about about;
	assert_true(case_about(recorded_case(r), &about, NULL));
	assert_true(about.last_seq > 40);
	recorded_close(r);
	temp_case_fini(&t);
}

static void requests_are_found_by_how_their_url_begins(void **state)
{
	struct temp_case t;
	bool more;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	temp_case_close(&t);
	struct recorded *r = open_recorded(t.path);
	const char *first = "https://a.test/p 5\n"
			    "https://a.test/p 12\n"
			    "https://a.test/p%41 3\n"
			    "https://a.test/p_1 2\n"
			    "https://a.test/p_1 11\n"
			    "https://a.test/pz 9\n"
			    "https://a.test/p\xc3\xa9 6\n"
			    "https://a.test/p\xf4\x8f\xbf\xbf 4\n";
	assert_string_equal(near(r, 1, "https://a.test/p", 16, 0, &more), first);
	assert_false(more);
	/* Those of the other session are looked at too. */
	assert_string_equal(near(r, 2, "https://a.test/p", 4, 0, &more),
		"https://a.test/p 17\nhttps://a.test/p 24\n");
	assert_true(more);
	assert_string_equal(near(r, 1, "https://a.test/p", 15, 0, &more), first);
	assert_true(more);
	assert_string_equal(near(r, 0, "https://a.test/p_", 50, 3, &more),
		"https://a.test/p_1 2\n"
		"https://a.test/p_1 11\n"
		"https://a.test/p_1 14\n");
	assert_string_equal(
		near(r, 1, "https://a.test/p%", 50, 0, &more), "https://a.test/p%41 3\n");
	assert_string_equal(near(r, 1, "https://a.test/p\xf4\x8f", 50, 0, &more),
		"https://a.test/p\xf4\x8f\xbf\xbf 4\n");
	assert_string_equal(near(r, 0, "https://c", 50, 0, &more), "");
	assert_string_equal(near(r, 0, "https://a.test/p", 0, 0, &more), "");
	assert_true(more);
	near(r, 0, "", 2 * URLS, 0, &more);
	assert_false(more);
	recorded_close(r);
	temp_case_fini(&t);
}

static void an_exchange_is_put_together(void **state)
{
	struct temp_case t;
	struct err err = {0};
	struct recorded_exchange e;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	put_response(&t, 1, 1, 500); /* the first one counts */
	temp_case_close(&t);
	struct recorded *r = open_recorded(t.path);
	must(recorded_exchange(r, 1, &arena, &e, &err), &err);
	assert_true(e.found && e.has_response && e.has_end);
	assert_false(e.has_opaque || e.request_erased || e.response_erased || e.end_erased);
	assert_true(span_is(e.request.url, urls[0]));
	assert_int_equal(e.n_interims, 2);
	assert_int_equal(e.interims[0].status, 103);
	assert_int_equal(e.interims[1].status, 100);
	assert_int_equal(e.response.status, 200);
	assert_int_equal(e.end.res_stored, 3);
	assert_int_equal(e.reset_code, 11);
	must(recorded_exchange(r, 2, &arena, &e, &err), &err);
	assert_int_equal(e.reset_code, 2);
	assert_true(e.has_response && !e.has_end && e.has_opaque);
	assert_int_equal(e.opaque.up_bytes, 4);
	must(recorded_exchange(r, 3, &arena, &e, &err), &err);
	assert_true(e.found && !e.has_response);
	assert_int_equal(e.opaque.up_bytes, 5);
	assert_int_equal(e.reset_code, FACT_NULL);
	must(recorded_exchange(r, 99, &arena, &e, &err), &err);
	assert_false(e.found);
	recorded_close(r);
	temp_case_fini(&t);
}

static void a_tunnel_has_its_way_to_the_origin(void **state)
{
	struct temp_case t;
	struct err err = {0};
	struct recorded_tunnel w;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	temp_case_close(&t);
	struct recorded *r = open_recorded(t.path);
	must(recorded_tunnel(r, TUNNEL, &arena, &w, &err), &err);
	assert_true(w.has_connect && !w.more);
	assert_true(span_is(w.connect.host, "a.test"));
	assert_int_equal(w.n_legs, 2);
	assert_int_equal(w.legs[0].leg, LEG);
	assert_int_equal(w.legs[1].leg, LEG + 2);
	assert_int_equal(w.n_handshakes, 2);
	assert_int_equal(w.handshakes[1].leg, LEG + 2);
	assert_true(span_is(w.handshakes[0].alpn, "h2"));
	must(recorded_tunnel(r, 99, &arena, &w, &err), &err);
	assert_false(w.has_connect || w.n_legs > 0 || w.n_handshakes > 0);
	assert_true(span_is(certificate(r, "not really DER"), "not really DER"));
	assert_null(certificate(r, "another").p);
	recorded_close(r);
	temp_case_fini(&t);
}

/* In order, by leaps, backwards, and more bodies at a time than are remembered. */
static void chunks_come_one_at_a_time(void **state)
{
	static const struct {
		int64_t x, n;
		size_t len;
		char first;
	} asks[] = {{1, 0, BIG, 'a'}, {1, 1, BIG, 'a'}, {2, 1, BIG, 'a'}, {1, 2, 3, 'e'},
		{2, 0, BIG, 'b'}, {1, 2, 3, 'e'}, {1, 0, BIG, 'a'}, {1, 2, 3, 'e'},
		{65, 0, 2, 'n'}, {33, 0, 2, 'o'}, {1, 1, BIG, 'a'}};
	struct temp_case t;
	struct err err = {0};
	int64_t at_us;
	enum recorded_kind kind;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	put_chunk(&t, 65, SIDE_RESPONSE, 0, span_str("no"));
	put_chunk(&t, 33, SIDE_RESPONSE, 0, span_str("on"));
	temp_case_close(&t);
	struct recorded *r = open_recorded(t.path);
	for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
		struct buf b = {0};
		buf_add_str(&b, "kept");
		must(recorded_chunk(
			     r, asks[i].x, SIDE_RESPONSE, asks[i].n, &b, &at_us, &kind, &err),
			&err);
		assert_int_equal(kind, RECORDED_CHUNK);
		assert_int_equal(at_us, 100 * asks[i].x + asks[i].n);
		assert_int_equal(buf_len(&b), 4 + asks[i].len);
		assert_int_equal(buf_span(&b).p[4], asks[i].first);
		buf_fini(&b);
		must(recorded_chunk(r, asks[i].x, SIDE_RESPONSE, 3, &b, &at_us, &kind, &err),
			&err);
		assert_int_equal(kind, RECORDED_END);
		assert_int_equal(buf_len(&b), 0);
	}
	recorded_close(r);
	temp_case_fini(&t);
}

/* ---- other cases ---- */

static void copy_file(const char *from, const char *to)
{
	char command[400];
	snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
	assert_int_equal(system(command), 0);
}

static void answers_do_not_hang_on_indexes(void **state)
{
	struct temp_case t;
	char left[120], log[120], left_log[140];
	(void)state;
	temp_case_start(&t);
	fill(&t);
	const char *live = tell_all(t.path);
	/* As a kill would leave it. */
	snprintf(left, sizeof left, "%s/left.case", t.folder);
	snprintf(log, sizeof log, "%s-wal", t.path);
	snprintf(left_log, sizeof left_log, "%s-wal", left);
	copy_file(t.path, left);
	copy_file(log, left_log);
	const char *unclosed = tell_all(left);
	temp_case_close(&t);
	const char *indexed = tell_all(t.path);
	assert_true(strlen(indexed) > 5000);
	assert_string_equal(live, indexed);
	assert_string_equal(unclosed, indexed);
	temp_case_spoil(&t, "DROP INDEX fact_request_by_url");
	assert_string_equal(tell_all(t.path), indexed);
	temp_case_spoil(&t, "DROP INDEX fact_by_kind; DROP INDEX fact_chunk_by_sha256");
	assert_string_equal(tell_all(t.path), indexed);
	/* A writer makes them again. */
	temp_case_open(&t);
	temp_case_close(&t);
	assert_int_equal(temp_case_number(&t, "SELECT count(*) FROM sqlite_schema WHERE name "
					      "IN ('fact_request_by_url', 'fact_by_kind')"),
		2);
	assert_string_equal(tell_all(t.path), indexed);
	temp_case_fini(&t);
}

/* Without a seal, and with the one index or none. */
static void cases_of_earlier_versions(void **state)
{
	static const char *const indexes[] = {
		"", "CREATE INDEX fact_by_kind ON fact (kind, f3, f4)"};
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct temp_case t;
		struct recorded_exchange e;
		struct err err = {0};
		char text[200];
		int last = i / 2 + 6;
		temp_case_init(&t);
		copy_file("/dev/null", t.path);
		for (const struct schema_step *step = schema_steps; step->number <= last;
			step++)
			temp_case_spoil(&t, step->sql);
		snprintf(text, sizeof text,
			"PRAGMA application_id = 0x636c6b74; PRAGMA user_version = %d; %s",
			last, indexes[i % 2]);
		temp_case_spoil(&t, text);
		temp_case_spoil(&t,
			"INSERT INTO fact (seq, kind, session, at_us, f3, f4, f6, f7) VALUES "
			"(4, 10, 1, 1000, 1, 7, 'GET', 'http://old.test/'), "
			"(9, 10, 1, 2000, 2, 7, 'GET', 'http://old.test/'); "
			"INSERT INTO fact (seq, kind, session, f3, f5) VALUES (5, 12, 1, 1, "
			"302)");
		struct recorded *r = open_recorded(t.path);
		assert_string_equal(asked(r, 0, "http://old.test/"), "1 2 ");
		must(recorded_exchange(r, 1, &arena, &e, &err), &err);
		assert_true(e.found && e.has_response && !e.request_erased);
		assert_int_equal(e.response.status, 302);
		recorded_close(r);
		temp_case_fini(&t);
	}
}

/* At rest, then written on with, then at rest again: the same reader all the time. */
static void follow(struct temp_case *t, int64_t fresh, const char *before, const char *after)
{
	struct recorded_exchange e;
	struct err err = {0};
	struct recorded *r = open_recorded(t->path);
	assert_string_equal(asked(r, 0, "https://b.test/"), before);
	temp_case_open(t);
	assert_string_equal(asked(r, 0, "https://b.test/"), before);
	must(recorded_exchange(r, 1, &arena, &e, &err), &err);
	assert_true(e.found && e.has_response);
	put_request(t, 3, fresh, "https://b.test/");
	assert_string_equal(asked(r, 0, "https://b.test/"), after);
	must(recorded_exchange(r, fresh, &arena, &e, &err), &err);
	assert_true(e.found && !e.has_response);
	put_response(t, 3, fresh, 204);
	must(recorded_exchange(r, fresh, &arena, &e, &err), &err);
	assert_true(e.has_response);
	assert_int_equal(e.response.status, 204);
	temp_case_close(t);
	assert_string_equal(asked(r, 0, "https://b.test/"), after);
	must(recorded_exchange(r, fresh, &arena, &e, &err), &err);
	assert_true(e.has_response);
	recorded_close(r);
}

static void a_reader_follows_the_case(void **state)
{
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	temp_case_close(&t);
	follow(&t, 30, "10 22 ", "10 22 30 ");
	/* A writer that closes beside a reader leaves its log, and the case would be copied. */
	temp_case_open(&t);
	temp_case_close(&t);
	/* As earlier versions left it: at first one index is missing, then both. */
	temp_case_spoil(&t, "DROP INDEX fact_request_by_url");
	follow(&t, 31, "10 22 30 ", "10 22 30 31 ");
	temp_case_fini(&t);
}

/* ---- erased ---- */

static void erase(struct sealed_case *s, const struct erase_exchange *what)
{
	struct err err = {0};
	struct erase_wish wish = {.exchanges = what, .n_exchanges = 1};
	struct erase_found found;
	int64_t n = 0;
	struct case_file *c = case_open(s->t.path, &err);
	must(c != NULL && erase_find(c, &wish, &arena, &found, &err), &err);
	case_close(c);
	struct erase_part *parts = arena_alloc(&arena, (found.n + 1) * sizeof *parts);
	for (size_t i = 0; i < found.n; i++)
		parts[i] = (struct erase_part){found.items[i].seq, found.items[i].part};
	struct seal_erase e = {.parts = parts, .n = found.n, .reason = span_str("asked for")};
	must(writer_erase(s->t.writer, &e, &n, &err), &err);
	assert_true(n > 0);
	must(writer_scrub(s->t.writer, &err), &err);
}

static void what_was_erased_is_said(void **state)
{
	struct sealed_case s;
	struct err err = {0};
	struct recorded_exchange e;
	const char *cookie = "Set-Cookie", *asked_cookie = "Cookie";
	(void)state;
	sealed_case_start(&s);
	sealed_case_open(&s);
	fill(&s.t);
	erase(&s, &(struct erase_exchange){.exchange = 2, .headers = &cookie, .n_headers = 1});
	erase(&s, &(struct erase_exchange){
			  .exchange = 3, .headers = &asked_cookie, .n_headers = 1});
	erase(&s, &(struct erase_exchange){.exchange = 4, .url = true});
	erase(&s, &(struct erase_exchange){.exchange = 1, .response_body = true});
	temp_case_close(&s.t);
	for (int round = 0; round < 2; round++) {
		struct recorded *r = open_recorded(s.t.path);
		must(recorded_exchange(r, 2, &arena, &e, &err), &err);
		assert_true(e.response_erased && !e.request_erased && !e.end_erased);
		must(recorded_exchange(r, 3, &arena, &e, &err), &err);
		assert_true(!e.response_erased && e.request_erased && !e.end_erased);
		must(recorded_exchange(r, 4, &arena, &e, &err), &err);
		assert_true(e.found && e.request_erased && !e.response_erased);
		assert_null(e.request.url.p);
		assert_string_equal(asked(r, 0, "https://a.test/p\xf4\x8f\xbf\xbf"), "16 ");
		must(recorded_exchange(r, 1, &arena, &e, &err), &err);
		assert_true(e.end_erased && !e.request_erased && !e.response_erased);
		assert_null(e.end.res_sha256.p);
		buf_clear(&told);
		tell_body(r, 1, SIDE_RESPONSE);
		tell_body(r, 2, SIDE_RESPONSE);
		/* What shared those bytes lost them too. */
		assert_string_equal(arena_str(&arena, buf_span(&told)),
			"chunk 1 1 0: 1 at 100, 0 of '-'\nchunk 1 1 1: 1 at 101, 0 of '-'\n"
			"chunk 1 1 2: 1 at 102, 0 of '-'\n"
			"chunk 1 1 3: 2 at 0, 0 of '-'\nchunk 2 1 0: 0 at 200, 8192 of 'b'\n"
			"chunk 2 1 1: 1 at 201, 0 of '-'\nchunk 2 1 2: 2 at 0, 0 of '-'\n");
		recorded_close(r);
		temp_case_spoil(&s.t, "DROP INDEX IF EXISTS fact_request_by_url");
	}
	sealed_case_fini(&s);
}

/* ---- hostile ---- */

/* A table that lost its STRICT for a moment takes any type; at rest it looks as ours does. */
static void spoil_types(const struct temp_case *t, const char *drop, const char *sql)
{
	struct buf b = {0};
	buf_addf(&b,
		"PRAGMA synchronous = OFF; %s; PRAGMA writable_schema = ON; "
		"UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') "
		"WHERE name = 'fact'; PRAGMA writable_schema = RESET; %s; "
		"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = sql || ' STRICT' "
		"WHERE name = 'fact'",
		drop, sql);
	char *all = buf_take_str(&b);
	temp_case_spoil(t, all);
	free(all);
}

static bool pass(void *ctx, int64_t seq, const struct fact_request *q)
{
	(void)ctx, (void)seq, (void)q;
	return true;
}

static bool ask_bodies(struct recorded *r, struct err *err)
{
	bool ok = true;
	for (int64_t x = 1; ok && x <= 2; x++) {
		enum recorded_kind kind = RECORDED_CHUNK;
		for (int64_t n = 0; ok && kind != RECORDED_END; n++) {
			struct buf b = {0};
			int64_t at_us;
			ok = recorded_chunk(r, x, SIDE_RESPONSE, n, &b, &at_us, &kind, err);
			assert_true(ok || buf_len(&b) == 0);
			buf_fini(&b);
		}
	}
	return ok;
}

/* Everything about exchange and tunnel; false at the first error. */
static bool ask_all(const char *path, struct err *err)
{
	struct fact_request q;
	struct recorded_exchange e;
	struct recorded_tunnel w;
	struct span der;
	uint8_t digest[SHA256_LEN];
	int64_t seq;
	bool more;
	sha256(span_str("not really DER"), digest);
	struct recorded *r = recorded_open(path, err);
	if (r == NULL)
		return false;
	bool ok = recorded_next(r, 0, span_str(urls[0]), 0, &arena, &q, &seq, err) &&
		  recorded_near(r, 0, span_str("https://b"), 5, pass, NULL, &more, err) &&
		  recorded_exchange(r, 1, &arena, &e, err) &&
		  recorded_exchange(r, 2, &arena, &e, err) &&
		  recorded_tunnel(r, TUNNEL, &arena, &w, err) &&
		  recorded_certificate(r, digest, &arena, &der, err) && ask_bodies(r, err);
	/* After an error it answers still. */
	assert_true(ok || recorded_exchange(r, 99, &arena, &e, NULL));
	recorded_close(r);
	return ok;
}

static void hostile_rows(void **state)
{
	static const struct {
		const char *sql, *says;
	} cases[] = {
		{"UPDATE fact SET at_us = 'noon' WHERE kind = 10 AND f3 = 1", "at_us"},
		{"UPDATE fact SET f10 = 7 WHERE kind = 10 AND f3 = 1", "head"},
		{"UPDATE fact SET f6 = CAST(x'c328' AS TEXT) WHERE kind = 10 AND f3 = 10",
			"UTF-8"},
		{"UPDATE fact SET f7 = x'00ff' WHERE kind = 10 AND f3 = 2", "url"},
		{"UPDATE fact SET f5 = 'fine' WHERE kind = 12 AND f3 = 2", "status"},
		{"UPDATE fact SET f4 = 1.5 WHERE kind = 11 AND f3 = 1", "status"},
		{"UPDATE fact SET f6 = 'x' WHERE kind = 6 AND f4 = 5", "port"},
		{"UPDATE fact SET f6 = 7 WHERE kind = 8 AND f4 = 5", "version"},
		{"UPDATE fact SET f5 = 7 WHERE kind = 4", "host"},
		{"UPDATE fact SET f12 = 'another' WHERE kind = 9", "der"},
		{"UPDATE fact SET f12 = x'00' WHERE kind = 9", "digest"},
		{"UPDATE fact SET f8 = 'x' WHERE kind = 15 AND f5 = 2", "up_sha256"},
		{"UPDATE fact SET f9 = 'x' WHERE kind = 19 AND f5 = 2", "code"},
		{"UPDATE fact SET at_us = 'x' WHERE kind = 13 AND f3 = 2", "at_us"},
		{"UPDATE fact SET f9 = 'text' WHERE kind = 13 AND f3 = 2", "no bytes"},
		{"UPDATE fact SET f5 = 'a' WHERE kind = 13 AND f3 = 2", "chunk 0"},
		{"UPDATE fact SET f5 = 0 WHERE kind = 13 AND f3 = 2", "chunk 1"},
		{"UPDATE fact SET f6 = 1 WHERE kind = 13 AND f3 = 2", "size"},
		{"DELETE FROM fact WHERE kind = 13 AND f3 = 1 AND f4 = 1 AND f5 = 1",
			"chunk 1"},
		{"DELETE FROM fact WHERE kind = 13 AND f3 = 1 AND f4 = 1 AND f5 = 0",
			"chunk 0"},
		{"UPDATE fact SET f7 = 424242 WHERE kind = 13 AND f3 = 2 AND f5 = 1",
			"no bytes"},
		{"UPDATE fact SET f7 = seq WHERE kind = 13 AND f3 = 2 AND f5 = 1", "no bytes"},
		{"UPDATE fact SET f6 = 65537, f7 = NULL, f9 = zeroblob(65537) WHERE kind = 13 "
		 "AND f3 = 2 AND f5 = 0",
			"longer"},
		{"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000) "
		 "INSERT INTO fact (seq, kind, f3) SELECT 9000 + i, 11, 1 FROM n",
			"4096"},
		{"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5) "
		 "INSERT INTO fact (seq, kind, f3, f5) SELECT 9000 + i, 11, 1, "
		 "zeroblob(4000000) "
		 "FROM n",
			"more than 16777216 bytes"},
	};
	static const char *const indexes[] = {
		"", "DROP INDEX fact_request_by_url; DROP INDEX fact_by_kind"};
	struct temp_case t;
	char sound[100];
	struct err err = {0};
	(void)state;
	temp_case_start(&t);
	fill(&t);
	temp_case_close(&t);
	snprintf(sound, sizeof sound, "%s/sound", t.folder);
	copy_file(t.path, sound);
	for (size_t i = 0; i < 2; i++) {
		copy_file(sound, t.path);
		spoil_types(&t, indexes[i], "");
		must(ask_all(t.path, &err), &err);
	}
	for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
		err = (struct err){0};
		copy_file(sound, t.path);
		spoil_types(&t, indexes[i % 2], cases[i / 2].sql);
		if (ask_all(t.path, &err))
			fail_msg("taken for sound: %s", cases[i / 2].sql);
		if (err.kind != ERR_CASE_READ || strstr(err.detail, cases[i / 2].says) == NULL)
			fail_msg(
				"%s: %s: %s", cases[i / 2].sql, err_word(err.kind), err.detail);
	}
	temp_case_fini(&t);
}

static void a_busy_tunnel_is_cut_and_says_so(void **state)
{
	struct temp_case t;
	struct err err = {0};
	struct recorded_tunnel w;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	temp_case_close(&t);
	temp_case_spoil(&t, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
			    "LIMIT 5000) INSERT INTO fact (seq, kind, f3, f4) "
			    "SELECT 9000 + i, 6, 7, 100 + i FROM n");
	struct recorded *r = open_recorded(t.path);
	must(recorded_tunnel(r, TUNNEL, &arena, &w, &err), &err);
	assert_true(w.more);
	assert_int_equal(w.n_legs, RECORDED_FACTS_MAX);
	assert_int_equal(w.legs[0].leg, LEG);
	assert_int_equal(w.legs[2].leg, 101);
	recorded_close(r);
	temp_case_fini(&t);
}

/* Under the name and the words of ours, indexes over something else. */
static void false_indexes_show_nothing_false(void **state)
{
	struct temp_case t;
	struct err err = {0};
	struct recorded_exchange e;
	(void)state;
	temp_case_start(&t);
	fill(&t);
	temp_case_close(&t);
	temp_case_spoil(&t,
		"DROP INDEX fact_request_by_url; DROP INDEX fact_by_kind; "
		"CREATE INDEX fact_request_by_url ON fact (f6) WHERE kind = 10; "
		"CREATE INDEX fact_by_kind ON fact (kind, f4, f3); "
		"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
		"'CREATE INDEX fact_by_kind ON fact (kind, f3, f4)' WHERE name = "
		"'fact_by_kind'; UPDATE sqlite_schema SET sql = "
		"'CREATE INDEX fact_request_by_url ON fact (f7) WHERE kind = 10' WHERE name = "
		"'fact_request_by_url'; PRAGMA writable_schema = OFF");
	struct recorded *r = open_recorded(t.path);
	bool more;
	assert_string_equal(asked(r, 0, "GET"), "");
	assert_string_equal(near(r, 0, "G", 50, 0, &more), "");
	/* By this index, exchange 7 is what has tunnel 7. */
	must(recorded_exchange(r, TUNNEL, &arena, &e, &err), &err);
	assert_true(!e.found || e.request.exchange == TUNNEL);
	recorded_close(r);
	temp_case_fini(&t);
}

static void what_is_no_case_is_refused(void **state)
{
	struct temp_case t;
	struct err err = {0};
	(void)state;
	temp_case_init(&t);
	assert_null(recorded_open(t.path, &err));
	assert_int_equal(err.kind, ERR_CASE_OPEN);
	temp_case_open(&t);
	temp_case_close(&t);
	temp_case_spoil(&t, "CREATE INDEX mine ON fact (f5)");
	assert_null(recorded_open(t.path, &err));
	assert_int_equal(err.kind, ERR_CASE_FOREIGN);
	recorded_close(NULL);
	temp_case_fini(&t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_are_found_by_their_url),
		TEST(requests_are_found_by_how_their_url_begins),
		TEST(an_exchange_is_put_together),
		TEST(a_tunnel_has_its_way_to_the_origin),
		TEST(chunks_come_one_at_a_time),
		TEST(answers_do_not_hang_on_indexes),
		TEST(cases_of_earlier_versions),
		TEST(a_reader_follows_the_case),
		TEST(what_was_erased_is_said),
		TEST(hostile_rows),
		TEST(a_busy_tunnel_is_cut_and_says_so),
		TEST(false_indexes_show_nothing_false),
		TEST(what_is_no_case_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
