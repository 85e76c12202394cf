/*
 * Who did what with a case, as facts: in the case itself while a session is recorded, else in
 * its companion, a case file of its own beside it ("x.case": "x.companion.case") with its own
 * seal, so that a case at rest stays as it is. Main thread.
 */
#ifndef UI_CLI_CUSTODY_H
#define UI_CLI_CUSTODY_H

#include "store/base/hash.h"
#include "store/fact/custody.h"
#include "store/writer.h"
#include "ui/cli/sealing.h"

enum { CUSTODY_DETAIL_MAX = 4096 };

/* SHA-256 of this program's file, in hex; "unknown" where it cannot be read. */
const char *custody_build(void);

/* Fills all but the session. detail and sha256 (32 bytes, may be NULL) are borrowed. */
struct fact_custody custody_fact(
	enum custody_act act, const char *detail, const uint8_t *sha256);

/* Is that the name of a companion? It has none itself, and is never closed. */
bool custody_is_companion(const char *path);
/* The companion's name. False: it is too long. */
bool custody_companion(const char *case_path, char out[PATH_MAX]);

/* The companion, open for a command that has facts of its own to put into it: made if there is
 * none, and proven that it can be written. custody_end puts the custody fact last (NULL: none)
 * and closes it; it must be called if custody_begin was true. Errors: as below. */
struct custody_writing {
	struct sealing sealing;
	struct writer *writer;
};
bool custody_begin(struct custody_writing *w, const char *case_path, const char *seal_dir,
	struct err *err);
bool custody_end(struct custody_writing *w, const struct fact_custody *f, struct err *err);

/* A fact into the companion, which is made if there is none. Errors: those of writer_open, and
 * of reading the case that it belongs to. */
bool custody_put(const char *case_path, const char *seal_dir, enum custody_act act,
	const char *detail, const uint8_t *sha256, struct err *err);

#endif
