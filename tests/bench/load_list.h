/*
 * What a replay is asked: the numbers of a list of URLs, each once, in another order than that
 * in which they were recorded, with the lines that a browser says. The recorded requests are
 * made of the same words. Pure; any thread.
 */
#ifndef TESTS_BENCH_LOAD_LIST_H
#define TESTS_BENCH_LOAD_LIST_H

#include <stdint.h>

/* Field lines behind Host, each with its CRLF. */
extern const char load_list_lines[];

/* The i-th to be asked of n numbers (i < n): i -> number is one to one. */
unsigned load_list_number(unsigned i, unsigned n);

#endif
