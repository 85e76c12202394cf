#include "tests/kit/session_client.h"
#include "tests/kit/session_transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SETTLED_MS = 20000 };

void session_client_start(struct session_client *c, unsigned port, const char *cacert,
	struct session_origin *origin)
{
	*c = (struct session_client){.port = port, .cacert = cacert, .origin = origin};
}

static bool is_two(const struct random_session *s, const struct random_step *st)
{
	return s->h2 && st->secure && !st->down;
}

static void leave(struct session_client *c, bool secure)
{
	if (!c->open[secure])
		return;
	c->open[secure] = false;
	if (secure && c->stream != 0)
		h2_raw_close(&c->two);
	else
		raw_close(&c->links[secure]);
	if (secure)
		c->stream = 0;
}

void session_client_leave(struct session_client *c)
{
	leave(c, false);
	leave(c, true);
}

static void enter(
	struct session_client *c, const struct random_session *s, const struct random_step *st)
{
	char authority[64];
	if (st->fresh)
		leave(c, st->secure);
	if (c->open[st->secure])
		return;
	c->open[st->secure] = true;
	if (is_two(s, st)) {
		c->stream = 1;
		h2_raw_connect(&c->two, c->port, s->host, "h2,http/1.1", c->cacert);
		h2_raw_hello(&c->two, NULL, 0);
		return;
	}
	struct raw_client *link = &c->links[st->secure];
	raw_open(link, c->port);
	if (!st->secure)
		return;
	snprintf(authority, sizeof authority, "%s:443", random_host(s, st));
	raw_connect(link, authority);
	raw_tls(link, random_host(s, st), c->cacert);
}

/* An answer on its way in. */
struct taking {
	struct session_client *client;
	struct raw_client *link; /* HTTP/1 */
	struct buf *out;
	size_t payload;
};

/* The host waits for this where it breaks off, so that nothing is overtaken by the end. */
static void seen(struct taking *t, size_t more)
{
	t->payload += more;
	if (t->client->origin != NULL)
		session_origin_seen(t->client->origin, t->payload);
}

/* ---- HTTP/1 ---- */

static void send_head(
	const struct random_session *s, const struct random_step *st, struct buf *out)
{
	buf_addf(out, "%s %s%s%s HTTP/1.1\r\nHost: %s\r\n", st->method,
		st->secure ? "" : "http://", st->secure ? "" : random_host(s, st), st->target,
		random_host(s, st));
	random_lines(&st->req, false, out);
	buf_add_str(out, "\r\n");
}

static void send_body(const struct random_step *st, struct buf *out)
{
	size_t half = st->body.n / 2;
	if (!st->req_chunked) {
		buf_add_span(out, st->body);
		return;
	}
	if (half > 0) {
		buf_addf(out, "%zx\r\n", half);
		buf_add_span(out, span_first(st->body, half));
		buf_add_str(out, "\r\n");
	}
	buf_addf(out, "%zx\r\n", st->body.n - half);
	buf_add_span(out, span_from(st->body, half));
	buf_add_str(out, "\r\n0\r\n\r\n");
}

/* The end came before the answer was whole. */
static bool broke_off(struct taking *t)
{
	if (!t->link->eof && !t->link->reset)
		fail_msg(
			"nothing came in time, after %zu bytes of the answer", buf_len(t->out));
	transcript_end(t->out, t->link->eof ? "ended" : "broken");
	return false;
}

/* False: the connection is over, and the transcript too. */
static bool take_bytes(struct taking *t, size_t n)
{
	while (n > 0) {
		if (buf_len(&t->link->in) == 0 && !raw_more(t->link))
			return broke_off(t);
		struct span in = span_first(buf_span(&t->link->in), n);
		buf_add_span(t->out, in);
		seen(t, in.n);
		n -= in.n;
		buf_consume(&t->link->in, in.n);
	}
	return true;
}

/* Through the line's end. */
static bool take_line(struct taking *t, struct buf *line)
{
	size_t at;
	buf_clear(line);
	while ((at = span_find(buf_span(&t->link->in), span_str("\r\n"), 0)) == SIZE_MAX)
		if (!raw_more(t->link))
			return broke_off(t);
	buf_add_span(line, span_first(buf_span(&t->link->in), at + 2));
	buf_consume(&t->link->in, at + 2);
	return true;
}

