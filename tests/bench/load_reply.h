/*
 * One HTTP/1.1 answer as the load client reads it: the head, then a body of a stated length.
 * Just enough for nginx behind a proxy; anything else (chunks, no length) is an error. Feeds on
 * bytes, does no input or output.
 */
#ifndef TESTS_BENCH_LOAD_REPLY_H
#define TESTS_BENCH_LOAD_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REPLY_HEAD_MAX = 4096, REPLY_WORD_MAX = 128 };

struct load_reply {
	char head[REPLY_HEAD_MAX + 1];
	size_t head_len;
	bool headed; /* the head is whole, and what follows is known */
	unsigned status;
	uint64_t length, got; /* of the body */
	bool close;
	char location[REPLY_WORD_MAX];
};

void reply_init(struct load_reply *r);
/* Takes bytes of the head from n; how many, or -1: not an answer we understand. */
long reply_head(struct load_reply *r, const char *bytes, size_t n);

#endif
