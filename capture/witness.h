/*
 * A packet file, read as a stranger would, into witness facts: packet_file, flow, flow_tls,
 * flow_plain, flow_exchange, packet_dns, stray. It knows nothing of what the proxy recorded.
 * Memory does not grow with the file. One thread.
 */
#ifndef CAPTURE_WITNESS_H
#define CAPTURE_WITNESS_H

#include "capture/keylog.h"
#include "capture/packet_file.h"
#include "store/fact/capture.h"
#include "store/fact/fact.h"

struct witness_order {
	const char *path, *name; /* of the file; its name for the fact */
	int64_t session;
	enum capture_side side;
	int64_t file, run, first_flow; /* numbers to be given */
	int64_t flow_step; /* from one flow's number to the next; 0: 1. Who reads several files
			      at once gives each numbers of its own */
	/* Secrets, besides those in the file itself; borrowed; may be NULL. */
	struct keylog *keys;
	/* On the origin's side: servers that are proxies (--via), "ip:port" each; may be none.
	 * On the browser's side every server is taken for one. */
	const char *const *proxies;
	size_t n_proxies;
	/* Streams are digested also where TLS inside them was opened: somebody may have passed
	 * them through unread, and knows no other digest. */
	bool streams;
};

struct witness_counts {
	uint64_t packets, bytes, flows, exchanges, strays;
	int64_t next_flow;
};

/* False from it stops the reading. The fact's spans live during the call. */
typedef bool witness_put_fn(void *ctx, enum fact_kind kind, const void *fact, struct err *err);

/* All facts of one file; its packet_file fact last. A file that is cut or broken gives what can
 * be read, and its fact says so. Errors: SYSTEM (it cannot be opened), those of put. */
bool witness_read(const struct witness_order *order, witness_put_fn *put, void *ctx,
	struct witness_counts *counts, struct err *err);

#endif
