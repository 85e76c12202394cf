#include "proxy/exchange.h"
#include "proxy/pump.h"

#include <stdio.h>

static int64_t now_us(void)
{
	return clock_now_us(clock_real());
}

void exchange_init(struct exchange *x, struct tunnel *t)
{
	const struct proxy_options *o = &t->proxy->options;
	struct body_limits limits = {o->store_bodies, o->max_body};
	*x = (struct exchange){.t = t,
		.id = writer_new_exchange(t->record.writer),
		.leg = FACT_NULL,
		.up_ended_us = FACT_NULL,
		.first_byte_us = FACT_NULL,
		.moved_us = now_us()};
	body_init(&x->up, &t->record, x->id, SIDE_REQUEST, limits);
	body_init(&x->down, &t->record, x->id, SIDE_RESPONSE, limits);
}

void exchange_fini(struct exchange *x)
{
	http1_body_fini(&x->req_body);
	http1_body_fini(&x->res_body);
	body_fini(&x->up);
	body_fini(&x->down);
	buf_fini(&x->held);
	arena_fini(&x->arena);
}

static struct leg *origin_leg(struct exchange *x)
{
	return x->t->origin.open && !x->local ? &x->t->origin.leg : NULL;
}

/* ---- failing ---- */

static void answer_in_place(struct exchange *x, struct local_answer *a);

/* The exchange cannot go on. If the browser has nothing of the answer yet it gets a page of ours, else a cut. */
static void fail(struct exchange *x, const struct err *err, enum local_fault fault)
{
	if (x->end.kind == ERR_NONE)
		x->end = *err;
	x->close = true;
	x->up_done = true;
	bool silent_reuse = err->kind == ERR_ORIGIN_SILENT && x->t->origin.exchanges > 1;
	if (x->have_res || silent_reuse || x->t->browser.broken) {
		/* A reused connection that closed without an answer: the browser sees the same and asks again by itself,
		 * as it would have done without us (RFC 9112 9.3.1). */
		x->cut = !silent_reuse;
		x->down_done = true;
		exchange_put_end(x);
		exchange_gate_shut(x);
		return;
	}
	struct local_answer a = {0};
	local_error(&a, &x->end, fault, x->t->target.host,
		 span_is(x->req.method, "HEAD"));
	answer_in_place(x, &a);
	local_fini(&a);
}

/* ---- browser to origin ---- */

static void forward(struct exchange *x, struct span bytes)
{
	struct leg *o = origin_leg(x);
	if (x->up_abandoned || o == NULL || !x->up_forward)
		return;
	if (!leg_send(o, bytes))
		x->up_abandoned = true; /* its answer may still be readable */
}

/* The answer is whole and the rest of the request has no reader. */
static void takes_no_more(struct exchange *x)
{
	err_set(&x->end, ERR_BODY_TRUNCATED,
		"the origin answered after %llu bytes of the request and takes no more",
		(unsigned long long)x->up.size);
	x->up_done = true;
	x->up_abandoned = true;
	x->close = true;
}

static void move_up(struct exchange *x)
{
	struct leg *b = &x->t->browser;
	struct err err = {0};
	if (x->up_done)
		return;
	struct leg *o = origin_leg(x);
	if (o != NULL && o->broken && x->down_done) {
		/* It answered and went away: what waits in `out` will never leave. */
		takes_no_more(x);
		exchange_put_end(x);
		exchange_gate_shut(x);
		return;
	}
	if (o != NULL && buf_len(&o->out) >= PUMP_HIGH_WATER)
		return;
	size_t used = 0;
	struct span in = buf_span(&b->in);
	bool sound = http1_body_feed(&x->req_body, in, &used, body_add, &x->up, &err);
	if (used > 0) {
		forward(x, span_first(in, used));
		buf_consume(&b->in, used);
		x->moved_us = now_us();
	}
	if (!sound) {
		fail(x, &err, FAULT_BROWSER);
		return;
	}
	if (x->req_body.ended) {
		x->up_done = true;
		x->up_ended_us = now_us();
		body_end(&x->up);
	} else if (b->in_eof || b->broken) {
		if (b->broken)
			err = b->err;
		else
			err_set(&err, ERR_BODY_TRUNCATED,
				"the browser ended after %llu bytes of its request body",
				(unsigned long long)x->up.size);
		fail(x, &err, FAULT_BROWSER);
	}
}

