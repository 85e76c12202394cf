/*
 * Which recorded exchange answers what is asked: order, state, failures; over a case that the
 * real writer made.
 */
#include "proxy/replay.h"
#include "store/base/hash.h"
#include "tests/kit/temp_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define HOST "https://a.example"

struct test {
	struct temp_case t;
	int64_t session, tunnel, leg, now_us;
	struct replay *replay;
	struct replay_options options;
	struct arena arena;
	int events; /* and of the last: */
	enum replay_outcome outcome;
	enum replay_class how;
	int64_t told;
	bool limited;
	char near[1000];
};

static void put(struct test *t, enum fact_kind kind, void *fact)
{
	t->now_us += 1000;
	temp_case_put(&t->t, kind, fact);
}

static void begin_session(struct test *t)
{
	struct fact_session f;
	fact_init(FACT_KIND_SESSION, &f);
	t->session = writer_new_session(t->t.writer);
	f.session = t->session;
	f.at_us = t->now_us;
	f.command = span_str("proxy");
	put(t, FACT_KIND_SESSION, &f);
	struct fact_leg leg;
	fact_init(FACT_KIND_LEG, &leg);
	leg.session = t->session;
	t->tunnel = leg.tunnel = writer_new_tunnel(t->t.writer);
	t->leg = leg.leg = writer_new_leg(t->t.writer);
	leg.at_us = t->now_us;
	leg.host = span_str("a.example");
	leg.port = 443;
	leg.outcome = span_str("ok");
	put(t, FACT_KIND_LEG, &leg);
}

struct asked {
	const char *method, *url, *lines, *body;
};
struct answered {
	int status; /* 0: none */
	const char *body;
	const char *reason; /* "ok"; "": no end */
	const char *made_by;
	int64_t first_ms, size;
};

static void put_body(struct test *t, int64_t exchange, enum fact_side side, const char *body)
{
	struct fact_chunk c;
	if (body == NULL)
		return;
	fact_init(FACT_KIND_CHUNK, &c);
	c.session = t->session;
	c.at_us = t->now_us;
	c.exchange = exchange;
	c.side = side;
	c.n = 0;
	c.size = (int64_t)strlen(body);
	c.data = span_str(body);
	put(t, FACT_KIND_CHUNK, &c);
}

static void put_response(struct test *t, int64_t exchange, const struct answered *r)
{
	struct fact_response f;
	char head[200];
	fact_init(FACT_KIND_RESPONSE, &f);
	f.session = t->session;
	f.at_us = t->now_us + r->first_ms * 1000;
	f.exchange = exchange;
	f.leg = t->leg;
	f.status = r->status;
	f.made_by = span_str(r->made_by != NULL ? r->made_by : "origin");
	snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n", r->status,
		r->body != NULL ? strlen(r->body) : 0);
	f.head = span_str(head);
	put(t, FACT_KIND_RESPONSE, &f);
}

static int64_t record(struct test *t, struct asked q, struct answered r)
{
	struct fact_request f;
	char head[2000];
	fact_init(FACT_KIND_REQUEST, &f);
	f.session = t->session;
	f.at_us = t->now_us;
	f.tunnel = t->tunnel;
	f.exchange = writer_new_exchange(t->t.writer);
	f.method = span_str(q.method != NULL ? q.method : "GET");
	f.url = span_str(q.url);
	snprintf(head, sizeof head, "%s /x HTTP/1.1\r\nHost: a.example\r\n%s\r\n",
		(const char *)f.method.p, q.lines != NULL ? q.lines : "");
	f.head = span_str(head);
	put(t, FACT_KIND_REQUEST, &f);
	put_body(t, f.exchange, SIDE_REQUEST, q.body);
	if (r.status != 0)
		put_response(t, f.exchange, &r);
	put_body(t, f.exchange, SIDE_RESPONSE, r.body);
	struct fact_exchange_end end;
	uint8_t digest[SHA256_LEN];
	fact_init(FACT_KIND_EXCHANGE_END, &end);
	sha256(span_str(q.body), digest);
	end.session = t->session;
	end.at_us = t->now_us + r.first_ms * 1000;
	end.exchange = f.exchange;
	end.reason = span_str(r.reason != NULL ? r.reason : "ok");
	end.req_size = end.req_stored = q.body != NULL ? (int64_t)strlen(q.body) : 0;
	end.req_sha256 = span_of(digest, sizeof digest);
	end.req_ended_us = t->now_us;
	end.first_byte_us = t->now_us + r.first_ms * 1000;
	end.res_stored = r.body != NULL ? (int64_t)strlen(r.body) : 0;
	end.res_size = r.size != 0 ? r.size : end.res_stored;
	if (end.reason.n > 0)
		put(t, FACT_KIND_EXCHANGE_END, &end);
	return f.exchange;
}
#define ASKED(...) ((struct asked){__VA_ARGS__})
#define ANSWERED(...) ((struct answered){__VA_ARGS__})

