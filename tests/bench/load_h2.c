/*
 * HTTP/2 for the load client, by nghttp2: as many streams at once as were asked for, each a
 * request whose status, length and bytes are checked.
 */
#include "tests/bench/load.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

struct stream {
	struct load_conn *conn;
	struct load_request request;
	unsigned status;
	bool wrong, used;
};

struct load_h2 {
	nghttp2_session *session;
	struct stream *streams;
	unsigned open;
	const uint8_t *out; /* borrowed from the session until its next call */
	size_t out_len;
};

static nghttp2_nv pair(const char *name, const char *value)
{
	/* nghttp2 does not write here; its struct has no const. */
	return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
		.value = (uint8_t *)(uintptr_t)value,
		.namelen = strlen(name),
		.valuelen = strlen(value)};
}

static void fail(struct stream *s, enum load_error error)
{
	s->conn->run->stats.errors[error]++;
	s->used = false;
	load_plan_count(s->conn->run, &s->request, false);
}

/* Sends what s->request says. */
static void submit(struct stream *s)
{
	struct load_conn *c = s->conn;
	char authority[LOAD_HOST_MAX + 8];
	snprintf(authority, sizeof authority, "%s:%u", s->request.host,
		ntohs(c->run->o.origin.sin_port));
	nghttp2_nv head[] = {pair(":method", "GET"), pair(":scheme", "https"),
		pair(":authority", authority), pair(":path", s->request.path),
		pair("user-agent", "bench_load/1"), pair("accept", "text/html,*/*")};
	s->request.begun_us = load_now_us();
	s->status = 0;
	s->wrong = false;
	s->used = true;
	if (nghttp2_submit_request(
		    c->h2->session, NULL, head, sizeof head / sizeof *head, NULL, s) < 0)
		fail(s, LOAD_ERROR_CUT);
	else
		c->h2->open++;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
	size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *ctx)
{
	(void)flags, (void)ctx;
	struct stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (s != NULL && name_len == 7 && memcmp(name, ":status", 7) == 0 && value_len == 3)
		s->status = (unsigned)(value[0] - '0') * 100 + (unsigned)(value[1] - '0') * 10 +
			    (unsigned)(value[2] - '0');
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
	size_t n, void *ctx)
{
	(void)flags, (void)ctx;
	struct stream *s = nghttp2_session_get_stream_user_data(session, id);
	if (s == NULL)
		return 0;
	if (s->request.first_us == 0)
		s->request.first_us = load_now_us();
	if (!s->wrong && !body_check(&s->request.body, bytes, n)) {
		s->wrong = true;
		s->conn->run->stats.errors[LOAD_ERROR_BYTES]++;
	}
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *ctx)
{
	(void)ctx;
	struct stream *s = nghttp2_session_get_stream_user_data(session, id);
	if (s == NULL)
		return 0;
	struct load_conn *c = s->conn;
	struct load_run *run = c->run;
	enum load_error error = code != 0                                    ? LOAD_ERROR_CUT
				: s->status != 200                           ? LOAD_ERROR_STATUS
				: s->request.body.at != s->request.body.size ? LOAD_ERROR_LENGTH
									     : LOAD_ERROR_KINDS;
	if (error != LOAD_ERROR_KINDS) {
		snprintf(run->stats.trouble, sizeof run->stats.trouble,
			"h2 %s: status %u, code %u", s->request.path, s->status, code);
		if (!s->wrong)
			run->stats.errors[error]++;
	} else if (!s->wrong) {
		run->stats.exchanges++;
	}
	c->h2->open--;
	s->used = false;
	load_plan_count(run, &s->request, error == LOAD_ERROR_KINDS && !s->wrong);
	if (!run->over && load_plan_request(run, &s->request))
		submit(s);
	return 0;
}

void load_h2_begin(struct load_conn *c)
{
	nghttp2_session_callbacks *calls;
	struct load_h2 *h2 = calloc(1, sizeof *h2);
	if (h2 == NULL || nghttp2_session_callbacks_new(&calls) != 0)
		abort();
	nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_stream_close);
	if (nghttp2_session_client_new(&h2->session, calls, c) != 0 ||
		nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, NULL, 0) != 0)
		abort();
	nghttp2_session_callbacks_del(calls);
	h2->streams = calloc(c->run->o.streams, sizeof *h2->streams);
	if (h2->streams == NULL)
		abort();
	c->h2 = h2;
	c->state = LOAD_H2;
	for (unsigned i = 0; i < c->run->o.streams; i++) {
		struct stream *s = &h2->streams[i];
		s->conn = c;
		/* The connection was dialled with a request in hand. */
		if (i == 0)
			s->request = c->request;
		else if (!load_plan_request(c->run, &s->request))
			break;
		submit(s);
	}
}

static bool send_all(struct load_conn *c)
{
	struct load_h2 *h2 = c->h2;
	for (;;) {
		if (h2->out_len == 0) {
			ssize_t n = nghttp2_session_mem_send(h2->session, &h2->out);
			if (n <= 0)
				return n == 0;
			h2->out_len = (size_t)n;
		}
		ssize_t sent = load_conn_write(c, h2->out, h2->out_len);
		if (sent == -1)
			return true;
		if (sent <= 0)
			return false;
		h2->out += sent;
		h2->out_len -= (size_t)sent;
	}
}

void load_h2_cut(struct load_conn *c, enum load_error error)
{
	for (unsigned i = 0; i < c->run->o.streams; i++)
		if (c->h2->streams[i].used && !c->run->over)
			fail(&c->h2->streams[i], error);
	load_conn_close(c);
	load_plan_next(c);
}

void load_h2_drive(struct load_conn *c)
{
	char bytes[LOAD_PIECE];
	for (;;) {
		if (!send_all(c)) {
			load_h2_cut(c, LOAD_ERROR_CUT);
			return;
		}
		if (c->run->over || c->h2->open == 0) {
			load_conn_close(c);
			return;
		}
		ssize_t n = load_conn_read(c, bytes, sizeof bytes);
		if (n == -1)
			return;
		if (n <= 0 || nghttp2_session_mem_recv(
				      c->h2->session, (uint8_t *)bytes, (size_t)n) != n) {
			load_h2_cut(c, LOAD_ERROR_CUT);
			return;
		}
	}
}

void load_h2_end(struct load_conn *c)
{
	nghttp2_session_del(c->h2->session);
	free(c->h2->streams);
	free(c->h2);
	c->h2 = NULL;
}
