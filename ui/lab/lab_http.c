#include "ui/lab/lab_http.h"
#include "proxy/wait.h"
#include "store/base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void lab_reply_init(struct lab_reply *r)
{
	*r = (struct lab_reply){.status = 200};
}

void lab_reply_fini(struct lab_reply *r)
{
	buf_fini(&r->headers);
	buf_fini(&r->body);
}

void lab_header(struct lab_reply *r, const char *name, const char *format, ...)
{
	char *value = NULL;
	va_list ap;
	va_start(ap, format);
	if (vasprintf(&value, format, ap) < 0)
		abort();
	va_end(ap);
	buf_add_str(&r->headers, name);
	buf_add_str(&r->headers, ": ");
	buf_add_str(&r->headers, value);
	buf_add_str(&r->headers, "\r\n");
	free(value);
}

static int64_t in_us(int64_t us)
{
	return clock_now_us(clock_real()) + us;
}

/* Waits until the leg may be read. */
static bool await_bytes(struct leg *leg, int stop_fd)
{
	if (leg_has_pending(leg))
		return true;
	return wait_fd(leg->fd, leg_poll_events(leg, true), in_us(LAB_STALL_US), stop_fd) ==
	       WAIT_READY;
}

/* More bytes behind leg->in. False: the end, a failure, or stop. */
static bool more(struct leg *leg, int stop_fd)
{
	for (;;) {
		switch (leg_fill(leg, LEG_READ_MAX)) {
		case LEG_OK: return true;
		case LEG_AGAIN:
			if (!await_bytes(leg, stop_fd))
				return false;
			break;
		case LEG_EOF: return false;
		case LEG_BROKEN: return false;
		}
	}
}

bool lab_http_send(struct leg *leg, int stop_fd, struct span bytes, struct err *err)
{
	if (!leg_send(leg, bytes))
		return err_set(err, leg->err.kind, "%s", leg->err.detail);
	while (buf_len(&leg->out) > 0) {
		if (wait_fd(leg->fd, leg_poll_events(leg, false), in_us(LAB_STALL_US),
			    stop_fd) != WAIT_READY)
			return err_set(
				err, ERR_BROWSER_TIMEOUT, "the lab's answer was not taken");
		if (leg_flush(leg) == LEG_BROKEN)
			return err_set(err, leg->err.kind, "%s", leg->err.detail);
	}
	return true;
}

static void take_payload(void *ctx, struct span payload)
{
	struct buf *whole = ctx;
	buf_add_span(whole, payload);
}

static bool take_body(
	struct leg *leg, int stop_fd, struct arena *a, struct lab_request *out, struct err *err)
{
	struct http1_body body;
	struct buf whole = {0};
	bool fine = true;
	http1_body_init(&body, &out->head);
	while (fine && !body.ended) {
		size_t used = 0;
		fine = http1_body_feed(
			&body, buf_span(&leg->in), &used, take_payload, &whole, err);
		buf_consume(&leg->in, used);
		if (fine && buf_len(&whole) > LAB_BODY_MAX)
			fine = err_set(err, ERR_LIMIT, "the request's body");
		if (fine && !body.ended && !more(leg, stop_fd))
			fine = err_set(err, ERR_BODY_TRUNCATED, "the client left");
	}
	out->body = arena_copy(a, buf_span(&whole));
	buf_fini(&whole);
	http1_body_fini(&body);
	return fine;
}

static struct span host_of(const struct http1_head *head)
{
	struct span host = http1_value(head, "Host");
	size_t colon = host.p != NULL ? span_find_byte(host, ':', 0) : SIZE_MAX;
	return colon == SIZE_MAX ? host : span_first(host, colon);
}

