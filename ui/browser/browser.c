#include "ui/browser/browser.h"
#include "ui/browser/browser_plan.h"
#include "ui/browser/browser_watch.h"
#include "ui/browser/chromium.h"
#include "ui/browser/parcel.h"
#include "ui/browser/picture.h"
#include "ui/browser/sandbox.h"
#include "store/base/buf.h"
#include "store/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	START_MS = 60000, /* namespaces, certutil twice, Xvfb: some 600 ms on an idle machine */
	OPEN_MS = 15000,  /* one fork */
	STOP_SOFT_MS = 3000, /* the inside program sees our end closed and ends */
	STOP_PLAIN_MS = 15000,
	STOP_HARD_MS = 5000,
	PROBE_MS = 15000,
	HOME_MAX = 64
};

enum browser_state { FORKED, STARTED, OPENED, STOPPED };

struct browser {
	enum browser_state state;
	struct launcher launcher;
	struct watch watch;
	char home[HOME_MAX]; /* without a sandbox: to see that it is gone */
	char *instrument;    /* the socket file, ours to remove; NULL: none */
	bool plain;
	enum browser_kind kind;
	int drawing;       /* what the private screen draws into, to be read; -1: none */
	int network;       /* the jail's network namespace; -1: none */
	int first_process; /* pidfd of process 1 of the jail's pid namespace; -1 */
	bool stopped_well;
};

struct browser *browser_fork(struct err *err)
{
	struct browser *b = calloc(1, sizeof *b);
	if (b == NULL) {
		err_set(err, ERR_SYSTEM, "no memory");
		return NULL;
	}
	b->first_process = b->drawing = b->network = -1;
	b->watch.epoll = -1;
	if (launcher_fork(&b->launcher, err)) {
		if (watch_init(&b->watch, &b->launcher, err))
			return b;
		launcher_fini(&b->launcher);
	}
	free(b);
	return NULL;
}

/* Why the jail did not come up: its own last line says it best. */
static bool start_failed(struct browser *b, struct err *err)
{
	const char *line = b->watch.last;
	while (watch_line(&b->watch))
		;
	/* bubblewrap's own complaints before it runs anything: nearly always the kernel's no to
	 * a namespace. */
	if (!b->plain && strncmp(line, "bwrap: ", 7) == 0)
		return err_set(err, ERR_SANDBOX_FORBIDDEN, "%s; %s", line, sandbox_hint());
	return err_set(err, ERR_BROWSER_START, "its launcher ended: %s",
		line[0] != 0 ? line : "it did not say why");
}

/* What is shown to us before the browser runs: kept, once each. */
static bool keep(struct browser *b, struct watch_letter *letter)
{
	int *place = NULL;
	if (letter->m.word == INSIDE_SCREEN)
		place = &b->drawing;
	else if (letter->m.word == INSIDE_NETWORK && b->state == STARTED &&
		 watch_other_network(letter->fd))
		place = &b->network;
	if (place == NULL || *place >= 0)
		return false;
	*place = letter->fd;
	return true;
}

/* Waits for a word of the inside program; others are dropped. */
static bool await(struct browser *b, enum inside_word word, int timeout_ms,
	struct watch_letter *letter, struct err *err)
{
	int64_t until = clock_now_us(clock_real()) + (int64_t)timeout_ms * 1000;
	for (;;) {
		while (watch_line(&b->watch))
			;
		while (watch_letter(&b->watch, letter)) {
			if (letter->m.word == word)
				return true;
			if (keep(b, letter))
				continue;
			if (letter->fd >= 0)
				close(letter->fd);
			if (letter->m.word == INSIDE_FAILED)
				return err_set(err, ERR_BROWSER_START, "%s%s%s", letter->m.text,
					b->watch.last[0] != 0 ? "; it wrote: " : "",
					b->watch.last);
			/* Its end would not be told twice. */
			if (letter->m.word == INSIDE_EXITED)
				return err_set(err, ERR_BROWSER_START,
					"the browser ended before it could be brought the "
					"link");
		}
		if (watch_end(&b->watch))
			return start_failed(b, err);
		int64_t left = until - clock_now_us(clock_real());
		if (left <= 0)
			return err_set(err, ERR_BROWSER_START, "it was not ready in %d s",
				timeout_ms / 1000);
		watch_wait(&b->watch, (int)(left / 1000) + 1);
	}
}

