/*
 * Everything that an e-mail address is written as, besides what undoing a coding brings back
 * (hide_view.c, hide_token.c): other signs for '@', other letters, turned round, without its
 * tag, hashed.
 */
#include "store/base/codec.h"
#include "store/base/hash.h"
#include "store/derive/hide_parts.h"
#include "store/derive/url_parts.h"

#include <idn2.h>

enum { ADDRESS_MAX = 1000, LOCAL_TELLING_MIN = 8, RUN_TOGETHER_MIN = 4 };

struct forms {
	struct hide *h;
	struct arena a;
	uint32_t value;
};

/* "www@bad.example" must not hide "www.bad.example": the host is what a report is about, and
 * who runs it may put into its links what it likes. */
static bool is_kept(const struct hide *h, struct span text)
{
	for (size_t i = 0; i < h->n_kept; i++)
		if (span_find_nocase(h->kept[i], text, 0) != SIZE_MAX)
			return true;
	return false;
}

static void put(struct forms *f, const char *form, enum hide_edges edges, struct span text)
{
	if (edges == EDGES_BOTH && is_kept(f->h, text))
		return;
	struct hide_pattern p = {.form = form, .value = f->value, .edges = (uint8_t)edges};
	hide_pattern_add(f->h, p, text);
}

static struct span joined(struct forms *f, struct span a, const char *sign, struct span b)
{
	return span_str(arena_printf(&f->a, "%.*s%s%.*s", (int)a.n, (const char *)a.p, sign,
		(int)b.n, (const char *)b.p));
}

