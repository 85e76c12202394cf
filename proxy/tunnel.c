/*
 * The story of one client connection. Read this first: a table of named steps, walked once.
 * Each step's outcome is a fact, so a refused, broken or late tunnel is stored by the same path
 * as a good one.
 *
 *   connect   where does the browser want to go?
 *   peek      how does it introduce itself?
 *   origin    reach the origin in the same manner
 *   accept    dress like the origin and shake hands with the browser
 *   serve     exchanges until either side is done
 */
#include "proxy/tunnel.h"
#include "proxy/http1_request.h"
#include "proxy/local.h"
#include "proxy/peek.h"
#include "proxy/pump.h"
#include "proxy/tls_connect.h"
#include "proxy/wait.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <unistd.h>

enum {
	TUNNEL_LINGER_MS =
		1000, /* a browser that still sends is read for so long behind our last byte */
	TUNNEL_LINGER_MAX = 1024 * 1024,
};

enum step { STEP_NEXT, STEP_SERVE, STEP_OVER };

static int64_t in_ms(int64_t ms)
{
	return clock_now_us(clock_real()) + ms * 1000;
}

/* ---- shared by the steps ---- */

bool tunnel_hold(struct tunnel *t, struct err *err)
{
	while (!atomic_load(&t->proxy->released)) {
		if (wait_fd(t->proxy->release_fd, POLLIN, in_ms(3600000), t->proxy->stop_fd) ==
			WAIT_STOPPED)
			return err_set(err, ERR_SHUTDOWN, "before the link was released");
	}
	return true;
}

bool tunnel_take_signal(struct tunnel *t)
{
	if (t->waiter.eventfd < 0)
		t->waiter.eventfd = fds_take_signal(t->proxy->fds);
	return t->waiter.eventfd >= 0;
}

static void give_signal(struct tunnel *t)
{
	writer_disarm(t->record.writer, &t->waiter);
	fds_give_signal(t->proxy->fds, t->waiter.eventfd);
	t->waiter.eventfd = -1;
}

void tunnel_rest(struct tunnel *t)
{
	give_signal(t);
	leg_rest(&t->browser);
	if (t->origin.open)
		leg_rest(&t->origin.leg);
}

bool tunnel_open_origin(struct tunnel *t, const struct target *target, const char *const *alpn,
	struct origin_got *got, struct err *err)
{
	struct arena arena = {
		0}; /* its facts are put on the way: a plain connection opens many */
	struct origin_ask ask = {.host = target->host,
		.port = target->port,
		.tls = target->https,
		.alpn = alpn,
		.record = &t->record,
		.arena = &arena,
		.stop_fd = t->proxy->stop_fd};
	*got = (struct origin_got){0};
	struct origin *origin = &t->proxy->origin;
	bool open = origin->open(origin->self, &ask, &t->origin.leg, got, err);
	arena_fini(&arena);
	if (!open) {
		t->origin.failed = *err;
		return false;
	}
	t->origin.open = true;
	t->origin.leg.unhashed = t->proxy->options.unrecorded;
	t->origin.muted = t->record.muted;
	t->origin.target = *target;
	t->origin.exchanges = 0;
	t->origin.failed = (struct err){0};
	return true;
}

void tunnel_close_origin(struct tunnel *t, const struct err *why)
{
	if (!t->origin.open)
		return;
	bool muted = t->record.muted;
	t->record.muted = t->origin.muted;
	record_leg_end(&t->record, &t->origin.leg, why);
	t->record.muted = muted;
	if (why->kind == ERR_NONE && !t->origin.leg.broken)
		leg_end(&t->origin.leg);
	leg_fini(&t->origin.leg);
	t->origin.open = false;
}

/* ---- connect ---- */

static bool maybe_connect(struct span in)
{
	struct span word = span_str("CONNECT ");
	return span_eq(span_first(in, word.n), span_first(word, in.n));
}

/* Wait for the first request head without taking it. MORE: the connection ended before. */
static enum http1_scan first_head(struct tunnel *t, struct http1_head *head, struct err *err)
{
	int64_t until_us = in_ms(PROXY_HEAD_TIMEOUT_MS);
	for (;;) {
		struct span in = buf_span(&t->browser.in);
		enum http1_scan scan =
			in.n > 0 ? http1_request_head(in, &t->arena, head, err) : HTTP1_MORE;
		/* Anything but CONNECT is the exchanges' business: its first bytes tell. */
		if (scan != HTTP1_MORE || !maybe_connect(in))
			return scan;
		if (t->browser.in_eof || t->browser.broken)
			return HTTP1_MORE;
		struct pump pump = {.browser = &t->browser,
			.read_browser = true,
			.commit_fd = -1,
			.stop_fd = t->proxy->stop_fd,
			.until_us = until_us};
		if (pump_wait(&pump) & (PUMP_STOPPED | PUMP_TIMEOUT))
			return HTTP1_MORE;
	}
}

