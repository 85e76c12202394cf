/*
 * The witness's own tables: what is no TCP, and what name servers answer. Whole files are in
 * test_witness.c.
 */
#include "capture/witness_inner.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { SEEN_MAX = WITNESS_STRAYS_MAX + 100 };

struct world {
	struct witness_order order;
	struct witness w;
	struct err err;
	struct arena arena;
	struct fact_stray strays[SEEN_MAX];
	struct fact_packet_dns dns[8];
	size_t n_strays, n_dns, refuse_after;
};

static bool put(void *ctx, enum fact_kind kind, const void *fact, struct err *err)
{
	struct world *v = ctx;
	if (v->n_strays + v->n_dns == v->refuse_after)
		return err_set(err, ERR_CASE_WRITE, "no room");
	if (kind == FACT_KIND_STRAY) {
		assert_true(v->n_strays < SEEN_MAX);
		fact_copy(kind, fact, &v->strays[v->n_strays++], &v->arena);
	} else {
		assert_int_equal(kind, FACT_KIND_PACKET_DNS);
		assert_true(v->n_dns < 8);
		fact_copy(kind, fact, &v->dns[v->n_dns++], &v->arena);
	}
	return true;
}

static int set_up(void **state)
{
	struct world *v = calloc(1, sizeof *v);
	assert_non_null(v);
	v->order = (struct witness_order){
		.path = "x", .name = "x", .session = 4, .side = CAPTURE_ORIGIN, .file = 9};
	v->w = (struct witness){.order = &v->order, .put = put, .ctx = v, .err = &v->err};
	v->w.strays = strays_new();
	v->refuse_after = SIZE_MAX;
	*state = v;
	return 0;
}

static int tear_down(void **state)
{
	struct world *v = *state;
	strays_free(v->w.strays);
	arena_fini(&v->w.scratch);
	arena_fini(&v->arena);
	free(v);
	return 0;
}

static struct packet_address ip4(uint8_t last)
{
	return (struct packet_address){4, {192, 0, 2, last}};
}

static struct packet_parts udp(uint8_t from, uint16_t port, uint8_t to, uint16_t to_port)
{
	return (struct packet_parts){.kind = PACKET_UDP,
		.protocol = 17,
		.src = ip4(from),
		.dst = ip4(to),
		.src_port = port,
		.dst_port = to_port};
}

static void add(struct world *v, uint64_t number, int64_t at_us, struct packet_parts parts)
{
	struct packet p = {.number = number, .at_ns = at_us * 1000, .link = 1};
	strays_add(v->w.strays, &p, &parts);
}

static uint64_t finish(struct world *v)
{
	uint64_t over;
	strays_put(v->w.strays, &v->w, &over);
	return over;
}

/* Both directions are one, another port is another. */
static void two_ends_are_one_stray(void **state)
{
	struct world *v = *state;
	add(v, 5, 1000, udp(1, 50000, 9, 443));
	add(v, 6, 3000, udp(9, 443, 1, 50000));
	add(v, 7, 2000, udp(1, 50000, 9, 443));
	add(v, 8, 4000, udp(1, 50001, 9, 443));
	assert_int_equal(finish(v), 0);
	assert_int_equal(v->n_strays, 2);
	assert_int_equal(v->w.counts.strays, 2);
	const struct fact_stray *s = &v->strays[0];
	assert_int_equal(s->session, 4);
	assert_int_equal(s->file, 9);
	assert_int_equal(s->packet, 5);
	assert_int_equal(s->packets, 3);
	assert_int_equal(s->at_us, 1000);
	assert_int_equal(s->last_us, 3000);
	assert_true(span_is(s->protocol, "udp"));
	assert_true(span_is(s->source_ip, "192.0.2.1"));
	assert_int_equal(s->source_port, 50000);
	assert_true(span_is(s->destination_ip, "192.0.2.9"));
	assert_int_equal(s->destination_port, 443);
	assert_true(span_is(s->detail, "QUIC"));
	assert_int_equal(v->strays[1].source_port, 50001);
}

