/*
 * A case with its packets, recorded by the real program and its recorders under a mixed load:
 * `clicktrail proxy --pcap` between mixed_client and mixed_origin. Case, packets of both sides
 * and the key log lie in the program's folder. Fails the running cmocka test if anything went
 * wrong. One test thread.
 */
#ifndef TESTS_KIT_WITNESSED_H
#define TESTS_KIT_WITNESSED_H

#include "tests/kit/mixed_client.h"
#include "tests/kit/run_program.h"

struct witnessed {
	struct run_program program;
	const char *case_path, *companion, *keys, *seal_dir; /* live as long as it */
	const char *packets[2];                              /* by enum capture_side */
	struct mixed_told told;
};

/* more: further arguments of the proxy, ended by NULL; may be NULL. */
void witnessed_record(struct witnessed *w, size_t exchanges, unsigned threads, uint64_t seed,
	const char *const *more);
/* `clicktrail crosscheck x.case args...`; its exit code. Its output: run_program_stdout of
 * w->program. */
int witnessed_crosscheck(struct witnessed *w, const char *const *args);
void witnessed_end(struct witnessed *w);

#endif
