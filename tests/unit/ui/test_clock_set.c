/*
 * The library that sets a browser's clock, in programs of our own: what is shifted, what is
 * not, that every wait with a deadline takes as long as it was meant to, and that the check
 * before each browser can tell.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ui/browser/clock_set.h"
#include "store/base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 30, WAITED_MS_MAX = 3000, CHILD_LIMIT_S = 20 };
static const int64_t away[] = {-400 * INT64_C(86400), 300 * INT64_C(86400)};
static char library[64];

static int64_t kernel_ms(clockid_t which)
{
	struct timespec t = {0};
	syscall(SYS_clock_gettime, which, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* This program again, under another clock; its exit status. */
static int run(const char *preload, int64_t offset_s, char *const *argv)
{
	int status = -1;
	pid_t pid = fork();
	if (pid == 0) {
		alarm(CHILD_LIMIT_S);
		clock_set_env(preload, offset_s, NULL);
		execv("/proc/self/exe", argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void times_that_can_be(void **state)
{
	(void)state;
	int64_t now = time(NULL), offset = 0;
	static const int64_t bad[] = {0, -1, INT64_MIN, INT64_MAX, INT64_C(253086768000000000)};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err err = {0};
		assert_false(clock_set_offset(bad[i], &offset, &err));
		assert_int_equal(err.kind, ERR_USAGE);
	}
	assert_true(clock_set_offset((now - 1000) * 1000000, &offset, NULL));
	assert_true(offset <= -999 && offset >= -1010);
	assert_true(clock_set_offset((now + 1000) * 1000000, &offset, NULL));
	assert_true(offset <= 1001 && offset >= 990);
}

static void the_check_can_tell(void **state)
{
	(void)state;
	struct clock_set_check check;
	for (size_t i = 0; i < 2; i++) {
		clock_set_check_argv(&check, away[i]);
		assert_int_equal(run(library, away[i], check.argv), 0);
		/* Another time than that one, none at all, and no library. */
		assert_int_equal(run(library, away[i] + 60, check.argv), 1);
		assert_int_equal(run(library, 0, check.argv), 1);
		assert_int_equal(run("", away[i], check.argv), 1);
	}
}

/* From here on: the child's side. */

static struct timespec shortly(clockid_t which)
{
	struct timespec t;
	clock_gettime(which, &t);
	t.tv_nsec += WAIT_MS * 1000000L;
	t.tv_sec += t.tv_nsec / 1000000000L;
	t.tv_nsec %= 1000000000L;
	return t;
}

static void *hold(void *lock)
{
	pthread_mutex_lock(lock);
	return NULL; /* and never lets go */
}

static void *hold_rw(void *lock)
{
	pthread_rwlock_wrlock(lock);
	return NULL;
}

static int wait_by(int how, const struct timespec *t, const struct timespec *steady)
{
	static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER,
			       own = PTHREAD_MUTEX_INITIALIZER;
	static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
	static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
	static bool ready;
	pthread_t a, b;
	sem_t sem;
	sem_init(&sem, 0, 0);
	if (!ready) {
		pthread_create(&a, NULL, hold, &held);
		pthread_create(&b, NULL, hold_rw, &rw);
		pthread_join(a, NULL);
		pthread_join(b, NULL);
		pthread_mutex_lock(&own);
		ready = true;
	}
	switch (how) {
	case 0: return pthread_cond_timedwait(&never, &own, t);
	case 1: return pthread_cond_clockwait(&never, &own, CLOCK_REALTIME, t);
	case 2: return pthread_cond_clockwait(&never, &own, CLOCK_MONOTONIC, steady);
	case 3: return pthread_mutex_timedlock(&held, t);
	case 4: return pthread_mutex_clocklock(&held, CLOCK_REALTIME, t);
	case 5: return pthread_mutex_clocklock(&held, CLOCK_MONOTONIC, steady);
	case 6: return pthread_rwlock_timedrdlock(&rw, t);
	case 7: return pthread_rwlock_timedwrlock(&rw, t);
	case 8: return sem_timedwait(&sem, t) == 0 ? 0 : errno;
	case 9: return sem_clockwait(&sem, CLOCK_REALTIME, t) == 0 ? 0 : errno;
	case 10: return sem_clockwait(&sem, CLOCK_MONOTONIC, steady) == 0 ? 0 : errno;
	case 11:
		return clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, t, NULL) == 0 ? ETIMEDOUT
										    : 0;
	case 12:
		return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, steady, NULL) == 0
			       ? ETIMEDOUT
			       : 0;
	case 13:
		return clock_nanosleep(CLOCK_REALTIME, 0,
			       &(struct timespec){.tv_nsec = WAIT_MS * 1000000L}, NULL) == 0
			       ? ETIMEDOUT
			       : 0;
	default: return -1;
	}
}

