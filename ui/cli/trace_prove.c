/*
 * Before the link is released: the client is started, its way through our proxy is walked to
 * the ready page, and what was proven is written down. A link may work only once; none of our
 * own faults may use it up.
 */
#include "ui/cli/trace.h"
#include "proxy/proxy.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

static bool random_credentials(struct trace *t, struct err *err)
{
	uint8_t bytes[24];
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return err_set_os(err, ERR_SYSTEM, errno, "getrandom");
	int n = snprintf(t->credentials, sizeof t->credentials, "clicktrail:");
	for (size_t i = 0; i < sizeof bytes; i++)
		n += snprintf(t->credentials + n, sizeof t->credentials - (size_t)n, "%02x",
			bytes[i]);
	return true;
}

static bool start_plain(struct trace *t, struct err *err)
{
	struct sockaddr_storage where = {0};
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&where;
	v4->sin_family = AF_INET;
	v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	t->listen_fd = recording_listen(&where, false, &t->listen, err);
	t->recording.credentials = t->credentials;
	return t->listen_fd >= 0 && random_credentials(t, err);
}

static bool start_browser(struct trace *t, struct err *err)
{
	const struct options *o = t->options;
	struct buf pem = {0}, anchors = {0};
	ca_pem(t->recording.ca, &pem);
	char *text = buf_take_str(&pem);
	struct browser_launch launch = {
		.kind = t->kind,
		.sandbox = !o->no_sandbox,
		.show = o->show,
		.ca_pem = text,
		.user_agent = o->user_agent,
		.language = o->language,
		.timezone = o->timezone,
		.device = o->device,
		.instrument = o->instrument,
		.as_of_us = t->as_of_us,
	};
	bool good = trace_overhear_equip(t, &launch, &anchors, err) &&
		    browser_start(t->browser, &launch, &t->listen_fd, &t->about, err);
	trace_overhear_equipped(t);
	buf_fini(&anchors);
	free(text);
	return good;
}

bool trace_start_client(struct trace *t, struct err *err)
{
	return t->browser != NULL ? start_browser(t, err) : start_plain(t, err);
}

/* What the browser opens: the link, or the page of --referer, which goes on to it. */
static const char *first_url(const struct trace *t)
{
	return t->options->referer != NULL ? t->options->referer : t->sent_link;
}

/* The link in the foreground, where its page is seen by scripts as a visible one; the proxy
 * holds its requests until we let go. A browser that can be brought the link later does not
 * learn of it before. again: in the place of a browser that was opened before. */
static bool open_browser(struct trace *t, bool again, struct err *err)
{
	const char *urls[] = {first_url(t), PROXY_READY_URL};
	bool alone = t->options->dry_run || browser_opens_later(t->kind) ||
		     t->options->instrument != NULL;
	const char *const *first = alone ? urls + 1 : urls;
	size_t n = alone ? 1 : 2;
	return again ? browser_again(t->browser, first, n, err)
		     : browser_open(t->browser, first, n, err);
}

bool trace_open(struct trace *t, struct err *err)
{
	if (t->browser != NULL)
		return open_browser(t, false, err);
	struct plain_options plain = {
		.proxy = t->listen,
		.credentials = t->credentials,
		.ca = t->recording.ca,
		.ready_url = PROXY_READY_URL,
		.link = t->options->dry_run ? NULL : t->sent_link,
		.user_agent = t->options->user_agent,
		.language = t->options->language,
		.referer = t->options->referer,
	};
	t->plain = plain_start(&plain, err);
	return t->plain != NULL;
}

static bool note_proof(struct trace *t, int64_t took_us, struct err *err)
{
	struct recording *r = &t->recording;
	long long ms = (long long)(took_us / 1000);
	if (t->browser == NULL)
		return recording_note(r, NOTE_PROBE, err,
			"the built-in client opened the ready page through the proxy, over TLS "
			"by our "
			"certificate authority, after %lld ms; the case took facts",
			ms);
	if (t->about.headless &&
		!recording_note(r, NOTE_HEADLESS, err, "Xvfb is not installed"))
		return false;
	if (t->options->instrument != NULL &&
		!recording_note(r, NOTE_INSTRUMENTED, err, "--instrument"))
		return false;
	if (!t->about.sandboxed && !recording_note(r, NOTE_NO_SANDBOX, err, "--no-sandbox"))
		return false;
	return recording_note(r, NOTE_PROBE, err,
		"%s %s (%s), %s%s, uid %u outside, opened the ready page over TLS by our "
		"certificate "
		"authority and ran its script after %lld ms; the case took facts",
		t->about.name, t->about.version, t->about.path,
		t->about.sandboxed ? "in namespaces of its own" : "without namespaces",
		t->about.inner_off ? ", its own sandbox for pages off" : "",
		(unsigned)t->about.uid_outside, ms);
}

