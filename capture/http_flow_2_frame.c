/* Frames of HTTP/2 (RFC 9113 4, 6), and the blocks of field lines in them. */
#include "capture/http_flow_2_inner.h"
#include "store/base/reader.h"

/* RFC 9113 6 */
enum frame_type {
	FRAME_DATA = HTTP_TWO_DATA,
	FRAME_HEADERS = 1,
	FRAME_RST_STREAM = 3,
	FRAME_SETTINGS = 4,
	FRAME_PUSH_PROMISE = 5,
	FRAME_GOAWAY = 7,
	FRAME_CONTINUATION = 9,
};
enum {
	FLAG_END_STREAM = 1,
	FLAG_ACK = 1,
	FLAG_END_HEADERS = 4,
	FLAG_PADDED = 8,
	FLAG_PRIORITY = 32
};
enum { SETTING_TABLE_SIZE = 1, SETTING_FRAME_SIZE = 5 };
enum {
	FRAME_HEAD = 9,
	SETTING_BYTES = 6,
};

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/* ---- one direction is over ---- */

void http_two_way_over(struct http_two *t, enum flow_way way, const struct err *why,
	const struct packet_at *at)
{
	struct two_way *w = &t->way[way];
	if (w->over)
		return;
	w->over = true;
	w->stalled = false;
	buf_fini(&w->block);
	http_two_lost_way(&t->streams, way, why, at);
}

/* It breaks a rule without which nothing behind it can be read. */
static void way_broken(struct http_two *t, enum flow_way way, enum err_kind kind,
	const char *detail, const struct packet_at *at)
{
	struct err why = {0};
	err_set(&why, kind, "%s", detail);
	http_two_way_over(t, way, &why, at);
	http_tell_other(t->h, 0, &why, at);
}

/* ---- field blocks ---- */

static bool add_line(void *ctx, struct span name, struct span value)
{
	struct http_lines *l = ctx;
	http_lines_add(l, name, value);
	return l->size <= HTTP_FLOW_HEAD_MAX;
}

static void block_on_new_stream(
	struct http_two *t, uint32_t id, bool end, const struct packet_at *at)
{
	/* RFC 9113 5.1.1: a number that is not higher is of a stream that is gone. */
	if (id % 2 == 0 || id <= t->last_opened)
		return;
	t->last_opened = id;
	if (t->streams.n < HTTP_FLOW_STREAMS_MAX) {
		http_two_request(&t->streams, id, &t->lines, end, at);
		return;
	}
	way_broken(t, FLOW_UP, ERR_LIMIT, "HTTP/2: too many requests under way", at);
}

static void pushed(struct http_two *t, uint32_t id, const struct packet_at *at)
{
	struct err why = {0};
	const struct http_two_stream *st = http_two_find(&t->streams, id);
	err_set(&why, ERR_H2_PROTOCOL, "a pushed stream");
	http_tell_other(t->h, st != NULL ? st->n : 0, &why, at);
}

static void block_whole(struct http_two *t, enum flow_way way, const struct packet_at *at)
{
	struct two_way *w = &t->way[way];
	struct err err = {0};
	uint32_t id = w->block_stream;
	w->block_open = false;
	http_lines_clear(&t->lines);
	if (!hpack_block(w->hpack, buf_span(&w->block), add_line, &t->lines, &err)) {
		bool bomb = t->lines.size > HTTP_FLOW_HEAD_MAX;
		way_broken(t, way, bomb ? ERR_LIMIT : ERR_H2_PROTOCOL,
			bomb ? "HTTP/2: a field list beyond all limits"
			     : "a field block does not decode",
			at);
		return;
	}
	buf_fini(&w->block);
	struct http_two_stream *st = http_two_find(&t->streams, id);
	if (w->block_pushed)
		pushed(t, id, at);
	else if (st != NULL)
		http_two_head(&t->streams, st, way, &t->lines, w->block_ends, at);
	else if (way == FLOW_UP)
		block_on_new_stream(t, id, w->block_ends, at);
	if (t->streams.n == 0) {
		http_lines_fini(&t->lines);
		http_two_rest(&t->streams);
	}
}

/* RFC 9113 6.2, 6.6, 6.10: what of a frame is a piece of a block. False: malformed. */
static bool block_piece(const struct two_frame *f, struct span payload, struct span *piece)
{
	struct reader r = reader_of(payload);
	uint32_t pad = 0;
	if (f->type != FRAME_CONTINUATION && (f->flags & FLAG_PADDED) != 0)
		pad = read_u8(&r);
	if (f->type == FRAME_HEADERS && (f->flags & FLAG_PRIORITY) != 0)
		read_span(&r, 5);
	if (f->type == FRAME_PUSH_PROMISE)
		read_span(&r, 4);
	if (r.bad || pad > r.n)
		return false;
	*piece = span_of(r.p, r.n - pad);
	return true;
}

