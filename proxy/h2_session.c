#include "proxy/h2_session_inner.h"

#include <pthread.h>
#include <stdlib.h>

static nghttp2_option *options;

static void make_options(void)
{
	if (nghttp2_option_new(&options) != 0)
		abort();
	nghttp2_option_set_no_auto_window_update(options, 1);
	/* Messages are judged in h2_message.c: the library drops some lines silently, and knows
	 * no reason to record. */
	nghttp2_option_set_no_http_messaging(options, 1);
	nghttp2_option_set_max_outbound_ack(options, H2_ACKS_MAX);
}

nghttp2_nv *h2_session_nvs(struct h2_session *s, const struct h2_head *head)
{
	if (s->nvs == NULL || s->nvs_cap < head->n_fields) {
		s->nvs_cap = head->n_fields + 32;
		free(s->nvs);
		s->nvs = calloc(s->nvs_cap, sizeof(nghttp2_nv));
		if (s->nvs == NULL)
			abort();
	}
	nghttp2_nv *nvs = s->nvs;
	for (size_t i = 0; i < head->n_fields; i++) {
		const struct h2_field *f = &head->fields[i];
		/* The library only reads them. */
		nvs[i] = (nghttp2_nv){(uint8_t *)(uintptr_t)f->name.p,
			(uint8_t *)(uintptr_t)f->value.p, f->name.n, f->value.n,
			(uint8_t)(NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE |
				  (f->never_indexed ? NGHTTP2_NV_FLAG_NO_INDEX : 0))};
	}
	return nvs;
}

static void must(int rc)
{
	if (rc == NGHTTP2_ERR_NOMEM)
		abort();
}

void h2_session_init(struct h2_session *s, struct leg *leg, bool server,
	const struct h2_events *events, void *ctx)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, make_options);
	*s = (struct h2_session){
		.leg = leg, .server = server, .events = events, .ctx = ctx, .goaway_last = -1};
	h2_watch_init(&s->watch, server);
	int rc =
		server ? nghttp2_session_server_new2(&s->ng, h2_session_callbacks(), s, options)
		       : nghttp2_session_client_new2(
				 &s->ng, h2_session_callbacks(), s, options);
	if (rc != 0)
		abort();
	/* An origin sees what a browser would say, and no push is taken (RFC 9113 8.4). */
	nghttp2_settings_entry toward_origin[] = {
		{NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, H2_TABLE_SIZE},
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_STREAM_WINDOW},
		{NGHTTP2_SETTINGS_MAX_FRAME_SIZE, 16384},
	};
	nghttp2_settings_entry toward_browser[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_STREAMS_MAX},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_STREAM_WINDOW},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, H2_LIST_MAX},
	};
	if (server)
		must(nghttp2_submit_settings(s->ng, NGHTTP2_FLAG_NONE, toward_browser,
			sizeof toward_browser / sizeof *toward_browser));
	else
		must(nghttp2_submit_settings(s->ng, NGHTTP2_FLAG_NONE, toward_origin,
			sizeof toward_origin / sizeof *toward_origin));
	must(nghttp2_session_set_local_window_size(
		s->ng, NGHTTP2_FLAG_NONE, 0, H2_CONNECTION_WINDOW));
}

void h2_session_fini(struct h2_session *s)
{
	nghttp2_session_del(s->ng);
	h2_fields_fini(&s->fields);
	free(s->nvs);
	*s = (struct h2_session){0};
}

void h2_session_trust(struct h2_session *s)
{
	s->watch.trusted = true;
}

/* ---- bytes ---- */

static void failed(struct h2_session *s, ssize_t rc)
{
	struct err err = {0};
	uint32_t code = H2_PROTOCOL_ERROR;
	if (s->over)
		return; /* a limit of ours ended it from within */
	if (rc == NGHTTP2_ERR_NOMEM)
		abort();
	if (rc == NGHTTP2_ERR_BAD_CLIENT_MAGIC) {
		err_set(&err, ERR_H2_PROTOCOL, "it does not begin with the connection preface");
	} else if (rc == NGHTTP2_ERR_FLOODED || rc == NGHTTP2_ERR_TOO_MANY_SETTINGS ||
		   rc == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS) {
		code = H2_ENHANCE_YOUR_CALM;
		err_set(&err, ERR_LIMIT, "HTTP/2: %s", nghttp2_strerror((int)rc));
	} else {
		err_set(&err, ERR_H2_PROTOCOL, "%s", nghttp2_strerror((int)rc));
	}
	h2_session_terminate(s, code, &err);
}

static void note_block(struct h2_session *s)
{
	if (!h2_watch_in_block(&s->watch)) {
		s->block_since_us = 0;
	} else if (s->block_since_us == 0 ||
		   (s->block_frames != s->watch.finished && !s->watch.block_open)) {
		s->block_since_us = s->now_us;
		s->block_frames = s->watch.finished;
	}
}

