/*
 * What the load client asks, and in which order: the modes.
 */
#include "tests/bench/load.h"
#include "tests/bench/load_list.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { HOLD_DIALS_MAX = 64, TROUBLE_MAX = 2000 };

const struct load_mode load_modes[] = {
	{.name = "keepalive",
		.what = "1 KB, connections kept",
		.connections = 32,
		.requests = 20000,
		.warmup = 2000},
	{.name = "lat1",
		.what = "1 KB, one connection",
		.connections = 1,
		.requests = 5000,
		.warmup = 500},
	{.name = "handshake",
		.what = "1 KB, a new connection each",
		.connections = 16,
		.requests = 1200,
		.warmup = 100,
		.fresh = true},
	{.name = "mint",
		.what = "1 KB, a new host each",
		.connections = 8,
		.requests = 500,
		.warmup = 50,
		.fresh = true,
		.new_host = true},
	{.name = "trail",
		.what = "four redirects and a page, five https hosts, one after the other",
		.connections = 1,
		.requests = 150,
		.warmup = 10,
		.fresh = true,
		.trail = true},
	{.name = "page100k",
		.what = "100 KB pages, connections kept",
		.body = BODY_KIND_PAGE,
		.connections = 16,
		.requests = 3000,
		.warmup = 300},
	{.name = "plain",
		.what = "1 KB without TLS, connections kept",
		.connections = 32,
		.requests = 20000,
		.warmup = 2000,
		.plain = true},
	{.name = "h2",
		.what = "1 KB over HTTP/2, 10 streams per connection",
		.connections = 8,
		.requests = 20000,
		.warmup = 2000,
		.h2 = true},
	{.name = "download",
		.what = "files, one after the other",
		.body = BODY_KIND_FILE,
		.connections = 1,
		.requests = 3,
		.size = 100 << 20},
	{.name = "upload",
		.what = "files put, one after the other",
		.body = BODY_KIND_UPLOAD,
		.connections = 1,
		.requests = 3,
		.size = 100 << 20},
	{.name = "hold",
		.what = "connections held, one request per 10 s each",
		.connections = 8000,
		.hold = true},
	{0},
};

/* BODY_DIGITS digits: pages are made for paths of one length. */
static void put_path(const struct load_options *o, struct load_request *r)
{
	static const char folder[] = {[BODY_KIND_SMALL] = 'r',
		[BODY_KIND_PAGE] = 'p',
		[BODY_KIND_FILE] = 'd',
		[BODY_KIND_UPLOAD] = 'u'};
	int n = snprintf(r->path, sizeof r->path, "/%c/%08u",
		o->mode->trail ? 't' : folder[o->mode->body], r->number);
	if (o->mode->size > 0)
		snprintf(r->path + n, sizeof r->path - (size_t)n, "-%llu",
			(unsigned long long)o->size);
}

bool load_plan_request(struct load_run *run, struct load_request *r)
{
	const struct load_options *o = &run->o;
	if (run->started == o->requests + o->warmup)
		return false;
	r->number = run->started++;
	if (o->of > 0)
		r->number = load_list_number(r->number, o->of);
	r->hop = 0;
	r->first_us = 0;
	r->trail_us = load_now_us();
	if (o->mode->trail)
		snprintf(r->host, sizeof r->host, "t1.bench.test");
	else if (o->mode->new_host)
		snprintf(r->host, sizeof r->host, "h%04u.bench.test", r->number % o->hosts);
	else
		snprintf(r->host, sizeof r->host, "%s", o->host);
	put_path(o, r);
	body_init(&r->body, o->mode->body, r->path, r->number, o->size);
	return true;
}

static void end_warmup(struct load_run *run)
{
	struct load_stats *s = &run->stats;
	if (run->o.watch != 0)
		watch_tree(run->o.watch, &s->before);
	s->warm_us = load_now_us();
	fprintf(stderr, "warm\n");
}

static void end_run(struct load_run *run)
{
	struct load_stats *s = &run->stats;
	s->end_us = load_now_us();
	if (run->o.watch != 0)
		watch_tree(run->o.watch, &s->after);
	run->over = true;
}

