/*
 * Listening to a running jail: its messages, its stderr, its end. Everything that comes from
 * there is read as if the page had written it. Same thread as the rest of the browser.
 */
#ifndef UI_BROWSER_BROWSER_WATCH_H
#define UI_BROWSER_BROWSER_WATCH_H

#include "ui/browser/browser.h"
#include "ui/browser/inside.h"
#include "ui/browser/launcher.h"

enum { WATCH_CHUNK = 4096 };

struct watch {
	struct launcher *l;
	int epoll;
	bool sock_open, stderr_open;
	bool ended;     /* the launcher was waited for */
	bool end_told;  /* and BROWSER_GONE was given out */
	int end_status; /* as wait(2) gives it */
	char chunk[WATCH_CHUNK];
	size_t chunk_at, chunk_n;
	char line[BROWSER_LINE_MAX]; /* being put together */
	size_t line_n;
	char last[BROWSER_LINE_MAX]; /* the last whole line, for an error's detail */
};

struct watch_letter {
	struct inside_message m;
	pid_t pid; /* who wrote it, as the kernel says; 0: unknown */
	uid_t uid;
	int fd; /* -1: none; the reader's to close */
};

bool watch_init(struct watch *w, struct launcher *l, struct err *err);
void watch_fini(struct watch *w);

bool watch_line(struct watch *w);                             /* true: w->last is a new line */
bool watch_letter(struct watch *w, struct watch_letter *out); /* true: one was there */
/* Is that a network namespace, and another one than ours? */
bool watch_other_network(int fd);
bool watch_end(struct watch *w); /* true: the launcher ended; end_status is set */
/* Waits until something can be read or time is over. */
void watch_wait(struct watch *w, int timeout_ms);
/* Waits for the launcher's end, reading (and dropping) what is written meanwhile. False: not
 * yet. */
bool watch_end_within(struct watch *w, int timeout_ms);

#endif
