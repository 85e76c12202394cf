/* Bodies of all sizes around the chunk of 64 KiB, both ways and both framings; limits on what
 * is stored; no copy in memory. */
#include "store/base/hash.h"
#include "tests/kit/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define HOST "Host: origin.test\r\n"
enum { CHUNK = 64 * 1024 };

static const size_t sizes[] = {0, 1, 4095, 4096, 4097, CHUNK - 1, CHUNK, CHUNK + 1,
	2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 1000003};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void bodies_of_any_size_are_stored_whole(void **state)
{
	struct conversation c;
	char text[SIZES][200], reply[SIZES][100];
	struct script_step steps[4 * SIZES + 2];
	size_t at = 0;
	conversation_start(&c, *state != NULL, NULL);
	for (size_t i = 0; i < SIZES; i++) {
		snprintf(text[i], sizeof text[i],
			"POST /%zu HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n\r\n", i,
			sizes[i]);
		snprintf(reply[i], sizeof reply[i],
			"HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", sizes[i]);
		steps[at++] = (struct script_step){SCRIPT_EXPECT, text[i], strlen(text[i])};
		steps[at++] = (struct script_step)EXPECT_FILL(sizes[i]);
		steps[at++] = (struct script_step){SCRIPT_SEND, reply[i], strlen(reply[i])};
		steps[at++] = (struct script_step)SEND_FILL(sizes[i]);
	}
	steps[at++] = (struct script_step)EXPECT_EOF;
	steps[at++] = (struct script_step)END;
	script_origin_play(c.origin, steps);
	conversation_open(&c);
	for (size_t i = 0; i < SIZES; i++) {
		char path[20], rest[100];
		snprintf(path, sizeof path, "/%zu", i);
		snprintf(rest, sizeof rest, HOST "Content-Length: %zu\r\n\r\n", sizes[i]);
		conversation_ask(&c, "POST", path, rest);
		raw_send_fill(&c.client, sizes[i]);
		raw_expect(&c.client, reply[i]);
		raw_expect_fill(&c.client, sizes[i]);
	}
	conversation_end(&c);
	for (size_t i = 0; i < SIZES; i++) {
		char path[20];
		snprintf(path, sizeof path, "/%zu", i);
		conversation_recorded(
			&c, i, "POST", path, 200, "ok", (int64_t)sizes[i], (int64_t)sizes[i]);
		conversation_body_fill(&c, i, SIDE_REQUEST, sizes[i]);
		conversation_body_fill(&c, i, SIDE_RESPONSE, sizes[i]);
	}
	conversation_free(&c);
}

/* What is beyond --max-body passes and is hashed, and the case says that it was not kept. */
static void the_limit_cuts_the_storing_only(void **state)
{
	struct run_proxy_options options = {.max_body = CHUNK + 10};
	struct conversation c;
	conversation_start(&c, *state != NULL, &options);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n"),
		SEND_FILL(300000), EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/", HOST "\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n");
	raw_expect_fill(&c.client, 300000);
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/", 200, "ok", 0, 300000);
	int64_t exchange = conversation_exchange(&c, 0);
	const struct fact_exchange_end *end = read_case_end(c.facts, exchange);
	assert_int_equal(end->res_stored, CHUNK + 10);
	assert_int_equal(read_case_notes(c.facts, "body-not-stored"), 1);
	struct span kept = read_case_body(c.facts, exchange, SIDE_RESPONSE);
	assert_int_equal(kept.n, CHUNK + 10);
	struct sha256 hash;
	uint8_t digest[SHA256_LEN];
	sha256_init(&hash);
	for (size_t i = 0; i < 300000; i++) {
		uint8_t byte = script_fill(i);
		if (i < kept.n)
			assert_int_equal(kept.p[i], byte);
		sha256_add(&hash, &byte, 1);
	}
	sha256_peek(&hash, digest);
	sha256_fini(&hash);
	assert_true(span_eq(end->res_sha256, span_of(digest, sizeof digest)));
	conversation_free(&c);
}

