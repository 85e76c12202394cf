/*
 * A database in the MaxMind DB format (version 2.0) that knows one IPv4 network of eight bits
 * and its country. One test thread.
 */
#ifndef TESTS_KIT_MAKE_MMDB_H
#define TESTS_KIT_MAKE_MMDB_H

#include <stdint.h>

/* Everything in first.0.0.0/8 is in `country` ("CH"). Fails the running cmocka test. */
void make_mmdb(const char *path, uint8_t first, const char *country);

#endif
