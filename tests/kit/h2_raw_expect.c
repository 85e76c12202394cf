/* What a frame-level end demands to hear. */
#include "store/base/clock.h"
#include "tests/kit/h2_raw.h"
#include "tests/kit/script_origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int64_t until_ms(int ms)
{
	return clock_now_us(clock_real()) + (int64_t)ms * 1000;
}

static bool housekeeping(const struct h2_got *g)
{
	return g->type == H2_SETTINGS || g->type == H2_WINDOW_UPDATE || g->type == H2_PING ||
	       g->type == H2_PRIORITY;
}

static bool is(const struct h2_got *g, unsigned type, uint32_t stream)
{
	return g->type == type && (stream == UINT32_MAX || g->stream == stream);
}

static const struct h2_got *search(
	struct h2_raw *c, unsigned type, uint32_t stream, bool whatever)
{
	for (;;) {
		const struct h2_got *g = h2_raw_next(c, H2_RAW_PATIENCE_MS);
		if (g != NULL && is(g, type, stream))
			return g;
		if (g == NULL || (!whatever && !housekeeping(g)))
			fail_msg("no %s on stream %d; there came:\n%s", h2_wire_type(type),
				(int)stream, h2_raw_log(c));
	}
}

const struct h2_got *h2_raw_expect(struct h2_raw *c, unsigned type, uint32_t stream)
{
	return search(c, type, stream, false);
}

const struct h2_got *h2_raw_await(struct h2_raw *c, unsigned type, uint32_t stream)
{
	return search(c, type, stream, true);
}

void h2_raw_expect_head(struct h2_raw *c, uint32_t stream, const char *lines, bool end)
{
	const struct h2_got *g = h2_raw_expect(c, H2_HEADERS, stream);
	if (strcmp(g->fields, lines) != 0)
		fail_msg("the head is\n%s\nnot\n%s", g->fields, lines);
	if (((g->flags & H2_END_STREAM) != 0) != end)
		fail_msg("the head of stream %u %s the stream", stream,
			end ? "does not end" : "ends");
}

/* Gives the windows back. */
static void open_again(struct h2_raw *c, uint32_t stream, size_t n, bool ended)
{
	if (n == 0)
		return;
	h2_raw_window(c, 0, (uint32_t)n);
	if (!ended)
		h2_raw_window(c, stream, (uint32_t)n);
}

void h2_raw_expect_fill(struct h2_raw *c, uint32_t stream, size_t n, bool end)
{
	size_t at = 0;
	bool ended = false;
	while (at < n || (end && !ended)) {
		const struct h2_got *g = h2_raw_expect(c, H2_DATA, stream);
		ended = (g->flags & H2_END_STREAM) != 0;
		for (size_t i = 0; i < g->payload.n; i++, at++)
			if (at >= n || g->payload.p[i] != script_fill(at))
				fail_msg("byte %zu of %zu differs", at, n);
		if (ended && (!end || at < n))
			fail_msg("stream %u ended at byte %zu of %zu", stream, at, n);
		open_again(c, stream, g->window, ended);
	}
}

void h2_raw_expect_data(struct h2_raw *c, uint32_t stream, const char *text, bool end)
{
	size_t at = 0, n = strlen(text);
	bool ended = false;
	while (at < n || (end && !ended)) {
		const struct h2_got *g = h2_raw_expect(c, H2_DATA, stream);
		ended = (g->flags & H2_END_STREAM) != 0;
		if (at + g->payload.n > n || memcmp(g->payload.p, text + at, g->payload.n) != 0)
			fail_msg("%.*s came for %s", (int)g->payload.n,
				(const char *)g->payload.p, text + at);
		at += g->payload.n;
		if (ended && (!end || at < n))
			fail_msg("stream %u ended at byte %zu of %zu", stream, at, n);
		open_again(c, stream, g->window, ended);
	}
}

void h2_raw_expect_rst(struct h2_raw *c, uint32_t stream, uint32_t code)
{
	const struct h2_got *g = h2_raw_expect(c, H2_RST_STREAM, stream);
	if (g->code != code)
		fail_msg("stream %u was reset by %s, not %s", stream, h2_wire_code(g->code),
			h2_wire_code(code));
}

void h2_raw_expect_silence(struct h2_raw *c, int ms)
{
	int64_t until_us = until_ms(ms);
	for (;;) {
		int64_t left_us = until_us - clock_now_us(clock_real());
		const struct h2_got *g =
			left_us > 0 ? h2_raw_next(c, (int)(left_us / 1000 + 1)) : NULL;
		if (g == NULL && !c->eof && !c->reset)
			return;
		if (g == NULL || (g->type != H2_SETTINGS && g->type != H2_WINDOW_UPDATE))
			fail_msg("there came what should not:\n%s", h2_raw_log(c));
	}
}

bool h2_raw_gone_within(struct h2_raw *c, int ms)
{
	int64_t until_us = until_ms(ms);
	while (!c->eof && !c->reset) {
		int64_t left_us = until_us - clock_now_us(clock_real());
		if (left_us <= 0)
			return false;
		h2_raw_next(c, (int)(left_us / 1000 + 1));
	}
	return true;
}

void h2_raw_expect_gone(struct h2_raw *c)
{
	if (!h2_raw_gone_within(c, H2_RAW_PATIENCE_MS))
		fail_msg("the connection lives; there came:\n%s", h2_raw_log(c));
}

const char *h2_raw_field(const struct h2_raw *c, const char *name)
{
	static char value[4096];
	size_t n = strlen(name);
	for (const char *at = c->got.fields; at != NULL && *at != 0;) {
		const char *end = strchr(at, '\n');
		if (strncmp(at, name, n) == 0 && strncmp(at + n, ": ", 2) == 0) {
			size_t len = (size_t)(end - at) - n - 2;
			assert_true(len < sizeof value);
			memcpy(value, at + n + 2, len);
			value[len] = 0;
			return value;
		}
		at = end + 1;
	}
	return NULL;
}
