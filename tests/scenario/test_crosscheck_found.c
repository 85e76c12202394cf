/* A thousand injected disagreements: one recorded case with its packets and keys, changed in
 * one place each time, in the case or in the packets or in the keys. Each must be reported as
 * what it is, where it is, and as nothing else. In the suite some; all of them with
 * CLICKTRAIL_SOAK. */
#include "tests/kit/variant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { EXCHANGES = 60, SEED = 11 };

/* Of each kind of change so many. */
static size_t rounds(void)
{
	const char *soak = getenv("CLICKTRAIL_SOAK");
	return soak != NULL ? 20 * strtoul(soak, NULL, 10) : 1;
}

static int set_up(void **state)
{
	static struct variant_world w;
	variant_open(&w, EXCHANGES, SEED);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct variant_world *w = *state;
	print_message("%zu variants\n", w->tried);
	variant_close(w);
	return 0;
}

/* ---- what a fact is about ---- */

static int64_t field(enum fact_kind kind, const void *fact, const char *name)
{
	const struct fact_info *info = fact_info(kind);
	int64_t v = FACT_NULL;
	for (size_t i = 0; i < info->n_fields; i++)
		if (info->fields[i].type == FACT_TYPE_INT &&
			strcmp(info->fields[i].name, name) == 0)
			memcpy(&v, (const uint8_t *)fact + info->fields[i].offset, sizeof v);
	return v;
}

static const struct fact_request *request_of(const struct variant_world *w, int64_t exchange)
{
	for (size_t i = 0; i < CASE_COUNT(&w->facts, REQUEST); i++) {
		const struct fact_request *f = CASE_FACT(&w->facts, REQUEST, request, i);
		if (f->exchange == exchange)
			return f;
	}
	fail_msg("no exchange %lld", (long long)exchange);
	return NULL;
}

static int64_t tunnel_of(const struct variant_world *w, enum fact_kind kind, const void *fact)
{
	int64_t tunnel = field(kind, fact, "tunnel"), exchange = field(kind, fact, "exchange");
	return tunnel == FACT_NULL && exchange != FACT_NULL ? request_of(w, exchange)->tunnel
							    : tunnel;
}

/* ---- flips in the case ---- */

struct flip {
	enum fact_kind kind;
	const char *field;
	uint64_t must, may;
	bool lone; /* its flow is nobody's then */
	bool of_leg;
};

