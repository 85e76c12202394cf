/*
 * The second reader of heads. llhttp gets our reading of the head written out plainly: a start
 * line in its narrow grammar, then every field with a token name and a clean value on one line
 * of its own (of Connection the tokens, for Upgrade a mere x). What has no bearing on framing
 * and trips llhttp over harmless things is replaced: the target by "/", methods other than the
 * common ones by POST (it knows a fixed list; a script may send any token), odd versions by 1.1
 * or 1.0, the reason by nothing.
 *
 * Compared: the method, status and version; how many fields it saw; whether there is a body,
 * and whether it is chunked, of which length, or until the end of the connection; for requests,
 * whether they ask for an upgrade. A connection is kept only if both say so. Not shown to
 * llhttp, since it is known to be wrong there or stricter than browsers: Content-Length and
 * Transfer-Encoding where status or method rule a body out (it takes the length of a 204 at its
 * word), repetitions of one Content-Length, a Transfer-Encoding of just identity, empty list
 * elements, Proxy-Connection (it takes it for Connection).
 */
#include "capture/wire/http1_inner.h"

#include <llhttp.h>

static const char *const common_methods[] = {
	"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"};
static const llhttp_method_t common_codes[] = {HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT,
	HTTP_DELETE, HTTP_OPTIONS, HTTP_PATCH, HTTP_TRACE, HTTP_CONNECT};
enum { COMMON_METHODS = sizeof common_methods / sizeof *common_methods, STAND_IN_METHOD = 2 };

static size_t method_index(struct span method)
{
	for (size_t i = 0; i < COMMON_METHODS; i++)
		if (span_is(method, common_methods[i]))
			return i;
	return STAND_IN_METHOD;
}

/* What llhttp made of it. */
struct reading {
	struct span to_method;
	size_t fields;
	bool head_done, message_done;
	int status, minor, method;
	bool chunked, to_close, upgrade, keep_alive;
	uint64_t length;
};

static int on_field(llhttp_t *p)
{
	struct reading *r = p->data;
	r->fields++;
	return 0;
}

static int on_head(llhttp_t *p)
{
	struct reading *r = p->data;
	r->head_done = true;
	r->status = p->status_code;
	r->minor = p->http_minor;
	r->method = p->method;
	r->chunked = (p->flags & F_CHUNKED) != 0;
	r->upgrade = (p->flags & F_UPGRADE) != 0 && (p->flags & F_CONNECTION_UPGRADE) != 0;
	r->to_close = llhttp_message_needs_eof(p) != 0;
	/* Not llhttp_should_keep_alive, which takes an answer to HEAD for one that ends with
	 * the connection. */
	r->keep_alive = p->http_minor > 0 ? (p->flags & F_CONNECTION_CLOSE) == 0
					  : (p->flags & F_CONNECTION_KEEP_ALIVE) != 0;
	r->length = p->content_length;
	if (p->type == HTTP_REQUEST)
		return 0;
	/* llhttp leaves RFC 9112 6.3 items 1 and 2 to its caller, who knows the request: 1 is
	 * no body, 2 another protocol. */
	if (r->status == 101 || (r->status / 100 == 2 && span_is(r->to_method, "CONNECT")))
		return 2;
	return r->status / 100 == 1 || r->status == 204 || r->status == 304 ||
	       span_is(r->to_method, "HEAD");
}

static int on_message(llhttp_t *p)
{
	struct reading *r = p->data;
	r->message_done = true;
	return 0;
}

/* The list elements that are tokens, written out again. */
static void write_list(struct buf *out, struct span list)
{
	struct span element;
	size_t n = 0;
	for (size_t at = 0; http1_list_next(list, &at, &element);) {
		if (!http1_is_token(element))
			continue;
		buf_add_str(out, n++ > 0 ? ", " : "");
		buf_add_span(out, element);
	}
}

static bool body_possible(const struct http1_head *head)
{
	return head->framing != HTTP1_SWITCH &&
	       (head->framing != HTTP1_NO_BODY || head->status == 0);
}

