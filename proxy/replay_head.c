#include "proxy/replay_head.h"
#include "store/derive/fields.h"

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

void replay_head_http1_interim(const struct fact_interim *f, struct buf *out)
{
	struct arena a = {0};
	if (f->head.p != NULL) {
		buf_add_span(out, f->head);
		return;
	}
	start(f->status, out);
	add_lines(f->fields, &a, out);
	buf_add_str(out, "\r\n");
	arena_fini(&a);
}
