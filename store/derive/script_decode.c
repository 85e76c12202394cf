#include "store/derive/script_decode.h"
#include "store/base/codec.h"
#include "store/derive/refresh.h"
#include "store/derive/script_token.h"
#include "store/derive/url.h"
#include "store/derive/url_parts.h"

enum {
	CODED_MIN = 12,  /* shorter strings are words */
	LOOK_MAX = 4096, /* bytes of a string that are looked at to tell what it is */
	SCHEME_MAX = 30,
};

static bool has(struct span s, const char *word)
{
	return span_find_nocase(span_first(s, LOOK_MAX), span_str(word), 0) != SIZE_MAX;
}

static bool printable(struct span s)
{
	for (size_t i = 0; s.p != NULL && i < s.n; i++)
		if (s.p[i] < ' ' && s.p[i] != '\n' && s.p[i] != '\r' && s.p[i] != '\t')
			return false;
	return s.n > 0;
}

bool script_looks_absolute(struct span s)
{
	static const char *const handoffs[] = {"mailto:", "tel:", "sms:", "smsto:", "intent:",
		"market:", "tg:", "whatsapp:", "itms-apps:", "itms-appss:"};
	if (s.n > 2 && s.p[0] == '/' && s.p[1] == '/')
		return (ascii_alpha(s.p[2]) || ascii_digit(s.p[2]) || s.p[2] == '[') &&
		       span_find_byte(span_first(s, 300), '.', 0) != SIZE_MAX &&
		       span_find_byte(span_first(s, 300), ' ', 0) == SIZE_MAX;
	size_t n = 0;
	while (n < s.n && n < SCHEME_MAX &&
		(ascii_alpha(s.p[n]) ||
			(n > 0 && (ascii_digit(s.p[n]) || strchr("+-.", s.p[n]) != NULL) &&
				s.p[n] != 0)))
		n++;
	if (n < 2 || n >= s.n || s.p[n] != ':')
		return false;
	for (size_t i = 0; i < sizeof handoffs / sizeof *handoffs; i++)
		if (span_starts_nocase(s, handoffs[i]))
			return s.n > strlen(handoffs[i]);
	return span_starts(span_from(s, n), "://") && s.n > n + 3 && s.p[n + 3] > ' ';
}

bool script_looks_relative(struct span s)
{
	if (s.n < 2 || s.n > 4096)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == '<' || s.p[i] == '>')
			return false;
	return span_starts(s, "./") || span_starts(s, "../") || (s.p[0] == '?' && s.n > 2) ||
	       (s.p[0] == '/' && (ascii_alpha(s.p[1]) || ascii_digit(s.p[1]) ||
					 strchr("_-~.?%", s.p[1])));
}

bool script_looks_like_html(struct span s)
{
	return span_find_byte(s, '<', 0) != SIZE_MAX &&
	       ((has(s, "<meta") && has(s, "refresh")) || has(s, "<form") || has(s, "<a ") ||
		       has(s, "<script") || has(s, "<iframe") ||
		       (has(s, "<body") && has(s, "onload")));
}

bool script_looks_like_code(struct span s)
{
	/* What costs least first: most strings are words. */
	return (span_find_byte(s, '=', 0) != SIZE_MAX ||
		       span_find_byte(s, '(', 0) != SIZE_MAX) &&
	       (has(s, "location") || has(s, "window.open") || has(s, ".submit(") ||
		       has(s, ".href") || has(s, "atob(") || has(s, "fromCharCode")) &&
	       !script_looks_absolute(s);
}

bool script_looks_like_refresh(struct span s)
{
	struct refresh r;
	return s.n > 3 && (ascii_digit(s.p[0]) || s.p[0] == ' ') &&
	       (has(s, "url") || has(s, "//")) && refresh_parse(s, &r) && r.has_url &&
	       r.url.n > 0;
}

static bool worth(struct span s)
{
	return printable(s) &&
	       (script_looks_absolute(s) || script_looks_like_code(s) ||
		       script_looks_like_html(s) || script_looks_like_refresh(s) ||
		       (s.n >= CODED_MIN && script_looks_relative(s)));
}

