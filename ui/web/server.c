#include "ui/web/server.h"
#include "ui/web/page.h"
#include "ui/web/window_state.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct server {
	struct MHD_Daemon *daemon;
	struct window *window;
	volatile int stopping;
};

/* One request, from its first header to its answer. */
struct talk {
	struct web_request q;
	struct buf body;
	struct span target;
	bool begun; /* its head was seen before */
};

static struct span field(struct MHD_Connection *c, const char *name)
{
	return span_str(MHD_lookup_connection_value(c, MHD_HEADER_KIND, name));
}

static enum gate_verdict look(struct window *w, struct MHD_Connection *c, bool post)
{
	struct gate_fields f = {.post = post,
		.host = field(c, "Host"),
		.origin = field(c, "Origin"),
		.fetch_site = field(c, "Sec-Fetch-Site"),
		.fetch_mode = field(c, "Sec-Fetch-Mode"),
		.fetch_dest = field(c, "Sec-Fetch-Dest"),
		.cookie = field(c, "Cookie")};
	return gate_look(&w->gate, &f);
}

static const char page_policy[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
	"'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
static const char text_policy[] = "sandbox; default-src 'none'; frame-ancestors 'none'";
/* Browsers make a document around a picture, and style it in place. */
static const char picture_policy[] =
	"sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; "
	"frame-ancestors 'self'";

static void headers(struct MHD_Response *r, const struct web_answer *a)
{
	static const char *const types[] = {[WEB_PAGE] = "text/html; charset=utf-8",
		[WEB_EVENTS] = "text/event-stream; charset=utf-8",
		[WEB_DOWNLOAD] = "application/octet-stream",
		[WEB_TEXT] = "text/plain; charset=utf-8"};
	const char *type =
		a->kind == WEB_ASSET || a->kind == WEB_PICTURE ? a->type : types[a->kind];
	MHD_add_response_header(r, "Content-Type", type);
	MHD_add_response_header(r, "Content-Security-Policy",
		a->kind == WEB_PAGE      ? page_policy
		: a->kind == WEB_PICTURE ? picture_policy
					 : text_policy);
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(r, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(r, "Cross-Origin-Opener-Policy", "same-origin");
	MHD_add_response_header(r, "Cross-Origin-Resource-Policy", "same-origin");
	MHD_add_response_header(
		r, "Cache-Control", a->kind == WEB_ASSET ? "private, no-cache" : "no-store");
	if (a->kind == WEB_DOWNLOAD || a->kind == WEB_TEXT) {
		char disposition[160];
		snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"",
			a->file_name != NULL ? a->file_name : "captured");
		MHD_add_response_header(r, "Content-Disposition", disposition);
	}
	if (a->location != NULL)
		MHD_add_response_header(r, "Location", a->location);
}

struct stream {
	struct server *server;
	struct web_events events;
	struct buf out;
	int silent_ms;
	bool over;
};

static ssize_t read_stream(void *ctx, uint64_t at, char *to, size_t max)
{
	enum { LOOK_MS = 500 };
	struct stream *s = ctx;
	(void)at;
	while (buf_len(&s->out) == 0) {
		if (s->over || s->server->stopping)
			return MHD_CONTENT_READER_END_OF_STREAM;
		s->over = !s->events.next(s->events.ctx, LOOK_MS, &s->out);
		s->silent_ms = buf_len(&s->out) > 0 ? 0 : s->silent_ms + LOOK_MS;
		if (s->silent_ms >= SERVER_HEARTBEAT_MS) {
			buf_add_str(&s->out, ":\n\n");
			s->silent_ms = 0;
		}
	}
	size_t n = buf_len(&s->out) < max ? buf_len(&s->out) : max;
	memcpy(to, buf_span(&s->out).p, n);
	buf_consume(&s->out, n);
	return (ssize_t)n;
}

static void free_stream(void *ctx)
{
	struct stream *s = ctx;
	if (s->events.free != NULL)
		s->events.free(s->events.ctx);
	buf_fini(&s->out);
	free(s);
}

static struct MHD_Response *response(struct server *s, struct web_answer *a)
{
	if (a->events.next == NULL) {
		struct span body = buf_span(&a->body);
		union {
			const void *from;
			void *to;
		} bytes = {.from = body.p != NULL ? (const void *)body.p : ""};
		return MHD_create_response_from_buffer(body.n, bytes.to, MHD_RESPMEM_MUST_COPY);
	}
	struct stream *stream = calloc(1, sizeof *stream);
	if (stream == NULL)
		abort();
	*stream = (struct stream){.server = s, .events = a->events};
	return MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, 16 * 1024, read_stream, stream, free_stream);
}

static enum MHD_Result send_answer(
	struct server *s, struct MHD_Connection *c, struct web_answer *a, const char *cookie)
{
	struct MHD_Response *r = response(s, a);
	headers(r, a);
	if (cookie != NULL)
		MHD_add_response_header(r, "Set-Cookie", cookie);
	enum MHD_Result sent =
		MHD_queue_response(c, (unsigned)(a->status != 0 ? a->status : 200), r);
	MHD_destroy_response(r);
	buf_fini(&a->body);
	return sent;
}