static void tell(void *ctx, const struct replay_event *e)
{
	struct test *t = ctx;
	t->events++;
	t->outcome = e->outcome;
	t->how = e->how;
	t->told = e->exchange;
	t->limited = e->limited;
	snprintf(t->near, sizeof t->near, "%s", e->near != NULL ? e->near : "");
}

static void open_replay(struct test *t)
{
	struct err err = {0};
	temp_case_close(&t->t);
	t->options.path = t->t.path;
	t->options.tell = tell;
	t->options.tell_ctx = t;
	t->replay = replay_open(&t->options, &err);
	if (t->replay == NULL)
		fail_msg("%s", err.detail);
}

static struct replay_answer ask(struct test *t, struct asked q)
{
	struct replay_answer a;
	struct replay_ask want = {.method = span_str(q.method != NULL ? q.method : "GET"),
		.url = span_str(q.url),
		.fields = span_str(q.lines != NULL ? q.lines : ""),
		.body = span_str(q.body != NULL ? q.body : ""),
		.body_size = q.body != NULL ? strlen(q.body) : 0};
	int before = t->events;
	replay_ask(t->replay, &want, &t->arena, &a);
	assert_int_equal(t->events, before + 1);
	return a;
}

static int64_t answer_to(struct test *t, struct asked q)
{
	ask(t, q);
	return t->told;
}

static int set_up(void **state)
{
	static struct test t;
	t = (struct test){.now_us = INT64_C(1767225600000000)};
	temp_case_start(&t.t);
	begin_session(&t);
	*state = &t;
	return 0;
}

static int tear_down(void **state)
{
	struct test *t = *state;
	replay_free(t->replay);
	arena_fini(&t->arena);
	temp_case_fini(&t->t);
	return 0;
}

/* ---- order ---- */

static void the_nth_asking_gets_the_nth_answer(void **state)
{
	struct test *t = *state;
	int64_t x[3];
	for (int i = 0; i < 3; i++) {
		x[i] = record(t, ASKED(.url = HOST "/once"), ANSWERED(.status = 200 + i));
		record(t, ASKED(.url = HOST "/other"), ANSWERED(.status = 200));
	}
	open_replay(t);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(answer_to(t, ASKED(.url = HOST "/once")), x[i]);
		assert_int_equal(t->outcome, REPLAY_AS_RECORDED);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(answer_to(t, ASKED(.url = HOST "/once")), x[2]);
		assert_int_equal(t->outcome, REPLAY_REPEATED);
	}
	replay_restart(t->replay);
	assert_int_equal(answer_to(t, ASKED(.url = HOST "/once")), x[0]);
}

