/*
 * JA3 (BSD-3 specification): MD5 over version, ciphers, extensions, groups, point formats in
 * wire order, GREASE removed.
 */
#ifndef CAPTURE_WIRE_JA3_H
#define CAPTURE_WIRE_JA3_H

#include "capture/wire/tls_hello.h"

enum { JA3_HEX = 33 };

/* The full string ("771,4865-4866,...") appended to full, its MD5 in lower-case hex into out.
 */
void ja3(const struct tls_hello *hello, struct buf *full, char out[JA3_HEX]);

#endif
