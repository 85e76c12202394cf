#include "ui/cli/cookie_jar.h"
#include "store/derive/party.h"
#include "store/fact/fact.h"

#include <stdlib.h>
#include <time.h>

struct cookie {
	char *name, *value, *domain, *path;
	bool host_only, secure;
	int64_t expires_us; /* FACT_NULL: with the session */
};

static char *copy(struct span s)
{
	char *p = malloc(s.n + 1);
	if (p == NULL)
		abort();
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = 0;
	return p;
}

static void drop(struct cookie_jar *jar, size_t i)
{
	struct cookie *c = &jar->cookies[i];
	free(c->name);
	free(c->value);
	free(c->domain);
	free(c->path);
	memmove(c, c + 1, (jar->n - i - 1) * sizeof *c);
	jar->n--;
}

void cookie_jar_fini(struct cookie_jar *jar)
{
	while (jar->n > 0)
		drop(jar, jar->n - 1);
	free(jar->cookies);
	jar->cookies = NULL;
}

/* RFC 6265 5.1.3. An address matches only itself. */
static bool domain_matches(struct span host, struct span domain)
{
	if (span_eq_nocase(host, domain))
		return true;
	if (host.n <= domain.n || domain.n == 0)
		return false;
	struct span tail = span_from(host, host.n - domain.n);
	return host.p[host.n - domain.n - 1] == '.' && span_eq_nocase(tail, domain);
}

/* RFC 6265 5.1.4 */
static bool path_matches(struct span path, struct span cookie)
{
	if (path.n < cookie.n || !span_eq(span_first(path, cookie.n), cookie))
		return false;
	return path.n == cookie.n || (cookie.n > 0 && cookie.p[cookie.n - 1] == '/') ||
	       path.p[cookie.n] == '/';
}

/* RFC 6265 5.1.4: the path up to, but not including, its last slash. */
static struct span default_path(struct span path)
{
	size_t n = path.n;
	while (n > 0 && path.p[n - 1] != '/')
		n--;
	return n <= 1 ? span_str("/") : span_first(path, n - 1);
}

/* The date forms of RFC 9110 5.6.7 and the dashed one that many servers write. FACT_NULL if it
 * is none of them. */