static bool shown(int64_t s, int64_t offset_s)
{
	int64_t off = s - kernel_ms(CLOCK_REALTIME) / 1000 - offset_s;
	return off >= -2 && off <= 2;
}

static void *wait_for_ever(void *cond)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct timespec end_of_time = {.tv_sec = INT64_MAX};
	pthread_mutex_lock(&lock);
	int why = pthread_cond_timedwait(cond, &lock, &end_of_time);
	return why == 0 ? cond : NULL;
}

/* 0: all as it should be; else the number of what is not. */
static int look_around(int64_t offset_s)
{
	struct timespec t;
	struct timeval day;
	struct timezone zone = {1, 1};
	time_t also = 0;
	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	if (!shown(t.tv_sec, offset_s))
		return 50;
	if (timespec_get(&t, TIME_UTC) != TIME_UTC || !shown(t.tv_sec, offset_s))
		return 51;
	if (gettimeofday(&day, (void *)&zone) != 0 || !shown(day.tv_sec, offset_s) ||
		zone.tz_minuteswest != 0)
		return 52;
	if (!shown(time(&also), offset_s) || !shown(also, offset_s) ||
		!shown(time(NULL), offset_s))
		return 53;
	static const clockid_t steady[] = {
		CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME};
	for (size_t i = 0; i < sizeof steady / sizeof *steady; i++) {
		clock_gettime(steady[i], &t);
		int64_t off = t.tv_sec - kernel_ms(steady[i]) / 1000;
		if (off < -2 || off > 2)
			return 60 + (int)i;
	}
	for (int how = 0; how <= 13; how++) {
		struct timespec wall = shortly(CLOCK_REALTIME), mono = shortly(CLOCK_MONOTONIC);
		int64_t from_ms = kernel_ms(CLOCK_MONOTONIC);
		int why = wait_by(how, &wall, &mono);
		int64_t took_ms = kernel_ms(CLOCK_MONOTONIC) - from_ms;
		if (why != ETIMEDOUT || took_ms < WAIT_MS - 2 || took_ms > WAITED_MS_MAX)
			return 1 + how;
	}
	pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
	pthread_t waiter;
	void *woken = NULL;
	pthread_create(&waiter, NULL, wait_for_ever, &cond);
	usleep(WAIT_MS * 1000);
	pthread_cond_broadcast(&cond);
	pthread_join(waiter, &woken);
	return woken == &cond ? 0 : 70;
}

static void every_way_to_wait(void **state)
{
	(void)state;
	static char program[] = "test", look[] = "--look";
	for (size_t i = 0; i < 2; i++) {
		char offset[32];
		snprintf(offset, sizeof offset, "%lld", (long long)away[i]);
		assert_int_equal(
			run(library, away[i], (char *[]){program, look, offset, NULL}), 0);
		/* The test can tell. */
		assert_int_equal(run("", away[i], (char *[]){program, look, offset, NULL}), 50);
	}
}

static int write_library(void **state)
{
	(void)state;
	struct span s = clock_set_library();
	snprintf(library, sizeof library, "/tmp/clicktrail-clock-XXXXXX");
	int fd = mkstemp(library);
	bool ok = fd >= 0 && write(fd, s.p, s.n) == (ssize_t)s.n;
	close(fd);
	return ok ? 0 : -1;
}

static int remove_library(void **state)
{
	(void)state;
	return unlink(library);
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "--inside") == 0)
		return clock_set_check_main(argc, argv);
	if (argc == 3 && strcmp(argv[1], "--look") == 0)
		return look_around(atoll(argv[2]));
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_that_can_be),
		cmocka_unit_test(the_check_can_tell),
		cmocka_unit_test(every_way_to_wait),
	};
	return cmocka_run_group_tests(tests, write_library, remove_library);
}
