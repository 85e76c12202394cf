/* Which protocol is spoken is the origin's choice among what the browser offered; both legs
 * speak the same (RFC 7301). */
#include "tests/kit/h2_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* One exchange of HTTP/1, whatever was agreed. */
static void speak_http1(struct h2_talk *t)
{
	static const char ask[] = "GET /one HTTP/1.1\r\nHost: " ORIGIN_HOST "\r\n\r\n";
	static const char answer[] = "HTTP/1.1 204 No Content\r\nX-Plain: yes\r\n\r\n";
	h2_raw_bytes(&t->b, ask, sizeof ask - 1);
	assert_string_equal(h2_raw_text(&t->o, "\r\n\r\n"), ask);
	h2_raw_bytes(&t->o, answer, sizeof answer - 1);
	assert_string_equal(h2_raw_text(&t->b, "\r\n\r\n"), answer);
}

static const struct {
	const char *browser, *origin; /* their lists */
	const char *offered, *agreed; /* what the origin sees, what both legs get */
} pairs[] = {
	{"h2,http/1.1", "h2,http/1.1", "h2,http/1.1", "h2"},
	{"h2,http/1.1", "http/1.1,h2", "h2,http/1.1", "http/1.1"},
	{"http/1.1,h2", "h2", "http/1.1,h2", "h2"},
	{"h2", "h2", "h2", "h2"},
	{"h2", "h2,http/1.1", "h2", "h2"},
	{"http/1.1", "h2,http/1.1", "http/1.1", "http/1.1"},
	{"h2,http/1.1", "http/1.1", "h2,http/1.1", "http/1.1"},
	{"h2,http/1.1", NULL, "h2,http/1.1", ""},
	{NULL, "h2,http/1.1", "", ""},
	{NULL, NULL, "", ""},
	{"spdy/3.1,h2,http/1.1,h2c", "h2", "h2,http/1.1", "h2"},
};

static void the_origin_chooses_for_both(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct h2_talk t;
		h2_talk_start(&t, pairs[i].origin, NULL);
		h2_talk_browser(&t, pairs[i].browser);
		h2_origin_take(t.origin, &t.o);
		if (strcmp(h2_origin_offered(t.origin), pairs[i].offered) != 0 ||
			strcmp(t.o.alpn, pairs[i].agreed) != 0 ||
			strcmp(t.b.alpn, pairs[i].agreed) != 0)
			fail_msg("row %zu: the origin saw \"%s\" and took \"%s\", the browser "
				 "got \"%s\"",
				i, h2_origin_offered(t.origin), t.o.alpn, t.b.alpn);
		bool h2 = strcmp(pairs[i].agreed, "h2") == 0;
		if (h2) {
			h2_raw_hello(&t.b, NULL, 0);
			h2_raw_welcome(&t.o, NULL, 0);
			h2_talk_get(&t, 1, "/one");
		} else {
			speak_http1(&t);
		}
		h2_talk_end(&t);
		conversation_recorded(
			&t.rec, 0, "GET", "/one", h2 ? 200 : 204, "ok", 0, h2 ? 4 : 0);
		assert_true(span_is(CASE_FACT(t.rec.facts, REQUEST, request, 0)->version,
			h2 ? "HTTP/2" : "HTTP/1.1"));
		for (size_t k = 0; k < 2; k++) {
			struct span alpn =
				CASE_FACT(t.rec.facts, HANDSHAKE, handshake, k)->alpn;
			if (!span_is(alpn, pairs[i].agreed) &&
				!(alpn.p == NULL && pairs[i].agreed[0] == 0))
				fail_msg("row %zu: a handshake has \"%.*s\"", i, (int)alpn.n,
					(const char *)alpn.p);
		}
		h2_talk_free(&t);
	}
}

