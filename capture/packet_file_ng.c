#include "capture/packet_file_inner.h"

#include <stdlib.h>

/* draft-ietf-opsawg-pcapng */
enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET_OLD = 2,
	BLOCK_PACKET_SIMPLE = 3,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
	BLOCK_SECRETS = 10,
	BLOCK_HEAD = 8,   /* kind, length */
	BLOCK_FRAME = 12, /* and the length again at its end */
	SECTION_FIXED = 16,
	INTERFACE_FIXED = 8,
	PACKET_FIXED = 20, /* the old kind, too */
	SIMPLE_FIXED = 4,
	STATISTICS_FIXED = 12,
	SECRETS_FIXED = 8,
	OPTION_END = 0,
	INTERFACE_RESOLUTION = 9,
	INTERFACE_OFFSET = 14,
	STATISTICS_DROPPED = 5,
	STATISTICS_DROPPED_OS = 7,
	MICROSECONDS = 6,
};
#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)
#define SECRETS_TLS UINT32_C(0x544c534b)

static const int64_t powers_of_10[] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

/* The next option's code and value; false: there is none, or it does not fit. */
static bool next_option(
	const struct packet_file *f, struct span *options, uint16_t *code, struct span *value)
{
	if (options->n < 4)
		return false;
	*code = get_u16(f, options->p);
	size_t n = get_u16(f, options->p + 2);
	if (*code == OPTION_END || n > options->n - 4)
		return false;
	*value = span_of(options->p + 4, n);
	*options = span_from(*options, 4 + ((n + 3) & ~(size_t)3));
	return true;
}

