/*
 * A file that a person names on the command line, read whole into memory: a mail, a picture, a
 * note. Regular files only, so that nothing waits; it is not looked into here. Main thread.
 */
#ifndef UI_CLI_INPUT_H
#define UI_CLI_INPUT_H

#include "store/base/buf.h"
#include "store/base/err.h"

/* Appended to out. Errors: USAGE (no such file, no regular one, more than max bytes), SYSTEM.
 */
bool input_read(const char *path, size_t max, struct buf *out, struct err *err);

#endif
