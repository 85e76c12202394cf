/*
 * What the tests of tls_connect share: a root with leaves, a client that trusts it, and one
 * connection at a time to a scripted origin. Included by one test program each; its state is
 * that program's.
 */
#ifndef TESTS_TLS_TALK_H
#define TESTS_TLS_TALK_H

#include "capture/wire/tls_hello.h"
#include "proxy/tls_connect.h"
#include "store/base/clock.h"
#include "tests/kit/tls_origin.h"

#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST "click.example"

static struct {
	char dir[64], cacert[96];
	struct made root, leaf, rsa_leaf;
	struct tls_client *client;
} world;

/* One connection: the client's side of it. */
struct talk {
	struct tls_origin *origin;
	struct leg leg;
	struct arena arena;
	struct tls_facts facts;
	struct err err;
	bool ok;
};

static inline int64_t in_ms(int64_t ms)
{
	return clock_now_us(clock_real()) + ms * 1000;
}

static inline void talk_on_fd(struct talk *t, int fd, const struct tls_connect *want)
{
	struct tls_connect w = want != NULL ? *want : (struct tls_connect){.stop_fd = -1};
	if (w.host == NULL)
		w.host = HOST;
	if (w.until_us == 0)
		w.until_us = in_ms(10000);
	leg_init(&t->leg, fd, false);
	t->ok = tls_connect(world.client, &t->leg, &w, &t->arena, &t->facts, NULL, &t->err);
}

static inline struct talk talk_to(
	const struct tls_origin_shape *shape, const struct tls_connect *want)
{
	struct talk t = {.origin = tls_origin_start(shape)};
	talk_on_fd(&t, tls_origin_dial(t.origin), want);
	return t;
}

static inline void talk_fini(struct talk *t)
{
	leg_fini(&t->leg);
	tls_origin_stop(t->origin);
	arena_fini(&t->arena);
}

static inline void expect_failure(struct talk *t, enum err_kind kind, const char *words)
{
	if (t->ok || t->err.kind != kind || strstr(t->err.detail, words) == NULL)
		fail_msg("%s, as %s: \"%s\", wanted \"%s\"", t->ok ? "went well" : "failed",
			err_word(t->err.kind), t->err.detail, words);
	assert_null(t->leg.tls);
	assert_true(span_is(t->facts.handshake.outcome, err_word(kind)));
	assert_true(span_is(t->facts.handshake.detail, t->err.detail));
	assert_true(t->facts.handshake.at_us >= t->facts.handshake.started_us);
	talk_fini(t);
}

static inline int make_world(void **state)
{
	(void)state;
	snprintf(world.dir, sizeof world.dir, "/tmp/clicktrail-connect-XXXXXX");
	if (mkdtemp(world.dir) == NULL)
		return -1;
	snprintf(world.cacert, sizeof world.cacert, "%s/roots.pem", world.dir);
	world.root = make_root("connect test root");
	world.leaf = make_leaf("DNS:" HOST, &world.root);
	world.rsa_leaf = make_cert(
		&(struct make_cert){.cn = "rsa", .san = "DNS:" HOST, .key = "RSA2048"},
		&world.root);
	made_write_pem(&world.root, world.cacert);
	world.client = tls_client_new(world.cacert, NULL, NULL);
	return world.client != NULL ? 0 : -1;
}

static inline int end_world(void **state)
{
	(void)state;
	tls_client_free(world.client);
	made_free(&world.root);
	made_free(&world.leaf);
	made_free(&world.rsa_leaf);
	unlink(world.cacert);
	return rmdir(world.dir);
}

#endif
