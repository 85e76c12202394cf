/*
 * The byte pipe: plain and TLS, half-closed, torn, reset and jammed; never a signal, never a
 * spin, every byte counted once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/tls_connect.h"
#include "store/base/clock.h"
#include "tests/kit/tls_origin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST "leg.example"

static struct {
	char dir[64], cacert[96];
	struct made root, leaf;
	struct tls_client *client;
} world;

static void plain_pair(struct leg *l, int *peer, bool browser)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	leg_init(l, pair[0], browser);
	*peer = pair[1];
}

/* TCP, for resets. */
static void tcp_pair(struct leg *l, int *peer, bool browser)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	*peer = accept(listener, NULL, NULL);
	close(listener);
	leg_init(l, fd, browser);
}

static void reset_by_peer(int peer)
{
	setsockopt(peer, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
	close(peer);
}

static void wait_events(struct leg *l, bool want_read)
{
	short events = leg_poll_events(l, want_read);
	assert_int_not_equal(events, 0);
	assert_int_equal(poll(&(struct pollfd){l->fd, events, 0}, 1, 10000), 1);
}

static enum leg_result fill_when_ready(struct leg *l, size_t max)
{
	enum leg_result r;
	while ((r = leg_fill(l, max)) == LEG_AGAIN)
		wait_events(l, true);
	return r;
}

static void assert_hash(const struct sha256 *h, struct span bytes)
{
	uint8_t want[SHA256_LEN], got[SHA256_LEN];
	sha256(bytes, want);
	sha256_peek(h, got);
	assert_memory_equal(got, want, SHA256_LEN);
}

static void plain(void **state)
{
	(void)state;
	struct leg l;
	int peer;
	char text[16];
	plain_pair(&l, &peer, true);
	assert_true((fcntl(l.fd, F_GETFL) & O_NONBLOCK) != 0);
	assert_int_equal(leg_fill(&l, 100), LEG_AGAIN);
	assert_int_equal(leg_poll_events(&l, true), POLLIN);
	assert_int_equal(leg_poll_events(&l, false), 0);
	assert_int_equal(send(peer, "abcdef", 6, 0), 6);
	assert_int_equal(leg_fill(&l, 4), LEG_OK); /* no more than asked */
	assert_true(span_is(buf_span(&l.in), "abcd"));
	assert_int_equal(leg_fill(&l, 100), LEG_OK);
	assert_true(span_is(buf_span(&l.in), "abcdef"));
	assert_int_equal(l.in_bytes, 6);
	assert_hash(&l.in_hash, span_str("abcdef"));
	assert_true(leg_send(&l, span_str("answer")));
	assert_int_equal(buf_len(&l.out), 0);
	assert_int_equal(recv(peer, text, sizeof text, 0), 6);
	assert_int_equal(l.out_bytes, 6);
	assert_hash(&l.out_hash, span_str("answer"));
	shutdown(peer, SHUT_WR);
	assert_int_equal(leg_fill(&l, 100), LEG_EOF);
	assert_true(l.in_eof && !l.tls_truncated && !l.broken);
	assert_int_equal(leg_poll_events(&l, true),
		0); /* an ended side is not waited for: it would be ready for ever */
	assert_true(leg_send(&l, span_str("late"))); /* the other direction goes on */
	assert_int_equal(leg_end(&l), LEG_OK);
	assert_int_equal(leg_end(&l), LEG_OK);
	assert_int_equal(recv(peer, text, sizeof text, 0), 4);
	assert_int_equal(recv(peer, text, sizeof text, 0), 0);
	leg_count_anew(&l);
	assert_int_equal(l.in_bytes + l.out_bytes, 0);
	assert_hash(&l.out_hash, span_str(""));
	close(peer);
	leg_fini(&l);
}

/* A peer that does not read: what it does not take waits in out, in order, and is counted when
 * it leaves. */
static void jammed(struct leg *l, int peer)
{
	enum { TOTAL = 4 * 1024 * 1024, PIECE = 64 * 1024 };
	uint8_t *all = malloc(TOTAL), piece[PIECE];
	size_t taken = 0;
	for (size_t i = 0; i < TOTAL; i++)
		all[i] = (uint8_t)(i * 2654435761u >> 24);
	assert_true(leg_send(l, span_of(all, TOTAL)));
	assert_true(buf_len(&l->out) > 0);
	assert_true((leg_poll_events(l, false) & POLLOUT) != 0);
	assert_int_equal(leg_flush(l), LEG_AGAIN);
	assert_int_equal(leg_end(l), LEG_AGAIN);
	assert_false(l->out_closed);
	while (taken < TOTAL) {
		ssize_t n = recv(peer, piece, sizeof piece, MSG_DONTWAIT);
		if (n > 0) {
			assert_memory_equal(piece, all + taken, (size_t)n);
			taken += (size_t)n;
		}
		assert_int_not_equal(leg_flush(l), LEG_BROKEN);
		assert_int_equal(l->out_bytes + buf_len(&l->out), TOTAL);
	}
	assert_int_equal(leg_end(l), LEG_OK);
	assert_hash(&l->out_hash, span_of(all, TOTAL));
	free(all);
}

static void plain_jammed(void **state)
{
	(void)state;
	struct leg l;
	int peer;
	tcp_pair(&l, &peer, false);
	jammed(&l, peer);
	close(peer);
	leg_fini(&l);
}

static void resets(void **state)
{
	(void)state;
	for (int browser = 0; browser < 2; browser++) {
		struct leg l;
		int peer;
		tcp_pair(&l, &peer, browser != 0);
		reset_by_peer(peer);
		assert_int_equal(fill_when_ready(&l, 100), LEG_BROKEN);
		assert_int_equal(l.err.kind, browser ? ERR_BROWSER_RESET : ERR_ORIGIN_RESET);
		assert_int_equal(leg_fill(&l, 100), LEG_BROKEN);
		assert_int_equal(leg_flush(&l), LEG_BROKEN);
		assert_int_equal(leg_end(&l), LEG_BROKEN);
		assert_false(leg_send(&l, span_str("x")));
		leg_fini(&l);
	}
}

/* The peer answers early, then resets while we still send: the answer must not be lost (and no
 * SIGPIPE must come). */
static void answer_before_reset_is_kept(void **state)
{
	(void)state;
	struct leg l;
	int peer;
	static const char answer[] = "HTTP/1.1 413 Too Large\r\n\r\n";
	tcp_pair(&l, &peer, false);
	assert_true(leg_send(
		&l, span_str("upload"))); /* unread when it closes: RST instead of FIN */
	assert_int_equal(send(peer, answer, sizeof answer - 1, 0), (ssize_t)sizeof answer - 1);
	close(peer);
	assert_int_equal(poll(&(struct pollfd){l.fd, POLLHUP, 0}, 1, 10000), 1);
	for (int i = 0; i < 10 && !l.broken; i++)
		leg_send(&l, span_str("more"));
	assert_true(l.broken);
	assert_true(l.err.kind == ERR_ORIGIN_RESET || l.err.kind == ERR_ORIGIN_CLOSED);
	assert_true(span_is(buf_span(&l.in), answer));
	assert_int_equal(l.in_bytes, sizeof answer - 1);
	leg_fini(&l);
}

static void closed_peer_takes_nothing(void **state)
{
	(void)state;
	struct leg l;
	int peer;
	plain_pair(&l, &peer, true);
	close(peer);
	assert_false(leg_send(&l, span_str("x")));
	assert_int_equal(l.err.kind, ERR_BROWSER_CLOSED);
	leg_fini(&l);
}

static void reset_by_us(void **state)
{
	(void)state;
	struct leg l;
	int peer;
	char c;
	tcp_pair(&l, &peer, true);
	leg_reset(&l);
	assert_int_equal(l.fd, -1);
	assert_true(l.broken);
	assert_int_equal(recv(peer, &c, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	close(peer);
	leg_fini(&l);
}

static struct leg tls_leg(struct tls_origin *origin)
{
	struct leg l;
	struct arena a = {0};
	struct tls_facts facts;
	struct err err = {0};
	leg_init(&l, tls_origin_dial(origin), false);
	struct tls_connect want = {
		.host = HOST, .until_us = clock_now_us(clock_real()) + 10000000, .stop_fd = -1};
	if (!tls_connect(world.client, &l, &want, &a, &facts, NULL, &err))
		fail_msg("%s", err.detail);
	arena_fini(&a);
	return l;
}

static struct leg tls_leg_of(const struct tls_origin_shape *shape, struct tls_origin **origin)
{
	*origin = tls_origin_start(shape);
	return tls_leg(*origin);
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void tls_ends_properly(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tls_origin_shape shape = {.chain = {&world.leaf},
			.say = "hello",
			.say_len = 5,
			.max_version = versions[i],
			.min_version = versions[i]};
		struct tls_origin *origin;
		struct leg l = tls_leg_of(&shape, &origin);
		assert_int_equal(fill_when_ready(&l, 3), LEG_OK);
		assert_true(span_is(buf_span(&l.in), "hel"));
		assert_true(leg_has_pending(
			&l)); /* "lo" was decrypted with it, and no poll would tell */
		assert_int_equal(leg_fill(&l, 100), LEG_OK);
		assert_true(span_is(buf_span(&l.in), "hello"));
		assert_int_equal(fill_when_ready(&l, 100), LEG_EOF);
		assert_true(l.in_eof && !l.tls_truncated && !l.broken);
		assert_false(leg_has_pending(&l));
		assert_int_equal(l.in_bytes, 5);
		assert_hash(&l.in_hash, span_str("hello"));
		/* TLS 1.3: the other direction still lives (RFC 8446 6.1). */
		assert_true(leg_send(&l, span_str("bye")));
		assert_int_equal(leg_end(&l), LEG_OK);
		tls_origin_wait(origin, 1);
		if (versions[i] == TLS1_3_VERSION)
			assert_int_equal(tls_origin_heard(origin, NULL, 0), 3);
		leg_fini(&l);
		tls_origin_stop(origin);
	}
}

static void tls_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tls_origin_shape shape = {.chain = {&world.leaf},
			.say = "hello",
			.say_len = 5,
			.end = TLS_ORIGIN_CUT,
			.max_version = versions[i],
			.min_version = versions[i]};
		struct tls_origin *origin;
		struct leg l = tls_leg_of(&shape, &origin);
		while (!l.in_eof)
			assert_int_not_equal(fill_when_ready(&l, 100), LEG_BROKEN);
		assert_true(l.tls_truncated && !l.broken);
		assert_true(span_is(buf_span(&l.in), "hello"));
		assert_int_equal(leg_fill(&l, 100), LEG_EOF);
		assert_true(leg_send(&l, span_str("still here")));
		assert_int_equal(leg_end(&l), LEG_OK);
		tls_origin_wait(origin, 1);
		assert_int_equal(tls_origin_heard(origin, NULL, 0), 10);
		leg_fini(&l);
		tls_origin_stop(origin);
	}
}

static void tls_reset(void **state)
{
	(void)state;
	struct tls_origin_shape shape = {
		.chain = {&world.leaf}, .say = "hello", .say_len = 5, .end = TLS_ORIGIN_RESET};
	struct tls_origin *origin;
	struct leg l = tls_leg_of(&shape, &origin);
	enum leg_result got;
	while ((got = fill_when_ready(&l, 100)) == LEG_OK)
		;
	assert_int_equal(got, LEG_BROKEN);
	assert_int_equal(l.err.kind, ERR_ORIGIN_RESET);
	assert_int_equal(leg_fill(&l, 100), LEG_BROKEN);
	assert_true(span_is(buf_span(&l.in), "hello"));
	leg_fini(&l);
	tls_origin_stop(origin);
}

/* The same, while we send: what it had said before is there. */
static void tls_reset_while_sending(void **state)
{
	(void)state;
	struct tls_origin_shape shape = {
		.chain = {&world.leaf}, .say = "hello", .say_len = 5, .end = TLS_ORIGIN_RESET};
	struct tls_origin *origin;
	struct leg l = tls_leg_of(&shape, &origin);
	tls_origin_wait(origin, 1);
	for (int i = 0; i < 100 && !l.broken; i++)
		leg_send(&l, span_str("more"));
	assert_true(l.broken);
	assert_true(l.err.kind == ERR_ORIGIN_RESET || l.err.kind == ERR_ORIGIN_CLOSED);
	assert_true(span_is(buf_span(&l.in), "hello"));
	leg_fini(&l);
	tls_origin_stop(origin);
}

/* Puts one end of a socketpair in the place of the leg's socket; gives the other end. */
static int swap_wire(struct leg *l)
{
	int pair[2];
	while (leg_fill(l, 100) == LEG_OK) /* the tickets */
		;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(dup2(pair[0], l->fd), l->fd);
	fcntl(l->fd, F_SETFL, O_NONBLOCK);
	close(pair[0]);
	return pair[1];
}

/* Someone writes into the encrypted stream. */
static void tls_tampered(void **state)
{
	(void)state;
	struct tls_origin_shape shape = {.chain = {&world.leaf}, .end = TLS_ORIGIN_STAY};
	struct tls_origin *origin;
	struct leg l = tls_leg_of(&shape, &origin);
	int peer = swap_wire(&l);
	uint8_t record[5 + 40] = {23, 3, 3, 0, 40};
	assert_int_equal(send(peer, record, sizeof record, 0), (ssize_t)sizeof record);
	assert_int_equal(fill_when_ready(&l, 100), LEG_BROKEN);
	assert_int_equal(l.err.kind, ERR_ORIGIN_TLS);
	assert_int_equal(buf_len(&l.in), 0);
	close(peer);
	leg_fini(&l);
	tls_origin_stop(origin);
}

/* A peer that is gone altogether: an error, no SIGPIPE. */
static void tls_closed_peer_takes_nothing(void **state)
{
	(void)state;
	struct tls_origin_shape shape = {.chain = {&world.leaf}, .end = TLS_ORIGIN_STAY};
	struct tls_origin *origin;
	struct leg l = tls_leg_of(&shape, &origin);
	close(swap_wire(&l));
	assert_false(leg_send(&l, span_str("x")));
	assert_int_equal(l.err.kind, ERR_ORIGIN_CLOSED);
	leg_fini(&l);
	tls_origin_stop(origin);
}

/* Much data both ways at once through a server that sends back what it hears: partial writes,
 * moving buffers, records that do not end where reads do. */
static void tls_echo(void **state)
{
	(void)state;
	enum { TOTAL = 3 * 1024 * 1024 };
	struct tls_origin_shape shape = {.chain = {&world.leaf}, .echo = true};
	struct tls_origin *origin;
	struct leg l = tls_leg_of(&shape, &origin);
	/* So that records are left half sent, while what waits behind them grows and moves. */
	assert_int_equal(setsockopt(l.fd, SOL_SOCKET, SO_SNDBUF, &(int){4096}, sizeof(int)), 0);
	uint8_t *all = malloc(TOTAL);
	for (size_t i = 0; i < TOTAL; i++)
		all[i] = (uint8_t)(i * 2654435761u >> 24);
	size_t given = 0, back = 0;
	while (back < TOTAL) {
		size_t n = TOTAL - given < 100001 ? TOTAL - given : 100001;
		if (n > 0 && buf_len(&l.out) < 400000) {
			assert_true(leg_send(&l, span_of(all + given, n)));
			given += n;
		}
		assert_int_not_equal(leg_flush(&l), LEG_BROKEN);
		if (!leg_has_pending(&l))
			wait_events(&l, true);
		enum leg_result got = leg_fill(&l, 20000);
		assert_true(got == LEG_OK || got == LEG_AGAIN);
		struct span in = buf_span(&l.in);
		assert_memory_equal(in.p, all + back, in.n);
		back += in.n;
		buf_consume(&l.in, in.n);
	}
	assert_int_equal(l.out_bytes, TOTAL);
	assert_int_equal(l.in_bytes, TOTAL);
	assert_hash(&l.out_hash, span_of(all, TOTAL));
	assert_hash(&l.in_hash, span_of(all, TOTAL));
	assert_int_equal(leg_end(&l), LEG_OK);
	assert_int_equal(fill_when_ready(&l, 100), LEG_EOF);
	assert_false(l.tls_truncated);
	free(all);
	leg_fini(&l);
	tls_origin_stop(origin);
}

/* What was given back in a pause comes again by itself, in both directions. */
static void tls_rests(void **state)
{
	(void)state;
	struct tls_origin_shape shape = {.chain = {&world.leaf}, .echo = true};
	for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
		struct tls_origin *origin;
		shape.min_version = shape.max_version = versions[v];
		struct leg l = tls_leg_of(&shape, &origin);
		for (int i = 0; i < 3; i++) {
			leg_rest(&l);
			assert_null(l.in.p);
			assert_null(l.out.p);
			assert_true(leg_send(&l, span_str("ping")));
			while (buf_len(&l.in) < 4)
				assert_int_not_equal(fill_when_ready(&l, 100), LEG_BROKEN);
			/* What is still there stays. */
			leg_rest(&l);
			assert_true(span_is(buf_span(&l.in), "ping"));
			buf_consume(&l.in, 4);
		}
		leg_fini(&l);
		tls_origin_stop(origin);
	}
}

