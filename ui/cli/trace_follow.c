/*
 * From the release of the link to the end of its trail: facts are read as they are committed,
 * the trail is derived from them anew, hops are printed as they become known, and it is over
 * when nothing moved for the settle time and nothing announced is pending.
 */
#include "ui/cli/trace.h"
#include "store/base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS_MS = 250, POLL_MAX_MS = 1000 };

struct follow {
	struct trace *t;
	int64_t moved_us;   /* the last time anything of the trail moved */
	int64_t derived_us; /* the last derivation's end, and how long it took */
	int64_t derive_cost_us;
	bool dirty;         /* there were commits since */
	uint64_t signature; /* of the trails, to see movement */
	struct trail_pending pending;
	struct arena arena; /* of pending */
};

static int64_t now_us(void)
{
	return clock_now_us(clock_real());
}

/* Changes whenever a hop is added, answered or ended. */
static uint64_t signature_of(const struct trail_set *set)
{
	uint64_t s = set->n;
	for (size_t i = 0; i < set->n; i++) {
		s = s * 1000003 + set->trails[i].n_hops;
		for (size_t k = 0; k < set->trails[i].n_hops; k++) {
			const struct trail_hop *h = &set->trails[i].hops[k];
			bool ended = h->exchange != NULL && h->exchange->end != NULL;
			s = s * 1000003 +
			    (uint64_t)(h->status != FACT_NULL ? h->status : 0) * 2 + ended;
		}
	}
	return s;
}

bool trace_read(struct trace *t, bool final, struct err *err)
{
	if (!t->gathering)
		return true;
	if (!gather_read(&t->gather, NULL, err))
		return false;
	live_trails(&t->live, &t->gather.trails, final);
	return true;
}

static bool derive(struct follow *f, struct err *err)
{
	int64_t start = now_us();
	f->dirty = false;
	if (!trace_read(f->t, false, err))
		return false;
	arena_fini(&f->arena);
	arena_init(&f->arena);
	trail_pending(&f->t->gather.model, f->t->recording.session, &f->arena, &f->pending);
	uint64_t signature = signature_of(&f->t->gather.trails);
	if (signature != f->signature || f->pending.in_flight)
		f->moved_us = now_us();
	f->signature = signature;
	f->derived_us = now_us();
	f->derive_cost_us = f->derived_us - start;
	return true;
}

/* A long session makes derivation dear: it never takes more than a fifth of the time. */
static int64_t derive_due_us(const struct follow *f)
{
	int64_t wait = f->derive_cost_us * 4;
	return f->derived_us + (wait > TRACE_DERIVE_MS * INT64_C(1000)
					       ? wait
					       : TRACE_DERIVE_MS * INT64_C(1000));
}

/* When it is over if nothing more happens; FACT_NULL: not before something happens. */
static int64_t settled_us(const struct follow *f)
{
	const struct trace *t = f->t;
	const struct fact_handshake *refused = f->pending.refused;
	if (t->options->show || f->pending.in_flight ||
		(t->gather.trails.n == 0 && refused == NULL))
		return FACT_NULL;
	int64_t from = f->moved_us;
	if (refused != NULL && refused->at_us > from)
		from = refused->at_us;
	if (f->pending.due_us != FACT_NULL && f->pending.due_us > from)
		from = f->pending.due_us;
	return from + t->options->settle_us;
}

/* When the page at hand has stood still long enough for a picture; FACT_NULL: it has had its,
 * or something is under way. */
static int64_t rested_us(const struct follow *f)
{
	if (f->pending.in_flight || !trace_shot_due(f->t))
		return FACT_NULL;
	return f->moved_us + TRACE_REST_MS * INT64_C(1000);
}

static bool picture_rest(struct follow *f, struct err *err)
{
	int64_t rested = rested_us(f);
	return rested == FACT_NULL || f->dirty || now_us() < rested ||
	       trace_shot_resting(f->t, err);
}

