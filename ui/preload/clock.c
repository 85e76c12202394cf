/*
 * A library of its own, preloaded into the processes of a browser that shall live in another
 * time: the wall clock is CLICKTRAIL_CLOCK_OFFSET_S seconds ahead, monotonic clocks and the
 * lengths of waits are real. It may be entered before any constructor ran, from inside malloc
 * or a signal handler: nothing here allocates, locks or keeps state but what is written once.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define OPEN __attribute__((visibility("default")))

/* glibc since 2.25 (nptl: __PTHREAD_COND_CLOCK_MONOTONIC_MASK); the check before each browser
 * tries both kinds. */
enum { COND_MONOTONIC = 2 };

static _Atomic int64_t offset_s;
static _Atomic bool offset_known;

static int64_t offset(void)
{
	if (!offset_known && environ != NULL) {
		const char *text = getenv("CLICKTRAIL_CLOCK_OFFSET_S");
		offset_s = text != NULL ? strtoll(text, NULL, 10) : 0;
		offset_known = true;
	}
	return offset_s;
}

/* The next library's function of that name. Finding one that is there allocates nothing. */
#define NEXT(name)                                                                             \
	static __typeof__(name) *next_##name(void)                                             \
	{                                                                                      \
		static __typeof__(name) *_Atomic known;                                        \
		__typeof__(name) *found = known;                                               \
		if (found == NULL) {                                                           \
			void *p = dlsym(RTLD_NEXT, #name);                                     \
			memcpy(&found, &p, sizeof found);                                      \
			known = found;                                                         \
		}                                                                              \
		return found;                                                                  \
	}
NEXT(clock_gettime)
NEXT(clock_nanosleep)
NEXT(pthread_cond_timedwait)
NEXT(pthread_cond_clockwait)
NEXT(pthread_mutex_timedlock)
NEXT(pthread_mutex_clocklock)
NEXT(pthread_rwlock_timedrdlock)
NEXT(pthread_rwlock_timedwrlock)
NEXT(sem_timedwait)
NEXT(sem_clockwait)

/* Before there are threads, and before a browser shuts itself in. */
__attribute__((constructor)) static void find_all(void)
{
	next_clock_gettime();
	next_clock_nanosleep();
	next_pthread_cond_timedwait();
	next_pthread_cond_clockwait();
	next_pthread_mutex_timedlock();
	next_pthread_mutex_clocklock();
	next_pthread_rwlock_timedrdlock();
	next_pthread_rwlock_timedwrlock();
	next_sem_timedwait();
	next_sem_clockwait();
	offset();
}

static bool is_wall(clockid_t which)
{
	return which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE ||
	       which == CLOCK_REALTIME_ALARM || which == CLOCK_TAI;
}

/* A deadline by the clock that we show, as one by the kernel's. What means "never" stays so. */
static struct timespec real(const struct timespec *shown)
{
	struct timespec t = *shown;
	int64_t s = 0;
	if (!__builtin_sub_overflow((int64_t)shown->tv_sec, offset(), &s))
		t.tv_sec = (time_t)s;
	return t;
}

OPEN int clock_gettime(clockid_t which, struct timespec *out)
{
	int result = next_clock_gettime()(which, out);
	if (result == 0 && is_wall(which))
		out->tv_sec += (time_t)offset();
	return result;
}

OPEN int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec t;
	if (zone != NULL)
		memset(zone, 0, sizeof(struct timezone)); /* as Linux does: UTC */
	if (clock_gettime(CLOCK_REALTIME, &t) != 0)
		return -1;
	*out = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
	return 0;
}

OPEN time_t time(time_t *out)
{
	struct timespec t = {0};
	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}

OPEN int timespec_get(struct timespec *out, int base)
{
	return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, out) == 0 ? base : 0;
}

OPEN int clock_nanosleep(
	clockid_t which, int flags, const struct timespec *t, struct timespec *left)
{
	if (!is_wall(which) || (flags & TIMER_ABSTIME) == 0)
		return next_clock_nanosleep()(which, flags, t, left);
	struct timespec until = real(t);
	return next_clock_nanosleep()(which, flags, &until, left);
}

OPEN int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict lock,
	const struct timespec *restrict t)
{
	if ((cond->__data.__wrefs & COND_MONOTONIC) != 0)
		return next_pthread_cond_timedwait()(cond, lock, t);
	struct timespec until = real(t);
	return next_pthread_cond_timedwait()(cond, lock, &until);
}

OPEN int pthread_cond_clockwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict lock,
	clockid_t which, const struct timespec *restrict t)
{
	if (!is_wall(which))
		return next_pthread_cond_clockwait()(cond, lock, which, t);
	struct timespec until = real(t);
	return next_pthread_cond_clockwait()(cond, lock, which, &until);
}

OPEN int pthread_mutex_timedlock(
	pthread_mutex_t *restrict lock, const struct timespec *restrict t)
{
	struct timespec until = real(t);
	return next_pthread_mutex_timedlock()(lock, &until);
}

OPEN int pthread_mutex_clocklock(
	pthread_mutex_t *restrict lock, clockid_t which, const struct timespec *restrict t)
{
	if (!is_wall(which))
		return next_pthread_mutex_clocklock()(lock, which, t);
	struct timespec until = real(t);
	return next_pthread_mutex_clocklock()(lock, which, &until);
}

OPEN int pthread_rwlock_timedrdlock(
	pthread_rwlock_t *restrict lock, const struct timespec *restrict t)
{
	struct timespec until = real(t);
	return next_pthread_rwlock_timedrdlock()(lock, &until);
}

OPEN int pthread_rwlock_timedwrlock(
	pthread_rwlock_t *restrict lock, const struct timespec *restrict t)
{
	struct timespec until = real(t);
	return next_pthread_rwlock_timedwrlock()(lock, &until);
}

OPEN int sem_timedwait(sem_t *restrict sem, const struct timespec *restrict t)
{
	struct timespec until = real(t);
	return next_sem_timedwait()(sem, &until);
}

OPEN int sem_clockwait(sem_t *restrict sem, clockid_t which, const struct timespec *restrict t)
{
	if (!is_wall(which))
		return next_sem_clockwait()(sem, which, t);
	struct timespec until = real(t);
	return next_sem_clockwait()(sem, which, &until);
}