/* One line for llhttp; false if the field is none of its business. */
static bool write_field(struct buf *out, const struct http1_head *head,
	const struct http1_field *f, bool *length_written)
{
	bool length = span_is_nocase(f->name, "content-length");
	bool coding = span_is_nocase(f->name, "transfer-encoding");
	bool connection = span_is_nocase(f->name, "connection");
	bool upgrade = span_is_nocase(f->name, "upgrade");
	bool clean =
		!http1_has_controls(f->value) && span_find_byte(f->value, '\r', 0) == SIZE_MAX;
	if (!http1_is_token(f->name) || !(clean || connection || upgrade) ||
		span_is_nocase(f->name, "proxy-connection") ||
		((length || coding) && !body_possible(head)) || (length && *length_written) ||
		(coding && (head->oddities & HTTP1_ODD(CODING_IDENTITY)) != 0))
		return false;

	buf_add_span(out, f->name);
	buf_add_str(out, ": ");
	if (coding || connection) {
		write_list(out, f->value);
	} else if (length) {
		size_t comma = span_find_byte(f->value, ',', 0);
		buf_add_span(out, span_trim(span_first(f->value, comma), " \t"));
		*length_written = true;
	} else {
		buf_add_span(out, upgrade ? span_str("x") : f->value);
	}
	buf_add_str(out, "\r\n");
	return true;
}

/* Our reading of the head, written plainly; returns the number of fields in it. */
static size_t write_head(struct buf *out, const struct http1_head *head)
{
	int minor = head->major > 1 || head->minor >= 1 ? 1 : 0;
	if (head->status == 0)
		buf_addf(out, "%s %s HTTP/1.%d\r\n", common_methods[method_index(head->method)],
			span_is(head->method, "CONNECT") ? "a:1" : "/", minor);
	else
		buf_addf(out, "HTTP/1.%d %d \r\n", minor, head->status);
	size_t n = 0;
	bool length_written = false;
	for (size_t i = 0; i < head->n_fields; i++)
		n += write_field(out, head, &head->fields[i], &length_written);
	buf_add_str(out, "\r\n");
	return n;
}

static bool same_body(const struct http1_head *head, const struct reading *r)
{
	switch (head->framing) {
	case HTTP1_NO_BODY:
	case HTTP1_SWITCH: return r->message_done;
	case HTTP1_LENGTH:
		return !r->chunked && !r->to_close && r->length == head->length &&
		       r->message_done == (head->length == 0);
	case HTTP1_CHUNKED: return !r->message_done && r->chunked;
	case HTTP1_TO_CLOSE: return !r->message_done && !r->chunked && r->to_close;
	}
	return false;
}

static bool same_start(const struct http1_head *head, const struct reading *r)
{
	int minor = head->major > 1 || head->minor >= 1 ? 1 : 0;
	if (r->minor != minor)
		return false;
	if (head->status != 0)
		return r->status == head->status;
	return r->method == (int)common_codes[method_index(head->method)] &&
	       r->upgrade == head->upgrade;
}

bool http1_read_again(struct http1_head *head, struct span to_method, struct err *err)
{
	struct buf text = {0};
	struct reading r = {.to_method = to_method};
	size_t fields = write_head(&text, head);

	llhttp_settings_t settings;
	llhttp_settings_init(&settings);
	settings.on_header_value_complete = on_field;
	settings.on_headers_complete = on_head;
	settings.on_message_complete = on_message;
	llhttp_t parser;
	llhttp_init(&parser, head->status == 0 ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
	parser.data = &r;
	llhttp_errno_t e = llhttp_execute(&parser, (const char *)text.p, buf_len(&text));
	buf_fini(&text);

	/* HPE_PAUSED_UPGRADE is its way to say that what follows the head is another protocol.
	 */
	if (e != HPE_OK && e != HPE_PAUSED_UPGRADE)
		return err_set(err, ERR_PARSERS_DISAGREE, "llhttp: %s", llhttp_errno_name(e));
	if (!r.head_done || r.fields != fields || !same_start(head, &r))
		return err_set(err, ERR_PARSERS_DISAGREE,
			"llhttp sees another start line or other fields");
	if (!same_body(head, &r))
		return err_set(
			err, ERR_PARSERS_DISAGREE, "llhttp sees another end of the message");
	if (!r.keep_alive)
		head->keep_alive = false;
	return true;
}
