/*
 * A user's own link rules (--wrappers FILE): JSON into the plain structs that derivation takes.
 * docs/guide/wrappers.md describes the file. A bad one is refused as a whole, with the line or
 * the rule named: half a file would read links by rules that nobody wrote. One thread; owns the
 * rules.
 */
#ifndef UI_CLI_WRAPPER_FILE_H
#define UI_CLI_WRAPPER_FILE_H

#include "store/derive/wrapper.h"

enum { WRAPPER_FILE_MAX = 1024 * 1024 };

struct wrapper_file {
	struct wrapper_rules rules; /* n is 0: none were read */
	struct arena arena;
};

/* {0} is a file that was not read. USAGE errors; f is to be ended in either case. */
bool wrapper_file_read(struct wrapper_file *f, const char *path, struct err *err);
void wrapper_file_fini(struct wrapper_file *f);

#endif
