/* Tokens in files beside a closed case: CASE.tsr-1.pem and so on. */
#include "store/case_state.h"
#include "store/seal_stamps_put.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *name_of(const char *path, int64_t n, struct arena *a)
{
	return arena_printf(a, "%s.tsr-%lld.pem", path, (long long)n);
}

/* ---- reading ---- */

static bool read_all(int fd, size_t size, struct buf *out)
{
	while (buf_len(out) < size) {
		size_t left = size - buf_len(out);
		ssize_t n = read(fd, buf_room(out, left), left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		buf_grew(out, (size_t)n);
	}
	return true;
}

/* NULL: *text is what is in it. */
static const char *read_file(int fd, struct buf *text)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return "it is no plain file";
	if (st.st_size > STAMP_FILE_MAX)
		return "it is longer than any that is taken";
	return read_all(fd, (size_t)st.st_size, text) ? NULL : "it cannot be read";
}

static void take_file(const char *path, int64_t n, struct arena *a, struct kept_stamps *out)
{
	struct kept_stamp k = {.n = n, .beside = true};
	struct buf text = {0};
	/* O_NONBLOCK: a FIFO planted here must not hang us. */
	int fd = open(name_of(path, n, a), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return;
	k.wrong = fd < 0 ? "it cannot be opened" : read_file(fd, &text);
	if (fd >= 0)
		close(fd);
	if (k.wrong == NULL &&
		!seal_stamp_read(arena_copy(a, buf_span(&text)), a, k.file_case, &k.stamp))
		k.wrong = "it is not as we write such files";
	buf_fini(&text);
	ARENA_PUSH(a, out->items, out->n, k);
	out->bytes += k.stamp.token.n + k.stamp.certs.n + k.stamp.crls.n;
}

void seal_stamps_beside(const char *path, struct arena *a, struct kept_stamps *out)
{
	for (int64_t n = 1; n <= STAMPS_BESIDE_MAX; n++) {
		if (out->bytes > STAMPS_BYTES_MAX) {
			out->more = true;
			return;
		}
		take_file(path, n, a, out);
	}
}

/* ---- writing ---- */

static bool write_file(const char *name, struct span bytes, struct err *err)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
	if (fd < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "making %s", name);
	bool ok = true;
	while (ok && bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);
		ok = n > 0 || (n < 0 && errno == EINTR);
		if (n > 0)
			bytes = span_from(bytes, (size_t)n);
	}
	ok = ok && fsync(fd) == 0;
	int why = errno;
	close(fd);
	return ok || err_set_os(err, ERR_SYSTEM, why, "writing %s", name);
}

/* Under the first name that nobody has. */
static bool take_name(const char *path, const char *fresh, struct arena *a, const char **name,
	struct err *err)
{
	for (int64_t n = 1; n <= STAMPS_BESIDE_MAX; n++) {
		*name = name_of(path, n, a);
		if (link(fresh, *name) == 0)
			return true;
		if (errno != EEXIST)
			return err_set_os(err, ERR_SYSTEM, errno, "making %s", *name);
	}
	return err_set(err, ERR_LIMIT, "there are %d files with timestamps beside the case",
		STAMPS_BESIDE_MAX);
}

static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct arena a = {0};
	const char *folder =
		slash == NULL ? "." : arena_str(&a, span_of(path, (size_t)(slash - path) + 1));
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	arena_fini(&a);
}

bool seal_stamps_keep_beside(struct case_file *c, const struct seal_stamp *s, struct arena *a,
	const char **name, struct err *err)
{
	struct case_about about;
	struct buf text = {0};
	char id[SEAL_CASE_ID_LEN + 1] = "";
	const char *fresh = arena_printf(a, "%s.tsr-new-%ld", c->path, (long)getpid());
	const char *wrong = seal_stamp_wrong(s);
	if (wrong != NULL)
		return err_set(err, ERR_LIMIT, "%s", wrong);
	if (!case_about(c, &about, err))
		return false;
	if (about.id.n != SEAL_CASE_ID_LEN)
		return err_set(err, ERR_CASE_READ, "its id is not one of ours");
	memcpy(id, about.id.p, SEAL_CASE_ID_LEN);
	seal_stamp_write(id, s, &text);
	bool ok = write_file(fresh, buf_span(&text), err) &&
		  take_name(c->path, fresh, a, name, err);
	unlink(fresh);
	buf_fini(&text);
	if (ok)
		sync_folder(c->path);
	return ok;
}
