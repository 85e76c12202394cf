/*
 * Facts of one tunnel on their way to the writer: fills in who (session, tunnel) and when,
 * remembers the last ticket and how long a full queue made us wait. The only place in the proxy
 * that calls writer_put. One tunnel thread.
 */
#ifndef PROXY_RECORD_H
#define PROXY_RECORD_H

#include "proxy/leg.h"
#include "store/fact/notes.h"
#include "store/writer.h"

struct record {
	struct writer *writer;
	int64_t session, tunnel;
	uint64_t last_ticket;
	int64_t waited_us; /* in writer_put, for a full queue */
	bool muted;        /* a host that --only leaves out: nothing is put */
	bool failed;       /* the writer failed: release nothing any more */
	struct err err;
};

/* Puts a fact; session, tunnel and at_us are filled where they are FACT_NULL. Returns its
 * ticket, 0 after a failure. */
uint64_t record_put(struct record *r, enum fact_kind kind, void *fact);
void record_note(struct record *r, enum note_code code, int64_t exchange, const char *format,
	...) __attribute__((format(printf, 4, 5)));

/* The leg is closed: how many plaintext bytes went each way, and their hashes. */
void record_leg_end(struct record *r, const struct leg *leg, const struct err *why);

#endif
