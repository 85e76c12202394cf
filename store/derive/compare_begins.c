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
	static const uint8_t none[SHA256_LEN] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
		0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64,
		0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
	struct span nothing = span_of(none, sizeof none);
	return held(digest.p != NULL ? digest : nothing, nothing, other);
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
