#include "store/seen.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

enum { SEEN_FIRST = 256 };

void seen_init(struct seen *s, size_t max)
{
	*s = (struct seen){.max = max};
	if (getrandom(s->secret, sizeof s->secret, 0) != (ssize_t)sizeof s->secret)
		abort();
}

void seen_fini(struct seen *s)
{
	free(s->entries);
	*s = (struct seen){0};
}

/* The entry that holds the digest, or the free one where it belongs. */
static struct seen_entry *slot(const struct seen *s, const uint8_t *digest)
{
	uint64_t a, b;
	memcpy(&a, digest, sizeof a);
	memcpy(&b, digest + sizeof a, sizeof b);
	unsigned __int128 product =
		(unsigned __int128)(a ^ s->secret[0]) * (b ^ (s->secret[1] | 1));
	size_t at = (size_t)((uint64_t)product ^ (uint64_t)(product >> 64));
	for (;; at++) {
		struct seen_entry *e = &s->entries[at & (s->cap - 1)];
		if (e->seq == 0 || memcmp(e->digest, digest, SHA256_LEN) == 0)
			return e;
	}
}

int64_t seen_find(const struct seen *s, const uint8_t digest[SHA256_LEN])
{
	return s->cap == 0 ? 0 : slot(s, digest)->seq;
}

static void grow(struct seen *s)
{
	struct seen old = *s;
	s->cap = old.cap == 0 ? SEEN_FIRST : old.cap * 2;
	s->entries = calloc(s->cap, sizeof *s->entries);
	if (s->entries == NULL)
		abort();
	for (size_t i = 0; i < old.cap; i++)
		if (old.entries[i].seq != 0)
			*slot(s, old.entries[i].digest) = old.entries[i];
	free(old.entries);
}

bool seen_add(struct seen *s, const uint8_t digest[SHA256_LEN], int64_t seq)
{
	assert(seq > 0);
	if (s->n >= s->max)
		return false;
	if (s->n >= s->cap / 4 * 3)
		grow(s);
	struct seen_entry *e = slot(s, digest);
	assert(e->seq == 0);
	memcpy(e->digest, digest, SHA256_LEN);
	e->seq = seq;
	s->n++;
	return true;
}
