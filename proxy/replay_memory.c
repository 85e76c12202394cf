/* What was answered already. Grows with what is asked and was recorded, no further. */
#include "proxy/replay_inner.h"
#include "store/base/hash.h"

#include <stdlib.h>

enum { MAP_FIRST = 64 };

void replay_map_fini(struct replay_map *m)
{
	free(m->slots);
	*m = (struct replay_map){0};
}

/* Keys are digests, or counted numbers, which spread by themselves. */
static struct replay_slot *slot(const struct replay_map *m, uint64_t key)
{
	size_t at = (size_t)key;
	while (m->slots[at & (m->cap - 1)].key != 0 && m->slots[at & (m->cap - 1)].key != key)
		at++;
	return &m->slots[at & (m->cap - 1)];
}

static void grow(struct replay_map *m)
{
	struct replay_map old = *m;
	m->cap = old.cap == 0 ? MAP_FIRST : old.cap * 2;
	m->slots = calloc(m->cap, sizeof *m->slots);
	if (m->slots == NULL)
		abort();
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].key != 0)
			*slot(m, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

struct replay_slot *replay_map_find(const struct replay_map *m, uint64_t key)
{
	if (m->cap == 0)
		return NULL;
	struct replay_slot *s = slot(m, key);
	return s->key != 0 ? s : NULL;
}

struct replay_slot *replay_map_put(struct replay_map *m, uint64_t key)
{
	if (m->n >= m->cap / 2)
		grow(m);
	struct replay_slot *s = slot(m, key);
	if (s->key == 0) {
		s->key = key;
		m->n++;
	}
	return s;
}

/* A page that chose its URLs to collide must not make two of them one: a real digest. */
uint64_t replay_key(struct span method, struct span url)
{
	struct sha256 h;
	uint8_t digest[SHA256_LEN];
	uint64_t key = 0;
	sha256_init(&h);
	sha256_add(&h, method.p, method.n);
	sha256_add(&h, " ", 1);
	sha256_add(&h, url.p, url.n);
	sha256_end(&h, digest);
	memcpy(&key, digest, sizeof key);
	return key != 0 ? key : 1;
}
