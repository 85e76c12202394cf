/*
 * The bodies of the benchmark: the origin's configuration is made from these words and the
 * client checks every byte by them. Pages hold their own path, so that no two are alike; files
 * are numbers from a generator. No input or output; any thread.
 */
#ifndef TESTS_BENCH_LOAD_BODY_H
#define TESTS_BENCH_LOAD_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BODY_PATH_MAX = 64,
	BODY_DIGITS = 8, /* of the number in a path: it has the same length always */
	BODY_SMALL = 1024,
	BODY_BLOCK = 4096, /* a page is this, many times */
	BODY_PAGE_BLOCKS = 25,
	BODY_PAGE = BODY_BLOCK * BODY_PAGE_BLOCKS
};

#define BODY_BEFORE "<!doctype html><title>"
#define BODY_AFTER "</title>"

enum body_kind { BODY_KIND_SMALL, BODY_KIND_PAGE, BODY_KIND_FILE, BODY_KIND_UPLOAD };

struct body {
	enum body_kind kind;
	uint64_t size, at; /* at: bytes checked or made so far */
	uint64_t seed;
	size_t block_len;
	char block[BODY_BLOCK]; /* of pages */
};

/* path: as it is asked for; seed and size count for files only. */
void body_init(
	struct body *b, enum body_kind kind, const char *path, uint64_t seed, uint64_t size);
/* The next n bytes; false: they differ, or are too many. */
bool body_check(struct body *b, const void *bytes, size_t n);
/* Makes the next bytes of a file, at most max; 0: the end. */
size_t body_make(struct body *b, void *to, size_t max);
/* The filling of a page's block of this size whose path has path_len bytes. */
size_t body_padding(char *to, size_t block_len, size_t path_len);

#endif
