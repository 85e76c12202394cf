#include "proxy/crew.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* A thread that waits, on its own stack. The one that came last is taken first: its memory is
 * still in the caches, and the others' idle time goes on. */
struct idle {
	struct idle *next;
	pthread_cond_t given;
	void *job;
};

struct crew {
	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t fewer; /* a thread has ended */
	struct idle *idle;
	size_t n_idle, n_busy, n_threads;
	bool closing, has_ended;
	pthread_t
		ended; /* has_ended: the thread that ended last, which nobody has joined yet */
	pthread_condattr_t clock;
	pthread_attr_t attr;
	void (*run)(void *job);
};

/* What a new thread begins with. */
struct birth {
	struct crew *crew;
	void *job;
};

struct crew *crew_new(size_t stack, void (*run)(void *job))
{
	struct crew *c = calloc(1, sizeof *c);
	if (c == NULL)
		abort();
	c->run = run;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->fewer, NULL);
	pthread_condattr_init(&c->clock);
	pthread_condattr_setclock(&c->clock, CLOCK_MONOTONIC);
	pthread_attr_init(&c->attr);
	pthread_attr_setstacksize(&c->attr, stack);
	return c;
}

static void forget(struct crew *c, const struct idle *me)
{
	for (struct idle **at = &c->idle; *at != NULL; at = &(*at)->next) {
		if (*at != me)
			continue;
		*at = me->next;
		c->n_idle--;
		return;
	}
}

/* Lock held. The next job, or NULL: the thread is to end. */
static void *next_job(struct crew *c)
{
	struct idle me = {.next = c->idle};
	struct timespec until;
	int rc = 0;
	if (c->closing || c->n_idle >= CREW_IDLE_MAX)
		return NULL;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += CREW_IDLE_MS / 1000;
	pthread_cond_init(&me.given, &c->clock);
	c->idle = &me;
	c->n_idle++;
	while (me.job == NULL && !c->closing && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&me.given, &c->lock, &until);
	if (me.job == NULL)
		forget(c, &me);
	pthread_cond_destroy(&me.given);
	return me.job;
}

/* Lock held. What libraries keep for a thread is freed behind its last line, so it is over only
 * when it was joined: each joins the one that ended before it, and crew_free the last. */
static void end_thread(struct crew *c)
{
	pthread_t before = c->ended;
	bool has_before = c->has_ended;
	c->ended = pthread_self();
	c->has_ended = true;
	if (has_before) {
		pthread_mutex_unlock(&c->lock);
		pthread_join(before, NULL);
		pthread_mutex_lock(&c->lock);
	}
	c->n_threads--;
	pthread_cond_signal(&c->fewer);
}

static void *crew_thread(void *arg)
{
	struct birth b = *(struct birth *)arg;
	struct crew *c = b.crew;
	void *job = b.job;
	free(arg);
	while (job != NULL) {
		c->run(job);
		pthread_mutex_lock(&c->lock);
		c->n_busy--;
		job = next_job(c);
		if (job == NULL)
			end_thread(c);
		pthread_mutex_unlock(&c->lock);
	}
	return NULL;
}

static bool give_to_idle(struct crew *c, void *job)
{
	pthread_mutex_lock(&c->lock);
	struct idle *taken = c->idle;
	c->n_busy++;
	if (taken != NULL) {
		c->idle = taken->next;
		c->n_idle--;
		taken->job = job;
		/* With the lock held: afterwards *taken may be gone. */
		pthread_cond_signal(&taken->given);
	} else {
		c->n_threads++;
	}
	pthread_mutex_unlock(&c->lock);
	return taken != NULL;
}

bool crew_give(struct crew *c, void *job)
{
	pthread_t thread;
	if (give_to_idle(c, job))
		return true;
	struct birth *b = malloc(sizeof *b);
	if (b != NULL) {
		*b = (struct birth){c, job};
		if (pthread_create(&thread, &c->attr, crew_thread, b) == 0)
			return true;
	}
	free(b);
	pthread_mutex_lock(&c->lock);
	c->n_busy--;
	c->n_threads--;
	pthread_mutex_unlock(&c->lock);
	return false;
}

size_t crew_busy(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	size_t n = c->n_busy;
	pthread_mutex_unlock(&c->lock);
	return n;
}

void crew_free(struct crew *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->closing = true;
	for (struct idle *i = c->idle; i != NULL; i = i->next)
		pthread_cond_signal(&i->given);
	while (c->n_threads > 0)
		pthread_cond_wait(&c->fewer, &c->lock);
	pthread_mutex_unlock(&c->lock);
	if (c->has_ended)
		pthread_join(c->ended, NULL);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->fewer);
	pthread_condattr_destroy(&c->clock);
	pthread_attr_destroy(&c->attr);
	free(c);
}
