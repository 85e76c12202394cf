#include "ui/web/upload.h"
#include "store/base/buf.h"
#include "store/base/codec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

struct upload {
	char id[UPLOAD_ID_LEN + 1];
	char path[PATH_MAX];
};

struct uploads {
	pthread_mutex_t lock;            /* of all of it */
	char folder[PATH_MAX / 2];       /* empty: nothing came yet */
	int folder_fd;                   /* locked as long as we are there; -1 */
	struct upload list[UPLOADS_MAX]; /* oldest first */
	size_t n;
};

static const char prefix[] = "clicktrail-window-";

static const char *tmp_folder(void)
{
	const char *tmp = getenv("TMPDIR");
	return tmp != NULL && tmp[0] == '/' ? tmp : "/tmp";
}

/* ---- what windows left behind that were killed ---- */

static int open_folder(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Each entry but "." and ".."; takes fd. */
static void each(int fd, void (*one)(int fd, const char *name))
{
	DIR *d = fdopendir(fd);
	if (d == NULL) {
		close(fd);
		return;
	}
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			one(dirfd(d), e->d_name);
	closedir(d);
}

static void remove_file(int fd, const char *name)
{
	unlinkat(fd, name, 0);
}

static void remove_upload(int fd, const char *name)
{
	bool ours = strlen(name) == UPLOAD_ID_LEN &&
		    strspn(name, "0123456789abcdef") == UPLOAD_ID_LEN;
	int folder = ours ? open_folder(fd, name) : -1;
	if (folder < 0)
		return;
	each(folder, remove_file);
	unlinkat(fd, name, AT_REMOVEDIR);
}

/* Whose window is gone: its lock went with it. No link is followed, nothing of another user is
 * touched, and nothing in it that does not look like ours. */
static void remove_left(int fd, const char *name)
{
	struct stat st;
	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return;
	int folder = open_folder(fd, name);
	if (folder < 0)
		return;
	int held = fstat(folder, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 077) == 0
			   ? dup(folder)
			   : -1;
	if (held >= 0 && flock(held, LOCK_EX | LOCK_NB) == 0) {
		each(folder, remove_upload);
		unlinkat(fd, name, AT_REMOVEDIR);
	} else {
		close(folder);
	}
	if (held >= 0)
		close(held);
}

struct uploads *uploads_new(void)
{
	struct uploads *u = calloc(1, sizeof *u);
	if (u == NULL)
		abort();
	pthread_mutex_init(&u->lock, NULL);
	u->folder_fd = -1;
	int tmp = open(tmp_folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tmp >= 0)
		each(tmp, remove_left);
	return u;
}

/* ---- ours ---- */

/* Its file, and the folder that holds nothing else. */
static void forget(struct upload *one)
{
	unlink(one->path);
	char *slash = strrchr(one->path, '/');
	if (slash != NULL) {
		*slash = 0;
		rmdir(one->path);
	}
}

void uploads_free(struct uploads *u)
{
	if (u == NULL)
		return;
	for (size_t i = 0; i < u->n; i++)
		forget(&u->list[i]);
	if (u->folder[0] != 0)
		rmdir(u->folder);
	if (u->folder_fd >= 0)
		close(u->folder_fd);
	pthread_mutex_destroy(&u->lock);
	free(u);
}

/* Another window that starts may take a new folder for one that was left, until it is locked.
 */
static bool lock_folder(struct uploads *u)
{
	struct stat st;
	u->folder_fd = open_folder(AT_FDCWD, u->folder);
	if (u->folder_fd >= 0 && flock(u->folder_fd, LOCK_EX | LOCK_NB) == 0 &&
		fstat(u->folder_fd, &st) == 0 && st.st_nlink > 0)
		return true;
	if (u->folder_fd >= 0)
		close(u->folder_fd);
	u->folder_fd = -1;
	return false;
}

static bool make_folder(struct uploads *u, struct err *err)
{
	enum { TRIES = 10 };
	if (u->folder[0] != 0 && access(u->folder, W_OK | X_OK) == 0)
		return true;
	/* The first time; or somebody cleans up there. */
	if (u->folder_fd >= 0)
		close(u->folder_fd);
	u->folder_fd = -1;
	for (int i = 0; i < TRIES; i++) {
		int n = snprintf(
			u->folder, sizeof u->folder, "%s/%sXXXXXX", tmp_folder(), prefix);
		if (n < 0 || (size_t)n >= sizeof u->folder || mkdtemp(u->folder) == NULL)
			break;
		if (lock_folder(u))
			return true;
		rmdir(u->folder);
	}
	u->folder[0] = 0;
	return err_set_os(err, ERR_SYSTEM, errno, "a folder for what is handed in");
}

/* What no folder takes for anything but a plain file. */
static void plain_name(struct span given, char out[UPLOAD_NAME_MAX + 1])
{
	size_t n = 0;
	for (size_t at; (at = span_find_byte(given, '/', 0)) != SIZE_MAX;)
		given = span_from(given, at + 1);
	for (size_t at; (at = span_find_byte(given, '\\', 0)) != SIZE_MAX;)
		given = span_from(given, at + 1);
	for (size_t i = 0; i < given.n && n < UPLOAD_NAME_MAX; i++) {
		uint8_t c = given.p[i];
		bool good = ascii_alpha(c) || ascii_digit(c) || c == '_' ||
			    (n > 0 && (c == '.' || c == '-' || c == ' '));
		out[n++] = good ? (char)c : '_';
	}
	out[n] = 0;
	if (n == 0)
		snprintf(out, UPLOAD_NAME_MAX + 1, "mail.eml");
}

static bool write_all(int fd, struct span s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);
		if (n < 0 && errno != EINTR)
			return false;
		s = span_from(s, n > 0 ? (size_t)n : 0);
	}
	return true;
}

