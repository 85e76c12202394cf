/*
 * Between the files of seal_stamps: a token into the case, and those beside it. Private to
 * store/. One thread.
 */
#ifndef STORE_SEAL_STAMPS_PUT_H
#define STORE_SEAL_STAMPS_PUT_H

#include "store/db.h"
#include "store/seal_stamps.h"

/* On the connection that writes. Errors: LIMIT, CASE_WRITE. */
bool seal_stamps_put(sqlite3 *db, const struct seal_stamp *s, struct err *err);
/* The files beside the case of that path, appended to the list. One that cannot be read is in
 * it, with why. */
void seal_stamps_beside(const char *path, struct arena *a, struct kept_stamps *out);

#endif
