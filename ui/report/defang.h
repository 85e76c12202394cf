/*
 * Addresses that nobody follows by accident: what mail programs and chats make a link of is
 * written so that they do not, and so that a person can undo it: hxxp, hxxps, fxp, [.], [@],
 * and [:] behind other schemes. Changes what people read, never what machines do, and escapes
 * nothing: that is the format's own business, afterwards. Doing it twice is doing it once. Any
 * thread.
 */
#ifndef UI_REPORT_DEFANG_H
#define UI_REPORT_DEFANG_H

#include "store/base/buf.h"

/* Appends s without what would be live in it. s: a URL, or any text that may hold URLs, host
 * names, mail and IPv4 addresses; numbers like "5.0" and other text stay as they are. */
void defang_add(struct buf *out, struct span url);
/* A host or an address alone: every dot of it. IPv6 has none, and is no link by itself. */
void defang_host(struct buf *out, struct span host);

#endif
