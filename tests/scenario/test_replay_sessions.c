/* Random sessions, recorded through the proxy and asked again of the case: every answer comes
 * as it came, byte for byte, from the very exchange, and no origin is reached. What is asked
 * otherwise than it was is answered by rule, and said; with `strict` it is refused.
 *
 * CLICKTRAIL_SEED: another set of sessions. CLICKTRAIL_SESSIONS: how many; else 100, or 1,000
 * with CLICKTRAIL_SOAK. CLICKTRAIL_SESSION: that single one, as a failure names it. */
#include "tests/kit/replay_told.h"
#include "tests/kit/run_proxy.h"
#include "tests/kit/session_client.h"
#include "tests/kit/session_origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum {
	SESSIONS = 100,
	SOAK_SESSIONS = 1000,
	BATCH = 25,      /* sessions to a case */
	STRICT_EACH = 5, /* of so many sessions one is asked otherwise of a strict replay */
	SEED = 7,
	SHOWN = 700, /* bytes of a transcript in a message */
};
#define DOMAIN "gen.test"

/* A step as it was recorded. */
struct record_of {
	struct buf transcript;
	int64_t exchange;
	char reason[32]; /* why it ended */
};

struct batch {
	struct session_origin *origin;
	struct random_session sessions[BATCH];
	struct record_of records[BATCH][RANDOM_STEPS_MAX];
	size_t n;
	bool first;
	struct run_proxy recorded, again;
	struct replay *replay;
	struct session_client client;
	struct replay_told told;
	uint64_t asked, failed;
};

/* For the message, should the test not come to its end. */
static const struct random_session *under_way;
static size_t step_under_way;

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static int say_session(void **state)
{
	struct buf out = {0};
	(void)state;
	if (under_way == NULL)
		return 0;
	random_session_say(under_way, &out);
	fprintf(stderr, "at step %zu of CLICKTRAIL_SESSION=0x%llx:\n%.*s", step_under_way,
		(unsigned long long)under_way->seed, (int)buf_len(&out),
		(const char *)buf_span(&out).p);
	buf_fini(&out);
	return 0;
}

/* ---- comparing ---- */

static size_t first_difference(struct span a, struct span b)
{
	size_t i = 0;
	while (i < a.n && i < b.n && a.p[i] == b.p[i])
		i++;
	return i;
}

static void demand_same(
	const char *what, const struct buf *got, const struct buf *want, bool begins_only)
{
	struct span g = buf_span(got), w = buf_span(want);
	char got_text[SHOWN * 4], want_text[SHOWN * 4];
	size_t at = first_difference(g, w);
	if (at == w.n && (g.n == w.n || begins_only))
		return;
	size_t from = at > SHOWN / 2 ? at - SHOWN / 2 : 0;
	text_escape(span_first(span_from(g, from), SHOWN), got_text, sizeof got_text);
	text_escape(span_first(span_from(w, from), SHOWN), want_text, sizeof want_text);
	fail_msg("%s: %zu bytes for %zu, from byte %zu on other ones: \"%s\" for \"%s\"", what,
		g.n, w.n, at, got_text, want_text);
}

/* ---- recording ---- */

static void ask(struct batch *b, size_t i, const struct random_step *st, struct buf *out)
{
	const struct random_session *s = &b->sessions[i];
	under_way = s;
	step_under_way = (size_t)(st - s->steps);
	session_client_ask(&b->client, s, st, out);
}

static void record_step(struct batch *b, size_t i, size_t step)
{
	const struct random_session *s = &b->sessions[i];
	const struct random_step *st = &s->steps[step];
	struct buf *got = &b->records[i][step].transcript, want = {0};
	session_origin_next(b->origin, st->down ? NULL : st);
	ask(b, i, st, got);
	const char *trouble = session_origin_trouble(b->origin);
	if (trouble != NULL)
		fail_msg("%s", trouble);
	/* That the origin did what it should, and the proxy changed nothing. */
	if (session_transcript(s, st, &want))
		demand_same("recorded", got, &want, st->end != RANDOM_WHOLE);
	buf_fini(&want);
}