/* ---- origin to browser ---- */

/* Copy into the arena, so that spans outlive the leg's buffer, and read again from there. */
static enum http1_scan scan_response(struct exchange *x, struct err *err)
{
	struct leg *o = origin_leg(x);
	struct arena scratch = {0};
	struct http1_head head;
	enum http1_scan scan =
		http1_response_head(buf_span(&o->in), x->req.method, &scratch, &head, err);
	if (scan == HTTP1_HEAD) {
		struct span raw = arena_copy(&x->arena, head.raw);
		scan = http1_response_head(raw, x->req.method, &x->arena, &x->res, err);
		buf_consume(&o->in, raw.n);
	}
	arena_fini(&scratch);
	return scan;
}

static void take_head(struct exchange *x)
{
	x->have_res = true;
	x->leg = x->t->origin.leg.number;
	exchange_put_response(x, "origin");
	exchange_gate_shut(x);
	exchange_release(x, x->res.raw);
	http1_body_init(&x->res_body, &x->res);
	x->close |= !x->res.keep_alive || x->res.framing == HTTP1_TO_CLOSE;
	if (x->res.framing == HTTP1_SWITCH) {
		x->switched = true;
		x->up_done = true; /* what follows is opaque */
	}
}

/* The response is whole: its last bytes wait for the facts of all of it. */
static void take_end(struct exchange *x)
{
	x->down_done = true;
	body_end(&x->down);
	/* The answer came before the request was whole: it goes on only while the origin reads. */
	if (!x->up_done && (x->up_abandoned || !x->res.keep_alive))
		takes_no_more(x);
	if (x->up_done)
		exchange_put_end(x);
	exchange_gate_shut(x);
}

static void origin_ended(struct exchange *x)
{
	struct leg *o = origin_leg(x);
	struct err err = {0};
	if (x->have_res) {
		if (!o->broken && http1_body_eof(&x->res_body, &err)) {
			/* RFC 9112 9.8: whole or cut, nobody can tell. Browsers take it; it is said. */
			if (o->tls_truncated)
				snprintf(x->end.detail, sizeof x->end.detail, "%s",
					"the origin ended its body without a TLS close_notify");
			take_end(x);
			return;
		}
		if (o->broken)
			err = o->err;
	} else if (buf_len(&o->in) > 0) {
		err_set(&err, ERR_HEAD_TRUNCATED, "the origin ended after %zu bytes of its head",
			buf_len(&o->in));
		exchange_put_interim(x, buf_span(&o->in), FACT_NULL);
	} else if (o->broken) {
		err = o->err;
		if (err.kind == ERR_ORIGIN_RESET && x->t->origin.exchanges > 1)
			err.kind = ERR_ORIGIN_SILENT;
	} else {
		err_set(&err, ERR_ORIGIN_SILENT, "%s", "");
	}
	fail(x, &err, FAULT_ORIGIN);
}

/* Any 1xx but a 101 that was asked for. False: the exchange failed. */
static bool take_interim(struct exchange *x)
{
	struct err err = {0};
	exchange_put_interim(x, x->res.raw, x->res.status);
	/* RFC 9110 7.8: only if asked, never to HTTP/1.0. Let through, it would hide what follows. */
	if (x->res.status == 101)
		err_set(&err, ERR_VERSION, "%s", "the origin switched protocols without being asked");
	else if (++x->interims > EXCHANGE_INTERIMS_MAX)
		err_set(&err, ERR_LIMIT, "more than %d interim responses", EXCHANGE_INTERIMS_MAX);
	if (err.kind != ERR_NONE) {
		fail(x, &err, FAULT_ORIGIN);
		return false;
	}
	exchange_gate_shut(x);
	exchange_release(x, x->res.raw);
	return true;
}

static bool may_switch(const struct exchange *x)
{
	return x->req.upgrade && (x->req.major > 1 || x->req.minor >= 1);
}

