/*
 * HTTP/2 (RFC 9113), both directions: frames, field blocks, and what they say of streams. Each
 * direction is read by itself; what comes down for a stream that is not opened yet waits, for
 * the two directions of a capture may be out of step. Windows are nobody's business here.
 */
#include "capture/http_flow_2_inner.h"

#include <stdlib.h>

struct http_two *http_two_new(struct http_flow *h)
{
	struct http_two *t = calloc(1, sizeof *t);
	if (t == NULL)
		abort();
	t->h = t->streams.h = h;
	for (int way = FLOW_UP; way <= FLOW_DOWN; way++) {
		t->way[way].hpack = hpack_new();
		t->way[way].frame_max = HTTP_TWO_FRAME_FIRST;
	}
	t->way[FLOW_UP].preface_left = HTTP_TWO_PREFACE;
	return t;
}

void http_two_free(struct http_two *t)
{
	if (t == NULL)
		return;
	for (int way = FLOW_UP; way <= FLOW_DOWN; way++) {
		hpack_free(t->way[way].hpack);
		buf_fini(&t->way[way].in);
		buf_fini(&t->way[way].block);
	}
	http_lines_fini(&t->lines);
	http_two_streams_fini(&t->streams);
	free(t);
}

static void run_on(struct http_two *t, const struct packet_at *at);

static void run(
	struct http_two *t, enum flow_way way, struct span fresh, const struct packet_at *at)
{
	struct two_way *w = &t->way[way];
	bool kept = buf_len(&w->in) > 0;
	if (kept)
		buf_add_span(&w->in, fresh);
	struct span in = kept ? buf_span(&w->in) : fresh;
	size_t done = 0;
	while (done < in.n) {
		size_t used = http_two_step(t, way, span_from(in, done), at);
		if (used == 0 && !w->over)
			break;
		done += used;
		/* An answer that waited, or will not come, is before the next request. */
		if (way == FLOW_UP)
			run_on(t, at);
	}
	if (!kept)
		buf_add_span(&w->in, span_from(in, done));
	else
		buf_consume(&w->in, done);
	if (buf_len(&w->in) == 0)
		buf_fini(&w->in);
}

/* ---- the connection's end ---- */

/* Why what is under way is not answered: the server's end, as far as frames told of it. */
static void why_cut(const struct http_two *t, const struct http_two_stream *st, struct err *why)
{
	const struct two_way *up = &t->way[FLOW_UP], *down = &t->way[FLOW_DOWN];
	bool server = down->goaway && down->goaway_code != HTTP_TWO_NO_ERROR;
	bool client = up->goaway && up->goaway_code != HTTP_TWO_NO_ERROR;
	uint32_t code = server ? down->goaway_code : up->goaway_code;
	*why = (struct err){0};
	if (server || client)
		err_set(why, code == HTTP_TWO_ENHANCE_YOUR_CALM ? ERR_LIMIT : ERR_H2_PROTOCOL,
			"a goodbye with error code %u", code);
	else if (st->down_done)
		err_set(why, ERR_BODY_TRUNCATED, "inside the body of a request");
	else if (up->closed)
		err_set(why, up->reset ? ERR_BROWSER_RESET : ERR_BROWSER_CLOSED,
			"before the answer was whole");
	else if (down->reset)
		err_set(why, ERR_ORIGIN_RESET, "%s", "");
	else if (!st->answered && st->interims == 0 && t->streams.answered > 0)
		err_set(why, ERR_ORIGIN_SILENT, "%s", "");
	else
		err_set(why, ERR_ORIGIN_CLOSED, "while requests were under way");
}

static void cut_all(struct http_two *t, const struct packet_at *at)
{
	struct http_two_stream *st;
	struct err why;
	while ((st = http_two_first(&t->streams, NULL, 0)) != NULL) {
		why_cut(t, st, &why);
		http_two_over(&t->streams, st, &why, at);
	}
}

/* What waited goes on, and then perhaps the end that stood behind it. */
static void run_on(struct http_two *t, const struct packet_at *at)
{
	struct two_way *down = &t->way[FLOW_DOWN], *up = &t->way[FLOW_UP];
	if (buf_len(&down->in) > HTTP_FLOW_HELD_MAX)
		t->no_waiting = true;
	if (down->stalled)
		run(t, FLOW_DOWN, SPAN_NONE, at);
	if ((down->closed && !down->stalled) || (up->closed && up->reset))
		cut_all(t, at);
}

/* ---- the door ---- */

void http_two_bytes(
	struct http_two *t, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	run(t, way, bytes, at);
	run_on(t, at);
}

void http_two_lost(struct http_two *t, enum flow_way way, const struct err *why,
	const struct packet_at *at)
{
	buf_fini(&t->way[way].in);
	http_two_way_over(t, way, why, at);
	run_on(t, at);
}

void http_two_closed(
	struct http_two *t, enum flow_way way, bool reset, const struct packet_at *at)
{
	t->way[way].closed = true;
	t->way[way].reset |= reset;
	run_on(t, at);
}

/* In a frame of which no exchange tells: it is not DATA, or not even known what. */
static bool unfinished(const struct two_way *w)
{
	if (w->over)
		return false;
	if (w->preface_left > 0)
		return w->preface_left < HTTP_TWO_PREFACE;
	if (w->left > 0 || w->pad > 0)
		return w->frame.type != HTTP_TWO_DATA;
	return w->block_open || (buf_len(&w->in) > 0 && !w->stalled);
}

static void tell_unfinished(struct http_two *t, const struct packet_at *at)
{
	struct err why = {0};
	err_set(&why, ERR_HEAD_TRUNCATED, "HTTP/2: it ends inside a frame");
	if (unfinished(&t->way[FLOW_UP]) || unfinished(&t->way[FLOW_DOWN]))
		http_tell_other(t->h, 0, &why, at);
}

void http_two_end(struct http_two *t, const struct packet_at *at)
{
	struct http_two_stream *st;
	struct err why = {0};
	t->no_waiting = true;
	run_on(t, at);
	while ((st = http_two_first(&t->streams, NULL, 0)) != NULL) {
		if (t->way[FLOW_UP].closed || t->way[FLOW_UP].goaway ||
			t->way[FLOW_DOWN].goaway)
			why_cut(t, st, &why);
		else
			err_set(&why, ERR_SHUTDOWN, "its packets end here");
		http_two_over(&t->streams, st, &why, at);
	}
	tell_unfinished(t, at);
}
