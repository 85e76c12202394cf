/*
 * The TLS secrets of a session, in a file beside its case: lines of a key log (RFC 9850), each
 * behind a line that says whose it is ("# tunnel 3 leg 4", "# browser"), both in one write.
 * Who holds this file can read the packets. A line that cannot be written is counted, and stops
 * nothing. Any thread.
 */
#ifndef UI_CLI_KEY_FILE_H
#define UI_CLI_KEY_FILE_H

#include "store/base/err.h"
#include "store/base/text.h"

#include <limits.h>
#include <pthread.h>

enum {
	KEY_FILE_LINE_MAX = 1024,                /* bytes of one line */
	KEY_FILE_BROWSER_MAX = 64 * 1024 * 1024, /* bytes of the browser's own lines */
};

struct key_file {
	char path[PATH_MAX];
	int fd; /* -1: there is none */
	pthread_mutex_t lock;
	uint64_t lines, lost;
	bool torn;      /* the last write was cut off inside a line */
	struct err err; /* of the first line that was lost */
};

void key_file_init(struct key_file *k);
/* Errors: CASE_OPEN. */
bool key_file_make(struct key_file *k, const char *case_path, int64_t session, struct err *err);
/* line: without its end. */
void key_file_add(struct key_file *k, int64_t tunnel, int64_t leg, const char *line);
void key_file_add_browser(struct key_file *k, struct span line);
/* Onto the disk. Without a line, or forget: the file is removed. Errors: SYSTEM. */
bool key_file_close(struct key_file *k, bool forget, struct err *err);

/* Is it a line that a key log may hold, of a kind that there is? Pure. */
bool key_file_valid(struct span line);

#endif
