/*
 * A timestamp asked for over HTTP: an authority as openssl has one behind a server of the
 * test's own, and servers that are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>

#include "store/seal_time.h"
#include "tests/kit/script_origin.h"
#include "tests/kit/stamp_server.h"
#include "ui/timestamp.h"

static const char text[] = "clicktrail-head/1\nhead 7\n";
#define STATEMENT span_of(text, sizeof text - 1)

/* timestamp_ask in a thread of its own, which never calls cmocka. */
struct asking {
	char url[64];
	struct buf token;
	struct err err;
	bool good;
	pthread_t thread;
};

static void *ask_main(void *arg)
{
	struct asking *a = arg;
	a->good = timestamp_ask(a->url, STATEMENT, &a->token, &a->err);
	return NULL;
}

static void an_authority_on_the_network(void **state)
{
	struct stamp_server server;
	struct asking a = {0};
	struct arena arena = {0};
	struct timestamp t;
	(void)state;
	stamp_server_start(&server);
	snprintf(a.url, sizeof a.url, "%s", server.url);
	buf_add_str(&a.token, "before");
	assert_int_equal(pthread_create(&a.thread, NULL, ask_main, &a), 0);
	stamp_server_answer(&server);
	pthread_join(a.thread, NULL);
	if (!a.good)
		fail_msg("%s", a.err.detail);
	assert_int_equal(span_find(buf_span(&a.token), span_str("before"), 0), 0);
	buf_consume(&a.token, strlen("before"));
	assert_true(timestamp_read(buf_span(&a.token), STATEMENT, server.authority.root_pem,
		SPAN_NONE, &arena, &t, &a.err));
	assert_true(t.for_statement && t.signature_holds && t.trusted);
	assert_true(timestamp_is_over(buf_span(&a.token), STATEMENT));
	assert_false(timestamp_is_over(buf_span(&a.token), span_str("another")));
	assert_true(stamp_authority_agrees(&server.authority, buf_span(&a.token), STATEMENT));
	buf_fini(&a.token);
	arena_fini(&arena);
	stamp_server_end(&server);
}

static void what_is_no_authority(void **state)
{
#define ANSWER(text)                                                                           \
	(const struct script_step[])                                                           \
	{                                                                                      \
		EXPECT_HEAD, SEND(text), DROP                                                  \
	}
	const struct {
		const struct script_step *steps;
		enum err_kind kind;
		const char *words;
	} rows[] = {
		{ANSWER("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), ERR_TIMESTAMP,
			"status 500"},
		{ANSWER("HTTP/1.1 302 No\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"),
			ERR_TIMESTAMP, "status 302"},
		{ANSWER("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>hello"),
			ERR_TIMESTAMP, "no timestamp reply (its type is \"text/html\")"},
		{ANSWER("HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n"
			"\r\n0\3\2\1\2"),
			ERR_TIMESTAMP, "no timestamp reply"},
		{ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n"), ERR_LIMIT,
			"longer than"},
		{ANSWER(""), ERR_FETCH, "closed without an answer"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct script_origin *o = script_origin_start(false, NULL);
		struct asking a = {0};
		char why[400];
		script_origin_play(o, rows[i].steps);
		snprintf(a.url, sizeof a.url, "http://127.0.0.1:%u/", script_origin_port(o));
		ask_main(&a);
		assert_false(a.good);
		if (a.err.kind != rows[i].kind || strstr(a.err.detail, rows[i].words) == NULL)
			fail_msg("row %zu: %s: %s", i, err_word(a.err.kind), a.err.detail);
		assert_int_equal(buf_len(&a.token), 0);
		if (!script_origin_end(o, why, sizeof why))
			fail_msg("%s", why);
	}
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_authority_on_the_network),
		cmocka_unit_test(what_is_no_authority),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
