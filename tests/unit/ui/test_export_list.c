/* Which exchanges an archive gets, and to which trail each belongs; and how long each took. */
#include "ui/export/export_list.h"
#include "tests/kit/build_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct test {
	struct build b;
	struct arena arena;
	struct trail_set trails;
	struct case_about about;
	struct report report;
	struct redaction redaction;
	struct edition_order order;
	struct edition edition;
	struct export_list list;
};

static void make(struct test *t)
{
	trail_derive(&t->b.model, 0, &t->arena, &t->trails);
	report_build(&t->about, &t->b.model, &t->trails, 0, &t->arena, &t->report);
	t->edition = (struct edition){
		.order = &t->order, .report = &t->report, .redaction = &t->redaction};
}

static void end(struct test *t)
{
	arena_fini(&t->edition.arena);
	arena_fini(&t->arena);
	build_fini(&t->b);
}

/* "trail.hop path" of each item, a space between; '-' for no trail, or no hop. */
static void list_is(struct test *t, const char *want)
{
	struct buf out = {0};
	export_list_make(&t->edition, &t->list);
	for (size_t i = 0; i < t->list.n; i++) {
		const struct export_item *item = &t->list.items[i];
		struct span url = item->x->request->url;
		size_t slash = span_find_byte(url, '/', 8);
		buf_addf(&out, "%s%s", i > 0 ? " " : "",
			item->trail != NULL ? item->trail->id : "-");
		if (item->hop != NULL)
			buf_addf(&out, ":%zu", item->hop->hop->n);
		buf_add_span(&out, span_from(url, slash));
	}
	char *text = buf_take_str(&out);
	assert_string_equal(text, want);
	free(text);
}

#define A "https://a.example"
#define B "https://b.example"

/* Two windows of one proxy session, their parts mixed. */
static void two_trails(struct test *t)
{
	*t = (struct test){0};
	build_init(&t->b);
	build_session(&t->b, "proxy", NULL, "firefox");
	BUILD(&t->b, .url = A "/early.png", .kind = BUILD_IMAGE, .at_ms = 1);
	BUILD(&t->b, .url = A "/1", .kind = BUILD_TYPED, .at_ms = 10, .status = 302,
		.location = B "/2");
	BUILD(&t->b, .url = B "/2", .kind = BUILD_TYPED, .at_ms = 60, .status = 200,
		.body = "<p>x</p>");
	BUILD(&t->b, .url = A "/3", .kind = BUILD_TYPED, .at_ms = 2000, .status = 200,
		.body = "<p>y</p>");
	BUILD(&t->b, .url = A "/late.png", .kind = BUILD_IMAGE, .at_ms = 2100);
	BUILD(&t->b, .url = B "/style.css", .kind = BUILD_IMAGE, .at_ms = 2200,
		.referer = B "/2");
	BUILD(&t->b, .url = B "/font", .kind = BUILD_IMAGE, .at_ms = 2300,
		.referer = B "/style.css");
	int64_t noise = BUILD(&t->b, .url = "https://telemetry.example/x", .kind = BUILD_FETCH,
		.at_ms = 2400, .status = 403, .made_by = "clicktrail", .end = "refused-noise");
	(void)noise;
	BUILD(&t->b, .url = "https://clicktrail.internal/ready", .kind = BUILD_FETCH,
		.at_ms = 2500, .status = 200, .made_by = "clicktrail");
	BUILD(&t->b, .url = "https://gone.example/", .kind = BUILD_IMAGE, .at_ms = 2600,
		.status = 502, .made_by = "clicktrail", .end = "dns-not-found");
	build_session_end(&t->b, 5000, "stopped");
	make(t);
}

static void parts_belong_to_their_pages(void **state)
{
	(void)state;
	struct test t;
	two_trails(&t);
	list_is(&t, "-/early.png 1.1:1/1 1.1:2/2 1.2:1/3 1.2/late.png 1.1/style.css 1.1/font "
		    "1.2/");
	assert_int_equal(t.list.n_noise, 1);
	assert_int_equal(t.list.n_own, 1);
	assert_int_equal(t.list.n_other, 0);
	assert_int_equal(t.list.n_trails, 2);
	/* What stands in for an origin that failed is no answer of it. */
	assert_false(t.list.items[t.list.n - 1].answered);
	assert_true(t.list.items[t.list.n - 1].cut);
	end(&t);
}

static void one_trail_alone(void **state)
{
	(void)state;
	struct test t;
	two_trails(&t);
	t.order.session = 1;
	t.order.trail = 1;
	list_is(&t, "1.1:1/1 1.1:2/2 1.1/style.css 1.1/font");
	assert_int_equal(t.list.n_trails, 1);
	t.order.trail = 2;
	list_is(&t, "1.2:1/3 1.2/late.png 1.2/");
	end(&t);
}

/* b.example is the first trail's second party, and nobody of the second's. */
static void a_party_gets_its_own_and_all_steps(void **state)
{
	(void)state;
	struct test t;
	two_trails(&t);
	t.order.party = 2;
	list_is(&t, "1.1:1/1 1.1:2/2 1.2:1/3 1.1/style.css 1.1/font");
	end(&t);
}

