/* TLS that fails, on either leg: what was seen is in the case, and a browser is told inside
 * TLS, by a page that is ours. */
#include "tests/kit/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ASK "GET /x HTTP/1.1\r\nHost: origin.test\r\n\r\n"

/* An origin whose certificate is `leaf`'s; rules and roots into options. */
static void start(struct script_origin **o, struct run_proxy *p, const char *leaf,
	struct run_proxy_options options)
{
	*o = script_origin_start(true, leaf);
	options.rules[0] = script_origin_rule(*o, "origin.test", 443);
	if (options.cacert == NULL)
		options.cacert = script_origin_cacert(*o);
	run_proxy_start(p, &options);
}

static void finish(
	struct script_origin *o, struct run_proxy *p, struct raw_client *c, bool sound)
{
	char why[500];
	raw_close(c);
	run_proxy_idle(p);
	run_proxy_stop(p);
	if (script_origin_end(o, why, sizeof why) != sound)
		fail_msg("the origin: %s", why);
}

static const struct fact_handshake *handshake_of(const struct read_case *c, bool origin)
{
	for (size_t i = 0; i < CASE_COUNT(c, HANDSHAKE); i++)
		if ((CASE_FACT(c, HANDSHAKE, handshake, i)->leg != LEG_BROWSER) == origin)
			return CASE_FACT(c, HANDSHAKE, handshake, i);
	fail_msg("no handshake of the %s leg", origin ? "origin" : "browser");
	return NULL;
}

static void a_wrong_certificate_is_refused_and_kept(void **state)
{
	(void)state;
	struct script_origin *o;
	struct run_proxy p;
	struct raw_client c;
	static const struct script_step never[] = {EXPECT_CUT, DROP};
	start(&o, &p, "somebody-else.test", (struct run_proxy_options){0});
	script_origin_play(o, never);
	raw_open(&c, p.port);
	raw_connect(&c, "origin.test:443");
	raw_tls(&c, "origin.test", p.cacert);
	raw_send(&c, ASK);
	const char *head = raw_head(&c);
	assert_true(strncmp(head, "HTTP/1.1 502 ", 13) == 0);
	assert_non_null(strstr(head, "X-Clicktrail: error; reason=cert-invalid\r\n"));
	const char *page = raw_rest(&c, NULL);
	assert_non_null(strstr(page, "This page was made by clicktrail"));
	raw_close(&c);
	run_proxy_idle(&p);
	run_proxy_stop(&p);
	char why[300];
	script_origin_end(
		o, why, sizeof why); /* its handshake may or may not have come to an end */

	const struct fact_handshake *h = handshake_of(&p.facts, true);
	assert_true(span_is(h->outcome, "cert-invalid"));
	assert_int_equal(h->verified, 0);
	assert_true(h->verify_error.n > 0);
	assert_int_not_equal(h->permitted, 1);
	assert_true(h->certs.n >= 32);
	bool kept = false;
	for (size_t i = 0; i < CASE_COUNT(&p.facts, CERTIFICATE); i++)
		kept |= span_is(CASE_FACT(&p.facts, CERTIFICATE, certificate, i)->san,
			"DNS:somebody-else.test");
	assert_true(kept);
	const struct fact_request *r = CASE_FACT(&p.facts, REQUEST, request, 0);
	assert_true(span_is(r->url, "https://origin.test/x"));
	assert_true(span_is(read_case_end(&p.facts, r->exchange)->reason, "cert-invalid"));
	assert_true(span_is(read_case_response(&p.facts, r->exchange)->made_by, "clicktrail"));
	run_proxy_end(&p);
}