static void no_bodies_keeps_only_their_hashes(void **state)
{
	(void)state;
	struct run_proxy_options options = {.no_bodies = true};
	struct conversation c;
	conversation_start(&c, true, &options);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, EXPECT("abc"),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(&c, "POST", "/", HOST "Content-Length: 3\r\n\r\nabc");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	conversation_end(&c);
	conversation_recorded(&c, 0, "POST", "/", 200, "ok", 3, 2);
	const struct fact_exchange_end *end =
		read_case_end(c.facts, conversation_exchange(&c, 0));
	uint8_t digest[SHA256_LEN];
	sha256(span_str("ok"), digest);
	assert_true(span_eq(end->res_sha256, span_of(digest, sizeof digest)));
	assert_int_equal(end->res_stored, 0);
	assert_int_equal(end->req_stored, 0);
	assert_int_equal(CASE_COUNT(c.facts, CHUNK), 0);
	conversation_free(&c);
}

/* Equal chunks are kept once; each exchange has its whole body all the same. */
static void equal_chunks_are_shared(void **state)
{
	(void)state;
	struct conversation c;
	conversation_start(&c, true, NULL);
	ORIGIN_PLAYS(&c, EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
		SEND_FILL(100000), EXPECT_HEAD,
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), SEND_FILL(100000),
		EXPECT_EOF, END);
	conversation_open(&c);
	for (int i = 0; i < 2; i++) {
		conversation_ask(&c, "GET", "/", HOST "\r\n");
		raw_head(&c.client);
		raw_expect_fill(&c.client, 100000);
	}
	conversation_end(&c);
	conversation_body_fill(&c, 0, SIDE_RESPONSE, 100000);
	conversation_body_fill(&c, 1, SIDE_RESPONSE, 100000);
	size_t shared = 0;
	for (size_t i = 0; i < CASE_COUNT(c.facts, CHUNK); i++)
		shared += CASE_FACT(c.facts, CHUNK, chunk, i)->same_as != FACT_NULL;
	assert_int_equal(shared, 2);
	conversation_free(&c);
}

/* A slow reader holds up the origin, not our memory: what waits between them is bounded. */
static void a_slow_reader_holds_up_the_origin(void **state)
{
	struct conversation c;
	enum { MUCH = 40 * 1024 * 1024 };
	conversation_start(&c, *state != NULL, NULL);
	ORIGIN_PLAYS(&c, EXPECT_HEAD,
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 41943040\r\n\r\n"), SEND_FILL(MUCH),
		EXPECT_EOF, END);
	conversation_open(&c);
	conversation_ask(&c, "GET", "/", HOST "\r\n");
	raw_expect(&c.client, "HTTP/1.1 200 OK\r\nContent-Length: 41943040\r\n\r\n");
	/* Nobody reads: before long nothing more is taken from the origin. */
	size_t before, chunks = 0;
	int rounds = 0;
	do {
		struct timespec shortly = {.tv_nsec = 150 * 1000 * 1000};
		struct read_case now;
		before = chunks;
		nanosleep(&shortly, NULL);
		run_proxy_look(&c.proxy, &now);
		chunks = CASE_COUNT(&now, CHUNK);
		read_case_fini(&now);
		assert_true(++rounds < 100);
	} while (chunks != before || chunks == 0);
	assert_true(chunks < MUCH / CHUNK / 2);
	raw_expect_fill(&c.client, MUCH);
	conversation_end(&c);
	conversation_recorded(&c, 0, "GET", "/", 200, "ok", 0, MUCH);
	conversation_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(bodies_of_any_size_are_stored_whole),
		BOTH(the_limit_cuts_the_storing_only),
		cmocka_unit_test(no_bodies_keeps_only_their_hashes),
		cmocka_unit_test(equal_chunks_are_shared),
		BOTH(a_slow_reader_holds_up_the_origin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
