#include "tests/kit/script_origin.h"
#include "proxy/leaves.h"
#include "proxy/peek.h"
#include "proxy/tls_accept.h"
#include "proxy/tls_connect.h"
#include "proxy/wait.h"
#include "store/base/clock.h"

#include <arpa/inet.h>
#include <assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRIPTS_MAX = 4096, RULES_MAX = 32, PATIENCE_US = 20 * 1000000 };

struct play {
	struct script_origin *origin;
	const struct script_step *steps;
	size_t n; /* number of the connection */
	int fd;   /* -1: not connected yet */
	pthread_t thread;
	bool started;
	struct leg leg;
	struct buf received; /* everything */
	bool over;           /* guarded by the origin's lock */
	char why[400];       /* "" while all is well */
};

struct script_origin {
	bool tls;
	char *leaf_name;
	int listen_fd, stop_fd;
	unsigned port;
	char dir[64], cacert[96];
	char *rules[RULES_MAX];
	size_t n_rules;
	struct ca *ca;
	struct mint *mint;
	struct leaves *leaves;
	struct tls_server *server;
	pthread_t acceptor;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t changed;
	struct play *plays[SCRIPTS_MAX];
	size_t n_plays, n_accepted, n_over;
	unsigned gos;
	bool abandoned;
	char stray[128];
};

uint8_t script_fill(size_t i)
{
	return (uint8_t)('!' + (i + i / 89 + i / 65521) % 89);
}

static int64_t deadline(void)
{
	return clock_now_us(clock_real()) + PATIENCE_US;
}