static struct packet_parts other(uint8_t protocol, const char *type)
{
	return (struct packet_parts){.kind = PACKET_OTHER_IP,
		.protocol = protocol,
		.src = ip4(1),
		.dst = ip4(2),
		.payload = span_of(type, 1)};
}

static void each_is_told_as_what_it_is(void **state)
{
	struct world *v = *state;
	static const struct {
		const char *protocol, *detail;
	} want[] = {{"udp", "DNS"}, {"udp", NULL}, {"icmp", "echo request"},
		{"icmpv6", "router solicitation"}, {"icmpv6", "multicast listener report"},
		{"ip-99", NULL}, {"arp", NULL}, {"ether-0x88b5", NULL}, {"malformed", "cut"},
		{"fragment", "pieces of an IP datagram that was never whole"},
		{"link-1", "a link layer that is not read"}};
	add(v, 1, 1, udp(1, 40000, 2, 53));
	add(v, 2, 1, udp(1, 40000, 2, 7777));
	add(v, 3, 1, other(1, "\x08"));
	add(v, 4, 1, other(58, "\x85"));
	add(v, 5, 1, other(58, "\x8f"));
	add(v, 6, 1, other(99, "\x01"));
	add(v, 7, 1, (struct packet_parts){.kind = PACKET_NO_IP, .ether_type = 0x0806});
	add(v, 8, 1, (struct packet_parts){.kind = PACKET_NO_IP, .ether_type = 0x88b5});
	add(v, 9, 1, (struct packet_parts){.kind = PACKET_MALFORMED, .why = "cut"});
	add(v, 10, 1, (struct packet_parts){.kind = PACKET_FRAGMENT, .src = ip4(1)});
	add(v, 11, 1, (struct packet_parts){.kind = PACKET_UNKNOWN_LINK});
	finish(v);
	assert_int_equal(v->n_strays, sizeof want / sizeof *want);
	for (size_t i = 0; i < v->n_strays; i++) {
		const struct fact_stray *s = &v->strays[i];
		if (!span_is(s->protocol, want[i].protocol) ||
			!span_eq(s->detail, span_str(want[i].detail)))
			fail_msg("%zu: %.*s, %.*s", i, (int)s->protocol.n,
				(const char *)s->protocol.p, (int)s->detail.n,
				(const char *)s->detail.p);
		assert_int_equal(s->packet, i + 1);
	}
	/* What has no ports says none. */
	assert_true(v->strays[2].source_port == FACT_NULL);
	assert_null(v->strays[6].source_ip.p);
}

/* Nothing is lost when there are too many: it is counted by protocol, of which there are too
 * many in turn. */
static void a_full_table_still_counts(void **state)
{
	struct world *v = *state;
	enum { MORE = 1000, TYPES = 200 };
	uint64_t packets = 0;
	for (uint64_t i = 0; i < WITNESS_STRAYS_MAX + MORE; i++)
		add(v, i + 1, 1, udp(1, (uint16_t)(i + 1), 2, 9));
	for (uint64_t i = 0; i < TYPES; i++)
		add(v, 9000 + i, 2,
			(struct packet_parts){
				.kind = PACKET_NO_IP, .ether_type = (uint16_t)(0x9000 + i)});
	assert_int_equal(finish(v), MORE + TYPES);
	assert_in_range(v->n_strays, WITNESS_STRAYS_MAX + 3, WITNESS_STRAYS_MAX + 65);
	for (size_t i = 0; i < v->n_strays; i++)
		packets += (uint64_t)v->strays[i].packets;
	assert_int_equal(packets, WITNESS_STRAYS_MAX + MORE + TYPES);
}

static void who_cannot_put_is_asked_no_more(void **state)
{
	struct world *v = *state;
	v->refuse_after = 1;
	for (uint8_t i = 0; i < 5; i++)
		add(v, i + 1u, 1, udp(1, 1, i, 9));
	finish(v);
	assert_int_equal(v->n_strays, 1);
	assert_true(v->w.stopped);
	assert_int_equal(v->err.kind, ERR_CASE_WRITE);
}

