/*
 * A case read into memory for people: its facts in a model, the bodies that may hold cues, and
 * the trails derived from them. Reading goes on where it left off, so the same thing serves a
 * finished case and one that is being written at this moment. It shows nothing and decides
 * nothing. One thread; owns the reading end of the case.
 */
#ifndef UI_REPORT_GATHER_H
#define UI_REPORT_GATHER_H

#include "store/case.h"
#include "store/derive/trail.h"

struct gather {
	struct case_file *file;
	int64_t session; /* whose trails are derived; 0: of all */
	struct model model;
	int64_t last_seq;   /* of the facts read */
	struct arena arena; /* the trails; emptied at each derivation */
	struct trail_set trails;
	bool more; /* the last read brought something */
};

/* Errors: those of case_open. g can be closed in either case. */
bool gather_open(struct gather *g, const char *path, int64_t session, struct err *err);
void gather_close(struct gather *g);
/* Take in what is new and derive anew if anything was; *news (may be NULL) tells. Errors:
 * CASE_READ. */
bool gather_read(struct gather *g, bool *news, struct err *err);

#endif