static void put_connect(
	struct tunnel *t, const char *kind, struct span head, const struct err *err)
{
	struct fact_connect fact;
	fact_init(FACT_KIND_CONNECT, &fact);
	fact.kind = span_str(kind);
	if (t->target.host[0] != 0) {
		fact.host = span_str(t->target.host);
		fact.port = t->target.port;
	}
	fact.outcome = span_str(err_word(err->kind));
	fact.detail = err->detail[0] != 0 ? span_str(err->detail) : SPAN_NONE;
	fact.head = head;
	record_put(&t->record, FACT_KIND_CONNECT, &fact);
}

bool tunnel_listed(const char *const *names, const char *host)
{
	for (; names != NULL && *names != NULL; names++)
		if (span_is_nocase(span_str(host), *names))
			return true;
	return false;
}

/* May this CONNECT go on? */
static bool admit(struct tunnel *t, const struct http1_head *head, struct err *err)
{
	const struct proxy_options *o = &t->proxy->options;
	if (!target_from_authority(head->target, 0, &t->target, err))
		return false;
	if (!http1_authorized(o->password, head))
		return err_set(err, ERR_CLIENT_REFUSED, "no or a wrong password");
	t->referer = referer_expected(&t->proxy->referer, &t->target);
	if (!t->referer && tunnel_listed(o->noise_hosts, t->target.host))
		return err_set(err, ERR_REFUSED_NOISE, "%s", t->target.host);
	return true;
}

/* Say something of ours and have it committed first, as every answer is. */
static void say(struct tunnel *t, const struct local_answer *a)
{
	struct err err;
	if (t->record.last_ticket != 0 &&
		!writer_wait(t->record.writer, t->record.last_ticket, &err))
		return;
	leg_send(&t->browser, buf_span(&a->head));
	leg_send(&t->browser, buf_span(&a->body));
}

static enum step step_connect(struct tunnel *t)
{
	static const char established[] = "HTTP/1.1 200 Connection Established\r\n\r\n";
	struct http1_head head = {0};
	struct err err = {0}, none = {0};
	enum http1_scan scan = first_head(t, &head, &err);
	if (scan != HTTP1_HEAD || !span_is(head.method, "CONNECT")) {
		bool plain = scan == HTTP1_HEAD || buf_len(&t->browser.in) > 0;
		put_connect(t, plain ? "plain" : "unknown", SPAN_NONE, &none);
		if (plain)
			return STEP_SERVE;
		if (t->browser.broken)
			t->end = t->browser.err;
		else if (!t->browser.in_eof)
			err_set(&t->end, ERR_BROWSER_TIMEOUT, "it connected and said nothing");
		return STEP_OVER;
	}
	struct span raw = arena_copy(&t->arena, head.raw);
	bool admitted = admit(t, &head, &err);
	put_connect(t, "connect", http1_masked(raw, &t->arena), &err);
	buf_consume(&t->browser.in, raw.n);
	if (!admitted) {
		struct local_answer a = {0};
		if (err.kind == ERR_CLIENT_REFUSED)
			local_auth(&a);
		else
			local_error(&a, &err, FAULT_BROWSER, t->target.host, false);
		say(t, &a);
		local_fini(&a);
		t->end = err;
		return STEP_OVER;
	}
	t->intercepted = true;
	t->internal = strcmp(t->target.host, PROXY_INTERNAL_HOST) == 0;
	/* What we answer ourselves is served by our own TLS in any case. */
	bool straight = t->proxy->options.no_intercept && !t->internal && !t->referer;
	bool reached = straight && passthrough_reach(t);
	if (straight && t->end.kind != ERR_NONE)
		return STEP_OVER;
	leg_send(&t->browser, span_str(established));
	leg_count_anew(&t->browser);
	if (reached)
		passthrough(t, OPAQUE_NO_INTERCEPT, FACT_NULL);
	return reached ? STEP_OVER : STEP_NEXT;
}

/* ---- peek ---- */

/* Not ours to read: reach the origin plainly and pass bytes both ways. */
static enum step pass_through(struct tunnel *t, const char *why)
{
	struct origin_got got;
	/* What we answer ourselves has no origin: its name must not go out. */
	if (t->internal || t->referer) {
		err_set(&t->end, ERR_TARGET, "%s without TLS inside CONNECT", t->target.host);
		return STEP_OVER;
	}
	t->target.https = false;
	t->end = t->origin.failed; /* as --no-intercept found it already */
	if (t->end.kind == ERR_NONE && tunnel_hold(t, &t->end) &&
		tunnel_open_origin(t, &t->target, NULL, &got, &t->end)) {
		tls_cert_free(got.peer);
		passthrough(t, why, FACT_NULL);
	}
	return STEP_OVER;
}

