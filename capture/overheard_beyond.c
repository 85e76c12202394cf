/* What was plaintext and belongs to no exchange: another protocol, or what follows an upgrade.
 */
#include "capture/overheard_inner.h"

void overheard_beyond_init(struct overheard_beyond *b)
{
	*b = (struct overheard_beyond){.exchange = FACT_NULL};
	sha256_init(&b->hash[FLOW_UP]);
	sha256_init(&b->hash[FLOW_DOWN]);
}

void overheard_beyond_fini(struct overheard_beyond *b)
{
	sha256_fini(&b->hash[FLOW_UP]);
	sha256_fini(&b->hash[FLOW_DOWN]);
}

void overheard_on_beyond(
	void *ctx, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	struct overheard *o = ctx;
	(void)at;
	sha256_add(&o->beyond.hash[way], bytes.p, bytes.n);
	o->beyond.bytes[way] += bytes.n;
}

void overheard_beyond_put(struct overheard *o, int64_t at_us)
{
	struct overheard_beyond *b = &o->beyond;
	uint8_t digests[2][SHA256_LEN];
	struct fact_opaque f;
	if (b->bytes[FLOW_UP] + b->bytes[FLOW_DOWN] == 0 && !b->upgrade)
		return;
	sha256_peek(&b->hash[FLOW_UP], digests[FLOW_UP]);
	sha256_peek(&b->hash[FLOW_DOWN], digests[FLOW_DOWN]);
	fact_init(FACT_KIND_OPAQUE, &f);
	f.at_us = at_us;
	f.tunnel = o->tunnel;
	f.leg = o->leg;
	f.exchange = b->exchange;
	f.why = span_str(b->upgrade ? OPAQUE_UPGRADE : OPAQUE_NOT_HTTP);
	f.up_bytes = (int64_t)b->bytes[FLOW_UP];
	f.up_sha256 = span_of(digests[FLOW_UP], SHA256_LEN);
	f.down_bytes = (int64_t)b->bytes[FLOW_DOWN];
	f.down_sha256 = span_of(digests[FLOW_DOWN], SHA256_LEN);
	f.reason = span_str(err_word(ERR_NONE));
	overheard_put(o, FACT_KIND_OPAQUE, &f);
}
