/* The home folder, from nothing: what the parcel holds, and the certificate database made by
 * NSS's own tool. */
#include "ui/browser/inside.h"
#include "ui/browser/parcel.h"
#include "store/base/buf.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CERTUTIL_MS = 20000, PARCEL_BYTES_MAX = 4 * 1024 * 1024 };

static bool write_file(int dir, const char *name, struct span content, struct err *err)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set_os(
			err, ERR_BROWSER_START, errno, "writing the profile's %s", name);
	while (content.n > 0) {
		ssize_t n = write(fd, content.p, content.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err_set_os(err, ERR_BROWSER_START, errno, "writing the profile's %s",
				name);
			close(fd);
			return false;
		}
		content = span_from(content, (size_t)n);
	}
	close(fd);
	return true;
}

static bool read_all(int fd, struct buf *b, struct err *err)
{
	for (off_t at = 0;;) {
		if (buf_len(b) > PARCEL_BYTES_MAX)
			return err_set(err, ERR_LIMIT, "the profile's parcel is too large");
		ssize_t n = pread(fd, buf_room(b, 65536), 65536, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_os(
				err, ERR_BROWSER_START, errno, "the profile's parcel");
		if (n == 0)
			return true;
		buf_grew(b, (size_t)n);
		at += n;
	}
}

static bool make_dirs(int home, struct err *err)
{
	static const char *const dirs[] = {
		PARCEL_PROFILE, PARCEL_RUN, PARCEL_TMP, PARCEL_DOWNLOADS};
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		if (mkdirat(home, dirs[i], 0700) != 0)
			return err_set_os(err, ERR_BROWSER_START, errno, "making %s", dirs[i]);
	return true;
}

/* The folders above a file or folder below the home, and with `whole` that one itself. Names
 * are our own. */
static bool make_path(int home, const char *name, bool whole, struct err *err)
{
	char path[PARCEL_NAME_MAX];
	size_t n = strlen(name);
	assert(n < sizeof path);
	for (size_t i = 1; i <= n; i++) {
		if (name[i] != '/' && (i < n || !whole))
			continue;
		memcpy(path, name, i);
		path[i] = 0;
		if (mkdirat(home, path, 0700) != 0 && errno != EEXIST)
			return err_set_os(err, ERR_BROWSER_START, errno, "making %s", path);
	}
	return true;
}

static bool trust_ca(struct inside *in, struct err *err)
{
	char db[512], ca[512];
	char tool[] = "certutil", make[] = "-N", no_password[] = "--empty-password", d[] = "-d";
	char add[] = "-A", name[] = "-n", nick[] = "clicktrail", trust[] = "-t",
	     for_sites[] = "C,,", file[] = "-i";
	char orders[512], batch[] = "-B";
	snprintf(db, sizeof db, "sql:%s/%s", in->home, in->trust);
	snprintf(ca, sizeof ca, "%s/" PARCEL_CA, in->home);
	snprintf(orders, sizeof orders, "%s/" PARCEL_ANCHORS, in->home);
	bool ok = inside_run(in, (char *[]){tool, make, no_password, d, db, NULL}, CERTUTIL_MS,
			  err) &&
		  inside_run(in,
			  (char *[]){tool, add, name, nick, trust, for_sites, file, ca, d, db,
				  NULL},
			  CERTUTIL_MS, err);
	if (!ok || access(orders, F_OK) != 0)
		return ok;
	return inside_run(
		in, (char *[]){tool, batch, file, orders, d, db, NULL}, CERTUTIL_MS, err);
}

bool inside_unpack(struct inside *in, int parcel, struct err *err)
{
	struct buf b = {0};
	/* Must be new: whatever somebody else put there is not ours to use, or to remove. */
	if (mkdir(in->home, 0700) != 0) {
		err_set_os(err, ERR_BROWSER_START, errno, "making the folder %s", in->home);
		in->home = NULL;
		return false;
	}
	int home = open(in->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (home < 0)
		return err_set_os(err, ERR_BROWSER_START, errno, "the folder %s", in->home);
	bool ok = make_dirs(home, err) && read_all(parcel, &b, err);
	struct reader r = reader_of(buf_span(&b));
	char name[PARCEL_NAME_MAX];
	struct span content;
	while (ok && parcel_next(&r, name, &content))
		ok = make_path(home, name, false, err) && write_file(home, name, content, err);
	if (ok && r.bad)
		ok = err_set(err, ERR_INTERNAL, "the profile's parcel is broken");
	ok = ok && make_path(home, in->trust, true, err);
	buf_fini(&b);
	close(home);
	return ok && trust_ca(in, err);
}
