#include "ui/cli/witnessing_inner.h"
#include "ui/browser/sandbox.h"
#include "ui/cli/case_beside.h"
#include "ui/cli/packet_end.h"
#include "store/base/clock.h"
#include "store/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PROGRAM "clicktrail-capture"
#define GUIDE "docs/guide/packets.md"

enum { START_MS = 10000 };

/* ---- the program ---- */

/* Beside this one, or where the system has its own; empty: there is none. runs: it may be run
 * by this user; else it is there and may not be (a mode of 0750 and another group, say). */
static void find_program(char *out, size_t n, bool runs)
{
	char own[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
	if (len > 0) {
		own[len] = 0;
		size_t folder = (size_t)(case_beside_name(own) - own);
		int used = snprintf(out, n, "%.*s" PROGRAM, (int)folder, own);
		if (used > 0 && (size_t)used < n && sandbox_is_program(out, runs))
			return;
	}
	struct arena a = {0};
	const char *found =
		runs ? sandbox_program(PROGRAM, &a) : sandbox_program_forbidden(PROGRAM, &a);
	snprintf(out, n, "%s", found != NULL && strlen(found) < n ? found : "");
	arena_fini(&a);
}

static void say_none(char *why, size_t n)
{
	char path[WITNESS_WHY_MAX / 2];
	find_program(path, sizeof path, false);
	if (path[0] != 0)
		snprintf(why, n, "the program %s may not be run by you", path);
	else
		snprintf(why, n, "the program " PROGRAM " is not installed");
}

/* ---- what the proxy tells ---- */

static void wake(struct witnessing *w)
{
	uint64_t one = 1;
	(void)!write(w->wake, &one, sizeof one); /* an eventfd takes it */
}

/* Where the kernel sends what is meant for nowhere (0.0.0.0, ::). */
static void fill_here(struct packet_address *ip)
{
	static const uint8_t here4[4] = {127, 0, 0, 1};
	static const struct packet_address nowhere4 = {.n = 4}, nowhere6 = {.n = 16};
	if (packet_address_same(ip, &nowhere4))
		memcpy(ip->bytes, here4, sizeof here4);
	else if (packet_address_same(ip, &nowhere6))
		ip->bytes[ip->n - 1] = 1;
}

static bool fill_remote(struct recorder_order *order, const struct sockaddr *remote)
{
	if (!packet_end_of(remote, &order->remote, &order->remote_port))
		return false;
	fill_here(&order->remote);
	return true;
}

static void opening(void *self, int fd, const struct sockaddr *remote, socklen_t len)
{
	struct witnessing *w = self;
	struct witness_side *s = &w->sides[CAPTURE_ORIGIN];
	struct recorder_order order;
	(void)len;
	memset(&order, 0, sizeof order); /* all of it is sent */
	order.word = RECORDER_CONNECTION;
	if (!atomic_load(&s->listening) ||
		(fill_remote(&order, remote) && recorder_child_tell(&s->run, &order, fd)))
		return;
	/* Who hung up is dealt with by who watches. */
	if (errno == EPIPE || errno == ECONNRESET)
		return;
	atomic_fetch_add(&s->untold, 1);
	wake(w);
}

static void secret(void *self, int64_t tunnel, int64_t leg, const char *line)
{
	struct witnessing *w = self;
	key_file_add(&w->keys, tunnel, leg, line);
}

const struct tap *witnessing_tap(struct witnessing *w)
{
	return &w->tap;
}

/* ---- start ---- */

static void fail(struct witness_side *s, const char *why)
{
	char how[RECORDER_CHILD_WHY];
	s->state = WITNESS_FAILED;
	if (s->why[0] == 0)
		snprintf(s->why, sizeof s->why, "%s", why);
	recorder_child_end(&s->run, 0, how);
	recorder_child_fini(&s->run, true);
}

/* False: a file is in the way, which is no matter of recorders. */
static bool begin(struct witnessing *w, enum capture_side side, struct err *err)
{
	struct witness_side *s = &w->sides[side];
	const struct witnessing_order *o = &w->order;
	int network_fd = side == CAPTURE_BROWSER ? o->network_fd : -1;
	struct err why;
	if (w->program[0] == 0) {
		char none[WITNESS_WHY_MAX];
		say_none(none, sizeof none);
		fail(s, none);
		return true;
	}
	if (!recorder_child_start(
		    &s->run, w->program, o->case_path, o->session, network_fd, &why)) {
		char text[WITNESS_WHY_MAX];
		err_text(&why, text, sizeof text);
		fail(s, text);
		return why.kind != ERR_CASE_OPEN || err_set(err, why.kind, "%s", why.detail);
	}
	s->state = WITNESS_STARTING;
	struct recorder_order order;
	memset(&order, 0, sizeof order);
	order.word = RECORDER_LISTENER;
	/* Before it listens to us: it will find it in its queue. */
	if (side == CAPTURE_BROWSER && network_fd < 0 &&
		!recorder_child_tell(&s->run, &order, o->listen_fd))
		fail(s, "the recorder could not be told of our listener");
	return true;
}

/* Its first word. */
static void await_start(struct witness_side *s, int64_t until_us)
{
	struct recorder_news news;
	char how[RECORDER_CHILD_WHY];
	while (s->state == WITNESS_STARTING) {
		struct pollfd p = {s->run.sock, POLLIN, 0};
		int64_t left = until_us - clock_now_us(clock_real());
		enum recorder_child_heard heard = recorder_child_listen(&s->run, &news);
		if (heard == RECORDER_HEARD && news.word == RECORDER_STARTED) {
			s->counts = news;
			s->state = WITNESS_RUNNING;
			atomic_store(&s->listening, true);
		} else if (heard == RECORDER_HEARD && news.word == RECORDER_FAILED) {
			s->needs_privilege = news.needs_privilege != 0;
			fail(s, news.text[0] != 0 ? news.text : "it did not say why");
		} else if (heard == RECORDER_HUNG_UP) {
			recorder_child_end(&s->run, START_MS / 2, how);
			fail(s, how);
		} else if (left <= 0) {
			fail(s, "the recorder did not begin in time");
		} else {
			poll(&p, 1, (int)(left / 1000) + 1);
		}
	}
}

static bool failed(const struct witness_side *s)
{
	return s->state == WITNESS_FAILED;
}

/* Nobody can. What to do depends on why. */
static bool nobody(const struct witnessing *w, struct err *err)
{
	const struct witness_side *b = &w->sides[CAPTURE_BROWSER],
				  *o = &w->sides[CAPTURE_ORIGIN];
	const char *other = failed(o) && strcmp(b->why, o->why) != 0 ? o->why : "";
	if (w->program[0] == 0 && strstr(b->why, "may not be run") != NULL)
		return err_set(err, ERR_CAPTURE,
			"%s: its mode or its group keeps you from it (" GUIDE ")", b->why);
	if (w->program[0] == 0)
		return err_set(err, ERR_CAPTURE, "%s: it belongs beside clicktrail (" GUIDE ")",
			b->why);
	if (b->needs_privilege || o->needs_privilege)
		return err_set(err, ERR_CAPTURE,
			"%s%s%s: give it the right to, by \"setcap cap_net_raw=p %s\" as "
			"root (" GUIDE ")",
			b->why, other[0] != 0 ? "; " : "", other, w->program);
	return err_set(err, ERR_CAPTURE, "%s%s%s (" GUIDE ")", b->why,
		other[0] != 0 ? "; " : "", other);
}

static bool start_recorders(struct witnessing *w, struct err *err)
{
	int64_t until_us = clock_now_us(clock_real()) + START_MS * INT64_C(1000);
	struct witness_side *b = &w->sides[CAPTURE_BROWSER], *o = &w->sides[CAPTURE_ORIGIN];
	if (!begin(w, CAPTURE_BROWSER, err) ||
		(w->order.origin && !begin(w, CAPTURE_ORIGIN, err)))
		return false;
	await_start(b, until_us);
	await_start(o, until_us);
	for (size_t i = 0; i < CAPTURE_SIDE_COUNT; i++) {
		if (w->sides[i].state == WITNESS_RUNNING)
			witness_put_started(w, &w->sides[i]);
		else if (failed(&w->sides[i]))
			witness_put_failed(w, &w->sides[i]);
	}
	if (failed(b) && (failed(o) || o->state == WITNESS_NONE))
		return nobody(w, err);
	for (size_t i = 0; i < CAPTURE_SIDE_COUNT; i++)
		if (failed(&w->sides[i]))
			log_error("packets of %s are not recorded: %s (" GUIDE ")",
				i == CAPTURE_BROWSER ? "the browser's side"
						     : "the origins' side",
				w->sides[i].why);
	return true;
}

static bool start_watching(struct witnessing *w, struct err *err)
{
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->wake < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "eventfd");
	int keys = w->order.browser_keys;
	if (keys >= 0)
		fcntl(keys, F_SETFL, fcntl(keys, F_GETFL) | O_NONBLOCK);
	int no = pthread_create(&w->watcher, NULL, witness_watch, w);
	w->watched = no == 0;
	return w->watched ||
	       err_set_os(err, ERR_SYSTEM, no, "the thread that watches recorders");
}

