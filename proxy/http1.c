/* HTTP/1 on the browser's leg: one request after the other, each sent where it wants to go. */
#include "proxy/http1_exchange.h"
#include "proxy/http1_request.h"
#include "proxy/pump.h"

enum { HTTP1_REST_MS = 100 }; /* idle for so long, a connection gives back its buffers */

enum head_wait {
	HEAD_READY,  /* h->req is filled and its bytes were taken */
	HEAD_BROKEN, /* bytes came that are no request: err */
	HEAD_NONE    /* the connection is over: t->end */
};

/* Between requests the origin leg is watched too: an origin that closes, or speaks without
 * being asked. */
static bool idle_origin_over(struct tunnel *t)
{
	struct leg *o = &t->origin.leg;
	struct err why = {0};
	if (!t->origin.open || (!o->in_eof && !o->broken && buf_len(&o->in) == 0))
		return false;
	if (buf_len(&o->in) > 0) {
		err_set(&why, ERR_EXTRA_BYTES, "%zu bytes from the origin", buf_len(&o->in));
		record_note(&t->record, NOTE_EXTRA_BYTES, FACT_NULL, "%s", why.detail);
	} else if (o->broken) {
		why = o->err;
	}
	tunnel_close_origin(t, &why);
	return true;
}

static enum http1_scan scan_request(struct http1_exchange *h, struct err *err)
{
	struct leg *b = &h->x.t->browser;
	struct arena scratch = {0};
	struct http1_head head;
	struct err unlike;
	/* A head that ends as heads do is copied first and read once. */
	struct span whole = http1_likely_head(buf_span(&b->in));
	if (whole.n > 0) {
		struct span raw = arena_copy(&h->x.arena, whole);
		if (http1_request_head(raw, &h->x.arena, &h->req, &unlike) == HTTP1_HEAD) {
			buf_consume(&b->in, h->req.raw.n);
			return HTTP1_HEAD;
		}
		h->req = (struct http1_head){0};
	}
	enum http1_scan scan = http1_request_head(buf_span(&b->in), &scratch, &head, err);
	if (scan == HTTP1_HEAD) {
		struct span raw = arena_copy(&h->x.arena, head.raw);
		scan = http1_request_head(raw, &h->x.arena, &h->req, err);
		buf_consume(&b->in, raw.n);
	}
	arena_fini(&scratch);
	return scan;
}

static void wait_for_head(struct tunnel *t, int64_t until_us, unsigned *happened)
{
	struct pump pump = {.browser = &t->browser,
		.origin = t->origin.open ? &t->origin.leg : NULL,
		.read_browser = true,
		.read_origin = true,
		.commit_fd = -1,
		.stop_fd = t->proxy->stop_fd,
		.until_us = until_us};
	*happened = pump_wait(&pump);
}

/* No whole head, and none will come: why, and is there something to record? */
static enum head_wait no_head(struct tunnel *t, enum err_kind kind, struct err *err)
{
	size_t n = buf_len(&t->browser.in);
	if (t->browser.broken)
		*err = t->browser.err;
	else
		err_set(err, kind, "%zu bytes of a request head", n);
	if (n > 0)
		return HEAD_BROKEN;
	t->end = *err;
	if (kind == ERR_HEAD_TRUNCATED && !t->browser.broken)
		t->end = (struct err){0}; /* the browser was done */
	return HEAD_NONE;
}

/* Opened for the page of --referer, which another connection served: what is asked for here is
 * the origin's to answer. To the browser that is a server that closed meanwhile, and it asks
 * anew. */
static bool page_served_elsewhere(struct tunnel *t)
{
	if (!t->referer || !referer_served(&t->proxy->referer))
		return false;
	err_set(&t->end, ERR_ORIGIN_CLOSED,
		"the page of --referer was served by another connection");
	return true;
}

