/* What an HTTP/2 connection waits for, and for how long. */
#include "proxy/h2_serve.h"

static int64_t after(int64_t since_us, int64_t ms)
{
	return since_us + ms * 1000;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t stream_deadline_us(const struct h2_stream *st)
{
	const struct exchange *x = &st->x;
	bool waiting = x->up_done && !x->have_res && x->up_ended_us != FACT_NULL &&
		       buf_len(&st->up.bytes) == 0;
	/* A head that drips is late all the same. */
	return waiting ? after(x->up_ended_us, PROXY_ANSWER_TIMEOUT_MS)
		       : after(x->moved_us, PROXY_STALL_TIMEOUT_MS);
}

int64_t h2_deadline_us(const struct h2_serve *s)
{
	if (s->goodbye_us != 0)
		return s->goodbye_us;
	bool leaving = s->origin_gone && !s->origin_shut;
	int64_t until_us = s->n_streams == 0 ? after(s->idle_since_us, PROXY_IDLE_TIMEOUT_MS)
					     : after(s->now_us, PROXY_STALL_TIMEOUT_MS);
	if (leaving)
		until_us = earlier(until_us, s->origin_goodbye_us);
	for (const struct h2_stream *st = s->streams; st != NULL; st = st->next)
		if (!st->gated)
			until_us = earlier(until_us, stream_deadline_us(st));
	if (s->browser.block_since_us != 0)
		until_us = earlier(
			until_us, after(s->browser.block_since_us, PROXY_HEAD_TIMEOUT_MS));
	if (s->origin.block_since_us != 0)
		until_us = earlier(
			until_us, after(s->origin.block_since_us, PROXY_HEAD_TIMEOUT_MS));
	if (s->starved_browser_us != 0)
		until_us = earlier(until_us, after(s->starved_browser_us, H2_ZERO_WINDOW_MS));
	if (s->starved_origin_us != 0)
		until_us = earlier(until_us, after(s->starved_origin_us, H2_ZERO_WINDOW_MS));
	return until_us;
}

/* Nobody moved it for too long: whose turn was it? */
static void stream_late(struct h2_stream *st)
{
	struct h2_serve *s = st->serve;
	struct err err = {0};
	long long waited_s = (long long)(s->now_us - st->x.moved_us) / 1000000;
	st->x.moved_us = s->now_us;
	/* It was reset long ago, and not even that is taken. */
	if (st->b_reset && !st->b_closed) {
		err_set(&err, ERR_BROWSER_TIMEOUT, "it takes nothing any more");
		h2_session_terminate(&s->browser, H2_NO_ERROR, &err);
		return;
	}
	if (st->b_closed && st->o_reset && !st->o_closed) {
		err_set(&err, ERR_ORIGIN_TIMEOUT, "it takes nothing any more");
		h2_session_terminate(&s->origin, H2_NO_ERROR, &err);
		return;
	}
	if (st->x.end_put && !st->b_closed) {
		/* All was recorded; the browser just does not take it. */
		record_note(&s->t->record, NOTE_BROWSER, st->x.id, "not delivered: %s",
			err_word(ERR_BROWSER_TIMEOUT));
		h2_stream_drop(st, &err, H2_CANCEL);
		return;
	}
	bool browser_slow =
		buf_len(&st->down.bytes) > 0 || (!st->x.up_done && buf_len(&st->up.bytes) == 0);
	err_set(&err, browser_slow ? ERR_BROWSER_TIMEOUT : ERR_ORIGIN_TIMEOUT,
		"nothing came for %lld s", waited_s);
	if (st->x.end_put)
		h2_stream_left(st, &err, H2_CANCEL);
	else
		h2_stream_fail(st, &err, FAULT_ORIGIN);
}

/* A peer that has announced windows of nothing and lets many bodies wait. */
static void check_starved(struct h2_serve *s, struct h2_session *of, int64_t *since_us)
{
	size_t n = 0;
	bool browser = of == &s->browser;
	struct err err = {0};
	if (of->over || !of->has_settings || h2_session_peer_window(of) != 0) {
		*since_us = 0;
		return;
	}
	for (const struct h2_stream *st = s->streams; st != NULL; st = st->next)
		n += buf_len(browser ? &st->down.bytes : &st->up.bytes) > 0 &&
		     !(browser ? st->down.deferred : st->up.deferred);
	if (n < H2_ZERO_WINDOW_STREAMS) {
		*since_us = 0;
		return;
	}
	if (*since_us == 0)
		*since_us = s->now_us;
	if (s->now_us < after(*since_us, H2_ZERO_WINDOW_MS))
		return;
	err_set(&err, ERR_LIMIT,
		"HTTP/2: %zu bodies wait behind windows that are shut from the start", n);
	h2_session_terminate(of, H2_ENHANCE_YOUR_CALM, &err);
}

void h2_check_starved(struct h2_serve *s)
{
	check_starved(s, &s->browser, &s->starved_browser_us);
	check_starved(s, &s->origin, &s->starved_origin_us);
}

static void check_block(struct h2_serve *s, struct h2_session *of)
{
	struct err err = {0};
	if (of->block_since_us == 0 ||
		s->now_us < after(of->block_since_us, PROXY_HEAD_TIMEOUT_MS))
		return;
	err_set(&err, of == &s->browser ? ERR_BROWSER_TIMEOUT : ERR_ORIGIN_TIMEOUT,
		"a frame or field block did not become whole");
	h2_session_terminate(of, H2_PROTOCOL_ERROR, &err);
}

void h2_check_deadlines(struct h2_serve *s)
{
	check_block(s, &s->browser);
	check_block(s, &s->origin);
	for (struct h2_stream *st = s->streams; st != NULL; st = st->next)
		if (!st->gated && s->now_us >= stream_deadline_us(st))
			stream_late(st);
	if (s->n_streams == 0 && s->now_us >= after(s->idle_since_us, PROXY_IDLE_TIMEOUT_MS)) {
		if (s->end.kind == ERR_NONE)
			err_set(&s->end, ERR_BROWSER_TIMEOUT, "no request for %d s",
				PROXY_IDLE_TIMEOUT_MS / 1000);
		h2_session_goaway(&s->browser, H2_NO_ERROR);
		s->idle_since_us = s->now_us;
		s->goodbye_us = after(s->now_us, H2_GOODBYE_MS);
	}
}
