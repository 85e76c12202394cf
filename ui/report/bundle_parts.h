/*
 * Inside of making a bundle. Shared by bundle*.c only.
 */
#ifndef UI_REPORT_BUNDLE_PARTS_H
#define UI_REPORT_BUNDLE_PARTS_H

#include "store/seal_proof.h"
#include "ui/report/bundle.h"
#include "ui/report/gather.h"

#include <limits.h>

/* ---- bundle_folder.c: files, and the manifest over them ---- */

struct bundle_file {
	char *name;
	uint8_t sha256[SHA256_LEN];
};
struct bundle_folder {
	char made[PATH_MAX];  /* beside the name that it gets at the end */
	char named[PATH_MAX]; /* that name */
	int fd;               /* -1: not open */
	struct bundle_file *files;
	size_t n_files;
	struct arena arena;
};
bool bundle_folder_open(struct bundle_folder *f, const char *dir, struct err *err);
bool bundle_folder_put(
	struct bundle_folder *f, const char *name, struct span content, struct err *err);
/* Writes the manifest, has everything on the disk, gives the folder its name. */
bool bundle_folder_end(struct bundle_folder *f, struct err *err);
/* Frees; a folder that did not get its name is removed. */
void bundle_folder_close(struct bundle_folder *f);

/* ---- bundle_pick.c: which facts ---- */

struct bundle_seqs {
	int64_t *list; /* ascending, each once */
	size_t n;
};
bool bundle_pick(struct gather *g, const struct bundle_order *o, struct arena *a,
	struct bundle_seqs *out, struct err *err);

/* ---- bundle_redact.c: what --redact hides ---- */

bool bundle_hides(const struct seal_fact_shown *f, const struct seal_part_shown *field);
bool bundle_hides_piece(
	const struct seal_part_shown *block, const struct seal_part_shown *piece);

/* ---- bundle_fact.c: one fact as files ---- */

struct bundle_leaf {
	uint8_t sha256[SHA256_LEN];
};
struct bundle {
	struct bundle_folder folder;
	const struct bundle_order *order;
	struct bundle_made made;
	struct bundle_leaf *leaves; /* of the facts so far, where they get paths */
	size_t n_leaves;
	struct arena arena;           /* of these */
	struct buf proof, text, head; /* of the fact at hand; head: its header block, escaped */
};
bool bundle_put_fact(void *bundle, const struct seal_fact_shown *f, struct err *err);
/* Printable ASCII as it is; the rest, and backslashes, as \n, \r, \t or \0 and three octal
 * digits: what printf %b of a shell makes the bytes of. */
void bundle_escape(struct buf *out, struct span s);
/* A value as a line of a proof file: "text 7 SALT LENGTH COMMITMENT DIGEST =escaped;". */
void bundle_value(struct buf *out, const char *word, const struct seal_part_shown *v);

/* ---- bundle_words.c ---- */

void bundle_readme(const struct bundle *b, const struct seal_verdict *v, struct buf *out);
/* What running(0) is made of. */
void bundle_case(
	const struct case_about *about, const uint8_t start[SHA256_LEN], struct buf *out);

/* bundle_check.sh, put in by the build. */
extern const char bundle_check[];

#endif
