/*
 * The page of a replay at http://clicktrail.internal/: the links that the case's trails begin
 * with, and the way to begin anew. What it shows comes from the case and is escaped. Its calls
 * come from tunnels' threads; a lock of its own.
 */
#ifndef UI_CLI_REPLAY_INDEX_H
#define UI_CLI_REPLAY_INDEX_H

#include "proxy/replay.h"

#include <pthread.h>

enum {
	REPLAY_INDEX_TRAILS_MAX = 500,       /* listed */
	REPLAY_INDEX_SESSIONS_MAX = 10000,   /* looked at: what a case says of how many it has
						is its own word */
	REPLAY_INDEX_URL_MAX = 16 * 1024,    /* bytes of an address that is made a link, and */
	REPLAY_INDEX_URL_SHOWN = 1000,       /* of a longer one that is shown */
	REPLAY_INDEX_FACTS_MAX = 200 * 1000, /* of a case whose trails are not stored: above,
						they are not derived for the page */
};

struct replay_index {
	const char *path; /* of the case; borrowed */
	struct replay *replay;
	char restart[64]; /* where the answers begin anew, once */
	pthread_mutex_t lock;
	struct buf page; /* once it was made */
};

bool replay_index_init(
	struct replay_index *x, const char *path, struct replay *r, struct err *err);
void replay_index_fini(struct replay_index *x);
/* As proxy_options.pages; ctx: the struct. */
bool replay_index_page(void *ctx, struct span path, struct buf *html);

#endif
