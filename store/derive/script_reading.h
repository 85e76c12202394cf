/*
 * One script being read: what was found so far, its functions and timers. Shared by script*.c
 * only.
 */
#ifndef STORE_DERIVE_SCRIPT_READING_H
#define STORE_DERIVE_SCRIPT_READING_H

#include "store/derive/script_cue.h"
#include "store/derive/script_value.h"

enum { TIMERS_MAX = 200, BLOBS_MAX = 50, FUNCTIONS_MAX = 2000 };

/* A stretch of the text, by offsets. */
struct stretch {
	size_t from, to;
};
struct function {
	struct span name;
	struct stretch body;
};
struct timer {
	struct stretch handler;
	int64_t delay_ms;
};

struct reading {
	struct script_env e;
	struct script_page *out;
	unsigned depth;
	bool emitting; /* the first pass only learns names */
	struct function *functions;
	size_t n_functions;
	struct timer *timers;
	size_t n_timers;
	struct stretch *blobs; /* the arguments of new Blob() */
	size_t n_blobs;
};

/* Index of the token behind a bracket's mate, or behind i. */
size_t token_after(const struct reading *r, size_t i);
/* "function name (...) {" at i, or the value of "name = function (...) {" / "name = (...) =>
 * {": remember its body. */
void script_see_function(struct reading *r, struct span name, size_t i);
/* setTimeout(handler, delay): the handler's text, and the bodies of the functions that it
 * names, run later. */
void script_see_timer(struct reading *r, size_t from, size_t paren, bool interval);
/* new Blob(parts): what stands in there makes a document, perhaps. */
void script_see_blob(struct reading *r, size_t from, size_t paren);
/* What was found from item `first` on learns whose timer or Blob it stands in. */
void script_apply_stretches(struct reading *r, size_t first);

#endif
