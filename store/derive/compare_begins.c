/* Whether what the proxy has is the beginning of what the packets show. */
#include "store/derive/compare_parts.h"
#include "store/base/hash.h"
#include "store/base/reader.h"

static enum compare_begins held(struct span ours, struct span theirs, struct span *other)
{
	*other = theirs;
	return span_eq(ours, theirs) ? BEGINS_SAME : BEGINS_OTHER;
}

/* Nothing is the beginning of everything, whatever places the packets' digests are of. */
static enum compare_begins held_nothing(struct span digest, struct span *other)
{
	return held(digest.p != NULL ? digest : compare_nothing, compare_nothing, other);
}

enum compare_begins compare_begins(
	struct span tail, int64_t n, struct span digest, struct span *other)
{
	struct reader r = reader_of(tail);
	*other = SPAN_NONE;
	if (n == 0)
		return held_nothing(digest, other);
	if (n < 0 || digest.p == NULL)
		return BEGINS_UNKNOWN;
	while (r.n > 0) {
		uint64_t at = read_u64(&r);
		struct span theirs = read_span(&r, SHA256_LEN);
		if (r.bad)
			break;
		if (at == (uint64_t)n)
			return held(digest, theirs, other);
	}
	return BEGINS_UNKNOWN;
}

const char *compare_rest(struct arena *a, int64_t n, int64_t all)
{
	return arena_printf(a, "of %lld bytes; %lld more came when the proxy read no more",
		(long long)all, (long long)(all - n));
}
