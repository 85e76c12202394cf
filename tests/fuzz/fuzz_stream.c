/*
 * Packets through flows. The first byte is even: the rest is a packet file. It is odd: the rest
 * are orders of 8 bytes, each a segment of one of four connections, whose bytes are the low
 * bytes of their own sequence numbers; what is delivered must go on by one, whatever came when,
 * and nothing may be called a conflict, unless an order was to lie.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/packet_file.h"
#include "capture/stream.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	uint64_t opened, ended, bytes, lost, captured, closed, conflicts;
	uint64_t packets; /* that were given */
	unsigned sum;     /* so that every byte is read */
	bool honest;      /* what is delivered can be checked */
};

/* What is kept of a connection between calls. */
struct kept {
	uint64_t position[2];
	uint8_t next[2];
	bool begun[2], closed[2];
};

static void on_opened(void *ctx, struct flow *f)
{
	struct run *r = ctx;
	MUST(f->number == ++r->opened);
	MUST(f->user == NULL);
	MUST(f->first.packet <= r->packets && f->bytes[0] + f->bytes[1] == 0);
	MUST(f->client.ip.n == f->server.ip.n && f->client.ip.n > 0);
	f->user = calloc(1, sizeof(struct kept));
	MUST(f->user != NULL);
}

static void on_bytes(void *ctx, struct flow *f, enum flow_way way, struct span bytes,
	const struct packet_at *at)
{
	struct run *r = ctx;
	struct kept *k = f->user;
	MUST(bytes.n > 0 && !k->closed[way]);
	MUST(at->packet > 0 && at->packet <= r->packets);
	for (size_t i = 0; i < bytes.n; i++) {
		MUST(!r->honest || !k->begun[way] || bytes.p[i] == k->next[way]);
		k->begun[way] = true;
		k->next[way] = (uint8_t)(bytes.p[i] + 1);
		r->sum += bytes.p[i];
	}
	r->bytes += bytes.n;
	k->position[way] += bytes.n;
	MUST(f->bytes[way] + f->lost[way] == k->position[way]);
}

static void on_lost(
	void *ctx, struct flow *f, enum flow_way way, uint64_t n, const struct packet_at *at)
{
	struct run *r = ctx;
	struct kept *k = f->user;
	MUST(n > 0 && n <= UINT32_MAX && !k->closed[way]);
	MUST(at->packet > 0 && at->packet <= r->packets);
	k->next[way] = (uint8_t)(k->next[way] + n);
	k->position[way] += n;
	r->lost += n;
	MUST(f->bytes[way] + f->lost[way] == k->position[way]);
}

static void on_closed(
	void *ctx, struct flow *f, enum flow_way way, bool reset, const struct packet_at *at)
{
	struct run *r = ctx;
	struct kept *k = f->user;
	(void)reset;
	MUST(!k->closed[way]);
	MUST(at->packet > 0 && at->packet <= r->packets);
	k->closed[way] = true;
	r->closed++;
}

static void on_ended(void *ctx, struct flow *f)
{
	struct run *r = ctx;
	struct kept *k = f->user;
	MUST(k != NULL);
	for (int way = 0; way < 2; way++)
		MUST(f->bytes[way] + f->lost[way] == k->position[way]);
	MUST(f->last.packet <= r->packets);
	MUST((f->conflicts > 0) == (f->conflict.packet > 0));
	MUST(strlen(flow_ended_word(f->ended)) > 0);
	r->conflicts += f->conflicts;
	r->ended++;
	free(k);
	f->user = NULL;
}

static void on_datagram(void *ctx, const struct packet *p, const struct packet_parts *parts)
{
	struct run *r = ctx;
	MUST(parts->kind == PACKET_UDP && p->number <= r->packets);
	for (size_t i = 0; i < parts->payload.n; i++)
		r->sum += parts->payload.p[i];
}

static void on_other(void *ctx, const struct packet *p, const struct packet_parts *parts)
{
	struct run *r = ctx;
	MUST(parts->kind != PACKET_TCP && parts->kind != PACKET_UDP);
	MUST(p->number > 0 && p->number <= r->packets);
	for (size_t i = 0; i < parts->payload.n; i++)
		r->sum += parts->payload.p[i];
}

static const struct flow_calls calls = {
	on_opened, on_bytes, on_lost, on_closed, on_ended, on_datagram, on_other};

static void finish(struct flows *fs, struct run *r)
{
	flows_end(fs);
	struct flows_counts counts;
	flows_counts(fs, &counts);
	flows_free(fs);
	MUST(r->opened == r->ended);
	MUST(counts.packets == r->packets);
	MUST(counts.conflicts == r->conflicts);
	/* Nothing is delivered twice, and nothing that was not there. */
	MUST(r->bytes + counts.unchecked + counts.conflicts <= r->captured);
	MUST(r->lost <= r->packets << 31);
	MUST(!r->honest || r->conflicts == 0);
}

