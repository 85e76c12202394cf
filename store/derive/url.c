/* URLs: input cleaned, states run (url_states.c), the result serialised once and its parts cut
 * from it. */
#include "store/derive/url_parts.h"

/* Step 1 to 3: no C0 control or space at the ends, no tab or newline anywhere. */
static struct span clean(struct arena *a, struct span s)
{
	while (s.n > 0 && s.p[0] <= 0x20)
		s = span_from(s, 1);
	while (s.n > 0 && s.p[s.n - 1] <= 0x20)
		s.n--;
	s = url_well_formed(a, s);
	if (memchr(s.p, '\t', s.n) == NULL && memchr(s.p, '\n', s.n) == NULL &&
		memchr(s.p, '\r', s.n) == NULL)
		return s;
	uint8_t *out = arena_alloc(a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\t' && s.p[i] != '\n' && s.p[i] != '\r')
			out[n++] = s.p[i];
	return span_of(out, n);
}

/* "URL serializer" (4.5): the whole once, the parts as slices of it. */
static void serialise(struct url_state *p, struct url *out)
{
	struct buf b = {0};
	struct span path = buf_span(&p->path);
	bool credentials = buf_len(&p->username) > 0 || buf_len(&p->password) > 0;
	bool guard = p->host.p == NULL && !p->opaque && span_starts(path, "//");
	buf_add_span(&b, p->scheme);
	buf_add_str(&b, p->host.p != NULL ? "://" : guard ? ":/." : ":");
	size_t user_at = buf_len(&b);
	buf_add_span(&b, buf_span(&p->username));
	size_t pass_at = buf_len(&b);
	if (buf_len(&p->password) > 0) {
		buf_add_byte(&b, ':');
		pass_at++;
		buf_add_span(&b, buf_span(&p->password));
	}
	if (credentials)
		buf_add_byte(&b, '@');
	size_t host_at = buf_len(&b);
	buf_add_span(&b, p->host);
	if (p->port >= 0)
		buf_addf(&b, ":%d", p->port);
	size_t path_at = buf_len(&b);
	buf_add_span(&b, path);
	if (p->has_query)
		buf_add_byte(&b, '?');
	size_t query_at = buf_len(&b);
	buf_add_span(&b, buf_span(&p->query));
	if (p->has_fragment)
		buf_add_byte(&b, '#');
	size_t fragment_at = buf_len(&b);
	buf_add_span(&b, buf_span(&p->fragment));

	struct span all = arena_copy(p->a, buf_span(&b));
	buf_fini(&b);
	*out = (struct url){
		.href = all, .port = p->port, .special = p->special, .opaque_path = p->opaque};
	out->scheme = span_first(all, p->scheme.n);
	out->username = span_of(all.p + user_at, buf_len(&p->username));
	out->password = span_of(all.p + pass_at, buf_len(&p->password));
	if (p->host.p != NULL)
		out->host = span_of(all.p + host_at, p->host.n);
	out->path = span_of(all.p + path_at, path.n);
	if (p->has_query)
		out->query = span_of(all.p + query_at, buf_len(&p->query));
	if (p->has_fragment)
		out->fragment = span_of(all.p + fragment_at, buf_len(&p->fragment));
}

bool url_parse(struct arena *a, const struct url *base, struct span input, struct url *out)
{
	if (input.n > URL_MAX)
		return false;
	if (url_plain(a, base, input, out))
		return true;
	struct url_state p = {.a = a, .base = base, .port = -1};
	p.in = clean(a, input.p == NULL ? span_str("") : input);
	bool ok = url_run_states(&p);
	if (ok)
		serialise(&p, out);
	buf_fini(&p.username);
	buf_fini(&p.password);
	buf_fini(&p.path);
	buf_fini(&p.query);
	buf_fini(&p.fragment);
	return ok;
}

bool url_location(
	struct arena *a, const struct url *request, struct span value, struct url *out)
{
	struct buf escaped = {0};
	for (size_t i = 0; i < value.n && i <= URL_MAX; i++)
		if (value.p[i] >= 0x80)
			url_encode_byte(&escaped, URL_SET_C0, value.p[i]);
		else
			buf_add_byte(&escaped, value.p[i]);
	bool ok = url_parse(a, request, buf_span(&escaped), out);
	if (ok && out->fragment.p == NULL && request->fragment.p != NULL) {
		/* Fetch, "location URL" step 4: the request's fragment lives on. */
		buf_clear(&escaped);
		buf_add_span(&escaped, out->href);
		buf_add_byte(&escaped, '#');
		buf_add_span(&escaped, request->fragment);
		ok = url_parse(a, NULL, buf_span(&escaped), out);
	}
	buf_fini(&escaped);
	return ok;
}

bool url_is_web(const struct url *u)
{
	return span_is(u->scheme, "http") || span_is(u->scheme, "https");
}

int url_port(const struct url *u)
{
	return u->port >= 0 ? u->port : url_default_port(u->scheme);
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return span_eq(a->scheme, b->scheme) && span_eq(a->host, b->host) &&
	       url_port(a) == url_port(b);
}

struct span url_origin(struct arena *a, const struct url *u)
{
	struct buf b = {0};
	buf_add_span(&b, u->scheme);
	buf_add_str(&b, "://");
	buf_add_span(&b, u->host);
	if (u->port >= 0)
		buf_addf(&b, ":%d", u->port);
	struct span s = arena_copy(a, buf_span(&b));
	buf_fini(&b);
	return s;
}
