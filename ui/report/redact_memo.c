#include "ui/report/redact_parts.h"

#include <stdlib.h>

struct redact_slot {
	struct span key;
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

void redact_memo_fini(struct redact_memo *m)
{
	for (size_t i = 0; i < m->room; i++)
		free((void *)(uintptr_t)m->slots[i].key.p);
	free(m->slots);
	*m = (struct redact_memo){0};
}

static struct redact_slot *slot_of(const struct redact_memo *m, struct span key, uint64_t hash)
{
	size_t i = (size_t)hash & (m->room - 1);
	while (m->slots[i].key.p != NULL &&
		(m->slots[i].hash != hash || !span_eq(m->slots[i].key, key)))
		i = (i + 1) & (m->room - 1);
	return &m->slots[i];
}

static void grow(struct redact_memo *m)
{
	struct redact_memo bigger = {.room = m->room > 0 ? m->room * 2 : 256, .n = m->n};
	bigger.slots = calloc(bigger.room, sizeof *bigger.slots);
	if (bigger.slots == NULL)
		abort();
	for (size_t i = 0; i < m->room; i++)
		if (m->slots[i].key.p != NULL)
			*slot_of(&bigger, m->slots[i].key, m->slots[i].hash) = m->slots[i];
	free(m->slots);
	*m = bigger;
}

void **redact_memo_at(struct redact_memo *m, struct span key)
{
	uint64_t hash = hash_of(key);
	if (m->n * 2 >= m->room)
		grow(m);
	struct redact_slot *s = slot_of(m, key, hash);
	if (s->key.p == NULL) {
		uint8_t *copy = malloc(key.n + 1);
		if (copy == NULL)
			abort();
		if (key.n > 0)
			memcpy(copy, key.p, key.n);
		*s = (struct redact_slot){span_of(copy, key.n), hash, NULL};
		m->n++;
	}
	return &s->value;
}
