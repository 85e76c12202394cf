/* Who waits for commits. A waiter is taken off the list under wait_lock and told after it;
 * until then it is armed, and its owner must not free it. `committed` alone can be read without
 * the lock. */
#include "store/writer_state.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void poke(int eventfd)
{
	static const uint64_t one = 1;
	ssize_t n;
	do
		n = write(eventfd, &one, sizeof one);
	while (n < 0 && errno == EINTR);
	/* EAGAIN: its counter is full, so it is readable. */
}

static bool is_armed(const struct writer_waiter *waiter)
{
	return __atomic_load_n(&waiter->armed, __ATOMIC_ACQUIRE);
}

/* Its owner, when it is off the list: a moment at most. */
static void wait_until_told(const struct writer_waiter *waiter)
{
	while (is_armed(waiter))
		sched_yield();
}

/* The running mean of who waited for a commit. Only whoever is busy comes here. */
static void learn_crowd(struct writer *w, unsigned told)
{
	unsigned crowd = atomic_load(&w->crowd);
	if (told > 0)
		atomic_store(&w->crowd, (crowd * 7 + told * WRITER_CROWD_ONE) / 8);
}

/* wait_lock held. Those who are due, off the list: from here on they are ours until told. */
static struct writer_waiter *take_due(struct writer *w, uint64_t committed, bool all)
{
	struct writer_waiter *due = NULL;
	for (struct writer_waiter **at = &w->waiters; *at != NULL;) {
		struct writer_waiter *waiter = *at;
		if (waiter->ticket > committed && !all) {
			at = &waiter->next;
			continue;
		}
		*at = waiter->next;
		waiter->listed = false;
		waiter->next = due;
		due = waiter;
	}
	return due;
}

