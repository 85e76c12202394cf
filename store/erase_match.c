#include "store/erase_match.h"

#include <stdlib.h>

enum { WINDOW = 64 * 1024, BASE64_PHASES = 4, HEX_PHASES = 2 };

/* What bytes stand for, and where in the hay each one comes from. */
struct erase_view {
	uint8_t *bytes;
	uint32_t *from, *to;
	size_t n, cap;
};

enum { VIEW_PLAIN, VIEW_PERCENT, VIEW_TWICE, VIEW_CODED, VIEWS };

static void *grown(void *p, size_t n)
{
	p = realloc(p, n);
	if (p == NULL)
		abort();
	return p;
}

static void add(struct erase_view *v, uint8_t byte, uint32_t from, uint32_t to)
{
	if (v->n == v->cap) {
		v->cap = v->cap == 0 ? WINDOW : v->cap * 2;
		v->bytes = grown(v->bytes, v->cap);
		v->from = grown(v->from, v->cap * sizeof *v->from);
		v->to = grown(v->to, v->cap * sizeof *v->to);
	}
	v->bytes[v->n] = byte;
	v->from[v->n] = from;
	v->to[v->n++] = to;
}

static void view_plain(struct erase_view *v, struct span hay)
{
	v->n = 0;
	for (size_t i = 0; i < hay.n; i++)
		add(v, hay.p[i], (uint32_t)i, (uint32_t)i + 1);
}

/* False: there was nothing to decode. */
static bool view_percent(struct erase_view *v, const struct erase_view *of, bool spaces)
{
	bool any = false;
	v->n = 0;
	for (size_t i = 0; i < of->n; i++) {
		uint8_t c = of->bytes[i];
		int high = c == '%' && i + 2 < of->n ? ascii_hex(of->bytes[i + 1]) : -1;
		int low = high >= 0 ? ascii_hex(of->bytes[i + 2]) : -1;
		if (low >= 0) {
			add(v, (uint8_t)(high << 4 | low), of->from[i], of->to[i + 2]);
			i += 2;
			any = true;
		} else {
			bool space = spaces && c == '+';
			add(v, space ? ' ' : c, of->from[i], of->to[i]);
			any |= space;
		}
	}
	return any;
}

static void view_hex(struct erase_view *v, const struct erase_view *of, size_t phase)
{
	v->n = 0;
	for (size_t i = 0; i < of->n;) {
		size_t start = i;
		while (i < of->n && ascii_hex(of->bytes[i]) >= 0)
			i++;
		for (size_t k = start + phase; k + 1 < i; k += 2)
			add(v,
				(uint8_t)(ascii_hex(of->bytes[k]) << 4 |
					  ascii_hex(of->bytes[k + 1])),
				of->from[k], of->to[k + 1]);
		if (i > start)
			add(v, 0, of->from[start], of->to[start]); /* runs are no neighbours */
		else
			i++;
	}
}

static int base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_digit(c))
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* Lines of a mail are broken: a run goes on over that. */
static void view_base64(struct erase_view *v, const struct erase_view *of, size_t phase)
{
	uint32_t acc = 0, before = 0;
	unsigned bits = 0;
	size_t in_run = 0;
	v->n = 0;
	for (size_t i = 0; i < of->n; i++) {
		uint8_t c = of->bytes[i];
		int value = base64_value(c);
		if (value < 0 && (c == '\r' || c == '\n'))
			continue;
		if (value < 0) {
			if (in_run > 0)
				add(v, 0, of->from[i], of->to[i]);
			in_run = 0;
			bits = 0;
			continue;
		}
		if (in_run++ < phase)
			continue;
		acc = (acc << 6 | (uint32_t)value) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			add(v, (uint8_t)(acc >> bits), before, of->to[i]);
		}
		before = of->from[i];
	}
}

static void look(
	struct erase_match *m, struct erase_view *v, size_t base, erase_hit_fn *hit, void *ctx)
{
	for (size_t i = 0; i < v->n; i++)
		v->bytes[i] = ascii_lower(v->bytes[i]);
	for (size_t k = 0; k < m->n_forms; k++) {
		struct span form = buf_span(&m->forms[k]), in = span_of(v->bytes, v->n);
		size_t at = 0;
		for (; in.n > 0 && (at = span_find(in, form, at)) != SIZE_MAX; at++)
			hit(ctx, base + v->from[at], base + v->to[at + form.n - 1]);
	}
}

/* A base64 or hex in it. Before it is folded. */
static void look_coded(struct erase_match *m, const struct erase_view *of, size_t base,
	erase_hit_fn *hit, void *ctx)
{
	struct erase_view *v = &m->views[VIEW_CODED];
	for (size_t phase = 0; phase < BASE64_PHASES; phase++) {
		view_base64(v, of, phase);
		look(m, v, base, hit, ctx);
	}
	for (size_t phase = 0; phase < HEX_PHASES; phase++) {
		view_hex(v, of, phase);
		look(m, v, base, hit, ctx);
	}
}

static void look_in_window(
	struct erase_match *m, struct span hay, size_t base, erase_hit_fn *hit, void *ctx)
{
	struct erase_view *plain = &m->views[VIEW_PLAIN], *percent = &m->views[VIEW_PERCENT],
			  *twice = &m->views[VIEW_TWICE];
	view_plain(plain, hay);
	look_coded(m, plain, base, hit, ctx);
	if (view_percent(percent, plain, m->spaces)) {
		look_coded(m, percent, base, hit, ctx);
		if (view_percent(twice, percent, m->spaces))
			look(m, twice, base, hit, ctx);
		look(m, percent, base, hit, ctx);
	}
	look(m, plain, base, hit, ctx);
}

void erase_match_in(struct erase_match *m, struct span hay, erase_hit_fn *hit, void *ctx)
{
	for (size_t at = 0; at < hay.n; at += WINDOW) {
		struct span window = span_first(span_from(hay, at), WINDOW + m->reach);
		look_in_window(m, window, at, hit, ctx);
	}
}

void erase_match_init(struct erase_match *m, struct span text)
{
	struct erase_view as_is = {0}, plain = {0};
	*m = (struct erase_match){.n_forms = 1};
	m->views = grown(NULL, VIEWS * sizeof *m->views);
	memset(m->views, 0, VIEWS * sizeof *m->views);
	view_plain(&as_is, text);
	bool encoded = view_percent(&plain, &as_is, false);
	for (size_t i = 0; i < text.n; i++)
		buf_add_byte(&m->forms[0], ascii_lower(text.p[i]));
	for (size_t i = 0; encoded && i < plain.n; i++)
		buf_add_byte(&m->forms[1], ascii_lower(plain.bytes[i]));
	m->n_forms += encoded && plain.n >= ERASE_MATCH_MIN;
	for (size_t k = 0; k < m->n_forms; k++)
		m->spaces |= span_find_byte(buf_span(&m->forms[k]), ' ', 0) != SIZE_MAX;
	/* %25XX is five bytes for one. */
	m->reach = text.n * 6 + 16;
	free(as_is.bytes);
	free(as_is.from);
	free(as_is.to);
	free(plain.bytes);
	free(plain.from);
	free(plain.to);
}

void erase_match_fini(struct erase_match *m)
{
	for (size_t i = 0; i < VIEWS && m->views != NULL; i++) {
		free(m->views[i].bytes);
		free(m->views[i].from);
		free(m->views[i].to);
	}
	free(m->views);
	for (size_t i = 0; i < ERASE_MATCH_FORMS; i++)
		buf_fini(&m->forms[i]);
	*m = (struct erase_match){0};
}
