/* Both HTTP/2 connections of a tunnel in one loop: take what came, release what may go, send,
 * wait. */
#include "proxy/h2_serve.h"
#include "proxy/pump.h"

/* What is left of the connection has a second to leave. */
static void say_goodbye(struct h2_serve *s)
{
	if (s->goodbye_us == 0)
		s->goodbye_us = s->now_us + (int64_t)H2_GOODBYE_MS * 1000;
}

/* ---- ends of connections ---- */

/* The browser's connection is over: whatever is under way has nobody left to take it. */
static void browser_over(struct h2_serve *s, const struct err *err, uint32_t code)
{
	if (s->end.kind == ERR_NONE)
		s->end = *err;
	for (struct h2_stream *st = s->streams; st != NULL; st = st->next)
		h2_stream_left(st, err, code);
	/* Nothing that waits in the library may outlive its exchange. */
	h2_session_terminate(&s->browser, H2_NO_ERROR, NULL);
	h2_session_terminate(&s->origin, H2_NO_ERROR, NULL);
	s->origin_live = false;
	say_goodbye(s);
}

/* The origin's connection is over. A request that came behind others on it and was not answered
 * at all gets no page of ours: the browser's connection ends likewise, and the browser asks
 * again by itself, as it would have done without us. */
static void origin_over(struct h2_serve *s, const struct err *err)
{
	bool at_fault = err->kind == ERR_H2_PROTOCOL || err->kind == ERR_LIMIT;
	bool reused = s->answered > 0 && !at_fault;
	if (s->end.kind == ERR_NONE)
		s->end = *err;
	s->origin_live = false;
	s->origin_gone = true;
	s->origin_goodbye_us = s->now_us + (int64_t)H2_GOODBYE_MS * 1000;
	h2_session_terminate(&s->origin, H2_NO_ERROR, NULL);
	for (struct h2_stream *st = s->streams; st != NULL; st = st->next) {
		st->o_closed = true;
		if (st->x.end_put || st->b_closed)
			continue;
		if (reused && !st->x.have_res && st->n_heads == 0) {
			struct err silent = {0};
			err_set(&silent, ERR_ORIGIN_SILENT, "%s", err->detail);
			h2_stream_abandon(st, &silent);
			say_goodbye(s);
		} else {
			h2_stream_fail(st, err, FAULT_ORIGIN);
		}
	}
	/* One that speaks no HTTP/2 is told to the first request that wants it: a page says
	 * more than a closed connection. */
	if (at_fault && s->t->requests == 0)
		s->origin_fault = *err;
	else
		h2_session_goaway(&s->browser, H2_NO_ERROR);
}

/* The origin's side is closed when our last word has left, however long the browser still
 * takes. */
static bool shut_origin(struct h2_serve *s)
{
	struct leg *o = &s->t->origin.leg;
	if (!s->origin_gone || s->origin_shut)
		return false;
	if (!o->broken && !h2_session_done(&s->origin) && s->now_us < s->origin_goodbye_us)
		return false;
	s->origin_shut = true;
	tunnel_close_origin(s->t, &s->end);
	return true;
}

static bool check_browser(struct h2_serve *s)
{
	const struct leg *b = &s->t->browser;
	struct err err = s->browser.err;
	if (s->browser_gone)
		return false;
	if (s->browser.over) {
		s->browser_gone = true;
		browser_over(s, &err, H2_CANCEL);
		if (err.kind == ERR_LIMIT)
			record_note(&s->t->record, NOTE_LIMIT, FACT_NULL, "browser: %s",
				err.detail);
		return true;
	}
	if (!b->broken && !b->in_eof)
		return false;
	s->browser_gone = true;
	err = b->err;
	if (!b->broken && s->n_streams > 0)
		err_set(&err, ERR_BROWSER_CLOSED, "before the answer was whole");
	browser_over(s, &err, H2_CANCEL);
	return true;
}

static bool check_origin(struct h2_serve *s)
{
	struct leg *b = &s->t->browser;
	const struct leg *o = &s->t->origin.leg;
	struct err err = s->origin.err;
	if (s->origin_gone || s->browser_gone)
		return false;
	/* If both went, the browser went first: it may have said so without our having read it.
	 */
	if ((s->origin.over || o->broken || o->in_eof) &&
		leg_fill(b, LEG_READ_MAX) != LEG_AGAIN) {
		h2_session_feed(&s->browser, s->now_us);
		if (check_browser(s))
			return true;
	}
	if (s->origin.over) {
		if (err.kind == ERR_LIMIT)
			record_note(
				&s->t->record, NOTE_LIMIT, FACT_NULL, "origin: %s", err.detail);
		origin_over(s, &err);
		return true;
	}
	if (!o->broken && !o->in_eof)
		return false;
	if (o->broken)
		err = o->err;
	else
		err_set(&err, ERR_ORIGIN_CLOSED, "%s",
			s->n_streams > 0 ? "while requests were under way"
					 : "while no request was under way");
	origin_over(s, &err);
	return true;
}

static void stopped(struct h2_serve *s)
{
	struct err err = {0};
	err_set(&err, ERR_SHUTDOWN, "%s", "");
	s->browser_gone = true;
	h2_session_terminate(&s->browser, H2_NO_ERROR, NULL);
	browser_over(s, &err, H2_CANCEL);
}

/* ---- the gate ---- */

