/* URLs: origin and path as they are, parameters in any order, and what is volatile in a path
 * segment or a parameter's value. */
#include "proxy/replay_match_inner.h"
#include "store/derive/url.h"

enum { COST_ORDER = 1, COST_PATH = 8 /* on top of the shape's */ };

struct parts {
	struct span origin; /* "https://host:8443"; empty: this is no absolute URL */
	struct span path;   /* up to '?' */
	struct span query;  /* behind it; absent: there is none */
};

static struct parts url_split(struct span url)
{
	struct parts out = {span_first(url, 0), url, SPAN_NONE};
	size_t query = span_find_byte(url, '?', 0);
	if (query != SIZE_MAX) {
		out.path = span_first(url, query);
		out.query = span_from(url, query + 1);
	}
	size_t authority = span_find(out.path, span_str("://"), 0);
	if (authority != SIZE_MAX) {
		size_t end = span_find_byte(out.path, '/', authority + 3);
		out.origin = span_first(out.path, end);
		out.path = span_from(out.path, out.origin.n);
	}
	return out;
}

static bool differ_url(
	struct comparison *c, const char *what, struct span recorded, struct span asked)
{
	differ(c, REPLAY_NONE, 1,
		(struct replay_difference){.what = what, .recorded = recorded, .asked = asked});
	return false;
}

/* ";jsessionid=...": the name stays. */
static struct shape shape_of_matrix(struct arena *a, struct span r, struct span k)
{
	size_t eq = span_find_byte(r, '=', 0);
	struct shape none = {NULL, 0};
	if (eq == SIZE_MAX || span_find_byte(k, '=', 0) != eq ||
		!span_eq(span_first(r, eq), span_first(k, eq)))
		return none;
	return shape_of_both(
		a, SHAPE_VALUE, span_first(r, eq), span_from(r, eq + 1), span_from(k, eq + 1));
}

/* A name of a page or of a picture that counts views: not of a script, a style or a photo,
 * which are named after what they hold. */
static size_t page_ending(struct span s)
{
	static const char *const endings[] = {
		".gif", ".html", ".htm", ".php", ".asp", ".aspx", ".jsp", ".do", ".cgi"};
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (span_ends_nocase(s, endings[i]))
			return strlen(endings[i]);
	return 0;
}

static struct shape shape_of_segment(struct arena *a, struct span r, struct span k)
{
	size_t ending = page_ending(r);
	struct span tail = span_from(r, r.n - ending);
	if (ending > 0 && k.n > ending && span_eq(tail, span_from(k, k.n - ending)))
		return shape_of_both(a, SHAPE_SEGMENT, SPAN_NONE, span_first(r, r.n - ending),
			span_first(k, k.n - ending));
	return shape_of_both(a, SHAPE_SEGMENT, SPAN_NONE, r, k);
}

/* The next piece up to `byte`, which is passed over. */
static struct span next_piece(struct span *s, uint8_t byte)
{
	size_t end = span_find_byte(*s, byte, 0);
	struct span piece = span_first(*s, end);
	*s = end == SIZE_MAX ? SPAN_NONE : span_from(*s, end + 1);
	return piece;
}

static bool segment_compare(struct comparison *c, struct span r, struct span k)
{
	for (bool first = true; r.p != NULL && k.p != NULL; first = false) {
		struct span x = next_piece(&r, ';'), y = next_piece(&k, ';');
		if (span_eq(x, y))
			continue;
		struct shape shape =
			first ? shape_of_segment(c->a, x, y) : shape_of_matrix(c->a, x, y);
		if (shape.word == NULL)
			return false;
		differ(c, REPLAY_VOLATILE, shape.cost + COST_PATH,
			(struct replay_difference){.what = "path",
				.shape = shape.word,
				.recorded = x,
				.asked = y});
	}
	return (r.p == NULL) == (k.p == NULL);
}

static bool path_compare(struct comparison *c, struct span recorded, struct span asked)
{
	struct span r = recorded, k = asked;
	if (span_eq(r, k))
		return true;
	for (size_t n = 0; r.p != NULL && k.p != NULL; n++) {
		if (n == REPLAY_SEGMENTS_MAX) {
			differ_limit(c, REPLAY_NONE, "path");
			return false;
		}
		struct span x = next_piece(&r, '/'), y = next_piece(&k, '/');
		if (!span_eq(x, y) && !segment_compare(c, x, y))
			return differ_url(c, "path", x, y);
	}
	return (r.p == NULL) == (k.p == NULL) || differ_url(c, "path", recorded, asked);
}

static bool is_address(struct span s)
{
	return span_starts_nocase(s, "http://") || span_starts_nocase(s, "https://");
}

/* Of a value that is an address only what is volatile in an address may differ. */
static struct shape shape_of_address(
	struct comparison *c, struct span recorded, struct span asked, unsigned depth)
{
	struct shape none = {NULL, 0};
	struct replay_differences inner = {0};
	struct comparison within = {c->a, &inner, REPLAY_EXACT};
	struct span r = url_unescape(c->a, recorded, false);
	struct span k = url_unescape(c->a, asked, false);
	if (depth >= REPLAY_NESTED_MAX || !is_address(r) || !is_address(k))
		return none;
	bool same = url_compare(&within, r, k, depth + 1);
	c->out->limited |= inner.limited;
	if (!same)
		return none;
	return (struct shape){"address", (unsigned)inner.weight};
}

