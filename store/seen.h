/*
 * A bounded set of SHA-256 digests with a number each, to find equal chunks and known
 * certificates without asking the database. When it is full it stops learning. Private to
 * store/; one thread at a time.
 */
#ifndef STORE_SEEN_H
#define STORE_SEEN_H

#include "store/base/hash.h"

struct seen_entry {
	uint8_t digest[SHA256_LEN];
	int64_t seq; /* 0: free */
};

struct seen {
	struct seen_entry *entries;
	size_t cap, n, max;
	uint64_t secret[2]; /* what is recorded must not choose where it is kept */
};

void seen_init(struct seen *s, size_t max);
void seen_fini(struct seen *s);
int64_t seen_find(const struct seen *s, const uint8_t digest[SHA256_LEN]); /* 0: unknown */
/* seq > 0. False if it is full. The digest must not be in it yet. */
bool seen_add(struct seen *s, const uint8_t digest[SHA256_LEN], int64_t seq);

#endif
