/*
 * Packets out of a file, one after the other: pcapng (with nanoseconds, any number of
 * interfaces and sections, Decryption Secrets Blocks) and classic pcap, either byte order. A
 * file that is being written can be read on as it grows. Hostile bytes: every length is
 * checked, every limit named. One thread.
 */
#ifndef CAPTURE_PACKET_FILE_H
#define CAPTURE_PACKET_FILE_H

#include "capture/wire/packet.h"
#include "store/base/buf.h"
#include "store/base/err.h"
#include "store/base/hash.h"

enum {
	PACKET_FILE_BLOCK_MAX = 1024 * 1024,        /* bytes of one block, or of one packet */
	PACKET_FILE_INTERFACES_MAX = 256,           /* of one section */
	PACKET_FILE_SECRETS_MAX = 64 * 1024 * 1024, /* bytes of secrets that are kept */
};

struct packet_file;

enum packet_next {
	PACKET_NEXT,   /* *out is filled; its bytes live until the next call */
	PACKET_END,    /* of the file, between two blocks. It may grow: ask again */
	PACKET_CUT,    /* the file ends inside a block. It may grow: ask again */
	PACKET_BROKEN, /* err says why; it stays so */
};

/* Errors: PACKETS (it is no packet file), SYSTEM. */
struct packet_file *packet_file_open(const char *path, struct err *err);
/* The same of an open file, which is taken; name is for errors. growing: what is not there yet
 * need not even be a header. */
struct packet_file *packet_file_of(int fd, const char *name, bool growing, struct err *err);
void packet_file_close(struct packet_file *f);

enum packet_next packet_file_next(struct packet_file *f, struct packet *out, struct err *err);

struct packet_file_about {
	uint64_t packets, bytes; /* read so far */
	uint64_t dropped;        /* as the newest Interface Statistics Blocks say, all together;
				    UINT64_MAX: none does */
	uint64_t skipped;        /* blocks of a kind that is not read */
	struct span secrets; /* TLS key log text of all secrets blocks so far, in order; lives
				until the next call of packet_file_next */
	bool secrets_cut;    /* there were more */
	int links[8];        /* LINKTYPE_ of the first interfaces */
	size_t n_links;
};
void packet_file_about(struct packet_file *f, struct packet_file_about *out);
/* Of all bytes that were read; after PACKET_END or PACKET_CUT of the whole file. After
 * PACKET_BROKEN a regular file is read to its end for it. */
void packet_file_sha256(struct packet_file *f, uint8_t out[SHA256_LEN]);

#endif
