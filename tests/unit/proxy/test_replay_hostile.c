/*
 * Cases that contradict themselves, as no recorder of ours writes them: what is said of them
 * over HTTP/1, byte by byte, and that it is told.
 */
#include "proxy/leg.h"
#include "proxy/replay.h"
#include "proxy/replay_http1.h"
#include "tests/kit/temp_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define HOST "http://a.example"
#define EVIL "HTTP/1.1 200 EVIL\r\nContent-Length: 4\r\n\r\nevil"

struct test {
	struct temp_case t;
	int64_t session, tunnel, leg;
	struct replay *replay;
	enum replay_pace pace;
	struct leg_peer *peer;
	struct buf said;
	enum leg_result result; /* the last one */
	int events, faults;     /* told */
	enum replay_outcome outcome;
};

/* ---- a case ---- */

static void put(struct test *t, enum fact_kind kind, void *fact)
{
	temp_case_put(&t->t, kind, fact);
}

struct row {
	const char *path;
	int status;
	const char *head;     /* of the response */
	const char *interim;  /* NULL: none */
	const char *body;     /* one chunk; NULL: none */
	int64_t stored;       /* what the end says that is stored */
	const char *trailers; /* NULL: none */
	int64_t asked_us, answered_us, chunk_us;
	int64_t exchange; /* 0: a new one */
	int64_t got;      /* out: the exchange */
};

static void put_response(struct test *t, const struct row *r)
{
	struct fact_response f;
	struct fact_interim i;
	fact_init(FACT_KIND_INTERIM, &i);
	i.session = t->session;
	i.exchange = r->got;
	i.status = 103;
	i.head = span_str(r->interim);
	if (r->interim != NULL)
		put(t, FACT_KIND_INTERIM, &i);
	fact_init(FACT_KIND_RESPONSE, &f);
	f.session = t->session;
	f.at_us = r->answered_us;
	f.exchange = r->got;
	f.leg = t->leg;
	f.status = r->status;
	f.made_by = span_str("origin");
	f.head = span_str(r->head);
	put(t, FACT_KIND_RESPONSE, &f);
}

static void put_end(struct test *t, const struct row *r)
{
	struct fact_chunk c;
	struct fact_exchange_end end;
	fact_init(FACT_KIND_CHUNK, &c);
	c.session = t->session;
	c.at_us = r->chunk_us;
	c.exchange = r->got;
	c.side = SIDE_RESPONSE;
	c.n = 0;
	c.data = span_str(r->body);
	c.size = (int64_t)c.data.n;
	if (r->body != NULL)
		put(t, FACT_KIND_CHUNK, &c);
	fact_init(FACT_KIND_EXCHANGE_END, &end);
	end.session = t->session;
	end.at_us = r->answered_us;
	end.exchange = r->got;
	end.reason = span_str("ok");
	end.req_size = end.req_stored = 0;
	end.req_ended_us = r->asked_us;
	end.first_byte_us = r->answered_us;
	end.res_size = end.res_stored = r->stored;
	end.res_trailers = span_str(r->trailers);
	put(t, FACT_KIND_EXCHANGE_END, &end);
}

static void record(struct test *t, struct row *r)
{
	struct fact_request f;
	char url[200];
	fact_init(FACT_KIND_REQUEST, &f);
	snprintf(url, sizeof url, HOST "%s", r->path);
	r->got = r->exchange != 0 ? r->exchange : writer_new_exchange(t->t.writer);
	f.session = t->session;
	f.at_us = r->asked_us;
	f.tunnel = t->tunnel;
	f.exchange = r->got;
	f.method = span_str("GET");
	f.url = span_str(url);
	f.head = span_str("GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n");
	put(t, FACT_KIND_REQUEST, &f);
	if (r->exchange != 0)
		return;
	put_response(t, r);
	put_end(t, r);
}

/* ---- asked ---- */

static void tell(void *ctx, const struct replay_event *e)
{
	struct test *t = ctx;
	t->events++;
	t->faults += e->fault.kind != ERR_NONE;
	t->outcome = e->outcome;
}

