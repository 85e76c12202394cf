/*
 * One end of an HTTP/2 connection, frame by frame: it writes whatever the test says, whole or
 * broken, and names what comes back. Browser's end (through CONNECT, or straight to a server)
 * or origin's end (from h2_listen). It answers nothing by itself but SETTINGS with its ACK, and
 * keeps count of the peer's windows; it never opens a window of its own accord. Real TLS.
 *
 * Everything has a deadline; a surprise fails the running cmocka test with the list of frames
 * that came. One test thread.
 */
#ifndef TESTS_KIT_H2_RAW_H
#define TESTS_KIT_H2_RAW_H

#include "tests/kit/h2_wire.h"

struct ssl_st;
struct ssl_ctx_st;
struct nghttp2_hd_inflater;

enum { H2_RAW_STREAMS = 4096, H2_RAW_PATIENCE_MS = 20000 };

/* The frame that came last. What it points to lives until the next one is read. */
struct h2_got {
	unsigned type, flags;
	uint32_t stream;
	struct span payload;  /* DATA: without padding */
	size_t window;        /* DATA: what it takes from the windows, padding included */
	uint32_t code;        /* RST_STREAM, GOAWAY */
	uint32_t last_stream; /* GOAWAY */
	/* HEADERS with their CONTINUATIONs, decoded: lines "name: value\n" in order. A field
	 * that must never be indexed has a "!" before its name. */
	const char *fields;
};

struct h2_raw {
	int fd;
	struct ssl_st *ssl;
	struct ssl_ctx_st *ctx; /* the browser's end only */
	struct nghttp2_hd_inflater *inflater;
	struct buf in, fields, log;
	struct h2_got got;
	size_t used; /* of in: the frame that got shows */
	char alpn[32];
	unsigned local_port;
	bool eof, reset;
	bool no_ack; /* set: SETTINGS stay without ACK */
	/* What the peer said. */
	bool settings_came, settings_acked;
	int64_t settings[H2_SETTINGS_KNOWN]; /* -1: not said */
	uint8_t settings_order[64];          /* identifiers as they stood in the first frame */
	size_t n_settings;
	int64_t window, initial;               /* what we may send */
	int64_t stream_window[H2_RAW_STREAMS]; /* beside initial, by stream / 2 */
};

/* The browser's end. alpn: comma-separated; NULL: none is offered. cacert: PEM file. */
void h2_raw_direct(struct h2_raw *c, unsigned port, const char *host, const char *alpn,
	const char *cacert);
/* CONNECT host:443 to a proxy first. False if the handshake fails. */
bool h2_raw_try_connect(struct h2_raw *c, unsigned proxy_port, const char *host,
	const char *alpn, const char *cacert);
void h2_raw_connect(struct h2_raw *c, unsigned proxy_port, const char *host, const char *alpn,
	const char *cacert);
/* Takes an open TLS connection: the origin's end, see h2_listen. */
void h2_raw_take(struct h2_raw *c, int fd, struct ssl_st *ssl);
void h2_raw_close(struct h2_raw *c); /* FIN behind close_notify */
void h2_raw_cut(struct h2_raw *c);   /* FIN without close_notify */
void h2_raw_reset(struct h2_raw *c); /* RST */

/* Preface and SETTINGS (payload as bytes) of the browser's end; waits for the peer's SETTINGS.
 */
void h2_raw_hello(struct h2_raw *c, const void *settings, size_t n);
/* The same for the origin's end: waits for preface and SETTINGS, answers. */
void h2_raw_welcome(struct h2_raw *c, const void *settings, size_t n);

/* Writing. The first fails if not all is taken in time; the second returns how much was. */
void h2_raw_bytes(struct h2_raw *c, const void *p, size_t n);
size_t h2_raw_try_bytes(struct h2_raw *c, const void *p, size_t n, int ms);
void h2_raw_frame(struct h2_raw *c, unsigned type, unsigned flags, uint32_t stream,
	const void *payload, size_t n);
void h2_raw_head(struct h2_raw *c, unsigned flags, uint32_t stream, const char *lines);
void h2_raw_data(struct h2_raw *c, unsigned flags, uint32_t stream, const char *text);
void h2_raw_rst(struct h2_raw *c, uint32_t stream, uint32_t code);
void h2_raw_goaway(struct h2_raw *c, uint32_t last_stream, uint32_t code, const char *debug);
void h2_raw_ping(struct h2_raw *c, const char eight[8]);
void h2_raw_window(struct h2_raw *c, uint32_t stream, uint32_t more);
void h2_raw_set(struct h2_raw *c, unsigned id, uint32_t value);
/* DATA with bytes from..to of the pattern of script_origin, as far as the windows go within ms
 * milliseconds; frames that come meanwhile are read and forgotten. Returns where it stopped.
 * END_STREAM stands on the frame that reaches `to` if `end`. */
size_t h2_raw_fill(struct h2_raw *c, uint32_t stream, size_t from, size_t to, bool end, int ms);

/* The next frame, within ms milliseconds. NULL: none came, or the connection ended. */
const struct h2_got *h2_raw_next(struct h2_raw *c, int ms);
/* The next frame of that type (on that stream; UINT32_MAX: any); SETTINGS, their ACKs, PING,
 * PRIORITY and WINDOW_UPDATE before it are passed over. Fails on anything else. */
const struct h2_got *h2_raw_expect(struct h2_raw *c, unsigned type, uint32_t stream);
/* The same, passing over whatever stands before it. */
const struct h2_got *h2_raw_await(struct h2_raw *c, unsigned type, uint32_t stream);
/* HEADERS on the stream with exactly these lines and END_STREAM or not. */
void h2_raw_expect_head(struct h2_raw *c, uint32_t stream, const char *lines, bool end);
/* DATA until n bytes of the pattern (or the text) came, windows opened again as they come;
 * `end`: and END_STREAM behind them, else not. */
void h2_raw_expect_fill(struct h2_raw *c, uint32_t stream, size_t n, bool end);
void h2_raw_expect_data(struct h2_raw *c, uint32_t stream, const char *text, bool end);
void h2_raw_expect_rst(struct h2_raw *c, uint32_t stream, uint32_t code);
/* Nothing but SETTINGS, ACKs and WINDOW_UPDATE comes for ms milliseconds. */
void h2_raw_expect_silence(struct h2_raw *c, int ms);
/* The connection is gone, whatever came before. */
void h2_raw_expect_gone(struct h2_raw *c);
/* Reads until the connection is gone; false if it still lives after ms milliseconds. */
bool h2_raw_gone_within(struct h2_raw *c, int ms);

/* Where HTTP/1 is spoken after all: what comes up to this text, and with it, as a string that
 * lives until the next call. */
const char *h2_raw_text(struct h2_raw *c, const char *mark);

/* Line of got.fields with that name; its value, as a string that lives until the next call. */
const char *h2_raw_field(const struct h2_raw *c, const char *name);
/* What came so far, for messages. */
const char *h2_raw_log(struct h2_raw *c);

#endif
