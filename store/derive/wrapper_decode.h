/*
 * The codings that only link wrappers use: Proofpoint's third, members of JSON in a token,
 * compressed tokens. Each takes a whole text and gives a whole one, in the arena. Pure; any
 * thread. Shared by wrapper*.c and link_*.c only.
 */
#ifndef STORE_DERIVE_WRAPPER_DECODE_H
#define STORE_DERIVE_WRAPPER_DECODE_H

#include "store/base/arena.h"

/* "__URL__;CODE!...": every '*' in URL stands for the next character of CODE, "**X" for a run
 * of bytes. */
bool wrapper_proofpoint3(struct arena *a, struct span text, struct span *out);
/* The value of a top-level member: a string without its escapes, anything else as it stands. */
bool wrapper_json_member(struct arena *a, struct span json, struct span key, struct span *out);
/* Deflate, raw or with the zlib frame; at most max bytes come out, or it fails. */
bool wrapper_inflate(struct arena *a, struct span text, bool raw, size_t max, struct span *out);
/* base64 of either alphabet, percent-encoded as it may be. */
bool wrapper_base64(struct arena *a, struct span text, struct span *out);

#endif
