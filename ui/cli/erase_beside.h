/*
 * Packets and keys beside a case, when its content is erased: packets hold what the case holds.
 * Which files there are, whether erased values are in them still, and their end: hashed, told
 * to the companion, overwritten, removed. A case may come from anybody: only files that are
 * named as clicktrail names them are touched. Main thread.
 */
#ifndef UI_CLI_ERASE_BESIDE_H
#define UI_CLI_ERASE_BESIDE_H

#include "store/base/arena.h"
#include "store/case.h"
#include "store/erase_find.h"

struct erase_beside_file {
	const char *path, *name; /* name: its last part */
	int64_t session, size;
	bool keys; /* else packets */
};
struct erase_beside {
	struct erase_beside_file *files; /* none twice */
	size_t n;
};

/* What lies there, by the sessions and recorders that the case tells of. Errors: CASE_READ. */
bool erase_beside_find(
	struct case_file *c, struct arena *a, struct erase_beside *out, struct err *err);

/* keys, packets: what is to go with it. USAGE: the files hold what is to be erased still. */
bool erase_beside_check(struct case_file *c, const struct erase_beside *beside,
	const struct erase_found *found, bool keys, bool packets, struct err *err);

/* keys: the key files; packets: those too. A custody fact for each, first, in the companion (or
 * the companion itself). *gone: how many went. Errors: those of custody_begin, SYSTEM. */
bool erase_beside_destroy(const struct erase_beside *beside, bool packets,
	const char *case_path, const char *seal_dir, const char *reason, size_t *gone,
	struct err *err);

/* What goes, or went, by name and size. done: "Destroyed", say. */
void erase_beside_say(const struct erase_beside *beside, bool keys, bool packets,
	const char *done, struct buf *out);

/* Is `copy` in the folder of `path`, where a reader of it finds the same files? */
bool erase_beside_same_folder(const char *path, const char *copy);

#endif
