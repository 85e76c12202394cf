#include "proxy/ca_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_FILE "ca.lock"
#define NEW_SUFFIX ".new"

static bool fail(struct err *err, const struct ca_dir *d, const char *name, const char *what)
{
	return err_set_os(err, ERR_SYSTEM, errno, "%s %s/%s", what, d->path, name);
}

static bool make_parents(const char *path, struct err *err)
{
	char at[PATH_MAX];
	size_t n = strlen(path);
	if (n == 0 || n >= sizeof at)
		return err_set(err, ERR_USAGE,
			"the folder of the certificate authority: a path of %zu bytes", n);
	memcpy(at, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (at[i] != '/' && at[i] != 0)
			continue;
		char was = at[i];
		at[i] = 0;
		if (mkdir(at, 0700) != 0 && errno != EEXIST)
			return err_set_os(err, ERR_SYSTEM, errno, "making %s", at);
		at[i] = was;
	}
	return true;
}

static bool dir_is_private(const struct ca_dir *d, struct err *err)
{
	struct stat st;
	if (fstat(d->fd, &st) != 0)
		return fail(err, d, "", "looking at");
	if (st.st_uid != geteuid())
		return err_set(err, ERR_SYSTEM, "%s belongs to another user", d->path);
	if ((st.st_mode & 077) != 0)
		return err_set(err, ERR_SYSTEM,
			"others may enter %s (mode %04o): a certificate authority needs 0700",
			d->path, (unsigned)(st.st_mode & 07777));
	return true;
}

/* Whoever removes the authority unlinks the lock file while others may wait on it: what we
 * locked must still be there. */
static bool lock_is_current(const struct ca_dir *d)
{
	struct stat held, named;
	return fstat(d->lock, &held) == 0 &&
	       fstatat(d->fd, LOCK_FILE, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

static bool take_lock(struct ca_dir *d, struct err *err)
{
	for (;;) {
		d->lock = openat(
			d->fd, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (d->lock < 0 && errno == EROFS)
			return true; /* nobody can change it under us */
		if (d->lock < 0)
			return fail(err, d, LOCK_FILE, "opening");
		while (flock(d->lock, LOCK_EX) != 0)
			if (errno != EINTR)
				return fail(err, d, LOCK_FILE, "locking");
		if (lock_is_current(d))
			return true;
		close(d->lock);
	}
}

bool ca_dir_open(struct ca_dir *d, const char *path, bool make, struct err *err)
{
	*d = (struct ca_dir){-1, -1, path};
	if (make && !make_parents(path, err))
		return false;
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "opening %s", path);
	if (dir_is_private(d, err) && take_lock(d, err))
		return true;
	ca_dir_close(d);
	return false;
}

void ca_dir_close(struct ca_dir *d)
{
	if (d->lock >= 0)
		close(d->lock);
	if (d->fd >= 0)
		close(d->fd);
	d->fd = d->lock = -1;
}

static bool read_all(int fd, struct buf *out)
{
	for (;;) {
		ssize_t n = read(fd, buf_room(out, 4096), 4096);
		if (n == 0)
			return true;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		buf_grew(out, (size_t)n);
		if (buf_len(out) > CA_FILE_MAX) {
			errno = EFBIG;
			return false;
		}
	}
}

static bool file_is_private(const struct ca_dir *d, const char *name, int fd, struct err *err)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return fail(err, d, name, "looking at");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_SYSTEM, "%s/%s is no regular file", d->path, name);
	if (st.st_uid != geteuid())
		return err_set(err, ERR_SYSTEM, "%s/%s belongs to another user", d->path, name);
	if ((st.st_mode & 077) != 0)
		return err_set(err, ERR_SYSTEM,
			"others can read the private key %s/%s (mode %04o): it must not be "
			"used any more",
			d->path, name, (unsigned)(st.st_mode & 07777));
	return true;
}

enum ca_dir_found ca_dir_read(
	const struct ca_dir *d, const char *name, bool secret, struct buf *out, struct err *err)
{
	/* O_NONBLOCK: a FIFO planted here must not hang us. */
	int fd = openat(d->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return CA_DIR_MISSING;
	if (fd < 0) {
		fail(err, d, name, "opening");
		return CA_DIR_FAILED;
	}
	bool ok = !secret || file_is_private(d, name, fd, err);
	if (ok && !read_all(fd, out))
		ok = fail(err, d, name, "reading");
	close(fd);
	return ok ? CA_DIR_FOUND : CA_DIR_FAILED;
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

bool ca_dir_write(const struct ca_dir *d, const char *name, struct span bytes, struct err *err)
{
	char fresh[64];
	snprintf(fresh, sizeof fresh, "%s" NEW_SUFFIX, name);
	unlinkat(d->fd, fresh, 0); /* left over from a crash; we hold the lock */
	int fd = openat(
		d->fd, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail(err, d, fresh, "making");
	/* fchmod: a umask may only take away, and the file must be ours to read again. */
	bool ok = fchmod(fd, 0600) == 0 && write_all(fd, bytes);
	if (!ok)
		fail(err, d, fresh, "writing");
	close(fd);
	if (ok && (renameat(d->fd, fresh, d->fd, name) != 0 || fsync(d->fd) != 0))
		ok = fail(err, d, name, "putting into place");
	if (!ok)
		unlinkat(d->fd, fresh, 0);
	return ok;
}

bool ca_dir_keep(const struct ca_dir *d, const char *name, const char *suffix, struct err *err)
{
	char kept[NAME_MAX];
	if ((size_t)snprintf(kept, sizeof kept, "%s.%s", name, suffix) >= sizeof kept)
		return err_set(
			err, ERR_LIMIT, "the name %s.%.40s... is too long", name, suffix);
	if (renameat(d->fd, name, d->fd, kept) != 0 && errno != ENOENT)
		return fail(err, d, name, "renaming");
	return true;
}

static bool is_ours(const char *name)
{
	struct span s = span_str(name);
	return span_is(s, CA_KEY_FILE) || span_is(s, CA_CERT_FILE) || span_is(s, LOCK_FILE) ||
	       span_starts(s, CA_KEY_FILE ".") || span_starts(s, CA_CERT_FILE ".");
}

bool ca_dir_clear(const struct ca_dir *d, struct err *err)
{
	int copy = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
	if (list == NULL) {
		if (copy >= 0)
			close(copy);
		return fail(err, d, "", "listing");
	}
	bool ok = true;
	for (struct dirent *e; ok && (e = readdir(list)) != NULL;)
		if (is_ours(e->d_name) && unlinkat(d->fd, e->d_name, 0) != 0)
			ok = fail(err, d, e->d_name, "removing");
	closedir(list);
	if (ok && rmdir(d->path) != 0 && errno != ENOTEMPTY && errno != EEXIST)
		ok = fail(err, d, "", "removing");
	return ok;
}
