/*
 * A timestamp token on its own, outside of a case: the text of the file that lies beside a
 * closed one (docs/seal.md). What is read is hostile: parsed strictly, so that there is one
 * text for one token. No files here. Any thread.
 */
#ifndef STORE_SEAL_STAMP_FILE_H
#define STORE_SEAL_STAMP_FILE_H

#include "store/seal_head.h"
#include "store/base/arena.h"

enum {
	STAMP_URL_MAX = 8 * 1024,
	STAMP_PEM_MAX = 4 * 1024 * 1024, /* of certificates, and as much of revocation lists */
	STAMP_FILE_MAX = 2 * STAMP_PEM_MAX + 512 * 1024,
};

/* A token with what it takes to check it years later. */
struct seal_stamp {
	int64_t head; /* its number */
	int64_t asked_us;
	struct span url; /* absent: not known */
	struct span token;
	struct span certs, crls; /* PEM; may be absent */
};

/* Is none of it larger, or of other characters, than may be kept? NULL: all is well; else what
 * is wrong, in words. */
const char *seal_stamp_wrong(const struct seal_stamp *s);

void seal_stamp_write(
	const char case_id[SEAL_CASE_ID_LEN + 1], const struct seal_stamp *s, struct buf *out);
/* False: it is not exactly what seal_stamp_write would write. The token is in the arena, the
 * rest is borrowed from the text. */
bool seal_stamp_read(struct span text, struct arena *a, char case_id[SEAL_CASE_ID_LEN + 1],
	struct seal_stamp *out);

#endif
