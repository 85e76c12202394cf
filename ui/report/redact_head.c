/*
 * Headers: what a line means is known by its name. Cookies and credentials go whatever they
 * hold; all else is searched. Lines stay lines, so that a head can be parsed as before.
 */
#include "ui/report/redact_parts.h"

static bool is_among(struct span name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_is_nocase(name, list[i]))
			return true;
	return false;
}
#define AMONG(name, list) is_among((name), (list), sizeof(list) / sizeof *(list))

bool redact_is_cookie(struct span name)
{
	static const char *const names[] = {"cookie", "set-cookie", "cookie2", "set-cookie2"};
	return AMONG(name, names);
}

bool redact_is_credential(struct span name)
{
	static const char *const names[] = {"authorization", "proxy-authorization",
		"authentication-info", "proxy-authentication-info", "x-user", "x-username",
		"x-user-id", "x-userid", "x-uid", "x-recipient", "x-subscriber"};
	static const char *const parts[] = {"token", "api-key", "apikey", "x-auth", "secret",
		"session", "csrf", "xsrf", "password", "email", "x-amz-security"};
	if (AMONG(name, names))
		return true;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (span_find_nocase(name, span_str(parts[i]), 0) != SIZE_MAX)
			return true;
	return false;
}

/* Numbers that a server gives to each request: with its log, as good as the second. */
static bool is_request_id(struct span name)
{
	static const char *const names[] = {"cf-ray", "request-id", "x-request-id",
		"x-amzn-requestid", "x-amz-request-id", "x-amz-id-2", "x-amz-cf-id",
		"x-amzn-trace-id", "x-trace-id", "traceparent", "tracestate", "x-b3-traceid",
		"x-b3-spanid", "x-correlation-id", "x-cloud-trace-context", "x-ms-request-id",
		"x-vercel-id", "x-nf-request-id", "fly-request-id", "x-fb-debug",
		"x-guploader-uploadid", "server-timing", "x-timer", "x-runtime", "x-azure-ref",
		"x-github-request-id", "x-goog-trace", "x-akamai-request-id", "x-sucuri-id",
		"x-iinfo", "x-varnish"};
	return AMONG(name, names);
}

static bool tells_time(struct span name)
{
	static const char *const names[] = {
		"date", "expires", "last-modified", "set-cookie", "x-date", "retry-after"};
	return AMONG(name, names);
}

/* Of a body that holds a hidden value its digest is as good as the value, whoever states it. */
static bool is_digest(struct span name)
{
	static const char *const names[] = {"digest", "content-md5", "content-digest",
		"repr-digest", "etag", "x-goog-hash", "x-amz-checksum-sha256",
		"x-amz-checksum-sha1", "x-ms-blob-content-md5", "signature", "signature-input"};
	return AMONG(name, names);
}

static bool tells_egress(struct span name)
{
	static const char *const names[] = {"x-forwarded-for", "forwarded", "x-real-ip",
		"x-client-ip", "client-ip", "true-client-ip", "cf-connecting-ip",
		"x-cluster-client-ip", "x-remote-ip", "x-remote-addr", "via-ip"};
	return AMONG(name, names);
}

static void add_tag(struct redactor *r, struct redact_place p, const char *what,
	struct span value, struct buf *out)
{
	buf_add_span(out, redact_whole(r, p, what, value));
}

/* "a=1; b=2": names stay, for they say what is set; values go. Of Set-Cookie only the first
 * pair is the cookie, the others are its attributes. */
static void cookies(
	struct redactor *r, struct redact_place p, struct span value, bool set, struct buf *out)
{
	for (bool first = true; value.n > 0; first = false) {
		size_t end = span_find_byte(value, ';', 0);
		struct span pair = span_first(value, end);
		value = span_from(value, end == SIZE_MAX ? value.n : end + 1);
		size_t eq = span_find_byte(pair, '=', 0);
		if (!first)
			buf_add_byte(out, ';');
		if (set && !first) {
			buf_add_span(out, redact_text(r, p, pair));
			continue;
		}
		if (eq == SIZE_MAX) {
			struct span bare = span_trim(pair, " \t");
			buf_add_span(out, span_first(pair, (size_t)(bare.p - pair.p)));
			add_tag(r, p, "cookie", bare, out);
			continue;
		}
		buf_add_span(out, redact_text(r, p, span_first(pair, eq)));
		buf_add_byte(out, '=');
		add_tag(r, p, "cookie", span_trim(span_from(pair, eq + 1), " \t"), out);
	}
}

