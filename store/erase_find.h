/*
 * What is to be erased of a case: where a text occurs, in whatever form, and what is named by
 * its exchange; with the digests that would let it be guessed. It reads, and changes nothing.
 * One thread.
 */
#ifndef STORE_ERASE_FIND_H
#define STORE_ERASE_FIND_H

#include "store/case.h"
#include "store/erase_match.h"

enum {
	ERASE_RAW_MAX = 64 * 1024 * 1024,      /* bytes of a body that are decoded, */
	ERASE_DECODED_MAX = 128 * 1024 * 1024, /* and what may come of them */
};

/* What is named of an exchange. */
struct erase_exchange {
	int64_t exchange;
	bool url, request_body, response_body;
	const char **headers; /* of the request and of all its responses */
	size_t n_headers;
};

struct erase_wish {
	const struct span *texts; /* ERASE_MATCH_MIN bytes each at least */
	size_t n_texts;
	const struct erase_exchange *exchanges;
	size_t n_exchanges;
	const int64_t *attachments; /* numbers of their facts */
	size_t n_attachments;
};

struct erase_item {
	int64_t seq, part;
	enum fact_kind kind;
	size_t field;       /* of the kind */
	struct span header; /* a line's name; absent: the whole field */
	int64_t bytes;
};

struct erase_found {
	struct erase_item *items; /* by seq, then part; none twice */
	size_t n;
	size_t unsearched; /* bodies whose content coding could not be taken off, or not whole
			    */
	bool in_info;      /* the text is in case_info, which cannot be erased from */
};

/* Errors: CASE_READ; USAGE (there is no such exchange or
 * attachment). The result is in the arena. */
bool erase_find(struct case_file *c, const struct erase_wish *wish, struct arena *a,
	struct erase_found *out, struct err *err);

#endif
