#include "store/base/map.h"

#include <stdlib.h>

enum { ROOM_FIRST = 256 };

struct map_slot {
	struct span key; /* p NULL: free */
	uint64_t hash;
	void *value;
};

static uint64_t hash_of(struct span s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ s.p[i]) * UINT64_C(0x100000001b3);
	return h ^ h >> 29;
}

void map_fini(struct map *m)
{
	free(m->slots);
	*m = (struct map){0};
}

static struct map_slot *slot_of(const struct map *m, struct span key, uint64_t hash)
{
	size_t i = (size_t)hash & (m->room - 1);
	while (m->slots[i].key.p != NULL &&
		(m->slots[i].hash != hash || !span_eq(m->slots[i].key, key)))
		i = (i + 1) & (m->room - 1);
	return &m->slots[i];
}

static void grow(struct map *m)
{
	struct map bigger = {.room = m->room > 0 ? m->room * 2 : ROOM_FIRST, .n = m->n};
	bigger.slots = calloc(bigger.room, sizeof *bigger.slots);
	if (bigger.slots == NULL)
		abort();
	for (size_t i = 0; i < m->room; i++)
		if (m->slots[i].key.p != NULL)
			*slot_of(&bigger, m->slots[i].key, m->slots[i].hash) = m->slots[i];
	free(m->slots);
	*m = bigger;
}

/* Absent and empty bytes are the same key, and no key's bytes are NULL. */
static struct span key_of(struct span key)
{
	return key.n > 0 ? key : span_of((const uint8_t *)"", 0);
}

void **map_at(struct map *m, struct span key, struct arena *copy)
{
	key = key_of(key);
	uint64_t hash = hash_of(key);
	if (m->n * 2 >= m->room)
		grow(m);
	struct map_slot *s = slot_of(m, key, hash);
	if (s->key.p == NULL) {
		*s = (struct map_slot){
			copy != NULL && key.n > 0 ? arena_copy(copy, key) : key, hash, NULL};
		m->n++;
	}
	return &s->value;
}

void *map_get(const struct map *m, struct span key)
{
	key = key_of(key);
	return m->n > 0 ? slot_of(m, key, hash_of(key))->value : NULL;
}