static bool differs(struct play *p, size_t step, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static bool differs(struct play *p, size_t step, const char *format, ...)
{
	char text[300], safe[360];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	text_escape(span_str(text), safe, sizeof safe);
	snprintf(p->why, sizeof p->why, "connection %zu, step %zu: %s", p->n, step, safe);
	return false;
}

/* More bytes behind leg->in. False: end, failure, or out of patience. */
static bool more(struct play *p)
{
	struct leg *leg = &p->leg;
	for (;;) {
		size_t before = buf_len(&leg->in);
		enum leg_result r = leg_fill(leg, LEG_READ_MAX);
		if (r == LEG_OK) {
			struct span news = span_from(buf_span(&leg->in), before);
			pthread_mutex_lock(&p->origin->lock);
			buf_add_span(&p->received, news);
			pthread_mutex_unlock(&p->origin->lock);
			return true;
		}
		if (r != LEG_AGAIN ||
			(!leg_has_pending(leg) &&
				wait_fd(leg->fd, leg_poll_events(leg, true), deadline(),
					p->origin->stop_fd) != WAIT_READY))
			return false;
	}
}

static bool await(struct play *p, size_t n)
{
	while (buf_len(&p->leg.in) < n)
		if (!more(p))
			return false;
	return true;
}

static bool expect_bytes(struct play *p, size_t step, struct span want)
{
	for (size_t at = 0; at < want.n;) {
		if (buf_len(&p->leg.in) == 0 && !more(p))
			return differs(p, step, "ended %zu bytes into \"%.*s\"", at,
				(int)want.n, (const char *)want.p);
		struct span in = buf_span(&p->leg.in);
		size_t n = in.n < want.n - at ? in.n : want.n - at;
		if (memcmp(in.p, want.p + at, n) != 0)
			return differs(p, step, "got \"%.*s\" for \"%.*s\"",
				(int)(n < 120 ? n : 120), (const char *)in.p,
				(int)(n < 120 ? n : 120), (const char *)want.p + at);
		buf_consume(&p->leg.in, n);
		at += n;
	}
	return true;
}

static bool expect_head(struct play *p, size_t step)
{
	for (;;) {
		size_t at = span_find(buf_span(&p->leg.in), span_str("\r\n\r\n"), 0);
		if (at != SIZE_MAX) {
			buf_consume(&p->leg.in, at + 4);
			return true;
		}
		if (!more(p))
			return differs(p, step, "no whole head came");
	}
}

static bool expect_fill(struct play *p, size_t step, size_t n)
{
	for (size_t at = 0; at < n;) {
		if (buf_len(&p->leg.in) == 0 && !await(p, 1))
			return differs(p, step, "ended at byte %zu of %zu", at, n);
		struct span in = buf_span(&p->leg.in);
		size_t used = 0;
		for (; used < in.n && at < n; used++, at++)
			if (in.p[used] != script_fill(at))
				return differs(p, step, "byte %zu of %zu differs", at, n);
		buf_consume(&p->leg.in, used);
	}
	return true;
}

static bool expect_end(struct play *p, size_t step, bool strict)
{
	for (;;) {
		if (strict && buf_len(&p->leg.in) > 0)
			return differs(p, step, "got \"%.*s\" instead of the end",
				(int)(buf_len(&p->leg.in) < 120 ? buf_len(&p->leg.in) : 120),
				(const char *)buf_span(&p->leg.in).p);
		buf_clear(&p->leg.in);
		if (p->leg.in_eof || p->leg.broken)
			return (!strict || p->leg.in_eof)
				       ? true
				       : differs(p, step, "reset instead of the end");
		if (!more(p) && !p->leg.in_eof && !p->leg.broken)
			return differs(p, step, "the peer did not end");
	}
}

static bool flush(struct play *p, size_t step)
{
	while (buf_len(&p->leg.out) > 0) {
		if (leg_flush(&p->leg) == LEG_BROKEN)
			return differs(p, step, "sending: %s", p->leg.err.detail);
		if (buf_len(&p->leg.out) > 0 &&
			wait_fd(p->leg.fd, leg_poll_events(&p->leg, false), deadline(),
				p->origin->stop_fd) != WAIT_READY)
			return differs(p, step, "what was sent is not taken");
	}
	return true;
}

static bool send_bytes(struct play *p, size_t step, struct span bytes)
{
	if (!leg_send(&p->leg, bytes))
		return differs(p, step, "sending: %s", p->leg.err.detail);
	return flush(p, step);
}

static bool send_slowly(struct play *p, size_t step, struct span bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		if (!send_bytes(p, step, span_of(bytes.p + i, 1)))
			return false;
	return true;
}

static bool send_fill(struct play *p, size_t step, size_t n)
{
	uint8_t piece[8192];
	for (size_t at = 0; at < n;) {
		size_t len = n - at < sizeof piece ? n - at : sizeof piece;
		for (size_t i = 0; i < len; i++)
			piece[i] = script_fill(at + i);
		if (!send_bytes(p, step, span_of(piece, len)))
			return false;
		at += len;
	}
	return true;
}

static bool wait_go(struct play *p, size_t step)
{
	struct script_origin *o = p->origin;
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_US / 1000000;
	bool went = true;
	pthread_mutex_lock(&o->lock);
	while (o->gos == 0 && went && !o->abandoned)
		went = pthread_cond_timedwait(&o->changed, &o->lock, &until) == 0;
	went = went && !o->abandoned;
	if (went)
		o->gos--;
	pthread_mutex_unlock(&o->lock);
	return went || differs(p, step, "the test never said go");
}

static bool end_side(struct play *p, size_t step)
{
	for (;;) {
		enum leg_result r = leg_end(&p->leg);
		if (r == LEG_OK)
			return true;
		if (r == LEG_BROKEN)
			return differs(p, step, "ending: %s", p->leg.err.detail);
		if (wait_fd(p->leg.fd, leg_poll_events(&p->leg, false), deadline(),
			    p->origin->stop_fd) != WAIT_READY)
			return differs(p, step, "the end is not taken");
	}
}

/* False: the conversation is over, well or not. */
static bool act(struct play *p, size_t i)
{
	const struct script_step *s = &p->steps[i];
	struct span bytes = span_of(s->bytes, s->n);
	switch (s->act) {
	case SCRIPT_END:
		if (!end_side(p, i))
			return false;
		expect_end(p, i, false);
		return false;
	case SCRIPT_NO_TLS: return true;
	case SCRIPT_EXPECT_SOME:
		if (!await(p, 1))
			return differs(p, i, "nothing came");
		buf_clear(&p->leg.in);
		return true;
	case SCRIPT_EXPECT: return expect_bytes(p, i, bytes);
	case SCRIPT_EXPECT_HEAD: return expect_head(p, i);
	case SCRIPT_EXPECT_FILL: return expect_fill(p, i, s->n);
	case SCRIPT_EXPECT_EOF: return expect_end(p, i, true);
	case SCRIPT_EXPECT_CUT: return expect_end(p, i, false);
	case SCRIPT_SEND: return send_bytes(p, i, bytes);
	case SCRIPT_SEND_SLOWLY: return send_slowly(p, i, bytes);
	case SCRIPT_SEND_FILL: return send_fill(p, i, s->n);
	case SCRIPT_WAIT: return wait_go(p, i);
	case SCRIPT_CLOSE: return end_side(p, i);
	case SCRIPT_DROP: return false;
	case SCRIPT_RESET: leg_reset(&p->leg); return false;
	}
	return false;
}

static bool shake_hands(struct play *p)
{
	struct script_origin *o = p->origin;
	struct buf hello = {0};
	struct arena arena = {0};
	struct fact_hello fact;
	struct tls_facts facts;
	struct err err = {0};
	fact_init(FACT_KIND_HELLO, &fact);
	enum peek_kind kind = peek(&p->leg, deadline(), deadline(), o->stop_fd, &hello, &err);
	bool fine = kind == PEEK_TLS && tls_facts_hello(buf_span(&hello), &arena, &fact, &err);
	const char *name = o->leaf_name != NULL         ? o->leaf_name
			   : fine && fact.sni.p != NULL ? arena_str(&arena, fact.sni)
							: "127.0.0.1";
	struct x509_st *leaf = fine ? leaves_get(o->leaves, name, NULL, &err) : NULL;
	if (leaf != NULL) {
		struct tls_accept want = {.leaf = leaf,
			.alpn = "http/1.1",
			.until_us = deadline(),
			.stop_fd = o->stop_fd};
		fine = tls_accept(o->server, &p->leg, &want, &arena, &facts, &err);
		tls_cert_free(leaf);
	}
	if (!fine || leaf == NULL)
		differs(p, 0, "TLS: %s: %s", err_word(err.kind), err.detail);
	buf_fini(&hello);
	arena_fini(&arena);
	return p->why[0] == 0;
}

static void *play_main(void *arg)
{
	struct play *p = arg;
	leg_init(&p->leg, p->fd, true);
	if (!p->origin->tls || p->steps[0].act == SCRIPT_NO_TLS || shake_hands(p))
		for (size_t i = 0; act(p, i); i++)
			;
	leg_fini(&p->leg);
	pthread_mutex_lock(&p->origin->lock);
	p->over = true;
	p->origin->n_over++;
	pthread_cond_broadcast(&p->origin->changed);
	pthread_mutex_unlock(&p->origin->lock);
	return NULL;
}

static void start_play(struct script_origin *o, int fd)
{
	pthread_mutex_lock(&o->lock);
	struct play *p = o->n_accepted < o->n_plays ? o->plays[o->n_accepted] : NULL;
	if (p == NULL) {
		snprintf(o->stray, sizeof o->stray, "connection %zu has no script",
			o->n_accepted);
		close(fd);
	} else {
		o->n_accepted++;
		p->fd = fd;
		p->started = pthread_create(&p->thread, NULL, play_main, p) == 0;
		assert(p->started);
	}
	pthread_mutex_unlock(&o->lock);
}

static void *accept_main(void *arg)
{
	struct script_origin *o = arg;
	while (wait_fd(o->listen_fd, POLLIN, INT64_MAX / 2, o->stop_fd) == WAIT_READY) {
		int fd = accept4(o->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			start_play(o, fd);
	}
	return NULL;
}

static void prepare_tls(struct script_origin *o)
{
	struct err err = {0};
	snprintf(o->dir, sizeof o->dir, "/tmp/clicktrail-origin-XXXXXX");
	char *dir = mkdtemp(o->dir);
	assert(dir != NULL);
	snprintf(o->cacert, sizeof o->cacert, "%s/root.pem", o->dir);
	o->ca = ca_new_ephemeral("script origin root", &err);
	o->mint = o->ca != NULL ? mint_new(o->ca, &err) : NULL;
	o->leaves = o->mint != NULL ? leaves_new(o->mint) : NULL;
	o->server = o->leaves != NULL ? tls_server_new(o->mint, &err) : NULL;
	if (o->server == NULL)
		fprintf(stderr, "script_origin: %s: %s\n", err_word(err.kind), err.detail);
	assert(o->server != NULL);
	struct buf pem = {0};
	ca_pem(o->ca, &pem);
	FILE *f = fopen(o->cacert, "w");
	assert(f != NULL);
	size_t n = fwrite(buf_span(&pem).p, 1, buf_len(&pem), f);
	assert(n == buf_len(&pem));
	fclose(f);
	buf_fini(&pem);
}

struct script_origin *script_origin_start(bool tls, const char *leaf_name)
{
	struct script_origin *o = calloc(1, sizeof *o);
	assert(o != NULL);
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	o->tls = tls;
	o->leaf_name = leaf_name != NULL ? strdup(leaf_name) : NULL;
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->changed, NULL);
	o->stop_fd = eventfd(0, EFD_CLOEXEC);
	o->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc = bind(o->listen_fd, (struct sockaddr *)&addr, sizeof addr) |
		 listen(o->listen_fd, 64) |
		 getsockname(o->listen_fd, (struct sockaddr *)&addr, &len);
	assert(o->stop_fd >= 0 && o->listen_fd >= 0 && rc == 0);
	o->port = ntohs(addr.sin_port);
	if (tls)
		prepare_tls(o);
	rc = pthread_create(&o->acceptor, NULL, accept_main, o);
	assert(rc == 0);
	return o;
}

unsigned script_origin_port(const struct script_origin *o)
{
	return o->port;
}

const char *script_origin_rule(struct script_origin *o, const char *host, unsigned port)
{
	assert(o->n_rules < RULES_MAX);
	int n = asprintf(&o->rules[o->n_rules], "%s:%u:127.0.0.1:%u", host, port, o->port);
	assert(n > 0);
	return o->rules[o->n_rules++];
}

const char *script_origin_cacert(const struct script_origin *o)
{
	return o->tls ? o->cacert : NULL;
}

void script_origin_play(struct script_origin *o, const struct script_step *steps)
{
	struct play *p = calloc(1, sizeof *p);
	assert(p != NULL);
	pthread_mutex_lock(&o->lock);
	assert(o->n_plays < SCRIPTS_MAX);
	*p = (struct play){.origin = o, .steps = steps, .n = o->n_plays, .fd = -1};
	o->plays[o->n_plays++] = p;
	pthread_mutex_unlock(&o->lock);
}

void script_origin_go(struct script_origin *o)
{
	pthread_mutex_lock(&o->lock);
	o->gos++;
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
}

struct span script_origin_received(struct script_origin *o, size_t n)
{
	pthread_mutex_lock(&o->lock);
	assert(n < o->n_plays);
	struct span received = buf_span(&o->plays[n]->received);
	pthread_mutex_unlock(&o->lock);
	return received;
}

/* All scripts are played, or patience is out. */
static void await_all(struct script_origin *o, char *why, size_t why_len)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_US / 1000000;
	bool waiting = true;
	pthread_mutex_lock(&o->lock);
	while (o->n_over < o->n_plays && waiting && !o->abandoned)
		waiting = pthread_cond_timedwait(&o->changed, &o->lock, &until) == 0;
	if (o->n_accepted < o->n_plays)
		snprintf(why, why_len, "only %zu of %zu connections came", o->n_accepted,
			o->n_plays);
	else if (!waiting)
		snprintf(why, why_len, "%zu of %zu conversations ended", o->n_over, o->n_plays);
	if (o->stray[0] != 0 && why[0] == 0)
		snprintf(why, why_len, "%s", o->stray);
	pthread_mutex_unlock(&o->lock);
}

