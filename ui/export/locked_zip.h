/*
 * A ZIP archive whose members are encrypted (WinZip AES-256), made in memory by libzip. So that
 * malware travels without being opened by mistake or eaten by a scanner; the password is no
 * secret, and names and sizes of members stay readable. Any thread.
 */
#ifndef UI_EXPORT_LOCKED_ZIP_H
#define UI_EXPORT_LOCKED_ZIP_H

#include "store/base/buf.h"
#include "store/base/err.h"

struct locked_member {
	const char *name; /* UTF-8, no path */
	struct span bytes;
	int64_t at_us; /* its time; FACT_NULL: none that is known */
};

/* Appends the archive to out. Errors: INTERNAL (libzip's words). */
bool locked_zip(const struct locked_member *members, size_t n, const char *password,
	struct buf *out, struct err *err);

#endif
