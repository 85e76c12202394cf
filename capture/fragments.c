#include "capture/fragments.h"

#include <stdlib.h>

#include "capture/stream.h"

enum {
	DATAGRAM_MAX = 65535,
	UNIT = 8, /* of offsets */
	UNITS = (DATAGRAM_MAX + UNIT) / UNIT,
};
#define WAIT_NS INT64_C(30000000000) /* as Linux waits */

enum state { WAITING, WHOLE, BAD };

/* A datagram that is whole or bad is known for a while, so that copies of its fragments find
 * it and do not begin another. */
struct datagram {
	enum state state;
	struct packet packet; /* the first seen, without its bytes */
	struct packet_parts parts;
	uint8_t *bytes;
	size_t cap;
	uint32_t len;   /* 0: its last fragment was not seen */
	uint32_t top;   /* end of what was seen */
	uint32_t units; /* that are there */
	uint8_t have[UNITS / 8 + 1];
};

/* In the order of their first fragments; the oldest is at first. */
struct fragments {
	struct datagram *all[FLOWS_FRAGMENTS_AT_ONCE];
	size_t first, n;
	size_t n_bytes;
	uint64_t limits;
	fragments_gone_fn *gone;
	void *ctx;
};

struct fragments *fragments_new(fragments_gone_fn *gone, void *ctx)
{
	struct fragments *f = calloc(1, sizeof *f);
	if (f == NULL)
		abort();
	f->gone = gone;
	f->ctx = ctx;
	return f;
}

static struct datagram **slot(struct fragments *f, size_t i)
{
	return &f->all[(f->first + i) % FLOWS_FRAGMENTS_AT_ONCE];
}

static size_t cost(const struct datagram *d)
{
	return sizeof *d + d->cap;
}

static void remove_oldest(struct fragments *f, bool tell)
{
	struct datagram *d = *slot(f, 0);
	f->first = (f->first + 1) % FLOWS_FRAGMENTS_AT_ONCE;
	f->n--;
	f->n_bytes -= cost(d);
	if (tell && d->state == WAITING)
		f->gone(f->ctx, &d->packet, &d->parts);
	free(d->bytes);
	free(d);
}

void fragments_free(struct fragments *f)
{
	if (f == NULL)
		return;
	while (f->n > 0)
		remove_oldest(f, false);
	free(f);
}

void fragments_expire(struct fragments *f, int64_t now_ns, bool all)
{
	while (f->n > 0 &&
		(all || packet_elapsed_ns((*slot(f, 0))->packet.at_ns, now_ns) > WAIT_NS))
		remove_oldest(f, true);
}

uint64_t fragments_limits(const struct fragments *f)
{
	return f->limits;
}

static void make_room(struct fragments *f)
{
	f->limits += (*slot(f, 0))->state == WAITING;
	remove_oldest(f, true);
}

/* RFC 791 3.2: source, destination, protocol, identification; RFC 8200 4.5: without the
 * protocol. */
static bool same(const struct datagram *d, const struct packet_parts *parts)
{
	const struct packet_parts *o = &d->parts;
	return o->fragment_id == parts->fragment_id &&
	       packet_address_same(&o->src, &parts->src) &&
	       packet_address_same(&o->dst, &parts->dst) &&
	       (parts->src.n == 16 || o->protocol == parts->protocol);
}

static struct datagram *find(struct fragments *f, const struct packet_parts *parts)
{
	for (size_t i = f->n; i-- > 0;)
		if (same(*slot(f, i), parts))
			return *slot(f, i);
	return NULL;
}

static struct datagram *begin(
	struct fragments *f, const struct packet *p, const struct packet_parts *parts)
{
	if (f->n == FLOWS_FRAGMENTS_AT_ONCE)
		make_room(f);
	struct datagram *d = calloc(1, sizeof *d);
	if (d == NULL)
		abort();
	d->packet = *p;
	d->packet.bytes = SPAN_NONE;
	d->parts = *parts;
	d->parts.payload = SPAN_NONE;
	*slot(f, f->n++) = d;
	f->n_bytes += cost(d);
	return d;
}

