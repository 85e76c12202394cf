/* What nghttp2 calls while it reads and writes: library's words into a session's events. */
#include "proxy/h2_session_inner.h"

#include <pthread.h>
#include <stdlib.h>

static nghttp2_session_callbacks *callbacks;

/* ---- frames for the record ---- */

static uint8_t *add_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
	return p + 4;
}

/* RST_STREAM and GOAWAY as they passed, written anew from the library's view of them. */
static void tell_frame(struct h2_session *s, const nghttp2_frame *f, bool ours)
{
	uint8_t payload[H2_FRAME_PAYLOAD_MAX], *end = payload;
	struct h2_seen seen = {.type = f->hd.type,
		.flags = f->hd.flags,
		.stream = (uint32_t)f->hd.stream_id,
		.len = (uint32_t)f->hd.length};
	if (f->hd.type == NGHTTP2_RST_STREAM) {
		end = add_u32(end, f->rst_stream.error_code);
	} else {
		struct span debug = span_of(f->goaway.opaque_data, f->goaway.opaque_data_len);
		end = add_u32(end, (uint32_t)f->goaway.last_stream_id);
		end = add_u32(end, f->goaway.error_code);
		debug = span_first(debug, sizeof payload - 8);
		if (debug.n > 0)
			memcpy(end, debug.p, debug.n);
		end += debug.n;
	}
	seen.payload = span_of(payload, (size_t)(end - payload));
	s->events->frame(s->ctx, &seen,
		nghttp2_session_get_stream_user_data(s->ng, f->hd.stream_id), ours);
}

/* RFC 9113 5.1.1: numbers only grow. The library takes one that was left out for an old stream,
 * and says nothing. */
static void check_number(struct h2_session *s, uint32_t stream)
{
	struct err err = {0};
	if (stream > s->last_opened) {
		if (stream > s->last_opened + 2 && s->n_skipped < H2_SKIPS_MAX) {
			s->skipped[s->n_skipped].from = s->last_opened + 1;
			s->skipped[s->n_skipped++].to = stream - 1;
		}
		s->last_opened = stream;
		return;
	}
	for (size_t i = 0; i < s->n_skipped; i++) {
		if (stream < s->skipped[i].from || stream > s->skipped[i].to)
			continue;
		err_set(&err, ERR_H2_PROTOCOL, "stream %u was opened behind stream %u", stream,
			s->last_opened);
		h2_session_terminate(s, H2_PROTOCOL_ERROR, &err);
		return;
	}
}

void h2_session_watched(void *self, const struct h2_seen *frame)
{
	struct h2_session *s = self;
	if (frame->type == H2_HEADERS) {
		if (s->server && frame->stream % 2 == 1)
			check_number(s, frame->stream);
		return;
	}
	/* The library tells those with their stream. */
	if (frame->type == H2_RST_STREAM || frame->type == H2_GOAWAY)
		return;
	s->events->frame(s->ctx, frame, NULL, false);
}

/* ---- what the library calls ---- */

static int on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *self)
{
	struct h2_session *s = self;
	(void)ng, (void)frame;
	h2_fields_clear(&s->fields);
	return 0;
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name,
	size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *self)
{
	struct h2_session *s = self;
	(void)ng, (void)frame;
	h2_fields_add(&s->fields, span_of(name, name_len), span_of(value, value_len),
		(flags & NGHTTP2_NV_FLAG_NO_INDEX) != 0);
	if (s->fields.list_size <= H2_LIST_BOMB)
		return 0;
	struct err err = {0};
	err_set(&err, ERR_LIMIT, "HTTP/2: a field list of more than %d bytes", H2_LIST_BOMB);
	h2_session_terminate(s, H2_ENHANCE_YOUR_CALM, &err);
	return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_frame_recv(nghttp2_session *ng, const nghttp2_frame *frame, void *self)
{
	struct h2_session *s = self;
	int32_t id = frame->hd.stream_id;
	bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
	if (s->over)
		return 0;
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		s->events->head(s->ctx, id, nghttp2_session_get_stream_user_data(ng, id),
			&s->fields, end);
		break;
	case NGHTTP2_DATA:
		if (end)
			s->events->end(
				s->ctx, id, nghttp2_session_get_stream_user_data(ng, id));
		break;
	case NGHTTP2_SETTINGS:
		if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
			s->has_settings = true;
			s->events->settings(s->ctx);
		}
		break;
	case NGHTTP2_PUSH_PROMISE: {
		/* RFC 9113 8.4: we have said that we take none; the library knows once that is
		 * acknowledged. */
		struct err err = {0};
		err_set(&err, ERR_H2_PROTOCOL, "a pushed stream");
		h2_session_terminate(s, H2_PROTOCOL_ERROR, &err);
		break;
	}
	case NGHTTP2_RST_STREAM:
		tell_frame(s, frame, false);
		s->reset_by_peer = id;
		break;
	case NGHTTP2_GOAWAY:
		tell_frame(s, frame, false);
		s->goaway_last = frame->goaway.last_stream_id;
		s->events->goaway(
			s->ctx, frame->goaway.error_code, frame->goaway.last_stream_id);
		break;
	default: break;
	}
	return 0;
}

