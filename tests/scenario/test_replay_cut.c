/* A recording that was killed in the middle of an answer: what is whole in the case answers
 * whole, the rest as far as it goes, and the program says where that is. */
#include "tests/kit/raw_client.h"
#include "tests/kit/read_case.h"
#include "tests/kit/run_program.h"
#include "tests/kit/script_origin.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum {
	LENGTH = 400000, /* announced */
	SENT = 300000,
	SEEN = 200000, /* by the client, when the recording ends */
	PIECE = 65536, /* bodies are stored in pieces */
};

#define ASK(path, more)                                                                        \
	"GET http://origin.test" path " HTTP/1.1\r\nHost: origin.test\r\n"                     \
	"Accept: text/html\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n" more   \
	"\r\n"
#define START ASK("/start", "Sec-Fetch-Site: none\r\nSec-Fetch-User: ?1\r\n")
#define MOVED "HTTP/1.1 302 Found\r\nLocation: /cut\r\nContent-Length: 5\r\n\r\nmoved"
#define CUT_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 400000\r\n\r\n"

/* Until so many pieces of bodies are in the case, as another reader sees it. */
static void await_pieces(struct run_program *p, size_t n)
{
	const char *path = arena_printf(&p->arena, "%s/k.case", p->dir);
	for (int tries = 0; tries < 1000; tries++) {
		struct timespec shortly = {.tv_nsec = 10000000};
		struct read_case facts;
		read_case(&facts, path);
		size_t there = CASE_COUNT(&facts, CHUNK);
		read_case_fini(&facts);
		if (there >= n)
			return;
		nanosleep(&shortly, NULL);
	}
	fail_msg("the bodies do not come to the case");
}

/* Its case: /start and /cut over one connection, /unanswered over another. */
static void record_and_kill(struct run_program *p)
{
	struct raw_client c, unanswered;
	struct script_origin *o = script_origin_start(false, NULL);
	static const struct script_step holds[] = {EXPECT_HEAD, WAIT_GO, END};
	static const struct script_step breaks[] = {EXPECT_HEAD, SEND(MOVED), EXPECT_HEAD,
		SEND(CUT_HEAD), SEND_FILL(SENT), WAIT_GO, END};
	const char *const args[] = {"proxy", "--listen", "127.0.0.1:0", "--case", "k.case",
		"--ca-dir", "ca", "--durability", "crash", "--allow-net", "127.0.0.0/8",
		"--connect-to", script_origin_rule(o, "origin.test", 80), NULL};
	script_origin_play(o, holds);
	script_origin_play(o, breaks);
	run_program_start(p, args);
	unsigned port = run_program_port(p);
	raw_open(&unanswered, port);
	raw_send(&unanswered, ASK("/unanswered", ""));
	assert_true(script_origin_await(o, 0, "/unanswered"));
	raw_open(&c, port);
	raw_send(&c, START);
	raw_expect(&c, MOVED);
	raw_send(&c, ASK("/cut", ""));
	raw_expect(&c, CUT_HEAD);
	raw_expect_fill(&c, SEEN);
	/* That of /start, and of /cut what is surely whole. */
	await_pieces(p, 1 + SEEN / PIECE);
	run_program_signal(p, SIGKILL);
	assert_int_equal(run_program_wait(p, 10), -SIGKILL);
	raw_close(&c);
	raw_close(&unanswered);
	script_origin_abandon(o);
}

/* The last of the case's facts. */
static int64_t last_fact(struct run_program *p)
{
	struct read_case facts;
	int64_t last = 0;
	read_case(&facts, arena_printf(&p->arena, "%s/k.case", p->dir));
	for (size_t kind = 0; kind < FACT_KIND_COUNT; kind++)
		for (size_t i = 0; i < facts.n[kind]; i++)
			if (facts.seqs[kind][i] > last)
				last = facts.seqs[kind][i];
	read_case_fini(&facts);
	return last;
}

/* How many bytes of the pattern come before the end. */
static size_t fill_to_the_end(struct raw_client *c)
{
	size_t n;
	const char *rest = raw_rest(c, &n);
	for (size_t i = 0; i < n; i++)
		if ((uint8_t)rest[i] != script_fill(i))
			fail_msg("byte %zu of %zu differs", i, n);
	return n;
}

static void demand_said(const char *text, const char *what)
{
	if (strstr(text, what) == NULL)
		fail_msg("\"%s\" is not in:\n%s", what, text);
}

