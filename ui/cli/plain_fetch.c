#include "ui/cli/plain_fetch.h"
#include "proxy/leg.h"
#include "proxy/wait.h"
#include "store/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

enum { MICROS = 1000000 };

struct fetch {
	const struct plain_road *road;
	struct leg leg;
	struct arena *arena;
	int64_t until_us;
	struct buf kept; /* of the body */
};

static bool wait_leg(struct fetch *f, bool want_read, struct err *err)
{
	short events = leg_poll_events(&f->leg, want_read);
	switch (wait_fd(f->leg.fd, events, f->until_us, f->road->stop_fd)) {
	case WAIT_READY: return true;
	case WAIT_TIMEOUT: return err_set(err, ERR_ORIGIN_TIMEOUT, "no whole answer in time");
	case WAIT_STOPPED: break;
	}
	return err_set(err, ERR_SHUTDOWN, "the client was stopped");
}

static bool broken(const struct fetch *f, struct err *err)
{
	*err = f->leg.err;
	return false;
}

static bool send_all(struct fetch *f, struct span bytes, struct err *err)
{
	if (!leg_send(&f->leg, bytes))
		return broken(f, err);
	for (;;) {
		switch (leg_flush(&f->leg)) {
		case LEG_OK: return true;
		case LEG_AGAIN:
			if (!wait_leg(f, false, err))
				return false;
			break;
		case LEG_EOF:
		case LEG_BROKEN: return broken(f, err);
		}
	}
}

/* More bytes in leg.in, or the end of them (leg.in_eof). */
static bool receive(struct fetch *f, struct err *err)
{
	for (;;) {
		switch (leg_fill(&f->leg, LEG_READ_MAX)) {
		case LEG_OK:
		case LEG_EOF: return true;
		case LEG_AGAIN:
			if (!wait_leg(f, true, err))
				return false;
			break;
		case LEG_BROKEN: return broken(f, err);
		}
	}
}

static bool reach_proxy(struct fetch *f, struct err *err)
{
	const struct sockaddr_storage *to = &f->road->proxy;
	socklen_t len = to->ss_family == AF_INET ? sizeof(struct sockaddr_in)
						 : sizeof(struct sockaddr_in6);
	int fd = socket(to->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "socket");
	/* Loopback: it connects at once or not at all. */
	if (connect(fd, (const struct sockaddr *)to, len) != 0) {
		err_set_os(err, ERR_SYSTEM, errno, "connecting to our own proxy");
		close(fd);
		return false;
	}
	leg_init(&f->leg, fd, false);
	return true;
}

/* The final head of an answer to `method`, taken off leg.in; interim ones are passed over. */
static bool read_head(
	struct fetch *f, const char *method, struct http1_head *out, struct err *err)
{
	for (int interim = 0; interim < PLAIN_INTERIM_MAX;) {
		/* What the head points into must outlive the leg's buffer. */
		struct span in = buf_span(&f->leg.in);
		enum http1_scan scan =
			http1_response_head(in, span_str(method), f->arena, out, err);
		if (scan == HTTP1_BAD)
			return false;
		if (scan == HTTP1_MORE) {
			if (f->leg.in_eof)
				return err_set(err,
					in.n > 0 ? ERR_HEAD_TRUNCATED : ERR_ORIGIN_SILENT,
					"from our own proxy");
			if (!receive(f, err))
				return false;
			continue;
		}
		struct span copy = arena_copy(f->arena, out->raw);
		buf_consume(&f->leg.in, out->raw.n);
		if (http1_response_head(copy, span_str(method), f->arena, out, err) !=
			HTTP1_HEAD)
			return false;
		if (out->status >= 200 || out->status == 101)
			return true;
		interim++;
	}
	return err_set(err, ERR_LIMIT, "more than %d interim answers", PLAIN_INTERIM_MAX);
}