/* The requests were made one after the other, so that the facts have them in that order. */
static void number_exchanges(struct batch *b)
{
	const struct read_case *facts = &b->recorded.facts;
	size_t n = 0;
	for (size_t i = 0; i < b->n; i++)
		for (size_t step = 0; step < b->sessions[i].n; step++, n++) {
			struct record_of *r = &b->records[i][step];
			r->exchange = CASE_FACT(facts, REQUEST, request, n)->exchange;
			const struct fact_exchange_end *end = read_case_end(facts, r->exchange);
			assert_non_null(end);
			text_escape(end->reason, r->reason, sizeof r->reason);
		}
	assert_int_equal(n, CASE_COUNT(facts, REQUEST));
}

static struct run_proxy_options through(const struct batch *b)
{
	return (struct run_proxy_options){
		.rules = {"down." DOMAIN ":80:127.0.0.1:1", "down." DOMAIN ":443:127.0.0.1:1",
			session_origin_rule(b->origin, false),
			session_origin_rule(b->origin, true)},
		.cacert = session_origin_cacert(b->origin)};
}

static void record(struct batch *b)
{
	struct run_proxy_options options = through(b);
	run_proxy_start(&b->recorded, &options);
	session_client_start(&b->client, b->recorded.port, b->recorded.cacert, b->origin);
	for (size_t i = 0; i < b->n; i++) {
		for (size_t step = 0; step < b->sessions[i].n; step++)
			record_step(b, i, step);
		session_client_leave(&b->client);
	}
	run_proxy_idle(&b->recorded);
	run_proxy_stop(&b->recorded);
	number_exchanges(b);
}

/* ---- replaying ---- */

static void open_replay(struct batch *b, bool strict)
{
	struct err err = {0};
	struct replay_options how = {.path = b->recorded.case_path,
		.strict = strict,
		.tell = replay_told_add,
		.tell_ctx = &b->told};
	struct run_proxy_options options = through(b);
	b->replay = replay_open(&how, &err);
	if (b->replay == NULL)
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	options.replay = b->replay;
	run_proxy_start(&b->again, &options);
	session_client_start(&b->client, b->again.port, b->again.cacert, NULL);
	b->asked = b->failed = 0;
}

static void close_replay(struct batch *b)
{
	session_client_leave(&b->client);
	run_proxy_idle(&b->again);
	run_proxy_end(&b->again);
	replay_free(b->replay);
}

/* As it was recorded, from the very exchange. */
static void replay_step(struct batch *b, size_t i, size_t step)
{
	const struct random_step *st = &b->sessions[i].steps[step];
	const struct record_of *r = &b->records[i][step];
	struct buf got = {0};
	ask(b, i, st, &got);
	struct told_event told = replay_told_take(&b->told);
	/* Of an origin that was not reached there is nothing but that. */
	replay_told_demand(
		&told, REPLAY_AS_RECORDED, REPLAY_EXACT, st->down ? FACT_NULL : r->exchange);
	demand_same("replayed", &got, &r->transcript, false);
	if (strcmp(err_word(told.fault), r->reason) != 0)
		fail_msg("it ends by %s, but was recorded to end by %s", err_word(told.fault),
			r->reason);
	b->asked++;
	b->failed += told.fault != ERR_NONE;
	buf_fini(&got);
}

/* It ended without an answer, not even one of ours, and was asked again at once, as browsers do
 * by themselves. The answer that came then comes now at once. */
static bool retried(const struct batch *b, size_t i, size_t step)
{
	struct span got = buf_span(&b->records[i][step].transcript);
	return b->sessions[i].steps[step].asked_again && got.p[0] == '\n';
}

static void replay_session(struct batch *b, size_t i)
{
	for (size_t step = 0; step < b->sessions[i].n; step++)
		if (!retried(b, i, step))
			replay_step(b, i, step);
	session_client_leave(&b->client);
}

static void shuffle(struct random_source *r, size_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t j = random_below(r, i), kept = order[i - 1];
		order[i - 1] = order[j];
		order[j] = kept;
	}
}