/* From /proc/PID/stat, "pid (name) state ppid": the name may hold anything, so from the last
 * ')'. */
static pid_t parent_of(pid_t pid)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return 0;
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = 0;
	pid_t parent = 0;
	char *at = strrchr(text, ')');
	return at != NULL && sscanf(at + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

static bool is_first_process(pid_t pid)
{
	char path[64], line[256];
	bool first = false;
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return false;
	while (fgets(line, sizeof line, f) != NULL) {
		if (strncmp(line, "NSpid:", 6) != 0)
			continue;
		char *last = strrchr(line, '\t');
		first = last != NULL && strtol(last, NULL, 10) == 1 &&
			strchr(line, '\t') != last;
	}
	fclose(f);
	return first;
}

/*
 * Process 1 of the jail's pid namespace is the parent of the inside program. The kernel lets it
 * end only after every other process of that namespace is gone, so its end, seen through this
 * descriptor, is the proof that browser_stop gives.
 */
static bool watch_first_process(struct browser *b, pid_t inner, struct err *err)
{
	pid_t first = parent_of(inner);
	b->first_process = first > 1 ? pidfd_open(first, 0) : -1;
	if (b->first_process >= 0 && is_first_process(first))
		return true;
	return err_set(err, ERR_BROWSER_START,
		"the sandbox's first process cannot be watched (is /proc restricted?)");
}

static bool accept_ready(struct browser *b, const struct watch_letter *ready,
	struct browser_plan *plan, int *listen_fd, struct browser_about *about, struct err *err)
{
	about->uid_outside = ready->uid;
	about->inner_off = ready->m.value != 0;
	/* A wall that we rely on, so it is looked at, not assumed. */
	if (ready->pid == 0 || ready->uid == 0)
		return err_set(
			err, ERR_INTERNAL, "the browser would run as root outside its sandbox");
	if (b->plain) {
		*listen_fd = plan->listen_fd;
		plan->listen_fd = -1;
		return true;
	}
	if (!watch_first_process(b, ready->pid, err))
		return false;
	if (ready->fd < 0)
		return err_set(err, ERR_BROWSER_START, "its listening socket did not come out");
	*listen_fd = ready->fd;
	return true;
}

/* Is there no file that says which version it is? */
static bool must_be_asked(enum browser_kind kind)
{
	switch (kind) {
	case BROWSER_FIREFOX: return false;
	case BROWSER_CHROMIUM: return true;
	}
	return false;
}

/* The program's own words about its version, from inside the walls that it will run in. The
 * launcher waits for another order then. */
static bool ask_version(struct browser *b, const struct browser_launch *launch,
	struct browser_about *about, char version[BROWSER_LINE_MAX], struct err *err)
{
	struct browser_plan plan;
	struct watch_letter end;
	bool ok = browser_plan_ask(&plan, launch, about, err) &&
		  launcher_order(&b->launcher, &plan.order, err) &&
		  await(b, INSIDE_EXITED, PROBE_MS, &end, err);
	browser_plan_fini(&plan);
	if (!ok)
		return false;
	/* It had written all before its end was told. */
	while (watch_line(&b->watch))
		;
	if (!WIFEXITED(end.m.value) || WEXITSTATUS(end.m.value) != 0)
		return start_failed(b, err);
	memcpy(version, b->watch.last, BROWSER_LINE_MAX);
	return chromium_version(version, about, err);
}

bool browser_start(struct browser *b, const struct browser_launch *launch, int *listen_fd,
	struct browser_about *about, struct err *err)
{
	struct browser_plan plan;
	struct watch_letter ready = {.fd = -1};
	char version[sizeof b->watch.last];
	assert(b->state == FORKED && launch->ca_pem != NULL);
	assert(launch->instrument == NULL || launch->sandbox);
	*listen_fd = -1;
	b->plain = !launch->sandbox;
	b->kind = launch->kind;
	b->state = STARTED;
	bool asked = must_be_asked(launch->kind);
	if (asked && !ask_version(b, launch, about, version, err))
		return false;
	bool ok = browser_plan_init(&plan, launch, asked ? version : NULL, about, err);
	if (plan.instrument != NULL)
		b->instrument = strdup(plan.instrument);
	if (ok && b->plain)
		snprintf(b->home, sizeof b->home, "%s", plan.home);
	ok = ok && launcher_order(&b->launcher, &plan.order, err) &&
	     await(b, INSIDE_READY, START_MS, &ready, err);
	if (ok) {
		ok = accept_ready(b, &ready, &plan, listen_fd, about, err);
		if (ready.fd >= 0 && *listen_fd != ready.fd)
			close(ready.fd);
	}
	browser_plan_fini(&plan);
	return ok;
}

bool browser_opens_later(enum browser_kind kind)
{
	switch (kind) {
	case BROWSER_FIREFOX: return false; /* it would take a D-Bus */
	case BROWSER_CHROMIUM: return true; /* by a socket in its profile */
	}
	return false;
}

static bool send_urls(
	struct browser *b, uint32_t word, const char *const *urls, size_t n, struct err *err)
{
	struct watch_letter started;
	assert(n > 0 && n <= BROWSER_TABS_MAX);
	int fd = parcel_urls(urls, n, err);
	if (fd < 0)
		return false;
	b->state = OPENED;
	bool ok = launcher_send(b->launcher.sock, &word, sizeof word, &fd, 1);
	close(fd);
	if (!ok && !watch_end_within(&b->watch, 1000))
		return err_set(err, ERR_BROWSER_START, "the sandbox does not listen any more");
	if (!ok)
		return start_failed(b, err);
	return await(b, INSIDE_STARTED, OPEN_MS, &started, err);
}

bool browser_open(struct browser *b, const char *const *urls, size_t n, struct err *err)
{
	assert(b->state == STARTED || (b->state == OPENED && browser_opens_later(b->kind)));
	return send_urls(b, INSIDE_OPEN, urls, n, err);
}

bool browser_again(struct browser *b, const char *const *urls, size_t n, struct err *err)
{
	assert(b->state == OPENED);
	return send_urls(b, INSIDE_AGAIN, urls, n, err);
}

bool browser_picture(struct browser *b, size_t max, struct browser_picture *about,
	struct buf *out, struct err *err)
{
	struct picture p;
	struct buf xwd = {0};
	if (b->drawing < 0)
		return err_set(err, ERR_BROWSER_START, "the browser has no private screen");
	bool ok = picture_take(b->drawing, !b->plain, &xwd, err) &&
		  picture_read(buf_span(&xwd), &p, err) && picture_png(&p, max, out, err);
	if (ok)
		*about = (struct browser_picture){p.width, p.height};
	buf_fini(&xwd);
	return ok;
}

int browser_network(const struct browser *b)
{
	return b->network;
}

int browser_fd(const struct browser *b)
{
	return b->watch.epoll;
}

bool browser_next(struct browser *b, struct browser_event *event)
{
	struct watch *w = &b->watch;
	struct watch_letter letter;
	*event = (struct browser_event){.kind = BROWSER_LINE};
	if (watch_line(w)) {
		memcpy(event->line, w->last, sizeof event->line);
		return true;
	}
	while (watch_letter(w, &letter)) {
		if (letter.fd >= 0)
			close(letter.fd);
		event->status = letter.m.value;
		if (letter.m.word == INSIDE_EXITED) {
			event->kind = BROWSER_EXITED;
			return true;
		}
		if (letter.m.word == INSIDE_XVFB_GONE) {
			event->kind = BROWSER_XVFB_GONE;
			return true;
		}
	}
	if (w->end_told || !watch_end(w))
		return false;
	w->end_told = true;
	event->kind = BROWSER_GONE;
	event->status = w->end_status;
	return true;
}

static bool ended_within(int pidfd, int timeout_ms)
{
	struct pollfd p = {pidfd, POLLIN, 0};
	return poll(&p, 1, timeout_ms) == 1;
}

/* A jail is proven empty by its first process; without one, the inside program's word and a
 * look at the folder must do. */
static bool verify_gone(struct browser *b, bool ended, struct err *err)
{
	struct stat st;
	if (b->first_process >= 0 && !ended_within(b->first_process, STOP_HARD_MS)) {
		pidfd_send_signal(b->first_process, SIGKILL, NULL, 0);
		if (!ended_within(b->first_process, STOP_HARD_MS))
			return err_set(err, ERR_BROWSER_STOP,
				"the sandbox's first process still runs");
	}
	if (!ended)
		return err_set(err, ERR_BROWSER_STOP, "the launcher (pid %d) still runs",
			b->launcher.pid);
	if (!b->plain || b->home[0] == 0)
		return true;
	if (WIFSIGNALED(b->watch.end_status))
		return err_set(err, ERR_BROWSER_STOP,
			"the process that ends the browser was killed; something may still "
			"run, and "
			"%s may still be there",
			b->home);
	if (lstat(b->home, &st) == 0)
		return err_set(err, ERR_BROWSER_STOP, "the folder %s is still there: %s",
			b->home, b->watch.last);
	return true;
}

bool browser_stop(struct browser *b, struct err *err)
{
	if (b->state == STOPPED)
		return b->stopped_well || err_set(err, ERR_BROWSER_STOP, "as was said before");
	b->state = STOPPED;
	if (b->instrument != NULL)
		unlink(b->instrument);
	/* The end of the conversation is the order to end, whoever is at the other end by now.
	 */
	shutdown(b->launcher.sock, SHUT_RDWR);
	bool ended = watch_end_within(&b->watch, b->plain ? STOP_PLAIN_MS : STOP_SOFT_MS);
	if (!ended) {
		pidfd_send_signal(b->launcher.pidfd, SIGKILL, NULL, 0);
		ended = watch_end_within(&b->watch, STOP_HARD_MS);
	}
	b->stopped_well = verify_gone(b, ended, err);
	return b->stopped_well;
}

void browser_free(struct browser *b)
{
	if (b == NULL)
		return;
	if (b->state != STOPPED)
		browser_stop(b, NULL);
	if (b->first_process >= 0)
		close(b->first_process);
	if (b->drawing >= 0)
		close(b->drawing);
	if (b->network >= 0)
		close(b->network);
	watch_fini(&b->watch);
	launcher_fini(&b->launcher);
	free(b->instrument);
	free(b);
}

static bool probe_asking(enum browser_kind kind, bool sandbox, bool show,
	struct browser_about *about, struct err *err)
{
	char version[BROWSER_LINE_MAX];
	struct browser *b = browser_fork(err);
	if (b == NULL)
		return false;
	b->plain = !sandbox;
	const struct browser_launch launch = {.kind = kind, .sandbox = sandbox, .show = show};
	bool ok = ask_version(b, &launch, about, version, err);
	browser_free(b);
	return ok;
}

/* Runs `true` inside the very walls that the browser would get. */
static bool try_sandbox(const struct sandbox *box, struct arena *a, struct err *err)
{
	static const char *const inner[] = {"/usr/bin/true", NULL}, *const env[] = {NULL};
	struct browser *b = browser_fork(err);
	if (b == NULL)
		return false;
	struct launcher_order order = {.env = env};
	for (int i = 0; i < LAUNCHER_GIVEN; i++)
		order.given[i] = -1;
	bool ok = sandbox_order(box, inner, &order, a, err) &&
		  launcher_order(&b->launcher, &order, err);
	for (int i = 0; i < LAUNCHER_GIVEN; i++)
		if (order.given[i] >= 0)
			close(order.given[i]);
	if (ok && !watch_end_within(&b->watch, PROBE_MS))
		ok = err_set(err, ERR_BROWSER_START, "bubblewrap did not end in %d s",
			PROBE_MS / 1000);
	if (ok && (!WIFEXITED(b->watch.end_status) || WEXITSTATUS(b->watch.end_status) != 0))
		ok = start_failed(b, err);
	browser_free(b);
	return ok;
}

bool browser_probe(enum browser_kind kind, bool sandbox, bool show, struct browser_about *about,
	struct err *err)
{
	struct arena a = {0};
	struct sandbox box = {0};
	*about = (struct browser_about){0};
	if (must_be_asked(kind))
		return probe_asking(kind, sandbox, show, about, err);
	bool ok =
		browser_find(kind, sandbox, show, about, &box.program_dir, &box.bwrap, &a, err);
	if (ok && sandbox)
		ok = try_sandbox(&box, &a, err);
	arena_fini(&a);
	return ok;
}
