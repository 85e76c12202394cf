/*
 * A listener for decrypt: keeps the plaintext of both ways and what was told, in order.
 */
#ifndef TESTS_DECRYPT_HEAR_H
#define TESTS_DECRYPT_HEAR_H

#include "capture/decrypt.h"
#include "store/base/buf.h"

#include <stdlib.h>

struct hear {
	struct buf plain[2];
	unsigned hellos, secured, blind[2];
	bool plain_before_secured;
	const char *why[2];
	struct packet_at why_at[2], last[2];
	struct decrypt *d;
	struct keylog *keys;
};

static inline void hear_hello(void *ctx, const struct decrypt_about *about)
{
	struct hear *h = ctx;
	h->hellos++;
	if (about->hello.p == NULL)
		abort();
}
static inline void hear_secured(void *ctx, const struct decrypt_about *about)
{
	struct hear *h = ctx;
	(void)about;
	h->secured++;
}
static inline void hear_plain(
	void *ctx, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	struct hear *h = ctx;
	h->plain_before_secured = h->plain_before_secured || h->secured == 0;
	if (h->blind[way] > 0 || bytes.n == 0)
		abort();
	h->last[way] = *at;
	buf_add_span(&h->plain[way], bytes);
}
static inline void hear_blind(void *ctx, enum flow_way way, const struct decrypt_about *about)
{
	struct hear *h = ctx;
	h->blind[way]++;
	h->why[way] = about->why;
	h->why_at[way] = about->why_at;
	if (about->why == NULL)
		abort();
}
static const struct decrypt_calls hear_calls = {
	hear_hello, hear_secured, hear_plain, hear_blind};

static inline void hear_open(struct hear *h, struct span key_log, bool wait)
{
	*h = (struct hear){0};
	h->keys = keylog_new();
	keylog_add(h->keys, key_log);
	h->d = decrypt_new(h->keys, wait, &hear_calls, h);
}
static inline void hear_close(struct hear *h)
{
	decrypt_free(h->d);
	keylog_free(h->keys);
	buf_fini(&h->plain[0]);
	buf_fini(&h->plain[1]);
}

#endif
