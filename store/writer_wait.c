/* Who waits for commits. A waiter is taken off the list under wait_lock and told after it;
 * until then it is armed, and its owner must not free it. `committed` alone can be read without
 * the lock. */
#include "store/writer_state.h"

#include <errno.h>
#include <sched.h>
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

/* wait_lock held. */
static unsigned wake_blocked(struct writer *w, uint64_t committed, bool all)
{
	unsigned told = 0;
	for (struct writer_blocked **at = &w->blocked; *at != NULL;) {
		struct writer_blocked *blocked = *at;
		if (blocked->ticket > committed && !all) {
			at = &blocked->next;
			continue;
		}
		*at = blocked->next;
		told++;
		blocked->woken = true;
		pthread_cond_signal(&blocked->cond);
	}
	return told;
}

void writer_notify(struct writer *w)
{
	uint64_t committed = atomic_load(&w->committed);
	bool all = atomic_load(&w->failed);
	pthread_mutex_lock(&w->wait_lock);
	struct writer_waiter *due = take_due(w, committed, all);
	unsigned told = wake_blocked(w, committed, all);
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
	learn_crowd(w, told);
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

/* Somebody waits for it now: it need not linger any more. */
static void want(struct writer *w, uint64_t ticket)
{
	pthread_mutex_lock(&w->lock);
	if (w->wanted < ticket)
		w->wanted = ticket;
	/* Who is busy looks for itself when it is done. */
	bool wake = w->sleep != WRITER_AWAKE && !w->busy && writer_due(w);
	if (wake)
		w->sleep = WRITER_AWAKE;
	pthread_mutex_unlock(&w->lock);
	if (wake)
		pthread_cond_signal(&w->work);
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

bool writer_wait(struct writer *w, uint64_t ticket, struct err *err)
{
	enum writer_state state = state_of(w, ticket, err);
	if (state != WRITER_PENDING)
		return state == WRITER_COMMITTED;
	want(w, ticket);
	struct writer_blocked me = {.ticket = ticket, .cond = PTHREAD_COND_INITIALIZER};
	pthread_mutex_lock(&w->wait_lock);
	if (state_of(w, ticket, NULL) == WRITER_PENDING) {
		me.next = w->blocked;
		w->blocked = &me;
		atomic_fetch_add(&w->n_waiting, 1);
		while (!me.woken)
			pthread_cond_wait(&me.cond, &w->wait_lock);
	}
	pthread_mutex_unlock(&w->wait_lock);
	pthread_cond_destroy(&me.cond);
	return state_of(w, ticket, err) == WRITER_COMMITTED;
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
