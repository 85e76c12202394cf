/* Cookies as HAR lists them (RFC 6265 4.1 and 5.2, SameSite as browsers read it). */
#include "ui/export/har.h"

#include <time.h>

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static struct span trimmed(struct span s)
{
	return span_trim(s, " \t");
}

/* What stands before the next ';', trimmed; *rest is what follows it. */
static struct span next_part(struct span *rest)
{
	size_t end = span_find_byte(*rest, ';', 0);
	struct span part = span_first(*rest, end);
	*rest = end == SIZE_MAX ? SPAN_NONE : span_from(*rest, end + 1);
	return trimmed(part);
}

static json_t *pair(struct span part)
{
	size_t equals = span_find_byte(part, '=', 0);
	json_t *j = json_object();
	/* RFC 6265bis 5.6: without '=' it is a value without a name. */
	set(j, "name",
		equals == SIZE_MAX ? json_string("")
				   : json_text_of(trimmed(span_first(part, equals))));
	set(j, "value",
		json_text_of(equals == SIZE_MAX ? part : trimmed(span_from(part, equals + 1))));
	return j;
}

json_t *har_request_cookies(const struct model_exchange *x)
{
	json_t *list = json_array();
	for (size_t i = 0; i < x->n_req_fields; i++) {
		struct span rest = x->req_fields[i].value;
		if (!span_is_nocase(x->req_fields[i].name, "cookie"))
			continue;
		while (rest.n > 0 && json_array_size(list) < HAR_PAIRS_MAX) {
			struct span part = next_part(&rest);
			if (part.n > 0)
				json_array_append_new(list, pair(part));
		}
	}
	return list;
}

/* ---- dates ---- */

static bool is_delimiter(uint8_t c)
{
	return c == 0x09 || (c >= 0x20 && c <= 0x2f) || (c >= 0x3b && c <= 0x40) ||
	       (c >= 0x5b && c <= 0x60) || (c >= 0x7b && c <= 0x7e);
}

struct cookie_date {
	int hour, minute, second, day, month, year; /* -1: not found */
};

/* Digits at the start of s, at least `least` and at most `most` of them, and no digit behind;
 * -1: it is not so. *left is what follows. */
static int number(struct span s, size_t least, size_t most, struct span *left)
{
	size_t n = 0;
	int v = 0;
	while (n < s.n && n <= most && ascii_digit(s.p[n]))
		v = v * 10 + (s.p[n++] - '0');
	*left = span_from(s, n);
	return n >= least && n <= most ? v : -1;
}

static bool take_time(struct span token, struct cookie_date *d)
{
	struct span s = token;
	int h = number(s, 1, 2, &s);
	if (h < 0 || s.n == 0 || s.p[0] != ':')
		return false;
	int m = number(span_from(s, 1), 1, 2, &s);
	if (m < 0 || s.n == 0 || s.p[0] != ':')
		return false;
	int sec = number(span_from(s, 1), 1, 2, &s);
	if (sec < 0)
		return false;
	d->hour = h, d->minute = m, d->second = sec;
	return true;
}

static int month_of(struct span token)
{
	static const char *const names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
		"aug", "sep", "oct", "nov", "dec"};
	for (int i = 0; i < 12; i++)
		if (token.n >= 3 && span_is_nocase(span_first(token, 3), names[i]))
			return i;
	return -1;
}

/* RFC 6265 5.1.1, step 2. */
static void take_token(struct span token, struct cookie_date *d)
{
	struct span rest;
	int v;
	if (d->hour < 0 && take_time(token, d))
		return;
	if (d->day < 0 && (v = number(token, 1, 2, &rest)) >= 0) {
		d->day = v;
		return;
	}
	if (d->month < 0 && (v = month_of(token)) >= 0) {
		d->month = v;
		return;
	}
	if (d->year < 0 && (v = number(token, 2, 4, &rest)) >= 0)
		d->year = v;
}

