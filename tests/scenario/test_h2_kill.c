/*
 * kill -9 of the real program while many streams of one connection are answered: every head
 * that the browser received is in the case, and every stream that it saw end has its end and
 * its whole body there. Rounds: a few; with CLICKTRAIL_SOAK, many.
 */
#include "tests/kit/h2_origin.h"
#include "tests/kit/read_case.h"
#include "tests/kit/run_program.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { STREAMS = 8000, AT_ONCE = 40, BODY = 3000 };

static const struct h2_route routes[] = {
	{NULL, 200, "content-type: application/octet-stream\n", NULL, BODY}};

struct killer {
	pid_t pid;
	useconds_t after_us;
};

static void *kill_main(void *arg)
{
	const struct killer *k = arg;
	usleep(k->after_us);
	kill(k->pid, SIGKILL);
	return NULL;
}

/* What the browser saw of each stream. */
struct seen {
	bool head[STREAMS], end[STREAMS];
	size_t heads, ends;
};

static bool ask(struct h2_raw *c, uint32_t i)
{
	struct buf block = {0}, frame = {0};
	char lines[200];
	snprintf(lines, sizeof lines,
		":method: GET\n:scheme: https\n:authority: kill.test\n:path: /%u\n", i);
	h2_write_fields(&block, lines);
	h2_write_frame(
		&frame, H2_HEADERS, H2_WHOLE, 1 + 2 * i, buf_span(&block).p, buf_len(&block));
	bool sent = h2_raw_try_bytes(c, buf_span(&frame).p, buf_len(&frame), 5000) ==
		    buf_len(&frame);
	buf_fini(&block);
	buf_fini(&frame);
	return sent;
}

static void give_back(struct h2_raw *c, size_t n)
{
	uint8_t frame[13] = {0, 0, 4, H2_WINDOW_UPDATE};
	for (int i = 0; i < 4; i++)
		frame[9 + i] = (uint8_t)(n >> (24 - 8 * i));
	if (n > 0)
		h2_raw_try_bytes(c, frame, sizeof frame, 5000);
}

/* Asks and reads until the proxy is gone. */
static void load(struct h2_raw *c, struct seen *s)
{
	uint32_t asked = 0;
	for (;;) {
		while (asked < STREAMS && asked - s->ends < AT_ONCE && ask(c, asked))
			asked++;
		const struct h2_got *g = h2_raw_next(c, 5000);
		if (g == NULL)
			return;
		size_t i = g->stream / 2;
		if (g->type == H2_HEADERS) {
			s->head[i] = true;
			s->heads++;
		}
		if (g->type != H2_DATA)
			continue;
		if (g->flags & H2_END_STREAM) {
			s->end[i] = true;
			s->ends++;
		}
		give_back(c, g->window);
	}
}

static void compare(struct read_case *facts, const struct seen *s)
{
	bool head[STREAMS] = {0}, end[STREAMS] = {0};
	for (size_t k = 0; k < CASE_COUNT(facts, REQUEST); k++) {
		const struct fact_request *q = CASE_FACT(facts, REQUEST, request, k);
		struct span number = span_from(q->url, strlen("https://kill.test/"));
		uint64_t i;
		assert_true(span_u64(number, &i) && i < STREAMS);
		head[i] = read_case_response(facts, q->exchange) != NULL;
		const struct fact_exchange_end *e = read_case_end(facts, q->exchange);
		end[i] = e != NULL && span_is(e->reason, "ok") && e->res_size == BODY &&
			 e->res_stored == BODY;
		/* A few bodies byte for byte. */
		if (end[i] && i % 50 == 0)
			assert_int_equal(
				read_case_body(facts, q->exchange, SIDE_RESPONSE).n, BODY);
	}
	for (size_t i = 0; i < STREAMS; i++) {
		if (s->head[i] && !head[i])
			fail_msg("the head of stream %zu was received and is not in the case",
				1 + 2 * i);
		if (s->end[i] && !end[i])
			fail_msg("stream %zu was received whole and is not in the case",
				1 + 2 * i);
	}
}

static size_t one_round(unsigned seed)
{
	static struct seen s;
	struct run_program p;
	struct h2_raw c;
	pthread_t thread;
	s = (struct seen){0};
	struct h2_origin *o = h2_origin_start("DNS:kill.test", "h2");
	h2_origin_serve(o, routes, 1);
	run_program_folder(&p);
	const char *args[] = {"proxy", "--listen", "127.0.0.1:0", "--case", "k.case",
		"--ca-dir", "ca", "--allow-net", "127.0.0.0/8", "--cacert", h2_origin_cacert(o),
		"--connect-to", h2_origin_rule(o, "kill.test"), NULL};
	run_program_start(&p, args);
	unsigned port = run_program_port(&p);
	const char *export[] = {"ca", "export", "--ca-dir", "ca", "-o", "root.pem", NULL};
	struct run_program exporter = p;
	exporter.pid = 0;
	exporter.arena = (struct arena){0};
	assert_int_equal(run_program(&exporter, 20, export), 0);
	h2_raw_connect(
		&c, port, "kill.test", "h2", arena_printf(&p.arena, "%s/root.pem", p.dir));
	h2_raw_hello(&c, NULL, 0);
	struct killer k = {p.pid, 60000 + seed * 7919 % 250000};
	assert_int_equal(pthread_create(&thread, NULL, kill_main, &k), 0);
	load(&c, &s);
	pthread_join(thread, NULL);
	assert_int_equal(run_program_wait(&p, 10), -SIGKILL);
	h2_raw_cut(&c);
	h2_origin_stop(o);
	struct read_case facts;
	read_case(&facts, arena_printf(&p.arena, "%s/k.case", p.dir));
	compare(&facts, &s);
	read_case_fini(&facts);
	arena_fini(&exporter.arena);
	run_program_end(&p);
	return s.heads;
}

static void nothing_that_was_received_is_missing(void **state)
{
	(void)state;
	const char *soak = getenv("CLICKTRAIL_SOAK");
	size_t rounds = soak != NULL ? 20 * strtoul(soak, NULL, 10) : 4, total = 0;
	for (size_t i = 0; i < rounds; i++)
		total += one_round((unsigned)i + (unsigned)getpid());
	print_message("%zu kills, %zu heads received before them\n", rounds, total);
	assert_true(total > rounds * 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_that_was_received_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
