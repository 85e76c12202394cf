/*
 * What the files of witnessing share: the state of either side, and the facts that are made of
 * it. Nobody else includes this. Fields say who may touch them.
 */
#ifndef UI_CLI_WITNESSING_INNER_H
#define UI_CLI_WITNESSING_INNER_H

#include "ui/cli/key_file.h"
#include "ui/cli/recorder_child.h"
#include "ui/cli/witnessing.h"
#include "store/base/buf.h"

#include <pthread.h>
#include <stdatomic.h>

enum { WITNESS_WHY_MAX = 300, WITNESS_SAYS_MAX = 1200 };

enum witness_state {
	WITNESS_NONE, /* not wanted */
	WITNESS_STARTING,
	WITNESS_FAILED, /* it could not begin */
	WITNESS_RUNNING,
	WITNESS_DONE,  /* its file is whole */
	WITNESS_ENDED, /* the same, and the fact is put */
	WITNESS_LOST,  /* it ended before its time; the fact is put */
};

/* Of the main thread while nobody watches, else of the watching one. */
struct witness_side {
	struct recorder_child run;
	enum witness_state state;
	struct recorder_news counts;    /* the newest */
	char why[WITNESS_WHY_MAX];      /* FAILED, LOST, or soon so; "": nothing wrong */
	char remark[RECORDER_TEXT_MAX]; /* what it says is missing, though it goes on */
	char noted[RECORDER_TEXT_MAX];  /* of that, what is a note already */
	bool needs_privilege;
	int64_t lost_us;
	/* Any thread: */
	atomic_bool listening; /* it can be told of connections */
	atomic_uint_fast64_t untold;
	bool untold_noted;
};

struct witnessing {
	struct witnessing_order order;
	struct tap tap;
	struct witness_side sides[CAPTURE_SIDE_COUNT];
	struct key_file keys;
	bool finished;
	char program[PATH_MAX];
	char says[WITNESS_SAYS_MAX];
	pthread_t watcher;
	bool watched;
	int wake; /* an eventfd: untold, or finishing */
	atomic_bool finishing;
	/* The browser's key log: a line under way, what was refused. Of who watches. */
	struct buf browser;
	uint64_t browser_bytes, browser_refused;
	bool browser_gaps; /* that lines of it were dropped was noted */
	/* What could not be put, by whom ever. */
	pthread_mutex_t lock;
	struct err failed;
};

/* witnessing_facts.c. What cannot be put is remembered in w->failed. */
void witness_put_started(struct witnessing *w, struct witness_side *s);
void witness_put_failed(struct witnessing *w, struct witness_side *s);
void witness_put_ended(struct witnessing *w, struct witness_side *s);
/* why is said as well. */
void witness_put_lost(struct witnessing *w, struct witness_side *s);
void witness_note(struct witnessing *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void witness_note_untold(struct witnessing *w, struct witness_side *s, bool final);
void witness_note_remark(struct witnessing *w, struct witness_side *s, bool final);
/* Fills w->says. */
void witness_say(struct witnessing *w);

/* witnessing_watch.c. The thread: until both have ended and nothing more is to be read. */
void *witness_watch(void *w);
/* Lines of the browser's key log, as they come: into the key file if they are such. */
void witness_take_browser_keys(struct witnessing *w, struct span bytes);

#endif
