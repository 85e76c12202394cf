/*
 * Field lines byte for byte, whatever bytes they are: for messages that break the rules. One
 * test thread.
 */
#ifndef TESTS_KIT_H2_LINES_H
#define TESTS_KIT_H2_LINES_H

#include "tests/kit/h2_talk.h"

enum { H2_LINES_MAX = 8 };

struct h2_line {
	const char *name;
	size_t name_n;
	const char *value;
	size_t value_n;
};

/* clang-format off */
#define L(name, value) {name, sizeof(name) - 1, value, sizeof(value) - 1}
#define METHOD L(":method", "GET")
#define SCHEME L(":scheme", "https")
#define AUTHORITY L(":authority", ORIGIN_HOST)
#define PATH L(":path", "/")
#define PSEUDO METHOD, SCHEME, AUTHORITY, PATH
/* clang-format on */

struct h2_bad_row { /* a message, and the reason that the case gives */
	const char *reason;
	struct h2_line lines[H2_LINES_MAX];
};

/* HEADERS with these lines, whole. */
void h2_send_lines(
	struct h2_raw *c, unsigned flags, uint32_t stream, const struct h2_line *lines);

#endif
