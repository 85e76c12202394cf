#include "ui/web/hop_cookie.h"
#include "store/derive/party.h"
#include "store/fact/lapse.h"

#include <time.h>

enum { MAX_S = 400 * 24 * 3600 }; /* what browsers cut a cookie's time to */

/* RFC 6265 5.1.1, in the forms that are in use. FACT_NULL: none of them. */
static int64_t date_us(struct span s)
{
	static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S", "%a, %d-%b-%Y %H:%M:%S",
		"%A, %d-%b-%y %H:%M:%S", "%a %b %d %H:%M:%S %Y", "%d %b %Y %H:%M:%S"};
	char text[64];
	if (s.n == 0 || s.n >= sizeof text || memchr(s.p, 0, s.n) != NULL)
		return FACT_NULL;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct tm tm = {0};
		if (strptime(text, forms[i], &tm) != NULL)
			return (int64_t)timegm(&tm) * 1000000;
	}
	return FACT_NULL;
}

static void read_life(struct hop_cookie *c, int64_t now_us)
{
	const int64_t max_us = (int64_t)MAX_S * 1000000, last_us = lapse_end_us(now_us, max_us);
	uint64_t seconds;
	struct span age = c->max_age;
	int64_t until = FACT_NULL;
	/* Max-Age wins (5.3, step 3). */
	if (age.n > 1 && age.p[0] == '-' && span_u64(span_from(age, 1), &seconds)) {
		c->gone = true;
		return;
	}
	if (span_u64(age, &seconds)) {
		c->gone = seconds == 0;
		c->cut = seconds > MAX_S;
		until = c->cut ? last_us : lapse_end_us(now_us, (int64_t)seconds * 1000000);
	} else if (c->expires.n > 0) {
		until = date_us(c->expires);
	}
	if (until == FACT_NULL || c->gone)
		return;
	c->gone = until <= now_us;
	if (last_us != FACT_NULL && until > last_us) {
		until = last_us;
		c->cut = true;
	}
	c->until_us = until;
}

static void attribute(struct hop_cookie *c, struct span part)
{
	size_t equals = span_find_byte(part, '=', 0);
	struct span name = span_trim(span_first(part, equals), " \t");
	struct span value = equals == SIZE_MAX ? span_of("", 0)
					       : span_trim(span_from(part, equals + 1), " \t");
	if (span_is_nocase(name, "domain"))
		c->domain = value.n > 0 && value.p[0] == '.' ? span_from(value, 1) : value;
	else if (span_is_nocase(name, "path"))
		c->path = value;
	else if (span_is_nocase(name, "expires"))
		c->expires = value;
	else if (span_is_nocase(name, "max-age"))
		c->max_age = value;
	else if (span_is_nocase(name, "samesite"))
		c->same_site = value;
	else if (span_is_nocase(name, "secure"))
		c->secure = true;
	else if (span_is_nocase(name, "httponly"))
		c->http_only = true;
	else if (span_is_nocase(name, "partitioned"))
		c->partitioned = true;
	else if (name.n > 0 && c->rest.p == NULL)
		c->rest = part;
}

void hop_cookie_read(struct span line, int64_t now_us, struct hop_cookie *out)
{
	size_t end = span_find_byte(line, ';', 0);
	struct span pair = span_first(line, end);
	size_t equals = span_find_byte(pair, '=', 0);
	*out = (struct hop_cookie){.until_us = FACT_NULL};
	out->name = span_trim(span_first(pair, equals == SIZE_MAX ? 0 : equals), " \t");
	out->value = span_trim(equals == SIZE_MAX ? pair : span_from(pair, equals + 1), " \t");
	while (end != SIZE_MAX) {
		line = span_from(line, end + 1);
		end = span_find_byte(line, ';', 0);
		attribute(out, span_first(line, end));
	}
	read_life(out, now_us);
}

/* RFC 6265 5.1.3. */
static bool domain_matches(struct span host, struct span domain)
{
	if (span_eq_nocase(host, domain))
		return true;
	if (host.n <= domain.n || domain.n == 0)
		return false;
	return host.p[host.n - domain.n - 1] == '.' &&
	       span_eq_nocase(span_from(host, host.n - domain.n), domain);
}

static bool is_suffix(struct span domain)
{
	struct arena a = {0};
	struct party party = {0};
	party_of_host(&a, domain, &party);
	bool suffix = party.registrable_domain.p == NULL;
	arena_fini(&a);
	return suffix;
}

const char *hop_cookie_refused(const struct hop_cookie *c, const struct url *from)
{
	bool https = span_is(from->scheme, "https");
	if (c->name.n + c->value.n > 4096)
		return "longer than browsers take";
	if (c->name.n == 0 && c->value.n == 0)
		return "it is empty";
	if (c->secure && !https)
		return "Secure, over plain HTTP";
	if (span_starts_nocase(c->name, "__Secure-") && (!c->secure || !https))
		return "__Secure- without Secure";
	if (span_starts_nocase(c->name, "__Host-") &&
		(!c->secure || !https || c->domain.n > 0 || !span_is(c->path, "/")))
		return "__Host- without Secure and Path=/, or with a Domain";
	if (c->domain.n > 0 && !domain_matches(from->host, c->domain))
		return "its Domain is somebody else's";
	if (c->domain.n > 0 && !span_eq_nocase(c->domain, from->host) && is_suffix(c->domain))
		return "its Domain is one under which anybody can register";
	if (span_is_nocase(c->same_site, "none") && !c->secure)
		return "SameSite=None without Secure";
	return NULL;
}

/* RFC 6265 5.1.4: the path up to, but not including, its last slash. */
static struct span default_path(struct span path)
{
	size_t n = path.n;
	while (n > 0 && path.p[n - 1] != '/')
		n--;
	return n <= 1 ? span_str("/") : span_first(path, n - 1);
}

bool hop_cookie_goes(const struct hop_cookie *c, const struct url *from, const struct url *to)
{
	struct span path =
		c->path.n > 0 && c->path.p[0] == '/' ? c->path : default_path(from->path);
	if (c->secure && !span_is(to->scheme, "https"))
		return false;
	if (c->domain.n > 0 ? !domain_matches(to->host, c->domain)
			    : !span_eq_nocase(to->host, from->host))
		return false;
	if (to->path.n < path.n || !span_eq(span_first(to->path, path.n), path))
		return false;
	return to->path.n == path.n || path.p[path.n - 1] == '/' || to->path.p[path.n] == '/';
}

bool hop_cookie_next(struct span *left, struct span *name, struct span *value)
{
	while (left->n > 0) {
		size_t end = span_find_byte(*left, ';', 0);
		struct span pair = span_first(*left, end == SIZE_MAX ? left->n : end);
		*left = span_from(*left, pair.n + 1);
		pair = span_trim(pair, " \t");
		if (pair.n == 0)
			continue;
		size_t equals = span_find_byte(pair, '=', 0);
		*name = span_trim(span_first(pair, equals == SIZE_MAX ? 0 : equals), " \t");
		*value = span_trim(
			equals == SIZE_MAX ? pair : span_from(pair, equals + 1), " \t");
		return true;
	}
	return false;
}