static bool make_id(char id[UPLOAD_ID_LEN + 1], struct err *err)
{
	uint8_t random[UPLOAD_ID_LEN / 2];
	struct buf hex = {0};
	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return err_set_os(err, ERR_SYSTEM, errno, "random bytes");
	hex_add(&hex, span_of(random, sizeof random));
	memcpy(id, buf_span(&hex).p, UPLOAD_ID_LEN);
	id[UPLOAD_ID_LEN] = 0;
	buf_fini(&hex);
	return true;
}

static bool keep(struct uploads *u, struct upload *one, const char *name, struct span bytes,
	struct err *err)
{
	char folder[PATH_MAX / 2 + UPLOAD_ID_LEN + 2];
	snprintf(folder, sizeof folder, "%s/%s", u->folder, one->id);
	snprintf(one->path, sizeof one->path, "%s/%s", folder, name);
	if (mkdir(folder, 0700) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "%s", folder);
	int fd = open(one->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && write_all(fd, bytes);
	if (!ok)
		err_set_os(err, ERR_SYSTEM, errno, "%s", one->path);
	if (fd >= 0 && close(fd) != 0 && ok)
		ok = err_set_os(err, ERR_SYSTEM, errno, "%s", one->path);
	if (!ok)
		forget(one);
	return ok;
}

bool upload_keep(struct uploads *u, struct span name, struct span bytes,
	char id[UPLOAD_ID_LEN + 1], struct err *err)
{
	struct upload one;
	char plain[UPLOAD_NAME_MAX + 1];
	plain_name(name, plain);
	pthread_mutex_lock(&u->lock);
	bool ok =
		make_folder(u, err) && make_id(one.id, err) && keep(u, &one, plain, bytes, err);
	if (ok && u->n == UPLOADS_MAX) {
		forget(&u->list[0]);
		memmove(u->list, u->list + 1, --u->n * sizeof *u->list);
	}
	if (ok) {
		u->list[u->n++] = one;
		memcpy(id, one.id, sizeof one.id);
	}
	pthread_mutex_unlock(&u->lock);
	return ok;
}

bool upload_path(struct uploads *u, struct span id, char path[PATH_MAX])
{
	bool found = false;
	pthread_mutex_lock(&u->lock);
	for (size_t i = 0; i < u->n && !found; i++) {
		found = span_is(id, u->list[i].id);
		if (found)
			memcpy(path, u->list[i].path, PATH_MAX);
	}
	pthread_mutex_unlock(&u->lock);
	return found;
}
