#include "tests/kit/put_exchange.h"
#include "store/base/buf.h"
#include "store/base/hash.h"

#define PUT_FACT(var, lower, UPPER, s, ms)                                                     \
	struct fact_##lower var;                                                               \
	fact_init(FACT_KIND_##UPPER, &var);                                                    \
	var.session = (s);                                                                     \
	var.at_us = PUT_EPOCH_US + (ms)*INT64_C(1000)

int64_t put_session(struct temp_case *t, const char *link)
{
	int64_t session = writer_new_session(t->writer);
	PUT_FACT(f, session, SESSION, session, 0);
	f.command = span_str("trace");
	f.mode = span_str("intercept");
	f.link = f.sent_link = span_str(link);
	f.tool_name = span_str("clicktrail");
	f.tool_version = span_str("0.1.0");
	f.browser = span_str("firefox");
	temp_case_put(t, FACT_KIND_SESSION, &f);
	return session;
}

void put_session_end(struct temp_case *t, int64_t session, int64_t at_ms, const char *reason)
{
	PUT_FACT(f, session_end, SESSION_END, session, at_ms);
	f.reason = span_str(reason);
	f.complete = 1;
	temp_case_put(t, FACT_KIND_SESSION_END, &f);
}

static void put_body(struct temp_case *t, int64_t session, int64_t exchange,
	enum fact_side side, struct span body)
{
	for (int64_t n = 0; body.n > 0; n++) {
		struct span piece = span_first(body, BODY_CHUNK);
		uint8_t digest[SHA256_LEN];
		PUT_FACT(f, chunk, CHUNK, session, 0);
		sha256(piece, digest);
		f.exchange = exchange;
		f.side = side;
		f.n = n;
		f.size = (int64_t)piece.n;
		f.data = piece;
		if (piece.n > BODY_SHARE_MIN)
			f.sha256 = span_of(digest, sizeof digest);
		temp_case_put(t, FACT_KIND_CHUNK, &f);
		body = span_from(body, piece.n);
	}
}

static void put_request(struct temp_case *t, int64_t session, int64_t exchange, int64_t tunnel,
	const struct put_exchange *x)
{
	struct buf head = {0};
	const char *method = x->request_body.n > 0 ? "POST" : "GET";
	PUT_FACT(f, request, REQUEST, session, x->at_ms);
	buf_addf(&head, "%s %s HTTP/1.1\r\n%s\r\n", method, x->url,
		x->request != NULL ? x->request : "");
	f.exchange = exchange;
	f.tunnel = tunnel;
	f.n = 1;
	f.method = span_str(method);
	f.url = span_str(x->url);
	f.version = span_str("HTTP/1.1");
	f.head = buf_span(&head);
	temp_case_put(t, FACT_KIND_REQUEST, &f);
	put_body(t, session, exchange, SIDE_REQUEST, x->request_body);
	buf_fini(&head);
}

static void put_response(
	struct temp_case *t, int64_t session, int64_t exchange, const struct put_exchange *x)
{
	struct buf head = {0};
	PUT_FACT(f, response, RESPONSE, session, x->at_ms + 10);
	f.exchange = exchange;
	f.status = x->status != 0 ? x->status : 200;
	buf_addf(&head, "HTTP/1.1 %d X\r\nContent-Type: %s\r\n%s\r\n", (int)f.status,
		x->type != NULL ? x->type : "text/html", x->headers != NULL ? x->headers : "");
	f.version = span_str("HTTP/1.1");
	f.made_by = span_str(x->ours ? "clicktrail" : "origin");
	f.head = buf_span(&head);
	temp_case_put(t, FACT_KIND_RESPONSE, &f);
	put_body(t, session, exchange, SIDE_RESPONSE, span_first(x->body, x->body.n - x->lost));
	buf_fini(&head);
}

int64_t put_exchange(struct temp_case *t, int64_t session, const struct put_exchange *x)
{
	int64_t exchange = writer_new_exchange(t->writer),
		tunnel = writer_new_tunnel(t->writer);
	uint8_t request[SHA256_LEN], response[SHA256_LEN];
	PUT_FACT(tf, tunnel, TUNNEL, session, x->at_ms);
	tf.tunnel = tunnel;
	temp_case_put(t, FACT_KIND_TUNNEL, &tf);
	put_request(t, session, exchange, tunnel, x);
	put_response(t, session, exchange, x);
	PUT_FACT(f, exchange_end, EXCHANGE_END, session,
		x->at_ms + (x->took_ms > 0 ? x->took_ms : 20));
	if (x->wait_ms > 0)
		f.first_byte_us = PUT_EPOCH_US + (x->at_ms + x->wait_ms) * INT64_C(1000);
	sha256(x->request_body, request);
	sha256(x->body, response);
	f.exchange = exchange;
	f.reason = span_str("ok");
	f.req_size = f.req_stored = (int64_t)x->request_body.n;
	f.req_sha256 = span_of(request, sizeof request);
	f.res_size = (int64_t)x->body.n;
	f.res_stored = (int64_t)(x->body.n - x->lost);
	f.res_sha256 = span_of(response, sizeof response);
	temp_case_put(t, FACT_KIND_EXCHANGE_END, &f);
	return exchange;
}

int64_t put_attachment(struct temp_case *t, int64_t session, int64_t at_ms, int64_t exchange,
	const char *kind, struct span data)
{
	uint8_t digest[SHA256_LEN];
	PUT_FACT(f, attachment, ATTACHMENT, session, at_ms);
	sha256(data, digest);
	f.exchange = exchange;
	f.kind = span_str(kind);
	f.media_type = span_str("image/png");
	f.size = (int64_t)data.n;
	f.sha256 = span_of(digest, sizeof digest);
	f.data = data;
	temp_case_put(t, FACT_KIND_ATTACHMENT, &f);
	return temp_case_number(t, "SELECT max(seq) FROM fact WHERE kind = 24");
}
