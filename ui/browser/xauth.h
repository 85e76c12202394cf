/*
 * X authority files, as far as a jail needs them: one cookie, valid under whatever host name.
 * The format is that of libXau: family, then address, display number, name and data, each with
 * a 16-bit length.
 */
#ifndef UI_BROWSER_XAUTH_H
#define UI_BROWSER_XAUTH_H

#include "store/base/buf.h"

#define XAUTH_COOKIE_NAME "MIT-MAGIC-COOKIE-1"
enum { XAUTH_COOKIE_LEN = 16 };

/* An entry for any host and any display. */
void xauth_add(struct buf *out, struct span name, struct span data);
/* From a user's file: the first entry that serves display `number` ("0"), rewritten by
 * xauth_add. False: none. */
bool xauth_find(struct span file, const char *number, struct buf *out);

#endif
