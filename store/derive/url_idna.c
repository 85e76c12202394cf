/*
 * Domain to ASCII (UTS 46, non-transitional, CheckHyphens and VerifyDnsLength off) on top of
 * libidn2, which is stricter: it refuses hyphens in places, long labels and all symbols.
 * Browsers do not, and emoji domains exist, so such labels are encoded here.
 */
#include "store/derive/url_parts.h"

#include <idn2.h>

enum { LABEL_CODES_MAX = 1000 }; /* characters of one label that we encode ourselves */

static bool ascii_only(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 0x80)
			return false;
	return true;
}

static struct span lower(struct arena *a, struct span s)
{
	uint8_t *out = arena_alloc(a, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		out[i] = ascii_lower(s.p[i]);
	return span_of(out, s.n);
}

/* Symbols that UTS 46 leaves as they are and IDNA 2008 forbids: arrows, technical, geometric,
 * dingbats, emoji. */
static bool plain_symbol(uint32_t c)
{
	return (c >= 0x2190 && c <= 0x21ff) || (c >= 0x2300 && c <= 0x2328) ||
	       (c >= 0x232b && c <= 0x23ff) || (c >= 0x2500 && c <= 0x27ff) ||
	       (c >= 0x2900 && c <= 0x29ff) || (c >= 0x2b00 && c <= 0x2bff) ||
	       (c >= 0x1f000 && c <= 0x1f0ff) || (c >= 0x1f1e6 && c <= 0x1f1ff) ||
	       (c >= 0x1f300 && c <= 0x1faff);
}

/* RFC 3492 6.1 */
static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;
	delta = first ? delta / 700 : delta / 2;
	for (delta += delta / points; delta > 455; k += 36)
		delta /= 35;
	return k + 36 * delta / (delta + 38);
}

/* RFC 3492 6.3, with at most LABEL_CODES_MAX code points: nothing can overflow. */
static void punycode_add(struct buf *out, const uint32_t *code, uint32_t n)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	uint32_t at = 128, delta = 0, bias = 72, done = 0, basic;
	for (uint32_t i = 0; i < n; i++)
		if (code[i] < 128) {
			buf_add_byte(out, (uint8_t)code[i]);
			done++;
		}
	basic = done;
	if (basic > 0)
		buf_add_byte(out, '-');
	while (done < n) {
		uint32_t next = UINT32_MAX;
		for (uint32_t i = 0; i < n; i++)
			if (code[i] >= at && code[i] < next)
				next = code[i];
		delta += (next - at) * (done + 1);
		at = next;
		for (uint32_t i = 0; i < n; i++) {
			delta += code[i] < at;
			if (code[i] != at)
				continue;
			uint32_t q = delta;
			for (uint32_t k = 36;; k += 36) {
				uint32_t t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
				if (q < t)
					break;
				buf_add_byte(out, (uint8_t)digits[t + (q - t) % (36 - t)]);
				q = (q - t) / (36 - t);
			}
			buf_add_byte(out, (uint8_t)digits[q]);
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
		delta++;
		at++;
	}
}

/* RFC 3492 6.2: the code points of punycode; 0 if it is none, or longer than LABEL_CODES_MAX.
 */
static uint32_t punycode_read(struct span s, uint32_t code[LABEL_CODES_MAX])
{
	uint32_t n = 0, at = 128, i = 0, bias = 72;
	size_t basic = s.n, in = 0;
	while (basic > 0 && s.p[basic - 1] != '-')
		basic--;
	for (; basic > 0 && in < basic - 1; in++) {
		if (n == LABEL_CODES_MAX || s.p[in] >= 0x80)
			return 0;
		code[n++] = s.p[in];
	}
	for (in = basic; in < s.n; n++, i++) {
		uint64_t v = i, weight = 1;
		for (uint32_t k = 36;; k += 36) {
			uint8_t c = in < s.n ? ascii_lower(s.p[in++]) : 0;
			uint32_t digit = ascii_digit(c) ? c - '0' + 26u : c - (uint32_t)'a';
			uint32_t t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
			if (!ascii_digit(c) && !ascii_alpha(c))
				return 0;
			v += digit * weight;
			weight *= 36 - t;
			if (v > UINT32_MAX / 2 || weight > UINT32_MAX)
				return 0;
			if (digit < t)
				break;
		}
		bias = adapt((uint32_t)v - i, n + 1, i == 0);
		at += (uint32_t)(v / (n + 1));
		i = (uint32_t)(v % (n + 1));
		if (n == LABEL_CODES_MAX || at > 0x10ffff)
			return 0;
		memmove(&code[i + 1], &code[i], (n - i) * sizeof *code);
		code[i] = at;
	}
	return n;
}

