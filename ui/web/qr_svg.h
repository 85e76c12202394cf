/*
 * A QR code as SVG, for a phone's camera: black on white in any colour scheme, with the quiet
 * zone of four modules that readers need. The one place that knows libqrencode. Pure. Any
 * thread.
 */
#ifndef UI_WEB_QR_SVG_H
#define UI_WEB_QR_SVG_H

#include "store/base/buf.h"
#include "store/base/err.h"

enum { QR_SVG_QUIET = 4, QR_SVG_TEXT_MAX = 1000 };

/* alt: what it is, for who cannot see it; escaped here. Errors: LIMIT (the text is too long).
 */
bool qr_svg(struct buf *out, const char *text, const char *alt, struct err *err);

#endif
