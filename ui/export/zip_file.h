/*
 * A zip file in memory, its members stored and not compressed, as WACZ wants its archives: what
 * is compressed already can then be read in place. Without times or owners: equal members give
 * equal files. The one door of the exports to libzip. One thread.
 */
#ifndef UI_EXPORT_ZIP_FILE_H
#define UI_EXPORT_ZIP_FILE_H

#include "store/base/buf.h"
#include "store/base/err.h"

struct zip_member {
	const char *name;    /* UTF-8, with '/' between folders */
	struct span content; /* borrowed until zip_file_write is over */
};

/* Appends the file to out. Errors: SYSTEM (libzip says why). */
bool zip_file_write(
	const struct zip_member *members, size_t n, struct buf *out, struct err *err);

#endif
