#include "ui/cli/options_value.h"
#include "proxy/proxy.h"
#include "store/base/text.h"
#include "store/derive/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MICROS = 1000000, ZONE_MAX = 64, HOST_MAX = 253, PEM_LOOK = 64 * 1024 };
enum { REFERER_MAX = 4096 };

/* Decimal digits with at most six behind a point; no sign, no exponent, no locale. */
bool value_seconds(const char *text, int max_s, int64_t *us, struct err *err)
{
	struct span s = span_str(text);
	size_t dot = span_find_byte(s, '.', 0);
	struct span whole = span_first(s, dot == SIZE_MAX ? s.n : dot);
	struct span part = dot == SIZE_MAX ? span_str("") : span_from(s, dot + 1);
	uint64_t seconds = 0, micros = 0;
	bool good = span_u64(whole, &seconds) && seconds <= (uint64_t)max_s &&
		    (dot == SIZE_MAX || (part.n <= 6 && span_u64(part, &micros)));
	for (size_t i = part.n; i < 6; i++)
		micros *= 10;
	int64_t v = good ? (int64_t)(seconds * MICROS + micros) : 0;
	if (v <= 0 || v > (int64_t)max_s * MICROS)
		return err_set(err, ERR_USAGE,
			"\"%s\" is not a number of seconds above 0 and up to %d", text, max_s);
	*us = v;
	return true;
}

bool value_size(const char *text, uint64_t *bytes, struct err *err)
{
	struct span s = span_str(text);
	uint64_t unit = 1, n = 0;
	if (s.n > 1) {
		uint8_t last = ascii_lower(s.p[s.n - 1]);
		unit = last == 'k'   ? 1024u
		       : last == 'm' ? 1024u * 1024
		       : last == 'g' ? 1u << 30
				     : 1;
	}
	if (unit > 1)
		s.n--;
	if (!span_u64(s, &n) || __builtin_mul_overflow(n, unit, bytes) || *bytes > INT64_MAX)
		return err_set(err, ERR_USAGE,
			"\"%s\" is not a size (a number, with K, M or G behind it if wanted)",
			text);
	return true;
}

bool value_address(const char *text, struct sockaddr_storage *out, struct err *err)
{
	char host[INET6_ADDRSTRLEN + 1];
	uint64_t port;
	const char *colon = strrchr(text, ':');
	size_t n = colon != NULL ? (size_t)(colon - text) : 0;
	bool v6 = n > 2 && text[0] == '[' && text[n - 1] == ']';
	struct span name = v6 ? span_of(text + 1, n - 2) : span_of(text, n);
	memset(out, 0, sizeof *out);
	if (name.n == 0 || name.n >= sizeof host || !span_u64(span_str(colon + 1), &port) ||
		port > UINT16_MAX)
		goto bad;
	memcpy(host, name.p, name.n);
	host[name.n] = 0;
	if (v6) {
		struct sockaddr_in6 *a = (struct sockaddr_in6 *)(void *)out;
		a->sin6_family = AF_INET6;
		a->sin6_port = htons((uint16_t)port);
		if (inet_pton(AF_INET6, host, &a->sin6_addr) == 1)
			return true;
	} else {
		struct sockaddr_in *a = (struct sockaddr_in *)(void *)out;
		a->sin_family = AF_INET;
		a->sin_port = htons((uint16_t)port);
		if (inet_pton(AF_INET, host, &a->sin_addr) == 1)
			return true;
	}
bad:
	return err_set(err, ERR_USAGE,
		"\"%s\" is not an address and a port, like 127.0.0.1:8080 or [::1]:8080", text);
}

bool value_is_loopback(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)a;
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	}
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)a;
	return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

bool value_loopback(const char *text, struct sockaddr_storage *out, struct err *err)
{
	return value_address(text, out, err) &&
	       (value_is_loopback(out) ||
		       err_set(err, ERR_USAGE,
			       "\"%s\": the window is for this machine alone, at an address of "
			       "127.0.0.0/8 or at [::1]; from another machine it is reached by "
			       "ssh -L",
			       text));
}

bool value_line(const char *text, size_t max, struct err *err)
{
	size_t n = strlen(text);
	bool good = n > 0 && n <= max;
	for (size_t i = 0; i < n && good; i++)
		good = text[i] >= 0x20 && text[i] < 0x7f;
	if (!good)
		return err_set(err, ERR_USAGE,
			"\"%s\" is not 1 to %zu printable ASCII characters", text, max);
	return true;
}

bool value_language(const char *text, struct err *err)
{
	size_t n = strlen(text);
	static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789-,;=.* ";
	if (n == 0 || n > 200 || strspn(text, set) != n || !ascii_alpha((uint8_t)text[0]))
		return err_set(err, ERR_USAGE,
			"\"%s\" is not a list of languages, like de or en-US,en;q=0.5", text);
	return true;
}

