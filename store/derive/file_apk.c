#include "store/derive/file_apk.h"
#include "store/base/reader.h"

/* ---- binary XML (frameworks/base, ResourceTypes.h) ---- */

enum {
	CHUNK_HEADER = 8,
	CHUNK_STRINGS = 0x0001,
	CHUNK_XML = 0x0003,
	CHUNK_ELEMENT = 0x0102,
	STRINGS_UTF8 = 1 << 8,
	STRINGS_MAX = 200000,
	ATTRIBUTES_MAX = 200,
	TYPE_STRING = 3,
};
#define NO_STRING 0xffffffffu

struct strings {
	struct span chunk;
	uint32_t n, start, flags;
};

static bool strings_read(struct span chunk, struct strings *out)
{
	*out = (struct strings){.chunk = chunk,
		.n = zip_u32(chunk, 8),
		.flags = zip_u32(chunk, 16),
		.start = zip_u32(chunk, 20)};
	return out->n <= STRINGS_MAX;
}

/* A length of one or two units; the first unit's top bit says which. */
static size_t utf8_length(struct span s, size_t *at)
{
	if (*at >= s.n)
		return 0;
	size_t n = s.p[(*at)++];
	if ((n & 0x80) != 0 && *at < s.n)
		n = (n & 0x7f) << 8 | s.p[(*at)++];
	return n;
}

/* UTF-16 as ASCII: package names have nothing else; another letter is '?'. */
static struct span from_utf16(struct arena *a, struct span s, size_t at)
{
	size_t n = zip_u16(s, at);
	at += 2;
	if ((n & 0x8000) != 0) {
		n = (n & 0x7fff) << 16 | zip_u16(s, at);
		at += 2;
	}
	if (n > APK_PACKAGE_MAX || at > s.n || (s.n - at) / 2 < n)
		return SPAN_NONE;
	uint8_t *out = arena_alloc(a, n + 1);
	for (size_t i = 0; i < n; i++) {
		uint32_t c = zip_u16(s, at + 2 * i);
		out[i] = c >= 0x20 && c < 0x7f ? (uint8_t)c : '?';
	}
	return span_of(out, n);
}

static struct span string_at(struct arena *a, const struct strings *t, uint32_t i)
{
	struct span s = t->chunk;
	if (i >= t->n)
		return SPAN_NONE;
	size_t at = (size_t)t->start + zip_u32(s, 28 + 4 * (size_t)i);
	if (at >= s.n)
		return SPAN_NONE;
	if ((t->flags & STRINGS_UTF8) == 0)
		return from_utf16(a, s, at);
	(void)utf8_length(s, &at); /* in characters */
	size_t n = utf8_length(s, &at);
	return n <= APK_PACKAGE_MAX && at <= s.n && s.n - at >= n
		       ? arena_copy(a, span_of(s.p + at, n))
		       : SPAN_NONE;
}

/* The attributes of the first element, if that is <manifest>. */
static void manifest_element(
	struct arena *a, const struct strings *t, struct span e, struct apk *out)
{
	/* Behind the header: line, comment; then namespace, name, where attributes begin (from
	 * the namespace on), how long each is, how many. */
	enum { BODY = 16 };
	if (!span_is(string_at(a, t, zip_u32(e, BODY + 4)), "manifest"))
		return;
	size_t start = BODY + zip_u16(e, BODY + 8), each = zip_u16(e, BODY + 10),
	       n = zip_u16(e, BODY + 12);
	for (size_t i = 0; i < n && i < ATTRIBUTES_MAX && each >= 20; i++) {
		size_t at = start + i * each;
		struct span name = string_at(a, t, zip_u32(e, at + 4));
		uint32_t raw = zip_u32(e, at + 8);
		if (raw == NO_STRING && at + 15 < e.n && e.p[at + 15] == TYPE_STRING)
			raw = zip_u32(e, at + 16);
		if (span_is(name, "package"))
			out->package = string_at(a, t, raw);
		else if (span_is(name, "versionName"))
			out->version = string_at(a, t, raw);
	}
}

static void manifest_read(struct arena *a, struct span xml, struct apk *out)
{
	struct strings t = {.n = 0};
	if (zip_u16(xml, 0) != CHUNK_XML)
		return;
	for (size_t at = zip_u16(xml, 2); at < xml.n && xml.n - at >= CHUNK_HEADER;) {
		size_t size = zip_u32(xml, at + 4);
		if (size < CHUNK_HEADER || size > xml.n - at)
			return;
		struct span chunk = span_of(xml.p + at, size);
		switch (zip_u16(chunk, 0)) {
		case CHUNK_STRINGS:
			if (!strings_read(chunk, &t))
				return;
			break;
		case CHUNK_ELEMENT: manifest_element(a, &t, chunk, out); return;
		default: break;
		}
		at += size;
	}
}

/* ---- APK Signing Block (source.android.com, APK Signature Scheme v2 and v3) ---- */

#define BLOCK_MAGIC "APK Sig Block 42"
enum { BLOCK_TAIL = 24, PAIRS_MAX = 64 };
#define SCHEME_V2 0x7109871au
#define SCHEME_V3 0xf05368c0u
#define SCHEME_V31 0x1b93ad61u

