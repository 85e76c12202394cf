#include "store/case_copy.h"
#include "store/db.h"
#include "store/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the log holds goes into the one file. */
static bool settle(const char *path, struct err *err)
{
	sqlite3 *db = db_open(path, SQLITE_OPEN_READWRITE, ERR_CASE_READ, err);
	if (db == NULL)
		return false;
	bool ok = db_exec(db, "PRAGMA journal_mode = DELETE", ERR_CASE_READ, err);
	db_close(db);
	return ok;
}

static bool copy_raw(const char *path, const char *to, struct err *err)
{
	struct raw_header header;
	raw_lock();
	bool ok = raw_sniff(path, &header, err) && raw_copy(path, to, err);
	raw_unlock();
	return ok;
}

static bool move(const char *from, const char *to, struct err *err)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	/* File systems without that flag have link, which does not replace either. */
	return (errno == EINVAL && link(from, to) == 0) ||
	       err_set_os(err, ERR_CASE_OPEN, errno, "%s", to);
}

static void clear(const char *folder, const char *file)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		char name[PATH_MAX + 32];
		snprintf(name, sizeof name, "%s%s", file, suffixes[i]);
		unlink(name);
	}
	rmdir(folder);
}

/* Made whole in a folder beside it, then moved. */
bool case_copy(const char *path, const char *to, struct err *err)
{
	char from[PATH_MAX], target[PATH_MAX], folder[PATH_MAX], file[PATH_MAX + 8];
	struct stat st;
	if (!raw_resolve(path, from, err) || !raw_resolve(to, target, err))
		return false;
	if (lstat(target, &st) == 0)
		return err_set_os(err, ERR_CASE_OPEN, EEXIST, "%s", to);
	if (snprintf(folder, sizeof folder, "%s.new-XXXXXX", target) >= (int)sizeof folder)
		return err_set(err, ERR_CASE_OPEN, "%s: the name is too long", to);
	if (mkdtemp(folder) == NULL)
		return err_set_os(err, ERR_CASE_OPEN, errno, "%s", folder);
	snprintf(file, sizeof file, "%s/case", folder);
	bool ok = copy_raw(from, file, err) && settle(file, err) && move(file, target, err);
	clear(folder, file);
	return ok;
}
