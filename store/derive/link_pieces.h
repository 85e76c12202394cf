/*
 * A URL taken apart into the pieces that mean something each: labels of the host, parts of the
 * path, values of the query and of the fragment. Pieces are the bytes of the URL themselves, so
 * that their place in it is known. Pure; any thread.
 */
#ifndef STORE_DERIVE_LINK_PIECES_H
#define STORE_DERIVE_LINK_PIECES_H

#include "store/derive/url.h"

enum { LINK_PIECES_MAX = 256 }; /* looked at in one link; what follows is left out */

enum link_where { LINK_HOST, LINK_USER, LINK_PATH, LINK_QUERY, LINK_FRAGMENT, LINK_WHERES };
const char *link_where_word(enum link_where w);

struct link_piece {
	enum link_where where;
	unsigned number;  /* from 1: which label, part or value it is */
	struct span name; /* of a parameter, as it stands there; absent where there is none */
	struct span raw;  /* in href */
};

struct link_pieces {
	struct link_piece list[LINK_PIECES_MAX];
	size_t n;
	bool more; /* there were more than LINK_PIECES_MAX */
};

/* out is large: keep it in an arena. */
void link_pieces(const struct url *u, struct link_pieces *out);

#endif
