/*
 * A database in the MaxMind DB format (version 2.0) that knows one IPv4 network of eight bits
 * and its country. One test thread.
 */
#ifndef TESTS_KIT_MAKE_MMDB_H
#define TESTS_KIT_MAKE_MMDB_H

#include <stddef.h>
#include <stdint.h>

/* Everything in first.0.0.0/8 is in `country` ("CH"). Fails the running cmocka test. */
void make_mmdb(const char *path, uint8_t first, const char *country);

struct make_mmdb_field {
	const char *name;
	const char *text; /* below 285 bytes; NULL: number */
	uint32_t number;
};
/* Everything in first.0.0.0/8 has these fields, one level deep: the shape of databases of
 * networks. */
void make_mmdb_fields(
	const char *path, uint8_t first, const struct make_mmdb_field *fields, size_t n);

#endif
