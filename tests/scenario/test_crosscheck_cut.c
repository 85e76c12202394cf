/* A download that the browser gives up: what came from the origin afterwards, the proxy never
 * read. The packets have all of it, and prove that what the case has is its beginning; or that
 * it is not. */
#include "store/base/codec.h"
#include "store/base/hash.h"
#include "tests/kit/raw_client.h"
#include "tests/kit/run_program.h"
#include "tests/kit/script_origin.h"
#include "tests/kit/temp_case.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECONDS = 60 };

#define HOST "cut.test"
#define HEAD "HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n"
#define FIRST "The first part, "
#define SECOND "the second part, "
#define LATE "and what nobody reads"

static struct run_program p;

#define RUN(...) run_program(&p, SECONDS, (const char *const[]){__VA_ARGS__, NULL})

static const char *in_folder(const char *name)
{
	return arena_printf(&p.arena, "%s/%s", p.dir, name);
}

static void demand(int code, int want, const char *said)
{
	if (code != want || strstr(run_program_stdout(&p), said) == NULL)
		fail_msg("exit %d for %d, no \"%s\" in: %s%s", code, want, said,
			run_program_stdout(&p), run_program_stderr(&p));
}

/* The origin goes on when it is told that nobody listens. */
static void give_up(struct script_origin *o, unsigned port, bool tls, const char *cacert)
{
	static const struct script_step steps[] = {EXPECT_HEAD, SEND(HEAD), SEND(FIRST),
		WAIT_GO, SEND(SECOND), EXPECT_CUT, SEND(LATE), DROP};
	struct raw_client c;
	script_origin_play(o, steps);
	raw_open(&c, port);
	if (tls) {
		raw_connect(&c, HOST ":443");
		raw_tls(&c, HOST, cacert);
		raw_send(&c, "GET /large HTTP/1.1\r\nHost: " HOST "\r\n\r\n");
	} else {
		raw_send(&c, "GET http://" HOST "/large HTTP/1.1\r\nHost: " HOST "\r\n\r\n");
	}
	raw_head(&c);
	raw_expect(&c, FIRST);
	script_origin_go(o);
	raw_expect(&c, SECOND);
	raw_reset(&c);
}

static void record(bool tls)
{
	char why[256];
	struct script_origin *o = script_origin_start(tls, tls ? HOST : NULL);
	run_program_folder(&p);
	const char *args[] = {"proxy", "--listen", "127.0.0.1:0", "--case", "x.case",
		"--ca-dir", "ca", "--seal-dir", "seal", "--allow-net", "127.0.0.0/8", "--pcap",
		"--durability", "crash", "--connect-to",
		script_origin_rule(o, HOST, tls ? 443 : 80), tls ? "--cacert" : NULL,
		tls ? script_origin_cacert(o) : NULL, NULL};
	run_program_start(&p, args);
	struct run_program exporter = p;
	exporter.pid = 0;
	exporter.arena = (struct arena){0};
	unsigned port = run_program_port(&p); /* its output is the next program's then */
	assert_int_equal(run_program(&exporter, SECONDS,
				 (const char *const[]){"ca", "export", "--ca-dir", "ca", "-o",
					 "root.pem", NULL}),
		0);
	arena_fini(&exporter.arena);
	give_up(o, port, tls, in_folder("root.pem"));
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
	run_program_signal(&p, SIGTERM);
	assert_int_equal(run_program_wait(&p, SECONDS), 0);
}

static struct temp_case looked_at(const char *name)
{
	struct temp_case t = {.writer = NULL};
	snprintf(t.path, sizeof t.path, "%s", in_folder(name));
	return t;
}

static int crosscheck(void)
{
	return RUN("crosscheck", "x.case", "--seal-dir", "seal");
}

static void a_beginning_that_is_the_same(bool tls)
{
	record(tls);
	demand(crosscheck(), 0, " comparisons agree.");
	struct temp_case t = looked_at("x.companion.case");
	char *told = temp_case_sql(&t, "SELECT subject, detail FROM verdict WHERE detail LIKE "
				       "'%read no more' ORDER BY subject");
	char want[256];
	size_t body = sizeof FIRST SECOND - 1, late = sizeof LATE - 1;
	snprintf(want, sizeof want,
		"bytes-down|of %zu bytes; %zu more came when the proxy read no more\n"
		"response-body|of %zu bytes; %zu more came when the proxy read no more",
		sizeof HEAD - 1 + body + late, late, body + late, late);
	assert_string_equal(told, want);
	free(told);
}

/* One byte of a digest that the case has, there and back. */
static void a_beginning_that_is_another(const char *field, const char *where, const char *says)
{
	struct temp_case t = looked_at("x.case");
	char *hex = temp_case_sql(
		&t, arena_printf(&p.arena, "SELECT hex(%s) FROM fact WHERE %s", field, where));
	const char *was = arena_printf(
		&p.arena, "UPDATE fact SET %s = X'%s' WHERE %s", field, hex, where);
	assert_int_equal(strlen(hex), 64);
	hex[63] = hex[63] == '0' ? '1' : '0';
	temp_case_spoil(&t, arena_printf(&p.arena, "UPDATE fact SET %s = X'%s' WHERE %s", field,
				    hex, where));
	demand(crosscheck(), 4, says);
	demand(4, 4, "the first bytes that came are others");
	temp_case_spoil(&t, was);
	free(hex);
}

static const char *hex_of(const char *text)
{
	uint8_t digest[SHA256_LEN];
	sha256(span_str(text), digest);
	return hex_str(&p.arena, span_of(digest, sizeof digest));
}

/* A case that says on each leg that it was cut earlier, with right digests of that much: what
 * was released is in the packets of the browser's side. */
static void an_end_that_was_taken_out(void)
{
	struct temp_case t = looked_at("x.case");
	const char *all = hex_of(HEAD FIRST), *body = hex_of(FIRST);
	size_t n = sizeof HEAD FIRST - 1, body_n = sizeof FIRST - 1;
	temp_case_spoil(
		&t, arena_printf(&p.arena,
			    "UPDATE fact SET f7 = %zu, f8 = X'%s' WHERE kind = 16 AND f4 = 1;"
			    "UPDATE fact SET f9 = %zu, f10 = X'%s' WHERE kind = 16 AND f4 = 0;"
			    "UPDATE fact SET f13 = %zu, f15 = X'%s' WHERE kind = 14;",
			    n, all, n, all, body_n, body));
	demand(crosscheck(), 4, "browser's leg, bytes-down");
	demand(4, 4, "browser's leg, exchange 1, response-body");
	if (strstr(run_program_stdout(&p), "origin leg 1, bytes-down") != NULL)
		fail_msg("%s", run_program_stdout(&p));
}

static void try_both(bool tls)
{
	a_beginning_that_is_the_same(tls);
	/* leg_end.in_sha256 of the origin's leg; exchange_end.res_sha256. */
	a_beginning_that_is_another("f8", "kind = 16 AND f4 = 1", "origin leg 1, bytes-down");
	if (tls)
		a_beginning_that_is_another(
			"f15", "kind = 14", "origin leg 1, exchange 1, response-body");
	if (tls)
		an_end_that_was_taken_out();
	run_program_end(&p);
}

static void in_clear(void **state)
{
	(void)state;
	try_both(false);
}

static void in_tls(void **state)
{
	(void)state;
	try_both(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_clear), cmocka_unit_test(in_tls)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
