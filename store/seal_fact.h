/*
 * A fact as the seal sees it: salts, commitments, leaf (docs/seal.md). It hashes; it neither
 * reads nor writes a case. One thread per struct.
 */
#ifndef STORE_SEAL_FACT_H
#define STORE_SEAL_FACT_H

#include "store/base/hash.h"
#include "store/fact/fact.h"

enum {
	SEAL_SALT_LEN = 16,
	SEAL_PIECES_MAX = 4096, /* committed pieces of one block; the last takes the rest */
	SEAL_INLINE_MAX = 64,   /* bytes of a value that stand for themselves */
};

/* Where the salt of a part comes from: from the fact's own, or, where something of the fact was
 * erased, from what was kept; and the commitments to what was erased. */
struct seal_source {
	const uint8_t *salt; /* the fact's; NULL: gone, `part` is asked */
	/* The salt of part k; NULL: none was kept. */
	const uint8_t *(*part)(void *ctx, int64_t k);
	/* The commitment to part k if that was erased; NULL: it was not. May be NULL itself. */
	const uint8_t *(*erased)(void *ctx, int64_t k);
	void *ctx;
};

#define SEAL_BLANK 'x' /* what is left of an erased header's value */

struct sealer {
	struct sha256 hash;
	struct buf fact, block;
	uint8_t pair[SHA256_LEN]; /* two salts */
	int64_t pair_number;      /* which; -1: none */
	const struct seal_source *source;
	int64_t kept; /* salts that were asked for and there: each part's once */
	bool lost;    /* a salt that is needed was not there */
	bool stuffed; /* something stands where a value was erased */
};

void sealer_init(struct sealer *s);
void sealer_fini(struct sealer *s);

/* The leaf of a fact. data_sha256: the digest of a chunk's data, where it is known (NULL: it is
 * computed). False: a salt is missing. */
bool sealer_leaf(struct sealer *s, enum fact_kind kind, int64_t seq, const void *fact,
	const struct seal_source *source, const uint8_t *data_sha256, uint8_t out[SHA256_LEN]);
/* The bytes that the leaf is the hash of (D), after sealer_leaf; valid until the next call. */
struct span sealer_fact(const struct sealer *s);
/* The salt of one part. False: missing. */
bool sealer_salt(struct sealer *s, const struct seal_source *source, int64_t part,
	uint8_t out[SEAL_SALT_LEN]);
/* The commitment to a value ('t' or 'b') with that salt. */
void sealer_commit(struct sealer *s, const uint8_t salt[SEAL_SALT_LEN], uint8_t type,
	struct span value, const uint8_t *digest, uint8_t out[SHA256_LEN]);

/* The commitment to a text or bytes field as it stands in the leaf, a block's lines among it.
 * The field is known. False: a salt is missing. */
bool sealer_field(struct sealer *s, enum fact_kind kind, size_t i, const void *fact,
	const struct seal_source *source, uint8_t out[SHA256_LEN]);

/* Is field `i` (from 0) of the kind committed to piece by piece? */
bool seal_is_block(enum fact_kind kind, size_t i);
/* The part of a whole field, and of the j-th committed piece of a block. */
int64_t seal_part(size_t field);
int64_t seal_piece(size_t field, size_t j);

/* The committed pieces of a block, in order. */
struct seal_cut {
	struct span block;
	bool start_line; /* the first line is a request's */
	bool head;       /* the first line is a start line at all */
	size_t line;     /* where the next one begins */
	size_t n;        /* pieces so far */
};
struct seal_cut seal_cut_of(enum fact_kind kind, size_t field, struct span block);
/* False: no more. */
bool seal_cut_next(struct seal_cut *c, size_t *from, size_t *to);

#endif
