/*
 * The file that the recorder writes: whole blocks, in big pieces. Whatever happens it ends with
 * a whole block: what a full disk took only half of is cut off again. The descriptor is
 * RECORDER_FILE and stays open. One thread.
 */
#ifndef CAPTURE_RECORDER_FILE_H
#define CAPTURE_RECORDER_FILE_H

#include "capture/wire/packet.h"
#include "store/base/buf.h"
#include "store/base/err.h"

enum {
	RECORDER_PIECE = 256 * 1024,
	RECORDER_LIMIT_MIB = 4096, /* of one file */
	RECORDER_LIMIT_MIB_MAX = 1024 * 1024,
	RECORDER_LAST = 4096, /* bytes kept free for the statistics */
};

struct recorder_file {
	struct buf waiting; /* whole blocks */
	uint64_t packets;   /* written or waiting */
	uint64_t bytes;     /* of the file, as it was written */
	int64_t start_ns;
	uint64_t limit; /* bytes that it may have; packets end a little before */
	bool full;      /* they did: recorder_file_finish still has room */
};

/* Is the descriptor what it should be: a regular file, empty, open for appending? */
bool recorder_file_check(struct err *err);
/* The head of the file, written. about: what is recorded, in words. */
bool recorder_file_begin(struct recorder_file *f, int link, uint32_t snaplen, const char *about,
	struct err *err);
/* False: the disk is full, or the limit is reached; the file is whole and takes nothing more.
 */
bool recorder_file_packet(struct recorder_file *f, const struct packet *p, struct err *err);
bool recorder_file_flush(struct recorder_file *f, struct err *err);
/* Statistics, and all of it on the disk. */
bool recorder_file_finish(struct recorder_file *f, uint64_t received, uint64_t dropped,
	const char *comment, struct err *err);

#endif
