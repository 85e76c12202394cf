#include "ui/browser/clock_set.h"

#include "store/base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
	SLACK_S = 10, /* between the question and the look at the clock */
	WAIT_MS = 20,
	WAITED_MS_MAX = 3000
};
/* 9990-01-01, as for a scratch root: no certificate can name a time much later. */
static const int64_t as_of_end_s = INT64_C(253086768000);

struct span clock_set_library(void)
{
	return span_of(clock_library, clock_library_len);
}

bool clock_set_offset(int64_t as_of_us, int64_t *offset_s, struct err *err)
{
	if (as_of_us <= 0 || as_of_us / 1000000 >= as_of_end_s)
		return err_set(err, ERR_USAGE,
			"the browser's clock cannot be set to %lld seconds after 1970",
			(long long)(as_of_us / 1000000));
	*offset_s = as_of_us / 1000000 - clock_now_us(clock_real()) / 1000000;
	return true;
}

bool clock_set_env(const char *library, int64_t offset_s, struct err *err)
{
	char offset[CLOCK_SET_WORD_MAX];
	snprintf(offset, sizeof offset, "%lld", (long long)offset_s);
	if (setenv("LD_PRELOAD", library, 1) != 0 ||
		setenv("CLICKTRAIL_CLOCK_OFFSET_S", offset, 1) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "the browser's environment");
#if defined(__SANITIZE_ADDRESS__)
	/* A sanitizer wants to be the first library, and the check is a program of ours. */
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
#endif
	return true;
}

static struct timespec kernel_time(clockid_t which)
{
	struct timespec t = {0};
	syscall(SYS_clock_gettime, which, &t); /* nothing that is preloaded is asked */
	return t;
}

void clock_set_check_argv(struct clock_set_check *check, int64_t offset_s)
{
	static char program[] = "/proc/self/exe", inside[] = "--inside", clock[] = "--clock";
	const int64_t numbers[] = {offset_s, kernel_time(CLOCK_REALTIME).tv_sec,
		kernel_time(CLOCK_MONOTONIC).tv_sec};
	size_t n = 0;
	check->argv[n++] = program;
	check->argv[n++] = inside;
	check->argv[n++] = clock;
	for (size_t i = 0; i < 3; i++) {
		snprintf(
			check->words[i], sizeof check->words[i], "%lld", (long long)numbers[i]);
		check->argv[n++] = check->words[i];
	}
	check->argv[n] = NULL;
}

static bool soon_after(int64_t time_s, int64_t asked_s)
{
	return time_s >= asked_s - 1 && time_s <= asked_s + SLACK_S;
}

static int64_t kernel_ms(void)
{
	struct timespec t = kernel_time(CLOCK_MONOTONIC);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Does a wait with a deadline on that clock end, and not before? */
static bool waits_well(clockid_t which)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_condattr_t attr;
	pthread_cond_t never;
	struct timespec until;
	int why;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, which);
	pthread_cond_init(&never, &attr);
	pthread_mutex_lock(&lock);
	int64_t from_ms = kernel_ms();
	clock_gettime(which, &until);
	until.tv_nsec += WAIT_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	do
		why = pthread_cond_timedwait(&never, &lock, &until);
	while (why == 0);
	int64_t waited_ms = kernel_ms() - from_ms;
	pthread_mutex_unlock(&lock);
	pthread_cond_destroy(&never);
	pthread_condattr_destroy(&attr);
	return why == ETIMEDOUT && waited_ms >= WAIT_MS - 1 && waited_ms <= WAITED_MS_MAX;
}

int clock_set_check_main(int argc, char **argv)
{
	struct timespec wall, steady;
	struct timeval day;
	if (argc != CLOCK_SET_ARGV - 1)
		return 2;
	int64_t asked_s = atoll(argv[4]) + atoll(argv[3]), steady_s = atoll(argv[5]);
	bool ok = clock_gettime(CLOCK_REALTIME, &wall) == 0 &&
		  clock_gettime(CLOCK_MONOTONIC, &steady) == 0 && gettimeofday(&day, NULL) == 0;
	ok = ok && soon_after(wall.tv_sec, asked_s) && soon_after(day.tv_sec, asked_s) &&
	     soon_after(time(NULL), asked_s) && soon_after(steady.tv_sec, steady_s);
	return ok && waits_well(CLOCK_REALTIME) && waits_well(CLOCK_MONOTONIC) ? 0 : 1;
}