static bool take_trailers(struct taking *t, struct buf *line)
{
	buf_add_str(t->out, TRANSCRIPT_TRAILERS);
	for (;;) {
		if (!take_line(t, line))
			return false;
		if (buf_len(line) == 2)
			return true;
		buf_add_span(t->out, buf_span(line));
	}
}

/* How the chunks were cut is not part of the transcript. */
static bool take_chunks(struct taking *t)
{
	struct buf line = {0};
	bool fine = true;
	for (size_t n = 1; fine && n > 0;) {
		fine = take_line(t, &line);
		if (!fine)
			break;
		buf_add_byte(&line, 0);
		n = strtoul((const char *)buf_span(&line).p, NULL, 16);
		if (n > 0)
			fine = take_bytes(t, n) && take_line(t, &line);
		else
			fine = take_trailers(t, &line);
	}
	buf_fini(&line);
	return fine;
}

/* The value of a field; absent: there is none. */
static struct span field(const char *head, const char *name)
{
	struct span all = span_str(head);
	for (size_t at = span_find(all, span_str("\r\n"), 0) + 2; at < all.n;) {
		size_t end = span_find(all, span_str("\r\n"), at);
		struct span line = span_first(span_from(all, at), end - at);
		size_t colon = span_find_byte(line, ':', 0);
		if (colon != SIZE_MAX && span_is_nocase(span_first(line, colon), name)) {
			struct span value = span_from(line, colon + 1);
			while (value.n > 0 && value.p[0] == ' ')
				value = span_from(value, 1);
			return value;
		}
		at = end + 2;
	}
	return SPAN_NONE;
}

/* To the end of the connection. */
static bool take_rest(struct taking *t)
{
	struct buf *in = &t->link->in;
	do {
		seen(t, buf_len(in));
		buf_add_span(t->out, buf_span(in));
		buf_clear(in);
	} while (raw_more(t->link));
	return broke_off(t);
}

/* True: the connection goes on. */
static bool take_body(struct taking *t, const struct random_step *st, const char *head)
{
	int status = atoi(head + 9);
	struct span length = field(head, "content-length");
	bool goes_on = field(head, "connection").p == NULL, fine = true;
	buf_add_str(t->out, head);
	buf_add_str(t->out, TRANSCRIPT_BODY);
	/* The next head overwrites this one. */
	size_t n = length.p != NULL ? strtoul((const char *)length.p, NULL, 10) : 0;
	bool chunked = field(head, "transfer-encoding").p != NULL;
	seen(t, 0);
	if (status == 204 || status == 304 || strcmp(st->method, "HEAD") == 0)
		fine = true;
	else if (chunked)
		fine = take_chunks(t);
	else if (length.p != NULL)
		fine = take_bytes(t, n);
	else
		return take_rest(t);
	if (fine)
		transcript_end(t->out, "whole");
	return fine && goes_on;
}

static bool is_interim(const char *head)
{
	return head[9] == '1';
}

static void ask_one(struct session_client *c, const struct random_session *s,
	const struct random_step *st, struct buf *out)
{
	struct raw_client *link = &c->links[st->secure];
	struct taking t = {c, link, out, 0};
	struct buf bytes = {0};
	const char *head = NULL;
	bool continued = false;
	send_head(s, st, &bytes);
	if (st->expect) {
		raw_send_bytes(link, buf_span(&bytes).p, buf_len(&bytes));
		buf_clear(&bytes);
		head = raw_try_head(link);
		continued = head != NULL && is_interim(head);
		if (continued)
			buf_add_str(out, head);
	}
	if (!st->expect || continued) {
		send_body(st, &bytes);
		raw_send_bytes(link, buf_span(&bytes).p, buf_len(&bytes));
		while ((head = raw_try_head(link)) != NULL && is_interim(head))
			buf_add_str(out, head);
	}
	buf_fini(&bytes);
	if (head == NULL)
		broke_off(&t);
	if (head == NULL || !take_body(&t, st, head))
		leave(c, st->secure);
}

/* ---- HTTP/2 ---- */

