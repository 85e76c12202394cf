/* Connections and bodies that were broken off: what the proxy has against what the packets
 * show, by the digests of their beginnings. */
#include "store/derive/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ALL "abcdefghij" /* what came */

/* ---- what was said ---- */

struct told {
	enum verdict_kind of[VERDICT_SUBJECT_COUNT];
	bool any[VERDICT_SUBJECT_COUNT];
	char detail[VERDICT_SUBJECT_COUNT][160], theirs[VERDICT_SUBJECT_COUNT][160];
};

static void copy_text(char *out, size_t size, struct span s)
{
	snprintf(out, size, "%.*s", (int)s.n, s.n > 0 ? (const char *)s.p : "");
}

static bool tell(void *ctx, const struct verdict *v)
{
	struct told *t = ctx;
	if (v->subject != VERDICT_OF_UP && v->subject != VERDICT_OF_DOWN &&
		v->subject != VERDICT_OF_RESPONSE && v->subject != VERDICT_OF_RESPONSE_BODY)
		return true; /* these facts say nothing of the rest */
	assert_false(t->any[v->subject]);
	t->any[v->subject] = true;
	t->of[v->subject] = v->kind;
	copy_text(t->detail[v->subject], sizeof t->detail[0], v->detail);
	copy_text(t->theirs[v->subject], sizeof t->theirs[0], v->witness_value);
	return true;
}

static struct span digest_of(struct arena *a, const char *text, size_t n)
{
	uint8_t *out = arena_alloc(a, SHA256_LEN);
	sha256(span_of(text, n), out);
	return span_of(out, SHA256_LEN);
}

/* Of the first bytes of ALL: the places are digits. */
static struct span tail_of(struct arena *a, const char *places)
{
	size_t n = strlen(places);
	uint8_t *out = arena_alloc(a, n * 40 + 1);
	memset(out, 0, n * 40);
	for (size_t i = 0; i < n; i++) {
		size_t at = (size_t)(places[i] - '0');
		out[i * 40 + 7] = (uint8_t)at;
		memcpy(out + i * 40 + 8, digest_of(a, ALL, at).p, SHA256_LEN);
	}
	return span_of(out, n * 40);
}

/* ---- a direction ---- */

struct cut {
	const char *ours;   /* what the proxy has; NULL: it does not say */
	const char *reason; /* of the leg's end */
	enum flow_ended ended;
	const char *places; /* in the packets' tail */
	bool sent;          /* by the proxy */
	enum verdict_kind want;
	const char *detail; /* "": none */
	bool proven;
};

#define MORE "of 10 bytes; 6 more came when the proxy read no more"
#define LATE "the connection was cut, and the rest came when the proxy read no more"
static const struct cut cuts[] = {
	{"abcdefghij", "ok", FLOW_ENDED_FIN, "", false, VERDICT_AGREE, "", true},
	{"abcd", "shutdown", FLOW_ENDED_RESET, "48", false, VERDICT_AGREE, MORE, true},
	{"abcd", "shutdown", FLOW_ENDED_FIN, "24", false, VERDICT_AGREE, MORE, true},
	{"abcd", "ok", FLOW_ENDED_HALF, "4", false, VERDICT_AGREE, MORE, true},
	/* All was well: then it is not told away. */
	{"abcd", "ok", FLOW_ENDED_FIN, "4", false, VERDICT_DIFFER, "", false},
	/* Another place than the packets' digests are of. */
	{"abc", "shutdown", FLOW_ENDED_RESET, "248", false, VERDICT_UNSEEN, LATE, false},
	{"abcd", "shutdown", FLOW_ENDED_RESET, "", false, VERDICT_UNSEEN, LATE, false},
	/* The same place, and other bytes. */
	{"abcx", "shutdown", FLOW_ENDED_RESET, "248", false, VERDICT_DIFFER,
		"the connection was cut, and the first bytes that came are others", false},
	{"", "shutdown", FLOW_ENDED_RESET, "", false, VERDICT_AGREE,
		"of 10 bytes; 10 more came when the proxy read no more", true},
	/* What it has more than the packets is not theirs. */
	{"abcdefghijk", "shutdown", FLOW_ENDED_RESET, "48", false, VERDICT_DIFFER, "", false},
	{"abcdefghix", "shutdown", FLOW_ENDED_RESET, "48", false, VERDICT_DIFFER, "", false},
	/* Sent: the packets have more than was given to them. */
	{"abcd", "shutdown", FLOW_ENDED_RESET, "48", true, VERDICT_DIFFER, "", false},
	{"abcdefghijkl", "shutdown", FLOW_ENDED_RESET, "48", true, VERDICT_UNSEEN,
		"the connection was cut before all that the proxy gave had left", false},
};

