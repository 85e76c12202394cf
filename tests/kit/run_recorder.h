/*
 * clicktrail-capture (beside $CLICKTRAIL_BIN) as clicktrail starts it: a socket, a file,
 * perhaps a network. And its file, walked block by block by a reader of the test's own.
 * Everything has a deadline, and every failure fails the running cmocka test. One test thread.
 */
#ifndef TESTS_KIT_RUN_RECORDER_H
#define TESTS_KIT_RUN_RECORDER_H

#include "capture/recorder.h"
#include "store/base/arena.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>

struct run_recorder {
	pid_t pid; /* 0: ended */
	int sock;  /* -1: closed */
	char path[64];
	/* Of the next start. */
	const char *ring;   /* its --ring; NULL: none */
	const char *limit;  /* its --limit; NULL: none */
	int network;        /* to join; 0: none */
	uid_t uid;          /* 0: as we are */
	rlim_t file_max;    /* bytes that it may write; 0: any number */
	rlim_t files_max;   /* descriptors that it may have; 0: as we */
	struct arena arena; /* of what was walked */
};

/* First thing in main: a network of the test's own, with rights to record there, whose loopback
 * interface is up and has fragments. False: it was said why not. */
bool run_recorder_enter(void);
/* Its path. */
const char *run_recorder_program(void);
/* Until it says STARTED. run_recorder_begin does not wait for that. */
void run_recorder_start(struct run_recorder *r);
void run_recorder_begin(struct run_recorder *r);
/* The next of that word; states may come before it. */
struct recorder_news run_recorder_wait_for(struct run_recorder *r, uint32_t word);
/* remote: of RECORDER_CONNECTION, else NULL. fd -1: nothing is shown. */
void run_recorder_order(
	struct run_recorder *r, uint32_t word, int fd, const struct sockaddr *remote);
/* RECORDER_FINISH, DONE, end. */
struct recorder_news run_recorder_finish(struct run_recorder *r);
/* The exit code, or -signal. */
int run_recorder_exit(struct run_recorder *r);
/* Kills what still runs, removes the file. */
void run_recorder_end(struct run_recorder *r);

struct walked_packet {
	int64_t at_ns;
	uint32_t wire_len;
	struct packet_parts parts;
};
struct walked {
	struct walked_packet *packets;
	size_t n;
	bool statistics;
	uint64_t received, dropped; /* as they say */
	const char *comment;        /* theirs; NULL: none */
};
/* Fails the test if the file is anything but whole blocks, with a section and one interface
 * before packets. */
struct walked run_recorder_walk(struct run_recorder *r);

#endif
