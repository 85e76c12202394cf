#include "store/derive/hide_parts.h"

#include <stdlib.h>

struct hide_slot {
	struct span key;
	uint64_t hash;
	uint32_t value;
};

static uint64_t hash_of(struct span s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ s.p[i]) * UINT64_C(0x100000001b3);
	return h ^ h >> 29;
}

void hide_map_fini(struct hide_map *m)
{
	free(m->slots);
	*m = (struct hide_map){0};
}

static struct hide_slot *slot_of(const struct hide_map *m, struct span key, uint64_t hash)
{
	size_t i = (size_t)hash & (m->room - 1);
	while (m->slots[i].key.p != NULL &&
		(m->slots[i].hash != hash || !span_eq(m->slots[i].key, key)))
		i = (i + 1) & (m->room - 1);
	return &m->slots[i];
}

static void grow(struct hide_map *m)
{
	struct hide_map bigger = {.room = m->room > 0 ? m->room * 2 : 256, .n = m->n};
	bigger.slots = calloc(bigger.room, sizeof *bigger.slots);
	if (bigger.slots == NULL)
		abort();
	for (size_t i = 0; i < m->room; i++)
		if (m->slots[i].key.p != NULL)
			*slot_of(&bigger, m->slots[i].key, m->slots[i].hash) = m->slots[i];
	free(m->slots);
	*m = bigger;
}

uint32_t hide_map_put(struct hide_map *m, struct span key, uint32_t value, bool *fresh)
{
	uint64_t hash = hash_of(key);
	if (m->n * 2 >= m->room)
		grow(m);
	struct hide_slot *s = slot_of(m, key, hash);
	*fresh = s->key.p == NULL;
	if (*fresh) {
		*s = (struct hide_slot){key, hash, value};
		m->n++;
	}
	return s->value;
}

uint32_t hide_map_get(const struct hide_map *m, struct span key)
{
	if (m->n == 0)
		return HIDE_NOTHING;
	const struct hide_slot *s = slot_of(m, key, hash_of(key));
	return s->key.p != NULL ? s->value : HIDE_NOTHING;
}