/* A label being encoded by hand. */
struct hand {
	uint32_t code[LABEL_CODES_MAX];
	uint32_t n;
};

static bool add_code(struct hand *h, uint32_t c)
{
	if (h->n == LABEL_CODES_MAX)
		return false;
	h->code[h->n++] = c;
	return true;
}

/* A run of foreign letters, mapped and checked by libidn2 on its own, without the neighbours
 * that it dislikes. */
static bool add_run(struct arena *a, struct hand *h, struct span run)
{
	uint32_t mapped[LABEL_CODES_MAX], n = 0;
	uint8_t *ascii = NULL;
	bool ok = idn2_lookup_u8((const uint8_t *)arena_str(a, run), &ascii,
			  IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK;
	struct span s = span_str((const char *)ascii);
	if (ok && span_starts(s, "xn--"))
		n = punycode_read(span_from(s, 4), mapped);
	else
		for (; ok && n < s.n && n < LABEL_CODES_MAX; n++)
			mapped[n] = s.p[n];
	idn2_free(ascii);
	for (uint32_t i = 0; ok && i < n; i++)
		ok = add_code(h, mapped[i]);
	return ok;
}

/* A label that libidn2 refused for a reason that browsers do not have: ASCII and symbols as
 * they are, the rest mapped. */
static bool label_by_hand(struct arena *a, struct span label, struct buf *out)
{
	struct hand h = {.n = 0};
	bool foreign = false, ok = true;
	for (size_t at = 0, run = SIZE_MAX; ok && at <= label.n;) {
		uint32_t c = 0;
		size_t bad, len = at < label.n ? url_utf8(span_from(label, at), &c, &bad) : 1;
		bool plain = c < 0x80 || c == 0xfe0f || c == 0xad || plain_symbol(c);
		if (plain && run != SIZE_MAX) {
			ok = add_run(a, &h, span_of(label.p + run, at - run));
			run = SIZE_MAX;
		}
		/* The variation selector and the soft hyphen are ignored by UTS 46. */
		if (plain && at < label.n && c != 0xfe0f && c != 0xad)
			ok = ok && add_code(&h, c < 0x80 ? ascii_lower((uint8_t)c) : c);
		if (!plain && run == SIZE_MAX)
			run = at;
		ok = ok && len > 0;
		at += len;
	}
	for (uint32_t i = 0; i < h.n; i++)
		foreign |= h.code[i] >= 0x80;
	if (ok && foreign) {
		buf_add_str(out, "xn--");
		punycode_add(out, h.code, h.n);
	}
	for (uint32_t i = 0; ok && !foreign && i < h.n; i++)
		buf_add_byte(out, (uint8_t)h.code[i]);
	return ok;
}

/* Punycode beside characters that no host name has, as in "xn--*la-qh33b": libidn2 does not
 * decode it; we do, to see that it is what we would have made of the text. */
static bool odd_alabel(struct arena *a, struct span label, struct buf *out)
{
	uint32_t code[LABEL_CODES_MAX], n;
	struct buf text = {0}, again = {0};
	n = ascii_only(label) ? punycode_read(span_from(label, 4), code) : 0;
	for (uint32_t i = 0; i < n; i++)
		url_add_utf8(&text, code[i]);
	bool ok = n > 0 && label_by_hand(a, buf_span(&text), &again) &&
		  span_eq_nocase(buf_span(&again), label);
	if (ok)
		buf_add_span(out, lower(a, label));
	buf_fini(&text);
	buf_fini(&again);
	return ok;
}

/* One label through libidn2, or by hand where it is stricter than UTS 46. */
static bool label_to_ascii(struct arena *a, struct span label, struct buf *out)
{
	if (ascii_only(label) && !span_starts_nocase(label, "xn--")) {
		buf_add_span(out, lower(a, label));
		return true;
	}
	uint8_t *ascii = NULL;
	int rc = idn2_lookup_u8((const uint8_t *)arena_str(a, label), &ascii,
		IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc == IDN2_OK)
		buf_add_str(out, (const char *)ascii);
	idn2_free(ascii);
	if (rc == IDN2_OK)
		return true;
	if (rc == IDN2_PUNYCODE_BAD_INPUT)
		return odd_alabel(a, label, out);
	if (rc != IDN2_DISALLOWED && rc != IDN2_UNASSIGNED && rc != IDN2_2HYPHEN &&
		rc != IDN2_HYPHEN_STARTEND && rc != IDN2_TOO_BIG_LABEL &&
		rc != IDN2_TOO_BIG_DOMAIN && rc != IDN2_PUNYCODE_BIG_OUTPUT)
		return false;
	if (ascii_only(label)) {
		buf_add_span(out, lower(a, label));
		return true;
	}
	/* What comes out must be a label that we would take, too: symbols that are not assigned
	 * are not. */
	struct buf hand = {0};
	bool ok = label_by_hand(a, label, &hand);
	if (ok)
		ok = label_to_ascii(a, arena_copy(a, buf_span(&hand)), out);
	buf_fini(&hand);
	return ok;
}

/* Length of the label separator at s (UTS 46 4: U+002E, U+3002, U+FF0E, U+FF61), 0 if there is
 * none. */
static size_t dot_len(struct span s)
{
	if (s.p[0] == '.')
		return 1;
	if (s.n < 3)
		return 0;
	return memcmp(s.p, "\xe3\x80\x82", 3) == 0 || memcmp(s.p, "\xef\xbc\x8e", 3) == 0 ||
			       memcmp(s.p, "\xef\xbd\xa1", 3) == 0
		       ? 3
		       : 0;
}

/* Could the domain hold a label in punycode, whatever its case? */
static bool has_alabel(struct span s)
{
	for (size_t at = 0; at < s.n; at++)
		if ((at == 0 || s.p[at - 1] == '.') &&
			span_starts_nocase(span_from(s, at), "xn--"))
			return true;
	return false;
}

struct span url_domain_to_ascii(struct arena *a, struct span domain)
{
	if (memchr(domain.p, 0, domain.n) != NULL)
		return SPAN_NONE;
	if (ascii_only(domain) && !has_alabel(domain))
		return lower(a, domain);
	/* The whole first: right-to-left labels are judged together. */
	uint8_t *ascii = NULL;
	struct span whole = SPAN_NONE;
	if (idn2_lookup_u8((const uint8_t *)arena_str(a, domain), &ascii,
		    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK)
		whole = arena_copy(a, span_str((const char *)ascii));
	idn2_free(ascii);
	if (whole.p != NULL)
		return whole;
	struct buf out = {0};
	bool ok = true;
	for (size_t start = 0, at = 0; ok && at <= domain.n;) {
		size_t dot = at < domain.n ? dot_len(span_from(domain, at)) : 1;
		if (dot == 0) {
			at++;
			continue;
		}
		if (at > start)
			ok = label_to_ascii(a, span_of(domain.p + start, at - start), &out);
		if (at < domain.n)
			buf_add_byte(&out, '.');
		at += dot;
		start = at;
	}
	if (ok)
		whole = arena_copy(a, buf_span(&out));
	buf_fini(&out);
	return whole;
}