static bool has(const struct datagram *d, uint32_t unit)
{
	return d->have[unit / 8] >> unit % 8 & 1;
}

static void grow(struct fragments *f, struct datagram *d, size_t n)
{
	if (n <= d->cap)
		return;
	size_t cap = n < 4096 ? 4096 : n < 16384 ? 16384 : DATAGRAM_MAX + 1;
	d->bytes = realloc(d->bytes, cap);
	if (d->bytes == NULL)
		abort();
	f->n_bytes += cap - d->cap;
	d->cap = cap;
}

/* Is it a copy of what is there, byte by byte? */
static bool is_copy(const struct datagram *d, const struct packet_parts *parts)
{
	uint32_t end = parts->fragment_at + (uint32_t)parts->payload.n;
	return d->state == WHOLE && end <= d->len && (parts->fragment_more || end == d->len) &&
	       memcmp(d->bytes + parts->fragment_at, parts->payload.p, parts->payload.n) == 0;
}

/* NULL, or why the fragment cannot be one of the datagram. */
static const char *put(
	struct fragments *f, struct datagram *d, const struct packet_parts *parts)
{
	struct span s = parts->payload;
	uint32_t at = parts->fragment_at, end = at + (uint32_t)s.n;
	if (!parts->fragment_more) {
		if ((d->len > 0 && d->len != end) || end < d->top)
			return "two last fragments that differ in where they end";
		d->len = end;
	} else if (d->len > 0 && end > d->len) {
		return "a fragment behind the last one";
	}
	if (end > d->top)
		d->top = end;
	if (at == 0)
		d->parts.protocol = parts->protocol; /* the first one's counts */
	grow(f, d, end);
	for (uint32_t i = 0; i < s.n; i += UNIT) {
		uint32_t unit = (at + i) / UNIT;
		size_t n = s.n - i < UNIT ? s.n - i : UNIT;
		if (!has(d, unit)) {
			memcpy(d->bytes + at + i, s.p + i, n);
			d->have[unit / 8] |= (uint8_t)(1 << unit % 8);
			d->units++;
		} else if (memcmp(d->bytes + at + i, s.p + i, n) != 0) {
			return "fragments that overlap and differ";
		}
	}
	return NULL;
}

static const char *shape(const struct packet_parts *parts)
{
	if (parts->payload.n == 0)
		return "a fragment without a byte";
	if (parts->payload.n < parts->payload_len)
		return "a fragment that was cut when it was captured";
	if (parts->fragment_more && parts->payload.n % UNIT != 0)
		return "a fragment that is not the last and no multiple of 8 bytes long";
	if (parts->payload.n > DATAGRAM_MAX - parts->fragment_at)
		return "a fragment beyond the largest datagram";
	return NULL;
}

enum fragments_next fragments_add(struct fragments *f, const struct packet *p,
	struct packet_parts *parts, struct span *datagram)
{
	const char *why = shape(parts);
	struct datagram *d = find(f, parts);
	if (d != NULL && d->state == WHOLE && why == NULL) {
		if (is_copy(d, parts))
			return FRAGMENTS_WAIT;
		d = NULL; /* another datagram, by the same number */
	}
	if (d == NULL)
		d = begin(f, p, parts);
	if (why == NULL && d->state == BAD)
		why = "a fragment of a datagram that was given up";
	if (why == NULL)
		why = put(f, d, parts);
	if (why != NULL) {
		d->state = BAD;
		parts->kind = PACKET_MALFORMED;
		parts->why = why;
		return FRAGMENTS_BAD;
	}
	while (f->n_bytes > FLOWS_FRAGMENTS_MAX && *slot(f, 0) != d)
		make_room(f);
	if (d->len == 0 || d->units != (d->len + UNIT - 1) / UNIT)
		return FRAGMENTS_WAIT;
	d->state = WHOLE;
	parts->protocol = d->parts.protocol;
	*datagram = span_of(d->bytes, d->len);
	return FRAGMENTS_WHOLE;
}