enum lab_http_result lab_http_take(struct leg *leg, bool tls, int stop_fd, struct arena *a,
	struct lab_request *out, struct err *err)
{
	*out = (struct lab_request){.tls = tls};
	for (;;) {
		/* The head's spans must outlive leg->in. */
		struct http1_head probe;
		enum http1_scan scan = http1_request_head(buf_span(&leg->in), a, &probe, err);
		if (scan == HTTP1_BAD)
			return LAB_HTTP_FAILED;
		if (scan == HTTP1_HEAD) {
			struct span raw = arena_copy(a, probe.raw);
			if (http1_request_head(raw, a, &out->head, err) != HTTP1_HEAD)
				return LAB_HTTP_FAILED;
			buf_consume(&leg->in, raw.n);
			break;
		}
		if (!more(leg, stop_fd))
			return LAB_HTTP_ENDED;
	}
	out->host = host_of(&out->head);
	if (out->head.expect_continue &&
		!lab_http_send(leg, stop_fd, span_str("HTTP/1.1 100 Continue\r\n\r\n"), err))
		return LAB_HTTP_FAILED;
	if (out->head.framing != HTTP1_NO_BODY && !take_body(leg, stop_fd, a, out, err))
		return LAB_HTTP_FAILED;
	return LAB_HTTP_REQUEST;
}

static const char *reason_of(int status)
{
	switch (status) {
	case 200: return "OK";
	case 204: return "No Content";
	case 300: return "Multiple Choices";
	case 301: return "Moved Permanently";
	case 302: return "Found";
	case 303: return "See Other";
	case 307: return "Temporary Redirect";
	case 308: return "Permanent Redirect";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 404: return "Not Found";
	case 410: return "Gone";
	default: return "";
	}
}

static void put_head(const struct lab_reply *r, bool keep, struct buf *out)
{
	char date[64];
	time_t now = time(NULL);
	struct tm tm;
	gmtime_r(&now, &tm);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	buf_addf(out, "HTTP/1.1 %d %s\r\nServer: nginx\r\nDate: %s\r\n", r->status,
		reason_of(r->status), date);
	buf_add_span(out, buf_span(&r->headers));
	if (r->framing == LAB_BY_CHUNKS)
		buf_add_str(out, "Transfer-Encoding: chunked\r\n");
	if (r->framing == LAB_BY_LENGTH && r->status != 204)
		buf_addf(out, "Content-Length: %zu\r\n", buf_len(&r->body));
	buf_add_str(out, keep ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
}

enum { CHUNK_PIECE = 97 }; /* odd on purpose: words are split between chunks */

static void put_body(const struct lab_reply *r, struct buf *out)
{
	struct span body = buf_span(&r->body);
	if (r->cut != LAB_WHOLE)
		body.n /= 2;
	if (r->framing != LAB_BY_CHUNKS) {
		buf_add_span(out, body);
		return;
	}
	while (body.n > 0) {
		struct span piece = span_first(body, CHUNK_PIECE);
		buf_addf(out, "%zx\r\n", piece.n);
		buf_add_span(out, piece);
		buf_add_str(out, "\r\n");
		body = span_from(body, piece.n);
	}
	if (r->cut == LAB_WHOLE)
		buf_add_str(out, "0\r\n\r\n");
}

bool lab_http_give(struct leg *leg, int stop_fd, const struct lab_request *request,
	const struct lab_reply *reply, bool *keep, struct err *err)
{
	*keep = request->head.keep_alive && reply->framing != LAB_BY_CLOSE &&
		reply->cut == LAB_WHOLE;
	if (reply->delay_us > 0 &&
		wait_fd(-1, 0, in_us(reply->delay_us), stop_fd) == WAIT_STOPPED)
		return err_set(err, ERR_SHUTDOWN, "the lab");
	if (reply->cut == LAB_CUT_NO_ANSWER)
		return true;
	struct buf out = {0};
	put_head(reply, *keep, &out);
	if (!span_is(request->head.method, "HEAD") && reply->status != 204)
		put_body(reply, &out);
	bool sent = lab_http_send(leg, stop_fd, buf_span(&out), err);
	buf_fini(&out);
	if (reply->cut == LAB_CUT_RESET)
		leg_reset(leg);
	return sent;
}
