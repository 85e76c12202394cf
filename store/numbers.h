/*
 * How far the numbers of a case were given out. Private to store/. The file may be hostile.
 */
#ifndef STORE_NUMBERS_H
#define STORE_NUMBERS_H

#include "store/case.h"
#include "store/db.h"

bool numbers_read(sqlite3 *db, struct case_numbers *out, struct err *err);

#endif