static int64_t saturated(uint64_t v)
{
	return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

/* if_tsresol, if_tsoffset */
static int64_t time_of(const struct interface *in, uint64_t units)
{
	uint64_t s, ns;
	unsigned e = in->exponent;
	if (in->binary) {
		s = e < 64 ? units >> e : 0;
		uint64_t part = e < 64 ? units & ((UINT64_C(1) << e) - 1) : units;
		/* To 2^-32 s, finer than a nanosecond, so that the product fits. */
		if (e > 32) {
			part = e - 32 < 64 ? part >> (e - 32) : 0;
			e = 32;
		}
		ns = part * 1000000000 >> e;
	} else {
		for (; e > 9; e--)
			units /= 10;
		uint64_t per_s = (uint64_t)powers_of_10[e];
		s = units / per_s;
		ns = units % per_s * (1000000000 / per_s);
	}
	int64_t all;
	if (__builtin_add_overflow(saturated(s), in->offset_s, &all))
		all = in->offset_s < 0 ? INT64_MIN : INT64_MAX;
	return packet_file_time(all, (int64_t)ns);
}

/* A new section has interfaces of its own; what the old ones dropped is kept. */
static enum packet_next begin_section(struct packet_file *f, struct span body)
{
	if (body.n < SECTION_FIXED)
		return packet_file_broken(f, "a section header of %zu bytes", body.n);
	unsigned major = get_u16(f, body.p + 4), minor = get_u16(f, body.p + 6);
	/* 1.2 was written for a while and is the same. */
	if (major != 1 || (minor != 0 && minor != 2))
		return packet_file_broken(f, "pcapng of version %u.%u", major, minor);
	f->dropped_before = packet_file_dropped(f);
	f->n_interfaces = 0;
	return PACKET_NEXT;
}

static enum packet_next add_interface(struct packet_file *f, struct span body)
{
	if (body.n < INTERFACE_FIXED)
		return packet_file_broken(f, "an interface description of %zu bytes", body.n);
	if (f->n_interfaces == PACKET_FILE_INTERFACES_MAX)
		return packet_file_broken(
			f, "more than %d interfaces", PACKET_FILE_INTERFACES_MAX);
	if (f->n_interfaces == f->cap_interfaces) {
		f->cap_interfaces = f->cap_interfaces > 0 ? f->cap_interfaces * 2 : 4;
		f->interfaces =
			realloc(f->interfaces, f->cap_interfaces * sizeof *f->interfaces);
		if (f->interfaces == NULL)
			abort();
	}
	struct interface in = {
		.link = get_u16(f, body.p),
		.snaplen = get_u32(f, body.p + 4),
		.exponent = MICROSECONDS,
		.dropped = UINT64_MAX,
	};
	struct span options = span_from(body, INTERFACE_FIXED), value;
	for (uint16_t code; next_option(f, &options, &code, &value);) {
		if (code == INTERFACE_RESOLUTION && value.n >= 1) {
			in.binary = value.p[0] & 0x80;
			in.exponent = value.p[0] & 0x7f;
		} else if (code == INTERFACE_OFFSET && value.n >= 8) {
			in.offset_s = (int64_t)get_u64(f, value.p);
		}
	}
	packet_file_link(f, in.link);
	f->interfaces[f->n_interfaces++] = in;
	return PACKET_NEXT;
}

static enum packet_next take_statistics(struct packet_file *f, struct span body)
{
	if (body.n < STATISTICS_FIXED)
		return packet_file_broken(f, "interface statistics of %zu bytes", body.n);
	uint32_t at = get_u32(f, body.p);
	if (at >= f->n_interfaces)
		return packet_file_broken(f, "statistics of interface %u, which is none", at);
	uint64_t dropped = 0;
	bool told = false;
	struct span options = span_from(body, STATISTICS_FIXED), value;
	for (uint16_t code; next_option(f, &options, &code, &value);) {
		if ((code != STATISTICS_DROPPED && code != STATISTICS_DROPPED_OS) ||
			value.n < 8)
			continue;
		if (__builtin_add_overflow(dropped, get_u64(f, value.p), &dropped) ||
			dropped == UINT64_MAX)
			dropped = UINT64_MAX - 1;
		told = true;
	}
	if (told)
		f->interfaces[at].dropped = dropped;
	return PACKET_NEXT;
}

/* Fills *out of a packet's interface, length and place in the block. */
static enum packet_next give(struct packet_file *f, struct packet *out, uint32_t interface,
	struct span rest, uint32_t n, uint32_t wire)
{
	if (interface >= f->n_interfaces)
		return packet_file_broken(
			f, "a packet of interface %u, which is none", interface);
	if (n > rest.n)
		return packet_file_broken(f, "a packet of %u bytes in a block of fewer", n);
	*out = (struct packet){
		.number = ++f->n_packets,
		.at_ns = f->last_ns,
		.link = f->interfaces[interface].link,
		.interface = interface,
		.wire_len = wire > n ? wire : n,
		.bytes = span_first(rest, n),
	};
	return PACKET_NEXT;
}

/* Enhanced Packet Block; the obsolete Packet Block has the interface in half of the space. */
static enum packet_next take_packet(
	struct packet_file *f, struct span body, bool old, struct packet *out)
{
	if (body.n < PACKET_FIXED)
		return packet_file_broken(f, "a packet block of %zu bytes", body.n);
	uint32_t interface = old ? get_u16(f, body.p) : get_u32(f, body.p);
	enum packet_next next = give(f, out, interface, span_from(body, PACKET_FIXED),
		get_u32(f, body.p + 12), get_u32(f, body.p + 16));
	if (next != PACKET_NEXT)
		return next;
	uint64_t units = (uint64_t)get_u32(f, body.p + 4) << 32 | get_u32(f, body.p + 8);
	out->at_ns = f->last_ns = time_of(&f->interfaces[interface], units);
	return PACKET_NEXT;
}

/* It has no time: that of the packet before it stands in. */
static enum packet_next take_simple(struct packet_file *f, struct span body, struct packet *out)
{
	if (body.n < SIMPLE_FIXED)
		return packet_file_broken(f, "a packet block of %zu bytes", body.n);
	if (f->n_interfaces == 0)
		return packet_file_broken(f, "a packet of interface 0, which is none");
	struct span rest = span_from(body, SIMPLE_FIXED);
	uint32_t wire = get_u32(f, body.p), n = wire, snaplen = f->interfaces[0].snaplen;
	if (snaplen > 0 && n > snaplen)
		n = snaplen;
	return give(f, out, 0, rest, n, wire);
}

static enum packet_next take_block(struct packet_file *f, uint32_t kind, struct span body,
	struct packet *out, bool *packet)
{
	*packet =
		kind == BLOCK_PACKET || kind == BLOCK_PACKET_OLD || kind == BLOCK_PACKET_SIMPLE;
	switch (kind) {
	case BLOCK_SECTION: return begin_section(f, body);
	case BLOCK_INTERFACE: return add_interface(f, body);
	case BLOCK_STATISTICS: return take_statistics(f, body);
	case BLOCK_PACKET: return take_packet(f, body, false, out);
	case BLOCK_PACKET_OLD: return take_packet(f, body, true, out);
	case BLOCK_PACKET_SIMPLE: return take_simple(f, body, out);
	default: f->n_skipped++; return PACKET_NEXT;
	}
}

static enum packet_next begin_secrets(struct packet_file *f, uint32_t len)
{
	if (len < BLOCK_FRAME + SECRETS_FIXED)
		return packet_file_broken(f, "a secrets block of %u bytes", len);
	enum packet_next next = packet_file_need(f, BLOCK_HEAD + SECRETS_FIXED);
	if (next != PACKET_NEXT)
		return next == PACKET_END ? PACKET_CUT : next;
	const uint8_t *p = f->bytes + f->at + BLOCK_HEAD;
	uint32_t n = get_u32(f, p + 4), room = len - BLOCK_FRAME - SECRETS_FIXED;
	if (n > room)
		return packet_file_broken(f, "secrets of %u bytes in a block of fewer", n);
	f->in_secrets = true;
	f->secrets_kept = get_u32(f, p) == SECRETS_TLS;
	f->n_skipped += !f->secrets_kept;
	f->secrets_len = len;
	f->secrets_left = n;
	f->secrets_rest = room - n + 4;
	f->at += BLOCK_HEAD + SECRETS_FIXED;
	/* Each block's text begins on a line of its own. */
	struct span have = buf_span(&f->secrets);
	if (f->secrets_kept && have.n > 0 && have.p[have.n - 1] != '\n')
		buf_add_byte(&f->secrets, '\n');
	return PACKET_NEXT;
}

static void keep_secrets(struct packet_file *f, struct span piece)
{
	if (!f->secrets_kept)
		return;
	size_t have = buf_len(&f->secrets);
	size_t room = have < PACKET_FILE_SECRETS_MAX ? PACKET_FILE_SECRETS_MAX - have : 0;
	f->secrets_cut |= piece.n > room;
	buf_add_span(&f->secrets, span_first(piece, room));
}

static enum packet_next go_on_secrets(struct packet_file *f)
{
	while (f->secrets_left + f->secrets_rest > 4) {
		enum packet_next next = packet_file_need(f, 1);
		if (next != PACKET_NEXT)
			return next == PACKET_END ? PACKET_CUT : next;
		struct span have = span_of(f->bytes + f->at, f->end - f->at);
		struct span text = span_first(have, f->secrets_left);
		keep_secrets(f, text);
		f->secrets_left -= (uint32_t)text.n;
		f->at += text.n;
		struct span rest = span_first(span_from(have, text.n),
			f->secrets_left == 0 ? f->secrets_rest - 4 : 0);
		f->secrets_rest -= (uint32_t)rest.n;
		f->at += rest.n;
	}
	enum packet_next next = packet_file_need(f, 4);
	if (next != PACKET_NEXT)
		return next == PACKET_END ? PACKET_CUT : next;
	if (get_u32(f, f->bytes + f->at) != f->secrets_len)
		return packet_file_broken(f, "the two lengths of a block differ");
	f->at += 4;
	f->in_secrets = false;
	return PACKET_NEXT;
}

/* A section header says what byte order the section has. */
static enum packet_next find_order(struct packet_file *f)
{
	enum packet_next next = packet_file_need(f, BLOCK_HEAD + 4);
	if (next != PACKET_NEXT)
		return next;
	uint32_t magic;
	memcpy(&magic, f->bytes + f->at + BLOCK_HEAD, sizeof magic);
	if (magic != BYTE_ORDER_MAGIC && magic != __builtin_bswap32(BYTE_ORDER_MAGIC))
		return packet_file_broken(f, "a section header without a byte order");
	f->swapped = magic != BYTE_ORDER_MAGIC;
	return PACKET_NEXT;
}

/* One block; *packet: it was one, and *out is filled. */
static enum packet_next one_block(struct packet_file *f, struct packet *out, bool *packet)
{
	*packet = false;
	if (f->in_secrets)
		return go_on_secrets(f);
	enum packet_next next = packet_file_need(f, BLOCK_HEAD);
	if (next != PACKET_NEXT)
		return next;
	uint32_t kind = get_u32(f, f->bytes + f->at);
	if (kind == BLOCK_SECTION) {
		next = find_order(f);
		if (next != PACKET_NEXT)
			return next;
	}
	uint32_t len = get_u32(f, f->bytes + f->at + 4);
	if (len < BLOCK_FRAME || len % 4 != 0)
		return packet_file_broken(f, "a block whose length is %u", len);
	if (kind == BLOCK_SECRETS)
		return begin_secrets(f, len);
	if (len > PACKET_FILE_BLOCK_MAX)
		return packet_file_broken(
			f, "a block of %u bytes, more than %d", len, PACKET_FILE_BLOCK_MAX);
	next = packet_file_need(f, len);
	if (next != PACKET_NEXT)
		return next;
	const uint8_t *p = f->bytes + f->at;
	if (get_u32(f, p + len - 4) != len)
		return packet_file_broken(f, "the two lengths of a block differ");
	next = take_block(f, kind, span_of(p + BLOCK_HEAD, len - BLOCK_FRAME), out, packet);
	if (next == PACKET_NEXT)
		f->at += len;
	return next;
}

enum packet_next packet_file_ng_next(struct packet_file *f, struct packet *out)
{
	for (;;) {
		bool packet;
		enum packet_next next = one_block(f, out, &packet);
		if (next != PACKET_NEXT || packet)
			return next;
	}
}

void packet_file_ng_fini(struct packet_file *f)
{
	if (f->secrets.p != NULL)
		explicit_bzero(f->secrets.p, f->secrets.cap);
	buf_fini(&f->secrets);
}
