#include "ui/cli/output.h"
#include "ui/report/say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;
	return a != NULL && b != NULL && stat(a, &sa) == 0 && stat(b, &sb) == 0 &&
	       sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static bool is_database(const char *file)
{
	static const char magic[16] = "SQLite format 3";
	char start[sizeof magic] = {0};
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, start, sizeof start);
	close(fd);
	return n == (ssize_t)sizeof start && memcmp(start, magic, sizeof magic) == 0;
}

/* A file that is there, in a folder with a key of ours. */
static bool is_beside_key(const char *file)
{
	static const char *const keys[] = {"seal.key", "ca.key"};
	const char *slash = strrchr(file, '/');
	int n = slash != NULL ? (int)(slash - file) : 1;
	bool beside = false;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		char key[PATH_MAX];
		int len = snprintf(
			key, sizeof key, "%.*s/%s", n, slash != NULL ? file : ".", keys[i]);
		beside |= len > 0 && (size_t)len < sizeof key && access(key, F_OK) == 0;
	}
	return beside && access(file, F_OK) == 0;
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
	if (is_database(file) || is_beside_key(file))
		return err_set(err, ERR_USAGE, "-o \"%s\" would overwrite %s", file,
			is_database(file) ? "a case, or another SQLite file"
					  : "a file of the signing key's folder");
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
