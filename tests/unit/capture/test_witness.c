/*
 * Whole packet files into facts: what each of them says, and what becomes of files that are
 * cut, broken, foreign or none.
 */
#include "capture/witness.h"
#include "store/base/hash.h"
#include "tests/kit/packet_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { FACTS_MAX = 64, FIRST_FLOW = 500 };

struct world {
	char dir[64], path[96];
	struct packet_build b;
	struct arena arena;
	void *facts[FACT_KIND_COUNT][FACTS_MAX];
	size_t n[FACT_KIND_COUNT], all, refuse_at;
	struct witness_counts counts;
	struct err err;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	assert_non_null(w);
	snprintf(w->dir, sizeof w->dir, "/tmp/clicktrail-witness-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof w->path, "%s/x.pcapng", w->dir);
	packet_build_init(&w->b, LINK_ETHERNET);
	w->refuse_at = SIZE_MAX;
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	packet_build_fini(&w->b);
	unlink(w->path);
	rmdir(w->dir);
	arena_fini(&w->arena);
	free(w);
	return 0;
}

static bool put(void *ctx, enum fact_kind kind, const void *fact, struct err *err)
{
	struct world *w = ctx;
	if (w->all++ == w->refuse_at)
		return err_set(err, ERR_CASE_WRITE, "no room");
	assert_true(w->n[kind] < FACTS_MAX);
	void *copy = arena_alloc(&w->arena, fact_info(kind)->size);
	fact_copy(kind, fact, copy, &w->arena);
	w->facts[kind][w->n[kind]++] = copy;
	return true;
}

static bool read_it(struct world *w, enum capture_side side)
{
	static const char *const proxies[] = {"192.0.2.9:3128"};
	struct witness_order order = {.path = w->path,
		.name = "x.pcapng",
		.session = 3,
		.side = side,
		.file = 7,
		.run = 2,
		.first_flow = FIRST_FLOW,
		.proxies = proxies,
		.n_proxies = 1};
	return witness_read(&order, put, w, &w->counts, &w->err);
}

/* What was built, as a file, from that side. */
static void read_built(struct world *w, enum capture_side side)
{
	struct buf out = {0};
	packet_build_pcapng(&w->b, SPAN_NONE, &out);
	packet_build_write(w->path, buf_span(&out));
	buf_fini(&out);
	if (!read_it(w, side))
		fail_msg("%s: %s", err_word(w->err.kind), w->err.detail);
}

static const void *fact_at(const struct world *w, enum fact_kind kind, size_t i)
{
	if (i >= w->n[kind])
		fail_msg("there are %zu %s facts", w->n[kind], fact_info(kind)->name);
	return w->facts[kind][i];
}
#define FACT(w, upper, lower, i)                                                               \
	((const struct fact_##lower *)fact_at((w), FACT_KIND_##upper, (i)))

static void demand_text(struct span got, const char *want)
{
	if (!span_eq(got, span_str(want)) || (got.p == NULL) != (want == NULL))
		fail_msg("\"%.*s\" for \"%s\"", (int)got.n, (const char *)got.p,
			want != NULL ? want : "(none)");
}

static void demand_digest(struct span got, const char *of)
{
	uint8_t want[SHA256_LEN];
	sha256(span_str(of), want);
	assert_int_equal(got.n, SHA256_LEN);
	assert_memory_equal(got.p, want, SHA256_LEN);
}

#define GET "GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"

static struct tcp_build to_proxy(struct world *w, uint16_t port)
{
	struct tcp_build t;
	packet_build_tcp(&t, &w->b, "10.0.0.7", port, "10.0.0.1", 8080);
	packet_build_open(&t);
	return t;
}

static void a_request_and_its_answer(void **state)
{
	struct world *w = *state;
	struct tcp_build t = to_proxy(w, 5000);
	packet_build_say(&t, FLOW_UP, GET);
	packet_build_say(&t, FLOW_DOWN, OK "hello");
	packet_build_close(&t);
	read_built(w, CAPTURE_BROWSER);
	const struct fact_flow_exchange *x = FACT(w, FLOW_EXCHANGE, flow_exchange, 0);
	assert_int_equal(x->session, 3);
	assert_int_equal(x->flow, FIRST_FLOW);
	assert_int_equal(x->n, 1);
	assert_true(x->stream == FACT_NULL);
	demand_text(x->method, "GET");
	demand_text(x->url, "http://a.test/x");
	demand_text(x->version, "HTTP/1.1");
	demand_text(x->reason, "ok");
	assert_int_equal(x->status, 200);
	assert_int_equal(x->request_packet, 4);
	assert_int_equal(x->response_packet, 6);
	demand_digest(x->request_sha256, GET);
	demand_digest(x->response_sha256, OK);
	assert_int_equal(x->req_size, 0);
	demand_digest(x->req_sha256, "");
	assert_int_equal(x->res_size, 5);
	demand_digest(x->res_sha256, "hello");
	const struct fact_flow *f = FACT(w, FLOW, flow, 0);
	assert_int_equal(f->flow, FIRST_FLOW);
	assert_int_equal(f->file, 7);
	demand_text(f->client_ip, "10.0.0.7");
	assert_int_equal(f->client_port, 5000);
	demand_text(f->server_ip, "10.0.0.1");
	assert_int_equal(f->server_port, 8080);
	assert_int_equal(f->first_packet, 1);
	assert_int_equal(f->up_bytes, sizeof GET - 1);
	demand_digest(f->up_sha256, GET);
	demand_digest(f->down_sha256, OK "hello");
	demand_text(f->ended, "fin");
	demand_text(f->target, NULL);
	demand_text(f->detail, NULL);
	assert_int_equal(f->conflicts, 0);
	assert_true(f->conflict_packet == FACT_NULL);
	const struct fact_flow_plain *p = FACT(w, FLOW_PLAIN, flow_plain, 0);
	demand_text(p->layer, "clear");
	demand_text(p->protocol, "http/1.1");
	assert_int_equal(p->exchanges, 1);
	demand_digest(p->up_sha256, GET);
	demand_digest(p->down_sha256, OK "hello");
	demand_text(p->why, NULL);
	assert_int_equal(w->n[FACT_KIND_FLOW_TLS], 0);
	assert_int_equal(w->n[FACT_KIND_STRAY], 0);
	const struct fact_packet_file *file = FACT(w, PACKET_FILE, packet_file, 0);
	demand_text(file->outcome, "ok");
	demand_text(file->side, "browser");
	demand_text(file->name, "x.pcapng");
	assert_int_equal(file->run, 2);
	assert_int_equal(file->packets, w->b.n);
	assert_int_equal(file->flows, 1);
	assert_int_equal(file->malformed, 0);
	assert_int_equal(w->counts.next_flow, FIRST_FLOW + 1);
	assert_int_equal(w->counts.exchanges, 1);
}

/* The first bytes count, and that there were others is told with the packet. */
static void bytes_that_came_twice(void **state)
{
	struct world *w = *state;
	struct tcp_build t = to_proxy(w, 5000);
	packet_build_say(&t, FLOW_UP, GET);
	packet_build_copy(&w->b, 3, 4);
	w->b.packets[4].bytes[w->b.packets[4].n - 6] ^= 1;
	packet_build_say(&t, FLOW_DOWN, OK "hello");
	packet_build_close(&t);
	read_built(w, CAPTURE_BROWSER);
	const struct fact_flow *f = FACT(w, FLOW, flow, 0);
	assert_int_equal(f->conflicts, 1);
	assert_int_equal(f->conflict_packet, 5);
	demand_digest(f->up_sha256, GET);
}

/* A body of which a piece is missing has no size and no digest; what stood before it has. */
static void what_was_lost_has_no_digest(void **state)
{
	struct world *w = *state;
	struct tcp_build t = to_proxy(w, 5000);
	packet_build_say(&t, FLOW_UP, GET);
	packet_build_say(&t, FLOW_DOWN, OK "hello");
	packet_build_say(&t, FLOW_UP, GET);
	packet_build_say(&t, FLOW_DOWN, OK "he");
	size_t at = w->b.n;
	packet_build_say(&t, FLOW_DOWN, "llo");
	packet_build_close(&t);
	packet_build_drop(&w->b, at);
	read_built(w, CAPTURE_BROWSER);
	const struct fact_flow *f = FACT(w, FLOW, flow, 0);
	assert_int_equal(f->down_lost, 3);
	assert_null(f->down_sha256.p);
	assert_int_equal(f->up_lost, 0);
	demand_digest(f->up_sha256, GET GET);
	const struct fact_flow_plain *p = FACT(w, FLOW_PLAIN, flow_plain, 0);
	assert_null(p->down_sha256.p);
	demand_digest(p->up_sha256, GET GET);
	const struct fact_flow_exchange *one = FACT(w, FLOW_EXCHANGE, flow_exchange, 0);
	const struct fact_flow_exchange *two = FACT(w, FLOW_EXCHANGE, flow_exchange, 1);
	demand_digest(one->res_sha256, "hello");
	demand_text(one->reason, "ok");
	demand_digest(two->response_sha256, OK);
	assert_null(two->res_sha256.p);
	assert_true(two->res_size == FACT_NULL);
	demand_digest(two->req_sha256, "");
	assert_false(span_is(two->reason, "ok"));
}

static void a_target_that_is_refused(void **state)
{
	struct world *w = *state;
	struct tcp_build t = to_proxy(w, 5000);
	packet_build_say(
		&t, FLOW_UP, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
	packet_build_say(&t, FLOW_DOWN, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
	packet_build_close(&t);
	read_built(w, CAPTURE_BROWSER);
	const struct fact_flow *f = FACT(w, FLOW, flow, 0);
	demand_text(f->detail, "the proxy refused the target");
}

/* On the origin's side only a proxy that is named is asked for a target. */
static void only_a_named_proxy_is_one(void **state)
{
	struct world *w = *state;
	static const char *const servers[] = {"192.0.2.9", "192.0.2.10"};
	for (uint16_t i = 0; i < 2; i++) {
		struct tcp_build t;
		packet_build_tcp(&t, &w->b, "10.0.0.1", (uint16_t)(6000 + i), servers[i], 3128);
		packet_build_open(&t);
		packet_build_say(
			&t, FLOW_UP, "CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n");
		packet_build_say(&t, FLOW_DOWN, "HTTP/1.1 200 OK\r\n\r\n");
		packet_build_say(&t, FLOW_UP, "GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
		packet_build_say(&t, FLOW_DOWN, OK "hello");
		packet_build_close(&t);
	}
	read_built(w, CAPTURE_ORIGIN);
	demand_text(FACT(w, FLOW, flow, 0)->target, "a.test:80");
	demand_text(FACT(w, FLOW, flow, 1)->target, NULL);
	demand_text(FACT(w, FLOW_EXCHANGE, flow_exchange, 0)->url, "http://a.test/x");
	assert_int_equal(FACT(w, FLOW, flow, 1)->flow, FIRST_FLOW + 1);
}

static const char question[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\2go\7example\0\0\1\0\1";
static const char answer[] = "\x12\x34\x81\x80\0\1\0\1\0\0\0\0\2go\7example\0\0\1\0\1\xc0\x0c"
			     "\0\1\0\1\0\0\0\x3c\0\4\xc6\x33\x64\7";
#define BYTES(s) span_of(s, sizeof(s) - 1)

static void add_dns(struct world *w)
{
	struct tcp_build t;
	struct buf framed = {0};
	packet_build_udp(&w->b, "10.0.0.1", 4000, "192.0.2.53", 53, BYTES(question));
	packet_build_udp(&w->b, "192.0.2.53", 53, "10.0.0.1", 4000, BYTES(answer));
	packet_build_tcp(&t, &w->b, "10.0.0.1", 4001, "192.0.2.53", 53);
	packet_build_open(&t);
	buf_add_u16(&framed, sizeof question - 1);
	buf_add_span(&framed, BYTES(question));
	packet_build_send(&t, FLOW_UP, buf_span(&framed));
	buf_clear(&framed);
	for (int i = 0; i < 2; i++) {
		buf_add_u16(&framed, sizeof answer - 1);
		buf_add_span(&framed, BYTES(answer));
	}
	t.mss = 30; /* no segment holds a message */
	packet_build_send(&t, FLOW_DOWN, buf_span(&framed));
	packet_build_close(&t);
	buf_fini(&framed);
}

static void name_servers_answer_the_proxy(void **state)
{
	struct world *w = *state;
	add_dns(w);
	read_built(w, CAPTURE_ORIGIN);
	assert_int_equal(w->n[FACT_KIND_PACKET_DNS], 3);
	assert_int_equal(w->n[FACT_KIND_STRAY], 0);
	for (size_t i = 0; i < 3; i++) {
		const struct fact_packet_dns *f = FACT(w, PACKET_DNS, packet_dns, i);
		demand_text(f->name, "go.example");
		demand_text(f->addresses, "198.51.100.7/60");
		demand_text(f->server_ip, "192.0.2.53");
		assert_int_equal(f->server_port, 53);
	}
	demand_text(FACT(w, FLOW, flow, 0)->detail, "to a name server");
	assert_int_equal(w->n[FACT_KIND_FLOW_PLAIN], 0);
}

/* Nobody has to answer the browser. */
static void on_the_browsers_side_dns_is_a_stray(void **state)
{
	struct world *w = *state;
	add_dns(w);
	read_built(w, CAPTURE_BROWSER);
	assert_int_equal(w->n[FACT_KIND_PACKET_DNS], 0);
	assert_int_equal(w->n[FACT_KIND_STRAY], 1);
	const struct fact_stray *s = FACT(w, STRAY, stray, 0);
	demand_text(s->protocol, "udp");
	demand_text(s->detail, "DNS");
	assert_int_equal(s->packets, 2);
	assert_int_equal(w->n[FACT_KIND_FLOW], 1);
}

static void demand_file(struct world *w, const char *outcome, struct span bytes)
{
	uint8_t digest[SHA256_LEN];
	const struct fact_packet_file *f = FACT(w, PACKET_FILE, packet_file, 0);
	sha256(bytes, digest);
	demand_text(f->outcome, outcome);
	assert_int_equal(f->size, bytes.n);
	assert_memory_equal(f->sha256.p, digest, SHA256_LEN);
}

/* Its facts are those of what can be read; its digest is of all that lies there. */
static void files_that_are_cut_broken_or_none(void **state)
{
	struct world *w = *state;
	struct buf out = {0};
	struct tcp_build t = to_proxy(w, 5000);
	packet_build_say(&t, FLOW_UP, GET);
	packet_build_pcapng(&w->b, SPAN_NONE, &out);
	struct span all = buf_span(&out);
	packet_build_write(w->path, span_first(all, all.n - 3));
	assert_true(read_it(w, CAPTURE_BROWSER));
	demand_file(w, "bad-packets", span_first(all, all.n - 3));
	demand_text(FACT(w, FLOW, flow, 0)->ended, "open");
	/* A block whose length is none. */
	buf_add_span(&out, BYTES("\6\0\0\0\3\0\0\0garbage that goes on"));
	all = buf_span(&out);
	packet_build_write(w->path, all);
	memset(w->n, 0, sizeof w->n);
	assert_true(read_it(w, CAPTURE_BROWSER));
	demand_file(w, "bad-packets", all);
	assert_int_equal(FACT(w, PACKET_FILE, packet_file, 0)->packets, w->b.n);
	packet_build_write(w->path, BYTES("something else, and no packets at all in it"));
	memset(w->n, 0, sizeof w->n);
	assert_true(read_it(w, CAPTURE_BROWSER));
	demand_file(w, "bad-packets", BYTES("something else, and no packets at all in it"));
	assert_int_equal(FACT(w, PACKET_FILE, packet_file, 0)->packets, 0);
	buf_fini(&out);
}

#define HEX_32 "0123456789abcdef0123456789abcdef"

/* Secrets that lie in the packet file itself are read, too. */
static void secrets_of_the_file_itself(void **state)
{
	static const char log[] =
		"# a comment\n"
		"CLIENT_RANDOM " HEX_32 HEX_32 " " HEX_32 HEX_32 HEX_32 "\n"
		"CLIENT_TRAFFIC_SECRET_0 " HEX_32 HEX_32 " " HEX_32 HEX_32 "\n";
	struct world *w = *state;
	struct buf out = {0};
	struct tcp_build t = to_proxy(w, 5000);
	packet_build_say(&t, FLOW_UP, GET);
	packet_build_pcapng(&w->b, span_str(log), &out);
	packet_build_write(w->path, buf_span(&out));
	assert_true(read_it(w, CAPTURE_BROWSER));
	demand_file(w, "ok", buf_span(&out));
	assert_int_equal(FACT(w, PACKET_FILE, packet_file, 0)->key_lines, 2);
	buf_fini(&out);
	memset(w->n, 0, sizeof w->n);
	read_built(w, CAPTURE_BROWSER);
	assert_int_equal(FACT(w, PACKET_FILE, packet_file, 0)->key_lines, 0);
}

/* What is no file is not waited for. */
static void what_is_no_file_is_an_error(void **state)
{
	struct world *w = *state;
	assert_false(read_it(w, CAPTURE_BROWSER));
	assert_int_equal(w->err.kind, ERR_SYSTEM);
	assert_int_equal(mkfifo(w->path, 0600), 0);
	assert_false(read_it(w, CAPTURE_BROWSER));
	assert_int_equal(w->err.kind, ERR_SYSTEM);
	assert_int_equal(w->all, 0);
}

static void who_cannot_put_ends_it(void **state)
{
	struct world *w = *state;
	struct tcp_build t = to_proxy(w, 5000);
	packet_build_say(&t, FLOW_UP, GET);
	packet_build_say(&t, FLOW_DOWN, OK "hello");
	packet_build_close(&t);
	struct buf out = {0};
	packet_build_pcapng(&w->b, SPAN_NONE, &out);
	packet_build_write(w->path, buf_span(&out));
	buf_fini(&out);
	for (size_t at = 0; at < 4; at++) {
		w->all = 0;
		w->refuse_at = at;
		assert_false(read_it(w, CAPTURE_BROWSER));
		assert_int_equal(w->err.kind, ERR_CASE_WRITE);
		assert_int_equal(w->all, at + 1);
	}
}

static void a_connection_that_was_under_way(void **state)
{
	struct world *w = *state;
	struct tcp_build t = to_proxy(w, 5000);
	packet_build_say(&t, FLOW_UP, GET);
	packet_build_say(&t, FLOW_DOWN, OK "hello");
	for (int i = 0; i < 3; i++)
		packet_build_drop(&w->b, 0);
	read_built(w, CAPTURE_BROWSER);
	demand_text(FACT(w, FLOW, flow, 0)->detail, "its beginning is not in the file");
}

/* ---- where a receiver can have stopped ---- */

/* Entry i of a tail: so many bytes, and their digest. */
static void demand_place(struct span tail, size_t i, uint64_t n, const char *all)
{
	uint8_t want[SHA256_LEN];
	uint64_t at = 0;
	assert_true(tail.n >= (i + 1) * 40);
	for (size_t byte = 0; byte < 8; byte++)
		at = at << 8 | tail.p[i * 40 + byte];
	assert_int_equal(at, n);
	sha256(span_of(all, n), want);
	assert_memory_equal(tail.p + i * 40 + 8, want, SHA256_LEN);
}

/* In clear each segment is one; the end is none, for its digest is there anyway. */
static void places_of_a_direction(void **state)
{
	struct world *w = *state;
	struct tcp_build t = to_proxy(w, 5000);
	packet_build_say(&t, FLOW_UP, GET);
	packet_build_say(&t, FLOW_DOWN, OK);
	packet_build_say(&t, FLOW_DOWN, "h");
	packet_build_say(&t, FLOW_DOWN, "ell");
	packet_build_say(&t, FLOW_DOWN, "o");
	packet_build_close(&t);
	read_built(w, CAPTURE_BROWSER);
	const struct fact_flow_plain *p = FACT(w, FLOW_PLAIN, flow_plain, 0);
	size_t head = sizeof OK - 1;
	assert_null(p->up_tail.p);
	assert_null(p->up_stream_tail.p);
	assert_null(p->down_stream_tail.p);
	assert_int_equal(p->down_tail.n, 3 * 40);
	demand_place(p->down_tail, 0, head, OK "hello");
	demand_place(p->down_tail, 1, head + 1, OK "hello");
	demand_place(p->down_tail, 2, head + 4, OK "hello");
	const struct fact_flow_exchange *x = FACT(w, FLOW_EXCHANGE, flow_exchange, 0);
	assert_int_equal(x->res_tail.n, 2 * 40);
	demand_place(x->res_tail, 0, 1, "hello");
	demand_place(x->res_tail, 1, 4, "hello");
}

/* Only the last so many are kept, in their order. */
static void places_of_a_long_direction(void **state)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	enum { PIECES = 77, KEPT = 32 };
	struct world *w = *state;
	struct tcp_build t = to_proxy(w, 5000);
	char all[PIECES + 1];
	char *text = arena_printf(
		&w->arena, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", (int)PIECES);
	packet_build_say(&t, FLOW_UP, GET);
	packet_build_say(&t, FLOW_DOWN, text);
	for (size_t i = 0; i < PIECES; i++) {
		all[i] = letters[i % 26];
		all[i + 1] = 0;
		packet_build_say(&t, FLOW_DOWN, all + i);
	}
	packet_build_close(&t);
	read_built(w, CAPTURE_BROWSER);
	const struct fact_flow_exchange *x = FACT(w, FLOW_EXCHANGE, flow_exchange, 0);
	demand_digest(x->res_sha256, all);
	assert_int_equal(x->res_tail.n, KEPT * 40);
	for (size_t i = 0; i < KEPT; i++)
		demand_place(x->res_tail, i, PIECES - KEPT + i, all);
	const struct fact_flow_plain *p = FACT(w, FLOW_PLAIN, flow_plain, 0);
	char *both = arena_printf(&w->arena, "%s%s", text, all);
	assert_int_equal(p->down_tail.n, KEPT * 40);
	for (size_t i = 0; i < KEPT; i++)
		demand_place(p->down_tail, i, strlen(both) - KEPT + i, both);
}

/* A byte that is missing makes all digests behind it wrong: there are none. */
static void no_places_where_bytes_are_lost(void **state)
{
	struct world *w = *state;
	struct tcp_build t = to_proxy(w, 5000);
	packet_build_say(&t, FLOW_UP, GET);
	packet_build_say(&t, FLOW_DOWN, OK);
	size_t at = w->b.n;
	packet_build_say(&t, FLOW_DOWN, "he");
	packet_build_say(&t, FLOW_DOWN, "llo");
	packet_build_close(&t);
	packet_build_drop(&w->b, at);
	read_built(w, CAPTURE_BROWSER);
	const struct fact_flow_plain *p = FACT(w, FLOW_PLAIN, flow_plain, 0);
	assert_null(p->down_tail.p);
	const struct fact_flow_exchange *x = FACT(w, FLOW_EXCHANGE, flow_exchange, 0);
	assert_null(x->res_tail.p);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_request_and_its_answer),
		T(bytes_that_came_twice),
		T(what_was_lost_has_no_digest),
		T(a_target_that_is_refused),
		T(only_a_named_proxy_is_one),
		T(name_servers_answer_the_proxy),
		T(on_the_browsers_side_dns_is_a_stray),
		T(files_that_are_cut_broken_or_none),
		T(secrets_of_the_file_itself),
		T(what_is_no_file_is_an_error),
		T(who_cannot_put_ends_it),
		T(a_connection_that_was_under_way),
		T(places_of_a_direction),
		T(places_of_a_long_direction),
		T(no_places_where_bytes_are_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
