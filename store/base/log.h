/*
 * The second voice: terse lines on stderr for whoever runs the program. Never evidence, and
 * never a header value, body, query, cookie or key: pass hosts, ids, words and counts only. Any
 * thread; one write(2) per line.
 */
#ifndef STORE_BASE_LOG_H
#define STORE_BASE_LOG_H

#include <stdbool.h>

void log_quiet(bool quiet); /* errors still come through log_error */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "clicktrail: ..." whatever log_quiet said; arguments are escaped as a whole. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
