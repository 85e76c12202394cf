/*
 * One direction of a TCP connection, only to know which of its bytes are TLS records: from the
 * first hello on, as far as one well-formed record follows the other, nothing is missing, and
 * what they carry holds nothing that must be hidden. It cannot tell what is encrypted from what
 * only stands in a record of that type. Bounded: a few KB for each direction once the hellos
 * are over; decrypts nothing. Embedded; zeroed but for `way`. One thread.
 */
#ifndef UI_EXPORT_PCAPNG_FOLLOW_H
#define UI_EXPORT_PCAPNG_FOLLOW_H

#include "capture/stream.h"
#include "store/base/buf.h"

enum {
	FOLLOW_CLEAR_MAX = 64 * 1024,   /* bytes before a hello: what is asked of a proxy */
	FOLLOW_HELLOS_MAX = 256 * 1024, /* bytes of records before application data */
	FOLLOW_RANDOM = 32,
	/* Bytes that records carry, looked through at once, and those before them that are
	 * looked through again: what is hidden may begin in one record and end in another. */
	FOLLOW_LOOK = 4096,
	FOLLOW_TAIL = 2048,
	FOLLOW_HEAD = 5, /* of a record */
};
#define FOLLOW_NEVER UINT64_MAX

/* Must something in these bytes not be read by others? */
typedef bool follow_holds_fn(void *ctx, struct span bytes);

enum follow_phase { FOLLOW_CLEAR, FOLLOW_HELLOS, FOLLOW_SEALED, FOLLOW_LOST };

struct follow {
	enum flow_way way;
	enum follow_phase phase;
	uint64_t at;        /* offset of the next byte */
	struct buf waiting; /* bytes before it that were not looked at to the end */
	size_t looked;      /* of them: no hello begins there */
	struct buf hellos;
	/* SEALED: the record at hand, and what records carried. */
	uint8_t head[FOLLOW_HEAD];
	size_t n_head, left; /* bytes of its head; of it, that are to come */
	struct buf carried;  /* the first `before` of it were looked through */
	size_t before;
	uint64_t whole,
		sure; /* end of the last whole record; the same when it was looked last */
	/* What may be shown, in offsets; from FOLLOW_NEVER: nothing. Final after the end. */
	uint64_t from, to;
	bool has_random;
	uint8_t random[FOLLOW_RANDOM]; /* of the hello */
};

void follow_init(struct follow *f, enum flow_way way);
void follow_bytes(struct follow *f, struct span bytes, follow_holds_fn *holds, void *ctx);
void follow_lost(struct follow *f, uint64_t n, follow_holds_fn *holds, void *ctx);
/* Nothing comes any more. from, to and random stay. */
void follow_end(struct follow *f, follow_holds_fn *holds, void *ctx);

#endif
