#include "ui/cli/plain_client.h"
#include "ui/cli/cookie_jar.h"
#include "ui/cli/plain_next.h"
#include "proxy/wait.h"
#include "store/base/clock.h"
#include "store/base/codec.h"
#include "store/derive/party.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum { NOTE_MAX = 400 };

/* Worst relation over all URLs of a navigation (Fetch metadata 2.3): it only ever grows. */
enum site { SITE_NONE, SITE_SAME_ORIGIN, SITE_SAME, SITE_CROSS };

struct plain_client {
	struct plain_road road;
	char *ready_url, *link, *user_agent, *language, *referer;
	pthread_t thread;
	int stop_fd, done_fd;
	atomic_bool done;
	/* The thread's own until done. */
	struct cookie_jar jar;
	bool good;
	struct err err;
	char note[NOTE_MAX];
};

/* Where the client is: what it is about to ask for, and what led there. */
struct walk {
	struct url url;
	bool typed;       /* no page stands behind it: opened, or redirected from there */
	struct url from;  /* the page, if not typed */
	bool no_referrer; /* as that page wanted */
	bool given;       /* that page is the one of --referer: all of it is sent */
	enum site site;
	int redirects; /* in a row */
};

static enum site relation(struct arena *a, const struct url *x, const struct url *y)
{
	struct party px = {0}, py = {0};
	if (url_same_origin(x, y))
		return SITE_SAME_ORIGIN;
	party_of_host(a, x->host, &px);
	party_of_host(a, y->host, &py);
	bool same = px.registrable_domain.p != NULL && py.registrable_domain.p != NULL &&
		    span_eq(px.registrable_domain, py.registrable_domain) &&
		    span_eq(x->scheme, y->scheme);
	return same ? SITE_SAME : SITE_CROSS;
}

static const char *site_word(enum site s)
{
	switch (s) {
	case SITE_NONE: return "none";
	case SITE_SAME_ORIGIN: return "same-origin";
	case SITE_SAME: return "same-site";
	case SITE_CROSS: break;
	}
	return "cross-site";
}

/* Referrer Policy, strict-origin-when-cross-origin: what browsers do unless a page wants
 * otherwise. */
static void add_referer(struct arena *a, const struct walk *w, struct buf *out)
{
	bool downgrade = span_is(w->from.scheme, "https") && span_is(w->url.scheme, "http");
	if (w->given) {
		buf_addf(out, "Referer: %.*s\r\n", (int)w->from.href.n,
			(const char *)w->from.href.p);
		return;
	}
	if (w->typed || w->no_referrer || downgrade)
		return;
	buf_add_str(out, "Referer: ");
	buf_add_span(out, url_origin(a, &w->from));
	if (url_same_origin(&w->from, &w->url)) {
		buf_add_span(out, w->from.path);
		if (w->from.query.p != NULL)
			buf_add_byte(out, '?');
		buf_add_span(out, w->from.query);
	} else {
		buf_add_byte(out, '/');
	}
	buf_add_str(out, "\r\n");
}

static struct span fields_of(struct plain_client *c, const struct walk *w, struct arena *a)
{
	struct buf out = {0}, cookies = {0};
	buf_addf(&out,
		"User-Agent: %s\r\nAccept: "
		"text/html,application/xhtml+xml,application/xml;q=0.9,"
		"*/*;q=0.8\r\nAccept-Language: %s\r\nAccept-Encoding: gzip, deflate, br\r\n",
		c->user_agent, c->language);
	add_referer(a, w, &out);
	if (cookie_jar_give(&c->jar, &w->url, clock_now_us(clock_real()), &cookies)) {
		buf_add_str(&out, "Cookie: ");
		buf_add_span(&out, buf_span(&cookies));
		buf_add_str(&out, "\r\n");
	}
	buf_add_str(&out, "Upgrade-Insecure-Requests: 1\r\n");
	/* Fetch metadata goes to trustworthy addresses only. */
	if (span_is(w->url.scheme, "https"))
		buf_addf(&out,
			"Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n"
			"Sec-Fetch-Site: %s\r\n%s",
			site_word(w->site),
			w->site == SITE_NONE ? "Sec-Fetch-User: ?1\r\n" : "");
	struct span copy = arena_copy(a, buf_span(&out));
	buf_fini(&out);
	buf_fini(&cookies);
	return copy;
}

static void take_cookies(
	struct plain_client *c, const struct url *url, const struct http1_head *head)
{
	size_t at = 0;
	for (const struct http1_field *f; (f = http1_find(head, "Set-Cookie", &at)) != NULL;
		at++)
		cookie_jar_take(&c->jar, url, f->value, clock_now_us(clock_real()));
}

