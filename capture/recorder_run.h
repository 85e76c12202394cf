/*
 * The recorder from its first order to its last: opens, drops its rights, then packets into the
 * file and news to the parent, until there is no parent. Main thread.
 */
#ifndef CAPTURE_RECORDER_RUN_H
#define CAPTURE_RECORDER_RUN_H

#include <stdint.h>

/* ring: bytes (source.h). limit: bytes of the file. The program's exit code; who calls ends by
 * _exit. */
int recorder_run(uint32_t ring, uint64_t limit);

#endif