static void a_wrong_certificate_may_be_permitted(void **state)
{
	(void)state;
	static const char *const permits[] = {"origin.test", "ANY", "ORIGIN.test"};
	for (size_t i = 0; i < sizeof permits / sizeof *permits; i++) {
		struct script_origin *o;
		struct run_proxy p;
		struct raw_client c;
		static const struct script_step steps[] = {EXPECT(ASK),
			SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), EXPECT_EOF,
			END};
		start(&o, &p, "somebody-else.test",
			(struct run_proxy_options){.permit = {permits[i]}});
		script_origin_play(o, steps);
		raw_open(&c, p.port);
		raw_connect(&c, "origin.test:443");
		raw_tls(&c, "origin.test",
			p.cacert); /* a clean leaf: an unattended browser goes on */
		raw_send(&c, ASK);
		raw_expect(&c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
		raw_end(&c);
		finish(o, &p, &c, true);
		const struct fact_handshake *h = handshake_of(&p.facts, true);
		assert_int_equal(h->verified, 0);
		assert_int_equal(h->permitted, 1);
		assert_int_equal(read_case_notes(&p.facts, "permitted-bad-cert"), 1);
		run_proxy_end(&p);
	}
}

static void permission_is_for_the_named_host_only(void **state)
{
	(void)state;
	struct script_origin *o;
	struct run_proxy p;
	struct raw_client c;
	static const struct script_step never[] = {EXPECT_CUT, DROP};
	start(&o, &p, "somebody-else.test", (struct run_proxy_options){.permit = {"n.test"}});
	script_origin_play(o, never);
	raw_open(&c, p.port);
	raw_connect(&c, "origin.test:443");
	raw_tls(&c, "origin.test", p.cacert);
	raw_send(&c, ASK);
	assert_non_null(strstr(raw_head(&c), "reason=cert-invalid\r\n"));
	raw_close(&c);
	char why[300];
	run_proxy_end(&p);
	script_origin_end(o, why, sizeof why);
}

static void an_unknown_root_is_refused(void **state)
{
	(void)state;
	struct script_origin *o;
	struct run_proxy p;
	struct raw_client c;
	struct script_origin *other = script_origin_start(true, NULL);
	static const struct script_step never[] = {EXPECT_CUT, DROP};
	start(&o, &p, NULL, (struct run_proxy_options){.cacert = script_origin_cacert(other)});
	script_origin_play(o, never);
	raw_open(&c, p.port);
	raw_connect(&c, "origin.test:443");
	raw_tls(&c, "origin.test", p.cacert);
	raw_send(&c, ASK);
	assert_non_null(strstr(raw_head(&c), "reason=cert-invalid\r\n"));
	raw_close(&c);
	char why[300];
	run_proxy_end(&p);
	script_origin_end(o, why, sizeof why);
	assert_true(script_origin_end(other, why, sizeof why));
}

/* The origin hangs up on the ClientHello. */
static void a_handshake_may_come_to_nothing(void **state)
{
	(void)state;
	static const struct script_step drop[] = {NO_TLS, EXPECT_SOME, DROP};
	static const struct script_step reset[] = {NO_TLS, EXPECT_SOME, RESET};
	const struct script_step *const ways[] = {drop, reset};
	for (size_t i = 0; i < 2; i++) {
		struct script_origin *o;
		struct run_proxy p;
		struct raw_client c;
		start(&o, &p, NULL, (struct run_proxy_options){0});
		script_origin_play(o, ways[i]);
		raw_open(&c, p.port);
		raw_connect(&c, "origin.test:443");
		raw_tls(&c, "origin.test", p.cacert);
		raw_send(&c, ASK);
		const char *head = raw_head(&c);
		assert_true(strncmp(head, "HTTP/1.1 502 ", 13) == 0);
		finish(o, &p, &c, true);
		const struct fact_handshake *h = handshake_of(&p.facts, true);
		assert_true(span_starts(h->outcome, "origin-"));
		const struct fact_request *r = CASE_FACT(&p.facts, REQUEST, request, 0);
		assert_true(
			span_starts(read_case_end(&p.facts, r->exchange)->reason, "origin-"));
		run_proxy_end(&p);
	}
}

