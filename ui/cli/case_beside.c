#include "ui/cli/case_beside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "dir/x.case", 1, "keys": "dir/x.1.keys". A name without the usual end is kept whole. */
static bool beside(const char *case_path, int64_t session, const char *tail, char out[PATH_MAX])
{
	static const char end[] = ".case";
	size_t n = strlen(case_path), m = sizeof end - 1;
	if (n > m && strcmp(case_path + n - m, end) == 0 && case_path[n - m - 1] != '/')
		n -= m;
	if (n >= PATH_MAX)
		return false;
	int len = snprintf(
		out, PATH_MAX, "%.*s.%" PRId64 ".%s", (int)n, case_path, session, tail);
	return len > 0 && len < PATH_MAX && strlen(case_beside_name(out)) <= NAME_MAX;
}

bool case_beside_packets(
	const char *case_path, int64_t session, enum capture_side side, char out[PATH_MAX])
{
	char tail[32];
	snprintf(tail, sizeof tail, "%s.pcapng", capture_side_word(side));
	return beside(case_path, session, tail, out);
}

bool case_beside_keys(const char *case_path, int64_t session, char out[PATH_MAX])
{
	return beside(case_path, session, "keys", out);
}

const char *case_beside_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

bool case_beside_find(const char *case_path, struct span name, char out[PATH_MAX])
{
	size_t folder = (size_t)(case_beside_name(case_path) - case_path);
	bool plain = name.n > 0 && name.n <= NAME_MAX && !span_is(name, ".") &&
		     !span_is(name, "..") && span_find_byte(name, '/', 0) == SIZE_MAX &&
		     span_find_byte(name, 0, 0) == SIZE_MAX;
	if (!plain || folder + name.n >= PATH_MAX)
		return false;
	memcpy(out, case_path, folder);
	memcpy(out + folder, name.p, name.n);
	out[folder + name.n] = 0;
	return true;
}

int case_beside_make(const char *path, struct err *err)
{
	/* Appended to by whoever has it: one writer more must not write over another. */
	int fd = open(
		path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	/* A umask may only take away, and the file must be ours to read again. */
	if (fd >= 0 && fchmod(fd, 0600) == 0)
		return fd;
	err_set_os(err, ERR_CASE_OPEN, errno, "%s", path);
	if (fd >= 0)
		close(fd);
	return -1;
}
