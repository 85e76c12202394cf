/*
 * What the parts of the reassembly share: stream.c reads segments, stream_table.c keeps the
 * connections, stream_end.c ends them, stream_ahead.c has what waits behind gaps,
 * stream_history.c the newest bytes that were delivered. Nobody else includes it. One thread.
 */
#ifndef CAPTURE_STREAM_INNER_H
#define CAPTURE_STREAM_INNER_H

#include "capture/fragments.h"
#include "capture/stream.h"

enum {
	FLOW_PIECES_MAX = 1024,         /* pieces of one direction behind gaps */
	HISTORY_PAGE = 2048,            /* bytes */
	HISTORY_PAGES = 4096,           /* for all connections together: 8 MB */
	STRANGE_MIN = 16 * 1024 * 1024, /* bytes: so far off, a packet is not believed */
	TABLE_BUCKETS = 65536,          /* a power of 2 */
	GAP_PACKETS = 10000,            /* see stream_ahead.c */
};
#define GAP_NS INT64_C(1000000000)     /* see stream_ahead.c */
#define LINGER_NS INT64_C(15000000000) /* a connection that is over is known for so long */
#define RENEWED_NS                                                                             \
	INT64_C(60000000000) /* quiet for so long, it is over when a new SYN comes             \
			      */

/* A run of bytes that waits behind a gap. */
struct piece {
	struct piece *before, *after;
	int64_t at; /* offset in its direction */
	uint32_t n, cap;
	struct packet_at from; /* who brought its last bytes */
	uint8_t bytes[];
};

/* What a direction keeps while there is a gap. */
struct ahead {
	struct piece *first, *last;
	uint32_t n_pieces, n_bytes; /* bytes: as they count toward the limits */
	/* The receiver has acknowledged everything before `mark`, since. -1: not seen. */
	int64_t mark;
	struct packet_at since;
	/* All directions with a gap, the oldest first. */
	struct ahead *older, *newer;
	struct tcp *tcp;
	enum flow_way way;
};

/* One direction. Offsets count its bytes from 0, the first behind the SYN; what lies before the
 * first that was seen is negative. */
struct way {
	int64_t next;  /* everything before was delivered or is lost */
	int64_t top;   /* end of what was seen */
	int64_t acked; /* by the receiver */
	int64_t end;   /* where its FIN or RST stands; -1: none seen */
	struct packet_at end_at;
	uint32_t first;   /* sequence number of offset 0 */
	uint32_t new_syn; /* a SYN that does not fit, */
	struct packet_at new_syn_at;
	struct ahead *ahead; /* NULL: no gap */
	uint32_t page;       /* the newest in the history; HISTORY_PAGES: none */
	bool based;          /* first is known, */
	bool borrowed;       /* but only from what the other side acknowledged */
	bool seen;           /* a packet came this way */
	bool syn;
	bool end_reset, closed;
	bool has_new_syn; /* and nobody has answered it */
};

struct tcp_key {
	uint8_t low[16], high[16];
	uint16_t low_port, high_port;
	uint32_t n; /* bytes of an address */
};

enum tcp_list { LIST_OPEN, LIST_OVER, LISTS };

struct tcp {
	struct flow flow; /* first, so that one is found from the other */
	struct tcp_key key;
	struct way ways[2];
	struct tcp *next; /* of its bucket */
	struct tcp *older, *newer;
	enum tcp_list list;
	bool client_is_low;
	bool reset, refused;
};

struct history_page {
	uint64_t owner; /* number of the connection and way; 0: free */
	int64_t number; /* offset / HISTORY_PAGE */
	uint32_t from, to;
	uint32_t next; /* of its bucket; HISTORY_PAGES: none */
};

struct history {
	uint8_t *bytes;
	struct history_page *pages;
	uint32_t *buckets;
	uint32_t victim; /* the oldest */
	uint64_t seed;
};

struct flows {
	const struct flow_calls *calls;
	void *ctx;
	struct flows_counts counts;
	uint64_t n_flows; /* that ever were */
	size_t n_now;
	struct tcp **buckets;
	struct tcp *oldest[LISTS], *newest[LISTS];
	struct tcp *last; /* whose packet was the last: often the next one's, too */
	uint64_t seed[2];
	struct ahead *oldest_gap, *newest_gap;
	size_t n_ahead; /* bytes of all */
	struct history history;
	struct fragments *fragments;
	struct packet_at now;
};

/* stream_table.c */
void table_key(const struct packet_parts *parts, struct tcp_key *key, bool *src_is_low);
struct tcp *table_find(struct flows *fs, const struct tcp_key *key);
struct tcp *table_add(struct flows *fs, const struct tcp_key *key);
void table_touch(struct flows *fs, struct tcp *t); /* it is the newest */
void table_over(struct flows *fs, struct tcp *t);  /* it goes soon, */
void table_open(struct flows *fs, struct tcp *t);  /* or not */
void table_remove(struct flows *fs, struct tcp *t);

/* stream_end.c */
void stream_end_flow(struct flows *fs, struct tcp *t); /* tells it, and frees it */
void stream_make_room(struct flows *fs);               /* for one more */

/* stream_ahead.c */
void ahead_free(struct flows *fs, struct way *w);
/* Bytes at `at`, which is not before w->next: delivered, or kept behind the gap. */
void ahead_take(struct flows *fs, struct tcp *t, enum flow_way way, int64_t at, struct span s);
bool ahead_has(const struct way *w, int64_t at); /* a byte that waits there */
/* n bytes that nobody will see. */
void ahead_lost(struct flows *fs, struct tcp *t, enum flow_way way, int64_t n,
	const struct packet_at *at);
/* So far beyond all that its receiver, whose packets are seen, has acknowledged, that no window
 * reaches there: forged, or of another connection. */
bool ahead_is_strange(const struct tcp *t, enum flow_way way, int64_t at);
/* The first gap is lost. */
void ahead_give_up(struct flows *fs, struct tcp *t, enum flow_way way);
/* The receiver has acknowledged more, or time went on. */
void ahead_look(struct flows *fs, struct tcp *t, enum flow_way way);
void ahead_sweep(struct flows *fs);

/* stream.c */
/* Calls closed when the direction's end is reached. */
void stream_close_reached(struct flows *fs, struct tcp *t, enum flow_way way);
void stream_conflict(struct flows *fs, struct tcp *t, uint64_t n);

/* stream_history.c */
void history_init(struct history *h, uint64_t seed);
void history_fini(struct history *h);
void history_add(struct history *h, uint64_t owner, struct way *w, int64_t at, struct span s);
/* Compares with what was delivered. *differ, *unknown: so many bytes. */
void history_compare(const struct history *h, uint64_t owner, int64_t at, struct span s,
	uint64_t *differ, uint64_t *unknown);
static inline uint64_t history_owner(const struct tcp *t, enum flow_way way)
{
	return t->flow.number << 1 | way;
}

#endif