/* Of the events as --json prints them: the one about this URL. */
static const char *event(struct run_program *p, const char *url)
{
	const char *at = strstr(run_program_stdout(p), url);
	if (at == NULL)
		fail_msg("%s is not in:\n%s", url, run_program_stdout(p));
	return arena_printf(&p->arena, "%.*s", (int)strcspn(at, "\n"), at);
}

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void what_is_there_is_served(void **state)
{
	struct run_program p;
	struct raw_client c;
	const char *const args[] = {"replay", "k.case", "--listen", "127.0.0.1:0", "--ca-dir",
		"ca", "--json", NULL};
	(void)state;
	run_program_folder(&p);
	record_and_kill(&p);
	int64_t last = last_fact(&p);
	run_program_start(&p, args);
	unsigned port = run_program_port(&p);
	demand_said(run_program_stderr(&p),
		arena_printf(&p.arena,
			"it was cut off, and is replayed as far as it goes, "
			"fact %lld",
			(long long)last));
	raw_open(&c, port);
	raw_send(&c, START);
	raw_expect(&c, MOVED);
	raw_send(&c, ASK("/cut", ""));
	raw_expect(&c, CUT_HEAD);
	size_t came = fill_to_the_end(&c);
	/* No piece that was in the case before the kill is lost. */
	if (came < SEEN / PIECE * PIECE || came > SENT)
		fail_msg("%zu bytes came of an answer that %d were seen of", came, SEEN);
	raw_close(&c);
	raw_open(&c, port);
	double from_s = now_s();
	raw_send(&c, ASK("/unanswered", ""));
	raw_expect_gone(&c);
	assert_true(now_s() - from_s > 1.5);
	raw_close(&c);
	demand_said(event(&p, "http://origin.test/start"), "\"fault\":null");
	demand_said(event(&p, "http://origin.test/cut"), "\"fault\":\"not-replayable\"");
	demand_said(event(&p, "http://origin.test/unanswered"), "\"fault\":\"not-replayable\"");
	demand_said(event(&p, "http://origin.test/cut"), "as-recorded");
	run_program_signal(&p, SIGINT);
	assert_int_equal(run_program_wait(&p, 30), 0);
	run_program_end(&p);
}

static void people_are_told_where_it_ends(void **state)
{
	struct run_program p;
	struct raw_client c;
	const char *const args[] = {
		"replay", "k.case", "--listen", "127.0.0.1:0", "--ca-dir", "ca", NULL};
	(void)state;
	run_program_folder(&p);
	record_and_kill(&p);
	run_program_start(&p, args);
	raw_open(&c, run_program_port(&p));
	raw_send(&c, ASK("/cut", ""));
	raw_expect_gone(&c);
	raw_close(&c);
	run_program_signal(&p, SIGINT);
	assert_int_equal(run_program_wait(&p, 30), 0);
	demand_said(run_program_stdout(&p), "GET http://origin.test/cut\n     exchange ");
	demand_said(run_program_stdout(&p),
		"; not-replayable: the recording was cut off before this answer was whole\n");
	demand_said(run_program_stdout(&p), "1 answered as recorded");
	run_program_end(&p);
}

static void demand_walk(struct run_program *p, const char *trail, const char *sentence)
{
	const char *const args[] = {"replay", "k.case", "--browser", "none", "--ca-dir", "ca",
		"--settle", "0.2", "--trail", trail, NULL};
	int code = run_program(p, 60, args);
	struct buf line = {0};
	for (const char *c = run_program_stdout(p); *c != 0; c++)
		buf_add_byte(&line, *c == '\n' ? ' ' : (uint8_t)*c);
	char *text = buf_take_str(&line);
	demand_said(text, sentence);
	free(text);
	if (code != 0)
		fail_msg("the walk of trail %s ended with %d:\n%s", trail, code,
			run_program_stdout(p));
}

static void a_walk_says_how_far_it_goes(void **state)
{
	struct run_program p;
	(void)state;
	run_program_folder(&p);
	record_and_kill(&p);
	demand_walk(&p, "1.1", "Replayed as far as it was recorded: ends at hop 1 (");
	demand_walk(&p, "1.2", "Replayed as far as it was recorded: ends at hop 2 (");
	run_program_end(&p);
}

static void demand_usage(struct run_program *p, const char *const *args, const char *sentence)
{
	int code = run_program(p, 60, args);
	if (code != 1)
		fail_msg("it ended with %d:\n%s", code, run_program_stderr(p));
	demand_said(run_program_stderr(p), sentence);
}

static void what_makes_no_sense_is_said(void **state)
{
	const char *const both[] = {"replay", "k.case", "--browser", "none", "--listen",
		"127.0.0.1:0", "--ca-dir", "ca", NULL};
	const char *const none_such[] = {"replay", "k.case", "--listen", "127.0.0.1:0",
		"--trail", "7.1", "--ca-dir", "ca", NULL};
	struct run_program p;
	(void)state;
	run_program_folder(&p);
	record_and_kill(&p);
	demand_usage(&p, both, "--listen: with --browser");
	demand_usage(&p, none_such, "the case has no session 7");
	run_program_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_served),
		cmocka_unit_test(people_are_told_where_it_ends),
		cmocka_unit_test(a_walk_says_how_far_it_goes),
		cmocka_unit_test(what_makes_no_sense_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
