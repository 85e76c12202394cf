/*
 * What a process and all its children use: CPU time and memory, read from outside. Children
 * that have ended and were waited for are counted by their parent's sums. Linux; any thread.
 */
#ifndef TESTS_BENCH_LOAD_WATCH_H
#define TESTS_BENCH_LOAD_WATCH_H

#include <stdint.h>
#include <sys/types.h>

struct watch_use {
	double cpu_us;
	uint64_t rss_kb, hwm_kb; /* sums over the tree */
	unsigned processes, threads;
};

void watch_tree(pid_t root, struct watch_use *use);

#endif
