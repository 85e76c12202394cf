#include "ui/cli/overhear_tunnels.h"
#include "store/base/clock.h"
#include "store/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct overhear_tunnel {
	int64_t tunnel, leg;
	struct packet_address client;
	uint16_t port, host_port;
	char host[256];
	int64_t added_us;
	bool taken, over;
	bool passed_all, up_whole, down_whole;
	uint64_t down_most;
	uint64_t passed[2], read[2]; /* up, down */
	int64_t passed_us;           /* when it last grew */
	struct overhear_tunnel *next;
};

void overhear_tunnels_init(struct overhear_tunnels *ts)
{
	pthread_condattr_t monotonic;
	*ts = (struct overhear_tunnels){0};
	pthread_mutex_init(&ts->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&ts->moved, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

void overhear_tunnels_fini(struct overhear_tunnels *ts)
{
	for (size_t i = 0; i < OVERHEAR_BUCKETS; i++)
		while (ts->buckets[i] != NULL) {
			struct overhear_tunnel *t = ts->buckets[i];
			ts->buckets[i] = t->next;
			free(t);
		}
	pthread_cond_destroy(&ts->moved);
	pthread_mutex_destroy(&ts->lock);
}

static struct overhear_tunnel **bucket_of(struct overhear_tunnels *ts, int64_t tunnel)
{
	return &ts->buckets[(uint64_t)tunnel % OVERHEAR_BUCKETS];
}

static struct overhear_tunnel *find(struct overhear_tunnels *ts, int64_t tunnel)
{
	struct overhear_tunnel *t = *bucket_of(ts, tunnel);
	while (t != NULL && t->tunnel != tunnel)
		t = t->next;
	return t;
}

void overhear_tunnels_add(struct overhear_tunnels *ts, int64_t tunnel, int64_t leg,
	const struct overhear_way *way)
{
	struct overhear_tunnel *t = calloc(1, sizeof *t), **at = bucket_of(ts, tunnel);
	if (t == NULL)
		abort();
	t->tunnel = tunnel;
	t->leg = leg;
	t->client = way->client;
	t->port = way->port;
	t->host_port = way->host_port;
	snprintf(t->host, sizeof t->host, "%s", way->host);
	t->added_us = clock_now_us(clock_real());
	pthread_mutex_lock(&ts->lock);
	t->next = *at;
	*at = t;
	pthread_mutex_unlock(&ts->lock);
}

void overhear_tunnels_passed(
	struct overhear_tunnels *ts, int64_t tunnel, uint64_t up, uint64_t down)
{
	pthread_mutex_lock(&ts->lock);
	struct overhear_tunnel *t = find(ts, tunnel);
	if (t != NULL && (t->passed[0] != up || t->passed[1] != down)) {
		t->passed[0] = up;
		t->passed[1] = down;
		t->passed_us = clock_now_us(clock_real());
	}
	pthread_mutex_unlock(&ts->lock);
}

void overhear_tunnels_passed_all(
	struct overhear_tunnels *ts, int64_t tunnel, bool up_whole, uint64_t down_most)
{
	pthread_mutex_lock(&ts->lock);
	struct overhear_tunnel *t = find(ts, tunnel);
	if (t != NULL) {
		t->passed_all = true;
		t->up_whole = up_whole;
		t->down_most = down_most;
	}
	pthread_mutex_unlock(&ts->lock);
}

static bool may_be(const struct overhear_tunnel *t, const struct overhear_way *way)
{
	return !t->taken && packet_address_same(&t->client, &way->client) &&
	       t->port == way->port && t->host_port == way->host_port &&
	       span_is_nocase(span_str(t->host), way->host) &&
	       clock_now_us(clock_real()) - t->added_us <= OVERHEAR_STALE_S * INT64_C(1000000);
}

bool overhear_tunnels_take(struct overhear_tunnels *ts, const struct overhear_way *way,
	int64_t *tunnel, int64_t *leg)
{
	struct overhear_tunnel *oldest = NULL;
	pthread_mutex_lock(&ts->lock);
	for (size_t i = 0; i < OVERHEAR_BUCKETS; i++)
		for (struct overhear_tunnel *t = ts->buckets[i]; t != NULL; t = t->next)
			if (may_be(t, way) && (oldest == NULL || t->tunnel < oldest->tunnel))
				oldest = t;
	if (oldest != NULL) {
		oldest->taken = true;
		*tunnel = oldest->tunnel;
		*leg = oldest->leg;
	}
	pthread_mutex_unlock(&ts->lock);
	return oldest != NULL;
}

void overhear_tunnels_read(struct overhear_tunnels *ts, int64_t tunnel, const uint64_t bytes[2],
	bool over, bool down_whole)
{
	pthread_mutex_lock(&ts->lock);
	struct overhear_tunnel *t = find(ts, tunnel);
	if (t != NULL) {
		t->read[0] = bytes[0];
		t->read[1] = bytes[1];
		t->over |= over;
		t->down_whole |= down_whole;
	}
	pthread_cond_broadcast(&ts->moved);
	pthread_mutex_unlock(&ts->lock);
}

/* One whose packets do not come is not waited for. They may be lost; or the browser does not
 * take what it is sent, and the bytes lie in a socket yet. */
static bool behind(const struct overhear_tunnel *t, int64_t now_us, int64_t patience_us)
{
	return !t->over && (t->passed[0] > t->read[0] || t->passed[1] > t->read[1]) &&
	       now_us - t->passed_us <= patience_us;
}

static bool any_behind(struct overhear_tunnels *ts, int64_t patience_us)
{
	int64_t now_us = clock_now_us(clock_real());
	bool any = false;
	for (size_t i = 0; i < OVERHEAR_BUCKETS; i++)
		for (struct overhear_tunnel *t = ts->buckets[i]; t != NULL; t = t->next)
			any |= behind(t, now_us, patience_us);
	return any;
}

bool overhear_tunnels_behind(struct overhear_tunnels *ts, int64_t patience_us)
{
	pthread_mutex_lock(&ts->lock);
	bool any = any_behind(ts, patience_us);
	pthread_mutex_unlock(&ts->lock);
	return any;
}

/* How far those were that are behind. */
struct goal {
	struct overhear_tunnel *tunnel;
	uint64_t passed[2];
};

static struct goal *goals_of(struct overhear_tunnels *ts, int64_t patience_us, size_t *n)
{
	int64_t now_us = clock_now_us(clock_real());
	struct goal *goals = NULL;
	*n = 0;
	for (size_t i = 0; i < OVERHEAR_BUCKETS; i++)
		for (struct overhear_tunnel *t = ts->buckets[i]; t != NULL; t = t->next) {
			if (!behind(t, now_us, patience_us))
				continue;
			goals = realloc(goals, (*n + 1) * sizeof *goals);
			if (goals == NULL)
				abort();
			goals[(*n)++] = (struct goal){t, {t->passed[0], t->passed[1]}};
		}
	return goals;
}

static bool reached(const struct goal *goals, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct overhear_tunnel *t = goals[i].tunnel;
		if (!t->over &&
			(t->read[0] < goals[i].passed[0] || t->read[1] < goals[i].passed[1]))
			return false;
	}
	return true;
}

bool overhear_tunnels_await(struct overhear_tunnels *ts, int timeout_ms, int64_t patience_us)
{
	enum { NANOS = 1000000000 };
	struct timespec until;
	size_t n;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000L;
	if (until.tv_nsec >= NANOS) {
		until.tv_sec++;
		until.tv_nsec -= NANOS;
	}
	pthread_mutex_lock(&ts->lock);
	struct goal *goals = goals_of(ts, patience_us, &n);
	bool in_time = true;
	while (!reached(goals, n) && in_time)
		in_time = pthread_cond_timedwait(&ts->moved, &ts->lock, &until) == 0;
	bool done = reached(goals, n);
	pthread_mutex_unlock(&ts->lock);
	free(goals);
	return done;
}

/* What explains a difference is the connection's end alone: bytes that the proxy had not taken
 * when it stopped, and bytes that the browser's end kept in a socket of ours. */
static const char *wrong(const struct overhear_tunnel *t)
{
	uint64_t passed = t->passed[0] + t->passed[1];
	if (!t->taken)
		return passed > 0 ? "no packets show a connection that was passed through"
				  : NULL;
	if (t->passed[0] > t->read[0] || (t->passed[1] > t->read[1] && t->down_whole))
		return "packets of a connection that was passed through are missing";
	if ((t->up_whole && t->read[0] > t->passed[0]) ||
		(t->passed_all && t->read[1] > t->down_most))
		return "packets show more of a connection than was passed through";
	return NULL;
}

const char *overhear_tunnels_wrong(struct overhear_tunnels *ts)
{
	const char *why = NULL;
	pthread_mutex_lock(&ts->lock);
	for (size_t i = 0; i < OVERHEAR_BUCKETS; i++)
		for (struct overhear_tunnel *t = ts->buckets[i]; t != NULL && why == NULL;
			t = t->next)
			why = wrong(t);
	pthread_mutex_unlock(&ts->lock);
	return why;
}