/* HTTP/2 without TLS by prior knowledge (RFC 9113 3.3): no browser does so, and unread it must
 * not pass. */
static bool clear_h2(struct tunnel *t)
{
	static const char preface[] = "PRI ";
	if (!span_starts(buf_span(&t->browser.in), preface))
		return false;
	err_set(&t->end, ERR_VERSION, "HTTP/2 without TLS inside CONNECT");
	buf_clear(&t->browser.in);
	return true;
}

static enum step step_peek(struct tunnel *t)
{
	struct buf message = {0};
	struct err err = {0};
	const char *const *only = t->proxy->options.only_hosts;
	if (only != NULL && !t->internal && !tunnel_listed(only, t->target.host))
		return pass_through(t, "only");
	enum peek_kind kind = peek(&t->browser, in_ms(PEEK_SILENT_MS),
		in_ms(PROXY_TLS_TIMEOUT_MS), t->proxy->stop_fd, &message, &err);
	struct span raw = arena_copy(&t->arena, buf_span(&message));
	buf_fini(&message);
	switch (kind) {
	case PEEK_NOT_TLS: return clear_h2(t) ? STEP_OVER : pass_through(t, "not-tls");
	case PEEK_SILENT: return pass_through(t, "silent");
	case PEEK_FAILED: t->end = err; return STEP_OVER;
	case PEEK_TLS: break;
	}
	/* A hello that we cannot decode is kept raw; OpenSSL decides whether it is one. */
	tls_facts_hello(raw, &t->arena, &t->hello, &err);
	t->hello.leg = LEG_BROWSER;
	record_put(&t->record, FACT_KIND_HELLO, &t->hello);
	t->target.https = true;
	return STEP_NEXT;
}

/* ---- origin ---- */

enum { ALPN_SPOKEN = 2 };
static const char *const spoken[ALPN_SPOKEN] = {"h2", "http/1.1"};

/* What of the browser's list we speak, in its order: the origin's choice is then one that the
 * browser takes. */
static void alpn_to_offer(const struct fact_hello *hello, const char *out[ALPN_SPOKEN + 1])
{
	size_t n = 0;
	for (struct span rest = hello->alpn; rest.n > 0;) {
		struct span word = span_first(rest, span_find_byte(rest, ' ', 0));
		rest = span_from(rest, word.n + 1);
		for (size_t i = 0; i < ALPN_SPOKEN; i++) {
			bool twice = n > 0 && out[0] == spoken[i];
			if (span_is(word, spoken[i]) && !twice && n < ALPN_SPOKEN)
				out[n++] = spoken[i];
		}
	}
	out[n] = NULL;
}

/* A failure goes on: the browser is told inside TLS, since it does not show the body of a
 * refused CONNECT. */
static enum step step_origin(struct tunnel *t)
{
	const char *alpn[ALPN_SPOKEN + 1];
	struct err err = {0};
	if (t->internal || t->referer || t->origin.failed.kind != ERR_NONE)
		return STEP_NEXT;
	if (!tunnel_hold(t, &t->end))
		return STEP_OVER;
	alpn_to_offer(&t->hello, alpn);
	tunnel_open_origin(t, &t->target, alpn, &t->got, &err);
	if (err.kind == ERR_SHUTDOWN) {
		t->end = err;
		return STEP_OVER;
	}
	return STEP_NEXT;
}

/* ---- accept ---- */

/* What the origin chose, exactly; for pages of our own http/1.1. */
static const char *alpn_to_answer(const struct tunnel *t)
{
	if (!t->origin.open)
		return "http/1.1";
	return t->got.alpn[0] != 0 ? t->got.alpn : NULL;
}

static enum step step_accept(struct tunnel *t)
{
	struct tls_facts facts = {0};
	struct x509_st *leaf =
		leaves_get(t->proxy->leaves, t->target.host, t->got.peer, &t->end);
	tls_cert_free(t->got.peer);
	t->got.peer = NULL;
	if (leaf == NULL)
		return STEP_OVER;
	struct tls_accept want = {.leaf = leaf,
		.alpn = alpn_to_answer(t),
		.until_us = in_ms(PROXY_TLS_TIMEOUT_MS),
		.stop_fd = t->proxy->stop_fd,
		.tap = t->proxy->options.tap,
		.tunnel = t->record.tunnel};
	struct arena arena = {0};
	bool ok = tls_accept(t->proxy->tls_server, &t->browser, &want, &arena, &facts, &t->end);
	record_tls(&t->record, LEG_BROWSER, &facts);
	arena_fini(&arena);
	mint_leaf_free(leaf);
	return ok ? STEP_SERVE : STEP_OVER;
}

