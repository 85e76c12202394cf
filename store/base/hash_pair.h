/*
 * SHA-256 of a stream and of its pieces at once: a body is hashed whole, and chunk by chunk.
 * Both read the same bytes, and where the processor has instructions for SHA-256, most of the
 * work of one is done with the other in its waits. Else it is two ordinary digests. One thread.
 */
#ifndef STORE_BASE_HASH_PAIR_H
#define STORE_BASE_HASH_PAIR_H

#include "store/base/hash.h"

struct hash_half {
	uint32_t h[8];
	uint8_t block[64]; /* what of it came: len % 64 bytes */
	uint64_t len;
};

struct hash_pair {
	bool fast; /* whole and part are used; else slow_whole and slow_part */
	struct hash_half whole, part;
	struct sha256 slow_whole, slow_part;
};

void hash_pair_init(struct hash_pair *p);
void hash_pair_fini(struct hash_pair *p);
void hash_pair_add(struct hash_pair *p, struct span bytes);
void hash_pair_add_whole(struct hash_pair *p, struct span bytes); /* of no piece */
/* The digest of what came since the last piece ended; the next one begins. out NULL: nobody
 * asks. */
void hash_pair_cut(struct hash_pair *p, uint8_t *out);
/* The digest of all so far; adding may go on afterwards. */
void hash_pair_peek(const struct hash_pair *p, uint8_t out[SHA256_LEN]);
/* For tests: as on a processor without those instructions. */
void hash_pair_init_slow(struct hash_pair *p);

#endif
