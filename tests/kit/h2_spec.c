#include "tests/kit/h2_spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROWS_MAX = 200, ANSWER_MS = 10000 };

/* What a row saw, to be found in the case. */
struct seen {
	unsigned port;
	size_t n;
	struct {
		unsigned type;
		uint32_t stream, code;
	} frames[H2_SPEC_SEEN];
};

static struct h2_talk talk;
static struct seen seen[ROWS_MAX];
static const struct h2_spec_row *first_row;
static size_t n_rows;

static const struct h2_route routes[] = {
	{NULL, 200, "content-type: text/plain\n", "twenty bytes of body", 0}};

static int start(void **state)
{
	(void)state;
	h2_talk_start(&talk, "h2", NULL);
	h2_origin_serve(talk.origin, routes, 1);
	return 0;
}

static void send_settings(struct h2_raw *c, const char *lines)
{
	struct buf payload = {0};
	while (*lines != 0) {
		char *end;
		unsigned long id = strtoul(lines, &end, 10), value = strtoul(end, &end, 10);
		buf_add_u16(&payload, (uint16_t)id);
		buf_add_u32(&payload, (uint32_t)value);
		lines = end + 1;
	}
	h2_raw_frame(c, H2_SETTINGS, 0, 0, buf_span(&payload).p, buf_len(&payload));
	buf_fini(&payload);
}

static void send_block(struct h2_raw *c, const struct h2_spec_step *s)
{
	struct buf block = {0}, payload = {0};
	h2_write_fields(&block, s->lines);
	size_t to = s->to != 0 ? s->to : buf_len(&block);
	buf_add(&payload, s->pre != NULL ? s->pre : "", s->pre_n);
	buf_add_span(&payload, span_of(buf_span(&block).p + s->from, to - s->from));
	buf_add(&payload, s->post != NULL ? s->post : "", s->post_n);
	h2_raw_frame(c, s->type, s->flags, s->stream, buf_span(&payload).p, buf_len(&payload));
	buf_fini(&block);
	buf_fini(&payload);
}

static uint32_t said(const struct h2_raw *c, unsigned id, uint32_t otherwise)
{
	return c->settings[id] >= 0 ? (uint32_t)c->settings[id] : otherwise;
}

static void send_full(struct h2_raw *c, const struct h2_spec_step *s)
{
	size_t n = said(c, H2_SET_MAX_FRAME_SIZE, H2_FRAME_MAX) + (size_t)s->value;
	uint8_t *zeros = calloc(n, 1);
	assert_non_null(zeros);
	h2_raw_frame(c, s->type, s->flags, s->stream, zeros, n);
	free(zeros);
}

static void ask_for_table(struct h2_raw *c)
{
	struct buf block = {0};
	h2_write_int(&block, 0x20, 5, (uint64_t)said(c, H2_SET_HEADER_TABLE_SIZE, 4096) + 1);
	h2_write_fields(&block, GET_);
	h2_raw_frame(c, H2_HEADERS, H2_WHOLE, 1, buf_span(&block).p, buf_len(&block));
	buf_fini(&block);
}

static void come_in_crowds(struct h2_raw *c)
{
	int64_t most = c->settings[H2_SET_MAX_CONCURRENT_STREAMS];
	/* A proxy without a limit of its own would take memory without one. */
	assert_in_range(most, 1, 1000);
	for (uint32_t i = 0; i <= (uint32_t)most; i++)
		h2_raw_head(c, H2_END_STREAM, 1 + 2 * i, GET_);
}

static void await_closed(struct h2_raw *c)
{
	const struct h2_got *g;
	do {
		g = h2_raw_next(c, ANSWER_MS);
		if (g == NULL)
			fail_msg("the stream does not end; there came:\n%s", h2_raw_log(c));
	} while ((g->type != H2_DATA && g->type != H2_HEADERS) ||
		 (g->flags & H2_END_STREAM) == 0);
}

