/*
 * Packets and keys beside a case, when its content is erased: packets hold what the case holds.
 * Which files there are, whether erased values are in them still, and their end: hashed, told
 * to the companion, overwritten, removed. A case may come from anybody, and lie beside
 * another's files under a name that it was not recorded by: only files that are named as
 * clicktrail names them are touched, and only those that are known to be its own. Main thread.
 */
#ifndef UI_CLI_ERASE_BESIDE_H
#define UI_CLI_ERASE_BESIDE_H

#include "store/base/arena.h"
#include "store/base/hash.h"
#include "store/case.h"
#include "store/erase_find.h"

struct erase_beside_file {
	const char *path, *name; /* name: its last part */
	int64_t session, size;
	bool keys; /* else packets */
	bool own;  /* named after the case as it is called now; else as it was called once */
	/* Packets: they have the SHA-256 that the case has of its recorder's file, or the case
	 * has none and the name is its own. Keys: packets of that session and name have, or the
	 * name is its own. What is not is another case's, for all that is known. */
	bool ours;
	uint8_t sha256[SHA256_LEN]; /* packets: when it was looked at */
};
struct erase_beside {
	struct erase_beside_file *files; /* none twice */
	size_t n;
};

/* What lies there, by the sessions and recorders that the case tells of. Packet files are read
 * whole; without own_too only those that are not named after the case, and the others are taken
 * for ours. Errors: CASE_READ. */
bool erase_beside_find(struct case_file *c, struct arena *a, bool own_too,
	struct erase_beside *out, struct err *err);

/* keys, packets: what is to go with it. USAGE: the files hold what is to be erased still. */
bool erase_beside_check(struct case_file *c, const struct erase_beside *beside,
	const struct erase_found *found, bool keys, bool packets, struct err *err);

/* keys: the key files; packets: those too. A custody fact for each, first, in the companion (or
 * the companion itself). *gone: how many went. Errors: those of custody_begin, SYSTEM. */
bool erase_beside_destroy(const struct erase_beside *beside, bool packets,
	const char *case_path, const char *seal_dir, const char *reason, size_t *gone,
	struct err *err);

/* What goes, or went, by name and size, and what is left for not being ours. done: "Destroyed",
 * say. */
void erase_beside_say(const struct erase_beside *beside, bool keys, bool packets,
	const char *done, struct buf *out);

/* Is `copy` in the folder of `path`, where a reader of it finds the same files? */
bool erase_beside_same_folder(const char *path, const char *copy);

#endif
