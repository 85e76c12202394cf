#include "ui/report/bundle_parts.h"
#include "ui/report/say.h"
#include "store/base/codec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_there(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

bool bundle_folder_open(struct bundle_folder *f, const char *dir, struct err *err)
{
	size_t n = strlen(dir);
	*f = (struct bundle_folder){.fd = -1};
	while (n > 1 && dir[n - 1] == '/')
		n--;
	if (n == 0 || n + sizeof ".unfinished-XXXXXX" > sizeof f->made)
		return err_set(err, ERR_USAGE, "\"%s\" is no name for a folder", dir);
	snprintf(f->named, sizeof f->named, "%.*s", (int)n, dir);
	snprintf(f->made, sizeof f->made, "%.*s.unfinished-XXXXXX", (int)n, dir);
	if (is_there(f->named)) {
		f->made[0] = 0;
		return err_set(err, ERR_USAGE, "\"%s\" is there already", dir);
	}
	if (mkdtemp(f->made) == NULL) { /* 0700 */
		int why = errno;
		f->made[0] = 0;
		return err_set_os(err, ERR_SYSTEM, why, "making \"%s\"", dir);
	}
	f->fd = open(f->made, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return f->fd >= 0 || err_set_os(err, ERR_SYSTEM, errno, "opening \"%s\"", f->made);
}

static bool put(struct bundle_folder *f, const char *name, struct span content, struct err *err)
{
	int fd =
		openat(f->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0;
	while (ok && content.n > 0) {
		ssize_t n = write(fd, content.p, content.n);
		if (n > 0)
			content = span_from(content, (size_t)n);
		ok = n > 0 || (n < 0 && errno == EINTR);
	}
	int why = errno;
	if (fd >= 0 && close(fd) != 0 && ok) {
		why = errno;
		ok = false;
	}
	return ok || err_set_os(err, ERR_SYSTEM, why, "writing \"%s/%s\"", f->made, name);
}

bool bundle_folder_put(
	struct bundle_folder *f, const char *name, struct span content, struct err *err)
{
	struct bundle_file file = {.name = arena_str(&f->arena, span_str(name))};
	sha256(content, file.sha256);
	ARENA_PUSH(&f->arena, f->files, f->n_files, file);
	return put(f, name, content, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(
		((const struct bundle_file *)a)->name, ((const struct bundle_file *)b)->name);
}

/* As sha256sum writes it, in the order in which a shell lists files. */
static bool put_manifest(struct bundle_folder *f, struct err *err)
{
	struct buf out = {0};
	if (f->n_files > 0)
		qsort(f->files, f->n_files, sizeof *f->files, by_name);
	for (size_t i = 0; i < f->n_files; i++) {
		hex_add(&out, span_of(f->files[i].sha256, SHA256_LEN));
		buf_addf(&out, "  %s\n", f->files[i].name);
	}
	bool ok = put(f, "manifest.sha256", buf_span(&out), err);
	buf_fini(&out);
	return ok;
}

static bool give_name(struct bundle_folder *f, struct err *err)
{
	int rc = renameat2(AT_FDCWD, f->made, AT_FDCWD, f->named, RENAME_NOREPLACE);
	if (rc != 0 && (errno == EINVAL || errno == ENOSYS) && !is_there(f->named))
		rc = rename(f->made, f->named); /* a file system without that flag */
	if (rc != 0)
		return err_set_os(err, errno == EEXIST ? ERR_USAGE : ERR_SYSTEM, errno,
			"naming \"%s\"", f->named);
	f->made[0] = 0;
	return true;
}

bool bundle_folder_end(struct bundle_folder *f, struct err *err)
{
	if (!put_manifest(f, err))
		return false;
	if (syncfs(f->fd) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "writing \"%s\"", f->made);
	return give_name(f, err);
}

void bundle_folder_close(struct bundle_folder *f)
{
	if (f->made[0] != 0) {
		for (size_t i = 0; f->fd >= 0 && i < f->n_files; i++)
			unlinkat(f->fd, f->files[i].name, 0);
		if (f->fd >= 0)
			unlinkat(f->fd, "manifest.sha256", 0);
		rmdir(f->made);
	}
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	arena_fini(&f->arena);
}
