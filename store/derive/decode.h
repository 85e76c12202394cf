/*
 * Content codings off a stored body: gzip, deflate, br, zstd, in layers, bounded in layers,
 * output and ratio, so that a bomb costs no more than an honest page. Looks at nothing but the
 * bytes and the Content-Encoding list. Pure; any thread.
 */
#ifndef STORE_DERIVE_DECODE_H
#define STORE_DERIVE_DECODE_H

#include "store/base/buf.h"

enum {
	DECODE_LAYERS_MAX = 5,
	DECODE_RATIO_MAX =
		1200, /* output bytes per input byte of one layer (deflate reaches 1032) ... */
	DECODE_RATIO_FREE = 256 * 1024, /* ... once it has made this much */
	DECODE_WINDOW_LOG_MAX = 23,     /* zstd windows up to 8 MiB (RFC 8878 3.1.1.1.2) */
};

enum decode_result {
	DECODE_WHOLE, /* everything decoded */
	DECODE_CUT,   /* input ended early, or the output limit was reached: out holds the start
		       */
	DECODE_RATIO, /* a bomb: out holds the start */
	DECODE_UNKNOWN, /* a coding that nobody knows: out holds the bytes as they are, as a
			   browser takes them */
	DECODE_BROKEN,  /* not what the coding says: out is empty or holds what came before the
			   fault */
	DECODE_LAYERS,  /* more layers than DECODE_LAYERS_MAX: out is empty */
};

/* codings: a Content-Encoding value (RFC 9110 8.4), absent or empty for none. At most max bytes
 * are appended to out. */
enum decode_result decode_body(
	struct span raw, struct span codings, size_t max, struct buf *out);

#endif