/* What they look at when they wake, `committed` and `finished`, is written already. */
static unsigned wake_turn(struct writer_turn *turn)
{
	atomic_fetch_add(&turn->over, 1);
	unsigned told = atomic_exchange(&turn->waiting, 0);
	if (told > 0)
		syscall(SYS_futex, &turn->over, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
	return told;
}

void writer_notify(struct writer *w, uint64_t batch)
{
	uint64_t committed = atomic_load(&w->committed);
	bool all = atomic_load(&w->failed);
	atomic_store(&w->finished, all ? UINT64_MAX : batch);
	unsigned blocked = wake_turn(&w->turns[batch % 2]), told = 0;
	if (all)
		blocked += wake_turn(&w->turns[(batch + 1) % 2]);
	pthread_mutex_lock(&w->wait_lock);
	struct writer_waiter *due = take_due(w, committed, all);
	pthread_mutex_unlock(&w->wait_lock);
	/* Without the lock: who was told first waits again before the last one is. */
	while (due != NULL) {
		struct writer_waiter *waiter = due;
		due = waiter->next;
		told++;
		poke(waiter->eventfd);
		/* Last: from now on its owner may free it without asking us. */
		__atomic_store_n(&waiter->armed, false, __ATOMIC_RELEASE);
	}
	atomic_fetch_sub(&w->n_waiting, told);
	learn_crowd(w, blocked + told);
	if (atomic_load(&w->observed))
		poke(w->observer);
}

/* What is known of a ticket at this moment. */
static enum writer_state state_of(struct writer *w, uint64_t ticket, struct err *err)
{
	/* 0 is what a failed put gave: it is never on disk. */
	if (ticket == 0 && !atomic_load(&w->failed)) {
		err_set(err, ERR_CASE_WRITE, "the fact was not handed over");
		return WRITER_FAILED;
	}
	if (ticket != 0 && ticket <= atomic_load(&w->committed))
		return WRITER_COMMITTED;
	if (!atomic_load(&w->failed))
		return WRITER_PENDING;
	/* It may have been committed just before the failure. */
	if (ticket != 0 && ticket <= atomic_load(&w->committed))
		return WRITER_COMMITTED;
	if (err != NULL)
		*err = w->err;
	return WRITER_FAILED;
}

/* Somebody waits for it now: it need not linger any more. The batch that it is in, or will most
 * likely be in. */
static uint64_t want(struct writer *w, uint64_t ticket)
{
	pthread_mutex_lock(&w->lock);
	if (w->wanted < ticket)
		w->wanted = ticket;
	uint64_t batch = w->batches + (ticket > w->taken);
	/* Who is busy looks for itself when it is done. */
	bool wake = w->sleep != WRITER_AWAKE && !w->busy && writer_due(w);
	if (wake)
		w->sleep = WRITER_AWAKE;
	pthread_mutex_unlock(&w->lock);
	if (wake)
		pthread_cond_signal(&w->work);
	return batch;
}

enum writer_state writer_poll(
	struct writer *w, uint64_t ticket, struct writer_waiter *waiter, struct err *err)
{
	enum writer_state state = state_of(w, ticket, err);
	if (state != WRITER_PENDING) {
		writer_disarm(w, waiter);
		return state;
	}
	pthread_mutex_lock(&w->wait_lock);
	state = state_of(w, ticket, err);
	if (state == WRITER_PENDING) {
		if (!waiter->listed)
			wait_until_told(waiter); /* of an earlier ticket */
		waiter->ticket = ticket;
		if (!waiter->listed) {
			waiter->listed = true;
			waiter->next = w->waiters;
			w->waiters = waiter;
			atomic_fetch_add(&w->n_waiting, 1);
			__atomic_store_n(&waiter->armed, true, __ATOMIC_RELEASE);
		}
	}
	pthread_mutex_unlock(&w->wait_lock);
	if (state == WRITER_PENDING)
		want(w, ticket);
	else
		writer_disarm(w, waiter);
	return state;
}

void writer_disarm(struct writer *w, struct writer_waiter *waiter)
{
	/* Only its owner arms it, so what it reads here as disarmed stays so. */
	if (!is_armed(waiter))
		return;
	pthread_mutex_lock(&w->wait_lock);
	if (waiter->listed) {
		struct writer_waiter **at = &w->waiters;
		while (*at != waiter)
			at = &(*at)->next;
		*at = waiter->next;
		waiter->listed = false;
		atomic_fetch_sub(&w->n_waiting, 1);
		__atomic_store_n(&waiter->armed, false, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&w->wait_lock);
	wait_until_told(waiter);
}

/* Until that batch is written, or the writer failed, or the time is over; or for no reason. The
 * ticket may have been written while the batch was asked for. */
static void await_batch(
	struct writer *w, uint64_t ticket, uint64_t batch, const struct timespec *left)
{
	struct writer_turn *turn = &w->turns[batch % 2];
	/* Counted first, then looked: whoever finishes the batch does it the other way round.
	 */
	atomic_fetch_add(&w->n_waiting, 1);
	atomic_fetch_add(&turn->waiting, 1);
	uint32_t over = atomic_load(&turn->over);
	if (atomic_load(&w->finished) < batch && atomic_load(&w->committed) < ticket)
		syscall(SYS_futex, &turn->over, FUTEX_WAIT_PRIVATE, over, left, NULL, 0);
	atomic_fetch_sub(&w->n_waiting, 1);
}

/* until_us 0: as long as it takes. A batch takes what is queued as far as it goes: a ticket may
 * have to wait for one more. */
static enum writer_state wait_until(
	struct writer *w, uint64_t ticket, int64_t until_us, struct err *err)
{
	for (;;) {
		int64_t left_us = until_us != 0 ? until_us - writer_tick_us() : 0;
		enum writer_state state = state_of(w, ticket, err);
		if (state != WRITER_PENDING || left_us < 0)
			return state;
		struct timespec left = {left_us / 1000000, left_us % 1000000 * 1000};
		await_batch(w, ticket, want(w, ticket), until_us != 0 ? &left : NULL);
	}
}

enum writer_state writer_wait_ms(struct writer *w, uint64_t ticket, int ms, struct err *err)
{
	enum writer_state state = state_of(w, ticket, err);
	if (state != WRITER_PENDING)
		return state;
	return wait_until(w, ticket, writer_tick_us() + (int64_t)ms * 1000, err);
}

bool writer_wait(struct writer *w, uint64_t ticket, struct err *err)
{
	return wait_until(w, ticket, 0, err) == WRITER_COMMITTED;
}

bool writer_flush(struct writer *w, struct err *err)
{
	pthread_mutex_lock(&w->lock);
	uint64_t last = w->tickets;
	bool failed = w->failed;
	pthread_mutex_unlock(&w->lock);
	if (last == 0 && !failed)
		return true;
	return writer_wait(w, last, err);
}
