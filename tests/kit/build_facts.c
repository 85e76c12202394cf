#include "tests/kit/build_facts.h"

#include <assert.h>

void build_init(struct build *b)
{
	*b = (struct build){.session = 1, .next_exchange = 1, .next_tunnel = 1};
	model_init(&b->model);
}

void build_fini(struct build *b)
{
	model_fini(&b->model);
}

static void add(struct build *b, enum fact_kind kind, const void *fact)
{
	model_add(&b->model, kind, ++b->seq, fact);
}

static int64_t at_us(int64_t ms)
{
	return BUILD_EPOCH_US + ms * 1000;
}

void build_session(struct build *b, const char *command, const char *link, const char *browser)
{
	struct fact_session f;
	fact_init(FACT_KIND_SESSION, &f);
	f.session = b->session;
	f.at_us = BUILD_EPOCH_US;
	f.command = span_str(command);
	f.mode = span_str("intercept");
	f.link = f.sent_link = span_str(link);
	f.browser = span_str(browser);
	add(b, FACT_KIND_SESSION, &f);
}

void build_session_end(struct build *b, int64_t at_ms, const char *reason)
{
	struct fact_session_end f;
	fact_init(FACT_KIND_SESSION_END, &f);
	f.session = b->session;
	f.at_us = at_us(at_ms);
	f.reason = span_str(reason);
	f.complete = 1;
	add(b, FACT_KIND_SESSION_END, &f);
}

static void line(struct buf *head, const char *name, const char *value)
{
	if (value != NULL)
		buf_addf(head, "%s: %s\r\n", name, value);
}

static const char *accept_of(enum build_kind kind)
{
	switch (kind) {
	case BUILD_TYPED:
	case BUILD_SCRIPTED:
	case BUILD_CLICKED:
	case BUILD_FRAME:
	case BUILD_PREFETCH:
		return "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
	case BUILD_IMAGE:
		return "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5";
	case BUILD_SCRIPT:
	case BUILD_FETCH:
	case BUILD_WORKER:
	case BUILD_CURL: break;
	}
	return "*/*";
}

static void sec_fetch(struct buf *head, const struct build_exchange *x)
{
	static const char *const dests[] = {[BUILD_TYPED] = "document",
		[BUILD_SCRIPTED] = "document",
		[BUILD_CLICKED] = "document",
		[BUILD_FRAME] = "iframe",
		[BUILD_IMAGE] = "image",
		[BUILD_SCRIPT] = "script",
		[BUILD_FETCH] = "empty",
		[BUILD_PREFETCH] = "empty",
		[BUILD_WORKER] = "serviceworker"};
	static const char *const modes[] = {[BUILD_TYPED] = "navigate",
		[BUILD_SCRIPTED] = "navigate",
		[BUILD_CLICKED] = "navigate",
		[BUILD_FRAME] = "navigate",
		[BUILD_IMAGE] = "no-cors",
		[BUILD_SCRIPT] = "no-cors",
		[BUILD_FETCH] = "cors",
		[BUILD_PREFETCH] = "no-cors",
		[BUILD_WORKER] = "same-origin"};
	line(head, "Sec-Fetch-Dest", dests[x->kind]);
	line(head, "Sec-Fetch-Mode", modes[x->kind]);
	line(head, "Sec-Fetch-Site",
		x->site != NULL          ? x->site
		: x->kind == BUILD_TYPED ? "none"
					 : "cross-site");
	if (x->kind == BUILD_TYPED || x->kind == BUILD_CLICKED)
		line(head, "Sec-Fetch-User", "?1");
}

/* Header order and words as Firefox has them. */
static void request_head(struct build *b, const struct build_exchange *x, struct buf *head)
{
	bool document = x->kind <= BUILD_FRAME;
	buf_addf(head, "%s /x HTTP/1.1\r\nHost: h\r\n", x->method != NULL ? x->method : "GET");
	line(head, "User-Agent",
		x->kind == BUILD_CURL ? "curl/7.88.1"
		: x->chromium
			? "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like "
			  "Gecko) Chrome/156.0.0.0 Safari/537.36"
			: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 "
			  "Firefox/153.0");
	line(head, "Accept", accept_of(x->kind));
	line(head, "Service-Worker", x->kind == BUILD_WORKER ? "script" : NULL);
	line(head, "Sec-Purpose", x->kind == BUILD_PREFETCH ? "prefetch" : NULL);
	line(head, "Content-Type",
		x->form != NULL ? "application/x-www-form-urlencoded" : NULL);
	line(head, "Origin", x->origin);
	line(head, "Referer", x->referer);
	line(head, "Cookie", x->cookie);
	line(head, "Upgrade-Insecure-Requests", document ? "1" : NULL);
	if (x->kind != BUILD_CURL && strncmp(x->url, "https:", 6) == 0)
		sec_fetch(head, x);
	/* Chromium has it in HTTP/2 and later only. */
	if (!x->chromium)
		line(head, "Priority",
			x->kind == BUILD_FRAME ? "u=4"
			: document             ? "u=0, i"
					       : NULL);
	if (x->more != NULL)
		buf_add_str(head, x->more);
	buf_add_str(head, "\r\n");
	(void)b;
}