void h2_session_feed(struct h2_session *s, int64_t now_us)
{
	struct err err = {0};
	struct span in = buf_span(&s->leg->in);
	s->now_us = now_us;
	if (in.n > 0 && !s->over) {
		if (!h2_watch_feed(&s->watch, in, now_us, h2_session_watched, s, &err)) {
			h2_session_terminate(s, H2_ENHANCE_YOUR_CALM, &err);
		} else if (!s->over) {
			ssize_t rc = nghttp2_session_mem_recv(s->ng, in.p, in.n);
			if (rc < 0)
				failed(s, rc);
		}
	}
	buf_clear(&s->leg->in);
	note_block(s);
}

bool h2_session_drain(struct h2_session *s, int64_t now_us)
{
	struct buf *out = &s->leg->out;
	bool any = false;
	s->now_us = now_us;
	if (s->leg->broken || s->leg->out_closed)
		return false;
	while (buf_len(out) < H2_OUT_HIGH_WATER) {
		const uint8_t *p;
		size_t before = buf_len(out);
		ssize_t n = nghttp2_session_mem_send(s->ng, &p);
		if (n < 0) {
			failed(s, n);
			s->over = true;
			break;
		}
		if (n > 0)
			buf_add(out, p, (size_t)n);
		if (buf_len(out) == before && n == 0)
			break;
		any = true;
	}
	/* The library said goodbye by itself: the peer broke a rule of the connection. */
	if (!s->over && nghttp2_session_want_read(s->ng) == 0 &&
		nghttp2_session_want_write(s->ng) == 0)
		s->over = true;
	return any;
}

bool h2_session_done(const struct h2_session *s)
{
	return nghttp2_session_want_write(s->ng) == 0 && buf_len(&s->leg->out) == 0;
}

/* ---- streams ---- */

int32_t h2_session_request(
	struct h2_session *s, const struct h2_head *head, bool out, void *user)
{
	nghttp2_data_provider data = {.read_callback = h2_session_read};
	if (s->over || s->goaway_last >= 0)
		return 0;
	int32_t id = nghttp2_submit_request(
		s->ng, NULL, h2_session_nvs(s, head), head->n_fields, out ? &data : NULL, user);
	must(id);
	return id > 0 ? id : 0;
}

bool h2_session_respond(struct h2_session *s, int32_t stream, const struct h2_head *head,
	bool interim, bool out)
{
	nghttp2_data_provider data = {.read_callback = h2_session_read};
	nghttp2_nv *nvs = h2_session_nvs(s, head);
	if (s->over)
		return false;
	int rc = interim ? nghttp2_submit_headers(s->ng, NGHTTP2_FLAG_NONE, stream, NULL, nvs,
				   head->n_fields, NULL)
			 : nghttp2_submit_response(
				   s->ng, stream, nvs, head->n_fields, out ? &data : NULL);
	must(rc);
	return rc == 0;
}

void h2_session_attach(struct h2_session *s, int32_t stream, void *user)
{
	if (stream != 0)
		nghttp2_session_set_stream_user_data(s->ng, stream, user);
}

void h2_session_resume(struct h2_session *s, int32_t stream, struct h2_out *out)
{
	if (!out->deferred)
		return;
	out->deferred = false;
	must(nghttp2_session_resume_data(s->ng, stream));
}

void h2_session_consume(struct h2_session *s, int32_t stream, size_t n)
{
	if (n > 0 && !s->over)
		must(nghttp2_session_consume(s->ng, stream, n));
}

void h2_session_reset(struct h2_session *s, int32_t stream, uint32_t code)
{
	if (!s->over)
		must(nghttp2_submit_rst_stream(s->ng, NGHTTP2_FLAG_NONE, stream, code));
}

void h2_session_goaway(struct h2_session *s, uint32_t code)
{
	if (s->over || s->goaway_ours)
		return;
	s->goaway_ours = true;
	must(nghttp2_submit_goaway(s->ng, NGHTTP2_FLAG_NONE,
		nghttp2_session_get_last_proc_stream_id(s->ng), code, NULL, 0));
}

void h2_session_terminate(struct h2_session *s, uint32_t code, const struct err *err)
{
	if (s->over)
		return;
	s->over = true;
	if (err != NULL)
		s->err = *err;
	must(nghttp2_session_terminate_session(s->ng, code));
}

bool h2_session_window_shut(struct h2_session *s, int32_t stream)
{
	return nghttp2_session_get_stream_remote_window_size(s->ng, stream) <= 0 ||
	       nghttp2_session_get_remote_window_size(s->ng) <= 0;
}

uint32_t h2_session_peer_streams(struct h2_session *s)
{
	return nghttp2_session_get_remote_settings(
		s->ng, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

uint32_t h2_session_peer_window(struct h2_session *s)
{
	return nghttp2_session_get_remote_settings(s->ng, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE);
}

void h2_session_set_streams(struct h2_session *s, uint32_t n)
{
	nghttp2_settings_entry entry = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, n};
	if (!s->over)
		must(nghttp2_submit_settings(s->ng, NGHTTP2_FLAG_NONE, &entry, 1));
}
