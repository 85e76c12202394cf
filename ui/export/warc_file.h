/*
 * The exchanges of an edition as one WARC file with its index: per exchange its response and
 * request, what clicktrail knows beside them, and, where a connection is met for the first
 * time, its certificates. Borrows from the edition. One thread.
 */
#ifndef UI_EXPORT_WARC_FILE_H
#define UI_EXPORT_WARC_FILE_H

#include "ui/export/cdx.h"
#include "ui/export/export_list.h"

enum { WARC_BODIES_MAX = 1024 * 1024 * 1024 }; /* bytes of all bodies together */

struct warc_leg { /* whose certificates are in the file */
	int64_t leg;
	char id[WARC_ID_MAX];
};

struct warc_file {
	struct edition *edition;
	struct buf bytes;
	struct cdx index;
	size_t body_bytes, bodies_left; /* bodies_left: out or cut, for want of room */
	struct warc_leg *legs;
	size_t n_legs;
};

/* Everything of list. Errors: CASE_READ. f is to be ended in either case. */
bool warc_file_make(struct warc_file *f, struct edition *e, const struct export_list *list,
	struct err *err);
void warc_file_fini(struct warc_file *f);

/* ---- between its files ---- */

/* One side of an exchange as a record will hold it. */
struct warc_message {
	struct buf block; /* head and body */
	size_t body_at;
	struct edition_body about;
	size_t left_out;       /* fields */
	const char *truncated; /* WARC-Truncated; NULL: it is whole */
};

/* Appends the JSON of an exchange's metadata record. sent: NULL, nothing is recorded of it. */
void warc_metadata(const struct edition *e, const struct export_item *i,
	const struct warc_message *sent, const struct warc_message *answer,
	const char *certificates, struct buf *out);
/* The certificates of the item's origin, as PEM (RFC 7468); false: none is known whole. */
bool warc_certificates(const struct edition *e, const struct export_item *i, struct buf *out);

#endif
