#include "proxy/http1_exchange.h"
#include "proxy/pump.h"

#include <stdio.h>

enum { RELEASE_SMALL = 4096 };

static int64_t now_us(void)
{
	return clock_now_us(clock_real());
}

void http1_exchange_init(struct http1_exchange *h, struct tunnel *t)
{
	*h = (struct http1_exchange){0};
	exchange_init(&h->x, t);
}

void http1_exchange_fini(struct http1_exchange *h)
{
	http1_body_fini(&h->req_body);
	http1_body_fini(&h->res_body);
	exchange_fini(&h->x);
}

static struct leg *origin_leg(struct http1_exchange *h)
{
	return h->x.t->origin.open && !h->x.local ? &h->x.t->origin.leg : NULL;
}

/* ---- failing ---- */

static void answer_in_place(struct http1_exchange *h, struct local_answer *a);

/* The exchange cannot go on. If the browser has nothing of the answer yet it gets a page of
 * ours, else a cut. */
static void fail(struct http1_exchange *h, const struct err *err, enum local_fault fault)
{
	if (h->x.end.kind == ERR_NONE)
		h->x.end = *err;
	h->close = true;
	h->x.up_done = true;
	bool silent_reuse = err->kind == ERR_ORIGIN_SILENT && h->x.t->origin.exchanges > 1;
	if (h->x.have_res || silent_reuse || h->x.t->browser.broken) {
		/* A reused connection that closed without an answer: the browser sees the same
		 * and asks again by itself, as it would have done without us (RFC 9112 9.3.1).
		 */
		h->x.cut = !silent_reuse;
		h->x.down_done = true;
		http1_put_end(h);
		exchange_gate_shut(&h->x);
		return;
	}
	struct local_answer a = {0};
	local_error(&a, &h->x.end, fault, h->x.t->target.host, span_is(h->req.method, "HEAD"));
	answer_in_place(h, &a);
	local_fini(&a);
}

/* ---- the gate ---- */

static void gate_try(struct http1_exchange *h)
{
	/* Both bodies are through and the browser has taken all that it may have: only the
	 * recorder is waited for. */
	bool patient = h->x.down_done && h->x.up_done && buf_len(&h->x.t->browser.out) == 0;
	if (exchange_gate_try(&h->x, patient) != EXCHANGE_GATE_OPENED)
		return;
	if (buf_len(&h->x.held) > 0)
		leg_send(&h->x.t->browser, buf_span(&h->x.held));
	buf_clear(&h->x.held);
}

/* To the browser, or to the gate while it is shut. What is small waits for what comes next to
 * it, until the gate is looked at: a head and its body leave together. */
static void release(struct http1_exchange *h, struct span bytes)
{
	if (h->x.gate != 0 || buf_len(&h->x.held) > 0 || bytes.n < RELEASE_SMALL)
		buf_add_span(&h->x.held, bytes);
	else
		leg_send(&h->x.t->browser, bytes);
}

/* ---- browser to origin ---- */

static void forward(struct http1_exchange *h, struct span bytes)
{
	struct leg *o = origin_leg(h);
	if (h->up_abandoned || o == NULL || !h->up_forward)
		return;
	if (!leg_send(o, bytes))
		h->up_abandoned = true; /* its answer may still be readable */
}

/* The answer is whole and the rest of the request has no reader. */
static void takes_no_more(struct http1_exchange *h)
{
	err_set(&h->x.end, ERR_BODY_TRUNCATED,
		"the origin answered after %llu bytes of the request and takes no more",
		(unsigned long long)h->x.up.size);
	h->x.up_done = true;
	h->up_abandoned = true;
	h->close = true;
}

static void move_up(struct http1_exchange *h)
{
	struct leg *b = &h->x.t->browser;
	struct err err = {0};
	if (h->x.up_done)
		return;
	struct leg *o = origin_leg(h);
	if (o != NULL && o->broken && h->x.down_done) {
		/* It answered and went away: what waits in `out` will never leave. */
		takes_no_more(h);
		http1_put_end(h);
		exchange_gate_shut(&h->x);
		return;
	}
	if (o != NULL && buf_len(&o->out) >= PUMP_HIGH_WATER)
		return;
	size_t used = 0;
	struct span in = buf_span(&b->in);
	bool sound = http1_body_feed(&h->req_body, in, &used, body_add, &h->x.up, &err);
	if (used > 0) {
		forward(h, span_first(in, used));
		buf_consume(&b->in, used);
		h->x.moved_us = now_us();
	}
	if (!sound) {
		fail(h, &err, FAULT_BROWSER);
		return;
	}
	if (h->req_body.ended) {
		h->x.up_done = true;
		h->x.up_ended_us = now_us();
		body_end(&h->x.up);
	} else if (b->in_eof || b->broken) {
		if (b->broken)
			err = b->err;
		else
			err_set(&err, ERR_BODY_TRUNCATED,
				"the browser ended after %llu bytes of its request body",
				(unsigned long long)h->x.up.size);
		fail(h, &err, FAULT_BROWSER);
	}
}