static bool query_compare(
	struct comparison *c, struct span recorded, struct span asked, unsigned depth)
{
	if ((recorded.p == NULL) == (asked.p == NULL) && span_eq(recorded, asked))
		return true;
	if (recorded.p == NULL || asked.p == NULL)
		return differ_url(c, "query", recorded, asked);
	struct pairs r = pairs_split(c->a, recorded, true), k = pairs_split(c->a, asked, true);
	if (r.more || k.more) {
		differ_limit(c, REPLAY_NONE, "query");
		return false;
	}
	bool moved = r.n == k.n;
	for (size_t i = 0; moved && i < r.n; i++)
		moved = (r.items[i].name.p == NULL) == (k.items[i].name.p == NULL) &&
			span_eq(r.items[i].name, k.items[i].name);
	moved = !moved;
	struct couples left = pairs_couple(c->a, &r, &k);
	if (left.singles == 0 && (moved || left.n == 0))
		differ(c, REPLAY_QUERY, COST_ORDER,
			(struct replay_difference){
				.what = "order", .recorded = recorded, .asked = asked});
	for (size_t i = 0; i < left.n; i++) {
		const struct pair *x = left.items[i].recorded, *y = left.items[i].asked;
		struct shape shape = {NULL, 0};
		if (x != NULL && y != NULL) {
			shape = shape_of_both(c->a, SHAPE_VALUE, x->name, x->value, y->value);
			if (shape.word == NULL)
				shape = shape_of_address(c, x->value, y->value, depth);
		}
		bool volatile_value = shape.word != NULL;
		differ(c, volatile_value ? REPLAY_VOLATILE : REPLAY_NONE,
			volatile_value ? shape.cost : 1,
			(struct replay_difference){.what = "query",
				.shape = shape.word,
				.name = x != NULL ? x->name : y->name,
				.recorded = x != NULL ? x->value : SPAN_NONE,
				.asked = y != NULL ? y->value : SPAN_NONE});
		if (!volatile_value)
			return false;
	}
	return true;
}

bool url_compare(struct comparison *c, struct span recorded, struct span asked, unsigned depth)
{
	if (span_eq(recorded, asked))
		return true;
	struct parts r = url_split(recorded), k = url_split(asked);
	if (!span_eq(r.origin, k.origin))
		return differ_url(c, "origin", r.origin, k.origin);
	if (recorded.n > REPLAY_URL_MAX || asked.n > REPLAY_URL_MAX) {
		differ_limit(c, REPLAY_NONE, "url");
		return false;
	}
	if (r.origin.n == 0)
		return differ_url(c, "path", recorded, asked);
	return path_compare(c, r.path, k.path) && query_compare(c, r.query, k.query, depth);
}

enum {
	NEAR_SCHEME = 2,    /* another scheme or port */
	NEAR_QUERY = 10,    /* at most: another query */
	NEAR_SPELLING = 20, /* a path with other case, or a slash at its end */
	NEAR_PATH = 100,    /* another path */
	NEAR_STEP = 4       /* each segment of both behind what they share */
};

/* The host without user information and port. */
static struct span host_of(struct span origin)
{
	size_t at = span_find(origin, span_str("://"), 0);
	struct span s = at == SIZE_MAX ? span_first(origin, 0) : span_from(origin, at + 3);
	while ((at = span_find_byte(s, '@', 0)) != SIZE_MAX)
		s = span_from(s, at + 1);
	size_t bracket = span_find_byte(s, ']', 0);
	at = span_find_byte(s, ':', bracket == SIZE_MAX ? 0 : bracket);
	return span_first(s, at);
}

static size_t common_prefix(struct span a, struct span b)
{
	size_t n = 0;
	while (n < a.n && n < b.n && a.p[n] == b.p[n])
		n++;
	return n;
}

static struct span without_slash(struct span path)
{
	return path.n > 0 && path.p[path.n - 1] == '/' ? span_first(path, path.n - 1) : path;
}

static unsigned path_steps(struct span a, struct span b)
{
	enum { STEPS_MAX = (REPLAY_NEAR_OTHER_HOST - NEAR_PATH - NEAR_SCHEME) / NEAR_STEP - 1 };
	unsigned steps = 0;
	bool shared = true;
	while ((a.p != NULL || b.p != NULL) && steps < STEPS_MAX) {
		unsigned sides = a.p != NULL && b.p != NULL ? 2 : 1;
		struct span x = a.p != NULL ? next_piece(&a, '/') : SPAN_NONE;
		struct span y = b.p != NULL ? next_piece(&b, '/') : SPAN_NONE;
		shared = shared && sides == 2 && span_eq(x, y);
		steps += shared ? 0 : sides;
	}
	return (steps < STEPS_MAX ? steps : STEPS_MAX) * NEAR_STEP;
}

unsigned replay_near(struct span asked, struct span recorded)
{
	struct parts a = url_split(asked), r = url_split(recorded);
	struct span x = without_slash(a.path), y = without_slash(r.path);
	unsigned near = 0;
	if (span_eq(asked, recorded))
		return 0;
	if (a.origin.n == 0 || r.origin.n == 0 ||
		!span_eq_nocase(host_of(a.origin), host_of(r.origin)))
		return REPLAY_NEAR_OTHER_HOST;
	if (!span_eq(a.origin, r.origin))
		near += NEAR_SCHEME;
	if (!span_eq_nocase(x, y))
		return near + NEAR_PATH + path_steps(a.path, r.path);
	if (!span_eq(a.path, r.path))
		near += NEAR_SPELLING;
	if ((a.query.p == NULL) != (r.query.p == NULL))
		near += NEAR_QUERY;
	else if (!span_eq(a.query, r.query)) {
		size_t longer = a.query.n > r.query.n ? a.query.n : r.query.n;
		near += NEAR_QUERY -
			(unsigned)(common_prefix(a.query, r.query) * (NEAR_QUERY - 1) / longer);
	}
	return near;
}
