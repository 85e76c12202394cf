/*
 * --coarse-time: who keeps a log of clicks finds one by its second as surely as by its token.
 * Times become the full hour, wherever they can be read: in headers, in links, in pages.
 */
#include "ui/report/redact_parts.h"

#include <stdio.h>
#include <time.h>

enum { SECOND = 1000 * 1000 };

int64_t redact_us(int64_t us)
{
	return us == FACT_NULL || us < 0 ? us : us - us % EDITION_COARSE_US;
}

static bool digits(struct span s, size_t at, size_t n, int64_t *out)
{
	*out = 0;
	if (at + n > s.n)
		return false;
	for (size_t i = at; i < at + n; i++) {
		if (!ascii_digit(s.p[i]))
			return false;
		*out = *out * 10 + (s.p[i] - '0');
	}
	return true;
}

static bool in_session(const struct redactor *r, int64_t us)
{
	return us >= r->from_us && us <= r->to_us;
}

/* "hh:mm:ss" at this place, and a day before it that may be any: zeroes for all but the hour.
 */
static bool is_clock(struct span s, size_t at)
{
	int64_t h, m, sec;
	return digits(s, at, 2, &h) && at + 8 <= s.n && s.p[at + 2] == ':' &&
	       digits(s, at + 3, 2, &m) && s.p[at + 5] == ':' && digits(s, at + 6, 2, &sec) &&
	       h < 24 && m < 60 && sec < 61;
}

static int64_t us_of(int64_t year, int64_t month, int64_t day, int64_t hour)
{
	struct tm tm = {.tm_year = (int)(year - 1900),
		.tm_mon = (int)(month - 1),
		.tm_mday = (int)day,
		.tm_hour = (int)hour};
	return (int64_t)timegm(&tm) * SECOND;
}

/* The date in front of a clock: "15 Nov 1994 " or "15-Nov-94 " (RFC 9110 5.6.7), or
 * "1994-11-15T" (RFC 3339). FACT_NULL: there is none. */
static int64_t date_before(struct span s, size_t at)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t year, month, day, hour;
	(void)digits(s, at, 2, &hour);
	if (at >= 11 && digits(s, at - 11, 4, &year) && s.p[at - 7] == '-' &&
		digits(s, at - 6, 2, &month) && s.p[at - 4] == '-' &&
		digits(s, at - 3, 2, &day) && month >= 1 && month <= 12)
		return us_of(year, month, day, hour);
	for (size_t width = 4; width >= 2; width -= 2) {
		size_t back = width + 8; /* "15 Nov " and the year, and a space */
		if (at < back || !digits(s, at - width - 1, width, &year) ||
			!(digits(s, at - back, 2, &day) ||
				(s.p[at - back] == ' ' && digits(s, at - back + 1, 1, &day))))
			continue;
		for (size_t i = 0; i < 12; i++)
			if (memcmp(s.p + at - back + 3, months + 3 * i, 3) == 0)
				return us_of(width == 2 ? year + 2000 : year, (int64_t)i + 1,
					day, hour);
	}
	return FACT_NULL;
}

static void zero(uint8_t *p, size_t from, size_t n)
{
	memset(p + from, '0', n);
}

static bool clocks(const struct redactor *r, struct span s, uint8_t *p, bool always)
{
	bool any = false;
	for (size_t i = 0; i + 8 <= s.n; i++) {
		if (s.p[i + 2] != ':' || !is_clock(s, i))
			continue;
		int64_t at = date_before(s, i);
		if (at == FACT_NULL || (!always && !in_session(r, at)))
			continue;
		zero(p, i + 3, 2);
		zero(p, i + 6, 2);
		for (size_t k = i + 9;
			i + 8 < s.n && s.p[i + 8] == '.' && k < s.n && ascii_digit(s.p[k]); k++)
			p[k] = '0';
		any = true;
	}
	return any;
}

/* Seconds, milliseconds or microseconds since 1970, of the time of the click. */
static bool epochs(const struct redactor *r, struct span s, uint8_t *p)
{
	static const struct {
		size_t n;
		int64_t us;
	} units[] = {{10, SECOND}, {13, 1000}, {16, 1}};
	bool any = false;
	for (size_t i = 0; i < s.n;) {
		size_t from = i;
		int64_t v;
		while (i < s.n && ascii_digit(s.p[i]))
			i++;
		for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
			if (i - from != units[u].n || !digits(s, from, i - from, &v) ||
				!in_session(r, v * units[u].us))
				continue;
			char text[24];
			snprintf(text, sizeof text, "%lld",
				(long long)(redact_us(v * units[u].us) / units[u].us));
			memcpy(p + from, text, units[u].n);
			any = true;
		}
		i += i == from;
	}
	return any;
}

struct span redact_times(struct redactor *r, struct span text, bool always)
{
	if (!r->order.coarse_time || text.n < 8)
		return SPAN_NONE;
	struct buf b = {0};
	buf_add_span(&b, text);
	bool any = clocks(r, text, b.p + b.start, always);
	any |= epochs(r, text, b.p + b.start);
	any &= !span_eq(buf_span(&b), text);
	struct span out = any ? arena_copy(r->a, buf_span(&b)) : SPAN_NONE;
	buf_fini(&b);
	return out;
}
