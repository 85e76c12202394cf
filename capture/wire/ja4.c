#include "capture/wire/ja4.h"

#include "store/base/codec.h"
#include "store/base/hash.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	JA4_A = 10,
	JA4_HASH = 12,
	JA4_COUNT_MAX = 99,
	EXT_SNI = 0,
	EXT_ALPN = 16,
	EXT_VERSIONS = 43
};

static bool has_extension(const struct tls_hello *hello, uint16_t type)
{
	for (size_t i = 0; i < hello->n_extensions; i++)
		if (hello->extensions[i].type == type)
			return true;
	return false;
}

/* "If extension 0x002b exists (supported_versions), then the version is the highest value in
 * the extension." */
static const char *version(const struct tls_hello *hello)
{
	uint16_t v = 0;
	if (!has_extension(hello, EXT_VERSIONS))
		v = hello->legacy_version;
	for (size_t i = 0; i < hello->n_versions; i++)
		if (!tls_is_grease(hello->versions[i]) && hello->versions[i] > v)
			v = hello->versions[i];
	switch (v) {
	case 0x0304: return "13";
	case 0x0303: return "12";
	case 0x0302: return "11";
	case 0x0301: return "10";
	case 0x0300: return "s3";
	case 0x0002: return "s2";
	case 0xfeff: return "d1";
	case 0xfefd: return "d2";
	case 0xfefc: return "d3";
	}
	return "00";
}

static bool alnum(uint8_t c)
{
	return ascii_alpha(c) || ascii_digit(c);
}

/* "the first and last ASCII alphanumeric characters of the first value"; where one of them is
 * none, of its hex form, as the specification says. Its authors' own programs still print 99
 * there: no real client's value depends on it. */
static void alpn_ends(const struct tls_hello *hello, char out[2])
{
	static const char digits[] = "0123456789abcdef";
	out[0] = out[1] = '0';
	if (hello->n_alpn == 0 || hello->alpn[0].n == 0)
		return;
	uint8_t first = hello->alpn[0].p[0], last = hello->alpn[0].p[hello->alpn[0].n - 1];
	bool plain = alnum(first) && alnum(last);
	out[0] = plain ? (char)first : digits[first >> 4];
	out[1] = plain ? (char)last : digits[last & 15];
}

static int by_value(const void *a, const void *b)
{
	uint16_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

/* "4 character hex values, lower case, comma delimited". */
static void add_hex_list(struct buf *out, const uint16_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s%04x", i > 0 ? "," : "", values[i]);
}

/* First 12 hex digits of SHA-256, or zeros for an empty list. */
static void short_hash(struct span text, char out[JA4_HASH])
{
	uint8_t digest[SHA256_LEN];
	struct buf hex = {0};
	memset(out, '0', JA4_HASH);
	if (text.n == 0)
		return;
	sha256(text, digest);
	hex_add(&hex, span_of(digest, JA4_HASH / 2));
	memcpy(out, hex.p + hex.start, JA4_HASH);
	buf_fini(&hex);
}

/* Ciphers without GREASE, sorted, into out (of n_ciphers); returns how many. */
static size_t sorted_ciphers(const struct tls_hello *hello, uint16_t *out)
{
	size_t n = 0;
	for (size_t i = 0; i < hello->n_ciphers; i++)
		if (!tls_is_grease(hello->ciphers[i]))
			out[n++] = hello->ciphers[i];
	qsort(out, n, sizeof *out, by_value);
	return n;
}

/* The same for extension types, SNI and ALPN left out but counted in *counted. */
static size_t sorted_extensions(const struct tls_hello *hello, uint16_t *out, size_t *counted)
{
	size_t n = 0;
	*counted = 0;
	for (size_t i = 0; i < hello->n_extensions; i++) {
		uint16_t type = hello->extensions[i].type;
		if (tls_is_grease(type))
			continue;
		++*counted;
		if (type != EXT_SNI && type != EXT_ALPN)
			out[n++] = type;
	}
	qsort(out, n, sizeof *out, by_value);
	return n;
}

/* "followed by the list of signature algorithms, in the order that they appear"; no underscore
 * if there are none. */
static void add_signature_algorithms(struct buf *out, const struct tls_hello *hello)
{
	const char *between = "_";
	for (size_t i = 0; i < hello->n_signature_algorithms; i++) {
		if (tls_is_grease(hello->signature_algorithms[i]))
			continue;
		buf_addf(out, "%s%04x", between, hello->signature_algorithms[i]);
		between = ",";
	}
}

void ja4(const struct tls_hello *hello, char transport, struct buf *raw, char out[JA4_TEXT])
{
	assert(transport == 't' || transport == 'q' || transport == 'd');
	size_t room =
		hello->n_ciphers > hello->n_extensions ? hello->n_ciphers : hello->n_extensions;
	uint16_t *list = calloc(room + 1, sizeof *list);
	if (list == NULL)
		abort();

	struct buf b = {0}, c = {0};
	size_t counted, n_ciphers = sorted_ciphers(hello, list);
	add_hex_list(&b, list, n_ciphers);
	size_t n_extensions = sorted_extensions(hello, list, &counted);
	add_hex_list(&c, list, n_extensions);
	if (n_extensions > 0)
		add_signature_algorithms(&c, hello);
	free(list);

	char ends[2], a[16];
	alpn_ends(hello, ends);
	snprintf(a, sizeof a, "%c%s%c%02zu%02zu%.2s", transport, version(hello),
		has_extension(hello, EXT_SNI) ? 'd' : 'i',
		n_ciphers < JA4_COUNT_MAX ? n_ciphers : (size_t)JA4_COUNT_MAX,
		counted < JA4_COUNT_MAX ? counted : (size_t)JA4_COUNT_MAX, ends);
	assert(strlen(a) == JA4_A);
	memcpy(out, a, JA4_A);
	out[JA4_A] = out[JA4_A + 1 + JA4_HASH] = '_';
	short_hash(buf_span(&b), out + JA4_A + 1);
	short_hash(buf_span(&c), out + JA4_A + 1 + JA4_HASH + 1);
	out[JA4_TEXT - 1] = 0;
	buf_addf(raw, "%s_", a);
	buf_add_span(raw, buf_span(&b));
	buf_add_byte(raw, '_');
	buf_add_span(raw, buf_span(&c));
	buf_fini(&b);
	buf_fini(&c);
}
