/*
 * The leaves minted in this run, by host: a bounded cache (oldest out) shared by all tunnels
 * behind one lock.
 */
#ifndef PROXY_LEAVES_H
#define PROXY_LEAVES_H

#include "proxy/mint.h"

enum { LEAVES_MAX = 4096 };

struct leaves;
struct leaves *leaves_new(struct mint *m);
void leaves_free(struct leaves *l);
/* The leaf for host, minted if needed; a reference that the caller frees with mint_leaf_free.
 */
struct x509_st *leaves_get(
	struct leaves *l, const char *host, const struct x509_st *like, struct err *err);

#endif