/* "Basic dXNlcjpw": the scheme stays. */
static void credential(
	struct redactor *r, struct redact_place p, struct span value, struct buf *out)
{
	size_t space = span_find_byte(value, ' ', 0);
	bool scheme = space != SIZE_MAX && space > 0;
	for (size_t i = 0; scheme && i < space; i++)
		scheme = ascii_alpha(value.p[i]) || value.p[i] == '-';
	if (scheme) {
		buf_add_span(out, span_first(value, space + 1));
		value = span_from(value, space + 1);
	}
	add_tag(r, p, "authorization", value, out);
}

static bool by_name(struct redactor *r, struct redact_place p, struct span name,
	struct span value, struct buf *out)
{
	/* What the recorder itself never kept stands as stars. */
	bool hides = r->order.how != REDACT_NONE && span_trim(value, "*").n > 0;
	if (hides && redact_is_cookie(name))
		cookies(r, p, value, span_starts_nocase(name, "set-"), out);
	else if (hides && redact_is_credential(name))
		credential(r, p, value, out);
	else if (hides && r->no_digest && is_digest(name))
		add_tag(r, p, "digest", value, out);
	else if (r->order.coarse_time && is_request_id(name))
		add_tag(r, p, "time", value, out);
	else if (r->order.withhold_egress && tells_egress(name))
		add_tag(r, p, "egress-address", value, out);
	else
		return false;
	return true;
}

struct span redact_field(
	struct redactor *r, struct redact_place p, struct span name, struct span value)
{
	struct buf out = {0};
	if (value.n == 0)
		return value;
	if (tells_time(name)) {
		struct span timed = redact_times(r, value, true);
		if (timed.p != NULL) {
			redact_note(r, "time", p, SPAN_NONE, "plain", 1);
			value = timed;
		}
	}
	if (by_name(r, p, name, value, &out))
		value = arena_copy(r->a, buf_span(&out));
	else
		value = redact_text(r, p, value);
	buf_fini(&out);
	return value;
}

/* One line without its end. A folded one (RFC 9112 5.2) belongs to the header before. */
static void line(struct redactor *r, struct redact_place p, struct span s, struct span *name,
	struct buf *out)
{
	size_t colon = s.n > 0 ? span_find_byte(span_from(s, 1), ':', 0) : SIZE_MAX;
	bool folded = s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t');
	if (folded && r->order.how != REDACT_NONE &&
		(redact_is_cookie(*name) || redact_is_credential(*name))) {
		buf_add_byte(out, s.p[0]);
		add_tag(r, p, redact_is_cookie(*name) ? "cookie" : "authorization",
			span_trim(s, " \t"), out);
		return;
	}
	if (folded || colon == SIZE_MAX) {
		buf_add_span(out, redact_text(r, p, s));
		return;
	}
	*name = span_first(s, colon + 1);
	struct span value = span_from(s, colon + 2), bare = span_trim(value, " \t");
	buf_add_span(out, redact_text(r, p, *name));
	buf_add_byte(out, ':');
	if (bare.n == 0) {
		buf_add_span(out, value);
		return;
	}
	size_t before = (size_t)(bare.p - value.p);
	buf_add_span(out, span_first(value, before));
	buf_add_span(out, redact_field(r, p, span_trim(*name, " \t"), bare));
	buf_add_span(out, span_from(value, before + bare.n));
}

struct span redact_head(struct redactor *r, struct redact_place p, struct span head, bool first)
{
	struct buf out = {0};
	struct span rest = head, name = SPAN_NONE;
	if (head.n == 0)
		return head;
	while (rest.n > 0) {
		size_t end = span_find_byte(rest, '\n', 0);
		struct span s = span_first(rest, end);
		rest = end == SIZE_MAX ? SPAN_NONE : span_from(rest, end + 1);
		bool cr = s.n > 0 && s.p[s.n - 1] == '\r';
		s.n -= cr;
		if (first)
			buf_add_span(&out, redact_text(r, p, s));
		else if (s.n > 0)
			line(r, p, s, &name, &out);
		first = false;
		buf_add_str(&out, cr ? "\r" : "");
		buf_add_str(&out, end != SIZE_MAX ? "\n" : "");
	}
	struct span text =
		span_eq(buf_span(&out), head) ? head : arena_copy(r->a, buf_span(&out));
	buf_fini(&out);
	return text;
}
