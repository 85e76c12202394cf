#include "tests/kit/h2_raw.h"
#include "store/base/clock.h"
#include "tests/kit/script_origin.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PIECE = 16384, LOG_MAX = 6000 };

static int64_t until_ms(int ms)
{
	return clock_now_us(clock_real()) + (int64_t)ms * 1000;
}

static bool await_io(struct h2_raw *c, short events, int64_t until_us)
{
	int64_t left_us = until_us - clock_now_us(clock_real());
	struct pollfd fd = {c->fd, events, 0};
	return left_us > 0 && poll(&fd, 1, (int)(left_us / 1000 + 1)) > 0;
}

/* What SSL_read or SSL_write came to: an event to wait for, or 0 if the connection is over. */
static short troubles(struct h2_raw *c, int rc)
{
	int why = SSL_get_error(c->ssl, rc);
	ERR_clear_error();
	if (why == SSL_ERROR_WANT_READ)
		return POLLIN;
	if (why == SSL_ERROR_WANT_WRITE)
		return POLLOUT;
	c->eof |= why == SSL_ERROR_ZERO_RETURN;
	/* Gone without close_notify: a cut, whatever TCP says. */
	c->reset |= why != SSL_ERROR_ZERO_RETURN;
	return 0;
}

/* More bytes behind in. False: the connection is over, or nothing came in time. */
static bool pull(struct h2_raw *c, int64_t until_us)
{
	for (;;) {
		if (c->eof || c->reset)
			return false;
		ERR_clear_error();
		int got = SSL_read(c->ssl, buf_room(&c->in, PIECE), PIECE);
		if (got > 0) {
			buf_grew(&c->in, (size_t)got);
			return true;
		}
		short wait = troubles(c, got);
		if (wait == 0 || !await_io(c, wait, until_us))
			return false;
	}
}

size_t h2_raw_try_bytes(struct h2_raw *c, const void *p, size_t n, int ms)
{
	int64_t until_us = until_ms(ms);
	const uint8_t *at = p;
	size_t sent = 0;
	while (sent < n && !c->reset) {
		ERR_clear_error();
		int got = SSL_write(
			c->ssl, at + sent, (int)(n - sent < PIECE ? n - sent : PIECE));
		if (got > 0) {
			sent += (size_t)got;
			continue;
		}
		short wait = troubles(c, got);
		if (wait == 0 || !await_io(c, wait, until_us))
			break;
	}
	return sent;
}

void h2_raw_bytes(struct h2_raw *c, const void *p, size_t n)
{
	size_t sent = h2_raw_try_bytes(c, p, n, H2_RAW_PATIENCE_MS);
	if (sent != n)
		fail_msg("only %zu of %zu bytes could be sent; there came:\n%s", sent, n,
			h2_raw_log(c));
}

void h2_raw_frame(struct h2_raw *c, unsigned type, unsigned flags, uint32_t stream,
	const void *payload, size_t n)
{
	struct buf out = {0};
	h2_write_frame(&out, type, flags, stream, payload, n);
	size_t len = buf_len(&out), sent;
	sent = h2_raw_try_bytes(c, buf_span(&out).p, len, H2_RAW_PATIENCE_MS);
	buf_fini(&out);
	if (sent != len)
		fail_msg("a %s could not be sent; there came:\n%s", h2_wire_type(type),
			h2_raw_log(c));
	if (type == H2_DATA) {
		c->window -= (int64_t)n;
		c->stream_window[stream / 2 % H2_RAW_STREAMS] -= (int64_t)n;
	}
}

void h2_raw_head(struct h2_raw *c, unsigned flags, uint32_t stream, const char *lines)
{
	struct buf block = {0};
	h2_write_fields(&block, lines);
	h2_raw_frame(c, H2_HEADERS, flags | H2_END_HEADERS, stream, buf_span(&block).p,
		buf_len(&block));
	buf_fini(&block);
}

void h2_raw_data(struct h2_raw *c, unsigned flags, uint32_t stream, const char *text)
{
	h2_raw_frame(c, H2_DATA, flags, stream, text, strlen(text));
}

