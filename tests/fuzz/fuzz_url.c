/* URLs: the input is a base and an input, parted by the first newline that stands in it;
 * without one, an input alone. */
#include "store/derive/party.h"
#include "store/derive/wrapper.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(struct span s, struct span all)
{
	return s.p == NULL || (s.p >= all.p && s.p + s.n <= all.p + all.n);
}

static void check(struct arena *a, const struct url *u)
{
	struct url again;
	MUST(inside(u->scheme, u->href) && inside(u->username, u->href) &&
		inside(u->password, u->href));
	MUST(inside(u->host, u->href) && inside(u->path, u->href) && inside(u->query, u->href));
	MUST(inside(u->fragment, u->href) && u->port >= -1 && u->port <= 65535);
	MUST(u->scheme.n > 0 && u->href.p[u->scheme.n] == ':');
	for (size_t i = 0; i < u->href.n; i++)
		MUST(u->href.p[i] < 0x7f &&
			(u->href.p[i] > ' ' || (u->href.p[i] == ' ' && u->opaque_path)));
	if (u->special && !span_is(u->scheme, "file"))
		MUST(u->host.n > 0 && u->path.n > 0 && u->path.p[0] == '/');
	/* What was serialised parses to itself; an opaque path's final space is the one thing
	 * that does not survive. */
	if (u->href.p[u->href.n - 1] == ' ')
		return;
	MUST(url_parse(a, NULL, u->href, &again));
	MUST(span_eq(again.href, u->href) && again.port == u->port &&
		span_eq(again.host, u->host));
	MUST(url_same(u->href, again.href) && url_key(u->href) == url_key(again.href));
	MUST(url_same_origin(u, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct span all = span_of(data, size), input = all;
	struct url base, u, v;
	bool has_base = false;
	size_t cut = span_find_byte(all, '\n', 0);
	if (cut != SIZE_MAX) {
		has_base = url_parse(&a, NULL, span_first(all, cut), &base);
		input = span_from(all, cut + 1);
	}
	if (has_base)
		check(&a, &base);
	if (url_parse(&a, has_base ? &base : NULL, input, &u)) {
		struct party p;
		struct wrapper_layers layers;
		check(&a, &u);
		party_of_host(&a, u.host, &p);
		wrapper_unwrap(&a, NULL, &u, &layers);
		for (unsigned i = 0; i < layers.n; i++)
			if (layers.layers[i].target.p != NULL)
				MUST(url_parse(&a, NULL, layers.layers[i].target, &v) &&
					url_is_web(&v));
	}
	if (has_base && url_location(&a, &base, input, &u)) {
		check(&a, &u);
		/* The fragment is the value's own, or inherited. */
		MUST(u.fragment.p != NULL || base.fragment.p == NULL);
	}
	MUST(url_same(all, all));
	arena_fini(&a);
	return 0;
}