/* False: the stream is over, and the transcript too. */
static bool take_frame(struct taking *t, uint32_t stream, bool *body)
{
	struct session_client *c = t->client;
	struct buf *out = t->out;
	const struct h2_got *g = h2_raw_next(&c->two, SETTLED_MS);
	if (g == NULL) {
		if (!c->two.eof && !c->two.reset)
			fail_msg("nothing came in time: %s", h2_raw_log(&c->two));
		transcript_end(out, c->two.eof ? "ended" : "broken");
		leave(c, true);
		return false;
	}
	if (g->type == H2_GOAWAY)
		buf_addf(out, "[goaway %u]\n", g->code);
	if (g->stream != stream)
		return true;
	if (g->type == H2_HEADERS) {
		buf_add_str(out, *body ? TRANSCRIPT_TRAILERS : "");
		buf_add_str(out, g->fields);
		/* The empty line. */
		buf_add_str(out, *body ? "" : "\n");
		if (!*body && strncmp(g->fields, ":status: 1", 10) != 0) {
			*body = true;
			buf_add_str(out, TRANSCRIPT_BODY);
			seen(t, 0);
		}
	} else if (g->type == H2_DATA) {
		buf_add_span(out, g->payload);
		seen(t, g->payload.n);
	} else if (g->type == H2_RST_STREAM) {
		char end[32];
		snprintf(end, sizeof end, "code %u", g->code);
		transcript_end(out, end);
		return false;
	}
	bool over = (g->type == H2_HEADERS || g->type == H2_DATA) && (g->flags & H2_END_STREAM);
	uint32_t taken = g->type == H2_DATA ? (uint32_t)g->window : 0;
	if (taken > 0) {
		h2_raw_window(&c->two, 0, taken);
		if (!over)
			h2_raw_window(&c->two, stream, taken);
	}
	if (over)
		transcript_end(out, "whole");
	return !over;
}

static void ask_two(struct session_client *c, const struct random_session *s,
	const struct random_step *st, struct buf *out)
{
	struct buf lines = {0};
	uint32_t stream = c->stream;
	bool body = false;
	struct taking t = {c, NULL, out, 0};
	c->stream += 2;
	buf_addf(&lines, ":method: %s\n:scheme: https\n:authority: %s\n:path: %s\n", st->method,
		s->host, st->target);
	random_lines(&st->req, true, &lines);
	char *text = buf_take_str(&lines);
	h2_raw_head(&c->two, st->body.n > 0 ? 0 : H2_END_STREAM, stream, text);
	free(text);
	if (st->body.n > 0)
		h2_raw_frame(&c->two, H2_DATA, H2_END_STREAM, stream, st->body.p, st->body.n);
	while (take_frame(&t, stream, &body))
		;
	/* The origin's connection is gone: the stream's end is the first that is heard of it.
	 */
	if (st->end == RANDOM_CUT && c->open[true]) {
		if (!h2_raw_gone_within(&c->two, SETTLED_MS))
			fail_msg("the connection does not end: %s", h2_raw_log(&c->two));
		transcript_end(out, c->two.eof ? "ended" : "broken");
		leave(c, true);
	}
}

void session_client_ask(struct session_client *c, const struct random_session *s,
	const struct random_step *st, struct buf *transcript)
{
	enter(c, s, st);
	if (is_two(s, st))
		ask_two(c, s, st, transcript);
	else
		ask_one(c, s, st, transcript);
	if (st->down)
		leave(c, st->secure);
}

/* ---- as it was sent ---- */

bool session_transcript(
	const struct random_session *s, const struct random_step *st, struct buf *out)
{
	bool two = is_two(s, st);
	if (st->end == RANDOM_SILENT)
		return false;
	if (st->expect)
		buf_add_str(out, "HTTP/1.1 100 Continue\r\n\r\n");
	for (size_t i = 0; i < st->n_interims; i++) {
		random_head(st, i, two, out);
		buf_add_str(out, two ? "\n" : "");
	}
	random_head(st, SIZE_MAX, two, out);
	buf_add_str(out, two ? "\n" TRANSCRIPT_BODY : TRANSCRIPT_BODY);
	buf_add_span(out, span_first(st->res_body, st->sent));
	if (st->end != RANDOM_WHOLE)
		return true;
	if (st->framing == RANDOM_CHUNKED && (!two || st->trailers.n > 0)) {
		buf_add_str(out, TRANSCRIPT_TRAILERS);
		random_lines(&st->trailers, two, out);
	}
	transcript_end(out, st->framing == RANDOM_TO_CLOSE ? "ended" : "whole");
	return true;
}