bool value_timezone(const char *text, struct err *err)
{
	size_t n = strlen(text);
	static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789+-_/";
	bool good = n > 0 && n <= ZONE_MAX && strspn(text, set) == n &&
		    ascii_alpha((uint8_t)text[0]);
	if (good && access("/usr/share/zoneinfo", X_OK) == 0) {
		char path[ZONE_MAX + 32];
		snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", text);
		good = access(path, R_OK) == 0;
	}
	if (!good)
		return err_set(err, ERR_USAGE,
			"\"%s\" is not a time zone that this machine knows, like Europe/Berlin",
			text);
	return true;
}

/* Referrer Policy 8.4: what is stripped, and how long it may be before only the origin is sent.
 */
bool value_referer(const char *text, char **out, struct err *err)
{
	struct arena a = {0};
	struct url url;
	const char *why = NULL;
	for (const char *c = text; *c != 0 && why == NULL; c++)
		if ((uint8_t)*c <= 0x20 || *c == 0x7f)
			why = "holds a space or a control character";
	if (why == NULL && (!url_parse(&a, NULL, span_str(text), &url) || !url_is_web(&url)))
		why = "is not an address that begins with http:// or https://";
	if (why == NULL && span_is(url.host, PROXY_INTERNAL_HOST))
		why = "is clicktrail's own";
	if (why != NULL) {
		arena_fini(&a);
		return err_set(err, ERR_USAGE, "\"%s\" %s", text, why);
	}
	struct span bare = url_origin(&a, &url);
	*out = NULL;
	const char *sent = arena_printf(&a, "%.*s%.*s%s%.*s", (int)bare.n, (const char *)bare.p,
		(int)url.path.n, (const char *)url.path.p, url.query.p != NULL ? "?" : "",
		(int)url.query.n, (const char *)url.query.p);
	bool fits = strlen(sent) <= REFERER_MAX;
	if (fits && (*out = strdup(sent)) == NULL)
		abort();
	arena_fini(&a);
	return fits ||
	       err_set(err, ERR_USAGE,
		       "longer than %d bytes: browsers send no more than its origin then",
		       REFERER_MAX);
}

bool value_host(const char *text, struct err *err)
{
	size_t n = strlen(text);
	static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789-._:[]";
	if (n == 0 || n > HOST_MAX || strspn(text, set) != n)
		return err_set(err, ERR_USAGE,
			"\"%s\" is not a host name (write names with other letters as xn--...)",
			text);
	return true;
}

bool value_pem(const char *text, struct err *err)
{
	FILE *f = fopen(text, "re");
	if (f == NULL)
		return err_set_os(err, ERR_USAGE, errno, "cannot read \"%s\"", text);
	char *look = malloc(PEM_LOOK);
	size_t n = look != NULL ? fread(look, 1, PEM_LOOK, f) : 0;
	bool found = span_find(span_of(look, n), span_str("-----BEGIN "), 0) != SIZE_MAX &&
		     span_find(span_of(look, n), span_str("CERTIFICATE-----"), 0) != SIZE_MAX;
	free(look);
	fclose(f);
	if (!found)
		return err_set(err, ERR_USAGE, "\"%s\" holds no PEM certificate", text);
	return true;
}

bool value_password(const char *file, char *out, size_t out_len, struct err *err)
{
	FILE *f = fopen(file, "re");
	if (f == NULL)
		return err_set_os(err, ERR_USAGE, errno, "cannot read \"%s\"", file);
	char line[1024];
	bool read = fgets(line, sizeof line, f) != NULL;
	fclose(f);
	size_t n = read ? strcspn(line, "\r\n") : 0;
	line[n] = 0;
	const char *colon = read ? strchr(line, ':') : NULL;
	/* The value itself is not named: it is a secret. */
	bool good = colon != NULL && colon > line && colon[1] != 0 && n < out_len;
	if (good)
		memcpy(out, line, n + 1);
	explicit_bzero(line, sizeof line);
	if (!good)
		return err_set(err, ERR_USAGE,
			"the first line of \"%s\" is not user:password, at most %zu bytes",
			file, out_len - 1);
	return true;
}

bool value_number(const char *value, size_t *out, struct err *err)
{
	uint64_t n;
	if (!span_u64(span_str(value), &n) || n == 0 || n > INT32_MAX)
		return err_set(err, ERR_USAGE, "\"%s\" is no number from 1", value);
	*out = (size_t)n;
	return true;
}

bool value_trail(const char *value, int64_t *session, int64_t *number, struct err *err)
{
	uint64_t of = 1, n = 0;
	struct span left = span_str(value);
	size_t dot = span_find_byte(left, '.', 0);
	bool good = dot == SIZE_MAX || span_u64(span_first(left, dot), &of);
	if (dot != SIZE_MAX)
		left = span_from(left, dot + 1);
	good = good && span_u64(left, &n) && n > 0 && of > 0 && n <= INT32_MAX &&
	       of <= INT32_MAX;
	if (!good)
		return err_set(err, ERR_USAGE, "\"%s\" is no trail: give 2, or 1.2", value);
	*session = (int64_t)of;
	*number = (int64_t)n;
	return true;
}
