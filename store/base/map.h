/*
 * Bytes to a pointer: for what was seen before. Holds keys by reference or as copies in an
 * arena, never what a pointer points to. The hash has no secret: who makes all keys collide
 * makes it slow, so it is bounded by whoever fills it. One thread.
 */
#ifndef STORE_BASE_MAP_H
#define STORE_BASE_MAP_H

#include "store/base/arena.h"

struct map {
	struct map_slot *slots;
	size_t n, room; /* room: a power of two */
};

void map_fini(struct map *m);
/* Where the pointer of these bytes lies, until the next call; NULL stands there if they are
 * new. copy: the arena that a new key is copied into; NULL: it lives as long as the map. */
void **map_at(struct map *m, struct span key, struct arena *copy);
/* NULL: they are not there, or NULL was put. */
void *map_get(const struct map *m, struct span key);

#endif