/* ---- name servers ---- */

#define BYTES(s) span_of(s, sizeof(s) - 1)

static const char answer[] = "\x12\x34\x81\x80\x00\x01\x00\x04\x00\x00\x00\x00"
			     "\x02go\x07"
			     "example\x00\x00\x01\x00\x01"
			     "\xc0\x0c\x00\x05\x00\x01\x00\x00\x01\x2c\x00\x04\x01x\xc0\x0c"
			     "\xc0\x28\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc6\x33\x64\x07"
			     "\xc0\x28\x00\x01\x00\x01\x00\x00\x00\x1e\x00\x04\xc6\x33\x64\x08"
			     /* of somebody else */
			     "\xc0\x0f\x00\x01\x00\x01\x00\x00\x00\x01\x00\x04\xc6\x33\x64\x09";

static const struct flow_end server = {{4, {192, 0, 2, 53}}, 53};
static const struct packet_at at = {12, 5000000};

static void an_answer_is_a_fact(void **state)
{
	struct world *v = *state;
	assert_true(witness_dns(&v->w, BYTES(answer), &server, &at));
	assert_int_equal(v->n_dns, 1);
	const struct fact_packet_dns *f = &v->dns[0];
	assert_int_equal(f->session, 4);
	assert_int_equal(f->file, 9);
	assert_int_equal(f->packet, 12);
	assert_int_equal(f->at_us, 5000);
	assert_true(span_is(f->server_ip, "192.0.2.53"));
	assert_int_equal(f->server_port, 53);
	assert_true(span_is(f->name, "go.example"));
	assert_true(span_is(f->type, "A"));
	assert_int_equal(f->rcode, 0);
	assert_true(span_is(f->cnames, "x.go.example"));
	assert_true(span_is(f->addresses, "198.51.100.7/60 198.51.100.8/30"));
	assert_int_equal(f->ttl, 30);
}

static void a_question_is_passed_over(void **state)
{
	struct world *v = *state;
	char question[sizeof answer];
	memcpy(question, answer, sizeof answer);
	question[2] = 0x01;
	question[7] = 0;
	assert_true(witness_dns(&v->w, span_of(question, 12 + 12 + 4), &server, &at));
	assert_int_equal(v->n_dns, 0);
}

/* Answers without records say so; a type without a name is numbered (RFC 3597 5). */
static void an_empty_answer_is_one(void **state)
{
	struct world *v = *state;
	char bytes[12 + 12 + 4];
	memcpy(bytes, answer, sizeof bytes);
	bytes[3] = (char)0x83;
	bytes[7] = 0;
	bytes[sizeof bytes - 3] = 99;
	assert_true(witness_dns(&v->w, span_of(bytes, sizeof bytes), &server, &at));
	assert_int_equal(v->n_dns, 1);
	assert_int_equal(v->dns[0].rcode, 3);
	assert_true(span_is(v->dns[0].type, "TYPE99"));
	assert_null(v->dns[0].addresses.p);
	assert_null(v->dns[0].cnames.p);
	assert_true(v->dns[0].ttl == FACT_NULL);
}

static void what_is_no_dns_is_not_taken(void **state)
{
	struct world *v = *state;
	assert_false(witness_dns(&v->w, BYTES("hello"), &server, &at));
	assert_false(witness_dns(&v->w,
		BYTES("\xc0\0\0\0\1\x08"
		      "abcdefgh\0\0\x44\xd0"),
		&server, &at));
	assert_false(witness_dns(&v->w, SPAN_NONE, &server, &at));
	/* Half an answer: its question can be read, its records cannot. */
	assert_true(witness_dns(&v->w, span_of(answer, 60), &server, &at));
	assert_int_equal(v->n_dns, 1);
	assert_null(v->dns[0].addresses.p);
	assert_null(v->dns[0].cnames.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_ends_are_one_stray, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_is_told_as_what_it_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_table_still_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			who_cannot_put_is_asked_no_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_is_a_fact, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_question_is_passed_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_empty_answer_is_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_dns_is_not_taken, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
