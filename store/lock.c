#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A reader that asks whether the case is being written holds the lock for an instant: try again
 * before refusing. */
enum { LOCK_TRIES = 20, LOCK_PAUSE_MS = 10 };

static bool lock_path(const char *path, char out[PATH_MAX], struct err *err)
{
	if (snprintf(out, PATH_MAX, "%s.lock", path) >= PATH_MAX)
		return err_set(err, ERR_CASE_OPEN, "%s: the name is too long", path);
	return true;
}

/* A holder removes the file before it lets go: what we locked must still be what others will
 * find under the name. */
static bool still_named(int fd, const char *file)
{
	struct stat held, named;
	return fstat(fd, &held) == 0 && lstat(file, &named) == 0 &&
	       held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

static void write_pid(int fd)
{
	/* Only a help for people: a lock without it locks as well. */
	if (ftruncate(fd, 0) == 0)
		dprintf(fd, "%ld\n", (long)getpid());
}

static long read_pid(int fd)
{
	char text[24] = "";
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	return n > 0 ? strtol(text, NULL, 10) : 0;
}

static int try_lock(const char *file, bool *held, long *pid, struct err *err)
{
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0) {
		err_set_os(err, ERR_CASE_OPEN, errno, "%s", file);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		if (still_named(fd, file))
			return fd;
	} else {
		*held = true;
		*pid = read_pid(fd);
	}
	close(fd);
	return -2;
}

int lock_take(const char *path, struct err *err)
{
	char file[PATH_MAX];
	bool held = false;
	long pid = 0;
	if (!lock_path(path, file, err))
		return -1;
	for (int i = 0; i < LOCK_TRIES; i++) {
		int fd = try_lock(file, &held, &pid, err);
		if (fd >= 0)
			write_pid(fd);
		if (fd != -2)
			return fd;
		nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE_MS * 1000000L}, NULL);
	}
	if (pid > 0)
		err_set(err, ERR_CASE_LOCKED, "%s is held by process %ld", file, pid);
	else
		err_set(err, ERR_CASE_LOCKED, "%s is held", file);
	return -1;
}

void lock_drop(const char *path, int fd)
{
	char file[PATH_MAX];
	if (lock_path(path, file, NULL) && still_named(fd, file))
		unlink(file);
	close(fd);
}

static const char leaving[] = "leaving\n";

void lock_leaving(int fd)
{
	/* Only readers that ask are helped: one that does not know is waited for. */
	if (lseek(fd, 0, SEEK_END) >= 0)
		dprintf(fd, "%s", leaving);
}

/* The process id, then the word. */
static bool says_leaving(int fd)
{
	char text[64] = "";
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	const char *line = n > 0 ? strchr(text, '\n') : NULL;
	return line != NULL && strcmp(line + 1, leaving) == 0;
}

enum lock_state lock_look(const char *path)
{
	char file[PATH_MAX];
	if (!lock_path(path, file, NULL))
		return LOCK_FREE;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return LOCK_FREE;
	enum lock_state state = LOCK_FREE;
	if (flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		state = says_leaving(fd) ? LOCK_LEAVING : LOCK_HELD;
	close(fd);
	return state;
}

bool lock_held(const char *path)
{
	return lock_look(path) != LOCK_FREE;
}