static void block_frame(
	struct http_two *t, enum flow_way way, struct span payload, const struct packet_at *at)
{
	struct two_way *w = &t->way[way];
	const struct two_frame *f = &w->frame;
	struct span piece;
	if (!block_piece(f, payload, &piece) || f->stream == 0) {
		way_broken(t, way, ERR_H2_PROTOCOL, "a malformed frame of a field block", at);
		return;
	}
	if (f->type != FRAME_CONTINUATION) {
		w->block_open = true;
		w->block_stream = f->stream;
		w->block_pushed = f->type == FRAME_PUSH_PROMISE;
		w->block_ends = !w->block_pushed && (f->flags & FLAG_END_STREAM) != 0;
	}
	if (buf_len(&w->block) + piece.n > HTTP_FLOW_HEAD_MAX) {
		way_broken(t, way, ERR_LIMIT, "HTTP/2: a field block beyond all limits", at);
		return;
	}
	buf_add_span(&w->block, piece);
	if ((f->flags & FLAG_END_HEADERS) != 0)
		block_whole(t, way, at);
}

/* ---- frames about the connection ---- */

static void settings_frame(struct http_two *t, enum flow_way way, struct span payload)
{
	struct two_way *w = &t->way[way];
	struct reader r = reader_of(payload);
	if ((w->frame.flags & FLAG_ACK) != 0)
		return;
	w->has_settings = true;
	while (r.n >= SETTING_BYTES) {
		uint16_t what = read_u16(&r);
		uint32_t value = read_u32(&r);
		if (what == SETTING_TABLE_SIZE)
			hpack_allow(t->way[flow_back(way)].hpack, value);
		if (what == SETTING_FRAME_SIZE && value > w->frame_max)
			w->frame_max = value;
	}
}

static bool beyond(const struct http_two_stream *st, uint32_t last)
{
	return st->id > last;
}

/* RFC 9113 6.8: what is beyond the last stream was not taken up. */
static void goaway_frame(
	struct http_two *t, enum flow_way way, struct span payload, const struct packet_at *at)
{
	struct reader r = reader_of(payload);
	struct err why = {0};
	struct http_two_stream *st;
	uint32_t last = read_u32(&r) & 0x7fffffff, code = read_u32(&r);
	if (r.bad)
		return;
	t->way[way].goaway = true;
	t->way[way].goaway_code = code;
	if (way == FLOW_UP)
		return;
	err_set(&why, ERR_ORIGIN_REFUSED, "GOAWAY");
	while ((st = http_two_first(&t->streams, beyond, last)) != NULL)
		http_two_over(&t->streams, st, &why, at);
}

static void reset_frame(
	struct http_two *t, enum flow_way way, struct span payload, const struct packet_at *at)
{
	struct reader r = reader_of(payload);
	uint32_t code = read_u32(&r);
	struct http_two_stream *st = http_two_find(&t->streams, t->way[way].frame.stream);
	if (!r.bad && st != NULL)
		http_two_reset(&t->streams, st, way, code, at);
}

/* ---- the reader ---- */

static bool takes_whole(uint8_t type)
{
	switch (type) {
	case FRAME_HEADERS:
	case FRAME_CONTINUATION:
	case FRAME_PUSH_PROMISE:
	case FRAME_SETTINGS:
	case FRAME_RST_STREAM:
	case FRAME_GOAWAY: return true;
	default: return false;
	}
}

static void whole_frame(
	struct http_two *t, enum flow_way way, struct span payload, const struct packet_at *at)
{
	switch (t->way[way].frame.type) {
	case FRAME_SETTINGS: settings_frame(t, way, payload); break;
	case FRAME_RST_STREAM: reset_frame(t, way, payload, at); break;
	case FRAME_GOAWAY: goaway_frame(t, way, payload, at); break;
	default: block_frame(t, way, payload, at); break;
	}
}

static void data_done(struct http_two *t, enum flow_way way, const struct packet_at *at)
{
	const struct two_frame *f = &t->way[way].frame;
	struct http_two_stream *st;
	if (f->type != FRAME_DATA || (st = http_two_find(&t->streams, f->stream)) == NULL)
		return;
	http_two_data_done(&t->streams, st, way, (f->flags & FLAG_END_STREAM) != 0, at);
}

/* Payload of DATA, padding, or what is passed over. */
static size_t inside(
	struct http_two *t, enum flow_way way, struct span in, const struct packet_at *at)
{
	struct two_way *w = &t->way[way];
	uint32_t *count = w->left > 0 ? &w->left : &w->pad;
	struct span piece = span_first(in, *count);
	if (count == &w->left && w->frame.type == FRAME_DATA) {
		struct http_two_stream *st = http_two_find(&t->streams, w->frame.stream);
		if (st != NULL)
			http_two_data(&t->streams, st, way, piece, at);
	}
	*count -= (uint32_t)piece.n;
	if (w->left == 0 && w->pad == 0)
		data_done(t, way, at);
	return piece.n;
}