static int64_t date_us(struct span s)
{
	static const char *const forms[] = {
		"%a, %d %b %Y %H:%M:%S", "%a, %d-%b-%Y %H:%M:%S", "%a %b %d %H:%M:%S %Y"};
	char text[64];
	if (s.n == 0 || s.n >= sizeof text)
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

/* A control byte would end our own header line; browsers refuse such cookies too. */
static bool has_control(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return true;
	return false;
}

struct attributes {
	struct span domain, path;
	bool secure;
	int64_t expires_us, max_age_us; /* FACT_NULL: not given */
};

/* RFC 6265 5.2.2: digits, or a minus sign, which means "now". */
static int64_t max_age(struct span value, int64_t now_us)
{
	enum { MAX_S = 400 * 24 * 3600 }; /* what browsers cut it to */
	uint64_t seconds;
	if (value.n > 1 && value.p[0] == '-' && span_u64(span_from(value, 1), &seconds))
		return 0;
	if (!span_u64(value, &seconds))
		return FACT_NULL;
	return seconds == 0 ? 0
			    : now_us + (int64_t)(seconds < MAX_S ? seconds : MAX_S) * 1000000;
}

/* RFC 6265 5.2: what stands behind the first semicolon; the last of equal names wins. */
static void read_attributes(struct span s, int64_t now_us, struct attributes *out)
{
	*out = (struct attributes){.expires_us = FACT_NULL, .max_age_us = FACT_NULL};
	while (s.n > 0) {
		size_t end = span_find_byte(s, ';', 0);
		struct span part = span_first(s, end);
		s = end == SIZE_MAX ? span_of(s.p, 0) : span_from(s, end + 1);
		size_t equals = span_find_byte(part, '=', 0);
		struct span name = span_trim(span_first(part, equals), " \t");
		struct span value = equals == SIZE_MAX
					    ? span_str("")
					    : span_trim(span_from(part, equals + 1), " \t");
		if (span_is_nocase(name, "secure"))
			out->secure = true;
		else if (span_is_nocase(name, "path"))
			out->path = value;
		else if (span_is_nocase(name, "max-age"))
			out->max_age_us = max_age(value, now_us);
		else if (span_is_nocase(name, "expires"))
			out->expires_us = date_us(value);
		else if (span_is_nocase(name, "domain"))
			out->domain =
				value.n > 0 && value.p[0] == '.' ? span_from(value, 1) : value;
	}
}

/* A Domain that the host does not lie in, or that anybody can register under, is refused (RFC
 * 6265 5.3, steps 5 and 6). */
static bool domain_allowed(const struct url *url, struct span domain)
{
	struct arena a = {0};
	struct party party = {0};
	bool good = domain_matches(url->host, domain) && !url_host_is_ip(url);
	if (good) {
		party_of_host(&a, domain, &party);
		good = party.registrable_domain.p != NULL;
	}
	arena_fini(&a);
	return good || span_eq_nocase(url->host, domain);
}

static void put(struct cookie_jar *jar, const struct cookie *c)
{
	for (size_t i = 0; i < jar->n; i++) {
		const struct cookie *o = &jar->cookies[i];
		if (strcmp(o->name, c->name) != 0 || strcmp(o->domain, c->domain) != 0 ||
			strcmp(o->path, c->path) != 0 || o->host_only != c->host_only)
			continue;
		drop(jar, i);
		break;
	}
	if (jar->n == COOKIE_JAR_MAX)
		drop(jar, 0);
	struct cookie *cookies = realloc(jar->cookies, (jar->n + 1) * sizeof *cookies);
	if (cookies == NULL)
		abort();
	jar->cookies = cookies;
	jar->cookies[jar->n++] = *c;
}

bool cookie_jar_take(
	struct cookie_jar *jar, const struct url *url, struct span field, int64_t now_us)
{
	struct attributes attr;
	size_t end = span_find_byte(field, ';', 0);
	struct span pair = span_first(field, end);
	size_t equals = span_find_byte(pair, '=', 0);
	/* RFC 6265 5.2 wants a name; browsers take "value" as a cookie without one, which we do
	 * not. */
	if (equals == SIZE_MAX || pair.n > COOKIE_MAX || has_control(pair))
		return false;
	struct span name = span_trim(span_first(pair, equals), " \t");
	struct span value = span_trim(span_from(pair, equals + 1), " \t");
	read_attributes(
		end == SIZE_MAX ? span_str("") : span_from(field, end + 1), now_us, &attr);
	bool secure = span_is(url->scheme, "https");
	if (name.n == 0 || (attr.secure && !secure) ||
		(attr.domain.n > 0 && !domain_allowed(url, attr.domain)))
		return false;
	bool host_only = attr.domain.n == 0;
	struct span path =
		attr.path.n > 0 && attr.path.p[0] == '/' ? attr.path : default_path(url->path);
	struct cookie c = {.host_only = host_only,
		.secure = attr.secure,
		.expires_us = attr.max_age_us != FACT_NULL ? attr.max_age_us : attr.expires_us,
		.name = copy(name),
		.value = copy(value),
		.domain = copy(host_only ? url->host : attr.domain),
		.path = copy(path)};
	put(jar, &c);
	return true;
}

static bool goes_along(const struct cookie *c, const struct url *url)
{
	struct span domain = span_str(c->domain);
	bool host = c->host_only ? span_eq_nocase(url->host, domain)
				 : domain_matches(url->host, domain);
	return host && path_matches(url->path, span_str(c->path)) &&
	       (!c->secure || span_is(url->scheme, "https"));
}

/* RFC 6265 5.4: longer paths first, then the older one. */
bool cookie_jar_give(
	struct cookie_jar *jar, const struct url *url, int64_t now_us, struct buf *out)
{
	bool any = false;
	size_t longest = 0;
	for (size_t i = jar->n; i > 0; i--)
		if (jar->cookies[i - 1].expires_us != FACT_NULL &&
			jar->cookies[i - 1].expires_us <= now_us)
			drop(jar, i - 1);
	for (size_t i = 0; i < jar->n; i++)
		if (strlen(jar->cookies[i].path) > longest)
			longest = strlen(jar->cookies[i].path);
	for (size_t length = longest; length > 0; length--) {
		for (size_t i = 0; i < jar->n; i++) {
			const struct cookie *c = &jar->cookies[i];
			if (strlen(c->path) != length || !goes_along(c, url))
				continue;
			buf_addf(out, "%s%s=%s", any ? "; " : "", c->name, c->value);
			any = true;
		}
	}
	return any;
}
