#include "ui/web/server.h"
#include "ui/web/answer_head.h"
#include "ui/web/feed.h"
#include "ui/web/head.h"
#include "ui/web/page.h"
#include "ui/web/visitors.h"
#include "ui/web/window_state.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	/* The library refuses connections above its own limit at once: there is room for those
	 * that were shut and are on their way out. */
	CONNECTIONS_HARD_MAX = SERVER_CONNECTIONS_MAX * 2,
	/* Memory of a connection for heads: HEAD_BYTES_MAX, WEB_URL_MAX and the answer's. */
	CONNECTION_MEMORY = 96 * 1024,
	STREAM_LOOK_MS = 200, /* how soon a stream notices that it is to end */
};

struct server {
	struct MHD_Daemon *daemon;
	struct window *window;
	struct visitors *visitors;
	atomic_bool stopping;
	atomic_uint large_in, large_out; /* requests, and answers, whose body is large */
};

/* One request, from its first line to its answer. */
struct talk {
	struct server *server;
	struct visitor *visitor;
	struct web_request q;
	struct head head;
	struct buf body;
	bool begun;               /* its head was looked at */
	bool large_in, large_out; /* it is one of those that the server counts */
	/* What it gets: a page by its route; or, without one, status and why. */
	const struct web_route *route;
	struct web_answer answer;
	int status;
	struct err why;
};

/* ---- the answer ---- */

struct stream {
	struct server *server;
	struct visitor *visitor;
	struct web_events events;
	struct buf out;
	int silent_ms;
	bool over;
};

static void look_for_more(struct stream *s)
{
	if (visitor_turned_away(s->server->visitors, s->visitor)) {
		char words[160];
		snprintf(words, sizeof words,
			"More than %d pages listen: this one is not live any more. Load it "
			"anew to go on.",
			SERVER_STREAMS_MAX);
		feed_say(&s->out, NULL, span_str(words));
		feed_end(&s->out, NULL);
		s->over = true;
		return;
	}
	s->over = !s->events.next(s->events.ctx, STREAM_LOOK_MS, &s->out);
	s->silent_ms = buf_len(&s->out) > 0 ? 0 : s->silent_ms + STREAM_LOOK_MS;
	if (s->silent_ms >= SERVER_HEARTBEAT_MS) {
		buf_add_str(&s->out, ":\n\n");
		s->silent_ms = 0;
	}
}