static bool open_tls(struct fetch *f, const struct url *url, struct err *err)
{
	static const char *const alpn[] = {"http/1.1", NULL};
	struct buf ask = {0};
	struct http1_head head;
	struct tls_facts facts;
	const char *host = arena_str(f->arena, url->host);
	buf_addf(&ask, "CONNECT %s:%d HTTP/1.1\r\nHost: %s:%d\r\n%s\r\n", host, url_port(url),
		host, url_port(url), f->road->authorization);
	bool sent = send_all(f, buf_span(&ask), err);
	buf_fini(&ask);
	if (!sent || !read_head(f, "CONNECT", &head, err))
		return false;
	if (head.status != 200)
		return err_set(err, ERR_CLIENT_REFUSED,
			"our own proxy answered CONNECT with %d", head.status);
	/* RFC 6066 3: a literal address is no server name; tls_connect wants it without
	 * brackets. */
	struct span name = span_trim(url->host, "[]");
	struct tls_connect want = {.host = arena_str(f->arena, name),
		.alpn = alpn,
		.until_us = f->until_us,
		.stop_fd = f->road->stop_fd};
	return tls_connect(f->road->tls, &f->leg, &want, f->arena, &facts, NULL, err);
}

static void keep(void *ctx, struct span payload)
{
	struct fetch *f = ctx;
	size_t room = PLAIN_BODY_KEEP - buf_len(&f->kept);
	buf_add_span(&f->kept, span_first(payload, room));
}

/* RFC 9112 6.3. The whole body is read, so that the proxy records it whole, but only its start
 * is kept. */
static bool read_body(struct fetch *f, const struct http1_head *head, struct err *err)
{
	struct http1_body body;
	uint64_t total = 0;
	bool good = true;
	http1_body_init(&body, head);
	while (good && !body.ended) {
		size_t used = 0;
		good = http1_body_feed(&body, buf_span(&f->leg.in), &used, keep, f, err);
		buf_consume(&f->leg.in, used);
		total += used;
		if (!good || body.ended)
			break;
		if (f->leg.in_eof) {
			good = http1_body_eof(&body, err);
			break;
		}
		good = total <= PLAIN_BODY_MAX ||
		       err_set(err, ERR_LIMIT, "a body longer than %d bytes", PLAIN_BODY_MAX);
		good = good && receive(f, err);
	}
	http1_body_fini(&body);
	return good;
}

static struct span request_bytes(struct fetch *f, const struct url *url, const char *method,
	struct span fields, bool tls)
{
	struct buf out = {0};
	buf_addf(&out, "%s ", method);
	if (!tls) {
		buf_add_span(&out, url->scheme);
		buf_add_str(&out, "://");
	}
	if (!tls)
		buf_add_span(&out, url->host);
	if (!tls && url->port >= 0)
		buf_addf(&out, ":%d", url->port);
	buf_add_span(&out, url->path);
	if (url->query.p != NULL) {
		buf_add_byte(&out, '?');
		buf_add_span(&out, url->query);
	}
	buf_add_str(&out, " HTTP/1.1\r\nHost: ");
	buf_add_span(&out, url->host);
	if (url->port >= 0)
		buf_addf(&out, ":%d", url->port);
	buf_add_str(&out, "\r\n");
	buf_add_span(&out, fields);
	if (!tls)
		buf_add_str(&out, f->road->authorization);
	buf_add_str(&out, "Connection: close\r\n\r\n");
	struct span copy = arena_copy(f->arena, buf_span(&out));
	buf_fini(&out);
	return copy;
}

static bool run(struct fetch *f, const struct url *url, const char *method, struct span fields,
	struct plain_answer *out, struct err *err)
{
	bool tls = span_is(url->scheme, "https");
	if (tls && !open_tls(f, url, err))
		return false;
	if (!send_all(f, request_bytes(f, url, method, fields, tls), err) ||
		!read_head(f, method, &out->head, err))
		return false;
	struct err cut = {0};
	out->whole = read_body(f, &out->head, &cut);
	out->body = arena_copy(f->arena, buf_span(&f->kept));
	/* A body that broke off is still an answer, as a browser shows what it got; being
	 * stopped is not. */
	if (!out->whole && cut.kind == ERR_SHUTDOWN) {
		*err = cut;
		return false;
	}
	return true;
}

bool plain_fetch(const struct plain_road *road, const struct url *url, const char *method,
	struct span fields, struct arena *a, struct plain_answer *out, struct err *err)
{
	struct fetch f = {.road = road, .arena = a};
	assert(url_is_web(url));
	f.until_us = clock_now_us(clock_real()) + PLAIN_FETCH_TIMEOUT_S * (int64_t)MICROS;
	*out = (struct plain_answer){0};
	if (!reach_proxy(&f, err))
		return false;
	bool good = run(&f, url, method, fields, out, err);
	leg_fini(&f.leg);
	buf_fini(&f.kept);
	return good;
}