/* What the proxy received on an origin's leg comes down. layer: in clear, in TLS that was
 * opened, or that was passed through. */
enum layer { CLEAR, OPENED, PASSED };

static void try_cut(const struct cut *c, enum layer layer)
{
	struct arena a = {0};
	struct told t = {0};
	struct compare_seen seen;
	struct fact_leg origin;
	struct fact_leg_end end;
	struct fact_opaque opaque;
	struct fact_flow flow;
	struct fact_flow_tls tls;
	struct fact_flow_plain plain;
	struct compare_to to = {.each = tell, .ctx = &t, .arena = &a};
	struct span all = digest_of(&a, ALL, 10), none = digest_of(&a, "", 0);
	struct span ours = digest_of(&a, c->ours, strlen(c->ours));
	int64_t n = (int64_t)strlen(c->ours);
	bool down = !c->sent;
	fact_init(FACT_KIND_LEG, &origin);
	fact_init(FACT_KIND_LEG_END, &end);
	fact_init(FACT_KIND_OPAQUE, &opaque);
	fact_init(FACT_KIND_FLOW, &flow);
	fact_init(FACT_KIND_FLOW_TLS, &tls);
	fact_init(FACT_KIND_FLOW_PLAIN, &plain);
	end.reason = opaque.reason = span_str(c->reason);
	end.in_bytes = opaque.down_bytes = down ? n : 0;
	end.in_sha256 = opaque.down_sha256 = down ? ours : none;
	end.out_bytes = opaque.up_bytes = down ? 0 : n;
	end.out_sha256 = opaque.up_sha256 = down ? none : ours;
	flow.ended = span_str(flow_ended_word(c->ended));
	tls.keys = span_str(flow_keys_word(layer == OPENED ? FLOW_KEYS_FOUND : FLOW_KEYS_NONE));
	flow.up_bytes = plain.up_bytes = down ? 0 : 10;
	flow.down_bytes = plain.down_bytes = down ? 10 : 0;
	flow.up_lost = flow.down_lost = plain.up_lost = plain.down_lost = 0;
	if (layer != OPENED) {
		flow.up_sha256 = down ? none : all;
		flow.down_sha256 = down ? all : none;
	}
	if (layer != PASSED) {
		plain.up_sha256 = down ? none : all;
		plain.down_sha256 = down ? all : none;
		plain.up_tail = plain.down_tail = tail_of(&a, c->places);
	} else {
		plain.up_stream_tail = plain.down_stream_tail = tail_of(&a, c->places);
		tls.keys = span_str(flow_keys_word(FLOW_KEYS_FOUND));
	}
	const struct compare_leg l = {.origin = &origin,
		.end = &end,
		.opaque = layer == PASSED ? &opaque : NULL,
		.flow = &flow,
		.tls = layer == CLEAR ? NULL : &tls,
		.plain = &plain};
	compare_leg(&to, &l, &seen);
	enum verdict_subject s = down ? VERDICT_OF_DOWN : VERDICT_OF_UP;
	if (!t.any[s] || t.of[s] != c->want || strcmp(t.detail[s], c->detail) != 0)
		fail_msg("\"%s\" %s, layer %d: %s, \"%s\"", c->ours, c->reason, (int)layer,
			verdict_kind_word(t.of[s]), t.detail[s]);
	assert_int_equal(seen.proven[down], c->proven);
	assert_true(seen.way[down]);
	/* The value that stands beside ours is of as many bytes. */
	if (c->detail[0] == 'o')
		assert_true(strtol(t.theirs[s], NULL, 10) == n);
	arena_fini(&a);
}

