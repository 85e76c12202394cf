/* Which bytes of a direction are TLS records, and what of them may be shown. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ui/export/pcapng_follow.h"

static void record(struct buf *out, uint8_t type, const char *body, size_t n)
{
	buf_add_byte(out, type);
	buf_add(out, "\3\3", 2);
	buf_add_u16(out, (uint16_t)n);
	buf_add(out, body, n);
}

/* A hello of that kind that says something. */
static void hello(struct buf *out, uint8_t kind, const char *says)
{
	struct buf b = {0};
	size_t n = 2 + 32 + strlen(says);
	buf_add_byte(&b, kind);
	buf_add_byte(&b, 0);
	buf_add_u16(&b, (uint16_t)n);
	buf_add(&b, "\3\3", 2);
	for (uint8_t i = 0; i < 32; i++)
		buf_add_byte(&b, (uint8_t)(0x40 + i));
	buf_add_str(&b, says);
	record(out, 22, (const char *)buf_span(&b).p, buf_len(&b));
	buf_fini(&b);
}

static bool holds_secret(void *ctx, struct span bytes)
{
	(void)ctx;
	return span_find(bytes, span_str("secret"), 0) != SIZE_MAX;
}

/* In one piece, and byte by byte: the same comes of it. */
static struct follow follow_all(enum flow_way way, const struct buf *b)
{
	struct follow whole, bytes;
	follow_init(&whole, way);
	follow_init(&bytes, way);
	follow_bytes(&whole, buf_span(b), holds_secret, NULL);
	for (size_t i = 0; i < buf_len(b); i++)
		follow_bytes(&bytes, span_of(buf_span(b).p + i, 1), holds_secret, NULL);
	follow_end(&whole, holds_secret, NULL);
	follow_end(&bytes, holds_secret, NULL);
	assert_int_equal(whole.from, bytes.from);
	assert_int_equal(whole.to, bytes.to);
	assert_int_equal(whole.has_random, bytes.has_random);
	return whole;
}

#define HEAD "CONNECT a.example:443 HTTP/1.1\r\n\r\n"
enum { HEAD_N = sizeof HEAD - 1 };

static void behind_what_is_asked_of_a_proxy(void **state)
{
	(void)state;
	struct buf b = {0};
	buf_add_str(&b, HEAD);
	hello(&b, 1, "open");
	record(&b, 20, "\1", 1);
	record(&b, 23, "data", 4);
	size_t end = buf_len(&b);
	buf_add_str(&b, "whatever follows");
	struct follow f = follow_all(FLOW_UP, &b);
	assert_int_equal(f.from, HEAD_N);
	assert_int_equal(f.to, end);
	assert_true(f.has_random);
	assert_int_equal(f.random[0], 0x40);
	assert_int_equal(f.random[31], 0x5f);
	buf_fini(&b);
}

static void a_hello_of_its_own_direction(void **state)
{
	(void)state;
	struct buf b = {0};
	hello(&b, 2, "open");
	record(&b, 23, "data", 4);
	assert_int_equal(follow_all(FLOW_DOWN, &b).from, 0);
	assert_int_equal(follow_all(FLOW_UP, &b).from, FOLLOW_NEVER);
	buf_fini(&b);
}

static void hidden_hellos(void **state)
{
	(void)state;
	struct buf b = {0};
	hello(&b, 1, "secret.example");
	size_t end = buf_len(&b);
	/* It ended there. */
	assert_int_equal(follow_all(FLOW_UP, &b).from, FOLLOW_NEVER);
	record(&b, 23, "data", 4);
	struct follow f = follow_all(FLOW_UP, &b);
	assert_int_equal(f.from, end);
	assert_int_equal(f.to, end + 5 + 4);
	/* The key of the connection is known by it all the same. */
	assert_true(f.has_random);
	buf_fini(&b);
	/* Over two records. */
	struct buf two = {0}, whole = {0};
	hello(&whole, 1, "se");
	buf_add_span(&two, buf_span(&whole));
	record(&two, 22, "cret", 4);
	record(&two, 23, "data", 4);
	end = buf_len(&whole) + 5 + 4;
	assert_int_equal(follow_all(FLOW_UP, &two).from, end);
	buf_fini(&two);
	buf_fini(&whole);
}

/* Only as far as it was looked at. */
static void what_is_not_whole(void **state)
{
	(void)state;
	struct buf b = {0};
	hello(&b, 1, "open");
	size_t end = buf_len(&b);
	buf_add(&b, "\x16\3\3\0\x64 half a rec", 14);
	struct follow f = follow_all(FLOW_UP, &b);
	assert_int_equal(f.from, 0);
	assert_int_equal(f.to, end);
	buf_fini(&b);
	/* No record any more. */
	hello(&b, 1, "open");
	buf_add_str(&b, "GET /secret HTTP/1.1\r\n\r\n");
	record(&b, 23, "data", 4);
	f = follow_all(FLOW_UP, &b);
	assert_int_equal(f.to, end);
	buf_fini(&b);
}

