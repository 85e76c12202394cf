#include "proxy/http1_request.h"
#include "store/base/codec.h"

static bool host_differs(const struct http1_head *req, const struct target *target)
{
	struct target named = {.https = target->https};
	struct err ignored;
	struct span host = http1_value(req, "host");
	if (host.p == NULL)
		return false;
	return !target_from_authority(host, target->https ? 443 : 80, &named, &ignored) ||
	       !target_same(&named, target);
}

static bool absolute_form(struct span target)
{
	return span_starts_nocase(target, "http://") || span_starts_nocase(target, "https://");
}

/* Origin form: "/path", or "/" in front of a query or nothing (RFC 9112 3.2.1). */
static struct span origin_form(struct span rest, struct arena *a)
{
	if (rest.n > 0 && rest.p[0] == '/')
		return rest;
	return span_str(arena_printf(a, "/%.*s", (int)rest.n, (const char *)rest.p));
}

/* A request in origin form on the plain port: our own page, if it names us. By name or by an
 * address, never by a name that a page elsewhere could have pointed at us. */
static bool meant_for_us(const struct tunnel *t, const struct http1_head *req)
{
	struct target named = {0};
	struct err ignored;
	if (span_is(req->target, "*") ||
		!target_from_authority(http1_value(req, "host"), 80, &named, &ignored))
		return false;
	if (strcmp(named.host, PROXY_INTERNAL_HOST) == 0)
		return true;
	bool address = strchr(named.host, ':') != NULL ||
		       strspn(named.host, "0123456789.") == strlen(named.host);
	return named.port == t->listener_port &&
	       (address || strcmp(named.host, "localhost") == 0);
}

bool http1_route(const struct tunnel *t, const struct http1_head *req, struct arena *a,
	struct http1_route *out, struct err *err)
{
	struct span rest;
	*out = (struct http1_route){.url = arena_str(a, req->target), .target = t->target};
	if (span_is(req->method, "CONNECT"))
		return err_set(err, ERR_TARGET, "CONNECT behind another request");
	if (absolute_form(req->target)) {
		struct target named = {0};
		if (!target_from_absolute(req->target, &named, &rest, err))
			return false;
		if (t->intercepted && !target_same(&named, &t->target))
			return err_set(err, ERR_TARGET, "'%s' inside a tunnel to '%s'",
				named.host, t->target.host);
		out->target = named;
		out->path = origin_form(rest, a);
		/* RFC 9112 3.2.2: the target decides; a Host that says something else is
		 * refused, not guessed at. */
		if (host_differs(req, &named))
			err_set(err, ERR_HOST, "'%s' in the target, another in Host",
				named.host);
	} else if (span_is(req->target, "*") || span_starts(req->target, "/")) {
		out->path = req->target;
		if (!t->intercepted && !meant_for_us(t, req))
			return err_set(
				err, ERR_TARGET, "a request in origin form for another host");
		if (!t->intercepted) {
			out->internal = out->direct = true;
			out->target = (struct target){.host = PROXY_INTERNAL_HOST, .port = 80};
		}
	} else {
		return err_set(err, ERR_TARGET, "'%.*s'", (int)span_first(req->target, 100).n,
			(const char *)req->target.p);
	}
	struct buf url = {0};
	target_origin(&out->target, &url);
	if (!span_is(out->path, "*"))
		buf_add_span(&url, out->path);
	out->url = arena_str(a, buf_span(&url));
	buf_fini(&url);
	if (err->kind != ERR_NONE)
		return false;
	out->internal |= t->internal || strcmp(out->target.host, PROXY_INTERNAL_HOST) == 0;
	if (!out->internal && host_differs(req, &out->target))
		out->oddity = "host-differs";
	return true;
}

bool http1_authorized(const char *password, const struct http1_head *req)
{
	if (password == NULL)
		return true;
	struct span value = http1_value(req, "proxy-authorization");
	if (!span_starts_nocase(value, "basic "))
		return false;
	struct buf given = {0};
	bool read = base64_read(span_trim(span_from(value, 6), " \t"), &given);
	/* Same time whatever the first difference: a guess learns nothing from it. */
	size_t n = strlen(password);
	struct span got = buf_span(&given);
	unsigned differ = got.n != n;
	for (size_t i = 0; got.p != NULL && i < got.n; i++)
		differ |= (unsigned)(got.p[i] ^ (uint8_t)password[i < n ? i : 0]);
	read = read && got.p != NULL;
	buf_fini(&given);
	return read && differ == 0 && n > 0;
}

struct span http1_masked(struct span raw, struct arena *a)
{
	static const char name[] = "proxy-authorization";
	size_t at = span_find_nocase(raw, span_str(name), 0);
	if (at == SIZE_MAX)
		return raw;
	uint8_t *copy = arena_alloc(a, raw.n + 1);
	memcpy(copy, raw.p, raw.n);
	for (; at != SIZE_MAX; at = span_find_nocase(raw, span_str(name), at)) {
		at += sizeof name - 1;
		while (at < raw.n &&
			(raw.p[at] == ' ' || raw.p[at] == '\t' || raw.p[at] == ':'))
			at++;
		for (; at < raw.n && raw.p[at] != '\r' && raw.p[at] != '\n'; at++)
			copy[at] = '*';
	}
	return span_of(copy, raw.n);
}

bool http1_offers_h2c(const struct http1_head *req)
{
	return http1_has_token(req, "upgrade", "h2c");
}

void http1_forward_head(
	const struct http1_head *req, bool proxy_form, struct span path, struct buf *out)
{
	bool h2c = http1_offers_h2c(req);
	if (!proxy_form && !h2c && !absolute_form(req->target)) {
		size_t lead = (size_t)(req->start_line.p - req->raw.p);
		buf_add_span(out, span_from(req->raw, lead));
		return;
	}
	buf_add_span(out, req->method);
	buf_add_byte(out, ' ');
	buf_add_span(out, path);
	buf_addf(out, " HTTP/%d.%d\r\n", req->major, req->minor);
	for (size_t i = 0; i < req->n_fields; i++) {
		const struct http1_field *f = &req->fields[i];
		if (span_is_nocase(f->name, "proxy-connection") ||
			span_is_nocase(f->name, "proxy-authorization"))
			continue;
		if (h2c && (span_is_nocase(f->name, "upgrade") ||
				   span_is_nocase(f->name, "http2-settings")))
			continue;
		buf_add_span(out, f->line);
	}
	buf_add_str(out, "\r\n");
}
