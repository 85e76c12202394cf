/*
 * How a client introduces itself: whole, in crumbs, in many records, too large, torn, in
 * another tongue, or not at all.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture/wire/tls_hello.h"
#include "proxy/peek.h"
#include "store/base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct scene {
	struct leg leg;
	int peer;
	struct buf hello;
	struct err err;
};

static int64_t in_ms(int64_t ms)
{
	return clock_now_us(clock_real()) + ms * 1000;
}

static struct scene open_scene(void)
{
	struct scene s = {0};
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	leg_init(&s.leg, pair[0], true);
	s.peer = pair[1];
	return s;
}

static void close_scene(struct scene *s)
{
	if (s->peer >= 0)
		close(s->peer);
	leg_fini(&s->leg);
	buf_fini(&s->hello);
}

static enum peek_kind look(struct scene *s, int64_t silent_ms, int64_t until_ms)
{
	return peek(&s->leg, in_ms(silent_ms), in_ms(until_ms), -1, &s->hello, &s->err);
}

static void say(struct scene *s, const void *p, size_t n)
{
	assert_int_equal(send(s->peer, p, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* A ClientHello of n body bytes (what is in it does not matter here), in records of at most
 * `piece` bytes. */
static void make_hello(struct buf *out, size_t n, size_t piece)
{
	struct buf message = {0};
	buf_add_byte(&message, 1);
	buf_add_byte(&message, (uint8_t)(n >> 16));
	buf_add_u16(&message, (uint16_t)n);
	for (size_t i = 0; i < n; i++)
		buf_add_byte(&message, (uint8_t)i);
	while (buf_len(&message) > 0) {
		size_t take = buf_len(&message) < piece ? buf_len(&message) : piece;
		buf_add(out, "\x16\x03\x01", 3);
		buf_add_u16(out, (uint16_t)take);
		buf_add(out, buf_span(&message).p, take);
		buf_consume(&message, take);
	}
	buf_fini(&message);
}

static void whole(void **state)
{
	(void)state;
	struct scene s = open_scene();
	struct buf wire = {0};
	make_hello(&wire, 500, 16384);
	say(&s, wire.p, buf_len(&wire));
	assert_int_equal(look(&s, 10000, 10000), PEEK_TLS);
	assert_int_equal(buf_len(&s.hello), 504);
	assert_memory_equal(buf_span(&s.hello).p, wire.p + 5, 504);
	assert_true(span_eq(buf_span(&s.leg.in), buf_span(&wire))); /* to be fed back */
	buf_fini(&wire);
	close_scene(&s);
}

/* Also what was read before it was asked for: a client that does not wait for CONNECT's answer.
 */
static void already_there(void **state)
{
	(void)state;
	struct scene s = open_scene();
	make_hello(&s.leg.in, 100, 16384);
	assert_int_equal(look(&s, 10000, 10000), PEEK_TLS);
	assert_int_equal(buf_len(&s.hello), 104);
	close_scene(&s);
}

struct crumbs {
	int fd;
	struct span bytes;
};

static void *crumble(void *self)
{
	struct crumbs *c = self;
	for (size_t i = 0; i < c->bytes.n; i++) {
		if (send(c->fd, c->bytes.p + i, 1, MSG_NOSIGNAL) != 1)
			return NULL;
		sched_yield();
	}
	return NULL;
}

static void byte_by_byte(void **state)
{
	(void)state;
	static const size_t pieces[] = {16384, 100, 7, 1};
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		struct scene s = open_scene();
		struct buf wire = {0};
		pthread_t thread;
		make_hello(&wire, 300, pieces[i]);
		struct crumbs c = {s.peer, buf_span(&wire)};
		assert_int_equal(pthread_create(&thread, NULL, crumble, &c), 0);
		assert_int_equal(look(&s, 10000, 10000), PEEK_TLS);
		pthread_join(thread, NULL);
		assert_int_equal(buf_len(&s.hello), 304);
		assert_true(span_eq(buf_span(&s.leg.in), buf_span(&wire)));
		buf_fini(&wire);
		close_scene(&s);
	}
}