/* The built-in client knows itself when it is over; what it did must be derived, too. */
static bool plain_over(const struct follow *f)
{
	const struct trace *t = f->t;
	return t->plain != NULL && plain_done(t->plain) && !f->dirty && !f->pending.in_flight;
}

static void end(struct trace *t, enum trace_end how, const char *detail)
{
	t->end = how;
	if (t->detail[0] == 0)
		snprintf(t->detail, sizeof t->detail, "%s", detail);
}

void trace_browser_news(struct trace *t)
{
	struct browser_event event;
	while (t->browser != NULL && browser_next(t->browser, &event)) {
		switch (event.kind) {
		case BROWSER_LINE: break; /* its chatter is no evidence */
		case BROWSER_XVFB_GONE:
			snprintf(t->detail, sizeof t->detail, "the browser's screen ended");
			break;
		case BROWSER_EXITED:
		case BROWSER_GONE:
			if (!t->browser_gone && t->detail[0] == 0 && WIFSIGNALED(event.status))
				snprintf(t->detail, sizeof t->detail,
					"the browser was ended by signal %d",
					WTERMSIG(event.status));
			else if (!t->browser_gone && t->detail[0] == 0 && event.status != 0)
				snprintf(t->detail, sizeof t->detail,
					"the browser ended with status %d",
					WEXITSTATUS(event.status));
			t->browser_gone = true;
			break;
		}
	}
}

/* A window that its user closed is how a --show trace ends; if the trail had come to its end by
 * then it is as good as settled. */
static void end_by_browser(struct follow *f)
{
	struct trace *t = f->t;
	bool nothing_due = f->pending.due_us == FACT_NULL || f->pending.due_us <= now_us();
	bool whole = t->gather.trails.n > 0 && !f->pending.in_flight && nothing_due;
	if (t->options->show && t->detail[0] == 0 && whole)
		end(t, TRACE_SETTLED, "the window was closed");
	else
		end(t, TRACE_CLOSED,
			t->options->show ? "the window was closed" : "the browser ended");
}

/* Of a link whose certificate the browser refused there is no trail that could say so. */
static void end_settled(struct follow *f)
{
	char why[ERR_DETAIL_MAX] = "";
	if (f->pending.refused != NULL)
		text_escape(f->pending.refused->detail, why, sizeof why);
	end(f->t, TRACE_SETTLED, why);
}

/* What the trail would have gone on with when its time was up. */
static void end_by_timeout(struct follow *f)
{
	const struct trail_pending *p = &f->pending;
	char why[ERR_DETAIL_MAX] = "", target[ERR_DETAIL_MAX] = "";
	if (f->t->gather.trails.n == 0) {
		snprintf(why, sizeof why, "the browser never asked for the link");
	} else if (p->in_flight) {
		snprintf(why, sizeof why, "an answer was still under way");
	} else if (p->due_us != FACT_NULL && p->due_us > now_us()) {
		text_escape(p->target, target, sizeof target);
		snprintf(why, sizeof why, "still due in %lld s: %s%s%.160s",
			(long long)(p->due_us - now_us()) / 1000000, p->what,
			target[0] != 0 ? " to " : "", target);
	}
	end(f->t, TRACE_TIMEOUT, why);
}

static void judge(struct follow *f)
{
	struct trace *t = f->t;
	int64_t now = now_us();
	if (trace_overhear_deaf(t)) {
		end(t, TRACE_CLOSED,
			"the packet recorder ended: what the browser does is not seen any "
			"more");
		return;
	}
	/* Something moves that is not told yet. */
	if (t->overhear != NULL && overhear_behind(t->overhear))
		f->moved_us = now;
	int64_t settled = settled_us(f);
	if (signals_take(t->signal_fd)) {
		t->stopped = true;
		end(t, TRACE_CLOSED, "stopped by a signal");
	} else if (t->browser_gone) {
		end_by_browser(f);
	} else if (plain_over(f)) {
		end(t, TRACE_SETTLED, "");
	} else if (settled != FACT_NULL && !f->dirty && now >= settled) {
		end_settled(f);
	} else if (!t->options->show && now >= t->started_us + t->options->timeout_us) {
		end_by_timeout(f);
	}
}

