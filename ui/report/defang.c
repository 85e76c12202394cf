/*
 * One pass from left to right. Two things are looked for: a scheme before its colon, and runs
 * of bytes that may be a host name. Behind "://" every dot of the authority goes, since there
 * even "a.1" is a link.
 */
#include "ui/report/defang.h"

static bool in_name(uint8_t c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '_' || c >= 0x80;
}

static bool in_scheme(uint8_t c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '+' || c == '-' || c == '.';
}

/* Was it done already: "[.]"? */
static bool bracketed(struct span s, size_t at)
{
	return at > 0 && s.p[at - 1] == '[' && at + 1 < s.n && s.p[at + 1] == ']';
}

/* Full stops that IDNA takes for dots (RFC 3490 3.1): how many bytes long, or 0. */
static size_t dot_at(struct span s, size_t at)
{
	static const char *const wide[] = {"\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1"};
	if (s.p[at] == '.')
		return 1;
	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
		if (span_starts(span_from(s, at), wide[i]))
			return 3;
	return 0;
}

static void add_guarded(struct buf *out, const uint8_t *p, size_t n)
{
	buf_add_byte(out, '[');
	buf_add(out, p, n);
	buf_add_byte(out, ']');
}

/* Appends s with each of its dots in brackets. */
static void add_dots(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n;) {
		size_t dot = dot_at(s, i);
		if (dot > 0 && !bracketed(s, i))
			add_guarded(out, s.p + i, dot);
		else
			buf_add(out, s.p + i, dot > 0 ? dot : 1);
		i += dot > 0 ? dot : 1;
	}
}

void defang_host(struct buf *out, struct span host)
{
	add_dots(out, host);
}

/* The longest run from `at` of name bytes and dots between them. */
static size_t run_length(struct span s, size_t at)
{
	size_t end = at;
	while (end < s.n) {
		size_t dot = dot_at(s, end);
		if (dot == 0 && !in_name(s.p[end]))
			break;
		if (dot == 1 && (end + 1 >= s.n || !in_name(s.p[end + 1])))
			break;
		end += dot > 0 ? dot : 1;
	}
	return end - at;
}

/* "NAME.1.browser.pcapng", as we name packet files: no last label of a name is called that.
 * NAME has no dot, so that it is no host itself. */
static bool is_packet_file(struct span run)
{
	static const char *const tails[] = {".browser.pcapng", ".origin.pcapng"};
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		size_t n = strlen(tails[i]), at;
		if (run.n <= n || !span_ends_nocase(run, tails[i]))
			continue;
		struct span stem = span_first(run, run.n - n);
		at = span_find_byte(stem, '.', 0);
		uint64_t session;
		return at != SIZE_MAX && at > 0 && span_u64(span_from(stem, at + 1), &session);
	}
	return false;
}

/* Would somebody make a link of it: a last label that starts with a letter and is longer than
 * one, as those of all top-level domains are, or four numbers? */
static bool is_host(struct span run)
{
	size_t last = 0, dots = 0;
	bool numbers = true;
	for (size_t i = 0; i < run.n;) {
		size_t dot = dot_at(run, i);
		if (dot > 0) {
			dots++;
			last = i + dot;
		} else if (!ascii_digit(run.p[i])) {
			numbers = false;
		}
		i += dot > 0 ? dot : 1;
	}
	if (dots == 0 || is_packet_file(run))
		return false;
	if (numbers)
		return dots == 3;
	return run.n - last >= 2 && (ascii_alpha(run.p[last]) || run.p[last] >= 0x80);
}

/* Where an authority that starts at `at` ends: also before the colon of another scheme
 * ("https://http://a.example"). */
static size_t authority_end(struct span s, size_t at)
{
	while (at < s.n && s.p[at] > ' ' && strchr("/?#\\\"'<>`", s.p[at]) == NULL &&
		!span_starts(span_from(s, at), "://"))
		at++;
	return at;
}

/* A scheme that ends before the colon at `colon`, written as it is to be read. What precedes it
 * is out already, so it is mended there. */
static void add_colon(struct buf *out, struct span s, size_t colon)
{
	static const char *const calling[] = {"mailto", "tel", "sms", "news", "xmpp", "sip"};
	size_t start = colon;
	while (start > 0 && in_scheme(s.p[start - 1]))
		start--;
	while (start < colon && !ascii_alpha(s.p[start]))
		start++;
	struct span scheme = span_of(s.p + start, colon - start);
	bool slashes = span_starts(span_from(s, colon), "://");
	/* "http:" before a blank is a word. */
	bool more = colon + 1 < s.n && s.p[colon + 1] > ' ';
	uint8_t *end = out->p + out->end;
	if (more && (span_ends_nocase(scheme, "https") || span_ends_nocase(scheme, "http"))) {
		uint8_t *t = end - (ascii_lower(end[-1]) == 's' ? 4 : 3);
		for (size_t i = 0; i < 2; i++)
			t[i] = t[i] == 'T' ? 'X' : 'x';
	} else if (slashes && span_ends_nocase(scheme, "ftp")) {
		end[-2] = end[-2] == 'T' ? 'X' : 'x';
	} else {
		bool live = slashes && scheme.n > 0 && !span_ends_nocase(scheme, "hxxp") &&
			    !span_ends_nocase(scheme, "hxxps") &&
			    !span_ends_nocase(scheme, "fxp");
		for (size_t i = 0; i < sizeof calling / sizeof *calling; i++)
			live = live || (more && span_is_nocase(scheme, calling[i]));
		if (live)
			add_guarded(out, s.p + colon, 1);
		else
			buf_add_byte(out, ':');
		return;
	}
	buf_add_byte(out, ':');
}

static size_t add_authority(struct buf *out, struct span s, size_t at)
{
	size_t end = authority_end(s, at);
	for (size_t i = at; i < end;) {
		size_t dot = dot_at(s, i), n = dot > 0 ? dot : 1;
		if ((dot > 0 || s.p[i] == '@') && !bracketed(s, i))
			add_guarded(out, s.p + i, n);
		else
			buf_add(out, s.p + i, n);
		i += n;
	}
	return end;
}

static bool joins(struct span s, size_t at)
{
	return at > 0 && s.p[at - 1] > ' ' && at + 1 < s.n && s.p[at + 1] > ' ';
}

void defang_add(struct buf *out, struct span url)
{
	struct span s = url;
	for (size_t i = 0; i < s.n;) {
		size_t run = run_length(s, i);
		if (run > 0) {
			struct span name = span_of(s.p + i, run);
			if (is_host(name))
				add_dots(out, name);
			else
				buf_add_span(out, name);
			i += run;
		} else if (s.p[i] == ':') {
			add_colon(out, s, i++);
			if (span_starts(span_from(s, i), "//")) {
				buf_add_str(out, "//");
				i = add_authority(out, s, i + 2);
			}
		} else if (s.p[i] == '@' && joins(s, i) && !bracketed(s, i)) {
			add_guarded(out, s.p + i++, 1);
		} else {
			buf_add_byte(out, s.p[i++]);
		}
	}
}