/* ---- origin to browser ---- */

/* Copy into the arena, so that spans outlive the leg's buffer, and read again from there. */
static enum http1_scan scan_response(struct http1_exchange *h, struct err *err)
{
	struct leg *o = origin_leg(h);
	struct arena scratch = {0};
	struct http1_head head;
	struct err unlike;
	/* A head that ends as heads do is copied first and read once. */
	struct span whole = http1_likely_head(buf_span(&o->in));
	if (whole.n > 0) {
		struct span raw = arena_copy(&h->x.arena, whole);
		if (http1_response_head(raw, h->req.method, &h->x.arena, &h->res, &unlike) ==
			HTTP1_HEAD) {
			buf_consume(&o->in, h->res.raw.n);
			return HTTP1_HEAD;
		}
		h->res = (struct http1_head){0};
	}
	enum http1_scan scan =
		http1_response_head(buf_span(&o->in), h->req.method, &scratch, &head, err);
	if (scan == HTTP1_HEAD) {
		struct span raw = arena_copy(&h->x.arena, head.raw);
		scan = http1_response_head(raw, h->req.method, &h->x.arena, &h->res, err);
		buf_consume(&o->in, raw.n);
	}
	arena_fini(&scratch);
	return scan;
}

static void take_head(struct http1_exchange *h)
{
	h->x.have_res = true;
	http1_put_response(h, exchange_made_by(&h->x, &h->x.t->origin.leg, 0));
	exchange_gate_shut(&h->x);
	release(h, h->res.raw);
	http1_body_init(&h->res_body, &h->res);
	h->close |= !h->res.keep_alive || h->res.framing == HTTP1_TO_CLOSE;
	if (h->res.framing == HTTP1_SWITCH) {
		h->switched = true;
		h->x.up_done = true; /* what follows is opaque */
	}
}

/* The response is whole: its last bytes wait for the facts of all of it. */
static void take_end(struct http1_exchange *h)
{
	h->x.down_done = true;
	body_end(&h->x.down);
	/* The answer came before the request was whole: it goes on only while the origin reads.
	 */
	if (!h->x.up_done && (h->up_abandoned || !h->res.keep_alive))
		takes_no_more(h);
	if (h->x.up_done)
		http1_put_end(h);
	exchange_gate_shut(&h->x);
}

static void origin_ended(struct http1_exchange *h)
{
	struct leg *o = origin_leg(h);
	struct err err = {0};
	if (h->x.have_res) {
		if (!o->broken && http1_body_eof(&h->res_body, &err)) {
			/* RFC 9112 9.8: whole or cut, nobody can tell. Browsers take it; it is
			 * said. */
			if (o->tls_truncated)
				snprintf(h->x.end.detail, sizeof h->x.end.detail, "%s",
					"the origin ended its body without a TLS close_notify");
			take_end(h);
			return;
		}
		if (o->broken)
			err = o->err;
	} else if (buf_len(&o->in) > 0) {
		err_set(&err, ERR_HEAD_TRUNCATED,
			"the origin ended after %zu bytes of its head", buf_len(&o->in));
		http1_put_interim(h, buf_span(&o->in), FACT_NULL);
	} else if (o->broken) {
		err = o->err;
		if (err.kind == ERR_ORIGIN_RESET && h->x.t->origin.exchanges > 1)
			err.kind = ERR_ORIGIN_SILENT;
	} else {
		err_set(&err, ERR_ORIGIN_SILENT, "%s", "");
	}
	fail(h, &err, FAULT_ORIGIN);
}

/* Any 1xx but a 101 that was asked for. False: the exchange failed. */
static bool take_interim(struct http1_exchange *h)
{
	struct err err = {0};
	http1_put_interim(h, h->res.raw, h->res.status);
	/* RFC 9110 7.8: only if asked, never to HTTP/1.0. Let through, it would hide what
	 * follows. */
	if (h->res.status == 101)
		err_set(&err, ERR_VERSION, "%s",
			"the origin switched protocols without being asked");
	else if (++h->x.interims > EXCHANGE_INTERIMS_MAX)
		err_set(&err, ERR_LIMIT, "more than %d interim responses",
			EXCHANGE_INTERIMS_MAX);
	if (err.kind != ERR_NONE) {
		fail(h, &err, FAULT_ORIGIN);
		return false;
	}
	exchange_gate_shut(&h->x);
	release(h, h->res.raw);
	return true;
}

