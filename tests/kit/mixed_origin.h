/*
 * An origin for much and mixed traffic: http and https, TLS 1.2 and 1.3, HTTP/1.1 (kept, by
 * length or in chunks) and HTTP/2, bodies up to a megabyte. The name that a client asks for
 * says what it is: "v12" is answered with TLS 1.2, "two" with HTTP/2. Loopback, port 0, a
 * thread per connection, none of which calls cmocka. Aborts on trouble of its own.
 */
#ifndef TESTS_KIT_MIXED_ORIGIN_H
#define TESTS_KIT_MIXED_ORIGIN_H

#include "tests/kit/h2_origin.h"

/* What is served: a path, a status, a body of so many bytes of the pattern of script_origin. */
extern const struct h2_route mixed_routes[];
extern const size_t mixed_n_routes;

struct mixed_origin;
/* Every host in "mixed.test" and below. */
struct mixed_origin *mixed_origin_start(void);
/* For --connect-to: all of http, all of https. Its root for --cacert. Live as long as it. */
const char *mixed_origin_rule(const struct mixed_origin *o, bool secure);
const char *mixed_origin_cacert(const struct mixed_origin *o);
/* Waits for its connections to end. */
void mixed_origin_stop(struct mixed_origin *o);

#endif
