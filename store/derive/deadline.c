/* Deadlines: until when a link says that it is good, and how long a cookie lives that the next
 * hop needs. */
#include "store/derive/walk.h"
#include "store/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	PAST_DAYS = 30, /* a number that lies farther off is no deadline of this link */
	AHEAD_DAYS = 400,
	COOKIE_SHORT_S = 15 * 60,
	COOKIES_SAID = 3,
};
static const int64_t DAY_US = INT64_C(86400) * 1000 * 1000;

/* Names under which links carry the time of their end, in seconds or milliseconds since 1970.
 */
static const char *const until_names[] = {"exp", "expires", "expire", "expiry", "expiration",
	"expires_at", "expiresat", "valid_until", "validuntil", "until", "deadline"};

/* A point in time as such a parameter holds it; 0: it is none. */
static int64_t point_us(struct span value)
{
	uint64_t n;
	if (!span_u64(value, &n))
		return 0;
	if (value.n == 10)
		return (int64_t)n * 1000000;
	return value.n == 13 ? (int64_t)n * 1000 : 0;
}

/* "20260131T235959Z" (Signature Version 4 of AWS; Google's is the same). */
static int64_t basic_time_us(struct span s)
{
	struct tm tm = {0};
	char text[17] = "";
	if (s.n != 16)
		return 0;
	memcpy(text, s.p, 16);
	char *end = strptime(text, "%Y%m%dT%H%M%SZ", &tm);
	return end != NULL && *end == 0 ? (int64_t)timegm(&tm) * 1000000 : 0;
}

static int64_t signed_until_us(struct span query, const char *date, const char *seconds)
{
	int64_t from = basic_time_us(url_parameter(query, date));
	uint64_t s;
	if (from == 0 || !span_u64(url_parameter(query, seconds), &s) || s > 10000000)
		return 0;
	return from + (int64_t)s * 1000000;
}

static void say_until(struct walk *w, const struct model_exchange *x, struct trail_hop *hop,
	const char *name, int64_t until_us)
{
	char text[CLOCK_TEXT_MAX];
	int64_t left = until_us - x->request->at_us;
	if (left < -PAST_DAYS * DAY_US || left > AHEAD_DAYS * DAY_US)
		return;
	clock_text(until_us, text);
	hop_evidence(w, hop,
		(struct trail_evidence){.exchange = x->id,
			.signal = "deadline",
			.quote = span_str(arena_printf(w->a,
				"%s: the link says that it ends at %s, %.0f s %s this request",
				name, text, (double)(left < 0 ? -left : left) / 1e6,
				left < 0 ? "before" : "after")),
			.offset = FACT_NULL});
}

static void say_link(struct walk *w, const struct model_exchange *x, struct trail_hop *hop)
{
	struct span query = derived_signs(x)->url.query;
	if (query.p == NULL)
		return;
	for (size_t i = 0; i < sizeof until_names / sizeof *until_names; i++) {
		int64_t at = point_us(url_parameter(query, until_names[i]));
		if (at != 0) {
			say_until(w, x, hop, until_names[i], at);
			return;
		}
	}
	int64_t aws = signed_until_us(query, "X-Amz-Date", "X-Amz-Expires");
	int64_t google = signed_until_us(query, "X-Goog-Date", "X-Goog-Expires");
	if (aws != 0)
		say_until(w, x, hop, "X-Amz-Expires", aws);
	else if (google != 0)
		say_until(w, x, hop, "X-Goog-Expires", google);
}

/* Max-Age of a Set-Cookie line (RFC 6265 5.2.2), or -1. */
static int64_t max_age(struct span line)
{
	size_t at = span_find_nocase(line, span_str("max-age="), 0);
	if (at == SIZE_MAX)
		return -1;
	struct span rest = span_from(line, at + 8);
	uint64_t s;
	rest = span_trim(span_first(rest, span_find_byte(rest, ';', 0)), " \t");
	return span_u64(rest, &s) && s < INT32_MAX ? (int64_t)s : -1;
}

/* Cookies that the page before set for a short time and that are sent now. */
static void say_cookies(struct walk *w, const struct model_exchange *from,
	const struct model_exchange *x, struct trail_hop *hop)
{
	struct span sent = derived_signs(x)->cookie;
	size_t said = 0;
	for (size_t i = 0; sent.n > 0 && i < from->n_res_fields && said < COOKIES_SAID; i++) {
		if (!span_is_nocase(from->res_fields[i].name, "set-cookie"))
			continue;
		struct span line = from->res_fields[i].value;
		struct span pair = span_first(line, span_find_byte(line, ';', 0));
		struct span name = span_first(pair, span_find_byte(pair, '=', 0));
		int64_t age = max_age(line);
		if (age <= 0 || age > COOKIE_SHORT_S || pair.n == 0 ||
			span_find(sent, pair, 0) == SIZE_MAX)
			continue;
		said++;
		hop_evidence(w, hop,
			(struct trail_evidence){.exchange = from->id,
				.signal = "cookie-lifetime",
				.quote = span_str(arena_printf(w->a,
					"%.*s: %lld s, and came back after %.3f s",
					(int)(name.n < 100 ? name.n : 100),
					(const char *)name.p, (long long)age,
					(double)(x->request->at_us - from->response->at_us) /
						1e6)),
				.offset = FACT_NULL});
	}
}

void deadline_evidence(struct walk *w, const struct model_exchange *from,
	const struct model_exchange *x, struct trail_hop *hop)
{
	if (derived_signs(x)->url_ok)
		say_link(w, x, hop);
	if (from != NULL && from->response != NULL)
		say_cookies(w, from, x, hop);
}
