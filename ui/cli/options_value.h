/*
 * Readers of single option values: text in, checked value out. ERR_USAGE says what was expected
 * and names what came. Pure, but for the looks at a file's first bytes that save a user a late
 * surprise.
 */
#ifndef UI_CLI_OPTIONS_VALUE_H
#define UI_CLI_OPTIONS_VALUE_H

#include "store/base/err.h"

#include <stdint.h>
#include <sys/socket.h>

/* "5", "0.5": more than 0, at most max_s. */
bool value_seconds(const char *text, int max_s, int64_t *us, struct err *err);
/* "1000", "64K", "256M", "2G" (powers of 1024). */
bool value_size(const char *text, uint64_t *bytes, struct err *err);
/* "127.0.0.1:8080", "[::1]:0": an address, not a name. */
bool value_address(const char *text, struct sockaddr_storage *out, struct err *err);
/* The same, on loopback only. */
bool value_loopback(const char *text, struct sockaddr_storage *out, struct err *err);
bool value_is_loopback(const struct sockaddr_storage *a);
/* One header value: visible ASCII and spaces, not empty, at most max bytes. */
bool value_line(const char *text, size_t max, struct err *err);
/* "de", "en-US,en;q=0.5". */
bool value_language(const char *text, struct err *err);
/* A zone that this machine knows, "Europe/Berlin". */
bool value_timezone(const char *text, struct err *err);
/* An http or https URL, to *out as browsers send it in Referer: serialised, without user
 * information and fragment. The caller frees it. */
bool value_referer(const char *text, char **out, struct err *err);
/* A host name or IP literal. */
bool value_host(const char *text, struct err *err);
/* A readable file with a PEM certificate. */
bool value_pem(const char *text, struct err *err);
/* "user:password" from the first line of a file. */
bool value_password(const char *file, char *out, size_t out_len, struct err *err);

/* A number from 1. */
bool value_number(const char *value, size_t *out, struct err *err);
/* A trail by its id in the report ("1.3"), or by its number in the first session ("3"). */
bool value_trail(const char *value, int64_t *session, int64_t *number, struct err *err);

#endif
