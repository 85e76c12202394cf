/*
 * What the comparisons share: how values are said, and how two of them are held against each
 * other. Private to store/derive/compare*.c. Any thread.
 */
#ifndef STORE_DERIVE_COMPARE_PARTS_H
#define STORE_DERIVE_COMPARE_PARTS_H

#include "store/derive/compare.h"

/* As in capture/stream.h, which this layer does not see. */
enum { COMPARE_UP, COMPARE_DOWN };

/* As flow facts have it. */
static inline bool compare_ended(const struct fact_flow *f, enum flow_ended how)
{
	return span_is(f->ended, flow_ended_word(how));
}
static inline bool compare_ok(struct span outcome)
{
	return span_is(outcome, "ok");
}

/* "1234 bytes, SHA-256 ab..."; digest absent: without. Absent for no size. */
struct span compare_sized(struct arena *a, int64_t size, struct span digest);
/* The SHA-256 of no bytes. */
extern const struct span compare_nothing;
/* Of bytes that are compared whole: their number and digest. */
struct span compare_digested(struct arena *a, struct span bytes);

/* Two texts. Both absent: nothing is said. absence_counts: one that is not there says that it
 * was not; else the proxy's absence is unseen. unseen: why the witness's may be absent. */
void compare_text(struct compare_to *to, enum verdict_subject subject, int64_t packet,
	struct span ours, struct span theirs, bool absence_counts, const char *unseen);
/* Two runs of bytes, said by their digests. */
void compare_bytes(struct compare_to *to, enum verdict_subject subject, int64_t packet,
	struct span ours, struct span theirs, const char *unseen);

/* Is what the proxy has, n bytes and their digest, the beginning of what the packets show? */
enum compare_begins {
	BEGINS_UNKNOWN, /* the packets' digests are of other places */
	BEGINS_SAME,
	BEGINS_OTHER, /* *other: the digest of as many bytes in the packets */
};
/* tail: as in a flow_plain fact. */
enum compare_begins compare_begins(
	struct span tail, int64_t n, struct span digest, struct span *other);
/* What is said of a beginning that is the same. */
const char *compare_rest(struct arena *a, int64_t n, int64_t all);

/* The proxy's time of something against the kernel's. *good is cleared and a verdict given
 * where they do not fit; unknown times fit. */
void compare_time(struct compare_to *to, int64_t packet, const char *what, int64_t ours_us,
	int64_t kernel_us, int64_t late_us, bool *good);

/* compare_told.c: facts that are missing, and fields that follow from what agreed. */
void compare_leg_told(struct compare_to *to, const struct compare_leg *l);
void compare_exchange_told(struct compare_to *to, const struct compare_exchange *x);

#endif
