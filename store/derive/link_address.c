#include "store/derive/link_address.h"
#include "store/base/codec.h"
#include "store/derive/link_parts.h"
#include "store/derive/wrapper_decode.h"
#include "store/derive/wrapper_recipe.h"

enum { ADDRESS_MAX = 320, HEX_MIN = 12, ZLIB_TRIES_MAX = 16 };

static bool is_local(uint8_t c)
{
	return ascii_alpha(c) || ascii_digit(c) || c >= 0x80 ||
	       (c != 0 && strchr("._+-'", c) != NULL);
}

static bool is_domain(uint8_t c)
{
	return ascii_alpha(c) || ascii_digit(c) || c >= 0x80 || c == '.' || c == '-';
}

/* Ends in a label of letters, or in one of other letters as punycode. */
static bool has_top_level(struct span domain)
{
	size_t at = domain.n;
	while (at > 0 && domain.p[at - 1] != '.')
		at--;
	struct span top = span_from(domain, at);
	if (at < 2 || top.n < 2 || top.n > 24)
		return false;
	if (span_starts_nocase(top, "xn--"))
		return true;
	for (size_t i = 0; i < top.n; i++)
		if (!ascii_alpha(top.p[i]) && top.p[i] < 0x80)
			return false;
	return true;
}

bool link_next_address(struct span s, size_t *at, struct span *out)
{
	for (;;) {
		size_t sign = span_find_byte(s, '@', *at), from, to;
		if (sign == SIZE_MAX)
			return false;
		*at = sign + 1;
		for (from = sign;
			from > 0 && is_local(s.p[from - 1]) && sign - from < ADDRESS_MAX;)
			from--;
		for (to = sign + 1; to < s.n && is_domain(s.p[to]) && to - sign < ADDRESS_MAX;)
			to++;
		while (from < sign && strchr(".-'", s.p[from]) != NULL)
			from++;
		while (to > sign + 1 && strchr(".-", s.p[to - 1]) != NULL)
			to--;
		if (from == sign || !has_top_level(span_of(s.p + sign + 1, to - sign - 1)))
			continue;
		*out = span_of(s.p + from, to - from);
		return true;
	}
}

/* Text of which every byte knows where in the piece it came from. */
struct mapped {
	struct span text;
	uint32_t *from; /* text.n + 1 of them */
};

static struct mapped plainly(struct arena *a, struct span piece)
{
	struct mapped m = {piece, arena_alloc(a, (piece.n + 1) * sizeof *m.from)};
	for (size_t i = 0; i <= piece.n; i++)
		m.from[i] = (uint32_t)i;
	return m;
}

static struct mapped unescaped(struct arena *a, struct mapped in)
{
	uint8_t *text = arena_alloc(a, in.text.n + 1);
	struct mapped out = {SPAN_NONE, arena_alloc(a, (in.text.n + 1) * sizeof *out.from)};
	size_t n = 0;
	for (size_t i = 0; i < in.text.n; n++) {
		int hi, lo;
		out.from[n] = in.from[i];
		text[n] = in.text.p[i];
		if (text[n] == '%' && i + 2 < in.text.n &&
			(hi = ascii_hex(in.text.p[i + 1])) >= 0 &&
			(lo = ascii_hex(in.text.p[i + 2])) >= 0) {
			text[n] = (uint8_t)(hi << 4 | lo);
			i += 2;
		}
		i++;
	}
	out.from[n] = in.from[in.text.n];
	out.text = span_of(text, n);
	return out;
}

struct look {
	struct arena *a;
	link_address_fn *take;
	void *ctx;
	bool stop;
	int zlib_tries;
};

static void look_in(struct look *l, const struct mapped *m)
{
	struct span address;
	for (size_t at = 0; !l->stop && link_next_address(m->text, &at, &address);) {
		size_t from = (size_t)(address.p - m->text.p);
		uint32_t start = m->from[from], end = m->from[from + address.n];
		l->stop = !l->take(l->ctx, start, end - start, address);
	}
}

/* What came out of a token must be text before anything in it is believed. */
static bool is_text(struct span s)
{
	if (!text_valid(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' && s.p[i] != '\t' && s.p[i] != '\r' && s.p[i] != '\n')
			return false;
	return true;
}

static bool holds_address(struct look *l, struct span s, struct span *address)
{
	size_t at = 0;
	if (!is_text(s))
		return false;
	if (link_next_address(s, &at, address))
		return true;
	at = 0;
	return span_find_byte(s, '%', 0) != SIZE_MAX &&
	       link_next_address(url_unescape(l->a, s, false), &at, address);
}

static bool in_token(struct look *l, struct span token, struct span *address)
{
	struct span text;
	bool hex = token.n >= HEX_MIN && token.n % 2 == 0;
	for (size_t i = 0; i < token.n && hex; i++)
		hex = ascii_hex(token.p[i]) >= 0;
	if (hex) {
		struct buf b = {0};
		hex_read(token, &b);
		text = arena_copy(l->a, buf_span(&b));
		buf_fini(&b);
		if (holds_address(l, text, address))
			return true;
	}
	if (token.n < LINK_CODED_MIN || !wrapper_base64(l->a, token, &text))
		return false;
	if (holds_address(l, text, address))
		return true;
	/* 78 01, 78 9c, 78 da: the zlib frame (RFC 1950 2.2) in base64. */
	bool zlib = span_starts(token, "eJ") || span_starts(token, "eN") ||
		    span_starts(token, "eA");
	return zlib && l->zlib_tries++ < ZLIB_TRIES_MAX &&
	       wrapper_inflate(l->a, text, false, RECIPE_INFLATE_MAX, &text) &&
	       holds_address(l, text, address);
}

static size_t run(struct span s, size_t at, const char *more)
{
	size_t to = at;
	while (to < s.n && (ascii_alpha(s.p[to]) || ascii_digit(s.p[to]) ||
				   (s.p[to] != 0 && strchr(more, s.p[to]) != NULL)))
		to++;
	return to;
}

static void try_token(struct look *l, const struct mapped *m, size_t from, size_t to)
{
	struct span address;
	if (to - from < LINK_CODED_MIN ||
		!in_token(l, span_of(m->text.p + from, to - from), &address))
		return;
	l->stop = !l->take(l->ctx, m->from[from], m->from[to] - m->from[from], address);
}

/* Runs of the alphabets of base64; where '-', '_', '/' and '+' may part tokens rather than
 * belong to one, both ways are tried. */
static void look_in_tokens(struct look *l, const struct mapped *m)
{
	for (size_t at = 0; at < m->text.n && !l->stop;) {
		size_t to = run(m->text, at, "-_+/"), inner = run(m->text, at, "");
		try_token(l, m, at, to);
		for (size_t i = at; i < to && inner < to && !l->stop;) {
			size_t end = run(m->text, i, "");
			try_token(l, m, i, end);
			i = end + 1;
		}
		at = to + 1;
	}
}

void link_addresses(struct arena *a, struct span piece, link_address_fn *take, void *ctx)
{
	struct look l = {.a = a, .take = take, .ctx = ctx};
	if (piece.n == 0 || piece.n > URL_MAX)
		return;
	struct mapped m = plainly(a, piece);
	look_in(&l, &m);
	for (int i = 0; i < 2 && span_find_byte(m.text, '%', 0) != SIZE_MAX && !l.stop; i++) {
		m = unescaped(a, m);
		look_in(&l, &m);
	}
	look_in_tokens(&l, &m);
}
