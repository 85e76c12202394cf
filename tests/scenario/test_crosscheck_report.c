/*
 * What every format says of a case whose packets were compared: that all agree, or what does
 * not; and that nothing of a recipient that only the packets hold goes out with it.
 */
#include "tests/kit/run_program.h"
#include "tests/kit/witness_case.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECONDS = 60 };

/* The URL of a request that the case does not have holds this. */
#define RECIPIENT "max.mustermann@firma.example"

static const char *report(
	struct run_program *p, const char *path, const char *format, const char *const *more)
{
	const char *args[24] = {"report", path, "--format", format};
	size_t n = 4;
	for (; more != NULL && *more != NULL; more++)
		args[n++] = *more;
	if (run_program(p, SECONDS, args) != 0)
		fail_msg("%s: %s", format, run_program_stderr(p));
	return run_program_stdout(p);
}

static void has(const char *text, const char *what)
{
	if (strstr(text, what) == NULL)
		fail_msg("\"%s\" is not in:\n%.6000s", what, text);
}
static void has_not(const char *text, const char *what)
{
	if (strstr(text, what) != NULL)
		fail_msg("\"%s\" is in:\n%.6000s", what, text);
}

static json_t *read_json(const char *text)
{
	json_t *j = json_loads(text, 0, NULL);
	if (j == NULL)
		fail_msg("no JSON: %.300s", text);
	return j;
}

static int64_t number(const json_t *j, const char *name)
{
	const json_t *v = json_object_get(j, name);
	if (!json_is_integer(v))
		fail_msg("no number %s", name);
	return json_integer_value(v);
}

static const char *const complaint[] = {"--class", "phishing", "--reporter-org", "Desk",
	"--reporter-email", "desk@reporter.example", "--reporter-domain", "reporter.example",
	"--party", "1", "--trail", "1.1", NULL};

static void all_agree(void **state)
{
	struct witness_case c;
	struct run_program p = {.pid = 0};
	(void)state;
	run_program_folder(&p);
	witness_case_make(&c, 3, NULL, NULL);
	const char *text = report(&p, c.of_case.path, "text", NULL);
	has(text, "A second witness: packets of both sides, 3 connections");
	has(text, "All agree.");
	has(text, "THE SECOND WITNESS");
	has(text, "  mode         intercept: clicktrail ended the browser's TLS");
	has_not(text, "  witness      ");
	has(report(&p, c.of_case.path, "html", NULL), "A second witness");
	const char *const explain[] = {"explain", c.of_case.path, NULL};
	assert_int_equal(run_program(&p, SECONDS, explain), 0);
	json_t *j = read_json(report(&p, c.of_case.path, "json", NULL));
	const json_t *x = json_object_get(j, "crosscheck");
	assert_int_equal(number(x, "tunnels"), 3);
	assert_int_equal(number(x, "agree"), 2 + 3 * 41);
	assert_int_equal(number(x, "differ"), 0);
	assert_int_equal(number(x, "unseen"), 0);
	assert_int_equal(number(x, "bypass"), 0);
	assert_int_equal(number(x, "more"), 0);
	assert_int_equal(json_array_size(json_object_get(x, "files")), 2);
	assert_int_equal(json_array_size(json_object_get(x, "verdicts")), 0);
	json_t *hop = json_array_get(
		json_object_get(json_array_get(json_object_get(j, "trails"), 0), "hops"), 0);
	/* The exchange on both legs, what its legs are, and the name that was resolved. */
	assert_int_equal(number(json_object_get(hop, "witness"), "agree"), 41);
	json_decref(j);
	witness_case_fini(&c);
	run_program_end(&p);
}

/* Another status, a request that is only in the packets, and a datagram past the proxy. */
static bool spoil(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	struct fact_flow_exchange *x = fact;
	struct fact_response *r = fact;
	(void)ctx;
	if (!in_companion && kind == FACT_KIND_RESPONSE && r->exchange == 1)
		r->status = 302;
	if (in_companion && kind == FACT_KIND_FLOW_EXCHANGE && x->flow == 2) {
		x->url = span_str("https://host2.example/unsubscribe?e=" RECIPIENT);
		x->n = 2;
	}
	return true;
}

