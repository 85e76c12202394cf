/*
 * The invariants that both fuzzers of HTTP/1 heads check. Header only.
 */
#ifndef TESTS_FUZZ_FUZZ_HTTP1_HEAD_H
#define TESTS_FUZZ_FUZZ_HTTP1_HEAD_H

#include "capture/wire/http1.h"
#include "tests/fuzz/fuzz_check.h"

/* method NULL: a request. */
static inline enum http1_scan fuzz_scan(struct span in, const char *method, struct arena *a,
	struct http1_head *head, struct err *err)
{
	*err = (struct err){0};
	return method == NULL ? http1_request_head(in, a, head, err)
			      : http1_response_head(in, span_str(method), a, head, err);
}

static inline bool fuzz_inside(struct span s, struct span all)
{
	return s.p >= all.p && s.p + s.n <= all.p + all.n;
}

/* No line end and no NUL is left in a name or value; reading every byte also shows a sanitizer
 * a span that points nowhere. */
static inline void fuzz_check_text(struct span s)
{
	MUST(s.p != NULL);
	for (size_t i = 0; i < s.n; i++)
		MUST(s.p[i] != '\n' && s.p[i] != 0);
}

static inline void fuzz_check_head(
	struct span in, const struct http1_head *head, const char *method)
{
	MUST(head->raw.p == in.p && head->raw.n > 0 && head->raw.n <= in.n);
	MUST(head->raw.n <= HTTP1_HEAD_MAX && head->raw.p[head->raw.n - 1] == '\n');
	MUST(fuzz_inside(head->start_line, head->raw));
	MUST(head->n_fields <= HTTP1_FIELDS_MAX);
	const uint8_t *at = head->start_line.p + head->start_line.n;
	for (size_t i = 0; i < head->n_fields; i++) {
		const struct http1_field *f = &head->fields[i];
		MUST(fuzz_inside(f->line, head->raw) && f->line.p >= at && f->line.n > 0);
		MUST(f->line.p[f->line.n - 1] == '\n');
		at = f->line.p + f->line.n;
		fuzz_check_text(f->name);
		fuzz_check_text(f->value);
	}
	if (method == NULL) {
		MUST(fuzz_inside(head->method, head->start_line) && head->method.n > 0);
		MUST(fuzz_inside(head->target, head->start_line) && head->target.n > 0);
		MUST(head->status == 0 && head->framing != HTTP1_TO_CLOSE &&
			head->framing != HTTP1_SWITCH);
	} else {
		MUST(head->status >= 100 && head->status <= 999);
		MUST(!head->keep_alive || head->framing != HTTP1_TO_CLOSE);
	}
	MUST(head->framing == HTTP1_LENGTH || head->framing == HTTP1_NO_BODY ||
		head->length == 0);
	MUST(head->oddities >> HTTP1_ODDITY_COUNT == 0);
}

static inline void fuzz_payload(void *ctx, struct span payload)
{
	*(size_t *)ctx += payload.n;
}

/* Whatever follows a head goes to its body. */
static inline void fuzz_check_body(struct span rest, const struct http1_head *head)
{
	struct http1_body body;
	size_t used, payload = 0;
	http1_body_init(&body, head);
	http1_body_feed(&body, rest, &used, fuzz_payload, &payload, NULL);
	MUST(used <= rest.n && payload <= used);
	http1_body_eof(&body, NULL);
	http1_body_fini(&body);
}

/* A head is found only when whole, whatever is behind it; what is refused stays refused; llhttp
 * never objects to our reading. */
static inline void fuzz_head(struct span in, const char *method)
{
	struct arena a = {0}, b = {0};
	struct http1_head head, again;
	struct err err;
	enum http1_scan scan = fuzz_scan(in, method, &a, &head, &err);
	MUST(scan != HTTP1_BAD || (err.kind != ERR_NONE && err.kind != ERR_PARSERS_DISAGREE));
	MUST(scan != HTTP1_MORE || a.total == 0);
	if (scan == HTTP1_HEAD) {
		fuzz_check_head(in, &head, method);
		MUST(fuzz_scan(head.raw, method, &b, &again, &err) == HTTP1_HEAD);
		MUST(again.raw.n == head.raw.n && again.framing == head.framing &&
			again.length == head.length && again.oddities == head.oddities &&
			again.keep_alive == head.keep_alive && again.n_fields == head.n_fields);
		fuzz_check_body(span_from(in, head.raw.n), &head);
	}
	size_t whole = scan == HTTP1_HEAD ? head.raw.n : in.n;
	size_t step = whole / 16 + 1;
	for (size_t n = whole; n-- > 0;) {
		if (n % step != 0 && n + 3 < whole)
			continue;
		enum http1_scan part = fuzz_scan(span_first(in, n), method, &b, &again, &err);
		MUST(scan == HTTP1_BAD ? part != HTTP1_HEAD : part == HTTP1_MORE);
	}
	arena_fini(&a);
	arena_fini(&b);
}

#endif
