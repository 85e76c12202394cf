/* The exchanges of one HTTP/2 connection: what their frames make of them (RFC 9113 8). */
#include "capture/http_flow_2_inner.h"

#include <stdlib.h>

static const char *code_name(uint32_t code)
{
	static const char *const names[] = {"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR",
		"FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
		"REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR",
		"ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"};
	return code < sizeof names / sizeof *names ? names[code] : "unknown";
}

/* ---- streams ---- */

static struct http_two_stream **place(struct http_two_streams *s, uint32_t id)
{
	struct http_two_stream **at = &s->of[id / 2 % HTTP_TWO_BUCKETS];
	while (*at != NULL && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

struct http_two_stream *http_two_find(struct http_two_streams *s, uint32_t id)
{
	return *place(s, id);
}

static void stream_free(struct http_two_stream *st)
{
	free(st->why);
	free(st);
}

void http_two_rest(struct http_two_streams *s)
{
	buf_fini(&s->url);
	buf_fini(&s->words);
	buf_fini(&s->masked);
}

void http_two_streams_fini(struct http_two_streams *s)
{
	for (size_t i = 0; i < HTTP_TWO_BUCKETS; i++) {
		while (s->of[i] != NULL) {
			struct http_two_stream *st = s->of[i];
			s->of[i] = st->next;
			stream_free(st);
		}
	}
	http_two_rest(s);
}

struct http_two_stream *http_two_first(
	const struct http_two_streams *s, http_two_pick_fn *pick, uint32_t arg)
{
	struct http_two_stream *first = NULL;
	for (size_t i = 0; i < HTTP_TWO_BUCKETS; i++)
		for (struct http_two_stream *st = s->of[i]; st != NULL; st = st->next)
			if ((first == NULL || st->n < first->n) &&
				(pick == NULL || pick(st, arg)))
				first = st;
	return first;
}

void http_two_over(struct http_two_streams *s, struct http_two_stream *st,
	const struct err *why, const struct packet_at *at)
{
	struct http_two_stream **from = place(s, st->id);
	*from = st->next;
	s->n--;
	http_tell_end(s->h, st->n, st->why != NULL ? st->why : why, at);
	stream_free(st);
}

static void over(struct http_two_streams *s, struct http_two_stream *st, enum err_kind kind,
	const char *detail, const struct packet_at *at)
{
	struct err why = {0};
	if (kind != ERR_NONE)
		err_set(&why, kind, "%s", detail);
	http_two_over(s, st, &why, at);
}

/* Both messages are whole, or as far as they will come. */
static void settle(
	struct http_two_streams *s, struct http_two_stream *st, const struct packet_at *at)
{
	if (st->up_done && st->down_done)
		over(s, st, ERR_NONE, "", at);
}

static void miss_response(struct http_two_stream *st, const struct err *why)
{
	if (st->down_done)
		return;
	http_keep_why(&st->why, why);
	st->down_done = true;
}

static bool misses_up(const struct http_two_stream *st, uint32_t arg)
{
	(void)arg;
	return !st->up_done;
}

static bool misses_down(const struct http_two_stream *st, uint32_t arg)
{
	(void)arg;
	return !st->down_done;
}

void http_two_lost_way(struct http_two_streams *s, enum flow_way way, const struct err *why,
	const struct packet_at *at)
{
	struct http_two_stream *st;
	if (way == FLOW_UP) {
		/* The answers may still be read. */
		while ((st = http_two_first(s, misses_up, 0)) != NULL) {
			http_keep_why(&st->why, why);
			st->up_done = true;
			settle(s, st, at);
		}
		return;
	}
	s->down_lost = *why;
	while ((st = http_two_first(s, misses_down, 0)) != NULL) {
		miss_response(st, why);
		settle(s, st, at);
	}
}

/* ---- the URL ---- */

/* RFC 9113 8.3.1 */
static bool named_place(
	const struct http_lines_read *r, struct http_place *named, struct err *err)
{
	struct http_place host;
	uint16_t port;
	named->https = span_is(r->scheme, "https");
	host.https = named->https;
	port = named->https ? 443 : 80;
	struct span authority = r->authority.p != NULL ? r->authority : r->host;
	if (authority.p == NULL)
		return err_set(err, ERR_HOST, "neither :authority nor Host");
	if (!http_place_authority(authority, port, named, err))
		return false;
	if (r->authority.p == NULL || r->host.p == NULL)
		return true;
	if (!http_place_authority(r->host, port, &host, err) ||
		!http_place_same(&host, named)) {
		*err = (struct err){0};
		return err_set(
			err, ERR_HOST, "'%s' in :authority, another in Host", named->host);
	}
	return true;
}

/* Another place than its connection leads to (RFC 9113 9.1.1). */
static bool elsewhere(const struct http_flow *h, const struct http_place *named)
{
	if (h->host == NULL || (h->direct && http_place_is_address(h->host)))
		return false;
	if (!span_is_nocase(span_str(h->host), named->host))
		return true;
	return !h->direct && named->port != h->port;
}

static struct span url_of(
	struct http_two_streams *s, struct http_lines_read *r, struct err *err)
{
	struct http_place named = {0};
	if (!named_place(r, &named, err))
		return SPAN_NONE;
	buf_clear(&s->url);
	http_place_origin(&named, &s->url);
	if (!span_is(r->path, "*"))
		buf_add_span(&s->url, r->path);
	if (!named.https)
		r->oddities |= HTTP_LINES_ODD(SCHEME);
	if (elsewhere(s->h, &named))
		r->oddities |= HTTP_LINES_ODD(HOST_DIFFERS);
	return buf_span(&s->url);
}

/* ---- heads ---- */

static void fill_message(
	struct http_two_streams *s, const struct http_lines_read *r, struct http_message *m)
{
	buf_clear(&s->words);
	m->version = "HTTP/2";
	m->fields = r->secret ? http_masked(r->text, &s->masked) : r->text;
	m->oddities = http_lines_words(r->oddities, &s->words);
}

static struct http_two_stream *stream_new(
	struct http_two_streams *s, uint32_t id, const struct http_lines_read *r)
{
	struct http_two_stream *st = calloc(1, sizeof *st), **at = place(s, id);
	if (st == NULL)
		abort();
	st->id = id;
	st->n = ++s->h->exchanges;
	st->to_head = span_is(r->method, "HEAD");
	st->has_length[SIDE_REQUEST] = r->has_length;
	st->length[SIDE_REQUEST] = r->length;
	st->next = *at;
	*at = st;
	s->n++;
	return st;
}

void http_two_request(struct http_two_streams *s, uint32_t id, struct http_lines *l, bool end,
	const struct packet_at *at)
{
	struct http_lines_read r;
	struct http_message m = {0};
	struct err err = {0};
	if (http_lines_request(l, &r, &err))
		m.url = url_of(s, &r, &err);
	if (m.url.p != NULL && end && r.has_length && r.length > 0)
		err_set(&err, ERR_BODY_TRUNCATED, "no byte of %llu announced",
			(unsigned long long)r.length);
	struct http_two_stream *st = stream_new(s, id, &r);
	m.method = r.method;
	fill_message(s, &r, &m);
	http_tell_request(s->h, st->n, id, &m, at);
	if (err.kind != ERR_NONE) {
		http_two_over(s, st, &err, at);
		return;
	}
	if (s->down_lost.kind != ERR_NONE)
		miss_response(st, &s->down_lost);
	if (end)
		http_two_data_end(s, st, FLOW_UP, at);
}

/* RFC 9110 15.2 */
static void take_interim(struct http_two_streams *s, struct http_two_stream *st,
	const struct http_lines_read *r, bool end, const struct packet_at *at)
{
	struct http_message m = {.status = r->status};
	fill_message(s, r, &m);
	http_tell_interim(s->h, st->n, &m, at);
	st->interim_bytes += r->text.n;
	if (end)
		over(s, st, ERR_PSEUDO, "an interim response ends the stream", at);
	else if (++st->interims > HTTP_FLOW_INTERIMS_MAX ||
		 st->interim_bytes > HTTP_FLOW_INTERIM_BYTES_MAX)
		over(s, st, ERR_LIMIT, "too many interim responses", at);
}

static void take_response(struct http_two_streams *s, struct http_two_stream *st,
	struct http_lines *l, bool end, const struct packet_at *at)
{
	struct http_lines_read r;
	struct http_message m = {0};
	struct err err = {0};
	if (!http_lines_response(l, &r, &err)) {
		fill_message(s, &r, &m);
		http_tell_interim(s->h, st->n, &m, at);
		http_two_over(s, st, &err, at);
		return;
	}
	if (r.status < 200) {
		take_interim(s, st, &r, end, at);
		return;
	}
	m.status = r.status;
	fill_message(s, &r, &m);
	http_tell_response(s->h, st->n, &m, at);
	s->answered++;
	st->answered = true;
	/* RFC 9110 6.4.1 */
	st->no_body = st->to_head || r.status == 204 || r.status == 304;
	st->has_length[SIDE_RESPONSE] = r.has_length && !st->no_body;
	st->length[SIDE_RESPONSE] = r.length;
	if (end)
		http_two_data_end(s, st, FLOW_DOWN, at);
}

/* ---- ends of messages ---- */

/* RFC 9113 8.1.1: as many bytes as were announced. False: the stream is gone. */
static bool size_fits(struct http_two_streams *s, struct http_two_stream *st,
	enum fact_side side, const struct packet_at *at)
{
	struct err err = {0};
	if (!st->has_length[side] || st->size[side] == st->length[side])
		return true;
	err_set(&err, ERR_BODY_TRUNCATED, "%llu bytes of %llu announced",
		(unsigned long long)st->size[side], (unsigned long long)st->length[side]);
	http_two_over(s, st, &err, at);
	return false;
}

static void message_ended(struct http_two_streams *s, struct http_two_stream *st,
	enum fact_side side, struct span trailers, const struct packet_at *at)
{
	bool *done = side == SIDE_REQUEST ? &st->up_done : &st->down_done;
	if (!size_fits(s, st, side, at))
		return;
	*done = true;
	http_tell_message_end(s->h, st->n, side, trailers, at);
	settle(s, st, at);
}

void http_two_data_end(struct http_two_streams *s, struct http_two_stream *st,
	enum flow_way way, const struct packet_at *at)
{
	if (way == FLOW_UP ? st->up_done : st->down_done)
		return;
	if (way == FLOW_DOWN && !st->answered) {
		over(s, st, ERR_ORIGIN_SILENT, "the stream ended before a response head", at);
		return;
	}
	message_ended(s, st, way == FLOW_UP ? SIDE_REQUEST : SIDE_RESPONSE, SPAN_NONE, at);
}

static void take_trailers(struct http_two_streams *s, struct http_two_stream *st,
	enum flow_way way, struct http_lines *l, bool end, const struct packet_at *at)
{
	struct http_lines_read r;
	struct err err = {0};
	if (!http_lines_trailers(l, &r, &err)) {
		http_two_over(s, st, &err, at);
	} else if (!end) {
		over(s, st, ERR_TRAILER, "a second head that does not end the message", at);
	} else {
		message_ended(s, st, way == FLOW_UP ? SIDE_REQUEST : SIDE_RESPONSE,
			r.text.n > 0 ? r.text : SPAN_NONE, at);
	}
}

void http_two_head(struct http_two_streams *s, struct http_two_stream *st, enum flow_way way,
	struct http_lines *l, bool end, const struct packet_at *at)
{
	if (way == FLOW_UP ? st->up_done : st->down_done)
		return;
	if (way == FLOW_DOWN && !st->answered)
		take_response(s, st, l, end, at);
	else
		take_trailers(s, st, way, l, end, at);
}

/* ---- bodies ---- */

/* What is wrong with n more bytes of a body; kind NONE: nothing. */
static void judge_data(
	const struct http_two_stream *st, enum fact_side side, size_t n, struct err *err)
{
	if (side == SIDE_RESPONSE && !st->answered)
		err_set(err, ERR_START_LINE, "DATA before a response head");
	else if (side == SIDE_RESPONSE && st->no_body)
		err_set(err, ERR_EXTRA_BYTES, "DATA behind a response that has none");
	else if (st->has_length[side] && n > st->length[side] - st->size[side])
		err_set(err, ERR_LENGTH, "more than the %llu bytes announced",
			(unsigned long long)st->length[side]);
}

/* A frame counts as a whole, as to whoever has read it whole: of a request with what is too
 * much, of a response not at all. */
void http_two_data_begin(struct http_two_streams *s, struct http_two_stream *st,
	enum flow_way way, size_t n, const struct packet_at *at)
{
	struct err err = {0};
	if (n == 0 || (way == FLOW_UP ? st->up_done : st->down_done))
		return;
	judge_data(st, way == FLOW_UP ? SIDE_REQUEST : SIDE_RESPONSE, n, &err);
	if (err.kind == ERR_NONE)
		return;
	if (way == FLOW_DOWN) {
		http_two_over(s, st, &err, at);
		return;
	}
	http_keep_why(&st->why, &err);
	st->too_much = true;
}

void http_two_data(struct http_two_streams *s, struct http_two_stream *st, enum flow_way way,
	struct span bytes, const struct packet_at *at)
{
	enum fact_side side = way == FLOW_UP ? SIDE_REQUEST : SIDE_RESPONSE;
	if (bytes.n == 0 || (way == FLOW_UP ? st->up_done : st->down_done))
		return;
	st->size[side] += bytes.n;
	http_tell_body(s->h, st->n, side, bytes, at);
}

void http_two_data_done(struct http_two_streams *s, struct http_two_stream *st,
	enum flow_way way, bool end, const struct packet_at *at)
{
	if (way == FLOW_UP && st->too_much)
		http_two_over(s, st, &http_fine, at);
	else if (end)
		http_two_data_end(s, st, way, at);
}

void http_two_reset(struct http_two_streams *s, struct http_two_stream *st, enum flow_way way,
	uint32_t code, const struct packet_at *at)
{
	if (way == FLOW_UP)
		over(s, st, ERR_BROWSER_CANCELLED, code_name(code), at);
	else if (st->down_done)
		over(s, st, ERR_BODY_TRUNCATED,
			"the answer was whole before the request, and it takes no more", at);
	else if (code == HTTP_TWO_REFUSED_STREAM)
		over(s, st, ERR_ORIGIN_REFUSED, code_name(code), at);
	else
		over(s, st, ERR_ORIGIN_CANCELLED, code_name(code), at);
}
