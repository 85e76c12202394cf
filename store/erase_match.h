/*
 * Does a text occur in some bytes: as it is, percent-encoded (once or twice, wholly or in
 * part), in base64 of either alphabet at any alignment, or in hex; ASCII case folded? For
 * erasing, where a form that is overlooked stays. It looks at nothing but bytes. One thread.
 */
#ifndef STORE_ERASE_MATCH_H
#define STORE_ERASE_MATCH_H

#include "store/base/buf.h"

enum { ERASE_MATCH_MIN = 3, ERASE_MATCH_FORMS = 2 }; /* bytes of a text at least */

struct erase_view;
struct erase_match {
	struct buf forms[ERASE_MATCH_FORMS]; /* lower case: the text, and without its %XX */
	size_t n_forms;
	size_t reach; /* bytes that an occurrence takes at most, in whatever form */
	bool spaces;  /* a + may stand for one */
	struct erase_view *views;
};

void erase_match_init(
	struct erase_match *m, struct span text); /* of ERASE_MATCH_MIN at least */
void erase_match_fini(struct erase_match *m);

/* Every occurrence, as the bytes of hay that hold it; some more than once. */
typedef void erase_hit_fn(void *ctx, size_t from, size_t to);
void erase_match_in(struct erase_match *m, struct span hay, erase_hit_fn *hit, void *ctx);

#endif