static enum head_wait next_head(struct http1_exchange *h, struct err *err)
{
	struct tunnel *t = h->x.t;
	int64_t idle_since_us = h->x.moved_us, first_us = 0;
	bool rested = false;
	for (;;) {
		struct leg *b = &t->browser;
		if (page_served_elsewhere(t))
			return HEAD_NONE;
		if (buf_len(&b->in) > 0) {
			switch (scan_request(h, err)) {
			case HTTP1_HEAD: return HEAD_READY;
			case HTTP1_BAD: return HEAD_BROKEN;
			case HTTP1_MORE: break;
			}
			if (first_us == 0)
				first_us = clock_now_us(clock_real());
		}
		if (b->in_eof || b->broken)
			return no_head(t, ERR_HEAD_TRUNCATED, err);
		/* An intercepted tunnel has two ends: without the origin's it is over, and the
		 * browser asks anew. */
		if (idle_origin_over(t) && t->intercepted && first_us == 0) {
			err_set(&t->end, ERR_ORIGIN_CLOSED, "while no request was under way");
			return HEAD_NONE;
		}
		int64_t until_us =
			first_us != 0 ? first_us + (int64_t)PROXY_HEAD_TIMEOUT_MS * 1000
				      : idle_since_us + (int64_t)PROXY_IDLE_TIMEOUT_MS * 1000;
		int64_t rest_us = idle_since_us + (int64_t)HTTP1_REST_MS * 1000;
		bool awake = first_us == 0 && !rested;
		unsigned happened;
		wait_for_head(t, awake ? rest_us : until_us, &happened);
		if (awake && (happened & PUMP_TIMEOUT)) {
			/* Most connections of a browser are idle most of the time. */
			tunnel_rest(t);
			arena_fini(&h->x.arena);
			rested = true;
			continue;
		}
		if (happened & PUMP_STOPPED)
			return no_head(t, ERR_SHUTDOWN, err);
		if (happened & PUMP_TIMEOUT)
			return no_head(t, ERR_BROWSER_TIMEOUT, err);
	}
}

static void answer_error(struct http1_exchange *h, const struct err *err, const char *host)
{
	struct local_answer a = {0};
	local_error(&a, err, FAULT_BROWSER, host, span_is(h->req.method, "HEAD"));
	http1_exchange_answer(h, &a, err);
	local_fini(&a);
}

static void answer_broken(struct http1_exchange *h, const struct err *err)
{
	struct leg *b = &h->x.t->browser;
	http1_put_broken_request(h, buf_span(&b->in));
	buf_consume(&b->in, buf_len(&b->in));
	h->req = (struct http1_head){0};
	answer_error(h, err, "");
}

/* The leg that this request needs; kept from the request before where it fits. */
static bool reach(struct http1_exchange *h, const struct target *to, struct err *err)
{
	struct tunnel *t = h->x.t;
	struct err none = {0};
	if (t->intercepted) {
		*err = t->origin.failed;
		if (!t->origin.open && err->kind == ERR_NONE)
			err_set(err, ERR_ORIGIN_CLOSED, "while no request was under way");
		return t->origin.open;
	}
	if (t->origin.open && target_same(&t->origin.target, to))
		return true;
	tunnel_close_origin(t, &none);
	if (!tunnel_hold(t, err))
		return false;
	struct origin_got got;
	bool ok = tunnel_open_origin(t, to, NULL, &got, err);
	tls_cert_free(got.peer);
	return ok;
}

/* With a page of clicktrail.internal, or (route NULL) with that of --referer. */
static void answer_locally(struct http1_exchange *h, const struct http1_route *route)
{
	struct tunnel *t = h->x.t;
	struct local_answer a = {0};
	bool head_only = span_is(h->req.method, "HEAD");
	if (route == NULL)
		local_referer(&a, t->proxy->referer.link, head_only);
	else if (route->direct && t->proxy->options.password != NULL &&
		 span_is(route->path, "/") &&
		 local_phone_may(&t->proxy->options, h->req.method, route->path))
		local_phone(&a, t->proxy, t->browser.fd, head_only);
	else
		local_internal(&a, t->proxy, route->path, t->browser.tls != NULL, head_only);
	http1_exchange_answer(h, &a, NULL);
	local_fini(&a);
}

/* One more page for who has no password yet. It says nothing that is not known, and whoever is
 * in reach could fill the disk with it: beyond a limit it is not recorded. */
static void count_pairing(struct tunnel *t)
{
	uint64_t n = atomic_fetch_add(&t->proxy->pairings, 1);
	if (n == PROXY_PAIRINGS_MAX)
		record_note(&t->record, NOTE_LIMIT, FACT_NULL,
			"%d pairing pages: further ones are served, and not recorded",
			PROXY_PAIRINGS_MAX);
	t->record.muted |= n >= PROXY_PAIRINGS_MAX;
}

