/*
 * Another time for the browser's clock: a small library of ours (ui/preload/clock.c), carried
 * in this program and preloaded into the browser's processes. The wall clock runs on from the
 * time that was asked for; timers and monotonic clocks stay real. It is a convenience for
 * pages, not a wall: what asks the kernel itself sees our time. Single-threaded callers.
 */
#ifndef UI_BROWSER_CLOCK_SET_H
#define UI_BROWSER_CLOCK_SET_H

#include "store/base/err.h"
#include "store/base/text.h"

#include <stdint.h>

/* The library as a file's content; it goes into the browser's home as this. */
#define CLOCK_SET_LIBRARY "clock.so"
struct span clock_set_library(void);
/* ui/preload/clock.c, built and put in by the build. */
extern const unsigned char clock_library[];
extern const size_t clock_library_len;

/* Whole seconds from now to as_of_us. ERR_USAGE for a time that no certificate can name. */
bool clock_set_offset(int64_t as_of_us, int64_t *offset_s, struct err *err);

/* For all programs that this process starts from here on: a clock that is ahead by offset_s
 * (behind, if negative), by the library in that file. Our own clock stays. */
bool clock_set_env(const char *library, int64_t offset_s, struct err *err);

/* The check: this program, started under that clock, exits with 0 if its wall clock is set, its
 * steady one is not, and waits by either end in time. */
enum { CLOCK_SET_ARGV = 7, CLOCK_SET_CHECK_MS = 10000, CLOCK_SET_WORD_MAX = 24 };
struct clock_set_check {
	char *argv[CLOCK_SET_ARGV]; /* points into words */
	char words[3][CLOCK_SET_WORD_MAX];
};
void clock_set_check_argv(struct clock_set_check *check, int64_t offset_s);
/* "--inside --clock OFFSET_S REAL_S MONOTONIC_S" */
int clock_set_check_main(int argc, char **argv);

#endif