static void in_clear(void **state)
{
	(void)state;
	struct buf b = {0};
	buf_add_str(&b, "GET /?u=secret HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_int_equal(follow_all(FLOW_UP, &b).from, FOLLOW_NEVER);
	/* A hello that comes so late is none that was asked for. */
	while (buf_len(&b) <= FOLLOW_CLEAR_MAX + 16)
		buf_add_str(&b, "much to say ");
	struct follow f;
	follow_init(&f, FLOW_UP);
	follow_bytes(&f, buf_span(&b), holds_secret, NULL);
	buf_clear(&b);
	hello(&b, 1, "open");
	record(&b, 23, "data", 4);
	follow_bytes(&f, buf_span(&b), holds_secret, NULL);
	follow_end(&f, holds_secret, NULL);
	assert_int_equal(f.from, FOLLOW_NEVER);
	buf_fini(&b);
}

static void gaps(void **state)
{
	(void)state;
	struct buf b = {0};
	struct follow f;
	hello(&b, 1, "open");
	size_t end = buf_len(&b);
	follow_init(&f, FLOW_UP);
	follow_bytes(&f, buf_span(&b), holds_secret, NULL);
	follow_lost(&f, 100, holds_secret, NULL);
	assert_int_equal(f.from, 0);
	assert_int_equal(f.to, end);
	/* Before the hello; and behind data, where the next record may begin anywhere. */
	follow_init(&f, FLOW_UP);
	follow_lost(&f, 100, holds_secret, NULL);
	follow_bytes(&f, buf_span(&b), holds_secret, NULL);
	follow_end(&f, holds_secret, NULL);
	assert_int_equal(f.from, FOLLOW_NEVER);
	record(&b, 23, "data", 4);
	end = buf_len(&b);
	follow_init(&f, FLOW_UP);
	follow_bytes(&f, buf_span(&b), holds_secret, NULL);
	follow_lost(&f, 100, holds_secret, NULL);
	follow_bytes(&f, buf_span(&b), holds_secret, NULL);
	follow_end(&f, holds_secret, NULL);
	assert_int_equal(f.from, 0);
	assert_int_equal(f.to, end);
	buf_fini(&b);
}

static void endless_hellos(void **state)
{
	static char zeros[16000];
	(void)state;
	struct buf b = {0};
	struct follow f;
	hello(&b, 1, "open");
	for (int i = 0; i < 20; i++)
		record(&b, 22, zeros, sizeof zeros);
	record(&b, 23, "data", 4);
	follow_init(&f, FLOW_UP);
	follow_bytes(&f, buf_span(&b), holds_secret, NULL);
	follow_end(&f, holds_secret, NULL);
	assert_int_equal(f.from, 0);
	assert_true(f.to <= FOLLOW_HELLOS_MAX + 20 * 5);
	buf_fini(&b);
}

/* Records of data that are none: what they carry is looked through like hellos. */
static void in_records_of_data(void **state)
{
	(void)state;
	for (int lead = 0; lead < 2 * (FOLLOW_LOOK + FOLLOW_TAIL); lead += 61) {
		struct buf b = {0};
		size_t ends[4000], n = 0;
		hello(&b, 1, "open");
		size_t hello_end = buf_len(&b), secret_at;
		/* Of 100 bytes each, and then a letter in each. */
		for (int i = 0; i < lead; i += 100, ends[n++] = buf_len(&b)) {
			char some[100] = {0};
			record(&b, 23, some, lead - i < 100 ? (size_t)(lead - i) : 100);
		}
		secret_at = n > 0 ? ends[n - 1] : hello_end;
		for (const char *c = "secret"; *c != 0; c++)
			record(&b, 23, c, 1);
		record(&b, 23, "data", 4);
		struct follow f = follow_all(FLOW_UP, &b);
		assert_int_equal(f.from, 0);
		assert_true(f.to <= secret_at);
		assert_true(f.to + FOLLOW_LOOK * 2 > secret_at);
		buf_fini(&b);
	}
}

/* The first half stands in the hellos. */
static void over_the_end_of_hellos(void **state)
{
	(void)state;
	struct buf b = {0};
	hello(&b, 1, "sec");
	record(&b, 23, "ret", 3);
	struct follow f = follow_all(FLOW_UP, &b);
	assert_true(f.from == f.to);
	buf_fini(&b);
}

static void whole_records_only(void **state)
{
	static char much[20000];
	(void)state;
	struct buf b = {0};
	hello(&b, 1, "open");
	for (int i = 0; i < 3; i++)
		record(&b, 23, much, 10000);
	size_t end = buf_len(&b);
	buf_add(&b, "\x17\3\3\0\x64half", 9);
	struct follow f = follow_all(FLOW_UP, &b);
	assert_int_equal(f.from, 0);
	assert_int_equal(f.to, end);
	buf_fini(&b);
	/* Nor any that is too long, or of another kind. */
	hello(&b, 1, "open");
	record(&b, 23, "data", 4);
	end = buf_len(&b);
	record(&b, 23, much, 20000);
	assert_int_equal(follow_all(FLOW_UP, &b).to, end);
	buf_fini(&b);
	hello(&b, 1, "open");
	record(&b, 23, "data", 4);
	record(&b, 24, "data", 4);
	assert_int_equal(follow_all(FLOW_UP, &b).to, end);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behind_what_is_asked_of_a_proxy),
		cmocka_unit_test(a_hello_of_its_own_direction),
		cmocka_unit_test(hidden_hellos),
		cmocka_unit_test(what_is_not_whole),
		cmocka_unit_test(in_clear),
		cmocka_unit_test(gaps),
		cmocka_unit_test(endless_hellos),
		cmocka_unit_test(in_records_of_data),
		cmocka_unit_test(over_the_end_of_hellos),
		cmocka_unit_test(whole_records_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
