/*
 * JA4 of a TLS client (BSD-3 specification, no patent claims): a_b_c, and the raw form JA4_r.
 * JA4S, JA4H, JA4X and JA4T are deliberately absent: they are patent-encumbered.
 */
#ifndef CAPTURE_WIRE_JA4_H
#define CAPTURE_WIRE_JA4_H

#include "capture/wire/tls_hello.h"

enum { JA4_TEXT = 37 }; /* "t13d1516h2_8daaf6152771_e5627efa2ab1" and NUL */

/* transport: 't' TCP, 'q' QUIC, 'd' DTLS. raw (JA4_r: sorted lists, not hashed) is appended to.
 */
void ja4(const struct tls_hello *hello, char transport, struct buf *raw, char out[JA4_TEXT]);

#endif
