/*
 * What tests of recorded packets share: the files beside a case and what is in them as far as a
 * shell could see it, the recorders of a program that runs, a plain origin, a client for its
 * proxy, and tshark. Every failure fails the running cmocka test. One test thread.
 */
#ifndef TESTS_KIT_PACKETS_CASE_H
#define TESTS_KIT_PACKETS_CASE_H

#include "store/base/buf.h"
#include "tests/kit/run_program.h"

#include <pthread.h>

/* In the program's folder. */
const char *packets_path(struct run_program *p, const char *name);
bool packets_there(struct run_program *p, const char *name);
/* Is it a plain file with mode 0600? Its size. */
int64_t packets_private(struct run_program *p, const char *name);
/* The whole file; the caller ends it. */
void packets_read(const char *path, struct buf *out);
/* Rows as text, columns joined by '|', rows by '\n', while the case is written, too. */
const char *packets_sql(struct run_program *p, const char *name, const char *sql);
void packets_sql_is(
	struct run_program *p, const char *name, const char *sql, const char *expected);
/* Asks again until it is so. */
void packets_sql_becomes(
	struct run_program *p, const char *name, const char *sql, const char *expected);

/* Walks the blocks of a pcapng file: all are whole, the first is a section header, the last are
 * statistics. The number of packets. */
size_t packets_whole(struct run_program *p, const char *name);

/* The recorders that a process has started; their number. */
size_t packets_recorders(pid_t of, pid_t *out, size_t max);
/* Waits for the end of a process that is not ours. */
void packets_wait_gone(pid_t pid, int seconds);

/* What tshark prints of a file, with the keys (NULL: none): a line for each packet that the
 * filter takes. NULL: there is no tshark here. */
const char *packets_tshark(struct run_program *p, const char *name, const char *keys,
	const char *filter, const char *fields);

/* Answers every connection's first request with 200 and "ok", and closes. */
struct packets_origin {
	int listener;
	unsigned port;
	pthread_t thread;
};
void packets_origin_start(struct packets_origin *o);
void packets_origin_end(struct packets_origin *o);
/* One request for it through the proxy at that port; it is answered with 200. */
void packets_ask(unsigned proxy_port, const struct packets_origin *o, const char *path);

#endif
