/*
 * The load client against an origin that says one thing: it must believe a right answer, and
 * notice each kind of wrong one. What measures must not be fooled.
 */
#include "tests/bench/load_body.h"
#include "tests/bench/load_list.h"
#include "tests/kit/run_program.h"
#include "tests/kit/tls_origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECONDS = 20 };

struct world {
	struct run_program client;
	struct made root, other_root, leaf;
	char ca[96], other_ca[96];
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	assert_non_null(w);
	run_program_folder(&w->client);
	w->root = make_root("selftest root");
	w->other_root = make_root("another root");
	w->leaf = make_leaf("DNS:bench.test", &w->root);
	snprintf(w->ca, sizeof w->ca, "%s/ca.pem", w->client.dir);
	snprintf(w->other_ca, sizeof w->other_ca, "%s/other.pem", w->client.dir);
	made_write_pem(&w->root, w->ca);
	made_write_pem(&w->other_root, w->other_ca);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	run_program_end(&w->client);
	made_free(&w->root);
	made_free(&w->other_root);
	made_free(&w->leaf);
	free(w);
	return 0;
}

/* The answer to the first request of a run. */
static size_t right_answer(char answer[2048])
{
	struct body body;
	body_init(&body, BODY_KIND_SMALL, "/r/00000000", 0, 0);
	size_t n = (size_t)snprintf(
		answer, 2048, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", BODY_SMALL);
	memcpy(answer + n, body.block, BODY_SMALL);
	return n + BODY_SMALL;
}

/* One request to an origin that says this; the exit code, and what was printed must hold
 * `expected`. */
static void ask(struct world *w, const char *ca, const char *say, size_t len, int code,
	const char *expected)
{
	char origin_text[32];
	struct tls_origin_shape shape = {
		.chain = {&w->leaf}, .alpn = "http/1.1", .say = say, .say_len = len};
	struct tls_origin *origin = tls_origin_start(&shape);
	snprintf(origin_text, sizeof origin_text, "127.0.0.1:%u", tls_origin_port(origin));
	const char *const args[] = {"--mode", "handshake", "--connections", "1", "--requests",
		"1", "--warmup", "0", "--patience", "5", "--json", "--ca", ca, "--origin",
		origin_text, NULL};
	int exit_code = run_program(&w->client, SECONDS, args);
	const char *said = run_program_stdout(&w->client);
	tls_origin_stop(origin);
	if (strstr(said, expected) == NULL)
		fail_msg("no %s in: %s%s", expected, said, run_program_stderr(&w->client));
	assert_int_equal(exit_code, code);
}

static void test_right(void **state)
{
	char answer[2048];
	size_t n = right_answer(answer);
	struct world *w = *state;
	ask(w, w->ca, answer, n, 0, "\"errors\":0,\"error_kinds\":{}");
	ask(w, w->ca, answer, n, 0, "\"issuer\":\"selftest root\"");
	ask(w, w->ca, answer, n, 0, "\"requests\":1,\"exchanges\":1");
}

static void test_one_byte_wrong(void **state)
{
	char answer[2048];
	size_t n = right_answer(answer);
	struct world *w = *state;
	answer[n - 1] ^= 1;
	ask(w, w->ca, answer, n, 1, "\"error_kinds\":{\"bytes\":1}");
}

static void test_status(void **state)
{
	char answer[2048];
	size_t n = right_answer(answer);
	struct world *w = *state;
	*strstr(answer, "200") = '5';
	ask(w, w->ca, answer, n, 1, "\"error_kinds\":{\"status\":1}");
}

static void test_length(void **state)
{
	char answer[2048];
	size_t n = right_answer(answer);
	struct world *w = *state;
	*strstr(answer, "1024") = '2';
	ask(w, w->ca, answer, n, 1, "\"error_kinds\":{\"length\":1}");
}

static void test_cut(void **state)
{
	char answer[2048];
	size_t n = right_answer(answer);
	struct world *w = *state;
	ask(w, w->ca, answer, n - 1, 1, "\"error_kinds\":{\"cut\":1}");
}

static void test_framing(void **state)
{
	static const char unknown[] = "HTTP/1.1 200 OK\r\n\r\nhello";
	struct world *w = *state;
	ask(w, w->ca, unknown, sizeof unknown - 1, 1, "\"error_kinds\":{\"framing\":1}");
}

static void test_not_trusted(void **state)
{
	char answer[2048];
	size_t n = right_answer(answer);
	struct world *w = *state;
	ask(w, w->other_ca, answer, n, 1, "\"error_kinds\":{\"tls\":1}");
}

/* Files are made and checked by one generator, whatever the pieces. */
static void test_files(void **state)
{
	(void)state;
	enum { SIZE = 100003 };
	static char bytes[SIZE];
	struct body made, checked, other;
	body_init(&made, BODY_KIND_FILE, "", 7, SIZE);
	body_init(&checked, BODY_KIND_FILE, "", 7, SIZE);
	body_init(&other, BODY_KIND_FILE, "", 8, SIZE);
	for (size_t n = 0; n < SIZE;)
		n += body_make(&made, bytes + n, 1009);
	assert_int_equal(body_make(&made, bytes, 1), 0);
	assert_true(body_check(&checked, bytes, 13));
	assert_true(body_check(&checked, bytes + 13, SIZE - 13));
	assert_false(body_check(&checked, bytes, 1));
	assert_false(body_check(&other, bytes, SIZE));
}

/* Each once, and hardly ever the next one after the one before. */
static void test_list(void **state)
{
	(void)state;
	enum { MANY = 10000 };
	static bool seen[MANY];
	for (unsigned n = 1; n <= MANY; n = n < 50 ? n + 1 : n * 3 / 2) {
		unsigned in_order = 0;
		memset(seen, 0, sizeof seen);
		for (unsigned i = 0; i < n; i++) {
			unsigned number = load_list_number(i, n);
			assert_in_range(number, 0, n - 1);
			assert_false(seen[number]);
			seen[number] = true;
			in_order += i > 0 && number == load_list_number(i - 1, n) + 1;
		}
		if (n >= 10)
			assert_true(in_order < n / 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_one_byte_wrong),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_framing),
		cmocka_unit_test(test_not_trusted),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_list),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