/* RFC 6265 5.1.1: how browsers read a cookie's date. FACT_NULL: it is none. */
static int64_t date_us(struct span s)
{
	struct cookie_date d = {-1, -1, -1, -1, -1, -1};
	for (size_t at = 0; at < s.n;) {
		size_t end = at;
		while (end < s.n && !is_delimiter(s.p[end]))
			end++;
		if (end > at)
			take_token(span_of(s.p + at, end - at), &d);
		at = end + 1;
	}
	if (d.year >= 70 && d.year <= 99)
		d.year += 1900;
	else if (d.year >= 0 && d.year <= 69)
		d.year += 2000;
	if (d.hour < 0 || d.hour > 23 || d.minute > 59 || d.second > 59 || d.day < 1 ||
		d.day > 31 || d.month < 0 || d.year < 1601)
		return FACT_NULL;
	struct tm tm = {.tm_sec = d.second,
		.tm_min = d.minute,
		.tm_hour = d.hour,
		.tm_mday = d.day,
		.tm_mon = d.month,
		.tm_year = d.year - 1900};
	return (int64_t)timegm(&tm) * 1000000;
}

/* RFC 6265 5.2.2, from when the response came; browsers cut it to 400 days. */
static int64_t max_age_us(struct span value, int64_t now_us)
{
	enum { MAX_S = 400 * 24 * 3600 };
	uint64_t s;
	if (value.n > 1 && value.p[0] == '-' && span_u64(span_from(value, 1), &s))
		return 0;
	if (!span_u64(value, &s))
		return FACT_NULL;
	return s == 0 ? 0 : now_us + (int64_t)(s < MAX_S ? s : MAX_S) * 1000000;
}

/* ---- Set-Cookie ---- */

static const char *same_site(struct span value)
{
	static const char *const words[] = {"Strict", "Lax", "None"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_is_nocase(value, words[i]))
			return words[i];
	return NULL;
}

static void attribute(json_t *j, struct span name, struct span value, int64_t at_us,
	int64_t *expires, int64_t *max_age)
{
	if (span_is_nocase(name, "path"))
		set(j, "path", json_text_of(value));
	else if (span_is_nocase(name, "domain"))
		set(j, "domain", json_text_of(value));
	else if (span_is_nocase(name, "httponly"))
		set(j, "httpOnly", json_true());
	else if (span_is_nocase(name, "secure"))
		set(j, "secure", json_true());
	else if (span_is_nocase(name, "samesite") && same_site(value) != NULL)
		set(j, "sameSite", json_string(same_site(value)));
	else if (span_is_nocase(name, "expires"))
		*expires = date_us(value);
	else if (span_is_nocase(name, "max-age"))
		*max_age = max_age_us(value, at_us);
}

static json_t *set_cookie(struct span line, int64_t at_us)
{
	struct span rest = line;
	int64_t expires = FACT_NULL, max_age = FACT_NULL;
	json_t *j = pair(next_part(&rest));
	set(j, "httpOnly", json_false());
	set(j, "secure", json_false());
	while (rest.n > 0) {
		struct span part = next_part(&rest);
		size_t equals = span_find_byte(part, '=', 0);
		attribute(j, trimmed(span_first(part, equals)),
			equals == SIZE_MAX ? span_str("")
					   : trimmed(span_from(part, equals + 1)),
			at_us, &expires, &max_age);
	}
	/* RFC 6265 5.3, step 3: Max-Age wins. */
	if (max_age != FACT_NULL)
		expires = max_age;
	if (expires != FACT_NULL)
		set(j, "expires", json_time_of(expires));
	return j;
}

json_t *har_response_cookies(const struct model_exchange *x)
{
	json_t *list = json_array();
	for (size_t i = 0; i < x->n_res_fields; i++)
		if (span_is_nocase(x->res_fields[i].name, "set-cookie") &&
			json_array_size(list) < HAR_PAIRS_MAX)
			json_array_append_new(
				list, set_cookie(x->res_fields[i].value, x->response->at_us));
	return list;
}
