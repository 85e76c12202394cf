#include "tests/kit/script_play.h"
#include "proxy/leaves.h"
#include "proxy/peek.h"
#include "proxy/tls_accept.h"
#include "proxy/tls_connect.h"
#include "proxy/wait.h"

#include <arpa/inet.h>
#include <assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRIPTS_MAX = 4096, RULES_MAX = 32 };

/* One connection, expected or there. */
struct play {
	struct script_play script;
	struct script_origin *origin;
	int fd; /* -1: not connected yet */
	pthread_t thread;
	bool started;
	struct buf received; /* everything; guarded by the origin's lock */
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

static void take_news(void *ctx, struct span news)
{
	struct play *p = ctx;
	pthread_mutex_lock(&p->origin->lock);
	buf_add_span(&p->received, news);
	pthread_cond_broadcast(&p->origin->changed);
	pthread_mutex_unlock(&p->origin->lock);
}

static struct timespec patience(void)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += SCRIPT_PATIENCE_US / 1000000;
	return until;
}

static bool wait_go(void *ctx)
{
	struct script_origin *o = ((struct play *)ctx)->origin;
	struct timespec until = patience();
	bool went = true;
	pthread_mutex_lock(&o->lock);
	while (o->gos == 0 && went && !o->abandoned)
		went = pthread_cond_timedwait(&o->changed, &o->lock, &until) == 0;
	went = went && !o->abandoned;
	if (went)
		o->gos--;
	pthread_mutex_unlock(&o->lock);
	return went;
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
	enum peek_kind kind = peek(&p->script.leg, script_deadline_us(), script_deadline_us(),
		o->stop_fd, &hello, &err);
	bool fine = kind == PEEK_TLS && tls_facts_hello(buf_span(&hello), &arena, &fact, &err);
	const char *name = o->leaf_name != NULL         ? o->leaf_name
			   : fine && fact.sni.p != NULL ? arena_str(&arena, fact.sni)
							: "127.0.0.1";
	struct x509_st *leaf = fine ? leaves_get(o->leaves, name, NULL, &err) : NULL;
	if (leaf != NULL) {
		struct tls_accept want = {.leaf = leaf,
			.alpn = "http/1.1",
			.until_us = script_deadline_us(),
			.stop_fd = o->stop_fd};
		fine = tls_accept(o->server, &p->script.leg, &want, &arena, &facts, &err);
		tls_cert_free(leaf);
	}
	if (!fine || leaf == NULL)
		script_play_differs(
			&p->script, 0, "TLS: %s: %s", err_word(err.kind), err.detail);
	buf_fini(&hello);
	arena_fini(&arena);
	return p->script.why[0] == 0;
}

static void *play_main(void *arg)
{
	struct play *p = arg;
	leg_init(&p->script.leg, p->fd, true);
	if (!p->origin->tls || p->script.steps[0].act == SCRIPT_NO_TLS || shake_hands(p))
		script_play_run(&p->script);
	leg_fini(&p->script.leg);
	pthread_mutex_lock(&p->origin->lock);
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
	*p = (struct play){
		.origin = o,
		.fd = -1,
		.script = {.steps = steps,
			.number = o->n_plays,
			.stop_fd = o->stop_fd,
			.received = take_news,
			.wait_go = wait_go,
			.ctx = p},
	};
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

bool script_origin_await(struct script_origin *o, size_t n, const char *text)
{
	struct timespec until = patience();
	bool came, waiting = true;
	pthread_mutex_lock(&o->lock);
	do {
		came = n < o->n_plays && span_find(buf_span(&o->plays[n]->received),
						 span_str(text), 0) != SIZE_MAX;
		waiting = came || pthread_cond_timedwait(&o->changed, &o->lock, &until) == 0;
	} while (!came && waiting);
	pthread_mutex_unlock(&o->lock);
	return came;
}

/* All scripts are played, or patience is out. */
static void await_all(struct script_origin *o, char *why, size_t why_len)
{
	struct timespec until = patience();
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
		if (p->script.why[0] != 0 && why[0] == 0)
			snprintf(why, why_len, "%s", p->script.why);
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
