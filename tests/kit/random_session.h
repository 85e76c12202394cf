/*
 * Random sessions: what a browser asks of one host, one request after the other, and what the
 * host answers to each, by a seed. Cookies that are given are sent back, redirects are
 * followed, URLs come again and get another answer; answers are framed, interrupted and dressed
 * in every way that an origin has. Pure: the same seed is the same session. Any thread.
 */
#ifndef TESTS_KIT_RANDOM_SESSION_H
#define TESTS_KIT_RANDOM_SESSION_H

#include "store/base/arena.h"
#include "store/base/buf.h"

enum {
	RANDOM_STEPS_MAX = 32,
	RANDOM_FIELDS_MAX = 16,
	RANDOM_INTERIMS_MAX = 2,
	RANDOM_BODY_MAX = 300 * 1024,
};

struct random_source {
	uint64_t state;
};
uint64_t random_next(struct random_source *r);
size_t random_below(struct random_source *r, size_t n); /* 0..n-1 */
bool random_chance(struct random_source *r, unsigned percent);

struct random_field {
	const char *name, *pad, *value; /* pad: between colon and value; HTTP/1 only */
};
struct random_fields {
	struct random_field of[RANDOM_FIELDS_MAX];
	size_t n;
};

/* Of the answer. */
enum random_framing { RANDOM_NO_BODY, RANDOM_LENGTH, RANDOM_CHUNKED, RANDOM_TO_CLOSE };

/* How the answer ends. */
enum random_end {
	RANDOM_WHOLE,
	RANDOM_CUT,    /* HTTP/1: end of the connection, without close_notify; HTTP/2: the
			  connection is gone */
	RANDOM_RESET,  /* HTTP/1: RST; HTTP/2: RST_STREAM */
	RANDOM_SILENT, /* no answer: the connection ends in order. HTTP/2: RST_STREAM */
};

/* What a client that comes again may do otherwise, and still be understood. */
enum random_change {
	RANDOM_FIXED,
	RANDOM_TIME,  /* change the parameter "ts" of the URL; two of them come in a row */
	RANDOM_TOKEN, /* change the field "csrf" of the form */
	RANDOM_MORE,  /* nothing, but the next step is the same request, with another answer; */
	RANDOM_LAST,  /* and of the last of these it may ask once more */
	RANDOM_GATE,  /* the order: it is one of two requests for a URL, with and without a
			 cookie */
};

struct random_step {
	bool secure; /* https */
	bool fresh;  /* over a new connection */
	bool down; /* of the domain's host "down", which nobody reaches: it is to be refused */
	const char *method, *target;
	struct random_fields req;
	struct span body;
	bool req_chunked, expect; /* HTTP/1 only */
	enum random_change change;

	struct random_fields interims[RANDOM_INTERIMS_MAX]; /* each a 103 */
	size_t n_interims;
	bool old; /* the answer is HTTP/1.0 */
	int status;
	struct random_fields res, trailers;
	enum random_framing framing;
	struct span res_body;
	size_t sent; /* of res_body; less than all where the end is not RANDOM_WHOLE */
	enum random_end end;
	bool asked_again; /* silent, and the next step is the same request */
};

struct random_session {
	uint64_t seed;
	bool h2; /* what the origin speaks inside TLS */
	char host[48], down[48];
	struct random_step steps[RANDOM_STEPS_MAX];
	size_t n;
	struct arena arena;
};

struct random_options {
	uint64_t seed;
	const char *domain; /* the host is a name in it */
	bool h2;            /* sessions may speak HTTP/2 */
};
void random_session_make(struct random_session *s, const struct random_options *options);
void random_session_fini(struct random_session *s);

/* The host that a step asks. */
const char *random_host(const struct random_session *s, const struct random_step *st);
/* "HTTP/1.1 200 OK", lines, empty line, for HTTP/1; ":status: 200", lines that end with \n, for
 * HTTP/2. interim: that one, SIZE_MAX: the final head. */
void random_head(const struct random_step *st, size_t interim, bool h2, struct buf *out);
/* Lines alone: of requests and trailers. */
void random_lines(const struct random_fields *f, bool h2, struct buf *out);
/* One line for each step, for people. */
void random_session_say(const struct random_session *s, struct buf *out);

#endif
