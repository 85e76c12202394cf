/* kill -9 in the middle of recording: whatever a producer was told is committed can be read
 * afterwards, whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/kit/temp_case.h"
#include "store/case.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 24, PRODUCERS = 4, REPORTS_MAX = 400, BODY_MAX = 20000 };

static uint64_t seed = 88172645463325252u;

static uint64_t dice(uint64_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % sides;
}

/* An exchange's body is told by its number: any reader can check it. */
static size_t make_body(int64_t exchange, uint8_t out[BODY_MAX])
{
	size_t n = (size_t)(exchange * 977 % BODY_MAX) + 1;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(exchange * 31 + (int64_t)(i / 7));
	return n;
}

struct producer {
	struct writer *w;
	int report;
};

static uint64_t record_exchange(struct writer *w, int64_t x, uint8_t *body)
{
	struct fact_request request;
	struct fact_chunk chunk;
	struct fact_exchange_end end;
	fact_init(FACT_KIND_REQUEST, &request);
	request.session = 1;
	request.exchange = x;
	request.head = span_str("GET / HTTP/1.1\r\nHost: kill.test\r\n\r\n");
	writer_put(w, FACT_KIND_REQUEST, &request, NULL, NULL);
	size_t n = make_body(x, body);
	fact_init(FACT_KIND_CHUNK, &chunk);
	chunk.session = 1;
	chunk.exchange = x;
	chunk.side = SIDE_RESPONSE;
	chunk.n = 0;
	chunk.size = (int64_t)n;
	chunk.data = span_of(body, n);
	writer_put(w, FACT_KIND_CHUNK, &chunk, NULL, NULL);
	fact_init(FACT_KIND_EXCHANGE_END, &end);
	end.session = 1;
	end.exchange = x;
	end.reason = span_str("ok");
	return writer_put(w, FACT_KIND_EXCHANGE_END, &end, NULL, NULL);
}

static void *produce(void *arg)
{
	struct producer *p = arg;
	uint8_t *body = malloc(BODY_MAX);
	for (;;) {
		int64_t x = writer_new_exchange(p->w);
		uint64_t ticket = record_exchange(p->w, x, body);
		/* One write of a few bytes into a pipe is whole or not at all. */
		if (!writer_wait(p->w, ticket, NULL) ||
			write(p->report, &x, sizeof x) != sizeof x)
			break;
	}
	free(body);
	return NULL;
}

static void record_until_killed(const char *path, int report, enum writer_durability durability)
{
	struct writer_options options = {.durability = durability};
	struct producer p = {writer_open(path, &options, NULL), report};
	if (p.w == NULL)
		_exit(1);
	pthread_t threads[PRODUCERS];
	for (int i = 0; i < PRODUCERS; i++)
		pthread_create(&threads[i], NULL, produce, &p);
	for (int i = 0; i < PRODUCERS; i++)
		pthread_join(threads[i], NULL);
	_exit(2);
}

/* Kills the child after a number of reports, between any two of its steps; *n reports were
 * given in all. */
static void kill_while_recording(
	const char *path, int64_t reports[], size_t *n, enum writer_durability durability)
{
	int ends[2], status = 0;
	size_t kill_after = dice(REPORTS_MAX / 4);
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		record_until_killed(path, ends[1], durability);
	}
	close(ends[1]);
	*n = 0;
	while (*n < kill_after && read(ends[0], &reports[*n], sizeof *reports) > 0)
		++*n;
	for (uint64_t spin = dice(200000); spin > 0; spin--)
		__asm__ volatile("");
	kill(child, SIGKILL);
	while (*n < REPORTS_MAX && read(ends[0], &reports[*n], sizeof *reports) > 0)
		++*n;
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

static void check_exchange(struct case_file *c, int64_t x)
{
	static uint8_t body[BODY_MAX];
	struct err err = {0};
	struct buf got = {0};
	bool whole = false;
	size_t n = make_body(x, body);
	if (!case_body(c, x, SIDE_RESPONSE, SIZE_MAX, &got, &whole, &err))
		fail_msg("exchange %lld: %s: %s", (long long)x, err_word(err.kind), err.detail);
	assert_true(whole);
	if (!span_eq(buf_span(&got), span_of(body, n)))
		fail_msg("exchange %lld was reported and is not there: %zu of %zu bytes",
			(long long)x, buf_len(&got), n);
	buf_fini(&got);
}

static bool in_order(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	int64_t *last = ctx;
	(void)kind, (void)fact;
	assert_int_equal(seq, ++*last); /* no gaps, over all sessions */
	return true;
}

/* One case, killed and gone on with again and again. */
static void what_was_reported_is_there(void **state)
{
	static int64_t reports[REPORTS_MAX];
	struct temp_case t;
	size_t total = 0;
	(void)state;
	temp_case_start(&t);
	temp_case_close(&t);
	for (int round = 0; round < ROUNDS; round++) {
		size_t n = 0;
		struct err err = {0};
		int64_t last = 0;
		kill_while_recording(t.path, reports, &n,
			round % 2 == 0 ? DURABILITY_CRASH : DURABILITY_POWER);
		struct case_file *c = case_open(t.path, &err);
		if (c == NULL)
			fail_msg("round %d: %s: %s", round, err_word(err.kind), err.detail);
		for (size_t i = 0; i < n; i++)
			check_exchange(c, reports[i]);
		if (!case_facts(c, 0, 0, in_order, &last, &err))
			fail_msg("round %d: %s: %s", round, err_word(err.kind), err.detail);
		case_close(c);
		total += n;
	}
	assert_true(total > 5UL * ROUNDS);
	temp_case_open(&t);
	temp_case_close(&t);
	char *sound = temp_case_sql(&t, "PRAGMA integrity_check");
	assert_string_equal(sound, "ok");
	free(sound);
	assert_true((size_t)temp_case_number(&t, "SELECT count(*) FROM fact_exchange_end") >=
		    total);
	temp_case_fini(&t);
}

/* Killed while it makes the case: there is a whole case, or none. */
static void killed_while_making_it(void **state)
{
	struct temp_case t;
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct err err = {0};
		int status = 0;
		temp_case_init(&t);
		pid_t child = fork();
		if (child == 0)
			_exit(writer_open(t.path, NULL, NULL) != NULL ? 0 : 1);
		for (uint64_t spin = dice(6000000); spin > 0; spin--)
			__asm__ volatile("");
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		struct case_file *c = case_open(t.path, &err);
		if (c == NULL && access(t.path, F_OK) == 0)
			fail_msg("%s: %s", err_word(err.kind), err.detail);
		case_close(c);
		temp_case_open(&t);
		temp_case_fini(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_reported_is_there),
		cmocka_unit_test(killed_while_making_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