void script_unentity(struct span s, struct buf *out)
{
	static const struct {
		const char *name;
		const char *text;
	} names[] = {{"amp;", "&"}, {"quot;", "\""}, {"apos;", "'"}, {"lt;", "<"}, {"gt;", ">"},
		{"sol;", "/"}, {"colon;", ":"}, {"period;", "."}, {"quest;", "?"},
		{"equals;", "="}, {"num;", "#"}, {"percnt;", "%"}};
	while (s.n > 0) {
		size_t at = span_find_byte(s, '&', 0), n = 0;
		buf_add_span(out, span_first(s, at));
		if (at == SIZE_MAX)
			return;
		s = span_from(s, at + 1);
		for (size_t i = 0; i < sizeof names / sizeof *names && n == 0; i++)
			if (span_starts(s, names[i].name)) {
				n = strlen(names[i].name);
				buf_add_str(out, names[i].text);
			}
		if (n == 0 && s.n > 1 && s.p[0] == '#') {
			bool hex = ascii_lower(s.p[1]) == 'x';
			uint32_t code = 0;
			size_t k = hex ? 2 : 1, from = k;
			for (; k < s.n && k < from + 7 &&
				(hex ? ascii_hex(s.p[k]) >= 0 : ascii_digit(s.p[k]));
				k++)
				code = code * (hex ? 16 : 10) + (uint32_t)ascii_hex(s.p[k]);
			if (k > from && code > 0 && code <= 0x10ffff) {
				url_add_utf8(out, code);
				n = k + (k < s.n && s.p[k] == ';');
			}
		}
		if (n == 0)
			buf_add_byte(out, '&');
		s = span_from(s, n);
	}
}

/* All of one alphabet, of a length that decodes? Says it is not without trying. */
static bool maybe_base64(struct span s)
{
	size_t n = s.n;
	while (n > 0 && s.n - n < 2 && s.p[n - 1] == '=')
		n--;
	if (n < CODED_MIN || n % 4 == 1)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!ascii_alpha(s.p[i]) && !ascii_digit(s.p[i]) &&
			(s.p[i] == 0 || strchr("+/-_", s.p[i]) == NULL))
			return false;
	return true;
}

static bool maybe_hex(struct span s)
{
	if (s.n < CODED_MIN || s.n % 2 != 0)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (ascii_hex(s.p[i]) < 0)
			return false;
	return true;
}

static bool backwards(struct span s)
{
	return s.n > 8 && (span_ends_nocase(s, "//:ptth") || span_ends_nocase(s, "//:sptth"));
}

const char *script_decode(struct arena *a, struct span s, struct span *out)
{
	struct buf b = {0};
	const char *coding = NULL;
	if (s.n < 8)
		return NULL;
	if (backwards(s)) {
		for (size_t i = s.n; i > 0; i--)
			buf_add_byte(&b, s.p[i - 1]);
		coding = "reversed";
	} else if (span_find_byte(span_first(s, LOOK_MAX), '%', 0) != SIZE_MAX) {
		buf_add_span(&b, url_unescape(a, s, false));
		coding = "percent";
	} else if (span_find_byte(span_first(s, LOOK_MAX), '&', 0) != SIZE_MAX) {
		script_unentity(s, &b);
		coding = "entities";
	} else if (maybe_hex(s) && hex_read(s, &b) && worth(buf_span(&b))) {
		coding = "hex";
	} else if (maybe_base64(s)) {
		buf_clear(&b);
		coding = base64_read(s, &b) ? "base64" : NULL;
	}
	bool ok = coding != NULL && !span_eq(buf_span(&b), s) && worth(buf_span(&b));
	if (ok)
		*out = arena_copy(a, buf_span(&b));
	buf_fini(&b);
	return ok ? coding : NULL;
}

bool script_next_url(struct span text, size_t *at, struct span *out)
{
	for (;;) {
		size_t found = span_find(text, span_str("://"), *at);
		if (found == SIZE_MAX)
			return false;
		*at = found + 3;
		size_t start = found, end = found + 3;
		while (start > 0 && found - start < 5 && ascii_alpha(text.p[start - 1]))
			start--;
		struct span scheme = span_of(text.p + start, found - start);
		if (span_ends_nocase(scheme, "https"))
			start = found - 5;
		else if (span_ends_nocase(scheme, "http"))
			start = found - 4;
		else
			continue;
		while (end < text.n && text.p[end] > ' ' &&
			strchr("\"'<>`\\", text.p[end]) == NULL)
			end++;
		if (end == found + 3)
			continue;
		*at = end;
		*out = span_of(text.p + start, end - start);
		return true;
	}
}