static void show_status(const struct follow *f)
{
	struct trace *t = f->t;
	double idle = (double)(now_us() - f->moved_us) / 1e6;
	double due = f->pending.due_us == FACT_NULL
			     ? 0
			     : (double)(f->pending.due_us - now_us()) / 1e6;
	size_t n = t->gather.model.n_exchanges;
	if (f->pending.in_flight)
		live_status(&t->live, "     ... %zu exchanges, waiting for an answer", n);
	else if (due > 0 && f->pending.what != NULL)
		live_status(&t->live, "     ... %zu exchanges, %s due in %.0f s", n,
			f->pending.what, due);
	else
		live_status(
			&t->live, "     ... %zu exchanges, nothing moved for %.1f s", n, idle);
}

static int timeout_ms(const struct follow *f)
{
	const struct trace *t = f->t;
	int64_t now = now_us(), until = now + POLL_MAX_MS * INT64_C(1000), at;
	if (f->dirty && (at = derive_due_us(f)) < until)
		until = at;
	if ((at = settled_us(f)) != FACT_NULL && at < until)
		until = at;
	if ((at = rested_us(f)) != FACT_NULL && at < until)
		until = at;
	if (!t->options->show && (at = t->started_us + t->options->timeout_us) < until)
		until = at;
	if (t->live.terminal && now + STATUS_MS * INT64_C(1000) < until)
		until = now + STATUS_MS * INT64_C(1000);
	return until <= now ? 0 : (int)((until - now + 999) / 1000);
}

static bool wait_for_news(struct follow *f, struct err *err)
{
	struct trace *t = f->t;
	bool plain_running = t->plain != NULL && !plain_done(t->plain);
	int client = t->browser != NULL ? browser_fd(t->browser)
		     : plain_running    ? plain_fd(t->plain)
					: -1;
	struct pollfd fds[] = {{t->signal_fd, POLLIN, 0},
		{writer_observer_fd(t->recording.writer), POLLIN, 0}, {client, POLLIN, 0}};
	if (poll(fds, 3, timeout_ms(f)) < 0 && errno != EINTR)
		return err_set_os(err, ERR_SYSTEM, errno, "poll");
	uint64_t commits;
	if (fds[1].revents != 0 && read(fds[1].fd, &commits, sizeof commits) == sizeof commits)
		f->dirty = true;
	return true;
}

static bool run(struct follow *f, struct err *err)
{
	struct trace *t = f->t;
	while (t->end == TRACE_RUNNING) {
		if (!wait_for_news(f, err) || proxy_failed(t->recording.proxy, err))
			return false;
		trace_browser_news(t);
		/* Its end is judged by all it did before. */
		bool over = t->browser_gone || (t->plain != NULL && plain_done(t->plain));
		if ((over || (f->dirty && now_us() >= derive_due_us(f))) && !derive(f, err))
			return false;
		if (!picture_rest(f, err))
			return false;
		judge(f);
		show_status(f);
	}
	return true;
}

bool trace_follow(struct trace *t, struct err *err)
{
	struct follow f = {.t = t, .dirty = true, .moved_us = now_us()};
	f.pending.due_us = FACT_NULL;
	if (!gather_open(&t->gather, t->recording.case_path, t->recording.session, err)) {
		gather_close(&t->gather);
		return false;
	}
	t->gather.model.wrappers = &t->options->wrappers.rules;
	t->gathering = true;
	if (!trace_shots_start(t, err))
		return false;
	t->started_us = now_us();
	proxy_release(t->recording.proxy);
	bool good = run(&f, err);
	live_clear(&t->live);
	arena_fini(&f.arena);
	return good;
}