static void replay_all(struct batch *b)
{
	struct random_source r = {b->sessions[0].seed};
	size_t order[BATCH];
	shuffle(&r, order, b->n);
	for (size_t i = 0; i < b->n; i++)
		replay_session(b, order[i]);
	struct replay_counts counts;
	replay_counts(b->replay, &counts);
	assert_int_equal(counts.by_outcome[REPLAY_AS_RECORDED], b->asked);
	assert_int_equal(counts.by_outcome[REPLAY_REPEATED], 0);
	assert_int_equal(counts.by_outcome[REPLAY_BY_RULE], 0);
	assert_int_equal(counts.by_outcome[REPLAY_MISSED], 0);
	assert_int_equal(counts.failed, b->failed);
}

/* ---- asking otherwise ---- */

static char *changed(struct arena *a, const char *text, const char *mark, int digit)
{
	char *copy = arena_str(a, span_str(text));
	char *at = strstr(copy, mark);
	assert_non_null(at);
	at += strlen(mark);
	/* The last four digits of a time, or any four of a token: of the same kind. */
	at += strlen(at) - 4;
	for (int i = 0; i < 4; i++)
		at[i] = (char)(at[i] == digit ? digit + 1 : digit);
	return copy;
}

/* The step with another time or token. */
static struct random_step other_step(const struct random_step *st, int digit, struct arena *a)
{
	struct random_step other = *st;
	if (st->change == RANDOM_TIME) {
		other.target = changed(a, st->target, "ts=", digit);
	} else {
		char *body = arena_str(a, st->body);
		other.body = span_str(changed(a, body, "csrf=", digit));
	}
	return other;
}

static void demand_named(const struct told_event *t, const char *a, const char *b)
{
	if (strstr(t->differences, a) == NULL || strstr(t->differences, b) == NULL)
		fail_msg("%s and %s are not among the differences: %s", a, b, t->differences);
}

static void demand_refused(const struct buf *got, bool two)
{
	const char *start = two ? ":status: 504\n" : "HTTP/1.1 504 ";
	if (!span_starts(buf_span(got), start))
		fail_msg("not refused, but %.*s",
			(int)(buf_len(got) < 200 ? buf_len(got) : 200),
			(const char *)buf_span(got).p);
}

/* Asks something like that step. Of strict replays: it is refused. Else its answer comes. */
static struct told_event ask_like(struct batch *b, size_t i, const struct random_step *like,
	const struct record_of *r, bool refused)
{
	struct buf got = {0};
	under_way = &b->sessions[i];
	session_client_ask(&b->client, under_way, like, &got);
	struct told_event told = replay_told_take(&b->told);
	if (refused)
		demand_refused(&got, under_way->h2 && like->secure);
	else
		demand_same("replayed", &got, &r->transcript, false);
	buf_fini(&got);
	return told;
}

static void ask_changed(struct batch *b, size_t i, size_t step, int digit, bool strict)
{
	struct arena a = {0};
	const struct random_step *st = &b->sessions[i].steps[step];
	const struct record_of *r = &b->records[i][step];
	struct random_step other = other_step(st, digit, &a);
	bool time = st->change == RANDOM_TIME;
	step_under_way = step;
	struct told_event t = ask_like(b, i, &other, r, strict);
	if (strict) {
		replay_told_demand(&t, REPLAY_MISSED, REPLAY_NONE, FACT_NULL);
	} else {
		replay_told_demand(
			&t, REPLAY_BY_RULE, time ? REPLAY_VOLATILE : REPLAY_BODY, r->exchange);
		demand_named(&t, time ? "query" : "form", time ? "\"ts\"" : "\"csrf\"");
	}
	arena_fini(&a);
}

/* More often than it was recorded: the last answer, again. */
static void ask_more(struct batch *b, size_t i, size_t step, bool strict)
{
	const struct random_step *st = &b->sessions[i].steps[step];
	const struct record_of *r = &b->records[i][step];
	replay_step(b, i, step);
	if (st->change == RANDOM_MORE)
		return;
	struct told_event t = ask_like(b, i, st, r, strict);
	if (strict)
		replay_told_demand(&t, REPLAY_MISSED, REPLAY_NONE, FACT_NULL);
	else
		replay_told_demand(&t, REPLAY_REPEATED, REPLAY_EXACT, r->exchange);
}

