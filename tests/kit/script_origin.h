/*
 * An origin whose conversation is written down beforehand, byte by byte: expect this, send
 * that, wait for the test, close, reset. One script per connection, in order of their arrival;
 * a connection without a script is a failure. Loopback, port 0, plain or TLS under a root of
 * its own. Its threads never call cmocka: script_origin_end tells the test what went wrong.
 */
#ifndef TESTS_KIT_SCRIPT_ORIGIN_H
#define TESTS_KIT_SCRIPT_ORIGIN_H

#include "store/base/buf.h"

enum script_act {
	SCRIPT_END = 0,     /* the connection is closed in order: our end, then the peer's */
	SCRIPT_NO_TLS,      /* first: on this connection a TLS origin shakes no hands */
	SCRIPT_EXPECT,      /* exactly these bytes */
	SCRIPT_EXPECT_SOME, /* at least one byte, whatever it is */
	SCRIPT_EXPECT_HEAD, /* through the next empty line; see script_origin_received */
	SCRIPT_EXPECT_FILL, /* n bytes of the pattern */
	SCRIPT_EXPECT_EOF,  /* the peer ends its side, and nothing came before it */
	SCRIPT_EXPECT_CUT,  /* the peer ends or resets, whatever came before */
	SCRIPT_SEND,
	SCRIPT_SEND_SLOWLY, /* byte by byte, each in a segment of its own */
	SCRIPT_SEND_URGENT, /* as SEND, plain; the last byte is marked as TCP urgent data */
	SCRIPT_SEND_FILL,   /* n bytes of the pattern */
	SCRIPT_WAIT,        /* until script_origin_go has been called once more */
	SCRIPT_CLOSE,       /* end our side; go on reading */
	SCRIPT_DROP,        /* close without TLS close_notify (plain: FIN), at once */
	SCRIPT_RESET        /* RST, at once */
};

struct script_step {
	enum script_act act;
	const char *bytes; /* EXPECT, SEND: a C string, or n bytes where n > 0 */
	size_t n;
};

#define EXPECT(text)                                                                           \
	{                                                                                      \
		SCRIPT_EXPECT, text, sizeof(text) - 1                                          \
	}
#define NO_TLS                                                                                 \
	{                                                                                      \
		SCRIPT_NO_TLS, NULL, 0                                                         \
	}
#define EXPECT_SOME                                                                            \
	{                                                                                      \
		SCRIPT_EXPECT_SOME, NULL, 0                                                    \
	}
#define EXPECT_HEAD                                                                            \
	{                                                                                      \
		SCRIPT_EXPECT_HEAD, NULL, 0                                                    \
	}
#define EXPECT_FILL(n)                                                                         \
	{                                                                                      \
		SCRIPT_EXPECT_FILL, NULL, n                                                    \
	}
#define EXPECT_EOF                                                                             \
	{                                                                                      \
		SCRIPT_EXPECT_EOF, NULL, 0                                                     \
	}
#define EXPECT_CUT                                                                             \
	{                                                                                      \
		SCRIPT_EXPECT_CUT, NULL, 0                                                     \
	}
#define SEND(text)                                                                             \
	{                                                                                      \
		SCRIPT_SEND, text, sizeof(text) - 1                                            \
	}
#define SEND_BYTES(p, n)                                                                       \
	{                                                                                      \
		SCRIPT_SEND, p, n                                                              \
	}
#define SEND_URGENT(text)                                                                      \
	{                                                                                      \
		SCRIPT_SEND_URGENT, text, sizeof(text) - 1                                     \
	}
#define SEND_SLOWLY(text)                                                                      \
	{                                                                                      \
		SCRIPT_SEND_SLOWLY, text, sizeof(text) - 1                                     \
	}
#define SEND_FILL(n)                                                                           \
	{                                                                                      \
		SCRIPT_SEND_FILL, NULL, n                                                      \
	}
#define WAIT_GO                                                                                \
	{                                                                                      \
		SCRIPT_WAIT, NULL, 0                                                           \
	}
#define CLOSE                                                                                  \
	{                                                                                      \
		SCRIPT_CLOSE, NULL, 0                                                          \
	}
#define DROP                                                                                   \
	{                                                                                      \
		SCRIPT_DROP, NULL, 0                                                           \
	}
#define RESET                                                                                  \
	{                                                                                      \
		SCRIPT_RESET, NULL, 0                                                          \
	}
#define END                                                                                    \
	{                                                                                      \
		SCRIPT_END, NULL, 0                                                            \
	}

/* Byte i of the pattern: not periodic in powers of two, so that a lost or doubled chunk shows.
 */
uint8_t script_fill(size_t i);

struct script_origin;

/* tls: under a fresh root; the leaf is for whatever name the client asks for, or for leaf_name
 * if that is not NULL. */
struct script_origin *script_origin_start(bool tls, const char *leaf_name);
unsigned script_origin_port(const struct script_origin *o);
/* "host:port:127.0.0.1:PORT" for --connect-to; lives as long as the origin. Its root as a PEM
 * file for --cacert. */
const char *script_origin_rule(struct script_origin *o, const char *host, unsigned port);
const char *script_origin_cacert(const struct script_origin *o);

/* The conversation of the next connection; steps (not copied) end with END, DROP or RESET. */
void script_origin_play(struct script_origin *o, const struct script_step *steps);
/* Let the next WAIT_GO (of any connection) go on. May be called before it is reached. */
void script_origin_go(struct script_origin *o);
/* Waits until connection n has sent this text. False: it did not in good time. */
bool script_origin_await(struct script_origin *o, size_t n, const char *text);
/* All that connection n (from 0) has sent so far; owned by the origin, stable once its script
 * is over. */
struct span script_origin_received(struct script_origin *o, size_t n);

/* Stops at once and frees; what was not played does not matter. */
void script_origin_abandon(struct script_origin *o);
/* Waits until every script was played, stops, frees. False: why says what differed. */
bool script_origin_end(struct script_origin *o, char *why, size_t why_len);

#endif
