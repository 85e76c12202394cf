/*
 * The folder that holds a certificate authority, as files and bytes: made 0700, locked while it
 * is used, files 0600, replaced whole or not at all. It knows nothing of certificates. Any
 * thread; the lock is between processes and threads alike.
 *
 * Files: ca.key (private key and its certificate in one file, so that the two can never come
 * apart), ca.pem (the certificate alone, for people to hand around), ca.lock, and after a
 * replacement ca.key.<serial> and ca.pem.<serial>.
 */
#ifndef PROXY_CA_DIR_H
#define PROXY_CA_DIR_H

#include "store/base/buf.h"
#include "store/base/err.h"

enum { CA_FILE_MAX = 64 * 1024 };
#define CA_KEY_FILE "ca.key"
#define CA_CERT_FILE "ca.pem"

struct ca_dir {
	int fd, lock;     /* -1: none */
	const char *path; /* borrowed */
};

/* Opens and locks it. make: create it and its parents, 0700. Refuses a folder that is not ours
 * or that others may enter. */
bool ca_dir_open(struct ca_dir *d, const char *path, bool make, struct err *err);
void ca_dir_close(struct ca_dir *d);

enum ca_dir_found { CA_DIR_FOUND, CA_DIR_MISSING, CA_DIR_FAILED };
/* Reads a whole file behind out. secret: refuse one that is not ours or that others can read.
 * The caller wipes out. */
enum ca_dir_found ca_dir_read(const struct ca_dir *d, const char *name, bool secret,
	struct buf *out, struct err *err);
/* Writes a file with mode 0600 beside it, flushes it to disk, and renames it into place. */
bool ca_dir_write(const struct ca_dir *d, const char *name, struct span bytes, struct err *err);
/* Renames name to name.suffix if it is there. */
bool ca_dir_keep(const struct ca_dir *d, const char *name, const char *suffix, struct err *err);
/* Deletes the files named above and then the folder, if nothing else is in it. */
bool ca_dir_clear(const struct ca_dir *d, struct err *err);

#endif