/* Nothing in common: the origin says no, and we do not try it another way. */
static void no_protocol_in_common(void **state)
{
	static const char *const browsers[] = {"h2", "http/1.1"};
	static const char *const origins[] = {"http/1.1", "h2"};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct h2_talk t;
		h2_talk_start(&t, origins[i], NULL);
		bool shaken = h2_raw_try_connect(
			&t.b, t.rec.proxy.port, ORIGIN_HOST, browsers[i], t.rec.proxy.cacert);
		/* Who speaks HTTP/1.1 is told why. */
		if (i == 1) {
			static const char ask[] =
				"GET /x HTTP/1.1\r\nHost: " ORIGIN_HOST "\r\n\r\n";
			assert_true(shaken);
			h2_raw_bytes(&t.b, ask, sizeof ask - 1);
			const char *head = h2_raw_text(&t.b, "\r\n\r\n");
			assert_true(strncmp(head, "HTTP/1.1 502 ", 13) == 0);
			assert_non_null(strstr(head, "reason=origin-tls"));
		}
		assert_int_equal(h2_origin_shaken(t.origin), 0);
		assert_int_equal(h2_origin_unshaken(t.origin), 1);
		h2_talk_end(&t);
		const struct fact_leg *leg = CASE_FACT(t.rec.facts, LEG, leg, 0);
		assert_true(span_is(leg->outcome, "ok"));
		assert_int_equal(CASE_COUNT(t.rec.facts, TUNNEL_END), 1);
		bool found = false;
		for (size_t k = 0; k < CASE_COUNT(t.rec.facts, HANDSHAKE); k++) {
			const struct fact_handshake *h =
				CASE_FACT(t.rec.facts, HANDSHAKE, handshake, k);
			found |= h->leg == leg->leg && span_is(h->outcome, "origin-tls");
		}
		assert_true(found);
		h2_talk_free(&t);
	}
}

/* Our own page speaks HTTP/1.1, and an origin that is not there has no say. */
static void our_own_pages_are_http1(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2", NULL);
	h2_raw_connect(
		&t.b, t.rec.proxy.port, PROXY_INTERNAL_HOST, "h2,http/1.1", t.rec.proxy.cacert);
	assert_string_equal(t.b.alpn, "http/1.1");
	h2_raw_close(&t.b);
	h2_talk_end(&t);
	assert_int_equal(CASE_COUNT(t.rec.facts, LEG), 0);
	h2_talk_free(&t);
	/* A port that was ours a moment ago. */
	struct h2_origin *gone = h2_origin_start("DNS:gone.test", "h2");
	char rule[100];
	snprintf(rule, sizeof rule, "gone.test:443:127.0.0.1:%u", h2_origin_port(gone));
	h2_origin_stop(gone);
	struct run_proxy_options options = {.rules = {rule}};
	struct run_proxy p;
	struct h2_raw c;
	run_proxy_start(&p, &options);
	h2_raw_connect(&c, p.port, "gone.test", "h2,http/1.1", p.cacert);
	assert_string_equal(c.alpn, "http/1.1");
	static const char ask[] = "GET /x HTTP/1.1\r\nHost: gone.test\r\n\r\n";
	h2_raw_bytes(&c, ask, sizeof ask - 1);
	assert_non_null(strstr(
		h2_raw_text(&c, "\r\n\r\n"), "X-Clicktrail: error; reason=connect-refused"));
	h2_raw_close(&c);
	run_proxy_idle(&p);
	run_proxy_end(&p);
}

/* The same host by HTTP/2 in one tunnel and by HTTP/1 in the next. */
static void tunnels_do_not_mix(void **state)
{
	struct h2_talk t;
	(void)state;
	h2_talk_start(&t, "h2,http/1.1", NULL);
	h2_talk_open(&t);
	struct h2_raw b = t.b, o = t.o;
	t.b = t.o = (struct h2_raw){.fd = -1};
	h2_talk_browser(&t, "http/1.1");
	h2_origin_take(t.origin, &t.o);
	speak_http1(&t);
	h2_raw_close(&t.b);
	h2_raw_close(&t.o);
	t.b = b;
	t.o = o;
	h2_talk_get(&t, 1, "/one");
	h2_talk_end(&t);
	assert_true(span_is(CASE_FACT(t.rec.facts, REQUEST, request, 0)->version, "HTTP/1.1"));
	assert_true(span_is(CASE_FACT(t.rec.facts, REQUEST, request, 1)->version, "HTTP/2"));
	h2_talk_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_origin_chooses_for_both),
		cmocka_unit_test(no_protocol_in_common),
		cmocka_unit_test(our_own_pages_are_http1),
		cmocka_unit_test(tunnels_do_not_mix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
