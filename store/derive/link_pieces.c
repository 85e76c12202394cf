#include "store/derive/link_pieces.h"

const char *link_where_word(enum link_where w)
{
	static const char *const words[] = {"host", "userinfo", "path", "query", "fragment"};
	return words[w];
}

static void add(struct link_pieces *out, struct link_piece piece)
{
	if (piece.raw.n == 0)
		return;
	if (out->n == LINK_PIECES_MAX) {
		out->more = true;
		return;
	}
	out->list[out->n++] = piece;
}

static void split(struct link_pieces *out, enum link_where where, struct span s, uint8_t by)
{
	unsigned number = 0;
	while (s.p != NULL) {
		size_t end = span_find_byte(s, by, 0);
		add(out, (struct link_piece){where, ++number, SPAN_NONE, span_first(s, end)});
		if (end == SIZE_MAX || out->more)
			break;
		s = span_from(s, end + 1);
	}
}

/* name=value pairs; what has no '=' is a value without a name. */
static void pairs(struct link_pieces *out, enum link_where where, struct span s)
{
	unsigned number = 0;
	while (s.p != NULL) {
		size_t end = span_find_byte(s, '&', 0);
		struct span pair = span_first(s, end);
		size_t eq = span_find_byte(pair, '=', 0);
		/* '=' at the very end is padding of base64 rather than an empty value. */
		bool named = eq != SIZE_MAX && span_trim(span_from(pair, eq), "=").n > 0;
		add(out, (struct link_piece){where, ++number,
				 named ? span_first(pair, eq) : SPAN_NONE,
				 named ? span_from(pair, eq + 1) : pair});
		if (end == SIZE_MAX || out->more)
			break;
		s = span_from(s, end + 1);
	}
}

/* A fragment may be a value, pairs, or a path with a query behind it as scripts route by. */
static void fragment(struct link_pieces *out, struct span s)
{
	size_t query = span_find_byte(s, '?', 0);
	if (span_find_byte(s, '=', 0) == SIZE_MAX) {
		split(out, LINK_FRAGMENT, s, '/');
	} else if (query != SIZE_MAX) {
		split(out, LINK_FRAGMENT, span_first(s, query), '/');
		pairs(out, LINK_FRAGMENT, span_from(s, query + 1));
	} else {
		pairs(out, LINK_FRAGMENT, s);
	}
}

void link_pieces(const struct url *u, struct link_pieces *out)
{
	out->n = 0;
	out->more = false;
	if (u->username.n > 0)
		add(out, (struct link_piece){LINK_USER, 1, SPAN_NONE, u->username});
	if (!u->opaque_path && u->path.n > 0)
		split(out, LINK_PATH, span_from(u->path, 1), '/');
	if (u->query.p != NULL)
		pairs(out, LINK_QUERY, u->query);
	if (u->fragment.p != NULL)
		fragment(out, u->fragment);
}
