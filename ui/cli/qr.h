/*
 * QR codes in a picture that somebody sent. Decoders of pictures are what attackers aim at, so
 * all of it happens in a child that has left root, can open nothing, reach nobody and only hand
 * back texts; what it hands back is read as if the picture had written it. Libraries (zbar,
 * libjpeg, libpng) enter by ui/cli/qr*, in the child. To be called before there are threads or
 * keys.
 */
#ifndef UI_CLI_QR_H
#define UI_CLI_QR_H

#include "store/base/arena.h"
#include "store/base/buf.h"
#include "store/base/err.h"

enum {
	QR_CODES_MAX = 16,   /* of one picture */
	QR_TEXT_MAX = 8192,  /* bytes of one; the largest code holds 7089 digits */
	QR_SIDE_MAX = 16384, /* pixels */
	QR_PIXELS_MAX =
		64 * 1024 * 1024, /* of a picture, after a JPEG was halved as it is read */
	QR_SECONDS = 20,          /* for all of it */
};

struct qr_codes {
	struct span *list; /* their bytes, in an order that is the same each time */
	size_t n;
	bool more; /* there were more */
};

/* PNG or JPEG by its first bytes? */
bool qr_is_picture(struct span file);
/* Errors: USAGE (it holds no picture that can be read, or no code), SYSTEM (the child, or zbar
 * is not installed), LIMIT. */
bool qr_read(struct span file, struct arena *a, struct qr_codes *out, struct err *err);

/* ---- inside of the child (qr_image.c, qr_scan.c, qr_jail.c) ---- */

struct qr_picture {
	uint32_t width, height;
	uint8_t *grey; /* a byte for each pixel; from malloc */
};
bool qr_decode(struct span file, struct qr_picture *out, struct err *err);

struct qr_scanner;
/* Loads zbar, while files can still be opened. NULL with err set. */
struct qr_scanner *qr_scanner_new(struct err *err);
/* Each text is handed out, at most QR_TEXT_MAX bytes of it. */
typedef void qr_found_fn(void *ctx, struct span text);
void qr_scan(struct qr_scanner *s, const struct qr_picture *p, qr_found_fn *found, void *ctx);

/* From here on this process computes, reads and writes what is open, and ends; anything else
 * ends it. Standard input, output and error are gone. */
bool qr_jail(struct err *err);

#endif