static void play(struct h2_raw *c, const struct h2_spec_step *s)
{
	switch (s->op) {
	case SPEC_END: break;
	case SPEC_FRAME: h2_raw_frame(c, s->type, s->flags, s->stream, s->pre, s->pre_n); break;
	case SPEC_BYTES: h2_raw_bytes(c, s->pre, s->pre_n); break;
	case SPEC_BLOCK: send_block(c, s); break;
	case SPEC_FULL: send_full(c, s); break;
	case SPEC_SET: send_settings(c, s->lines); break;
	case SPEC_TABLE: ask_for_table(c); break;
	case SPEC_CROWD: come_in_crowds(c); break;
	case SPEC_AWAIT_ACK:
		while (!c->settings_acked)
			h2_raw_expect(c, H2_SETTINGS, 0);
		c->settings_acked = false;
		break;
	case SPEC_AWAIT_DATA: h2_raw_await(c, H2_DATA, 1); break;
	case SPEC_AWAIT_CLOSED: await_closed(c); break;
	}
}

static void remember(struct seen *s, const struct h2_got *g)
{
	if ((g->type != H2_RST_STREAM && g->type != H2_GOAWAY) || s->n == H2_SPEC_SEEN)
		return;
	s->frames[s->n].type = g->type;
	s->frames[s->n].stream = g->stream;
	s->frames[s->n++].code = g->code;
}

/* Does this frame settle the row? Wrong is fatal. */
static bool settles(const struct h2_spec_row *row, struct h2_raw *c, const struct h2_got *g)
{
	bool code = g->code < 32 && (row->codes & 1u << g->code) != 0;
	switch (row->want) {
	case WANT_CONNECTION_ERROR: return g->type == H2_GOAWAY && code;
	case WANT_STREAM_ERROR:
		return (g->type == H2_GOAWAY || g->type == H2_RST_STREAM) && code;
	case WANT_RST: return g->type == H2_RST_STREAM && g->stream == 1 && code;
	case WANT_GONE: return false;
	case WANT_PONG:
	case WANT_PONG_OR_GONE:
		if (g->type != H2_PING || (g->flags & H2_ACK) == 0)
			return false;
		if (!span_is(g->payload, H2_SPEC_PONG))
			fail_msg("a PING was answered with other bytes");
		return true;
	case WANT_ACK: return g->type == H2_SETTINGS && (g->flags & H2_ACK) != 0;
	case WANT_HEAD:
		return g->type == H2_HEADERS && g->stream == 1 &&
		       strncmp(g->fields, ":status: 200\n", 13) == 0;
	case WANT_DATA:
		if (g->type == H2_DATA && g->payload.n != 1)
			fail_msg("DATA of %zu bytes where one is allowed:\n%s", g->payload.n,
				h2_raw_log(c));
		return g->type == H2_DATA;
	case WANT_START:
		if (g->type != H2_SETTINGS || (g->flags & H2_ACK) != 0)
			fail_msg("the first frame is no SETTINGS:\n%s", h2_raw_log(c));
		return true;
	}
	return false;
}

static void look(const struct h2_spec_row *row, struct seen *s, struct h2_raw *c)
{
	bool settled = false;
	const struct h2_got *g = NULL;
	while (!settled) {
		g = h2_raw_next(c, ANSWER_MS);
		if (g == NULL)
			break;
		remember(s, g);
		settled = settles(row, c, g);
	}
	bool gone = g == NULL && (c->eof || c->reset);
	settled |= gone && (row->want == WANT_GONE || row->want == WANT_PONG_OR_GONE);
	if (!settled)
		fail_msg("not as it should; there came:\n%s", h2_raw_log(c));
	/* RFC 9113 5.4.1: behind the GOAWAY the connection is closed. */
	if (g != NULL && g->type == H2_GOAWAY)
		h2_raw_expect_gone(c);
}