/* One of 70 KB is announced in its first bytes: it is refused then, not read. */
static void too_large(void **state)
{
	(void)state;
	struct scene s = open_scene();
	struct buf wire = {0};
	make_hello(&wire, 70000, 16384);
	say(&s, wire.p, 20);
	assert_int_equal(look(&s, 10000, 10000), PEEK_FAILED);
	assert_int_equal(s.err.kind, ERR_LIMIT);
	assert_int_equal(buf_len(&s.leg.in), 20);
	buf_fini(&wire);
	close_scene(&s);
}

static void largest(void **state)
{
	(void)state;
	struct scene s = open_scene();
	struct buf wire = {0};
	pthread_t thread;
	make_hello(&wire, TLS_HELLO_MAX - 4, 16384);
	struct crumbs c = {s.peer, buf_span(&wire)};
	assert_int_equal(pthread_create(&thread, NULL, crumble, &c), 0);
	assert_int_equal(look(&s, 30000, 30000), PEEK_TLS);
	pthread_join(thread, NULL);
	assert_int_equal(buf_len(&s.hello), TLS_HELLO_MAX);
	buf_fini(&wire);
	close_scene(&s);
}

static void other_tongues(void **state)
{
	(void)state;
	static const char *const words[] = {"GET / HTTP/1.1\r\n", "SSH-2.0-x\r\n", "\x05\x01",
		"E", "\x80\x2e\x01\x03\x01", "\x17\x03\x03"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct scene s = open_scene();
		say(&s, words[i], strlen(words[i]));
		assert_int_equal(look(&s, 10000, 10000), PEEK_NOT_TLS);
		assert_true(span_is(buf_span(&s.leg.in), words[i]));
		assert_int_equal(buf_len(&s.hello), 0);
		close_scene(&s);
	}
}

static void malformed(void **state)
{
	(void)state;
	struct scene s = open_scene();
	say(&s, "\x16\x03\x01\0\5\2\0\0\0\0", 10); /* a handshake record with a ServerHello */
	assert_int_equal(look(&s, 10000, 10000), PEEK_FAILED);
	assert_int_equal(s.err.kind, ERR_HELLO);
	close_scene(&s);
}

static void silent(void **state)
{
	(void)state;
	struct scene s = open_scene();
	int64_t before = clock_now_us(clock_real());
	assert_int_equal(look(&s, 30, 10000), PEEK_SILENT);
	assert_true(clock_now_us(clock_real()) - before < 5000000);
	close_scene(&s);
}

static void stuck_in_the_middle(void **state)
{
	(void)state;
	struct scene s = open_scene();
	int64_t before = clock_now_us(clock_real());
	say(&s, "\x16", 1); /* it spoke: no longer silent, but never whole */
	assert_int_equal(look(&s, 10, 60), PEEK_FAILED);
	assert_true(clock_now_us(clock_real()) - before >= 50000);
	assert_int_equal(s.err.kind, ERR_BROWSER_TIMEOUT);
	assert_non_null(strstr(s.err.detail, "1 bytes came"));
	close_scene(&s);
}

static void gone(void **state)
{
	(void)state;
	struct scene s = open_scene();
	close(s.peer);
	s.peer = -1;
	assert_int_equal(look(&s, 10000, 10000), PEEK_FAILED);
	assert_int_equal(s.err.kind, ERR_BROWSER_CLOSED);
	assert_non_null(strstr(s.err.detail, "without a byte"));
	close_scene(&s);
	s = open_scene();
	say(&s, "\x16\x03\x01\2\0", 5);
	shutdown(s.peer, SHUT_WR);
	assert_int_equal(look(&s, 10000, 10000), PEEK_FAILED);
	assert_int_equal(s.err.kind, ERR_BROWSER_CLOSED);
	assert_non_null(strstr(s.err.detail, "inside its ClientHello"));
	close_scene(&s);
}

static void stopped(void **state)
{
	(void)state;
	struct scene s = open_scene();
	int stop = eventfd(1, EFD_CLOEXEC);
	assert_int_equal(
		peek(&s.leg, in_ms(10000), in_ms(10000), stop, &s.hello, &s.err), PEEK_FAILED);
	assert_int_equal(s.err.kind, ERR_SHUTDOWN);
	close(stop);
	close_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(already_there),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(too_large),
		cmocka_unit_test(largest),
		cmocka_unit_test(other_tongues),
		cmocka_unit_test(malformed),
		cmocka_unit_test(silent),
		cmocka_unit_test(stuck_in_the_middle),
		cmocka_unit_test(gone),
		cmocka_unit_test(stopped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
