#include "ui/cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_all(int fd, const char *path, size_t max, struct buf *out, struct err *err)
{
	enum { STEP = 64 * 1024 };
	struct stat st;
	size_t had = buf_len(out);
	if (fstat(fd, &st) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "\"%s\"", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, "\"%s\" is no regular file", path);
	for (;;) {
		ssize_t n = read(fd, buf_room(out, STEP), STEP);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_os(err, ERR_SYSTEM, errno, "reading \"%s\"", path);
		if (n == 0)
			return true;
		buf_grew(out, (size_t)n);
		/* It may grow while it is read. */
		if (buf_len(out) - had > max)
			return err_set(
				err, ERR_USAGE, "\"%s\" has more than %zu bytes", path, max);
	}
}

bool input_read(const char *path, size_t max, struct buf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_set_os(err, ERR_USAGE, errno, "\"%s\"", path);
	bool ok = read_all(fd, path, max, out, err);
	close(fd);
	return ok;
}
