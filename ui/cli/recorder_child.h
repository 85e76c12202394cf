/*
 * One clicktrail-capture as a process of ours: started with nothing but its socket, its file
 * and perhaps a network, told of connections, listened to, waited for. It can be started while
 * other threads run, and it does not die with any of them: when we are gone it finishes its
 * file. What it says is a child's word, not a stranger's. It is spoken to from any thread;
 * everything else by one at a time.
 */
#ifndef UI_CLI_RECORDER_CHILD_H
#define UI_CLI_RECORDER_CHILD_H

#include "capture/recorder.h"
#include "store/base/err.h"
#include "store/fact/capture.h"

#include <limits.h>
#include <sys/types.h>

struct recorder_child {
	enum capture_side side;
	char path[PATH_MAX]; /* of its file */
	int file;            /* the same, ours; -1: there is none */
	int sock;            /* -1: none */
	pid_t pid;           /* 0: it does not run */
	int pidfd;
};

void recorder_child_init(struct recorder_child *r, enum capture_side side);
/* Makes the file of that session and starts the program. network_fd: -1: none. Errors:
 * CASE_OPEN (the file, which is then not there, or another's), CAPTURE. */
bool recorder_child_start(struct recorder_child *r, const char *program, const char *case_path,
	int64_t session, int network_fd, struct err *err);

/* fd: to be attached; -1: none. Does not wait: false with errno EAGAIN if its queue is full. */
bool recorder_child_tell(
	const struct recorder_child *r, const struct recorder_order *order, int fd);

enum recorder_child_heard {
	RECORDER_HEARD,   /* *news is filled */
	RECORDER_SILENT,  /* nothing now */
	RECORDER_HUNG_UP, /* it has ended, or will at once */
};
enum recorder_child_heard recorder_child_listen(
	const struct recorder_child *r, struct recorder_news *news);
/* Its end, at most so long, then by force. why: how it ended, in words. */
enum { RECORDER_CHILD_WHY = 80 };
void recorder_child_end(struct recorder_child *r, int ms, char why[RECORDER_CHILD_WHY]);

/* What lies in the file, from its beginning; synced. Errors: SYSTEM. */
bool recorder_child_hash(
	const struct recorder_child *r, int64_t *size, uint8_t sha256[32], struct err *err);
/* Ends it if it runs, and closes. forget: the file is removed, too. */
void recorder_child_fini(struct recorder_child *r, bool forget);

#endif
