/* The host of random sessions in HTTP/1.1. */
#include "tests/kit/session_link.h"

#include <stdio.h>

enum { CHUNK_MAX = 9000 };

static bool read_to(struct session_link *l, const char *mark)
{
	while (span_find(buf_span(&l->at->in), span_str(mark), 0) == SIZE_MAX)
		if (!two_doors_pull(l->at))
			return false;
	return true;
}

static bool span_ends(struct span s, const char *end)
{
	size_t n = strlen(end);
	return s.n >= n && span_is(span_from(s, s.n - n), end);
}

static bool push_text(struct session_link *l, const char *text)
{
	return two_doors_push(l->at, span_str(text));
}

/* Is it the request that is expected, with the lines that were sent? */
static bool check(struct session_link *l, const struct random_step *st, struct span head)
{
	char start[600], text[1200];
	struct buf lines = {0};
	snprintf(start, sizeof start, "%s %s HTTP/1.1\r\n", st->method, st->target);
	random_lines(&st->req, false, &lines);
	bool same =
		span_starts(head, start) && span_find(head, buf_span(&lines), 0) != SIZE_MAX;
	buf_fini(&lines);
	if (!same) {
		text_escape(head, text, sizeof text);
		session_link_trouble(l, "not %s %s came but %s", st->method, st->target, text);
	}
	return same;
}

static bool read_request(struct session_link *l, const struct random_step *st)
{
	buf_consume(&l->at->in, span_find(buf_span(&l->at->in), span_str("\r\n\r\n"), 0) + 4);
	if (st->expect && !push_text(l, "HTTP/1.1 100 Continue\r\n\r\n"))
		return false;
	if (st->req_chunked) {
		while (!span_ends(buf_span(&l->at->in), "\r\n0\r\n\r\n"))
			if (!two_doors_pull(l->at))
				return false;
		buf_clear(&l->at->in);
		return true;
	}
	while (buf_len(&l->at->in) < st->body.n)
		if (!two_doors_pull(l->at))
			return false;
	if (!span_eq(span_first(buf_span(&l->at->in), st->body.n), st->body))
		session_link_trouble(
			l, "the body of %s %s came otherwise", st->method, st->target);
	buf_consume(&l->at->in, st->body.n);
	return true;
}

static bool say_heads(struct session_link *l, const struct random_step *st)
{
	struct buf out = {0};
	for (size_t i = 0; i < st->n_interims; i++)
		random_head(st, i, false, &out);
	random_head(st, SIZE_MAX, false, &out);
	bool sent = two_doors_push(l->at, buf_span(&out));
	buf_fini(&out);
	return sent;
}

/* In chunks whose sizes follow from where they stand. */
static bool say_chunks(struct session_link *l, const struct random_step *st)
{
	struct buf out = {0};
	for (size_t at = 0; at < st->sent;) {
		size_t n = 1 + (at * 7 + st->sent) % CHUNK_MAX;
		struct span piece = span_first(span_from(st->res_body, at), n);
		piece = span_first(piece, st->sent - at);
		buf_addf(&out, "%zx\r\n", piece.n);
		buf_add_span(&out, piece);
		buf_add_str(&out, "\r\n");
		at += piece.n;
	}
	if (st->end == RANDOM_WHOLE) {
		buf_add_str(&out, "0\r\n");
		random_lines(&st->trailers, false, &out);
		buf_add_str(&out, "\r\n");
	}
	bool sent = two_doors_push(l->at, buf_span(&out));
	buf_fini(&out);
	return sent;
}

static bool says_close(const struct random_step *st)
{
	for (size_t i = 0; i < st->res.n; i++)
		if (span_is_nocase(span_str(st->res.of[i].name), "connection"))
			return true;
	return st->framing == RANDOM_TO_CLOSE;
}

/* True: the connection goes on. */
static bool answer(struct session_link *l, const struct random_step *st)
{
	bool sent = st->end == RANDOM_SILENT || say_heads(l, st);
	if (sent && st->framing == RANDOM_CHUNKED && st->end != RANDOM_SILENT)
		sent = say_chunks(l, st);
	else if (sent)
		sent = two_doors_push(l->at, span_first(st->res_body, st->sent));
	if (!sent) {
		session_link_trouble(l, "an answer to %s was not taken", st->target);
		return false;
	}
	if (st->end == RANDOM_CUT || st->end == RANDOM_RESET)
		session_link_await(l, st->sent);
	switch (st->end) {
	case RANDOM_WHOLE:
		if (!says_close(st))
			return true;
		session_link_end(l);
		break;
	case RANDOM_SILENT: session_link_end(l); break;
	case RANDOM_CUT: session_link_cut(l); break;
	case RANDOM_RESET: session_link_reset(l); break;
	}
	return false;
}

void session_link_http1(struct session_link *l)
{
	while (read_to(l, "\r\n\r\n")) {
		const struct random_step *st = session_link_step(l);
		size_t head = span_find(buf_span(&l->at->in), span_str("\r\n\r\n"), 0) + 4;
		if (st == NULL || !check(l, st, span_first(buf_span(&l->at->in), head)) ||
			!read_request(l, st) || !answer(l, st))
			return;
	}
}