static void from_file(struct span in)
{
	struct run r = {0};
	int fd = memfd_create("packets", MFD_CLOEXEC);
	MUST(fd >= 0 && write(fd, in.p, in.n) == (ssize_t)in.n && lseek(fd, 0, SEEK_SET) == 0);
	struct packet_file *f = packet_file_of(fd, "packets", false, NULL);
	if (f == NULL)
		return;
	struct flows *fs = flows_new(&calls, &r);
	struct packet p;
	while (packet_file_next(f, &p, NULL) == PACKET_NEXT) {
		r.packets++;
		r.captured += p.bytes.n;
		flows_packet(fs, &p);
	}
	finish(fs, &r);
	packet_file_close(f);
}

static void put_u16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put_u32(uint8_t *p, uint32_t v)
{
	put_u16(p, v >> 16);
	put_u16(p + 2, v);
}

static uint32_t moved(uint32_t first, const uint8_t *by)
{
	int16_t n = (int16_t)(by[0] << 8 | by[1]);
	uint32_t wide = (uint32_t)n;
	return first + wide;
}

/*
 * An order: what (bit 0 the way, 1-2 the connection, 3 SYN, 4 FIN, 5 RST, 6 no ACK, 7 other
 * numbers altogether), sequence and acknowledgement (16 bits each, signed), length (more than
 * 200: times 100), how much was cut off (bit 7: a lie), and seconds/16 that pass.
 */
static void segment(const uint8_t *order, uint8_t *packet, struct packet *p, struct run *r)
{
	enum { HEADERS = 40 };
	bool down = order[0] & 1;
	uint32_t first[2] = {UINT32_MAX - 5000, 100000};
	if (order[0] & 0x80) {
		first[0] = 0x60000000;
		first[1] = 0xa0000000;
	}
	uint32_t seq = moved(first[down], order + 1), ack = moved(first[!down], order + 3);
	uint32_t n = order[5] > 200 ? (order[5] - 200u) * 100 : order[5];
	uint32_t cut = order[6] & 0x7f;
	cut = cut < 64 || cut - 64 > n ? 0 : cut - 64;
	uint8_t flags =
		(uint8_t)((order[0] & 8 ? TCP_SYN : 0) | (order[0] & 16 ? TCP_FIN : 0) |
			  (order[0] & 32 ? TCP_RST : 0) | (order[0] & 64 ? 0 : TCP_ACK));
	memset(packet, 0, HEADERS);
	packet[0] = 0x45;
	put_u16(packet + 2, HEADERS + n);
	packet[9] = 6;
	packet[down ? 19 : 15] = 1;
	packet[down ? 15 : 19] = 2;
	put_u16(packet + (down ? 22 : 20), 1000 + (order[0] >> 1 & 3));
	put_u16(packet + (down ? 20 : 22), 443);
	put_u32(packet + 24, seq);
	put_u32(packet + 28, ack);
	packet[32] = 0x50;
	packet[33] = flags;
	put_u16(packet + 34, 0xffff);
	bool lie = order[6] & 0x80;
	if (lie)
		r->honest = false;
	/* The SYN itself has a number; its first byte is behind it. */
	for (uint32_t i = 0; i < n; i++)
		packet[HEADERS + i] = (uint8_t)(seq + !!(flags & TCP_SYN) + i + (lie ? 77 : 0));
	r->captured += n - cut;
	p->number++;
	p->at_ns += INT64_C(62500000) * order[7];
	p->link = LINK_IPV4;
	p->wire_len = HEADERS + n;
	p->bytes = span_of(packet, HEADERS + n - cut);
}

static void from_orders(struct span in)
{
	enum { ORDER = 8, PACKET = 40 + 5500 };
	struct run r = {.honest = true};
	uint8_t *packet = malloc(PACKET);
	struct packet p = {0};
	struct flows *fs = flows_new(&calls, &r);
	MUST(packet != NULL);
	/* Whether it lies anywhere counts for all of it. */
	for (size_t at = 0; at + ORDER <= in.n; at += ORDER)
		r.honest &= !(in.p[at + 6] & 0x80);
	for (size_t at = 0; at + ORDER <= in.n; at += ORDER) {
		r.packets++;
		segment(in.p + at, packet, &p, &r);
		flows_packet(fs, &p);
	}
	finish(fs, &r);
	free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] & 1)
		from_orders(span_of(data + 1, size - 1));
	else
		from_file(span_of(data + 1, size - 1));
	return 0;
}