bool script_origin_end(struct script_origin *o, char *why, size_t why_len)
{
	uint64_t one = 1;
	why[0] = 0;
	await_all(o, why, why_len);
	ssize_t n = write(o->stop_fd, &one, sizeof one);
	assert(n == sizeof one);
	pthread_join(o->acceptor, NULL);
	for (size_t i = 0; i < o->n_plays; i++) {
		struct play *p = o->plays[i];
		if (p->started)
			pthread_join(p->thread, NULL);
		if (p->why[0] != 0 && why[0] == 0)
			snprintf(why, why_len, "%s", p->why);
		buf_fini(&p->received);
		free(p);
	}
	for (size_t i = 0; i < o->n_rules; i++)
		free(o->rules[i]);
	close(o->listen_fd);
	close(o->stop_fd);
	if (o->tls) {
		unlink(o->cacert);
		rmdir(o->dir);
	}
	tls_server_free(o->server);
	leaves_free(o->leaves);
	mint_free(o->mint);
	ca_free(o->ca);
	free(o->leaf_name);
	pthread_mutex_destroy(&o->lock);
	pthread_cond_destroy(&o->changed);
	free(o);
	return why[0] == 0;
}

void script_origin_abandon(struct script_origin *o)
{
	char why[400];
	pthread_mutex_lock(&o->lock);
	o->abandoned = true;
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
	script_origin_end(o, why, sizeof why);
}
