/*
 * A directory on loopback: an HTTP server, plain or TLS, that answers paths from a list and
 * writes down what it was asked. For RDAP, bootstrap files, security.txt. One connection, one
 * request; "Connection: close". Its thread never calls cmocka.
 */
#ifndef TESTS_KIT_DIRECTORY_H
#define TESTS_KIT_DIRECTORY_H

#include "store/base/text.h"

struct directory;

/* Aborts the test program if it cannot be had. tls: for 127.0.0.1 and shop.test, under a root
 * of its own; it also lets itself be taken for a proxy (CONNECT), and is what is behind it,
 * too. The path of a CONNECT is its "host:port". */
struct directory *directory_start(bool tls);
void directory_stop(struct directory *d);
const char *directory_url(const struct directory *d); /* "http://127.0.0.1:port" */
/* Its root as a PEM file, in a temporary folder that ends with it; NULL if it is plain. */
const char *directory_cacert(const struct directory *d);

enum { DIRECTORY_HANG = 0 }; /* as a status: takes the request and says nothing until its end */
/* What is answered to a path ("/domain/a.test?x"): in the order given, each `times` times (0:
 * for ever). fields: more header lines, each ended by CRLF, or "". In fields and body, every
 * "@SELF@" becomes this directory's URL. A path without an answer gets 404. */
void directory_on(struct directory *d, const char *path, unsigned times, int status,
	const char *fields, const char *body);
void directory_on_bytes(struct directory *d, const char *path, unsigned times, int status,
	const char *fields, struct span body);
/* The same from $CLICKTRAIL_SOURCE/tests/lookup/<file>, status 200, as application/rdap+json,
 * for ever. */
void directory_on_file(struct directory *d, const char *path, const char *file);
/* The other directory that "@OTHER@" stands for. */
void directory_other(struct directory *d, const struct directory *other);

/* Requests seen for a path so far; NULL: for all. */
unsigned directory_asked(struct directory *d, const char *path);
/* Waits until the path was asked. False: it was not in good time. */
bool directory_await(struct directory *d, const char *path);
/* The head of the newest request for a path, "" if none; a copy on the heap. */
char *directory_head(struct directory *d, const char *path);

#endif
