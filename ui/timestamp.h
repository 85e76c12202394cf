/*
 * A timestamp over a statement from an authority on the network (RFC 3161 3.4, HTTP): the
 * request is made, sent, and what comes back is checked. The authority learns a hash and our
 * address: only for who asked for it. Blocks; any thread.
 */
#ifndef UI_TIMESTAMP_H
#define UI_TIMESTAMP_H

#include "store/base/buf.h"
#include "store/base/err.h"

/* Token (DER), appended: for that statement, asked for just now, its signature holds. Whom to
 * trust is for who reads it later (timestamp_read). Errors: as fetch_url and timestamp_reply;
 * TIMESTAMP too where the answer is no 200. */
bool timestamp_ask(const char *url, struct span statement, struct buf *token, struct err *err);

#endif
