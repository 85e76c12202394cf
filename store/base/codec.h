/*
 * Hex and base64 (RFC 4648), for reports, cues and pages. Any thread.
 */
#ifndef STORE_BASE_CODEC_H
#define STORE_BASE_CODEC_H

#include "store/base/arena.h"
#include "store/base/buf.h"

void hex_add(struct buf *out, struct span bytes);  /* lower case */
char *hex_str(struct arena *a, struct span bytes); /* the same, in an arena */
bool hex_read(struct span text, struct buf *out); /* false on an odd length or a foreign byte */
void base64_add(struct buf *out, struct span bytes); /* RFC 4648 4, padded, no line breaks */
/* Accepts both alphabets (4 and 5), padded or not; false on a foreign byte. */
bool base64_read(struct span text, struct buf *out);

#endif