static void ask_never_recorded(struct batch *b, size_t i)
{
	const struct random_session *s = &b->sessions[i];
	struct random_step never = {.method = "GET",
		.target = "/never/recorded?like=this",
		.secure = s->steps[0].secure};
	step_under_way = 0;
	struct told_event t = ask_like(b, i, &never, NULL, true);
	replay_told_demand(&t, REPLAY_MISSED, REPLAY_NONE, FACT_NULL);
	if (strstr(t.near, s->host) == NULL)
		fail_msg("no request to %s is named as the nearest: %s", s->host, t.near);
}

/* Gates in another order than they were passed in: it is the cookie that decides. */
static void ask_gates(struct batch *b, size_t i)
{
	for (size_t step = b->sessions[i].n; step > 0; step--)
		if (b->sessions[i].steps[step - 1].change == RANDOM_GATE)
			replay_step(b, i, step - 1);
}

static bool changes(const struct random_step *st)
{
	return st->change == RANDOM_TIME || st->change == RANDOM_TOKEN;
}

static bool asked_more(const struct random_step *st)
{
	return changes(st) || st->change == RANDOM_MORE || st->change == RANDOM_LAST;
}

static void ask_otherwise(struct batch *b, bool strict)
{
	/* What is refused takes as long as what is answered: fewer of those will do. */
	for (size_t i = 0; i < b->n; i += strict ? STRICT_EACH : 1) {
		const struct random_session *s = &b->sessions[i];
		replay_restart(b->replay);
		for (size_t step = 0; step < s->n; step++) {
			const struct random_step *st = &s->steps[step];
			if (changes(st))
				ask_changed(b, i, step, '1', strict);
			/* Once more than there are such: the last one again. */
			if (st->change == RANDOM_TIME && st[-1].change == RANDOM_TIME)
				ask_changed(b, i, step, '5', strict);
		}
		replay_restart(b->replay);
		for (size_t step = 0; step < s->n; step++)
			if (asked_more(&s->steps[step]))
				ask_more(b, i, step, strict);
		ask_gates(b, i);
		ask_never_recorded(b, i);
		session_client_leave(&b->client);
	}
}

/* ---- all ---- */

static void run_batch(struct batch *b)
{
	record(b);
	size_t connections = session_origin_connections(b->origin);
	open_replay(b, false);
	replay_all(b);
	/* All one-time answers begin anew. */
	replay_restart(b->replay);
	replay_session(b, 0);
	ask_otherwise(b, false);
	close_replay(b);
	open_replay(b, true);
	/* Strictness takes nothing from those who ask as it was recorded: once is enough. */
	if (b->first)
		replay_all(b);
	ask_otherwise(b, true);
	close_replay(b);
	assert_int_equal(session_origin_connections(b->origin), connections);
	run_proxy_end(&b->recorded);
	for (size_t i = 0; i < b->n; i++) {
		for (size_t step = 0; step < b->sessions[i].n; step++)
			buf_fini(&b->records[i][step].transcript);
		random_session_fini(&b->sessions[i]);
	}
}

static void sessions_come_again_as_they_were(void **state)
{
	static struct batch b;
	uint64_t seed = number_of("CLICKTRAIL_SEED", SEED);
	uint64_t one = number_of("CLICKTRAIL_SESSION", 0);
	bool soak = getenv("CLICKTRAIL_SOAK") != NULL;
	size_t left = one != 0 ? 1
			       : (size_t)number_of("CLICKTRAIL_SESSIONS",
					 soak ? SOAK_SESSIONS : SESSIONS);
	struct random_source r = {seed};
	size_t steps = 0, sessions = left;
	(void)state;
	printf("CLICKTRAIL_SEED=%llu\n", (unsigned long long)seed);
	replay_told_init(&b.told);
	b.origin = session_origin_start(DOMAIN);
	while (left > 0) {
		memset(b.records, 0, sizeof b.records);
		b.first = steps == 0;
		for (b.n = 0; b.n < BATCH && left > 0; b.n++, left--) {
			struct random_options options = {
				.seed = one != 0 ? one : random_next(&r),
				.domain = DOMAIN,
				.h2 = true};
			random_session_make(&b.sessions[b.n], &options);
			steps += b.sessions[b.n].n;
		}
		run_batch(&b);
	}
	session_origin_stop(b.origin);
	under_way = NULL;
	printf("%zu sessions, %zu requests\n", sessions, steps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(sessions_come_again_as_they_were, say_session),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
