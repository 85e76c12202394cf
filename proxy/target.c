#include "proxy/target.h"

static bool host_byte(uint8_t c, bool literal)
{
	if (ascii_alpha(c) || ascii_digit(c) || c == '.')
		return true;
	return literal ? c == ':' : c == '-' || c == '_' || c == '~';
}

static bool take_host(struct span host, bool literal, struct target *out, struct err *err)
{
	if (host.n == 0 || host.n >= sizeof out->host)
		return err_set(err, ERR_TARGET, "a host of %zu bytes", host.n);
	for (size_t i = 0; i < host.n; i++) {
		if (!host_byte(host.p[i], literal))
			return err_set(err, ERR_TARGET, "byte 0x%02x in the host '%.*s'",
				host.p[i], (int)host.n, (const char *)host.p);
	}
	/* All or nothing: half of a refused name would be another host in the facts. */
	for (size_t i = 0; i < host.n; i++)
		out->host[i] = (char)ascii_lower(host.p[i]);
	out->host[host.n] = 0;
	return true;
}

bool target_from_authority(
	struct span authority, uint16_t default_port, struct target *out, struct err *err)
{
	struct span host = authority, port = SPAN_NONE;
	bool literal = authority.n > 0 && authority.p[0] == '[';
	if (literal) {
		size_t close = span_find_byte(authority, ']', 1);
		if (close == SIZE_MAX)
			return err_set(err, ERR_TARGET, "'[' without ']'");
		host = span_of(authority.p + 1, close - 1);
		struct span rest = span_from(authority, close + 1);
		if (rest.n > 0 && rest.p[0] != ':')
			return err_set(
				err, ERR_TARGET, "something other than a port after ']'");
		port = rest.n > 0 ? span_from(rest, 1) : SPAN_NONE;
	} else {
		size_t colon = span_find_byte(authority, ':', 0);
		if (colon != SIZE_MAX) {
			host = span_first(authority, colon);
			port = span_from(authority, colon + 1);
		}
	}
	uint64_t number = default_port;
	if (port.n > 0 && (!span_u64(port, &number) || number == 0 || number > 65535))
		return err_set(err, ERR_TARGET, "'%.*s' is no port", (int)port.n,
			(const char *)port.p);
	if (number == 0)
		return err_set(err, ERR_TARGET, "no port");
	out->port = (uint16_t)number;
	return take_host(host, literal, out, err);
}

bool target_from_absolute(
	struct span uri, struct target *out, struct span *rest, struct err *err)
{
	bool https = span_starts_nocase(uri, "https://");
	if (!https && !span_starts_nocase(uri, "http://"))
		return err_set(err, ERR_TARGET, "neither an absolute http nor an https URL");
	struct span after = span_from(uri, https ? 8 : 7);
	size_t n = 0;
	while (n < after.n && after.p[n] != '/' && after.p[n] != '?' && after.p[n] != '#')
		n++;
	struct span authority = span_first(after, n);
	if (span_find_byte(authority, '@', 0) != SIZE_MAX)
		return err_set(err, ERR_TARGET, "user information in the request target");
	out->https = https;
	*rest = span_from(after, n);
	return target_from_authority(authority, https ? 443 : 80, out, err);
}

bool target_same(const struct target *a, const struct target *b)
{
	return a->port == b->port && a->https == b->https && strcmp(a->host, b->host) == 0;
}

void target_origin(const struct target *t, struct buf *out)
{
	bool literal = strchr(t->host, ':') != NULL;
	buf_add_str(out, t->https ? "https://" : "http://");
	buf_add_str(out, literal ? "[" : "");
	buf_add_str(out, t->host);
	buf_add_str(out, literal ? "]" : "");
	if (t->port != (t->https ? 443 : 80))
		buf_addf(out, ":%u", t->port);
}