static void run(struct server *s, struct MHD_Connection *c, struct talk *t,
	struct web_answer *a, char cookie[160])
{
	struct window *w = s->window;
	struct web_request *q = &t->q;
	struct err err = {0};
	bool known;
	enum gate_verdict verdict = look(w, c, q->method == WEB_POST);
	if (verdict == GATE_FOREIGN) {
		err_set(&err, ERR_USAGE, "this window is for pages of its own only");
		page_error(q, a, 403, &err);
		return;
	}
	const struct web_route *route = web_route_find(q, &known);
	if (verdict == GATE_NO_SESSION && (route == NULL || !route->open)) {
		web_go(q, a, "/door");
		return;
	}
	if (route == NULL) {
		err_set(&err, ERR_USAGE, known ? "not in this way" : "there is no such page");
		page_error(q, a, known ? 405 : 404, &err);
		return;
	}
	if (q->method == WEB_POST && !web_form_body(&q->arena, field(c, "Content-Type"),
					     buf_span(&t->body), &q->form, &err)) {
		page_error(q, a, 400, &err);
		return;
	}
	if (q->method == WEB_POST && !route->open &&
		!gate_secret_is(&w->gate, web_value(&q->form, "secret"))) {
		err_set(&err, ERR_USAGE,
			"the form is not one of this start's: load the page anew");
		page_error(q, a, 403, &err);
		return;
	}
	if (q->method == WEB_POST && span_is(q->path, "/door") &&
		gate_token_is(&w->gate, web_value(&q->form, "token")))
		gate_set_cookie(&w->gate, cookie);
	route->page(q, a);
}

static enum MHD_Result take(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_n,
	void **mine)
{
	struct server *s = ctx;
	struct talk *t = *mine;
	(void)version, (void)url;
	if (t == NULL)
		return MHD_NO;
	if (!t->begun) {
		t->begun = true;
		return MHD_YES;
	}
	if (*upload_n > 0) {
		if (buf_len(&t->body) + *upload_n > WEB_BODY_MAX)
			return MHD_NO;
		buf_add(&t->body, upload, *upload_n);
		*upload_n = 0;
		return MHD_YES;
	}
	struct web_answer a = {.status = 200};
	char cookie[160] = "";
	struct err err;
	size_t question = span_find_byte(t->target, '?', 0);
	t->q.window = s->window;
	t->q.method = strcmp(method, "POST") == 0 ? WEB_POST : WEB_GET;
	t->q.path = span_first(t->target, question);
	t->q.secret = s->window->gate.secret;
	t->q.last_event_id = field(c, "Last-Event-ID");
	t->q.languages = field(c, "Accept-Language");
	if (!web_form_query(&t->q.arena,
		    question == SIZE_MAX ? SPAN_NONE : span_from(t->target, question + 1),
		    &t->q.query, &err))
		page_error(&t->q, &a, 400, &err);
	else
		run(s, c, t, &a, cookie);
	return send_answer(s, c, &a, cookie[0] != 0 ? cookie : NULL);
}

static void over(
	void *ctx, struct MHD_Connection *c, void **mine, enum MHD_RequestTerminationCode how)
{
	struct talk *t = *mine;
	(void)ctx, (void)c, (void)how;
	if (t == NULL)
		return;
	buf_fini(&t->body);
	arena_fini(&t->q.arena);
	free(t);
	*mine = NULL;
}

/* The target as it came: the query is decoded by form.h. */
static void *whole_target(void *ctx, const char *uri, struct MHD_Connection *c)
{
	struct talk *t = calloc(1, sizeof *t);
	(void)ctx, (void)c;
	if (t == NULL)
		abort();
	t->target = arena_copy(&t->q.arena, span_str(uri));
	return t;
}

/* Leaves escapes as they are, so that a path has one spelling. */
static size_t no_unescape(void *ctx, struct MHD_Connection *c, char *s)
{
	(void)ctx, (void)c;
	return strlen(s);
}

struct server *server_start(struct window *w, int listen_fd, struct err *err)
{
	struct server *s = calloc(1, sizeof *s);
	if (s == NULL)
		abort();
	s->window = w;
	s->daemon = MHD_start_daemon(
		MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL,
		0, NULL, NULL, take, s, MHD_OPTION_LISTEN_SOCKET, listen_fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)SERVER_CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(SERVER_HEAD_MS / 1000),
		MHD_OPTION_NOTIFY_COMPLETED, over, NULL, MHD_OPTION_UNESCAPE_CALLBACK,
		no_unescape, NULL, MHD_OPTION_URI_LOG_CALLBACK, whole_target, NULL,
		MHD_OPTION_END);
	if (s->daemon != NULL)
		return s;
	free(s);
	close(listen_fd);
	err_set(err, ERR_SYSTEM, "the window's server could not be started");
	return NULL;
}

void server_stop(struct server *s)
{
	if (s == NULL)
		return;
	s->stopping = 1;
	MHD_stop_daemon(s->daemon);
	free(s);
}