static void open_replay(struct test *t)
{
	struct err err = {0};
	struct target target = {.host = "a.example", .port = 80};
	temp_case_close(&t->t);
	struct replay_options o = {
		.path = t->t.path, .pace = t->pace, .tell = tell, .tell_ctx = t};
	t->replay = replay_open(&o, &err);
	if (t->replay == NULL)
		fail_msg("%s", err.detail);
	t->peer = replay_http1_new(t->replay, &target);
}

/* What can be had without waiting. */
static struct span ask(struct test *t, const char *path)
{
	char head[200];
	uint8_t to[4096];
	snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: a.example\r\n\r\n", path);
	buf_clear(&t->said);
	t->events = t->faults = 0;
	t->peer->calls->take(t->peer, span_str(head));
	for (;;) {
		struct err err = {0};
		size_t n = 0;
		t->result = t->peer->calls->give(t->peer, to, sizeof to, &n, &err);
		buf_add(&t->said, to, n);
		if (t->result != LEG_OK)
			return buf_span(&t->said);
	}
}

static bool says(struct span s, const char *text)
{
	return span_find(s, span_str(text), 0) != SIZE_MAX;
}

static int set_up(void **state)
{
	static struct test t;
	struct fact_session f;
	struct fact_leg leg;
	t = (struct test){0};
	temp_case_start(&t.t);
	fact_init(FACT_KIND_SESSION, &f);
	t.session = f.session = writer_new_session(t.t.writer);
	f.command = span_str("proxy");
	put(&t, FACT_KIND_SESSION, &f);
	fact_init(FACT_KIND_LEG, &leg);
	leg.session = t.session;
	t.tunnel = leg.tunnel = writer_new_tunnel(t.t.writer);
	t.leg = leg.leg = writer_new_leg(t.t.writer);
	leg.outcome = span_str("ok");
	put(&t, FACT_KIND_LEG, &leg);
	*state = &t;
	return 0;
}

static int tear_down(void **state)
{
	struct test *t = *state;
	if (t->peer != NULL)
		t->peer->calls->free(t->peer);
	replay_free(t->replay);
	buf_fini(&t->said);
	temp_case_fini(&t->t);
	return 0;
}

/* ---- heads ---- */

