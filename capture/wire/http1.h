/*
 * HTTP/1 messages (RFC 9112) out of hostile bytes: heads, and where bodies end. It decodes and
 * decides nothing else: what to do with a refused message is the caller's business. Used by the
 * proxy on live sockets and by the witness on packets.
 *
 * Two readers look at every head. Ours goes first, over the raw bytes, and decides the framing;
 * llhttp then reads the same head (normalised: CRLF, one line per field) and must find the same
 * framing, or the message is refused (ERR_PARSERS_DISAGREE). llhttp alone is not strict
 * enough: 8.1.0 takes obs-fold Transfer-Encoding, `chunked, identity`, two Hosts and HTTP/1.0
 * with chunked.
 *
 * Rule: a response that a browser would accept is accepted and its oddities are listed; only a
 * message that is ambiguous about where it ends, or holds a NUL, is refused. Requests are read
 * strictly. Spans point into the caller's bytes or into the arena; nothing is kept between
 * calls but in struct http1_body.
 */
#ifndef CAPTURE_WIRE_HTTP1_H
#define CAPTURE_WIRE_HTTP1_H

#include "store/base/arena.h"
#include "store/base/buf.h"
#include "store/base/err.h"

enum {
	HTTP1_HEAD_MAX = 64 * 1024,     /* bytes of one head, blank line included */
	HTTP1_FIELDS_MAX = 200,         /* header lines of one head */
	HTTP1_TRAILERS_MAX = 16 * 1024, /* bytes of one trailer section */
	HTTP1_CHUNK_LINE_MAX = 4096,    /* bytes of one chunk-size line, extensions included */
};

/* Things a browser tolerates and we record. Bit, stored word, sentence. */
#define HTTP1_ODDITIES(X)                                                                      \
	X(BARE_LF, "bare-lf", "a line ends in LF without CR")                                  \
	X(BARE_CR, "bare-cr", "a CR stands inside a line")                                     \
	X(OBS_FOLD, "obs-fold", "a field goes on over several lines")                          \
	X(SPACE_BEFORE_COLON, "space-before-colon", "white space before a field's colon")      \
	X(NO_COLON, "no-colon", "a header line has no colon and was left out")                 \
	X(EMPTY_NAME, "empty-name", "a field has no name")                                     \
	X(NAME_BYTES, "name-bytes", "a field name holds bytes that are no token")              \
	X(VALUE_BYTES, "value-bytes", "a field value holds control bytes")                     \
	X(STATUS_LINE, "odd-status-line", "the status line is not as RFC 9112 wants it")       \
	X(VERSION_ODD, "odd-version", "the version is neither HTTP/1.0 nor HTTP/1.1")          \
	X(LEADING_LINES, "leading-empty-lines", "empty lines came before the head")            \
	X(SAME_LENGTHS, "repeated-content-length",                                             \
		"Content-Length was given several times, each the same")                       \
	X(LENGTH_UNUSED, "content-length-ignored",                                             \
		"a Content-Length that has no meaning here")                                   \
	X(CHUNKED_10, "chunked-in-http-1.0", "Transfer-Encoding in an HTTP/1.0 response")      \
	X(CODING_CASE, "odd-transfer-coding",                                                  \
		"Transfer-Encoding is chunked in an odd spelling")                             \
	X(SEVERAL_LOCATIONS, "several-locations", "more than one Location field")              \
	X(CHUNK_EXTENSION, "chunk-extension", "a chunk-size line carries extensions")          \
	X(CHUNK_SPACE, "chunk-size-space", "white space stands behind a chunk size")           \
	X(CODING_OTHER, "more-transfer-codings", "Transfer-Encoding names more than chunked")  \
	X(CODING_IDENTITY, "transfer-coding-identity",                                         \
		"Transfer-Encoding is identity, which means nothing")                          \
	X(CODING_UNUSED, "transfer-encoding-ignored",                                          \
		"a Transfer-Encoding that has no meaning here")

enum http1_oddity_bit {
#define X(name, word, sentence) HTTP1_BIT_##name,
	HTTP1_ODDITIES(X)
#undef X
		HTTP1_ODDITY_COUNT
};
#define HTTP1_ODD(name) (1u << HTTP1_BIT_##name)
/* Space-separated stored words of the set bits, appended. */
void http1_oddity_words(uint32_t oddities, struct buf *out);

enum http1_framing {
	HTTP1_NO_BODY,
	HTTP1_LENGTH,   /* `length` bytes */
	HTTP1_CHUNKED,  /* RFC 9112 7.1 */
	HTTP1_TO_CLOSE, /* responses only: until the connection ends */
	HTTP1_SWITCH,   /* 101, or 2xx to CONNECT: what follows is not HTTP/1 */
};

struct http1_field {
	struct span name;  /* as written, stray white space too: a malformed name equals none
			      that is asked for */
	struct span value; /* optional white space trimmed, folded lines joined by one space */
	struct span line;  /* the raw line(s) with their line ends, for forwarding as written */
};

