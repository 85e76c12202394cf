/* Where a request leads. The rule is that of the proxy's request facts; the code is not: two
 * readers of one rule are the point of a witness. */
#include "capture/http_flow_inner.h"

static uint16_t scheme_port(bool https)
{
	return https ? 443 : 80;
}

static bool named_by_host(const struct http1_head *req, bool https, struct http_place *out)
{
	struct err ignored;
	struct span value = http1_value(req, "host");
	out->https = https;
	return value.p != NULL &&
	       http_place_authority(value, scheme_port(https), out, &ignored);
}

static bool host_differs(const struct http1_head *req, const struct http_place *place)
{
	struct http_place named;
	if (http1_value(req, "host").p == NULL)
		return false;
	return !named_by_host(req, place->https, &named) || !http_place_same(&named, place);
}

static bool is_internal(const char *host)
{
	return strcmp(host, "clicktrail.internal") == 0;
}

/* Where the connection leads, as far as the request does not say it. */
static void connection_place(
	const struct http_flow *h, const struct http1_head *req, struct http_place *out)
{
	struct http_place named;
	*out = (struct http_place){.https = h->https, .port = h->port};
	size_t n = strlen(h->host);
	if (n < sizeof out->host)
		memcpy(out->host, h->host, n + 1);
	for (size_t i = 0; i < n && n < sizeof out->host; i++)
		out->host[i] = (char)ascii_lower((uint8_t)h->host[i]);
	/* RFC 9112 3.3: no proxy was told a name. An address has none of its own, and the port
	 * may be another one than what was asked for. */
	if (h->direct && named_by_host(req, h->https, &named) &&
		(http_place_is_address(out->host) || strcmp(named.host, out->host) == 0))
		*out = named;
}

/* RFC 9112 3.2.2. False: the URL cannot be made. */
static bool absolute(const struct http_flow *h, const struct http1_head *req,
	struct http_place *place, struct span *path, struct err *why)
{
	struct span target = req->target;
	bool https = span_starts_nocase(target, "https://");
	struct span rest = span_from(target, https ? 8 : 7);
	size_t n = 0;
	while (n < rest.n && strchr("/?#", rest.p[n]) == NULL)
		n++;
	struct span authority = span_first(rest, n);
	*path = span_from(rest, n);
	if (span_find_byte(authority, '@', 0) != SIZE_MAX)
		return err_set(why, ERR_TARGET, "user information in the request target");
	place->https = https;
	if (!http_place_authority(authority, scheme_port(https), place, why))
		return false;
	struct http_place leads;
	if (h->host != NULL && !h->direct) {
		connection_place(h, req, &leads);
		if (!http_place_same(place, &leads))
			return err_set(why, ERR_TARGET, "'%s' inside a tunnel to '%s'",
				place->host, leads.host);
	}
	if (host_differs(req, place))
		err_set(why, ERR_HOST, "'%s' in the target, another in Host", place->host);
	return true;
}

/* A request in origin form on the proxy's own port: one of its own pages, or nothing. */
static bool meant_for_proxy(const struct http_flow *h, const struct http1_head *req)
{
	struct http_place named;
	if (span_is(req->target, "*") || !named_by_host(req, false, &named))
		return false;
	return is_internal(named.host) ||
	       (named.port == h->port && (http_place_is_address(named.host) ||
						 strcmp(named.host, "localhost") == 0));
}

static bool refuse(const struct http1_head *req, struct buf *url)
{
	buf_clear(url);
	buf_add_span(url, req->target);
	return false;
}

bool http_one_url(const struct http_flow *h, const struct http1_head *req, struct buf *url,
	bool *differs, struct err *why)
{
	struct http_place place = {0};
	struct span path = req->target;
	bool internal = false;
	*differs = false;
	buf_clear(url);
	if (span_is(req->method, "CONNECT")) {
		err_set(why, ERR_TARGET, "CONNECT behind another request");
		return refuse(req, url);
	}
	if (span_starts_nocase(path, "http://") || span_starts_nocase(path, "https://")) {
		if (!absolute(h, req, &place, &path, why))
			return refuse(req, url);
	} else if (!span_is(path, "*") && !span_starts(path, "/")) {
		err_set(why, ERR_TARGET, "'%.*s'", (int)span_first(path, 100).n,
			(const char *)path.p);
		return refuse(req, url);
	} else if (h->host != NULL) {
		connection_place(h, req, &place);
	} else if (meant_for_proxy(h, req)) {
		internal = true;
		place = (struct http_place){.host = "clicktrail.internal", .port = 80};
	} else {
		err_set(why, ERR_TARGET, "a request in origin form for another host");
		return refuse(req, url);
	}
	http_place_origin(&place, url);
	/* RFC 9112 3.2.4: OPTIONS of the whole server. */
	bool slash = path.n == 0 || (path.p[0] != '/' && !span_is(path, "*"));
	if (slash)
		buf_add_byte(url, '/');
	if (!span_is(path, "*"))
		buf_add_span(url, path);
	if (why->kind != ERR_NONE)
		return false;
	internal |= is_internal(place.host) || (h->host != NULL && is_internal(h->host));
	*differs = !internal && host_differs(req, &place);
	return true;
}

/* ---- what no fact keeps ---- */

struct span http_masked(struct span raw, struct buf *room)
{
	static const char secret[] = "proxy-authorization";
	struct span name = span_str(secret);
	size_t at = span_find_nocase(raw, name, 0);
	if (at == SIZE_MAX)
		return raw;
	buf_clear(room);
	buf_add_span(room, raw);
	uint8_t *copy = room->p + room->start;
	while (at != SIZE_MAX) {
		size_t i = at + name.n;
		while (i < raw.n && (raw.p[i] == ':' || raw.p[i] == ' ' || raw.p[i] == '\t'))
			i++;
		while (i < raw.n && raw.p[i] != '\n' && raw.p[i] != '\r')
			copy[i++] = '*';
		at = span_find_nocase(raw, name, i);
	}
	return buf_span(room);
}