/* One that nobody asks for now, and one that never had an answer, lie before them all. */
static void many_askings_of_one_address_keep_their_order(void **state)
{
	enum { MANY = 700 };
	struct test *t = *state;
	struct asked one = {.url = HOST "/poll", .lines = "Cookie: b=1\r\n"};
	int64_t first = 0;
	record(t, ASKED(.url = HOST "/poll", .lines = "Cookie: a=1\r\n"),
		ANSWERED(.status = 200));
	record(t, one, ANSWERED(.reason = "browser-closed"));
	for (int i = 0; i < MANY; i++) {
		int64_t x = record(t, one, ANSWERED(.status = 200));
		first = i == 0 ? x : first;
	}
	open_replay(t);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(answer_to(t, one), first + i);
		assert_int_equal(t->outcome, REPLAY_AS_RECORDED);
	}
	assert_int_equal(answer_to(t, one), first + MANY - 1);
	assert_int_equal(t->outcome, REPLAY_REPEATED);
	assert_false(t->limited);
}

static void what_a_limit_left_out_is_told(void **state)
{
	struct test *t = *state;
	struct asked other = {.url = HOST "/poll", .lines = "Cookie: a=1\r\n"},
		     one = {.url = HOST "/poll", .lines = "Cookie: b=1\r\n"};
	for (int i = 0; i < REPLAY_SAME_URL_MAX; i++)
		record(t, other, ANSWERED(.status = 200));
	record(t, one, ANSWERED(.status = 200));
	open_replay(t);
	struct replay_answer a = ask(t, one);
	assert_int_equal(t->outcome, REPLAY_BY_RULE);
	assert_true(t->limited);
	assert_non_null(strstr(a.remark, "not all that was recorded"));
}

static void methods_and_addresses_are_never_taken_for_each_other(void **state)
{
	struct test *t = *state;
	static const char *const unlike[] = {"http://a.example/x", HOST "/x/", HOST "/X",
		HOST ":8443/x", "https://www.a.example/x", HOST "/y"};
	int64_t x = record(t, ASKED(.url = HOST "/x"), ANSWERED(.status = 200));
	open_replay(t);
	for (size_t i = 0; i < sizeof unlike / sizeof *unlike; i++) {
		struct replay_answer a = ask(t, ASKED(.url = unlike[i]));
		assert_int_equal(t->outcome, REPLAY_MISSED);
		assert_true(a.page && a.ours);
		assert_int_equal(a.why.kind, ERR_NOT_RECORDED);
	}
	ask(t, ASKED(.url = HOST "/x", .method = "POST"));
	assert_int_equal(t->outcome, REPLAY_MISSED);
	ask(t, ASKED(.url = HOST "/y"));
	assert_non_null(strstr(t->near, "nearest: GET " HOST "/x"));
	assert_int_equal(answer_to(t, ASKED(.url = HOST "/x")), x);
}

static void a_session_is_answered_by_itself(void **state)
{
	struct test *t = *state;
	int64_t first = record(t, ASKED(.url = HOST "/x"), ANSWERED(.status = 302));
	begin_session(t);
	int64_t second = record(t, ASKED(.url = HOST "/x"), ANSWERED(.status = 410));
	t->options.session = 2;
	open_replay(t);
	assert_int_equal(answer_to(t, ASKED(.url = HOST "/x")), second);
	assert_int_equal(answer_to(t, ASKED(.url = HOST "/x")), second);
	replay_free(t->replay);
	t->options.session = 0;
	t->replay = replay_open(&t->options, &(struct err){0});
	assert_int_equal(answer_to(t, ASKED(.url = HOST "/x")), first);
	assert_int_equal(answer_to(t, ASKED(.url = HOST "/x")), second);
}

/* ---- state ---- */

static void a_gate_opens_for_the_cookie_that_was_set(void **state)
{
	struct test *t = *state;
	struct asked bare = {.url = HOST "/gate"},
		     with = {.url = HOST "/gate", .lines = "Cookie: b=2; pass=1\r\n"},
		     turned = {.url = HOST "/gate", .lines = "cookie: pass=1; b=2\r\n"};
	int64_t shut = record(t, bare, ANSWERED(.status = 403));
	int64_t open = record(t, with, ANSWERED(.status = 200));
	open_replay(t);
	/* With the cookie first, without it twice: each its own answer. */
	assert_int_equal(answer_to(t, turned), open);
	assert_int_equal(t->outcome, REPLAY_AS_RECORDED);
	assert_int_equal(answer_to(t, bare), shut);
	assert_int_equal(answer_to(t, bare), shut);
	assert_int_equal(t->outcome, REPLAY_REPEATED);
}