/* A piece behind its own length of four bytes, taken from the front of *s; absent: broken. */
static struct span take_piece(struct span *s)
{
	size_t n = zip_u32(*s, 0);
	if (s->n < 4 || n > s->n - 4)
		return SPAN_NONE;
	struct span piece = span_of(s->p + 4, n);
	*s = span_from(*s, 4 + n);
	return piece;
}

static void add_signer(struct apk *out, const char *scheme, struct span der)
{
	if (out->n_signers == APK_SIGNERS_MAX || der.n == 0)
		return;
	struct apk_signer *s = &out->signers[out->n_signers++];
	s->scheme = scheme;
	sha256(der, s->sha256);
}

/* signers: a sequence of signers, each: signed data (digests, certificates, ...), signatures,
 * key. A signer's own certificate is its first. */
static void scheme_read(struct span value, const char *scheme, struct apk *out)
{
	struct span signers = take_piece(&value);
	while (signers.n > 0) {
		struct span signer = take_piece(&signers), data = take_piece(&signer);
		if (data.p == NULL)
			return;
		(void)take_piece(&data); /* digests */
		struct span certs = take_piece(&data);
		add_signer(out, scheme, take_piece(&certs));
	}
}

static void block_read(const struct zip_listing *z, struct apk *out)
{
	struct span s = z->bytes, v2 = SPAN_NONE, v3 = SPAN_NONE;
	if (z->directory < BLOCK_TAIL || z->directory > s.n ||
		memcmp(s.p + z->directory - 16, BLOCK_MAGIC, 16) != 0)
		return;
	uint64_t size = zip_u64(s, z->directory - BLOCK_TAIL);
	if (size < BLOCK_TAIL || size > z->directory - 8)
		return;
	struct span pairs = span_of(s.p + z->directory - size, (size_t)size - BLOCK_TAIL);
	for (int i = 0; i < PAIRS_MAX && pairs.n >= 12; i++) {
		uint64_t n = zip_u64(pairs, 0);
		if (n < 4 || n > pairs.n - 8)
			break;
		uint32_t id = zip_u32(pairs, 8);
		struct span value = span_of(pairs.p + 12, (size_t)n - 4);
		if (id == SCHEME_V2)
			v2 = value;
		else if (id == SCHEME_V3 || (id == SCHEME_V31 && v3.p == NULL))
			v3 = value;
		pairs = span_from(pairs, 8 + (size_t)n);
	}
	scheme_read(v3, "v3", out);
	if (out->n_signers == 0)
		scheme_read(v2, "v2", out);
}

/* ---- JAR signing: META-INF/NAME.RSA is a PKCS #7 SignedData (RFC 2315) ---- */

enum {
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT_0 = 0xa0,
	DER_INTEGER = 2,
	DER_OID = 6
};

/* One element off the front; its content, and with `whole` not NULL all of it. Absent: another
 * tag, or broken. Lengths up to 3 bytes: such files are small. */
static struct span der_take(struct span *s, uint8_t tag, struct span *whole)
{
	struct reader r = reader_of(*s);
	if (read_u8(&r) != tag)
		return SPAN_NONE;
	size_t n = read_u8(&r);
	if (n > 0x80 && n <= 0x83)
		n = (size_t)read_uint(&r, n - 0x80);
	else if (n >= 0x80)
		return SPAN_NONE;
	struct span content = read_span(&r, n);
	if (r.bad)
		return SPAN_NONE;
	if (whole != NULL)
		*whole = span_of(s->p, s->n - r.n);
	*s = span_of(r.p, r.n);
	return content;
}

static void jar_signer(struct span der, struct apk *out)
{
	struct span info = der_take(&der, DER_SEQUENCE, NULL);
	(void)der_take(&info, DER_OID, NULL);
	struct span outer = der_take(&info, DER_CONTEXT_0, NULL),
		    data = der_take(&outer, DER_SEQUENCE, NULL), cert = SPAN_NONE;
	(void)der_take(&data, DER_INTEGER, NULL);
	(void)der_take(&data, DER_SET, NULL);
	(void)der_take(&data, DER_SEQUENCE, NULL);
	struct span certs = der_take(&data, DER_CONTEXT_0, NULL);
	if (der_take(&certs, DER_SEQUENCE, &cert).p != NULL)
		add_signer(out, "v1", cert);
}

static bool is_jar_signature(struct span name)
{
	return span_starts(name, "META-INF/") &&
	       span_find_byte(span_from(name, 9), '/', 0) == SIZE_MAX &&
	       (span_ends_nocase(name, ".RSA") || span_ends_nocase(name, ".DSA") ||
		       span_ends_nocase(name, ".EC"));
}

void apk_read(struct arena *a, const struct zip_listing *z, struct apk *out)
{
	*out = (struct apk){.n_signers = 0};
	struct span manifest = zip_unpack(a, z, "AndroidManifest.xml");
	if (manifest.p != NULL)
		manifest_read(a, manifest, out);
	block_read(z, out);
	size_t tried = 0;
	for (size_t i = 0; out->n_signers == 0 && i < z->n_members && tried < APK_SIGNERS_MAX;
		i++)
		if (is_jar_signature(z->members[i].name)) {
			tried++;
			struct span der = zip_unpack_member(a, z, &z->members[i]);
			if (der.p != NULL)
				jar_signer(der, out);
		}
}