static void add_stray(const struct witness_case *c)
{
	struct temp_case t = {.writer = NULL};
	size_t n = strlen(c->path) + 1;
	assert_true(n <= sizeof t.path);
	memcpy(t.path, c->path, n);
	temp_case_open(&t);
	struct fact_stray f;
	fact_init(FACT_KIND_STRAY, &f);
	f.session = c->session;
	f.at_us = WITNESS_EPOCH_US;
	f.file = 1;
	f.packet = 77;
	f.protocol = span_str("udp");
	f.source_ip = span_str("127.0.0.1");
	f.source_port = 5555;
	f.destination_ip = span_str("9.9.9.9");
	f.destination_port = 443;
	f.packets = 3;
	temp_case_put(&t, FACT_KIND_STRAY, &f);
	temp_case_close(&t);
}

static void what_does_not(void **state)
{
	struct witness_case c;
	struct run_program p = {.pid = 0};
	(void)state;
	run_program_folder(&p);
	witness_case_make(&c, 3, spoil, NULL);
	add_stray(&c);
	const char *const plain[] = {"--redact", "none", NULL};
	const char *text = report(&p, c.of_case.path, "text", plain);
	has(text, "DIFFER from this record.");
	has(text, "PAST the proxy");
	has(text, "  differ  response, session 1, tunnel 1, browser's leg");
	has(text, "proxy    status 302");
	has(text, "packets  status 200");
	has(text, "  bypass  stray, session 1, packet 77");
	has(text, "packets  3 packets of udp");
	has(text, "  witness      2 differ");
	has(text, "mustermann");
	json_t *j = read_json(report(&p, c.of_case.path, "json", plain));
	const json_t *x = json_object_get(j, "crosscheck");
	assert_int_equal(number(x, "bypass"), 1);
	assert_int_equal(
		number(x, "differ"), json_array_size(json_object_get(x, "verdicts")) - 1);
	json_decref(j);
	has(report(&p, c.of_case.path, "html", plain), "3 packets of udp");
	has(report(&p, c.of_case.path, "har", plain), "\"crosscheck\"");
	const char *const formats[] = {"form", "misp", "xarf"};
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		const char *said = report(&p, c.of_case.path, formats[i], complaint);
		has(said, i == 2 ? "\"crosscheck\"" : "A second witness");
		has_not(said, "mustermann");
	}
	witness_case_fini(&c);
	run_program_end(&p);
}

/* Only the packets hold the address: it goes all the same. */
static void nothing_of_a_recipient(void **state)
{
	static const char *const formats[] = {"text", "json", "html", "har"};
	static const char *const coarse[] = {"--coarse-time", "--withhold-egress", NULL};
	struct witness_case c;
	struct run_program p = {.pid = 0};
	(void)state;
	run_program_folder(&p);
	witness_case_make(&c, 3, spoil, NULL);
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		has_not(report(&p, c.of_case.path, formats[i], NULL), "mustermann");
		const char *said = report(&p, c.of_case.path, formats[i], coarse);
		has_not(said, "mustermann");
		has_not(said, "127.0.0.1:20002");
	}
	witness_case_fini(&c);
	run_program_end(&p);
}

/* A connection that nobody shows at its place, an exchange at another time, and another head:
 * what is told of them has addresses, times and digests in it. */
static bool misplace(void *ctx, enum fact_kind kind, void *fact, bool in_companion)
{
	static const uint8_t other[32] = {1, 2, 3};
	struct fact_flow *f = fact;
	struct fact_flow_exchange *x = fact;
	struct fact_custody *c = fact;
	(void)ctx;
	if (!in_companion)
		return true;
	if (kind == FACT_KIND_FLOW && f->flow == 3)
		f->client_port = 41999;
	if (kind == FACT_KIND_FLOW_EXCHANGE && x->flow == 1)
		x->response_sha256 = span_of(other, sizeof other);
	if (kind == FACT_KIND_FLOW_EXCHANGE && x->flow == 2)
		x->at_us += 10 * INT64_C(1000000);
	if (kind == FACT_KIND_CUSTODY)
		c->at_us += 1234567;
	return true;
}