static void put_u32(uint8_t *at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> (24 - 8 * i));
}

void h2_raw_rst(struct h2_raw *c, uint32_t stream, uint32_t code)
{
	uint8_t payload[4];
	put_u32(payload, code);
	h2_raw_frame(c, H2_RST_STREAM, 0, stream, payload, sizeof payload);
}

void h2_raw_goaway(struct h2_raw *c, uint32_t last_stream, uint32_t code, const char *debug)
{
	struct buf payload = {0};
	buf_add_u32(&payload, last_stream);
	buf_add_u32(&payload, code);
	buf_add_str(&payload, debug);
	h2_raw_frame(c, H2_GOAWAY, 0, 0, buf_span(&payload).p, buf_len(&payload));
	buf_fini(&payload);
}

void h2_raw_ping(struct h2_raw *c, const char eight[8])
{
	h2_raw_frame(c, H2_PING, 0, 0, eight, 8);
}

void h2_raw_window(struct h2_raw *c, uint32_t stream, uint32_t more)
{
	uint8_t payload[4];
	put_u32(payload, more);
	h2_raw_frame(c, H2_WINDOW_UPDATE, 0, stream, payload, sizeof payload);
}

void h2_raw_set(struct h2_raw *c, unsigned id, uint32_t value)
{
	uint8_t payload[6] = {(uint8_t)(id >> 8), (uint8_t)id};
	put_u32(payload + 2, value);
	h2_raw_frame(c, H2_SETTINGS, 0, 0, payload, sizeof payload);
}

/* ---- reading ---- */

static uint32_t get_u32(struct span s, size_t at)
{
	if (s.n < at + 4)
		return 0;
	return (uint32_t)s.p[at] << 24 | (uint32_t)s.p[at + 1] << 16 |
	       (uint32_t)s.p[at + 2] << 8 | s.p[at + 3];
}

/* The whole frame that starts at `at` of in; false: it does not come. */
static bool frame_at(struct h2_raw *c, size_t at, int64_t until_us, struct span *frame)
{
	for (;;) {
		struct span in = span_from(buf_span(&c->in), at);
		if (in.n >= H2_FRAME_HEAD) {
			size_t n = (size_t)in.p[0] << 16 | (size_t)in.p[1] << 8 | in.p[2];
			if (in.n >= H2_FRAME_HEAD + n) {
				*frame = span_first(in, H2_FRAME_HEAD + n);
				return true;
			}
		}
		if (!pull(c, until_us))
			return false;
	}
}

/* RFC 9113 6.1, 6.2 */
static struct span without_padding(struct h2_raw *c, struct span payload)
{
	const struct h2_got *got = &c->got;
	size_t pad = 0, skip = 0;
	if (got->flags & H2_PADDED) {
		assert_true(payload.n >= 1);
		pad = payload.p[0];
		skip = 1;
	}
	if (got->type == H2_HEADERS && (got->flags & H2_WITH_PRIORITY))
		skip += 5;
	assert_true(skip + pad <= payload.n);
	return span_of(payload.p + skip, payload.n - skip - pad);
}

static void inflate(struct h2_raw *c, struct span block)
{
	const uint8_t *at = block.p;
	size_t left = block.n;
	for (;;) {
		nghttp2_nv nv;
		int flags = 0;
		ssize_t n = nghttp2_hd_inflate_hd2(c->inflater, &nv, &flags, at, left, 1);
		if (n < 0)
			fail_msg("a header block came that is none: %s",
				nghttp2_strerror((int)n));
		at += n;
		left -= (size_t)n;
		if (flags & NGHTTP2_HD_INFLATE_EMIT) {
			if (nv.flags & NGHTTP2_NV_FLAG_NO_INDEX)
				buf_add_byte(&c->fields, '!');
			buf_add(&c->fields, nv.name, nv.namelen);
			buf_add_str(&c->fields, ": ");
			buf_add(&c->fields, nv.value, nv.valuelen);
			buf_add_byte(&c->fields, '\n');
		}
		if (flags & NGHTTP2_HD_INFLATE_FINAL)
			break;
	}
	nghttp2_hd_inflate_end_headers(c->inflater);
	buf_add_byte(&c->fields, 0);
}

