#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/kit/hostile_capture.h"

#include <stdlib.h>

static uint64_t dice(uint64_t *state, uint64_t n)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (*state >> 33) % n;
}

/* Where the TCP header of a packet lies; 0: there is none. */
static size_t tcp_of(const struct packet_build *b, size_t i)
{
	const struct built_packet *p = &b->packets[i];
	struct packet_parts parts;
	packet_parse(b->link, span_of(p->bytes, p->n), (uint32_t)p->wire_n, &parts);
	if (parts.kind != PACKET_TCP)
		return 0;
	size_t payload = (size_t)(parts.payload.p - p->bytes);
	/* packet_build's headers have 12 bytes of options. */
	return payload >= 32 ? payload - 32 : 0;
}

static void add_u32(uint8_t *p, uint32_t n)
{
	uint32_t v = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	v += n;
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* A copy of a TCP packet, changed, somewhere behind or before it. */
static void forge(struct packet_build *b, size_t i, uint64_t *state)
{
	static const uint8_t flags[] = {TCP_RST, TCP_RST | TCP_ACK, TCP_SYN, TCP_SYN | TCP_ACK,
		TCP_FIN | TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH | TCP_URG, 0};
	static const uint32_t moves[] = {0, 1, UINT32_MAX, 100, UINT32_MAX - 99, 65536,
		100000000, 1u << 31, UINT32_MAX - 100000000};
	size_t to = dice(state, b->n + 1), at = tcp_of(b, i);
	if (at == 0)
		return;
	packet_build_copy(b, i, to);
	struct built_packet *p = &b->packets[to];
	if (dice(state, 2) == 0)
		p->bytes[at + 13] = flags[dice(state, sizeof flags)];
	if (dice(state, 2) == 0)
		add_u32(p->bytes + at + 4, moves[dice(state, sizeof moves / sizeof moves[0])]);
	if (dice(state, 3) == 0)
		add_u32(p->bytes + at + 8, moves[dice(state, sizeof moves / sizeof moves[0])]);
	if (dice(state, 2) == 0)
		for (size_t k = at + 32; k < p->n; k++)
			p->bytes[k] ^= (uint8_t)dice(state, 256);
}

static void change(struct packet_build *b, size_t i, uint64_t *state)
{
	struct built_packet *p = &b->packets[i];
	if (p->n > 0)
		p->bytes[dice(state, p->n < 80 || dice(state, 3) == 0 ? p->n : 80)] ^=
			(uint8_t)(1 + dice(state, 255));
}

static void twist_time(struct packet_build *b, size_t i, uint64_t *state)
{
	static const int64_t times[] = {0, INT64_MAX, 1, INT64_C(1) << 62};
	int64_t *at_ns = &b->packets[i].at_ns;
	if (dice(state, 2) == 0)
		*at_ns = times[dice(state, 4)];
	else if (*at_ns < INT64_C(1) << 62)
		*at_ns += INT64_C(1000000000) * (int64_t)dice(state, 100);
}

static void add_rubbish(struct packet_build *b, uint64_t *state)
{
	uint8_t bytes[300];
	size_t n = dice(state, sizeof bytes);
	for (size_t k = 0; k < n; k++)
		bytes[k] = (uint8_t)dice(state, 256);
	if (dice(state, 2) == 0)
		packet_build_link(b, dice(state, 2) == 0 ? 0x0800 : 0x86dd, span_of(bytes, n));
	else
		packet_build_raw(b, span_of(bytes, n));
	packet_build_move(b, b->n - 1, dice(state, b->n));
}

static void fragment(struct packet_build *b, size_t i, uint64_t *state)
{
	const struct built_packet *p = &b->packets[i];
	struct packet_parts parts;
	packet_parse(b->link, span_of(p->bytes, p->n), (uint32_t)p->wire_n, &parts);
	if (parts.kind == PACKET_TCP || parts.kind == PACKET_UDP)
		packet_build_fragment(b, i, 8 * (1 + dice(state, 60)));
}

void hostile_packets(struct packet_build *b, unsigned tricks, uint64_t seed)
{
	uint64_t state = seed;
	while (tricks-- > 0 && b->n > 0) {
		size_t i = dice(&state, b->n);
		switch (dice(&state, 11)) {
		case 0: packet_build_drop(b, i); break;
		case 1: packet_build_copy(b, i, dice(&state, b->n + 1)); break;
		case 2: packet_build_move(b, i, dice(&state, b->n)); break;
		case 3: packet_build_cut(b, i, dice(&state, b->packets[i].n + 1)); break;
		case 4: change(b, i, &state); break;
		case 5: twist_time(b, i, &state); break;
		case 6: add_rubbish(b, &state); break;
		case 7: fragment(b, i, &state); break;
		case 8: b->packets[i].interface = (uint32_t)dice(&state, 3); break;
		default: forge(b, i, &state); break;
		}
	}
}

void hostile_file(struct buf *file, unsigned tricks, uint64_t seed)
{
	static const uint32_t lies[] = {0, 1, 11, 12, 13, 28, 1u << 20, (1u << 20) + 4,
		INT32_MAX, UINT32_MAX - 3, UINT32_MAX};
	uint64_t state = seed;
	while (tricks-- > 0 && buf_len(file) > 8) {
		size_t n = buf_len(file);
		uint8_t *p = file->p + file->start + dice(&state, n - 4) / 4 * 4;
		uint32_t lie = lies[dice(&state, sizeof lies / sizeof lies[0])];
		switch (dice(&state, 8)) {
		case 0: file->end = file->start + dice(&state, n); break;
		case 1: memcpy(p, &lie, sizeof lie); break;
		default: p[0] ^= (uint8_t)(1 + dice(&state, 255)); break;
		}
	}
}
