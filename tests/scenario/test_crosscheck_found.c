/* A thousand injected disagreements: one recorded case with its packets and keys, changed in
 * one place each time, in the case or in the packets or in the keys. Each must be reported as
 * what it is, where it is, and as nothing else. In the suite some; all of them with
 * CLICKTRAIL_SOAK. */
#include "tests/kit/variant.h"
#include "store/fact/capture.h"

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

/* Facts of an exchange that no other exchange's body needs. */
static bool stands_alone(const struct variant_world *w, int64_t exchange)
{
	const struct read_case *c = &w->facts;
	for (size_t i = 0; i < CASE_COUNT(c, CHUNK); i++) {
		const struct fact_chunk *f = CASE_FACT(c, CHUNK, chunk, i);
		for (size_t k = 0; f->exchange == exchange && k < CASE_COUNT(c, CHUNK); k++)
			if (CASE_FACT(c, CHUNK, chunk, k)->same_as ==
				c->seqs[FACT_KIND_CHUNK][i])
				return false;
	}
	return true;
}

/* ---- flips in the case ---- */

#define EVERYTHING (~UINT64_C(0))

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
	{FACT_KIND_LEG, "remote_ip", VARIANT_OF(CONNECTION),
		VARIANT_OF(DNS) | VARIANT_OF(TARGET), true, true},
	{FACT_KIND_LEG, "remote_port", VARIANT_OF(CONNECTION), 0, true, true},
	{FACT_KIND_LEG, "local_ip", VARIANT_OF(CONNECTION), 0, false, true},
	{FACT_KIND_LEG, "local_port", VARIANT_OF(CONNECTION), 0, true, true},
	{FACT_KIND_LEG, "outcome", VARIANT_OF(CONNECTION), 0, false, true},
	{FACT_KIND_LEG, "dial_port", VARIANT_OF(TARGET), 0, false, true},
	{FACT_KIND_HANDSHAKE, "sni", VARIANT_OF(HANDSHAKE), 0, false, true},
	{FACT_KIND_HANDSHAKE, "key_group", VARIANT_OF(HANDSHAKE), 0, false, true},
	{FACT_KIND_HANDSHAKE, "outcome", VARIANT_OF(HANDSHAKE), EVERYTHING, false, true},
	{FACT_KIND_REQUEST, "version", VARIANT_OF(REQUEST), 0, false, false},
	{FACT_KIND_RESPONSE, "version", VARIANT_OF(RESPONSE), 0, false, false},
	{FACT_KIND_RESPONSE, "reason", VARIANT_OF(RESPONSE), 0, false, false},
	{FACT_KIND_RESPONSE, "made_by", VARIANT_OF(RESPONSE), 0, false, false},
	{FACT_KIND_RESPONSE, "leg", VARIANT_OF(RESPONSE), VARIANT_OF(EXCHANGE), false, false},
	{FACT_KIND_EXCHANGE_END, "reason", VARIANT_OF(EXCHANGE), 0, false, false},
	{FACT_KIND_CERTIFICATE, "subject", VARIANT_OF(CERTIFICATES), 0, false, false},
	{FACT_KIND_CERTIFICATE, "issuer", VARIANT_OF(CERTIFICATES), 0, false, false},
	{FACT_KIND_CERTIFICATE, "serial", VARIANT_OF(CERTIFICATES), 0, false, false},
	{FACT_KIND_CERTIFICATE, "not_after_us", VARIANT_OF(CERTIFICATES), 0, false, false},
	{FACT_KIND_CERTIFICATE, "san", VARIANT_OF(CERTIFICATES), 0, false, false},
	{FACT_KIND_CERTIFICATE, "der", VARIANT_OF(CERTIFICATES), 0, false, false},
	{FACT_KIND_HELLO, "ja3_full", VARIANT_OF(JA3), 0, false, true},
	{FACT_KIND_HELLO, "ja4_raw", VARIANT_OF(JA4), 0, false, true},
	{FACT_KIND_DNS, "name", VARIANT_OF(DNS), 0, false, true},
	{FACT_KIND_DNS, "source", VARIANT_OF(DNS), 0, false, true},
	{FACT_KIND_DNS, "outcome", VARIANT_OF(DNS), 0, false, true},
	{FACT_KIND_DNS, "addresses", VARIANT_OF(DNS), 0, false, true},
	{FACT_KIND_LEG, "dial_host", 0, VARIANT_OF(DNS) | VARIANT_OF(TARGET), false, true},
	{FACT_KIND_CAPTURE, "name", VARIANT_OF(FILE), 0, false, false},
};

