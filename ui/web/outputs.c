#include "ui/web/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct one {
	struct arena arena;
	struct output report;
};

struct outputs {
	pthread_mutex_t lock;          /* of all below */
	struct one *list[OUTPUTS_MAX]; /* oldest first */
	size_t n;
	int64_t last;
};

struct outputs *outputs_new(void)
{
	struct outputs *m = calloc(1, sizeof *m);
	if (m == NULL)
		abort();
	pthread_mutex_init(&m->lock, NULL);
	return m;
}

static void free_one(struct one *one)
{
	arena_fini(&one->arena);
	free(one);
}

void outputs_free(struct outputs *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++)
		free_one(m->list[i]);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static const char *copy(struct arena *a, const char *s)
{
	return s != NULL ? arena_str(a, span_str(s)) : NULL;
}

static void copy_report(struct arena *a, const struct output *from, struct output *to)
{
	*to = *from;
	to->trail = copy(a, from->trail);
	to->format = copy(a, from->format);
	to->party = copy(a, from->party);
	to->path = copy(a, from->path);
	to->command = copy(a, from->command);
	to->to = copy(a, from->to);
}

int64_t outputs_add(struct outputs *m, const struct output *r)
{
	struct one *one = calloc(1, sizeof *one);
	if (one == NULL)
		abort();
	copy_report(&one->arena, r, &one->report);
	pthread_mutex_lock(&m->lock);
	if (m->n == OUTPUTS_MAX) {
		free_one(m->list[0]);
		memmove(m->list, m->list + 1, (--m->n) * sizeof *m->list);
	}
	int64_t number = one->report.number = ++m->last;
	m->list[m->n++] = one;
	pthread_mutex_unlock(&m->lock);
	return number;
}

bool outputs_get(struct outputs *m, int64_t number, struct arena *a, struct output *out)
{
	bool found = false;
	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < m->n && !found; i++)
		if (m->list[i]->report.number == number) {
			copy_report(a, &m->list[i]->report, out);
			found = true;
		}
	pthread_mutex_unlock(&m->lock);
	return found;
}

void outputs_list(
	struct outputs *m, size_t book, struct arena *a, struct output **out, size_t *n)
{
	*out = NULL;
	*n = 0;
	pthread_mutex_lock(&m->lock);
	for (size_t i = m->n; i > 0; i--) {
		struct output r;
		if (book != 0 && m->list[i - 1]->report.book != book)
			continue;
		copy_report(a, &m->list[i - 1]->report, &r);
		ARENA_PUSH(a, *out, *n, r);
	}
	pthread_mutex_unlock(&m->lock);
}

bool outputs_look(const char *path, uint8_t sha256[SHA256_LEN], int64_t *size, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "reading \"%s\"", path);
	bool ok = sha256_fd(fd, sha256, size) ||
		  err_set_os(err, ERR_SYSTEM, errno, "reading \"%s\"", path);
	close(fd);
	return ok;
}

/* False: errno EEXIST where somebody has it. */
static bool take(const char *path, bool dir)
{
	struct stat s;
	if (dir && lstat(path, &s) == 0) {
		errno = EEXIST;
		return false;
	}
	if (dir)
		return errno == ENOENT;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

const char *outputs_place(const char *folder, const char *name, const char *ending, bool dir,
	struct arena *a, struct err *err)
{
	enum { TRIES = 1000 };
	for (int i = 1; i <= TRIES; i++) {
		const char *again = i > 1 ? arena_printf(a, "-%d", i) : "";
		const char *path =
			dir ? arena_printf(a, "%s/%s%s", folder, name, again)
			    : arena_printf(a, "%s/%s%s.%s", folder, name, again, ending);
		if (take(path, dir))
			return path;
		if (errno != EEXIST) {
			err_set_os(err, ERR_SYSTEM, errno, "making \"%s\"", path);
			return NULL;
		}
	}
	err_set(err, ERR_SYSTEM, "there are %d reports called \"%s\" already", TRIES, name);
	return NULL;
}