static void run_row(void **state)
{
	const struct h2_spec_row *row = *state;
	struct seen *s = &seen[row - first_row];
	struct h2_raw *c = &talk.b;
	/* Not by h2_talk_browser: what the last row left behind is cut off here. */
	if (c->fd >= 0)
		h2_raw_cut(c);
	h2_talk_browser(&talk, "h2");
	s->port = c->local_port;
	if (!row->no_hello)
		h2_raw_hello(c, NULL, 0);
	for (size_t i = 0; i < H2_SPEC_STEPS; i++)
		play(c, &row->steps[i]);
	look(row, s, c);
}

/* A port may have been used twice. */
static bool has_port(const struct read_case *facts, int64_t tunnel, unsigned port)
{
	for (size_t i = 0; i < CASE_COUNT(facts, TUNNEL); i++)
		if (CASE_FACT(facts, TUNNEL, tunnel, i)->tunnel == tunnel)
			return CASE_FACT(facts, TUNNEL, tunnel, i)->client_port ==
			       (int64_t)port;
	return false;
}

static bool recorded(const struct read_case *facts, unsigned port, const char *frame,
	uint32_t stream, uint32_t code)
{
	for (size_t i = 0; i < CASE_COUNT(facts, H2_FRAME); i++) {
		const struct fact_h2_frame *f = CASE_FACT(facts, H2_FRAME, h2_frame, i);
		if (f->leg == LEG_BROWSER && span_is(f->sender, "clicktrail") &&
			span_is(f->frame, frame) && f->stream == (int64_t)stream &&
			f->code == (int64_t)code && has_port(facts, f->tunnel, port))
			return true;
	}
	return false;
}

static void all_is_recorded(void **state)
{
	(void)state;
	/* After all that, the next one is served as ever. */
	h2_raw_cut(&talk.b);
	h2_talk_browser(&talk, "h2");
	h2_raw_hello(&talk.b, NULL, 0);
	h2_raw_head(&talk.b, H2_END_STREAM, 1, GET_);
	h2_raw_expect_head(&talk.b, 1, ":status: 200\ncontent-type: text/plain\n", false);
	h2_raw_expect_data(&talk.b, 1, "twenty bytes of body", true);
	h2_talk_end(&talk);
	const struct read_case *facts = talk.rec.facts;
	assert_int_equal(CASE_COUNT(facts, TUNNEL), n_rows + 1);
	assert_int_equal(CASE_COUNT(facts, TUNNEL_END), n_rows + 1);
	for (size_t i = 0; i < n_rows; i++) {
		for (size_t k = 0; k < seen[i].n; k++) {
			bool away = seen[i].frames[k].type == H2_GOAWAY;
			if (!recorded(facts, seen[i].port, away ? "goaway" : "rst_stream",
				    seen[i].frames[k].stream, seen[i].frames[k].code))
				fail_msg("%s: %s %s on stream %u is not in the case",
					first_row[i].name, away ? "GOAWAY" : "RST_STREAM",
					h2_wire_code(seen[i].frames[k].code),
					seen[i].frames[k].stream);
		}
	}
	/* What was begun has an end. */
	assert_int_equal(CASE_COUNT(facts, REQUEST), CASE_COUNT(facts, EXCHANGE_END));
	h2_talk_free(&talk);
}

int h2_spec_run(const char *group, const struct h2_spec_row *rows, size_t n)
{
	static struct CMUnitTest tests[ROWS_MAX + 1];
	static char names[ROWS_MAX][160];
	first_row = rows;
	n_rows = n;
	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof names[i], "%s: %s", rows[i].name, rows[i].what);
		tests[i] = (struct CMUnitTest){.name = names[i],
			.test_func = run_row,
			.initial_state = (void *)(uintptr_t)&rows[i]};
	}
	tests[n] = (struct CMUnitTest){
		.name = "all of it is recorded", .test_func = all_is_recorded};
	return _cmocka_run_group_tests(group, tests, n + 1, start, NULL);
}