static void add_request(struct build *b, const struct build_exchange *x, int64_t id)
{
	struct fact_request f;
	struct buf head = {0};
	fact_init(FACT_KIND_REQUEST, &f);
	request_head(b, x, &head);
	f.session = b->session;
	f.at_us = at_us(x->at_ms);
	f.exchange = id;
	f.tunnel = b->next_tunnel;
	f.n = 1;
	f.method = span_str(x->method != NULL ? x->method : "GET");
	f.url = span_str(x->url);
	f.version = span_str("HTTP/1.1");
	f.head = buf_span(&head);
	f.oddities = span_str(x->oddities);
	add(b, FACT_KIND_REQUEST, &f);
	buf_fini(&head);
}

static int64_t took(const struct build_exchange *x)
{
	return x->took_ms > 0 ? x->took_ms : 20;
}

static void add_response(struct build *b, const struct build_exchange *x, int64_t id, bool body)
{
	struct fact_response f;
	struct buf head = {0};
	fact_init(FACT_KIND_RESPONSE, &f);
	f.status = x->status == -1 ? 200 : x->status;
	buf_addf(&head, "HTTP/1.1 %d X\r\n", (int)f.status);
	line(&head, "Content-Type",
		x->type != NULL ? x->type
		: body          ? "text/html; charset=utf-8"
				: NULL);
	line(&head, "Location", x->location);
	if (x->headers != NULL)
		buf_add_str(&head, x->headers);
	buf_add_str(&head, "\r\n");
	f.session = b->session;
	f.at_us = at_us(x->at_ms + took(x));
	f.exchange = id;
	f.leg = 1;
	f.made_by = span_str(x->made_by != NULL ? x->made_by : "origin");
	f.head = buf_span(&head);
	add(b, FACT_KIND_RESPONSE, &f);
	buf_fini(&head);
}

int64_t build_exchange(struct build *b, const struct build_exchange *x)
{
	int64_t id = b->next_exchange++;
	struct span body = x->body != NULL ? span_str(x->body) : x->body_bytes;
	struct span form = span_str(x->form);
	add_request(b, x, id);
	b->next_tunnel++;
	if (x->status != 0)
		add_response(b, x, id, body.n > 0);
	if (x->end != NULL && x->end[0] == 0)
		return id;
	struct fact_exchange_end f;
	fact_init(FACT_KIND_EXCHANGE_END, &f);
	f.session = b->session;
	f.at_us = at_us(x->at_ms + 2 * took(x));
	f.exchange = id;
	f.reason = span_str(x->end != NULL ? x->end : "ok");
	f.req_size = f.req_stored = (int64_t)form.n;
	f.res_size = f.res_stored = (int64_t)body.n;
	add(b, FACT_KIND_EXCHANGE_END, &f);
	struct model_exchange *m = model_exchange(&b->model, id);
	assert(m != NULL);
	if (!x->body_not_loaded && model_wants_body(m, SIDE_REQUEST))
		model_set_body(&b->model, m, SIDE_REQUEST, form, true);
	if (!x->body_not_loaded && model_wants_body(m, SIDE_RESPONSE))
		model_set_body(&b->model, m, SIDE_RESPONSE, body, true);
	return id;
}

void build_note(struct build *b, int64_t exchange, const char *code, const char *detail)
{
	struct fact_note f;
	fact_init(FACT_KIND_NOTE, &f);
	f.session = b->session;
	f.at_us = BUILD_EPOCH_US;
	f.exchange = exchange;
	f.code = span_str(code);
	f.detail = span_str(detail);
	add(b, FACT_KIND_NOTE, &f);
}

void build_handshake(struct build *b, int64_t ms, const char *outcome, const char *detail)
{
	struct fact_handshake f;
	fact_init(FACT_KIND_HANDSHAKE, &f);
	f.session = b->session;
	f.at_us = at_us(ms);
	f.tunnel = b->next_tunnel - 1;
	f.leg = 1;
	f.outcome = span_str(outcome);
	f.detail = span_str(detail);
	add(b, FACT_KIND_HANDSHAKE, &f);
}

void build_connect(struct build *b, int64_t ms, const char *host, int port, const char *outcome)
{
	struct fact_tunnel t;
	fact_init(FACT_KIND_TUNNEL, &t);
	t.session = b->session;
	t.at_us = at_us(ms);
	t.tunnel = b->next_tunnel++;
	add(b, FACT_KIND_TUNNEL, &t);
	struct fact_connect f;
	fact_init(FACT_KIND_CONNECT, &f);
	f.session = b->session;
	f.at_us = at_us(ms);
	f.tunnel = t.tunnel;
	f.kind = span_str("connect");
	f.host = span_str(host);
	f.port = port;
	f.outcome = span_str(outcome);
	add(b, FACT_KIND_CONNECT, &f);
}