/* As text, whatever byte; NUL cannot be in an address. */
static struct span mapped(struct forms *f, struct span s, uint8_t (*map)(uint8_t))
{
	uint8_t *out = arena_alloc(&f->a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		if ((out[n] = map(s.p[i])) != 0)
			n++;
	return span_of(out, n);
}

static bool is_word(uint8_t c)
{
	return ascii_alpha(c) || ascii_digit(c) || c >= 0x80;
}
static uint8_t dashed(uint8_t c)
{
	return is_word(c) ? c : '-';
}
static uint8_t scored(uint8_t c)
{
	return is_word(c) ? c : '_';
}
static uint8_t bare(uint8_t c)
{
	return is_word(c) ? c : 0;
}
/* Proofpoint's third: what is not always allowed in a URL stands elsewhere. */
static uint8_t starred(uint8_t c)
{
	return is_word(c) || strchr(".-_~@", c) != NULL ? c : '*';
}
static uint8_t all_starred(uint8_t c)
{
	return c == '@' ? '*' : starred(c);
}
static uint8_t spaced(uint8_t c)
{
	return c == '+' ? ' ' : c;
}
static uint8_t plussed(uint8_t c)
{
	return c == ' ' ? '+' : c;
}
static uint8_t rot13(uint8_t c)
{
	if (!ascii_alpha(c))
		return c;
	uint8_t first = c >= 'a' ? 'a' : 'A';
	return (uint8_t)(first + (c - first + 13) % 26);
}

static struct span reversed(struct forms *f, struct span s)
{
	uint8_t *out = arena_alloc(&f->a, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		out[i] = s.p[s.n - 1 - i];
	return span_of(out, s.n);
}

static struct span wide(struct forms *f, struct span s, size_t low)
{
	uint8_t *out = arena_alloc(&f->a, 2 * s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		out[2 * i + low] = s.p[i];
	return span_of(out, 2 * s.n);
}

static void digest(struct forms *f, const char *form, const uint8_t *bytes, size_t n)
{
	put(f, form, EDGES_ANY, span_of(bytes, n));
	put(f, form, EDGES_ANY, span_str(hex_str(&f->a, span_of(bytes, n))));
}

static void digests(struct forms *f, struct span s)
{
	uint8_t d[SHA256_LEN];
	md5(s, d);
	digest(f, "md5", d, MD5_LEN);
	sha1(s, d);
	digest(f, "sha1", d, SHA1_LEN);
	sha256(s, d);
	digest(f, "sha256", d, SHA256_LEN);
}

/* Text forms of one spelling. */
static void spell(struct forms *f, struct span local, struct span domain)
{
	static const char *const signs[] = {"=", "_at_", "-at-", " at ", "(at)", "[at]", "{at}",
		" (at) ", " [at] ", ".", "", "-", "_", "|", ",", ":", ";", "/", "#", "~", "!",
		"\\", "\t", " @ ", " ", "+", "=40", "&at;"};
	static uint8_t (*const maps[])(uint8_t) = {
		dashed, scored, bare, starred, all_starred, spaced, plussed};
	struct span s = joined(f, local, "@", domain);
	put(f, "plain", EDGES_ANY, s);
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (signs[i][0] != 0 || local.n >= RUN_TOGETHER_MIN)
			put(f, "other-sign", EDGES_BOTH, joined(f, local, signs[i], domain));
	put(f, "other-sign", EDGES_BOTH, joined(f, domain, "!", local));
	for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
		if (!span_eq(mapped(f, s, maps[i]), s))
			put(f, "other-sign", EDGES_BOTH, mapped(f, s, maps[i]));
	put(f, "rot13", EDGES_ANY, mapped(f, s, rot13));
	put(f, "reversed", EDGES_ANY, reversed(f, s));
	put(f, "utf-16", EDGES_ANY, wide(f, s, 0));
	put(f, "utf-16", EDGES_ANY, wide(f, s, 1));
	digests(f, s);
}

/* Both halves stand apart somewhere: "u=name&d=example.com". */
static void halves(struct forms *f, struct span local, struct span domain)
{
	struct hide *h = f->h;
	bool telling = false;
	struct span lower = hide_fold(&h->arena, joined(f, local, "@", domain));
	hide_number_put(&h->locals, lower, f->value);
	struct hide_pattern p = {.form = "apart", .domain = true, .edges = EDGES_BOTH};
	p.value = HIDE_NOTHING;
	hide_pattern_add(h, p, hide_fold(&f->a, domain));
	for (size_t i = 0; i < local.n; i++)
		telling |= ascii_digit(local.p[i]) || strchr("._+ ", local.p[i]) != NULL;
	if (telling && local.n >= LOCAL_TELLING_MIN)
		put(f, "local-part", EDGES_BOTH, local);
}

static struct span unquoted(struct forms *f, struct span local)
{
	if (local.n < 3 || local.p[0] != '"' || local.p[local.n - 1] != '"')
		return local;
	uint8_t *out = arena_alloc(&f->a, local.n);
	size_t n = 0;
	for (size_t i = 1; i + 1 < local.n; i++) {
		if (local.p[i] == '\\' && i + 2 < local.n)
			i++;
		out[n++] = local.p[i];
	}
	return span_of(out, n);
}

static struct span without_tag(struct span local)
{
	size_t plus = span_find_byte(local, '+', 0);
	return plus != SIZE_MAX && plus > 0 ? span_first(local, plus) : local;
}

/* The domain in ASCII and in letters; out has room for 3. */
static size_t domains(struct forms *f, struct span domain, struct span *out)
{
	size_t n = 0;
	out[n++] = hide_fold(&f->a, domain);
	struct span ascii = url_domain_to_ascii(&f->a, domain);
	if (ascii.n > 0 && !span_eq(ascii, out[0]))
		out[n++] = ascii;
	char *letters = NULL;
	if (ascii.n > 0 && span_find(ascii, span_str("xn--"), 0) != SIZE_MAX &&
		idn2_to_unicode_8z8z(arena_str(&f->a, ascii), &letters, 0) == IDN2_OK &&
		!span_is(out[0], letters))
		out[n++] = arena_copy(&f->a, span_str(letters));
	idn2_free(letters);
	return n;
}

static void all_forms(struct forms *f, struct span local, struct span domain)
{
	enum { LOCALS = 5 };
	struct span locals[LOCALS] = {local, unquoted(f, local)}, names[3];
	locals[2] = without_tag(locals[1]);
	locals[3] = hide_fold(&f->a, locals[1]);
	locals[4] = hide_fold(&f->a, locals[2]);
	size_t n = domains(f, domain, names);
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < LOCALS; i++) {
			spell(f, locals[i], names[k]);
			halves(f, locals[i], names[k]);
		}
	/* As it stood there: hashes know capitals. */
	struct span given = joined(f, local, "@", domain);
	digests(f, given);
	digests(f, hide_fold(&f->a, given));
}

bool hide_address(struct hide *h, struct span address)
{
	size_t sign = SIZE_MAX;
	address = span_trim(address, " \t\r\n<>");
	for (size_t i = 0; i < address.n; i++)
		if (address.p[i] == '@')
			sign = i;
	if (sign == SIZE_MAX || sign == 0 || sign + 1 >= address.n || address.n > ADDRESS_MAX ||
		memchr(address.p, 0, address.n) != NULL)
		return false;
	if (h->n_values >= HIDE_VALUES_MAX) {
		h->full = true;
		return false;
	}
	struct forms f = {.h = h};
	struct span local = span_first(address, sign), domain = span_from(address, sign + 1);
	struct span names[3];
	domains(&f, domain, names);
	struct span ascii = url_domain_to_ascii(&f.a, domain);
	struct span canonical = joined(
		&f, hide_fold(&f.a, unquoted(&f, local)), "@", ascii.n > 0 ? ascii : names[0]);
	/* The same person in other letters is the same value; this spelling's hashes are new.
	 */
	uint32_t there = hide_number(&h->locals, canonical);
	f.value = there != HIDE_NOTHING ? there : hide_value_add(h, HIDE_ADDRESS, canonical);
	all_forms(&f, local, domain);
	hide_number_put(&h->locals, arena_copy(&h->arena, canonical), f.value);
	arena_fini(&f.a);
	return true;
}
