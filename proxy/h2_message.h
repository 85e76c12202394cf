/*
 * HTTP/2 messages (RFC 9113 8) as lists of decoded field lines: gathered, held against the
 * rules, written as the text that facts keep. A request or response that breaks a rule is
 * refused with its reason; nothing is mended on the way. Pure: knows neither the library nor
 * the tunnel; one session's thread.
 */
#ifndef PROXY_H2_MESSAGE_H
#define PROXY_H2_MESSAGE_H

#include "store/base/arena.h"
#include "store/base/buf.h"
#include "store/base/err.h"

enum {
	H2_LIST_MAX = 64 * 1024, /* bytes of one field list, counted as RFC 9113 6.5.2 does (32
				    more for each line) */
	H2_LIST_BOMB = 4 * H2_LIST_MAX, /* beyond it the connection ends */
	H2_FIELDS_MAX = 1000, /* lines: a browser may send each cookie as one of its own */
	H2_FIELD_OVERHEAD = 32,
};

struct h2_field {
	struct span name, value;
	bool never_indexed; /* RFC 7541 6.2.3: to be passed on as such */
};

/* The lines of one block while it is decoded. Reused from block to block. */
struct h2_fields {
	struct buf text; /* "name: value\r\n" each */
	struct h2_place {
		uint32_t name_at, name_len, value_at, value_len;
		bool never_indexed;
	} * places;
	size_t n, cap;
	size_t list_size; /* goes on counting beyond the limit */
	bool too_large, too_many;
};

void h2_fields_fini(struct h2_fields *f);
void h2_fields_clear(struct h2_fields *f);
/* Beyond a limit the line is counted, not kept. */
void h2_fields_add(
	struct h2_fields *f, struct span name, struct span value, bool never_indexed);

/* Things that are taken and recorded. Bit, stored word, sentence. */
#define H2_ODDITIES(X)                                                                         \
	X(VALUE_BYTES, "value-bytes", "a field value holds control bytes")                     \
	X(VALUE_SPACE, "value-space",                                                          \
		"a field value begins or ends with white space (HTTP/2)")                      \
	X(SAME_LENGTHS, "repeated-content-length",                                             \
		"Content-Length was given several times, each the same")                       \
	X(SEVERAL_LOCATIONS, "several-locations", "more than one Location field")              \
	X(HOST_DIFFERS, "host-differs",                                                        \
		"the request names another host than its connection was made for")             \
	X(SCHEME, "scheme-differs", ":scheme is http inside TLS")                              \
	X(ESCAPED, "escaped",                                                                  \
		"lines are recorded with \\xNN for CR, LF, NUL, backslashes and colons in "    \
		"names")

enum h2_oddity_bit {
#define X(name, word, sentence) H2_BIT_##name,
	H2_ODDITIES(X)
#undef X
		H2_ODDITY_COUNT
};
#define H2_ODD(name) (1u << H2_BIT_##name)
/* Space-separated stored words of the set bits, in an arena; SPAN_NONE if there are none. */
struct span h2_oddity_words(uint32_t oddities, struct arena *a);

struct h2_head {
	struct span text;        /* what a fact keeps: the lines and an empty one */
	struct h2_field *fields; /* pseudo-headers too; in order, duplicates kept */
	size_t n_fields;
	struct span method, scheme, authority, path; /* request */
	struct span host; /* request: the Host line, if there is one */
	int status;       /* response */
	bool has_length;
	uint64_t length;
	uint32_t oddities;
};

/* Everything lies in the arena afterwards. False: err says why; text is set all the same, and
 * the other members as far as they were read. Requests are held to the letter; of responses
 * what browsers take passes. */
bool h2_request_head(
	const struct h2_fields *in, struct arena *a, struct h2_head *out, struct err *err);
/* A final response or an interim one: look at status. */
bool h2_response_head(
	const struct h2_fields *in, struct arena *a, struct h2_head *out, struct err *err);
/* Does the line, its name in lower case, belong to HTTP/1 connections (RFC 9113 8.2.2)? */
bool h2_of_http1(const struct h2_field *f);
/* No pseudo-headers (RFC 9113 8.1); text without the empty line. */
bool h2_trailers(
	const struct h2_fields *in, struct arena *a, struct h2_head *out, struct err *err);

#endif
