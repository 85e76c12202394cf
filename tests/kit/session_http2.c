/* The host of random sessions in HTTP/2: one request after the other, through libnghttp2. */
#include "tests/kit/session_link.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = RANDOM_FIELDS_MAX + 1 };

struct serving {
	struct session_link *link;
	nghttp2_session *session;
	const struct random_step *st; /* being answered */
	int32_t stream;
	char method[16], target[600];
	struct buf body; /* of the request */
	size_t sent;
	bool breaks_off; /* all that is to be sent is on its way */
};

/* "name: value\n" lines as nghttp2 wants them; they point into text. */
static size_t lines_of(struct span text, nghttp2_nv *out)
{
	size_t n = 0;
	while (text.n > 0 && n < LINES_MAX) {
		size_t end = span_find_byte(text, '\n', 0);
		size_t colon = span_find_byte(text, ':', 1);
		out[n++] = (nghttp2_nv){(uint8_t *)(uintptr_t)text.p,
			(uint8_t *)(uintptr_t)(text.p + colon + 2), colon, end - colon - 2,
			NGHTTP2_NV_FLAG_NONE};
		text = span_from(text, end + 1);
	}
	return n;
}

static void say_trailers(struct serving *s)
{
	struct buf text = {0};
	nghttp2_nv nv[LINES_MAX];
	random_lines(&s->st->trailers, true, &text);
	nghttp2_submit_trailer(s->session, s->stream, nv, lines_of(buf_span(&text), nv));
	buf_fini(&text);
}

static ssize_t give_body(nghttp2_session *session, int32_t stream, uint8_t *out, size_t room,
	uint32_t *flags, nghttp2_data_source *source, void *self)
{
	struct serving *s = self;
	const struct random_step *st = s->st;
	size_t n = st->sent - s->sent < room ? st->sent - s->sent : room;
	(void)source, (void)session, (void)stream;
	if (n > 0)
		memcpy(out, st->res_body.p + s->sent, n);
	s->sent += n;
	s->breaks_off = n == 0 && st->end != RANDOM_WHOLE;
	if (s->breaks_off)
		return NGHTTP2_ERR_DEFERRED;
	if (s->sent == st->sent && st->end == RANDOM_WHOLE) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		if (st->trailers.n > 0) {
			*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
			say_trailers(s);
		}
	}
	return (ssize_t)n;
}

static int answer(struct serving *s)
{
	const struct random_step *st = s->st;
	struct buf text = {0};
	nghttp2_nv nv[LINES_MAX];
	nghttp2_data_provider data = {.read_callback = give_body};
	s->sent = 0;
	if (st->end == RANDOM_SILENT)
		return nghttp2_submit_rst_stream(
			s->session, NGHTTP2_FLAG_NONE, s->stream, NGHTTP2_REFUSED_STREAM);
	for (size_t i = 0; i < st->n_interims; i++) {
		buf_clear(&text);
		random_head(st, i, true, &text);
		nghttp2_submit_headers(s->session, NGHTTP2_FLAG_NONE, s->stream, NULL, nv,
			lines_of(buf_span(&text), nv), NULL);
	}
	buf_clear(&text);
	random_head(st, SIZE_MAX, true, &text);
	int rc = nghttp2_submit_response(s->session, s->stream, nv,
		lines_of(buf_span(&text), nv), st->framing == RANDOM_NO_BODY ? NULL : &data);
	buf_fini(&text);
	return rc;
}

static int on_field(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
	size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *self)
{
	struct serving *s = self;
	struct span n = span_of(name, name_len), v = span_of(value, value_len);
	(void)session, (void)frame, (void)flags;
	if (span_is(n, ":method"))
		text_escape(v, s->method, sizeof s->method);
	if (span_is(n, ":path"))
		text_escape(v, s->target, sizeof s->target);
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *p,
	size_t n, void *self)
{
	(void)session, (void)flags, (void)stream;
	buf_add(&((struct serving *)self)->body, p, n);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *self)
{
	struct serving *s = self;
	(void)session;
	if ((frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) ||
		(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
		return 0;
	s->st = session_link_step(s->link);
	s->stream = frame->hd.stream_id;
	if (s->st == NULL)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	if (strcmp(s->method, s->st->method) != 0 || strcmp(s->target, s->st->target) != 0)
		session_link_trouble(s->link, "not %s %s came but %s %s", s->st->method,
			s->st->target, s->method, s->target);
	if (!span_eq(buf_span(&s->body), s->st->body) && s->st->body.p != NULL)
		session_link_trouble(s->link, "the body of %s came otherwise", s->st->target);
	buf_clear(&s->body);
	return answer(s);
}

static bool send_all(struct serving *s)
{
	for (;;) {
		const uint8_t *out;
		ssize_t n = nghttp2_session_mem_send(s->session, &out);
		if (n <= 0)
			return n == 0;
		if (!two_doors_push(s->link->at, span_of(out, (size_t)n)))
			return false;
	}
}

/* False: with the connection. */
static bool break_off(struct serving *s)
{
	session_link_await(s->link, s->st->sent);
	s->breaks_off = false;
	if (s->st->end == RANDOM_CUT)
		return false;
	nghttp2_submit_rst_stream(
		s->session, NGHTTP2_FLAG_NONE, s->stream, NGHTTP2_ENHANCE_YOUR_CALM);
	return send_all(s);
}

static void talk(struct serving *s)
{
	struct session_link *l = s->link;
	bool lost = false;
	while (send_all(s) && !(lost = s->breaks_off && !break_off(s)) &&
		(nghttp2_session_want_read(s->session) ||
			nghttp2_session_want_write(s->session)) &&
		two_doors_pull(l->at)) {
		struct span in = buf_span(&l->at->in);
		if (nghttp2_session_mem_recv(s->session, in.p, in.n) < 0)
			return;
		buf_clear(&l->at->in);
	}
	if (lost)
		session_link_cut(l);
	else
		session_link_end(l);
}

void session_link_http2(struct session_link *l)
{
	struct serving s = {.link = l};
	nghttp2_session_callbacks *calls;
	if (nghttp2_session_callbacks_new(&calls) != 0)
		abort();
	nghttp2_session_callbacks_set_on_header_callback(calls, on_field);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
	if (nghttp2_session_server_new(&s.session, calls, &s) != 0)
		abort();
	nghttp2_session_callbacks_del(calls);
	nghttp2_submit_settings(s.session, NGHTTP2_FLAG_NONE, NULL, 0);
	talk(&s);
	nghttp2_session_del(s.session);
	buf_fini(&s.body);
}
