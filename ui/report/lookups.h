/*
 * What directories answered about the parties of a case, kept in its companion: read back, and
 * put to a report, so that it is made without asking anybody. The companion is a hostile file,
 * and one that does not say that it is this case's is not believed. Reads only. One thread.
 */
#ifndef UI_REPORT_LOOKUPS_H
#define UI_REPORT_LOOKUPS_H

#include "store/fact/lookup.h"
#include "ui/report/report.h"

enum {
	LOOKUPS_MAX = 20000,                  /* answers that are kept in memory, */
	LOOKUPS_BYTES_MAX = 64 * 1024 * 1024, /* and their bytes */
	LOOKUPS_BUCKETS = 4096,
	LOOKUPS_CLIMB_MAX = 64 /* labels of a name */
};

struct lookup_kept {
	enum lookup_kind kind;
	enum lookup_outcome outcome; /* an answer; failures are not kept */
	struct span subject, source, detail, media_type, answer;
	int64_t status, at_us, seq;
	size_t next; /* in its bucket, from 1; 0: none */
};

struct lookups {
	struct lookup_kept *list; /* the newest of each kind, subject and source */
	size_t n;
	size_t buckets[LOOKUPS_BUCKETS];
	size_t bytes;
	size_t unread;   /* that this version cannot read, or that are too many */
	size_t failures; /* questions that were not answered */
	bool empty;      /* it holds no fact at all */
	bool stranger;   /* it does not say that it is this case's companion: none was taken */
};

/* All memory from `a`. Errors: those of case_open and CASE_READ. */
bool lookups_read(const char *companion, struct span case_id, struct arena *a,
	struct lookups *out, struct err *err);

/* One more, as it was just answered; copied into a. For who is asking. */
void lookups_add(struct lookups *l, struct arena *a, int64_t seq, const struct fact_lookup *f);

/* source absent: the newest from any, redirects aside. NULL: none. */
const struct lookup_kept *lookups_find(const struct lookups *l, enum lookup_kind kind,
	struct span subject, struct span source);

/* The current CAA records that count for a host (RFC 8659 3): those of the name, else of the
 * nearest name above it that has some, as far as all of these were asked for. */
struct lookups_caa {
	int64_t at_us;     /* of the oldest answer that it rests on; FACT_NULL: not known */
	struct span owner; /* the name that was asked for; absent: there are none */
	struct span *records;
	size_t n;
};
void lookups_caa(
	const struct lookups *l, struct span host, struct arena *a, struct lookups_caa *out);

/* The bytes of an address as text, IPv6 with or without brackets: 4 or 16; 0: it is none. */
size_t lookups_address(struct span text, uint8_t out[16]);

/* Fills what was looked up in the parties of r, and `looked` of its hops; spans borrow from l,
 * the rest is in a. */
void lookups_attach(struct lookups *l, struct arena *a, struct report *r);

#endif
