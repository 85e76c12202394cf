#include "ui/export/pcapng_export.h"

enum { PORT_DNS = 53, DNS_MAX = 65535, LABEL_MAX = 63 };

/* A name in a message is labels behind their lengths (RFC 1035 3.1): here with dots between
 * them, as it would be written. */
static bool dns_holds(struct span s, follow_holds_fn *holds, void *ctx)
{
	struct buf dotted = {0};
	s = span_first(s, DNS_MAX);
	bool found = holds(ctx, s);
	if (!found) {
		uint8_t *p = buf_room(&dotted, s.n);
		for (size_t i = 0; i < s.n; i++)
			p[i] = s.p[i] <= LABEL_MAX && s.p[i] < ' ' ? '.' : s.p[i];
		buf_grew(&dotted, s.n);
		found = holds(ctx, buf_span(&dotted));
	}
	buf_fini(&dotted);
	return found;
}

static bool shows(const struct packet_parts *parts, const struct survey_flow *f,
	enum flow_way way, follow_holds_fn *holds, void *ctx)
{
	switch (parts->kind) {
	case PACKET_TCP: return f != NULL && survey_shows(f, way, parts);
	case PACKET_UDP:
		/* One that was cut when it was captured was not looked at to its end. */
		return (parts->src_port == PORT_DNS || parts->dst_port == PORT_DNS) &&
		       parts->payload.n == parts->payload_len &&
		       !dns_holds(parts->payload, holds, ctx);
	/* A piece cannot be looked into, an error message quotes what it is about. */
	case PACKET_FRAGMENT:
	case PACKET_OTHER_IP:
	case PACKET_NO_IP:
	case PACKET_UNKNOWN_LINK:
	case PACKET_MALFORMED: break;
	}
	return false;
}

struct span pcapng_cut(const struct packet *p, const struct packet_parts *parts,
	const struct survey_flow *f, enum flow_way way, follow_holds_fn *holds, void *ctx,
	struct buf *room)
{
	if (holds == NULL)
		return p->bytes;
	/* Nobody can say how much of it is a head. */
	if (parts->kind == PACKET_MALFORMED || parts->kind == PACKET_UNKNOWN_LINK ||
		parts->kind == PACKET_NO_IP || parts->payload.p == NULL)
		return SPAN_NONE;
	/* What stands behind the payload is a card's padding, of whatever it last held. */
	size_t head = (size_t)(parts->payload.p - p->bytes.p);
	size_t n = shows(parts, f, way, holds, ctx) ? head + parts->payload.n : head;
	buf_clear(room);
	buf_add(room, p->bytes.p, n);
	pcapng_scrub(p->bytes, room->p + room->start, parts, holds, ctx);
	return buf_span(room);
}
