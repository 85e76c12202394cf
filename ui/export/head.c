#include "ui/export/head.h"
#include "store/derive/url.h"

/* RFC 9110 5.6.2 */
static bool is_token_byte(uint8_t c)
{
	return ascii_alpha(c) || ascii_digit(c) ||
	       (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_byte(s.p[i]))
			return false;
	return s.n > 0;
}

static void add_token(struct buf *out, struct span s, const char *otherwise)
{
	if (is_token(s))
		buf_add_span(out, s);
	else
		buf_add_str(out, otherwise);
}

/* RFC 9110 5.5: NUL, CR and LF in a value become spaces. */
static void add_value(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_add_byte(
			out, s.p[i] == 0 || s.p[i] == '\r' || s.p[i] == '\n' ? ' ' : s.p[i]);
}

void head_add_url(struct buf *out, struct span url)
{
	for (size_t i = 0; i < url.n; i++) {
		if (url.p[i] <= 0x20 || url.p[i] >= 0x7f)
			buf_addf(out, "%%%02X", url.p[i]);
		else
			buf_add_byte(out, url.p[i]);
	}
}

static bool is_length(struct span value, size_t n)
{
	uint64_t length;
	return span_u64(value, &length) && length == n;
}

struct fields {
	const struct model_field *list;
	size_t n, left_out;
	bool to_proxy; /* a request's: some were meant for a proxy, and did not go on */
	bool has_length;
};

/* What stands before the field's name where it may not speak for the record as it is. */
static const char *prefix_of(
	struct fields *f, const struct model_field *field, const struct head_body *b)
{
	/* RFC 9112 6.1: the transfer coding was removed when the body was recorded. */
	if (span_is_nocase(field->name, "transfer-encoding"))
		return "X-Orig-";
	/* Readers hand this one to the browser as it is, which then leaves the archive for the
	 * live address: whoever looks at an old click would click again. */
	if (!f->to_proxy && span_is_nocase(field->name, "refresh"))
		return "X-Orig-";
	if (span_is_nocase(field->name, "content-encoding"))
		return b->decoded ? "X-Orig-" : "";
	if (!span_is_nocase(field->name, "content-length"))
		return "";
	if (b->none_follows)
		return "";
	if (f->has_length || !is_length(field->value, b->n))
		return "X-Orig-";
	f->has_length = true;
	return "";
}

static bool stays_here(const struct fields *f, struct span name)
{
	return f->to_proxy && (span_is_nocase(name, "proxy-connection") ||
				      span_is_nocase(name, "proxy-authorization"));
}

static void add_fields(struct fields *f, const struct head_body *b, struct buf *out)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct model_field *field = &f->list[i];
		if (field->name.n > 0 && field->name.p[0] == ':')
			continue; /* a pseudo-header: it stands in the first line, or in Host */
		if (!is_token(field->name)) {
			f->left_out++;
			continue;
		}
		if (stays_here(f, field->name))
			continue;
		buf_add_str(out, prefix_of(f, field, b));
		buf_add_span(out, field->name);
		buf_add_str(out, ": ");
		add_value(out, field->value);
		buf_add_str(out, "\r\n");
	}
	if (b->n > 0 && !f->has_length)
		buf_addf(out, "Content-Length: %zu\r\n", b->n);
	buf_add_str(out, "\r\n");
}

/* Where the path begins; its end if there is none. */
static size_t path_at(struct span url)
{
	size_t at = span_find(url, span_str("://"), 0);
	at = at == SIZE_MAX ? 0 : at + 3;
	while (at < url.n && url.p[at] != '/' && url.p[at] != '?' && url.p[at] != '#')
		at++;
	return at;
}

static struct span authority_of(struct span url)
{
	size_t from = span_find(url, span_str("://"), 0);
	if (from == SIZE_MAX)
		return SPAN_NONE;
	struct span all = span_from(span_first(url, path_at(url)), from + 3);
	size_t user = span_find_byte(all, '@', 0);
	return user == SIZE_MAX ? all : span_from(all, user + 1);
}

/* RFC 3986 2.1: what is neither reserved nor unreserved is escaped, and so is a '%' that begins
 * no escape; brackets belong to the host (3.2.2). */
void head_add_uri(struct buf *out, struct span url)
{
	size_t path = path_at(url);
	for (size_t i = 0; i < url.n; i++) {
		uint8_t c = url.p[i];
		bool good = c > 0x20 && c < 0x7f && strchr("\"<>\\^`{|}", c) == NULL;
		if (c == '%')
			good = i + 2 < url.n && ascii_hex(url.p[i + 1]) >= 0 &&
			       ascii_hex(url.p[i + 2]) >= 0;
		else if (c == '[' || c == ']')
			good = i < path;
		if (good)
			buf_add_byte(out, c);
		else
			buf_addf(out, "%%%02X", c);
	}
}

size_t head_request(const struct model_exchange *x, const struct head_body *b, struct buf *out)
{
	struct fields f = {.list = x->req_fields, .n = x->n_req_fields, .to_proxy = true};
	struct span url = url_no_fragment(x->request->url);
	struct span target = span_from(url, path_at(url));
	add_token(out, x->request->method, "UNKNOWN");
	buf_add_byte(out, ' ');
	if (target.n == 0 || target.p[0] != '/')
		buf_add_byte(out, '/');
	head_add_url(out, target);
	buf_add_str(out, " HTTP/1.1\r\n");
	/* RFC 9113 8.3.1: HTTP/2 says in :authority what HTTP/1.1 says in Host. */
	if (model_request_header(x, "Host").p == NULL) {
		buf_add_str(out, "Host: ");
		head_add_url(out, authority_of(url));
		buf_add_str(out, "\r\n");
	}
	add_fields(&f, b, out);
	return f.left_out;
}

size_t head_response(const struct model_exchange *x, const struct head_body *b, struct buf *out)
{
	struct fields f = {.list = x->res_fields, .n = x->n_res_fields};
	int64_t status = x->response->status;
	buf_addf(out, "HTTP/1.1 %03d ", status >= 100 && status <= 999 ? (int)status : 0);
	add_value(out, x->response->reason);
	buf_add_str(out, "\r\n");
	add_fields(&f, b, out);
	return f.left_out;
}
