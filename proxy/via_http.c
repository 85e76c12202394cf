#include "proxy/via_inner.h"
#include "store/base/codec.h"

#include <assert.h>

/* RFC 9110 9.3.6: the target is host:port, and so is Host (RFC 9112 3.2.3). */
static bool ask(const struct via_talk *t, const char *host, uint16_t port, struct err *err)
{
	struct buf b = {0}, login = {0};
	bool brackets = strchr(host, ':') != NULL;
	const char *open = brackets ? "[" : "", *close = brackets ? "]" : "";
	for (const char *c = host; *c != 0; c++)
		if (*c <= ' ' || *c >= 0x7f)
			return via_fail(t, err, "'%s' cannot be asked for", host);
	buf_addf(&b, "CONNECT %s%s%s:%u HTTP/1.1\r\nHost: %s%s%s:%u\r\n", open, host, close,
		port, open, host, close, port);
	if (t->via->has_credentials) { /* RFC 7617 2 */
		buf_addf(&login, "%s:%s", t->via->user, t->via->password);
		buf_add_str(&b, "Proxy-Authorization: Basic ");
		base64_add(&b, buf_span(&login));
		buf_add_str(&b, "\r\n");
	}
	buf_add_str(&b, "\r\n");
	bool ok = via_send(t, buf_span(&b), err);
	buf_fini(&b);
	buf_fini(&login);
	return ok;
}

/* Where the head ends: behind an empty line, whose end may lack its CR (RFC 9112 2.2). Looks
 * from `from` on. SIZE_MAX: not yet. */
static size_t head_end(struct span s, size_t from)
{
	assert(s.p != NULL);
	for (size_t i = from; i < s.n; i++) {
		if (s.p[i] != '\n')
			continue;
		if (i + 1 < s.n && s.p[i + 1] == '\n')
			return i + 2;
		if (i + 2 < s.n && s.p[i + 1] == '\r' && s.p[i + 2] == '\n')
			return i + 3;
	}
	return SIZE_MAX;
}

/* Takes a head off the socket and nothing that stands behind it. */
static bool read_head(const struct via_talk *t, struct buf *head, struct err *err)
{
	uint8_t chunk[1024];
	buf_clear(head);
	for (;;) {
		size_t before = buf_len(head), got;
		if (!via_peek(t, chunk, sizeof chunk, &got, err))
			return false;
		buf_add(head, chunk, got);
		size_t end = head_end(buf_span(head), before > 2 ? before - 2 : 0);
		if (!via_read(t, chunk, end != SIZE_MAX ? end - before : got, err))
			return false;
		if (end != SIZE_MAX) {
			head->end = head->start + end;
			return true;
		}
		if (buf_len(head) > VIA_HEAD_MAX)
			return via_fail(t, err, "its answer has a head of more than %d bytes",
				VIA_HEAD_MAX);
	}
}

/* "HTTP/1.1 200 Connection established" (RFC 9112 4). reason: what stands behind the code. */
static bool read_status(struct span head, unsigned *status, struct span *reason)
{
	struct span line = span_trim(span_first(head, span_find_byte(head, '\n', 0)), "\r");
	size_t space = span_find_byte(line, ' ', 0);
	if (!span_starts(line, "HTTP/1.") || space == SIZE_MAX)
		return false;
	struct span rest = span_trim(span_from(line, space), " ");
	uint64_t code;
	if (rest.n < 3 || (rest.n > 3 && rest.p[3] != ' ') ||
		!span_u64(span_first(rest, 3), &code) || code < 100)
		return false;
	*status = (unsigned)code;
	*reason = span_trim(span_from(rest, 3), " ");
	return true;
}

static bool read_answer(const struct via_talk *t, struct buf *head, struct err *err)
{
	for (int i = 0; i <= VIA_INTERIM_MAX; i++) {
		unsigned status;
		struct span reason;
		if (!read_head(t, head, err))
			return false;
		if (!read_status(buf_span(head), &status, &reason))
			return via_fail(t, err, "does not speak HTTP/1");
		if (status >= 200 && status < 300) /* RFC 9110 9.3.6: whatever lengths it
						      states, the tunnel begins */
			return true;
		if (status == 407)
			return via_fail(t, err, "%s (status 407)",
				t->via->has_credentials ? "user name or password refused"
							: "wants a user name and password");
		if (status >= 200)
			return via_fail(t, err, "status %u %.*s", status, (int)reason.n,
				(const char *)reason.p);
	}
	return via_fail(t, err, "more than %d interim answers", VIA_INTERIM_MAX);
}

bool via_http(const struct via_talk *talk, const char *host, uint16_t port, struct err *err)
{
	struct via_talk t = *talk;
	struct buf head = {0};
	t.step = "answer to CONNECT";
	bool ok = ask(&t, host, port, err) && read_answer(&t, &head, err);
	buf_fini(&head);
	return ok;
}