static bool take_heads(struct exchange *x)
{
	struct leg *o = origin_leg(x);
	struct err err = {0};
	while (!x->have_res) {
		if (buf_len(&o->in) == 0)
			return false;
		if (x->first_byte_us == FACT_NULL)
			x->first_byte_us = now_us();
		switch (scan_response(x, &err)) {
		case HTTP1_MORE: return false;
		case HTTP1_BAD:
			exchange_put_interim(x, buf_span(&o->in), FACT_NULL);
			fail(x, &err, FAULT_ORIGIN);
			return false;
		case HTTP1_HEAD: break;
		}
		x->moved_us = now_us();
		if (x->res.status / 100 != 1 || (x->res.status == 101 && may_switch(x)))
			take_head(x);
		else if (!take_interim(x))
			return false;
	}
	return true;
}

static void move_down(struct exchange *x)
{
	struct leg *o = origin_leg(x);
	struct err err = {0};
	if (x->down_done || o == NULL)
		return;
	if (take_heads(x)) {
		size_t used = 0;
		struct span in = buf_span(&o->in);
		bool sound = http1_body_feed(&x->res_body, in, &used, body_add, &x->down, &err);
		if (used > 0)
			x->moved_us = now_us();
		if (x->res_body.ended) {
			take_end(x); /* shuts the gate first: these bytes are the last ones */
		} else if (x->res.framing == HTTP1_TO_CLOSE && used > 0) {
			/* Any byte may turn out to be the last: each run waits for its own facts. */
			body_flush(&x->down);
			exchange_gate_shut(x);
		}
		exchange_release(x, span_first(in, used));
		buf_consume(&o->in, used);
		if (!sound) {
			fail(x, &err, FAULT_ORIGIN);
			return;
		}
	}
	if (!x->down_done && (o->in_eof || o->broken) &&
		(buf_len(&o->in) == 0 || !x->have_res) && !leg_has_pending(o))
		origin_ended(x);
}

/* ---- the loop ---- */

static bool over(const struct exchange *x)
{
	const struct leg *b = &x->t->browser;
	if (b->broken || x->t->record.failed)
		return x->down_done && x->up_done;
	return x->down_done && x->up_done && x->gate == 0 && buf_len(&b->out) == 0;
}

static int64_t deadline_us(const struct exchange *x)
{
	/* Only the recorder is waited for: it says so itself if it fails. */
	if (x->down_done && x->gate != 0)
		return now_us() + (int64_t)PROXY_STALL_TIMEOUT_MS * 1000;
	bool waiting = x->up_done && !x->have_res && x->up_ended_us != FACT_NULL;
	/* A head that drips is late all the same. */
	return waiting ? x->up_ended_us + (int64_t)PROXY_ANSWER_TIMEOUT_MS * 1000
		       : x->moved_us + (int64_t)PROXY_STALL_TIMEOUT_MS * 1000;
}

static void timed_out(struct exchange *x)
{
	struct err err = {0};
	bool browser_slow = buf_len(&x->t->browser.out) > 0 || !x->up_done;
	if (x->down_done && browser_slow) {
		/* All was recorded; the browser just does not take it. */
		err_set(&x->t->browser.err, ERR_BROWSER_TIMEOUT, "the answer was not taken");
		x->t->browser.broken = true;
		x->up_done = true;
		return;
	}
	err_set(&err, browser_slow ? ERR_BROWSER_TIMEOUT : ERR_ORIGIN_TIMEOUT,
		"nothing came for %lld s", (long long)(now_us() - x->moved_us) / 1000000);
	fail(x, &err, FAULT_ORIGIN);
}

/* The browser left while its answer is under way: the origin is told by the same, as without us. A browser does not close just its
 * sending side; programs that do are treated as by other proxies. */
static void browser_left(struct exchange *x)
{
	struct leg *b = &x->t->browser;
	struct err err = b->err;
	if (!b->broken)
		err_set(&err, ERR_BROWSER_CLOSED, "before the answer was whole");
	if (x->end.kind == ERR_NONE)
		x->end = err;
	x->up_done = x->down_done = x->cut = x->close = true;
	exchange_put_end(x);
	buf_clear(&x->held);
	x->gate = 0;
	b->broken = true;
	b->err = err;
}

