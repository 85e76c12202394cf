#include "tests/kit/h2_again.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define WIDE_STREAM "\0\x04\x00\x60\0\0"

void h2_again_record(struct h2_again *a)
{
	h2_talk_start(&a->live, "h2,http/1.1", NULL);
	h2_talk_open_with(&a->live, WIDE_STREAM, 6, NULL, 0);
	h2_raw_window(&a->live.b, 0, H2_AGAIN_WIDE - H2_WINDOW);
}

void h2_again_connect(struct h2_again *a)
{
	h2_raw_connect(&a->b, a->proxy.port, ORIGIN_HOST, "h2,http/1.1", a->proxy.cacert);
	assert_string_equal(a->b.alpn, "h2");
	h2_raw_hello(&a->b, NULL, 0);
}

void h2_again_replay_at(struct h2_again *a, enum replay_pace pace)
{
	struct err err = {0};
	h2_talk_end(&a->live);
	struct replay_options options = {.path = a->live.rec.proxy.case_path, .pace = pace};
	a->replay = replay_open(&options, &err);
	if (a->replay == NULL)
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	run_proxy_start(&a->proxy, &(struct run_proxy_options){.replay = a->replay});
	h2_again_connect(a);
}

void h2_again_replay(struct h2_again *a)
{
	h2_again_replay_at(a, REPLAY_FAST);
}

void h2_again_end(struct h2_again *a)
{
	h2_raw_close(&a->b);
	run_proxy_idle(&a->proxy);
	run_proxy_stop(&a->proxy);
}

void h2_again_free(struct h2_again *a)
{
	run_proxy_end(&a->proxy);
	replay_free(a->replay);
	h2_talk_free(&a->live);
}

uint32_t h2_again_ask(struct h2_again *a, uint32_t stream, const char *head)
{
	h2_raw_head(&a->live.b, H2_END_STREAM, stream, head);
	return h2_raw_await(&a->live.o, H2_HEADERS, UINT32_MAX)->stream;
}

static const struct fact_exchange_end *end_of(const struct read_case *c, size_t i)
{
	const struct fact_exchange_end *end =
		read_case_end(c, CASE_FACT(c, REQUEST, request, i)->exchange);
	assert_non_null(end);
	return end;
}

void h2_again_ended(const struct read_case *c, size_t i, const char *reason)
{
	struct span got = end_of(c, i)->reason;
	if (!span_is(got, reason))
		fail_msg("exchange %zu ended by %.*s, not %s", i, (int)got.n,
			(const char *)got.p, reason);
}

static bool same(struct span a, struct span b)
{
	return (a.p == NULL) == (b.p == NULL) && span_eq(a, b);
}

void h2_again_alike(const struct h2_again *a, size_t i)
{
	const struct read_case *one = a->live.rec.facts, *two = &a->proxy.facts;
	const struct fact_request *asked = CASE_FACT(one, REQUEST, request, i);
	const struct fact_response *r1 = read_case_response(one, asked->exchange);
	const struct fact_exchange_end *e1 = end_of(one, i);
	for (size_t k = 0; k < CASE_COUNT(two, REQUEST); k++) {
		const struct fact_request *again = CASE_FACT(two, REQUEST, request, k);
		if (!span_eq(asked->url, again->url))
			continue;
		const struct fact_response *r2 = read_case_response(two, again->exchange);
		const struct fact_exchange_end *e2 = end_of(two, k);
		assert_true((r1 == NULL) == (r2 == NULL));
		if (r1 != NULL && (!same(r1->fields, r2->fields) || !same(r1->head, r2->head)))
			fail_msg("%.*s: other heads", (int)asked->url.n,
				(const char *)asked->url.p);
		if (r1 != NULL)
			assert_true(same(r1->made_by, r2->made_by));
		assert_true(same(e1->reason, e2->reason));
		assert_true(same(e1->res_sha256, e2->res_sha256));
		assert_true(same(e1->res_trailers, e2->res_trailers));
		assert_int_equal(e1->res_size, e2->res_size);
		return;
	}
	fail_msg("%.*s was not asked again", (int)asked->url.n, (const char *)asked->url.p);
}