struct http1_head {
	struct span raw; /* the head as it came, blank line included, leading empty lines (4
			    bytes at most) too */
	struct span start_line;     /* without line end */
	struct span method, target; /* request */
	int status;                 /* response: 100..999; request: 0 */
	struct span reason;         /* response: may be empty */
	int major, minor;
	struct http1_field *fields; /* in order, duplicates kept */
	size_t n_fields;
	enum http1_framing framing;
	uint64_t length;
	bool keep_alive; /* RFC 9112 9.3, for the sender of this head; never after a body that
			  * ends with the connection, an HTTP/1.0 chunked body, or a status line
			  * that some browser takes for HTTP/0.9 */
	bool expect_continue; /* request: Expect: 100-continue */
	bool upgrade;         /* Upgrade listed in Connection, with an Upgrade field */
	uint32_t oddities;
};

enum http1_scan {
	HTTP1_MORE, /* the head is not whole yet */
	HTTP1_HEAD, /* out is filled; raw.n bytes were used */
	HTTP1_BAD,  /* err says why; nothing was used */
};

/* Both may be called again from the start of the head as more bytes come: HTTP1_MORE costs a
 * search for line ends, and what can become no head (another protocol, a NUL, a limit) is
 * refused as soon as it is seen. With HTTP1_BAD, out means nothing. */

/* Read a request head at the start of `in`. Strict: CRLF or bare LF line ends (recorded),
 * single spaces in the request line, token names, no space before the colon, no fold, one Host
 * in HTTP/1.1 (RFC 9112 3.2), no CL with TE, no differing CLs, TE must be exactly `chunked`,
 * version 1.0 or 1.1. An HTTP/1.0 request with Transfer-Encoding is refused, a CONNECT with
 * content too. The form of the target is not looked at, but it holds no byte up to 0x20 and no
 * DEL. */
enum http1_scan http1_request_head(
	struct span in, struct arena *a, struct http1_head *out, struct err *err);

/* Read a response head. `to_method` is the method of the request that it answers: HEAD and
 * CONNECT change the framing (RFC 9112 6.3). Lenient as above. A response that does not start
 * with HTTP/ is ERR_START_LINE (HTTP/0.9 is not spoken). A status line without a status is 200,
 * as in browsers. A Content-Length or Transfer-Encoding whose name is malformed, or that stands
 * behind a bare CR, is there for one browser and not for the other: ERR_FIELD.
 * Transfer-Encoding: the last coding must be chunked, once (CODING_OTHER if there are more);
 * just identity counts as absent; anything else is refused. */
enum http1_scan http1_response_head(struct span in, struct span to_method, struct arena *a,
	struct http1_head *out, struct err *err);

/* By our reader alone: for bytes that this process has read by both, or will. Never what is
 * judged by. */
enum http1_scan http1_request_head_once(
	struct span in, struct arena *a, struct http1_head *out, struct err *err);
enum http1_scan http1_response_head_once(struct span in, struct span to_method, struct arena *a,
	struct http1_head *out, struct err *err);

/* The bytes of `in` up to the first empty line, if they may well be one head: whoever copies
 * heads can copy these and read once, where reading says HTTP1_HEAD. Empty if there is no such
 * line. */
struct span http1_likely_head(struct span in);

/* First field of that name (ASCII case folded) at or after index *at; *at is set to it. NULL:
 * none. Start with *at = 0, add one. */
const struct http1_field *http1_find(
	const struct http1_head *head, const char *name, size_t *at);
/* Value of the first such field, or SPAN_NONE. */
struct span http1_value(const struct http1_head *head, const char *name);
/* True if the comma-separated list in any field `name` holds `token` (ASCII case folded). */
bool http1_has_token(const struct http1_head *head, const char *name, const char *token);

/*
 * A body as it streams. Feed wire bytes; get payload spans (chunk framing removed) and the
 * count of wire bytes that belong to the message. The caller forwards those wire bytes
 * unchanged.
 */
struct http1_body {
	enum http1_framing framing;
	uint64_t left;     /* LENGTH: bytes still to come */
	bool ended;        /* the last byte of the message was seen */
	uint32_t oddities; /* found in the framing: BARE_LF, CHUNK_*, and those of trailer lines
			    */
	struct buf trailers; /* raw trailer lines, without the closing empty line */
	void *chunked;       /* llhttp's state and ours, CHUNKED only */
};

typedef void http1_payload_fn(void *ctx, struct span payload);

/* NO_BODY and SWITCH have ended at once. */
void http1_body_init(struct http1_body *b, const struct http1_head *head);
void http1_body_fini(struct http1_body *b);
/* Take bytes of `in` up to the end of the message; *used tells how many. payload is called with
 * each run of payload bytes, in order, pointing into `in`. False: the framing is broken
 * (ERR_CHUNK, ERR_TRAILER, ERR_LIMIT, ERR_PARSERS_DISAGREE); *used counts the bytes before the
 * one that broke it, and every later call fails likewise. Chunked framing: hex sizes below
 * 2^63; CRLF only, and no white space but before extensions. In responses LF alone behind a
 * size or data, white space behind a size and odd trailer lines are taken (every browser reads
 * them alike) and recorded. */
bool http1_body_feed(struct http1_body *b, struct span in, size_t *used,
	http1_payload_fn *payload, void *ctx, struct err *err);
/* The connection ended here: true if the message is whole (it had ended, or was TO_CLOSE), else
 * ERR_BODY_TRUNCATED. */
bool http1_body_eof(struct http1_body *b, struct err *err);

/* RFC 9110 5.6.2: a method, a field name. */
bool http1_is_token(struct span s);

#endif
