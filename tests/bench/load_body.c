#include "tests/bench/load_body.h"

#include <stdio.h>
#include <string.h>

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* Letters in no order that packs well, so that nobody's compression is flattered. */
size_t body_padding(char *to, size_t block_len, size_t path_len)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t n = block_len - path_len - (sizeof BODY_BEFORE - 1) - (sizeof BODY_AFTER - 1);
	for (size_t i = 0; i < n; i++)
		to[i] = letters[mix(i) % (sizeof letters - 1)];
	return n;
}

static void make_block(struct body *b, const char *path)
{
	static char padding[2][BODY_BLOCK];
	static size_t padding_len[2], padded_for[2];
	size_t which = b->block_len == BODY_BLOCK, path_len = strlen(path);
	if (padded_for[which] != path_len) {
		padding_len[which] = body_padding(padding[which], b->block_len, path_len);
		padded_for[which] = path_len;
	}
	char *p = b->block;
	p = mempcpy(p, BODY_BEFORE, sizeof BODY_BEFORE - 1);
	p = mempcpy(p, path, path_len);
	p = mempcpy(p, BODY_AFTER, sizeof BODY_AFTER - 1);
	memcpy(p, padding[which], padding_len[which]);
}

void body_init(
	struct body *b, enum body_kind kind, const char *path, uint64_t seed, uint64_t size)
{
	b->kind = kind;
	b->at = 0;
	b->seed = mix(seed);
	b->size = size;
	switch (kind) {
	case BODY_KIND_SMALL:
		b->size = b->block_len = BODY_SMALL;
		make_block(b, path);
		break;
	case BODY_KIND_PAGE:
		b->size = BODY_PAGE;
		b->block_len = BODY_BLOCK;
		make_block(b, path);
		break;
	case BODY_KIND_FILE:
	case BODY_KIND_UPLOAD: break;
	}
}

size_t body_make(struct body *b, void *to, size_t max)
{
	uint8_t *p = to;
	size_t n = b->size - b->at < max ? (size_t)(b->size - b->at) : max;
	for (size_t i = 0; i < n;) {
		uint64_t word = mix(b->seed + b->at / 8);
		size_t in_word = (size_t)(b->at % 8);
		size_t take = 8 - in_word < n - i ? 8 - in_word : n - i;
		memcpy(p + i, (uint8_t *)&word + in_word, take);
		i += take;
		b->at += take;
	}
	return n;
}

static bool check_blocks(struct body *b, const uint8_t *p, size_t n)
{
	while (n > 0) {
		size_t at = (size_t)(b->at % b->block_len);
		size_t take = b->block_len - at < n ? b->block_len - at : n;
		if (memcmp(p, b->block + at, take) != 0)
			return false;
		p += take;
		n -= take;
		b->at += take;
	}
	return true;
}

bool body_check(struct body *b, const void *bytes, size_t n)
{
	if (n > b->size - b->at)
		return false;
	if (b->kind == BODY_KIND_SMALL || b->kind == BODY_KIND_PAGE)
		return check_blocks(b, bytes, n);
	const uint8_t *p = bytes;
	uint8_t expected[4096];
	while (n > 0) {
		size_t made = body_make(b, expected, n < sizeof expected ? n : sizeof expected);
		if (memcmp(p, expected, made) != 0)
			return false;
		p += made;
		n -= made;
	}
	return true;
}
