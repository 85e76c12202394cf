#include "capture/wire/http1_inner.h"

#include <assert.h>

void http1_body_init(struct http1_body *b, const struct http1_head *head)
{
	*b = (struct http1_body){.framing = head->framing};
	switch (head->framing) {
	case HTTP1_NO_BODY:
	case HTTP1_SWITCH: b->ended = true; break;
	case HTTP1_LENGTH:
		b->left = head->length;
		b->ended = head->length == 0;
		break;
	case HTTP1_CHUNKED:
		b->chunked =
			http1_chunked_new(head->status == 0 ? HTTP1_REQUEST : HTTP1_RESPONSE);
		break;
	case HTTP1_TO_CLOSE: break;
	}
}

void http1_body_fini(struct http1_body *b)
{
	if (b->chunked != NULL)
		http1_chunked_free(b->chunked);
	buf_fini(&b->trailers);
	*b = (struct http1_body){0};
}

bool http1_body_feed(struct http1_body *b, struct span in, size_t *used,
	http1_payload_fn *payload, void *ctx, struct err *err)
{
	*used = 0;
	if (b->ended)
		return true;
	switch (b->framing) {
	case HTTP1_NO_BODY:
	case HTTP1_SWITCH: break;
	case HTTP1_CHUNKED: return http1_chunked_feed(b, in, used, payload, ctx, err);
	case HTTP1_LENGTH:
		if (in.n == 0)
			return true;
		if (in.n > b->left)
			in.n = (size_t)b->left;
		b->left -= in.n;
		b->ended = b->left == 0;
		payload(ctx, in);
		*used = in.n;
		return true;
	case HTTP1_TO_CLOSE:
		if (in.n == 0)
			return true;
		payload(ctx, in);
		*used = in.n;
		return true;
	}
	/* A body without bytes has ended from the start. */
	assert(b->ended);
	return true;
}

bool http1_body_eof(struct http1_body *b, struct err *err)
{
	if (b->framing == HTTP1_TO_CLOSE)
		b->ended = true;
	if (b->ended)
		return true;
	if (b->framing == HTTP1_LENGTH)
		return err_set(err, ERR_BODY_TRUNCATED, "%llu bytes are missing",
			(unsigned long long)b->left);
	return err_set(err, ERR_BODY_TRUNCATED, "the last chunk did not come");
}