static void serve_request(struct http1_exchange *h)
{
	struct tunnel *t = h->x.t;
	const struct proxy_options *o = &t->proxy->options;
	struct http1_route route;
	struct err err = {0};
	bool routed = http1_route(t, &h->req, &h->x.arena, &route, &err);
	if (!t->intercepted) {
		t->target = route.target;
		t->record.muted = o->unrecorded ||
				  (routed && o->only_hosts != NULL && !route.direct &&
					  !tunnel_listed(o->only_hosts, route.target.host));
	}
	bool pairing = routed && route.direct && local_phone_may(o, h->req.method, route.path);
	if (pairing && o->password != NULL)
		count_pairing(t);
	bool referer = routed && referer_take(&t->proxy->referer, &route.target, route.url);
	/* Held, it waits before it is written down: its time is then that of its leaving. A
	 * stop is found again by reach(). */
	struct err stopped;
	if (routed && !referer && !route.internal && !t->intercepted)
		tunnel_hold(t, &stopped);
	http1_put_request(h, route.url, referer ? ODDITY_REFERER_PAGE : route.oddity);
	if (!routed) {
		answer_error(h, &err, "");
		return;
	}
	if (!t->intercepted && !pairing && !http1_authorized(o->password, &h->req)) {
		struct local_answer a = {0};
		err_set(&err, ERR_CLIENT_REFUSED, "no or a wrong password");
		local_auth(&a);
		http1_exchange_answer(h, &a, &err);
		local_fini(&a);
		return;
	}
	if (referer || route.internal) {
		answer_locally(h, referer ? NULL : &route);
		return;
	}
	if (tunnel_listed(o->noise_hosts, route.target.host)) {
		err_set(&err, ERR_REFUSED_NOISE, "%s", route.target.host);
		answer_error(h, &err, route.target.host);
		return;
	}
	if (!reach(h, &route.target, &err)) {
		answer_error(h, &err, route.target.host);
		return;
	}
	if (http1_offers_h2c(&h->req)) {
		record_note(&t->record, NOTE_NOT_OFFERED, h->x.id, "Upgrade: h2c");
		h->req.upgrade = false;
	}
	struct buf head = {0};
	http1_forward_head(&h->req, !t->intercepted, route.path, &head);
	http1_exchange_run(h, buf_span(&head));
	buf_fini(&head);
}

/* What the exchange means for both legs. True: the browser's may carry another one. */
static bool settle(struct http1_exchange *h)
{
	struct tunnel *t = h->x.t;
	struct leg *o = &t->origin.leg;
	bool fresh = h->x.have_res && h->res.keep_alive && !h->close;
	if (h->switched && h->x.end.kind == ERR_NONE && !t->browser.broken) {
		passthrough(t, OPAQUE_UPGRADE, h->x.id);
		return false;
	}
	if (t->origin.open && !h->x.local && buf_len(&o->in) > 0 && h->x.end.kind == ERR_NONE)
		idle_origin_over(t);
	else if (t->origin.open && !h->x.local && !fresh)
		tunnel_close_origin(t, &h->x.end);
	if (h->x.cut || t->browser.broken) {
		t->end = h->x.end.kind != ERR_NONE ? h->x.end : t->browser.err;
		t->cut = true;
		t->cut_hard = h->x.have_res && h->res.framing == HTTP1_TO_CLOSE;
		return false;
	}
	return fresh && h->req.keep_alive && !t->browser.in_eof &&
	       (!t->intercepted || t->internal || t->origin.open);
}

/* One request and its answer, in the memory of the one before. False: none came, or it was the
 * last. */
static bool serve_one(struct tunnel *t, struct arena *memory)
{
	struct http1_exchange h;
	struct err err = {0};
	bool more = false;
	http1_exchange_init(&h, t);
	h.x.arena = *memory;
	enum head_wait head = next_head(&h, &err);
	if (head != HEAD_NONE) {
		t->requests++;
		h.x.moved_us = clock_now_us(clock_real());
		if (head == HEAD_BROKEN)
			answer_broken(&h, &err);
		else
			serve_request(&h);
		more = settle(&h) && head == HEAD_READY;
		t->record.muted = t->proxy->options.unrecorded;
	}
	*memory = h.x.arena;
	h.x.arena = (struct arena){0};
	http1_exchange_fini(&h);
	arena_reset(memory);
	return more;
}

void http1_serve(struct tunnel *t)
{
	struct arena memory = {0};
	while (serve_one(t, &memory))
		;
	arena_fini(&memory);
}