/* RFC 9113 6.1. Bytes used beyond the frame's head; SIZE_MAX: more must come. */
static size_t begin_data(
	struct http_two *t, enum flow_way way, struct span behind, const struct packet_at *at)
{
	struct two_way *w = &t->way[way];
	bool padded = (w->frame.flags & FLAG_PADDED) != 0;
	w->left = w->frame.len;
	w->pad = 0;
	if (padded && w->left > 0 && behind.n == 0) {
		w->left = 0;
		return SIZE_MAX;
	}
	if (padded) {
		uint32_t pad = w->left > 0 ? behind.p[0] : 0;
		if (w->left == 0 || pad >= w->left) {
			w->left = 0;
			way_broken(t, way, ERR_H2_PROTOCOL, "more padding than frame", at);
			return 0;
		}
		w->left -= pad + 1;
		w->pad = pad;
	}
	struct http_two_stream *st = http_two_find(&t->streams, w->frame.stream);
	if (st != NULL)
		http_two_data_begin(&t->streams, st, way, w->left, at);
	if (w->left == 0 && w->pad == 0)
		data_done(t, way, at);
	return padded ? 1 : 0;
}

/* May this frame come here? */
static bool in_order(struct http_two *t, enum flow_way way, const struct two_frame *f,
	const struct packet_at *at)
{
	const struct two_way *w = &t->way[way], *back = &t->way[flow_back(way)];
	bool goes_on = f->type == FRAME_CONTINUATION;
	if (w->block_open != goes_on || (goes_on && f->stream != w->block_stream)) {
		way_broken(t, way, ERR_H2_PROTOCOL, "a field block is broken off", at);
		return false;
	}
	/* RFC 9113 4.2. What the receiver takes may not have been seen yet. */
	if ((back->has_settings && f->len > back->frame_max) ||
		(takes_whole(f->type) && f->len > HTTP_FLOW_HEAD_MAX)) {
		way_broken(t, way, ERR_H2_PROTOCOL, "a frame larger than was announced", at);
		return false;
	}
	return true;
}

/* Is it of a stream that the other direction may yet open? */
static bool comes_early(const struct http_two *t, enum flow_way way, const struct two_frame *f)
{
	const struct two_way *up = &t->way[FLOW_UP];
	bool of_stream = f->type == FRAME_HEADERS || f->type == FRAME_DATA ||
			 f->type == FRAME_RST_STREAM || f->type == FRAME_PUSH_PROMISE;
	return way == FLOW_DOWN && of_stream && f->stream % 2 == 1 &&
	       f->stream > t->last_opened && !up->over && !up->closed && !t->no_waiting;
}

static size_t begin_frame(
	struct http_two *t, enum flow_way way, struct span in, const struct packet_at *at)
{
	struct two_way *w = &t->way[way];
	struct reader r = reader_of(in);
	struct two_frame f = {.len = read_u24(&r)};
	f.type = read_u8(&r);
	f.flags = read_u8(&r);
	f.stream = read_u32(&r) & 0x7fffffff;
	if (r.bad || !in_order(t, way, &f, at))
		return 0;
	w->stalled = comes_early(t, way, &f);
	if (w->stalled)
		return 0;
	w->frame = f;
	if (takes_whole(f.type)) {
		struct span payload = read_span(&r, f.len);
		if (r.bad)
			return 0;
		whole_frame(t, way, payload, at);
		return FRAME_HEAD + f.len;
	}
	if (f.type == FRAME_DATA) {
		size_t used = begin_data(t, way, span_of(r.p, r.n), at);
		return used == SIZE_MAX ? 0 : FRAME_HEAD + used;
	}
	w->left = f.len;
	return FRAME_HEAD;
}

static size_t take_preface(
	struct http_two *t, enum flow_way way, struct span in, const struct packet_at *at)
{
	struct two_way *w = &t->way[way];
	size_t from = HTTP_TWO_PREFACE - w->preface_left;
	struct span piece = span_first(in, w->preface_left);
	if (memcmp(piece.p, preface + from, piece.n) != 0) {
		way_broken(t, way, ERR_H2_PROTOCOL,
			"it does not begin with the connection preface", at);
		return 0;
	}
	w->preface_left -= piece.n;
	return piece.n;
}

/* Bytes used; 0: more must come, here or the other way. */
size_t http_two_step(
	struct http_two *t, enum flow_way way, struct span in, const struct packet_at *at)
{
	struct two_way *w = &t->way[way];
	if (w->over) {
		http_tell_beyond(t->h, way, in, at);
		return in.n;
	}
	if (w->preface_left > 0)
		return take_preface(t, way, in, at);
	if (w->left > 0 || w->pad > 0)
		return inside(t, way, in, at);
	return begin_frame(t, way, in, at);
}
