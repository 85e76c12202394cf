/*
 * WARC 1.1 (ISO 28500:2017) records, each its own gzip member, appended to one file in memory.
 * What a record is about and which records belong together is its caller's; the form, the
 * digests and the names are here. Names are derived from what is in the record: the same case
 * and edition give the same file. One thread.
 */
#ifndef UI_EXPORT_WARC_H
#define UI_EXPORT_WARC_H

#include "store/base/buf.h"
#include "store/base/hash.h"

enum { WARC_ID_MAX = 64, WARC_DIGEST_MAX = 80 };

struct warc_record {
	const char *type;     /* "response", ... */
	char id[WARC_ID_MAX]; /* "<urn:uuid:...>", by warc_name */
	struct span url;      /* WARC-Target-URI; absent: none */
	int64_t at_us;
	const char *media_type; /* of the block */
	struct span block;
	size_t payload_at; /* where the payload begins in the block; SIZE_MAX: there is none */
	struct buf more;   /* further header lines, by warc_add; owned */
};

/* Where a record is, and what an index says about it. */
struct warc_place {
	size_t offset, length; /* of its gzip member */
	char payload_digest[WARC_DIGEST_MAX], record_digest[WARC_DIGEST_MAX];
};

/* Names r by its case, what it is (kind, number) and its block. */
void warc_name(struct warc_record *r, struct span case_id, int64_t number);
/* A further header line. What may not stand in one becomes '?'. */
void warc_add(struct warc_record *r, const char *name, struct span value);
/* Appends it. */
void warc_put(struct buf *file, const struct warc_record *r, struct warc_place *where);
void warc_record_fini(struct warc_record *r);

/* "sha256:" and the digest in hex. */
void warc_digest(struct span s, char out[WARC_DIGEST_MAX]);
/* A UUID of our own kind (RFC 9562 5.8), the same for the same name. */
void warc_uuid(struct span name, char out[40]);

#endif
