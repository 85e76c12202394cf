#include "ui/cli/output.h"
#include "ui/report/say.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;
	return a != NULL && b != NULL && stat(a, &sa) == 0 && stat(b, &sb) == 0 &&
	       sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

bool output_write(
	const char *file, const char *keep, const struct buf *content, struct err *err)
{
	if (file == NULL || strcmp(file, "-") == 0) {
		if (!say_write(STDOUT_FILENO, content))
			return err_set_os(err, ERR_SYSTEM, errno, "writing to standard output");
		return true;
	}
	if (same_file(file, keep))
		return err_set(err, ERR_USAGE, "-o \"%s\" would overwrite the case", file);
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "making \"%s\"", file);
	bool good = say_write(fd, content);
	int why = errno;
	if (close(fd) != 0 && good) {
		why = errno;
		good = false;
	}
	return good || err_set_os(err, ERR_SYSTEM, why, "writing \"%s\"", file);
}