static void wait(struct exchange *x)
{
	struct tunnel *t = x->t;
	struct leg *o = origin_leg(x);
	size_t toward_browser = buf_len(&t->browser.out) + buf_len(&x->held);
	/* The browser is read also when its request is whole: a pipelined request, or the news that it left. */
	struct pump pump = {.browser = &t->browser,
		.origin = o,
		.read_browser = (o == NULL || buf_len(&o->out) < PUMP_HIGH_WATER) &&
			buf_len(&t->browser.in) < LEG_READ_MAX && !x->switched,
		.read_origin = !x->down_done && toward_browser < PUMP_HIGH_WATER,
		.commit_fd = x->gate != 0 ? t->waiter.eventfd : -1,
		.stop_fd = t->proxy->stop_fd,
		.until_us = deadline_us(x)};
	unsigned happened = pump_wait(&pump);
	if (happened & PUMP_MOVED)
		x->moved_us = now_us();
	if (happened & PUMP_STOPPED) {
		struct err err = {0};
		err_set(&err, ERR_SHUTDOWN, "%s", "");
		if (x->end.kind == ERR_NONE && !x->end_put)
			x->end = err;
		x->up_done = x->down_done = x->cut = x->close = true;
		exchange_put_end(x);
		buf_clear(&x->held);
		buf_clear(&t->browser.out);
		x->gate = 0;
	} else if (happened & PUMP_TIMEOUT) {
		timed_out(x);
	}
}

static void loop(struct exchange *x)
{
	for (;;) {
		move_up(x);
		move_down(x);
		exchange_gate_try(x);
		if (over(x))
			break;
		const struct leg *b = &x->t->browser;
		if ((b->broken || (b->in_eof && buf_len(&b->in) == 0)) && !x->down_done && !x->local) {
			browser_left(x);
			break;
		}
		wait(x);
	}
	exchange_put_end(x);
	if (x->t->browser.broken && x->end.kind == ERR_NONE)
		record_note(&x->t->record, NOTE_BROWSER, x->id, "not delivered: %s",
			err_word(x->t->browser.err.kind));
}

void exchange_run(struct exchange *x, struct span head)
{
	x->up_forward = true;
	x->t->origin.exchanges++;
	http1_body_init(&x->req_body, &x->req);
	forward(x, head);
	loop(x);
}

/* ---- answers of our own ---- */

/* The bytes of a page become the response, as if an origin had sent them. */
static void answer_in_place(struct exchange *x, struct local_answer *a)
{
	static const struct span get = {(const uint8_t *)"GET", 3};
	struct err err = {0};
	struct span raw = arena_copy(&x->arena, buf_span(&a->head));
	struct span method = x->req.method.p != NULL ? x->req.method : get;
	bool parsed =
		http1_response_head(raw, method, &x->arena, &x->res, &err) == HTTP1_HEAD;
	if (!parsed)
		err_set(&x->end, ERR_INTERNAL, "our own answer: %s", err.detail);
	x->local = true;
	x->have_res = true;
	x->leg = FACT_NULL;
	x->close |= a->close || !parsed;
	exchange_put_response(x, "clicktrail");
	body_add(&x->down, buf_span(&a->body));
	x->down_done = true;
	body_end(&x->down);
	exchange_put_end(x);
	exchange_gate_shut(x);
	buf_add_span(&x->held, raw);
	buf_add_span(&x->held, buf_span(&a->body));
}

void exchange_answer(struct exchange *x, struct local_answer *answer, const struct err *why)
{
	bool broken_request = x->req.method.p == NULL;
	x->local = true;
	x->close |= answer->close;
	if (why != NULL)
		x->end = *why;
	if (!broken_request) {
		http1_body_init(&x->req_body, &x->req);
		/* Read the request's body first: a browser that is still sending would see a reset. Not if it waits for a 100. */
		for (move_up(x); !x->up_done && !x->req.expect_continue; move_up(x))
			wait(x);
		/* A body that was not read must not be taken for the next request (RFC 9110 10.1.1). */
		x->close |= !x->up_done;
	}
	x->up_done = true;
	if (!x->have_res && !x->end_put)
		answer_in_place(x, answer);
	loop(x);
}
