#include "store/raw.h"
#include "store/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	RAW_HEADER = 100, /* SQLite file format 1.3 */
	RAW_WAL_HEADER = 32,
	RAW_COPY_TRIES = 3,
	RAW_BLOCK = 256 * 1024,
};

struct raw_use {
	struct raw_id id;
	unsigned count;
	struct raw_use *next;
};

static pthread_mutex_t raw_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct raw_use *raw_uses; /* under raw_mutex */

void raw_lock(void)
{
	pthread_mutex_lock(&raw_mutex);
}

void raw_unlock(void)
{
	pthread_mutex_unlock(&raw_mutex);
}

static struct raw_use **find_use(struct raw_id id)
{
	struct raw_use **at = &raw_uses;
	while (*at != NULL && ((*at)->id.dev != id.dev || (*at)->id.ino != id.ino))
		at = &(*at)->next;
	return at;
}

bool raw_in_use(struct raw_id id)
{
	return *find_use(id) != NULL;
}

void raw_claim(struct raw_id id)
{
	struct raw_use **at = find_use(id);
	if (*at == NULL) {
		*at = calloc(1, sizeof **at);
		if (*at == NULL)
			abort();
		(*at)->id = id;
	}
	(*at)->count++;
}

void raw_release(struct raw_id id)
{
	raw_lock();
	struct raw_use **at = find_use(id), *use = *at;
	assert(use != NULL);
	if (--use->count == 0) {
		*at = use->next;
		free(use);
	}
	raw_unlock();
}

bool raw_resolve(const char *path, char *out, struct err *err)
{
	char folder[PATH_MAX], whole[PATH_MAX];
	if (realpath(path, out) != NULL)
		return true;
	int os = errno;
	size_t n = strlen(path);
	if (os != ENOENT || n == 0 || n >= sizeof folder || path[n - 1] == '/')
		return err_set_os(err, ERR_CASE_OPEN, os, "%s", path);
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	size_t folder_len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	memcpy(folder, path, folder_len);
	folder[folder_len] = 0;
	if (realpath(folder_len > 0 ? folder : ".", whole) == NULL)
		return err_set_os(err, ERR_CASE_OPEN, errno, "%s", path);
	int len = snprintf(out, PATH_MAX, "%s/%s", whole[1] == 0 ? "" : whole, name);
	if (len < 0 || len >= PATH_MAX)
		return err_set(err, ERR_CASE_OPEN, "%s: the name is too long", path);
	/* A dangling link would be followed, by whoever set it, to where it likes. */
	struct stat st;
	if (lstat(out, &st) == 0)
		return err_set(err, ERR_CASE_OPEN, "%s: a link that leads nowhere", path);
	return true;
}

static uint32_t big_endian(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int open_regular(const char *path, struct stat *st, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, st) != 0) {
		err_set_os(err, ERR_CASE_OPEN, errno, "%s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (!S_ISREG(st->st_mode)) {
		err_set(err, ERR_CASE_FOREIGN, "%s: not a regular file", path);
		close(fd);
		return -1;
	}
	return fd;
}

/* A file at rest has all its pages (SQLite file format 1.3.7, 1.3.8). SQLite itself overlooks a
 * last page that is cut. */
static bool whole_file(const char *path, const uint8_t *head, const struct raw_header *h,
	off_t size, struct err *err)
{
	char journal[PATH_MAX + 16];
	struct stat st;
	int64_t page = head[16] << 8 | head[17], want = (int64_t)big_endian(head + 28);
	want *= page == 1 ? 65536 : page;
	bool count_valid = memcmp(head + 24, head + 92, 4) == 0;
	snprintf(journal, sizeof journal, "%s-journal", path);
	/* With a log or a journal beside it, it may well be shorter: they have the rest. */
	if (h->wal || !count_valid || size >= want || lstat(journal, &st) == 0)
		return true;
	return err_set(err, ERR_CASE_READ, "%s: cut off, %lld of %lld bytes", path,
		(long long)size, (long long)want);
}

bool raw_sniff(const char *path, struct raw_header *out, struct err *err)
{
	static const char magic[16] = "SQLite format 3";
	uint8_t head[RAW_HEADER];
	struct stat st;
	int fd = open_regular(path, &st, err);
	if (fd < 0)
		return false;
	ssize_t n = pread(fd, head, sizeof head, 0);
	close(fd);
	if (n == 0)
		return err_set(err, ERR_CASE_FOREIGN, "%s: an empty file", path);
	if (n != (ssize_t)sizeof head || memcmp(head, magic, sizeof magic) != 0)
		return err_set(err, ERR_CASE_FOREIGN, "%s: not a SQLite file", path);
	*out = (struct raw_header){
		.wal = head[18] == 2 || head[19] == 2,
		.user_version = big_endian(head + 60),
		.application_id = big_endian(head + 68),
	};
	if (out->application_id != DB_APPLICATION_ID)
		return err_set(
			err, ERR_CASE_FOREIGN, "%s: a SQLite file of another program", path);
	return whole_file(path, head, out, st.st_size, err);
}

