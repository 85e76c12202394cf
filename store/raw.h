/*
 * A case file as bytes: what has to be known of it before SQLite may open it, and copying it.
 * Private to store/.
 *
 * Closing any descriptor of a file drops every POSIX lock that the process has on it, SQLite's
 * included. So this process keeps a list of the case files that it has open through SQLite; raw
 * descriptors are only opened under raw_lock(), and only on files that are not in the list. Any
 * thread.
 */
#ifndef STORE_RAW_H
#define STORE_RAW_H

#include "store/base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct raw_id {
	dev_t dev;
	ino_t ino;
};

void raw_lock(void);
void raw_unlock(void);

/* Under raw_lock: is it open in this process? Put it on the list, before SQLite opens it. */
bool raw_in_use(struct raw_id id);
void raw_claim(struct raw_id id);
/* After SQLite closed it. Takes raw_lock itself. */
void raw_release(struct raw_id id);

/* What the first 100 bytes say (SQLite file format, 1.3). */
struct raw_header {
	bool wal; /* left in WAL mode */
	uint32_t application_id, user_version;
};

/* Absolute, without symbolic links; the last part need not exist. out has PATH_MAX bytes. */
bool raw_resolve(const char *path, char *out, struct err *err);
/* Under raw_lock, not in use. CASE_FOREIGN for what is no SQLite file of ours, CASE_READ if its
 * end is missing. */
bool raw_sniff(const char *path, struct raw_header *out, struct err *err);
/* Are the files beside it such as SQLite leaves beside a case of ours? A rollback journal that
 * names another file is not: to roll it back can delete that. Errors: CASE_READ. */
bool raw_beside(const char *path, struct err *err);
/* Under raw_lock, not in use: the case, its WAL and its journal under the name `to`, 0600.
 * Fails if the case changed while it was read, and as raw_beside. */
bool raw_copy(const char *path, const char *to, struct err *err);

#endif