static void a_form_is_matched_with_another_token(void **state)
{
	struct test *t = *state;
	struct asked form = {.method = "POST",
		.url = HOST "/in",
		.lines = "Content-Type: application/x-www-form-urlencoded\r\n",
		.body = "user=x&tok=1"};
	int64_t wrong = record(t, form, ANSWERED(.status = 403));
	form.body = "user=y&tok=2";
	int64_t right = record(t, form, ANSWERED(.status = 200));
	open_replay(t);
	assert_int_equal(answer_to(t, form), right);
	assert_int_equal(t->outcome, REPLAY_AS_RECORDED);
	form.body = "user=x&tok=9";
	assert_int_equal(answer_to(t, form), wrong);
	assert_int_equal(t->outcome, REPLAY_BY_RULE);
	assert_int_equal(t->how, REPLAY_BODY);
}

static void a_time_in_the_address_is_passed_over(void **state)
{
	struct test *t = *state;
	struct asked timed = {.url = HOST "/p?id=7&cb=1700000000000"};
	int64_t x = record(t, timed, ANSWERED(.status = 200));
	record(t, ASKED(.url = HOST "/p?id=8&cb=1700000000001"), ANSWERED(.status = 200));
	open_replay(t);
	struct replay_answer a = ask(t, ASKED(.url = HOST "/p?id=7&cb=1767225600123"));
	assert_int_equal(t->told, x);
	assert_int_equal(t->how, REPLAY_VOLATILE);
	assert_non_null(a.remark);
	assert_memory_equal(a.remark, "volatile: exchange ", 19);
	ask(t, ASKED(.url = HOST "/p?id=9&cb=1767225600123"));
	assert_int_equal(t->outcome, REPLAY_MISSED);
}

static void strict_refuses_what_is_not_exact(void **state)
{
	struct test *t = *state;
	struct asked timed = {.url = HOST "/p?cb=1700000000000"};
	int64_t x = record(t, timed, ANSWERED(.status = 200));
	t->options.strict = true;
	open_replay(t);
	struct replay_answer a = ask(t, ASKED(.url = HOST "/p?cb=1767225600123"));
	assert_int_equal(t->outcome, REPLAY_MISSED);
	assert_non_null(strstr(t->near, "--strict"));
	assert_true(a.page);
	/* Refused, it was not used up. */
	assert_int_equal(answer_to(t, timed), x);
	ask(t, timed);
	assert_int_equal(t->outcome, REPLAY_MISSED);
	assert_non_null(strstr(t->near, "more often"));
}

/* ---- failures ---- */

