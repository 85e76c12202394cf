/*
 * Facts opened for showing them to somebody without the case (docs/seal.md, Showing a part):
 * every value with its salt and commitment, the bytes that the leaf is the hash of, and the
 * paths to the root of a head. Who shows decides what of it leaves the house: a value goes with
 * its salt, what is hidden goes as its commitment alone, and the fact's own salt is not here at
 * all. Reads only; the file may be hostile. One thread.
 */
#ifndef STORE_SEAL_PROOF_H
#define STORE_SEAL_PROOF_H

#include "store/case.h"
#include "store/seal_fact.h"
#include "store/seal_head.h"

enum seal_shown {
	SHOWN_UNKNOWN, /* a field without a value: nothing but that */
	SHOWN_INTEGER, /* number; it is in the leaf itself */
	SHOWN_VALUE,   /* value, salt, commitment, digest */
	SHOWN_BLOCK,   /* a field only: salt, commitment, pieces; value is the whole block */
	SHOWN_PLAIN,   /* a piece only: value, which is shown with the block */
	SHOWN_ERASED,  /* commitment, and no more */
};

/* A field of a fact, or a piece of a header block. */
struct seal_part_shown {
	enum seal_shown shown;
	bool text;    /* of a value: 't', else 'b' */
	int64_t part; /* k of docs/seal.md; a plain piece has none: 0 */
	int64_t number;
	struct span value;
	uint8_t salt[SEAL_SALT_LEN], commitment[SHA256_LEN];
	uint8_t digest[SHA256_LEN]; /* of a value longer than SEAL_INLINE_MAX */
	struct seal_part_shown *pieces;
	size_t n_pieces;
};

struct seal_fact_shown {
	int64_t seq;
	enum fact_kind kind;
	uint8_t blind[SEAL_SALT_LEN]; /* salt(fact, 0) */
	struct span bytes;            /* D */
	uint8_t leaf[SHA256_LEN];
	uint8_t running[SHA256_LEN];    /* running(seq) */
	struct seal_part_shown *fields; /* as many as the leaf has */
	size_t n_fields;
	bool erased; /* something of it was */
};

/* What `each` gets lives until it returns; false from it ends everything with its error. */
typedef bool seal_shown_fn(void *ctx, const struct seal_fact_shown *f, struct err *err);

/* Opens the facts with these numbers (ascending, n of them; NULL: all), of those that the head
 * covers, in order. paths, if not NULL, has n empty buffers: the inclusion path of each, 32
 * bytes a node, nearest first; that takes 32 bytes of memory for each fact that the head
 * covers, and all facts are read in any case. Errors: CASE_READ, also if the case is not, or no
 * longer, what the head covers; LIMIT. */
enum { SEAL_PATHS_FACTS_MAX = 100 * 1000 * 1000 };
bool seal_show(struct case_file *c, const struct seal_head *head, const int64_t *seqs, size_t n,
	seal_shown_fn *each, void *ctx, struct buf *paths, struct err *err);
/* running(0). */
bool seal_start(struct case_file *c, uint8_t out[SHA256_LEN], struct err *err);

#endif
