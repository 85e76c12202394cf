/*
 * Inside of looking for what is to be erased: shared by erase_find.c and erase_bodies.c only.
 */
#ifndef STORE_ERASE_STATE_H
#define STORE_ERASE_STATE_H

#include "store/case_state.h"
#include "store/derive/fields.h"
#include "store/erase_find.h"
#include "store/seal_case.h"

enum erase_known_what {
	KNOWN_TUNNEL,          /* value: the exchange's */
	KNOWN_END,             /* value: its end's number; digest: by side, is there one? */
	KNOWN_REQUEST_CODING,  /* text */
	KNOWN_RESPONSE_CODING, /* text */
};
struct erase_known {
	int64_t exchange;
	enum erase_known_what what;
	int64_t value;
	struct span text;
	bool digest[2];
};

struct erase_chunk {
	int64_t exchange, side, n, seq, size;
	int64_t root; /* the chunk that has the bytes */
	bool has_data, has_digest, gone;
};

struct erase_leg {
	int64_t seq, tunnel;
	bool digest[2];
};

struct erase_search {
	struct case_file *file;
	const struct erase_wish *wish;
	struct arena *a; /* of the result */
	struct erase_found *out;
	struct arena own;
	struct erase_match *matches;
	size_t n_matches;
	bool *seen;          /* the exchanges of the wish */
	bool *seen_attached; /* its attachments */
	struct erase_known *known;
	size_t n_known;
	struct erase_chunk *chunks;
	size_t n_chunks;
	struct erase_leg *legs;
	size_t n_legs;
	int64_t *touched; /* exchanges of which something goes */
	size_t n_touched;
	int64_t *tunnels; /* the same */
	size_t n_tunnels;
};

void erase_add(struct erase_search *s, struct erase_item item);
void erase_touch(struct erase_search *s, int64_t tunnel);

/* erase_bodies.c: after the walk. Bodies, those that share their bytes, and the digests. */
bool erase_bodies(struct erase_search *s, struct err *err);

#endif
