/*
 * Threads that are kept for the next job: a tunnel's thread is needed for as long as its
 * connection lives, but making one (stack, OpenSSL's random generators, malloc's bookkeeping)
 * costs as much as serving a small request. Knows nothing of tunnels. Jobs may be given by one
 * thread; it owns a lock of its own.
 */
#ifndef PROXY_CREW_H
#define PROXY_CREW_H

#include <stdbool.h>
#include <stddef.h>

enum {
	CREW_IDLE_MAX = 64,   /* threads that wait for a job; more end themselves */
	CREW_IDLE_MS = 10000, /* one that had nothing to do for so long ends itself, too */
};

struct crew;
/* stack: bytes of each thread's. Each job is run(job) in a thread; what job points to is run's.
 */
struct crew *crew_new(size_t stack, void (*run)(void *job));
/* False: no thread was to be had, and the job is still the caller's. */
bool crew_give(struct crew *c, void *job);
size_t crew_busy(struct crew *c); /* jobs under way */
/* Waits for all jobs to end, ends the threads, frees. No job may be given any more. The threads
 * are over when it returns, what libraries keep for each of them among it. */
void crew_free(struct crew *c);

#endif
