/*
 * E-mail addresses in a piece of a link, plain or percent-encoded (once or twice), in base64,
 * hex, or a compressed token. Shared by link_*.c only. Pure; any thread.
 */
#ifndef STORE_DERIVE_LINK_ADDRESS_H
#define STORE_DERIVE_LINK_ADDRESS_H

#include "store/base/arena.h"

/* from, length: the bytes of the piece that hold it, all of a token. Returns false to stop. */
typedef bool link_address_fn(void *ctx, size_t from, size_t length, struct span address);
void link_addresses(struct arena *a, struct span piece, link_address_fn *take, void *ctx);

/* The next address in plain text from *at on. */
bool link_next_address(struct span text, size_t *at, struct span *out);

#endif