/* ---- how long ---- */

struct times {
	int64_t leg_at, dial, dns_at, dns, tls_from, tls_to; /* us from the request; 0: none */
	int64_t sent, first, over;                           /* FACT_NULL: unknown */
	bool not_first;
	struct export_timing want; /* started_us from the request */
};

static void timing_is(const struct times *w)
{
	enum { ASKED = 1000000000 };
	struct fact_leg leg = {.at_us = ASKED + w->leg_at, .elapsed_us = w->dial};
	struct fact_dns dns = {
		.source = span_str("dns"), .at_us = ASKED + w->dns_at, .elapsed_us = w->dns};
	struct fact_handshake tls = {
		.started_us = ASKED + w->tls_from, .at_us = ASKED + w->tls_to};
	struct fact_request request = {.at_us = ASKED};
	struct fact_exchange_end over = {
		.req_ended_us = w->sent == FACT_NULL ? FACT_NULL : ASKED + w->sent,
		.first_byte_us = w->first == FACT_NULL ? FACT_NULL : ASKED + w->first,
		.at_us = ASKED + w->over};
	struct model_exchange x = {
		.request = &request, .end = w->over == FACT_NULL ? NULL : &over};
	struct export_item i = {.x = &x,
		.leg = w->dial != 0 ? &leg : NULL,
		.dns = w->dns != 0 ? &dns : NULL,
		.tls = w->tls_to != 0 ? &tls : NULL,
		.first_on_leg = !w->not_first};
	struct export_timing got;
	export_timing(&i, &got);
	got.started_us -= ASKED;
	if (memcmp(&got, &w->want, sizeof got) != 0)
		fail_msg("%lld: %lld %lld %lld (%lld) %lld %lld %lld = %lld",
			(long long)got.started_us, (long long)got.blocked_us,
			(long long)got.dns_us, (long long)got.connect_us, (long long)got.ssl_us,
			(long long)got.send_us, (long long)got.wait_us,
			(long long)got.receive_us, (long long)got.time_us);
}

static void parts_make_the_whole(void **state)
{
	(void)state;
	static const struct times rows[] = {
		/* Through CONNECT: the connection comes first. */
		{.dns_at = -8000,
			.dns = 1000,
			.leg_at = -7000,
			.dial = 500,
			.tls_from = -7000,
			.tls_to = -4000,
			.sent = 100,
			.first = 300,
			.over = 600,
			.want = {-9000, 4500, 1000, 3500, 3000, 100, 200, 300, 9600}},
		/* Plain: the request comes first. */
		{.dns_at = 1200,
			.dns = 1000,
			.leg_at = 2000,
			.dial = 700,
			.sent = 2100,
			.first = 2500,
			.over = 2600,
			.want = {0, 200, 1000, 700, -1, 200, 400, 100, 2600}},
		/* A connection that is there. */
		{.leg_at = -5000,
			.dial = 700,
			.sent = 10,
			.first = 20,
			.over = 30,
			.not_first = true,
			.want = {0, -1, -1, -1, -1, 10, 10, 10, 30}},
		/* Made long before. */
		{.leg_at = -5000000,
			.dial = 700,
			.sent = 10,
			.first = 20,
			.over = 30,
			.want = {0, -1, -1, -1, -1, 10, 10, 10, 30}},
		/* Answered before all was sent. */
		{.sent = 50,
			.first = 20,
			.over = 60,
			.want = {0, -1, -1, -1, -1, 50, 0, 10, 60}},
		/* Never answered. */
		{.sent = FACT_NULL,
			.first = FACT_NULL,
			.over = 70,
			.want = {0, -1, -1, -1, -1, 0, 70, 0, 70}},
		{.sent = FACT_NULL,
			.first = FACT_NULL,
			.over = FACT_NULL,
			.want = {0, -1, -1, -1, -1, 0, 0, 0, 0}},
		/* Times that make no sense. */
		{.dns_at = INT64_MAX / 2,
			.dns = INT64_MAX,
			.leg_at = INT64_MAX / 2,
			.dial = INT64_MAX,
			.tls_from = 0,
			.tls_to = INT64_MAX / 2,
			.sent = INT64_MAX / 2,
			.first = INT64_MAX / 2,
			.over = INT64_MAX / 2,
			.want = {0, -1, -1, -1, -1, 0, 0, 0, 0}},
		{.dns_at = 10,
			.dns = -5,
			.leg_at = 3,
			.dial = -7,
			.tls_from = 9,
			.tls_to = -9,
			.sent = -3,
			.first = -100,
			.over = -200,
			.want = {0, -1, -1, -1, -1, 0, 0, 0, 0}},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		timing_is(&rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_belong_to_their_pages),
		cmocka_unit_test(one_trail_alone),
		cmocka_unit_test(a_party_gets_its_own_and_all_steps),
		cmocka_unit_test(parts_make_the_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
