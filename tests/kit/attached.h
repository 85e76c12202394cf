/*
 * The attachments of a case as a reader finds them, and what a PNG among them looks like by
 * libpng's own reader. Every failure fails the running cmocka test. One test thread.
 */
#ifndef TESTS_KIT_ATTACHED_H
#define TESTS_KIT_ATTACHED_H

#include "store/base/arena.h"
#include "store/fact/fact.h"

struct attached {
	struct arena arena;
	struct attached_one {
		int64_t seq;
		struct fact_attachment fact;
	} * list;
	size_t n;
};

void attached_read(struct attached *a, const char *case_path);
void attached_fini(struct attached *a);

struct pixels {
	unsigned width, height;
	uint8_t *rgb; /* 3 bytes each; freed by the caller */
};
void pixels_of_png(struct span png, struct pixels *out);
/* How many pixels have exactly this colour, 0xRRGGBB. */
size_t pixels_count(const struct pixels *p, unsigned rgb);

#endif
