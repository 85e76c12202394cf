#include "tests/kit/h2_serve.h"
#include "tests/kit/script_origin.h"

#include <assert.h>
#include <nghttp2/nghttp2.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIELDS_MAX = 64, PIECE = 16384, STALL_MS = 20000 };

/* One stream. */
struct asked {
	char method[16], path[1024];
	const struct h2_route *route;
	size_t sent;
	struct asked *next, **at; /* of all that are under way */
};

static int begin(nghttp2_session *session, const nghttp2_frame *frame, void *self)
{
	struct h2_serve *s = self;
	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	struct asked *a = calloc(1, sizeof *a);
	assert(a != NULL);
	a->next = s->asked;
	a->at = &s->asked;
	if (a->next != NULL)
		a->next->at = &a->next;
	s->asked = a;
	return nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, a);
}

static int field(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
	size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *self)
{
	struct asked *a = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	(void)flags, (void)self;
	if (a == NULL)
		return 0;
	if (span_is(span_of(name, name_len), ":method") && a->method[0] == 0)
		snprintf(a->method, sizeof a->method, "%.*s", (int)value_len,
			(const char *)value);
	if (span_is(span_of(name, name_len), ":path") && a->path[0] == 0)
		snprintf(a->path, sizeof a->path, "%.*s", (int)value_len, (const char *)value);
	return 0;
}

static size_t body_len(const struct h2_route *r)
{
	return r->body != NULL ? strlen(r->body) : r->fill;
}

static ssize_t body(nghttp2_session *session, int32_t stream, uint8_t *out, size_t room,
	uint32_t *flags, nghttp2_data_source *source, void *self)
{
	struct asked *a = source->ptr;
	size_t left = body_len(a->route) - a->sent, n = left < room ? left : room;
	(void)session, (void)stream, (void)self;
	for (size_t i = 0; i < n; i++)
		out[i] = a->route->body != NULL ? (uint8_t)a->route->body[a->sent + i]
						: script_fill(a->sent + i);
	a->sent += n;
	if (n == left)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

static nghttp2_nv nv_of(const char *name, size_t name_len, const char *value, size_t value_len)
{
	return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, name_len,
		value_len, NGHTTP2_NV_FLAG_NONE};
}

static int answer(nghttp2_session *session, int32_t stream, struct asked *a)
{
	nghttp2_nv nv[FIELDS_MAX];
	char status[16];
	size_t n = 0;
	snprintf(status, sizeof status, "%d", a->route->status);
	nv[n++] = nv_of(":status", 7, status, strlen(status));
	for (const char *at = a->route->fields; at != NULL && *at != 0;) {
		const char *end = strchr(at, '\n'), *colon = strstr(at, ": ");
		assert(end != NULL && colon != NULL && n < FIELDS_MAX);
		nv[n++] = nv_of(at, (size_t)(colon - at), colon + 2, (size_t)(end - colon - 2));
		at = end + 1;
	}
	nghttp2_data_provider data = {.source.ptr = a, .read_callback = body};
	bool empty = body_len(a->route) == 0 || strcmp(a->method, "HEAD") == 0;
	return nghttp2_submit_response(session, stream, nv, n, empty ? NULL : &data);
}

static int request_over(nghttp2_session *session, const nghttp2_frame *frame, void *self)
{
	struct h2_serve *s = self;
	bool ends = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
		    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
	struct asked *a =
		ends ? nghttp2_session_get_stream_user_data(session, frame->hd.stream_id)
		     : NULL;
	if (a == NULL)
		return 0;
	for (size_t i = 0; i < s->n_routes && a->route == NULL; i++)
		if (s->routes[i].path == NULL || strcmp(s->routes[i].path, a->path) == 0)
			a->route = &s->routes[i];
	atomic_fetch_add(s->served, 1);
	static const struct h2_route nothing = {NULL, 404, NULL, "no such route", 0};
	if (a->route == NULL)
		a->route = &nothing;
	return answer(session, frame->hd.stream_id, a);
}

static void forget(struct asked *a)
{
	if (a == NULL)
		return;
	*a->at = a->next;
	if (a->next != NULL)
		a->next->at = a->at;
	free(a);
}

static int stream_over(nghttp2_session *session, int32_t stream, uint32_t code, void *self)
{
	(void)code, (void)self;
	forget(nghttp2_session_get_stream_user_data(session, stream));
	nghttp2_session_set_stream_user_data(session, stream, NULL);
	return 0;
}

static bool wait_for(struct h2_serve *s, short events)
{
	struct pollfd fds[2] = {{s->fd, events, 0}, {s->stop_fd, POLLIN, 0}};
	return poll(fds, 2, STALL_MS) > 0 && fds[1].revents == 0;
}

/* False: the connection is over, or the origin is stopped. */
static bool troubles(struct h2_serve *s, int rc)
{
	int why = SSL_get_error(s->ssl, rc);
	ERR_clear_error();
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return wait_for(s, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT);
	return false;
}

static bool send_all(struct h2_serve *s, nghttp2_session *session)
{
	for (;;) {
		const uint8_t *out;
		ssize_t n = nghttp2_session_mem_send(session, &out);
		if (n <= 0)
			return n == 0;
		for (ssize_t sent = 0; sent < n;) {
			ERR_clear_error();
			int rc = SSL_write(s->ssl, out + sent, (int)(n - sent));
			if (rc > 0)
				sent += rc;
			else if (!troubles(s, rc))
				return false;
		}
	}
}

static void talk(struct h2_serve *s, nghttp2_session *session)
{
	uint8_t in[PIECE];
	while (send_all(s, session) &&
		(nghttp2_session_want_read(session) || nghttp2_session_want_write(session))) {
		ERR_clear_error();
		int got = SSL_read(s->ssl, in, sizeof in);
		if (got > 0) {
			if (nghttp2_session_mem_recv(session, in, (size_t)got) < 0)
				break;
		} else if (!troubles(s, got)) {
			break;
		}
	}
	SSL_shutdown(s->ssl);
	ERR_clear_error();
}

void h2_serve_run(struct h2_serve *s)
{
	nghttp2_session_callbacks *calls;
	nghttp2_session *session;
	nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 200}};
	int rc = nghttp2_session_callbacks_new(&calls);
	assert(rc == 0);
	nghttp2_session_callbacks_set_on_begin_headers_callback(calls, begin);
	nghttp2_session_callbacks_set_on_header_callback(calls, field);
	nghttp2_session_callbacks_set_on_frame_recv_callback(calls, request_over);
	nghttp2_session_callbacks_set_on_stream_close_callback(calls, stream_over);
	rc = nghttp2_session_server_new(&session, calls, s);
	assert(rc == 0);
	nghttp2_session_callbacks_del(calls);
	rc = nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 1);
	assert(rc == 0);
	talk(s, session);
	nghttp2_session_del(session);
	/* What was cut off with the connection. */
	while (s->asked != NULL)
		forget(s->asked);
}
