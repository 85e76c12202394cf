#include "capture/wire/http1_inner.h"

/* All Content-Length fields as one: every value the same digits (RFC 9110 8.6). *count is how
 * many values there are. */
static bool read_length(struct http1_head *head, size_t *count, struct err *err)
{
	struct span first = SPAN_NONE, value;
	size_t at = 0;
	*count = 0;
	for (const struct http1_field *f; (f = http1_find(head, "content-length", &at)) != NULL;
		at++) {
		for (size_t from = 0; http1_list_next(f->value, &from, &value); ++*count) {
			if (!span_u64(value, &head->length) || head->length > HTTP1_LENGTH_MAX)
				return err_set(
					err, ERR_LENGTH, "not a decimal number below 2^63");
			/* 03 after 3 too: some readers compare the text, as Firefox does. */
			if (*count > 0 && !span_eq(value, first))
				return err_set(err, ERR_LENGTH, "two different values");
			first = value;
		}
	}
	if (*count > 1)
		head->oddities |= HTTP1_ODD(SAME_LENGTHS);
	return true;
}

/* What all Transfer-Encoding fields together say (RFC 9112 6.1). */
struct codings {
	size_t fields;
	size_t n;       /* codings, empty list elements not counted */
	size_t chunked; /* how many of them are chunked */
	bool chunked_last;
	bool all_identity;
	bool all_tokens;      /* bare names, no parameters */
	bool spelled_plainly; /* one field, exactly "chunked" */
};

static struct codings read_codings(const struct http1_head *head)
{
	struct codings c = {.all_identity = true, .all_tokens = true};
	size_t at = 0;
	for (const struct http1_field *f;
		(f = http1_find(head, "transfer-encoding", &at)) != NULL; at++) {
		struct span coding;
		c.fields++;
		c.spelled_plainly = c.fields == 1 && span_is(f->value, "chunked");
		for (size_t from = 0; http1_list_next(f->value, &from, &coding);) {
			if (coding.n == 0)
				continue;
			c.n++;
			c.chunked_last = span_is_nocase(coding, "chunked");
			c.chunked += c.chunked_last;
			c.all_identity &= span_is_nocase(coding, "identity");
			c.all_tokens &= http1_is_token(coding);
		}
	}
	return c;
}

/* RFC 9112 9.3. */
static bool persistent(const struct http1_head *head)
{
	if (http1_has_token(head, "connection", "close"))
		return false;
	if (head->major > 1 || head->minor >= 1)
		return true;
	return http1_has_token(head, "connection", "keep-alive");
}

static bool upgrading(const struct http1_head *head)
{
	size_t at = 0;
	return http1_has_token(head, "connection", "upgrade") &&
	       http1_find(head, "upgrade", &at) != NULL;
}

/* RFC 9112 3.2: one Host in HTTP/1.1, at most one in HTTP/1.0, and no bytes in it that end an
 * authority or hide in it. */
static bool check_host(const struct http1_head *head, struct err *err)
{
	size_t at = 0;
	const struct http1_field *host = http1_find(head, "host", &at);
	if (host == NULL)
		return head->minor == 0 || err_set(err, ERR_HOST, "no Host in HTTP/1.1");
	at++;
	if (http1_find(head, "host", &at) != NULL)
		return err_set(err, ERR_HOST, "more than one Host");
	for (size_t i = 0; i < host->value.n; i++) {
		uint8_t c = host->value.p[i];
		if (c <= 0x20 || c == 0x7f || strchr("/?#@\\", c) != NULL)
			return err_set(err, ERR_HOST, "the Host value is not a host and port");
	}
	return true;
}

/* RFC 9112 6.3 for requests; 6.1: Transfer-Encoding in HTTP/1.0 is faulty framing. */
static bool request_body(struct http1_head *head, struct err *err)
{
	size_t lengths;
	struct codings te = read_codings(head);
	if (!read_length(head, &lengths, err))
		return false;
	if (te.fields > 0 && lengths > 0)
		return err_set(err, ERR_LENGTH_AND_CHUNKED, "in a request");
	if (te.fields > 0 && (!te.spelled_plainly || head->minor == 0))
		return err_set(err, ERR_TRANSFER_ENCODING,
			head->minor == 0 ? "in an HTTP/1.0 request" : "not exactly 'chunked'");

	if (span_is(head->method, "CONNECT")) {
		/* RFC 9110 9.3.6: a CONNECT has no content; bytes behind its head belong to the
		 * tunnel. */
		if (te.fields > 0)
			return err_set(err, ERR_TRANSFER_ENCODING, "in a CONNECT");
		if (head->length > 0)
			return err_set(err, ERR_LENGTH, "a CONNECT with content");
		return true;
	}
	if (te.fields > 0)
		head->framing = HTTP1_CHUNKED;
	else if (lengths > 0)
		head->framing = HTTP1_LENGTH;
	return true;
}

