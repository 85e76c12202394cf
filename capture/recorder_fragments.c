#include "capture/recorder_fragments.h"
#include "store/base/reader.h"

#include <netinet/in.h>

#define SECOND INT64_C(1000000000)

/* RFC 9293 3.1, RFC 768: both begin with the two ports. */
bool recorder_fragments_first(const struct packet_parts *p, struct packet_parts *out)
{
	if (p->fragment_at != 0)
		return false;
	struct reader r = reader_of(p->payload);
	*out = *p;
	out->src_port = read_u16(&r);
	out->dst_port = read_u16(&r);
	if (p->protocol == IPPROTO_UDP) {
		out->kind = PACKET_UDP;
		return !r.bad;
	}
	if (p->protocol != IPPROTO_TCP)
		return false;
	out->kind = PACKET_TCP;
	out->seq = read_u32(&r);
	out->ack = read_u32(&r);
	read_u8(&r); /* where its data begin */
	out->flags = read_u8(&r);
	return !r.bad;
}

void recorder_fragments_begin(
	struct recorder_fragments *f, const struct packet_parts *p, int64_t now_ns)
{
	f->of[f->next] =
		(struct recorder_datagram){p->src, p->dst, p->protocol, p->fragment_id, now_ns};
	f->next = (f->next + 1) % RECORDER_FRAGMENTS_MAX;
}

bool recorder_fragments_follow(
	const struct recorder_fragments *f, const struct packet_parts *p, int64_t now_ns)
{
	for (size_t i = 0; i < RECORDER_FRAGMENTS_MAX; i++) {
		const struct recorder_datagram *d = &f->of[i];
		if (d->src.n != 0 && d->id == p->fragment_id && d->protocol == p->protocol &&
			packet_address_same(&d->src, &p->src) &&
			packet_address_same(&d->dst, &p->dst) &&
			now_ns - d->at_ns <= RECORDER_FRAGMENT_S * SECOND)
			return true;
	}
	return false;
}