void load_plan_count(struct load_run *run, const struct load_request *r, bool good)
{
	struct load_stats *s = &run->stats;
	const struct load_options *o = &run->o;
	int64_t now_us = load_now_us();
	int64_t begun_us = o->mode->trail ? r->trail_us : r->begun_us;
	run->done++;
	if (good && s->warm_us != 0)
		stats_took(s, now_us - begun_us,
			r->first_us != 0 ? r->first_us - begun_us : now_us - begun_us);
	s->good += good;
	if (!o->mode->hold && s->warm_us == 0 && run->done >= o->warmup)
		end_warmup(run);
	if (run->done == o->requests + o->warmup || stats_errors(s) > TROUBLE_MAX)
		end_run(run);
}

void load_plan_begin(struct load_run *run)
{
	if (run->o.mode->hold)
		return;
	if (run->o.warmup == 0)
		end_warmup(run);
	for (unsigned i = 0; i < run->o.connections; i++)
		load_plan_next(&run->conns[i]);
}

void load_plan_next(struct load_conn *c)
{
	if (c->run->over || c->run->o.mode->hold)
		return;
	if (load_plan_request(c->run, &c->request))
		load_conn_send(c);
	else
		load_conn_close(c);
}

/* A Location of our origin: https://host:port/path. */
static bool follow(struct load_conn *c)
{
	struct load_request *r = &c->request;
	const char *host = c->reply.location + strlen("https://");
	size_t n = strcspn(host, ":/");
	const char *path =
		strncmp(c->reply.location, "https://", 8) == 0 ? strchr(host, '/') : NULL;
	if (path == NULL || n >= sizeof r->host || strcmp(path, r->path) != 0)
		return false;
	memcpy(r->host, host, n);
	r->host[n] = 0;
	r->hop++;
	load_conn_close(c);
	load_conn_send(c);
	return true;
}

void load_plan_answered(struct load_conn *c)
{
	struct load_run *run = c->run;
	const struct load_mode *mode = run->o.mode;
	run->stats.exchanges++;
	if (mode->trail && c->request.hop + 1 < LOAD_TRAIL_HOPS) {
		if (!follow(c))
			load_conn_failed(c, LOAD_ERROR_BYTES);
		return;
	}
	if (mode->hold && c->request.number < run->o.warmup)
		run->open_held++;
	load_plan_count(run, &c->request, true);
	if (mode->fresh) {
		load_conn_close(c);
	} else if (c->reply.close) {
		run->stats.reconnects++;
		load_conn_close(c);
	}
	load_plan_next(c);
}

void load_conn_failed(struct load_conn *c, enum load_error error)
{
	struct load_run *run = c->run;
	bool busy = c->state != LOAD_IDLE;
	run->stats.errors[error]++;
	load_conn_close(c);
	c->lost = true;
	if (busy)
		load_plan_count(run, &c->request, false);
	load_plan_next(c);
}

/* Connections are opened a few at a time, and then each has its turn once in a period. */
int load_plan_hold(struct load_run *run)
{
	const struct load_options *o = &run->o;
	struct load_stats *s = &run->stats;
	if (run->done < o->warmup) {
		while (run->held_dialled < o->connections &&
			run->held_dialled < run->done + HOLD_DIALS_MAX) {
			struct load_conn *c = &run->conns[run->held_dialled++];
			if (load_plan_request(run, &c->request))
				load_conn_send(c);
		}
		return -1;
	}
	if (s->warm_us == 0)
		end_warmup(run);
	int64_t step_us = (int64_t)o->period_s * 1000000 / o->connections;
	while (!run->over && run->started < o->warmup + o->requests) {
		unsigned turn = run->started - o->warmup;
		int64_t left_us = s->warm_us + turn * step_us - load_now_us();
		if (left_us > 0)
			return (int)(left_us / 1000) + 1;
		struct load_conn *c = &run->conns[turn % o->connections];
		struct load_request scratch;
		if (c->state == LOAD_IDLE && load_plan_request(run, &c->request)) {
			load_conn_send(c);
			load_conn_drive(c);
		} else if (load_plan_request(run, &scratch)) {
			/* Lost before, or still waiting for the one before. */
			s->errors[LOAD_ERROR_LATE]++;
			load_plan_count(run, &scratch, false);
		}
	}
	return -1;
}
