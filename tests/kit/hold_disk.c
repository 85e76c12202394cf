#include "tests/kit/hold_disk.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static pthread_mutex_t disk = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t disk_changed = PTHREAD_COND_INITIALIZER;
static bool disk_held, disk_broken;
static unsigned disk_waiting;

static int sync_file(int fd)
{
	pthread_mutex_lock(&disk);
	disk_waiting++;
	pthread_cond_broadcast(&disk_changed);
	while (disk_held)
		pthread_cond_wait(&disk_changed, &disk);
	disk_waiting--;
	bool broken = disk_broken;
	pthread_mutex_unlock(&disk);
	if (broken) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

/* What SQLite calls. */
int fdatasync(int fd)
{
	return sync_file(fd);
}

int fsync(int fd)
{
	return sync_file(fd);
}

void hold_disk(bool held, bool broken)
{
	pthread_mutex_lock(&disk);
	disk_held = held;
	disk_broken = broken;
	pthread_cond_broadcast(&disk_changed);
	pthread_mutex_unlock(&disk);
}

int hold_disk_free(void **state)
{
	(void)state;
	hold_disk(false, false);
	return 0;
}

void hold_disk_await(void)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	pthread_mutex_lock(&disk);
	while (disk_waiting == 0)
		if (pthread_cond_timedwait(&disk_changed, &disk, &until) != 0)
			break;
	bool came = disk_waiting > 0;
	pthread_mutex_unlock(&disk);
	if (!came)
		fail_msg("no commit is under way");
}
