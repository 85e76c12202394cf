/* Files, names and attempts: what the proxy's side says of one against what the packets' does,
 * row by row. */
#include "store/derive/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* "A": agree, "D": differ, "U": unseen, "B": bypass; in the order that they were told in. */
struct told {
	char kinds[8];
	size_t n;
	enum verdict_subject subject;
	char detail[200]; /* of the last one */
};

static bool tell(void *ctx, const struct verdict *v)
{
	static const char letters[VERDICT_COUNT] = {[VERDICT_AGREE] = 'A',
		[VERDICT_DIFFER] = 'D',
		[VERDICT_UNSEEN] = 'U',
		[VERDICT_BYPASS] = 'B'};
	struct told *t = ctx;
	assert_true(t->n + 1 < sizeof t->kinds);
	t->kinds[t->n++] = letters[v->kind];
	assert_int_equal(v->subject, t->subject);
	snprintf(t->detail, sizeof t->detail, "%.*s", (int)v->detail.n,
		v->detail.n > 0 ? (const char *)v->detail.p : "");
	return true;
}

static void expect(const struct told *t, size_t row, const char *want, const char *detail)
{
	if (strcmp(t->kinds, want) != 0)
		fail_msg("row %zu: %s, not %s", row, t->kinds, want);
	if (strstr(t->detail, detail) == NULL)
		fail_msg("row %zu: \"%s\", not \"%s\"", row, t->detail, detail);
}

/* ---- packet files ---- */

struct side {
	int64_t size, packets, dropped;
	const char *bytes; /* whose SHA-256; NULL: there is no such fact */
};

static const struct file {
	struct side left, read;
	const char *outcome;
	const char *want, *detail;
} files[] = {
	{{9, 2, 0, "a"}, {9, 2, 0, "a"}, "ok", "A", ""},
	{{9, 2, 0, "a"}, {8, 2, 0, "a"}, "ok", "D", ""},
	{{9, 2, 0, "a"}, {9, 2, 0, "b"}, "ok", "D", ""},
	{{9, 2, 0, "a"}, {9, 3, 0, "a"}, "ok", "D", "the number of packets is not"},
	/* Not known is no contradiction: who was killed did not say how many there were. */
	{{9, FACT_NULL, 0, "a"}, {9, 3, 0, "a"}, "ok", "A", ""},
	{{9, 2, 0, "a"}, {9, FACT_NULL, 0, "a"}, "ok", "A", ""},
	{{0}, {9, 2, 0, "a"}, "ok", "U", "no recorder told what it left"},
	{{9, 2, 0, "a"}, {9, 2, 0, "a"}, "packets", "AU", "could not be read to its end: cut"},
	{{9, 2, 0, "a"}, {9, 2, 7, "a"}, "ok", "AU", "7 packets were dropped"},
	/* A file without statistics: then what the recorder said. */
	{{9, 2, 5, "a"}, {9, 2, FACT_NULL, "a"}, "ok", "AU", "5 packets were dropped"},
	{{0}, {9, 2, FACT_NULL, "a"}, "ok", "U", "no recorder"},
	{{9, 2, 5, "a"}, {8, 2, 5, "b"}, "packets", "DUU", "5 packets were dropped"},
};

static void of_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const struct file *f = &files[i];
		struct arena a = {0};
		struct told t = {.subject = VERDICT_OF_FILE};
		struct compare_to to = {.each = tell, .ctx = &t, .arena = &a};
		struct fact_capture left;
		struct fact_packet_file read;
		uint8_t ours[SHA256_LEN], theirs[SHA256_LEN];
		fact_init(FACT_KIND_CAPTURE, &left);
		fact_init(FACT_KIND_PACKET_FILE, &read);
		if (f->left.bytes != NULL)
			sha256(span_str(f->left.bytes), ours);
		sha256(span_str(f->read.bytes), theirs);
		left.size = f->left.size;
		left.packets = f->left.packets;
		left.dropped = f->left.dropped;
		left.sha256 = span_of(ours, sizeof ours);
		read.size = f->read.size;
		read.packets = f->read.packets;
		read.dropped = f->read.dropped;
		read.sha256 = span_of(theirs, sizeof theirs);
		read.outcome = span_str(f->outcome);
		read.detail = span_str("cut");
		compare_file(&to, f->left.bytes != NULL ? &left : NULL, &read);
		expect(&t, i, f->want, f->detail);
		arena_fini(&a);
	}
}

/* ---- names ---- */

static const struct name {
	const char *outcome, *addresses;
	int64_t rcode; /* of the one answer; FACT_NULL: there is none */
	const char *answered, *unseen;
	const char *want;
} names[] = {
	{"ok", "192.0.2.1/60", 0, "192.0.2.1/60", NULL, "A"},
	{"ok", "192.0.2.1/60", 0, "192.0.2.9/60 192.0.2.1/60", NULL, "A"},
	{"ok", "192.0.2.1/60", 0, "192.0.2.2/60", NULL, "D"},
	{"ok", "192.0.2.1/60 192.0.2.3/60", 0, "192.0.2.1/60", NULL, "D"},
	{"ok", "192.0.2.1/60", 3, NULL, NULL, "D"},
	{"dns-not-found", NULL, 3, NULL, NULL, "A"},
	{"dns-not-found", NULL, 0, NULL, NULL, "A"},
	/* It is said not to be there, and an address was given. */
	{"dns-not-found", NULL, 0, "192.0.2.1/60", NULL, "D"},
	{"dns-timeout", NULL, FACT_NULL, NULL, NULL, "A"},
	{"dns-timeout", NULL, FACT_NULL, NULL, "packets are missing", "U"},
	/* Silence in the packets is no witness for an answer. */
	{"ok", "192.0.2.1/60", FACT_NULL, NULL, NULL, "U"},
	{"dns-not-found", NULL, FACT_NULL, NULL, NULL, "U"},
};

