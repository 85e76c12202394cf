/*
 * The writer's thread: sleeps until there is something worth a commit, or nothing to do for so
 * long that the log can be folded in.
 */
#include "store/writer_state.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

/* Lock held. */
static bool must_work(const struct writer *w)
{
	return !w->busy && (writer_due(w) || w->job != NULL || w->stop || w->failed ||
				   writer_must_checkpoint(w));
}

static struct timespec moment(int64_t us)
{
	return (struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
}

/* Lock held; until_us 0: for as long as it takes. False if the time is over. */
static bool sleep_until(struct writer *w, enum writer_sleep how, int64_t until_us)
{
	struct timespec until = moment(until_us);
	w->sleep = how;
	int rc = until_us != 0 ? pthread_cond_timedwait(&w->work, &w->lock, &until)
			       : pthread_cond_wait(&w->work, &w->lock);
	w->sleep = WRITER_AWAKE;
	return rc != ETIMEDOUT;
}

/* Lock held. Facts are queued that nobody waits for yet: others may join them. True when they
 * have lingered long enough. */
static bool linger(struct writer *w)
{
	int64_t now = writer_tick_us();
	int64_t most_us = (w->patient ? WRITER_PATIENT_MS : WRITER_LINGER_MS) * INT64_C(1000);
	int64_t until = w->head != NULL ? w->oldest_us + most_us : 0;
	w->looked = w->tickets;
	if (until != 0 && until <= now && !w->busy)
		return true;
	if (until <= now)
		until = now + most_us;
	sleep_until(w, WRITER_LINGERS, until);
	return false;
}

/* Lock held. False if the idle time passed without work. While there is traffic, puts need not
 * wake the thread: it looks again soon. */
static bool sleep_until_work(struct writer *w)
{
	while (!must_work(w)) {
		if (w->head != NULL || w->looked != w->tickets || w->busy) {
			if (linger(w))
				return true;
		} else if (!w->wal_dirty) {
			sleep_until(w, WRITER_IDLES, 0);
		} else if (!sleep_until(w, WRITER_IDLES,
				   writer_tick_us() + (int64_t)WRITER_IDLE_MS * 1000) &&
			   w->head == NULL && !w->busy && !must_work(w)) {
			return false;
		}
	}
	return true;
}

/* Lock held. Where many wait, those who are just about to hand something over come first: fewer
 * and larger commits (measured; docs/decisions/0009). */
static void gather(struct writer *w)
{
	if (atomic_load(&w->crowd) < WRITER_CROWD_MANY)
		return;
	pthread_mutex_unlock(&w->lock);
	sched_yield();
	pthread_mutex_lock(&w->lock);
}

static bool work_once(struct writer *w, bool work, struct writer_batch *b)
{
	struct err err = {0};
	if (work && !writer_commit(w, b))
		return false;
	if (work && !writer_must_checkpoint(w))
		return true;
	/* Idle: what came last is signed before it is folded in. */
	if ((work || writer_head(w, HEAD_RUNNING, &err)) && writer_checkpoint(w, &err))
		return true;
	writer_fail(w, &err);
	return false;
}

void *writer_thread(void *writer)
{
	struct writer *w = writer;
	pthread_mutex_lock(&w->lock);
	for (;;) {
		bool work = sleep_until_work(w);
		struct writer_batch b = {0};
		/* Without work the lock is not let go: what is put and closed meanwhile would
		 * be left. */
		if (work)
			gather(w);
		if (w->failed)
			break;
		if (work)
			b = writer_take(w);
		if (w->stop && b.n == 0 && b.job == NULL && w->head == NULL)
			break;
		w->busy = true;
		pthread_mutex_unlock(&w->lock);
		work_once(w, work, &b);
		pthread_mutex_lock(&w->lock);
		w->busy = false;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}