static bool may_switch(const struct http1_exchange *h)
{
	return h->req.upgrade && (h->req.major > 1 || h->req.minor >= 1);
}

static bool take_heads(struct http1_exchange *h)
{
	struct leg *o = origin_leg(h);
	struct err err = {0};
	while (!h->x.have_res) {
		if (buf_len(&o->in) == 0)
			return false;
		if (h->x.first_byte_us == FACT_NULL)
			h->x.first_byte_us = now_us();
		switch (scan_response(h, &err)) {
		case HTTP1_MORE: return false;
		case HTTP1_BAD:
			http1_put_interim(h, buf_span(&o->in), FACT_NULL);
			fail(h, &err, FAULT_ORIGIN);
			return false;
		case HTTP1_HEAD: break;
		}
		h->x.moved_us = now_us();
		if (h->res.status / 100 != 1 || (h->res.status == 101 && may_switch(h)))
			take_head(h);
		else if (!take_interim(h))
			return false;
	}
	return true;
}

static void move_down(struct http1_exchange *h)
{
	struct leg *o = origin_leg(h);
	struct err err = {0};
	if (h->x.down_done || o == NULL)
		return;
	if (take_heads(h)) {
		size_t used = 0;
		struct span in = buf_span(&o->in);
		bool sound =
			http1_body_feed(&h->res_body, in, &used, body_add, &h->x.down, &err);
		if (used > 0)
			h->x.moved_us = now_us();
		if (h->res_body.ended) {
			take_end(h); /* shuts the gate first: these bytes are the last ones */
		} else if (h->res.framing == HTTP1_TO_CLOSE && used > 0) {
			/* Any byte may turn out to be the last: each run waits for its own
			 * facts. */
			body_flush(&h->x.down);
			exchange_gate_shut(&h->x);
		}
		release(h, span_first(in, used));
		buf_consume(&o->in, used);
		if (!sound) {
			fail(h, &err, FAULT_ORIGIN);
			return;
		}
	}
	if (!h->x.down_done && (o->in_eof || o->broken) &&
		(buf_len(&o->in) == 0 || !h->x.have_res) && !leg_has_pending(o))
		origin_ended(h);
}

/* ---- the loop ---- */

static bool over(const struct http1_exchange *h)
{
	const struct leg *b = &h->x.t->browser;
	if (b->broken || h->x.t->record.failed)
		return h->x.down_done && h->x.up_done;
	return h->x.down_done && h->x.up_done && h->x.gate == 0 && buf_len(&h->x.held) == 0 &&
	       buf_len(&b->out) == 0;
}

static int64_t deadline_us(const struct http1_exchange *h)
{
	/* Only the recorder is waited for: it says so itself if it fails. */
	if (h->x.down_done && h->x.gate != 0)
		return now_us() + (int64_t)PROXY_STALL_TIMEOUT_MS * 1000;
	bool waiting = h->x.up_done && !h->x.have_res && h->x.up_ended_us != FACT_NULL;
	/* A head that drips is late all the same. */
	return waiting ? h->x.up_ended_us + (int64_t)PROXY_ANSWER_TIMEOUT_MS * 1000
		       : h->x.moved_us + (int64_t)PROXY_STALL_TIMEOUT_MS * 1000;
}

static void timed_out(struct http1_exchange *h)
{
	struct err err = {0};
	bool browser_slow = buf_len(&h->x.t->browser.out) > 0 || !h->x.up_done;
	if (h->x.down_done && browser_slow) {
		/* All was recorded; the browser just does not take it. */
		err_set(&h->x.t->browser.err, ERR_BROWSER_TIMEOUT, "the answer was not taken");
		h->x.t->browser.broken = true;
		h->x.up_done = true;
		return;
	}
	err_set(&err, browser_slow ? ERR_BROWSER_TIMEOUT : ERR_ORIGIN_TIMEOUT,
		"nothing came for %lld s", (long long)(now_us() - h->x.moved_us) / 1000000);
	fail(h, &err, FAULT_ORIGIN);
}

/* The browser left while its answer is under way: the origin is told by the same, as without
 * us. A browser does not close just its sending side; programs that do are treated as by other
 * proxies. */
static void browser_left(struct http1_exchange *h)
{
	struct leg *b = &h->x.t->browser;
	struct err err = b->err;
	if (!b->broken)
		err_set(&err, ERR_BROWSER_CLOSED, "before the answer was whole");
	if (h->x.end.kind == ERR_NONE)
		h->x.end = err;
	h->x.up_done = h->x.down_done = h->x.cut = h->close = true;
	http1_put_end(h);
	buf_clear(&h->x.held);
	h->x.gate = 0;
	b->broken = true;
	b->err = err;
}