/* HEADERS with all its CONTINUATIONs (RFC 9113 6.10); false: they do not come. */
static bool read_block(struct h2_raw *c, int64_t until_us)
{
	struct buf block = {0};
	struct span frame;
	bool whole = (c->got.flags & H2_END_HEADERS) != 0;
	buf_add_span(&block, c->got.payload);
	while (!whole && frame_at(c, c->used, until_us, &frame)) {
		assert_int_equal(frame.p[3], H2_CONTINUATION);
		buf_add_span(&block, span_from(frame, H2_FRAME_HEAD));
		whole = (frame.p[4] & H2_END_HEADERS) != 0;
		c->used += frame.n;
	}
	buf_clear(&c->fields);
	if (whole)
		inflate(c, buf_span(&block));
	c->got.payload = SPAN_NONE;
	c->got.fields = (const char *)buf_span(&c->fields).p;
	buf_fini(&block);
	return whole;
}

static void take_settings(struct h2_raw *c)
{
	struct span p = c->got.payload;
	if (c->got.flags & H2_ACK) {
		c->settings_acked = true;
		return;
	}
	for (size_t i = 0; i + 6 <= p.n; i += 6) {
		unsigned id = (unsigned)(p.p[i] << 8 | p.p[i + 1]);
		uint32_t value = get_u32(p, i + 2);
		if (id < H2_SETTINGS_KNOWN)
			c->settings[id] = value;
		if (id == H2_SET_INITIAL_WINDOW_SIZE)
			c->initial = value;
		if (!c->settings_came && c->n_settings < sizeof c->settings_order)
			c->settings_order[c->n_settings++] = (uint8_t)id;
	}
	c->settings_came = true;
	/* A peer that is gone meanwhile needs none. */
	if (!c->no_ack) {
		static const uint8_t ack[] = {0, 0, 0, H2_SETTINGS, H2_ACK, 0, 0, 0, 0};
		h2_raw_try_bytes(c, ack, sizeof ack, H2_RAW_PATIENCE_MS);
	}
}

static void note(struct h2_raw *c)
{
	const struct h2_got *g = &c->got;
	if (buf_len(&c->log) > LOG_MAX)
		return;
	buf_addf(&c->log, "  %s stream %u flags 0x%x, %zu bytes", h2_wire_type(g->type),
		g->stream, g->flags, g->payload.n);
	if (g->type == H2_RST_STREAM || g->type == H2_GOAWAY)
		buf_addf(&c->log, ", %s", h2_wire_code(g->code));
	if (g->type == H2_GOAWAY) {
		char debug[200];
		text_escape(span_first(span_from(g->payload, 8), 90), debug, sizeof debug);
		buf_addf(&c->log, ", last stream %u \"%s\"", g->last_stream, debug);
	}
	if (g->fields != NULL) {
		char safe[400];
		text_escape(span_first(span_str(g->fields), 90), safe, sizeof safe);
		buf_addf(&c->log, ", \"%s\"", safe);
	}
	buf_add_byte(&c->log, '\n');
}