static const char *text_of(const json_t *j, const char *name)
{
	const char *s = json_string_value(json_object_get(j, name));
	return s != NULL ? s : "";
}

/* How many verdicts of that subject have a value with `what` in it. */
static size_t values_with(const json_t *crosscheck, const char *subject, const char *what)
{
	const json_t *verdicts = json_object_get(crosscheck, "verdicts");
	size_t n = 0;
	for (size_t i = 0; i < json_array_size(verdicts); i++) {
		const json_t *v = json_array_get(verdicts, i);
		if (strcmp(text_of(v, "subject"), subject) == 0)
			n += strstr(text_of(v, "proxy_value"), what) != NULL ||
			     strstr(text_of(v, "witness_value"), what) != NULL;
	}
	return n;
}

/* Each of them is there where it may be, and is not where it may not. */
static void what_is_withheld(void **state)
{
	static const char *const none[] = {"--redact", "none", NULL};
	static const char *const coarse[] = {"--redact", "none", "--coarse-time", NULL};
	static const char *const egress[] = {"--redact", "none", "--withhold-egress", NULL};
	static const char *const secret[] = {"--secret", "host2.example", NULL};
	static const char hash[] = "SHA-256 0102030000";
	struct witness_case c;
	struct run_program p = {.pid = 0};
	(void)state;
	run_program_folder(&p);
	witness_case_make(&c, 3, misplace, NULL);
	json_t *j = read_json(report(&p, c.of_case.path, "json", none));
	const json_t *x = json_object_get(j, "crosscheck");
	const json_t *file = json_array_get(json_object_get(x, "files"), 0);
	assert_int_equal(values_with(x, "response", hash), 1);
	assert_int_equal(values_with(x, "connection", "127.0.0.1:20003"), 1);
	assert_int_equal(values_with(x, "connection", "127.0.0.1:41999"), 1);
	assert_int_equal(values_with(x, "time", "00:00:10.0"), 1);
	has(text_of(x, "checked_at"), "01:00:01.2");
	has(text_of(file, "last_at"), "00:00:00.03");
	json_decref(j);
	j = read_json(report(&p, c.of_case.path, "json", secret));
	x = json_object_get(j, "crosscheck");
	assert_int_equal(values_with(x, "response", "SHA-256 withheld"), 1);
	assert_int_equal(values_with(x, "response", hash), 0);
	/* Of the packet files the digest is what they are known by. */
	file = json_array_get(json_object_get(x, "files"), 0);
	assert_int_equal(strlen(text_of(file, "sha256")), 64);
	json_decref(j);
	j = read_json(report(&p, c.of_case.path, "json", egress));
	x = json_object_get(j, "crosscheck");
	assert_true(values_with(x, "connection", "withheld") >= 2);
	assert_int_equal(values_with(x, "connection", "127.0.0.1"), 0);
	assert_int_equal(values_with(x, "time", "00:00:10.0"), 1);
	json_decref(j);
	const char *said = report(&p, c.of_case.path, "json", coarse);
	has_not(said, "00:00:10.0");
	has_not(said, "01:00:01");
	j = read_json(said);
	x = json_object_get(j, "crosscheck");
	assert_int_equal(values_with(x, "time", "withheld"), 1);
	has(text_of(x, "checked_at"), "01:00:00");
	file = json_array_get(json_object_get(x, "files"), 0);
	has_not(text_of(file, "last_at"), "00:00:00.03");
	assert_int_equal(values_with(x, "connection", "127.0.0.1:20003"), 1);
	json_decref(j);
	witness_case_fini(&c);
	run_program_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_agree),
		cmocka_unit_test(what_does_not),
		cmocka_unit_test(nothing_of_a_recipient),
		cmocka_unit_test(what_is_withheld),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