static int make_world(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_DFL); /* one would end the test: none must come */
	snprintf(world.dir, sizeof world.dir, "/tmp/clicktrail-leg-XXXXXX");
	if (mkdtemp(world.dir) == NULL)
		return -1;
	snprintf(world.cacert, sizeof world.cacert, "%s/roots.pem", world.dir);
	world.root = make_root("leg test root");
	world.leaf = make_leaf("DNS:" HOST, &world.root);
	made_write_pem(&world.root, world.cacert);
	world.client = tls_client_new(world.cacert, NULL, NULL);
	return world.client != NULL ? 0 : -1;
}

static int end_world(void **state)
{
	(void)state;
	tls_client_free(world.client);
	made_free(&world.root);
	made_free(&world.leaf);
	unlink(world.cacert);
	return rmdir(world.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(plain_jammed),
		cmocka_unit_test(resets),
		cmocka_unit_test(answer_before_reset_is_kept),
		cmocka_unit_test(closed_peer_takes_nothing),
		cmocka_unit_test(reset_by_us),
		cmocka_unit_test(tls_ends_properly),
		cmocka_unit_test(tls_cut),
		cmocka_unit_test(tls_reset),
		cmocka_unit_test(tls_reset_while_sending),
		cmocka_unit_test(tls_tampered),
		cmocka_unit_test(tls_closed_peer_takes_nothing),
		cmocka_unit_test(tls_echo),
		cmocka_unit_test(tls_rests),
	};
	return cmocka_run_group_tests(tests, make_world, end_world);
}