/* An origin on 443 that speaks something else. */
static void plain_text_instead_of_tls_is_told(void **state)
{
	(void)state;
	char why[300];
	struct script_origin *o = script_origin_start(false, NULL);
	struct run_proxy_options options = {
		.rules = {script_origin_rule(o, "origin.test", 443)}};
	struct run_proxy p;
	struct raw_client c;
	static const struct script_step steps[] = {
		SEND("HTTP/1.1 400 Bad Request\r\n\r\n"), EXPECT_CUT, DROP};
	run_proxy_start(&p, &options);
	script_origin_play(o, steps);
	raw_open(&c, p.port);
	raw_connect(&c, "origin.test:443");
	raw_tls(&c, "origin.test", p.cacert);
	raw_send(&c, ASK);
	assert_non_null(strstr(raw_head(&c), "reason=origin-tls\r\n"));
	raw_close(&c);
	run_proxy_idle(&p);
	run_proxy_stop(&p);
	assert_true(span_is(handshake_of(&p.facts, true)->outcome, "origin-tls"));
	run_proxy_end(&p);
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
}

static void a_browser_that_does_not_trust_us_is_recorded(void **state)
{
	(void)state;
	struct script_origin *o;
	struct run_proxy p;
	struct raw_client c;
	static const struct script_step never[] = {EXPECT_CUT, DROP};
	start(&o, &p, NULL, (struct run_proxy_options){0});
	script_origin_play(o, never);
	raw_open(&c, p.port);
	raw_connect(&c, "origin.test:443");
	assert_false(raw_try_tls(&c, "origin.test", script_origin_cacert(o)));
	finish(o, &p, &c, true);
	const struct fact_handshake *h = handshake_of(&p.facts, false);
	assert_true(span_is(h->outcome, "browser-tls"));
	assert_true(h->detail.n > 0);
	/* The ClientHello is evidence all the same. */
	const struct fact_hello *hello = CASE_FACT(&p.facts, HELLO, hello, 0);
	assert_int_equal(hello->leg, LEG_BROWSER);
	assert_true(hello->raw.n > 0 && hello->ja3.n == 32 && hello->ja4.n == 36);
	assert_true(span_is(hello->sni, "origin.test"));
	run_proxy_end(&p);
}

/* Both handshakes of a sound tunnel, as the contract wants them. */
static void both_handshakes_are_facts(void **state)
{
	(void)state;
	struct script_origin *o;
	struct run_proxy p;
	struct raw_client c;
	static const struct script_step steps[] = {EXPECT(ASK),
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), EXPECT_EOF, END};
	start(&o, &p, NULL, (struct run_proxy_options){0});
	script_origin_play(o, steps);
	raw_open(&c, p.port);
	raw_connect(&c, "origin.test:443");
	raw_tls(&c, "origin.test", p.cacert);
	raw_send(&c, ASK);
	raw_expect(&c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	raw_end(&c);
	finish(o, &p, &c, true);
	assert_int_equal(CASE_COUNT(&p.facts, HELLO), 2);
	assert_int_equal(CASE_COUNT(&p.facts, HANDSHAKE), 2);
	for (int origin = 0; origin <= 1; origin++) {
		const struct fact_handshake *h = handshake_of(&p.facts, origin != 0);
		assert_true(span_is(h->outcome, "ok"));
		assert_true(span_is(h->version, "TLSv1.3") || span_is(h->version, "TLS 1.3"));
		assert_true(span_starts(h->cipher, "TLS_"));
		assert_true(span_is(h->alpn, "http/1.1"));
		assert_true(h->key_group.n > 0);
		assert_int_equal(h->resumed, 0);
		assert_true(h->certs.n >= 32 && h->certs.n % 32 == 0);
	}
	assert_int_equal(handshake_of(&p.facts, true)->verified, 1);
	run_proxy_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_certificate_is_refused_and_kept),
		cmocka_unit_test(a_wrong_certificate_may_be_permitted),
		cmocka_unit_test(permission_is_for_the_named_host_only),
		cmocka_unit_test(an_unknown_root_is_refused),
		cmocka_unit_test(a_handshake_may_come_to_nothing),
		cmocka_unit_test(plain_text_instead_of_tls_is_told),
		cmocka_unit_test(a_browser_that_does_not_trust_us_is_recorded),
		cmocka_unit_test(both_handshakes_are_facts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