/* The ends of the legs of a tunnel without CONNECT and TLS count the same bytes: which way a
 * count speaks of follows from the leg. */
static uint64_t way_of(const struct flip *f, int64_t leg)
{
	bool in = strncmp(f->field, "in", 2) == 0;
	return in == (leg == LEG_BROWSER) ? VARIANT_OF(UP) : VARIANT_OF(DOWN);
}

/* Two connections with the same ports at the same time: the case contradicts itself, and whose
 * the packets are cannot be told. */
static bool claims_another(struct sqlite3 *db)
{
	return variant_number(db, "SELECT count(*) - count(DISTINCT client_port) "
				  "FROM fact_tunnel") > 0 ||
	       variant_number(db, "SELECT count(*) - count(DISTINCT local_port) "
				  "FROM fact_leg WHERE local_port IS NOT NULL") > 0;
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
	/* In older versions it is in no message that is kept. */
	if (strcmp(f->field, "key_group") == 0 &&
		!span_is(((const struct fact_handshake *)fact)->version, "TLS 1.3"))
		return false;
	if (f->must == 0 && f->kind == FACT_KIND_LEG_END)
		want.must = way_of(f, leg);
	if (f->lone)
		want.lone_flow[0] = variant_flow_of(w, want.tunnel, want.leg);
	struct sqlite3 *db = variant_case(w);
	if (!variant_flip(w, db, f->kind, f->field, w->facts.seqs[f->kind][i]) ||
		claims_another(db)) {
		variant_abandon(w, db);
		return false;
	}
	variant_judge_case(w, db, &want);
	return true;
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

/* Stored bytes that no other body shares. */
static void a_chunk_that_was_changed(void **state)
{
	struct variant_world *w = *state;
	size_t n = CASE_COUNT(&w->facts, CHUNK);
	for (size_t done = 0; done < rounds();) {
		size_t i = random_below(&w->random, n);
		const struct fact_chunk *f = CASE_FACT(&w->facts, CHUNK, chunk, i);
		if (!stands_alone(w, f->exchange) || f->same_as != FACT_NULL)
			continue;
		done++;
		struct sqlite3 *db = variant_case(w);
		assert_true(variant_flip(
			w, db, FACT_KIND_CHUNK, "data", w->facts.seqs[FACT_KIND_CHUNK][i]));
		variant_judge_case(w, db,
			&(struct variant_want){.what = "a stored body was changed",
				.kind = VERDICT_DIFFER,
				.must = VARIANT_OF(STORED_BODY),
				.tunnel = request_of(w, f->exchange)->tunnel,
				.leg = LEG_BROWSER,
				.exchange = f->exchange});
	}
}

/* An hour earlier than the kernel says. */
static void another_time(void **state)
{
	struct variant_world *w = *state;
	static const enum fact_kind kinds[] = {FACT_KIND_TUNNEL, FACT_KIND_LEG, FACT_KIND_HELLO,
		FACT_KIND_HANDSHAKE, FACT_KIND_REQUEST, FACT_KIND_RESPONSE};
	for (size_t done = 0; done < rounds() * (sizeof kinds / sizeof *kinds); done++) {
		enum fact_kind kind = kinds[done % (sizeof kinds / sizeof *kinds)];
		size_t i = random_below(&w->random, w->facts.n[kind]);
		const void *fact = w->facts.facts[kind][i];
		int64_t exchange = field(kind, fact, "exchange");
		struct sqlite3 *db = variant_case(w);
		variant_exec(db, "UPDATE fact SET at_us = at_us - 3600000000 WHERE seq = %lld",
			(long long)w->facts.seqs[kind][i]);
		variant_judge_case(w, db,
			&(struct variant_want){.what = "another time",
				.kind = VERDICT_DIFFER,
				.must = VARIANT_OF(TIME),
				.tunnel = tunnel_of(w, kind, fact),
				.leg = VARIANT_ANY,
				.exchange = exchange});
	}
}

static void another_file(void **state)
{
	struct variant_world *w = *state;
	static const char *const fields[] = {"sha256", "size"};
	for (size_t done = 0; done < 2 * rounds();) {
		size_t i = random_below(&w->random, CASE_COUNT(&w->facts, CAPTURE));
		const struct fact_capture *f = CASE_FACT(&w->facts, CAPTURE, capture, i);
		if (!span_is(f->event, "ended"))
			continue;
		struct sqlite3 *db = variant_case(w);
		assert_true(variant_flip(w, db, FACT_KIND_CAPTURE, fields[done % 2],
			w->facts.seqs[FACT_KIND_CAPTURE][i]));
		variant_judge_case(w, db,
			&(struct variant_want){.what = "another file",
				.kind = VERDICT_DIFFER,
				.must = VARIANT_OF(FILE),
				.tunnel = FACT_NULL,
				.leg = VARIANT_ANY,
				.exchange = FACT_NULL});
		done++;
	}
}

/* ---- facts that are missing, or too many ---- */

static const struct fact_request *some_request(struct variant_world *w)
{
	for (;;) {
		const struct fact_request *f = CASE_FACT(&w->facts, REQUEST, request,
			random_below(&w->random, CASE_COUNT(&w->facts, REQUEST)));
		if (stands_alone(w, f->exchange))
			return f;
	}
}

/* The views know which column is what of which kind. */
static void delete_where(
	struct sqlite3 *db, const char *const *kinds, const char *column, int64_t is)
{
	for (; *kinds != NULL; kinds++)
		variant_exec(db,
			"DELETE FROM fact WHERE seq IN "
			"(SELECT seq FROM fact_%s WHERE %s = %lld)",
			*kinds, column, (long long)is);
}

static void delete_exchange(struct sqlite3 *db, int64_t exchange, bool bodies)
{
	static const char *const kinds[] = {
		"request", "interim", "response", "exchange_end", "note", "h2_frame", NULL};
	static const char *const chunks[] = {"chunk", NULL};
	delete_where(db, kinds, "exchange", exchange);
	if (bodies)
		delete_where(db, chunks, "exchange", exchange);
}

static void delete_tunnel(struct sqlite3 *db, int64_t tunnel)
{
	static const char *const kinds[] = {"tunnel", "connect", "dns", "leg", "hello",
		"handshake", "opaque", "leg_end", "tunnel_end", "h2_frame", NULL};
	delete_where(db, kinds, "tunnel", tunnel);
}

static void an_exchange_that_is_gone(void **state)
{
	struct variant_world *w = *state;
	for (size_t n = 0; n < rounds(); n++) {
		const struct fact_request *q = some_request(w);
		struct sqlite3 *db = variant_case(w);
		delete_exchange(db, q->exchange, true);
		variant_judge_case(w, db,
			&(struct variant_want){.what = "an exchange is gone",
				.kind = VERDICT_DIFFER,
				.must = VARIANT_OF(EXCHANGE),
				.tunnel = q->tunnel,
				.leg = VARIANT_ANY,
				.exchange = FACT_NULL});
	}
}

/* An exchange put in that never was: a copy of another one, under another URL. */
static void an_exchange_that_never_was(void **state)
{
	struct variant_world *w = *state;
	enum { NEW = 900001, SEQ = 5000000 };
	static const struct {
		const char *kind, *column;
		int number;
	} kinds[] = {{"request", "f3", FACT_KIND_REQUEST},
		{"response", "f3", FACT_KIND_RESPONSE},
		{"exchange_end", "f3", FACT_KIND_EXCHANGE_END}};
	for (size_t n = 0; n < rounds(); n++) {
		const struct fact_request *q = some_request(w);
		struct sqlite3 *db = variant_case(w);
		for (size_t i = 0; i < 3; i++) {
			variant_exec(db,
				"CREATE TEMP TABLE copy AS SELECT * FROM fact WHERE seq IN "
				"(SELECT seq FROM fact_%s WHERE exchange = %lld)",
				kinds[i].kind, (long long)q->exchange);
			variant_exec(db, "UPDATE copy SET seq = %zu, %s = %d", SEQ + i,
				kinds[i].column, NEW);
			if (i == 0)
				variant_exec(
					db, "UPDATE copy SET f5 = f5 + 100, f7 = f7 || 'x'");
			variant_exec(db, "INSERT INTO fact SELECT * FROM copy");
			variant_exec(db, "DROP TABLE copy");
		}
		variant_judge_case(w, db,
			&(struct variant_want){.what = "an exchange that never was",
				.kind = VERDICT_DIFFER,
				.must = VARIANT_OF(EXCHANGE),
				.tunnel = q->tunnel,
				.leg = VARIANT_ANY,
				.exchange = NEW});
	}
}

/* A fact of one leg that is not there, though its packets show what it speaks of. */
static void a_fact_that_is_gone(void **state)
{
	struct variant_world *w = *state;
	static const struct {
		enum fact_kind kind;
		const char *view;
		enum verdict_kind verdict;
		uint64_t must, may;
	} gone[] = {
		{FACT_KIND_HELLO, "hello", VERDICT_DIFFER, VARIANT_OF(HELLO), 0},
		{FACT_KIND_HANDSHAKE, "handshake", VERDICT_DIFFER, VARIANT_OF(HANDSHAKE), 0},
		{FACT_KIND_DNS, "dns", VERDICT_DIFFER, VARIANT_OF(DNS), 0},
		{FACT_KIND_LEG_END, "leg_end", VERDICT_UNSEEN, VARIANT_OF(UP),
			VARIANT_OF(DOWN)},
		{FACT_KIND_EXCHANGE_END, "exchange_end", VERDICT_UNSEEN, VARIANT_OF(EXCHANGE),
			0},
	};
	for (size_t n = 0; n < rounds() * (sizeof gone / sizeof *gone); n++) {
		enum fact_kind kind = gone[n % (sizeof gone / sizeof *gone)].kind;
		size_t i = random_below(&w->random, w->facts.n[kind]);
		const void *fact = w->facts.facts[kind][i];
		int64_t exchange = field(kind, fact, "exchange");
		struct sqlite3 *db = variant_case(w);
		variant_exec(db, "DELETE FROM fact WHERE seq = %lld",
			(long long)w->facts.seqs[kind][i]);
		variant_judge_case(w, db,
			&(struct variant_want){
				.what = gone[n % (sizeof gone / sizeof *gone)].view,
				.kind = gone[n % (sizeof gone / sizeof *gone)].verdict,
				.must = gone[n % (sizeof gone / sizeof *gone)].must,
				.may = gone[n % (sizeof gone / sizeof *gone)].may,
				.tunnel = tunnel_of(w, kind, fact),
				.leg = exchange != FACT_NULL ? VARIANT_ANY
							     : field(kind, fact, "leg"),
				.exchange = exchange != FACT_NULL ? exchange : VARIANT_ANY});
	}
}

/* The session's fact, or all that names one of its certificates. */
static void a_session_that_is_gone(void **state)
{
	struct variant_world *w = *state;
	struct sqlite3 *db = variant_case(w);
	variant_exec(db, "DELETE FROM fact WHERE seq IN (SELECT seq FROM fact_session)");
	variant_judge_case(w, db,
		&(struct variant_want){.what = "a session is gone",
			.kind = VERDICT_DIFFER,
			.must = VARIANT_OF(SESSION),
			.tunnel = FACT_NULL,
			.leg = VARIANT_ANY,
			.exchange = VARIANT_ANY});
}

/* Who made an answer: an origin's called clicktrail's, with all that leads to its leg. */
static void an_answer_that_another_made(void **state)
{
	struct variant_world *w = *state;
	for (size_t n = 0; n < rounds();) {
		const struct fact_request *q = some_request(w);
		struct sqlite3 *db = variant_case(w);
		variant_exec(db,
			"UPDATE fact SET f8 = 'clicktrail', f4 = NULL WHERE seq IN (SELECT seq "
			"FROM fact_response WHERE exchange = %lld AND made_by = 'origin')",
			(long long)q->exchange);
		if (variant_number(db, "SELECT changes()") == 0) {
			variant_abandon(w, db);
			continue;
		}
		variant_exec(db,
			"UPDATE fact SET f4 = NULL WHERE seq IN (SELECT seq "
			"FROM fact_exchange_end WHERE exchange = %lld)",
			(long long)q->exchange);
		variant_judge_case(w, db,
			&(struct variant_want){.what = "made by clicktrail",
				.kind = VERDICT_DIFFER,
				.must = VARIANT_OF(RESPONSE),
				.tunnel = q->tunnel,
				.leg = VARIANT_ANY,
				.exchange = q->exchange});
		n++;
	}
}

static const struct fact_leg *leg_of(const struct variant_world *w, int64_t tunnel)
{
	for (size_t i = 0; i < CASE_COUNT(&w->facts, LEG); i++)
		if (CASE_FACT(&w->facts, LEG, leg, i)->tunnel == tunnel)
			return CASE_FACT(&w->facts, LEG, leg, i);
	fail_msg("tunnel %lld has no leg", (long long)tunnel);
	return NULL;
}

static const struct fact_tunnel *some_tunnel(struct variant_world *w)
{
	return CASE_FACT(&w->facts, TUNNEL, tunnel,
		random_below(&w->random, CASE_COUNT(&w->facts, TUNNEL)));
}

static void a_tunnel_that_is_gone(void **state)
{
	struct variant_world *w = *state;
	for (size_t n = 0; n < rounds(); n++) {
		const struct fact_tunnel *t = some_tunnel(w);
		struct sqlite3 *db = variant_case(w);
		for (size_t i = 0; i < CASE_COUNT(&w->facts, REQUEST); i++) {
			const struct fact_request *q =
				CASE_FACT(&w->facts, REQUEST, request, i);
			if (q->tunnel == t->tunnel)
				delete_exchange(db, q->exchange, false);
		}
		delete_tunnel(db, t->tunnel);
		variant_judge_case(w, db,
			&(struct variant_want){.what = "a tunnel is gone",
				.kind = VERDICT_DIFFER,
				.tunnel = FACT_NULL,
				.lone_flow = {variant_flow_of(w, t->tunnel, LEG_BROWSER),
					variant_flow_of(
						w, t->tunnel, leg_of(w, t->tunnel)->leg)}});
	}
}

/* ---- packets ---- */

struct spot {
	int side;
	size_t at; /* in packets[side] */
	struct packet_parts parts;
	int64_t tunnel, leg;
	enum flow_way way;
	bool tls; /* the leg is TLS */
};

/* Whose packet is it? */
static bool locate(const struct variant_world *w, struct spot *s)
{
	const struct read_case *c = &w->facts;
	uint16_t ports[2] = {s->parts.src_port, s->parts.dst_port};
	for (size_t i = 0; i < 2 && s->side == CAPTURE_BROWSER; i++)
		for (size_t k = 0; k < CASE_COUNT(c, TUNNEL); k++) {
			const struct fact_tunnel *t = CASE_FACT(c, TUNNEL, tunnel, k);
			if (t->client_port != ports[i] || t->listener_port != ports[!i])
				continue;
			s->tunnel = t->tunnel;
			s->leg = LEG_BROWSER;
			s->way = i == 0 ? FLOW_UP : FLOW_DOWN;
			return true;
		}
	for (size_t i = 0; i < 2 && s->side == CAPTURE_ORIGIN; i++)
		for (size_t k = 0; k < CASE_COUNT(c, LEG); k++) {
			const struct fact_leg *l = CASE_FACT(c, LEG, leg, k);
			if (l->local_port != ports[i] || l->remote_port != ports[!i])
				continue;
			s->tunnel = l->tunnel;
			s->leg = l->leg;
			s->way = i == 0 ? FLOW_UP : FLOW_DOWN;
			return true;
		}
	return false;
}

static bool has_tls(const struct variant_world *w, int64_t tunnel)
{
	for (size_t i = 0; i < CASE_COUNT(&w->facts, HELLO); i++)
		if (CASE_FACT(&w->facts, HELLO, hello, i)->tunnel == tunnel)
			return true;
	return false;
}

static bool look_at(const struct variant_world *w, int side, size_t at, struct spot *s)
{
	const struct built_packet *p = &w->packets[side].packets[at];
	*s = (struct spot){.side = side, .at = at};
	packet_parse(
		w->packets[side].link, span_of(p->bytes, p->n), (uint32_t)p->wire_n, &s->parts);
	if (s->parts.kind != PACKET_TCP || !locate(w, s))
		return false;
	s->tls = has_tls(w, s->tunnel);
	return true;
}

/* Did the kernel send these bytes twice? Then one of them is not all. */
static bool is_repeated(const struct variant_world *w, const struct spot *s)
{
	const struct packet_build *b = &w->packets[s->side];
	for (size_t i = 0; i < b->n; i++) {
		struct packet_parts p;
		packet_parse(b->link, span_of(b->packets[i].bytes, b->packets[i].n),
			(uint32_t)b->packets[i].wire_n, &p);
		uint32_t ahead = s->parts.seq - p.seq;
		if (i != s->at && p.kind == PACKET_TCP && p.payload.n > 0 &&
			p.src_port == s->parts.src_port && p.dst_port == s->parts.dst_port &&
			(ahead < p.payload.n || 0 - ahead < s->parts.payload.n))
			return true;
	}
	return false;
}

/* A packet with so many bytes of payload at least, of a leg with TLS or without. */
static struct spot some_packet(struct variant_world *w, size_t payload, bool tls)
{
	struct spot s;
	for (size_t tries = 0; tries < 1000000; tries++) {
		int side = (int)random_below(&w->random, 2);
		if (look_at(w, side, random_below(&w->random, w->packets[side].n), &s) &&
			s.parts.payload.n >= payload && s.tls == tls && !is_repeated(w, &s))
			return s;
	}
	fail_msg("no such packet");
	return s;
}

static struct variant_want want_at(const char *what, const struct spot *s)
{
	return (struct variant_want){.what = what,
		.kind = VERDICT_UNSEEN,
		.must = s->way == FLOW_UP ? VARIANT_OF(UP) : VARIANT_OF(DOWN),
		.may = EVERYTHING,
		.tunnel = s->tunnel,
		.leg = s->leg,
		.exchange = VARIANT_ANY,
		.file = true};
}

static void judge_side(struct variant_world *w, int side, const struct packet_build *changed,
	const struct variant_want *want)
{
	variant_judge_packets(
		w, side == 0 ? changed : NULL, side == 1 ? changed : NULL, SPAN_NONE, want);
}

static void a_lost_packet(void **state)
{
	struct variant_world *w = *state;
	for (size_t n = 0; n < 2 * rounds(); n++) {
		struct packet_build b;
		struct spot s = some_packet(w, 1, n % 2 == 0);
		struct variant_want want = want_at("a packet is lost", &s);
		variant_packets(w, s.side, &b);
		packet_build_drop(&b, s.at);
		judge_side(w, s.side, &b, &want);
		packet_build_fini(&b);
	}
}

/* In a ClientHello that is not encrypted by anything: the packet is believed, and differs. */
static void a_hello_that_was_changed(void **state)
{
	struct variant_world *w = *state;
	for (size_t n = 0; n < rounds();) {
		struct packet_build b;
		struct spot s = some_packet(w, 100, true);
		if (s.way != FLOW_UP || s.parts.payload.p[0] != 22 || s.parts.payload.p[5] != 1)
			continue;
		n++;
		variant_packets(w, s.side, &b);
		/* Its random (RFC 8446 4.1.2), behind a record's header and a message's. */
		uint8_t *at = b.packets[s.at].bytes + (b.packets[s.at].n - s.parts.payload.n) +
			      5 + 4 + 2;
		at[random_below(&w->random, 32)] ^= 1;
		struct variant_want want = want_at("a ClientHello was changed", &s);
		want.kind = VERDICT_DIFFER;
		want.must = VARIANT_OF(HELLO);
		want.may = 0;
		/* Its secrets are not found by it. */
		want.unseen = EVERYTHING;
		judge_side(w, s.side, &b, &want);
		packet_build_fini(&b);
	}
}

/* One bit of what is encrypted: it is no plaintext any more, of nobody. */
static void a_record_that_was_changed(void **state)
{
	struct variant_world *w = *state;
	for (size_t n = 0; n < rounds();) {
		struct packet_build b;
		struct spot s = some_packet(w, 200, true);
		if (s.parts.payload.p[0] != 23)
			continue;
		n++;
		variant_packets(w, s.side, &b);
		b.packets[s.at].bytes[b.packets[s.at].n - s.parts.payload.n + 100] ^= 4;
		struct variant_want want = want_at("a record was changed", &s);
		judge_side(w, s.side, &b, &want);
		packet_build_fini(&b);
	}
}

/* Without TLS the packets say something else. */
static void a_body_that_was_changed(void **state)
{
	struct variant_world *w = *state;
	for (size_t n = 0; n < rounds();) {
		struct packet_build b;
		struct spot s = some_packet(w, 2000, false);
		if (s.way != FLOW_DOWN)
			continue;
		n++;
		variant_packets(w, s.side, &b);
		/* Behind any head, in a body that is no framing. */
		b.packets[s.at].bytes[b.packets[s.at].n - 100] ^= 0x80;
		struct variant_want want = want_at("a body was changed", &s);
		want.kind = VERDICT_DIFFER;
		want.must |= VARIANT_OF(RESPONSE_BODY);
		want.may = VARIANT_OF(STORED_BODY);
		judge_side(w, s.side, &b, &want);
		packet_build_fini(&b);
	}
}

/* The same bytes come again and are others: the first were taken, and that is told. */
static void bytes_that_came_twice(void **state)
{
	struct variant_world *w = *state;
	for (size_t n = 0; n < 2 * rounds(); n++) {
		struct packet_build b;
		struct spot s = some_packet(w, 50, n % 2 == 0);
		variant_packets(w, s.side, &b);
		packet_build_copy(&b, s.at, s.at + 1);
		b.packets[s.at + 1].bytes[b.packets[s.at + 1].n - 10] ^= 0x11;
		struct variant_want want = want_at("bytes came twice", &s);
		want.kind = VERDICT_DIFFER;
		want.must = VARIANT_OF(OVERLAP);
		want.may = 0;
		judge_side(w, s.side, &b, &want);
		packet_build_fini(&b);
	}
}

static void a_flow_that_is_gone(void **state)
{
	struct variant_world *w = *state;
	for (size_t n = 0; n < rounds(); n++) {
		struct packet_build b;
		struct spot s = some_packet(w, 1, random_chance(&w->random, 50)), other;
		variant_packets(w, s.side, &b);
		for (size_t i = b.n; i-- > 0;)
			if (look_at(w, s.side, i, &other) && other.tunnel == s.tunnel &&
				other.leg == s.leg)
				packet_build_drop(&b, i);
		struct variant_want want = want_at("a flow is gone", &s);
		want.kind = VERDICT_DIFFER;
		want.must = VARIANT_OF(CONNECTION);
		want.may = 0;
		judge_side(w, s.side, &b, &want);
		packet_build_fini(&b);
	}
}

/* ---- keys ---- */

static const struct fact_hello *some_hello(struct variant_world *w)
{
	return CASE_FACT(&w->facts, HELLO, hello,
		random_below(&w->random, CASE_COUNT(&w->facts, HELLO)));
}

/* The key log without that hello's secrets, or with others in their place. */
static void change_keys(
	struct variant_world *w, const struct fact_hello *h, bool drop, struct buf *out)
{
	struct span rest = buf_span(&w->keys);
	char random[65];
	size_t found = 0;
	for (size_t i = 0; i < 32; i++) /* behind type, length and version */
		snprintf(random + 2 * i, 3, "%02x", h->raw.p[6 + i]);
	while (rest.n > 0) {
		size_t n = span_find_byte(rest, '\n', 0);
		struct span line = span_first(rest, n == SIZE_MAX ? rest.n : n + 1);
		rest = span_from(rest, line.n);
		bool mine = span_find(line, span_str(random), 0) != SIZE_MAX;
		found += mine;
		if (mine && drop)
			continue;
		buf_add_span(out, line);
		if (mine) {
			uint8_t *last = out->p + out->end - 2;
			*last = *last == '0' ? '1' : '0';
		}
	}
	assert_true(found > 0);
}

static void a_key_that_is_missing_or_wrong(void **state)
{
	struct variant_world *w = *state;
	for (size_t n = 0; n < 2 * rounds(); n++) {
		struct buf keys = {0};
		const struct fact_hello *h = some_hello(w);
		bool drop = n % 2 == 0;
		change_keys(w, h, drop, &keys);
		struct variant_want want = {
			.what = drop ? "a key is missing" : "a key is wrong",
			.kind = VERDICT_UNSEEN,
			.must = VARIANT_OF(UP) | VARIANT_OF(DOWN),
			.may = EVERYTHING,
			.tunnel = h->tunnel,
			.leg = h->leg,
			.exchange = VARIANT_ANY};
		variant_judge_packets(w, NULL, NULL, buf_span(&keys), &want);
		buf_fini(&keys);
	}
}

/* ---- what went past the proxy ---- */

static const char sandboxed[] = "UPDATE fact SET f3 = 'trace', f11 = 'firefox' WHERE kind = 1";

enum past {
	PAST_QUIC,
	PAST_DNS,
	PAST_TCP,
	PAST_SYN,
	PAST_IPV6,
	PAST_IPV6_TCP,
	PAST_PING,
	PASTS
};

static void add_past(struct packet_build *b, enum past past, uint16_t port)
{
	static const char query[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
				    "\x04leak\x04test\x00\x00\x01\x00\x01";
	struct packet_address from = packet_build_address("10.0.0.7");
	struct packet_address to = packet_build_address("192.0.2.9");
	struct tcp_build t;
	b->step_ns = 1000;
	switch (past) {
	case PAST_QUIC:
		packet_build_udp(b, "10.0.0.7", port, "192.0.2.9", 443, span_str("QUIC!"));
		break;
	case PAST_DNS:
		packet_build_udp(b, "10.0.0.7", port, "192.0.2.53", 53,
			span_of(query, sizeof query - 1));
		break;
	case PAST_TCP:
		packet_build_tcp(&t, b, "10.0.0.7", port, "192.0.2.9", 80);
		packet_build_open(&t);
		packet_build_say(&t, FLOW_UP, "GET / HTTP/1.1\r\nHost: leak.test\r\n\r\n");
		packet_build_close(&t);
		break;
	case PAST_SYN:
		packet_build_tcp(&t, b, "10.0.0.7", port, "192.0.2.9", 443);
		packet_build_segment(&t, FLOW_UP, TCP_SYN, -1, -1, SPAN_NONE);
		break;
	case PAST_IPV6:
		packet_build_udp(b, "2001:db8::7", port, "2001:db8::9", 4433, span_str("x"));
		break;
	case PAST_IPV6_TCP:
		packet_build_tcp(&t, b, "2001:db8::7", port, "2001:db8::9", 443);
		packet_build_open(&t);
		packet_build_close(&t);
		break;
	case PAST_PING:
		packet_build_ip(b, &from, &to, 1, span_of("\x08\0\xf7\xff\0\0\0\0", 8));
		break;
	case PASTS: break;
	}
}

static void what_went_past_the_proxy(void **state)
{
	struct variant_world *w = *state;
	w->also = sandboxed;
	for (size_t n = 0; n < PASTS * rounds(); n++) {
		struct packet_build b;
		enum past past = (enum past)(n % PASTS);
		bool flow = past == PAST_TCP || past == PAST_SYN || past == PAST_IPV6_TCP;
		variant_packets(w, CAPTURE_BROWSER, &b);
		add_past(&b, past, (uint16_t)(20000 + random_below(&w->random, 10000)));
		variant_judge_packets(w, &b, NULL, SPAN_NONE,
			&(struct variant_want){.what = "something went past the proxy",
				.kind = VERDICT_BYPASS,
				.must = flow ? VARIANT_OF(CONNECTION) : VARIANT_OF(STRAY),
				.tunnel = FACT_NULL,
				.leg = VARIANT_ANY,
				.exchange = FACT_NULL,
				.file = true});
		packet_build_fini(&b);
	}
	/* What the kernel sends by itself when an interface comes up is none of the browser's.
	 */
	struct packet_build b;
	struct packet_address from = packet_build_address("fe80::1"),
			      to = packet_build_address("ff02::2");
	variant_packets(w, CAPTURE_BROWSER, &b);
	packet_build_ip(&b, &from, &to, 58, span_of("\x85\0\0\0\0\0\0\0", 8));
	variant_judge_packets(w, &b, NULL, SPAN_NONE,
		&(struct variant_want){
			.what = "a router solicitation", .nothing = true, .file = true});
	packet_build_fini(&b);
	w->also = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flipped_bit_in_the_case),
		cmocka_unit_test(a_chunk_that_was_changed),
		cmocka_unit_test(another_time),
		cmocka_unit_test(another_file),
		cmocka_unit_test(an_exchange_that_is_gone),
		cmocka_unit_test(an_exchange_that_never_was),
		cmocka_unit_test(a_tunnel_that_is_gone),
		cmocka_unit_test(a_fact_that_is_gone),
		cmocka_unit_test(a_session_that_is_gone),
		cmocka_unit_test(an_answer_that_another_made),
		cmocka_unit_test(a_lost_packet),
		cmocka_unit_test(a_hello_that_was_changed),
		cmocka_unit_test(a_record_that_was_changed),
		cmocka_unit_test(a_body_that_was_changed),
		cmocka_unit_test(bytes_that_came_twice),
		cmocka_unit_test(a_flow_that_is_gone),
		cmocka_unit_test(a_key_that_is_missing_or_wrong),
		cmocka_unit_test(what_went_past_the_proxy),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
