/*
 * Hops as they become known: one line each, in order, and a line of correction where a later
 * derivation sees a printed one differently. On a terminal there is colour and one line of
 * status that is written over; in a pipe there are only plain lines. One thread.
 */
#ifndef UI_REPORT_LIVE_H
#define UI_REPORT_LIVE_H

#include "store/derive/trail.h"

struct live_line;

struct live {
	int fd;        /* -1: say nothing */
	bool terminal; /* may be written over */
	bool colour;
	bool status_shown;
	bool corrected; /* some line was: who wants the trail in one piece prints it again */
	struct live_line *lines; /* what was printed; owned */
	size_t n_lines;
	int64_t last_session; /* of the line printed last */
	size_t last_trail;
};

/* Looks at fd, TERM and NO_COLOR. */
void live_init(struct live *l, int fd);
void live_fini(struct live *l);
/* Print what is news in these trails. final: nothing more will come, so that unanswered hops
 * are printed too. */
void live_trails(struct live *l, const struct trail_set *set, bool final);
/* The line that is written over: "12 exchanges, waiting for a meta refresh". Terminals only. */
void live_status(struct live *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An ordinary line of our own, above the status line; escaped as a whole. */
void live_say(struct live *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Take the status line away. */
void live_clear(struct live *l);

#endif
