/*
 * The command line of `report`, `explain` and `rebuild`: which case, which of its trails, what
 * for and in what shape. Main thread; what it names is borrowed from argv.
 */
#ifndef UI_CLI_REPORT_OPTIONS_H
#define UI_CLI_REPORT_OPTIONS_H

#include "ui/cli/command.h"
#include "ui/cli/wrapper_file.h"
#include "ui/report/edition.h"

enum { REPORT_SECRETS_MAX = 1000, REPORT_MMDBS_MAX = 8 };

struct report_format {
	const char *name;
	edition_format_fn *write;
	bool for_people; /* addresses are defanged unless --no-defang */
	bool binary;     /* not for a terminal */
};
/* NULL: there is none of that name. */
const struct report_format *report_format_find(const char *name);
/* Does it hold more than hops? Then even an edition of one trail needs the whole case. */
bool report_format_whole(const struct report_format *f);
/* "text, json, ..." */
void report_format_names(struct buf *out);

enum report_command { OPTIONS_REPORT, OPTIONS_EXPLAIN, OPTIONS_REBUILD };

struct report_options {
	const char *path; /* of the case */
	const char *file; /* to write to; NULL: standard output */
	const struct report_format *format;
	const char *all;                     /* --all: the folder; NULL: one document */
	int defang;                          /* 1, 0: as said; -1: as the format has it */
	const char *mmdbs[REPORT_MMDBS_MAX]; /* --mmdb, in the order given */
	size_t n_mmdbs;
	struct edition_order order;
	struct wrapper_file wrappers;
	const char *secrets[REPORT_SECRETS_MAX];
};

/* EXIT_DONE: o is filled; it has to be ended in either case. */
int report_options_read(const struct command *self, enum report_command which, int argc,
	char **argv, struct report_options *o);
void report_options_fini(struct report_options *o);

extern const char report_options_help[]; /* of `report` */

#endif