/* False: we were stopped meanwhile. */
static bool pause_for(const struct plain_client *c, int64_t us)
{
	return us <= 0 ||
	       wait_fd(-1, 0, clock_now_us(clock_real()) + us, c->stop_fd) == WAIT_TIMEOUT;
}

static bool prove(struct plain_client *c, struct err *err)
{
	static const char *const steps[][2] = {{"GET", ""}, {"POST", "/done"}};
	static const int wanted[] = {200, 204};
	bool good = true;
	for (size_t i = 0; i < 2 && good; i++) {
		struct arena a = {0};
		struct url url;
		struct plain_answer answer;
		const char *text = arena_printf(&a, "%s%s", c->ready_url, steps[i][1]);
		struct span fields = span_str(i == 0 ? "" : "Content-Length: 0\r\n");
		good = url_parse(&a, NULL, span_str(text), &url) ||
		       err_set(err, ERR_INTERNAL, "url");
		good = good &&
		       plain_fetch(&c->road, &url, steps[i][0], fields, &a, &answer, err);
		if (good && answer.head.status != wanted[i])
			good = err_set(err, ERR_INTERNAL, "the ready page answered %d",
				answer.head.status);
		arena_fini(&a);
	}
	return good;
}

static void note(struct plain_client *c, const char *text)
{
	snprintf(c->note, sizeof c->note, "%s", text);
}

static void note_rest(struct plain_client *c, const struct plain_move *move)
{
	if (move->script && move->form)
		note(c, "this client runs no script and sends no form: the last page holds "
			"both, and "
			"a real browser might go on");
	else if (move->script)
		note(c, "this client runs no script: the last page holds some, and a real "
			"browser "
			"might go on");
	else if (move->form)
		note(c, "this client sends no form: the last page holds one, and a person "
			"might go on");
}

/* Ask for w->url and see where it leads. True: w is the next request, kept in `keep`; answers
 * die with `a`. */
static bool step(struct plain_client *c, struct walk *w, struct arena *keep, struct arena *a,
	struct err *err)
{
	struct plain_answer answer;
	struct plain_move move;
	if (!plain_fetch(&c->road, &w->url, "GET", fields_of(c, w, a), a, &answer, err))
		return false;
	take_cookies(c, &w->url, &answer.head);
	plain_next(&w->url, &answer, a, &move);
	switch (move.kind) {
	case PLAIN_STAY: note_rest(c, &move); return false;
	case PLAIN_HANDOFF: return false;
	case PLAIN_REDIRECT:
		if (++w->redirects > PLAIN_REDIRECTS_MAX) {
			snprintf(c->note, sizeof c->note,
				"the client stopped after %d redirects in a row, as browsers "
				"do",
				PLAIN_REDIRECTS_MAX);
			return false;
		}
		break;
	case PLAIN_REFRESH:
		if (!pause_for(c, move.delay_us))
			return err_set(err, ERR_SHUTDOWN, "the client was stopped");
		w->from = w->url;
		w->typed = w->given = false;
		w->no_referrer =
			http1_has_token(&answer.head, "Referrer-Policy", "no-referrer");
		w->site = SITE_NONE;
		w->redirects = 0;
		break;
	}
	if (!w->typed) {
		/* A navigation that a page started is judged over all its URLs, from that page
		 * on. */
		enum site now = relation(a, &w->from, &move.to);
		w->site = now > w->site ? now : w->site;
	}
	return url_parse(keep, NULL, move.to.href, &w->url) ||
	       err_set(err, ERR_INTERNAL, "url");
}

static bool walk(struct plain_client *c, struct err *err)
{
	struct arena a = {0};
	struct walk w = {.typed = true, .site = SITE_NONE};
	struct err why = {0};
	if (!url_parse(&a, NULL, span_str(c->link), &w.url) || !url_is_web(&w.url)) {
		arena_fini(&a);
		return err_set(err, ERR_USAGE, "\"%s\" is not an http or https link", c->link);
	}
	if (c->referer != NULL && url_parse(&a, NULL, span_str(c->referer), &w.from)) {
		w.typed = false;
		w.given = true;
		w.site = relation(&a, &w.from, &w.url);
	}
	int moves = 0;
	for (bool on = true; on && moves < PLAIN_MOVES_MAX; moves += on) {
		struct arena answer = {0};
		on = step(c, &w, &a, &answer, &why);
		arena_fini(&answer);
	}
	if (moves == PLAIN_MOVES_MAX)
		snprintf(c->note, sizeof c->note, "the client stopped after %d requests",
			PLAIN_MOVES_MAX);
	arena_fini(&a);
	if (why.kind == ERR_NONE)
		return true;
	*err = why;
	return false;
}

