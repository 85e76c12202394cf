#include "capture/stream_inner.h"

#include <stdlib.h>

static uint64_t mix(uint64_t a, uint64_t b)
{
	a = (a ^ b) * UINT64_C(0x9fb21c651e98df25);
	return a ^ a >> 29;
}

/* Seeded by chance: whoever sends packets cannot choose which connections share a bucket. */
static uint32_t bucket_of(const struct flows *fs, const struct tcp_key *key)
{
	uint64_t words[5], v = fs->seed[0];
	_Static_assert(sizeof *key == sizeof words, "without holes");
	memcpy(words, key, sizeof words);
	for (size_t i = 0; i < 5; i++)
		v = mix(v, words[i]) + fs->seed[1];
	v = mix(v, v >> 32);
	return (uint32_t)(v >> 20) & (TABLE_BUCKETS - 1);
}

/* The same for both directions: the smaller end comes first. */
void table_key(const struct packet_parts *parts, struct tcp_key *key, bool *src_is_low)
{
	const struct packet_address *src = &parts->src, *dst = &parts->dst;
	int order = memcmp(src->bytes, dst->bytes, sizeof src->bytes);
	bool low = order < 0 || (order == 0 && parts->src_port <= parts->dst_port);
	*src_is_low = low;
	*key = (struct tcp_key){
		.low_port = low ? parts->src_port : parts->dst_port,
		.high_port = low ? parts->dst_port : parts->src_port,
		.n = src->n,
	};
	memcpy(key->low, low ? src->bytes : dst->bytes, sizeof key->low);
	memcpy(key->high, low ? dst->bytes : src->bytes, sizeof key->high);
}

struct tcp *table_find(struct flows *fs, const struct tcp_key *key)
{
	if (fs->last != NULL && memcmp(&fs->last->key, key, sizeof *key) == 0)
		return fs->last;
	struct tcp *t = fs->buckets[bucket_of(fs, key)];
	while (t != NULL && memcmp(&t->key, key, sizeof *key) != 0)
		t = t->next;
	fs->last = t != NULL ? t : fs->last;
	return t;
}

static void list_add(struct flows *fs, struct tcp *t)
{
	t->newer = NULL;
	t->older = fs->newest[t->list];
	if (t->older != NULL)
		t->older->newer = t;
	else
		fs->oldest[t->list] = t;
	fs->newest[t->list] = t;
}

static void list_remove(struct flows *fs, struct tcp *t)
{
	if (t->older != NULL)
		t->older->newer = t->newer;
	else
		fs->oldest[t->list] = t->newer;
	if (t->newer != NULL)
		t->newer->older = t->older;
	else
		fs->newest[t->list] = t->older;
}

struct tcp *table_add(struct flows *fs, const struct tcp_key *key)
{
	struct tcp *t = calloc(1, sizeof *t), **bucket = &fs->buckets[bucket_of(fs, key)];
	if (t == NULL)
		abort();
	t->key = *key;
	t->list = LIST_OPEN;
	t->next = *bucket;
	*bucket = t;
	fs->n_now++;
	fs->last = t;
	list_add(fs, t);
	return t;
}

void table_touch(struct flows *fs, struct tcp *t)
{
	if (fs->newest[t->list] == t)
		return;
	list_remove(fs, t);
	list_add(fs, t);
}

static void move(struct flows *fs, struct tcp *t, enum tcp_list list)
{
	if (t->list == list)
		return;
	list_remove(fs, t);
	t->list = list;
	list_add(fs, t);
}

void table_over(struct flows *fs, struct tcp *t)
{
	move(fs, t, LIST_OVER);
}

void table_open(struct flows *fs, struct tcp *t)
{
	move(fs, t, LIST_OPEN);
}

void table_remove(struct flows *fs, struct tcp *t)
{
	struct tcp **link = &fs->buckets[bucket_of(fs, &t->key)];
	while (*link != t)
		link = &(*link)->next;
	*link = t->next;
	list_remove(fs, t);
	fs->n_now--;
	if (fs->last == t)
		fs->last = NULL;
	for (int way = 0; way < 2; way++)
		ahead_free(fs, &t->ways[way]);
	free(t);
}
