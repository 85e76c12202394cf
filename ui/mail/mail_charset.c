#include "ui/mail/mail_charset.h"
#include "store/base/buf.h"

#include <errno.h>
#include <iconv.h>

enum { META_LOOK = 2048, NAME_MAX_BYTES = 60 };

/* What is called so is read so: mail programs and browsers (WHATWG Encoding 4.2) take the
 * larger set that is in use. */
static const char *name_in_use(struct span name)
{
	static const char *const table[][2] = {{"iso-8859-1", "windows-1252"},
		{"latin1", "windows-1252"}, {"us-ascii", "windows-1252"},
		{"ascii", "windows-1252"}, {"iso-8859-9", "windows-1254"},
		{"iso-8859-11", "windows-874"}, {"gb2312", "gb18030"}, {"gbk", "gb18030"},
		{"ks_c_5601-1987", "cp949"}, {"euc-kr", "cp949"}, {"shift_jis", "cp932"},
		{"shift-jis", "cp932"}, {"x-sjis", "cp932"}, {"iso-2022-jp", "iso-2022-jp-3"},
		{"unicode-1-1-utf-7", "utf-7"}};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (span_is_nocase(name, table[i][0]))
			return table[i][1];
	return NULL;
}

static iconv_t open_charset(struct arena *a, struct span name)
{
	name = span_trim(name, " \t\"'");
	if (name.n == 0 || name.n > NAME_MAX_BYTES || memchr(name.p, '/', name.n) != NULL)
		return (iconv_t)-1;
	const char *in_use = name_in_use(name);
	iconv_t cd = in_use != NULL ? iconv_open("UTF-8", in_use) : (iconv_t)-1;
	return cd != (iconv_t)-1 ? cd : iconv_open("UTF-8", arena_str(a, name));
}

/* Every byte that is none becomes U+FFFD; *wrong counts them. */
static void convert(iconv_t cd, struct span raw, struct buf *out, size_t *wrong)
{
	char *in = (char *)(uintptr_t)raw.p;
	size_t left = raw.n;
	*wrong = 0;
	while (left > 0) {
		size_t room = left * 4 + 16;
		char *to = (char *)buf_room(out, room), *start = to;
		size_t rc = iconv(cd, &in, &left, &to, &room);
		buf_grew(out, (size_t)(to - start));
		if (rc != (size_t)-1 || errno == E2BIG)
			continue;
		(*wrong)++;
		buf_add_str(out, "\xef\xbf\xbd");
		in++;
		left--;
		iconv(cd, NULL, NULL, NULL, NULL);
	}
}

static struct span by_charset(
	struct arena *a, struct span raw, struct span name, size_t *wrong, bool *known)
{
	struct buf out = {0};
	iconv_t cd = open_charset(a, name);
	*known = cd != (iconv_t)-1;
	if (!*known)
		return SPAN_NONE;
	convert(cd, raw, &out, wrong);
	iconv_close(cd);
	struct span s = arena_copy(a, buf_span(&out));
	buf_fini(&out);
	return s.p != NULL ? s : span_of("", 0);
}

static struct span without_nul(struct arena *a, struct span raw)
{
	if (raw.n == 0 || memchr(raw.p, 0, raw.n) == NULL)
		return raw;
	uint8_t *out = arena_alloc(a, raw.n);
	size_t n = 0;
	for (size_t i = 0; i < raw.n; i++)
		if (raw.p[i] != 0)
			out[n++] = raw.p[i];
	return span_of(out, n);
}

/* <meta charset=x>, or content="text/html; charset=x" (HTML 13.2.3.2, roughly). */
static struct span meta_charset(struct span html)
{
	struct span look = span_first(html, META_LOOK);
	size_t meta = span_find_nocase(look, span_str("<meta"), 0);
	size_t at = meta == SIZE_MAX ? SIZE_MAX
				     : span_find_nocase(look, span_str("charset="), meta);
	if (at == SIZE_MAX)
		return SPAN_NONE;
	struct span name = span_trim(span_from(look, at + 8), " \"'");
	size_t n = 0;
	while (n < name.n && strchr(" \"'>;/\t\r\n", name.p[n]) == NULL)
		n++;
	return n > 0 ? span_first(name, n) : SPAN_NONE;
}

static bool is_named(const struct span *charset, const char *name)
{
	return charset != NULL && span_is_nocase(span_trim(*charset, " \t\"'"), name);
}

struct span mail_utf8(
	struct arena *a, struct span raw, const struct span *charset, struct mail_charset *how)
{
	struct mail_charset none = {0};
	struct span named = SPAN_NONE, s;
	size_t wrong = 0;
	bool known = true;
	how = how != NULL ? how : &none;
	/* UTF-16 and UTF-32 are full of them. */
	bool wide = charset != NULL && !is_named(charset, "utf-8") &&
		    span_starts_nocase(span_trim(*charset, " \t\"'"), "utf-");
	if (!wide)
		raw = without_nul(a, raw);
	if (charset != NULL)
		named = *charset;
	else if (how->html)
		named = meta_charset(raw);
	bool utf8 = text_valid(raw);
	/* 7-bit charsets that mean something else by these bytes are valid UTF-8 too. */
	bool plain = named.p == NULL || is_named(&named, "utf-8") || is_named(&named, "utf8") ||
		     is_named(&named, "us-ascii") || is_named(&named, "ascii");
	if (raw.n >= 3 && memcmp(raw.p, "\xef\xbb\xbf", 3) == 0 && utf8)
		return arena_copy(a, span_from(raw, 3));
	if (utf8 && plain) {
		s = arena_copy(a, raw);
		return s.p != NULL ? s : span_of("", 0);
	}
	if (!plain) {
		s = by_charset(a, raw, named, &wrong, &known);
		how->unknown = !known;
		how->wrong = known && wrong > 0;
		if (known && wrong == 0)
			return without_nul(a, s);
		if (utf8)
			return arena_copy(a, raw);
		if (known)
			return without_nul(a, s);
	}
	how->wrong |= named.p != NULL && known;
	s = by_charset(a, raw, span_str("windows-1252"), &wrong, &known);
	return known ? s : SPAN_NONE;
}