static void directions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
		try_cut(&cuts[i], CLEAR);
		try_cut(&cuts[i], OPENED);
		try_cut(&cuts[i], PASSED);
	}
}

/* Of a tail that is cut itself, what is whole counts; places may be any numbers. */
static void hostile_tails(void **state)
{
	(void)state;
	for (size_t n = 0; n < 200; n++) {
		struct arena a = {0};
		struct told t = {0};
		struct compare_seen seen;
		struct fact_leg_end end;
		struct fact_flow flow;
		struct fact_flow_plain plain;
		struct compare_to to = {.each = tell, .ctx = &t, .arena = &a};
		uint8_t bytes[200];
		memset(bytes, 0xff, sizeof bytes);
		memcpy(bytes + 40, tail_of(&a, "4").p, 40);
		fact_init(FACT_KIND_LEG_END, &end);
		fact_init(FACT_KIND_FLOW, &flow);
		fact_init(FACT_KIND_FLOW_PLAIN, &plain);
		end.reason = span_str("shutdown");
		end.in_bytes = 4;
		end.in_sha256 = digest_of(&a, ALL, 4);
		end.out_bytes = 0;
		flow.ended = span_str("reset");
		flow.up_lost = flow.down_lost = plain.up_bytes = plain.up_lost = 0;
		plain.down_lost = 0;
		plain.up_sha256 = digest_of(&a, "", 0);
		plain.down_bytes = 10;
		plain.down_sha256 = digest_of(&a, ALL, 10);
		plain.down_tail = span_of(bytes, n);
		const struct compare_leg l = {.end = &end, .flow = &flow, .plain = &plain};
		compare_leg(&to, &l, &seen);
		assert_int_equal(
			t.of[VERDICT_OF_DOWN], n < 80 ? VERDICT_UNSEEN : VERDICT_AGREE);
		arena_fini(&a);
	}
}

/* ---- an exchange on an origin's leg ---- */

struct part {
	const char *body; /* that passed; NULL: the case has no response */
	const char *reason;
	const char *places;
	bool proven; /* the direction is */
	enum compare_released released;
	enum verdict_kind response, response_body;
	bool no_body; /* nothing is said of it */
};

#define NOTHING RELEASED_NOTHING
#define HEAD RELEASED_HEAD
#define UNKNOWN RELEASED_UNKNOWN
static const struct part parts[] = {
	{ALL, "ok", "", true, UNKNOWN, VERDICT_AGREE, VERDICT_AGREE, false},
	{"abcd", "browser-closed", "48", true, UNKNOWN, VERDICT_AGREE, VERDICT_AGREE, false},
	{"abcd", "browser-closed", "28", true, UNKNOWN, VERDICT_AGREE, VERDICT_UNSEEN, false},
	{"abcx", "browser-closed", "48", true, UNKNOWN, VERDICT_AGREE, VERDICT_DIFFER, false},
	{"abcd", "ok", "48", true, UNKNOWN, VERDICT_AGREE, VERDICT_DIFFER, false},
	/* Nothing of the body passed; and the browser's packets say so, or do not. */
	{"", "browser-closed", "48", true, HEAD, VERDICT_AGREE, VERDICT_AGREE, false},
	{"", "browser-closed", "48", true, UNKNOWN, VERDICT_AGREE, VERDICT_UNSEEN, false},
	/* Nor of the response at all. */
	{NULL, "shutdown", "48", true, NOTHING, VERDICT_AGREE, VERDICT_AGREE, false},
	{NULL, "shutdown", "48", true, HEAD, VERDICT_UNSEEN, VERDICT_AGREE, false},
	{NULL, "shutdown", "48", true, UNKNOWN, VERDICT_UNSEEN, VERDICT_UNSEEN, false},
	{NULL, "shutdown", "48", false, NOTHING, VERDICT_UNSEEN, VERDICT_AGREE, false},
	{NULL, "ok", "48", true, NOTHING, VERDICT_DIFFER, VERDICT_DIFFER, false},
};

