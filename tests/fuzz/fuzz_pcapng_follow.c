/*
 * One direction of a connection that an export shows to others, cut into pieces at will: what
 * may be shown is the same however it is cut, lies within what came, is nothing but whole TLS
 * records, and what they carry all together holds nothing that is to be hidden.
 */
#include "tests/fuzz/fuzz_check.h"
#include "ui/export/pcapng_follow.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool holds(void *ctx, struct span bytes)
{
	(void)ctx;
	return span_find(bytes, span_str("hide"), 0) != SIZE_MAX;
}

static void look(const struct follow *f, struct span all)
{
	struct buf carried = {0};
	MUST(f->from <= f->to && f->to <= all.n);
	for (size_t at = (size_t)f->from, len; at < f->to; at += len + 5) {
		MUST(f->to - at >= 5 && all.p[at] >= 20 && all.p[at] <= 23);
		len = (size_t)all.p[at + 3] << 8 | all.p[at + 4];
		MUST(len + 5 <= f->to - at);
		buf_add(&carried, all.p + at + 5, len);
	}
	MUST(!holds(NULL, buf_span(&carried)));
	buf_fini(&carried);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct follow whole, pieces;
	if (n < 2)
		return 0;
	enum flow_way way = p[0] & 1 ? FLOW_UP : FLOW_DOWN;
	size_t step = (size_t)p[1] + 1;
	struct span all = span_of(p + 2, n - 2);
	follow_init(&whole, way);
	follow_init(&pieces, way);
	follow_bytes(&whole, all, holds, NULL);
	for (size_t at = 0; at < all.n; at += step)
		follow_bytes(&pieces, span_first(span_from(all, at), step), holds, NULL);
	follow_end(&whole, holds, NULL);
	follow_end(&pieces, holds, NULL);
	/* How far a hello is looked for depends on the pieces, by less than one of them. */
	if (all.n < FOLLOW_CLEAR_MAX)
		MUST(whole.from == pieces.from && whole.to == pieces.to);
	if (pieces.from != FOLLOW_NEVER)
		look(&pieces, all);
	return 0;
}
