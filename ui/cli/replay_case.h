/*
 * What of a case is to be replayed: which trail, of which session, when that was recorded, and
 * how its browser introduced itself. Reads the case, and keeps what the trail is compared with.
 * Main thread.
 */
#ifndef UI_CLI_REPLAY_CASE_H
#define UI_CLI_REPLAY_CASE_H

#include "ui/cli/first_time.h"
#include "ui/report/gather.h"

struct replay_case {
	const char *path; /* borrowed */
	struct gather gather;
	const struct trail *trail; /* of gather */
	char *start_url;           /* owned */
	int64_t recorded_us;       /* when the trail began */
	char about[200];           /* "case ID, trail 1.1, recorded at TIME" */
	struct first_time first;   /* the session's options */
};

/* o: its --trail, or the first trail of the case. argv: the command line, whose options go
 * before those of the case. replay_case_close in any case. Errors: USAGE, those of case_open,
 * CASE_READ. */
bool replay_case_open(struct replay_case *c, const char *path, const struct options *o,
	char **argv, struct err *err);
void replay_case_close(struct replay_case *c);

#endif