static void wait(struct http1_exchange *h)
{
	struct tunnel *t = h->x.t;
	struct leg *o = origin_leg(h);
	size_t toward_browser = buf_len(&t->browser.out) + buf_len(&h->x.held);
	/* The browser is read also when its request is whole: a pipelined request, or the news
	 * that it left. */
	struct pump pump = {.browser = &t->browser,
		.origin = o,
		.read_browser = (o == NULL || buf_len(&o->out) < PUMP_HIGH_WATER) &&
				buf_len(&t->browser.in) < LEG_READ_MAX && !h->switched,
		.read_origin = !h->x.down_done && toward_browser < PUMP_HIGH_WATER,
		.commit_fd = h->x.gate != 0 ? t->waiter.eventfd : -1,
		.stop_fd = t->proxy->stop_fd,
		.until_us = deadline_us(h)};
	unsigned happened = pump_wait(&pump);
	if (happened & PUMP_MOVED)
		h->x.moved_us = now_us();
	if (happened & PUMP_STOPPED) {
		struct err err = {0};
		err_set(&err, ERR_SHUTDOWN, "%s", "");
		if (h->x.end.kind == ERR_NONE && !h->x.end_put)
			h->x.end = err;
		h->x.up_done = h->x.down_done = h->x.cut = h->close = true;
		http1_put_end(h);
		buf_clear(&h->x.held);
		buf_clear(&t->browser.out);
		h->x.gate = 0;
	} else if (happened & PUMP_TIMEOUT) {
		timed_out(h);
	}
}

static void loop(struct http1_exchange *h)
{
	for (;;) {
		move_up(h);
		move_down(h);
		gate_try(h);
		if (over(h))
			break;
		const struct leg *b = &h->x.t->browser;
		if ((b->broken || (b->in_eof && buf_len(&b->in) == 0)) && !h->x.down_done &&
			!h->x.local) {
			browser_left(h);
			break;
		}
		wait(h);
	}
	http1_put_end(h);
	if (h->x.t->browser.broken && h->x.end.kind == ERR_NONE)
		record_note(&h->x.t->record, NOTE_BROWSER, h->x.id, "not delivered: %s",
			err_word(h->x.t->browser.err.kind));
}

void http1_exchange_run(struct http1_exchange *h, struct span head)
{
	h->up_forward = true;
	h->x.t->origin.exchanges++;
	http1_body_init(&h->req_body, &h->req);
	forward(h, head);
	loop(h);
}

/* ---- answers of our own ---- */

/* The bytes of a page become the response, as if an origin had sent them. */
static void answer_in_place(struct http1_exchange *h, struct local_answer *a)
{
	static const struct span get = {(const uint8_t *)"GET", 3};
	struct err err = {0};
	struct span raw = arena_copy(&h->x.arena, buf_span(&a->head));
	struct span method = h->req.method.p != NULL ? h->req.method : get;
	bool parsed =
		http1_response_head(raw, method, &h->x.arena, &h->res, &err) == HTTP1_HEAD;
	if (!parsed)
		err_set(&h->x.end, ERR_INTERNAL, "our own answer: %s", err.detail);
	h->x.local = true;
	h->x.have_res = true;
	h->x.leg = FACT_NULL;
	h->close |= a->close || !parsed;
	http1_put_response(h, "clicktrail");
	body_add(&h->x.down, buf_span(&a->body));
	h->x.down_done = true;
	body_end(&h->x.down);
	http1_put_end(h);
	exchange_gate_shut(&h->x);
	buf_add_span(&h->x.held, raw);
	buf_add_span(&h->x.held, buf_span(&a->body));
}

void http1_exchange_answer(
	struct http1_exchange *h, struct local_answer *answer, const struct err *why)
{
	bool broken_request = h->req.method.p == NULL;
	h->x.local = true;
	h->close |= answer->close;
	if (why != NULL)
		h->x.end = *why;
	if (!broken_request) {
		http1_body_init(&h->req_body, &h->req);
		/* Read the request's body first: a browser that is still sending would see a
		 * reset. Not if it waits for a 100. */
		for (move_up(h); !h->x.up_done && !h->req.expect_continue; move_up(h))
			wait(h);
		/* A body that was not read must not be taken for the next request (RFC
		 * 9110 10.1.1). */
		h->close |= !h->x.up_done;
	}
	h->x.up_done = true;
	if (!h->x.have_res && !h->x.end_put)
		answer_in_place(h, answer);
	loop(h);
}
