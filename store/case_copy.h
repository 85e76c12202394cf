/*
 * A copy of a case under another name, log and all: to change it and leave the first as it is.
 */
#ifndef STORE_CASE_COPY_H
#define STORE_CASE_COPY_H

#include "store/base/err.h"

/* Mode 0600. Never replaces a file. Not while this process has the case open. Errors:
 * CASE_OPEN, CASE_FOREIGN, CASE_READ. */
bool case_copy(const char *path, const char *to, struct err *err);

#endif