static void what_is_no_head_is_answered_by_a_page(void **state)
{
	struct test *t = *state;
	static const struct {
		int status;
		const char *head;
	} rows[] = {
		{200, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" EVIL},
		{200, "HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n"},
		{100, "HTTP/1.1 100 Continue\r\n\r\n"},
		{103, "HTTP/1.1 103 Early Hints\r\n\r\n"},
		{-1, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{200, "HTTP/1.1 200 OK\r\n"},
		{200, "what?"},
		{200, ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char path[20];
		snprintf(path, sizeof path, "/%zu", i);
		struct row r = {.path = path, .status = rows[i].status, .head = rows[i].head};
		record(t, &r);
	}
	open_replay(t);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char path[20];
		snprintf(path, sizeof path, "/%zu", i);
		struct target target = {.host = "a.example", .port = 80};
		t->peer->calls->free(t->peer);
		t->peer = replay_http1_new(t->replay, &target);
		struct span said = ask(t, path);
		if (!span_starts(said, "HTTP/1.1 504 ") || says(said, "evil"))
			fail_msg("%s: %.*s", path, (int)said.n, (const char *)said.p);
		assert_int_equal(t->events, 1);
		assert_int_equal(t->faults, 1);
	}
}

static void what_is_no_interim_head_is_left_out(void **state)
{
	struct test *t = *state;
	struct row good = {.path = "/good",
			   .status = 200,
			   .head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
			   .interim = "HTTP/1.1 103 Early Hints\r\n\r\n"},
		   bad = good, tail = good;
	bad.path = "/bad";
	bad.interim = EVIL;
	tail.path = "/tail";
	tail.interim = "HTTP/1.1 103 Early Hints\r\n\r\n" EVIL;
	record(t, &good);
	record(t, &bad);
	record(t, &tail);
	open_replay(t);
	assert_true(
		span_starts(ask(t, "/good"), "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200"));
	assert_true(span_is(ask(t, "/bad"), good.head));
	assert_true(span_is(ask(t, "/tail"), good.head));
}

/* ---- bodies ---- */

static void a_body_that_is_not_as_announced_ends_the_connection(void **state)
{
	struct test *t = *state;
	static const struct row rows[] = {
		{.path = "/long",
			.head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
			.body = "ab" EVIL,
			.stored = 2 + sizeof EVIL - 1},
		{.path = "/short",
			.head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
			.body = "ab",
			.stored = 2},
		{.path = "/gone", .head = "HTTP/1.1 200 OK\r\n\r\n", .stored = 2},
		{.path = "/more", .head = "HTTP/1.1 200 OK\r\n\r\n", .body = "ab", .stored = 1},
		{.path = "/trailers",
			.head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
			.body = "ab",
			.stored = 2,
			.trailers = "X: y\r\n\r\n" EVIL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct row r = rows[i];
		r.status = 200;
		record(t, &r);
	}
	open_replay(t);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct target target = {.host = "a.example", .port = 80};
		t->peer->calls->free(t->peer);
		t->peer = replay_http1_new(t->replay, &target);
		struct span said = ask(t, rows[i].path);
		if (t->result != LEG_BROKEN || t->faults != 1 || says(said, "evil"))
			fail_msg("%s: %d, %d faults: %.*s", rows[i].path, t->result, t->faults,
				(int)said.n, (const char *)said.p);
	}
}

static void a_second_request_of_an_exchange_is_not_answered(void **state)
{
	struct test *t = *state;
	struct row first = {.path = "/first",
			   .status = 200,
			   .head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		   second = {.path = "/second"};
	record(t, &first);
	second.exchange = first.got;
	record(t, &second);
	open_replay(t);
	assert_true(span_starts(ask(t, "/first"), "HTTP/1.1 200 "));
	ask(t, "/second");
	assert_int_equal(t->outcome, REPLAY_MISSED);
}

/* ---- time ---- */

static void any_time_is_a_delay_within_bounds(void **state)
{
	struct test *t = *state;
	const int64_t ends[] = {INT64_MIN + 1, -1, 0, 1, INT64_MAX};
	enum { N = sizeof ends / sizeof *ends };
	const int64_t most_us = REPLAY_DELAY_MAX_MS * INT64_C(1000) + 1000000;
	for (int i = 0; i < N * N * N; i++) {
		char path[20];
		snprintf(path, sizeof path, "/%d", i);
		struct row r = {.path = path,
			.status = 200,
			.head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
			.body = "ab",
			.stored = 2,
			.asked_us = ends[i % N],
			.answered_us = ends[i / N % N],
			.chunk_us = ends[i / N / N]};
		record(t, &r);
	}
	t->pace = REPLAY_ORIGINAL;
	open_replay(t);
	for (int i = 0; i < N * N * N; i++) {
		char path[20];
		snprintf(path, sizeof path, "/%d", i);
		struct target target = {.host = "a.example", .port = 80};
		t->peer->calls->free(t->peer);
		t->peer = replay_http1_new(t->replay, &target);
		ask(t, path);
		int64_t due = t->peer->calls->due_us(t->peer);
		if (due != INT64_MAX)
			assert_true(due <= clock_now_us(clock_real()) + most_us);
	}
}

/* A piece leaves when it is due, not when the one before it was. */
static void a_piece_waits_for_its_own_time(void **state)
{
	struct test *t = *state;
	const int64_t then = INT64_C(1767225600000000);
	struct row r = {.path = "/slow",
		.status = 200,
		.head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
		.body = "ab",
		.stored = 2,
		.asked_us = then,
		.answered_us = then,
		.chunk_us = then + 5000000};
	record(t, &r);
	t->pace = REPLAY_ORIGINAL;
	open_replay(t);
	int64_t before = clock_now_us(clock_real());
	assert_true(span_is(ask(t, "/slow"), r.head));
	assert_int_equal(t->result, LEG_AGAIN);
	assert_true(t->peer->calls->due_us(t->peer) >= before + 5000000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_no_head_is_answered_by_a_page),
		TEST(what_is_no_interim_head_is_left_out),
		TEST(a_body_that_is_not_as_announced_ends_the_connection),
		TEST(a_second_request_of_an_exchange_is_not_answered),
		TEST(any_time_is_a_delay_within_bounds),
		TEST(a_piece_waits_for_its_own_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