static bool write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static bool copy_bytes(int from, int to, const char *path, struct err *err)
{
	uint8_t *block = malloc(RAW_BLOCK);
	if (block == NULL)
		abort();
	ssize_t n;
	bool ok = true;
	while (ok && (n = read(from, block, RAW_BLOCK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			ok = err_set_os(err, ERR_CASE_READ, errno, "%s", path);
		else if (!write_all(to, block, (size_t)n))
			ok = err_set_os(err, ERR_CASE_READ, errno, "copying %s", path);
	}
	free(block);
	return ok;
}

/* One file under a new name; *st is what it was before. */
static bool copy_file(const char *path, const char *to, struct stat *st, struct err *err)
{
	int in = open_regular(path, st, err);
	if (in < 0)
		return false;
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = out >= 0 ? copy_bytes(in, out, path, err)
			   : err_set_os(err, ERR_CASE_READ, errno, "%s", to);
	close(in);
	if (out >= 0 && close(out) != 0 && ok)
		ok = err_set_os(err, ERR_CASE_READ, errno, "%s", to);
	return ok;
}

/* A side file that may be missing. wal_head: its first bytes, to see whether the log was
 * started anew meanwhile. */
static bool copy_beside(const char *path, const char *to, const char *suffix, uint8_t *wal_head,
	struct err *err)
{
	char from[PATH_MAX + 16], copy[PATH_MAX + 16];
	struct stat st;
	snprintf(from, sizeof from, "%s%s", path, suffix);
	snprintf(copy, sizeof copy, "%s%s", to, suffix);
	memset(wal_head, 0, RAW_WAL_HEADER);
	if (lstat(from, &st) != 0 && errno == ENOENT)
		return true;
	if (!copy_file(from, copy, &st, err))
		return false;
	int fd = open_regular(from, &st, NULL);
	if (fd >= 0) {
		ssize_t n = pread(fd, wal_head, RAW_WAL_HEADER, 0);
		(void)n; /* a shorter file leaves zeros */
		close(fd);
	}
	return true;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool copy_once(const char *path, const char *to, bool *changed, struct err *err)
{
	uint8_t journal[RAW_WAL_HEADER], wal[RAW_WAL_HEADER], copied[RAW_WAL_HEADER] = {0};
	struct stat before, after;
	if (!copy_file(path, to, &before, err) || !copy_beside(path, to, "-wal", wal, err) ||
		!copy_beside(path, to, "-journal", journal, err) || !raw_beside(to, err))
		return false;
	char copy[PATH_MAX + 16];
	snprintf(copy, sizeof copy, "%s-wal", to);
	int fd = open_regular(copy, &after, NULL);
	if (fd >= 0) {
		ssize_t n = pread(fd, copied, sizeof copied, 0);
		(void)n;
		close(fd);
	}
	/* The main file changes only when somebody checkpoints, and then the log may start
	 * anew: both must be as they were. */
	*changed = lstat(path, &after) != 0 || !same_file(&before, &after) ||
		   memcmp(wal, copied, sizeof wal) != 0;
	return true;
}

static void remove_copy(const char *to)
{
	static const char *const suffixes[] = {"", "-wal", "-journal"};
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		char name[PATH_MAX + 16];
		snprintf(name, sizeof name, "%s%s", to, suffixes[i]);
		unlink(name);
	}
}

/* A journal that ends in this names a super-journal (SQLite file format 3): to roll it back may
 * delete the file of that name. Ours, left by a crash on the way into the log or out of it, are
 * of one file alone. */
static bool names_another(const char *journal, off_t size)
{
	static const uint8_t magic[] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
	uint8_t end[sizeof magic];
	struct stat st;
	if (size < (off_t)sizeof magic)
		return false;
	int fd = open_regular(journal, &st, NULL);
	if (fd < 0)
		return true;
	bool same = pread(fd, end, sizeof end, st.st_size - (off_t)sizeof end) !=
			    (ssize_t)sizeof end ||
		    memcmp(end, magic, sizeof end) == 0;
	close(fd);
	return same;
}

bool raw_beside(const char *path, struct err *err)
{
	static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		char name[PATH_MAX + 16];
		struct stat st;
		snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
		if (lstat(name, &st) != 0)
			continue;
		if (!S_ISREG(st.st_mode))
			return err_set(err, ERR_CASE_READ, "%s is no ordinary file", name);
		if (i == 2 && names_another(name, st.st_size))
			return err_set(err, ERR_CASE_READ,
				"%s: a rollback journal that names another file, as none of "
				"ours does",
				name);
	}
	return true;
}

bool raw_copy(const char *path, const char *to, struct err *err)
{
	for (int i = 0; i < RAW_COPY_TRIES; i++) {
		bool changed = false;
		if (!copy_once(path, to, &changed, err)) {
			remove_copy(to);
			return false;
		}
		if (!changed)
			return true;
		remove_copy(to);
	}
	return err_set(err, ERR_CASE_READ, "%s: it kept changing while it was copied", path);
}
