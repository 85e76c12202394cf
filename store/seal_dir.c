#include "store/seal_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

bool seal_dir_fail(
	const struct seal_dir *d, const char *name, const char *what, struct err *err)
{
	return err_set_os(err, d->kind, errno, "%s %s/%s", what, d->path, name);
}

static bool make_all(const struct seal_dir *d, struct err *err)
{
	char at[PATH_MAX];
	size_t n = strlen(d->path);
	if (n == 0 || n >= sizeof at)
		return err_set(err, d->kind, "the folder's path has %zu bytes", n);
	memcpy(at, d->path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (at[i] != '/' && at[i] != 0)
			continue;
		char was = at[i];
		at[i] = 0;
		if (mkdir(at, 0700) != 0 && errno != EEXIST)
			return err_set_os(err, d->kind, errno, "making %s", at);
		at[i] = was;
	}
	return true;
}

static bool is_private(const struct seal_dir *d, struct err *err)
{
	struct stat st;
	if (fstat(d->fd, &st) != 0)
		return seal_dir_fail(d, "", "looking at", err);
	if (st.st_uid != geteuid())
		return err_set(err, d->kind, "%s belongs to another user", d->path);
	if ((st.st_mode & 077) != 0)
		return err_set(err, d->kind,
			"others may enter %s (mode %04o): a folder with a signing key needs "
			"0700",
			d->path, (unsigned)(st.st_mode & 07777));
	return true;
}

bool seal_dir_open(struct seal_dir *d, const char *path, enum err_kind kind, struct err *err)
{
	*d = (struct seal_dir){-1, path, kind};
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0 && errno == ENOENT) {
		if (!make_all(d, err))
			return false;
		d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (d->fd < 0)
		return err_set_os(err, kind, errno, "opening %s", path);
	if (is_private(d, err))
		return true;
	seal_dir_close(d);
	return false;
}

void seal_dir_close(struct seal_dir *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

int seal_dir_file(const struct seal_dir *d, const char *name, int flags, mode_t forbidden,
	bool *missing, struct err *err)
{
	/* O_NONBLOCK: a FIFO planted here must not hang us. */
	int fd = openat(d->fd, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat st;
	*missing = fd < 0 && errno == ENOENT;
	if (*missing)
		return -1;
	if (fd < 0) {
		seal_dir_fail(d, name, "opening", err);
		return -1;
	}
	if (fstat(fd, &st) != 0)
		seal_dir_fail(d, name, "looking at", err);
	else if (!S_ISREG(st.st_mode))
		err_set(err, d->kind, "%s/%s is no regular file", d->path, name);
	else if (st.st_uid != geteuid())
		err_set(err, d->kind, "%s/%s belongs to another user", d->path, name);
	else if ((st.st_mode & forbidden) != 0)
		err_set(err, d->kind, "others can get at %s/%s (mode %04o): it needs 0600",
			d->path, name, (unsigned)(st.st_mode & 07777));
	else
		return fd;
	close(fd);
	return -1;
}

static bool write_all(int fd, struct span bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			bytes = span_from(bytes, (size_t)n);
	}
	return fsync(fd) == 0;
}

static bool write_fresh(const struct seal_dir *d, const char *fresh, mode_t mode,
	struct span bytes, struct err *err)
{
	int fd = openat(
		d->fd, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return seal_dir_fail(d, fresh, "making", err);
	/* fchmod: a umask may only take away, and the file must be ours to read again. */
	bool ok = fchmod(fd, mode) == 0 && write_all(fd, bytes);
	if (!ok) {
		seal_dir_fail(d, fresh, "writing", err);
		unlinkat(d->fd, fresh, 0);
	}
	close(fd);
	return ok;
}

bool seal_dir_put(const struct seal_dir *d, const char *name, mode_t mode, struct span bytes,
	bool replace, bool *there, struct err *err)
{
	char fresh[64];
	uint64_t dice;
	*there = false;
	/* Several processes may be at it: each has a file of its own until it has the name. */
	if (getrandom(&dice, sizeof dice, 0) != sizeof dice)
		return seal_dir_fail(d, name, "drawing a name for", err);
	snprintf(fresh, sizeof fresh, "%.40s.%016" PRIx64 ".new", name, dice);
	if (!write_fresh(d, fresh, mode, bytes, err))
		return false;
	bool ok = replace ? renameat(d->fd, fresh, d->fd, name) == 0
			  : linkat(d->fd, fresh, d->fd, name, 0) == 0;
	*there = !ok && !replace && errno == EEXIST;
	if (!ok && !*there)
		seal_dir_fail(d, name, "putting into place", err);
	if (!ok || !replace)
		unlinkat(d->fd, fresh, 0);
	if (ok && fsync(d->fd) != 0)
		ok = seal_dir_fail(d, name, "writing out", err);
	return ok;
}
