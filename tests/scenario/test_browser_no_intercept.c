/* --no-intercept with a real Firefox: the trail is what it is with interception, and the origin
 * sees the browser's own handshake. */
#include "tests/kit/browser_scenes.h"
#include "tests/kit/h2_origin.h"
#include "tests/kit/lab_trace.h"
#include "tests/kit/read_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));
	return s != NULL ? s : "";
}

static const json_t *hops_of(const json_t *report)
{
	return json_object_get(json_array_get(json_object_get(report, "trails"), 0), "hops");
}

/* What of a hop does not carry a visit's tokens. */
static void check_same_hop(const json_t *a, const json_t *b)
{
	const json_t *by_a = json_object_get(a, "arrived_by"),
		     *by_b = json_object_get(b, "arrived_by");
	assert_string_equal(text(by_a, "mechanism"), text(by_b, "mechanism"));
	assert_string_equal(text(by_a, "confidence"), text(by_b, "confidence"));
	assert_int_equal(json_array_size(json_object_get(by_a, "evidence")),
		json_array_size(json_object_get(by_b, "evidence")));
	assert_string_equal(text(a, "method"), text(b, "method"));
	assert_string_equal(text(a, "protocol"), text(b, "protocol"));
	assert_int_equal(json_integer_value(json_object_get(a, "status")),
		json_integer_value(json_object_get(b, "status")));
	assert_int_equal(json_is_null(json_object_get(a, "tls")),
		json_is_null(json_object_get(b, "tls")));
	const json_t *cert_a = json_object_get(json_object_get(a, "tls"), "certs"),
		     *cert_b = json_object_get(json_object_get(b, "tls"), "certs");
	assert_int_equal(json_array_size(cert_a), json_array_size(cert_b));
	/* Names of header fields, in order, of what came from the origin. */
	const json_t *in_a = json_object_get(json_object_get(a, "response"), "headers"),
		     *in_b = json_object_get(json_object_get(b, "response"), "headers");
	assert_int_equal(json_array_size(in_a), json_array_size(in_b));
	for (size_t i = 0; i < json_array_size(in_a); i++)
		assert_string_equal(
			json_string_value(json_array_get(json_array_get(in_a, i), 0)),
			json_string_value(json_array_get(json_array_get(in_b, i), 0)));
}

/* The click of the demo, once each way. Among its steps is a link that works once. */
static void the_trail_is_that_of_interception(void **state)
{
	static const char *const intercepted[] = {"--settle", "2", NULL};
	static const char *const overheard[] = {"--settle", "2", "--no-intercept", NULL};
	struct lab_trace t;
	size_t n;
	(void)state;
	lab_trace_start(&t);
	lab_trace_run(&t, LAB_CLICK, intercepted, 120);
	lab_trace_compare(&t, false);
	json_t *first = json_incref(t.report);
	const char *const *clients = lab_clients(t.lab, &t.program.arena, &n);
	assert_int_equal(n, 1);
	const char *proxys = clients[0];

	lab_trace_run(&t, LAB_CLICK, overheard, 120);
	lab_trace_compare(&t, false);
	assert_int_equal(t.exit_code, 0);
	assert_true(t.served.reached_end);
	assert_int_equal(t.served.decoys, 0);
	assert_int_equal(t.served.strays, 0);
	assert_string_equal(lab_trace_word(&t, "ended_by"), "page");
	assert_string_equal(text(json_object_get(t.report, "case"), "mode"), "no-intercept");
	const json_t *a = hops_of(first), *b = hops_of(t.report);
	assert_int_equal(json_array_size(a), json_array_size(b));

	clients = lab_clients(t.lab, &t.program.arena, &n);
	assert_int_equal(n, 1);
	assert_string_not_equal(clients[0], proxys);
	for (size_t i = 0; i < json_array_size(a); i++) {
		const json_t *before = json_array_get(a, i), *hop = json_array_get(b, i);
		check_same_hop(before, hop);
		const json_t *tls = json_object_get(hop, "tls");
		if (json_is_null(tls))
			continue;
		/* The origin saw the very handshake that the proxy sees of this browser. */
		assert_string_equal(text(tls, "ja4"), clients[0]);
		assert_string_equal(text(tls, "browser_ja4"), clients[0]);
		assert_string_equal(
			text(json_object_get(before, "tls"), "browser_ja4"), clients[0]);
		assert_string_equal(text(json_object_get(before, "tls"), "ja4"), proxys);
		assert_true(json_is_null(json_object_get(tls, "verified")));
	}
	json_decref(first);
	lab_trace_end(&t);
}

/* Those that ask most of the order of facts, of bodies, and of what cannot be intercepted. */
static void tricks_are_told_as_they_were_served(void **state)
{
	static const char *const names[] = {"scripts", "codings", "bad-cert", NULL};
	(void)state;
	browser_scenes_with("firefox", "--no-intercept", names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_trail_is_that_of_interception),
		cmocka_unit_test(tricks_are_told_as_they_were_served),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
