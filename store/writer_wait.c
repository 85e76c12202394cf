/* Who waits for commits. The thread tells a waiter while it holds wait_lock; `committed` alone
 * can be read without it. */
#include "store/writer_state.h"

#include <errno.h>
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

void writer_notify(struct writer *w)
{
	uint64_t committed = atomic_load(&w->committed);
	bool all = atomic_load(&w->failed);
	pthread_mutex_lock(&w->wait_lock);
	for (struct writer_waiter **at = &w->waiters; *at != NULL;) {
		struct writer_waiter *waiter = *at;
		if (waiter->ticket > committed && !all) {
			at = &waiter->next;
			continue;
		}
		*at = waiter->next;
		poke(waiter->eventfd);
		/* Last: from now on its owner may free it without asking us. */
		__atomic_store_n(&waiter->armed, false, __ATOMIC_RELEASE);
	}
	for (struct writer_blocked **at = &w->blocked; *at != NULL;) {
		struct writer_blocked *blocked = *at;
		if (blocked->ticket > committed && !all) {
			at = &blocked->next;
			continue;
		}
		*at = blocked->next;
		blocked->woken = true;
		pthread_cond_signal(&blocked->cond);
	}
	pthread_mutex_unlock(&w->wait_lock);
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
	bool wake = w->sleep == WRITER_LINGERS && writer_due(w);
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
		waiter->ticket = ticket;
		if (!waiter->armed) {
			waiter->next = w->waiters;
			w->waiters = waiter;
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
	if (!__atomic_load_n(&waiter->armed, __ATOMIC_ACQUIRE))
		return;
	pthread_mutex_lock(&w->wait_lock);
	for (struct writer_waiter **at = &w->waiters; *at != NULL; at = &(*at)->next) {
		if (*at == waiter) {
			*at = waiter->next;
			break;
		}
	}
	__atomic_store_n(&waiter->armed, false, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&w->wait_lock);
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