static void end_watching(struct witnessing *w)
{
	if (!w->watched)
		return;
	atomic_store(&w->finishing, true);
	wake(w);
	pthread_join(w->watcher, NULL);
	w->watched = false;
}

static void release(struct witnessing *w, bool forget)
{
	for (size_t i = 0; i < CAPTURE_SIDE_COUNT; i++)
		recorder_child_fini(&w->sides[i].run, forget);
	key_file_close(&w->keys, forget, NULL);
	if (w->order.browser_keys >= 0)
		close(w->order.browser_keys);
	if (w->wake >= 0)
		close(w->wake);
	buf_fini(&w->browser);
	pthread_mutex_destroy(&w->keys.lock);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

struct witnessing *witnessing_start(const struct witnessing_order *order, struct err *err)
{
	struct witnessing *w = calloc(1, sizeof *w);
	if (w == NULL)
		abort();
	w->order = *order;
	w->wake = -1;
	pthread_mutex_init(&w->lock, NULL);
	key_file_init(&w->keys);
	for (size_t i = 0; i < CAPTURE_SIDE_COUNT; i++)
		recorder_child_init(&w->sides[i].run, (enum capture_side)i);
	bool wants_keys = order->secrets || order->browser_keys >= 0;
	find_program(w->program, sizeof w->program, true);
	bool good = (!wants_keys ||
			    key_file_make(&w->keys, order->case_path, order->session, err)) &&
		    start_recorders(w, err);
	w->tap = (struct tap){.self = w,
		.opening = w->sides[CAPTURE_ORIGIN].state == WITNESS_RUNNING ? opening : NULL,
		.secret = order->secrets ? secret : NULL};
	witness_say(w);
	/* From here on the sides are the thread's. */
	if (!good || !start_watching(w, err)) {
		release(w, true);
		return NULL;
	}
	return w;
}

bool witnessing_records(const struct witnessing *w, enum capture_side side)
{
	return atomic_load(&w->sides[side].listening);
}

const char *witnessing_says(const struct witnessing *w)
{
	return w->says;
}

void witnessing_flush(struct witnessing *w)
{
	struct recorder_order order;
	memset(&order, 0, sizeof order);
	order.word = RECORDER_FLUSH;
	for (size_t i = 0; i < CAPTURE_SIDE_COUNT; i++)
		if (atomic_load(&w->sides[i].listening))
			recorder_child_tell(&w->sides[i].run, &order, -1);
}

/* ---- end ---- */

static void end_keys(struct witnessing *w)
{
	struct err err = {0};
	if (!key_file_close(&w->keys, false, &err))
		witness_note(w, "the keys may not be on the disk: %s", err.detail);
	if (w->keys.lost == 0)
		return;
	char text[WITNESS_WHY_MAX];
	err_text(&w->keys.err, text, sizeof text);
	witness_note(w, "%llu keys could not be kept: what they are for cannot be read (%s)",
		(unsigned long long)w->keys.lost, text);
	log_error("%llu keys could not be kept: %s", (unsigned long long)w->keys.lost, text);
}

bool witnessing_finish(struct witnessing *w, struct err *err)
{
	if (w == NULL)
		return true;
	if (!w->finished) {
		w->finished = true;
		end_watching(w);
		for (size_t i = 0; i < CAPTURE_SIDE_COUNT; i++)
			if (w->sides[i].state == WITNESS_DONE)
				witness_put_ended(w, &w->sides[i]);
		end_keys(w);
		witness_say(w);
	}
	if (w->failed.kind == ERR_NONE)
		return true;
	if (err != NULL)
		*err = w->failed;
	return false;
}

bool witnessing_stop(struct witnessing *w, struct err *err)
{
	if (w == NULL)
		return true;
	bool ok = witnessing_finish(w, err);
	release(w, false);
	return ok;
}