bool http1_frame_request(struct http1_head *head, struct err *err)
{
	head->framing = HTTP1_NO_BODY;
	if (!check_host(head, err) || !request_body(head, err))
		return false;
	head->keep_alive = persistent(head);
	head->upgrade = upgrading(head);
	/* RFC 9110 10.1.1: ignored in HTTP/1.0. */
	head->expect_continue =
		head->minor >= 1 && http1_has_token(head, "expect", "100-continue");
	return true;
}

/* RFC 9112 6.3 items 1 and 2: bodies that status and method rule out, whatever the fields say.
 */
static bool ruled_out(struct http1_head *head, struct span to_method)
{
	int class = head->status / 100;
	bool connected = class == 2 && span_is(to_method, "CONNECT");
	if (head->status == 101 || connected)
		head->framing = HTTP1_SWITCH;
	else if (class == 1 || head->status == 204 || head->status == 304 ||
		 span_is(to_method, "HEAD"))
		head->framing = HTTP1_NO_BODY;
	else
		return false;
	/* RFC 9110 8.6, 9112 6.1: in answers to HEAD and in 304 the fields tell of what GET
	 * would bring; elsewhere they mean nothing. */
	bool telling = head->status == 304 || (class != 1 && head->status != 204 && !connected);
	size_t at = 0;
	if (!telling && http1_find(head, "content-length", &at) != NULL)
		head->oddities |= HTTP1_ODD(LENGTH_UNUSED);
	at = 0;
	if (!telling && http1_find(head, "transfer-encoding", &at) != NULL)
		head->oddities |= HTTP1_ODD(CODING_UNUSED);
	return true;
}

/* RFC 9112 6.3 items 3 to 8 for responses. What item 4 would read until the end, a browser may
 * read as chunked: refused. */
static bool response_body(struct http1_head *head, struct err *err)
{
	size_t lengths;
	struct codings te = read_codings(head);
	bool identity = te.n > 0 && te.all_identity;
	if (identity) {
		/* RFC 2616 3.6 had it and it meant nothing; browsers still read it so. */
		head->oddities |= HTTP1_ODD(CODING_IDENTITY);
	} else if (te.fields > 0) {
		size_t at = 0;
		if (http1_find(head, "content-length", &at) != NULL)
			return err_set(err, ERR_LENGTH_AND_CHUNKED, "in a response");
		if (!te.chunked_last || te.chunked != 1 || !te.all_tokens)
			return err_set(err, ERR_TRANSFER_ENCODING, "in a response");
		if (!te.spelled_plainly)
			head->oddities |=
				te.n > 1 ? HTTP1_ODD(CODING_OTHER) : HTTP1_ODD(CODING_CASE);
		if (head->major == 1 && head->minor == 0)
			head->oddities |= HTTP1_ODD(CHUNKED_10);
		head->framing = HTTP1_CHUNKED;
		return true;
	}
	if (!read_length(head, &lengths, err))
		return false;
	head->framing = lengths > 0 ? HTTP1_LENGTH : HTTP1_TO_CLOSE;
	return true;
}

bool http1_frame_response(struct http1_head *head, struct span to_method, struct err *err)
{
	if (!ruled_out(head, to_method) && !response_body(head, err))
		return false;
	head->upgrade = upgrading(head);
	/* RFC 9112 6.1: a connection with Transfer-Encoding in HTTP/1.0 is not used again. */
	head->keep_alive = persistent(head) && head->framing != HTTP1_TO_CLOSE &&
			   head->framing != HTTP1_SWITCH &&
			   (head->oddities & HTTP1_ODD(CHUNKED_10)) == 0;
	return true;
}