static void *run(void *self)
{
	struct plain_client *c = self;
	c->good = prove(c, &c->err) && (c->link == NULL || walk(c, &c->err));
	atomic_store(&c->done, true);
	uint64_t one = 1;
	ssize_t n = write(c->done_fd, &one, sizeof one);
	(void)n; /* an eventfd that is written once has room */
	return NULL;
}

/* The proxy's root as a file that only this process sees. */
static struct tls_client *trust(const struct ca *ca, struct err *err)
{
	struct buf pem = {0};
	char path[64];
	int fd = memfd_create("clicktrail-ca", MFD_CLOEXEC);
	if (fd < 0) {
		err_set_os(err, ERR_SYSTEM, errno, "memfd_create");
		return NULL;
	}
	ca_pem(ca, &pem);
	struct tls_client *tls = NULL;
	if (write(fd, pem.p + pem.start, buf_len(&pem)) != (ssize_t)buf_len(&pem)) {
		err_set_os(err, ERR_SYSTEM, errno, "memfd");
	} else {
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		tls = tls_client_new(path, NULL, err);
	}
	buf_fini(&pem);
	close(fd);
	return tls;
}

static void authorize(struct plain_road *road, const char *credentials)
{
	struct buf line = {0};
	if (credentials == NULL)
		return;
	buf_add_str(&line, "Proxy-Authorization: Basic ");
	base64_add(&line, span_str(credentials));
	buf_add_str(&line, "\r\n");
	assert(buf_len(&line) < sizeof road->authorization);
	memcpy(road->authorization, line.p + line.start, buf_len(&line));
	buf_fini(&line);
}

static char *copy(const char *s)
{
	char *p = strdup(s);
	if (p == NULL)
		abort();
	return p;
}

struct plain_client *plain_start(const struct plain_options *options, struct err *err)
{
	struct tls_client *tls = trust(options->ca, err);
	if (tls == NULL)
		return NULL;
	struct plain_client *c = calloc(1, sizeof *c);
	if (c == NULL)
		abort();
	c->road = (struct plain_road){.proxy = options->proxy, .tls = tls};
	authorize(&c->road, options->credentials);
	c->ready_url = copy(options->ready_url);
	c->link = options->link != NULL ? copy(options->link) : NULL;
	c->user_agent =
		copy(options->user_agent != NULL ? options->user_agent : PLAIN_USER_AGENT);
	c->language = copy(options->language != NULL ? options->language : PLAIN_LANGUAGE);
	c->referer = options->referer != NULL ? copy(options->referer) : NULL;
	c->stop_fd = eventfd(0, EFD_CLOEXEC);
	c->done_fd = eventfd(0, EFD_CLOEXEC);
	c->road.stop_fd = c->stop_fd;
	int e = c->stop_fd < 0 || c->done_fd < 0 ? errno
						 : pthread_create(&c->thread, NULL, run, c);
	if (e == 0)
		return c;
	err_set_os(err, ERR_SYSTEM, e, "starting the built-in client");
	c->thread = pthread_self(); /* nothing to join */
	plain_stop(c);
	return NULL;
}

int plain_fd(const struct plain_client *c)
{
	return c->done_fd;
}

bool plain_done(const struct plain_client *c)
{
	return atomic_load(&c->done);
}

bool plain_result(const struct plain_client *c, const char **text, struct err *err)
{
	assert(plain_done(c));
	if (text != NULL)
		*text = c->note;
	if (!c->good)
		*err = c->err;
	return c->good;
}

void plain_stop(struct plain_client *c)
{
	if (c == NULL)
		return;
	uint64_t one = 1;
	if (c->stop_fd >= 0 && !pthread_equal(c->thread, pthread_self())) {
		ssize_t n = write(c->stop_fd, &one, sizeof one);
		(void)n; /* an eventfd that is written once has room */
		pthread_join(c->thread, NULL);
	}
	cookie_jar_fini(&c->jar);
	tls_client_free(c->road.tls);
	explicit_bzero(c->road.authorization, sizeof c->road.authorization);
	if (c->stop_fd >= 0)
		close(c->stop_fd);
	if (c->done_fd >= 0)
		close(c->done_fd);
	free(c->ready_url);
	free(c->link);
	free(c->user_agent);
	free(c->language);
	free(c->referer);
	free(c);
}
