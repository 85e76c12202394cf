/*
 * What the parts of the packet file's reader share: packet_file.c has the bytes, the hash and
 * classic pcap, packet_file_ng.c the blocks of pcapng. Nobody else includes it. One thread.
 */
#ifndef CAPTURE_PACKET_FILE_INNER_H
#define CAPTURE_PACKET_FILE_INNER_H

#include "capture/packet_file.h"

enum {
	READ_MAX = 256 * 1024, /* bytes that one read asks for */
	/* A block of the largest size, and its last piece read with what follows it. */
	BUFFER_SIZE = PACKET_FILE_BLOCK_MAX + READ_MAX,
};

struct interface {
	int link;
	uint32_t snaplen;
	bool binary;      /* units of 2^-exponent s, else of 10^-exponent s */
	uint8_t exponent; /* if_tsresol */
	int64_t offset_s; /* if_tsoffset */
	uint64_t dropped; /* as its newest statistics say; UINT64_MAX: none did */
};

enum packet_file_kind { KIND_UNKNOWN, KIND_PCAP, KIND_PCAPNG };

struct packet_file {
	int fd;
	char *name;
	enum packet_file_kind kind;
	bool swapped; /* the file, or the section, has not this machine's byte order */
	bool broken;
	struct err why;

	uint8_t *bytes; /* BUFFER_SIZE of them: what was read and not used is [at, end) */
	size_t at, end;
	struct sha256 sha256;
	uint64_t n_read, n_packets, n_skipped;

	struct interface *interfaces;
	size_t n_interfaces, cap_interfaces;
	uint64_t dropped_before; /* in earlier sections; UINT64_MAX: nothing was said */
	int links[8];
	size_t n_links;
	int64_t last_ns;
	uint32_t fraction_ns; /* pcap: nanoseconds of its smaller unit */

	/* A secrets block is taken as its bytes come: it may be larger than the buffer. */
	bool in_secrets;
	bool secrets_kept;                                /* of a kind that is */
	uint32_t secrets_len, secrets_left, secrets_rest; /* of the text; of the block behind */
	struct buf secrets;
	bool secrets_cut;
};

/* n bytes from the cursor on are in the buffer; n is at most PACKET_FILE_BLOCK_MAX.
 * PACKET_NEXT: they are. */
enum packet_next packet_file_need(struct packet_file *f, size_t n);
/* Always PACKET_BROKEN. */
enum packet_next packet_file_broken(struct packet_file *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void packet_file_link(struct packet_file *f, int link);

static inline uint16_t get_u16(const struct packet_file *f, const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return f->swapped ? __builtin_bswap16(v) : v;
}
static inline uint32_t get_u32(const struct packet_file *f, const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return f->swapped ? __builtin_bswap32(v) : v;
}
static inline uint64_t get_u64(const struct packet_file *f, const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return f->swapped ? __builtin_bswap64(v) : v;
}
/* Seconds and nanoseconds as one; as far as that goes. */
uint64_t packet_file_dropped(const struct packet_file *f);
int64_t packet_file_time(int64_t s, int64_t ns);

enum packet_next packet_file_ng_next(struct packet_file *f, struct packet *out);
void packet_file_ng_fini(struct packet_file *f);

#endif
