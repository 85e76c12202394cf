/*
 * One direction of a TCP connection, only to know which of its bytes are TLS records: from the
 * first hello on, as far as the records before the first one with application data are whole
 * and hold nothing that must be hidden; then everything. Bounded; decrypts nothing. Embedded;
 * zeroed but for `way`. One thread.
 */
#ifndef UI_EXPORT_PCAPNG_FOLLOW_H
#define UI_EXPORT_PCAPNG_FOLLOW_H

#include "capture/stream.h"
#include "store/base/buf.h"

enum {
	FOLLOW_CLEAR_MAX = 64 * 1024,   /* bytes before a hello: what is asked of a proxy */
	FOLLOW_HELLOS_MAX = 256 * 1024, /* bytes of records before application data */
	FOLLOW_RANDOM = 32,
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
	/* What may be shown, in offsets; from FOLLOW_NEVER: nothing. */
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