/* ---- from accept to close ---- */

static const struct {
	const char *name;
	enum step (*run)(struct tunnel *t);
} steps[] = {
	{"connect", step_connect},
	{"peek", step_peek},
	{"origin", step_origin},
	{"accept", step_accept},
};

static void ip_port(const struct sockaddr *addr, char *ip, size_t ip_len, int64_t *port)
{
	char service[NI_MAXSERV];
	socklen_t len = addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						    : sizeof(struct sockaddr_in);
	uint64_t number = 0;
	ip[0] = 0;
	if (getnameinfo(addr, len, ip, (socklen_t)ip_len, service, sizeof service,
		    NI_NUMERICHOST | NI_NUMERICSERV) == 0 &&
		span_u64(span_str(service), &number))
		*port = (int64_t)number;
}

static void put_tunnel(
	struct tunnel *t, const struct sockaddr *client, const struct sockaddr *listener)
{
	char client_ip[NI_MAXHOST], listener_ip[NI_MAXHOST];
	struct fact_tunnel fact;
	fact_init(FACT_KIND_TUNNEL, &fact);
	ip_port(client, client_ip, sizeof client_ip, &fact.client_port);
	ip_port(listener, listener_ip, sizeof listener_ip, &fact.listener_port);
	t->listener_port = fact.listener_port;
	fact.client_ip = span_str(client_ip);
	fact.listener_ip = span_str(listener_ip);
	record_put(&t->record, FACT_KIND_TUNNEL, &fact);
}

/* Our last byte first, then whatever the browser is still sending, so that a reset does not
 * swallow the answer. */
static void close_browser(struct tunnel *t)
{
	struct leg *b = &t->browser;
	int64_t until_us = in_ms(TUNNEL_LINGER_MS);
	if (t->cut) {
		if (t->cut_hard)
			leg_reset(b);
		return;
	}
	/* Pipelined behind a refused request, say: never served, but not in silence. */
	if (buf_len(&b->in) > 0)
		record_note(&t->record, NOTE_EXTRA_BYTES, FACT_NULL,
			"%zu bytes from the browser were not served", buf_len(&b->in));
	size_t taken = 0;
	while (!b->broken) {
		enum leg_result ended = leg_end(b);
		taken += buf_len(&b->in);
		buf_clear(&b->in);
		if ((ended == LEG_OK && b->in_eof) || taken > TUNNEL_LINGER_MAX)
			break;
		struct pump pump = {.browser = b,
			.read_browser = true,
			.commit_fd = -1,
			.stop_fd = t->proxy->stop_fd,
			.until_us = until_us};
		if (pump_wait(&pump) & (PUMP_STOPPED | PUMP_TIMEOUT))
			break;
	}
}

static void put_tunnel_end(struct tunnel *t)
{
	struct fact_tunnel_end fact;
	fact_init(FACT_KIND_TUNNEL_END, &fact);
	fact.reason = span_str(err_word(t->end.kind));
	fact.detail = t->end.detail[0] != 0 ? span_str(t->end.detail) : SPAN_NONE;
	record_put(&t->record, FACT_KIND_TUNNEL_END, &fact);
}

void tunnel_run(
	struct proxy *p, int fd, const struct sockaddr *client, const struct sockaddr *listener)
{
	struct tunnel t = {.proxy = p, .client = client};
	struct writer *w = p->options.writer;
	t.record = (struct record){.writer = w,
		.session = p->options.session,
		.tunnel = writer_new_tunnel(w),
		.muted = p->options.unrecorded};
	t.waiter.eventfd = -1;
	fact_init(FACT_KIND_HELLO, &t.hello);
	leg_init(&t.browser, fd, true);
	t.browser.number = LEG_BROWSER;
	t.browser.unhashed = p->options.unrecorded;
	put_tunnel(&t, client, listener);

	enum step next = STEP_NEXT;
	for (size_t i = 0; i < sizeof steps / sizeof *steps && next == STEP_NEXT; i++)
		next = steps[i].run(&t);
	if (next == STEP_SERVE && t.origin.open && strcmp(t.got.alpn, "h2") == 0)
		h2_serve(&t);
	else if (next == STEP_SERVE)
		http1_serve(&t);

	tunnel_close_origin(&t, &t.end);
	close_browser(&t);
	record_leg_end(&t.record, &t.browser, &t.end);
	put_tunnel_end(&t);
	if (t.record.failed)
		proxy_mark_failed(p, &t.record.err);
	give_signal(&t);
	tls_cert_free(t.got.peer);
	leg_fini(&t.browser);
	arena_fini(&t.arena);
}