static int on_data(
	nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *p, size_t n, void *self)
{
	struct h2_session *s = self;
	void *user = nghttp2_session_get_stream_user_data(ng, id);
	(void)flags;
	if (user == NULL || s->over)
		nghttp2_session_consume(ng, id, n); /* nobody wants it: it needs no room */
	else
		s->events->data(s->ctx, id, user, span_of(p, n));
	return 0;
}

static int on_stream_close(nghttp2_session *ng, int32_t id, uint32_t code, void *self)
{
	struct h2_session *s = self;
	void *user = nghttp2_session_get_stream_user_data(ng, id);
	bool by_peer = s->reset_by_peer == id || (s->goaway_last >= 0 && id > s->goaway_last);
	s->reset_by_peer = 0;
	if (user != NULL)
		s->events->closed(s->ctx, id, user, code, by_peer);
	return 0;
}

static int on_frame_send(nghttp2_session *ng, const nghttp2_frame *frame, void *self)
{
	struct h2_session *s = self;
	int32_t id = frame->hd.stream_id;
	struct err err = {0};
	switch (frame->hd.type) {
	case NGHTTP2_DATA:
	case NGHTTP2_HEADERS: {
		void *user = nghttp2_session_get_stream_user_data(ng, id);
		if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 && user != NULL)
			s->events->sent(s->ctx, user, 0, true);
		break;
	}
	case NGHTTP2_RST_STREAM:
		tell_frame(s, frame, true);
		/* Also those that a peer provokes by breaking rules. */
		if (frame->rst_stream.error_code != NGHTTP2_NO_ERROR &&
			frame->rst_stream.error_code != NGHTTP2_CANCEL &&
			!h2_watch_count(&s->watch, H2_FLOOD_PROVOKED, s->now_us, &err))
			h2_session_terminate(s, H2_ENHANCE_YOUR_CALM, &err);
		break;
	case NGHTTP2_GOAWAY:
		tell_frame(s, frame, true);
		s->goaway_ours = true;
		if (frame->goaway.error_code != NGHTTP2_NO_ERROR && s->err.kind == ERR_NONE)
			err_set(&s->err, ERR_H2_PROTOCOL, "%s: %.*s",
				h2_code_name(frame->goaway.error_code),
				(int)frame->goaway.opaque_data_len,
				(const char *)frame->goaway.opaque_data);
		break;
	default: break;
	}
	return 0;
}

/* A request of ours that never left: it was cancelled while it waited, or the peer takes no
 * more. Its stream was never opened, so nothing else tells of its end. */
static int on_frame_not_send(
	nghttp2_session *ng, const nghttp2_frame *frame, int why, void *self)
{
	struct h2_session *s = self;
	(void)ng, (void)why;
	if (!s->server && frame->hd.type == NGHTTP2_HEADERS &&
		frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		s->events->closed(
			s->ctx, frame->hd.stream_id, NULL, NGHTTP2_REFUSED_STREAM, false);
	return 0;
}

ssize_t h2_session_read(nghttp2_session *ng, int32_t id, uint8_t *p, size_t max,
	uint32_t *flags, nghttp2_data_source *source, void *self)
{
	struct h2_session *s = self;
	void *user = nghttp2_session_get_stream_user_data(ng, id);
	struct h2_out *out = user != NULL ? s->events->out(s->ctx, user) : NULL;
	(void)p, (void)source;
	if (out == NULL)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	size_t have = buf_len(&out->bytes), n = have < max ? have : max;
	if (n == 0 && !out->ended) {
		out->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	if (n > 0)
		*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if (n == have && out->ended) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		if (out->trailers != NULL) {
			*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
			nghttp2_nv *nvs = h2_session_nvs(s, out->trailers);
			if (nghttp2_submit_trailer(ng, id, nvs, out->trailers->n_fields) != 0)
				return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
		}
	}
	return (ssize_t)n;
}

static int on_send_data(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head,
	size_t n, nghttp2_data_source *source, void *self)
{
	struct h2_session *s = self;
	void *user = nghttp2_session_get_stream_user_data(ng, frame->hd.stream_id);
	struct h2_out *out = user != NULL ? s->events->out(s->ctx, user) : NULL;
	(void)source;
	if (out == NULL || buf_len(&out->bytes) < n)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	buf_add(&s->leg->out, head, H2_FRAME_HEAD);
	buf_add_span(&s->leg->out, span_first(buf_span(&out->bytes), n));
	buf_consume(&out->bytes, n);
	s->events->sent(s->ctx, user, n, false);
	return 0;
}

static void make(void)
{
	/* Lives as long as the process. */
	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		abort();
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
	nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_frame_not_send);
	nghttp2_session_callbacks_set_send_data_callback(callbacks, on_send_data);
}

struct nghttp2_session_callbacks *h2_session_callbacks(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, make);
	return callbacks;
}