/* The link, for a browser that was not given it at its start; the proxy still holds it. */
static bool bring_link(struct trace *t, struct err *err)
{
	const char *urls[] = {first_url(t)};
	if (t->browser == NULL || !browser_opens_later(t->kind) || t->options->dry_run)
		return true;
	return browser_open(t->browser, urls, 1, err);
}

/* The client gave up before it was ready. */
static bool client_failed(struct trace *t, struct err *err)
{
	if (t->browser != NULL) {
		trace_browser_news(t);
		return t->browser_gone &&
		       !err_set(err, ERR_INTERNAL, "the browser ended before it was ready: %s",
			       t->detail);
	}
	return plain_done(t->plain) && !proxy_is_ready(t->recording.proxy) &&
	       !plain_result(t->plain, NULL, err);
}

/* How far it came says where to look: a browser that hangs, a network that leads nowhere, a
 * root that is not believed. */
static bool timed_out(struct trace *t, const char *what, struct err *err)
{
	struct proxy_counts c;
	proxy_counts(t->recording.proxy, &c);
	return err_set(err, ERR_BROWSER_TIMEOUT,
		"%s within %d s; the link was not sent (connections to the proxy: %llu, "
		"requests read: %llu)",
		what, TRACE_READY_S, (unsigned long long)c.tunnels,
		(unsigned long long)c.exchanges);
}

enum { LOOK_MS = 1000 };

/* Waits for fd, the client or a signal, a second at most. False: there is nothing more to wait
 * for, and what should have happened did not. */
static bool wait_for(
	struct trace *t, int fd, int64_t until_us, const char *what, struct err *err)
{
	struct pollfd fds[] = {{fd, POLLIN, 0}, {t->signal_fd, POLLIN, 0},
		{t->browser != NULL ? browser_fd(t->browser) : plain_fd(t->plain), POLLIN, 0}};
	int64_t left = until_us - clock_now_us(clock_real());
	if (left <= 0)
		return timed_out(t, what, err);
	poll(fds, 3, (int)(left / 1000) < LOOK_MS ? (int)(left / 1000) + 1 : LOOK_MS);
	if (signals_take(t->signal_fd)) {
		t->end = TRACE_CLOSED;
		return err_set(err, ERR_SHUTDOWN, "before the link was sent");
	}
	return !client_failed(t, err) && !proxy_failed(t->recording.proxy, err);
}

/* --instrument: whoever connects to the socket must see the link's first step, so it is let go
 * only when he says on our standard input, by a line, that he watches. */
static bool await_watcher(struct trace *t, struct err *err)
{
	int64_t until = clock_now_us(clock_real()) + TRACE_READY_S * 1000000LL;
	if (t->options->instrument == NULL || t->options->dry_run)
		return true;
	live_status(&t->live, "waiting for a line on standard input");
	for (;;) {
		struct pollfd in = {STDIN_FILENO, POLLIN, 0};
		char byte;
		if (poll(&in, 1, 0) == 1) {
			ssize_t n = read(STDIN_FILENO, &byte, 1);
			if (n == 1 && byte == '\n')
				return true;
			if (n <= 0)
				return err_set(err, ERR_USAGE,
					"--instrument: standard input ended without the line "
					"that lets the link go");
		} else if (!wait_for(
				   t, STDIN_FILENO, until, "standard input had no line", err)) {
			return false;
		}
	}
}

/* Chromium hangs at its start now and then (seen three times in some hundred starts, on two
 * busy cores): it runs, and asks for nothing. Nothing was sent then, so nothing is lost by
 * another try. */
static bool start_again(struct trace *t, struct err *err)
{
	return recording_note(&t->recording, NOTE_BROWSER, err,
		       "it asked for nothing in its first %d s, so it was ended and started "
		       "again",
		       TRACE_HANG_S) &&
	       open_browser(t, true, err);
}

static bool asked_for_something(struct trace *t)
{
	struct proxy_counts c;
	proxy_counts(t->recording.proxy, &c);
	return c.tunnels > 0;
}

static bool await_ready(struct trace *t, int64_t start_us, struct err *err)
{
	static const char what[] = "the browser did not open " PROXY_READY_URL;
	struct proxy *proxy = t->recording.proxy;
	int64_t until = start_us + TRACE_READY_S * 1000000LL;
	int64_t hangs = start_us + TRACE_HANG_S * 1000000LL;
	bool looked = t->browser == NULL;
	while (!proxy_is_ready(proxy)) {
		if (!wait_for(t, proxy_ready_fd(proxy), until, what, err))
			return false;
		if (looked || clock_now_us(clock_real()) < hangs)
			continue;
		looked = true;
		if (!asked_for_something(t) && !start_again(t, err))
			return false;
	}
	return true;
}

bool trace_prove(struct trace *t, struct err *err)
{
	const struct clock *clock = clock_real();
	int64_t start = clock_now_us(clock);
	live_status(&t->live, "waiting for the browser to be ready");
	return await_ready(t, start, err) && note_proof(t, clock_now_us(clock) - start, err) &&
	       writer_flush(t->recording.writer, err) && bring_link(t, err) &&
	       await_watcher(t, err);
}
