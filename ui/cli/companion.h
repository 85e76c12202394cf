/*
 * The companion of a case (custody.h) when that is verified: whether its own seal holds, and
 * whose it is. It is not closed, and may be signed by another installation than the case. Reads
 * only. Main thread.
 */
#ifndef UI_CLI_COMPANION_H
#define UI_CLI_COMPANION_H

#include "ui/cli/sealing.h"
#include "ui/report/say_seal.h"

struct companion {
	char path[PATH_MAX];
	struct case_file *file; /* NULL: there is none */
	struct case_about about;
	struct seal_verdict verdict;
	struct seal_words words;
	bool mine;
	struct span id; /* of the case */
};

/* Where there is one, words->companion is set. log_dir as in struct seal_expect. To be closed
 * in either case. Errors: those of case_open and seal_verify. */
bool companion_verify(struct companion *c, const char *case_path, struct span case_id,
	const struct sealing *s, const char *log_dir, struct arena *a, struct seal_words *words,
	struct err *err);
void companion_close(struct companion *c);
/* Do both hold, and belong together? */
bool companion_holds(const struct seal_words *w);

/* Is the newest signed head by this installation's key? */
bool companion_is_ours(const struct sealing *s, const struct seal_verdict *v);

#endif
