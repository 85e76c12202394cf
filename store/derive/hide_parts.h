/*
 * Inside of hide*.c: the values, the patterns that stand for them, and texts that know where
 * their bytes came from. Nobody else includes it. Patterns are sorted by their bytes in small
 * letters: those that a text starts with are found by halving, and then each by the longer one.
 */
#ifndef STORE_DERIVE_HIDE_PARTS_H
#define STORE_DERIVE_HIDE_PARTS_H

#include "store/base/map.h"
#include "store/derive/hide.h"

enum { HIDE_SEEN_BITS = 1 << 22, HIDE_NOTHING = UINT32_MAX };

struct hide_value {
	enum hide_kind kind;
	struct span text; /* what tags are made of */
};

enum hide_edges { EDGES_ANY, EDGES_BOTH, EDGES_AFTER };
struct hide_pattern {
	struct span folded, exact;
	const char *form;
	uint32_t value;
	uint32_t context; /* bytes at its start that stay */
	uint32_t shorter; /* sorted: the longest other one that this starts with, or the same
			     bytes; HIDE_NOTHING: none */
	uint8_t edges;
	bool domain; /* the half of an address: no hit by itself */
};

struct hide {
	struct arena arena;
	struct hide_value *values;
	size_t n_values;
	struct hide_pattern *patterns;
	size_t n_patterns;
	struct map known;  /* patterns that are there already */
	struct map locals; /* "local@domain" of an address, to its value */
	uint8_t *seen;     /* HIDE_SEEN_BITS bits: is there a pattern that starts like this? */
	struct span *kept; /* host names */
	size_t n_kept;
	bool full, ready;
};

/* Numbers in a map. */
static inline uint32_t hide_number(const struct map *m, struct span key) /* HIDE_NOTHING */
{
	uintptr_t v = (uintptr_t)map_get(m, key);
	return v != 0 ? (uint32_t)(v - 1) : HIDE_NOTHING;
}
/* The key must live as long as the map. False: it has a number already, which stays. */
static inline bool hide_number_put(struct map *m, struct span key, uint32_t value)
{
	void **at = map_at(m, key, NULL);
	bool fresh = *at == NULL;
	if (fresh)
		*at = (void *)((uintptr_t)value + 1);
	return fresh;
}

/* hide.c */
uint32_t hide_value_add(struct hide *h, enum hide_kind kind, struct span text);
void hide_pattern_add(struct hide *h, struct hide_pattern p, struct span text);
struct span hide_fold(struct arena *a, struct span s);
/* Which of the bits of `seen` four bytes in small letters have. */
static inline uint32_t hide_bit(uint32_t four)
{
	return (four * UINT32_C(2654435761)) >> 10; /* the upper bits are mixed best */
}
static inline uint32_t hide_next(uint32_t four, uint8_t c)
{
	return four << 8 | ascii_lower(c);
}

/* A text whose bytes know where they are in the text that was searched. */
struct hide_view {
	struct span text;
	uint32_t *from; /* text.n + 1 of them; NULL: it is that text itself */
	const char *form;
};
static inline size_t hide_view_at(const struct hide_view *v, size_t i)
{
	return v->from != NULL ? v->from[i] : i;
}
/* hide_view.c: what is escaped made plain, once. False: there was nothing of that kind. */
bool hide_unescape(struct arena *a, const struct hide_view *in, struct hide_view *out);
bool hide_unquote(struct arena *a, const struct hide_view *in, struct hide_view *out);
bool hide_undash(struct arena *a, const struct hide_view *in, struct hide_view *out);

/* hide_token.c: codings of whole tokens. */
struct hide_run {
	size_t from, to; /* in the view, '=' behind it included */
	size_t n;        /* characters that carry bits */
	bool split;      /* holds '/' or '+' */
	bool lines;      /* goes on over the ends of lines */
	bool mixed;      /* digits, capitals and small letters */
};
/* The next run of base64 characters from *at on; false: there is none. */
bool hide_next_run(struct span s, size_t *at, struct hide_run *out);
/* Into room of n bytes; characters of `s` from `phase` on, ends of lines passed over. How many
 * bytes came out. */
size_t hide_base64(struct span s, size_t phase, uint8_t *out);
size_t hide_hex(struct span s, size_t phase, uint8_t *out);
/* The next run of at least 8 hex digits from *at on. */
bool hide_next_hex(struct span s, size_t *at, struct hide_run *out);
/* zlib, gzip or raw deflate at the start; at most HIDE_INFLATE_MAX bytes. Absent: it is none.
 */
struct span hide_inflate(struct arena *a, struct span s, bool raw);

/* A search that is on its way. */
struct hide_sink {
	struct hide_hit *list;
	size_t n;
};

struct hide_look {
	const struct hide *h; /* NULL: only to show the views */
	hide_view_fn *each;
	void *ctx;
	struct arena a;
	size_t work, limit;
	unsigned inflates;
	bool cut;
	struct buf room[HIDE_TOKEN_DEPTH + 1]; /* of the token that is decoded at each depth */
};

struct hide_level {
	unsigned depth, tokens, escapes, used;
	const char *form; /* of the outermost coding; NULL: none */
};

/* hide_match.c */
void hide_emit(struct hide_look *l, const struct hide_view *v, size_t from, size_t to,
	struct hide_hit hit, struct hide_sink *out);
void hide_match(struct hide_look *l, const struct hide_view *v, const struct hide_level *level,
	struct hide_sink *out);

#endif