static const struct flip flips[] = {
	{FACT_KIND_HELLO, "raw", VARIANT_OF(HELLO), 0, false, true},
	{FACT_KIND_HELLO, "ja3", VARIANT_OF(JA3), 0, false, true},
	{FACT_KIND_HELLO, "ja4", VARIANT_OF(JA4), 0, false, true},
	{FACT_KIND_HELLO, "sni", VARIANT_OF(SNI), 0, false, true},
	{FACT_KIND_HELLO, "alpn", VARIANT_OF(OFFERED_ALPN), 0, false, true},
	{FACT_KIND_HANDSHAKE, "version", VARIANT_OF(VERSION), 0, false, true},
	{FACT_KIND_HANDSHAKE, "cipher", VARIANT_OF(CIPHER), 0, false, true},
	{FACT_KIND_HANDSHAKE, "alpn", VARIANT_OF(ALPN), 0, false, true},
	{FACT_KIND_HANDSHAKE, "certs", VARIANT_OF(CERTIFICATES), 0, false, true},
	{FACT_KIND_HANDSHAKE, "server_hello", VARIANT_OF(SERVER_HELLO), 0, false, true},
	{FACT_KIND_REQUEST, "method", VARIANT_OF(REQUEST), 0, false, false},
	{FACT_KIND_REQUEST, "url", VARIANT_OF(REQUEST), 0, false, false},
	{FACT_KIND_REQUEST, "head", VARIANT_OF(REQUEST), 0, false, false},
	{FACT_KIND_REQUEST, "fields", VARIANT_OF(REQUEST), 0, false, false},
	{FACT_KIND_RESPONSE, "status", VARIANT_OF(RESPONSE), 0, false, false},
	{FACT_KIND_RESPONSE, "head", VARIANT_OF(RESPONSE), 0, false, false},
	{FACT_KIND_RESPONSE, "fields", VARIANT_OF(RESPONSE), 0, false, false},
	{FACT_KIND_EXCHANGE_END, "res_size", VARIANT_OF(RESPONSE_BODY), VARIANT_OF(STORED_BODY),
		false, false},
	{FACT_KIND_EXCHANGE_END, "res_sha256", VARIANT_OF(RESPONSE_BODY), 0, false, false},
	{FACT_KIND_EXCHANGE_END, "req_size", VARIANT_OF(REQUEST_BODY), VARIANT_OF(STORED_BODY),
		false, false},
	{FACT_KIND_EXCHANGE_END, "req_sha256", VARIANT_OF(REQUEST_BODY), 0, false, false},
	{FACT_KIND_LEG_END, "in_bytes", 0, VARIANT_OF(UP) | VARIANT_OF(DOWN), false, true},
	{FACT_KIND_LEG_END, "in_sha256", 0, VARIANT_OF(UP) | VARIANT_OF(DOWN), false, true},
	{FACT_KIND_LEG_END, "out_bytes", 0, VARIANT_OF(UP) | VARIANT_OF(DOWN), false, true},
	{FACT_KIND_LEG_END, "out_sha256", 0, VARIANT_OF(UP) | VARIANT_OF(DOWN), false, true},
	{FACT_KIND_CONNECT, "host", VARIANT_OF(TARGET), 0, false, true},
	{FACT_KIND_CONNECT, "port", VARIANT_OF(TARGET), 0, false, true},
	{FACT_KIND_TUNNEL, "client_port", VARIANT_OF(CONNECTION), 0, true, true},
	{FACT_KIND_TUNNEL, "client_ip", VARIANT_OF(CONNECTION), 0, false, true},
	{FACT_KIND_TUNNEL, "listener_port", VARIANT_OF(CONNECTION), 0, true, true},
	{FACT_KIND_LEG, "remote_ip", VARIANT_OF(CONNECTION), 0, true, true},
	{FACT_KIND_LEG, "remote_port", VARIANT_OF(CONNECTION), 0, true, true},
	{FACT_KIND_LEG, "local_ip", VARIANT_OF(CONNECTION), 0, false, true},
	{FACT_KIND_LEG, "local_port", VARIANT_OF(CONNECTION), 0, true, true},
};

/* The ends of the legs of a tunnel without CONNECT and TLS count the same bytes: which way a
 * count speaks of follows from the leg. */
static uint64_t way_of(const struct flip *f, int64_t leg)
{
	bool in = strncmp(f->field, "in", 2) == 0;
	return in == (leg == LEG_BROWSER) ? VARIANT_OF(UP) : VARIANT_OF(DOWN);
}

static bool flip_one(struct variant_world *w, const struct flip *f)
{
	size_t n = w->facts.n[f->kind], i = n > 0 ? random_below(&w->random, n) : 0;
	if (n == 0)
		return false;
	const void *fact = w->facts.facts[f->kind][i];
	int64_t exchange = field(f->kind, fact, "exchange");
	int64_t leg = field(f->kind, fact, "leg");
	struct variant_want want = {.what = f->field,
		.kind = VERDICT_DIFFER,
		.must = f->must,
		.may = f->may,
		.tunnel = tunnel_of(w, f->kind, fact),
		.leg = f->of_leg ? (leg != FACT_NULL ? leg : LEG_BROWSER) : VARIANT_ANY,
		.exchange = exchange != FACT_NULL ? exchange : VARIANT_ANY};
	if (f->kind == FACT_KIND_CONNECT &&
		!span_is(((const struct fact_connect *)fact)->kind, "connect"))
		return false;
	if (f->must == 0)
		want.must = way_of(f, leg);
	if (f->lone)
		want.lone_flow[0] = variant_flow_of(w, want.tunnel, want.leg);
	struct sqlite3 *db = variant_case(w);
	if (!variant_flip(w, db, f->kind, f->field, w->facts.seqs[f->kind][i])) {
		want.nothing = true;
		want.must = 0;
		memset(want.lone_flow, 0, sizeof want.lone_flow);
	}
	bool changed = !want.nothing;
	variant_judge_case(w, db, &want);
	return changed;
}

static void a_flipped_bit_in_the_case(void **state)
{
	struct variant_world *w = *state;
	for (size_t i = 0; i < sizeof flips / sizeof *flips; i++)
		for (size_t n = 0, tries = 0; n < rounds(); n += flip_one(w, &flips[i]))
			if (tries++ > 200 * rounds())
				fail_msg("%s of %s is never there", flips[i].field,
					fact_info(flips[i].kind)->name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flipped_bit_in_the_case),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
