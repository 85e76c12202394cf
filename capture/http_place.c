#include "capture/http_place.h"

static bool host_bytes(struct span host, bool literal)
{
	for (size_t i = 0; i < host.n; i++) {
		uint8_t c = host.p[i];
		bool ok = ascii_alpha(c) || ascii_digit(c) || c == '.';
		if (!ok && literal)
			ok = c == ':';
		else if (!ok)
			ok = c == '-' || c == '_' || c == '~';
		if (!ok)
			return false;
	}
	return host.n > 0 && host.n < HTTP_PLACE_HOST_MAX;
}

/* RFC 3986 3.2: "[literal]" or a name, then perhaps a port. False: brackets that do not close.
 */
static bool split_authority(
	struct span all, struct span *host, struct span *port, bool *literal)
{
	*port = SPAN_NONE;
	*literal = all.n > 0 && all.p[0] == '[';
	if (*literal) {
		size_t end = span_find_byte(all, ']', 0);
		if (end == SIZE_MAX)
			return false;
		*host = span_of(all.p + 1, end - 1);
		all = span_from(all, end + 1);
		if (all.n == 0)
			return true;
		*port = span_from(all, 1);
		return all.p[0] == ':';
	}
	size_t colon = span_find_byte(all, ':', 0);
	*host = span_first(all, colon);
	if (colon != SIZE_MAX)
		*port = span_from(all, colon + 1);
	return true;
}

bool http_place_authority(
	struct span authority, uint16_t default_port, struct http_place *out, struct err *err)
{
	struct span host, port;
	bool literal;
	uint64_t number = default_port;
	if (!split_authority(authority, &host, &port, &literal) || !host_bytes(host, literal))
		return err_set(err, ERR_TARGET, "'%.*s' is no host",
			(int)span_first(authority, 100).n, (const char *)authority.p);
	/* RFC 3986 3.2.3: an empty port is the scheme's. */
	if (port.n > 0 && !span_u64(port, &number))
		number = 0;
	if (number == 0 || number > UINT16_MAX)
		return err_set(err, ERR_TARGET, "'%.*s' is no port",
			(int)span_first(port, 100).n, (const char *)port.p);
	for (size_t i = 0; i < host.n; i++)
		out->host[i] = (char)ascii_lower(host.p[i]);
	out->host[host.n] = 0;
	out->port = (uint16_t)number;
	return true;
}

bool http_place_same(const struct http_place *a, const struct http_place *b)
{
	return a->https == b->https && a->port == b->port && strcmp(a->host, b->host) == 0;
}

void http_place_origin(const struct http_place *p, struct buf *out)
{
	bool literal = strchr(p->host, ':') != NULL;
	buf_addf(out, literal ? "%s://[%s]" : "%s://%s", p->https ? "https" : "http", p->host);
	if (p->port != (p->https ? 443 : 80))
		buf_addf(out, ":%u", p->port);
}

bool http_place_is_address(const char *host)
{
	return strchr(host, ':') != NULL || strspn(host, "0123456789.") == strlen(host);
}