static void failures_are_told_where_they_were(void **state)
{
	struct test *t = *state;
	static const struct {
		const char *path;
		struct answered answered;
		enum err_kind fault;
		bool has_head, ours;
	} rows[] = {
		{"/reset", {.status = 200, .body = "ab", .reason = "origin-reset"},
			ERR_ORIGIN_RESET, true, false},
		{"/left", {.status = 200, .body = "ab", .reason = "browser-closed"},
			ERR_NOT_REPLAYABLE, true, false},
		{"/cut", {.status = 200, .body = "ab", .reason = ""}, ERR_NOT_REPLAYABLE, true,
			false},
		{"/part", {.status = 200, .body = "ab", .size = 10}, ERR_NOT_REPLAYABLE, true,
			false},
		{"/none", {.reason = "browser-closed"}, ERR_NOT_REPLAYABLE, false, false},
		{"/page",
			{.status = 502,
				.body = "ours",
				.reason = "dns-not-found",
				.made_by = "clicktrail"},
			ERR_NONE, true, true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		record(t, ASKED(.url = arena_printf(&t->arena, HOST "%s", rows[i].path)),
			rows[i].answered);
	open_replay(t);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct replay_answer a =
			ask(t, ASKED(.url = arena_printf(&t->arena, HOST "%s", rows[i].path)));
		struct buf body = {0};
		int64_t due;
		if (a.fault.kind != rows[i].fault || a.has_head != rows[i].has_head ||
			a.ours != rows[i].ours)
			fail_msg("%s: %s", rows[i].path, err_word(a.fault.kind));
		while (replay_body(t->replay, &a, &body, &due))
			;
		const char *want = rows[i].answered.body;
		assert_true(span_is(buf_span(&body), want != NULL ? want : ""));
		assert_int_equal(a.fault.kind, rows[i].fault);
		buf_fini(&body);
		if (rows[i].ours)
			assert_int_equal(a.why.kind, ERR_DNS_NOT_FOUND);
	}
}

/* A browser asks again by itself behind a connection that closed in silence, and a person
 * behind one that took too long: the answer they got then is the answer. */
static void an_answer_comes_before_none(void **state)
{
	struct test *t = *state;
	record(t, ASKED(.url = HOST "/x"), ANSWERED(.reason = "browser-closed"));
	int64_t x = record(t, ASKED(.url = HOST "/x"), ANSWERED(.status = 200));
	record(t, ASKED(.url = HOST "/x"), ANSWERED(.reason = "origin-silent"));
	int64_t y = record(t, ASKED(.url = HOST "/x"), ANSWERED(.status = 201));
	open_replay(t);
	assert_int_equal(answer_to(t, ASKED(.url = HOST "/x")), x);
	assert_int_equal(answer_to(t, ASKED(.url = HOST "/x")), y);
	assert_int_equal(answer_to(t, ASKED(.url = HOST "/x")), y);
	assert_int_equal(t->outcome, REPLAY_REPEATED);
}

/* ---- time ---- */

static void the_recorded_delay_is_kept_where_it_is_wanted(void **state)
{
	struct test *t = *state;
	record(t, ASKED(.url = HOST "/x"),
		ANSWERED(.status = 200, .body = "b", .first_ms = 5000));
	t->options.pace = REPLAY_ORIGINAL;
	open_replay(t);
	int64_t before = clock_now_us(clock_real());
	struct replay_answer a = ask(t, ASKED(.url = HOST "/x"));
	int64_t after = clock_now_us(clock_real());
	assert_true(a.head_us >= before + 5000000 && a.head_us <= after + 5000000 + 1000);
	replay_free(t->replay);
	t->options.pace = REPLAY_FAST;
	t->replay = replay_open(&t->options, &(struct err){0});
	a = ask(t, ASKED(.url = HOST "/x"));
	assert_int_equal(a.head_us, 0);
}

/* ---- origins ---- */

static void an_origin_is_reached_as_it_was(void **state)
{
	struct test *t = *state;
	struct replay_reach reach;
	record(t, ASKED(.url = HOST "/x"), ANSWERED(.status = 200));
	open_replay(t);
	replay_reach(t->replay, span_str(HOST), &t->arena, &reach);
	assert_int_equal(reach.fault.kind, ERR_NONE);
	assert_int_equal(reach.leg, t->leg);
	replay_reach(t->replay, span_str("https://a.example:444"), &t->arena, &reach);
	assert_int_equal(reach.fault.kind, ERR_NOT_RECORDED);
	replay_reach(t->replay, span_str("https://a.example.evil"), &t->arena, &reach);
	assert_int_equal(reach.fault.kind, ERR_NOT_RECORDED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_nth_asking_gets_the_nth_answer),
		TEST(many_askings_of_one_address_keep_their_order),
		TEST(what_a_limit_left_out_is_told),
		TEST(methods_and_addresses_are_never_taken_for_each_other),
		TEST(a_session_is_answered_by_itself),
		TEST(a_gate_opens_for_the_cookie_that_was_set),
		TEST(a_form_is_matched_with_another_token),
		TEST(a_time_in_the_address_is_passed_over),
		TEST(strict_refuses_what_is_not_exact),
		TEST(failures_are_told_where_they_were),
		TEST(an_answer_comes_before_none),
		TEST(the_recorded_delay_is_kept_where_it_is_wanted),
		TEST(an_origin_is_reached_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