const struct h2_got *h2_raw_next(struct h2_raw *c, int ms)
{
	int64_t until_us = until_ms(ms);
	struct span frame;
	buf_consume(&c->in, c->used);
	c->used = 0;
	if (!frame_at(c, 0, until_us, &frame))
		return NULL;
	struct h2_got *g = &c->got;
	c->used = frame.n;
	*g = (struct h2_got){.type = frame.p[3],
		.flags = frame.p[4],
		.stream = get_u32(frame, 5) & 0x7fffffff,
		.payload = span_from(frame, H2_FRAME_HEAD)};
	if (g->type == H2_DATA) {
		g->window = g->payload.n;
		g->payload = without_padding(c, g->payload);
	} else if (g->type == H2_HEADERS) {
		g->payload = without_padding(c, g->payload);
		if (!read_block(c, until_us))
			return NULL;
	} else if (g->type == H2_PUSH_PROMISE) {
		g->payload = span_from(without_padding(c, g->payload), 4);
		if (!read_block(c, until_us))
			return NULL;
	} else if (g->type == H2_RST_STREAM) {
		g->code = get_u32(g->payload, 0);
	} else if (g->type == H2_GOAWAY) {
		g->last_stream = get_u32(g->payload, 0) & 0x7fffffff;
		g->code = get_u32(g->payload, 4);
	} else if (g->type == H2_SETTINGS) {
		take_settings(c);
	} else if (g->type == H2_WINDOW_UPDATE) {
		int64_t more = get_u32(g->payload, 0) & 0x7fffffff;
		if (g->stream == 0)
			c->window += more;
		else
			c->stream_window[g->stream / 2 % H2_RAW_STREAMS] += more;
	}
	note(c);
	return g;
}

const char *h2_raw_log(struct h2_raw *c)
{
	buf_addf(&c->log, "  %s", c->reset ? "(cut)" : c->eof ? "(end)" : "(open)");
	buf_add_byte(&c->log, 0);
	return (const char *)buf_span(&c->log).p;
}

const char *h2_raw_text(struct h2_raw *c, const char *mark)
{
	int64_t until_us = until_ms(H2_RAW_PATIENCE_MS);
	size_t at;
	while ((at = span_find(buf_span(&c->in), span_str(mark), 0)) == SIZE_MAX)
		if (!pull(c, until_us))
			fail_msg("no \"%s\" in \"%.*s\"", mark, (int)buf_len(&c->in),
				(const char *)buf_span(&c->in).p);
	buf_clear(&c->fields);
	buf_add_span(&c->fields, span_first(buf_span(&c->in), at + strlen(mark)));
	buf_consume(&c->in, at + strlen(mark));
	buf_add_byte(&c->fields, 0);
	return (const char *)buf_span(&c->fields).p;
}

void h2_raw_welcome(struct h2_raw *c, const void *settings, size_t n)
{
	int64_t until_us = until_ms(H2_RAW_PATIENCE_MS);
	while (buf_len(&c->in) < H2_PREFACE_LEN)
		if (!pull(c, until_us))
			fail_msg("no preface came but %zu bytes", buf_len(&c->in));
	if (memcmp(buf_span(&c->in).p, H2_PREFACE, H2_PREFACE_LEN) != 0)
		fail_msg("no preface came: %.*s", (int)H2_PREFACE_LEN,
			(const char *)buf_span(&c->in).p);
	buf_consume(&c->in, H2_PREFACE_LEN);
	h2_raw_frame(c, H2_SETTINGS, 0, 0, settings, n);
	h2_raw_expect(c, H2_SETTINGS, 0);
}

/* How much the windows let through on a stream. */
static size_t may_send(const struct h2_raw *c, uint32_t stream)
{
	int64_t of_stream = c->initial + c->stream_window[stream / 2 % H2_RAW_STREAMS];
	int64_t n = c->window < of_stream ? c->window : of_stream;
	return n > 0 ? (size_t)n : 0;
}

size_t h2_raw_fill(struct h2_raw *c, uint32_t stream, size_t from, size_t to, bool end, int ms)
{
	int64_t until_us = until_ms(ms);
	uint8_t piece[H2_FRAME_MAX];
	size_t at = from;
	while (at < to) {
		size_t n = may_send(c, stream);
		if (n == 0) {
			int64_t left_us = until_us - clock_now_us(clock_real());
			if (left_us <= 0 || h2_raw_next(c, (int)(left_us / 1000 + 1)) == NULL)
				break;
			continue;
		}
		n = n < sizeof piece ? n : sizeof piece;
		n = n < to - at ? n : to - at;
		for (size_t i = 0; i < n; i++)
			piece[i] = script_fill(at + i);
		h2_raw_frame(
			c, H2_DATA, end && at + n == to ? H2_END_STREAM : 0, stream, piece, n);
		at += n;
	}
	return at;
}