static ssize_t read_stream(void *ctx, uint64_t at, char *to, size_t max)
{
	struct stream *s = ctx;
	(void)at;
	while (buf_len(&s->out) == 0) {
		if (s->over || atomic_load(&s->server->stopping) || visitor_gone(s->visitor))
			return MHD_CONTENT_READER_END_OF_STREAM;
		look_for_more(s);
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

/* The library frees the bytes: it would copy them, and a body be in memory twice. */
static struct MHD_Response *hand_over(struct buf *body)
{
	size_t n = buf_len(body);
	if (body->start > 0)
		memmove(body->p, body->p + body->start, n);
	/* Without what it has grown beyond them. */
	void *bytes = realloc(body->p, n > 0 ? n : 1);
	if (bytes == NULL)
		abort();
	*body = (struct buf){0};
	struct MHD_Response *r =
		MHD_create_response_from_buffer(n, bytes, MHD_RESPMEM_MUST_FREE);
	if (r == NULL)
		free(bytes);
	return r;
}

static struct MHD_Response *response(struct talk *t)
{
	struct web_answer *a = &t->answer;
	union {
		const void *from;
		void *to;
	} fixed = {.from = a->fixed.p};
	if (a->events.next == NULL)
		return a->fixed.p == NULL ? hand_over(&a->body)
					  : MHD_create_response_from_buffer(a->fixed.n,
						    fixed.to, MHD_RESPMEM_PERSISTENT);
	struct stream *stream = calloc(1, sizeof *stream);
	if (stream == NULL)
		abort();
	*stream = (struct stream){
		.server = t->server, .visitor = t->visitor, .events = a->events};
	a->events = (struct web_events){0};
	return MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, 16 * 1024, read_stream, stream, free_stream);
}

static void add_field(void *ctx, const char *name, const char *value)
{
	MHD_add_response_header(ctx, name, value);
}

static enum MHD_Result send_answer(struct talk *t, struct MHD_Connection *c)
{
	struct web_answer *a = &t->answer;
	bool stream = a->events.next != NULL && !t->head.head;
	char cookie[160];
	if (a->etag != NULL && a->status == 200 && head_has_tag(t->head.if_none_match, a->etag))
		a->status = 304; /* its Content-Length is the body's, which stays here */
	struct MHD_Response *r = response(t);
	if (r == NULL)
		return MHD_NO;
	/* The library ends the chunks of a HEAD's answer, which has none. */
	if (t->head.head && a->kind == WEB_EVENTS && a->status == 200)
		MHD_set_response_options(r, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
	answer_head(a, add_field, r);
	if (!t->q.let_in &&
		visitor_asks(t->server->visitors, t->visitor) >= SERVER_STRANGER_ASKS)
		MHD_add_response_header(r, "Connection", "close");
	if (a->let_in) {
		gate_set_cookie(&t->server->window->gate, cookie);
		MHD_add_response_header(r, "Set-Cookie", cookie);
	}
	visitor_is(t->server->visitors, t->visitor, stream ? VISITOR_STREAM : VISITOR_ANSWER);
	enum MHD_Result sent = MHD_queue_response(c, (unsigned)a->status, r);
	MHD_destroy_response(r);
	return sent;
}

static void drop_events(struct web_answer *a)
{
	if (a->events.free != NULL)
		a->events.free(a->events.ctx);
	a->events = (struct web_events){0};
}

static void refuse(struct talk *t)
{
	const char *allow = t->answer.allow;
	drop_events(&t->answer);
	buf_fini(&t->answer.body);
	t->answer = (struct web_answer){.allow = allow};
	page_error(&t->q, &t->answer, t->status, &t->why);
}

/* It stays in memory until it is taken, however slowly. */
static bool may_be_large(struct talk *t)
{
	if (buf_len(&t->answer.body) <= SERVER_ANSWER_LARGE)
		return true;
	t->large_out = true;
	return atomic_fetch_add(&t->server->large_out, 1) < SERVER_ANSWERS_MAX;
}

static void run(struct talk *t)
{
	struct web_request *q = &t->q;
	if (q->method == WEB_POST && !web_form_body(&q->arena, t->head.content_type,
					     buf_span(&t->body), &q->form, &t->why)) {
		t->status = 400;
		refuse(t);
		return;
	}
	if (q->method == WEB_POST && !t->route->open &&
		!gate_secret_is(&q->window->gate, web_value(&q->form, "secret"))) {
		t->status = 403;
		err_set(&t->why, ERR_USAGE,
			"the form is not one of this start's: load its page anew and try "
			"again");
		refuse(t);
		return;
	}
	t->answer.status = 200;
	t->route->page(q, &t->answer);
	if (t->answer.status == 200 && !answer_suits(t->answer.kind, t->head.gate.fetch_dest)) {
		t->status = 403;
		err_set(&t->why, ERR_USAGE, "what is there is not meant to be used so");
		refuse(t);
	} else if (!may_be_large(t)) {
		t->status = 503;
		err_set(&t->why, ERR_USAGE,
			"other large files are on their way: try again when they are there");
		refuse(t);
	}
}

/* ---- the request ---- */

static enum MHD_Result each_field(void *ctx, enum MHD_ValueKind kind, const char *name,
	size_t name_n, const char *value, size_t value_n)
{
	(void)kind;
	head_add(ctx, span_of(name, name_n), span_of(value, value != NULL ? value_n : 0));
	return MHD_YES;
}

static bool fail(struct talk *t, int status, const char *why)
{
	t->status = status;
	err_set(&t->why, ERR_USAGE, "%s", why);
	return false;
}

static bool to_door(struct talk *t)
{
	struct span mode = t->head.gate.fetch_mode;
	if (t->q.method == WEB_POST || (mode.p != NULL && !span_is(mode, "navigate")))
		return fail(t, 403,
			"this window is locked: open it by the address that was printed at "
			"its start");
	t->status = 303;
	web_go(&t->q, &t->answer, "/door");
	return false;
}

/* A large body is all in memory until its page is done. */
static bool take_room(struct talk *t)
{
	if (t->head.body <= WEB_TEXT_MAX)
		return true;
	t->large_in = true;
	return atomic_fetch_add(&t->server->large_in, 1) < SERVER_LARGE_MAX ||
	       fail(t, 503, "other files are being taken: try again when they are there");
}

/* Whether there is a page for it, before its body is taken; else what it gets. */
static bool judge(struct talk *t)
{
	struct web_request *q = &t->q;
	bool known;
	t->status = head_judge(&t->head, &t->why);
	if (t->status == 405)
		t->answer.allow = "GET, HEAD, POST";
	q->method = t->head.gate.post ? WEB_POST : WEB_GET;
	q->path = t->head.path;
	q->last_event_id = t->head.last_event_id;
	enum gate_verdict verdict = gate_look(&q->window->gate, &t->head.gate);
	q->let_in = verdict == GATE_IN;
	q->elsewhere = verdict == GATE_ELSEWHERE;
	q->secret = q->let_in ? q->window->gate.secret : "";
	if (q->let_in)
		visitor_known(t->server->visitors, t->visitor);
	if (t->status != 200)
		return false;
	if (verdict == GATE_FOREIGN)
		return fail(t, 403, "this window is for its own pages, at its own address");
	const struct web_route *route = web_route_find(q, &known);
	if (!q->let_in && (route == NULL || !route->open))
		return to_door(t);
	if (route == NULL && known)
		t->answer.allow = q->method == WEB_POST ? "GET, HEAD" : "POST";
	if (route == NULL)
		return fail(t, known ? 405 : 404,
			known ? "this is not asked for in this way" : "there is no such page");
	if (!web_form_query(&q->arena, t->head.query, &q->query, &t->why)) {
		t->status = 400;
		return false;
	}
	/* A stream that the script opens again cannot set the field. */
	if (q->last_event_id.p == NULL)
		q->last_event_id = web_value(&q->query, "last-event-id");
	size_t most = q->method != WEB_POST ? 0
		      : q->let_in           ? web_form_max(t->head.content_type)
					    : HEAD_DOOR_BODY_MAX;
	if (q->method == WEB_POST && most == 0)
		return fail(t, 415, "a form of another type than browsers send");
	if (t->head.body > most)
		return fail(t, 413, "the form is larger than this window takes");
	if (!take_room(t))
		return false;
	t->route = route;
	return true;
}

/* Of the request; its page is done. */
static void drop_body(struct talk *t)
{
	buf_fini(&t->body);
	if (t->large_in)
		atomic_fetch_sub(&t->server->large_in, 1);
	t->large_in = false;
}

static enum MHD_Result begin(
	struct talk *t, struct MHD_Connection *c, const char *method, const char *version)
{
	t->begun = true;
	t->head.method = span_str(method);
	t->head.version = span_str(version);
	MHD_get_connection_values_n(c, MHD_HEADER_KIND, each_field, &t->head);
	t->q.window = t->server->window;
	t->q.secret = "";
	bool fine = judge(t);
	uint64_t discard = t->head.expects ? 0
			   : t->q.let_in   ? 4ull * WEB_BODY_MAX
					   : SERVER_DISCARD_MAX;
	if (fine || (t->head.body <= discard && !t->head.encoded)) {
		visitor_is(t->server->visitors, t->visitor, VISITOR_BODY);
		return MHD_YES;
	}
	/* What is left of it is not read: the library closes the connection behind this. */
	if (t->status != 303)
		refuse(t);
	t->answer.status = t->status;
	return send_answer(t, c);
}

static enum MHD_Result take(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_n,
	void **mine)
{
	struct talk *t = *mine;
	(void)ctx, (void)url;
	if (t == NULL)
		return MHD_NO;
	if (!t->begun)
		return begin(t, c, method, version);
	if (*upload_n > 0) {
		/* The library holds it to the Content-Length that was looked at. */
		if (t->route != NULL)
			buf_add(&t->body, upload, *upload_n);
		*upload_n = 0;
		return MHD_YES;
	}
	visitor_is(t->server->visitors, t->visitor, VISITOR_PAGE);
	if (t->route != NULL)
		run(t);
	else if (t->status != 303)
		refuse(t);
	if (t->answer.status == 0)
		t->answer.status = t->status;
	drop_body(t);
	return send_answer(t, c);
}

/* ---- what the library calls ---- */

static void over(
	void *ctx, struct MHD_Connection *c, void **mine, enum MHD_RequestTerminationCode how)
{
	struct talk *t = *mine;
	(void)ctx, (void)c, (void)how;
	if (t == NULL)
		return;
	visitor_is(t->server->visitors, t->visitor, VISITOR_HEAD);
	drop_body(t);
	if (t->large_out)
		atomic_fetch_sub(&t->server->large_out, 1);
	drop_events(&t->answer);
	buf_fini(&t->answer.body);
	arena_fini(&t->q.arena);
	free(t);
	*mine = NULL;
}

/* The target as it came: the query is decoded by form.h. */
static void *whole_target(void *ctx, const char *uri, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct talk *t = calloc(1, sizeof *t);
	if (t == NULL)
		abort();
	t->server = ctx;
	t->visitor = info->socket_context;
	t->head.target = arena_copy(&t->q.arena, span_str(uri));
	return t;
}

/* Leaves escapes as they are, so that a path has one spelling. */
static size_t no_unescape(void *ctx, struct MHD_Connection *c, char *s)
{
	(void)ctx, (void)c;
	return strlen(s);
}

/* The library closes the descriptor behind the second of these. */
static void come_or_leave(void *ctx, struct MHD_Connection *c, void **mine,
	enum MHD_ConnectionNotificationCode what)
{
	struct server *s = ctx;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
		*mine = visitors_come(s->visitors, info->connect_fd);
	} else if (*mine != NULL) {
		visitors_leave(s->visitors, *mine);
		*mine = NULL;
	}
}

static bool start(struct server *s, int listen_fd, struct err *err)
{
	static const struct visitors_limits limits = {.connections = SERVER_CONNECTIONS_MAX,
		.streams = SERVER_STREAMS_MAX,
		.head_ms = SERVER_HEAD_MS,
		.idle_ms = SERVER_IDLE_MS,
		.body_ms = SERVER_BODY_MS,
		.take_ms = SERVER_TAKE_MS};
	s->visitors = visitors_start(&limits, err);
	if (s->visitors == NULL) {
		close(listen_fd);
		return false;
	}
	/* No time limit of the library's own: it starts anew with each byte. */
	s->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION |
					     MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
					     MHD_USE_ITC,
		0, NULL, NULL, take, s, MHD_OPTION_LISTEN_SOCKET, listen_fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_HARD_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, come_or_leave, s,
		MHD_OPTION_NOTIFY_COMPLETED, over, s, MHD_OPTION_UNESCAPE_CALLBACK, no_unescape,
		NULL, MHD_OPTION_URI_LOG_CALLBACK, whole_target, s, MHD_OPTION_END);
	if (s->daemon != NULL)
		return true;
	visitors_stop(s->visitors);
	visitors_free(s->visitors);
	close(listen_fd);
	return err_set(err, ERR_SYSTEM, "the window's server could not be started");
}

struct server *server_start(struct window *w, int listen_fd, struct err *err)
{
	struct server *s = calloc(1, sizeof *s);
	if (s == NULL)
		abort();
	s->window = w;
	atomic_init(&s->stopping, false);
	atomic_init(&s->large_in, 0);
	atomic_init(&s->large_out, 0);
	if (start(s, listen_fd, err))
		return s;
	free(s);
	return NULL;
}

void server_stop(struct server *s)
{
	if (s == NULL)
		return;
	atomic_store(&s->stopping, true);
	visitors_stop(s->visitors);
	MHD_stop_daemon(s->daemon);
	visitors_free(s->visitors);
	free(s);
}
