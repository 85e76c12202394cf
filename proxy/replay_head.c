#include "proxy/replay_head.h"
#include "capture/wire/http1.h"
#include "store/derive/fields.h"

#include <stdio.h>

void replay_body_seen_init(struct replay_body_seen *b)
{
	*b = (struct replay_body_seen){0};
}

void replay_body_seen_fini(struct replay_body_seen *b)
{
	buf_fini(&b->first);
	*b = (struct replay_body_seen){0};
}

void replay_body_seen_add(void *ctx, struct span bytes)
{
	struct replay_body_seen *b = ctx;
	size_t room = REPLAY_BODY_KEPT - buf_len(&b->first);
	if (b->size == 0)
		sha256_init(&b->hash);
	buf_add_span(&b->first, span_first(bytes, room));
	sha256_add(&b->hash, bytes.p, bytes.n);
	b->size += bytes.n;
}

void replay_body_seen_ask(struct replay_body_seen *b, struct arena *a, struct replay_ask *out)
{
	if (b->size == 0)
		return;
	sha256_peek(&b->hash, b->digest);
	out->body = arena_copy(a, buf_span(&b->first));
	out->body_size = b->size;
	out->body_sha256 = arena_copy(a, span_of(b->digest, SHA256_LEN)).p;
}

/* RFC 9112 15.1: the phrase means nothing; HTTP/2 has none. */
static void start(int64_t status, struct buf *out)
{
	buf_addf(out, "HTTP/1.1 %lld \r\n", (long long)status);
}

/* The lines of an HTTP/2 head that HTTP/1 has too. True: a Content-Length is among them. */
static bool add_lines(struct span lines, struct arena *a, struct buf *out)
{
	struct model_field *fields;
	bool has_length = false;
	size_t n = fields_parse(a, SPAN_NONE, lines, &fields);
	for (size_t i = 0; i < n; i++) {
		if (fields[i].name.n == 0 || fields[i].name.p[0] == ':')
			continue;
		has_length |= span_is_nocase(fields[i].name, "content-length");
		buf_add_span(out, fields[i].name);
		buf_add_str(out, ": ");
		buf_add_span(out, fields[i].value);
		buf_add_str(out, "\r\n");
	}
	return has_length;
}

struct span replay_head_http1(
	const struct replay_answer *answer, struct span method, struct arena *a)
{
	const struct fact_response *f = &answer->x.response;
	struct buf out = {0};
	if (f->head.p != NULL)
		return f->head;
	start(f->status, &out);
	bool has_length = add_lines(f->fields, a, &out);
	bool none = f->status == 204 || f->status == 304 || span_is(method, "HEAD");
	if (!has_length && !none)
		buf_add_str(&out, "Transfer-Encoding: chunked\r\n");
	buf_add_str(&out, "\r\n");
	struct span head = arena_copy(a, buf_span(&out));
	buf_fini(&out);
	return head;
}

static bool is_one_head(struct span raw, struct span method, int64_t status, struct arena *a,
	struct http1_head *head)
{
	struct err ignored = {0};
	return http1_response_head_once(raw, method, a, head, &ignored) == HTTP1_HEAD &&
	       head->raw.n == raw.n && head->status == status;
}

void replay_head_http1_interim(const struct fact_interim *f, struct buf *out)
{
	struct arena a = {0};
	struct http1_head head;
	struct buf made = {0};
	struct span raw = f->head;
	if (raw.p == NULL) {
		start(f->status, &made);
		add_lines(f->fields, &a, &made);
		buf_add_str(&made, "\r\n");
		raw = buf_span(&made);
	}
	bool interim = f->status / 100 == 1 && f->status != 101;
	if (interim && is_one_head(raw, span_str("GET"), f->status, &a, &head))
		buf_add_span(out, raw);
	buf_fini(&made);
	arena_fini(&a);
}

bool replay_head_sound(const struct fact_response *f, struct span method, struct arena *a,
	const struct http1_head **read)
{
	struct model_field *fields;
	*read = NULL;
	char status[32];
	if (f->status < 101 || f->status > 999 || (f->status > 101 && f->status < 200))
		return false;
	if (f->head.p != NULL) {
		struct http1_head *head = arena_alloc(a, sizeof *head);
		*read = head;
		return is_one_head(f->head, method, f->status, a, head);
	}
	snprintf(status, sizeof status, "%lld", (long long)f->status);
	size_t n = fields_parse(a, SPAN_NONE, f->fields, &fields);
	return span_is(fields_value(fields, n, ":status"), status);
}

bool replay_trailers_sound(struct span lines)
{
	while (lines.n > 0) {
		size_t eol = span_find_byte(lines, '\n', 0);
		if (eol == SIZE_MAX || eol == 0 || (eol == 1 && lines.p[0] == '\r'))
			return false;
		lines = span_from(lines, eol + 1);
	}
	return true;
}
