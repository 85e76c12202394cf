/*
 * A reader that nobody here wrote, or a checker in another language, run over a file that the
 * program made: fails the running cmocka test with what it said, if it is not satisfied. One
 * test thread.
 */
#ifndef TESTS_KIT_RUN_READER_H
#define TESTS_KIT_RUN_READER_H

#include "tests/kit/run_program.h"

/* args: the program by its path, its arguments, NULL. Its working directory is p's. */
void run_reader(struct run_program *p, int seconds, const char *const *args);
/* The same, and it must not be satisfied. */
void run_reader_refuses(struct run_program *p, int seconds, const char *const *args);
/* A file of the source tree, as an argument. */
const char *source_file(struct run_program *p, const char *name);
/* `clicktrail report CASE --format F --redact none -o FILE`, and more options
 * (NULL-terminated, may be NULL). */
void report_as(struct run_program *p, const char *path, const char *format, const char *file,
	const char *const *more);

#endif
