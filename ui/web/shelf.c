#include "ui/web/shelf.h"
#include "ui/cli/custody.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct shelf {
	pthread_mutex_t lock; /* of the list */
	struct book *books[SHELF_MAX];
	size_t n;
};

struct shelf *shelf_new(void)
{
	struct shelf *s = calloc(1, sizeof *s);
	if (s == NULL)
		abort();
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void shelf_free(struct shelf *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		book_close(s->books[i]);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* One that is not there yet may still be named in several ways, and stay the same book when it
 * comes: its folder is resolved. */
static void resolve(const char *path, char out[PATH_MAX])
{
	char folder[PATH_MAX], real[PATH_MAX];
	const char *slash = strrchr(path, '/');
	if (realpath(path, out) != NULL)
		return;
	snprintf(folder, sizeof folder, "%.*s",
		slash == NULL || slash == path ? 1 : (int)(slash - path),
		slash == NULL ? "." : path);
	const char *name = slash == NULL ? path : slash + 1;
	if (realpath(folder, real) != NULL &&
		snprintf(out, PATH_MAX, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name) <
			PATH_MAX)
		return;
	if (path[0] == '/' || getcwd(real, sizeof real) == NULL ||
		snprintf(out, PATH_MAX, "%s/%s", real, path) >= PATH_MAX)
		snprintf(out, PATH_MAX, "%s", path);
}

struct book *shelf_add(struct shelf *s, const char *path, struct err *err)
{
	char absolute[PATH_MAX];
	struct book *b = NULL;
	resolve(path, absolute);
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n && b == NULL; i++)
		if (strcmp(book_path(s->books[i]), absolute) == 0)
			b = s->books[i];
	if (b == NULL && s->n == SHELF_MAX)
		err_set(err, ERR_LIMIT, "more than %d cases in one window", SHELF_MAX);
	else if (b == NULL)
		b = s->books[s->n] = book_open(absolute, s->n + 1), s->n++;
	pthread_mutex_unlock(&s->lock);
	return b;
}

bool shelf_add_folder(struct shelf *s, const char *folder, struct err *err)
{
	DIR *d = opendir(folder);
	bool ok = true;
	if (d == NULL)
		return err_set_os(err, ERR_USAGE, errno, "%s", folder);
	for (struct dirent *e; ok && (e = readdir(d)) != NULL;) {
		char path[PATH_MAX];
		if (!span_ends_nocase(span_str(e->d_name), ".case") ||
			custody_is_companion(e->d_name) ||
			snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >=
				(int)sizeof path)
			continue;
		ok = shelf_add(s, path, err) != NULL;
	}
	closedir(d);
	return ok;
}

size_t shelf_n(struct shelf *s)
{
	pthread_mutex_lock(&s->lock);
	size_t n = s->n;
	pthread_mutex_unlock(&s->lock);
	return n;
}

struct book *shelf_get(struct shelf *s, size_t n)
{
	pthread_mutex_lock(&s->lock);
	struct book *b = n > 0 && n <= s->n ? s->books[n - 1] : NULL;
	pthread_mutex_unlock(&s->lock);
	return b;
}