static struct span text(const char *s)
{
	return s != NULL ? span_str(s) : SPAN_NONE;
}

static void of_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct name *n = &names[i];
		struct arena a = {0};
		struct told t = {.subject = VERDICT_OF_DNS};
		struct compare_to to = {.each = tell, .ctx = &t, .arena = &a};
		struct fact_dns dns;
		struct fact_packet_dns answer;
		const struct fact_packet_dns *answers = &answer;
		fact_init(FACT_KIND_DNS, &dns);
		fact_init(FACT_KIND_PACKET_DNS, &answer);
		dns.outcome = span_str(n->outcome);
		dns.addresses = text(n->addresses);
		answer.rcode = n->rcode;
		answer.addresses = text(n->answered);
		compare_dns(&to, &dns, &answers, n->rcode != FACT_NULL, n->unseen);
		expect(&t, i, n->want, n->unseen != NULL ? n->unseen : "");
		arena_fini(&a);
	}
}

/* ---- attempts ---- */

static const struct attempt {
	const char *said;
	int ended; /* enum flow_ended; -1: there is no such connection */
	const char *unseen, *want;
} attempts[] = {
	{"192.0.2.1:443 ok", FLOW_ENDED_FIN, NULL, "A"},
	{"192.0.2.1:443 ok", FLOW_ENDED_REFUSED, NULL, "D"},
	{"192.0.2.1:443 ok", FLOW_ENDED_NO_ANSWER, NULL, "D"},
	{"192.0.2.1:443 connect-refused", FLOW_ENDED_REFUSED, NULL, "A"},
	{"192.0.2.1:443 connect-refused", FLOW_ENDED_NO_ANSWER, NULL, "D"},
	{"192.0.2.1:443 connect-refused", FLOW_ENDED_FIN, NULL, "D"},
	{"192.0.2.1:443 connect-timeout", FLOW_ENDED_NO_ANSWER, NULL, "A"},
	{"192.0.2.1:443 connect-timeout", FLOW_ENDED_REFUSED, NULL, "D"},
	{"192.0.2.1:443 connect-timeout", FLOW_ENDED_FIN, NULL, "D"},
	{"192.0.2.1:443 ok", -1, NULL, "D"},
	{"192.0.2.1:443 ok", -1, "packets are missing", "U"},
	/* Policy kept it from being made: then there is nothing to be seen, and nothing may be.
	 */
	{"192.0.2.1:443 refused-address", -1, NULL, ""},
	{"192.0.2.1:443 limit", -1, NULL, ""},
	{"192.0.2.1:443 refused-address", FLOW_ENDED_FIN, NULL, "D"},
};

static void of_attempts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
		const struct attempt *x = &attempts[i];
		struct arena a = {0};
		struct told t = {.subject = VERDICT_OF_CONNECTION};
		struct compare_to to = {.each = tell, .ctx = &t, .arena = &a};
		struct fact_flow flow;
		fact_init(FACT_KIND_FLOW, &flow);
		if (x->ended >= 0)
			flow.ended = span_str(flow_ended_word((enum flow_ended)x->ended));
		compare_attempt(
			&to, span_str(x->said), x->ended >= 0 ? &flow : NULL, x->unseen);
		expect(&t, i, x->want, x->unseen != NULL ? x->unseen : "");
		arena_fini(&a);
	}
}

/* ---- a leg's connection ---- */

static bool tell_connection(void *ctx, const struct verdict *v)
{
	return v->subject != VERDICT_OF_CONNECTION || tell(ctx, v);
}

/* One that was never answered carried nothing, whatever the case says. */
static void of_legs(void **state)
{
	static const struct {
		enum flow_ended ended;
		int64_t port;
		const char *want;
	} rows[] = {
		{FLOW_ENDED_FIN, 5000, "A"},
		{FLOW_ENDED_FIN, 5001, "D"},
		{FLOW_ENDED_REFUSED, 5000, "D"},
		{FLOW_ENDED_NO_ANSWER, 5000, "D"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct told t = {.subject = VERDICT_OF_CONNECTION};
		struct compare_to to = {.each = tell_connection, .ctx = &t, .arena = &a};
		struct compare_seen seen;
		struct fact_tunnel tunnel;
		struct fact_flow flow;
		fact_init(FACT_KIND_TUNNEL, &tunnel);
		fact_init(FACT_KIND_FLOW, &flow);
		tunnel.client_ip = tunnel.listener_ip = span_str("127.0.0.1");
		flow.client_ip = flow.server_ip = tunnel.client_ip;
		tunnel.client_port = 5000;
		tunnel.listener_port = flow.server_port = 8080;
		flow.client_port = rows[i].port;
		flow.ended = span_str(flow_ended_word(rows[i].ended));
		const struct compare_leg l = {.tunnel = &tunnel, .flow = &flow};
		compare_leg(&to, &l, &seen);
		expect(&t, i, rows[i].want, "");
		arena_fini(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_files),
		cmocka_unit_test(of_names),
		cmocka_unit_test(of_attempts),
		cmocka_unit_test(of_legs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