static void try_gates(struct h2_serve *s)
{
	while (s->gate_first != NULL) {
		struct h2_stream *st = s->gate_first;
		/* Nothing was committed since it was asked for last. */
		if (st->x.gate != 0 && st->x.gate == s->armed && !s->committed)
			return;
		switch (exchange_gate_try(&st->x, false)) {
		case EXCHANGE_GATE_SHUT:
			s->armed = st->x.gate;
			s->committed = false;
			return;
		case EXCHANGE_GATE_FAILED: return;
		case EXCHANGE_GATE_OPEN:
		case EXCHANGE_GATE_OPENED: break;
		}
		h2_stream_ungate(st);
		h2_stream_release(st);
	}
}

/* ---- bytes ---- */

/* True: there may be more to make. */
static bool push(struct h2_serve *s, struct h2_session *of)
{
	if (of == &s->origin && s->origin_shut)
		return false;
	bool made = h2_session_drain(of, s->now_us);
	if (buf_len(&of->leg->out) > 0)
		leg_flush(of->leg);
	return made && buf_len(&of->leg->out) == 0;
}

static void push_both(struct h2_serve *s)
{
	for (bool again = true; again;) {
		again = push(s, &s->browser);
		again |= push(s, &s->origin);
	}
}

static void reap(struct h2_serve *s)
{
	for (struct h2_stream *st = s->streams, *next; st != NULL; st = next) {
		next = st->next;
		if (h2_stream_finished(st)) {
			h2_stream_free(st);
			s->idle_since_us = s->now_us;
		}
	}
	if (s->n_streams > H2_LIVE_MAX && !s->browser.over) {
		struct err err = {0};
		err_set(&err, ERR_LIMIT,
			"HTTP/2: more than %d exchanges whose end the origin has yet to take",
			H2_LIVE_MAX);
		h2_session_terminate(&s->browser, H2_ENHANCE_YOUR_CALM, &err);
	}
}

/* Has all left that may be released? */
static bool all_delivered(const struct h2_serve *s)
{
	for (const struct h2_stream *st = s->streams; st != NULL; st = st->next)
		if (buf_len(&st->down.bytes) > 0)
			return false;
	return s->gate_first == NULL && h2_session_done(&s->browser);
}

static bool over(const struct h2_serve *s)
{
	const struct leg *b = &s->t->browser;
	if (s->t->record.failed || b->broken)
		return true;
	if (s->goodbye_us != 0 && s->now_us >= s->goodbye_us)
		return true;
	/* A browser asks again only when it sees the end. */
	if (s->silent && all_delivered(s))
		return true;
	if (s->browser_gone)
		return h2_session_done(&s->browser) &&
		       (s->origin_shut || s->t->origin.leg.broken ||
			       h2_session_done(&s->origin));
	/* Told to take nothing more, and nothing is under way. */
	return (s->browser.goaway_ours || s->leaving) && s->n_streams == 0 &&
	       h2_session_done(&s->browser);
}

static void wait(struct h2_serve *s)
{
	struct tunnel *t = s->t;
	struct leg *o = &t->origin.leg;
	struct pump pump = {.browser = &t->browser,
		.origin = s->origin_shut ? NULL : o,
		.read_browser = !s->browser_gone,
		.read_origin = !s->browser_gone && !s->origin_gone,
		.commit_fd = s->gate_first != NULL ? t->waiter.eventfd : -1,
		.stop_fd = s->browser_gone ? -1 : t->proxy->stop_fd,
		.until_us = h2_deadline_us(s)};
	unsigned happened = pump_wait(&pump);
	s->now_us = clock_now_us(clock_real());
	if (happened & PUMP_COMMITTED)
		s->committed = true;
	if ((happened & PUMP_STOPPED) && !s->browser_gone)
		stopped(s);
	else if (happened & PUMP_TIMEOUT)
		h2_check_deadlines(s);
}

static void loop(struct h2_serve *s)
{
	for (;;) {
		h2_session_feed(&s->browser, s->now_us);
		if (!s->origin_shut)
			h2_session_feed(&s->origin, s->now_us);
		/* Sending may end a connection too, and its end be something to say to the
		 * other. */
		do {
			try_gates(s);
			push_both(s);
			h2_check_starved(s);
		} while (check_browser(s) || check_origin(s) || shut_origin(s));
		reap(s);
		if (over(s))
			return;
		wait(s);
	}
}

void h2_serve(struct tunnel *t)
{
	struct h2_serve s = {.t = t,
		.origin_live = true,
		.told_streams = H2_STREAMS_MAX,
		.now_us = clock_now_us(clock_real())};
	s.idle_since_us = s.now_us;
	s.gate_last = &s.gate_first;
	h2_session_init(&s.browser, &t->browser, true, &h2_browser_events, &s);
	h2_session_init(&s.origin, &t->origin.leg, false, &h2_origin_events, &s);
	/* What the origin has said already (its SETTINGS, mostly) counts before the browser's
	 * first request. */
	leg_fill(&t->origin.leg, LEG_READ_MAX);
	loop(&s);
	struct err err = s.end;
	if (t->record.failed)
		err = t->record.err;
	else if (t->browser.broken && err.kind == ERR_NONE)
		err = t->browser.err;
	for (struct h2_stream *st = s.streams; st != NULL; st = st->next)
		h2_stream_left(st, &err, H2_CANCEL);
	t->cut = t->record.failed || t->browser.broken || s.silent;
	t->end = err;
	while (s.streams != NULL)
		h2_stream_free(s.streams);
	h2_session_fini(&s.browser);
	h2_session_fini(&s.origin);
}