static void try_part(const struct part *p)
{
	struct arena a = {0};
	struct told t = {0};
	struct fact_request request;
	struct fact_response response;
	struct fact_exchange_end end;
	struct fact_flow_exchange shown;
	struct compare_to to = {.each = tell, .ctx = &t, .arena = &a};
	struct span head = span_str("HTTP/1.1 200 OK\r\n\r\n"), get = span_str("GET\r\n\r\n");
	size_t n = p->body != NULL ? strlen(p->body) : 0;
	fact_init(FACT_KIND_REQUEST, &request);
	fact_init(FACT_KIND_RESPONSE, &response);
	fact_init(FACT_KIND_EXCHANGE_END, &end);
	fact_init(FACT_KIND_FLOW_EXCHANGE, &shown);
	request.method = shown.method = span_str("GET");
	request.url = shown.url = span_str("https://a.test/");
	request.head = get;
	shown.request_sha256 = digest_of(&a, (const char *)get.p, get.n);
	response.status = shown.status = 200;
	response.head = head;
	response.made_by = span_str("origin");
	shown.response_sha256 = digest_of(&a, (const char *)head.p, head.n);
	end.reason = span_str(p->reason);
	end.req_size = shown.req_size = 0;
	end.res_size = (int64_t)n;
	end.res_sha256 = digest_of(&a, p->body != NULL ? p->body : "", n);
	shown.req_sha256 = digest_of(&a, "", 0);
	shown.res_size = 10;
	shown.res_sha256 = digest_of(&a, ALL, 10);
	shown.res_tail = tail_of(&a, p->places);
	shown.reason = span_str("ok");
	const struct compare_exchange x = {.request = &request,
		.response = p->body != NULL ? &response : NULL,
		.end = &end,
		.origin = true,
		.shown = &shown,
		.seen = {.way = {true, true}, .proven = {true, p->proven}},
		.released = p->released};
	compare_exchange(&to, &x);
	if (t.of[VERDICT_OF_RESPONSE] != p->response ||
		t.of[VERDICT_OF_RESPONSE_BODY] != p->response_body ||
		!t.any[VERDICT_OF_RESPONSE] || t.any[VERDICT_OF_RESPONSE_BODY] == p->no_body)
		fail_msg("part %zu: %s, %s", (size_t)(p - parts),
			verdict_kind_word(t.of[VERDICT_OF_RESPONSE]),
			verdict_kind_word(t.of[VERDICT_OF_RESPONSE_BODY]));
	arena_fini(&a);
}

static void exchanges(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		try_part(&parts[i]);
}

/* What the browser's leg says of that. */
static void what_was_released(void **state)
{
	struct fact_flow_exchange shown;
	struct compare_exchange x = {.shown = &shown};
	(void)state;
	fact_init(FACT_KIND_FLOW_EXCHANGE, &shown);
	assert_int_equal(compare_released(&x), RELEASED_UNKNOWN);
	x.seen.proven[1] = true;
	assert_int_equal(compare_released(&x), RELEASED_NOTHING);
	shown.status = 200;
	assert_int_equal(compare_released(&x), RELEASED_UNKNOWN);
	shown.res_size = 0;
	assert_int_equal(compare_released(&x), RELEASED_HEAD);
	shown.res_size = 1;
	assert_int_equal(compare_released(&x), RELEASED_UNKNOWN);
	x.seen.proven[1] = false;
	shown.res_size = 0;
	assert_int_equal(compare_released(&x), RELEASED_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directions),
		cmocka_unit_test(hostile_tails),
		cmocka_unit_test(exchanges),
		cmocka_unit_test(what_was_released),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
